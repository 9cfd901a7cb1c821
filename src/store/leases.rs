//! Leases: which process does what only one may do, e.g. watch a mailbox.
//!
//! A lease is a row with a holder, an epoch and an end, all by the database's time: two machines
//! whose clocks disagree still agree on who holds it. Whoever finds it expired takes it over and
//! counts the epoch up; what the former holder still writes carries the old epoch and is refused.
//! A lease, not an advisory lock, because poolers and Postgres-compatible clusters break those.
//!
//! Not promised: that at no instant two processes believe they hold it. The holder stops believing
//! before the end by its own watch, and what it writes is checked; that is enough where doing the
//! same thing twice is harmless.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep, timeout};

/// A lease that we hold, or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is leased, e.g. `mailbox/imap://bot@mail:993/INBOX`.
    pub name: String,
    /// Who holds it: one run of one daemon.
    pub holder: String,
    /// One more with every taking.
    pub epoch: i64,
}

/// Takes a lease for `ttl` if nobody else holds it; `None` while somebody else does.
///
/// Its holder may take its own lease again (after a failure): that counts as a new taking.
pub async fn acquire(
    conn: &mut PgConnection,
    name: &str,
    holder: &str,
    ttl: Duration,
) -> Result<Option<Lease>, sqlx::Error> {
    let epoch = sqlx::query_scalar!(
        r#"INSERT INTO lease (name, holder, epoch, expires_at)
           VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
           ON CONFLICT (name) DO UPDATE
               SET holder = excluded.holder,
                   epoch = lease.epoch + 1,
                   expires_at = excluded.expires_at
               WHERE lease.expires_at <= clock_timestamp() OR lease.holder = excluded.holder
           RETURNING epoch"#,
        name,
        holder,
        ttl.as_secs_f64(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(epoch.map(|epoch| Lease {
        name: name.to_owned(),
        holder: holder.to_owned(),
        epoch,
    }))
}

/// Prolongs a lease to `ttl` from now. `false`: it is lost, and whoever held it must stop.
pub async fn renew(
    conn: &mut PgConnection,
    lease: &Lease,
    ttl: Duration,
) -> Result<bool, sqlx::Error> {
    let renewed = sqlx::query!(
        "UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => $4)
         WHERE name = $1 AND holder = $2 AND epoch = $3 AND expires_at > clock_timestamp()",
        lease.name,
        lease.holder,
        lease.epoch,
        ttl.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Renews a lease, which was taken or renewed at `taken`, at a third of its length; returns when it is lost,
/// or could be.
pub async fn keep(pool: &PgPool, lease: &Lease, taken: Instant, ttl: Duration) {
    let third = ttl / 3;
    let mut sure_until = taken + ttl;
    loop {
        sleep(third).await;
        let asked = Instant::now();
        let renewal = async {
            let mut conn = pool.acquire().await?;
            renew(&mut conn, lease, ttl).await
        };
        match timeout(third, renewal).await {
            Ok(Ok(true)) => sure_until = asked + ttl,
            Ok(Ok(false)) => return,
            // The database is away: another third, if there is one.
            Ok(Err(_)) | Err(_) => {
                if Instant::now() + third >= sure_until {
                    return;
                }
            }
        }
    }
}

/// Gives a lease back, so that the next holder need not wait for its end. Nothing, if it was lost.
pub async fn release(conn: &mut PgConnection, lease: &Lease) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE lease SET expires_at = clock_timestamp()
         WHERE name = $1 AND holder = $2 AND epoch = $3 AND expires_at > clock_timestamp()",
        lease.name,
        lease.holder,
        lease.epoch,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    /// Goal: one holder at a time, and the next takes over when it is given back, with a new epoch.
    /// Method: two holders in turn.
    #[sqlx::test(migrations = "./migrations")]
    async fn one_holder_at_a_time(pool: PgPool) {
        let mut conn = pool.acquire().await.expect("a connection");
        let first = acquire(&mut conn, "m", "a", LONG)
            .await
            .expect("sql")
            .expect("free");
        assert_eq!(acquire(&mut conn, "m", "b", LONG).await.expect("sql"), None);
        release(&mut conn, &first).await.expect("sql");
        let second = acquire(&mut conn, "m", "b", LONG)
            .await
            .expect("sql")
            .expect("given back");
        assert_eq!((first.epoch, second.epoch), (1, 2));
        assert!(
            !renew(&mut conn, &first, LONG).await.expect("sql"),
            "the first has lost it"
        );
        assert!(renew(&mut conn, &second, LONG).await.expect("sql"));
    }

    /// Goal: an expired lease can be taken by another, and its former holder cannot renew or
    /// release. Method: a lease of no length.
    #[sqlx::test(migrations = "./migrations")]
    async fn an_expired_lease_is_free(pool: PgPool) {
        let mut conn = pool.acquire().await.expect("a connection");
        let dead = acquire(&mut conn, "m", "a", Duration::ZERO)
            .await
            .expect("sql")
            .expect("free");
        assert!(
            !renew(&mut conn, &dead, LONG).await.expect("sql"),
            "it is over"
        );
        let next = acquire(&mut conn, "m", "b", LONG)
            .await
            .expect("sql")
            .expect("over");
        release(&mut conn, &dead).await.expect("sql");
        assert!(
            renew(&mut conn, &next, LONG).await.expect("sql"),
            "not released by the dead"
        );
    }

    /// Goal: of many who ask at once exactly one gets it.
    /// Method: eight connections at the same time.
    #[sqlx::test(migrations = "./migrations")]
    async fn many_at_once_get_it_once(pool: PgPool) {
        let asks = (0..8).map(|n| {
            let pool = pool.clone();
            async move {
                let mut conn = pool.acquire().await.expect("a connection");
                acquire(&mut conn, "m", &format!("h{n}"), LONG)
                    .await
                    .expect("sql")
                    .is_some()
            }
        });
        let got = futures::future::join_all(asks).await;
        assert_eq!(got.into_iter().filter(|got| *got).count(), 1);
    }
}
