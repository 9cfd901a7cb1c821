//! Mails that are no decision, and mails that try to be one.

use countersign::workflow::notice::Kind;

use crate::office::{ONE_STEP, Office, until};

/// Goal: without proof of the sender no mail decides and none is answered (the token alone is not
/// enough), and it is stored with its reason and audited.
/// Method: the right token and From, by the door for outsiders, where no proof is written.
#[tokio::test(flavor = "multi_thread")]
async fn an_unproven_reply_is_silent() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let bob = office.person("bob");
    let ask = bob.hears(Kind::Ask).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    bob.mailbox
        .replies_from_outside(&ask, "APPROVE")
        .await
        .expect("accepted");
    office
        .counts(
            "SELECT count(*) FROM inbound_mail WHERE verdict IN ('silent', 'alarm') AND why <> ''",
            1,
        )
        .await;
    assert_eq!(office.state(request).await, "pending");
    let audited = "SELECT count(*) FROM audit_event WHERE chain = 'system/mail'";
    assert_eq!(office.count(audited).await, 1);
    office.close().await;
}

/// Goal: a token is its owner's alone, and dies in other hands; its owner is told and asked anew.
/// Method: carol, proven, answers bob's forwarded mail. Then the daemon dies before the verdict is
/// stored, and judges the mail again: the verdict is what came of it, not what its words said, and nobody
/// is told twice. Bob answers what he was sent first, and what he was sent instead.
#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_token_decides_nothing() {
    let mut office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    office.person("alice").hears(Kind::Ask).await;
    let ask = office.person("bob").hears(Kind::Ask).await;
    let carol = office.person("carol");
    carol.hears(Kind::Ask).await;
    carol.replies(&ask, "APPROVE").await;
    let alarm = "SELECT count(*) FROM inbound_mail WHERE verdict = 'alarm'";
    office.counts(alarm, 1).await;
    let bob = office.person("bob");
    bob.hears_of("somebody else answered").await;
    let fresh = bob.hears(Kind::Ask).await;
    office.person("ada").hears_of("Security alarm").await;
    office.stop().await;
    sqlx::query("UPDATE inbound_mail SET judged_at = NULL, verdict = NULL, why = NULL")
        .execute(&office.pool)
        .await
        .expect("as it was before the verdict");
    office.start().await;
    office.counts(alarm, 1).await;
    office
        .counts(
            "SELECT count(*) FROM inbound WHERE outcome = 'unidentified'",
            1,
        )
        .await;
    assert_eq!(office.state(request).await, "pending");
    // The token that was forwarded is dead for its owner too; the fresh one is not.
    bob.replies(&ask, "APPROVE").await;
    let silent = "SELECT count(*) FROM inbound_mail WHERE verdict = 'silent'";
    office.counts(silent, 1).await;
    assert_eq!(office.state(request).await, "pending");
    bob.replies(&fresh, "APPROVE").await;
    office.person("rita").hears(Kind::Approved).await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an automatic mail is no decision and gets no answer.
/// Method: an out-of-office note whose first line is APPROVE.
#[tokio::test(flavor = "multi_thread")]
async fn an_automatic_reply_is_silent() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let bob = office.person("bob");
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let ask = bob.hears(Kind::Ask).await;
    bob.mailbox
        .replies_with(&ask, "APPROVE", &[("Auto-Submitted", "auto-replied")])
        .await
        .expect("accepted");
    office
        .counts(
            "SELECT count(*) FROM inbound_mail WHERE verdict = 'silent'",
            1,
        )
        .await;
    assert_eq!(office.state(request).await, "pending");
    office.close().await;
}

/// Goal: a mail that is too large, or has no text, costs nothing and decides nothing; the next reply
/// counts.
/// Method: 60 MB and an image by LMTP, where no server refuses them first, then APPROVE.
#[tokio::test(flavor = "multi_thread")]
async fn a_huge_mail_and_one_without_text() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let bob = office.person("bob");
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let ask = bob.hears(Kind::Ask).await;
    let huge = format!(
        "From: {}\r\nTo: {}\r\nSubject: huge\r\n\r\nAPPROVE\r\n{}",
        office.address("bob"),
        ask.header("Reply-To").expect("Reply-To"),
        "x".repeat(70).as_str().to_owned() + "\r\n",
    );
    let mut huge = huge.into_bytes();
    huge.extend(
        "all work and no play makes jack a dull boy\r\n"
            .repeat(1_400_000)
            .into_bytes(),
    );
    let to = office.config.mail.reply_to.clone();
    bob.mailbox
        .sends_by_lmtp(&to, &huge)
        .await
        .expect("LMTP takes it");
    office
        .counts(
            "SELECT count(*) FROM inbound_mail WHERE size > 60000000 AND raw IS NULL",
            1,
        )
        .await;

    bob.mailbox
        .replies_with_image(&ask)
        .await
        .expect("accepted");
    bob.hears(Kind::Unclear).await;
    assert_eq!(office.state(request).await, "pending");
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    office.person("rita").hears(Kind::Approved).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Settled).await;
    }
    office.close().await;
}

/// Goal: ten thousand mails of junk are recorded, unanswered, and do not keep a reply from counting.
/// Method: they are put into the mailbox at once, the reply after them.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_mails_of_junk() {
    let mut office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let bob = office.person("bob");
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let ask = bob.hears(Kind::Ask).await;
    office.stop().await;
    let junk = (0..10_000).map(|n| {
        format!("From: spam{n}@junk.test\r\nTo: you\r\nSubject: win {n}\r\n\r\nAPPROVE\r\n")
            .into_bytes()
    });
    office
        .stack
        .seed_maildir(&office.bot(), junk)
        .expect("junk");
    bob.replies(&ask, "APPROVE").await;
    office.start().await;
    until("the reply counts", async || {
        (office.state(request).await == "approved").then_some(())
    })
    .await;
    office
        .counts(
            "SELECT count(*) FROM inbound_mail WHERE verdict = 'silent'",
            10_000,
        )
        .await;
    bob.hears(Kind::Recorded).await;
    office.person("rita").hears(Kind::Approved).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Settled).await;
    }
    assert_eq!(
        office
            .count("SELECT count(*) FROM delivery WHERE kind = 'unclear'")
            .await,
        0
    );
    office.close().await;
}

/// Goal: the server numbers its mails anew, and nothing is applied twice.
/// Method: UIDVALIDITY changes under judged mails that lie in the folder.
#[tokio::test(flavor = "multi_thread")]
async fn uidvalidity_changes() {
    let mut office = Office::open(ONE_STEP).await;
    office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let bob = office.person("bob");
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE, but not today").await;
    bob.hears(Kind::Unclear).await;
    office
        .counts(
            "SELECT count(*) FROM inbound_location WHERE cleared_at IS NULL",
            0,
        )
        .await;
    office.stop().await;
    office
        .stack
        .renumber(&office.bot())
        .expect("a new UIDVALIDITY");
    office
        .stack
        .put_back(&office.bot())
        .expect("the processed mail is in the inbox again");
    office.start().await;
    office
        .counts(
            "SELECT count(DISTINCT uid_validity) FROM inbound_location",
            2,
        )
        .await;
    assert_eq!(office.count("SELECT count(*) FROM inbound_mail").await, 1);
    assert_eq!(
        office
            .count("SELECT count(*) FROM delivery WHERE kind = 'unclear'")
            .await,
        1
    );
    office.close().await;
}
