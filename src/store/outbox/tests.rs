//! Deliveries on a real database: one courier each, leases, cancelling, and what the CHECKs refuse.

use std::time::Duration;

use sqlx::{PgPool, Row};

use super::testing::{
    apply_book, cancel, facts, keys, later, now, owe, owe_waiting, request, state,
};
use super::*;
use crate::store::tokens;
use crate::workflow::notice::{Facts, Kind};
use crate::workflow::post::{self, Shown};

const LEASE: Duration = Duration::from_mins(1);
const MAX_ATTEMPTS: u32 = 5;

async fn take(pool: &PgPool, lease: Duration, limit: usize) -> Vec<Claimed> {
    let mut conn = pool.acquire().await.expect("a connection");
    claim(&mut conn, (Road::Mail, now()), lease, (limit, MAX_ATTEMPTS))
        .await
        .expect("a claim")
}

async fn finish(pool: &PgPool, claimed: &Claimed, outcome: &Outcome) -> Acked {
    let mut conn = pool.acquire().await.expect("a connection");
    let ended = Ack {
        id: claimed.id,
        lease: claimed.lease,
        attempt: claimed.attempt,
        outcome,
        now: later(1),
    };
    ack(&mut conn, &ended).await.expect("an ack")
}

/// Goal: an ask leaves a reply token and a link token that lead back to whom was asked what, neither taken
/// for the other; an answer leaves none. Method: enqueue both, derive the tokens from the claimed delivery,
/// look their hashes up by either road; revoke the link.
#[sqlx::test(migrations = "./migrations")]
async fn an_ask_has_a_token_and_an_answer_has_none(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    owe(&pool, Kind::Refused, 1).await;
    let claimed = take(&pool, LEASE, 10).await;
    let [ask, refused] = claimed.as_slice() else {
        panic!("two deliveries")
    };
    assert_eq!(ask.in_reply_to, None);
    assert_eq!(refused.in_reply_to.as_deref(), Some("<their@mail>"));
    assert_eq!(refused.key_id, None);
    let token = keys()
        .reply_token(ask.key_id.as_deref().expect("a key"), ask.id)
        .expect("a token");
    let mut conn = pool.acquire().await.expect("a connection");
    let found = tokens::find(&mut conn, &[token.hash()])
        .await
        .expect("a look-up");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].person, PersonId::new("ana"));
    assert_eq!((found[0].request, found[0].step), (RequestId(42), 1));
    let tokens: i64 = sqlx::query("SELECT count(*) FROM token")
        .fetch_one(&pool)
        .await
        .expect("a count")
        .get(0);
    assert_eq!(tokens, 2);
    let link = keys()
        .link_token(ask.link_key_id.as_deref().expect("a key"), ask.id)
        .expect("a token");
    let by_link = tokens::find_link(&mut conn, link.hash()).await;
    let by_link = by_link.expect("a look-up").expect("it is known");
    assert!(!by_link.revoked);
    let by_link = by_link.token;
    assert_eq!((&by_link.person, by_link.step), (&found[0].person, 1));
    let crossed = tokens::find_link(&mut conn, token.hash()).await;
    assert_eq!(crossed.expect("a look-up"), None);
    let crossed = tokens::find(&mut conn, &[link.hash()]).await;
    assert_eq!(crossed.expect("a look-up"), []);
    sqlx::query("UPDATE token SET revoked_at = now()")
        .execute(&pool)
        .await
        .expect("revoked");
    let revoked = tokens::find_link(&mut conn, link.hash()).await;
    assert!(revoked.expect("a look-up").expect("known").revoked);
    let revoked = tokens::find(&mut conn, &[token.hash()]).await;
    assert_eq!(revoked.expect("a look-up"), []);
}

