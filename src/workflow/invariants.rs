//! What holds in every state that can be reached, whoever does what in whichever order.
//!
//! The invariants are numbered functions over a step: the world before it, what was done, the world
//! after it. Three drivers take such steps: `walk` takes all of them, over small policies, until no new
//! state appears; `random` takes some of them over policies that nobody thought of; in
//! `daemons` two processes take them, through crashes and lost connections.

mod daemons;
mod plots;
mod random;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use super::book::Book;
use super::decide::{Action, Actor, MIN_EMERGENCY_REASON_CHARS, Scene, decide};
use super::event::Event;
use super::ids::PersonId;
use super::notice::Kind;
use super::refusal::Refusal;
use super::request::{Decision, Request, State, Vote, Window};
use super::testing::{World, hours, id, start};

// ---- what always holds ----

/// 1. Nobody votes on their own request unless the policy allows it (W10).
fn i1_no_self_approval(world: &World) {
    let request = &world.request;
    if !request.terms.allow_self_approval {
        assert!(
            request
                .votes
                .iter()
                .all(|vote| vote.person != request.requester)
        );
    }
}

/// Whose votes a vote uses up: its maker's, and that of the one on whose behalf it is given (W20).
fn used(vote: &Vote) -> impl Iterator<Item = &PersonId> {
    [Some(&vote.person), vote.on_behalf_of.as_ref()]
        .into_iter()
        .flatten()
}

/// 2. One person has one vote on a step, whether they give it or their delegate (W11, W20).
fn i2_one_vote_per_person_and_step(world: &World) {
    let mut seen = BTreeSet::new();
    for vote in &world.request.votes {
        for person in used(vote) {
            assert!(seen.insert((vote.step, person)), "{person} votes twice");
        }
    }
}

/// 3. Under W11 nobody's approval counts on two steps, whoever gives it.
fn i3_one_approval_per_request(world: &World) {
    let request = &world.request;
    if !request.terms.distinct_approvers {
        return;
    }
    let mut seen = BTreeSet::new();
    for vote in request
        .votes
        .iter()
        .filter(|vote| vote.decision == Decision::Approve)
    {
        for person in used(vote) {
            assert!(seen.insert(person), "{person} approves twice");
        }
    }
}

fn approvers(request: &Request, step: usize) -> BTreeSet<&PersonId> {
    request
        .votes_on(step, Decision::Approve)
        .map(|vote| &vote.person)
        .collect()
}

/// 4. Approved means that every step has its approvals from different persons, and no step its
///    disapprovals (W12).
fn i4_quorum_by_distinct_people(world: &World) {
    let request = &world.request;
    if !matches!(request.state, State::Approved { .. }) || request.emergency.is_some() {
        return;
    }
    for (index, step) in request.terms.steps.iter().enumerate() {
        assert!(approvers(request, index).len() >= step.approvals);
        let against = request.votes_on(index, Decision::Disapprove).count();
        assert!(against < step.disapprovals);
    }
}

/// 5. The current step is the first that lacks approvals, and no step has its disapprovals (W9,
///    W12).
fn i5_current_is_the_first_open_step(world: &World) {
    let request = &world.request;
    let Some(current) = request.current_step() else {
        return;
    };
    for (index, step) in request.terms.steps.iter().enumerate() {
        let complete = approvers(request, index).len() >= step.approvals;
        match index.cmp(&current) {
            std::cmp::Ordering::Less => assert!(complete, "step {index} is behind, not complete"),
            std::cmp::Ordering::Equal => assert!(!complete, "step {index} is complete, current"),
            std::cmp::Ordering::Greater => {}
        }
        assert!(request.votes_on(index, Decision::Disapprove).count() < step.disapprovals);
    }
}

