//! What is looked at beside the deliveries: whether we are in the guild, and whose accounts are whose.
//!
//! Both are passes that take no input: what they find is written down, and finding it again changes nothing.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sqlx::{Acquire as _, PgConnection};

use super::{Poster, SERVICE, trouble};
use crate::outbound::chat::lasting::{self, Lasting};
use crate::store::outbox::{self, Due, Open};
use crate::store::{chat, inbound, requests};
use crate::workflow::book::Book;
use crate::workflow::decide::Scene;
use crate::workflow::ids::PersonId;
use crate::workflow::post::{self, Over, Place};

/// How often whose accounts are whose is looked at.
const ACCOUNTS_EVERY: SignedDuration = SignedDuration::from_secs(2);
/// How often all posts are looked at, though no account has changed hands: one may have been made meanwhile.
const POSTS_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Posts that are closed in one pass; the next pass goes on.
const CLOSED_AT_ONCE: usize = 50;

/// What earlier passes found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether we are in the guild, and when that was written down.
    member: Option<(bool, Timestamp)>,
    accounts: Option<Accounts>,
}

/// Whose accounts are whose.
#[derive(Debug, Clone)]
struct Accounts {
    theirs: BTreeMap<PersonId, String>,
    looked: Timestamp,
    /// When no post was left with an account that is not its reader's.
    clean: Option<Timestamp>,
}

impl Poster {
    /// One pass. `true`: deliveries are owed because of it.
    pub async fn watch(
        &self,
        conn: &mut PgConnection,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let told = self.watch_membership(conn, now).await?;
        let closed = self.watch_accounts(conn, now).await?;
        Ok(told || closed)
    }

    /// Owes the access admins a mail when we were thrown out of the guild, and when we are back.
    pub(super) async fn watch_membership(
        &self,
        conn: &mut PgConnection,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let before = self.seen().member;
        let member = self.is_member();
        // Who neither hears nor was told otherwise knows nothing, and what others found stands.
        if member && before.is_none() && (self.member)().is_none() {
            return Ok(false);
        }
        let due = |at: Timestamp| !member && now.duration_since(at) >= lasting::QUIET;
        if before.is_some_and(|(before, at)| before == member && !due(at)) {
            return Ok(false);
        }
        let mut tx = conn.begin().await?;
        let told = if member {
            lasting::over(&mut tx, Lasting::Guild, now).await?
        } else {
            let why = trouble::not_a_member();
            lasting::lasts(&mut tx, (Lasting::Guild, &why), now).await?
        };
        tx.commit().await?;
        self.seen().member = Some((member, now));
        Ok(told)
    }

    /// Closes posts with accounts that are not their reader's any more. `true`: it closed some.
    async fn watch_accounts(
        &self,
        conn: &mut PgConnection,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let before = self.seen().accounts.clone();
        let young = |at: Timestamp, length| at <= now && now.duration_since(at) < length;
        if before
            .as_ref()
            .is_some_and(|before| young(before.looked, ACCOUNTS_EVERY))
        {
            return Ok(false);
        }
        let versions = inbound::look(conn, "").await?.1;
        let book = self.books.get(conn, versions).await?;
        let people: Vec<&PersonId> = book.people.keys().collect();
        let mut theirs = chat::accounts(conn, SERVICE, &people, &book).await?;
        theirs.retain(|person, _| is_active(&book, person));
        let clean = before
            .filter(|before| before.theirs == theirs)
            .and_then(|before| before.clean)
            .filter(|at| young(*at, POSTS_EVERY));
        let mut accounts = Accounts {
            theirs,
            looked: now,
            clean,
        };
        let mut closed = false;
        if clean.is_none() {
            let found = strangers(conn, &accounts.theirs, now).await?;
            closed = !found.is_empty();
            for open in &found {
                close(conn, (open, &book), now).await?;
            }
            accounts.clean = (found.len() < CLOSED_AT_ONCE).then_some(now);
        }
        self.seen().accounts = Some(accounts);
        Ok(closed)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_active(book: &Book, person: &PersonId) -> bool {
    book.person(person).is_some_and(|person| person.active)
}

async fn strangers(
    conn: &mut PgConnection,
    theirs: &BTreeMap<PersonId, String>,
    now: Timestamp,
) -> Result<Vec<Open>, sqlx::Error> {
    let people: Vec<String> = theirs.keys().map(PersonId::to_string).collect();
    let accounts: Vec<String> = theirs.values().cloned().collect();
    outbox::strangers(conn, SERVICE, (&people, &accounts), (CLOSED_AT_ONCE, now)).await
}

/// Closes one, under its request's lock, as everything that adds deliveries of a post does.
async fn close(
    conn: &mut PgConnection,
    (open, book): (&Open, &Book),
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut tx = conn.begin().await?;
    let Some(locked) = requests::lock(&mut tx, open.request).await? else {
        return Ok(());
    };
    if !outbox::close(&mut tx, open.id, now).await? {
        return Ok(());
    }
    let scene = Scene {
        request: locked.request(),
        book,
        around: locked.around(),
        now,
    };
    let place = Place::Direct(open.person.clone());
    let mut shown = post::shown(&scene, &place);
    shown.over = Some(if is_active(book, &open.person) {
        Over::Unlinked
    } else {
        Over::Disabled
    });
    let reader = book.person(&open.person);
    let due = Due {
        id: Some(open.id),
        place: &place,
        address: &open.account,
        locale: reader.map_or("en", |person| person.locale.as_str()),
        shown: &shown,
        anew: false,
    };
    outbox::enqueue_posts(&mut tx, (SERVICE, open.request), &[due], now).await?;
    tx.commit().await
}
