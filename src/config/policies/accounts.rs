//! The accounts in chats that the operator says are somebody's.

use std::collections::BTreeMap;

use crate::config::read::{At, Section};
use crate::workflow::ids::PersonId;

/// The name of the chat service in `accounts` of a person.
const DISCORD: &str = "discord";

/// The accounts of a person, by the service's name; each is one person's only.
pub(super) fn read(
    section: &Section<'_, '_>,
    discord: Option<&At<u64>>,
    taken: &mut BTreeMap<u64, PersonId>,
    id: &PersonId,
) -> BTreeMap<String, String> {
    let Some(found) = discord else {
        return BTreeMap::new();
    };
    if let Some(other) = taken.insert(found.value, id.clone()) {
        let what = format!("`{}` is `{other}`'s already", found.value);
        let mend = "nobody could tell the two apart; change one";
        section.wrong("discord", &found.span, what, mend);
    }
    BTreeMap::from([(DISCORD.to_owned(), found.value.to_string())])
}
