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
