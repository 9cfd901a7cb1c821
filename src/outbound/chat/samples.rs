//! A request in every state as posts show it: what the templates are checked with before the first is sent.

use crate::render;
use crate::workflow::act::Act;
use crate::workflow::post::{Shown, Standing};
use crate::workflow::request::State;

/// Every request that mails are checked with, in every standing that its state can have.
pub fn samples() -> Vec<Shown> {
    let mut all = Vec::new();
    for sample in render::samples() {
        let mut facts = sample.facts;
        facts.step = match facts.state {
            State::Pending { step } => Some(step),
            _ => None,
        };
        for standing in standings(&facts.state) {
            if matches!(standing, Standing::Revoked | Standing::Returned) && facts.ending.is_none()
            {
                continue;
            }
            let acts = match standing {
                Standing::Pending => vec![
                    Act::Approve,
                    Act::Disapprove,
                    Act::OtherTimes,
                    Act::Details,
                    Act::Withdraw,
                ],
                Standing::Scheduled | Standing::Active => vec![Act::Revoke],
                _ => Vec::new(),
            };
            let changed = facts.changed.as_ref();
            all.push(Shown {
                standing: *standing,
                asked_for: changed.map(|changed| changed.before),
                held: facts.sets.iter().map(|_| "Ana Alves".to_owned()).collect(),
                acts,
                step: facts.step,
                over: None,
                facts: facts.clone(),
            });
        }
    }
    all
}

fn standings(state: &State) -> &'static [Standing] {
    match state {
        State::Pending { .. } => &[Standing::Pending],
        State::Rejected { .. } => &[Standing::Rejected],
        State::Withdrawn { .. } => &[Standing::Withdrawn],
        State::Expired { .. } => &[Standing::Expired],
        State::Approved { .. } => &[
            Standing::Scheduled,
            Standing::Active,
            Standing::Ended,
            Standing::Revoked,
            Standing::Returned,
        ],
    }
}
