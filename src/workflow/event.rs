//! What happened to a request. Stored in the audit trail as it is; [`Request::apply`] folds it.
//!
//! [`Request::apply`]: super::request::Request::apply

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{PersonId, RequestId};
use super::policy::Terms;
use super::request::{EndCause, Ending, ExpiryCause, Grant, Held, Review, Subject, Vote, Window};

/// One thing that happened. The serialised form is stored for ever: add variants and optional
/// fields, never rename or remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A request came to be.
    Filed(Box<Filed>),
    /// A vote was counted; one by the same person on the same step is replaced by it (W13).
    Voted {
        /// The vote.
        vote: Vote,
    },
    /// A step has its approvals, and the next one becomes current (W9).
    StepCompleted {
        /// The completed step, counted from 0.
        step: usize,
        /// When.
        at: Timestamp,
    },
    /// A completed step lost an approval to its maker's stricter vote, lacks one again, and is
    /// current again (W13, W16). Approvals of later steps stand.
    StepReopened {
        /// The step, counted from 0.
        step: usize,
        /// When.
        at: Timestamp,
    },
    /// A vote waits until its maker confirms it by mail; one by the same person on the same step is
    /// replaced by it (W30).
    VoteHeld {
        /// The vote.
        held: Held,
    },
    /// An approver changed the window with their approval (W16).
    WindowChanged {
        /// When.
        at: Timestamp,
        /// Who.
        by: PersonId,
        /// The step that they approved, counted from 0.
        step: usize,
        /// The window from now on.
        window: Window,
        /// Whether it reaches beyond the one before: then every other approval is void, and the first
        /// step is current again.
        voids: bool,
    },
    /// Those who have not voted were reminded (W19).
    Reminded {
        /// When.
        at: Timestamp,
        /// The step, counted from 0.
        step: usize,
        /// Which reminder of this step, from 1; those that came due while nobody looked count as sent.
        number: u32,
    },
    /// Others became eligible for a step that took too long (W19).
    Escalated {
        /// When.
        at: Timestamp,
        /// The step, counted from 0.
        step: usize,
    },
    /// Some can vote on the current step who could not when it became current: members come lately,
    /// delegates (W7, W9, W20).
    AskedAlso {
        /// When.
        at: Timestamp,
        /// The step, counted from 0.
        step: usize,
        /// Who.
        persons: Vec<PersonId>,
    },
    /// A step can no longer complete, because people have left (W7).
    Stranded {
        /// When that was seen.
        at: Timestamp,
        /// The step, counted from 0.
        step: usize,
    },
    /// Every step can complete again.
    Unstranded {
        /// When that was seen.
        at: Timestamp,
    },
    /// The last step has its approvals (W12), or none was needed (W8).
    Approved {
        /// When.
        at: Timestamp,
        /// What it yields.
        grant: Grant,
    },
    /// Enough disapprovals, or approvals out of reach (W12).
    Rejected {
        /// When.
        at: Timestamp,
        /// At which step.
        step: usize,
    },
    /// The requester took it back (W29).
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nobody decided in time (W18).
    Expired {
        /// When it was due.
        at: Timestamp,
        /// Why.
        cause: ExpiryCause,
    },
    /// The grant that a pending request would have continued was cut short (W22).
    BaseCut {
        /// When.
        at: Timestamp,
        /// The request whose grant it was.
        base: RequestId,
        /// How it was cut: revoked rejects, returned withdraws.
        cause: EndCause,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: Option<String>,
    },
    /// Its requester took access at once; no further vote counts (W24).
    EmergencyConfirmed {
        /// When.
        at: Timestamp,
        /// Why it could not wait.
        reason: String,
        /// What it yields.
        grant: Grant,
        /// How often its reviewers are reminded.
        remind_review_after: SignedDuration,
    },
    /// Somebody looked at an emergency afterwards (W26).
    Reviewed {
        /// Who, when, and what they found.
        review: Review,
    },
    /// Those who may review an emergency were reminded (W26).
    ReviewReminded {
        /// When.
        at: Timestamp,
        /// Which reminder, from 1; those that came due while nobody looked count as sent.
        number: u32,
    },
    /// A scheduled grant began (W21). One that begins with its approval has no such event.
    GrantStarted {
        /// When it was due.
        at: Timestamp,
    },
    /// The holder was warned of the end (W23).
    GrantWarned {
        /// When it was due.
        at: Timestamp,
        /// The request whose grant goes on where this one ends: then nobody needs the warning.
        continued_by: Option<RequestId>,
    },
    /// The grant's time is over (W21).
    GrantEnded {
        /// When it was due.
        at: Timestamp,
    },
    /// The grant was ended before its time (W22).
    GrantCut {
        /// When, how, by whom, why.
        ending: Ending,
    },
}

/// Everything that a request is at its filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// Its number.
    pub id: RequestId,
    /// Who asks.
    pub requester: PersonId,
    /// For what.
    pub subject: Subject,
    /// For when.
    pub window: Window,
    /// Why.
    pub justification: Option<String>,
    /// What the policy demands.
    pub terms: Terms,
    /// Whether the module was switched off for approval, so that none is asked (W8).
    pub approval_switched_off: bool,
    /// When.
    pub at: Timestamp,
    /// When it expires if nobody decides.
    pub pending_until: Timestamp,
    /// The request whose grant it would continue (W23).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<RequestId>,
}

