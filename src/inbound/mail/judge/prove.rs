//! Between reading and applying: our own check of a sender's signatures, which asks DNS.
//!
//! ```text
//! read ─▶ open? ─▶ stored report? ─▶ known token? ─▶ ask DNS ─▶ report ─┬─▶ stored ─▶ read again
//!                                                                       └─▶ later ─▶ put off
//! ```
//!
//! What always holds: nobody is asked about a mail that presents no token of ours, so that a flood of
//! strangers' mails asks nothing; no transaction is open meanwhile; a report is final once it is stored, and
//! a mail that is judged again (after a crash, or because it could not be applied) is judged by it, whatever
//! DNS says by then. A server that does not answer means "later", for [`PROVE_WITHIN`] at most, and then no.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::super::Verdict;
use super::{First, Judge, Step, first_step};
use crate::store::inbox::{self, Waiting};
use crate::store::tokens;

/// How long a mail waits for DNS, from its recording; then its sender could not be proven.
pub const PROVE_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Mails checked at once.
const AT_ONCE: usize = 16;
/// The longest that one mail may keep its batch waiting.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail whose sender our own check may yet prove.
#[derive(Debug)]
pub(super) struct Open {
    pub mail: Waiting,
    /// The From domain.
    pub from: String,
    /// The tokens that it presents.
    pub tokens: Vec<crate::token::TokenHash>,
}

impl Judge {
    /// What each mail comes to, once its signatures are checked where that may prove it.
    pub(super) async fn prove(&self, firsts: Vec<First>) -> Result<Vec<(i64, Step)>, sqlx::Error> {
        let mut steps = Vec::with_capacity(firsts.len());
        let mut open = Vec::new();
        for first in firsts {
            match first.open {
                Some(mail) if self.resolver.is_some() && self.knows_token_of(&mail).await? => {
                    open.push(mail);
                }
                _ => steps.push((first.id, first.step)),
            }
        }
        let proven = futures::stream::iter(open)
            .map(|mail| self.check(mail))
            .buffered(AT_ONCE);
        let proven: Vec<Result<(i64, Step), sqlx::Error>> = proven.collect().await;
        for step in proven {
            steps.push(step?);
        }
        // In the order of arrival: of two mails with one token the earlier one is applied first.
        steps.sort_by_key(|(id, _)| *id);
        Ok(steps)
    }

    async fn knows_token_of(&self, open: &Open) -> Result<bool, sqlx::Error> {
        let mut conn = self.handler.pool.acquire().await?;
        let known = tokens::find(&mut conn, &open.tokens).await?;
        Ok(!known.is_empty())
    }

    /// Checks one mail's signatures, stores what came of it, and reads the mail again.
    async fn check(&self, open: Open) -> Result<(i64, Step), sqlx::Error> {
        let Open { mut mail, from, .. } = open;
        let id = mail.id;
        let now = self.handler.clock.now();
        let raw: Arc<[u8]> = mail.raw.clone().unwrap_or_default().into();
        let (Some(resolver), Some(rules)) = (&self.resolver, &self.rules.dkim) else {
            return Ok((id, not_yet(&mail, "Our own check is not made.", now)));
        };
        // A mail that makes the check panic has no report, and is put off until it is given up.
        let examined = resolver.examine(raw, from.into(), rules, now);
        let Ok(Some(report)) = tokio::time::timeout(PATIENCE, examined).await else {
            return Ok((id, not_yet(&mail, "DNS did not answer in time.", now)));
        };
        if report.pass().is_none()
            && let Some(later) = report.later()
        {
            return Ok((id, not_yet(&mail, &later.why, now)));
        }
        let mut conn = self.handler.pool.acquire().await?;
        mail.proof = serde_json::to_value(&report).ok();
        inbox::keep_proof(&mut conn, id, mail.proof.as_ref()).await?;
        drop(conn);
        let (read, rules) = (self.read, Arc::clone(&self.rules));
        let step = tokio::task::spawn_blocking(move || first_step(mail, read, &rules).step);
        let stopped = |_| Step::Settled(Verdict::Later, "the process is stopping".to_owned());
        Ok((id, step.await.unwrap_or_else(stopped)))
    }
}

/// A mail that cannot be judged now, or that has waited too long.
fn not_yet(mail: &Waiting, why: &str, now: Timestamp) -> Step {
    let over = mail
        .recorded_at
        .is_some_and(|at| now.duration_since(at) >= PROVE_WITHIN);
    if over {
        let hours = PROVE_WITHIN.as_hours();
        let why = format!("Its sender could not be proven within {hours} hours: {why}");
        return Step::Settled(Verdict::Silent, why);
    }
    Step::Settled(Verdict::Later, why.to_owned())
}
