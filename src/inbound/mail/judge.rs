//! From a recorded mail to its verdict: read it, let [`Handler`] apply what it says, store what
//! came of it.
//!
//! Mails come in batches. Their bytes are read on a blocking thread, each under a guard of its
//! own: a mail that makes the reader panic is `silent`, "unreadable", and stops nobody. What
//! somebody said is then applied: [`TOGETHER`] mails in one transaction where they are plain votes on
//! different requests, whatever is not so each in its own; [`SETS_AT_ONCE`] sets side by side; those
//! that carry the same token one after the other, as they came. At the end of the batch the verdicts are stored in one
//! transaction, with an audit event for each mail that nobody answers for.
//!
//! The key `mail/<id>` makes a mail count once: after a crash between applying and storing the
//! verdict it is judged again, and applied not again.
//!
//! What cannot be judged now (a lookup that failed, a fault that only this mail has in the
//! database) is put off and tried again, for as long as it takes. Only the failure of the database
//! as a whole ends the batch with an error.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod apply;
mod prove;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;

use super::dkim::Report;
use super::resolve::Resolver;
use super::{Reading, Rules, Verdict};
use crate::handle::Handler;
use crate::inbound::{Bounce, Proof, Speaker, Suspect, Words};
use crate::reach;
use crate::store::audit;
use crate::store::inbox::{self, Judged, Waiting};
use crate::token::TokenHash;
use crate::workflow::request::Channel;
use apply::{Given, given};
use prove::Open;

/// Mails applied in one transaction, as far as they can be.
const TOGETHER: usize = 25;
/// Sets of so many applied at once.
const SETS_AT_ONCE: usize = 4;
/// A mail during whose judgement the process ended this often is not tried again.
pub const TRIES_MAX: i32 = 5;
/// The shortest and the longest time that a mail is put off for, in seconds.
const PUT_OFF: (f64, f64) = (30.0, 3_600.0);
/// A verdict's reason is cut to this many characters.
const WHY_MAX: usize = 500;

/// Reads one mail: [`super::read::read_with`] in the daemon.
pub(super) type Read = fn(&[u8], &Rules, Option<&Report>) -> Reading;

/// Judges recorded mails. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Judge {
    rules: Arc<Rules>,
    handler: Handler,
    read: Read,
    /// Asks DNS; absent: our own check of signatures is not made.
    resolver: Option<Resolver>,
}

/// What the bytes of one mail come to before anybody is asked.
#[derive(Debug)]
struct First {
    id: i64,
    step: Step,
    /// The mail, where asking DNS may change the step.
    open: Option<Open>,
}

/// What the bytes of one mail come to.
#[derive(Debug)]
enum Step {
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
struct Said {
    verdict: Verdict,
    why: String,
    speaker: Speaker,
    proof: Proof,
    words: Words,
}

/// A mail's verdict, and whether [`Handler`] has audited it already.
#[derive(Debug)]
struct Outcome {
    judged: Judged,
    verdict: Verdict,
    audited: bool,
    bounce: Option<Bounce>,
}

impl Judge {
    /// Judges by these rules, with this handler; `resolver` asks DNS for our own check of signatures.
    pub fn new(rules: Rules, handler: Handler, resolver: Option<Resolver>) -> Self {
        Self {
            rules: Arc::new(rules),
            handler,
            read: super::read::read_with,
            resolver,
        }
    }

    /// With another reader, e.g. one that fails.
    #[cfg(test)]
    pub(super) fn with_reader(mut self, read: Read) -> Self {
        self.read = read;
        self
    }

    /// Judges a batch, in order of arrival, and stores the verdicts.
    ///
    /// An error is the database's; mails without a stored verdict are judged again.
    pub async fn batch(&self, mails: Vec<Waiting>) -> Result<(), sqlx::Error> {
        if mails.is_empty() {
            return Ok(());
        }
        let mut outcomes = Vec::new();
        let mut groups: Vec<Vec<Given>> = Vec::new();
        let mut group_of: BTreeMap<TokenHash, usize> = BTreeMap::new();
        let firsts = self.read_all(mails).await;
        for (id, step) in self.prove(firsts).await? {
            match step {
                Step::Settled(verdict, why) => outcomes.push(outcome(id, verdict, &why, false)),
                Step::Suspected(verdict, suspect) => {
                    let raised = self
                        .handler
                        .suspect(&format!("mail/{id}"), &suspect)
                        .await?;
                    outcomes.push(match raised {
                        Some(why) => outcome(id, Verdict::Alarm, &why, false),
                        None => outcome(id, verdict, &suspect.why, false),
                    });
                }
                Step::Bounced(why, bounce) => outcomes.push(Outcome {
                    bounce: Some(bounce),
                    ..outcome(id, Verdict::Silent, &why, false)
                }),
                Step::Apply(said) => {
                    let known = first_token(&said.speaker)
                        .map(|token| *group_of.entry(token).or_insert(groups.len()));
                    match known.and_then(|n| groups.get_mut(n)) {
                        Some(group) => group.push(given(id, *said)),
                        None => groups.push(vec![given(id, *said)]),
                    }
                }
            }
        }
        let mut groups = groups.into_iter();
        let sets = std::iter::from_fn(|| {
            let set: Vec<_> = groups.by_ref().take(TOGETHER).collect();
            (!set.is_empty()).then_some(set)
        });
        let mut applied = futures::stream::iter(sets)
            .map(|set| self.apply_set(set))
            .buffer_unordered(SETS_AT_ONCE);
        let mut broken = None;
        while let Some((done, failed)) = applied.next().await {
            outcomes.extend(done);
            if failed.is_some() {
                // What is under way is rolled back and judged again.
                broken = failed;
                break;
            }
        }
        drop(applied);
        let stored = self.store(outcomes).await;
        broken.map_or(stored, Err)
    }

