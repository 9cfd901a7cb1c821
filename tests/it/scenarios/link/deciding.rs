//! Decisions by the link: what proves them, what they do, and that each counts once.

use countersign::workflow::notice::Kind;

use super::{asked, browser, code, decides, open, open_with, path};
use crate::office::{ONE_STEP, TWO_STEPS};

const APPROVE: &[(&str, &str)] = &[("decision", "approve"), ("comment", "as agreed")];

/// Goal: a browser that is not known shows a mailed code before anything counts, and is known then; the
/// vote carries its channel, its evidence and no secret; its maker is told by mail (W31). Method: alice
/// decides on two requests in one browser; the database is searched for the token and the code.
#[tokio::test(flavor = "multi_thread")]
async fn w31_a_browser_shows_a_code_once() {
    let office = open(ONE_STEP).await;
    let (first, path) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&path).await;
    assert_eq!(page.status, 200);
    for shown in [
        "Rita asks for db-1 as admin",
        "the disk is full",
        "2 hours",
        "Bob, Carol",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let sent = hers.sends(&page, APPROVE).await;
    let confirm = hers.follows(&sent).await;
    assert!(
        confirm
            .text()
            .contains("You approve that Rita gets db-1 as admin")
    );
    assert!(!confirm.body.contains(&office.address("alice")));
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    let code = code(&office, "alice").await;
    let typed = format!("{} {}", &code[..4], &code[4..]);
    let sent = hers.sends(&confirm, &[("code", &typed)]).await;
    let cookie = sent.header("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let page = hers.follows(&sent).await;
    assert!(
        page.text().contains("Your approval is recorded"),
        "{}",
        page.text()
    );
    assert!(!page.offers("approve") && !page.offers("disapprove"));
    assert_eq!(office.state(first).await, "approved");
    let told = office.person("alice").hears(Kind::Recorded).await;
    assert!(told.text().contains("as agreed"), "{}", told.text());
    let evidence: serde_json::Value = sqlx::query_scalar("SELECT evidence FROM vote")
        .fetch_one(&office.pool)
        .await
        .expect("a vote");
    assert_eq!(evidence["method"], "link");
    assert_eq!(evidence["details"]["browser"], "code");
    assert_eq!(
        office
            .count("SELECT count(*) FROM vote WHERE channel = 'link'")
            .await,
        1
    );

    let (second, path) = asked(&office, "db-2").await;
    let page = hers.opens(&path).await;
    let sent = hers.sends(&page, APPROVE).await;
    let page = hers.follows(&sent).await;
    assert!(
        page.text().contains("Your approval is recorded"),
        "{}",
        page.text()
    );
    assert_eq!(office.state(second).await, "approved");
    nowhere(&office, &[&path[3..], &code]).await;
    office.everybody_reads().await;
    office.close().await;
}

/// None of these texts stands in any row.
async fn nowhere(office: &crate::office::Office, secrets: &[&str]) {
    for table in [
        "audit_event",
        "notice",
        "delivery",
        "token",
        "web_draft",
        "web_browser",
        "vote",
    ] {
        let sql =
            format!("SELECT coalesce(string_agg(to_jsonb(row)::text, ''), '') FROM {table} AS row");
        let all: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&office.pool)
            .await
            .expect("rows");
        for secret in secrets {
            assert!(!all.contains(secret), "{table} holds a secret");
        }
    }
}

