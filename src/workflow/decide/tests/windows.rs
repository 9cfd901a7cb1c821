//! Windows that approvers change (W16), and votes that wait for their confirmation (W30).

use super::super::super::policy::Step;
use super::super::counting::CONFIRMS_MAX;
use super::*;

fn length(length: i64) -> Window {
    Window::FromApproval {
        length: hours(length),
    }
}

fn fixed(from: i64, until: i64) -> Window {
    Window::Fixed {
        start: at(from),
        end: at(until),
    }
}

fn shown_reply(step: usize, revision: u32, decision: Decision) -> Action {
    Action::Vote {
        decision,
        comment: None,
        window: None,
        shown: Some(Shown {
            step,
            revision,
            confirms: None,
        }),
        channel: Channel::Mail,
    }
}

fn replies(world: &mut World, name: &str, reply: &Action) -> Result<Vec<Event>, Refusal> {
    world.act(&Actor::Person(id(name)), reply)
}

/// Goal: a narrower window is a revision that leaves every approval standing (W16).
/// Method: two of three; the second narrows and completes; the grant is the narrow one.
#[test]
fn w16_a_narrower_window_leaves_approvals_standing() {
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben", "cat"], 2, 1)]));
    world.approves("ann").expect("for two hours");
    world.sets("ben", length(1)).expect("for one");
    assert_eq!(
        (world.request.revision, world.request.window),
        (2, length(1))
    );
    assert_eq!(world.request.votes.len(), 2);
    let grant = world.request.grant().expect("two of two");
    assert_eq!(grant.end, at(1));
    let revisions: Vec<u32> = world
        .request
        .votes
        .iter()
        .map(|vote| vote.revision)
        .collect();
    assert_eq!(revisions, [1, 2], "what each of them saw");
    assert_eq!(world.request.window_of(1), Some(length(2)));
}

/// Goal: a wider window voids the approvals of others, on every step, and the flow returns to the first;
/// the changing approver's own stands, whose step then completes at once when it is reached (W16).
/// Method: the approver of the second step widens; the first is voted again.
#[test]
fn w16_a_wider_window_returns_to_the_first_step() {
    let mut world = World::filed(two_steps());
    world.approves("ann").expect("first");
    let events = world.sets("cat", length(4)).expect("second, wider");
    let names: Vec<&str> = events.iter().map(Event::as_str).collect();
    assert_eq!(names, ["voted", "window_changed"], "nothing is approved");
    assert_eq!(world.request.state, State::Pending { step: 0 });
    assert!(world.request.vote_of(0, &id("ann")).is_none(), "void");
    assert!(world.request.vote_of(1, &id("cat")).is_some(), "stands");
    assert_eq!(world.mail(), ["ask ann", "ask ben", "window_changed rita"]);
    world.approves("ann").expect("void for W11 and W13 too");
    let grant = world
        .request
        .grant()
        .expect("the second step completed at once");
    assert_eq!(grant.end, at(4));
    assert_eq!(
        world.mail(),
        ["approved rita", "settled ben", "settled cat"]
    );
}

