//! An interaction: somebody typed a command, clicked, chose or filled something, and waits.
//!
//! The bot has three seconds for the first answer, then fifteen minutes for the rest. What may be
//! answered depends on what was asked: choices only to somebody who is typing, a modal never to one
//! that was just filled in, a change of the post only where there is a post.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::id::Id;
use super::refusal::{Problems, Refusal};

/// Until the first answer.
const FIRST: SignedDuration = SignedDuration::from_secs(3);
/// Until the last.
const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A slash command was sent.
    Command,
    /// A button was clicked or a menu used, on this post.
    Component(Id),
    /// Somebody is typing an option of this kind.
    Typing(u64),
    /// A modal was filled in; it was opened from this post, or by a command; and by which interaction.
    Modal(Option<Id>, Id),
}

impl Kind {
    /// Discord's number.
    pub fn number(&self) -> u64 {
        match self {
            Self::Command => 2,
            Self::Component(_) => 3,
            Self::Typing(_) => 4,
            Self::Modal(..) => 5,
        }
    }

    /// The post that it happened on.
    pub fn post(&self) -> Option<Id> {
        match self {
            Self::Component(post) => Some(*post),
            Self::Modal(post, _) => *post,
            Self::Command | Self::Typing(_) => None,
        }
    }

    fn takes(&self, answer: u64) -> bool {
        match self {
            Self::Command => matches!(answer, 4 | 5 | 9),
            Self::Component(_) => matches!(answer, 4..=7 | 9),
            Self::Typing(_) => answer == 8,
            Self::Modal(None, _) => matches!(answer, 4 | 5),
            Self::Modal(Some(_), _) => matches!(answer, 4..=7),
        }
    }
}

/// A modal that was opened for somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Modal {
    /// Its title.
    pub title: String,
    /// What the bot is told when it is sent.
    pub custom_id: String,
    /// Its inputs, as the bot described them.
    pub inputs: Vec<Value>,
    /// Which interaction opened it.
    pub(super) opened_by: Id,
}

/// The first answer.
#[derive(Debug, Clone, PartialEq)]
pub enum First {
    /// A post of its own, or a change of the one it happened on.
    Said,
    /// It will take a while: a post that says so, or nothing to be seen.
    Deferred,
    /// A modal.
    Modal(Modal),
    /// Choices: name and value of each.
    Choices(Vec<(String, Value)>),
}

/// An interaction and its answers so far.
#[derive(Debug, Clone)]
pub(super) struct Interaction {
    pub token: String,
    pub kind: Kind,
    pub person: Id,
    pub room: Id,
    pub at: Timestamp,
    pub first: Option<First>,
    /// When that came.
    pub answered_at: Option<Timestamp>,
    /// What `@original` means.
    pub original: Option<Id>,
    /// How often that post had been changed before the first answer.
    pub edits_before: usize,
    /// Posts that followed.
    pub others: Vec<Id>,
    /// The event, so that it can be sent again.
    pub event: Value,
}

impl Interaction {
    /// Whether a first answer of this type may come now.
    pub fn may_answer(&self, answer: u64, now: Timestamp) -> Result<(), Refusal> {
        if self.first.is_some() {
            return Err(Refusal::acknowledged());
        }
        if now.duration_since(self.at) > FIRST {
            return Err(Refusal::unknown_interaction());
        }
        if !self.kind.takes(answer) {
            let mut problems = Problems::default();
            let message = format!(
                "An interaction of type {} does not take an answer of type {answer}.",
                self.kind.number()
            );
            problems.add("type", "INTERACTION_CALLBACK_TYPE_INVALID", message);
            return problems.verdict();
        }
        Ok(())
    }

    /// Whether its token still opens the webhook.
    pub fn may_follow(&self, now: Timestamp) -> Result<(), Refusal> {
        if now.duration_since(self.at) > LIFE {
            return Err(Refusal::invalid_webhook_token());
        }
        if self.first.is_none() {
            return Err(Refusal::unknown_webhook());
        }
        Ok(())
    }
}