/// 6. A grant comes with an approval and only so, lies inside the window, and is not empty (W12).
fn i6_grant_only_when_approved(world: &World, accepted: &[Event]) {
    for event in accepted {
        let Event::Approved { grant, at } = event else {
            continue;
        };
        assert!(grant.start < grant.end && grant.start >= *at);
        let length = grant.end.duration_since(grant.start);
        assert!(length <= world.request.terms.max_duration);
        match world.request.window {
            Window::Fixed { start, end } => assert!(start <= grant.start && grant.end == end),
            Window::FromApproval { length } => {
                assert_eq!(grant.end.duration_since(grant.start), length);
            }
        }
        assert_eq!(
            world.request.state,
            State::Approved {
                at: *at,
                grant: *grant
            }
        );
    }
}

/// 7. Final is final: nothing that anybody does leads back from a settled request, and of what became
///    of an approved one only the grant's own life goes on, which never gets longer (W14, W21, W22).
fn i7_final_is_final(before: &World, result: &Result<Vec<Event>, Refusal>) {
    if before.request.current_step().is_some() {
        return;
    }
    let Ok(events) = result else { return };
    let mut after = before.request.clone();
    for event in events {
        after.apply(event).expect("a decided event fits");
    }
    assert!(matches!(after.state, State::Approved { .. }), "{events:?}");
    assert_eq!(after.state, before.request.state);
    assert_eq!(after.votes, before.request.votes);
    if before.request.ended.is_some() {
        assert_eq!(after.ended, before.request.ended);
    }
}

/// 8. Nobody is asked before their step is current, nor anybody who cannot vote on it (W9, W10).
fn i8_no_ask_before_its_step(world: &World) {
    for notice in world
        .owed
        .notices
        .iter()
        .filter(|notice| notice.kind == Kind::Ask)
    {
        assert_eq!(notice.facts.step, world.request.current_step());
        let mut trial = world.clone();
        let answer = trial.disapproves(notice.to.as_str());
        // A vote of theirs that waits for its confirmation is a vote that they can give.
        let counts = matches!(
            answer,
            Ok(_) | Err(Refusal::CommentRequired { .. } | Refusal::AwaitsConfirmation { .. })
        );
        assert!(counts, "{} was asked, but {answer:?}", notice.to);
    }
}

/// 9. The events tell the whole story: folded, they are the state.
fn i9_replay_equals_state(world: &World) {
    assert_eq!(
        Request::replay(&world.events).as_ref(),
        Some(&world.request)
    );
}

/// 10. A refusal is a function of what was judged, and has nothing in its hands to change: asked
///     again, it is the same (W14).
fn i10_a_refusal_is_repeatable(scene: &Scene<'_>, actor: &Actor, action: &Action, first: &Refusal) {
    assert_eq!(decide(scene, actor, action).as_ref(), Err(first));
}

fn voided(accepted: &[Event]) -> bool {
    let voids = |event: &Event| matches!(event, Event::WindowChanged { voids: true, .. });
    accepted.iter().any(voids)
}

/// 11. A vote only becomes stricter, and none disappears but an approval that a wider window voids (W13,
///     W16).
fn i11_votes_only_become_stricter(before: &World, after: &World, accepted: &[Event]) {
    let void = |vote: &Vote| vote.decision == Decision::Approve && voided(accepted);
    for vote in before.request.votes.iter().filter(|vote| !void(vote)) {
        let now = after
            .request
            .vote_of(vote.step, &vote.person)
            .expect("still there");
        assert!(
            now.decision >= vote.decision,
            "{} became milder",
            vote.person
        );
    }
}

/// 12. Nobody hears twice because of one command; the disabled hear nothing; once settled,
///     everybody who was asked hears, or has the answer before them (W14, W18, W29).
fn i12_everybody_hears_once(before: &World, after: &World, actor: &Actor) {
    let told: Vec<_> = after.owed.notices.iter().map(|notice| &notice.to).collect();
    let distinct: BTreeSet<_> = told.iter().collect();
    assert_eq!(told.len(), distinct.len(), "{:?}", after.mail());
    assert!(told.iter().all(|person| after.book.is_active(person)));
    let was_pending = before.request.current_step().is_some();
    if was_pending && after.request.current_step().is_none() {
        assert_eq!(
            after.owed.cancel_asks.len(),
            after.request.terms.steps.len()
        );
        for (_, person) in &before.around.asked {
            let own = *actor == Actor::Person(person.clone());
            assert!(own || told.contains(&person) || !after.book.is_active(person));
        }
    }
}

