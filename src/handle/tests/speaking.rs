//! Who speaks, and who is answered.

use sqlx::PgPool;
use sqlx::types::Json;

use super::world::*;
use crate::command::{Command, Target};
use crate::handle::Answer;
use crate::inbound::Words;
use crate::render::{Reader, Renderer};
use crate::store::audit::Outcome;
use crate::token::TokenHash;
use crate::workflow::notice::{Facts, Kind};
use crate::workflow::request::Decision;
use crate::workflow::testing::id;

fn approve() -> Words {
    Words::Said(vote(Target::Offered, Decision::Approve))
}

fn approve_for(window: &str) -> Words {
    let mut said = vote(Target::Offered, Decision::Approve);
    if let Command::Vote { window: words, .. } = &mut said {
        *words = Some(window.to_owned());
    }
    Words::Said(said)
}

/// Goal: who is not proven by token and address together does nothing, hears nothing, and is audited.
/// Method: an unknown token, none, a foreign address, tokens of two persons, of two requests, a known one
/// beside an unknown, and an owner who left the book; all in the chain `system/mail`. A token that came
/// from a foreign address is not known from then on.
#[sqlx::test(migrations = "./migrations")]
async fn nobody_is_identified(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let one = world.filed().await;
    let other = world.filed_for("prod-db-2").await;
    let ann = world.token(one, "ann").await;
    let ben = world.token(one, "ben").await;
    let ann_other = world.token(other, "ann").await;
    let unknown = TokenHash([7; 32]);
    let from = "ann@example.com";
    for (presented, from, why) in [
        (vec![], from, "not known"),
        (vec![unknown], from, "not known"),
        (vec![ann, ben], from, "different"),
        (vec![ann, ann_other], from, "different"),
        (vec![ann, unknown], from, "different"),
        (vec![ann; 40], from, "different"),
    ] {
        for words in [approve(), unclear()] {
            let answer = world.handle(&mail(presented.clone(), from, words)).await;
            assert!(unidentified(&answer).contains(why), "{answer:?}");
        }
    }
    for (from, why) in [
        ("mallory@example.com", "not from their address"),
        ("ben@example.com", "not known"),
        ("ann@example.com", "not known"),
    ] {
        let answer = world.handle(&mail(vec![ann], from, approve())).await;
        assert!(unidentified(&answer).contains(why), "{answer:?}");
    }
    world
        .amend(|book| drop(book.people.remove(&id("ann"))))
        .await;
    let answer = world.handle(&mail(vec![ann_other], from, approve())).await;
    assert!(
        unidentified(&answer).contains("not in the book"),
        "{answer:?}"
    );
    assert_eq!(world.count("vote").await, 0);
    assert_eq!(world.count("answer").await, 0, "nobody is answered");
    let audited = world.chain("system/mail").await;
    assert_eq!(audited.len(), 16);
    let silent = |entry: &crate::store::audit::Entry| {
        entry.outcome == Outcome::Unidentified && entry.actor.is_none() && entry.why.is_some()
    };
    assert!(audited.iter().all(silent));
    world.check().await;
}

/// Goal: addresses are compared without case, and the token's owner is the actor.
/// Method: a reply from an address in other letters.
#[sqlx::test(migrations = "./migrations")]
async fn case_does_not_matter_in_addresses(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    let answer = world
        .handle(&mail(vec![ann], "Ann@Example.COM", approve()))
        .await;
    assert_eq!(events(&answer), ["voted", "step_completed"]);
    let last = world.of_request(request).await.pop().expect("an event");
    assert_eq!(last.actor, Some(id("ann")));
    world.check().await;
}

