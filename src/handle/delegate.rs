//! Votes in another's hands (W20): a command about a person, not about a request.
//!
//! ```text
//! hold the table → the book with what stands → workflow → rows, audit event on `system/<channel>`, mails
//! to both, the delegator's open requests due at once → commit
//! ```
//!
//! What always holds: one person's delegations are decided one after the other, against what stands; what
//! the delegator was asked about and has not answered is looked at by the clock, which asks the delegate.
//! One that begins later is waited for by every request's own schedule.
//!
//! What is *not* promised: that the delegate is asked at once about a request that is being filed, or
//! moves to its next step, in the very moment of the delegation. They can vote on it, and are asked when
//! the clock next looks at it.

use sqlx::PgConnection;

use super::identify::Identified;
use super::{Answer, Case};
use crate::command::Command;
use crate::render::SystemFacts;
use crate::store::audit::{self, Entry, Outcome};
use crate::store::books::{self, Versions};
use crate::store::outbox;
use crate::store::{delegations, requests};
use crate::workflow::book::Delegation;
use crate::workflow::decide::{delegate, end_delegation};
use crate::workflow::ids::PersonId;

impl Case<'_> {
    /// Makes a delegation, or ends those that the person has made.
    pub(super) async fn delegation(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        person: &PersonId,
        command: &Command,
    ) -> Result<Answer, sqlx::Error> {
        let change = delegations::begin(conn).await?;
        let case = self.as_it_stands(conn, change).await?;
        let (book, now) = (&case.book, case.now);
        let decided = match command {
            Command::Delegate { to, start, until } => {
                let period = (start.unwrap_or(now), *until);
                delegate(book, person, to, period, now).map(|made| vec![made])
            }
            _ => end_delegation(book, person, now),
        };
        let delegations = match decided {
            Ok(delegations) => delegations,
            Err(refusal) => return case.refuse_aside(conn, speaker, refusal).await,
        };
        let ended = matches!(command, Command::EndDelegation);
        if ended {
            let done = delegations::end(conn, person, change, now).await?;
            if usize::try_from(done).ok() != Some(delegations.len()) {
                let what = format!("{done} delegations ended instead of {}", delegations.len());
                return Err(sqlx::Error::Protocol(what));
            }
        } else {
            for delegation in &delegations {
                delegations::insert(conn, delegation, change, now).await?;
            }
            if delegations.iter().any(|delegation| delegation.holds(now)) {
                let open = requests::lock_unanswered(conn, person).await?;
                requests::look_again(conn, &open, now).await?;
            }
        }
        case.tell_both(conn, &delegations, ended).await?;
        let entry = Entry {
            delegations: delegations.clone(),
            ..case.entry(Outcome::Accepted, Some(speaker))
        };
        audit::append_system(conn, self.inbound.channel, &[entry]).await?;
        Ok(Answer::Delegated { delegations, ended })
    }

    /// The same case with the book as it is now that the table of delegations is held. It must be read
    /// before `change` is written: what is kept of a book outlives this transaction.
    async fn as_it_stands(
        &self,
        conn: &mut PgConnection,
        change: i64,
    ) -> Result<Self, sqlx::Error> {
        let versions = Versions {
            policies: books::version(conn).await?,
            delegations: change - 1,
        };
        Ok(Self {
            book: self.handler.books.get(conn, versions).await?,
            now: self.handler.clock.now(),
            ..*self
        })
    }

    /// A mail to each side of every delegation, in the reader's zone.
    async fn tell_both(
        &self,
        conn: &mut PgConnection,
        delegations: &[Delegation],
        ended: bool,
    ) -> Result<(), sqlx::Error> {
        for delegation in delegations {
            for reader in [&delegation.from, &delegation.to] {
                let Some(person) = self.book.person(reader).filter(|person| person.active) else {
                    continue;
                };
                let mine = *reader == delegation.from;
                let other = if mine {
                    &delegation.to
                } else {
                    &delegation.from
                };
                let facts = SystemFacts::Delegation {
                    other: self.book.name_of(other),
                    mine,
                    start: delegation.start,
                    until: delegation.until,
                    ended,
                };
                outbox::enqueue_system(conn, &facts.into(), person.into(), self.now).await?;
            }
        }
        Ok(())
    }
}