/// Whether a person's own vote on a step counts, by a plain reading of W10 and W19.
fn entitled(before: &World, step: usize, person: &PersonId) -> bool {
    let request = &before.request;
    let terms = &request.terms.steps[step];
    let escalation = terms.escalation.as_ref();
    let reached = escalation.filter(|_| request.clock.escalated.contains(&step));
    let named = before.book.means(&terms.approvers, person)
        || reached.is_some_and(|escalation| before.book.means(&escalation.to, person));
    let themselves = *person == request.requester && !request.terms.allow_self_approval;
    named && !themselves && registered(&before.book, request, person)
}

fn registered(book: &Book, request: &Request, person: &PersonId) -> bool {
    let person = book.person(person);
    person.is_some_and(|person| person.active && person.modules.contains(&request.subject.module))
}

/// 13. A vote counts only from somebody entitled, or on behalf of such by their delegate, who is neither
///     the requester nor stands in for them (W10, W20); and only in time (W18).
fn i13_only_the_entitled_vote(before: &World, accepted: &[Event]) {
    let request = &before.request;
    for event in accepted {
        let vote = match event {
            Event::Voted { vote } => vote,
            Event::VoteHeld { held } => &held.vote,
            _ => continue,
        };
        assert!(before.now < request.pending_until, "after its time");
        let Some(behalf) = &vote.on_behalf_of else {
            assert!(entitled(before, vote.step, &vote.person));
            continue;
        };
        assert!(entitled(before, vote.step, behalf));
        assert!(registered(&before.book, request, &vote.person));
        assert!(*behalf != request.requester && vote.person != request.requester);
        assert!(before.book.delegations.iter().any(|delegation| {
            (&delegation.from, &delegation.to) == (behalf, &vote.person)
                && delegation.holds(before.now)
        }));
    }
}

/// 15. What is granted was before the eyes of everybody whose approval counts: the present window lies
///     inside the one of the revision that they approved (W16).
fn i15_window_never_beyond_what_its_approvers_saw(world: &World) {
    let request = &world.request;
    for vote in &request.votes {
        let seen = request.window_of(vote.revision).expect("a revision of it");
        if vote.decision == Decision::Approve {
            assert!(request.window.lies_inside(&seen), "{vote:?}");
        }
    }
}

/// 16. Every grant has its policy: the one that it was filed under asked for approvals and got them
///     (invariant 4), or the one in force offers its requester an emergency (W3, W24).
fn i16_no_grant_without_policy(before: &World, accepted: &[Event]) {
    let request = &before.request;
    for event in accepted {
        let Event::EmergencyConfirmed {
            at, reason, grant, ..
        } = event
        else {
            continue;
        };
        let block = before.book.policies.iter().find_map(|policy| {
            let block = policy.emergency.as_ref()?;
            let fits = policy.fits(&before.book, &request.subject, &request.requester);
            (fits && before.book.means(&block.allowed, &request.requester)).then_some(block)
        });
        let longest = block.expect("offered by a policy in force").max_duration;
        assert!(before.book.is_active(&request.requester));
        assert!(reason.chars().count() >= MIN_EMERGENCY_REASON_CHARS);
        assert!(grant.start == *at && grant.end.duration_since(*at) <= longest);
        if let Window::Fixed { end, .. } = request.window {
            assert!(grant.end <= end);
        }
    }
}

