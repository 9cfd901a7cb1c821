//! Filing: what is granted, what is refused and why.

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::workflow::decide::Draft;
use countersign::workflow::ids::Module;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::Approve;
use countersign::workflow::request::Window;
use jiff::{SignedDuration, Timestamp};

use crate::office::{ONE_STEP, Office, code, draft, file};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn fixed(start: Timestamp, hours: i64) -> Draft {
    let window = Window::Fixed {
        start,
        end: start + SignedDuration::from_hours(hours),
    };
    Draft {
        window,
        ..draft("db-1", 1)
    }
}

fn changed(change: impl Fn(&mut Draft)) -> Draft {
    let mut draft = draft("db-1", 1);
    change(&mut draft);
    draft
}

/// Goal: every way in which a filing is wrong is refused with its rule, and nothing is stored (W1-W6).
/// Method: one wrong draft after the other at the command line.
#[tokio::test(flavor = "multi_thread")]
async fn w1_to_w6_refused_filings() {
    let policies =
        format!("[modules.setting]\naccount = \"none\"\n{ONE_STEP}\n{IMPOSSIBLE_FOR_ALICE}")
            .replace(
                r#"mode = "approval""#,
                "mode = \"approval\"\njustification = \"required\"",
            );
    let office = Office::open(&policies).await;
    let now = office.clock.now();
    let too_long = "x".repeat(100_000);
    let cases: Vec<(&str, &str, Draft)> = vec![
        ("unknown-person", "nobody", draft("db-1", 1)),
        ("not-active", "dora", draft("db-1", 1)),
        (
            "unknown-module",
            "rita",
            changed(|d| d.subject.module = Module::from("teleporter")),
        ),
        (
            "subject-malformed",
            "rita",
            changed(|d| d.subject.resource = "db\n-1".into()),
        ),
        (
            "text-too-long",
            "rita",
            changed(|d| d.justification = Some(too_long.clone())),
        ),
        (
            "account-required",
            "rita",
            changed(|d| d.subject.account = None),
        ),
        (
            "account-not-allowed",
            "rita",
            changed(|d| d.subject.module = "setting".into()),
        ),
        ("no-policy", "rita", draft("web-1", 1)),
        ("window-empty", "rita", fixed(now + HOUR, 0)),
        ("window-over", "rita", fixed(now - HOUR * 3, 1)),
        ("window-too-long", "rita", draft("db-1", 9)),
        ("start-too-far", "rita", fixed(now + HOUR * 24 * 31, 1)),
        (
            "justification-missing",
            "rita",
            changed(|d| d.justification = Some("  ".into())),
        ),
        ("step-cannot-complete", "alice", draft("web-7", 1)),
    ];
    for (why, who, draft) in cases {
        assert_eq!(code(&office.says(who, file(draft)).await), why);
    }
    assert_eq!(office.count("SELECT count(*) FROM request").await, 0);
    // Every one of them is on record all the same (W27).
    assert_eq!(office.count("SELECT count(*) FROM audit_event WHERE chain = 'system/command_line' AND body LIKE '%refused%'").await, 14);
    office.close().await;
}

/// Alice may ask, and is the only one who may decide.
const IMPOSSIBLE_FOR_ALICE: &str = r#"
[[policy]]
name = "web"
modules = ["credential"]
requesters = ["alice", "bob"]
resource = "web-*"
mode = "approval"
steps = [{ name = "Alice herself", approvers = ["alice"] }]
"#;

/// Goal: one pending request per person and thing; filing is idempotent under a key (W6).
/// Method: the same thing twice, the same key twice, the same key for another thing.
#[tokio::test(flavor = "multi_thread")]
async fn w6_one_pending_and_keys() {
    let office = Office::open(ONE_STEP).await;
    let keyed = |resource: &str| Command::File {
        draft: draft(resource, 1),
        key: Some("ticket-7".to_owned()),
        emergency: None,
    };
    let Answer::Accepted { request: first, .. } = office.says("rita", keyed("db-1")).await else {
        panic!("filed")
    };
    let again = office.says("rita", keyed("db-1")).await;
    assert!(
        matches!(again, Answer::Accepted { request, .. } if request == first),
        "{again:?}"
    );
    assert_eq!(
        code(&office.says("rita", keyed("db-2")).await),
        "key-reused"
    );
    assert_eq!(
        code(&office.says("rita", file(draft("db-1", 1))).await),
        "already-pending"
    );
    assert_eq!(office.count("SELECT count(*) FROM request").await, 1);
    // Another person's request for the same thing is another request.
    office.files("rolf", "db-1", 1).await;
    for who in ["alice", "bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
        office.person(who).hears(Kind::Ask).await;
    }
    for who in ["rita", "rolf"] {
        office.person(who).hears(Kind::Filed).await;
    }
    office.close().await;
}

