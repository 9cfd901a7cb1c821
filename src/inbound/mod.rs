//! How the world speaks to us. Every channel yields the same [`Inbound`] value, and
//! [`crate::handle::handle`] is the only reader of it.

pub mod chat;
pub mod cli;
pub mod mail;
pub mod timer;
pub mod web;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::command::Command;
use crate::token::TokenHash;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::Channel;

/// Something that reached the system, read but not yet judged by the workflow.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// By which road.
    pub channel: Channel,
    /// The same thing arriving twice has the same key and is applied once.
    pub dedupe_key: String,
    /// Who seems to speak.
    pub speaker: Speaker,
    /// Why the channel believes it; stored with the vote and in the audit event.
    pub proof: Proof,
    /// What was said.
    pub words: Words,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaker {
    /// Somebody who presents a token; they are its owner only if `from` is the owner's address.
    Token {
        /// The hashes of all distinct tokens that the message carries; more than one owner, request or
        /// step among them is ambiguous and no decision.
        presented: Vec<TokenHash>,
        /// The single, proven From address.
        from: String,
        /// What ties the message to the tokens.
        bound: Bound,
        /// When it came in; absent: now.
        arrived: Option<Arrived>,
    },
    /// Who came by the link in a mail of theirs, and was proven beside it as far as the operator asks for.
    Link {
        /// The link token.
        token: TokenHash,
        /// The revision that the page showed them (W16).
        revision: u32,
    },
    /// An account of a chat service, which vouches for it; whose it is, is looked up when it is judged.
    Account {
        /// The service, e.g. `discord`.
        service: &'static str,
        /// Its name for the account, e.g. Discord's user id.
        account: String,
        /// What the button in question was shown with, if one was used; buttons can be made up, so
        /// nothing follows from it but which step and revision is meant.
        shown: Option<Pressed>,
    },
    /// A person whom the channel itself has proven (command line: the operating system user).
    Person(PersonId),
    /// Our own clock.
    Clock,
}

/// When a mail came in. Times that it gives in words ("tomorrow 9am") count from then, however much later it
/// is judged (W16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// The mailbox server's own date of it (INTERNALDATE): no field of the mail, which its sender writes.
    pub server: Option<Timestamp>,
    /// When it was first seen in the mailbox, by our own clock.
    pub seen: Timestamp,
}

impl Arrived {
    /// When it came in, as an answer to what was asked at an instant.
    ///
    /// The server's word counts while it can be true: between the question and our first sight of the
    /// answer. A server that is set wrong, or takes the date from the mail, is not believed beyond that.
    pub fn answering(&self, asked: Timestamp) -> Timestamp {
        // Servers give whole seconds.
        let possible = |at: &Timestamp| at.as_second() >= asked.as_second() && *at <= self.seen;
        self.server.filter(possible).unwrap_or(self.seen)
    }
}

/// What a button was shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressed {
    /// The request.
    pub request: RequestId,
    /// The step, from 0.
    pub step: usize,
    /// The revision of the window (W16).
    pub revision: u32,
}

/// What ties a message to the tokens that it presents: a signed text proves its writer, not to whom it was
/// written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The tokens themselves are signed, or nothing is.
    Yes,
    /// The signed subject alone: the request that it names, if it names one.
    Subject(Option<RequestId>),
}

/// Somebody who presents tokens and is not proven to be their owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The hashes of all distinct tokens that the message carries.
    pub presented: Vec<TokenHash>,
    /// The single From address, if there is one.
    pub from: Option<String>,
    /// How the sender stands.
    pub standing: Standing,
    /// What stands in the way, one sentence.
    pub why: String,
}

/// How a sender stands who is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing proves them.
    Unproven,
    /// Ambiguous, refused by their domain, or forged.
    Refused,
    /// What might have proven them could not be learnt in time.
    GivenUp,
}

/// How the speaker was proven: a name for the method and the details, never a token or a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// `authentication-results`, `exempted-domain`, `os-user`, `operator`, `link`, `chat-account`, `clock`.
    pub method: String,
    /// What it rests on, e.g. the SHA-256 of the raw mail, its Message-ID, the DKIM domain.
    pub details: serde_json::Value,
}

/// What was said, or that it could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// A command.
    Said(Command),
    /// An identified person wrote something that is no decision: they get one answer that explains.
    Unclear(Unclear),
}

/// Why a reply is no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclear {
    /// A stable name, e.g. `quote-first`, `condition`, `no-word`, `no-text`.
    pub code: String,
    /// What was read, one sentence to the person, e.g. "The first line is a quotation."
    pub sentence: String,
    /// The line in question as understood, at most 200 characters.
    pub wrote: Option<String>,
    /// How to say it, one sentence, where there is more to say than "the word alone".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The sentence and the step in Portuguese, where the code alone does not say them.
    #[serde(skip)]
    pub portuguese: Option<Box<(String, String)>>,
}

impl Unclear {
    /// A clear word that is not bound to the request.
    pub fn unbound() -> Self {
        Self {
            code: "unbound".to_owned(),
            sentence: "Nothing that your mail program signed shows that the mail is about this request."
                .to_owned(),
            wrote: None,
            next: Some(
                "Reply to the mail that asked you, leave its subject as it is, and write the word alone \
                 on the first line."
                    .to_owned(),
            ),
            portuguese: None,
        }
    }
}

/// What a report of a failed delivery says. Anybody can write one: it counts for nothing until the mails
/// that it names are found to be ours and the addresses to be theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// The mails of ours that it names, by their Message-IDs.
    pub named: Vec<Named>,
    /// The addresses that it says cannot be delivered to, for good.
    pub failed: Vec<Failed>,
}

/// One of our mails as its Message-ID tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The delivery.
    pub delivery: Uuid,
    /// The token, where the id has one.
    pub token: Option<TokenHash>,
}

/// One address that mail does not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// As the report has it, lower case.
    pub address: String,
    /// The status code, e.g. `5.1.1`.
    pub status: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the server's date counts where it can be true, and nowhere else.
    /// Method: dates before the question, between, after our first sight, and none.
    #[test]
    fn when_a_mail_came_in() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let (asked, seen) = (at("2026-11-20T09:00:00.5Z"), at("2026-11-21T17:00:00Z"));
        let came = |server: Option<&str>| {
            let server = server.map(at);
            Arrived { server, seen }.answering(asked)
        };
        let between = "2026-11-20T10:00:00Z";
        assert_eq!(came(Some(between)), at(between));
        // The same second: servers give no parts of it.
        let at_once = "2026-11-20T09:00:00Z";
        assert_eq!(came(Some(at_once)), at(at_once));
        for impossible in ["2026-11-20T08:59:59Z", "2026-11-21T17:00:01Z"] {
            assert_eq!(came(Some(impossible)), seen, "{impossible}");
        }
        assert_eq!(came(None), seen);
    }
}
