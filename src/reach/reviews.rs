//! Emergencies that nobody can review (W26), and who is told of them: when one is taken, when a new book
//! takes the last reviewer away, and again whenever the reviewers would be reminded and there is none.
//!
//! The end of a delegation takes no reviewer away: votes are delegated by those only who could review
//! themselves.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{MAX_NAMED, tell_admins};
use crate::render::{SystemFacts, Taken};
use crate::workflow::book::Book;
use crate::workflow::decide::can_be_reviewed;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::Request;

/// Tells the access admins of an emergency that nobody but its requester could review (W26). Without a word
/// it would stay open for ever, and its requester be offered no other.
///
/// Wake the courier after the commit.
pub async fn warn_if_unreviewable(
    conn: &mut PgConnection,
    request: &Request,
    book: &Book,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if can_be_reviewed(request, book, now) {
        return Ok(());
    }
    let unreviewable = SystemFacts::Unreviewable {
        request: request.id,
        requester: book.name_of(&request.requester),
    };
    tell_admins(conn, book, &unreviewable.into(), now).await
}

/// Tells the access admins of emergencies whose last reviewer a new book takes away (W26), in one mail:
/// requests with who took them. Wake the courier after the commit.
pub async fn warn_of_unreviewable(
    conn: &mut PgConnection,
    lost: &[(RequestId, PersonId)],
    book: &Book,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if lost.is_empty() {
        return Ok(());
    }
    let taken = |(request, taker): &(RequestId, PersonId)| Taken {
        request: *request,
        by: book.name_of(taker),
    };
    let facts = SystemFacts::ReviewersLost {
        taken: lost.iter().take(MAX_NAMED).map(taken).collect(),
        all: lost.len(),
        more: lost.len().saturating_sub(MAX_NAMED),
    };
    tell_admins(conn, book, &facts.into(), now).await
}
