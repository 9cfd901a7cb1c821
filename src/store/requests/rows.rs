//! Between rows and the values of the workflow.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::policy::{Mode, Terms, Who};
use crate::workflow::request::{
    Channel, Clockwork, Decision, Emergency, Ending, Held, Request, State, Subject, Vote, Window,
};

/// A request as it is stored, without its votes.
pub(super) struct RequestRow {
    pub id: i64,
    pub requester: String,
    pub module: String,
    pub resource: String,
    pub account: Option<String>,
    pub window_start: Option<jiff_sqlx::Timestamp>,
    pub window_end: Option<jiff_sqlx::Timestamp>,
    pub window_seconds: Option<i64>,
    pub revision: i32,
    pub justification: Option<String>,
    pub terms: Json<Terms>,
    pub filed_at: jiff_sqlx::Timestamp,
    pub pending_until: jiff_sqlx::Timestamp,
    pub outcome: Json<State>,
    pub chain_seq: i64,
    pub chain_head: Vec<u8>,
    pub extends: Option<i64>,
    pub aside: Option<Json<Aside>>,
}

/// What of a request no query asks by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Aside {
    past_windows: Vec<Window>,
    held: Vec<Held>,
    emergency: Option<Emergency>,
    ended: Option<Ending>,
    clock: Clockwork,
}

impl Aside {
    /// As right after a filing.
    fn fresh(filed_at: Timestamp) -> Self {
        Self {
            past_windows: Vec::new(),
            held: Vec::new(),
            emergency: None,
            ended: None,
            clock: Clockwork::from(filed_at),
        }
    }

    pub fn of(request: &Request) -> Self {
        Self {
            past_windows: request.past_windows.clone(),
            held: request.held.clone(),
            emergency: request.emergency.clone(),
            ended: request.ended.clone(),
            clock: request.clock.clone(),
        }
    }
}

impl RequestRow {
    pub fn request(self, votes: Vec<Vote>) -> Result<Request, sqlx::Error> {
        let filed_at = self.filed_at.to_jiff();
        let aside = self
            .aside
            .map_or_else(|| Aside::fresh(filed_at), |Json(aside)| aside);
        Ok(Request {
            id: RequestId(self.id),
            requester: PersonId::new(self.requester),
            subject: Subject {
                module: Module::new(self.module),
                resource: self.resource,
                account: self.account,
            },
            window: window(self.window_start, self.window_end, self.window_seconds)?,
            revision: u32::try_from(self.revision).map_err(|_| corrupt("request.revision"))?,
            justification: self.justification,
            terms: self.terms.0,
            filed_at,
            pending_until: self.pending_until.to_jiff(),
            votes,
            state: self.outcome.0,
            extends: self.extends.map(RequestId),
            past_windows: aside.past_windows,
            held: aside.held,
            emergency: aside.emergency,
            ended: aside.ended,
            clock: aside.clock,
        })
    }
}

/// A window from its columns.
fn window(
    start: Option<jiff_sqlx::Timestamp>,
    end: Option<jiff_sqlx::Timestamp>,
    seconds: Option<i64>,
) -> Result<Window, sqlx::Error> {
    match (start, end, seconds) {
        (Some(start), Some(end), None) => Ok(Window::Fixed {
            start: start.to_jiff(),
            end: end.to_jiff(),
        }),
        (None, None, Some(seconds)) => Ok(Window::FromApproval {
            length: SignedDuration::from_secs(seconds),
        }),
        _ => Err(corrupt("request.window")),
    }
}

/// A person or group as `awaited` names them, and as policies do.
pub(super) fn name_of(who: &Who) -> String {
    match who {
        Who::Person(person) => person.as_str().to_owned(),
        Who::Group(group) => format!("group:{}", group.as_str()),
    }
}

/// What stands in columns of its own, for queries and constraints.
pub(super) struct Columns {
    pub window_start: Option<jiff_sqlx::Timestamp>,
    pub window_end: Option<jiff_sqlx::Timestamp>,
    pub window_seconds: Option<i64>,
    pub revision: i32,
    pub mode: &'static str,
    pub step: Option<i32>,
    pub settled_at: Option<jiff_sqlx::Timestamp>,
    pub end_cause: Option<&'static str>,
    pub has_approval: bool,
    pub has_disapproval: bool,
}

impl Columns {
    pub fn of(request: &Request) -> Result<Self, sqlx::Error> {
        let (window_start, window_end, window_seconds) = match request.window {
            Window::Fixed { start, end } => (Some(start.to_sqlx()), Some(end.to_sqlx()), None),
            Window::FromApproval { length } => (None, None, Some(length.as_secs())),
        };
        let step = match request.state {
            State::Pending { step } => {
                Some(i32::try_from(step).map_err(|_| corrupt("request.step"))?)
            }
            _ => None,
        };
        Ok(Self {
            window_start,
            window_end,
            window_seconds,
            revision: i32::try_from(request.revision).map_err(|_| corrupt("request.revision"))?,
            mode: match request.terms.mode {
                Mode::Free => "free",
                Mode::Justification => "justification",
                Mode::Approval => "approval",
            },
            step,
            settled_at: request.state.settled_at().map(ToSqlx::to_sqlx),
            end_cause: request.ended.as_ref().map(|ending| ending.cause.as_str()),
            has_approval: request.has_vote(Decision::Approve),
            has_disapproval: request.has_vote(Decision::Disapprove),
        })
    }
}

/// A vote as it is stored, without its evidence.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VoteRow {
    /// Its place in the order of counting.
    pub position: i32,
    pub step: i32,
    pub person: String,
    pub decision: String,
    pub comment: Option<String>,
    pub revision: i32,
    pub at: Timestamp,
    pub channel: String,
    pub on_behalf_of: Option<String>,
}

impl VoteRow {
    pub fn of(vote: &Vote) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: 0,
            step: i32::try_from(vote.step).map_err(|_| corrupt("vote.step"))?,
            person: vote.person.as_str().to_owned(),
            decision: match vote.decision {
                Decision::Approve => "approve".to_owned(),
                Decision::Disapprove => "disapprove".to_owned(),
            },
            comment: vote.comment.clone(),
            revision: i32::try_from(vote.revision).map_err(|_| corrupt("vote.revision"))?,
            at: vote.at,
            channel: vote.channel.as_str().to_owned(),
            on_behalf_of: vote
                .on_behalf_of
                .as_ref()
                .map(|person| person.as_str().to_owned()),
        })
    }

    pub fn vote(self) -> Result<Vote, sqlx::Error> {
        let known = |text: String| {
            let text: serde::de::value::StringDeserializer<serde::de::value::Error> =
                text.into_deserializer();
            text
        };
        Ok(Vote {
            step: usize::try_from(self.step).map_err(|_| corrupt("vote.step"))?,
            person: PersonId::new(self.person),
            decision: Decision::deserialize(known(self.decision))
                .map_err(|_| corrupt("vote.decision"))?,
            comment: self.comment,
            revision: u32::try_from(self.revision).map_err(|_| corrupt("vote.revision"))?,
            at: self.at,
            channel: Channel::deserialize(known(self.channel))
                .map_err(|_| corrupt("vote.channel"))?,
            on_behalf_of: self.on_behalf_of.map(PersonId::new),
        })
    }
}

pub(super) fn corrupt(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "out of range".into(),
    }
}
