//! The small worlds that are walked: policies, each with something of its own, and what is done there.

use super::super::decide::Draft;
use super::super::policy::{EmergencyBlock, Escalation, Reminders, Terms};
use super::super::testing::{book, draft, policy, step, terms, who};
use super::walk::{Can, Moves};
use super::*;

/// So many deeds where the whole graph is too large.
const DEEDS: usize = 6;

/// One graph.
pub(super) struct Plot {
    pub name: &'static str,
    pub first: World,
    pub can: Can,
    /// Ends after so many deeds; `None`: the whole graph.
    pub deeds: Option<usize>,
}

/// The windows that approvers set: a shorter one, a longer one, another kind.
pub(super) fn windows() -> [Window; 3] {
    let end = start().checked_add(hours(5)).expect("in range");
    [
        Window::FromApproval { length: hours(1) },
        Window::FromApproval { length: hours(4) },
        Window::Fixed {
            start: start(),
            end,
        },
    ]
}

/// A dozen small policies, each with something of its own.
pub(super) fn policies() -> Vec<(&'static str, Terms)> {
    let all = &["ann", "ben", "cat"];
    let own = &["ann", "ben", "rita"];
    let two = |first, second| terms(vec![first, second]);
    vec![
        ("one of one", terms(vec![step("S", &["ann"], 1, 1)])),
        ("one of three", terms(vec![step("S", all, 1, 1)])),
        ("two of three", terms(vec![step("S", all, 2, 1)])),
        (
            "two of three, two against",
            terms(vec![step("S", all, 2, 2)]),
        ),
        (
            "two of three, three against",
            terms(vec![step("S", all, 2, 3)]),
        ),
        ("all of three", terms(vec![step("S", all, 3, 3)])),
        (
            "group and name",
            terms(vec![step("S", &["group:team", "ann", "cat"], 2, 2)]),
        ),
        (
            "two steps apart",
            two(step("A", &["group:team"], 1, 1), step("B", &["cat"], 1, 1)),
        ),
        (
            "two steps, the same people",
            two(step("A", all, 1, 2), step("B", all, 1, 2)),
        ),
        (
            "two steps, needed later",
            two(step("A", all, 1, 2), step("B", &["ann", "ben"], 2, 2)),
        ),
        (
            "three steps, all different",
            terms(vec![
                step("A", all, 1, 2),
                step("B", all, 1, 2),
                step("C", all, 1, 2),
            ]),
        ),
        (
            "the same person twice",
            Terms {
                distinct_approvers: false,
                ..two(step("A", all, 2, 2), step("B", &["ann", "cat"], 1, 2))
            },
        ),
        (
            "self-approval",
            Terms {
                allow_self_approval: true,
                ..two(step("A", own, 2, 2), step("B", all, 1, 1))
            },
        ),
        (
            "the requester is named in vain",
            terms(vec![step("S", own, 2, 2)]),
        ),
        (
            "a comment is required",
            Terms {
                comment_required: true,
                ..terms(vec![step("S", all, 2, 2)])
            },
        ),
    ]
}

pub(super) fn plot(name: &'static str, first: World, can: Can) -> Plot {
    Plot {
        name,
        first,
        can,
        deeds: None,
    }
}

/// What approvers do to windows.
pub(super) fn windowed() -> Vec<Plot> {
    let all = &["ann", "ben", "cat"];
    let can = Can {
        windows: true,
        ..Can::default()
    };
    let fixed = Draft {
        window: windows()[2],
        ..draft()
    };
    let fixed = |terms| World::filed_as(&fixed, book(vec![policy(terms)])).expect("sound");
    let two = |first, second| terms(vec![first, second]);
    vec![
        plot(
            "windows: two of two",
            World::filed(terms(vec![step("S", &["ann", "ben"], 2, 2)])),
            can,
        ),
        Plot {
            deeds: Some(DEEDS),
            ..plot(
                "windows: two steps, six deeds",
                World::filed(two(step("A", &["ann", "ben"], 1, 2), step("B", all, 1, 1))),
                can,
            )
        },
        plot(
            "windows: fixed",
            fixed(two(step("A", &["ann"], 1, 1), step("B", &["ben"], 1, 1))),
            can,
        ),
        Plot {
            deeds: Some(DEEDS),
            ..plot(
                "windows: the same person twice, six deeds",
                World::filed(Terms {
                    distinct_approvers: false,
                    ..two(step("A", &["ann", "ben"], 1, 2), step("B", &["ann"], 1, 1))
                }),
                can,
            )
        },
    ]
}

