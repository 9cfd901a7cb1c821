//! What applying a book would change against the one in force. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::workflow::book::Book;

/// One thing that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `person`, `group`, `module` or `policy`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What happens to it.
    pub change: Kind,
    /// For a changed one: each field that differs, with the old and the new value.
    pub fields: Vec<(String, String, String)>,
}

/// What happens to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// It stays and differs.
    Changed,
    /// It stays and stands at another place among the policies, which decides between equals (W2).
    Moved,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.change {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed => '~',
            Kind::Moved => '>',
        };
        write!(f, "{sign} {} `{}`", self.kind, self.name)?;
        if self.change == Kind::Moved {
            f.write_str(" (order)")?;
        }
        for (field, old, new) in &self.fields {
            write!(f, "\n    {field}: {old} -> {new}")?;
        }
        Ok(())
    }
}

/// A book's things of one kind by name, each as JSON.
type Things = BTreeMap<String, serde_json::Value>;
/// Reads the things of one kind out of a book.
type Reader = fn(&Book) -> Things;

/// Everything that differs, people first, policies last; empty if nothing does. The version is no
/// difference.
pub fn diff(old: &Book, new: &Book) -> Vec<Change> {
    let mut changes = Vec::new();
    let kinds: [(&str, Reader); 4] = [
        ("person", |book| {
            let people = book.people.iter();
            people
                .map(|(id, person)| (id.to_string(), json(person)))
                .collect()
        }),
        ("group", |book| {
            let groups = book.groups.iter();
            let members = |members| serde_json::json!({ "members": members });
            groups
                .map(|(id, list)| (id.to_string(), members(list)))
                .collect()
        }),
        ("module", |book| {
            let modules = book.modules.iter();
            modules
                .map(|(id, rules)| (id.to_string(), json(rules)))
                .collect()
        }),
        ("policy", policies),
    ];
    for (kind, things) in kinds {
        compare(kind, &things(old), &things(new), &mut changes);
    }
    moved(old, new, &mut changes);
    changes
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Policies with their terms beside their conditions, and without the version that the store gives.
fn policies(book: &Book) -> Things {
    let mut things = Things::new();
    for policy in &book.policies {
        let mut value = json(policy);
        if let Some(fields) = value.as_object_mut()
            && let Some(serde_json::Value::Object(terms)) = fields.remove("terms")
        {
            fields.extend(terms.into_iter().filter(|(key, _)| key != "version"));
        }
        things.insert(policy.terms.policy.clone(), value);
    }
    things
}

fn compare(kind: &str, old: &Things, new: &Things, changes: &mut Vec<Change>) {
    let mut push = |name: &str, change, fields| {
        changes.push(Change {
            kind: kind.to_owned(),
            name: name.to_owned(),
            change,
            fields,
        });
    };
    for (name, before) in old {
        match new.get(name) {
            None => push(name, Kind::Removed, Vec::new()),
            Some(after) if after != before => push(name, Kind::Changed, fields(before, after)),
            Some(_) => {}
        }
    }
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        push(name, Kind::Added, Vec::new());
    }
}

fn fields(old: &serde_json::Value, new: &serde_json::Value) -> Vec<(String, String, String)> {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return Vec::new();
    };
    let nothing = serde_json::Value::Null;
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .map(|key| {
            (
                key,
                old.get(key).unwrap_or(&nothing),
                new.get(key).unwrap_or(&nothing),
            )
        })
        .filter(|(_, before, after)| before != after)
        .map(|(key, before, after)| (key.clone(), before.to_string(), after.to_string()))
        .collect()
}

/// The policies that both books have and that stand in another order: named from the first that does.
fn moved(old: &Book, new: &Book, changes: &mut Vec<Change>) {
    let names = |book: &'_ Book, other: &Things| -> Vec<String> {
        let names = book
            .policies
            .iter()
            .map(|policy| policy.terms.policy.clone());
        names.filter(|name| other.contains_key(name)).collect()
    };
    let (before, after) = (names(old, &policies(new)), names(new, &policies(old)));
    for (was, is) in before.iter().zip(&after) {
        if was != is {
            changes.push(Change {
                kind: "policy".to_owned(),
                name: is.clone(),
                change: Kind::Moved,
                fields: Vec::new(),
            });
            return;
        }
    }
}
