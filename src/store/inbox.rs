//! Mails as they came in: recorded before they are judged, judged before they are cleared.
//!
//! The content of a mail is kept once, by its SHA-256; every place in a mailbox where it was seen
//! points at it. So a mail that is delivered twice, put back by a person, or seen again because
//! the server started its UIDs anew, is one mail and is judged once. The bookmark
//! `mailbox.last_uid` moves in the transaction that records the mails, never alone.
//!
//! The caller owns the transaction.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::leases::Lease;

mod verdicts;

pub use verdicts::{Judged, Waiting, keep_proof, mark_judged, next_due, put_off, take_waiting};

/// One state of one mailbox: its UIDs mean something only together with this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which mailbox, e.g. `imap://bot@mail:993/INBOX`.
    pub mailbox: String,
    /// The server's UIDVALIDITY.
    pub uid_validity: u32,
}

/// A mail as it was fetched.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Where it lies.
    pub uid: u32,
    /// SHA-256 of the raw bytes; over the size limit, of the header and the size.
    pub sha256: [u8; 32],
    /// Its Message-ID, if it has a usable one.
    pub message_id: Option<String>,
    /// In bytes.
    pub size: u64,
    /// Absent over the size limit.
    pub raw: Option<Vec<u8>>,
    /// The server's INTERNALDATE.
    pub arrived_at: Option<Timestamp>,
}

/// What recording a mail came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Where it lies.
    pub uid: u32,
    /// The mail's row.
    pub mail_id: i64,
    /// This content was never seen before.
    pub fresh: bool,
}

/// Why mails could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Somebody else watches the mailbox by now, or the server counts its UIDs anew.
    #[error("another process has taken over this mailbox")]
    NotOurs,
    /// The database.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

/// Opens a mailbox at its present UIDVALIDITY and returns the bookmark: the highest UID recorded.
///
/// If the server counts anew, the bookmark is 0 again and the old places are forgotten, except
/// those that were cleared.
pub async fn open(conn: &mut PgConnection, place: &Place) -> Result<u32, sqlx::Error> {
    let last = sqlx::query_scalar!(
        "INSERT INTO mailbox (name, uid_validity, last_uid) VALUES ($1, $2, 0)
         ON CONFLICT (name) DO UPDATE
             SET last_uid = CASE WHEN mailbox.uid_validity = excluded.uid_validity
                                 THEN mailbox.last_uid ELSE 0 END,
                 uid_validity = excluded.uid_validity
         RETURNING last_uid",
        place.mailbox,
        i64::from(place.uid_validity),
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM inbound_location
         WHERE mailbox = $1 AND uid_validity <> $2 AND cleared_at IS NULL",
        place.mailbox,
        i64::from(place.uid_validity),
    )
    .execute(conn)
    .await?;
    Ok(uid(last))
}

/// Records mails and moves the bookmark to `last_uid`, if `lease` still holds.
///
/// Returns one line for every mail, in the same order.
pub async fn record(
    conn: &mut PgConnection,
    place: &Place,
    lease: &Lease,
    mails: &[Arrived],
    (last_uid, now): (u32, Timestamp),
) -> Result<Vec<Recorded>, RecordError> {
    let bookmark = sqlx::query!(
        "UPDATE mailbox SET last_uid = greatest(last_uid, $3)
         WHERE name = $1 AND uid_validity = $2
           AND EXISTS (SELECT FROM lease
                       WHERE lease.name = $4 AND epoch = $5 AND expires_at > clock_timestamp())",
        place.mailbox,
        i64::from(place.uid_validity),
        i64::from(last_uid),
        lease.name,
        lease.epoch,
    )
    .execute(&mut *conn)
    .await?;
    if bookmark.rows_affected() != 1 {
        return Err(RecordError::NotOurs);
    }
    if mails.is_empty() {
        return Ok(Vec::new());
    }
    let fresh = insert_mails(conn, mails, now).await?;
    insert_locations(conn, place, mails, &fresh).await
}