/// Goal: the link of a forwarded mail decides nothing in somebody else's hands, and a cookie is good for
/// its owner alone. Method: bob, whose browser is known as his, opens alice's link and decides; he has no
/// code, and guesses until nothing is taken any more; then alice's right code is refused too.
#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_link_decides_nothing() {
    let office = open(ONE_STEP).await;
    let (first, hers) = asked(&office, "db-1").await;
    let his = path(&office.person("bob").hears(Kind::Ask).await);
    let mut bob = browser(&office);
    let page = decides(&office, "bob", &mut bob, (&his, APPROVE)).await;
    assert!(page.text().contains("Your approval is recorded"));
    assert_eq!(office.state(first).await, "approved");
    office.everybody_reads().await;

    let (second, theirs) = asked(&office, "db-2").await;
    assert_ne!(hers, theirs);
    let page = bob.opens(&theirs).await;
    let sent = bob.sends(&page, APPROVE).await;
    let confirm = bob.follows(&sent).await;
    let code = code(&office, "alice").await;
    let wrong = if code == "00000000" {
        "00000001"
    } else {
        "00000000"
    };
    for left in (1..5).rev() {
        let answer = bob.sends(&confirm, &[("code", wrong)]).await;
        assert_eq!(answer.status, 422);
        assert!(
            answer.text().contains(&format!("{left} more")),
            "{}",
            answer.text()
        );
    }
    assert_eq!(bob.sends(&confirm, &[("code", wrong)]).await.status, 429);
    let answer = bob.sends(&confirm, &[("code", &code)]).await;
    assert_eq!(answer.status, 429);
    assert!(answer.text().contains("Too many wrong codes"));
    assert_eq!(office.state(second).await, "pending");
    let by_link = "SELECT count(*) FROM vote WHERE request_id = 2";
    assert_eq!(office.count(by_link).await, 0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: other times are said back in the approver's zone before they count, and say so where they reach
/// further (W16). Method: narrow in a known browser; a form with times that were not chosen is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn w16_other_times_are_said_back() {
    let office = open_with(ONE_STEP, |web| web.ask_code = false).await;
    let (request, path) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&path).await;
    let unmeant = [("decision", "approve"), ("length", "1h")];
    let answer = hers.sends(&page, &unmeant).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text().contains("did not choose them"),
        "{}",
        answer.text()
    );
    let shorter = [("decision", "approve_other"), ("length", "1 hour")];
    let sent = hers.sends(&answer, &shorter).await;
    let confirm = hers.follows(&sent).await;
    assert!(
        confirm
            .text()
            .contains("The window becomes: for 1h from the approval on")
    );
    assert!(!confirm.text().contains("reaches beyond"));
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    let sent = hers.sends(&confirm, &[]).await;
    let page = hers.follows(&sent).await;
    assert!(
        page.text().contains("Your approval is recorded"),
        "{}",
        page.text()
    );
    assert_eq!(office.state(request).await, "approved");
    let hour = "SELECT count(*) FROM access_grant WHERE ends_at - starts_at = interval '1 hour'";
    assert_eq!(office.count(hour).await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a double click, a reload of the answer and a second tab with the same form count once. Method:
/// ten times the same form at once, in a browser that needs no code, and once more afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn two_clicks_count_once() {
    let policies = TWO_STEPS.replace(
        "approvers = [\"alice\"]",
        "approvers = [\"alice\", \"bob\"], approvals = 2",
    );
    let policies = policies.replace(
        "\"bob\", \"carol\"], approvals = 2 },\n]",
        "\"carol\"] },\n]",
    );
    let office = open_with(&policies, |web| web.ask_code = false).await;
    let (request, path) = asked(&office, "db-1").await;
    let hers = browser(&office);
    let page = hers.opens(&path).await;
    let same = [("Sec-Fetch-Site", "same-origin")];
    let clicks = (0..10).map(|_| hers.sends_with(&page, APPROVE, &same));
    for answer in futures::future::join_all(clicks).await {
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    assert_eq!(hers.sends_with(&page, APPROVE, &same).await.status, 303);
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 1);
    assert_eq!(office.state(request).await, "pending");
    let events = "SELECT count(*) FROM audit_event WHERE body::jsonb ->> 'channel' = 'link'";
    assert_eq!(office.count(events).await, 1);
    let page = hers.opens(&path).await;
    assert!(!page.offers("approve") && page.offers("disapprove"));
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: one person, one vote, though they decide by mail and by link at once (W11, W13, W17). Method: the
/// reply is sent, and the form with it; then every answer is one of the two that may be.
#[tokio::test(flavor = "multi_thread")]
async fn w17_by_link_and_by_mail_at_once() {
    let office = open_with(ONE_STEP, |web| web.ask_code = false).await;
    office.files("rita", "db-1", 2).await;
    let alice = office.person("alice");
    let ask = alice.hears(Kind::Ask).await;
    let mut hers = browser(&office);
    let page = hers.opens(&path(&ask)).await;
    let ((), answer) = tokio::join!(alice.replies(&ask, "APPROVE"), hers.sends(&page, APPROVE));
    assert!([303, 409].contains(&answer.status), "{}", answer.text());
    let judged = "SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL";
    office.counts(judged, 1).await;
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 1);
    let approved = "SELECT count(*) FROM audit_event WHERE body LIKE '%\"event\":\"approved\"%'";
    assert_eq!(office.count(approved).await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: where a policy asks for a confirmation by mail, a decision by link waits for it (W30). Method:
/// decide by link, read what the page says, reply to the mail.
#[tokio::test(flavor = "multi_thread")]
async fn w30_a_link_does_not_confirm() {
    let policies = ONE_STEP.replace(
        "mode = \"approval\"",
        "mode = \"approval\"\nconfirm_by = \"mail\"",
    );
    let office = open_with(&policies, |web| web.ask_code = false).await;
    let (request, path) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&path).await;
    let sent = hers.sends(&page, APPROVE).await;
    let page = hers.follows(&sent).await;
    assert!(
        page.text().contains("confirm it by mail"),
        "{}",
        page.text()
    );
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    let alice = office.person("alice");
    let confirm = alice.hears(Kind::Confirm).await;
    assert!(
        !confirm.text().contains("/d/"),
        "a link would not confirm it"
    );
    alice.replies(&confirm, "APPROVE").await;
    alice.hears(Kind::Recorded).await;
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: who did not decide by link themselves takes it back by one word in reply to the mail that confirms
/// it (W31): the grant ends, or the step that was completed is open again. Method: approve by link, reply
/// REVOKE; once when the request is approved, once when the next step is under way; a stranger's REVOKE,
/// not proven, does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn w31_revoke_takes_it_back() {
    let office = open_with(ONE_STEP, |web| web.ask_code = false).await;
    let (alice, rita) = (office.person("alice"), office.person("rita"));
    let (first, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    hers.sends(&page, APPROVE).await;
    assert_eq!(office.state(first).await, "approved");
    let confirmed = alice.hears(Kind::Recorded).await;
    assert!(
        confirmed
            .text()
            .contains("reply to this mail with the word REVOKE")
    );
    rita.hears(Kind::Approved).await;
    let outside = alice
        .mailbox
        .replies_from_outside(&confirmed, "REVOKE")
        .await;
    outside.expect("the server takes it");
    let judged = "SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL";
    office.counts(judged, 1).await;
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 1);
    alice
        .replies(&confirmed, "Revoke\n\nThat was not me.")
        .await;
    alice.hears(Kind::GrantEnded).await;
    let ended = rita.hears(Kind::GrantEnded).await;
    assert!(
        ended.text().contains("That was not me."),
        "{}",
        ended.text()
    );
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 0);

    office.apply(TWO_STEPS).await;
    let (second, link) = asked(&office, "db-2").await;
    let page = hers.opens(&link).await;
    hers.sends(&page, APPROVE).await;
    let confirmed = alice.hears(Kind::Recorded).await;
    office.person("bob").hears(Kind::Ask).await;
    alice.replies(&confirmed, "REVOKE").await;
    rita.hears(Kind::Rejected).await;
    assert_eq!(office.state(second).await, "rejected");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: who reads Portuguese is told in it what is not clear about their times, and has the window said
/// back in it (W1, W16). Method: alice's locale is pt-BR; times that nobody understands, then an hour.
#[tokio::test(flavor = "multi_thread")]
async fn w16_times_are_said_back_in_portuguese() {
    let office = open(ONE_STEP).await;
    office.apply_portuguese(ONE_STEP, "alice").await;
    let (request, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    let unclear = [("decision", "approve_other"), ("length", "um pouco")];
    let seen = hers.sends(&page, &unclear).await;
    let text = seen.text();
    assert!(
        text.contains("`um` não é entendido nesse lugar. Escreva"),
        "{text}"
    );
    assert!(!seen.body.contains("lang=\"en\""), "{}", seen.body);
    let hour = [
        ("decision", "approve_other"),
        ("from", "amanhã 9h"),
        ("length", "1 hora"),
    ];
    let sent = hers.sends(&page, &hour).await;
    let seen = hers.follows(&sent).await;
    let text = seen.text();
    let zone = jiff::tz::TimeZone::get("Europe/Lisbon").expect("a zone");
    let day = office.clock.now().to_zoned(zone).date().tomorrow();
    let said = day
        .expect("a day")
        .strftime(" de %Y, 09:00–10:00 (Europe/Lisbon, ");
    assert!(text.contains(&said.to_string()), "{text}");
    assert!(!seen.body.contains("lang=\"en\""), "{}", seen.body);
    assert_eq!(office.state(request).await, "pending");
    office.everybody_reads().await;
    office.close().await;
}
