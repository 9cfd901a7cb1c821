//! Filing: a request comes to be, or its requester is told why not (W1-W8).

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

use super::identify::Identified;
use super::{Answer, Case};
use crate::command::Command;
use crate::store::audit::{self, Entry, Head, Outcome};
use crate::store::requests;
use crate::workflow::decide::{
    Action, Actor, Around, Draft, Filing, MAX_NAME_CHARS, Scene, decide, file, file_emergency,
    same_filing,
};
use crate::workflow::event::Event;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::notice::{Change, owed};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Request, State, Window};
use crate::workflow::schedule;

/// What somebody wants to file.
pub(super) struct Wanted<'a> {
    pub draft: &'a Draft,
    pub key: Option<&'a str>,
    /// Why it cannot wait, if it is an emergency (W24).
    pub emergency: Option<&'a str>,
}

/// A filing that was accepted.
struct Opened<'a> {
    events: Vec<Event>,
    key: Option<&'a str>,
    around: Around,
}

impl Case<'_> {
    pub(super) async fn file(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
        wanted: Wanted<'_>,
    ) -> Result<Answer, sqlx::Error> {
        let draft = &storable(wanted.draft);
        let key = wanted.key;
        if let Some(chars) = key.map(|key| key.chars().count())
            && chars > MAX_NAME_CHARS
        {
            let refusal = Refusal::TextTooLong {
                what: "key".to_owned(),
                chars,
                limit: MAX_NAME_CHARS,
            };
            return self.not_filed(conn, person, refusal).await;
        }
        // The pending one is looked for first: the same filing that commits between the two looks is then
        // found under its key, and not taken for another request for the same thing.
        let pending = self.still_pending(conn, person, draft).await?;
        if let Some(key) = key
            && let Some(first) = requests::find_by_key(conn, person, key).await?
        {
            return self.filed_before(conn, person, draft, key, first).await;
        }
        let id = requests::next_id(conn).await?;
        if wanted.emergency.is_some() {
            requests::hold_emergencies(conn).await?;
        }
        let around = self.around(conn, person).await?;
        let filing = Filing {
            book: &self.book,
            id,
            pending,
            unreviewed: &around.unreviewed,
            now: self.now,
        };
        let filed = match wanted.emergency {
            Some(reason) => file_emergency(draft, reason, person, &filing),
            None => file(draft, person, &filing),
        };
        match filed {
            Ok(events) => {
                let opened = Opened {
                    events,
                    key,
                    around,
                };
                self.open(conn, person, opened).await
            }
            Err(refusal) => self.not_filed(conn, person, refusal).await,
        }
    }

    /// What a filing needs to know beside the book: whether emergency access is offered depends on
    /// what is still to be reviewed (W26), where any policy offers it.
    async fn around(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
    ) -> Result<Around, sqlx::Error> {
        let mut around = Around::default();
        if self
            .book
            .policies
            .iter()
            .any(|policy| policy.emergency.is_some())
        {
            around.unreviewed = requests::unreviewed(conn, person).await?;
        }
        Ok(around)
    }

    /// The same person's request for the same thing, unless its time is over: then the clock's word is
    /// said first, which the timer has not brought yet (W18).
    async fn still_pending(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
        draft: &Draft,
    ) -> Result<Option<RequestId>, sqlx::Error> {
        let Some(id) = requests::find_pending(conn, person, &draft.subject).await? else {
            return Ok(None);
        };
        let Some(locked) = requests::lock(conn, id).await? else {
            return Ok(None);
        };
        let scene = Scene {
            request: locked.request(),
            book: &self.book,
            around: locked.around(),
            now: self.now,
        };
        let pending = matches!(locked.request().state_at(self.now), State::Pending { .. });
        let Ok(events) = decide(&scene, &Actor::Clock, &Action::Tick) else {
            return Ok(pending.then_some(id));
        };
        if pending {
            return Ok(Some(id));
        }
        let entry = Entry {
            command: Some(Command::Tick { request: id }),
            ..Entry::new(self.now, Channel::Timer, Outcome::Accepted)
        };
        self.apply(conn, entry, locked, events).await?;
        Ok(None)
    }

    async fn open(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
        opened: Opened<'_>,
    ) -> Result<Answer, sqlx::Error> {
        let Opened {
            events,
            key,
            around,
        } = opened;
        let request = Request::replay(&events)
            .ok_or_else(|| sqlx::Error::Protocol("a filing that does not fold".to_owned()))?;
        let entry = Entry {
            events: events.clone(),
            ..self.entry(Outcome::Accepted, Some(&Identified::person(person)))
        };
        let link = audit::link(&audit::request_chain(request.id), &Head::default(), &entry)?;
        let next_due = schedule::next(&request, &self.book, self.now).map(|(at, _)| at);
        requests::insert(conn, &request, key, &link, next_due).await?;
        let change = Change {
            before: None,
            after: &request,
            events: &events,
            book: &self.book,
            around: &around,
            channel: self.inbound.channel,
            now: self.now,
        };
        let notices = owed(&change).notices;
        self.enqueue(conn, &notices).await?;
        self.post(conn, &change, &notices).await?;
        self.warn_admins(conn, (&request, &events), &notices)
            .await?;
        Ok(Answer::Accepted {
            request: request.id,
            events,
        })
    }

    /// The same key again: the same filing is answered as the first time, another is refused (W6).
    async fn filed_before(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
        draft: &Draft,
        key: &str,
        first: RequestId,
    ) -> Result<Answer, sqlx::Error> {
        let Some(locked) = requests::lock(conn, first).await? else {
            return Err(sqlx::Error::RowNotFound);
        };
        if !same_filing(locked.request(), draft) {
            let refusal = Refusal::KeyReused {
                key: key.to_owned(),
                request: first,
            };
            return self.not_filed(conn, person, refusal).await;
        }
        let case = self.holding(conn, &locked).await?;
        let entry = case.entry(Outcome::Accepted, Some(&Identified::person(person)));
        let link = audit::link(&audit::request_chain(first), locked.head(), &entry)?;
        requests::note(conn, locked, &link).await?;
        Ok(Answer::Accepted {
            request: first,
            events: Vec::new(),
        })
    }

    async fn not_filed(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
        refusal: Refusal,
    ) -> Result<Answer, sqlx::Error> {
        let entry = Entry {
            refusal: Some(refusal.clone()),
            ..self.entry(Outcome::Refused, Some(&Identified::person(person)))
        };
        audit::append_system(conn, self.inbound.channel, &[entry]).await?;
        Ok(Answer::Refused {
            request: None,
            refusal,
        })
    }
}

/// The draft with its times cut to what is stored, microseconds and whole seconds: a request that is
/// read back equals the one that was filed.
fn storable(draft: &Draft) -> Draft {
    let cut = |at: Timestamp| Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
    let window = match draft.window {
        Window::Fixed { start, end } => Window::Fixed {
            start: cut(start),
            end: cut(end),
        },
        Window::FromApproval { length } => Window::FromApproval {
            length: SignedDuration::from_secs(length.as_secs()),
        },
    };
    Draft {
        window,
        ..draft.clone()
    }
}

impl Identified {
    /// Somebody whom the channel itself has proven.
    pub(super) fn person(person: &PersonId) -> Self {
        Self {
            actor: Actor::Person(person.clone()),
            offered: None,
        }
    }
}
