//! The only place that joins the halves: one [`Inbound`], one transaction.
//!
//! ```text
//! look (seen? which book? which request, locked) → who speaks → what do they want → lock, if not yet
//! → workflow → state, audit event, key → notices → commit → wake the courier
//! ```
//!
//! What always holds (W28): state, audit event and every notice that follows commit together, or none
//! does. A key is entered in the same transaction, so the same thing arriving twice, or being judged
//! again after a crash, is applied once. Nothing is sent in here.
//!
//! A backlog of votes takes the same road in sets ([`Handler::together`]), and so do votes that arrive at
//! the same instant.
//!
//! What is *not* promised: that two things which arrive together are applied in the order in which they
//! came; they are applied one after the other (W17).

mod action;
mod answer;
mod carry;
mod crowd;
mod delegate;
mod extend;
mod file;
mod identify;
mod once;
mod post;
mod settle;
mod suspect;
mod take_back;
mod together;
mod window;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;

use crate::alarm::burst::Burst;
use crate::clock::Clock;
use crate::command::Command;
use crate::config::Answers;
use crate::inbound::{Inbound, Unclear, Words};
use crate::outbox::backlog::Backlog;
use crate::store::audit::{self, Entry, Outcome};
use crate::store::books::BookCache;
use crate::store::inbound as ledger;
use crate::store::outbox::Offers;
use crate::store::requests::Locked;
use crate::token::Keyring;
use crate::workflow::book::{Book, Delegation};
use crate::workflow::decide::Actor;
use crate::workflow::event::Event;
use crate::workflow::ids::RequestId;
use crate::workflow::refusal::Refusal;
use crowd::Crowd;
use file::Wanted;
use identify::Identified;
use once::Judged;
pub use post::Posting;
use suspect::GUESSES_LET_PASS;
pub use together::TOGETHER_MAX;

/// A transaction that lost against another is tried this often.
const MAX_TRIES: u32 = 6;

/// What came of an inbound thing; the channel decides how to say it (mail: already enqueued).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Applied.
    Accepted {
        /// The request it was about.
        request: RequestId,
        /// What happened to it; empty where a filing was repeated under its key (W6).
        events: Vec<Event>,
    },
    /// Applied, and about no request: votes are in another's hands, or are no longer (W20).
    Delegated {
        /// Which delegations.
        delegations: Vec<Delegation>,
        /// Whether they end by this, or begin.
        ended: bool,
    },
    /// An identified person was refused.
    Refused {
        /// The request it was about, if it exists.
        request: Option<RequestId>,
        /// Why.
        refusal: Refusal,
    },
    /// An identified person was not understood.
    Unclear,
    /// Nobody identified; stored and audited with this reason, never answered.
    Unidentified(String),
    /// As `Unidentified`, and an alarm was raised.
    Alarm(String),
    /// Seen before; nothing was done.
    Duplicate,
}

/// Judges inbound things. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handler {
    /// The database.
    pub pool: PgPool,
    /// The clock.
    pub clock: Clock,
    /// Derives the tokens of new deliveries.
    pub keys: Arc<Keyring>,
    /// Wakes the local couriers after a commit that left deliveries; there are several, so all who wait.
    pub wake: Arc<Notify>,
    /// Notified after a commit, for whoever tells other processes.
    pub committed: Arc<Notify>,
    /// What the local courier gives way to.
    pub backlog: Backlog,
    /// How many answers that explain are given.
    pub answers: Answers,
    /// Whether requests are shown in a chat.
    pub posting: Option<Posting>,
    books: BookCache,
    offers: Offers,
    crowd: Crowd,
    guesses: Arc<Burst>,
}

/// What every part of one judgement needs.
struct Case<'a> {
    handler: &'a Handler,
    inbound: &'a Inbound,
    book: Arc<Book>,
    now: Timestamp,
}

impl Handler {
    /// A handler; `offers_reply` says whether mails carry a reply token (`[imap]` is configured).
    pub fn new(
        pool: PgPool,
        clock: Clock,
        keys: Arc<Keyring>,
        wake: Arc<Notify>,
        offers_reply: bool,
    ) -> Self {
        Self {
            pool,
            clock,
            keys,
            wake,
            committed: Arc::default(),
            backlog: Backlog::default(),
            answers: Answers::default(),
            posting: None,
            books: BookCache::default(),
            guesses: Arc::new(Burst::over(GUESSES_LET_PASS)),
            offers: Offers {
                reply: offers_reply,
                link: false,
            },
            crowd: Crowd::default(),
        }
    }

    /// The same, whose mails also carry a link to the page on which to decide if `offered` (`[web]` is
    /// configured).
    #[must_use]
    pub fn with_links(mut self, offered: bool) -> Self {
        self.offers.link = offered;
        self
    }

    /// The book in force.
    pub async fn book(&self, conn: &mut PgConnection) -> Result<Arc<Book>, sqlx::Error> {
        let versions = ledger::look(conn, "").await?.1;
        self.books.get(conn, versions).await
    }

    /// Applies one inbound thing: once, in one transaction, or not at all (W28).
    ///
    /// An error is the database's: nothing was applied, and the same thing may be handed in again.
    pub async fn handle(&self, inbound: &Inbound) -> Result<Answer, sqlx::Error> {
        let inbound = storable(inbound);
        if together::plain(&inbound).is_some() {
            return self.among_others(&inbound).await;
        }
        self.alone(&inbound).await
    }

