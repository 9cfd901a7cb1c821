//! Discord's names for everything: numbers that say when they were made.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

/// Discord counts milliseconds from the first of January 2015.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// The bits below the time; ours count.
const COUNTER_BITS: u32 = 22;

/// A snowflake. In JSON it is a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(u64);

impl Id {
    /// The `number`th id, made at this time.
    pub(super) fn new(at: Timestamp, number: u64) -> Self {
        let ms = at.as_millisecond().saturating_sub(EPOCH_MS);
        let ms = u64::try_from(ms).unwrap_or_default();
        let mask = (1 << COUNTER_BITS) - 1;
        Self((ms << COUNTER_BITS) | (number & mask))
    }

    /// As somebody wrote it; digits only.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Self)
    }

    /// As it stands in JSON; a number is not one.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        Self::String(id.to_string())
    }
}

impl serde::Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
