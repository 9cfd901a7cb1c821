//! Access that cannot wait, and the look at it afterwards (W5, W24–W26).

use super::super::super::book::Delegation;
use super::super::super::policy::EmergencyBlock;
use super::*;

const REASON: &str = "the site is down";

fn block() -> EmergencyBlock {
    EmergencyBlock {
        allowed: vec![who("rita")],
        max_duration: hours(1),
        block_until_reviewed: true,
        remind_review_after: hours(24),
    }
}

/// A pending request of two steps under a policy that offers emergency access.
fn offered() -> World {
    files(|_, book| {
        book.policies[0].terms = two_steps();
        book.policies[0].emergency = Some(block());
    })
    .expect("sound")
}

fn files_emergency(world: &World, unreviewed: &[RequestId]) -> Result<Vec<Event>, Refusal> {
    let filing = Filing {
        book: &world.book,
        id: RequestId(43),
        pending: None,
        unreviewed,
        now: world.now,
    };
    file_emergency(&draft(), REASON, &id("rita"), &filing)
}

/// Goal: whom the block names is offered emergency access right after filing (W24).
/// Method: what the filing's notice says, with and without the block, and to another group.
#[test]
fn w24_offered_at_filing() {
    let offers = |world: &World| {
        let filed = world
            .owed
            .notices
            .iter()
            .find(|notice| notice.to == id("rita"));
        filed.expect("told").facts.emergency_offered
    };
    assert!(offers(&offered()));
    assert!(!offers(&files(|_, _| ()).expect("sound")));
    let others = files(|_, book| {
        let allowed = vec![who("group:team")];
        book.policies[0].emergency = Some(EmergencyBlock { allowed, ..block() });
    });
    assert!(!offers(&others.expect("sound")));
}

/// Goal: the requester takes access with a reason that says something; from now to the earlier of the
/// block's limit and the requested end; no further vote counts (W24).
/// Method: each condition missing once; then a short window, a long and a fixed one.
#[test]
fn w24_confirmed() {
    let mut world = offered();
    assert_eq!(code(world.takes("ann", REASON)), "not-the-requester");
    for reason in ["", "   short     ", "123456789", "12345678\u{0}\u{7}9"] {
        assert_eq!(
            code(world.takes("rita", reason)),
            "emergency-reason-too-short"
        );
    }
    world.now = at(1);
    world.takes("rita", REASON).expect("offered");
    let grant = Grant {
        start: at(1),
        end: at(2),
    };
    assert_eq!(world.request.state, State::Approved { at: at(1), grant });
    assert_eq!(code(world.approves("ann")), "settled");
    assert_eq!(code(world.takes("rita", REASON)), "settled");
    for (window, end) in [
        (
            Window::FromApproval {
                length: SignedDuration::from_mins(20),
            },
            20,
        ),
        (
            Window::Fixed {
                start: at(-1),
                end: later_by(SignedDuration::from_mins(30)),
            },
            30,
        ),
        (
            Window::Fixed {
                start: at(20),
                end: at(22),
            },
            60,
        ),
    ] {
        let mut world = files(|draft, book| {
            draft.window = window;
            book.policies[0].emergency = Some(block());
        })
        .expect("sound");
        world.takes("rita", REASON).expect("offered");
        let grant = world.request.grant().expect("at once");
        let end = later_by(SignedDuration::from_mins(end));
        assert_eq!((grant.start, grant.end), (at(0), end), "{window:?}");
    }
}

/// Goal: the block is read from the policy in force now (W24).
/// Method: it is taken away, given, narrowed, and the policy covers the requester no more.
#[test]
fn w24_the_block_in_force() {
    let mut world = offered();
    world.book.policies[0].emergency = None;
    assert_eq!(code(world.takes("rita", REASON)), "emergency-not-offered");
    let mut world = files(|_, _| ()).expect("sound");
    assert_eq!(code(world.takes("rita", REASON)), "emergency-not-offered");
    let max_duration = SignedDuration::from_mins(5);
    world.book.policies[0].emergency = Some(EmergencyBlock {
        max_duration,
        ..block()
    });
    world.clone().takes("rita", REASON).expect("given since");
    world.book.policies[0].requesters = vec![who("ben")];
    assert_eq!(code(world.takes("rita", REASON)), "emergency-not-offered");
}

/// Goal: a disabled person takes nothing, nor does anybody on a request that is over (W10, W18, W24).
/// Method: both, before the clock has said anything.
#[test]
fn w24_not_for_the_disabled_nor_when_over() {
    let mut world = offered();
    let mut over = world.clone();
    over.now = at(24);
    assert_eq!(code(over.takes("rita", REASON)), "settled");
    world.disable("rita");
    assert_eq!(code(world.takes("rita", REASON)), "not-active");
    assert_eq!(code(files_emergency(&world, &[])), "not-active");
}

