//! The book: who there is and which policies are in force, as one value with a version.
//!
//! `policies.toml` is what a person writes; `config::policies` reads it into a [`Book`]; `policy
//! apply` stores the book as a new version; every command is judged against the newest one. A
//! request keeps the terms that it was filed under (W7), but membership, registration and active
//! status are read from the newest book: a removal bites at once for votes to come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use jiff::Timestamp;
use jiff::civil::Time;

use super::ids::{GroupId, Module, PersonId};
use super::notice::Kind;
use super::policy::{Policy, Who};
use super::request::Request;

/// What somebody may do beyond asking for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May vote where a step names them, for the modules that they are registered for.
    Approver,
    /// Reads everything.
    Auditor,
    /// People, policies; may revoke any grant.
    AccessAdmin,
    /// All of these.
    SystemAdmin,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The short name that policies use.
    pub id: PersonId,
    /// What people call them.
    pub name: String,
    /// The one verified address, as written in the file; compared by [`same_address`].
    pub email: String,
    /// IANA name of their time zone, e.g. `Europe/Lisbon`; checked when the file was read.
    pub zone: String,
    /// BCP 47 tag of the language that they are written to in, e.g. `en`, `pt-BR`.
    pub locale: String,
    /// A disabled person asks nothing and votes on nothing.
    pub active: bool,
    /// Their roles.
    pub roles: BTreeSet<Role>,
    /// The modules that they are registered for as approver; bites only with [`Role::Approver`].
    pub modules: BTreeSet<Module>,
    /// What reaches them in one mail a day instead of at once, where the table of notices lets it wait.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub digest: BTreeSet<Kind>,
    /// The time of day of that mail in their zone; absent: [`DEFAULT_AT`].
    ///
    /// [`DEFAULT_AT`]: super::notice::digest::DEFAULT_AT
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_at: Option<Time>,
    /// The operating system user whose commands on this machine are theirs.
    pub os_user: Option<String>,
    /// The accounts that the operator says are theirs, by the chat service's name; these win over what
    /// people link themselves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, String>,
}

/// Whether a request in a module must name an account (W2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRule {
    /// A request without one is refused.
    Required,
    /// Either way.
    Optional,
    /// A request with one is refused.
    None,
}

/// What is said of a module as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleRules {
    /// Whether a request must name an account.
    pub account: AccountRule,
    /// `false`: approval is switched off, requests are granted as in justification mode (W8).
    pub approval: bool,
}

/// Everything that is in force at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Book {
    /// The version that the store gave it; 0 while it is only a file.
    pub version: i64,
    /// Everybody, by short name.
    pub people: BTreeMap<PersonId, Person>,
    /// Every group with its members; every member is in `people`.
    pub groups: BTreeMap<GroupId, BTreeSet<PersonId>>,
    /// Every module that may be asked for: the six known ones and those that the operator names.
    pub modules: BTreeMap<Module, ModuleRules>,
    /// The policies in file order.
    pub policies: Vec<Policy>,
    /// Whose votes others may give, and when (W20). Not from the file: people say this themselves.
    #[serde(skip)]
    pub delegations: Vec<Delegation>,
}

/// One person's votes in another's hands for a period `[start, until)` (W20).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Delegation {
    /// Whose votes.
    pub from: PersonId,
    /// Who may give them.
    pub to: PersonId,
    /// From when.
    pub start: Timestamp,
    /// Until when; not part of it.
    pub until: Timestamp,
}

impl Delegation {
    /// Whether it holds at this instant.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.until
    }
}

/// Whether two addresses are one: compared without case, nothing stripped (no tags, no dots).
pub fn same_address(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

impl Person {
    /// Whether they hold a role; a system admin holds all of them.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role) || self.roles.contains(&Role::SystemAdmin)
    }

    /// Whether they are registered as approver for a module (W10). This makes nobody eligible: a
    /// step must name them too.
    pub fn approves_in(&self, module: &Module) -> bool {
        self.has(Role::Approver) && self.modules.contains(module)
    }
}

impl Book {
    /// The person of this short name.
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    /// What people call them; the short name where the book does not know them (any more).
    pub fn name_of(&self, id: &PersonId) -> String {
        self.person(id)
            .map_or_else(|| id.to_string(), |person| person.name.clone())
    }

    /// Whether this person is in the book and active.
    pub fn is_active(&self, id: &PersonId) -> bool {
        self.person(id).is_some_and(|person| person.active)
    }

