use super::super::ids::Module;
use super::super::policy::{Mode, Terms};
use super::super::request::{Decision, ExpiryCause, Grant, State, Window};
use super::super::testing::*;
use super::*;
use jiff::SignedDuration;

mod access;
mod delegating;
mod emergency;
mod tick;
mod windows;

const YES: Decision = Decision::Approve;
const NO: Decision = Decision::Disapprove;

fn one_of(approvers: &[&str]) -> Terms {
    terms(vec![step("Review", approvers, 1, 1)])
}

/// Two steps: `ann` or `ben`, then `cat`.
fn two_steps() -> Terms {
    terms(vec![
        step("Manager", &["group:team"], 1, 1),
        step("Security", &["cat"], 1, 1),
    ])
}

fn files(change: impl FnOnce(&mut Draft, &mut Book)) -> Result<World, Refusal> {
    let (mut draft, mut book) = (draft(), book(vec![policy(one_of(&["ann"]))]));
    change(&mut draft, &mut book);
    World::filed_as(&draft, book)
}

/// So many hours after the beginning.
fn at(hour: i64) -> Timestamp {
    later_by(hours(hour))
}

fn later_by(by: SignedDuration) -> Timestamp {
    start().checked_add(by).expect("in range")
}

// ---- filing ----

/// Goal: a sound request is pending at its first step until its time is over (W1, W18).
/// Method: file one and look at it.
#[test]
fn w1_a_sound_request_is_filed() {
    let world = files(|_, _| ()).expect("sound");
    assert_eq!(world.request.state, State::Pending { step: 0 });
    assert_eq!(world.request.pending_until, at(24));
    assert_eq!(world.request.terms.version, 7);
    assert_eq!(world.request.revision, 1);
}

/// Goal: a reason is asked for where the policy or the mode wants one, and blanks are none (W1).
/// Method: leave it blank under each kind of policy.
#[test]
fn w1_a_justification_can_be_required() {
    let blank = |draft: &mut Draft| draft.justification = Some(" \n".to_owned());
    let refused = files(|draft, book| {
        blank(draft);
        book.policies[0].terms.justification_required = true;
    });
    assert_eq!(code(refused), "justification-missing");
    let refused = files(|draft, book| {
        blank(draft);
        book.policies[0].terms.mode = Mode::Justification;
    });
    assert_eq!(code(refused), "justification-missing");
    let world = files(|draft, _| blank(draft)).expect("optional here");
    assert_eq!(world.request.justification, None);
}

/// Goal: names and texts of outsiders are bounded and without control characters (W1).
/// Method: one draft for each bound.
#[test]
fn w1_names_and_texts_are_bounded() {
    for resource in ["", "  ", "prod-\nBcc: x", &"x".repeat(MAX_NAME_CHARS + 1)] {
        let refused = files(|draft, _| draft.subject.resource = resource.to_owned());
        assert_eq!(code(refused), "subject-malformed", "{resource:?}");
    }
    let long = "ä".repeat(MAX_TEXT_CHARS + 1);
    assert_eq!(
        code(files(|draft, _| draft.justification = Some(long))),
        "text-too-long"
    );
    let world = files(|draft, _| draft.justification = Some(" a\0b\u{1b}[2J\nc ".to_owned()));
    let request = world.expect("cleaned").request;
    assert_eq!(request.justification.as_deref(), Some("ab[2J\nc"));
}

/// Goal: the module says whether an account is named (W2).
/// Method: leave it out where it is required, give it where there is none, name an unknown module.
#[test]
fn w2_account_and_module_fit_together() {
    assert_eq!(
        code(files(|draft, _| draft.subject.account = None)),
        "account-required"
    );
    let blank = files(|draft, _| draft.subject.account = Some("  ".to_owned()));
    assert_eq!(code(blank), "account-required");
    let refused = files(|draft, _| draft.subject.module = Module::from("certificate"));
    assert_eq!(code(refused), "account-not-allowed");
    let refused = files(|draft, _| draft.subject.module = Module::from("coffee"));
    assert_eq!(code(refused), "unknown-module");
}

