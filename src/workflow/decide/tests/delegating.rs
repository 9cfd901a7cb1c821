//! One person's votes in another's hands (W20), sentence by sentence.

use super::*;

type Change = fn(&mut World);

/// `cat` is named in no step; `ann` and `ben` are.
fn two_of_team() -> World {
    World::filed(terms(vec![step("S", &["group:team"], 2, 2)]))
}

/// Goal: a delegation is between two active registered approvers, for a period that is still to end, and
/// there is one at a time (W20). Method: each condition missing once.
#[test]
fn w20_who_delegates_to_whom() {
    let book = book(vec![policy(one_of(&["ann"]))]);
    let asks = |from: &str, to: &str, period| delegate(&book, &id(from), &id(to), period, start());
    let day = (at(0), at(24));
    assert_eq!(code(asks("ann", "ann", day)), "delegate-to-self");
    assert_eq!(code(asks("ann", "eve", day)), "not-active");
    assert_eq!(code(asks("eve", "ann", day)), "not-active");
    assert_eq!(code(asks("ann", "nobody", day)), "unknown-person");
    for period in [
        (at(2), at(2)),
        (at(2), at(1)),
        (at(-2), at(0)),
        (at(1), at(2 + 90 * 24)),
    ] {
        assert_eq!(code(asks("ann", "ben", period)), "period-unfit");
    }
    let past = asks("ann", "ben", (at(-2), at(1))).expect("the rest of it");
    assert_eq!((past.start, past.until), (at(0), at(1)));
    let mut later = book.clone();
    later.delegations.push(past);
    let overlaps = delegate(&later, &id("ann"), &id("cat"), day, start());
    assert_eq!(code(overlaps), "delegation-overlaps");
    delegate(&later, &id("ann"), &id("cat"), (at(1), at(2)), start()).expect("after the first");
    let mut bare = book.clone();
    bare.people
        .get_mut(&id("ben"))
        .expect("known")
        .modules
        .clear();
    let refused = delegate(&bare, &id("ann"), &id("ben"), day, start());
    assert_eq!(code(refused), "not-an-approver");
    assert_eq!(
        code(end_delegation(&book, &id("ann"), start())),
        "no-delegation"
    );
    assert_eq!(
        end_delegation(&later, &id("ann"), start())
            .expect("one")
            .len(),
        1
    );
    assert_eq!(
        code(end_delegation(&later, &id("ann"), at(1))),
        "no-delegation"
    );
}

