//! Every way in which the page says no: what it says, what comes next, and that nothing happened.

use countersign::command::Command;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision;
use jiff::SignedDuration;

use super::browser::Seen;
use super::{asked, browser, open, open_with, path};
use crate::office::{ONE_STEP, Office, TWO_STEPS};

const APPROVE: &[(&str, &str)] = &[("decision", "approve")];

async fn no_vote(office: &Office) {
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
}

fn says(seen: &Seen, status: u16, words: &[&str]) {
    let text = seen.text();
    assert_eq!(seen.status, status, "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// Goal: a page that was opened before the request was settled says who settled it, whichever way (W14,
/// W18). Method: the form is open while another decides, its requester withdraws it, its time runs out.
#[tokio::test(flavor = "multi_thread")]
async fn w14_settled_meanwhile() {
    let office = open_with(ONE_STEP, |web| web.ask_code = false).await;
    let mut hers = browser(&office);
    let (decided, link) = asked(&office, "db-1").await;
    let page = hers.opens(&link).await;
    office.votes("bob", decided, Decision::Approve).await;
    let answer = hers.sends(&page, APPROVE).await;
    says(
        &answer,
        409,
        &["Nothing was decided", "R-1 was approved", "Bob approved"],
    );
    assert_eq!(office.refused_as("settled").await, 1);
    let page = hers.opens(&link).await;
    says(
        &page,
        200,
        &["Bob approved", "There is nothing left for you to do"],
    );
    assert!(!page.offers("approve") && !page.body.contains("<form"));

    let (withdrawn, link) = asked(&office, "db-2").await;
    let reason = "not needed".to_owned();
    office
        .says(
            "rita",
            Command::Withdraw {
                request: withdrawn,
                reason,
            },
        )
        .await;
    let page = hers.opens(&link).await;
    says(
        &page,
        200,
        &["was withdrawn by its requester", "not needed"],
    );

    let (expired, link) = asked(&office, "db-3").await;
    let page = hers.opens(&link).await;
    office.advance(SignedDuration::from_hours(5));
    office
        .counts("SELECT count(*) FROM request WHERE state = 'expired'", 1)
        .await;
    let answer = hers.sends(&page, APPROVE).await;
    says(&answer, 409, &["expired", "nobody decided in time"]);
    says(&hers.opens(&link).await, 200, &["expired"]);
    assert_eq!(office.state(expired).await, "expired");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: who approves a window that has changed since they saw it is shown the new one first (W16). Method:
/// the form is open while another approver widens the window; the next form counts.
#[tokio::test(flavor = "multi_thread")]
async fn w16_changed_meanwhile() {
    let two = ONE_STEP.replace("\"carol\"] }", "\"carol\"], approvals = 2 }");
    let office = open_with(&two, |web| web.ask_code = false).await;
    let (request, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    let wider = Command::Vote {
        target: countersign::command::Target::Request(request),
        decision: Decision::Approve,
        comment: None,
        window: Some("for 4 hours".to_owned()),
    };
    office.says("bob", wider).await;
    let answer = hers.sends(&page, APPROVE).await;
    says(
        &answer,
        409,
        &["The window of R-1 has changed", "look again", "4 hours"],
    );
    assert_eq!(office.refused_as("stale-revision").await, 1);
    let sent = hers.sends(&answer, APPROVE).await;
    says(
        &hers.follows(&sent).await,
        200,
        &["Your approval is recorded"],
    );
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what the workflow refuses is said with what to do next, and a stricter vote is taken (W13, W15).
/// Method: a disapproval without a reason, with one; an approval after it is not offered, and not taken.
#[tokio::test(flavor = "multi_thread")]
async fn w13_w15_reasons_and_second_thoughts() {
    let policies = TWO_STEPS.replace("mode =", "comment_required = true\nmode =");
    let office = open_with(&policies, |web| web.ask_code = false).await;
    let (request, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    let sent = hers.sends(&page, APPROVE).await;
    let recorded = hers.follows(&sent).await;
    says(
        &recorded,
        200,
        &["Your approval is recorded", "(write your reason below)"],
    );
    assert!(!recorded.offers("approve") && recorded.offers("disapprove"));
    let answer = hers.sends(&recorded, APPROVE).await;
    says(&answer, 409, &["is already recorded"]);
    let no = [("decision", "disapprove"), ("comment", "  ")];
    let answer = hers.sends(&recorded, &no).await;
    assert_eq!(
        answer.status, 303,
        "the same form counts once; its answer leads back"
    );
    let answer = hers.sends(&hers_again(&hers, &link).await, &no).await;
    says(&answer, 422, &["needs a comment", "Write your reason"]);
    let sent = hers
        .sends(
            &answer,
            &[("decision", "disapprove"), ("comment", "I misread it")],
        )
        .await;
    says(
        &hers.follows(&sent).await,
        200,
        &["Your disapproval is recorded"],
    );
    assert_eq!(office.state(request).await, "rejected");
    for code in ["already-recorded", "comment-required"] {
        assert_eq!(office.refused_as(code).await, 1, "{code}");
    }
    office.everybody_reads().await;
    office.close().await;
}

async fn hers_again(browser: &super::Browser, link: &str) -> Seen {
    browser.opens(link).await
}

/// Goal: a link dies with its approver's entitlement, and shows nothing then; one that was revoked says so.
/// Method: alice is taken out of the policy, then disabled; her old form decides nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_dies_with_the_entitlement() {
    let office = open_with(ONE_STEP, |web| web.ask_code = false).await;
    let (_, link) = asked(&office, "db-1").await;
    let bobs = path(&office.person("bob").hears(Kind::Ask).await);
    let carols = path(&office.person("carol").hears(Kind::Ask).await);
    let mut theirs = browser(&office);
    let page = theirs.opens(&link).await;
    office
        .apply(&ONE_STEP.replace("\"alice\", \"bob\", \"carol\"] }", "\"bob\", \"carol\"] }"))
        .await;
    says(&theirs.opens(&link).await, 200, &["Rita asks for"]);
    office
        .apply_with(ONE_STEP, |text| {
            *text = text.replacen(
                "\"credential\", \"proxy_session\", \"session_video\"",
                "\"proxy_session\"",
                1,
            );
        })
        .await;
    for seen in [
        theirs.opens(&link).await,
        theirs.sends(&page, APPROVE).await,
    ] {
        says(&seen, 403, &["You can no longer decide here"]);
        assert!(!seen.body.contains("db-1") && !seen.body.contains("Rita"));
    }
    office
        .apply_with(ONE_STEP, |text| {
            let bob = "id = \"bob\"\n";
            *text = text.replace(bob, "id = \"bob\"\nactive = false\n");
        })
        .await;
    says(
        &theirs.opens(&bobs).await,
        403,
        &["You can no longer decide here"],
    );
    sqlx::query("UPDATE token SET revoked_at = now() WHERE person = 'carol'")
        .execute(&office.pool)
        .await
        .expect("revoked");
    says(
        &theirs.opens(&carols).await,
        410,
        &["This link was revoked"],
    );
    no_vote(&office).await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a link that is not known gets one and the same answer, whatever it looks like and whatever is done
/// with it. Method: tokens that are near a good one, of the wrong shape, and the reply's; every route.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_one_answer() {
    let office = open(ONE_STEP).await;
    office.files("rita", "db-1", 2).await;
    let ask = office.person("alice").hears(Kind::Ask).await;
    let link = path(&ask);
    let reply = ask.header("Reply-To").expect("a token");
    let reply = reply.split(['+', '@']).nth(1).expect("a token").to_owned();
    let mut somebody = browser(&office);
    let page = somebody.opens(&link).await;
    let mut near = link[3..].to_owned();
    near.replace_range(0..1, if near.starts_with('a') { "b" } else { "a" });
    let long = "a".repeat(500);
    let mut answers = Vec::new();
    for token in [
        near.as_str(),
        &reply,
        "x",
        "%00",
        "%ff%fe",
        "..%2f..",
        &long,
        "ä",
    ] {
        for path in [format!("/d/{token}"), format!("/d/{token}/0192")] {
            answers.push(somebody.opens(&path).await);
            let form = Seen {
                body: page
                    .body
                    .replace(&link[3..], token)
                    .replace("&#x2f;d&#x2f;", "/d/"),
                ..page.clone()
            };
            answers.push(somebody.sends(&form, APPROVE).await);
        }
    }
    answers.push(somebody.opens("/").await);
    answers.push(somebody.opens("/admin").await);
    for answer in answers {
        says(&answer, 404, &["This link leads nowhere"]);
        assert_eq!(answer.body, somebody.opens("/x").await.body);
    }
    no_vote(&office).await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: nobody decides without the right to: no route takes a form from another page, with another link's
/// seal, another person's draft, without a seal, or that is no form. Method: each, on both routes that write.
#[tokio::test(flavor = "multi_thread")]
async fn no_route_writes_without_rights() {
    let office = open(ONE_STEP).await;
    let (_, alices) = asked(&office, "db-1").await;
    let bobs = path(&office.person("bob").hears(Kind::Ask).await);
    let mut hers = browser(&office);
    let page = hers.opens(&alices).await;
    for elsewhere in [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "none")],
        [("Origin", "https://evil.example")],
    ] {
        let answer = hers.sends_with(&page, APPROVE, &elsewhere).await;
        says(&answer, 403, &["came from another page"]);
    }
    let sent = hers.sends(&page, APPROVE).await;
    let confirm = hers.follows(&sent).await;
    let code = super::code(&office, "alice").await;
    let cross = [("Sec-Fetch-Site", "cross-site")];
    let answer = hers.sends_with(&confirm, &[("code", &code)], &cross).await;
    says(&answer, 403, &["came from another page"]);

    let other = hers.opens(&bobs).await;
    let mixed = Seen {
        body: other.body.replace(&bobs[3..], &alices[3..]),
        ..other
    };
    says(
        &hers.sends(&mixed, APPROVE).await,
        409,
        &["from another visit"],
    );
    let bare = Seen {
        body: page.body.replace("type=\"hidden\"", "type=\"text\""),
        ..page.clone()
    };
    says(
        &hers.sends(&bare, APPROVE).await,
        409,
        &["from another visit"],
    );
    let same = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/json"),
    ];
    let answer = hers
        .asks("POST", &alices, &same, "{\"decision\":\"approve\"}")
        .await;
    says(&answer, 400, &["could not be read"]);
    let stolen = confirm.path.replace(&alices[3..], &bobs[3..]);
    says(
        &hers.opens(&stolen).await,
        410,
        &["This confirmation is over"],
    );
    let theirs = Seen {
        body: confirm.body.replace(&alices[3..], &bobs[3..]),
        ..confirm.clone()
    };
    says(
        &hers.sends(&theirs, &[("code", &code)]).await,
        410,
        &["This confirmation is over"],
    );
    let unsealed = Seen {
        body: confirm.body.replace("type=\"hidden\"", "type=\"text\""),
        ..confirm.clone()
    };
    says(
        &hers.sends(&unsealed, &[("code", &code)]).await,
        422,
        &["from another visit"],
    );
    no_vote(&office).await;
    assert_eq!(office.count("SELECT count(*) FROM web_browser").await, 0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: nobody floods an approver with codes, nor the page with requests; a draft is over in time. Method:
/// forms beyond the limit; requests beyond it; the clock.
#[tokio::test(flavor = "multi_thread")]
async fn limits_hold() {
    let office = open_with(ONE_STEP, |web| web.requests_per_minute = 40).await;
    let (_, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let mut confirm = None;
    for n in 0..6 {
        let page = hers.opens(&link).await;
        let answer = hers.sends(&page, APPROVE).await;
        if n < 5 {
            confirm = Some(hers.follows(&answer).await);
        } else {
            says(&answer, 429, &["Too many codes"]);
        }
    }
    let codes = "SELECT count(*) FROM delivery WHERE kind = 'code'";
    assert_eq!(office.count(codes).await, 5);
    office.advance(SignedDuration::from_mins(31));
    let confirm = confirm.expect("a page");
    let code = super::code(&office, "alice").await;
    says(
        &hers.sends(&confirm, &[("code", &code)]).await,
        410,
        &["This confirmation is over"],
    );
    let mut last = hers.opens(&link).await;
    for _ in 0..40 {
        last = hers.opens(&link).await;
    }
    says(&last, 429, &["Too many requests"]);
    assert_eq!(last.header("retry-after"), Some("60"));
    no_vote(&office).await;
    office.everybody_reads().await;
    office.close().await;
}
