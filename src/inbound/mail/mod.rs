//! Mail in: the inbox loop, and the reading of one mail as pure functions over its bytes.
//!
//! ```text
//! mailbox (IMAP) ── raw bytes ──▶ screen ─▶ authenticate ─▶ reply ─▶ Reading ─▶ handle
//! ```

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Proof, Speaker, Words};

/// What the reading of a mail rests on; from the configuration.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The address that replies go to, without token.
    pub reply_to: String,
    /// The domain of our Message-IDs.
    pub message_id_domain: String,
    /// The authserv-id whose Authentication-Results are believed.
    pub authserv_id: Option<String>,
    /// How many Received fields our own servers put above that field; more, and it is not believed.
    pub authserv_hops: usize,
    /// Domains exempted from proof by the operator; lower case.
    pub exempt_domains: BTreeSet<String>,
    /// Words that approve, upper case.
    pub approve_words: BTreeSet<String>,
    /// Words that disapprove, upper case.
    pub disapprove_words: BTreeSet<String>,
}

/// What becomes of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It carries a decision for the workflow.
    Decision,
    /// It is no decision, and its proven sender gets one answer that explains.
    Answer,
    /// It is stored with its reason and never answered.
    Silent,
    /// As `Silent`, and the operators are warned.
    Alarm,
    /// It cannot be judged now and is judged again.
    Later,
}

/// One stage's verdict and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// A stable word: `human`, `auto-reply`, `bounce`…; `proven`, `unproven`, `exempted`…
    pub verdict: String,
    /// One sentence.
    pub why: String,
}

/// The last stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplyStage {
    /// `approve`, `disapprove` or `none`.
    pub verdict: String,
    /// One sentence.
    pub why: String,
    /// What was said with it.
    pub comment: Option<String>,
}

/// Everything that one mail's bytes say.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Is it a human's mail?
    pub screen: Stage,
    /// Is the sender proven?
    pub sender: Stage,
    /// What do they say?
    pub reply: ReplyStage,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why, one sentence; stored with the mail.
    pub why: String,
    /// For `Decision` and `Answer`: what `handle` judges. The token's owner is not known here.
    pub said: Option<(Speaker, Proof, Words)>,
}
