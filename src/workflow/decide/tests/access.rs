//! The life of a grant (W21–W23).

use super::super::super::request::{EndCause, Ending, GrantState};
use super::*;

fn fixed(from: i64, until: i64) -> Window {
    Window::Fixed {
        start: at(from),
        end: at(until),
    }
}

/// An approved request for this window.
fn granted(window: Window) -> World {
    let mut world = files(|draft, _| draft.window = window).expect("sound");
    world.approves("ann").expect("in time");
    world
}

fn other(request: i64, from: i64, until: i64) -> OtherGrant {
    OtherGrant {
        request: RequestId(request),
        grant: Grant {
            start: at(from),
            end: at(until),
        },
        extends: Some(RequestId(42)),
    }
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::as_str).collect()
}

/// Goal: the grant's state follows from the clock alone, exactly at both edges (W21).
/// Method: just before, at, and after each edge, with no strike in between.
#[test]
fn w21_states_by_the_clock_alone() {
    let world = granted(fixed(2, 4));
    let nano = SignedDuration::from_nanos(1);
    for (when, state) in [
        (at(0), GrantState::Scheduled),
        (later_by(hours(2) - nano), GrantState::Scheduled),
        (at(2), GrantState::Active),
        (later_by(hours(4) - nano), GrantState::Active),
        (at(4), GrantState::Ended),
    ] {
        assert_eq!(world.request.grant_state(when), Some(state), "{when}");
    }
    assert_eq!(
        files(|_, _| ()).expect("sound").request.grant_state(at(0)),
        None
    );
}

/// Goal: consumers and holder hear of both edges and of the warning, once each, each dated when it was
/// due (W21, W23). Method: strike late, after each.
#[test]
fn w21_the_edges_are_told() {
    let mut world = granted(fixed(2, 4));
    assert_eq!(code(world.clock_strikes()), "not-due");
    let mut told = Vec::new();
    for minutes in [121, 121, 231, 231, 241, 241] {
        world.now = later_by(SignedDuration::from_mins(minutes));
        if let Ok(events) = world.clock_strikes() {
            told.push((names(&events).join(" "), world.mail().join(" ")));
        }
    }
    let expected = [
        ("grant_started", "grant_started rita"),
        ("grant_warned", "grant_warning rita"),
        ("grant_ended", "grant_ended rita"),
    ];
    let expected = expected.map(|(event, mail)| (event.to_owned(), mail.to_owned()));
    assert_eq!(told, expected);
}

/// Goal: a clock that was away through the whole grant says only that it is over (W21, W23).
/// Method: strike once, a day later.
#[test]
fn w21_a_late_clock_says_the_end_only() {
    let mut world = granted(fixed(2, 4));
    world.now = at(28);
    let events = world.clock_strikes().expect("due");
    assert!(matches!(events[..], [Event::GrantEnded { at: due }] if due == at(4)));
    assert_eq!(world.mail(), ["grant_ended rita"]);
}

/// Goal: nobody is warned of an end that another grant goes on beyond, and all others are (W23).
/// Method: one that continues without a gap, one with a gap, one that ends as early.
#[test]
fn w23_no_warning_where_access_goes_on() {
    for (next, continued) in [
        (Some(other(43, 2, 5)), true),
        (Some(other(43, 1, 3)), true),
        (Some(other(43, 3, 5)), false),
        (Some(other(43, 1, 2)), false),
        (None, false),
    ] {
        let mut world = granted(Window::FromApproval { length: hours(2) });
        world.now = later_by(SignedDuration::from_mins(110));
        world.around.others = next.into_iter().collect();
        let events = world.clock_strikes().expect("due");
        let by = continued.then_some(RequestId(43));
        assert!(
            matches!(events[..], [Event::GrantWarned { continued_by, .. }] if continued_by == by),
            "{next:?}: {events:?}"
        );
        assert_eq!(world.mail().is_empty(), continued, "{next:?}");
    }
}

/// Goal: an extension begins where the grant ends, is its holder's, and is filed like any other (W23).
/// Method: each condition missing once, then a sound one.
#[test]
fn w23_extension() {
    fn asks(world: &World, name: &str, length: i64) -> Result<Draft, Refusal> {
        let scene = Scene {
            request: &world.request,
            book: &world.book,
            around: &world.around,
            now: world.now,
        };
        extension(&scene, &id(name), hours(length), Some("more".to_owned()))
    }
    let pending = files(|_, _| ()).expect("sound");
    assert_eq!(code(asks(&pending, "rita", 1)), "no-grant");
    let mut world = granted(fixed(2, 4));
    assert_eq!(code(asks(&world, "ann", 1)), "not-the-holder");
    let draft = asks(&world, "rita", 1).expect("in order");
    assert_eq!(draft.window, fixed(4, 5), "also while it is scheduled");
    assert_eq!(draft.extends, Some(RequestId(42)));
    let next = World::filed_as(&draft, world.book.clone()).expect("like any other");
    assert_eq!(next.request.state, State::Pending { step: 0 });
    assert_eq!(next.request.extends, Some(RequestId(42)));
    let long = asks(&world, "rita", 9).expect("a draft");
    assert_eq!(
        code(World::filed_as(&long, world.book.clone())),
        "window-too-long"
    );
    world.around.others = vec![other(43, 4, 5)];
    assert_eq!(code(asks(&world, "rita", 1)), "extended-already");
    world.around.others.clear();
    world.now = at(4);
    assert_eq!(code(asks(&world, "rita", 1)), "grant-over");
}

