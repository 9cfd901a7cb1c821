//! Whom mail does not reach, and who is told of it.
//!
//! ```text
//! a bounce ────────────────┐
//! a refusal while sending ─┴─▶ ours? theirs? for good? ─▶ mark ─▶ a mail to every access admin, once
//! a step becomes current, and too few of those asked can be reached ─▶ likewise
//! ```
//!
//! What always holds: a bounce counts only for a delivery that a server has, named by its unguessable
//! Message-ID (with its token, where it has one), about the very address that it went to, which is still
//! the person's. A mark takes nothing away from anybody: mail to the person goes on being tried, so that
//! whoever learns such an id, e.g. by being copied in, can raise an alarm and silence nobody. A mark ends
//! by a proven mail of the person, by another address of theirs, or by `countersign person reachable`.
//!
//! What is *not* promised: that a person without a mark is reached. Many servers say nothing.

mod reviews;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::inbound::Bounce;
use crate::render::{SystemFacts, Waiting};
use crate::store::outbox::{SystemMail, enqueue_system};
use crate::store::unreachable::{self, Mark, New, Sent};
use crate::store::{books, requests};
use crate::workflow::book::{Book, Person, Role, same_address};
use crate::workflow::decide::can_still_approve;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::request::{Decision, Request};
pub use reviews::{warn_if_unreviewable, warn_of_unreviewable};

/// Requests that one message names; the rest are counted.
const MAX_NAMED: usize = 20;
/// How long the access admins are not told again that requests wait for the same people.
const QUIET: SignedDuration = SignedDuration::from_hours(1);

/// Judges a bounce that came as this mail; what is stored as its reason.
pub async fn bounced(
    conn: &mut PgConnection,
    mail: i64,
    bounce: &Bounce,
    now: Timestamp,
) -> Result<String, sqlx::Error> {
    let ids: Vec<Uuid> = bounce.named.iter().map(|named| named.delivery).collect();
    let sent = unreachable::sent(conn, &ids).await?;
    let Some((sent, status)) = proven(bounce, &sent) else {
        return Ok("It is a bounce, and not of a mail that we sent to that address.".to_owned());
    };
    let failure = Failure {
        person: &sent.person,
        address: &sent.address,
        delivery: sent.id,
        request: sent.request,
        why: status,
        mail: Some(mail),
    };
    let person = &sent.person;
    Ok(match failed(conn, &failure, now).await? {
        Marked::New => {
            format!("Mail to {person} comes back ({status}): nobody can rely on it now.")
        }
        Marked::Known => format!("Mail to {person} comes back ({status}), which was known."),
        Marked::NotTheirs => format!("A bounce of an address that is not {person}'s any more."),
    })
}

/// The delivery of ours that a bounce is about, if it knows its name and its address, and the status.
fn proven<'a>(bounce: &'a Bounce, sent: &'a [Sent]) -> Option<(&'a Sent, &'a str)> {
    sent.iter().find_map(|sent| {
        let is_named = bounce
            .named
            .iter()
            .any(|named| named.delivery == sent.id && named.token == sent.token);
        let failed = bounce
            .failed
            .iter()
            .find(|failed| same_address(&failed.address, &sent.address));
        failed
            .filter(|_| is_named)
            .map(|failed| (sent, failed.status.as_str()))
    })
}

/// A delivery that failed for good.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// To whom.
    pub person: &'a PersonId,
    /// At which address.
    pub address: &'a str,
    /// Which.
    pub delivery: Uuid,
    /// About which request.
    pub request: Option<RequestId>,
    /// What the server said, without addresses.
    pub why: &'a str,
    /// The bounce; `None`: refused while it was sent.
    pub mail: Option<i64>,
}

/// What a failure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// The person is marked, and the access admins are told.
    New,
    /// They were marked already, or the delivery is older than the end of their last mark.
    Known,
    /// Nobody of the book has that address.
    NotTheirs,
}

/// Marks the person of a failed delivery and owes the mails that tell of it.
///
/// Wake the courier after the commit.
pub async fn failed(
    conn: &mut PgConnection,
    failure: &Failure<'_>,
    now: Timestamp,
) -> Result<Marked, sqlx::Error> {
    let book = books::current(conn).await?;
    let theirs = book
        .person(failure.person)
        .filter(|person| same_address(&person.email, failure.address));
    let Some(person) = theirs else {
        return Ok(Marked::NotTheirs);
    };
    let new = New {
        person: &person.id,
        address: failure.address,
        why: failure.why,
        delivery: failure.delivery,
        mail: failure.mail,
    };
    if !unreachable::mark(conn, &new, now).await? {
        return Ok(Marked::Known);
    }
    tracing::warn!(
        person = %person.id,
        delivery.id = %failure.delivery,
        "{} cannot be reached by mail: delivery {} failed: {}",
        person.id,
        failure.delivery,
        failure.why,
    );
    let waiting = waiting_for(conn, &book, &person.id, now).await?;
    let facts = facts_of_mark(person, failure, waiting);
    tell_admins(conn, &book, &facts.into(), now).await?;
    Ok(Marked::New)
}

