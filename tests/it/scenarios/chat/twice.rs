//! The same thing twice, and two things at once.

use countersign::command::{Command, Target};
use countersign::handle::Answer;
use countersign::inbound::{Inbound, Pressed, Proof, Speaker, Words};
use countersign::workflow::act::Act;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::{Channel, Decision};

use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, TWO_STEPS, until};

/// Goal: an interaction that comes again is applied once (CHAT.md: a close with 4007 replays the session).
/// Method: the press is repeated with its own number, while the daemon runs and after it was started anew.
#[tokio::test(flavor = "multi_thread")]
async fn an_interaction_counts_once() {
    let mut office = ChatOffice::open(TWO_STEPS).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    let pressed = office.presses("alice", &post, Act::Approve);
    office.hears("alice", &pressed).await;
    office.double.repeat(&pressed);
    let callbacks = "/interactions/";
    office
        .double
        .until_requests("POST", callbacks, 2)
        .await
        .expect("answered");
    office.stop().await;
    office.start().await;
    office.double.until_listening().await.expect("a bot");
    office.double.repeat(&pressed);
    office
        .double
        .until_requests("POST", callbacks, 3)
        .await
        .expect("answered");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 1);
    let applied = "SELECT count(*) FROM inbound WHERE channel = 'chat'";
    assert_eq!(office.count(applied).await, 1);
    let events = "SELECT count(*) FROM audit_event WHERE body::jsonb ->> 'channel' = 'chat'";
    assert_eq!(office.count(events).await, 1);
    // Discord takes one first answer; the second and third were refused, as they have to be.
    assert_eq!(office.double.expected(40_060), 2);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: one person, one vote, though they decide by mail and by button at once (W11, W13, W17).
/// Method: twenty rounds: the reply is sent and the button pressed together.
#[tokio::test(flavor = "multi_thread")]
async fn w17_by_mail_and_by_button_at_once() {
    let office = ChatOffice::open(ONE_STEP).await;
    let alice = office.person("alice");
    for round in 1..=20_i64 {
        let request = office.files("rita", &format!("db-{round}"), 2).await;
        let ask = alice.hears(Kind::Ask).await;
        let post = office.offers(request, (0, 1), &Act::ALL).await;
        let ((), said) = tokio::join!(
            alice.replies(&ask, "APPROVE"),
            office.told("alice", &post, Act::Approve)
        );
        let known = ["recorded", "settled"]
            .iter()
            .any(|word| said.contains(word));
        assert!(known, "{said}");
        until("the reply is judged", async || {
            let judged = "SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL";
            (office.count(judged).await == round).then_some(())
        })
        .await;
        assert_eq!(office.state(request).await, "approved");
        assert_eq!(office.count("SELECT count(*) FROM vote").await, round);
    }
    let approved = "SELECT count(*) FROM audit_event WHERE body LIKE '%\"event\":\"approved\"%'";
    assert_eq!(office.count(approved).await, 20);
    office.everybody_reads().await;
    office.close().await;
}

/// What a press of Approve is to the handler.
fn press(account: &str, number: i64, shown: Pressed) -> Inbound {
    Inbound {
        channel: Channel::Chat,
        dedupe_key: format!("discord/{number}"),
        speaker: Speaker::Account {
            service: "discord",
            account: account.to_owned(),
            shown: Some(shown),
        },
        proof: Proof {
            method: "chat-account".to_owned(),
            details: serde_json::json!({ "service": "discord", "account": account }),
        },
        words: Words::Said(Command::Vote {
            target: Target::Offered,
            decision: Decision::Approve,
            comment: None,
            window: None,
        }),
    }
}