impl Event {
    /// The name as it stands in the audit trail.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Filed(_) => "filed",
            Self::Voted { .. } => "voted",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepReopened { .. } => "step_reopened",
            Self::VoteHeld { .. } => "vote_held",
            Self::WindowChanged { .. } => "window_changed",
            Self::Reminded { .. } => "reminded",
            Self::Escalated { .. } => "escalated",
            Self::AskedAlso { .. } => "asked_also",
            Self::Stranded { .. } => "stranded",
            Self::Unstranded { .. } => "unstranded",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::BaseCut { .. } => "base_cut",
            Self::EmergencyConfirmed { .. } => "emergency_confirmed",
            Self::Reviewed { .. } => "reviewed",
            Self::ReviewReminded { .. } => "review_reminded",
            Self::GrantStarted { .. } => "grant_started",
            Self::GrantWarned { .. } => "grant_warned",
            Self::GrantEnded { .. } => "grant_ended",
            Self::GrantCut { .. } => "grant_cut",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::{Decision, Request, Window};
    use super::super::testing::*;
    use super::*;

    /// Goal: the stored form never changes by accident; what was written can be read for ever.
    /// Method: one story with every kind of event, as JSON, word for word, and read back.
    #[test]
    #[expect(clippy::too_many_lines, reason = "the story in full")]
    fn the_stored_form_is_stable() {
        let steps = vec![
            step("First", &["ann", "group:team"], 1, 2),
            step("Last", &["cat"], 1, 1),
        ];
        let mut world = World::filed(terms(steps));
        world.approves("ann").expect("counts");
        world
            .replies("ann", Decision::Disapprove, 0)
            .expect("taken back");
        world.approves("ben").expect("counts");
        let pending = world.clone();
        world.approves("cat").expect("counts");
        let mut stories = vec![world];
        for ending in 0..3 {
            let mut world = pending.clone();
            match ending {
                0 => world.disapproves("cat"),
                1 => world.withdraws("rita", "found another way"),
                _ => {
                    world.now = world.request.pending_until;
                    world.clock_strikes()
                }
            }
            .expect("counts");
            stories.push(world);
        }
        let fixed = Window::Fixed {
            start: start(),
            end: start() + hours(1),
        };
        let mut all = stories[0].events.clone();
        for story in &stories {
            let json = serde_json::to_string(&story.events).expect("serialises");
            let back: Vec<Event> = serde_json::from_str(&json).expect("reads back");
            assert_eq!(Request::replay(&back).as_ref(), Some(&story.request));
        }
        all.extend(
            stories[1..]
                .iter()
                .filter_map(|story| story.events.last().cloned()),
        );
        insta::assert_json_snapshot!(all, @r#"
[
  {
    "event": "filed",
    "id": 42,
    "requester": "rita",
    "subject": {
      "module": "credential",
      "resource": "prod-db-1",
      "account": "admin"
    },
    "window": {
      "from_approval": {
        "length": "PT2H"
      }
    },
    "justification": "ticket 17",
    "terms": {
      "policy": "databases",
      "version": 7,
      "mode": "approval",
      "justification_required": false,
      "max_duration": "PT8H",
      "max_lead": "PT48H",
      "pending_ttl": "PT24H",
      "warn_before": "PT10M",
      "comment_required": false,
      "allow_self_approval": false,
      "distinct_approvers": true,
      "confirm_by_mail": false,
      "steps": [
        {
          "name": "First",
          "approvers": [
            {
              "person": "ann"
            },
            {
              "group": "team"
            }
          ],
          "approvals": 1,
          "disapprovals": 2
        },
        {
          "name": "Last",
          "approvers": [
            {
              "person": "cat"
            }
          ],
          "approvals": 1,
          "disapprovals": 1
        }
      ]
    },
    "approval_switched_off": false,
    "at": "2026-03-02T09:00:00Z",
    "pending_until": "2026-03-03T09:00:00Z"
  },
  {
    "event": "voted",
    "vote": {
      "step": 0,
      "person": "ann",
      "decision": "approve",
      "comment": null,
      "revision": 1,
      "at": "2026-03-02T09:00:00Z",
      "channel": "command_line"
    }
  },
  {
    "event": "step_completed",
    "step": 0,
    "at": "2026-03-02T09:00:00Z"
  },
  {
    "event": "voted",
    "vote": {
      "step": 0,
      "person": "ann",
      "decision": "disapprove",
      "comment": null,
      "revision": 1,
      "at": "2026-03-02T09:00:00Z",
      "channel": "mail"
    }
  },
  {
    "event": "step_reopened",
    "step": 0,
    "at": "2026-03-02T09:00:00Z"
  },
  {
    "event": "voted",
    "vote": {
      "step": 0,
      "person": "ben",
      "decision": "approve",
      "comment": null,
      "revision": 1,
      "at": "2026-03-02T09:00:00Z",
      "channel": "command_line"
    }
  },
  {
    "event": "step_completed",
    "step": 0,
    "at": "2026-03-02T09:00:00Z"
  },
  {
    "event": "voted",
    "vote": {
      "step": 1,
      "person": "cat",
      "decision": "approve",
      "comment": null,
      "revision": 1,
      "at": "2026-03-02T09:00:00Z",
      "channel": "command_line"
    }
  },
  {
    "event": "approved",
    "at": "2026-03-02T09:00:00Z",
    "grant": {
      "start": "2026-03-02T09:00:00Z",
      "end": "2026-03-02T11:00:00Z"
    }
  },
  {
    "event": "rejected",
    "at": "2026-03-02T09:00:00Z",
    "step": 1
  },
  {
    "event": "withdrawn",
    "at": "2026-03-02T09:00:00Z",
    "reason": "found another way"
  },
  {
    "event": "expired",
    "at": "2026-03-03T09:00:00Z",
    "cause": "pending_too_long"
  }
]
"#);
        insta::assert_json_snapshot!(fixed, @r#"
{
  "fixed": {
    "start": "2026-03-02T09:00:00Z",
    "end": "2026-03-02T10:00:00Z"
  }
}
"#);
    }
}