/// The pending requests that somebody may decide, and how many others can be asked.
async fn waiting_for(
    conn: &mut PgConnection,
    book: &Book,
    person: &PersonId,
    now: Timestamp,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let marked = marked(conn, book).await?;
    let mut waiting = Vec::new();
    let mut after = Some(RequestId(0));
    while let Some(from) = after {
        let (requests, next) = requests::pending_page(conn, from).await?;
        for request in &requests {
            let Some((step, asked)) = asked(request, book, now) else {
                continue;
            };
            if asked.contains(person) {
                waiting.push(Waiting {
                    request: request.id,
                    step: step.to_owned(),
                    others: asked
                        .iter()
                        .filter(|other| !marked.contains(**other))
                        .count(),
                    needed: lacking(request),
                });
            }
        }
        after = next;
    }
    Ok(waiting)
}

/// The current step and those who can still approve it.
fn asked<'a>(
    request: &'a Request,
    book: &'a Book,
    now: Timestamp,
) -> Option<(&'a str, BTreeSet<&'a PersonId>)> {
    let index = request.current_step()?;
    let step = request.terms.steps.get(index)?;
    Some((&step.name, can_still_approve(request, book, index, now)))
}

/// How many approvals the current step lacks.
fn lacking(request: &Request) -> usize {
    let step = request
        .current_step()
        .and_then(|index| Some((index, request.terms.steps.get(index)?)));
    step.map_or(0, |(index, step)| {
        let given = request.votes_on(index, Decision::Approve).count();
        step.approvals.saturating_sub(given)
    })
}

/// Who is marked at the address that the book has.
async fn marked(conn: &mut PgConnection, book: &Book) -> Result<BTreeSet<PersonId>, sqlx::Error> {
    let standing = unreachable::standing(conn).await?;
    Ok(in_force(standing, book)
        .into_iter()
        .map(|mark| mark.person)
        .collect())
}

/// The marks that are about an address that the book still has.
pub fn in_force(standing: Vec<Mark>, book: &Book) -> Vec<Mark> {
    let holds = |mark: &Mark| {
        book.person(&mark.person)
            .is_some_and(|person| same_address(&person.email, &mark.address))
    };
    standing.into_iter().filter(holds).collect()
}

/// Tells the access admins where a step has just asked people of whom too few can be reached by mail; of
/// the same people once in [`QUIET`], so that whoever files many requests buries nothing under mails.
///
/// Wake the courier after the commit.
pub async fn warn_if_unheard(
    conn: &mut PgConnection,
    request: &Request,
    book: &Book,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let marked = marked(conn, book).await?;
    if marked.is_empty() {
        return Ok(());
    }
    let Some((step, asked)) = asked(request, book, now) else {
        return Ok(());
    };
    let (away, reached): (Vec<&PersonId>, Vec<&PersonId>) = asked
        .into_iter()
        .partition(|person| marked.contains(*person));
    if away.is_empty() || reached.len() >= lacking(request) {
        return Ok(());
    }
    if !unreachable::tell(conn, &away, QUIET, now).await? {
        return Ok(());
    }
    let unheard = SystemFacts::Unheard {
        request: request.id,
        step: step.to_owned(),
        lacking: lacking(request),
        names: away.iter().map(|person| book.name_of(person)).collect(),
    };
    tell_admins(conn, book, &unheard.into(), now).await
}

/// One mail to each access admin. One who is marked is written to as well: nothing is taken away. Wake the
/// courier after the commit.
pub async fn tell_admins(
    conn: &mut PgConnection,
    book: &Book,
    mail: &SystemMail,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let admins = book
        .people
        .values()
        .filter(|person| person.active && person.has(Role::AccessAdmin));
    for admin in admins {
        enqueue_system(conn, mail, admin.into(), now).await?;
    }
    Ok(())
}

fn facts_of_mark(person: &Person, failure: &Failure<'_>, mut waiting: Vec<Waiting>) -> SystemFacts {
    let more = waiting.len().saturating_sub(MAX_NAMED);
    waiting.truncate(MAX_NAMED);
    SystemFacts::Unreachable {
        name: person.name.clone(),
        person: person.id.to_string(),
        why: failure.why.trim_end_matches('.').to_owned(),
        delivery: failure.delivery,
        request: failure.request,
        waiting,
        more,
    }
}
