//! `[limits]`: how many answers that explain are given by mail.

/// How many answers that explain (refused, not understood) are given by mail; confirmations of what was
/// done are not counted and never held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// To one person about one request in 24 hours.
    pub per_request: u32,
    /// To one person in an hour.
    pub per_person: u32,
    /// In all in an hour.
    pub in_all: u32,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            per_request: 5,
            per_person: 20,
            in_all: 300,
        }
    }
}

/// Which number of [`Answers`] is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// [`Answers::per_request`].
    PerRequest,
    /// [`Answers::per_person`].
    PerPerson,
    /// [`Answers::in_all`].
    InAll,
}

impl Quota {
    /// The key in `[limits]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::PerRequest => "answers_per_request",
            Self::PerPerson => "answers_per_person",
            Self::InAll => "answers_in_all",
        }
    }
}