/// Goal: whose approval is void is told so, where they are not asked again right now (W16).
/// Method: the third step's approver widens; the second step's is told, the first's are asked.
#[test]
fn w16_the_voided_are_told_or_asked() {
    let mut world = World::filed(terms(vec![
        step("A", &["ann"], 1, 1),
        step("B", &["ben"], 1, 1),
        step("C", &["cat"], 1, 1),
    ]));
    world.approves("ann").expect("A");
    world.approves("ben").expect("B");
    world.sets("cat", length(3)).expect("C, wider");
    assert_eq!(
        world.mail(),
        ["ask ann", "window_changed rita", "voided ben"]
    );
    assert_eq!(world.owed.cancel_asks, [0, 1, 2]);
    assert_eq!(code(world.approves("ben")), "step-not-yet");
    world.approves("ann").expect("again");
    assert_eq!(world.request.state, State::Pending { step: 1 });
    assert_eq!(world.mail(), ["ask ben", "progress rita"]);
    world.approves("ben").expect("again");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: another kind of window always reaches beyond, and so does one that only begins earlier or ends
/// later (W16). Method: each on a request with one approval, the one that lies inside beside them.
#[test]
fn w16_what_reaches_beyond() {
    let two_of_three = || terms(vec![step("S", &["ann", "ben", "cat"], 2, 1)]);
    for (asked, set, voids) in [
        (length(2), fixed(1, 2), true),
        (fixed(2, 4), length(1), true),
        (fixed(2, 4), fixed(1, 3), true),
        (fixed(2, 4), fixed(3, 5), true),
        (fixed(2, 4), fixed(3, 4), false),
        (fixed(2, 4), fixed(2, 3), false),
        (length(2), length(3), true),
        (length(2), length(1), false),
    ] {
        let asks = Draft {
            window: asked,
            ..draft()
        };
        let book = book(vec![policy(two_of_three())]);
        let mut world = World::filed_as(&asks, book).expect("sound");
        world.approves("ann").expect("one");
        world.sets("ben", set).expect("in order");
        let standing = world.request.vote_of(0, &id("ann")).is_some();
        assert_eq!(standing, !voids, "{asked:?} to {set:?}");
        let approved = world.request.grant().is_some();
        assert_eq!(approved, !voids, "{asked:?} to {set:?}");
    }
}

/// Goal: the window that is asked for again is no change, whatever is shown (W16).
/// Method: an approval that names the present window.
#[test]
fn w16_the_same_window_is_no_change() {
    let mut world = World::filed(one_of(&["ann"]));
    let events = world.sets("ann", length(2)).expect("counts");
    assert_eq!((events.len(), world.request.revision), (2, 1));
}

/// Goal: the window that an approver sets keeps within the policy, and a refused one counts nothing
/// (W4, W16). Method: each limit once.
#[test]
fn w16_within_w4() {
    let mut world = World::filed(one_of(&["ann"]));
    for (window, expected) in [
        (length(9), "window-too-long"),
        (length(0), "window-empty"),
        (fixed(-3, -1), "window-over"),
        (fixed(49, 50), "start-too-far"),
    ] {
        assert_eq!(code(world.sets("ann", window)), expected);
    }
    assert!(world.request.votes.is_empty());
}

/// Goal: nobody widens behind the back of those who approved before: one who was shown the narrow
/// window approves nothing wider, one who was shown the wide one approves the narrow (W16).
/// Method: replies that carry each revision.
#[test]
fn w16_replies_to_older_revisions() {
    let policy = terms(vec![step("S", &["ann", "ben", "cat"], 3, 1)]);
    let mut world = World::filed(policy);
    world.sets("ann", length(4)).expect("revision 2, wider");
    let old = shown_reply(0, 1, YES);
    assert_eq!(code(replies(&mut world, "ben", &old)), "stale-revision");
    let mut narrowed = world.clone();
    replies(&mut world, "ben", &shown_reply(0, 2, YES)).expect("what stands");
    narrowed
        .sets("ben", length(1))
        .expect("revision 3, narrower");
    replies(&mut narrowed, "cat", &old).expect("one hour lies inside two");
    assert_eq!(narrowed.request.grant().expect("three of three").end, at(1));
    for unknown in [0, 9] {
        let reply = shown_reply(0, unknown, YES);
        assert_eq!(code(replies(&mut world, "cat", &reply)), "stale-revision");
    }
}

/// Goal: disapprovals stand through a wider window, and nobody turns theirs round by it (W13, W16).
/// Method: two disapprovals reject; one is given before the window changes, one after.
#[test]
fn w16_disapprovals_stand() {
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben", "cat"], 1, 2)]));
    world.disapproves("ann").expect("one of two");
    let mut wide = World::filed(terms(vec![
        step("A", &["ann", "ben"], 1, 2),
        step("B", &["cat"], 1, 1),
    ]));
    wide.disapproves("ann").expect("one of two");
    wide.approves("ben").expect("the other");
    wide.sets("cat", length(4)).expect("wider");
    let against = wide.request.votes_on(0, NO).count();
    assert_eq!((against, wide.request.current_step()), (1, Some(0)));
    assert_eq!(code(wide.approves("ann")), "only-stricter");
    wide.disapproves("ben").expect("the second");
    assert_eq!(wide.request.state.as_str(), "rejected");
}

/// Goal: whose approval of a step ahead stands may still disapprove, and nobody else there votes (W14,
/// W16). Method: the flow is back at the first step after the second's approver widened.
#[test]
fn w16_a_standing_approver_ahead_may_disapprove() {
    let mut world = World::filed(terms(vec![
        step("A", &["ann"], 1, 1),
        step("B", &["ben", "cat"], 1, 2),
    ]));
    world.approves("ann").expect("first");
    world.sets("cat", length(4)).expect("wider");
    assert_eq!(
        code(replies(&mut world, "ben", &shown_reply(1, 2, NO))),
        "step-not-yet"
    );
    assert_eq!(
        code(replies(&mut world, "cat", &shown_reply(1, 2, YES))),
        "already-recorded"
    );
    replies(&mut world, "cat", &shown_reply(1, 2, NO)).expect("towards less access");
    assert_eq!(
        world.request.state,
        State::Pending { step: 0 },
        "ben may still"
    );
    world.approves("ann").expect("again");
    assert_eq!(world.request.state, State::Pending { step: 1 });
    world.approves("ben").expect("in place of cat");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: a change of window does not restart the time for deciding, but a fixed end bounds it; an end
/// further away gives back no more than there was (W16, W18). Method: change it late, thrice.
#[test]
fn w16_the_time_for_deciding() {
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben", "cat"], 3, 1)]));
    world.now = at(20);
    world.sets("ann", length(4)).expect("wider");
    assert_eq!(world.request.pending_until, at(24), "not restarted");
    world.sets("ben", fixed(21, 23)).expect("another kind");
    assert_eq!(world.request.pending_until, at(23), "follows the end");
    assert_eq!(world.request.expiry_cause(), ExpiryCause::WindowOver);
    world.sets("cat", fixed(21, 27)).expect("wider");
    assert_eq!(
        world.request.pending_until,
        at(24),
        "no more than there was"
    );
}

/// Goal: an approval whose wider window makes the others approve again is weighed against all steps
/// (W11, W16). Method: `ann` alone can fill the first step; from the second she may narrow, not widen.
#[test]
fn w16_a_widening_approver_can_be_needed_before() {
    let mut world = World::filed(terms(vec![
        step("A", &["ann", "ben"], 1, 1),
        step("B", &["ann", "cat"], 1, 1),
    ]));
    world.approves("ben").expect("first");
    world.disable("ben");
    match world.clone().sets("ann", length(4)) {
        Err(Refusal::NeededForLaterStep { step, .. }) => assert_eq!(step, "A"),
        other => panic!("{other:?}"),
    }
    world.sets("ann", length(1)).expect("the first step stands");
    assert_eq!(world.request.state.as_str(), "approved");
}

// ---- confirmed by mail ----

fn confirmed_by_mail(steps: Vec<Step>) -> World {
    World::filed(Terms {
        confirm_by_mail: true,
        ..terms(steps)
    })
}

/// Goal: a vote by another channel is no vote until confirmed by mail; comment and window come with the
/// confirmation (W30). Method: hold one, look, confirm it.
#[test]
fn w30_held_until_confirmed() {
    let mut world = confirmed_by_mail(vec![step("S", &["ann", "ben"], 2, 1)]);
    world.approves("ben").expect("held");
    assert!(world.request.votes.is_empty());
    assert_eq!(world.mail(), ["confirm ben"]);
    assert_eq!(code(world.approves("ben")), "awaits-confirmation");
    let held = |hours| Action::Vote {
        decision: YES,
        comment: Some("for the patch".to_owned()),
        window: Some(length(hours)),
        shown: None,
        channel: Channel::CommandLine,
    };
    replies(&mut world, "ben", &held(1)).expect("another vote replaces it");
    assert_eq!(world.request.held.len(), 1);
    assert_eq!(world.request.window, length(2), "not yet");
    let mut asked = world.clone();
    asked.replies("ben", YES, 0).expect("what the ask showed");
    assert_eq!(
        (asked.request.window, asked.request.held.len()),
        (length(2), 0)
    );
    assert_eq!(asked.request.votes[0].comment, None);
    let mut late = world.clone();
    late.now += SignedDuration::from_mins(1);
    replies(&mut late, "ben", &held(3)).expect("held anew");
    assert_eq!(
        code(late.confirms("ben", YES, world.now)),
        "confirms-another"
    );
    late.confirms("ben", NO, world.now).expect("no is no");
    world.confirms("ben", YES, world.now).expect("confirmed");
    let vote = &world.request.votes[0];
    assert_eq!(vote.comment.as_deref(), Some("for the patch"));
    assert_eq!(
        (world.request.window, world.request.held.len()),
        (length(1), 0)
    );
}

/// Goal: whoever has somebody else's account makes them no mail without end: so many votes are held on a step,
/// and then they are told to answer the last mail; what waits can still be confirmed, and a disapproval be held
/// (W30). Method: ever new windows, then NO, then the confirmation.
#[test]
fn w30_confirmations_are_asked_for_so_often() {
    let mut world = confirmed_by_mail(vec![step("S", &["ann", "ben"], 2, 1)]);
    let held = |minutes| Action::Vote {
        decision: YES,
        comment: None,
        window: Some(Window::FromApproval {
            length: SignedDuration::from_mins(minutes),
        }),
        shown: None,
        channel: Channel::CommandLine,
    };
    for minutes in 0..i64::from(CONFIRMS_MAX) {
        replies(&mut world, "ben", &held(30 + minutes)).expect("held");
        assert_eq!(world.mail(), ["confirm ben"]);
    }
    let refused = replies(&mut world, "ben", &held(50));
    assert_eq!(code(refused), "awaits-confirmation");
    let mut confirmed = world.clone();
    let asked = world.now;
    confirmed.confirms("ben", YES, asked).expect("the last one");
    world.disapproves("ben").expect("held");
    assert_eq!(code(world.approves("ben")), "awaits-confirmation");
    let other = Action::Vote {
        decision: NO,
        comment: Some("no".to_owned()),
        window: None,
        shown: None,
        channel: Channel::CommandLine,
    };
    assert_eq!(
        code(replies(&mut world, "ben", &other)),
        "awaits-confirmation"
    );
}

/// Goal: what the confirmation says of its own goes first, another decision takes nothing over, and
/// nobody confirms for somebody else (W30). Method: each on a held approval.
#[test]
fn w30_the_confirmation_has_the_last_word() {
    let mut world = confirmed_by_mail(vec![step("S", &["ann", "ben", "cat"], 1, 2)]);
    world.sets("ben", length(1)).expect("held");
    let mut other = world.clone();
    other.replies("ann", YES, 0).expect("a vote of her own");
    assert_eq!(other.request.grant().expect("one is enough").end, at(2));
    let mut own = world.clone();
    let reply = Action::Vote {
        decision: YES,
        comment: None,
        window: Some(Window::FromApproval {
            length: SignedDuration::from_mins(30),
        }),
        shown: None,
        channel: Channel::Mail,
    };
    replies(&mut own, "ben", &reply).expect("confirmed, narrower");
    assert_eq!(
        own.request.grant().expect("granted").end,
        later_by(SignedDuration::from_mins(30))
    );
    world.replies("ben", NO, 0).expect("on second thoughts");
    assert_eq!(
        (world.request.window, world.request.held.len()),
        (length(2), 0)
    );
}

/// Goal: an unconfirmed vote lapses when its step ends, or the request (W30).
/// Method: another approver completes the step; the late confirmation is an answer to a completed step.
#[test]
fn w30_lapses_with_its_step() {
    let mut world = confirmed_by_mail(vec![
        step("A", &["ann", "ben"], 1, 1),
        step("B", &["cat"], 1, 1),
    ]);
    world.disapproves("ben").expect("held");
    world.replies("ann", YES, 0).expect("completes the step");
    assert!(world.request.held.is_empty());
    assert_eq!(code(world.replies("ben", NO, 0)), "step-over");
    world.approves("cat").expect("held");
    world.withdraws("rita", "done").expect("in time");
    assert!(world.request.held.is_empty());
}

/// Goal: held votes use up nobody's vote and fill no place (W11, W30).
/// Method: a delegate holds one on behalf of `ann`, who then votes herself.
#[test]
fn w30_held_votes_count_nowhere() {
    let mut world = confirmed_by_mail(vec![step("S", &["ann", "ben"], 2, 1)]);
    world.delegates("ann", "cat", 10).expect("in order");
    world.approves("cat").expect("held on behalf of ann");
    world.approves("ben").expect("held");
    assert_eq!(world.request.state, State::Pending { step: 0 });
    world
        .replies("ann", YES, 0)
        .expect("her own vote is unused");
    assert_eq!(code(world.replies("cat", YES, 0)), "vote-used");
    world.replies("ben", YES, 0).expect("confirmed");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: who has approved and then writes another window is told that it changes nothing, and what to do; who
/// only repeats the approval is not (W13, W16). Method: an approval, the same with a window, and without.
#[test]
fn w16_a_window_after_the_approval_is_answered_plainly() {
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben"], 2, 1)]));
    world.approves("ann").expect("for two hours");
    let said = |refused: Result<Vec<Event>, Refusal>| {
        let refusal = refused.expect_err("already recorded");
        assert_eq!(refusal.code(), "already-recorded");
        let zone = jiff::tz::TimeZone::UTC;
        format!("{} {}", refusal.sentence(&zone), refusal.next())
    };
    let narrower = said(world.sets("ann", length(1)));
    assert!(
        narrower.contains("stands for the window that it was given for"),
        "{narrower}"
    );
    assert!(
        narrower.contains("disapprove while it is pending"),
        "{narrower}"
    );
    let same = said(world.approves("ann"));
    assert!(!same.contains("window"), "{same}");
    assert_eq!(world.request.window, length(2), "as it was approved");
}
