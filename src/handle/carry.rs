//! From a decision to what is written of it: how the request is carried on, and all that follows.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::identify::Identified;
use super::{Answer, Case};
use crate::inbound::Proof;
use crate::store::audit::{self, Entry, Link, Outcome};
use crate::store::outbox::{self, Enqueue};
use crate::store::requests::{self, Locked, Saved};
use crate::workflow::decide::{Action, Scene, decide};
use crate::workflow::event::Event;
use crate::workflow::notice::{Change, Notice, Owed, owed};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Request};
use crate::workflow::schedule;

/// What the workflow says; refused, with nothing written and the request still locked.
type Decided<T> = Result<T, Box<(Locked, Refusal)>>;

/// How an accepted command carries a request on, and what is owed because of it.
pub(super) struct Carried {
    pub locked: Locked,
    pub after: Request,
    pub link: Link,
    pub events: Vec<Event>,
    pub owed: Owed,
    pub next_due: Option<Timestamp>,
}

impl Carried {
    pub fn saved<'a>(&'a self, proof: &'a Proof, key: Option<(&'a str, Channel)>) -> Saved<'a> {
        Saved {
            after: &self.after,
            proof,
            link: &self.link,
            next_due: self.next_due,
            cancel: &self.owed.cancel_asks,
            key,
        }
    }

    pub fn answer(self) -> Answer {
        Answer::Accepted {
            request: self.after.id,
            events: self.events,
        }
    }
}

impl Case<'_> {
    /// Lets the workflow decide about a request as it is under the lock, and writes down what follows,
    /// the key included. `Err`: refused, and nothing is written yet.
    pub(super) async fn decided(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        locked: Locked,
        action: &Action,
    ) -> Result<Decided<Answer>, sqlx::Error> {
        let locked = self.seeing(conn, locked, action).await?;
        let carried = match self.carried(speaker, locked, action)? {
            Ok(carried) => *carried,
            Err(refused) => return Ok(Err(refused)),
        };
        let cut = carried.events.iter().find_map(|event| match event {
            Event::GrantCut { ending } => Some(ending.clone()),
            _ => None,
        });
        let id = carried.after.id;
        let key = Some(self.key());
        let answer = self.write(conn, carried, key).await?;
        if let Some(ending) = cut {
            self.cut_extensions(conn, speaker, id, &ending).await?;
        }
        Ok(Ok(answer))
    }

    /// What the workflow makes of an action on a locked request; nothing is read or written.
    pub(super) fn carried(
        &self,
        speaker: &Identified,
        locked: Locked,
        action: &Action,
    ) -> Result<Decided<Box<Carried>>, sqlx::Error> {
        let scene = Scene {
            request: locked.request(),
            book: &self.book,
            around: locked.around(),
            now: self.now,
        };
        match decide(&scene, &speaker.actor, action) {
            Ok(events) => {
                let entry = self.entry(Outcome::Accepted, Some(speaker));
                let carried = self.carry(entry, locked, events)?;
                Ok(Ok(Box::new(carried)))
            }
            Err(refusal) => Ok(Err(Box::new((locked, refusal)))),
        }
    }

    /// Carries a request on by these events.
    fn carry(
        &self,
        entry: Entry,
        locked: Locked,
        events: Vec<Event>,
    ) -> Result<Carried, sqlx::Error> {
        let mut after = locked.request().clone();
        for event in &events {
            after
                .apply(event)
                .map_err(|misfit| sqlx::Error::Protocol(misfit.to_string()))?;
        }
        let entry = Entry {
            events: events.clone(),
            ..entry
        };
        let link = audit::link(&audit::request_chain(after.id), locked.head(), &entry)?;
        let change = Change {
            before: Some(locked.request()),
            after: &after,
            events: &events,
            book: &self.book,
            around: locked.around(),
            channel: self.inbound.channel,
            now: self.now,
        };
        Ok(Carried {
            owed: owed(&change),
            next_due: schedule::next(&after, &self.book, self.now).map(|(at, _)| at),
            locked,
            after,
            link,
            events,
        })
    }

    /// Carries the request on by these events, and writes down everything that follows.
    pub(super) async fn apply(
        &self,
        conn: &mut PgConnection,
        entry: Entry,
        locked: Locked,
        events: Vec<Event>,
    ) -> Result<Answer, sqlx::Error> {
        let carried = self.carry(entry, locked, events)?;
        self.write(conn, carried, None).await
    }

    /// Writes down how a request was carried on, and everything that follows; under this key, if one is
    /// to be entered.
    async fn write(
        &self,
        conn: &mut PgConnection,
        carried: Carried,
        key: Option<(&str, Channel)>,
    ) -> Result<Answer, sqlx::Error> {
        self.post_of(conn, &carried).await?;
        // Before the new asks are written: the old ones are cancelled by it.
        let saved = carried.saved(&self.inbound.proof, key);
        requests::save_all(conn, &[(&carried.locked, saved)]).await?;
        self.enqueue(conn, &carried.owed.notices).await?;
        let done = (&carried.after, carried.events.as_slice());
        self.warn_admins(conn, done, &carried.owed.notices).await?;
        Ok(carried.answer())
    }

    /// Makes and changes the posts that show the request.
    pub(super) async fn post_of(
        &self,
        conn: &mut PgConnection,
        carried: &Carried,
    ) -> Result<(), sqlx::Error> {
        let change = Change {
            before: Some(carried.locked.request()),
            after: &carried.after,
            events: &carried.events,
            book: &self.book,
            around: carried.locked.around(),
            channel: self.inbound.channel,
            now: self.now,
        };
        self.post(conn, &change, &carried.owed.notices).await
    }

    /// The key that this case arrived under.
    pub(super) fn key(&self) -> (&str, Channel) {
        (&self.inbound.dedupe_key, self.inbound.channel)
    }

    /// Writes down what is owed.
    pub(super) async fn enqueue(
        &self,
        conn: &mut PgConnection,
        notices: &[Notice],
    ) -> Result<(), sqlx::Error> {
        outbox::enqueue(conn, &self.owes(notices)).await.map(drop)
    }

    /// What this case owes, with what its deliveries are made of.
    pub(super) fn owes<'a>(&'a self, notices: &'a [Notice]) -> Enqueue<'a> {
        Enqueue {
            notices,
            book: &self.book,
            keys: &self.handler.keys,
            now: self.now,
            in_reply_to: self.inbound.proof.details["message_id"].as_str(),
            offers: self.handler.offers,
        }
    }
}