/// Goal: a disabled owner's reply counts nothing and is not answered, yet stands in the request's chain.
/// Method: disable ann after she was asked, then her APPROVE and her nonsense.
#[sqlx::test(migrations = "./migrations")]
async fn a_disabled_owner_is_refused_in_silence(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    world
        .amend(|book| book.people.get_mut(&id("ann")).expect("known").active = false)
        .await;
    let sent = world.count("delivery").await;
    let refused = world.handle(&reply(ann, "ann", Decision::Approve)).await;
    assert_eq!(code(&refused), "not-active");
    let answer = world
        .handle(&mail(vec![ann], "ann@example.com", unclear()))
        .await;
    assert_eq!(answer, Answer::Unclear);
    assert_eq!(world.count("vote").await, 0);
    assert_eq!(world.count("delivery").await, sent);
    assert_eq!(world.of_request(request).await.len(), 3);
    world.check().await;
}

/// Goal: an answer by mail goes out once for each mail, as an answer to that mail; what is no answer is
/// none. Method: a vote that counts, one that does not, one not understood; the deliveries' references.
#[sqlx::test(migrations = "./migrations")]
async fn a_mail_is_answered_once(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben", "cat"], 2, 1)).await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    let mails = [
        ("recorded", reply(ann, "ann", Decision::Approve)),
        ("refused", reply(ann, "ann", Decision::Approve)),
        ("unclear", mail(vec![ann], "ann@example.com", unclear())),
    ];
    for (kind, inbound) in &mails {
        world.handle(inbound).await;
        assert_eq!(world.handle(inbound).await, Answer::Duplicate, "{kind}");
        let answered: Vec<String> = sqlx::query_scalar(
            "SELECT in_reply_to FROM delivery WHERE kind = $1 AND person = 'ann'",
        )
        .bind(kind)
        .fetch_all(&world.pool)
        .await
        .expect("reads");
        let message_id = inbound.proof.details["message_id"].as_str().expect("given");
        assert_eq!(answered, [message_id], "{kind}");
    }
    let cat = world.token(request, "cat").await;
    world.handle(&reply(cat, "cat", Decision::Approve)).await;
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM delivery WHERE (in_reply_to IS NULL) = (kind IN ('recorded', 'refused', 'unclear'))",
    )
    .fetch_one(&world.pool)
    .await
    .expect("counts");
    assert_eq!(wrong, 0, "only answers answer");
    world.check().await;
}

/// Goal: the command line is answered by what is returned; no mail follows a refusal there, and words
/// that answer nothing are nobody's.
/// Method: every refusal that a voter can earn on the command line, and a vote on what was not offered.
#[sqlx::test(migrations = "./migrations")]
async fn the_command_line_gets_no_mail(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let sent = world.count("delivery").await;
    for (who, said) in [
        ("rita", "own-request"),
        ("cat", "step-not-yet"),
        ("dan", "not-eligible"),
        ("eve", "not-active"),
        ("zoe", "unknown-person"),
    ] {
        let answer = world.votes(who, request, Decision::Approve).await;
        assert_eq!(code(&answer), said, "{who}");
    }
    let offered = world
        .handle(&says("ann", vote(Target::Offered, Decision::Approve)))
        .await;
    assert!(unidentified(&offered).contains("no request"));
    assert_eq!(world.count("delivery").await, sent);
    assert_eq!(
        world.of_request(request).await.len(),
        6,
        "each is in the trail (W27)"
    );
    world.check().await;
}

/// Goal: words that a database cannot hold do not stop the mailbox: they are judged like any others.
/// Method: NUL in the quoted line, the comment and the reference.
#[sqlx::test(migrations = "./migrations")]
async fn what_outsiders_write_can_be_stored(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    let Words::Unclear(mut nonsense) = unclear() else {
        unreachable!("unclear() is unclear");
    };
    nonsense.wrote = Some("a\0b".to_owned());
    let inbound = mail(vec![ann], "ann@example.com", Words::Unclear(nonsense));
    assert_eq!(world.handle(&inbound).await, Answer::Unclear);
    let said = Command::Vote {
        target: Target::Offered,
        decision: Decision::Approve,
        comment: Some("fine\0".to_owned()),
        window: None,
    };
    let mut inbound = mail(vec![ann], "ann@example.com", Words::Said(said));
    inbound.proof.details["message_id"] = "<\0@x>".into();
    assert_eq!(events(&world.handle(&inbound).await)[0], "voted");
    world.check().await;
}

