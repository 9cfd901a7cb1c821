//! REVOKE: what somebody decided, taken back by the mail that asked for it or that confirmed it (W31).

use sqlx::PgConnection;

use super::identify::{Identified, Offered};
use super::{Answer, Case};
use crate::command::Command;
use crate::inbound::Unclear;
use crate::store::requests;
use crate::workflow::decide::{Action, Actor};
use crate::workflow::event::Event;
use crate::workflow::ids::RequestId;
use crate::workflow::notice::{Facts, Kind, Notice};
use crate::workflow::request::{Decision, Request, State};

/// The reason of a revocation that came without one.
const NO_REASON: &str = "taken back by mail";

impl Case<'_> {
    /// As long as the request is pending it is a disapproval.
    pub(super) fn take_back(
        &self,
        speaker: &Identified,
        reason: Option<&str>,
    ) -> Option<(RequestId, Result<Action, Unclear>)> {
        let Offered { request, shown, .. } = speaker.offered.as_ref()?;
        let action = Action::Vote {
            decision: Decision::Disapprove,
            comment: reason.map(str::to_owned),
            window: None,
            shown: Some(*shown),
            channel: self.inbound.channel,
        };
        Some((*request, Ok(action)))
    }

    /// Who ends a grant by mail has no answer before them, as on other channels, and is told by mail.
    pub(super) async fn tell_revoker(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        answer: &Answer,
    ) -> Result<(), sqlx::Error> {
        let (Answer::Accepted { request, events }, Actor::Person(person)) =
            (answer, &speaker.actor)
        else {
            return Ok(());
        };
        if !events
            .iter()
            .any(|event| matches!(event, Event::GrantCut { .. }))
        {
            return Ok(());
        }
        let Some(after) = requests::find(conn, *request).await? else {
            return Ok(());
        };
        let facts = Facts {
            step: speaker.offered.as_ref().map(|offered| offered.shown.step),
            ..Facts::of(&after, &self.book)
        };
        let notice = Notice {
            kind: Kind::GrantEnded,
            to: person.clone(),
            facts,
            may_wait: false,
        };
        self.enqueue(conn, &[notice]).await
    }
}

/// What is done once the lock shows how the request stands: what was approved is revoked.
pub(super) fn as_it_stands(command: &Command, request: &Request, action: Action) -> Action {
    match (command, &request.state) {
        (Command::TakeBack { reason }, State::Approved { .. }) => Action::Revoke {
            reason: reason.as_deref().unwrap_or(NO_REASON).to_owned(),
        },
        _ => action,
    }
}
