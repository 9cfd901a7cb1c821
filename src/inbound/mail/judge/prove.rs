//! Between reading and applying: our own check of a sender's signatures, which asks DNS.
//!
//! ```text
//! read ─▶ open? ─▶ stored report? ─▶ owner's token and address? ─▶ ask DNS ─▶ report ─┬─▶ stored ─▶ read again
//!                                                                                     └─▶ later ─▶ put off
//! ```
//!
//! What always holds: DNS is asked only about a mail that presents a token of ours and says that it is from
//! the address of that token's owner, for no other could count; so neither a flood of strangers' mails nor a
//! token in a stranger's hands makes us ask. No transaction is open meanwhile. A report is final once it is
//! stored, and a mail that is judged again (after a crash, or because it could not be applied) is judged by
//! it, whatever DNS says by then.
//!
//! Nobody waits for a name server that is silent: what needs none is settled before; a batch waits for
//! [`BATCH_WAITS`], the check itself goes on for [`PATIENCE`], and what it finds then is kept for when the mail
//! is due again. A domain has [`AT_ONCE`] checks under way at most. A server that does not answer means
//! "later", for [`PROVE_WITHIN`] at most, and then an alarm and no.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::super::dkim::Report;
use super::super::resolve::Resolver;
use super::super::{Open, Verdict};
use super::apply::why_not_applied;
use super::step::{First, Step, first_step};
use super::{Judge, first_token};
use crate::config::proof::Dkim;
use crate::inbound::{Standing, Suspect};
use crate::store::inbox::{self, Waiting};
use crate::token::TokenHash;

/// How long a mail waits for DNS, from its recording; then its sender could not be proven.
pub const PROVE_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Mails of one batch, and of one From domain, that are checked at once.
const AT_ONCE: usize = 16;
/// Checks under way at once in all, those included that no batch waits for any more.
const UNDER_WAY_MAX: usize = 256;
/// The longest that a batch waits for all its checks.
pub(super) const BATCH_WAITS: Duration = Duration::from_secs(3);
/// The longest that one check takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a mail waits.
const SILENT: &str = "DNS did not answer in time.";

/// A mail whose sender our own check may yet prove, and what it comes to otherwise.
pub(super) type Unproven = (Waiting, Open);

/// What a check came to.
enum Found {
    /// This, and whether it could be kept.
    Report(Report, Result<(), sqlx::Error>),
    /// Nothing yet.
    Later(String),
}

/// Checks under way; they end with the last judge that holds them.
#[derive(Debug, Clone, Default)]
pub(super) struct Proving {
    tasks: Arc<Mutex<JoinSet<()>>>,
    of_domain: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A place among the checks of a domain; free again when it is dropped.
struct Place {
    of_domain: Arc<Mutex<BTreeMap<String, usize>>>,
    domain: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = locked(&self.of_domain);
        match taken.get_mut(&self.domain) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.domain)),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proving {
    /// Checks a mail's signatures, and keeps what is found whether or not anybody waits for it. `None`: too
    /// many checks are under way.
    fn begin(&self, check: Check) -> Option<oneshot::Receiver<Found>> {
        let mut tasks = locked(&self.tasks);
        while tasks.try_join_next().is_some() {}
        let place = self.place(&check.domain)?;
        if tasks.len() >= UNDER_WAY_MAX {
            return None;
        }
        let (tell, told) = oneshot::channel();
        tasks.spawn(async move {
            let found = check.make().await;
            drop(place);
            // Nobody waits for it: the mail was put off, and is judged by it when it is due again.
            let _ = tell.send(found);
        });
        Some(told)
    }

    fn place(&self, domain: &str) -> Option<Place> {
        let mut taken = locked(&self.of_domain);
        let count = taken.entry(domain.to_owned()).or_default();
        if *count >= AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Place {
            of_domain: self.of_domain.clone(),
            domain: domain.to_owned(),
        })
    }
}

/// One check, with all that it needs.
struct Check {
    pool: PgPool,
    resolver: Resolver,
    rules: Dkim,
    id: i64,
    raw: Arc<[u8]>,
    domain: String,
    now: Timestamp,
}

impl Check {
    async fn make(self) -> Found {
        let from: Arc<str> = self.domain.as_str().into();
        let examined = self.resolver.examine(self.raw, from, &self.rules, self.now);
        // A mail that makes the check panic has no report, and is put off until it is given up.
        let Ok(Some(report)) = timeout(PATIENCE, examined).await else {
            return Found::Later(SILENT.to_owned());
        };
        if report.pass().is_none()
            && let Some(later) = report.later()
        {
            return Found::Later(later.why.clone());
        }
        let kept = keep(&self.pool, self.id, &report).await;
        Found::Report(report, kept)
    }
}

async fn keep(pool: &PgPool, id: i64, report: &Report) -> Result<(), sqlx::Error> {
    let mut conn = pool.acquire().await?;
    let report = serde_json::to_value(report).ok();
    inbox::keep_proof(&mut conn, id, report.as_ref()).await
}

/// The mails of a batch, by what they wait for.
pub(super) struct Sorted {
    /// Nothing.
    pub ready: Vec<(i64, Step)>,
    /// DNS.
    pub open: Vec<Unproven>,
    /// A mail with the same token that waits for DNS.
    pub behind: Vec<(i64, Step)>,
}

