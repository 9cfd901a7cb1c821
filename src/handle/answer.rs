//! Answers by mail that explain, and the quotas that end a conversation between two machines.

use sqlx::PgConnection;

use super::Case;
use super::identify::Identified;
use crate::config::{Answers, Quota};
use crate::store::answers::{self, Given};
use crate::store::requests::Locked;
use crate::workflow::decide::Actor;
use crate::workflow::notice::{AnswerFacts, Kind, answer};
use crate::workflow::request::Channel;

impl Case<'_> {
    /// Answers who wrote a mail; other channels answer by what [`super::Handler::handle`] returns. Where
    /// a quota is used up nobody is answered, and the reason for the record is returned.
    pub(super) async fn reply(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        locked: &Locked,
        kind: Kind,
        facts: AnswerFacts,
    ) -> Result<Option<String>, sqlx::Error> {
        let Actor::Person(person) = &speaker.actor else {
            return Ok(None);
        };
        if self.inbound.channel != Channel::Mail || !self.book.is_active(person) {
            return Ok(None);
        }
        let request = locked.request().id;
        let given = answers::given(conn, person, request, self.now).await?;
        if let Some(quota) = used_up(given, self.handler.answers) {
            let what = (person, request, kind.as_str());
            answers::withhold(conn, what, quota, self.now).await?;
            tracing::warn!(
                person = %person,
                request.id = request.0,
                limit = quota.key(),
                "{person} is not answered about {request}: {} is used up",
                quota.key(),
            );
            return Ok(Some(format!("not answered: {} is used up", quota.key())));
        }
        let mut notice = answer(kind, person, locked.request(), &self.book, facts);
        // Past its time it is over for every reader, whether or not the clock has said so (W18).
        notice.facts.state = locked.request().state_at(self.now);
        self.enqueue(conn, &[notice]).await?;
        Ok(None)
    }
}

/// The first quota that allows no further answer.
fn used_up(given: Given, allowed: Answers) -> Option<Quota> {
    [
        (given.on_request, allowed.per_request, Quota::PerRequest),
        (given.to_person, allowed.per_person, Quota::PerPerson),
        (given.in_all, allowed.in_all, Quota::InAll),
    ]
    .into_iter()
    .find(|(given, allowed, _)| *given >= i64::from(*allowed))
    .map(|(_, _, quota)| quota)
}