/// 17. An emergency is told to everybody who could decide any step, at once; it is marked for good, in
///     the request and in every message about it (W25).
fn i17_emergency_told_and_marked(before: &World, after: &World, accepted: &[Event]) {
    if before.request.emergency.is_some() {
        assert!(after.request.emergency.is_some(), "no longer marked");
    }
    let taken = |event: &Event| matches!(event, Event::EmergencyConfirmed { .. });
    if accepted.iter().any(taken) {
        assert!(after.request.review_is_open());
        for person in before.book.people.keys() {
            let decides = (0..before.request.terms.steps.len())
                .any(|step| entitled(before, step, person) && *person != before.request.requester);
            let told = after
                .owed
                .notices
                .iter()
                .any(|notice| notice.to == *person && notice.kind == Kind::Emergency);
            assert!(!decides || told, "{person} is not told");
        }
    }
    if after.request.emergency.is_some() {
        let marked = |notice: &super::notice::Notice| notice.facts.emergency.is_some();
        assert!(after.owed.notices.iter().all(marked));
    }
}

/// 18. A grant only ever gets shorter: what was granted is what stands, until it is cut, once (W21, W22).
fn i18_grants_only_get_shorter(before: &World, after: &World) {
    let Some(grant) = before.request.grant() else {
        return;
    };
    assert_eq!(after.request.grant(), Some(grant));
    for now in [before.now, grant.start, grant.end] {
        assert!(before.request.grant_stands(now) || !after.request.grant_stands(now));
    }
    if before.request.ended.is_none()
        && let Some(ending) = &after.request.ended
    {
        assert!(ending.at < grant.end && ending.at == before.now);
    }
}

/// 19. An emergency is reviewed once, by somebody who could decide one of its steps, and never by its
///     requester (W26).
fn i19_reviewed_by_others(before: &World, accepted: &[Event]) {
    for event in accepted {
        let Event::Reviewed { review } = event else {
            continue;
        };
        assert_ne!(review.by, before.request.requester);
        assert!(before.request.review_is_open());
        let steps = 0..before.request.terms.steps.len();
        let stands_in = |step: usize| {
            let delegations = before.book.delegations.iter();
            delegations
                .filter(|delegation| delegation.to == review.by && delegation.holds(before.now))
                .any(|delegation| entitled(before, step, &delegation.from))
        };
        let may = |step: usize| entitled(before, step, &review.by) || stands_in(step);
        assert!(steps.into_iter().any(may), "{} reviews", review.by);
    }
}

/// 20. A window that reaches beyond leaves no approval but its maker's, and the first step current, or
///     what that one approval completes (W16).
fn i20_void_approvals_count_nowhere(after: &World, accepted: &[Event]) {
    for event in accepted {
        let Event::WindowChanged {
            by,
            step,
            voids: true,
            ..
        } = event
        else {
            continue;
        };
        let approvals = after.request.votes.iter();
        let mut others = approvals.filter(|vote| {
            vote.decision == Decision::Approve && (vote.person != *by || vote.step != *step)
        });
        assert!(others.next().is_none());
        assert!(after.request.held.is_empty());
    }
}

/// 21. A vote that waits for its confirmation counts nowhere: without it, whatever somebody else does
///     comes to the same (W30).
fn i21_held_votes_count_nowhere(
    before: &World,
    actor: &Actor,
    action: &Action,
    result: &Result<Vec<Event>, Refusal>,
) {
    let mut without = before.request.clone();
    without
        .held
        .retain(|held| *actor == Actor::Person(held.vote.person.clone()));
    if without.held.len() == before.request.held.len() {
        return;
    }
    let scene = Scene {
        request: &without,
        book: &before.book,
        around: &before.around,
        now: before.now,
    };
    assert_eq!(&decide(&scene, actor, action), result);
}

/// 22. Silence decides nothing but its own end: the clock gives no vote and no grant (W18), and does
///     nothing twice.
fn i22_the_clock_decides_nothing(after: &World, actor: &Actor, accepted: &[Event]) {
    if *actor != Actor::Clock {
        return;
    }
    for event in accepted {
        assert!(!matches!(
            event,
            Event::Voted { .. } | Event::Approved { .. } | Event::Rejected { .. }
        ));
    }
    let again = after.clone().clock_strikes();
    assert!(again.is_err(), "{accepted:?}, and again {again:?}");
}

