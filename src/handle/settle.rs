//! Commands on a request that exists: votes, withdrawal, the end of its grant, what time brings, and
//! words that were not understood.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::identify::Identified;
use super::once::Judged;
use super::take_back::as_it_stands;
use super::{Answer, Case};
use crate::command::Command;
use crate::inbound::Unclear;
use crate::reach;
use crate::store::audit::{self, Entry, Outcome};
use crate::store::inbound as ledger;
use crate::store::requests::{self, Locked};
use crate::workflow::decide::{Actor, Scene, settled};
use crate::workflow::event::Event;
use crate::workflow::ids::RequestId;
use crate::workflow::notice::{AnswerFacts, Kind, Notice};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Request;

impl Case<'_> {
    pub(super) async fn act(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        (command, held): (&Command, Option<Locked>),
    ) -> Result<Judged, sqlx::Error> {
        let Some((id, action)) = self.action(speaker, command) else {
            let why = "it answers no request".to_owned();
            return self.unidentified(conn, why).await.map(Judged::Open);
        };
        let locked = match held.filter(|locked| locked.request().id == id) {
            Some(locked) => locked,
            None => match requests::lock(conn, id).await? {
                Some(locked) => locked,
                None => return self.unknown(conn, speaker, id).await.map(Judged::Open),
            },
        };
        let case = self.holding(conn, &locked).await?;
        let action = match action {
            Ok(action) => as_it_stands(command, locked.request(), action),
            Err(unclear) => {
                let answer = case.not_understood(conn, speaker, locked, &unclear);
                return answer.await.map(Judged::Open);
            }
        };
        match case.decided(conn, speaker, locked, &action).await? {
            Ok(answer) => {
                if let Command::TakeBack { .. } = command {
                    case.tell_revoker(conn, speaker, &answer).await?;
                }
                Ok(Judged::Entered(answer))
            }
            Err(refused) => {
                let (locked, refusal) = *refused;
                let answer = match refusal {
                    Refusal::NotDue { next, .. } => {
                        case.not_due(conn, speaker, &locked, (next, refusal)).await
                    }
                    _ => case.refuse(conn, speaker, locked, refusal).await,
                };
                answer.map(Judged::Open)
            }
        }
    }

    /// Nothing is left to do of what was due: the clock looks again when something is. Written down once
    /// for each instant that it is to look at next, so that a clock that asks again and again is one
    /// entry; and not at all where another daemon has done the same thing while we waited for the lock.
    async fn not_due(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        locked: &Locked,
        (next, refusal): (Option<Timestamp>, Refusal),
    ) -> Result<Answer, sqlx::Error> {
        if ledger::look(conn, &self.inbound.dedupe_key).await?.0 {
            return Ok(Answer::Duplicate);
        }
        let id = locked.request().id;
        requests::reschedule(conn, locked, next).await?;
        let next = next.map_or("never".to_owned(), |at| at.as_microsecond().to_string());
        let said_once = format!("timer/not-due/{}/{next}", id.0);
        let channel = self.inbound.channel;
        if ledger::claim(conn, &said_once, channel, Outcome::Refused, self.now).await? {
            let entry = Entry {
                refusal: Some(refusal.clone()),
                ..self.entry(Outcome::Refused, Some(speaker))
            };
            audit::append_system(conn, channel, &[entry]).await?;
        }
        Ok(Answer::Refused {
            request: Some(id),
            refusal,
        })
    }

    pub(super) async fn refuse(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        locked: Locked,
        refusal: Refusal,
    ) -> Result<Answer, sqlx::Error> {
        let mut held_back = None;
        if let Actor::Person(person) = &speaker.actor {
            let facts = AnswerFacts::of(&refusal, &self.zone_of(person), None);
            held_back = self
                .reply(conn, speaker, &locked, Kind::Refused, facts)
                .await?;
            self.alarm_if_not_entitled(conn, (person, locked.request().id), &refusal)
                .await?;
        }
        let id = locked.request().id;
        let entry = Entry {
            refusal: Some(refusal.clone()),
            why: held_back,
            ..self.entry(Outcome::Refused, Some(speaker))
        };
        let link = audit::link(&audit::request_chain(id), locked.head(), &entry)?;
        requests::note(conn, locked, &link).await?;
        Ok(Answer::Refused {
            request: Some(id),
            refusal,
        })
    }

    pub(super) async fn unclear(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        unclear: &Unclear,
    ) -> Result<Answer, sqlx::Error> {
        let Some(offered) = &speaker.offered else {
            return self
                .unidentified(conn, "it answers no request".to_owned())
                .await;
        };
        let Some(locked) = requests::lock(conn, offered.request).await? else {
            return self
                .unidentified(conn, "its request does not exist".to_owned())
                .await;
        };
        let case = self.holding(conn, &locked).await?;
        case.not_understood(conn, speaker, locked, unclear).await
    }

    /// Answers who was not understood, once; nothing is decided.
    async fn not_understood(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        locked: Locked,
        unclear: &Unclear,
    ) -> Result<Answer, sqlx::Error> {
        let again = "Reply again, with the word alone on the first line.";
        let facts = AnswerFacts {
            code: unclear.code.clone(),
            rule: None,
            sentence: unclear.sentence.clone(),
            next: unclear.next.as_deref().unwrap_or(again).to_owned(),
            refusal: None,
            portuguese: unclear.portuguese.as_deref().cloned(),
            wrote: unclear.wrote.clone(),
        };
        let facts = self.or_settled(speaker, &locked, facts);
        let held_back = self
            .reply(conn, speaker, &locked, Kind::Unclear, facts)
            .await?;
        let entry = Entry {
            unclear: Some(unclear.clone()),
            why: held_back,
            ..self.entry(Outcome::Unclear, Some(speaker))
        };
        let chain = audit::request_chain(locked.request().id);
        let link = audit::link(&chain, locked.head(), &entry)?;
        requests::note(conn, locked, &link).await?;
        Ok(Answer::Unclear)
    }

    /// On a settled request nobody is asked to write again: who settled it and when is said (W14).
    fn or_settled(&self, speaker: &Identified, locked: &Locked, facts: AnswerFacts) -> AnswerFacts {
        let scene = Scene {
            request: locked.request(),
            book: &self.book,
            around: locked.around(),
            now: self.now,
        };
        let (Actor::Person(person), Some(refusal)) = (&speaker.actor, settled(&scene)) else {
            return facts;
        };
        let said = AnswerFacts::of(&refusal, &self.zone_of(person), facts.wrote);
        AnswerFacts {
            sentence: format!("{} {}", facts.sentence, said.sentence),
            ..said
        }
    }

    pub(super) async fn unknown(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        id: RequestId,
    ) -> Result<Answer, sqlx::Error> {
        self.refuse_aside(conn, speaker, Refusal::UnknownRequest { request: id })
            .await
    }

    /// Refuses what is about no request that there is.
    pub(super) async fn refuse_aside(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        refusal: Refusal,
    ) -> Result<Answer, sqlx::Error> {
        let entry = Entry {
            refusal: Some(refusal.clone()),
            ..self.entry(Outcome::Refused, Some(speaker))
        };
        audit::append_system(conn, self.inbound.channel, &[entry]).await?;
        Ok(Answer::Refused {
            request: None,
            refusal,
        })
    }

    /// What the access admins have to know at once: where a step has just asked, that too few of those may
    /// be reached; of an emergency, that nobody can review it: when it is taken, and again whenever its
    /// reviewers would be reminded, until there is one.
    pub(super) async fn warn_admins(
        &self,
        conn: &mut PgConnection,
        (request, events): (&Request, &[Event]),
        notices: &[Notice],
    ) -> Result<(), sqlx::Error> {
        if notices.iter().any(|notice| notice.kind == Kind::Ask) {
            reach::warn_if_unheard(conn, request, &self.book, self.now).await?;
        }
        let needs_review = |event: &Event| {
            matches!(
                event,
                Event::EmergencyConfirmed { .. } | Event::ReviewReminded { .. }
            )
        };
        if events.iter().any(needs_review) {
            reach::warn_if_unreviewable(conn, request, &self.book, self.now).await?;
        }
        Ok(())
    }
}