/// What time and delegations do.
pub(super) fn timed() -> Vec<Plot> {
    let mut first = step("A", &["ann"], 1, 1);
    first.reminders = Some(Reminders {
        after: hours(1),
        most: 2,
    });
    first.escalation = Some(Escalation {
        after: hours(2),
        to: vec![who("ben"), who("rita")],
    });
    let last = step("B", &["ben", "cat"], 1, 1);
    let team = || step("A", &["group:team"], 1, 2);
    let can = Can {
        hours: &[1, 2, 3, 4],
        moves: Moves::LeavesAndReturns,
        ..Can::default()
    };
    let hands = |delegates| Can {
        delegates,
        hours: &[4],
        ..Can::default()
    };
    vec![
        plot(
            "escalation",
            World::filed(terms(vec![first.clone(), last.clone()])),
            can,
        ),
        plot(
            "delegation: one step",
            World::filed(terms(vec![step("A", &["group:team"], 2, 2)])),
            hands(&[("ann", "cat"), ("ben", "cat"), ("cat", "ann")]),
        ),
        plot(
            "delegation: two steps",
            World::filed(terms(vec![team(), step("B", &["ann", "cat"], 1, 1)])),
            hands(&[("ann", "cat"), ("ben", "ann")]),
        ),
        plot(
            "delegation: the requester",
            World::filed(Terms {
                allow_self_approval: true,
                ..terms(vec![step("A", &["ann", "rita"], 1, 2)])
            }),
            hands(&[("ann", "rita"), ("rita", "cat")]),
        ),
    ]
}

/// What emergencies, the end of grants and confirmations do.
pub(super) fn accessed() -> Vec<Plot> {
    let steps = || vec![step("A", &["ann", "rita"], 1, 1), step("B", &["ben"], 1, 1)];
    let offered = |terms| {
        let mut policy = policy(terms);
        policy.emergency = Some(EmergencyBlock {
            allowed: vec![who("rita")],
            max_duration: hours(1),
            block_until_reviewed: true,
            remind_review_after: hours(24),
        });
        World::filed_as(&draft(), book(vec![policy])).expect("sound")
    };
    let can = Can {
        access: true,
        ..Can::default()
    };
    let confirmed = |steps| {
        World::filed(Terms {
            confirm_by_mail: true,
            ..terms(steps)
        })
    };
    vec![
        plot(
            "emergency",
            offered(Terms {
                allow_self_approval: true,
                ..terms(steps())
            }),
            Can {
                delegates: &[("ben", "rita"), ("ben", "cat")],
                ..can
            },
        ),
        plot(
            "confirmed by mail",
            confirmed(vec![
                step("A", &["ann", "ben"], 1, 2),
                step("B", &["cat"], 1, 1),
            ]),
            Can::default(),
        ),
        Plot {
            deeds: Some(DEEDS - 2),
            ..plot(
                "everything, four deeds",
                offered(Terms {
                    confirm_by_mail: true,
                    ..terms(vec![
                        step("A", &["ann", "ben"], 1, 2),
                        step("B", &["cat"], 1, 1),
                    ])
                }),
                Can {
                    windows: true,
                    delegates: &[("ann", "cat"), ("ben", "cat")],
                    hours: &[1],
                    ..can
                },
            )
        },
    ]
}