/// Goal: a refusal because of the steps leaves emergency access open to whom the block names, and to
/// nobody else (W5, W24). Method: file ordinarily and as an emergency.
#[test]
fn w5_leaves_the_emergency_open() {
    let mut world = offered();
    world.book.policies[0].terms.steps = vec![step("S", &["rita"], 1, 1)];
    for named in [true, false] {
        if !named {
            world.book.policies[0].emergency = Some(EmergencyBlock {
                allowed: vec![who("ann")],
                ..block()
            });
        }
        match World::filed_as(&draft(), world.book.clone()) {
            Err(Refusal::StepCannotComplete { emergency, .. }) => assert_eq!(emergency, named),
            other => panic!("{other:?}"),
        }
        let filed = files_emergency(&world, &[]);
        if named {
            let request = Request::replay(&filed.expect("offered")).expect("folds");
            assert_eq!(request.grant().expect("at once").end, at(1));
            assert!(request.emergency.is_some());
        } else {
            assert_eq!(code(filed), "emergency-not-offered");
        }
    }
}

/// Goal: all approvers of all steps are told at once, delegates and those who were asked included, with
/// who and why; the request is marked for good (W25).
/// Method: take it at the first of two steps; end and review it.
#[test]
fn w25_everybody_is_told() {
    let mut world = offered();
    let dan = world.book.people.get_mut(&id("dan")).expect("known");
    dan.modules.insert("credential".into());
    world.delegates("cat", "dan", 10).expect("in order");
    world.takes("rita", REASON).expect("offered");
    let told = [
        "emergency ann",
        "emergency ben",
        "emergency cat",
        "emergency dan",
    ];
    assert_eq!(world.mail()[..4], told);
    assert_eq!(world.mail()[4..], ["approved rita"]);
    assert_eq!(world.owed.cancel_asks, [0, 1]);
    for notice in &world.owed.notices {
        let emergency = notice.facts.emergency.as_ref().expect("marked");
        assert_eq!(emergency.reason, REASON);
    }
    world.revokes("ben", "not needed").expect("an approver");
    world.reviews("cat", "in order").expect("a reviewer");
    assert!(world.request.emergency.is_some(), "for good");
}

/// Goal: an emergency is reviewed once, by an eligible approver of any step, with a finding, and never by
/// its requester, whatever the policy says or whoever delegates to them (W26).
/// Method: everybody tries; self-approval is allowed and a delegation stands.
#[test]
fn w26_who_reviews() {
    let mut world = files(|_, book| {
        book.policies[0].terms = Terms {
            allow_self_approval: true,
            ..terms(vec![
                step("A", &["ann", "rita"], 1, 1),
                step("B", &["cat", "ben"], 1, 1),
            ])
        };
        book.policies[0].emergency = Some(block());
    })
    .expect("sound");
    assert_eq!(code(world.reviews("ann", "fine")), "no-emergency");
    world.takes("rita", REASON).expect("offered");
    world.delegates("ann", "rita", 10).expect("in order");
    for nobody in ["rita", "dan"] {
        assert_eq!(code(world.reviews(nobody, "fine")), "not-a-reviewer");
    }
    assert_eq!(code(world.reviews("ann", " \n")), "finding-required");
    world.now = at(30);
    world
        .reviews("cat", "in order")
        .expect("an approver of the second step");
    assert_eq!(
        world.mail(),
        ["reviewed ann", "reviewed ben", "reviewed rita"]
    );
    assert_eq!(code(world.reviews("ann", "me too")), "already-reviewed");
}