/// Goal: free and justification policies, and a module switched off for approval, grant at once (W8).
/// Method: one request under each; nobody is asked, the requester hears, the grant is active.
#[tokio::test(flavor = "multi_thread")]
async fn w8_granted_at_once() {
    let policies = r#"
[modules.session_video]
approval = false
[[policy]]
name = "lab"
modules = ["credential"]
requesters = ["rita"]
resource = "lab-*"
mode = "free"
[[policy]]
name = "stage"
modules = ["credential"]
requesters = ["rita"]
resource = "stage-*"
mode = "justification"
[[policy]]
name = "videos"
modules = ["session_video"]
requesters = ["rita"]
resource = "*"
mode = "approval"
steps = [{ name = "Owner", approvers = ["alice"] }]
"#;
    let office = Office::open(policies).await;
    let mute = |resource: &str| Draft {
        justification: None,
        ..draft(resource, 1)
    };
    office.says("rita", file(mute("lab-1"))).await;
    assert_eq!(
        code(&office.says("rita", file(mute("stage-1"))).await),
        "justification-missing"
    );
    office.files("rita", "stage-1", 1).await;
    let video = changed(|d| {
        d.subject.module = "session_video".into();
        d.subject.account = None;
    });
    assert!(matches!(
        office.says("rita", file(video)).await,
        Answer::Accepted { .. }
    ));
    for _ in 0..3 {
        office.person("rita").hears(Kind::Approved).await;
    }
    assert_eq!(office.count("SELECT count(*) FROM active_grants").await, 3);
    office.close().await;
}

/// Goal: a request keeps the terms that it was filed under, but membership is read live (W7).
/// Method: new policies raise the quorum and drop alice while a request is pending.
#[tokio::test(flavor = "multi_thread")]
async fn w7_terms_stay_and_membership_is_live() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let stricter = ONE_STEP.replace(r#""carol"] }"#, r#""carol"], approvals = 2 }"#);
    office
        .apply_with(&stricter, |people| {
            *people = people.replacen(
                "modules = [\"credential\", \"proxy_session\", \"session_video\"]",
                "modules = []",
                1,
            );
        })
        .await;
    assert_eq!(
        code(&office.votes("alice", request, Approve).await),
        "not-registered"
    );
    office.votes("bob", request, Approve).await;
    assert_eq!(
        office.state(request).await,
        "approved",
        "one approval, as when it was filed"
    );
    office.person("rita").hears(Kind::Approved).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Settled).await;
    }
    office.close().await;
}

/// Goal: a requester who is disabled while the request is pending gets nothing any more (W7).
/// Method: rita leaves the company between filing and vote.
#[tokio::test(flavor = "multi_thread")]
async fn w7_a_requester_who_left() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    office
        .apply_with(ONE_STEP, |people| {
            *people = people.replacen("roles = []", "roles = []\nactive = false", 1);
        })
        .await;
    assert_eq!(
        code(&office.votes("bob", request, Approve).await),
        "requester-not-active"
    );
    office.close().await;
}

/// Goal: an approval is worth what its approver was shown (W16): an older revision does not count.
/// Method: the request's revision is raised behind the mails that are out, and bob answers his.
#[tokio::test(flavor = "multi_thread")]
async fn w16_an_older_revision_does_not_count() {
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let mut ask = Vec::new();
    for who in ["alice", "bob", "carol"] {
        ask.push(office.person(who).hears(Kind::Ask).await);
    }
    sqlx::query("UPDATE token SET revision = 0 WHERE request_id = $1")
        .bind(request.0)
        .execute(&office.pool)
        .await
        .expect("an older mail");
    let bob = office.person("bob");
    bob.replies(&ask[1], "APPROVE").await;
    bob.hears(Kind::Refused).await;
    assert_eq!(office.refused_as("stale-revision").await, 1);
    assert_eq!(office.state(request).await, "pending");
    office.close().await;
}

/// Goal: only the clock lets a request expire, and only when it is due (W18).
/// Method: a person says so, and the clock says so too early; both through the one road.
#[tokio::test(flavor = "multi_thread")]
async fn w18_only_the_clock_and_only_when_due() {
    use countersign::inbound::{Inbound, Proof, Speaker, Words};
    use countersign::workflow::request::Channel;
    let office = Office::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    assert_eq!(
        code(&office.says("rita", Command::Tick { request }).await),
        "wrong-actor"
    );
    let early = Inbound {
        channel: Channel::Timer,
        dedupe_key: "timer/early".to_owned(),
        speaker: Speaker::Clock,
        proof: Proof {
            method: "clock".into(),
            details: serde_json::json!({}),
        },
        words: Words::Said(Command::Tick { request }),
    };
    let answer = office
        .daemon()
        .handler()
        .handle(&early)
        .await
        .expect("the database answers");
    assert_eq!(code(&answer), "not-due");
    office.close().await;
}