/// Goal: what no policy covers is refused (W3).
/// Method: ask for another resource, and as somebody whom no policy names.
#[test]
fn w3_no_policy_fails_closed() {
    assert_eq!(
        code(files(|draft, _| draft.subject.resource = "dev-1".to_owned())),
        "no-policy"
    );
    let book = book(vec![policy(one_of(&["ann"]))]);
    let filing = Filing {
        book: &book,
        id: RequestId(1),
        pending: None,
        unreviewed: &[],
        now: start(),
    };
    assert_eq!(code(file(&draft(), &id("ben"), &filing)), "no-policy");
    assert_eq!(code(file(&draft(), &id("eve"), &filing)), "not-active");
    assert_eq!(
        code(file(&draft(), &id("nobody"), &filing)),
        "unknown-person"
    );
}

/// Goal: a window is neither empty, over, too long nor too far ahead; the edges are allowed (W4).
/// Method: each limit from both sides.
#[test]
fn w4_windows_are_held_against_the_policy() {
    let fixed = |from: i64, until: i64| Window::Fixed {
        start: at(from),
        end: at(until),
    };
    let length = |length| Window::FromApproval { length };
    let second = SignedDuration::from_secs(1);
    for (window, expected) in [
        (fixed(2, 2), "window-empty"),
        (fixed(3, 2), "window-empty"),
        (length(SignedDuration::ZERO), "window-empty"),
        (length(-second), "window-empty"),
        (fixed(-2, 0), "window-over"),
        (fixed(0, 9), "window-too-long"),
        (length(hours(8) + second), "window-too-long"),
        (fixed(49, 50), "start-too-far"),
    ] {
        assert_eq!(
            code(files(|draft, _| draft.window = window)),
            expected,
            "{window:?}"
        );
    }
    for window in [
        fixed(0, 8),
        fixed(48, 49),
        fixed(-1, 1),
        length(hours(8)),
        length(second),
    ] {
        let world = files(|draft, _| draft.window = window).expect("allowed");
        assert_eq!(world.request.window, window);
    }
}

/// Goal: a request that could never be approved is refused, naming the step (W5).
/// Method: too few, only the requester, only unregistered or disabled, one person for two steps.
#[test]
fn w5_impossible_steps_are_refused_by_name() {
    for steps in [
        vec![step("S", &["ann"], 2, 1)],
        vec![step("S", &["rita"], 1, 1)],
        vec![step("S", &["dan", "eve", "nobody", "group:none"], 1, 1)],
        vec![step("S", &["ann", "group:team"], 3, 1)],
        vec![step("First", &["ann"], 1, 1), step("S", &["ann"], 1, 1)],
        vec![
            step("First", &["group:team"], 2, 1),
            step("S", &["ann", "ben"], 1, 1),
        ],
    ] {
        let refused = files(|_, book| book.policies[0].terms.steps = steps.clone());
        match refused {
            Err(Refusal::StepCannotComplete { step, .. }) => assert_eq!(step, "S", "{steps:?}"),
            other => panic!("{other:?} for {steps:?}"),
        }
    }
}

/// Goal: the same person may fill two steps where the policy says so, and the requester a place
/// where self-approval is allowed (W5, W10, W11). Method: file what is refused otherwise.
#[test]
fn w5_follows_the_lifted_conditions() {
    let steps = vec![
        step("First", &["ann"], 1, 1),
        step("Second", &["ann"], 1, 1),
    ];
    let world = files(|_, book| {
        book.policies[0].terms.steps = steps;
        book.policies[0].terms.distinct_approvers = false;
    });
    let mut world = world.expect("one person for both");
    world.approves("ann").expect("first");
    world.approves("ann").expect("second");
    assert_eq!(world.request.state.as_str(), "approved");
    let world = files(|_, book| {
        book.policies[0].terms.steps = vec![step("S", &["rita"], 1, 1)];
        book.policies[0].terms.allow_self_approval = true;
    });
    world
        .expect("self-approval")
        .approves("rita")
        .expect("allowed");
}

/// Goal: a second pending request for the same thing points at the first; a key files once (W6).
/// Method: hand in the first one's number; compare drafts under one key.
#[test]
fn w6_one_pending_request_and_one_filing_a_key() {
    let book = book(vec![policy(one_of(&["ann"]))]);
    let pending = Some(RequestId(9));
    let filing = Filing {
        book: &book,
        id: RequestId(10),
        pending,
        unreviewed: &[],
        now: start(),
    };
    match file(&draft(), &id("rita"), &filing) {
        Err(Refusal::AlreadyPending { request, .. }) => assert_eq!(request, RequestId(9)),
        other => panic!("{other:?}"),
    }
    let world = files(|_, _| ()).expect("sound");
    assert!(same_filing(&world.request, &draft()));
    let other = Draft {
        justification: Some("ticket 18".to_owned()),
        ..draft()
    };
    assert!(!same_filing(&world.request, &other));
    let other = Draft {
        window: Window::FromApproval { length: hours(1) },
        ..draft()
    };
    assert!(!same_filing(&world.request, &other));
}

