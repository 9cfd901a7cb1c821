//! Tells other processes of what is owed, and hears of it from them.
//!
//! Two loops. [`tell`] rings after commits of this process, at most once in [`AT_MOST_EVERY`], however
//! many there were; [`hear`] wakes this process's courier and timer when another one has rung. A command
//! line has no courier: it rings once when it has done something.
//!
//! What is *not* promised: that a ring is heard. Courier and timer look by themselves every few seconds;
//! the bell makes them look sooner.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store::bell::{Ear, ring};

/// However many commits there are, others are told at most this often.
pub const AT_MOST_EVERY: Duration = Duration::from_millis(20);

/// One process at the bell. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bell {
    /// The database.
    pub pool: PgPool,
    /// Who this is: a name that no other process has.
    pub me: String,
    /// Notified after each commit of this process.
    pub committed: Arc<Notify>,
    /// Wakes the courier.
    pub wake: Arc<Notify>,
    /// Wakes the timer.
    pub look: Arc<Notify>,
}

/// Rings after commits, until cancelled. An error is the database's.
pub async fn tell(bell: Bell, cancel: CancellationToken) -> Result<(), sqlx::Error> {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = bell.committed.notified() => {}
        }
        ring(&bell.pool, &bell.me).await?;
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(AT_MOST_EVERY) => {}
        }
    }
}

/// Wakes courier and timer when another process has rung, until cancelled. An error is the database's.
pub async fn hear(bell: Bell, cancel: CancellationToken) -> Result<(), sqlx::Error> {
    let mut ear = Ear::open(&bell.pool).await?;
    loop {
        let from = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            from = ear.hear() => from?,
        };
        if from != bell.me {
            bell.wake.notify_waiters();
            bell.look.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest wait for what must come.
    const SOON: Duration = Duration::from_secs(20);

    const END_LISTENERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'";

    fn bell(pool: &PgPool, me: &str) -> Bell {
        Bell {
            pool: pool.clone(),
            me: me.to_owned(),
            committed: Arc::default(),
            wake: Arc::default(),
            look: Arc::default(),
        }
    }

    /// Rings until it is heard: a listener needs a moment to begin.
    async fn rung_until_heard(bell: &Bell, from: &str) {
        let heard = async {
            loop {
                ring(&bell.pool, from).await.expect("rings");
                let woken = bell.wake.notified();
                if tokio::time::timeout(AT_MOST_EVERY, woken).await.is_ok() {
                    break;
                }
            }
        };
        tokio::time::timeout(SOON, heard).await.expect("is heard");
    }

    /// Goal: what another process rings wakes courier and timer; one's own ring does not.
    /// Method: a listener; rings of another, then of itself and, behind it, of another again: only that
    /// one is heard.
    #[sqlx::test(migrations = "./migrations")]
    async fn another_process_is_heard(pool: PgPool) {
        let bell = bell(&pool, "me");
        let cancel = CancellationToken::new();
        let listening = tokio::spawn(hear(bell.clone(), cancel.clone()));
        rung_until_heard(&bell, "another").await;
        tokio::time::timeout(SOON, bell.look.notified())
            .await
            .expect("the timer too");
        cancel.cancel();
        listening.await.expect("no panic").expect("ends");

        let mut ear = Ear::open(&pool).await.expect("listens");
        for from in ["me", "another"] {
            ring(&pool, from).await.expect("rings");
            let heard = tokio::time::timeout(SOON, ear.hear()).await;
            assert_eq!(heard.expect("in time").expect("hears"), from);
        }
    }

    /// Goal: a lost connection is made anew, and what is rung afterwards is heard.
    /// Method: end the listener's connection from outside; the loop's, then one that says what it hears.
    #[sqlx::test(migrations = "./migrations")]
    async fn a_lost_connection_is_made_anew(pool: PgPool) {
        let bell = bell(&pool, "me");
        let cancel = CancellationToken::new();
        let listening = tokio::spawn(hear(bell.clone(), cancel.clone()));
        rung_until_heard(&bell, "another").await;
        let ended: Vec<bool> = sqlx::query_scalar(END_LISTENERS)
            .fetch_all(&pool)
            .await
            .expect("asks");
        assert_eq!(ended, [true], "it listens on one connection");
        rung_until_heard(&bell, "another").await;
        cancel.cancel();
        listening.await.expect("no panic").expect("ends");

        let mut ear = Ear::open(&pool).await.expect("listens");
        sqlx::query(END_LISTENERS)
            .execute(&pool)
            .await
            .expect("asks");
        let heard = tokio::time::timeout(SOON, ear.hear()).await;
        assert_eq!(heard.expect("in time").expect("again"), "", "it was lost");
        ring(&pool, "another").await.expect("rings");
        let heard = tokio::time::timeout(SOON, ear.hear()).await;
        assert_eq!(heard.expect("in time").expect("hears"), "another");
    }

    /// Goal: many commits are one ring, and each ring comes after its commit (no notification in a
    /// deciding transaction).
    /// Method: many commits at once and a listener: fewer rings than commits, and at least one.
    #[sqlx::test(migrations = "./migrations")]
    async fn many_commits_are_told_of_at_once(pool: PgPool) {
        let mut ear = Ear::open(&pool).await.expect("listens");
        let bell = bell(&pool, "me");
        let cancel = CancellationToken::new();
        for _ in 0..100 {
            bell.committed.notify_one();
        }
        let telling = tokio::spawn(tell(bell.clone(), cancel.clone()));
        let heard = tokio::time::timeout(SOON, ear.hear()).await;
        assert_eq!(heard.expect("in time").expect("hears"), "me");
        ring(&pool, "end").await.expect("rings");
        let heard = tokio::time::timeout(SOON, ear.hear()).await;
        assert_eq!(heard.expect("in time").expect("hears"), "end");
        cancel.cancel();
        telling.await.expect("no panic").expect("ends");
    }
}
