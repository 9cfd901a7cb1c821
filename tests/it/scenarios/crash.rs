//! The real program, killed in the middle of its work.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use countersign::workflow::notice::Kind;

use crate::office::{ONE_STEP, Office, until};

/// How many requests wait for bob's word when the killing begins.
const REQUESTS: usize = 40;
/// The program is killed this often.
const KILLS: i64 = 6;

/// Starts the real program on an office's database and mailbox.
pub fn spawn(office: &Office) -> Child {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("--config")
        .arg(office.config_file())
        .arg("serve")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Goal: whatever instant the process dies at, every reply is applied once and every message owed is
/// sent, at worst twice under the same Message-ID.
/// Method: forty replies lie in the inbox; the program is killed with SIGKILL each time it has decided a
/// few more, and started again; at the end votes, notices and mailboxes are counted.
#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again() {
    let mut office = Office::open(ONE_STEP).await;
    let bob = office.person("bob");
    let mut asks = Vec::new();
    for number in 0..REQUESTS {
        office.files("rita", &format!("db-{number}"), 1).await;
    }
    for _ in 0..REQUESTS {
        asks.push(bob.hears(Kind::Ask).await);
    }
    office
        .counts("SELECT count(*) FROM delivery WHERE state <> 'sent'", 0)
        .await;
    office.stop().await;
    for ask in &asks {
        bob.replies(ask, "APPROVE").await;
    }
    let votes = "SELECT count(*) FROM vote";
    for kill in 1..=KILLS {
        let mut child = spawn(&office);
        let some_more = kill * i64::try_from(REQUESTS).expect("small") / (KILLS + 2);
        until("some more votes", async || {
            (office.count(votes).await >= some_more).then_some(())
        })
        .await;
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
        // What the dead process had leased, inbox and deliveries, runs out by itself; the story need not
        // wait for it.
        for sql in [
            "UPDATE lease SET expires_at = clock_timestamp()",
            "UPDATE delivery SET lease_until = clock_timestamp() WHERE state = 'leased'",
        ] {
            sqlx::query(sql)
                .execute(&office.pool)
                .await
                .expect("the leases run out");
        }
    }
    office.start().await;
    office
        .counts("SELECT count(*) FROM request WHERE state = 'approved'", 40)
        .await;
    office
        .counts(
            "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')",
            0,
        )
        .await;
    assert_eq!(office.count(votes).await, 40);
    assert_eq!(office.count("SELECT count(*) FROM access_grant").await, 40);
    for kind in ["recorded", "approved"] {
        let told: i64 = sqlx::query_scalar("SELECT count(*) FROM notice WHERE kind = $1")
            .bind(kind)
            .fetch_one(&office.pool)
            .await
            .expect("a number");
        assert_eq!(told, 40, "{kind}");
    }
    // One `recorded` for each, by Message-ID; the last of them may still be under way in the mail server.
    until("every answer has arrived", async || {
        let mails = bob.unread();
        let ids: BTreeSet<String> = mails
            .iter()
            .map(countersign_sandbox::Mail::message_id)
            .collect();
        (ids.len() == REQUESTS).then_some(())
    })
    .await;
    for person in ["rita", "alice", "bob", "carol"] {
        office.person(person).reads_everything();
    }
    office.close().await;
}
