//! Seals that leave the house: mailed to the auditors, and held against the record later.

use std::time::Duration;

use countersign::command::Command;
use countersign::seal::block::Blocks;
use countersign::seal::{SealKey, Signed};
use countersign::store::audit::{self, Verified, Verify};
use countersign::workflow::ids::RequestId;

use crate::office::{ONE_STEP, Office, code, until};

/// The seals of a mail as it lies in the mailbox.
fn seals(raw: &[u8]) -> Vec<Signed> {
    let mut blocks = Blocks::new(raw);
    let mut all = Vec::new();
    while let Some(signed) = blocks.next_block().expect("whole") {
        all.push(signed);
    }
    all
}

async fn held_against(office: &Office, key: &SealKey, posted: &[Signed]) -> Verified {
    let wanted = Verify {
        from_seal: None,
        keys: [key.public()].into(),
    };
    let mut posted = posted.iter().cloned();
    audit::verify(&office.pool, &wanted, || {
        Ok::<_, sqlx::Error>(posted.next())
    })
    .await
    .expect("reads")
}

/// Goal: a seal goes out by mail through the outbox, offers no reply, and is as good as the file: a
/// record whose last seal and its events are gone is found by it.
/// Method: a daemon that seals every second, a mailbox of the auditors; then the tail is cut off.
#[tokio::test(flavor = "multi_thread")]
async fn a_seal_is_mailed() {
    let mut office = Office::furnish(ONE_STEP).await;
    let secret: secrecy::SecretString = data_encoding::BASE64.encode(&[9; 32]).into();
    let key = SealKey::new(&secret).expect("a key");
    let name = format!("auditors-{}", countersign::clock::new_id().simple());
    let mailbox = office.stack.mailbox(&name);
    office.config.audit.key = Some(secret);
    office.config.audit.interval = Duration::from_secs(1);
    office.config.audit.post_to = Some(mailbox.address());
    office.start().await;
    let withdraw = Command::Withdraw {
        request: RequestId(999),
        reason: "there is none".to_owned(),
    };
    let mut posted = Vec::new();
    for seal in 1..=2 {
        let refused = office.says("rita", withdraw.clone()).await;
        assert_eq!(code(&refused), "unknown-request");
        let mail = until("the seal is in the mailbox", async || {
            let mails = mailbox.inbox().expect("the mailbox can be read");
            let subject = format!("Seal {seal} of the record");
            mails.into_iter().find(|mail| mail.subject() == subject)
        })
        .await;
        assert_eq!(mail.header("Reply-To"), None);
        assert_eq!(
            mail.header("Auto-Submitted").as_deref(),
            Some("auto-generated")
        );
        assert!(
            mail.html().contains("-----BEGIN COUNTERSIGN SEAL-----"),
            "{}",
            mail.html()
        );
        let found = seals(mail.raw());
        assert_eq!(found.len(), 1, "{}", String::from_utf8_lossy(mail.raw()));
        posted.extend(found);
    }
    let whole = held_against(&office, &key, &posted).await;
    assert_eq!((whole.wrong, whole.posted), (0, 2), "{whole:?}");
    office.stop().await;
    let cut = "DELETE FROM audit_event AS e USING seal_leaf AS l
                   WHERE l.seal = 1 AND l.chain = e.chain AND e.seq > l.seq;
               UPDATE audit_chain AS c SET seq = l.seq, head = l.hash FROM seal_leaf AS l
                   WHERE l.seal = 1 AND l.chain = c.chain;
               DELETE FROM seal_leaf WHERE seal > 1; DELETE FROM seal WHERE number > 1";
    let mut tx = office.pool.begin().await.expect("begins");
    sqlx::raw_sql(cut).execute(&mut *tx).await.expect("cuts");
    tx.commit().await.expect("commits");
    assert!(
        held_against(&office, &key, &[]).await.is_clean(),
        "inside it does not show"
    );
    let found = held_against(&office, &key, &posted).await;
    let first = found.findings.first().expect("it shows").to_string();
    assert!(
        first.ends_with("the tail of the record was cut off"),
        "{first}"
    );
    let listed =
        office.count("SELECT count(*) FROM delivery WHERE kind = 'system' AND state = 'sent'");
    assert_eq!(listed.await, 2);
}
