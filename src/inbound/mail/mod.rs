//! Mail in: the inbox loop, and the reading of one mail as pure functions over its bytes.
//!
//! ```text
//! mailbox (IMAP) ── raw bytes ──▶ screen ─▶ authenticate ─▶ reply ─▶ Reading ─▶ handle
//! ```
//!
//! What always holds for [`read()`]: the same bytes and rules give the same [`Reading`]; the work
//! grows with the size of the mail and no faster; a mail decides only if it is a human's, its one
//! From domain is proven or exempted in writing, it presents a token and its first line is the
//! word. Whether the From address is the token owner's, and whether the request still waits, is for
//! `handle` to say.
//!
//! The words of the stages, stable because people and programs filter on them:
//!
//! | stage | verdict | what becomes of the mail |
//! |---|---|---|
//! | screen | `human` | goes on |
//! | | `oversize`, `malformed`, `too-complex` | silent: nobody reads it further |
//! | | `control-bytes` | alarm: a NUL, or a CR or LF of its own, among the header fields |
//! | | `own` | silent: one of our own mails came back |
//! | | `bounce`, `receipt`, `calendar`, `auto-reply`, `list`, `robot` | silent: a machine's |
//! | | `challenge`, `ticket` | likewise; every reason ends with the name of its mark |
//! | sender | `proven`, `exempted` | goes on |
//! | | `unproven` | silent: nothing shows that the domain sent it |
//! | | `later` | judged again: DNS did not say what would prove it |
//! | | `ambiguous` | alarm: not exactly one plain address in exactly one From field |
//! | | `failed` | alarm: our own server's check says that the domain did not send it |
//! | | `forged` | alarm: our server's name stands where only a stranger can have written it |
//! | reply | `approve`, `disapprove` | a decision |
//! | | `none` | one answer that explains, if the sender is proven and presents a token |
//!
//! The reading asks nobody. Where our own check of signatures may prove a sender whom nothing else proves,
//! it says so ([`Reading::open`]); who judges asks DNS, hands in what the check found ([`dkim::Report`]), and
//! reads again. `Later` is said only then.

pub mod judge;
pub mod mailbox;

use std::collections::BTreeSet;

use serde::Serialize;

pub mod address;
pub mod authenticate;
pub mod bounce;
pub mod bound;
pub mod dkim;
pub mod explain;
pub mod head;
pub mod presented;
pub mod read;
pub mod reply;
pub mod resolve;
pub mod results;
pub mod screen;
pub mod shape;

pub use explain::explain;
pub use read::{read, read_with};

use super::{Bounce, Proof, Speaker, Suspect, Words};

/// What the reading of a mail rests on; from the configuration.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The address that replies go to, without token.
    pub reply_to: String,
    /// The address that our mails come from; a mail from it is our own, come back.
    pub own_address: String,
    /// The domain of our Message-IDs.
    pub message_id_domain: String,
    /// Our own check of signatures; absent: it is not made.
    pub dkim: Option<crate::config::proof::Dkim>,
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
    /// Banners that gateways put above mails, as [`reply::banner::letters`] has them.
    pub banners: Vec<String>,
}

impl Rules {
    /// The rules that a configuration means.
    pub fn new(mail: &crate::config::Mail) -> Self {
        Self {
            reply_to: mail.reply_to.clone(),
            own_address: mail.from.clone(),
            message_id_domain: mail.message_id_domain.clone(),
            dkim: mail.dkim.clone(),
            authserv_id: mail.authserv_id.clone(),
            authserv_hops: mail.authserv_hops,
            exempt_domains: mail.exempt_domains.clone(),
            approve_words: mail.approve_words.clone(),
            disapprove_words: mail.disapprove_words.clone(),
            banners: mail
                .banners
                .iter()
                .map(|text| reply::banner::letters(text))
                .collect(),
        }
    }
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
    /// The line that says for when it is approved, as written; what it means hangs on the zone of
    /// who wrote it (W16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
}

/// A sender whom our own check of signatures may yet prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The From address.
    pub from: String,
    /// Its domain.
    pub domain: String,
    /// The hashes of the tokens that the mail presents.
    pub tokens: Vec<crate::token::TokenHash>,
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
    /// Where our own check of signatures may yet prove the sender, and has not been made: what it needs.
    pub open: Option<Open>,
    /// A human's mail that presents tokens, and whose sender is not proven.
    pub suspect: Option<Suspect>,
    /// For `Decision` and `Answer`: what `handle` judges. The token's owner is not known here.
    pub said: Option<(Speaker, Proof, Words)>,
    /// What a machine's mail says of a delivery of ours that failed; it has yet to be found true.
    pub bounce: Option<Bounce>,
}
