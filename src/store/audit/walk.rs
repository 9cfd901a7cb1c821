//! One chain after another, event by event: what is wrong first with each.
//!
//! Pure: places in, findings out. An event is whole if its number is the next one, it names the hash of
//! the one before it, its own hash comes out, its time is the one in its body, and it is the one that a
//! leaf or the head of the chain names. A chain that is whole is folded, and must give the stored request;
//! what the votes came with must be what their events came with.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::feed::{Batch, Place, Row};
use super::verify::{Finding, Verified};
use super::{hash, request_number};
use crate::store::requests::{Evidence, Kept};
use crate::workflow::event::Event;
use crate::workflow::request::{Request, Vote};

/// Findings that are kept; the rest are counted.
pub const MAX_FINDINGS: usize = 100;

/// What of a body a check needs.
#[derive(Deserialize)]
struct Said {
    at: Timestamp,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    proof: Value,
}

/// What the events of a chain tell.
#[derive(Debug, Default)]
struct Told {
    events: Vec<Event>,
    /// The last vote of each person in each step, and how they were proven.
    votes: Vec<(Vote, Value)>,
}

/// Walks along.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub verified: Verified,
    /// Seals up to this one are taken as checked.
    pub after_seal: i64,
    chain: Option<Chain>,
    /// Chains that ended whole and whose stored request has not come yet.
    whole: BTreeMap<i64, Told>,
}

/// The chain that is being walked.
#[derive(Debug)]
struct Chain {
    name: String,
    /// The number of the last event seen.
    seq: i64,
    hash: Vec<u8>,
    /// The number of the last event that a seal covers.
    sealed: i64,
    headed: bool,
    broken: bool,
    /// Begun behind its first event: it cannot be folded.
    partial: bool,
    told: Told,
}

impl Walk {
    pub fn batch(&mut self, batch: Batch) {
        for place in batch.places {
            let same = self.chain.as_ref().is_some_and(|it| it.name == place.chain);
            if !same {
                self.end_chain();
                self.chain = Some(Chain::new(place.chain.clone()));
            }
            let after_seal = self.after_seal;
            let Some(chain) = &mut self.chain else {
                continue;
            };
            self.verified.events += i64::from(place.event.is_some());
            if chain.broken {
                continue;
            }
            if let Err((seq, what)) = chain.step(place, after_seal) {
                chain.broken = true;
                let finding = Finding::event(&chain.name, seq, what);
                self.verified.find(finding);
            }
        }
        if batch.over {
            self.end_chain();
        }
        self.compare(batch.stored);
    }

    /// The end of the record.
    pub fn end(&mut self) {
        let unread = std::mem::take(&mut self.whole);
        for id in unread.into_keys() {
            self.verified
                .find(Finding::state(id, "is not there".to_owned()));
        }
    }

    fn end_chain(&mut self) {
        let Some(chain) = self.chain.take() else {
            return;
        };
        self.verified.chains += 1;
        self.verified.unsealed += chain.seq - chain.sealed;
        if chain.broken {
            return;
        }
        if !chain.headed {
            let what = "is missing, or the head of its chain was changed or removed";
            let finding = Finding::event(&chain.name, chain.seq + 1, what.to_owned());
            self.verified.find(finding);
        } else if let (Some(id), false) = (request_number(&chain.name), chain.partial) {
            self.whole.insert(id, chain.told);
        }
    }

    fn compare(&mut self, stored: BTreeMap<i64, Result<Kept, String>>) {
        let mut whole = std::mem::take(&mut self.whole);
        // The chain that has not ended yet keeps its turn; all others have their answer in this batch.
        for (id, stored) in stored {
            let Some(told) = whole.remove(&id) else {
                continue;
            };
            self.verified.requests += 1;
            let what = match (Request::replay(&told.events), stored) {
                (_, Err(what)) => what,
                (None, _) => "does not come out of its events".to_owned(),
                (Some(replayed), Ok(kept)) if replayed != kept.request => {
                    differs(&replayed, &kept.request)
                }
                (_, Ok(kept)) if told.evidence(&kept.request) != kept.evidence => {
                    "is not as its events tell: evidence of its votes".to_owned()
                }
                (_, Ok(kept)) => match kept.listed_wrongly {
                    Some(what) => format!("is not in lists as its events tell: `{what}`"),
                    None => continue,
                },
            };
            self.verified.find(Finding::state(id, what));
        }
        self.whole = whole;
    }
}

impl Told {
    fn hear(&mut self, said: Said) {
        for event in &said.events {
            let Event::Voted { vote } = event else {
                continue;
            };
            let same = |(before, _): &(Vote, Value)| {
                before.step == vote.step && before.person == vote.person
            };
            match self.votes.iter().position(same) {
                // A vote that is repeated to the letter keeps what it first came with.
                Some(place) if self.votes.get(place).is_some_and(|(it, _)| it == vote) => continue,
                Some(place) => drop(self.votes.swap_remove(place)),
                None => {}
            }
            self.votes.push((vote.clone(), said.proof.clone()));
        }
        self.events.extend(said.events);
    }