/// Goal: an extension approved late begins then, and never before the first ends (W23).
/// Method: approve before and after the end of the first.
#[test]
fn w23_never_cuts_the_first_short() {
    for (when, from) in [(1, 4), (4, 4), (5, 5)] {
        let mut world = files(|draft, _| draft.window = fixed(4, 6)).expect("sound");
        world.now = at(when);
        world.approves("ann").expect("in time");
        assert_eq!(world.request.grant().expect("granted").start, at(from));
    }
}

/// Goal: one eligible approver of any step, or an access admin, revokes, with a reason; nobody else (W22).
/// Method: everybody tries, on a grant that is scheduled and on one that is active.
#[test]
fn w22_who_revokes() {
    for now in [at(0), at(3)] {
        let mut world = files(|draft, book| {
            draft.window = fixed(2, 4);
            book.policies[0].terms = two_steps();
        })
        .expect("sound");
        world.approves("ann").expect("first");
        world.approves("cat").expect("second");
        world.now = now;
        for nobody in ["rita", "dan"] {
            assert_eq!(code(world.revokes(nobody, "because")), "not-a-revoker");
        }
        assert_eq!(code(world.revokes("eve", "because")), "not-active");
        assert_eq!(code(world.revokes("ben", " ")), "revoke-reason-required");
        let mut admin = world.clone();
        let roles = &mut admin.book.people.get_mut(&id("dan")).expect("known").roles;
        roles.insert(super::super::super::book::Role::AccessAdmin);
        admin
            .revokes("dan", "an incident")
            .expect("an access admin");
        world
            .revokes("ben", "an incident")
            .expect("has not voted, and may");
        assert_eq!(world.request.grant_state(at(1)), Some(GrantState::Revoked));
        assert_eq!(
            world.mail(),
            ["grant_ended ann", "grant_ended cat", "grant_ended rita"]
        );
        assert_eq!(code(world.revokes("ann", "again")), "grant-over");
        assert_eq!(code(world.returns("rita")), "grant-over");
        assert_eq!(code(world.clock_strikes()), "not-due");
    }
}

/// Goal: only a grant is revoked, not what is pending or over, and its end is exact (W22).
/// Method: pending; at the last instant; at the end.
#[test]
fn w22_only_what_stands() {
    let mut world = files(|_, _| ()).expect("sound");
    assert_eq!(code(world.revokes("ann", "because")), "no-grant");
    assert_eq!(code(world.returns("rita")), "no-grant");
    world.approves("ann").expect("granted");
    world.now = later_by(hours(2) - SignedDuration::from_nanos(1));
    world.clone().revokes("ann", "because").expect("in time");
    world.now = at(2);
    assert_eq!(code(world.revokes("ann", "because")), "grant-over");
    assert_eq!(code(world.returns("rita")), "grant-over");
}

/// Goal: the holder, and nobody else, gives a grant back, without a reason if they like (W22).
/// Method: an approver tries first.
#[test]
fn w22_returned() {
    let mut world = granted(fixed(0, 4));
    world.now = at(1);
    assert_eq!(code(world.returns("ann")), "not-the-holder");
    world.returns("rita").expect("theirs");
    assert_eq!(world.request.grant_state(at(1)), Some(GrantState::Returned));
    let ended = world.request.ended.as_ref().expect("cut");
    assert_eq!((ended.at, ended.cause), (at(1), EndCause::Returned));
    assert_eq!(
        world.mail(),
        ["grant_ended ann"],
        "rita has the answer before her"
    );
}

/// Goal: what continues a grant ends with it: pending, scheduled or active; what is over stays as it is
/// (W22). Method: each, with both causes.
#[test]
fn w22_extensions_end_with_their_base() {
    let base = RequestId(41);
    let ending = |cause| Ending {
        at: at(1),
        cause,
        by: id("ann"),
        reason: Some("an incident".to_owned()),
        with: None,
    };
    let fold = |world: &World, cause, now| {
        let events = cut_with_base(&world.request, base, &ending(cause), now);
        let mut request = world.request.clone();
        for event in &events {
            request.apply(event).expect("fits");
        }
        request
    };
    let pending = files(|draft, _| draft.window = fixed(2, 4)).expect("sound");
    let after = fold(&pending, EndCause::Revoked, at(1));
    assert_eq!(after.state.as_str(), "rejected");
    let mut late = pending.clone();
    late.request = after;
    let refusal = late.approves("ann").expect_err("too late");
    assert!(
        refusal.to_string().contains(": Ann revoked R-41 ("),
        "{refusal}"
    );
    let Refusal::Settled { by, .. } = refusal else {
        unreachable!("its sentence says so");
    };
    let told: Vec<_> = by.iter().map(|one| (&one.person, one.revoked)).collect();
    assert_eq!(told, [(&id("ann"), Some(base))], "who revoked what (W14)");
    let after = fold(&pending, EndCause::Returned, at(1));
    assert!(matches!(&after.state, State::Withdrawn { reason, .. } if reason.contains("R-41")));
    assert_eq!(
        fold(&pending, EndCause::Revoked, at(4)).state.as_str(),
        "expired"
    );
    let scheduled = granted(fixed(2, 4));
    for (now, state) in [(at(1), GrantState::Revoked), (at(3), GrantState::Revoked)] {
        let after = fold(&scheduled, EndCause::Revoked, now);
        assert_eq!(after.grant_state(now), Some(state));
        assert_eq!(after.ended.expect("cut").with, Some(base));
    }
    assert_eq!(
        fold(&scheduled, EndCause::Revoked, at(4)),
        scheduled.request
    );
    let mut rejected = pending;
    rejected.disapproves("ann").expect("no");
    assert_eq!(fold(&rejected, EndCause::Revoked, at(1)), rejected.request);
}