/// Goal: whether anybody can review an emergency does not depend on delegations, so that the clock, which
/// ends them, takes no last reviewer away (W20, W26).
/// Method: every pair of delegate and delegator, beside every choice of approvers and of one who is disabled.
#[test]
fn w26_no_reviewer_ends_with_a_delegation() {
    let everybody = ["rita", "ann", "ben", "cat", "dan"];
    let mut differs = 0;
    for choice in 1..1_u32 << everybody.len() {
        let named = |(at, name): (usize, &&'static str)| (choice >> at & 1 == 1).then_some(*name);
        let approvers: Vec<_> = everybody.iter().enumerate().filter_map(named).collect();
        for disabled in ["nobody", "ann", "ben"] {
            let filed = files(|_, book| {
                book.policies[0].terms = Terms {
                    allow_self_approval: true,
                    ..terms(vec![step("A", &approvers, 1, 1)])
                };
                book.policies[0].emergency = Some(block());
            });
            // Where nobody at all could approve, nothing is filed.
            let Ok(mut world) = filed else { continue };
            if let Some(person) = world.book.people.get_mut(&id(disabled)) {
                person.active = false;
            }
            let can = |world: &World| can_be_reviewed(&world.request, &world.book, world.now);
            let alone = can(&world);
            differs += usize::from(alone);
            for from in everybody {
                for to in everybody.into_iter().filter(|to| *to != from) {
                    world.book.delegations = vec![Delegation {
                        from: id(from),
                        to: id(to),
                        start: world.now,
                        until: world.now + hours(1),
                    }];
                    assert_eq!(
                        can(&world),
                        alone,
                        "{approvers:?} {disabled} {from} to {to}"
                    );
                }
            }
        }
    }
    assert!((1..93).contains(&differs), "{differs}");
}

/// Goal: until it is reviewed the same requester is offered no further emergency, unless the policy says
/// otherwise (W26). Method: an open one beside a filing and beside a pending request.
#[test]
fn w26_blocked_until_reviewed() {
    let open = vec![RequestId(7)];
    let mut world = offered();
    world.around.unreviewed.clone_from(&open);
    assert_eq!(code(world.takes("rita", REASON)), "emergency-unreviewed");
    assert_eq!(code(files_emergency(&world, &open)), "emergency-unreviewed");
    world.book.policies[0].emergency = Some(EmergencyBlock {
        block_until_reviewed: false,
        ..block()
    });
    world.takes("rita", REASON).expect("not blocked");
    files_emergency(&world, &open).expect("not blocked");
}

/// Goal: reviewers are reminded until one of them has looked; a late clock reminds once, also of a grant
/// long over (W21, W26). Method: strike on the fourth day, review, strike again.
#[test]
fn w26_reminders_of_the_review() {
    let mut world = offered();
    world.takes("rita", REASON).expect("offered");
    world.now = at(80);
    let events = world.clock_strikes().expect("due");
    let names: Vec<&str> = events.iter().map(Event::as_str).collect();
    assert_eq!(names, ["grant_ended", "review_reminded"]);
    assert!(matches!(events[1], Event::ReviewReminded { number: 3, .. }));
    let reminded = [
        "review_reminder ann",
        "review_reminder ben",
        "review_reminder cat",
    ];
    assert!(
        reminded
            .iter()
            .all(|line| world.mail().contains(&(*line).to_owned()))
    );
    assert_eq!(code(world.clock_strikes()), "not-due");
    world.now = at(96);
    world.clone().clock_strikes().expect("the fourth");
    world.reviews("ann", "in order").expect("a reviewer");
    world.now = at(200);
    assert_eq!(code(world.clock_strikes()), "not-due");
}

/// Goal: what extends a grant goes the ordinary way (W23).
/// Method: an emergency on such a request.
#[test]
fn w23_no_emergency_extension() {
    let mut world = files(|draft, book| {
        draft.extends = Some(RequestId(41));
        book.policies[0].emergency = Some(block());
    })
    .expect("sound");
    assert_eq!(code(world.takes("rita", REASON)), "emergency-not-offered");
}

/// Goal: what shows nothing is no reason (W24); a reason that shows something is kept, marks and all.
/// Method: blanks of every kind; an emoji made of several characters.
#[test]
fn w24_invisible_characters_are_no_reason() {
    let world = offered();
    for nothing in [
        "",
        " \n",
        "\u{200b}\u{feff}",
        "\u{2060} \u{3164}\u{ad}",
        "\u{e0041}",
    ] {
        assert_eq!(cleaned(Some(nothing), "reason"), Ok(None), "{nothing:?}");
        let filing = Filing {
            book: &world.book,
            id: RequestId(43),
            pending: None,
            unreviewed: &[],
            now: world.now,
        };
        let refused = file_emergency(&draft(), nothing, &id("rita"), &filing);
        assert!(refused.is_err(), "{nothing:?}: {refused:?}");
        let padded = format!("x{}", "\u{200b}".repeat(12));
        let refused = file_emergency(&draft(), &padded, &id("rita"), &filing);
        assert_eq!(code(refused), "emergency-reason-too-short");
    }
    let family = "\u{1f468}\u{200d}\u{1f469}\u{fe0f}";
    assert_eq!(cleaned(Some(family), "reason"), Ok(Some(family.to_owned())));
}

/// Goal: an emergency that only its requester could review is known as such (W26).
/// Method: a step of the requester and another; then the other is disabled.
#[test]
fn w26_nobody_but_the_requester_can_review() {
    let mut world = World::filed(terms(vec![step("S", &["rita", "ann"], 1, 1)]));
    let possible = |world: &World| can_be_reviewed(&world.request, &world.book, world.now);
    assert!(possible(&world));
    world.book.people.get_mut(&id("ann")).expect("known").active = false;
    assert!(!possible(&world));
}
