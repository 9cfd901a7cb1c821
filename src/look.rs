//! What people may look at, whatever the channel: requests, lists of them, delegations. Reads only.
//!
//! Who may see what is the workflow's to say ([`sight`](crate::workflow::decide::sight),
//! [`may_see`]); here it meets the database, once for the command line and for chat.

use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use crate::store::requests::{self, Listed, Sought};
use crate::workflow::book::{Book, Delegation};
use crate::workflow::decide::{Sight, may_see};
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Request;

/// One request, if it is there and may be shown to whoever sees this much: to everybody else it is as if
/// it were not there.
pub async fn request(
    conn: &mut PgConnection,
    sight: &Sight,
    id: RequestId,
    (book, now): (&Book, Timestamp),
) -> Result<Option<Request>, sqlx::Error> {
    let Some(request) = requests::find(conn, id).await? else {
        return Ok(None);
    };
    let Sight::Own(person) = sight else {
        return Ok(Some(request));
    };
    let involved = requests::is_involved(conn, id, person).await?;
    Ok(may_see(sight, &request, involved, book, now).then_some(request))
}

/// The newest requests of a kind, and whether there are more; all of one state of the database. `None`
/// where there is no request to go on after.
pub async fn requests(
    pool: &PgPool,
    sought: &Sought,
    limit: usize,
    (book, now): (&Book, Timestamp),
) -> Result<Option<Listed>, sqlx::Error> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let mut tx = pool.begin_with(begin).await?;
    requests::list(&mut tx, sought, limit, (book, now)).await
}

/// Why a module cannot be sought: neither the book nor any request has it, and an empty list would look like
/// an answer. One that the book had once may be.
pub async fn no_module(
    conn: &mut PgConnection,
    sought: &Sought,
    book: &Book,
) -> Result<Option<Refusal>, sqlx::Error> {
    let unknown = |module: &&Module| !book.modules.contains_key(*module);
    let Some(module) = sought.module.as_ref().filter(unknown) else {
        return Ok(None);
    };
    if requests::has_module(conn, module).await? {
        return Ok(None);
    }
    Ok(Some(Refusal::UnknownModule {
        module: module.clone(),
        known: book.modules.keys().cloned().collect(),
    }))
}

/// What is sought, narrowed to what may be seen: one's own, and what waits for one, may be seen anyway.
#[must_use]
pub fn narrowed(sought: Sought, sight: &Sight) -> Sought {
    let seen_by = match sight {
        Sight::All => None,
        Sight::Own(person) => {
            let own = sought.requester.as_ref() == Some(person);
            let waits = sought.waiting_for.as_ref() == Some(person);
            (!own && !waits).then(|| person.clone())
        }
    };
    Sought { seen_by, ..sought }
}

/// What somebody has delegated, and what is delegated to them, that is not over; the earliest first
/// (W20).
pub fn delegations(book: &Book, person: &PersonId, now: Timestamp) -> Vec<Delegation> {
    let mut theirs = book.delegations.clone();
    theirs.retain(|it| it.until > now && [&it.from, &it.to].contains(&person));
    theirs.sort_by_key(|it| (it.start, it.until));
    theirs
}
