//! The book: who there is and which policies are in force, as one value with a version.
//!
//! `policies.toml` is what a person writes; `config::policies` reads it into a [`Book`]; `policy
//! apply` stores the book as a new version; every command is judged against the newest one. A
//! request keeps the terms that it was filed under (W7), but membership, registration and active
//! status are read from the newest book: a removal bites at once for votes to come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{GroupId, Module, PersonId};
use super::policy::{Policy, Step, Terms, Who};

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
    /// The operating system user whose commands on this machine are theirs.
    pub os_user: Option<String>,
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

/// Who may vote on the steps of one request, by the book in force now (W7, W10).
#[derive(Debug, Clone, Copy)]
pub struct Electorate<'a> {
    /// The book in force.
    pub book: &'a Book,
    /// The module of the request.
    pub module: &'a Module,
    /// Who asks.
    pub requester: &'a PersonId,
    /// The request's terms.
    pub terms: &'a Terms,
}

impl<'a> Electorate<'a> {
    /// Whether this person's vote on this step would count (W10).
    pub fn check(&self, step: &Step, person: &PersonId) -> Result<(), Ineligible> {
        let known = self.book.person(person).ok_or(Ineligible::Unknown)?;
        if !known.active {
            return Err(Ineligible::NotActive);
        }
        if person == self.requester && !self.terms.allow_self_approval {
            return Err(Ineligible::Requester);
        }
        if !self.book.means(&step.approvers, person) {
            return Err(Ineligible::NotNamed);
        }
        if !known.approves_in(self.module) {
            return Err(Ineligible::NotRegistered);
        }
        Ok(())
    }

    /// Everybody whose vote on this step would count, once each.
    pub fn of(&self, step: &Step) -> BTreeSet<&'a PersonId> {
        let mut electors = BTreeSet::new();
        for person in self.book.everyone(&step.approvers) {
            if self.check(step, person).is_ok()
                && let Some((id, _)) = self.book.people.get_key_value(person)
            {
                electors.insert(id);
            }
        }
        electors
    }
}
