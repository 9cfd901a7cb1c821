//! What a new book would do to requests that are pending: whose approvers change, and what could then
//! never be decided (W7); and to emergencies: which could then never be reviewed (W26).
//!
//! Not promised: that a request which is filed under the old book while the new one is applied is looked
//! at again at once; what is due to it comes at its own next reminder, escalation or expiry.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;

use super::Failure;
use super::print::put;
use crate::store::requests::{look_again, pending_page, unreviewed_page};
use crate::workflow::book::Book;
use crate::workflow::decide::{can_be_reviewed, shift};
use crate::workflow::ids::{PersonId, RequestId};

/// Requests that one message names; the rest are counted.
const MAX_NAMED: usize = 20;

/// A request one of whose steps could not complete any more.
#[derive(Debug, Serialize)]
pub(super) struct Stranded {
    request: RequestId,
    step: String,
}

/// What changes for the pending requests.
#[derive(Debug, Default)]
pub(super) struct Shifted {
    /// Whose approvers change.
    electorates: Vec<RequestId>,
    /// What could complete and no longer can.
    pub stranded: Vec<Stranded>,
    /// Emergencies that somebody could review and nobody can any more, with who took them.
    pub unreviewable: Vec<(RequestId, PersonId)>,
}

impl Shifted {
    /// Looks at every pending request, and at every emergency that waits for its review.
    pub async fn find(
        conn: &mut PgConnection,
        old: &Book,
        new: &Book,
        now: Timestamp,
    ) -> Result<Self, sqlx::Error> {
        let mut shifted = Self::default();
        let mut after = Some(RequestId(0));
        while let Some(from) = after {
            let (requests, next) = pending_page(conn, from).await?;
            for request in &requests {
                let found = shift(request, old, new, now);
                if found.electorate {
                    shifted.electorates.push(request.id);
                }
                let step = found
                    .stranded
                    .and_then(|step| request.terms.steps.get(step));
                shifted.stranded.extend(step.map(|step| Stranded {
                    request: request.id,
                    step: step.name.clone(),
                }));
            }
            after = next;
        }
        let mut after = Some(RequestId(0));
        while let Some(from) = after {
            let (requests, next) = unreviewed_page(conn, from).await?;
            let lost = requests.iter().filter(|request| {
                can_be_reviewed(request, old, now) && !can_be_reviewed(request, new, now)
            });
            let lost = lost.map(|request| (request.id, request.requester.clone()));
            shifted.unreviewable.extend(lost);
            after = next;
        }
        Ok(shifted)
    }

    /// Refuses to strand anything, unless that is what is wanted.
    pub fn allowed(&self, force: bool) -> Result<(), Failure> {
        if force || self.stranded.is_empty() {
            return Ok(());
        }
        Err(Failure::Refused {
            code: "would-strand".to_owned(),
            rule: Some("W7".to_owned()),
            sentence: format!("Nobody could decide these any more: {}.", self.named()),
            next: "Leave them enough approvers, or add --force: access admins are then told."
                .to_owned(),
        })
    }

    /// What would be stranded, as people read it.
    pub fn named(&self) -> String {
        listed(
            self.stranded
                .iter()
                .map(|found| format!("{} at step `{}`", found.request, found.step)),
        )
    }

    /// Says on the terminal what nobody can decide or review any more.
    pub fn say(&self) {
        if !self.stranded.is_empty() {
            put!("Nobody can decide these any more: {}.", self.named());
        }
        if !self.unreviewable.is_empty() {
            let named = self
                .unreviewable
                .iter()
                .map(|(request, _)| request.to_string());
            put!(
                "Nobody can review these emergencies any more: {}.",
                listed(named)
            );
        }
    }

    /// Has the clock look at every request whose approvers changed.
    pub async fn look_again(
        &self,
        conn: &mut PgConnection,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        look_again(conn, &self.electorates, now).await
    }
}

/// At most [`MAX_NAMED`] of these, and how many more.
fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(MAX_NAMED);
    let mut named: Vec<String> = all.take(MAX_NAMED).collect();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    named.join(", ")
}
