//! Many at once, by a button in a chat: W17 and W18, alone and against the other roads.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sqlx::PgPool;

use super::racing::{accepted, at_once, crowd, one_outcome, rounds};
use super::world::*;
use crate::clock::new_id;
use crate::command::Target;
use crate::handle::{Answer, Posting};
use crate::inbound::{Inbound, Pressed, Proof, Speaker, Words, timer};
use crate::store::troubles;
use crate::workflow::book::Book;
use crate::workflow::ids::RequestId;
use crate::workflow::policy::Terms;
use crate::workflow::request::{Channel, Decision, State};

/// The chat of these tests; a person's account in it is their name.
const SERVICE: &str = "discord";

/// What a press of a button under the newest post is to the handler.
fn press(person: &str, request: RequestId, decision: Decision) -> Inbound {
    Inbound {
        channel: Channel::Chat,
        dedupe_key: format!("{SERVICE}/{}", new_id()),
        speaker: Speaker::Account {
            service: SERVICE,
            account: person.to_owned(),
            shown: Some(Pressed {
                request,
                step: 0,
                revision: 1,
            }),
        },
        proof: Proof {
            method: "chat-account".to_owned(),
            details: serde_json::json!({ "service": SERVICE, "account": person }),
        },
        words: Words::Said(vote(Target::Offered, decision)),
    }
}

/// Gives everybody an account, and shows requests in the chat.
async fn chatting(world: &mut World) {
    world.handler.posting = Some(Posting {
        service: SERVICE,
        locale: "en".to_owned(),
    });
    let accounts = |book: &mut Book| {
        for policy in &mut book.policies {
            policy.terms.notify_channel = Some("approvals".to_owned());
        }
        for person in book.people.values_mut() {
            let account = person.id.as_str().to_owned();
            person.accounts.insert(SERVICE.to_owned(), account);
        }
    };
    world.amend(accounts).await;
}

/// As the service said when it was tried.
async fn takes_no_direct_messages(world: &World, names: &[String]) {
    let mut conn = world.pool.acquire().await.expect("a connection");
    for name in names {
        let person = person(name);
        let at = troubles::At {
            service: SERVICE,
            person: Some(&person),
            place: name,
        };
        let now = world.handler.clock.now();
        let noted = troubles::note(&mut conn, at, (troubles::Kind::Closed, "50007"), now).await;
        noted.expect("written");
    }
}

async fn world(pool: PgPool, terms: Terms) -> World {
    let mut world = World::new(pool, terms).await;
    chatting(&mut world).await;
    world
}

/// What a round decides by: the same word twice, or contrary ones.
fn words(round: usize) -> [Decision; 2] {
    use Decision::{Approve, Disapprove};
    [
        [Approve, Approve],
        [Approve, Disapprove],
        [Disapprove, Approve],
    ][round % 3]
}

