//! Names: of persons, groups, modules and requests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the name as it is written; whether it is known is the book's business.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    };
}

name! {
    /// A person's short name in `policies.toml`, e.g. `alice`.
    PersonId
}
name! {
    /// A group's name in `policies.toml`, e.g. `dba`.
    GroupId
}
name! {
    /// The kind of thing asked for, e.g. `credential`; an operator may name further ones.
    Module
}

/// A request's number. Written `R-42` for people; `42`, `r-42` and `#42` are read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub i64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R-{}", self.0)
    }
}

/// The text is no request number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no request number; write it like R-42")]
pub struct NotARequestId(pub String);

impl FromStr for RequestId {
    type Err = NotARequestId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let digits = trimmed
            .strip_prefix("R-")
            .or_else(|| trimmed.strip_prefix("r-"))
            .or_else(|| trimmed.strip_prefix('#'))
            .unwrap_or(trimmed);
        // `parse` alone would take a sign.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotARequestId(text.to_owned()));
        }
        match digits.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => Err(NotARequestId(text.to_owned())),
        }
    }
}
