//! Two daemons on one database: one listens to the chat, the other takes over.

use std::process::Child;

use super::posts::{direct, reads, shown};
use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, until};
use crate::scenarios::crash::spawn;

/// The lease of the chat.
const LEASE: &str =
    "SELECT count(*) FROM lease WHERE name LIKE 'chat/discord/%' AND holder <> 'another'
                     AND expires_at > clock_timestamp()";

/// The real program, which does not outlive a test that fails.
pub(super) struct Program(pub(super) Child);

impl Program {
    /// SIGKILL: no farewell, no lease given back.
    fn dies(&mut self) {
        self.0.kill().expect("SIGKILL");
        self.0.wait().expect("it is gone");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn changes(office: &ChatOffice, sql: &'static str) {
    let changed = sqlx::query(sql).execute(&office.pool).await;
    assert_eq!(changed.expect("sql").rows_affected(), 1);
}

/// Waits until no daemon here waits for the gateway: it listens, or stands by.
async fn settles(office: &ChatOffice) {
    until("it listens or stands by", async || {
        let wrong = office.daemon().complaints().await;
        (!wrong.contains_key("discord")).then_some(())
    })
    .await;
}

/// Goal: of two daemons exactly one is identified; when it is killed the other takes over once the lease
/// ends, and answers what is pressed then; and one whose lease is lost closes its socket.
/// Method: the real program listens and is killed with SIGKILL; at last the row is given to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_trade_the_lease() {
    let mut office = ChatOffice::furnish(&shown(ONE_STEP)).await;
    office.writes_config();
    let mut first = Program(spawn(&office));
    office.double.until_listening().await.expect("a bot");
    office.start().await;
    settles(&office).await;
    assert_eq!(
        (office.double.sessions(), office.double.listeners()),
        ((1, 0), 1)
    );
    let request = office.files("rita", "db-1", 2).await;
    let post = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    // A mail that it is about to send would come twice.
    let owed = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')";
    office.counts(owed, 0).await;

    first.dies();
    office.double.until_silent().await.expect("nobody listens");
    assert_eq!(office.count(LEASE).await, 1, "the dead hold it still");
    assert_eq!(office.double.sessions().0, 1, "the other waits for its end");
    // The lease runs out by itself; the story need not wait for it.
    changes(
        &office,
        "UPDATE lease SET expires_at = clock_timestamp() WHERE name LIKE 'chat/discord/%'",
    )
    .await;
    changes(
        &office,
        "UPDATE lease SET expires_at = clock_timestamp() WHERE name LIKE 'mailbox/%'",
    )
    .await;
    office
        .double
        .until_listening()
        .await
        .expect("the other bot");
    assert_eq!(
        (office.double.sessions(), office.double.listeners()),
        ((2, 0), 1)
    );
    let asked = office.account("alice").clicks(&post, "Approve");
    let said = office.hears("alice", &asked.expect("a button")).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    assert_eq!(office.state(request).await, "approved");

    changes(
        &office,
        "UPDATE lease SET holder = 'another', epoch = epoch + 1,
                          expires_at = clock_timestamp() + interval '1 hour'
         WHERE name LIKE 'chat/discord/%'",
    )
    .await;
    office.double.until_silent().await.expect("its socket goes");
    settles(&office).await;
    office.everybody_reads().await;
    office.close().await;
}
