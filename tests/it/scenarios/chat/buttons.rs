//! Every button, and every way to be refused by one.

use countersign::inbound::chat::STRANGER_PER_HOUR;
use countersign::workflow::act::Act;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision;

use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, TWO_STEPS};

const ALL: &[Act] = &Act::ALL;

/// Goal: Approve decides at once and says so; the vote carries its channel and its evidence; its maker is
/// told by mail how to take it back, and does (W31). Method: alice presses; then replies REVOKE.
#[tokio::test(flavor = "multi_thread")]
async fn w31_approve_decides_and_is_confirmed_by_mail() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), ALL).await;
    let said = office.told("alice", &post, Act::Approve).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    assert!(said.contains("Approved; access from"), "{said}");
    assert_eq!(office.state(request).await, "approved");
    let evidence: serde_json::Value = sqlx::query_scalar("SELECT evidence FROM vote")
        .fetch_one(&office.pool)
        .await
        .expect("a vote");
    assert_eq!(evidence["method"], "chat-account");
    let account = office.account("alice").id().get().to_string();
    assert_eq!(evidence["details"]["account"], account.as_str());
    let by_chat = "SELECT count(*) FROM vote WHERE channel = 'chat'";
    assert_eq!(office.count(by_chat).await, 1);

    let alice = office.person("alice");
    let confirmed = alice.hears(Kind::Recorded).await;
    assert!(confirmed.text().contains("REVOKE"), "{}", confirmed.text());
    alice
        .replies(&confirmed, "REVOKE\n\nThat was not me.")
        .await;
    alice.hears(Kind::GrantEnded).await;
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: Disapprove asks why first, and the requester is told.
/// Method: alice fills the form in; a policy that wants a comment lets nobody send it empty.
#[tokio::test(flavor = "multi_thread")]
async fn disapprove_asks_why() {
    let policies = ONE_STEP.replace("max_duration", "comment_required = true\nmax_duration");
    let office = ChatOffice::open(&policies).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), ALL).await;
    let modal = office
        .presses("alice", &post, Act::Disapprove)
        .modal()
        .await;
    let modal = modal.expect("a form");
    let empty = office.account("alice").fills(&modal, &[("reason", "")]);
    assert!(empty.is_err(), "the form wants a reason");
    let asked = office
        .account("alice")
        .fills(&modal, &[("reason", "ask @everyone first")]);
    let said = office.hears("alice", &asked.expect("filled in")).await;
    assert!(said.contains("your disapproval is recorded"), "{said}");
    assert_eq!(office.state(request).await, "rejected");
    let told = office.person("rita").hears(Kind::Rejected).await;
    assert!(
        told.text().contains("ask @everyone first"),
        "{}",
        told.text()
    );
    // Filled with blanks it is no reason, and who filled it in is told so.
    let second = office.files("rita", "db-2", 2).await;
    let post = office.offers(second, (0, 1), ALL).await;
    let blank = [("reason", "   ")];
    let said = office
        .told_after("alice", (&post, Act::Disapprove), &blank)
        .await;
    assert!(said.contains("comment-required"), "{said}");
    assert_eq!(office.refused_as("comment-required").await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: other times are read in the approver's zone and said back before anybody relies on them; what is not
/// understood decides nothing (W16).
/// Method: a length, a point in time that can mean two things, and a window of one's own.
#[tokio::test(flavor = "multi_thread")]
async fn w16_other_times_are_said_back() {
    let office = ChatOffice::open(ONE_STEP).await;
    let first = office.files("rita", "db-1", 2).await;
    let post = office.offers(first, (0, 1), ALL).await;
    let modal = office
        .presses("alice", &post, Act::OtherTimes)
        .modal()
        .await;
    let modal = modal.expect("a form");
    assert!(
        modal.inputs[0]["label"]
            .to_string()
            .contains("Europe/Lisbon")
    );
    assert_eq!(modal.inputs[1]["value"], "2h");
    let unclear = [("from", "tomorrow at 5"), ("to", "tomorrow 18:00")];
    let asked = office
        .account("alice")
        .fills(&modal, &unclear)
        .expect("filled in");
    let said = office.hears("alice", &asked).await;
    assert!(said.contains("Nothing was done"), "{said}");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    office.apply_portuguese(ONE_STEP, "alice").await;
    let asked = office.account("alice").fills(&modal, &unclear);
    let said = office.hears("alice", &asked.expect("filled in")).await;
    assert!(
        said.contains("Nada foi feito.") && said.contains("não é entendido nesse lugar"),
        "{said}"
    );
    office.apply(ONE_STEP).await;
    let hour = [("to", "1 hour"), ("comment", "an hour will do")];
    let said = office
        .told_after("alice", (&post, Act::OtherTimes), &hour)
        .await;
    assert!(said.contains("your approval is recorded"), "{said}");
    assert!(said.contains("window is now"), "{said}");
    let hour = "SELECT count(*) FROM access_grant WHERE ends_at - starts_at = interval '1 hour'";
    assert_eq!(office.count(hour).await, 1);

    let second = office.files("rita", "db-2", 2).await;
    let post = office.offers(second, (0, 1), ALL).await;
    let own = [("from", "tomorrow 09:00"), ("to", "tomorrow 10:30")];
    let said = office
        .told_after("alice", (&post, Act::OtherTimes), &own)
        .await;
    assert!(said.contains("window is now"), "{said}");
    let ninety = "SELECT count(*) FROM access_grant
                  WHERE ends_at - starts_at = interval '90 minutes'
                    AND extract(hour FROM starts_at AT TIME ZONE 'Europe/Lisbon') = 9";
    assert_eq!(office.count(ninety).await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: the requester withdraws, an approver revokes, each with a reason; Details shows the request to those
/// who may see it.
/// Method: rita withdraws one; alice approves and revokes the other; both look.
#[tokio::test(flavor = "multi_thread")]
async fn withdraw_revoke_and_details() {
    let office = ChatOffice::open(ONE_STEP).await;
    let first = office.files("rita", "db-1", 2).await;
    let post = office.offers(first, (0, 1), ALL).await;
    let why = [("reason", "no longer needed")];
    let said = office
        .told_after("rita", (&post, Act::Withdraw), &why)
        .await;
    assert!(said.to_lowercase().contains("withdrawn"), "{said}");
    assert_eq!(office.state(first).await, "withdrawn");

    let second = office.files("rita", "db-2", 2).await;
    let post = office.offers(second, (0, 1), ALL).await;
    office.told("alice", &post, Act::Approve).await;
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 1);
    let said = office.told("rita", &post, Act::Details).await;
    assert!(
        said.contains("db\\-2") && said.contains("the disk is full"),
        "{said}"
    );
    let why = [("reason", "found something else")];
    let said = office.told_after("alice", (&post, Act::Revoke), &why).await;
    assert!(said.to_lowercase().contains("access"), "{said}");
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 0);
    // Who may not see it is told what anybody is told of a request that is not there.
    let said = office.told("una", &post, Act::Details).await;
    assert!(
        said.contains("unknown-request") && !said.contains("db\\-2"),
        "{said}"
    );
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: whoever cannot decide is told so privately, with what to do next, and decides nothing.
/// Method: each kind of person at Approve, which decides at once, and at Disapprove, whose form is not even
/// opened; each is in the record.
#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_decide_is_told_why() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), ALL).await;
    for (name, code) in [
        ("rita", "own-request"),
        ("rolf", "not-eligible"),
        ("una", "not-eligible"),
        ("ada", "not-eligible"),
    ] {
        let said = office.told(name, &post, Act::Approve).await;
        assert!(said.contains(code), "{name}: {said}");
        let said = office.told(name, &post, Act::Disapprove).await;
        assert!(said.contains(code), "{name}: {said}");
        let said = office.told(name, &post, Act::OtherTimes).await;
        assert!(said.contains(code), "{name}: {said}");
    }
    assert_eq!(office.refused_as("own-request").await, 3);
    assert_eq!(office.refused_as("not-eligible").await, 9);
    for name in ["alice", "bob"] {
        let said = office.told(name, &post, Act::Withdraw).await;
        assert!(said.contains("not-the-requester"), "{said}");
    }
    let said = office.told("alice", &post, Act::Revoke).await;
    assert!(said.contains("no-grant"), "{said}");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    assert_eq!(office.state(request).await, "pending");
    // Nor is anybody who has no part in it told who settled it, by a button that all can see.
    office.votes("alice", request, Decision::Approve).await;
    let said = office.told("una", &post, Act::Approve).await;
    assert!(
        said.contains("not-eligible") && !said.contains("Alice"),
        "{said}"
    );
    let said = office.told("bob", &post, Act::Approve).await;
    assert!(said.contains("Alice"), "{said}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an account that is nobody's decides nothing; it is told how to become somebody's, and that somebody
/// tried is in the record. Method: carol, who could decide, from an account that is not linked.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_nobodys_decides_nothing() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), ALL).await;
    for act in [Act::Approve, Act::Disapprove, Act::OtherTimes, Act::Revoke] {
        let said = office.told("carol", &post, act).await;
        assert!(said.contains("/link"), "{said}");
    }
    let unidentified = "SELECT count(*) FROM inbound WHERE channel = 'chat'
                        AND outcome = 'unidentified'";
    assert_eq!(office.count(unidentified).await, 4);
    let noted = "SELECT count(*) FROM audit_event WHERE chain = 'system/chat'
                 AND body LIKE '%account is nobody%'";
    assert_eq!(office.count(noted).await, 4);
    office.links("carol").await;
    office.told("carol", &post, Act::Approve).await;
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a button that shows an older window approves only what it showed (W16), a settled request is told
/// by whom and when (W14), the same again changes nothing (W13), and later steps wait (W9).
/// Method: two steps; alice widens the window and bob presses the old button; then every button once more.
#[tokio::test(flavor = "multi_thread")]
async fn w14_w16_stale_and_settled_buttons() {
    let office = ChatOffice::open(TWO_STEPS).await;
    office.links("carol").await;
    let request = office.files("rita", "db-1", 2).await;
    let old = office.offers(request, (1, 1), ALL).await;
    let said = office.told("bob", &old, Act::Approve).await;
    assert!(said.contains("step-not-yet"), "{said}");
    let first = office.offers(request, (0, 1), ALL).await;
    let wider = [("to", "4h")];
    office
        .told_after("alice", (&first, Act::OtherTimes), &wider)
        .await;
    let said = office.told("bob", &old, Act::Approve).await;
    assert!(said.contains("stale-revision"), "{said}");
    let new = office.offers(request, (1, 2), ALL).await;
    let said = office.told("bob", &new, Act::Approve).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    let said = office.told("bob", &new, Act::Approve).await;
    assert!(said.contains("already-recorded"), "{said}");
    office.told("carol", &new, Act::Approve).await;
    assert_eq!(office.state(request).await, "approved");
    for act in [Act::Approve, Act::Disapprove, Act::OtherTimes] {
        let said = office.told("carol", &new, act).await;
        assert!(
            said.contains("settled") || said.contains("already-recorded"),
            "{said}"
        );
    }
    let said = office.told("rita", &new, Act::Withdraw).await;
    assert!(said.contains("settled"), "{said}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: where a policy asks for a second factor, a press is no vote until its maker confirms it by mail
/// (W30). Method: press, read what is said, reply to the mail.
#[tokio::test(flavor = "multi_thread")]
async fn w30_a_press_waits_for_the_mail() {
    let policies = ONE_STEP.replace("max_duration", "confirm_by = \"mail\"\nmax_duration");
    let office = ChatOffice::open(&policies).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), ALL).await;
    let said = office.told("alice", &post, Act::Approve).await;
    assert!(said.contains("mail"), "{said}");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    assert_eq!(office.state(request).await, "pending");
    let alice = office.person("alice");
    let confirm = alice.hears(Kind::Confirm).await;
    alice.replies(&confirm, "APPROVE").await;
    alice.hears(Kind::Recorded).await;
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: an account that is nobody's is always answered, and has so much recorded in an hour and no more; as
/// soon as it is somebody's it is heard (W27). Method: carol presses more often than that, is linked, presses.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_recorded_within_limits() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), ALL).await;
    for _ in 0..STRANGER_PER_HOUR + 5 {
        let said = office.told("carol", &post, Act::Approve).await;
        assert!(said.contains("/link"), "{said}");
    }
    let most = i64::try_from(STRANGER_PER_HOUR).expect("small");
    let keys = "SELECT count(*) FROM inbound WHERE channel = 'chat'";
    assert_eq!(office.count(keys).await, most);
    let events = "SELECT count(*) FROM audit_event WHERE chain = 'system/chat'";
    assert_eq!(office.count(events).await, most + 1, "the last says so");
    office.links("carol").await;
    let said = office.told("carol", &post, Act::Approve).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}
