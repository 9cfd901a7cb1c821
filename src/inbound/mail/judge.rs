//! From a recorded mail to its verdict: read it, let [`Handler`] apply what it says, store what
//! came of it.
//!
//! Mails come in batches. Their bytes are read on a blocking thread, each under a guard of its
//! own: a mail that makes the reader panic is `silent`, "unreadable", and stops nobody. What
//! needs no answer of DNS's is settled first; the rest waits for it, not for long ([`prove`]). What somebody
//! said is applied: [`apply::TOGETHER`] mails in one transaction where they are plain votes on different
//! requests, whatever is not so each in its own; [`apply::SETS_AT_ONCE`] sets side by side; those that carry
//! the same token one after the other, as they came. Then the verdicts are stored in one transaction, with
//! an audit event for each mail that nobody answers for.
//!
//! The key `mail/<id>` makes a mail count once: after a crash between applying and storing the
//! verdict it is judged again, and applied not again.
//!
//! What cannot be judged now is put off and tried again: for a lookup that failed a day at most, for a fault
//! that only this mail has in the database as long as it takes. Only the failure of the database
//! as a whole ends the batch with an error.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod apply;
mod prove;
mod step;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::Connection as _;

use super::dkim::Report;
use super::resolve::Resolver;
use super::{Reading, Rules, Verdict};
use crate::handle::Handler;
use crate::inbound::{Bounce, Proof, Speaker, Suspect};
use crate::reach;
use crate::store::audit;
use crate::store::inbox::{self, Judged, Waiting};
use crate::token::TokenHash;
use crate::workflow::request::Channel;
use apply::{Given, HANDLE_MAX, given, not_applied};
use prove::{Proving, Sorted};
use step::{First, Step, first_step};

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
    proving: Proving,
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
            proving: Proving::default(),
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
        let Sorted {
            ready,
            open,
            behind,
        } = self.sort_out(self.read_all(mails).await).await?;
        self.settle(ready).await?;
        let mut proven = self.prove(open).await?;
        proven.extend(behind);
        self.settle(proven).await
    }

    /// Applies what the mails come to, in order of arrival, and stores the verdicts.
    async fn settle(&self, mut steps: Vec<(i64, Step)>) -> Result<(), sqlx::Error> {
        if steps.is_empty() {
            return Ok(());
        }
        // Of two mails with one token the earlier one is applied first.
        steps.sort_by_key(|(id, _)| *id);
        let mut outcomes = Vec::new();
        let mut groups: Vec<Vec<Given>> = Vec::new();
        let mut group_of: BTreeMap<TokenHash, usize> = BTreeMap::new();
        let mut broken = None;
        for (id, step) in steps {
            match step {
                Step::Settled(verdict, why) => outcomes.push(outcome(id, verdict, &why, false)),
                Step::Suspected(..) if broken.is_some() => {}
                Step::Suspected(verdict, suspect) => {
                    match self.suspected(id, verdict, &suspect).await {
                        Ok(outcome) => outcomes.push(outcome),
                        Err(error) => broken = Some(error),
                    }
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
        if broken.is_none() {
            let (applied, failed) = self.apply_all(groups).await;
            outcomes.extend(applied);
            broken = failed;
        }
        // What came to an end keeps it; everything else has no verdict and is judged again.
        let stored = self.store(outcomes).await;
        broken.map_or(stored, Err)
    }

    /// What a mail comes to whose sender is not proven, and that carries tokens of somebody's.
    async fn suspected(
        &self,
        id: i64,
        verdict: Verdict,
        suspect: &Suspect,
    ) -> Result<Outcome, sqlx::Error> {
        let key = format!("mail/{id}");
        let looked = tokio::time::timeout(HANDLE_MAX, self.handler.suspect(&key, suspect)).await;
        Ok(match looked {
            Ok(Ok(Some(why))) => outcome(id, Verdict::Alarm, &why, false),
            Ok(Ok(None)) => outcome(id, verdict, &suspect.why, false),
            Ok(Err(error)) => not_applied(id, error, false)?,
            Err(_) => {
                let why = format!("not looked into within {} s", HANDLE_MAX.as_secs());
                outcome(id, Verdict::Later, &why, false)
            }
        })
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
        let mut tx = self.handler.pool.begin().await?;
        let mut outcomes = outcomes;
        let bounces = follow_bounces(&mut tx, &mut outcomes, now).await?;
        let (later, settled): (Vec<Outcome>, Vec<Outcome>) = outcomes
            .into_iter()
            .partition(|outcome| outcome.verdict == Verdict::Later);
        let later: Vec<Judged> = later.into_iter().map(|o| o.judged).collect();
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

/// Does what bounces ask for, and writes down of each what it came to; how many there were. One that fails is
/// put off, and leaves nothing.
async fn follow_bounces(
    conn: &mut sqlx::PgConnection,
    outcomes: &mut [Outcome],
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let mut bounces = 0;
    for outcome in outcomes {
        let Some(bounce) = outcome.bounce.take() else {
            continue;
        };
        let id = outcome.judged.id;
        let mut attempt = conn.begin().await?;
        match reach::bounced(&mut attempt, id, &bounce, now).await {
            Ok(why) => {
                attempt.commit().await?;
                outcome.judged.why = why;
                bounces += 1;
            }
            Err(error) => {
                attempt.rollback().await?;
                *outcome = not_applied(id, error, false)?;
            }
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

#[cfg(test)]
mod tests;
