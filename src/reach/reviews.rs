//! Emergencies that nobody can review (W26), and who is told of them: when one is taken, and when a new book
//! takes the last reviewer away.
//!
//! Not promised: that anybody is told when it is the clock that ends a delegate's turn.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{MAX_NAMED, tell_admins};
use crate::store::outbox::SystemMail;
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
    let mail = SystemMail {
        code: None,
        subject: format!(
            "{} was taken in an emergency that nobody can review",
            request.id
        ),
        text: format!(
            "{} of {} was taken in an emergency. An approver of one of its steps has to review it, and \
             there is none besides {} (W26).\n\n\
             Name another approver for its steps or register one (policies.toml, `countersign policy \
             apply`). They then record a finding with `countersign review {} --finding …`.\n",
            request.id,
            book.name_of(&request.requester),
            book.name_of(&request.requester),
            request.id,
        ),
    };
    tell_admins(conn, book, &mail, now).await
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
    let mut lines: Vec<String> = lost
        .iter()
        .take(MAX_NAMED)
        .map(|(request, taker)| format!("- {request}, taken by {}\n", book.name_of(taker)))
        .collect();
    if let Some(more) = lost.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        lines.push(format!(
            "- and {more} more: countersign request list --emergency unreviewed\n"
        ));
    }
    let mail = SystemMail {
        code: None,
        subject: match lost {
            [(one, _)] => format!("Nobody can review {one} any more"),
            all => format!("Nobody can review {} emergencies any more", all.len()),
        },
        text: format!(
            "The policies that were applied now leave nobody who could review what was taken in an \
             emergency (W26):\n\n{}\n\
             An approver of one of a request's steps has to, and not who took it. Name another approver for \
             its steps or register one (policies.toml, `countersign policy apply`). They then record a \
             finding with `countersign review`.\n",
            lines.concat()
        ),
    };
    tell_admins(conn, book, &mail, now).await
}
