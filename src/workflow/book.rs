//! The book: who there is and which policies are in force, as one value with a version.
//!
//! `policies.toml` is what a person writes; `config::policies` reads it into a [`Book`]; `policy apply`
//! stores the book as a new version; every command is judged against the newest one. A request keeps
//! the terms that it was filed under (W7), but membership, registration and active status are read from
//! the newest book: a removal bites at once for votes to come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{GroupId, Module, PersonId};
use super::policy::Policy;

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
