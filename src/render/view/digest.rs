//! A digest as its templates see it.

use serde::Serialize;

use super::super::Reader;
use super::super::human::{Say, time};
use super::{ending, short, thing};
use crate::workflow::notice::digest::{Digest, Item};

/// Everything that a digest's template may use.
#[derive(Debug, Clone, Serialize)]
pub(in crate::render) struct DigestWords {
    /// A digest is about no request, and nothing in it is an emergency: what every layout asks about.
    request: Option<String>,
    emergency: Option<String>,
    reader: String,
    items: Vec<ItemWords>,
    left_out: usize,
    contacts: Vec<String>,
    zone: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct ItemWords {
    day: String,
    time: String,
    kind: &'static str,
    request: String,
    requester: String,
    mine: bool,
    thing: String,
    step: Option<StepName>,
    state: &'static str,
    expiry: Option<&'static str>,
    who: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct StepName {
    number: usize,
    of: usize,
    name: String,
}

impl DigestWords {
    pub(in crate::render) fn of(digest: &Digest, reader: &Reader) -> Self {
        let say = Say::to(reader);
        let items = digest.items.iter();
        let contacts = digest.contacts.iter();
        Self {
            request: None,
            emergency: None,
            reader: short(&reader.name),
            items: items
                .map(|item| ItemWords::of(item, reader, &say))
                .collect(),
            left_out: digest.left_out,
            contacts: contacts.map(|contact| short(&contact.name)).collect(),
            zone: say.zone.iana_name().map(str::to_owned),
        }
    }
}

impl ItemWords {
    fn of(item: &Item, reader: &Reader, say: &Say) -> Self {
        let at = item.at.to_zoned(say.zone.clone());
        let step = item.step.as_ref();
        Self {
            day: say.day(&at),
            time: time(&at),
            kind: item.kind.as_str(),
            request: item.request.to_string(),
            requester: short(&item.requester_name),
            mine: item.requester == reader.id,
            thing: thing(&item.subject, say.tongue),
            step: step.map(|(number, of, name)| StepName {
                number: *number,
                of: *of,
                name: short(name),
            }),
            state: item.state.as_str(),
            expiry: ending(&item.state, say).1,
            who: item.who.as_deref().map(short),
        }
    }
}
