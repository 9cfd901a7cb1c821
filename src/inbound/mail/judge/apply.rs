//! Applying what mails say: sets of plain votes in one transaction, everything else one by one.

use std::time::Duration;

use futures::StreamExt as _;

use super::super::Verdict;
use super::step::Said;
use super::{Judge, Outcome, outcome};
use crate::handle::Answer;
use crate::inbound::Inbound;
use crate::store::alarms;
use crate::store::audit;
use crate::store::inbound as ledger;
use crate::workflow::request::Channel;

/// Mails applied in one transaction, as far as they can be.
pub(super) const TOGETHER: usize = 25;
/// Sets of so many applied at once.
pub(super) const SETS_AT_ONCE: usize = 4;
/// A set that takes longer is rolled back, and its mails are applied one by one: one that waits for its
/// request then holds up those alone that come after it in its set.
const TOGETHER_FOR: Duration = Duration::from_secs(5);
/// No mail takes longer to apply; it is put off.
pub(super) const HANDLE_MAX: Duration = Duration::from_mins(1);

/// What somebody said, as it is handed on.
#[derive(Debug)]
pub(super) struct Given {
    id: i64,
    verdict: Verdict,
    why: String,
    inbound: Inbound,
}

impl Judge {
    /// Applies groups of mails, set by set, until a failure of the database.
    pub(super) async fn apply_all(
        &self,
        groups: Vec<Vec<Given>>,
    ) -> (Vec<Outcome>, Option<sqlx::Error>) {
        let mut groups = groups.into_iter();
        let sets = std::iter::from_fn(|| {
            let set: Vec<_> = groups.by_ref().take(TOGETHER).collect();
            (!set.is_empty()).then_some(set)
        });
        let mut applied = futures::stream::iter(sets)
            .map(|set| self.apply_set(set))
            .buffer_unordered(SETS_AT_ONCE);
        let mut outcomes = Vec::new();
        while let Some((done, failed)) = applied.next().await {
            outcomes.extend(done);
            if failed.is_some() {
                // What is under way is rolled back and judged again.
                return (outcomes, failed);
            }
        }
        (outcomes, None)
    }

    /// Applies groups of mails, each of one token: the first of each together, and what is left then, group
    /// by group; stops at a failure of the database.
    async fn apply_set(&self, set: Vec<Vec<Given>>) -> (Vec<Outcome>, Option<sqlx::Error>) {
        let mut done = self.together(&set).await;
        for group in set {
            let left = group.into_iter().filter(|given| {
                let settled = |outcome: &Outcome| outcome.judged.id == given.id;
                !done.iter().any(settled)
            });
            let (more, failed) = self.apply_in_order(left.collect()).await;
            done.extend(more);
            if failed.is_some() {
                return (done, failed);
            }
        }
        (done, None)
    }