impl Judge {
    /// Which mails DNS has something to say about: those alone that are from a token's owner, if they are
    /// from whom they say.
    pub(super) async fn sort_out(&self, firsts: Vec<First>) -> Result<Sorted, sqlx::Error> {
        let asks = |first: &First| self.resolver.is_some() && first.open.is_some();
        let (asking, rest): (Vec<First>, Vec<First>) = firsts.into_iter().partition(asks);
        let open = asking.iter().filter_map(|first| first.open.as_ref());
        let claims: Vec<_> = open
            .map(|(_, open)| (open.tokens.as_slice(), open.from.as_str()))
            .collect();
        let owners = self.handler.are_owners(&claims).await;
        let mut sorted = Sorted {
            ready: Vec::new(),
            open: Vec::new(),
            behind: Vec::new(),
        };
        let owners = match (owners, asking.first()) {
            (Ok(owners), _) => owners,
            (Err(error), None) => return Err(error),
            (Err(error), Some(first)) => {
                // They alone wait; the rest of the batch does not need to know.
                let why = why_not_applied(first.id, error)?;
                let later = |first: &First| (first.id, Step::Settled(Verdict::Later, why.clone()));
                sorted.ready.extend(asking.iter().map(later));
                Vec::new()
            }
        };
        for (first, owner) in asking.into_iter().zip(owners) {
            match first.open {
                Some(open) if owner => sorted.open.push(open),
                _ => sorted.ready.push((first.id, first.step)),
            }
        }
        let of_open = |open: &Unproven| open.1.tokens.clone();
        let waited: BTreeSet<TokenHash> = sorted.open.iter().flat_map(of_open).collect();
        let (behind, ready): (Vec<First>, Vec<First>) = rest.into_iter().partition(|first| {
            matches!(&first.step, Step::Apply(said)
                if first_token(&said.speaker).is_some_and(|token| waited.contains(&token)))
        });
        let step = |first: First| (first.id, first.step);
        sorted.ready.extend(ready.into_iter().map(step));
        sorted.behind.extend(behind.into_iter().map(step));
        Ok(sorted)
    }

    /// What each mail comes to, once its signatures are checked, or nobody waits for that any longer.
    pub(super) async fn prove(&self, open: Vec<Unproven>) -> Result<Vec<(i64, Step)>, sqlx::Error> {
        let until = Instant::now() + BATCH_WAITS;
        let proven = futures::stream::iter(open)
            .map(|unproven| self.check(unproven, until))
            .buffered(AT_ONCE);
        let proven: Vec<Result<(i64, Step), sqlx::Error>> = proven.collect().await;
        proven.into_iter().collect()
    }

    /// Checks one mail's signatures, and reads the mail again by what came of it.
    async fn check(
        &self,
        (mut mail, open): Unproven,
        until: Instant,
    ) -> Result<(i64, Step), sqlx::Error> {
        let (id, now) = (mail.id, self.handler.clock.now());
        let not_yet = |why: &str| Ok((id, not_yet(&mail, &open, why, now)));
        let (Some(resolver), Some(rules)) = (&self.resolver, &self.rules.dkim) else {
            return not_yet("Our own check is not made.");
        };
        if Instant::now() >= until {
            return not_yet(SILENT);
        }
        let check = Check {
            pool: self.handler.pool.clone(),
            resolver: resolver.clone(),
            rules: rules.clone(),
            id,
            raw: mail.raw.clone().unwrap_or_default().into(),
            domain: open.domain.clone(),
            now,
        };
        let Some(found) = self.proving.begin(check) else {
            return not_yet(SILENT);
        };
        let report = match timeout_at(until, found).await {
            Ok(Ok(Found::Report(report, Ok(())))) => report,
            Ok(Ok(Found::Report(_, Err(error)))) => {
                let why = why_not_applied(id, error)?;
                return Ok((id, Step::Settled(Verdict::Later, why)));
            }
            Ok(Ok(Found::Later(why))) => return not_yet(&why),
            Ok(Err(_)) | Err(_) => return not_yet(SILENT),
        };
        mail.proof = serde_json::to_value(&report).ok();
        let (read, rules) = (self.read, Arc::clone(&self.rules));
        let step = tokio::task::spawn_blocking(move || first_step(mail, read, &rules).step);
        let stopped = |_| Step::Settled(Verdict::Later, "the process is stopping".to_owned());
        Ok((id, step.await.unwrap_or_else(stopped)))
    }
}

/// A mail that cannot be judged now, or that has waited too long.
fn not_yet(mail: &Waiting, open: &Open, why: &str, now: Timestamp) -> Step {
    if now.duration_since(mail.recorded_at) < PROVE_WITHIN {
        return Step::Settled(Verdict::Later, why.to_owned());
    }
    let hours = PROVE_WITHIN.as_hours();
    let suspect = Suspect {
        presented: open.tokens.clone(),
        from: Some(open.from.clone()),
        standing: Standing::GivenUp,
        why: format!("Its sender could not be proven within {hours} hours: {why}"),
    };
    Step::Suspected(Verdict::Alarm, suspect)
}
