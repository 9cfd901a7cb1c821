//! Policies and stories that nobody thought of.
//!
//! A policy of up to three steps is drawn, with whatever a policy may say, and then up to 47 of the
//! deeds that are possible at each moment. The invariants are those of the walk.

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::policy::{EmergencyBlock, Escalation, Policy, Reminders, Step, Terms};
use super::super::testing::{book, draft, policy, step, terms, who};
use super::walk::{Can, Moves, deeds};
use super::*;

const NAMES: [&str; 4] = ["ann", "ben", "cat", "rita"];

const CAN: Can = Can {
    windows: true,
    hours: &[1, 2, 3, 4, 5],
    delegates: &[
        ("ann", "cat"),
        ("ben", "ann"),
        ("cat", "rita"),
        ("rita", "ben"),
    ],
    access: true,
    moves: Moves::LeavesAndReturns,
};

fn named(bits: u8) -> Vec<&'static str> {
    let chosen = NAMES.iter().enumerate();
    let chosen = chosen.filter(|(index, _)| bits & (1 << index) != 0);
    chosen.map(|(_, name)| *name).collect()
}

fn any_step() -> impl Strategy<Value = Step> {
    let escalation = prop::option::of((1..4i64, 1..16u8));
    let reminders = prop::option::of((1..3i64, 1..3u32));
    (1..16u8, 1..3usize, 1..4usize, escalation, reminders).prop_map(
        |(bits, approvals, disapprovals, escalation, reminders)| {
            let mut step = step("S", &named(bits), approvals, disapprovals);
            step.escalation = escalation.map(|(after, bits)| Escalation {
                after: hours(after),
                to: named(bits).into_iter().map(who).collect(),
            });
            step.reminders = reminders.map(|(after, most)| Reminders {
                after: hours(after),
                most,
            });
            step
        },
    )
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let steps = prop::collection::vec(any_step(), 1..4);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (steps, flags, prop::option::of(1..5i64)).prop_map(|(mut steps, flags, emergency)| {
        for (index, step) in steps.iter_mut().enumerate() {
            step.name = format!("S{index}");
        }
        let mut policy = policy(Terms {
            distinct_approvers: flags.0,
            allow_self_approval: flags.1,
            comment_required: flags.2,
            confirm_by_mail: flags.3,
            ..terms(steps)
        });
        policy.emergency = emergency.map(|longest| EmergencyBlock {
            allowed: vec![who("rita")],
            max_duration: hours(longest),
            block_until_reviewed: true,
            remind_review_after: hours(2),
        });
        policy
    })
}

fn any_window() -> impl Strategy<Value = Window> {
    let at = |hour| start().checked_add(hours(hour)).expect("in range");
    prop_oneof![
        (1..8i64).prop_map(|length| Window::FromApproval {
            length: hours(length)
        }),
        (-1..4i64, 4..6i64).prop_map(move |(from, until)| Window::Fixed {
            start: at(from),
            end: at(until)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: the invariants hold under policies that nobody thought of.
    /// Method: draw a policy and what is done; a policy whose steps could never complete is refused at
    /// filing, by a reading of W5 that tries every choice of persons.
    #[test]
    fn random_stories_keep_every_invariant(
        policy in any_policy(),
        window in any_window(),
        choices in prop::collection::vec(any::<Index>(), 1..48),
    ) {
        let asks = super::super::decide::Draft { window, ..draft() };
        let possible = possible(&policy.terms, &[]);
        let filed = World::filed_as(&asks, book(vec![policy]));
        prop_assert_eq!(filed.is_ok(), possible, "{:?}", filed.err());
        if let Ok(mut world) = filed {
            for choice in choices {
                let deeds = deeds(&world, CAN);
                let deed = &deeds[choice.index(deeds.len())];
                if let Some(after) = perform(&world, deed) {
                    world = after;
                }
            }
        }
    }
}

/// Whether some choice of persons completes all the steps from here on (W5, W11).
fn possible(terms: &Terms, spent: &[&str]) -> bool {
    let Some((first, rest)) = terms.steps.split_first() else {
        return true;
    };
    let rest = Terms {
        steps: rest.to_vec(),
        ..terms.clone()
    };
    let may = |name: &str| {
        first.approvers.contains(&who(name))
            && !(terms.distinct_approvers && spent.contains(&name))
            && (name != "rita" || terms.allow_self_approval)
    };
    (0..16u8)
        .map(named)
        .filter(|chosen| chosen.len() == first.approvals && chosen.iter().all(|name| may(name)))
        .any(|chosen| possible(&rest, &[spent, &chosen].concat()))
}
