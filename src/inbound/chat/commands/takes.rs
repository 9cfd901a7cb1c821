//! What an option takes, by the type that it is read into.
//!
//! Everything is read again here, whatever Discord's own program let through: somebody may send what
//! that program would not, and what was offered while typing is a suggestion.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use super::definition::Slash;
use super::words::Both;
use crate::store::requests::Emergencies;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{GrantState, Status};

/// The most requests that are listed at once: more do not fit into a message.
pub const MAX_LISTED: i64 = 15;
/// The longest text that is repeated when it is not understood, in characters.
const MAX_SHOWN_CHARS: usize = 60;

/// The options that were given, by name.
pub type Given = BTreeMap<String, Value>;

/// What was given for one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, or the value of a choice.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// What is registered of an option's type.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number {
        /// The least.
        least: i64,
        /// The greatest.
        most: i64,
    },
    /// One of these.
    Choice(fn() -> Vec<Choice>),
}

/// One thing to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub shown: Both<String>,
}

/// Why what was typed is no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misread {
    /// The bot has no such command (any more): the registration is older or newer.
    NoSuchCommand {
        /// What was typed.
        typed: String,
    },
    /// An option is missing.
    Missing {
        /// Which.
        option: &'static str,
    },
    /// An option is not what it takes.
    Unfit {
        /// Which.
        option: &'static str,
        /// What was given, cut short.
        wrote: String,
    },
    /// It should be a request's number.
    NoNumber {
        /// What was given, cut short.
        wrote: String,
    },
}

/// What an option is read into.
pub trait Takes: Sized {
    /// What is registered.
    const KIND: Kind;
    /// Whether it must be given.
    const NEEDED: bool = true;

    /// Reads one that was given.
    fn of(value: &Value, option: &'static str) -> Result<Self, Misread>;

    /// Reads it from among all.
    fn read(given: &Given, option: &'static str) -> Result<Self, Misread> {
        match given.get(option) {
            Some(value) => Self::of(value, option),
            None => Err(Misread::Missing { option }),
        }
    }
}

impl Value {
    /// As it is shown to whoever wrote it.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.chars().take(MAX_SHOWN_CHARS).collect(),
            Self::Number(number) => number.to_string(),
        }
    }

    fn unfit(&self, option: &'static str) -> Misread {
        let wrote = self.shown();
        Misread::Unfit { option, wrote }
    }
}

impl Takes for String {
    const KIND: Kind = Kind::Text;

    fn of(value: &Value, option: &'static str) -> Result<Self, Misread> {
        match value {
            Value::Text(text) => Ok(text.trim().to_owned()),
            Value::Number(_) => Err(value.unfit(option)),
        }
    }
}

impl Takes for RequestId {
    const KIND: Kind = Kind::Text;

    fn of(value: &Value, _: &'static str) -> Result<Self, Misread> {
        let wrote = value.shown();
        wrote.parse().map_err(|_| Misread::NoNumber { wrote })
    }
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub usize);

impl Takes for Count {
    const KIND: Kind = Kind::Number {
        least: 1,
        most: MAX_LISTED,
    };

    fn of(value: &Value, option: &'static str) -> Result<Self, Misread> {
        match value {
            Value::Number(number) if (1..=MAX_LISTED).contains(number) => usize::try_from(*number)
                .map(Self)
                .map_err(|_| value.unfit(option)),
            _ => Err(value.unfit(option)),
        }
    }
}

impl<T: Takes> Takes for Option<T> {
    const KIND: Kind = T::KIND;
    const NEEDED: bool = false;

    fn of(value: &Value, option: &'static str) -> Result<Self, Misread> {
        T::of(value, option).map(Some)
    }

    fn read(given: &Given, option: &'static str) -> Result<Self, Misread> {
        let blank = |value: &&Value| matches!(value, Value::Text(text) if text.trim().is_empty());
        let given = given.get(option).filter(|value| !blank(value));
        given.map(|value| T::of(value, option)).transpose()
    }
}

/// Whose requests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// One's own.
    Mine,
    /// All that one may look at.
    All,
}

macro_rules! choices {
    ($($takes:ty { $($value:literal, $en:literal, $pt:literal => $means:expr,)* })*) => {$(
        impl Takes for $takes {
            const KIND: Kind = Kind::Choice(|| vec![$(Choice {
                value: $value.to_owned(),
                shown: Both { en: $en.to_owned(), pt: $pt.to_owned() },
            },)*]);

            fn of(value: &Value, option: &'static str) -> Result<Self, Misread> {
                match value {
                    $(Value::Text(text) if text == $value => Ok($means),)*
                    _ => Err(value.unfit(option)),
                }
            }
        }
    )*};
}

choices! {
    Whose {
        "mine", "mine", "minhas" => Self::Mine,
        "all", "all that I may see", "todas que posso ver" => Self::All,
    }
    Status {
        "open", "waiting for votes", "à espera de votos" => Self::Open,
        "approved", "approved", "aprovadas" => Self::Approved,
        "rejected", "rejected", "reprovadas" => Self::Rejected,
        "withdrawn", "withdrawn", "retiradas" => Self::Withdrawn,
        "expired", "expired", "expiradas" => Self::Expired,
    }
    GrantState {
        "scheduled", "yet to begin", "por começar" => Self::Scheduled,
        "active", "active", "ativo" => Self::Active,
        "ended", "over", "encerrado" => Self::Ended,
        "revoked", "revoked", "revogado" => Self::Revoked,
        "returned", "given back", "devolvido" => Self::Returned,
    }
    Emergencies {
        "yes", "only emergencies", "só emergências" => Self::Yes,
        "no", "no emergencies", "sem emergências" => Self::No,
        "unreviewed", "not reviewed yet", "ainda não revisadas" => Self::Unreviewed,
    }
}

/// The name of a command, for `/help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subcommand(pub usize);

impl Takes for Subcommand {
    const KIND: Kind = Kind::Choice(|| {
        let all = Slash::ALL.iter();
        all.map(|spec| Choice {
            value: spec.place.path().join(" "),
            shown: Both {
                en: spec.typed(),
                pt: format!("/{}", spec.place.portuguese().join(" ")),
            },
        })
        .collect()
    });

    fn of(value: &Value, option: &'static str) -> Result<Self, Misread> {
        let named = |text: &String| {
            let mut all = Slash::ALL.iter();
            all.position(|spec| spec.place.path().join(" ") == *text)
        };
        match value {
            Value::Text(text) => named(text).map(Self).ok_or_else(|| value.unfit(option)),
            Value::Number(_) => Err(value.unfit(option)),
        }
    }
}
