//! How a name and what is said of it are kept, in both languages; the words themselves stand in
//! [`super::texts`].

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use crate::render::Tongue;

/// The same in two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Both<T> {
    /// English.
    pub en: T,
    /// Portuguese.
    pub pt: T,
}

impl<T> Both<T> {
    /// In this language.
    pub fn to(self, tongue: Tongue) -> T {
        match tongue {
            Tongue::English => self.en,
            Tongue::Portuguese => self.pt,
        }
    }
}

/// What one name on the way to a command is, and what is said of it.
#[derive(Debug)]
pub struct Named {
    /// What it is called; the English one is what programs are told.
    pub name: Both<&'static str>,
    /// What it does.
    pub about: Both<&'static str>,
}

/// Where a command stands.
#[derive(Debug)]
pub struct Place {
    /// The command that it is a part of.
    pub group: Option<&'static Named>,
    /// Itself.
    pub own: Named,
}

/// What is said of an option.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// What it is called in Portuguese; the English name is the field's.
    pub name_pt: &'static str,
    /// What it is.
    pub about: Both<&'static str>,
    /// The longest text, in characters; of numbers and choices it means nothing.
    pub most: u16,
    /// What is offered while it is typed.
    pub offers: Option<Offers>,
}

/// What is offered while an option is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offers {
    /// Modules for which some policy lets this person ask.
    Modules,
    /// Resources that they may ask for.
    Resources,
    /// Accounts that they may ask for.
    Accounts,
    /// Requests that they may look at.
    Requests,
    /// Their own requests that are pending.
    OwnPending,
    /// Their own requests whose access has not ended.
    OwnGrants,
    /// Requests that they may look at, whose access has not ended.
    StandingGrants,
    /// Emergencies that they may look at and nobody has reviewed.
    Unreviewed,
    /// Registered approvers other than they.
    Approvers,
}

impl Place {
    /// Whether these are the names on the way to it.
    pub fn is(&self, path: &[String]) -> bool {
        path.iter().map(String::as_str).eq(self.path())
    }

    /// The names on the way to it, as programs are told.
    pub fn path(&self) -> Vec<&'static str> {
        let group = self.group.map(|group| group.name.en);
        group.into_iter().chain([self.own.name.en]).collect()
    }

    /// The same in Portuguese.
    pub fn portuguese(&self) -> Vec<&'static str> {
        let group = self.group.map(|group| group.name.pt);
        group.into_iter().chain([self.own.name.pt]).collect()
    }
}