    async fn read_all(&self, mails: Vec<Waiting>) -> Vec<First> {
        let (read, rules) = (self.read, Arc::clone(&self.rules));
        let ids: Vec<i64> = mails.iter().map(|mail| mail.id).collect();
        let reading = tokio::task::spawn_blocking(move || {
            let step = |mail: Waiting| first_step(mail, read, &rules);
            mails.into_iter().map(step).collect()
        });
        // Every mail has its own guard, so that this fails only when the runtime goes down.
        reading.await.unwrap_or_else(|_| {
            let stopped = |id| First {
                id,
                step: Step::Settled(Verdict::Later, "the process is stopping".to_owned()),
                open: None,
            };
            ids.into_iter().map(stopped).collect()
        })
    }

    /// Stores verdicts and, for what [`Handler`] never saw, the audit events, together.
    async fn store(&self, outcomes: Vec<Outcome>) -> Result<(), sqlx::Error> {
        let now = self.handler.clock.now();
        let (later, mut settled): (Vec<Outcome>, Vec<Outcome>) = outcomes
            .into_iter()
            .partition(|outcome| outcome.verdict == Verdict::Later);
        let later: Vec<Judged> = later.into_iter().map(|o| o.judged).collect();
        let mut tx = self.handler.pool.begin().await?;
        let bounces = follow_bounces(&mut tx, &mut settled, now).await?;
        let judged: Vec<Judged> = settled.iter().map(|o| o.judged.clone()).collect();
        if !later.is_empty() {
            inbox::put_off(&mut tx, &later, now, PUT_OFF).await?;
        }
        if !judged.is_empty() {
            let marked = inbox::mark_judged(&mut tx, &judged, now).await?;
            let entries = audit_entries(&settled, marked, now);
            audit::append_system(&mut tx, Channel::Mail, &entries).await?;
        }
        tx.commit().await?;
        if bounces > 0 {
            self.handler.wake.notify_waiters();
            self.handler.committed.notify_one();
        }
        for alarm in settled.iter().filter(|o| o.verdict == Verdict::Alarm) {
            let Judged { id, why, .. } = &alarm.judged;
            tracing::warn!(
                mail.id = id,
                mail.why = why,
                "mail {id} needs attention: {why}"
            );
        }
        Ok(())
    }
}

/// Does what bounces ask for, and writes down of each what it came to; how many there were.
async fn follow_bounces(
    conn: &mut sqlx::PgConnection,
    settled: &mut [Outcome],
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let mut bounces = 0;
    for outcome in settled {
        if let Some(bounce) = &outcome.bounce {
            let judged = &mut outcome.judged;
            judged.why = reach::bounced(conn, judged.id, bounce, now).await?;
            bounces += 1;
        }
    }
    Ok(bounces)
}

/// One entry for each mail that got its verdict just now and that [`Handler`] has not audited, in
/// order of arrival (W27). Nobody was identified; what there is to go by is the mail itself.
fn audit_entries(
    settled: &[Outcome],
    marked: Vec<(i64, Vec<u8>)>,
    now: Timestamp,
) -> Vec<audit::Entry> {
    let marked: BTreeMap<i64, Vec<u8>> = marked.into_iter().collect();
    let mut ours: Vec<&Judged> = settled
        .iter()
        .filter(|outcome| !outcome.audited)
        .map(|outcome| &outcome.judged)
        .collect();
    ours.sort_by_key(|judged| judged.id);
    let entry = |judged: &Judged| {
        let sha256 = data_encoding::HEXLOWER.encode(marked.get(&judged.id)?);
        Some(audit::Entry {
            key: Some(format!("mail/{}", judged.id)),
            proof: Some(Proof {
                method: "none".to_owned(),
                details: serde_json::json!({ "sha256": sha256, "verdict": judged.verdict }),
            }),
            why: Some(judged.why.clone()),
            ..audit::Entry::new(now, Channel::Mail, audit::Outcome::Unidentified)
        })
    };
    ours.into_iter().filter_map(entry).collect()
}

/// What one mail's bytes come to; never panics.
fn first_step(mail: Waiting, read: Read, rules: &Rules) -> First {
    let (step, open) = step_of(&mail, read, rules);
    First {
        id: mail.id,
        step,
        open: open.map(|(from, tokens)| Open { mail, from, tokens }),
    }
}

/// The step, and who may yet be proven by which check: the From domain and the tokens presented.
fn step_of(mail: &Waiting, read: Read, rules: &Rules) -> (Step, Option<(String, Vec<TokenHash>)>) {
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
    let open = reading.open.map(|open| (open.from, open.tokens));
    let step = match (reading.verdict, reading.said) {
        (verdict @ (Verdict::Decision | Verdict::Answer), Some((speaker, proof, words))) => {
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

fn first_token(speaker: &Speaker) -> Option<TokenHash> {
    match speaker {
        Speaker::Token { presented, .. } => presented.first().copied(),
        Speaker::Link { .. } | Speaker::Account { .. } | Speaker::Person(_) | Speaker::Clock => {
            None
        }
    }
}

fn outcome(id: i64, verdict: Verdict, why: &str, audited: bool) -> Outcome {
    // Postgres holds no NUL in a text.
    let why = why.chars().filter(|c| *c != '\0').take(WHY_MAX).collect();
    Outcome {
        judged: Judged {
            id,
            verdict: word(verdict).to_owned(),
            why,
        },
        verdict,
        audited,
        bounce: None,
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Decision => "decision",
        Verdict::Answer => "answer",
        Verdict::Silent => "silent",
        Verdict::Alarm => "alarm",
        Verdict::Later => "later",
    }
}