    /// The outcomes of those that could be applied in one transaction. Whatever goes wrong, a failure of
    /// the database too, is left to those who apply them alone.
    async fn together(&self, set: &[Vec<Given>]) -> Vec<Outcome> {
        let firsts: Vec<&Given> = set.iter().filter_map(|group| group.first()).collect();
        if firsts.len() < 2 {
            return Vec::new();
        }
        let inbound: Vec<&Inbound> = firsts.iter().map(|given| &given.inbound).collect();
        let applied = tokio::time::timeout(TOGETHER_FOR, self.handler.together(&inbound));
        let answers = match applied.await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => {
                tracing::info!(
                    error.message = %error,
                    "{} mails are applied one by one: {error}",
                    firsts.len(),
                );
                return Vec::new();
            }
            Err(_) => return Vec::new(),
        };
        let settled = firsts
            .iter()
            .zip(answers)
            .filter(|(_, answer)| answer.is_some());
        settled
            .map(|(given, _)| outcome(given.id, given.verdict, &given.why, true))
            .collect()
    }

    /// Applies mails one after the other; stops at a failure of the database.
    async fn apply_in_order(&self, group: Vec<Given>) -> (Vec<Outcome>, Option<sqlx::Error>) {
        let mut done: Vec<Outcome> = Vec::with_capacity(group.len());
        for given in group {
            if done
                .last()
                .is_some_and(|before| before.verdict == Verdict::Later)
            {
                let why = "an earlier mail with the same token waits";
                done.push(outcome(given.id, Verdict::Later, why, true));
                continue;
            }
            match self.apply(given).await {
                Ok(outcome) => done.push(outcome),
                Err(error) => return (done, Some(error)),
            }
        }
        (done, None)
    }

    async fn apply(&self, given: Given) -> Result<Outcome, sqlx::Error> {
        let Given {
            id,
            verdict,
            why,
            inbound,
        } = given;
        let applied = tokio::time::timeout(HANDLE_MAX, self.handler.handle(&inbound));
        let Ok(answer) = applied.await else {
            let why = format!("not applied within {} s", HANDLE_MAX.as_secs());
            return Ok(outcome(id, Verdict::Later, &why, true));
        };
        match answer {
            Ok(Answer::Unidentified(why)) => Ok(outcome(id, Verdict::Silent, &why, true)),
            Ok(Answer::Alarm(why)) => Ok(outcome(id, Verdict::Alarm, &why, true)),
            Ok(Answer::Duplicate) if self.was_unidentified(&inbound).await? => {
                let mut conn = self.handler.pool.acquire().await?;
                let alarm = alarms::raised_by(&mut conn, &inbound.dedupe_key).await?;
                let why = "nobody was identified by it, when it was judged before a restart";
                Ok(match alarm {
                    Some(why) => outcome(id, Verdict::Alarm, &why, true),
                    None => outcome(id, Verdict::Silent, why, true),
                })
            }
            Ok(
                Answer::Accepted { .. }
                | Answer::Delegated { .. }
                | Answer::Refused { .. }
                | Answer::Unclear
                | Answer::Duplicate,
            ) => Ok(outcome(id, verdict, &why, true)),
            Err(error) => not_applied(id, error, true),
        }
    }
}

impl Judge {
    /// Whether the ledger says that nobody was identified: what was read off the mail is not what came
    /// of it.
    async fn was_unidentified(&self, inbound: &Inbound) -> Result<bool, sqlx::Error> {
        let mut conn = self.handler.pool.acquire().await?;
        let outcome = ledger::outcome(&mut conn, &inbound.dedupe_key).await?;
        Ok(outcome.as_deref() == Some(audit::Outcome::Unidentified.as_str()))
    }
}

pub(super) fn given(id: i64, said: Said) -> Given {
    Given {
        id,
        verdict: said.verdict,
        why: said.why,
        inbound: Inbound {
            channel: Channel::Mail,
            dedupe_key: format!("mail/{id}"),
            speaker: said.speaker,
            proof: said.proof,
            words: said.words,
        },
    }
}

/// What becomes of a mail at whose judgement the database refused something: it is put off, unless nothing can
/// be stored at present.
pub(super) fn not_applied(
    id: i64,
    error: sqlx::Error,
    audited: bool,
) -> Result<Outcome, sqlx::Error> {
    let why = why_not_applied(id, error)?;
    Ok(outcome(id, Verdict::Later, &why, audited))
}

/// Why it is put off.
pub(super) fn why_not_applied(id: i64, error: sqlx::Error) -> Result<String, sqlx::Error> {
    if database_is_down(&error) {
        return Err(error);
    }
    tracing::error!(
        mail.id = id,
        error.message = %error,
        "mail {id} could not be applied and is tried again later: {error}",
    );
    Ok(format!("not applied: {error}"))
}

/// Whether an error means that nothing can be stored at present, rather than not this.
fn database_is_down(error: &sqlx::Error) -> bool {
    match error {
        // Connection, read-only, insufficient resources, operator intervention, system error.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "25006", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