/// Goal: no delivery is held by two couriers.
/// Method: two connections, the first one's claim uncommitted while the second claims.
#[sqlx::test(migrations = "./migrations")]
async fn two_couriers_never_claim_one_delivery(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 6).await;
    let mut first = pool.begin().await.expect("a transaction");
    let mine = claim(&mut first, (Road::Mail, now()), LEASE, (4, MAX_ATTEMPTS))
        .await
        .expect("a claim");
    let theirs = take(&pool, LEASE, 10).await;
    first.commit().await.expect("committed");
    let all: BTreeSet<_> = mine
        .iter()
        .chain(&theirs)
        .map(|claimed| claimed.id)
        .collect();
    assert_eq!((mine.len(), theirs.len(), all.len()), (4, 2, 6));
    assert!(take(&pool, LEASE, 10).await.is_empty());
}

/// Goal: what a dead courier held is sent all the same, and its try stays visible without an outcome.
/// Method: a lease of no length, a second claim, an ack by each.
#[sqlx::test(migrations = "./migrations")]
async fn a_lease_that_ran_out_is_claimed_again(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    let dead = take(&pool, Duration::ZERO, 1).await.remove(0);
    let alive = take(&pool, LEASE, 1).await.remove(0);
    assert_eq!((dead.id, dead.attempt), (alive.id, 1));
    assert_eq!((alive.attempt, alive.counted), (2, 2));
    let sent = Outcome::Sent("ok".into());
    assert_eq!(finish(&pool, &dead, &sent).await, Acked::LeaseLost);
    assert_eq!(state(&pool, alive.id).await, "leased");
    assert_eq!(finish(&pool, &alive, &sent).await, Acked::Done);
    let outcomes: Vec<Option<String>> =
        sqlx::query_scalar("SELECT outcome FROM attempt ORDER BY number")
            .fetch_all(&pool)
            .await
            .expect("attempts");
    assert_eq!(outcomes, [None, Some("sent".into())]);
}

/// Goal: cancelling ends what waits and lets what is under way end by itself, without another try.
/// Method: one ask pending, one leased; cancel; the leased one's try fails.
#[sqlx::test(migrations = "./migrations")]
async fn cancelling_while_leased_stops_the_next_try(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 2).await;
    let held = take(&pool, LEASE, 1).await.remove(0);
    let mut conn = pool.acquire().await.expect("a connection");
    let cancelled = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM delivery WHERE state = 'cancelled'")
            .fetch_one(&pool)
            .await
            .expect("counts")
    };
    cancel(&pool, &[0], now()).await;
    assert_eq!(cancelled().await, 0, "another step's");
    cancel(&pool, &[1], now()).await;
    assert_eq!(cancelled().await, 1);
    assert_eq!(state(&pool, held.id).await, "leased");
    let retry = Outcome::Retry {
        at: later(10),
        why: "450 later".into(),
    };
    assert_eq!(finish(&pool, &held, &retry).await, Acked::Cancelled);
    assert_eq!(state(&pool, held.id).await, "cancelled");
    assert_eq!(next_due(&mut conn, Road::Mail).await.expect("a look"), None);
}

/// Goal: a server that is down uses up nothing.
/// Method: claim and release; the count and the attempts are as before.
#[sqlx::test(migrations = "./migrations")]
async fn releasing_counts_nothing(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    let held = take(&pool, LEASE, 1).await.remove(0);
    let mut conn = pool.acquire().await.expect("a connection");
    let mine = [(held.id, held.lease)];
    let given = release(&mut conn, &mine, now(), Some("refused")).await;
    assert_eq!(given.expect("released"), 1);
    let again = release(&mut conn, &mine, now(), None).await;
    assert_eq!(again.expect("a lost lease gives nothing back"), 0);
    let rows = list(&mut conn, Filter::Owed).await.expect("a list");
    assert_eq!((rows[0].attempts, rows[0].state.as_str()), (0, "pending"));
    assert_eq!(rows[0].last_error.as_deref(), Some("refused"));
    assert_eq!(take(&pool, LEASE, 1).await.remove(0).attempt, 1);
}