async fn insert_mails(
    conn: &mut PgConnection,
    mails: &[Arrived],
    now: Timestamp,
) -> Result<Vec<i64>, sqlx::Error> {
    let sha256: Vec<&[u8]> = mails.iter().map(|m| m.sha256.as_slice()).collect();
    let message_id: Vec<Option<&str>> = mails.iter().map(|m| m.message_id.as_deref()).collect();
    let size: Vec<i64> = mails.iter().map(|m| saturating(m.size)).collect();
    let raw: Vec<Option<&[u8]>> = mails.iter().map(|m| m.raw.as_deref()).collect();
    let arrived: Vec<Option<i64>> = mails
        .iter()
        .map(|m| m.arrived_at.map(Timestamp::as_second))
        .collect();
    // The order of the rows is the order of arrival, and so of the ids.
    sqlx::query_scalar!(
        "INSERT INTO inbound_mail (sha256, message_id, size, raw, arrived_at, recorded_at)
         SELECT m.sha256, m.message_id, m.size, m.raw, to_timestamp(m.arrived), $6
         FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::bytea[], $5::bigint[])
              WITH ORDINALITY AS m (sha256, message_id, size, raw, arrived, n)
         ORDER BY m.n
         ON CONFLICT (sha256) DO NOTHING
         RETURNING id",
        &sha256 as _,
        &message_id as _,
        &size,
        &raw as _,
        &arrived as _,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await
}

async fn insert_locations(
    conn: &mut PgConnection,
    place: &Place,
    mails: &[Arrived],
    fresh: &[i64],
) -> Result<Vec<Recorded>, RecordError> {
    let uids: Vec<i64> = mails.iter().map(|m| i64::from(m.uid)).collect();
    let sha256: Vec<&[u8]> = mails.iter().map(|m| m.sha256.as_slice()).collect();
    // A mail that was put back under the UID it had has its row already: it is to be cleared again.
    let rows = sqlx::query!(
        r#"WITH seen AS (
               SELECT u.uid, u.n, m.id
               FROM unnest($3::bigint[], $4::bytea[]) WITH ORDINALITY AS u (uid, sha256, n)
               JOIN inbound_mail m USING (sha256)
           ), placed AS (
               INSERT INTO inbound_location (mailbox, uid_validity, uid, mail_id)
               SELECT $1, $2, uid, id FROM seen
               ON CONFLICT (mailbox, uid_validity, uid)
                   DO UPDATE SET mail_id = excluded.mail_id, cleared_at = NULL
           )
           SELECT uid AS "uid!", id AS "id!" FROM seen ORDER BY n"#,
        place.mailbox,
        i64::from(place.uid_validity),
        &uids,
        &sha256 as _,
    )
    .fetch_all(conn)
    .await?;
    let mut new: std::collections::BTreeSet<i64> = fresh.iter().copied().collect();
    Ok(rows
        .into_iter()
        .map(|row| Recorded {
            uid: uid(row.uid),
            mail_id: row.id,
            // The same content twice in one batch is fresh once.
            fresh: new.remove(&row.id),
        })
        .collect())
}