    /// Whether one of these entries means this person, by name or by a group they are in now (W7).
    pub fn means(&self, entries: &[Who], person: &PersonId) -> bool {
        entries.iter().any(|who| match who {
            Who::Person(named) => named == person,
            Who::Group(group) => self
                .groups
                .get(group)
                .is_some_and(|members| members.contains(person)),
        })
    }

    /// Everybody whom these entries mean, once each, whether or not they may vote.
    pub fn everyone<'a>(&'a self, entries: &'a [Who]) -> BTreeSet<&'a PersonId> {
        let mut everyone = BTreeSet::new();
        for who in entries {
            match who {
                Who::Person(person) => {
                    everyone.insert(person);
                }
                Who::Group(group) => everyone.extend(self.groups.get(group).into_iter().flatten()),
            }
        }
        everyone
    }
}

/// Why a person's vote would not count (W10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ineligible {
    /// The book does not know them.
    Unknown,
    /// They are disabled.
    NotActive,
    /// They are the requester, and the policy does not allow self-approval.
    Requester,
    /// The step names neither them nor a group that they are in.
    NotNamed,
    /// They are named, but not registered as approver for the module.
    NotRegistered,
}

/// Who may vote on the steps of one request, by the book in force at one instant (W7, W10, W20).
#[derive(Debug, Clone, Copy)]
pub struct Electorate<'a> {
    /// The request.
    pub request: &'a Request,
    /// The book in force.
    pub book: &'a Book,
    /// When: delegations begin and end.
    pub now: Timestamp,
}

impl<'a> Electorate<'a> {
    /// Whether this person's own vote on a step would count: they are named in it, or its escalation
    /// names them and has been reached (W10, W19).
    pub fn check(&self, index: usize, person: &PersonId) -> Result<(), Ineligible> {
        let known = self.book.person(person).ok_or(Ineligible::Unknown)?;
        if !known.active {
            return Err(Ineligible::NotActive);
        }
        if *person == self.request.requester && !self.request.terms.allow_self_approval {
            return Err(Ineligible::Requester);
        }
        if !self.names(index, person) {
            return Err(Ineligible::NotNamed);
        }
        if !known.approves_in(&self.request.subject.module) {
            return Err(Ineligible::NotRegistered);
        }
        Ok(())
    }

    /// Whether a step names this person now, by themselves, a group, or an escalation that was reached.
    pub fn names(&self, index: usize, person: &PersonId) -> bool {
        self.request
            .named(index)
            .into_iter()
            .any(|entries| self.book.means(entries, person))
    }

    /// Everybody whose own vote on a step would count, once each.
    pub fn of(&self, index: usize) -> BTreeSet<&'a PersonId> {
        let named = self.request.named(index);
        let everyone = named
            .into_iter()
            .flat_map(|entries| self.book.everyone(entries));
        everyone
            .filter(|person| self.check(index, person).is_ok())
            .filter_map(|person| self.book.people.get_key_value(person).map(|(id, _)| id))
            .collect()
    }

    /// Those on whose behalf this person may vote on a step now, each eligible themselves (W20). A
    /// delegation from or to the requester does not count, and none passes on another.
    pub fn delegators(&self, index: usize, person: &PersonId) -> Vec<&'a PersonId> {
        let delegate = self.book.person(person).filter(|known| {
            known.active
                && known.approves_in(&self.request.subject.module)
                && *person != self.request.requester
        });
        let delegations = delegate.map(|_| self.book.delegations.iter());
        delegations
            .into_iter()
            .flatten()
            .filter(|delegation| delegation.to == *person && delegation.holds(self.now))
            .map(|delegation| &delegation.from)
            .filter(|from| **from != self.request.requester && self.check(index, from).is_ok())
            .collect()
    }

    /// Those who may vote on behalf of this person now, if this person may vote on the step (W20).
    pub fn delegates(&self, index: usize, person: &PersonId) -> Vec<&'a PersonId> {
        self.book
            .delegations
            .iter()
            .filter(|delegation| delegation.from == *person && delegation.holds(self.now))
            .map(|delegation| &delegation.to)
            .filter(|to| self.delegators(index, to).contains(&person))
            .collect()
    }

    /// Whether this person could vote on any of the steps, for themselves or for somebody else.
    pub fn has(&self, person: &PersonId) -> bool {
        (0..self.request.terms.steps.len()).any(|index| {
            self.check(index, person).is_ok() || !self.delegators(index, person).is_empty()
        })
    }
}