/// Goal: an operator sees what gave up, tries it again with a fresh count, and drops it.
/// Method: give up, list, retry, claim, give up, drop; a sent one can be neither retried nor dropped.
#[sqlx::test(migrations = "./migrations")]
async fn an_operator_retries_and_drops(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    let held = take(&pool, LEASE, 1).await.remove(0);
    let never = Outcome::GiveUp("550 no such user".into());
    assert_eq!(finish(&pool, &held, &never).await, Acked::Done);
    let mut conn = pool.acquire().await.expect("a connection");
    let given_up = list(&mut conn, Filter::GivenUp).await.expect("a list");
    assert_eq!(given_up[0].last_error.as_deref(), Some("550 no such user"));
    assert!(retry(&mut conn, held.id, now()).await.expect("a retry"));
    let again = take(&pool, LEASE, 1).await.remove(0);
    assert_eq!((again.attempt, again.counted), (2, 1));
    assert!(
        !super::drop(&mut conn, held.id, now())
            .await
            .expect("under way")
    );
    assert_eq!(finish(&pool, &again, &never).await, Acked::Done);
    assert!(
        super::drop(&mut conn, held.id, now())
            .await
            .expect("dropped")
    );
    assert_eq!(state(&pool, held.id).await, "dropped");
}

/// Goal: a try that ends its process each time is not made for ever.
/// Method: a lease of no length at the last allowed try; no claim takes it, the sweep ends it.
#[sqlx::test(migrations = "./migrations")]
async fn the_sweep_ends_what_never_ends(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    let held = take(&pool, Duration::ZERO, 1).await.remove(0);
    let mut conn = pool.acquire().await.expect("a connection");
    assert!(
        sweep(&mut conn, now(), 2)
            .await
            .expect("a sweep")
            .is_empty()
    );
    let more = claim(&mut conn, (Road::Mail, now()), LEASE, (1, 1)).await;
    assert_eq!(more.expect("a claim").len(), 0);
    let swept = sweep(&mut conn, now(), 1).await.expect("a sweep");
    assert_eq!(
        swept,
        [Swept {
            id: held.id,
            given_up: true
        }]
    );
}

/// Goal: the table itself refuses what must not be.
/// Method: one forbidden row per CHECK, each refused by its name.
#[sqlx::test(migrations = "./migrations")]
async fn the_checks_refuse(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    for (set, check) in [
        (
            "state = 'odd', next_try_at = NULL, finished_at = now()",
            "delivery_state_known",
        ),
        ("channel = 'pigeon'", "delivery_channel_known"),
        ("next_try_at = NULL", "delivery_pending_has_next_try"),
        ("lease = gen_random_uuid()", "delivery_leased_has_lease"),
        ("finished_at = now()", "delivery_finished_has_time"),
        ("attempts_before = 1", "delivery_attempts_in_order"),
        ("cancel_at = now()", "delivery_pending_not_cancelled"),
        (
            "state = 'given_up', next_try_at = NULL, finished_at = now()",
            "delivery_given_up_says_why",
        ),
        (
            "state = 'waiting', next_try_at = NULL",
            "delivery_waiting_says_until",
        ),
        (
            "state = 'gathered', next_try_at = NULL, finished_at = now()",
            "delivery_gathered_has_digest",
        ),
        ("kind = 'digest'", "delivery_digest_was_due"),
        ("channel = 'chat'", "delivery_chat_has_post"),
    ] {
        let statement = format!("UPDATE delivery SET {set}");
        let error = sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&pool)
            .await
            .expect_err(check);
        let refused_by = error
            .as_database_error()
            .and_then(|error| error.constraint());
        assert_eq!(refused_by, Some(check), "{set}");
    }
}

/// When the digest of the tests' reader is due: eight in Lisbon, the morning after [`now`].
fn due() -> Timestamp {
    let book = "2026-11-22T08:00:00Z".parse().expect("an instant");
    assert!(now() < book);
    book
}

