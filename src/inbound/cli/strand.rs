//! What a new book would do to requests that are pending: whose approvers change, and what could then
//! never be decided (W7).
//!
//! Not promised: that a request which is filed under the old book while the new one is applied is looked
//! at again at once; what is due to it comes at its own next reminder, escalation or expiry.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;

use super::Failure;
use crate::store::requests::{look_again, pending_page};
use crate::workflow::book::Book;
use crate::workflow::decide::shift;
use crate::workflow::ids::RequestId;

/// Stranded requests that one message names; the rest are counted.
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
}

impl Shifted {
    /// Looks at every pending request.
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
        let named = self.stranded.iter().take(MAX_NAMED);
        let mut named: Vec<String> = named
            .map(|found| format!("{} at step `{}`", found.request, found.step))
            .collect();
        if let Some(more) = self.stranded.len().checked_sub(MAX_NAMED + 1) {
            named.push(format!("and {} more", more + 1));
        }
        named.join(", ")
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