/// Of mails that lie on the server, those that were never recorded. Those that were, and were
/// thought cleared, are to be cleared again.
pub async fn unknown(
    conn: &mut PgConnection,
    place: &Place,
    uids: &[u32],
) -> Result<Vec<u32>, sqlx::Error> {
    let uids: Vec<i64> = uids.iter().map(|uid| i64::from(*uid)).collect();
    sqlx::query!(
        "UPDATE inbound_location SET cleared_at = NULL
         WHERE mailbox = $1 AND uid_validity = $2 AND uid = ANY($3) AND cleared_at IS NOT NULL",
        place.mailbox,
        i64::from(place.uid_validity),
        &uids,
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query_scalar!(
        r#"SELECT u.uid AS "uid!" FROM unnest($3::bigint[]) AS u (uid)
           WHERE NOT EXISTS (SELECT FROM inbound_location l
                             WHERE l.mailbox = $1 AND l.uid_validity = $2 AND l.uid = u.uid)
           ORDER BY u.uid"#,
        place.mailbox,
        i64::from(place.uid_validity),
        &uids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(uid).collect())
}

/// Places of judged mails that still lie in the inbox, at most `limit`, lowest UID first.
pub async fn to_clear(
    conn: &mut PgConnection,
    place: &Place,
    limit: i64,
) -> Result<Vec<u32>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        "SELECT l.uid FROM inbound_location l JOIN inbound_mail m ON m.id = l.mail_id
         WHERE l.mailbox = $1 AND l.uid_validity = $2 AND l.cleared_at IS NULL
           AND m.judged_at IS NOT NULL
         ORDER BY l.uid LIMIT $3",
        place.mailbox,
        i64::from(place.uid_validity),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(uid).collect())
}