    /// What the votes that stand came with.
    fn evidence(self, stands: &Request) -> Evidence {
        let votes = self.votes.into_iter();
        votes
            .filter(|(vote, _)| stands.vote_of(vote.step, &vote.person).is_some())
            .map(|(vote, proof)| ((vote.step, vote.person), proof))
            .collect()
    }
}

/// Names what of a request is not as its events tell.
fn differs(told: &Request, stored: &Request) -> String {
    let fields = [
        ("requester", told.requester != stored.requester),
        ("subject", told.subject != stored.subject),
        ("window", told.window != stored.window),
        ("revision", told.revision != stored.revision),
        ("justification", told.justification != stored.justification),
        ("terms", told.terms != stored.terms),
        ("filed_at", told.filed_at != stored.filed_at),
        ("pending_until", told.pending_until != stored.pending_until),
        ("votes", told.votes != stored.votes),
        ("state", told.state != stored.state),
        ("extends", told.extends != stored.extends),
        ("past_windows", told.past_windows != stored.past_windows),
        ("held", told.held != stored.held),
        ("emergency", told.emergency != stored.emergency),
        ("ended", told.ended != stored.ended),
        ("clock", told.clock != stored.clock),
    ];
    let names: Vec<&str> = fields
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
    format!("is not as its events tell: {}", names.join(", "))
}

impl Chain {
    fn new(name: String) -> Self {
        Self {
            name,
            seq: 0,
            hash: Vec::new(),
            sealed: 0,
            headed: false,
            broken: false,
            partial: false,
            told: Told::default(),
        }
    }

    /// The number of the first wrong event, and what is wrong with it.
    fn step(&mut self, place: Place, after_seal: i64) -> Result<(), (i64, String)> {
        let wrong = |seq: i64, what: &str| Err((seq, what.to_owned()));
        let Some(event) = place.event else {
            let why = match &place.leaf {
                Some(leaf) => format!("is missing; seal {} covers event {}", leaf.seal, place.seq),
                None => format!(
                    "is missing; the head of its chain is at event {}",
                    place.seq
                ),
            };
            return Err((self.seq + 1, why));
        };
        let checked = |leaf: &super::feed::Leaf| leaf.seal <= after_seal;
        if self.seq == 0 && place.seq > 1 && place.leaf.as_ref().is_some_and(checked) {
            // What an earlier verification found whole, up to this event.
            self.partial = true;
            self.seq = place.seq - 1;
            self.hash.clone_from(&event.prev);
        }
        if place.seq != self.seq + 1 {
            return wrong((self.seq + 1).min(place.seq), "is missing");
        }
        if self.headed {
            return wrong(place.seq, "stands behind the head of its chain");
        }
        if event.prev != self.hash {
            return wrong(place.seq, "does not follow the one before it");
        }
        if event.hash != hash(&self.name, place.seq, &event.prev, &event.body) {
            return wrong(place.seq, "was changed");
        }
        self.body(place.seq, &event)?;
        if let Some(leaf) = place.leaf {
            if leaf.hash != event.hash {
                let what = format!(
                    "is not the one that seal {} covers: it, or one after event {}, was written anew",
                    leaf.seal, self.sealed
                );
                return Err((place.seq, what));
            }
            self.sealed = place.seq;
        }
        if let Some(head) = place.head {
            if head != event.hash {
                return wrong(place.seq, "is not the one that the head of its chain names");
            }
            self.headed = true;
        }
        self.seq = place.seq;
        self.hash = event.hash;
        Ok(())
    }

    fn body(&mut self, seq: i64, event: &Row) -> Result<(), (i64, String)> {
        let wanted = request_number(&self.name).is_some() && event.body.contains("\"events\":[");
        let at = if wanted {
            let said: Said = serde_json::from_str(&event.body)
                .map_err(|error| (seq, format!("cannot be read: {error}")))?;
            let at = said.at;
            self.told.hear(said);
            Some(at)
        } else {
            time_of(&event.body)
        };
        // The time stands beside the body too, where no hash covers it.
        if at.map(Timestamp::as_microsecond) == Some(event.at) {
            Ok(())
        } else {
            let what = "has another time than its body says";
            Err((seq, what.to_owned()))
        }
    }
}

/// The time in a body. It stands first in whatever was written by this program; the rest is then not read.
fn time_of(body: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Time {
        at: Timestamp,
    }
    let first = body
        .strip_prefix("{\"at\":\"")
        .and_then(|rest| rest.split_once('"'))
        .and_then(|(at, _)| at.parse().ok());
    first.or_else(|| serde_json::from_str::<Time>(body).ok().map(|time| time.at))
}
