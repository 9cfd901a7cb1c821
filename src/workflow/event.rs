//! What happened to a request. Stored in the audit trail as it is; [`Request::apply`] folds it.
//!
//! [`Request::apply`]: super::request::Request::apply

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{PersonId, RequestId};
use super::policy::Terms;
use super::request::{ExpiryCause, Grant, Subject, Vote, Window};

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
    },
    /// A completed step lost an approval to its maker's stricter vote, lacks one again, and is
    /// current again (W13, W16). Approvals of later steps stand.
    StepReopened {
        /// The step, counted from 0.
        step: usize,
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
}

impl Event {
    /// The name as it stands in the audit trail.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Filed(_) => "filed",
            Self::Voted { .. } => "voted",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepReopened { .. } => "step_reopened",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
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
    "step": 0
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
    "step": 0
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
    "step": 0
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