async fn gathered(pool: &PgPool, now: Timestamp) -> Vec<Gathered> {
    let mut conn = pool.acquire().await.expect("a connection");
    let book = crate::store::books::current(&mut conn)
        .await
        .expect("reads");
    let mut all = Vec::new();
    for person in due_digests(&mut conn, now, 10).await.expect("a look") {
        all.push(
            gather(&mut conn, &person, &book, now)
                .await
                .expect("gathers"),
        );
    }
    all
}

/// Goal: what may wait is owed at its reader's hour and not before, then once, in one delivery, in order.
/// Method: three notices; a look before and at the hour; the digest as the courier gets it.
#[sqlx::test(migrations = "./migrations")]
async fn what_waits_becomes_one_digest(pool: PgPool) {
    request(&pool).await;
    apply_book(&pool, true).await;
    for (minute, kind) in [Kind::Settled, Kind::Progress, Kind::Settled]
        .into_iter()
        .enumerate()
    {
        let at = later(i64::try_from(minute).expect("small") * 60);
        owe_waiting(&pool, kind, at).await;
    }
    assert!(
        take(&pool, LEASE, 10).await.is_empty(),
        "nothing goes at once"
    );
    let mut conn = pool.acquire().await.expect("a connection");
    assert_eq!(
        next_due(&mut conn, Road::Mail).await.expect("a look"),
        Some(due())
    );
    let owed = list(&mut conn, Filter::Owed).await.expect("a list");
    assert!(
        owed.iter()
            .all(|row| row.state == "waiting" && row.digest_at == Some(due()))
    );
    let early = due() - jiff::SignedDuration::from_secs(1);
    assert_eq!(gathered(&pool, early).await, []);
    let made = gathered(&pool, due()).await;
    let [Gathered::Into(id)] = made.as_slice() else {
        panic!("one digest: {made:?}")
    };
    assert_eq!(gathered(&pool, due()).await, [], "once");
    let claimed = claim(&mut conn, (Road::Mail, due()), LEASE, (10, MAX_ATTEMPTS)).await;
    let claimed = claimed.expect("a claim");
    let [only] = claimed.as_slice() else {
        panic!("one delivery")
    };
    assert_eq!((only.id, only.request), (*id, None));
    let Content::Digest(digest) = &only.content else {
        panic!("a digest: {:?}", only.content)
    };
    let kinds: Vec<_> = digest.items.iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [Kind::Settled, Kind::Progress, Kind::Settled]);
    assert_eq!(digest.contacts[0].address, "ada@example.test");
    let all = list(&mut conn, Filter::All).await.expect("a list");
    let ended = all.iter().filter(|row| row.state == "gathered");
    assert_eq!(ended.filter(|row| row.digest == Some(*id)).count(), 3);
}

/// Goal: however many couriers gather, each notice is in one digest, and there is one for the hour.
/// Method: two connections gather at once, the first one's transaction still open; then one that came too
/// late for the hour, which waits for the next day's.
#[sqlx::test(migrations = "./migrations")]
async fn two_couriers_gather_one_digest(pool: PgPool) {
    request(&pool).await;
    apply_book(&pool, true).await;
    owe_waiting(&pool, Kind::Settled, now()).await;
    let (one, two) = tokio::join!(gathered(&pool, due()), gathered(&pool, due()));
    let mut both = [one, two].concat();
    both.retain(|gathered| *gathered != Gathered::Nothing);
    assert!(matches!(both.as_slice(), [Gathered::Into(_)]), "{both:?}");
    owe_waiting(&pool, Kind::Settled, later(60)).await;
    assert_eq!(gathered(&pool, due()).await, [Gathered::Late]);
    let mut conn = pool.acquire().await.expect("a connection");
    let tomorrow = due() + jiff::SignedDuration::from_hours(24);
    let owed = list(&mut conn, Filter::Owed).await.expect("a list");
    let late = owed.iter().find(|row| row.state == "waiting");
    assert_eq!(late.and_then(|row| row.digest_at), Some(tomorrow));
    let notices: i64 = sqlx::query_scalar("SELECT count(*) FROM notice WHERE kind = 'digest'")
        .fetch_one(&pool)
        .await
        .expect("a count");
    assert_eq!(notices, 1, "a digest that was not made leaves nothing");
    assert!(matches!(
        gathered(&pool, tomorrow).await.as_slice(),
        [Gathered::Into(_)]
    ));
}

