//! Whom a text would call, by its mentions and by what the bot allowed.
//!
//! Read strictly: a mention counts also behind a backslash and in code, and `@everyone` counts
//! though the bot may lack the permission. So nothing that this finds harmless pings anybody at
//! Discord.

use std::collections::BTreeSet;

use serde_json::Value;

use super::id::Id;
use super::post::members;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ping {
    /// One person.
    Person(Id),
    /// All who have a role.
    Role(Id),
    /// The channel, by `@everyone` or `@here`.
    Everyone,
}

/// The mentions of a text, called or not.
fn mentions(text: &str) -> BTreeSet<Ping> {
    let mut found = BTreeSet::new();
    if text.contains("@everyone") || text.contains("@here") {
        found.insert(Ping::Everyone);
    }
    for part in text.split("<@").skip(1) {
        let Some((inside, _)) = part.split_once('>') else {
            continue;
        };
        let ping = match inside.strip_prefix('&') {
            Some(role) => Id::parse(role).map(Ping::Role),
            None => Id::parse(inside.strip_prefix('!').unwrap_or(inside)).map(Ping::Person),
        };
        found.extend(ping);
    }
    found
}

/// The people whose mention stands in a text.
pub(super) fn named(text: &str) -> Vec<Id> {
    let people = mentions(text).into_iter();
    people
        .filter_map(|ping| match ping {
            Ping::Person(id) => Some(id),
            _ => None,
        })
        .collect()
}

/// Whom a text calls, where this is allowed. Nothing said means that everybody may be called.
pub(super) fn pings(text: &str, allowed: &Value) -> Vec<Ping> {
    let may = |ping: &Ping| {
        if allowed.is_null() {
            return true;
        }
        let parsed = |kind: &str| members(&allowed["parse"]).iter().any(|one| one == kind);
        let listed = |kind: &str, id: Id| {
            parsed(kind)
                || members(&allowed[kind])
                    .iter()
                    .any(|one| Id::of(one) == Some(id))
        };
        match *ping {
            Ping::Everyone => parsed("everyone"),
            Ping::Person(id) => listed("users", id),
            Ping::Role(id) => listed("roles", id),
        }
    };
    mentions(text).into_iter().filter(may).collect()
}