    /// Applies one inbound thing, however often others get in its way.
    async fn alone(&self, inbound: &Inbound) -> Result<Answer, sqlx::Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            // On the heap: it is large, and every channel holds one.
            match Box::pin(self.once(inbound)).await {
                Err(error) if tries < MAX_TRIES && lost_a_race(&error) => {}
                ended => return ended,
            }
        }
    }
}

impl Case<'_> {
    /// The same case with the book and the time as they are now that the lock is held: while we waited
    /// for it, a vote may have been counted and a person removed (W7), and the times of one request's
    /// events do not run backwards.
    async fn holding(&self, conn: &mut PgConnection, locked: &Locked) -> Result<Self, sqlx::Error> {
        let book = self.handler.books.get(conn, locked.versions()).await?;
        Ok(Self {
            book,
            now: self.handler.clock.now(),
            ..*self
        })
    }

    async fn judge(
        &self,
        conn: &mut PgConnection,
        held: Option<Locked>,
    ) -> Result<Judged, sqlx::Error> {
        let speaker = match self.identify(conn).await? {
            Ok(speaker) => speaker,
            Err(nobody) => {
                self.follow(conn, &nobody).await?;
                let guessed = if nobody.unknown {
                    self.handler.guessed(conn, self).await?
                } else {
                    None
                };
                let alarm = nobody.suspect.is_some() || guessed.is_some();
                let answer = self.unidentified(conn, nobody.why).await?;
                return Ok(Judged::Open(match answer {
                    Answer::Unidentified(why) if alarm => Answer::Alarm(why),
                    answer => answer,
                }));
            }
        };
        if !speaker.is_bound(&self.inbound.speaker) {
            let answer = self.unclear(conn, &speaker, &Unclear::unbound()).await;
            return answer.map(Judged::Open);
        }
        let answer = match (&self.inbound.words, &speaker.actor) {
            (Words::Unclear(unclear), _) => self.unclear(conn, &speaker, unclear).await,
            (
                Words::Said(Command::File {
                    draft,
                    key,
                    emergency,
                }),
                Actor::Person(person),
            ) => {
                let wanted = Wanted {
                    draft,
                    key: key.as_deref(),
                    emergency: emergency.as_deref(),
                };
                self.file(conn, person, wanted).await
            }
            (Words::Said(command @ Command::Extend { .. }), Actor::Person(person)) => {
                self.extend(conn, &speaker, person, command).await
            }
            (
                Words::Said(command @ (Command::Delegate { .. } | Command::EndDelegation)),
                Actor::Person(person),
            ) => self.delegation(conn, &speaker, person, command).await,
            (
                Words::Said(
                    Command::File { .. }
                    | Command::Extend { .. }
                    | Command::Delegate { .. }
                    | Command::EndDelegation,
                ),
                Actor::Clock,
            ) => {
                let why = "the clock files nothing and delegates nothing";
                self.unidentified(conn, why.to_owned()).await
            }
            (Words::Said(command), _) => {
                return self.act(conn, &speaker, (command, held)).await;
            }
        };
        answer.map(Judged::Open)
    }

    /// The audit entry of this case, with nothing said yet of what came of it.
    fn entry(&self, outcome: Outcome, speaker: Option<&Identified>) -> Entry {
        let actor = speaker.and_then(|speaker| match &speaker.actor {
            Actor::Person(person) => Some(person.clone()),
            Actor::Clock => None,
        });
        let command = match &self.inbound.words {
            Words::Said(command) => Some(command.clone()),
            Words::Unclear(_) => None,
        };
        Entry {
            actor,
            key: Some(self.inbound.dedupe_key.clone()),
            proof: Some(self.inbound.proof.clone()),
            command,
            ..Entry::new(self.now, self.inbound.channel, outcome)
        }
    }

    async fn unidentified(
        &self,
        conn: &mut PgConnection,
        why: String,
    ) -> Result<Answer, sqlx::Error> {
        let entry = Entry {
            why: Some(why.clone()),
            ..self.entry(Outcome::Unidentified, None)
        };
        audit::append_system(conn, self.inbound.channel, &[entry]).await?;
        Ok(Answer::Unidentified(why))
    }
}

/// The same thing without NUL, which outsiders can write and the database cannot hold: it would fail at
/// every try. Comments and reasons are cleaned by the workflow.
fn storable(inbound: &Inbound) -> Cow<'_, Inbound> {
    fn clean(value: &mut Value) {
        match value {
            Value::String(text) => *text = text.replace('\0', "\u{fffd}"),
            Value::Array(values) => values.iter_mut().for_each(clean),
            Value::Object(values) => values.values_mut().for_each(clean),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut inbound = Cow::Borrowed(inbound);
    if inbound.proof.details.to_string().contains("\\u0000") {
        clean(&mut inbound.to_mut().proof.details);
    }
    if let Words::Unclear(unclear) = &inbound.words
        && unclear
            .wrote
            .as_ref()
            .is_some_and(|wrote| wrote.contains('\0'))
        && let Words::Unclear(unclear) = &mut inbound.to_mut().words
    {
        unclear.wrote = unclear
            .wrote
            .take()
            .map(|wrote| wrote.replace('\0', "\u{fffd}"));
    }
    inbound
}

/// Whether the transaction lost against another and may win the next time: serialisation failure,
/// deadlock, or somebody filed the same thing first (W6). A row that is there twice in any other table
/// is a defect, which trying again would only hide.
fn lost_a_race(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    match error.code().as_deref() {
        Some("40001" | "40P01") => true,
        Some("23505") => matches!(
            error.constraint(),
            Some("request_one_pending" | "request_filing_key")
        ),
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests;