/// Goal: a person who is disabled meanwhile is not written to, and an operator may send one that waits at
/// once or drop it.
/// Method: three that wait: one retried by hand, one dropped, one whose reader is disabled at the hour.
#[sqlx::test(migrations = "./migrations")]
async fn who_left_gets_no_digest(pool: PgPool) {
    request(&pool).await;
    apply_book(&pool, false).await;
    for second in 0..3 {
        owe_waiting(&pool, Kind::Settled, later(second)).await;
    }
    let mut conn = pool.acquire().await.expect("a connection");
    let waiting = list(&mut conn, Filter::Owed).await.expect("a list");
    let [first, second, third] = waiting.as_slice() else {
        panic!("three: {waiting:?}")
    };
    assert!(retry(&mut conn, first.id, now()).await.expect("a retry"));
    let taken = take(&pool, LEASE, 10).await;
    assert_eq!(taken[0].id, first.id);
    assert!(matches!(
        taken[0].content,
        Content::Notice {
            kind: Kind::Settled,
            ..
        }
    ));
    assert!(
        super::drop(&mut conn, second.id, now())
            .await
            .expect("a drop")
    );
    assert_eq!(gathered(&pool, due()).await, [Gathered::Dropped]);
    assert_eq!(state(&pool, third.id).await, "cancelled");
    assert_eq!(gathered(&pool, due()).await, []);
}

/// What a post of request 42 is to show, told apart by its revision.
fn shown(revision: u32) -> Shown {
    let facts = facts();
    Shown {
        facts: Facts { revision, ..facts },
        standing: post::Standing::Pending,
        asked_for: None,
        held: Vec::new(),
        acts: Vec::new(),
        step: None,
        over: None,
    }
}

/// Owes that the one post of request 42 shows this.
async fn show(pool: &PgPool, revision: u32, now: Timestamp) {
    let mut tx = pool.begin().await.expect("a transaction");
    let request = RequestId(42);
    let place = post::Place::Channel("approvals".to_owned());
    let known = posts(&mut tx, "discord", request).await.expect("a look");
    let at = (place.clone(), "approvals".to_owned());
    let due = Due {
        id: known.get(&at).copied(),
        place: &place,
        address: "approvals",
        locale: "en",
        shown: &shown(revision),
        anew: false,
    };
    enqueue_posts(&mut tx, ("discord", request), &[due], now)
        .await
        .expect("owed");
    tx.commit().await.expect("committed");
}

async fn take_posts(pool: &PgPool, lease: Duration) -> Vec<Claimed> {
    let mut conn = pool.acquire().await.expect("a connection");
    claim(
        &mut conn,
        (Road::Chat, later(60)),
        lease,
        (10, MAX_ATTEMPTS),
    )
    .await
    .expect("a claim")
}

fn revision(claimed: &Claimed) -> u32 {
    match &claimed.content {
        Content::Post(shown) => shown.facts.revision,
        other => panic!("a post: {other:?}"),
    }
}

async fn states(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT state FROM delivery WHERE channel = 'chat' ORDER BY id")
        .fetch_all(pool)
        .await
        .expect("the states")
}