/// Goal: the delegate votes in their own name on behalf of the delegator; both are recorded, and the
/// delegator's own vote is used up; nobody has a second vote on a step (W20).
/// Method: `cat` votes for `ann`, then each of them tries again.
#[test]
fn w20_both_are_recorded_and_one_vote_is_used() {
    let mut world = two_of_team();
    world.delegates("ann", "cat", 10).expect("in order");
    world.delegates("ben", "cat", 10).expect("in order");
    world.approves("cat").expect("on behalf of ann");
    let vote = &world.request.votes[0];
    assert_eq!(
        (&vote.person, vote.on_behalf_of.as_ref()),
        (&id("cat"), Some(&id("ann")))
    );
    assert_eq!(code(world.approves("cat")), "already-recorded");
    assert_eq!(code(world.approves("ann")), "vote-used");
    assert_eq!(code(world.disapproves("ann")), "vote-used");
    assert_eq!(world.request.votes.len(), 1);
    world.approves("ben").expect("his own is not used");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: a vote given by its owner is not given again by the delegate (W20).
/// Method: `ann` first, then `cat` for her.
#[test]
fn w20_the_owners_vote_is_used_too() {
    let mut world = two_of_team();
    world.delegates("ann", "cat", 10).expect("in order");
    world.approves("ann").expect("her own");
    assert_eq!(code(world.approves("cat")), "vote-used");
    assert_eq!(code(world.disapproves("cat")), "vote-used");
}

/// Goal: an approval on somebody's behalf uses up both persons' approvals in the whole request (W11,
/// W20). Method: three steps that name `ann`, `cat` and others; each tries again later.
#[test]
fn w20_uses_up_both_under_w11() {
    let steps = || {
        vec![
            step("A", &["ann"], 1, 2),
            step("B", &["ann", "cat", "ben"], 1, 3),
        ]
    };
    let mut world = World::filed(terms(steps()));
    world.delegates("ann", "cat", 10).expect("in order");
    world.approves("cat").expect("on behalf of ann");
    assert_eq!(world.request.state, State::Pending { step: 1 });
    assert_eq!(code(world.approves("cat")), "one-approval-per-request");
    assert_eq!(code(world.approves("ann")), "one-approval-per-request");
    assert_eq!(world.mail(), ["ask ben", "progress rita", "settled ann"]);
    world.approves("ben").expect("the third person");
    let mut lifted = World::filed(Terms {
        distinct_approvers: false,
        ..terms(steps())
    });
    lifted.delegates("ann", "cat", 10).expect("in order");
    lifted.approves("cat").expect("on behalf of ann");
    lifted.approves("ann").expect("W11 is lifted");
    assert_eq!(lifted.request.state.as_str(), "approved");
}

/// Goal: a delegation from or to the requester counts for nothing, whatever else is lifted (W20).
/// Method: both directions, with self-approval allowed.
#[test]
fn w20_not_from_nor_to_the_requester() {
    for allow in [false, true] {
        let policy = Terms {
            allow_self_approval: allow,
            ..terms(vec![step("S", &["ann", "rita"], 1, 1)])
        };
        let mut world = World::filed(policy);
        world.delegates("rita", "cat", 10).expect("in order");
        world.delegates("ann", "rita", 10).expect("in order");
        assert_eq!(code(world.approves("cat")), "not-eligible");
        if allow {
            world.disable("cat");
            world.approves("rita").expect("her own vote");
            assert_eq!(world.request.votes[0].on_behalf_of, None);
        } else {
            assert_eq!(code(world.approves("rita")), "own-request");
        }
    }
}

/// Goal: delegation does not chain (W20).
/// Method: `ann` to `cat`, `cat` to `ben`; only `cat` votes for `ann`.
#[test]
fn w20_does_not_chain() {
    let mut world = World::filed(one_of(&["ann"]));
    world.delegates("ann", "cat", 10).expect("in order");
    world.delegates("cat", "ben", 10).expect("in order");
    assert_eq!(code(world.approves("ben")), "not-eligible");
    world.approves("cat").expect("one link");
}

/// Goal: it dies with either one's entitlement, and with its period (W20).
/// Method: disable each, take each registration, leave the group, let the time pass.
#[test]
fn w20_dies_with_either_ones_entitlement() {
    let changes: [(&str, Change); 6] = [
        ("the delegator left", |world| world.disable("ann")),
        ("the delegate is not registered", |world| {
            world
                .book
                .people
                .get_mut(&id("cat"))
                .expect("known")
                .modules
                .clear();
        }),
        ("the delegator is not registered", |world| {
            world
                .book
                .people
                .get_mut(&id("ann"))
                .expect("known")
                .modules
                .clear();
        }),
        ("the delegator is not named", |world| {
            world
                .book
                .groups
                .get_mut(&"team".into())
                .expect("known")
                .remove(&id("ann"));
        }),
        ("the period is over", |world| world.now = at(10)),
        ("the delegator ended it", |world| {
            let ended = end_delegation(&world.book, &id("ann"), world.now).expect("one");
            world.book.delegations.retain(|one| !ended.contains(one));
        }),
    ];
    for (why, change) in changes {
        let mut world = two_of_team();
        world.delegates("ann", "cat", 10).expect("in order");
        world.clone().approves("cat").expect("before");
        change(&mut world);
        assert_eq!(code(world.approves("cat")), "not-eligible", "{why}");
    }
    let mut world = two_of_team();
    world.delegates("ann", "cat", 10).expect("in order");
    world.disable("cat");
    assert_eq!(code(world.approves("cat")), "not-active");
}

/// Goal: a delegate's approval becomes stricter as what it was, on the same person's behalf (W13, W20).
/// Method: approve and disapprove as delegate; the delegator's vote stays used.
#[test]
fn w20_stricter_stays_on_behalf() {
    let mut world = World::filed(terms(vec![step("S", &["group:team", "dan"], 2, 3)]));
    let dan = world.book.people.get_mut(&id("dan")).expect("known");
    dan.modules.insert("credential".into());
    world.delegates("ann", "cat", 10).expect("in order");
    world.approves("cat").expect("on behalf of ann");
    world.disapproves("cat").expect("stricter");
    let vote = &world.request.votes[0];
    assert_eq!(
        (vote.decision, vote.on_behalf_of.as_ref()),
        (NO, Some(&id("ann")))
    );
    assert_eq!(code(world.approves("ann")), "vote-used");
}

/// Goal: somebody's own vote never turns into one on another's behalf, which would use up two people's
/// votes (W11, W20). Method: `ben` approves, leaves the group, and is `ann`'s delegate.
#[test]
fn w20_an_own_vote_stays_ones_own() {
    let mut world = World::filed(terms(vec![step("S", &["group:team", "cat"], 3, 3)]));
    world.approves("ben").expect("his own");
    world
        .book
        .groups
        .get_mut(&"team".into())
        .expect("known")
        .remove(&id("ben"));
    world.delegates("ann", "ben", 10).expect("in order");
    assert_eq!(code(world.disapproves("ben")), "not-eligible");
    world.approves("ann").expect("her vote is not used");
}

/// Goal: whoever has become entitled themselves takes back in their own name what they gave on behalf of
/// somebody, and that person's vote is free again (W13, W20). Method: the delegation ends, the delegate
/// joins the group.
#[test]
fn w20_a_former_delegate_disapproves_in_their_own_name() {
    let mut world = World::filed(terms(vec![step("S", &["group:team"], 2, 3)]));
    world.delegates("ann", "cat", 1).expect("in order");
    world.approves("cat").expect("on behalf of ann");
    world.now = at(1);
    assert_eq!(code(world.disapproves("cat")), "not-eligible");
    world
        .book
        .groups
        .get_mut(&"team".into())
        .expect("known")
        .insert(id("cat"));
    world.disapproves("cat").expect("entitled herself");
    assert_eq!(world.request.votes[0].on_behalf_of, None);
    world.approves("ann").expect("free again");
}

/// Goal: a delegate of several votes for one whose vote is free and is not needed elsewhere (W11, W20).
/// Method: `ann`'s is used; or `ann` is the only one for the next step.
#[test]
fn w20_the_delegate_of_several() {
    let mut world = two_of_team();
    for from in ["ann", "ben"] {
        world.delegates(from, "cat", 10).expect("in order");
    }
    world.approves("ann").expect("her own");
    world.approves("cat").expect("so it is ben's");
    assert_eq!(world.request.votes[1].on_behalf_of, Some(id("ben")));
    assert_eq!(world.request.state.as_str(), "approved");
    let mut world = World::filed(terms(vec![
        step("A", &["ann", "ben"], 1, 2),
        step("B", &["ann"], 1, 1),
    ]));
    for from in ["ann", "ben"] {
        world.delegates(from, "cat", 10).expect("in order");
    }
    world
        .approves("cat")
        .expect("ben's, since ann is needed later");
    assert_eq!(world.request.votes[0].on_behalf_of, Some(id("ben")));
    world.approves("ann").expect("the second step");
    assert_eq!(world.request.state.as_str(), "approved");
}