/// Goal: the terms of the filing hold, while entitlement is read live (W7).
/// Method: change both under a pending request.
#[test]
fn w7_terms_are_kept_and_entitlement_is_live() {
    let mut world = World::filed(terms(vec![step("S", &["group:team"], 2, 1)]));
    world.book.policies[0].terms.steps[0].approvals = 1;
    world.approves("ann").expect("counts");
    assert_eq!(
        world.request.current_step(),
        Some(0),
        "two are still needed"
    );
    world.disable("ann");
    world.disable("ben");
    assert_eq!(code(world.approves("ben")), "not-active");
    world
        .book
        .groups
        .insert(super::super::ids::GroupId::from("team"), [id("cat")].into());
    world
        .approves("cat")
        .expect("a member now; the vote already counted stands");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: nothing is granted to somebody who has been disabled since (W7).
/// Method: disable the requester; approval is refused, disapproval counts.
#[test]
fn w7_nothing_is_approved_for_a_disabled_requester() {
    let mut world = World::filed(one_of(&["ann"]));
    world.disable("rita");
    assert_eq!(code(world.approves("ann")), "requester-not-active");
    assert_eq!(code(world.withdraws("rita", "gone")), "not-active");
    world.disapproves("ann").expect("towards less access");
    assert_eq!(world.request.state.as_str(), "rejected");
}

/// Goal: free and justification mode grant at once, and so does a module switched off (W8).
/// Method: file under each and look at the events.
#[test]
fn w8_no_approval_is_asked_where_none_is_wanted() {
    for mode in [Mode::Free, Mode::Justification] {
        let world = files(|_, book| {
            book.policies[0].terms.mode = mode;
            book.policies[0].terms.steps.clear();
        });
        let world = world.expect("granted");
        let grant = Grant {
            start: start(),
            end: at(2),
        };
        assert_eq!(world.request.state, State::Approved { at: start(), grant });
        assert_eq!(world.mail(), ["approved rita"]);
    }
    let switch_off = |book: &mut Book| {
        let rules = book
            .modules
            .get_mut(&Module::from("credential"))
            .expect("known");
        rules.approval = false;
    };
    let world = files(|_, book| switch_off(book)).expect("granted");
    assert!(matches!(&world.events[0], Event::Filed(filed) if filed.approval_switched_off));
    assert_eq!(world.request.state.as_str(), "approved");
    let refused = files(|draft, book| {
        draft.justification = None;
        switch_off(book);
    });
    assert_eq!(code(refused), "justification-missing");
}

// ---- deciding ----

/// Goal: steps run in order, and each is asked when it becomes current (W9).
/// Method: complete the first of two and watch who is asked when.
#[test]
fn w9_steps_run_in_order() {
    let mut world = World::filed(two_steps());
    assert_eq!(world.mail(), ["ask ann", "ask ben", "filed rita"]);
    assert_eq!(code(world.approves("cat")), "step-not-yet");
    world.approves("ann").expect("counts");
    assert_eq!(world.request.state, State::Pending { step: 1 });
    assert_eq!(world.mail(), ["ask cat", "progress rita", "settled ben"]);
    world.approves("cat").expect("counts");
    let grant = Grant {
        start: start(),
        end: at(2),
    };
    assert_eq!(world.request.state, State::Approved { at: start(), grant });
}

/// Goal: only an active, named, registered person other than the requester votes (W10).
/// Method: one person for each missing condition.
#[test]
fn w10_who_may_vote() {
    let mut world = World::filed(one_of(&["ann", "dan", "eve", "rita"]));
    for (name, expected) in [
        ("rita", "own-request"),
        ("dan", "not-registered"),
        ("eve", "not-active"),
        ("ben", "not-eligible"),
        ("nobody", "unknown-person"),
    ] {
        let before = world.request.clone();
        assert_eq!(code(world.approves(name)), expected, "{name}");
        assert_eq!(code(world.disapproves(name)), expected, "{name}");
        assert_eq!(world.request, before);
    }
    world.approves("ann").expect("entitled");
}

/// Goal: whoever has no part in a request is not told by whom it was settled, though a button that stands in a
/// channel is theirs to press; who was asked by a mail of their own is (W14).
/// Method: the same vote, as it was shown, by each channel, of one whom no step names.
#[test]
fn w14_a_channel_gives_nobody_a_part() {
    let mut world = World::filed(one_of(&["ann"]));
    world.approves("ann").expect("entitled");
    for (channel, expected) in [
        (Channel::Mail, "settled"),
        (Channel::Link, "settled"),
        (Channel::Chat, "not-eligible"),
        (Channel::CommandLine, "not-eligible"),
    ] {
        let action = Action::Vote {
            decision: Decision::Approve,
            comment: None,
            window: None,
            shown: Some(Shown {
                step: 0,
                revision: 1,
                confirms: None,
            }),
            channel,
        };
        let judged = world.act(&Actor::Person(id("ben")), &action);
        assert_eq!(code(judged), expected, "{channel:?}");
    }
}

/// Goal: a role makes nobody eligible (W10).
/// Method: an unnamed system admin tries.
#[test]
fn w10_roles_make_nobody_eligible() {
    let mut world = World::filed(one_of(&["ann"]));
    let cat = world.book.people.get_mut(&id("cat")).expect("known");
    cat.roles.insert(super::super::book::Role::SystemAdmin);
    assert_eq!(code(world.approves("cat")), "not-eligible");
}

/// Goal: one person approves a request once, while their disapproval of a later step counts (W11).
/// Method: one who is named in both steps tries each.
#[test]
fn w11_one_approval_a_request() {
    let steps = || {
        let all = &["ann", "ben", "cat"];
        terms(vec![step("First", all, 1, 1), step("Second", all, 1, 1)])
    };
    let mut world = World::filed(steps());
    world.approves("ann").expect("first step");
    assert_eq!(
        world.mail(),
        ["ask ben", "ask cat", "progress rita"],
        "ann is not asked again"
    );
    assert_eq!(code(world.approves("ann")), "one-approval-per-request");
    world
        .disapproves("ann")
        .expect("a disapproval is no approval");
    assert_eq!(world.request.state.as_str(), "rejected");
}

/// Goal: an approval that takes the one whom a later step needs is refused, naming it (W11).
/// Method: `ann` alone can fill the second step; `ben` can fill the first.
#[test]
fn w11_needed_for_a_later_step() {
    let policy = terms(vec![
        step("First", &["ann", "ben"], 1, 1),
        step("Last", &["ann"], 1, 1),
    ]);
    let mut world = World::filed(policy);
    match world.approves("ann") {
        Err(Refusal::NeededForLaterStep { step, .. }) => assert_eq!(step, "Last"),
        other => panic!("{other:?}"),
    }
    world.approves("ben").expect("not needed later");
    world.approves("ann").expect("in their own step");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: nobody is called needed for a step that is lost without them anyway (W11).
/// Method: disable the only approver of the last step.
#[test]
fn w11_departures_make_nobody_needed() {
    let mut world = World::filed(two_steps());
    world.disable("cat");
    world.approves("ann").expect("counts; cat may come back");
    assert_eq!(world.request.state, State::Pending { step: 1 });
}

/// Goal: the quorum completes a step, the first disapproval rejects by default (W12).
/// Method: two of three, then one disapproval beside one approval.
#[test]
fn w12_quorums_decide() {
    let two_of_three = || terms(vec![step("S", &["ann", "ben", "cat"], 2, 1)]);
    let mut world = World::filed(two_of_three());
    world.approves("ann").expect("one");
    assert_eq!(world.request.state, State::Pending { step: 0 });
    world.approves("ben").expect("two");
    assert_eq!(world.request.state.as_str(), "approved");
    let mut world = World::filed(two_of_three());
    world.approves("ann").expect("one");
    world.disapproves("ben").expect("no");
    assert_eq!(
        world.request.state,
        State::Rejected {
            at: start(),
            step: 0,
            cut: None,
        }
    );
}

/// Goal: disapprovals that leave the approvals out of reach reject below their own number (W12).
/// Method: three disapprovals are needed, but after two only one of the two approvals is left.
#[test]
fn w12_out_of_reach_rejects() {
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben", "cat"], 2, 3)]));
    world.disapproves("ann").expect("one");
    assert_eq!(world.request.state, State::Pending { step: 0 });
    world.disapproves("ben").expect("two");
    assert_eq!(
        world.request.state,
        State::Rejected {
            at: start(),
            step: 0,
            cut: None,
        }
    );
}

/// Goal: persons who have left count as out of reach when somebody disapproves, and rejoin
/// otherwise (W7, W12). Method: with one gone, an approval keeps the request pending, a disapproval
/// ends it.
#[test]
fn w12_departures_count_against_the_reach() {
    let policy = || terms(vec![step("S", &["ann", "ben", "cat"], 2, 2)]);
    let mut world = World::filed(policy());
    world.disable("cat");
    world.disapproves("ann").expect("no");
    assert_eq!(
        world.request.state.as_str(),
        "rejected",
        "only ben is left of two"
    );
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben", "cat"], 2, 3)]));
    world.disable("cat");
    world.disable("ben");
    world.disapproves("ann").expect("no");
    assert_eq!(
        world.request.state.as_str(),
        "rejected",
        "was out of reach before the vote"
    );
    let mut world = World::filed(policy());
    world.disable("cat");
    world.disable("ben");
    world.approves("ann").expect("yes");
    assert_eq!(
        world.request.state,
        State::Pending { step: 0 },
        "silence decides nothing"
    );
}

/// Goal: out of reach is seen across steps as well, under W11 (W12).
/// Method: after `ann`'s disapproval `ben` is the only one for two steps.
#[test]
fn w12_out_of_reach_across_steps() {
    let mut world = World::filed(terms(vec![
        step("First", &["ann", "ben"], 1, 2),
        step("Last", &["ben"], 1, 1),
    ]));
    world.disapproves("ann").expect("counts");
    assert_eq!(
        world.request.state,
        State::Rejected {
            at: start(),
            step: 0,
            cut: None,
        }
    );
}

/// Goal: the same again is answered as recorded; a vote only becomes stricter (W13).
/// Method: each pair of votes of one person.
#[test]
fn w13_votes_only_become_stricter() {
    let policy = || terms(vec![step("S", &["ann", "ben", "cat"], 2, 2)]);
    let mut world = World::filed(policy());
    world.approves("ann").expect("counts");
    assert_eq!(code(world.approves("ann")), "already-recorded");
    assert_eq!(code(world.replies("ann", YES, 0)), "already-recorded");
    world.disapproves("ann").expect("stricter");
    assert_eq!(world.request.votes.len(), 1, "replaced, not added");
    assert_eq!(code(world.disapproves("ann")), "already-recorded");
    assert_eq!(code(world.approves("ann")), "only-stricter");
    world.approves("ben").expect("counts");
    assert_eq!(
        world.request.state,
        State::Pending { step: 0 },
        "ann's approval is gone"
    );
}

/// Goal: a vote on a completed step is told who decided, what and when (W14).
/// Method: `ben` replies to the mail of a step that `ann` has completed.
#[test]
fn w14_a_late_vote_is_told_who_decided() {
    let mut world = World::filed(two_steps());
    world.approves("ann").expect("counts");
    let Err(refusal) = world.replies("ben", YES, 0) else {
        panic!("should be refused")
    };
    assert_eq!(refusal.code(), "step-over");
    assert_eq!(
        refusal.to_string(),
        "The step `Manager` of R-42 is complete: Ann approved (2026-03-02 09:00 UTC). Its current \
         step is `Security`."
    );
    assert_eq!(code(world.disapproves("ben")), "step-over");
    world.disapproves("cat").expect("counts");
    let Err(refusal) = world.replies("ben", NO, 0) else {
        panic!("should be refused")
    };
    assert_eq!(
        refusal.to_string(),
        "No decision is needed: R-42 was rejected at 2026-03-02 09:00 UTC: Cat disapproved \
         (2026-03-02 09:00 UTC)."
    );
}

/// Goal: whoever's approval stands may still disapprove while the request is pending (W14, W16).
/// Method: at the second step the approver of the first disapproves, by reply and by number.
#[test]
fn w14_a_standing_approver_may_disapprove() {
    for by_mail in [true, false] {
        let mut world = World::filed(two_steps());
        world.approves("ann").expect("counts");
        assert_eq!(code(world.replies("ann", YES, 0)), "already-recorded");
        let result = if by_mail {
            world.replies("ann", NO, 0)
        } else {
            world.disapproves("ann")
        };
        result.expect("towards less access");
        assert_eq!(
            world.request.state,
            State::Rejected {
                at: start(),
                step: 0,
                cut: None,
            }
        );
    }
}

/// Goal: a step that loses an approval without being rejected is open again, and what was given
/// later stands (W13, W16). Method: two disapprovals would reject; one takes back, another approver
/// fills the place.
#[test]
fn w14_a_step_reopens_and_later_approvals_stand() {
    // dan is registered here, so that three steps have four different persons.
    let world = files(|_, book| {
        let dan = book.people.get_mut(&id("dan")).expect("known");
        dan.modules.insert(Module::from("credential"));
        book.policies[0].terms.steps = vec![
            step("First", &["ann", "ben"], 1, 2),
            step("Second", &["cat"], 1, 2),
            step("Third", &["dan", "ann"], 1, 2),
        ];
    });
    let mut world = world.expect("sound");
    world.approves("ann").expect("first");
    world.approves("cat").expect("second");
    world.replies("ann", NO, 0).expect("taken back");
    assert_eq!(world.request.state, State::Pending { step: 0 });
    assert_eq!(world.mail(), ["ask ben", "reopened rita", "recorded ann"]);
    assert_eq!(world.owed.cancel_asks, [1, 2]);
    world.approves("ben").expect("fills the place");
    assert_eq!(
        world.request.state,
        State::Pending { step: 2 },
        "the second step stands"
    );
    world.approves("dan").expect("third");
    assert_eq!(world.request.state.as_str(), "approved");
}

/// Goal: a stranger learns nothing of a settled request (W14).
/// Method: somebody whom no step names votes before and after.
#[test]
fn w14_strangers_are_told_nothing() {
    let mut world = World::filed(one_of(&["ann"]));
    assert_eq!(code(world.approves("ben")), "not-eligible");
    world.approves("ann").expect("counts");
    assert_eq!(code(world.approves("ben")), "not-eligible");
    assert_eq!(code(world.approves("ann")), "settled");
    assert_eq!(code(world.approves("rita")), "settled");
}

/// Goal: where a comment is required, a disapproval without one does not count (W15).
/// Method: without, blank, with.
#[test]
fn w15_a_required_comment() {
    let policy = Terms {
        comment_required: true,
        ..one_of(&["ann"])
    };
    let mut world = World::filed(policy);
    assert_eq!(code(world.disapproves("ann")), "comment-required");
    let vote = |comment: &str| Action::Vote {
        decision: NO,
        comment: Some(comment.to_owned()),
        window: None,
        shown: None,
        channel: Channel::Mail,
    };
    let ann = Actor::Person(id("ann"));
    assert_eq!(code(world.act(&ann, &vote(" \u{0} "))), "comment-required");
    world.act(&ann, &vote("not today")).expect("counts");
    assert_eq!(world.request.votes[0].comment.as_deref(), Some("not today"));
    let mut world = World::filed(Terms {
        comment_required: true,
        ..one_of(&["ann"])
    });
    world.approves("ann").expect("an approval needs none");
}

/// Goal: an approval of an older revision counts only if the present window lies inside the one
/// shown; a disapproval always does (W16). Method: a request whose window was another one before, and
/// votes of those who were shown that one.
#[test]
fn w16_an_older_revision() {
    let vote = |decision| Action::Vote {
        decision,
        comment: None,
        window: None,
        shown: Some(Shown {
            step: 0,
            revision: 1,
            confirms: None,
        }),
        channel: Channel::Mail,
    };
    let ann = Actor::Person(id("ann"));
    let length = |length| Window::FromApproval { length };
    let changed = |before| {
        let mut world = World::filed(one_of(&["ann"]));
        world.request.revision = 2;
        world.request.past_windows = vec![before];
        world
    };
    let other_kind = Window::Fixed {
        start: at(0),
        end: at(100),
    };
    for before in [length(hours(1)), other_kind] {
        assert_eq!(
            code(changed(before).act(&ann, &vote(YES))),
            "stale-revision"
        );
    }
    let mut world = changed(length(hours(3)));
    world
        .act(&ann, &vote(YES))
        .expect("the present one lies inside");
    assert_eq!(
        world.request.votes[0].revision, 2,
        "the vote is for what stands"
    );
    changed(other_kind)
        .act(&ann, &vote(NO))
        .expect("a disapproval counts");
}

// ---- time, withdrawal ----

/// Goal: a request is over at its time, to the instant, whether or not the clock has struck (W18).
/// Method: vote just before and exactly at the end; then let the clock strike, late.
#[test]
fn w18_time_is_a_fact() {
    let mut world = World::filed(one_of(&["ann", "ben"]));
    world.now = later_by(hours(24) - SignedDuration::from_nanos(1));
    assert_eq!(code(world.clock_strikes()), "not-due");
    world.clone().approves("ann").expect("in time");
    world.now = at(24);
    for result in [
        world.approves("ann"),
        world.disapproves("ann"),
        world.withdraws("rita", "x"),
    ] {
        match result {
            Err(Refusal::Settled {
                state: State::Expired { at: due, cause },
                ..
            }) => {
                assert_eq!((due, cause), (at(24), ExpiryCause::PendingTooLong));
            }
            other => panic!("{other:?}"),
        }
    }
    world.now = at(30);
    world.clock_strikes().expect("due");
    let cause = ExpiryCause::PendingTooLong;
    assert_eq!(world.request.state, State::Expired { at: at(24), cause });
    assert_eq!(world.mail(), ["expired rita", "settled ann", "settled ben"]);
    assert_eq!(code(world.clock_strikes()), "settled");
}

/// Goal: a fixed window that is over ends the request too (W18).
/// Method: a window that ends before the policy's time.
#[test]
fn w18_the_window_is_over() {
    let window = Window::Fixed {
        start: at(1),
        end: at(3),
    };
    let mut world = files(|draft, _| draft.window = window).expect("sound");
    assert_eq!(world.request.pending_until, at(3));
    world.now = at(3);
    assert_eq!(code(world.approves("ann")), "settled");
    world.clock_strikes().expect("due");
    assert_eq!(
        world.request.state,
        State::Expired {
            at: at(3),
            cause: ExpiryCause::WindowOver
        }
    );
}

/// Goal: an approval yields the window: from its start, or from now where that is past (W12).
/// Method: approve before and within a fixed window.
#[test]
fn w12_the_grant_is_what_is_left_of_the_window() {
    let window = Window::Fixed {
        start: at(1),
        end: at(3),
    };
    for (now, from) in [(at(0), at(1)), (at(2), at(2))] {
        let mut world = files(|draft, _| draft.window = window).expect("sound");
        world.now = now;
        world.approves("ann").expect("in time");
        let grant = Grant {
            start: from,
            end: at(3),
        };
        assert_eq!(world.request.state, State::Approved { at: now, grant });
    }
}

/// Goal: nobody but the clock does what the clock does, and it does nothing else (W18).
/// Method: exchange the actors.
#[test]
fn w18_the_clock_decides_nothing() {
    let mut world = World::filed(one_of(&["ann"]));
    assert_eq!(
        code(world.act(&Actor::Person(id("ann")), &Action::Tick)),
        "wrong-actor"
    );
    let withdraw = Action::Withdraw {
        reason: "x".to_owned(),
    };
    assert_eq!(code(world.act(&Actor::Clock, &withdraw)), "wrong-actor");
}

/// Goal: the requester, and nobody else, withdraws, with a reason, while it is pending (W29).
/// Method: each condition missing once; then everybody who was asked is told.
#[test]
fn w29_withdrawal() {
    let mut world = World::filed(one_of(&["ann", "ben"]));
    assert_eq!(code(world.withdraws("ann", "no")), "not-the-requester");
    assert_eq!(code(world.withdraws("rita", "  ")), "reason-required");
    world
        .withdraws("rita", " found another way ")
        .expect("in order");
    let reason = "found another way".to_owned();
    assert_eq!(
        world.request.state,
        State::Withdrawn {
            at: start(),
            reason
        }
    );
    assert_eq!(world.mail(), ["settled ann", "settled ben"]);
    assert_eq!(code(world.withdraws("rita", "again")), "settled");
    assert_eq!(code(world.approves("ann")), "settled");
}