/// Notes that mails were flagged or moved on the server.
pub async fn mark_cleared(
    conn: &mut PgConnection,
    place: &Place,
    uids: &[u32],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let uids: Vec<i64> = uids.iter().map(|uid| i64::from(*uid)).collect();
    sqlx::query!(
        "UPDATE inbound_location SET cleared_at = $4
         WHERE mailbox = $1 AND uid_validity = $2 AND uid = ANY($3) AND cleared_at IS NULL",
        place.mailbox,
        i64::from(place.uid_validity),
        &uids,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A UID as the database keeps it: 32 bits without sign, in a `bigint`.
fn uid(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

fn saturating(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::leases;
    use sqlx::PgPool;
    use std::time::Duration;

    fn place() -> Place {
        Place {
            mailbox: "m".to_owned(),
            uid_validity: 1,
        }
    }

    fn arrived(uid: u32, content: u8) -> Arrived {
        Arrived {
            uid,
            sha256: [content; 32],
            message_id: None,
            size: 1,
            raw: Some(vec![content]),
            arrived_at: None,
        }
    }

    async fn lease(conn: &mut PgConnection, holder: &str, ttl: u64) -> Lease {
        let ttl = Duration::from_secs(ttl);
        leases::acquire(conn, "l", holder, ttl)
            .await
            .expect("sql")
            .expect("free")
    }

    /// Goal: who no longer holds the lease records nothing and moves no bookmark. Method: a lease
    /// that is over and taken by another; and a UIDVALIDITY that is not the present one.
    #[sqlx::test(migrations = "./migrations")]
    async fn only_the_holder_records(pool: PgPool) {
        let mut conn = pool.acquire().await.expect("a connection");
        let now = Clock::system().now();
        assert_eq!(open(&mut conn, &place()).await.expect("sql"), 0);
        let over = lease(&mut conn, "a", 0).await;
        let held = lease(&mut conn, "b", 600).await;
        let refused = record(&mut conn, &place(), &over, &[arrived(1, 1)], (1, now)).await;
        assert!(matches!(refused, Err(RecordError::NotOurs)));
        let other = Place {
            uid_validity: 2,
            ..place()
        };
        let refused = record(&mut conn, &other, &held, &[arrived(1, 1)], (1, now)).await;
        assert!(matches!(refused, Err(RecordError::NotOurs)));
        assert_eq!(open(&mut conn, &place()).await.expect("sql"), 0);
        record(&mut conn, &place(), &held, &[arrived(1, 1)], (1, now))
            .await
            .expect("recorded");
        assert_eq!(open(&mut conn, &place()).await.expect("sql"), 1);
    }

    /// Goal: content is kept once; every place is known; each mail is fresh once.
    /// Method: the same content twice in a batch and again in the next; the bookmark never falls.
    #[sqlx::test(migrations = "./migrations")]
    async fn content_is_kept_once(pool: PgPool) {
        let mut conn = pool.acquire().await.expect("a connection");
        let now = Clock::system().now();
        open(&mut conn, &place()).await.expect("sql");
        let held = lease(&mut conn, "a", 600).await;
        let batch = [arrived(5, 1), arrived(6, 2), arrived(7, 1)];
        let first = record(&mut conn, &place(), &held, &batch, (7, now))
            .await
            .expect("recorded");
        let fresh: Vec<(u32, bool)> = first.iter().map(|r| (r.uid, r.fresh)).collect();
        assert_eq!(fresh, [(5, true), (6, true), (7, false)]);
        let again = [arrived(3, 2)];
        let second = record(&mut conn, &place(), &held, &again, (3, now))
            .await
            .expect("recorded");
        assert!(!second.iter().any(|r| r.fresh));
        assert_eq!(open(&mut conn, &place()).await.expect("sql"), 7);
        assert_eq!(
            unknown(&mut conn, &place(), &[3, 4, 5]).await.expect("sql"),
            [4]
        );
    }

    /// Goal: a mail that was tried before is tried alone, and its tries are counted before they
    /// are made. Method: three mails, taken again and again as after crashes.
    #[sqlx::test(migrations = "./migrations")]
    async fn what_was_tried_is_tried_alone(pool: PgPool) {
        let mut conn = pool.acquire().await.expect("a connection");
        let now = Clock::system().now();
        open(&mut conn, &place()).await.expect("sql");
        let held = lease(&mut conn, "a", 600).await;
        let batch = [arrived(1, 1), arrived(2, 2), arrived(3, 3)];
        record(&mut conn, &place(), &held, &batch, (3, now))
            .await
            .expect("recorded");
        let mut taken = Vec::new();
        for _ in 0..3 {
            let waiting = take_waiting(&mut conn, 10, true, now).await.expect("sql");
            taken.push(waiting.iter().map(|mail| mail.tries).collect::<Vec<_>>());
        }
        assert_eq!(taken, [vec![0, 0, 0], vec![1], vec![2]]);
        let uncounted = take_waiting(&mut conn, 10, false, now).await.expect("sql");
        assert_eq!(uncounted.first().map(|mail| mail.tries), Some(3));
    }

    /// Goal: a verdict is stored once; what is put off waits at least as long as it did.
    /// Method: the same verdict twice; two mails put off at different ages.
    #[sqlx::test(migrations = "./migrations")]
    async fn verdicts_and_delays_are_stored(pool: PgPool) {
        let mut conn = pool.acquire().await.expect("a connection");
        let now = Clock::system().now();
        open(&mut conn, &place()).await.expect("sql");
        let held = lease(&mut conn, "a", 600).await;
        let batch = [arrived(1, 1), arrived(2, 2)];
        let rows = record(&mut conn, &place(), &held, &batch, (2, now))
            .await
            .expect("recorded");
        let judged = |n: usize, verdict: &str| Judged {
            id: rows.get(n).expect("a row").mail_id,
            verdict: verdict.to_owned(),
            why: "test".to_owned(),
        };
        let first = [judged(0, "silent")];
        assert_eq!(
            mark_judged(&mut conn, &first, now)
                .await
                .expect("sql")
                .len(),
            1
        );
        assert_eq!(
            mark_judged(&mut conn, &first, now)
                .await
                .expect("sql")
                .len(),
            0
        );
        assert_eq!(to_clear(&mut conn, &place(), 10).await.expect("sql"), [1]);
        let hour = now + jiff::SignedDuration::from_hours(1);
        for (at, wait) in [
            (now, 30),
            (hour, 3_600),
            (hour + jiff::SignedDuration::from_hours(9), 3_600),
        ] {
            put_off(&mut conn, &[judged(1, "later")], at, (30.0, 3_600.0))
                .await
                .expect("sql");
            let due = next_due(&mut conn).await.expect("sql").expect("put off");
            assert_eq!(at.duration_until(due).as_secs(), wait);
        }
        let far = take_waiting(&mut conn, 10, true, hour).await.expect("sql");
        assert!(far.is_empty(), "not due yet");
    }
}