/// Goal: one person has one vote, though they decide by mail and by button at the same instant (W11, W13,
/// W17), and each of the two is answered.
/// Method: in turn the same word twice, of which one is recorded and the other is so already; and contrary
/// words, of which the stricter stands, whichever came first.
#[sqlx::test(migrations = "./migrations")]
async fn one_person_by_mail_and_by_button(pool: PgPool) {
    let world = world(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    for round in 0..rounds() {
        let request = world.filed().await;
        let [by_mail, by_button] = words(round);
        let token = world.tokens(request).await["ann"];
        let both = vec![
            reply(token, "ann", by_mail),
            press("ann", request, by_button),
        ];
        let answers = at_once(&handlers, both).await;
        let found = world.request(request).await;
        assert_eq!(found.votes.len(), 1);
        let others: Vec<&str> = answers
            .iter()
            .filter(|answer| accepted(std::slice::from_ref(answer)) == 0)
            .map(code)
            .collect();
        if by_mail == by_button {
            assert_eq!(others, ["already-recorded"]);
            assert!(matches!(found.state, State::Pending { .. }));
            world.votes("ben", request, Decision::Disapprove).await;
        } else {
            assert!(others.is_empty() || others == ["settled"], "{others:?}");
            assert!(matches!(found.state, State::Rejected { .. }));
        }
        world.advance(25);
    }
    world.check().await;
}

/// Goal: two approvers press at the same instant: two votes, one outcome, and both are answered (W12,
/// W17, W31).
/// Method: in turn both approve, which the step needs; and contrary words, of which the disapproval
/// decides.
#[sqlx::test(migrations = "./migrations")]
async fn two_press_at_once(pool: PgPool) {
    let world = world(pool, one_step(&["ann", "ben"], 2, 1)).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    for round in 0..rounds() {
        let request = world.filed().await;
        let [ann, ben] = words(round);
        let both = vec![press("ann", request, ann), press("ben", request, ben)];
        let answers = at_once(&handlers, both).await;
        let found = world.request(request).await;
        let told = world.told_of(request, &["recorded"]).await;
        for ((person, decision), answer) in [("ann", ann), ("ben", ben)].iter().zip(&answers) {
            let counted = accepted(std::slice::from_ref(answer)) == 1;
            assert!(counted || code(answer) == "settled");
            assert!(counted || *decision == Decision::Approve);
            assert_eq!(told.get(*person), counted.then_some(&1), "{told:?}");
        }
        assert_eq!(found.votes.len(), accepted(&answers));
        let approved = matches!(found.state, State::Approved { .. });
        assert_eq!(approved, ann == ben);
        assert!(approved || matches!(found.state, State::Rejected { .. }));
        assert_eq!(world.granted(request).await, i64::from(approved));
        world.advance(25);
    }
    world.check().await;
}

/// What is left of a request's time when somebody presses: more than a press takes, so that only the test
/// ends it.
const MOMENT: SignedDuration = SignedDuration::from_hours(1);

/// Goal: a press in the instant in which the request expires: approved or expired, never both, and who
/// pressed is told which (W17, W18).
/// Method: the time is over before the press, some trips to the database after it began, or after its answer; two
/// daemons' timers look meanwhile.
#[sqlx::test(migrations = "./migrations")]
async fn a_press_as_the_request_expires(pool: PgPool) {
    let world = world(pool, one_step(&["ann", "ben"], 1, 1)).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    let mut ends = BTreeMap::<&str, usize>::new();
    for round in 0..rounds() {
        let request = world.filed().await;
        let clock = &world.handler.clock;
        clock.advance(SignedDuration::from_hours(24) - MOMENT);
        let late = round % 8;
        let pressed = press("ann", request, Decision::Approve);
        if late == 0 {
            clock.advance(MOMENT);
        }
        let (answer, ()) = tokio::join!(world.handle(&pressed), async {
            for _ in 1..late {
                world.waiting().await;
            }
            if (1..7).contains(&late) {
                clock.advance(MOMENT);
            }
            let [one, other] = handlers.each_ref().map(timer::pass);
            let (one, other) = tokio::join!(one, other);
            one.and(other).expect("passes");
        });
        if late == 7 {
            clock.advance(MOMENT);
        }
        for handler in &handlers {
            timer::pass(handler).await.expect("passes");
        }
        let approved = accepted(std::slice::from_ref(&answer)) == 1;
        assert!(approved || code(&answer) == "settled", "{answer:?}");
        let end = if approved { "approved" } else { "expired" };
        assert_eq!(world.state(request).await, end);
        assert_eq!(world.granted(request).await, i64::from(approved));
        let told = world.told_of(request, &["approved", "expired"]).await;
        assert_eq!(told["rita"], 1, "one end");
        let told = world.told_of(request, &[end]).await;
        assert_eq!(told["rita"], 1, "and the right one");
        *ends.entry(end).or_default() += 1;
        world.advance(25);
    }
    assert!(
        ends.len() == 2 || rounds() < 8,
        "each came first once: {ends:?}"
    );
    println!("{ends:?}");
    world.check().await;
}

/// Goal: 64 people press at once: one outcome, every press until then counted once, and every one of them
/// gets exactly one answer (W14, W17).
/// Method: 32 approve and 32 disapprove on two daemons, under the one post in the channel, since nobody takes
/// direct messages; whoever's vote counts is also told by mail (W31).
#[sqlx::test(migrations = "./migrations")]
async fn sixty_four_press_at_once(pool: PgPool) {
    let (mut world, names) = crowd(pool, 9, 9).await;
    chatting(&mut world).await;
    let handlers = [world.handler.clone(), world.another_handler()];
    for _ in 0..rounds() {
        // Each day anew, for after a day it is tried again.
        takes_no_direct_messages(&world, &names).await;
        let request = world.filed().await;
        let presses = names.iter().enumerate().map(|(n, name)| {
            let decision = [Decision::Approve, Decision::Disapprove][n % 2];
            press(name, request, decision)
        });
        let answers: Vec<Answer> = at_once(&handlers, presses.collect()).await;
        one_outcome(&world, request, &answers).await;
        assert_eq!(world.posts(request).await, 1);
        let told = world.told_of(request, &["recorded"]).await;
        for (name, answer) in names.iter().zip(&answers) {
            let counted = accepted(std::slice::from_ref(answer)) == 1;
            assert_eq!(told.get(name), counted.then_some(&1), "{name}: {told:?}");
        }
        world.advance(25);
    }
    world.check().await;
}
