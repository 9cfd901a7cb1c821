//! Whom new policies let in and take away while something waits for them, by the real command and by mail.

use std::fmt::Write as _;

use countersign::command::Command;
use countersign::handle::Answer;
use countersign::inbound::cli::who::OsUser;
use countersign::workflow::notice::Kind;
use jiff::SignedDuration;

use crate::office::{Office, text_of};

/// A step of the group `owners`, and one of carol's.
const STEPS: &str = r#"{ name = "Owner check", approvers = ["group:owners"] },
    { name = "Security", approvers = ["carol"] }"#;

/// A step of bob's: what is filed from now on. What is pending keeps its own (W7).
const BOBS: &str = r#"{ name = "Check", approvers = ["bob"] }"#;

/// These owners, and these steps; rita may take an hour at once.
fn policies(owners: &str, steps: &str) -> String {
    format!(
        r#"
[group.owners]
members = [{owners}]
[[policy]]
name = "databases"
modules = ["credential"]
requesters = ["rita"]
resource = "db-*"
mode = "approval"
max_duration = "8h"
steps = [{steps}]
emergency = {{ allowed = ["rita"], max_duration = "1h" }}
"#
    )
}

/// An office that whoever runs the tests looks after.
async fn open(policies: &str) -> Office {
    let me = OsUser::present().name;
    let mut office = Office::furnish_with(policies, |text| {
        let _ = write!(text, "\n[command_line]\noperators = [\"{me}\"]\n");
    })
    .await;
    office.start().await;
    office
}

/// `policy apply`, as the operator types it; what it prints.
async fn applies(office: &Office, policies: &str, change: impl Fn(&mut String)) -> String {
    let file = office.config_file().with_file_name("policies.toml");
    std::fs::write(&file, text_of(office, policies, change)).expect("written");
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("--config")
        .arg(office.config_file())
        .args(["policy", "apply"])
        .arg(&file)
        .args(["--yes", "--force", "--as", "ada"])
        .output()
        .await
        .expect("the program runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{done:#?}");
    said
}

/// Goal: who comes into the group of a step while it is open is asked and decides; who was in it from the
/// beginning is not asked twice (W7, W9).
/// Method: alice is asked; bob joins by `policy apply`, is asked, and approves by mail.
#[tokio::test(flavor = "multi_thread")]
async fn w7_a_newcomer_is_asked_and_decides() {
    let office = open(&policies("\"alice\"", STEPS)).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    alice.hears(Kind::Ask).await;
    assert!(bob.unread().is_empty(), "not yet his");
    applies(&office, &policies("\"alice\", \"bob\"", STEPS), |_| {}).await;
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Progress).await;
    alice.hears(Kind::Settled).await;
    let ask = carol.hears(Kind::Ask).await;
    carol.replies(&ask, "APPROVE").await;
    carol.hears(Kind::Recorded).await;
    rita.hears(Kind::Approved).await;
    assert_eq!(office.state(request).await, "approved");
    office
        .counts(
            "SELECT count(*) FROM delivery WHERE kind = 'ask' AND person = 'alice'",
            1,
        )
        .await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a step whose last approver is disabled is told of to the access admins, by its name, once; when
/// somebody comes who can decide it, they are told that too, and it is decided (W7).
/// Method: alice is disabled by `policy apply`, which has to be forced and says so; later bob joins.
#[tokio::test(flavor = "multi_thread")]
async fn w7_a_stranded_step_is_told_of_by_its_name() {
    let office = open(&policies("\"alice\"", STEPS)).await;
    let [rita, alice, bob, ada] = ["rita", "alice", "bob", "ada"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    let without_alice = |text: &mut String| {
        let own = "id = \"alice\"\n";
        assert!(text.contains(own), "{text}");
        *text = text.replace(own, &format!("{own}active = false\n"));
    };
    let said = applies(&office, &policies("\"alice\"", BOBS), without_alice).await;
    let stranded = format!("{request} at step `Owner check`");
    assert!(said.contains(&stranded), "{said}");
    let alarm = ada.hears(Kind::Stranded).await.text();
    assert!(alarm.contains("Owner check"), "{alarm}");
    alice.replies(&ask, "APPROVE").await;
    office
        .counts(
            "SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL",
            1,
        )
        .await;
    assert_eq!(office.state(request).await, "pending", "she is disabled");
    applies(
        &office,
        &policies("\"alice\", \"bob\"", BOBS),
        without_alice,
    )
    .await;
    ada.hears(Kind::Unstranded).await;
    let ask = bob.hears(Kind::Ask).await;
    bob.replies(&ask, "DISAPPROVE").await;
    bob.hears(Kind::Recorded).await;
    rita.hears(Kind::Rejected).await;
    let alarms = "SELECT count(*) FROM delivery WHERE kind = 'stranded'";
    assert_eq!(office.count(alarms).await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: access admins are told when new policies leave nobody who could review an emergency, once, and not
/// of one that somebody still can (W26).
/// Method: rita takes one; first one of two reviewers goes, then the other; then a third change.
#[tokio::test(flavor = "multi_thread")]
async fn w26_the_last_reviewer_leaves() {
    let all = policies("\"alice\"", STEPS);
    let office = open(&all).await;
    let all = policies("\"alice\"", BOBS);
    let [rita, alice, carol, ada] =
        ["rita", "alice", "carol", "ada"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    alice.hears(Kind::Ask).await;
    let reason = "the whole site is down".to_owned();
    let taken = office.says("rita", Command::Emergency { request, reason });
    assert!(matches!(taken.await, Answer::Accepted { .. }));
    for told in [&alice, &carol] {
        told.hears(Kind::Emergency).await;
    }
    let without = |names: &'static [&str]| {
        move |text: &mut String| {
            for name in names {
                let own = format!("id = \"{name}\"\n");
                *text = text.replace(&own, &format!("{own}active = false\n"));
            }
        }
    };
    let said = applies(&office, &all, without(&["alice"])).await;
    assert!(!said.contains("review"), "carol can: {said}");
    let said = applies(&office, &all, without(&["alice", "carol"])).await;
    let told = format!("Nobody can review these emergencies any more: {request}.");
    assert!(said.contains(&told), "{said}");
    let subject = format!("Nobody can review {request} any more");
    let mail = ada.hears_of(&subject).await.text();
    assert!(
        mail.contains(&format!("{request}, taken by Rita")),
        "{mail}"
    );
    applies(&office, &all, without(&["alice", "carol", "una"])).await;
    let mails = "SELECT count(*) FROM delivery WHERE kind = 'system'";
    assert_eq!(office.count(mails).await, 1, "neither before nor again");
    office.advance(SignedDuration::from_secs(1));
    office.everybody_reads().await;
    office.close().await;
}
