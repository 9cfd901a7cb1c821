//! Mail that does not arrive: refused at once, and sent back later, by the real Postfix.

use countersign::workflow::notice::Kind;

use crate::office::{ONE_STEP, Office};

/// Goal: a mailbox that the server accepts mail for and then sends back is known for it: the approver is
/// marked, the access admin is told once, the bounce is never answered, and a reply from the person
/// (whose mailbox is well again) ends it.
/// Method: alice's address forwards to nowhere; Postfix writes the bounce. Then policies with a good
/// address.
#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_is_matched_to_its_delivery() {
    let office = Office::furnish(ONE_STEP).await;
    let (good, gone) = (
        office.address("alice"),
        format!("gone-{}", office.address("alice")),
    );
    office
        .apply_with(ONE_STEP, |text| *text = text.replace(&good, &gone))
        .await;
    let mut office = office;
    office.start().await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let told = office
        .person("ada")
        .hears_of("cannot be reached by mail")
        .await;
    assert!(
        told.text().contains(&format!("{request}, step Owner")),
        "{}",
        told.text()
    );
    assert!(!told.text().contains('@'), "{}", told.text());
    let marks = "SELECT count(*) FROM unreachable WHERE person = 'alice' AND ended_at IS NULL
                 AND mail_id IS NOT NULL AND why LIKE '5.%'";
    office.counts(marks, 1).await;
    let judged = "SELECT count(*) FROM inbound_mail WHERE verdict = 'silent' AND why LIKE
                  'Mail to alice comes back (5.%'";
    office.counts(judged, 1).await;
    assert_eq!(office.state(request).await, "pending");
    for who in ["bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    // Nobody answers a bounce: all that was sent is the asks, the filing and the one mail to ada.
    let deliveries = "SELECT count(*) FROM delivery";
    assert_eq!(office.count(deliveries).await, 5);
    office.close().await;
}

/// Goal: a mailbox that the server refuses while we speak to it is known for it as well, without a
/// bounce, and the step goes on with the others.
/// Method: bob's address is one that Postfix refuses with 550 5.1.1.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_marks_without_a_bounce() {
    let office = Office::furnish(ONE_STEP).await;
    let (good, refused) = (office.address("bob"), "permfail@example.test");
    office
        .apply_with(ONE_STEP, |text| *text = text.replace(&good, refused))
        .await;
    let mut office = office;
    office.start().await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    office
        .person("ada")
        .hears_of("cannot be reached by mail")
        .await;
    let marks = "SELECT count(*) FROM unreachable WHERE person = 'bob' AND ended_at IS NULL
                 AND mail_id IS NULL";
    office.counts(marks, 1).await;
    let alice = office.person("alice");
    let ask = alice.hears(Kind::Ask).await;
    office.person("carol").hears(Kind::Ask).await;
    alice.replies(&ask, "APPROVE").await;
    alice.hears(Kind::Recorded).await;
    office.person("rita").hears(Kind::Approved).await;
    office.person("carol").hears(Kind::Settled).await;
    assert_eq!(office.state(request).await, "approved");
    let given_up = "SELECT count(*) FROM delivery WHERE state = 'given_up' AND person = 'bob'";
    office.counts(given_up, 2).await;
    office.close().await;
}