/// Goal: each road claims its own; of a post the newest state is sent, after the one under way, which is not
/// tried again; what gave up is nobody's matter once there is a newer one. Method: two states before a claim,
/// two more while it is leased, its try fails; then one that gives up, and another.
#[sqlx::test(migrations = "./migrations")]
async fn a_post_shows_the_newest_state_next(pool: PgPool) {
    request(&pool).await;
    owe(&pool, Kind::Ask, 1).await;
    show(&pool, 1, now()).await;
    show(&pool, 2, now()).await;
    assert_eq!(take(&pool, LEASE, 10).await.len(), 1, "the mail alone");
    let first = take_posts(&pool, LEASE).await.remove(0);
    assert_eq!(revision(&first), 2, "coalesced");
    show(&pool, 3, later(1)).await;
    show(&pool, 4, later(2)).await;
    assert_eq!(states(&pool).await, ["leased", "pending"]);
    assert!(take_posts(&pool, LEASE).await.is_empty(), "in order");
    let mut conn = pool.acquire().await.expect("a connection");
    let next = next_due(&mut conn, Road::Chat).await.expect("a look");
    assert_eq!(next, None, "nothing to wake up for");
    let again = Outcome::Retry {
        at: later(10),
        why: "503".into(),
    };
    assert_eq!(finish(&pool, &first, &again).await, Acked::Cancelled);
    let second = take_posts(&pool, LEASE).await.remove(0);
    assert_eq!(revision(&second), 4);
    let never = Outcome::GiveUp("50001".into());
    assert_eq!(finish(&pool, &second, &never).await, Acked::Done);
    let given_up = list(&mut conn, Filter::GivenUp).await.expect("a list");
    assert_eq!(given_up[0].person.as_str(), "#approvals");
    show(&pool, 5, later(3)).await;
    assert_eq!(states(&pool).await, ["cancelled", "cancelled", "pending"]);
    let stale = retry(&mut conn, second.id, now()).await;
    assert!(!stale.expect("a look"), "an old state is never shown again");
    let third = take_posts(&pool, LEASE).await.remove(0);
    let sent = Outcome::Sent("ok".into());
    assert_eq!(finish(&pool, &third, &sent).await, Acked::Done);
    assert_eq!(states(&pool).await, ["cancelled", "cancelled", "sent"]);
}

/// Goal: what a dead courier held goes out again, unless there is a newer state, which goes out instead.
/// Method: leases of no length, once without and once with a newer state; the sweep between.
#[sqlx::test(migrations = "./migrations")]
async fn a_dead_courier_holds_up_no_post(pool: PgPool) {
    request(&pool).await;
    show(&pool, 1, now()).await;
    let dead = take_posts(&pool, Duration::ZERO).await.remove(0);
    let alive = take_posts(&pool, Duration::ZERO).await.remove(0);
    assert_eq!((dead.id, alive.attempt), (alive.id, 2));
    show(&pool, 2, later(1)).await;
    assert!(take_posts(&pool, LEASE).await.is_empty());
    let mut conn = pool.acquire().await.expect("a connection");
    sweep(&mut conn, later(2), MAX_ATTEMPTS)
        .await
        .expect("a sweep");
    let newer = take_posts(&pool, LEASE).await.remove(0);
    assert_eq!(revision(&newer), 2);
    assert_eq!(states(&pool).await, ["cancelled", "leased"]);
}

/// Goal: a change that came while a courier took the post, and so did not see it under way, is what is sent
/// next; the try before it ends whichever way it ends.
/// Method: the mark that a change leaves on what is under way is taken off; a try fails, another is given back.
#[sqlx::test(migrations = "./migrations")]
async fn a_change_that_saw_no_courier_goes_first(pool: PgPool) {
    request(&pool).await;
    let unseen = "UPDATE delivery SET cancel_at = NULL WHERE state = 'leased'";
    show(&pool, 1, now()).await;
    let first = take_posts(&pool, LEASE).await.remove(0);
    show(&pool, 2, later(1)).await;
    sqlx::query(unseen).execute(&pool).await.expect("unseen");
    let again = Outcome::Retry {
        at: later(5),
        why: "503".into(),
    };
    assert_eq!(finish(&pool, &first, &again).await, Acked::Cancelled);
    let second = take_posts(&pool, LEASE).await.remove(0);
    show(&pool, 3, later(2)).await;
    sqlx::query(unseen).execute(&pool).await.expect("unseen");
    let mut conn = pool.acquire().await.expect("a connection");
    let back = release(&mut conn, &[(second.id, second.lease)], later(3), None).await;
    assert_eq!(back.expect("given back"), 1);
    assert_eq!(states(&pool).await, ["cancelled", "cancelled", "pending"]);
}