/// Goal: a window that is not clear to its writer's zone and clock decides nothing, and its answer says why
/// and how to write it. Method: a time that comes twice where ann is, one that has passed, and a day.
#[sqlx::test(migrations = "./migrations")]
async fn windows_that_are_not_clear(pool: PgPool) {
    let world = World::new(pool, two_steps()).await;
    world
        .amend(|book| {
            let ann = book.people.get_mut(&id("ann")).expect("known");
            "Europe/Lisbon".clone_into(&mut ann.zone);
        })
        .await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    for (words, code, offers) in [
        (
            "from 2030-10-27 01:30 to 03:00",
            "window-time-twice",
            "Write `2030-10-27T01:30+01:00` (WEST) or `2030-10-27T01:30+00:00` (WET).",
        ),
        (
            "until monday 00:00 for",
            "window-not-understood",
            "Write it like",
        ),
        (
            "until 2030-10-27",
            "window-needs-time",
            "Write the time of day like",
        ),
    ] {
        let said = approve_for(words);
        let answer = world
            .handle(&mail(vec![ann], "ann@example.com", said))
            .await;
        assert_eq!(answer, Answer::Unclear, "{words}");
        let last = world.of_request(request).await.pop().expect("an event");
        let unclear = last.unclear.expect("why");
        assert_eq!(unclear.code, code);
        assert_eq!(unclear.wrote.as_deref(), Some(words));
        let next = unclear.next.expect("how");
        assert!(next.starts_with(offers), "{next}");
    }
    assert_eq!(world.count("vote").await, 0);
    assert_eq!(world.owed("unclear", "ann").await, 3);
    world.check().await;
}

/// Goal: an unclear reply on a settled request is told who settled it, and not to reply again (W14).
/// Method: ben approves, then ann writes nonsense an hour later; what the notice shows. The same on a
/// request that is past its time, which the clock has yet to say: the mail does not say that it can be decided.
#[sqlx::test(migrations = "./migrations")]
async fn an_unclear_reply_on_a_settled_request_is_told_so(pool: PgPool) {
    let world = World::new(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    world.votes("ben", request, Decision::Approve).await;
    world.advance(1);
    let answer = world
        .handle(&mail(vec![ann], "ann@example.com", unclear()))
        .await;
    assert_eq!(answer, Answer::Unclear);
    let facts: String = sqlx::query_scalar(
        "SELECT row_to_json(n)::text FROM notice AS n JOIN delivery AS d ON d.notice_id = n.id
         WHERE d.kind = 'unclear' AND d.person = 'ann'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("was answered");
    assert!(facts.contains("No decision is needed"), "{facts}");
    assert!(facts.contains("Ben"), "{facts}");
    assert!(!facts.contains("Reply again"), "{facts}");

    let request = world.filed().await;
    let ann = world.token(request, "ann").await;
    world.advance(25);
    let answer = world
        .handle(&mail(vec![ann], "ann@example.com", unclear()))
        .await;
    assert_eq!(answer, Answer::Unclear);
    let Json(facts) = sqlx::query_scalar::<_, Json<Facts>>(
        "SELECT facts FROM notice WHERE kind = 'unclear' AND request_id = $1",
    )
    .bind(request.0)
    .fetch_one(&world.pool)
    .await
    .expect("was answered");
    assert_eq!(facts.state.as_str(), "expired");
    let reader = Reader {
        id: id("ann"),
        name: "Ann".to_owned(),
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        reply: None,
        link: None,
    };
    let renderer = Renderer::new(None).expect("our own templates");
    let mail = renderer.mail(Kind::Unclear, &facts, &reader);
    let mail = mail.expect("renders");
    for text in [&mail.text, &mail.html] {
        assert!(text.contains("no decision is needed any more"), "{text}");
        for wrong in ["How to say it", "can be decided", "Reply again"] {
            assert!(!text.contains(wrong), "{text}");
        }
    }
    assert_eq!(world.state(request).await, "pending", "the clock says it");
    world.check().await;
}
