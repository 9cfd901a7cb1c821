//! What the bytes of one mail come to, before anybody is asked.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::dkim::Report;
use super::super::{Open, Rules, Verdict};
use super::Read;
use crate::inbound::{Arrived, Bounce, Proof, Speaker, Suspect, Words};
use crate::store::inbox::Waiting;

/// A mail during whose judgement the process ended this often is not tried again.
const TRIES_MAX: i32 = 5;

/// What the bytes of one mail come to before anybody is asked.
#[derive(Debug)]
pub(super) struct First {
    pub id: i64,
    pub step: Step,
    /// The mail and what its check needs, where asking DNS may change the step.
    pub open: Option<(Waiting, Open)>,
}

/// What the bytes of one mail come to.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing is to be applied.
    Settled(Verdict, String),
    /// Somebody proven said something.
    Apply(Box<Said>),
    /// As `Settled`, but with tokens of somebody's.
    Suspected(Verdict, Suspect),
    /// A machine says that a delivery of ours failed.
    Bounced(String, Bounce),
}

#[derive(Debug)]
pub(super) struct Said {
    pub verdict: Verdict,
    pub why: String,
    pub speaker: Speaker,
    pub proof: Proof,
    pub words: Words,
}

/// What one mail's bytes come to; never panics.
pub(super) fn first_step(mail: Waiting, read: Read, rules: &Rules) -> First {
    let (step, open) = step_of(&mail, read, rules);
    First {
        id: mail.id,
        step,
        open: open.map(|open| (mail, open)),
    }
}

/// The step, and what may yet prove the sender.
fn step_of(mail: &Waiting, read: Read, rules: &Rules) -> (Step, Option<Open>) {
    if mail.tries >= TRIES_MAX {
        let why = format!("the process ended {} times while judging it", mail.tries);
        return (Step::Settled(Verdict::Alarm, why), None);
    }
    let Some(raw) = &mail.raw else {
        let why = format!("too large: {} bytes; only its header was read", mail.size);
        return (Step::Settled(Verdict::Silent, why), None);
    };
    let report: Option<Report> = mail
        .proof
        .as_ref()
        .and_then(|proof| serde_json::from_value(proof.clone()).ok());
    let Ok(reading) = catch_unwind(AssertUnwindSafe(|| read(raw, rules, report.as_ref()))) else {
        tracing::error!(
            mail.id = mail.id,
            "mail {} cannot be read: the reader panicked",
            mail.id
        );
        let why = "unreadable: the reader failed on it; its bytes are kept".to_owned();
        return (Step::Settled(Verdict::Silent, why), None);
    };
    let open = reading.open;
    let step = match (reading.verdict, reading.said) {
        (verdict @ (Verdict::Decision | Verdict::Answer), Some((mut speaker, proof, words))) => {
            if let Speaker::Token { arrived, .. } = &mut speaker {
                *arrived = Some(Arrived {
                    server: mail.arrived_at,
                    seen: mail.recorded_at,
                });
            }
            Step::Apply(Box::new(Said {
                verdict,
                why: reading.why,
                speaker,
                proof,
                words,
            }))
        }
        // A reading that promises words and has none would be a fault of ours: nobody is answered.
        (Verdict::Decision | Verdict::Answer, None) => Step::Settled(
            Verdict::Alarm,
            format!("read without words: {}", reading.why),
        ),
        (Verdict::Silent, _) if let Some(bounce) = reading.bounce => {
            Step::Bounced(reading.why, bounce)
        }
        (verdict @ (Verdict::Silent | Verdict::Alarm), _)
            if let Some(suspect) = reading.suspect =>
        {
            Step::Suspected(verdict, suspect)
        }
        (verdict, _) => Step::Settled(verdict, reading.why),
    };
    (step, open)
}