/// Goal: changes and couriers at once lose nothing, break no rule of the table, and end with the last state.
/// Method: 60 changes, each in its own transaction, against four couriers whose tries fail every third time.
#[sqlx::test(migrations = "./migrations")]
async fn changes_and_couriers_at_once_end_with_the_last_state(pool: PgPool) {
    request(&pool).await;
    let changes = async {
        for n in 1..=60 {
            show(&pool, n, now()).await;
        }
    };
    let courier = async |seed: u32| {
        let (mut shown, mut idle) = (Vec::new(), 0);
        while idle < 40 {
            let claimed = take_posts(&pool, LEASE).await;
            idle = if claimed.is_empty() { idle + 1 } else { 0 };
            for claimed in claimed {
                let outcome =
                    if (revision(&claimed) + seed).is_multiple_of(3) && claimed.counted < 3 {
                        Outcome::Retry {
                            at: now(),
                            why: "503".into(),
                        }
                    } else {
                        shown.push(revision(&claimed));
                        Outcome::Sent("ok".into())
                    };
                let ended = finish(&pool, &claimed, &outcome).await;
                assert_ne!(ended, Acked::LeaseLost);
            }
            tokio::task::yield_now().await;
        }
        shown
    };
    let ((), a, b, c, d) = tokio::join!(changes, courier(0), courier(1), courier(2), courier(3));
    let rest = take_posts(&pool, LEASE).await;
    let last: Vec<u32> = rest.iter().map(revision).collect();
    let all: Vec<u32> = [a, b, c, d, last].concat();
    assert_eq!(all.iter().max(), Some(&60));
    let owed: i64 = sqlx::query_scalar("SELECT count(*) FROM delivery WHERE state = 'pending'")
        .fetch_one(&pool)
        .await
        .expect("a count");
    assert_eq!(owed, 0);
}

/// Goal: a post that is gone, or that nobody here knows to stand, fails nothing: it is the one that is made
/// anew, under another name where it is gone. Method: owed as new three times, gone once between.
#[sqlx::test(migrations = "./migrations")]
async fn a_post_that_is_gone_is_made_anew(pool: PgPool) {
    request(&pool).await;
    let place = post::Place::Direct(PersonId::from("alice"));
    let rounds = async |revision| {
        let mut tx = pool.begin().await.expect("a transaction");
        let due = Due {
            id: None,
            place: &place,
            address: "1001",
            locale: "en",
            shown: &shown(revision),
            anew: false,
        };
        let owed = enqueue_posts(&mut tx, ("discord", RequestId(42)), &[due], now()).await;
        owed.expect("no row of a chat fails a decision");
        tx.commit().await.expect("committed");
        let there = "SELECT id, round, gone_at IS NULL, message_id FROM chat_post";
        let there: (Uuid, i32, bool, Option<String>) = sqlx::query_as(there)
            .fetch_one(&pool)
            .await
            .expect("one post");
        there
    };
    let (id, round, ..) = rounds(1).await;
    assert_eq!(round, 0);
    let mut conn = pool.acquire().await.expect("a connection");
    stands(&mut conn, id, "7", Some("8")).await.expect("stands");
    let message = Some("8".to_owned());
    assert_eq!(rounds(2).await, (id, 0, true, message));
    not_taken(&mut conn, id, now()).await.expect("a look");
    gone(&mut conn, id, now()).await.expect("gone");
    assert_eq!(rounds(3).await, (id, 1, true, None));
    let taken = take_posts(&pool, Duration::from_mins(1)).await;
    let [taken] = taken.as_slice() else {
        panic!("one delivery: {taken:?}");
    };
    assert_eq!(revision(taken), 3);
    let post = taken.post.as_ref().expect("a post");
    assert_eq!((post.id, post.gone, post.begun), (id, false, false));
}
