//! The one definition of what can be typed: an enum whose variants are the commands and whose fields are
//! their options.
//!
//! A field's type says whether it must be given and what it takes ([`Takes`]); the constant beside it
//! what it is called, what is said of it and how long it may be. From this follow the registration
//! ([`super::register`]), the reader of what was typed ([`Slash::read`]), and what `/help` and the README
//! say ([`super::help`]). A command without an answer does not compile: [`super::act`] matches on the
//! enum.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::takes::{Count, Given, Kind, Misread, Subcommand, Takes, Whose};
use super::texts;
use super::words::{Named, Place, Words};
use crate::store::requests::Emergencies;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{GrantState, Status};

/// A command as it is registered and explained.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// What it is called and what is said of it.
    pub place: &'static Place,
    /// Its options, in the order in which they are typed.
    pub options: &'static [Field],
}

/// An option as it is registered and explained.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// What it is called to programs, and in English.
    pub name: &'static str,
    /// What is said of it.
    pub words: &'static Words,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be given.
    pub needed: bool,
}

macro_rules! slash {
    ($($(#[$doc:meta])* $name:ident: $place:ident {
        $($(#[$about:meta])* $field:ident: $takes:ty = $words:ident,)*
    })*) => {
        /// What somebody typed, read.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Slash {
            $($(#[$doc])* $name { $($(#[$about])* $field: $takes,)* },)*
        }

        impl Slash {
            /// All commands, in the order in which `/help` lists them.
            pub const ALL: &'static [Spec] = &[$(Spec {
                place: &texts::$place,
                options: &[$(Field {
                    name: stringify!($field),
                    words: &texts::$words,
                    kind: <$takes as Takes>::KIND,
                    needed: <$takes as Takes>::NEEDED,
                },)*],
            },)*];

            /// Reads what was typed: the names on the way to the command, and its options.
            pub fn read(path: &[String], given: &Given) -> Result<Self, Misread> {
                $(if texts::$place.is(path) {
                    return Ok(Self::$name {
                        $($field: <$takes as Takes>::read(given, stringify!($field))?,)*
                    });
                })*
                Err(Misread::NoSuchCommand { typed: path.join(" ") })
            }
        }
    };
}

slash! {
    /// Ask for access (W1).
    New: REQUEST_NEW {
        /// The kind of thing.
        module: String = MODULE,
        /// Which one.
        resource: String = RESOURCE,
        /// As whom.
        account: Option<String> = ACCOUNT,
        /// From when, in the words of the grammar.
        start: Option<String> = START,
        /// Until when.
        end: Option<String> = END,
        /// Or how long.
        duration: Option<String> = DURATION,
        /// Why.
        justification: Option<String> = JUSTIFICATION,
        /// Why it cannot wait, if it cannot (W24).
        emergency: Option<String> = EMERGENCY,
    }
    /// Take emergency access for a pending request (W24).
    Emergency: REQUEST_EMERGENCY {
        /// Which.
        request: RequestId = OWN_PENDING,
        /// Why it cannot wait.
        reason: String = REASON,
    }
    /// Look at one request.
    Show: REQUEST_SHOW {
        /// Which.
        request: RequestId = REQUEST,
    }
    /// Look at many.
    List: REQUEST_LIST {
        /// One's own, or all that one may see.
        whose: Option<Whose> = WHOSE,
        /// By where they stand.
        status: Option<Status> = STATUS,
        /// By where their access stands.
        access: Option<GrantState> = ACCESS,
        /// By whether they were emergencies.
        emergency: Option<Emergencies> = EMERGENCIES,
        /// Of this kind of thing.
        module: Option<String> = MODULE,
        /// How many at most.
        limit: Option<Count> = LIMIT,
        /// Those that come behind this one.
        after: Option<RequestId> = AFTER,
    }
    /// Take one's own request back (W29).
    Withdraw: REQUEST_WITHDRAW {
        /// Which.
        request: RequestId = OWN_PENDING,
        /// Why.
        reason: String = REASON,
    }
    /// Ask for access to go on (W23).
    Extend: REQUEST_EXTEND {
        /// Which request's.
        request: RequestId = OWN_GRANT,
        /// For how much longer.
        duration: String = DURATION,
        /// Why.
        justification: Option<String> = JUSTIFICATION,
    }
    /// Give one's own access back (W22).
    Return: REQUEST_RETURN {
        /// Which request's.
        request: RequestId = OWN_GRANT,
        /// Why, if one wishes to say.
        reason: Option<String> = REASON,
    }
    /// What waits for one's vote.
    Approvals: APPROVALS {
        /// Those that come behind this one.
        after: Option<RequestId> = AFTER,
    }
    /// End somebody's access (W22).
    Revoke: REVOKE {
        /// Which request's.
        request: RequestId = STANDING_GRANT,
        /// Why.
        reason: String = REASON,
    }
    /// Record what one found about an emergency (W26).
    Review: REVIEW {
        /// Which.
        request: RequestId = UNREVIEWED,
        /// What was found.
        finding: String = FINDING,
    }
    /// Put one's votes in another's hands (W20).
    Delegate: DELEGATE_START {
        /// Whose hands.
        to: String = APPROVER,
        /// Until when.
        until: String = UNTIL,
        /// From when.
        since: Option<String> = SINCE,
    }
    /// Take them back (W20).
    EndDelegation: DELEGATE_END {}
    /// Whose votes are in whose hands.
    Delegations: DELEGATE_LIST {}
    /// Tie this account to a person, by a mailed code.
    Link: LINK {
        /// The person's address.
        email: String = EMAIL,
    }
    /// Untie it.
    Unlink: UNLINK {}
    /// Who one is here.
    Whoami: WHOAMI {}
    /// What can be typed.
    Help: HELP {
        /// About one command.
        command: Option<Subcommand> = COMMAND,
    }
}

impl Spec {
    /// `/request new`.
    pub fn typed(&self) -> String {
        format!("/{}", self.place.path().join(" "))
    }
}

impl Field {
    /// Its name in Portuguese.
    pub fn portuguese(&self) -> &'static str {
        self.words.name_pt
    }
}

/// The command group that a name stands for, e.g. `request`.
pub(super) fn group(spec: &Spec) -> Option<&'static Named> {
    spec.place.group
}