/// Goal: sixty-four clickers at once, one outcome, everybody answered (W17).
/// Method: alice, bob, carol and a stranger, sixteen times each, through the handler; ten rounds.
#[tokio::test(flavor = "multi_thread")]
async fn w17_sixty_four_clickers() {
    let office = ChatOffice::open(ONE_STEP).await;
    office.links("carol").await;
    let handler = office.daemon().handler().clone();
    for round in 0..10_i64 {
        let request = office.files("rita", &format!("db-{round}"), 2).await;
        let shown = Pressed {
            request,
            step: 0,
            revision: 1,
        };
        let clicks = (0..64_i64).map(|n| {
            let name = ["alice", "bob", "carol", "dora"][usize::try_from(n % 4).expect("small")];
            let account = office.account(name).id().get().to_string();
            let (handler, number) = (handler.clone(), round * 64 + n);
            tokio::spawn(async move { handler.handle(&press(&account, number, shown)).await })
        });
        let mut counted = 0;
        for answer in futures::future::join_all(clicks.collect::<Vec<_>>()).await {
            match answer.expect("no panic").expect("the database answers") {
                Answer::Accepted { .. } => counted += 1,
                Answer::Refused { .. } | Answer::Unidentified(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(counted, 1, "one approval settles it");
        assert_eq!(office.state(request).await, "approved");
    }
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 10);
    assert_eq!(office.count("SELECT count(*) FROM access_grant").await, 10);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a session that is replayed from its beginning (close 4007) decides nothing anew.
/// Method: two presses; then the gateway closes with 4007, and the library resumes from 0.
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_session_decides_nothing_anew() {
    let office = ChatOffice::open(TWO_STEPS).await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    office.told("alice", &post, Act::Approve).await;
    let post = office.offers(request, (1, 1), &Act::ALL).await;
    office.told("bob", &post, Act::Approve).await;
    office.double.close_sockets(4007);
    until("the session is resumed", async || {
        (office.double.sessions().1 > 0).then_some(())
    })
    .await;
    // Two answers were taken; two more come for what is replayed.
    let answers = office.double.until_requests("POST", "/callback", 4).await;
    assert_eq!(answers.expect("answered").len(), 4);
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 2);
    assert_eq!(office.state(request).await, "pending");
    assert_eq!(office.double.expected(40_060), 2);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: sixty-four presses at once through Discord: one outcome, and everybody is answered in time.
/// Method: twenty rounds; Discord refuses an answer that comes after three seconds, and the story ends badly
/// then.
#[tokio::test(flavor = "multi_thread")]
async fn w17_sixty_four_presses_through_discord() {
    let office = ChatOffice::open(ONE_STEP).await;
    office.links("carol").await;
    for round in 1..=20_i64 {
        let request = office.files("rita", &format!("db-{round}"), 2).await;
        let post = office.offers(request, (0, 1), &Act::ALL).await;
        let names = ["alice", "bob", "carol", "dora"];
        let pressed: Vec<_> = (0..64)
            .filter_map(|n| names.get(n % names.len()))
            .map(|name| (*name, office.presses(name, &post, Act::Approve)))
            .collect();
        let mut counted = 0;
        for (name, asked) in &pressed {
            let said = office.hears(name, asked).await;
            counted += usize::from(said.contains("your approval is recorded"));
        }
        assert_eq!(counted, 1, "one approval settles it");
        assert_eq!(office.state(request).await, "approved");
        assert_eq!(office.count("SELECT count(*) FROM vote").await, round);
    }
    assert_eq!(office.count("SELECT count(*) FROM access_grant").await, 20);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a press in the instant in which the request expires: approved or expired, never both, and who
/// pressed is told which (W17, W18).
/// Method: ten rounds; the clock is moved to that instant while alice presses.
#[tokio::test(flavor = "multi_thread")]
async fn w18_a_press_as_the_request_expires() {
    let office = ChatOffice::open(ONE_STEP).await;
    let handler = office.daemon().handler().clone();
    let account = office.account("alice").id().get().to_string();
    for round in 1..=10_i64 {
        let request = office.files("rita", &format!("db-{round}"), 2).await;
        let shown = Pressed {
            request,
            step: 0,
            revision: 1,
        };
        office
            .clock
            .advance(jiff::SignedDuration::from_mins(4 * 60) - MOMENT);
        let pressed = press(&account, round, shown);
        let (answer, ()) = tokio::join!(handler.handle(&pressed), async {
            office.advance(MOMENT);
        });
        let accepted = matches!(answer, Ok(Answer::Accepted { .. }));
        let refused = matches!(answer, Ok(Answer::Refused { .. }));
        assert!(accepted != refused, "{answer:?}");
        let ended = if accepted { "approved" } else { "expired" };
        until(&format!("the request is {ended}"), async || {
            (office.state(request).await == ended).then_some(())
        })
        .await;
    }
    let both = "SELECT count(*) FROM request WHERE state = 'expired'
                AND id IN (SELECT request_id FROM access_grant)";
    assert_eq!(office.count(both).await, 0);
    office.everybody_reads().await;
    office.close().await;
}

/// What is left of a request's time when somebody presses.
const MOMENT: jiff::SignedDuration = jiff::SignedDuration::from_millis(3);