// ---- a step ----

/// What can be done to a world.
#[derive(Debug, Clone)]
enum Deed {
    Act(Actor, Action),
    /// Time passes, up to there.
    Wait(jiff::Timestamp),
    /// Somebody is disabled, or enabled again.
    Leaves(&'static str),
    Returns(&'static str),
    /// Somebody's votes in another's hands for four hours (W20).
    Delegates(&'static str, &'static str),
}

/// Does one deed and checks everything that can be seen from before and after; `None` if it was refused.
fn perform(before: &World, deed: &Deed) -> Option<World> {
    let mut after = before.clone();
    match deed {
        Deed::Act(actor, action) => return act(before, actor, action),
        Deed::Wait(now) => after.now = *now,
        Deed::Leaves(name) => after.disable(name),
        Deed::Returns(name) => after.enable(name),
        Deed::Delegates(from, to) => after.delegates(from, to, 4).ok()?,
    }
    Some(after)
}

fn act(before: &World, actor: &Actor, action: &Action) -> Option<World> {
    let scene = Scene {
        request: &before.request,
        book: &before.book,
        around: &before.around,
        now: before.now,
    };
    let result = decide(&scene, actor, action);
    i7_final_is_final(before, &result);
    i21_held_votes_count_nowhere(before, actor, action, &result);
    if let Err(refusal) = &result {
        i10_a_refusal_is_repeatable(&scene, actor, action, refusal);
        return None;
    }
    let mut after = before.clone();
    let accepted = after.act(actor, action).expect("the same again");
    assert!(!accepted.is_empty(), "accepted, and nothing happened");
    i1_no_self_approval(&after);
    i2_one_vote_per_person_and_step(&after);
    i3_one_approval_per_request(&after);
    i4_quorum_by_distinct_people(&after);
    i5_current_is_the_first_open_step(&after);
    i6_grant_only_when_approved(&after, &accepted);
    i8_no_ask_before_its_step(&after);
    i9_replay_equals_state(&after);
    i11_votes_only_become_stricter(before, &after, &accepted);
    i12_everybody_hears_once(before, &after, actor);
    i13_only_the_entitled_vote(before, &accepted);
    i15_window_never_beyond_what_its_approvers_saw(&after);
    i16_no_grant_without_policy(before, &accepted);
    i17_emergency_told_and_marked(before, &after, &accepted);
    i18_grants_only_get_shorter(before, &after);
    i19_reviewed_by_others(before, &accepted);
    i20_void_approvals_count_nowhere(&after, &accepted);
    i22_the_clock_decides_nothing(&after, actor, &accepted);
    Some(after)
}

/// What makes two worlds the same: everything but the way there and the last messages.
fn key(world: &World) -> String {
    let request = &world.request;
    // The order of votes, when and by which road they came make no difference to any rule.
    let brief = |vote: &Vote| {
        let behalf = vote.on_behalf_of.clone();
        (vote.decision, behalf, request.window_of(vote.revision))
    };
    let votes: BTreeMap<_, _> = request
        .votes
        .iter()
        .map(|vote| ((vote.step, &vote.person), brief(vote)))
        .collect();
    let held: BTreeMap<_, _> = request
        .held
        .iter()
        .map(|held| {
            (
                (held.vote.step, &held.vote.person),
                (brief(&held.vote), held.window),
            )
        })
        .collect();
    let here: Vec<bool> = world.book.people.values().map(|one| one.active).collect();
    let reviewed = request.emergency.as_ref().map(|one| one.review.is_some());
    let ended = request.ended.as_ref().map(|ending| ending.cause);
    format!(
        "{:?}{votes:?}{held:?}{:?}{:?}{:?}{reviewed:?}{ended:?}{here:?}{:?}{:?}{}",
        request.state,
        request.window,
        request.past_windows,
        request.clock,
        world.around.asked,
        world.book.delegations,
        world.now
    )
}
