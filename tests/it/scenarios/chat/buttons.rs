//! Every button, and every way to be refused by one.

use countersign::workflow::act::Act;
use countersign::workflow::notice::Kind;

use crate::office::ONE_STEP;
use crate::office::chat::ChatOffice;

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
