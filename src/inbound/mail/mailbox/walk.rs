//! The holder's walk over one connection: passes until nothing is new, then wait, and again.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::clear::{Broom, Refusal};
use super::error::MailboxError;
use super::fetch::{self, Seen};
use super::names::uid_set;
use super::wire::{Wire, WireError, Woke};
use super::{Mode, Status, Suspect, Watcher, connect};
use crate::outbox::backlog::Busy;
use crate::store::inbox::{self, Arrived, Place, RecordError, Waiting};
use crate::store::leases::Lease;

/// Mails put out of the way by one command.
const CLEAR_AT_ONCE: i64 = 500;
/// UIDs named in one command that were not found in one piece.
const NAMED_AT_ONCE: usize = 500;
/// A mail that broke the connection this often is fetched only now and then.
const SUSPECT_FAILURES: u32 = 3;
/// So many suspects are remembered; with more, it is the network.
const SUSPECTS_MAX: usize = 1_000;
/// How often such a mail is fetched nevertheless.
const SUSPECT_PAUSE: Duration = Duration::from_mins(10);
/// Saying good-bye may take this long.
const LOGOUT_MAX: Duration = Duration::from_secs(2);

/// One connection with its open folder.
struct Walk<'a> {
    watcher: &'a Watcher,
    lease: &'a Lease,
    cancel: &'a CancellationToken,
    wire: Wire,
    place: Place,
    broom: Broom,
    /// The bookmark: every mail up to this UID is recorded.
    last: u32,
    idle: bool,
    next_full: Instant,
    /// Held while more is to be judged than one batch: the courier gives way.
    backlog: Option<Busy>,
}

/// Connects and watches until `cancel` or a failure.
pub(super) async fn walk(
    watcher: &Watcher,
    lease: &Lease,
    cancel: &CancellationToken,
) -> Result<(), MailboxError> {
    let begun = Walk::begin(watcher, lease, cancel);
    let mut walk = tokio::select! {
        () = cancel.cancelled() => return Ok(()),
        walk = begun => walk?,
    };
    walk.watch().await?;
    let _ = timeout(LOGOUT_MAX, walk.wire.command("LOGOUT", &mut |_| {})).await;
    Ok(())
}

impl<'a> Walk<'a> {
    async fn begin(
        watcher: &'a Watcher,
        lease: &'a Lease,
        cancel: &'a CancellationToken,
    ) -> Result<Self, MailboxError> {
        let imap = &watcher.imap;
        let (mut wire, can) = connect::connect(imap).await?;
        let folder = connect::select(&mut wire, &imap.mailbox).await?;
        let place = Place {
            mailbox: watcher.name.clone(),
            uid_validity: folder.uid_validity,
        };
        let mut tx = watcher.handler.pool.begin().await?;
        let last = inbox::open(&mut tx, &place).await?;
        tx.commit().await?;
        let idle = can.idle && !watcher.memory().no_idle;
        Ok(Self {
            watcher,
            lease,
            cancel,
            wire,
            place,
            broom: Broom {
                processed: imap.processed.clone(),
                can,
                folder,
            },
            last,
            idle,
            next_full: Instant::now(),
            backlog: None,
        })
    }

    /// Passes and waits, in turn.
    async fn watch(&mut self) -> Result<(), MailboxError> {
        self.say_watching();
        let mut more = false;
        while !self.cancel.is_cancelled() {
            let full = Instant::now() >= self.next_full;
            // What was told until here is looked at by this pass.
            let news = self.wire.take_news();
            tracing::trace!(
                inbox.full = full,
                inbox.news = news,
                inbox.more = more,
                "looking"
            );
            more = self.pass(full).await?;
            if full {
                self.next_full = Instant::now() + self.watcher.imap.poll_every;
            }
            if !more {
                self.backlog = None;
            }
            if !more && !self.wire.has_news() && !self.cancel.is_cancelled() {
                self.wait().await?;
            }
        }
        Ok(())
    }

    /// Judges what waits, fetches and judges what is new, clears what is judged. `true`: there is
    /// more.
    async fn pass(&mut self, full: bool) -> Result<bool, MailboxError> {
        self.judge_waiting().await?;
        let mut seen = if full {
            self.leftovers().await?
        } else {
            Vec::new()
        };
        let (new, more) = fetch::survey_above(&mut self.wire, self.last).await?;
        seen.extend(new);
        self.take_in(&seen).await?;
        self.clear().await?;
        Ok(more)
    }

    /// Judges what was recorded and has no verdict: after a crash, or put off until now.
    async fn judge_waiting(&mut self) -> Result<(), MailboxError> {
        let count = !self.watcher.memory().ran;
        let limit = i64::try_from(self.watcher.imap.batch).unwrap_or(i64::MAX);
        while !self.cancel.is_cancelled() {
            let now = self.watcher.handler.clock.now();
            let mut conn = self.watcher.handler.pool.acquire().await?;
            let waiting = inbox::take_waiting(&mut conn, limit, count, now).await?;
            drop(conn);
            if waiting.is_empty() {
                break;
            }
            if waiting.len() >= self.watcher.imap.batch {
                self.has_backlog();
            }
            self.watcher.judge.batch(waiting).await?;
        }
        Ok(())
    }

    /// What lies there below the bookmark and was never recorded: missed, or put there meanwhile.
    async fn leftovers(&mut self) -> Result<Vec<Seen>, MailboxError> {
        let mut uids = fetch::search(&mut self.wire, &self.broom.leftovers()).await?;
        uids.retain(|uid| *uid <= self.last);
        let mut seen = Vec::new();
        for some in uids.chunks(NAMED_AT_ONCE) {
            let mut tx = self.watcher.handler.pool.begin().await?;
            let unknown = inbox::unknown(&mut tx, &self.place, some).await?;
            tx.commit().await?;
            if !unknown.is_empty() {
                seen.extend(fetch::survey(&mut self.wire, &uid_set(&unknown)).await?);
            }
        }
        Ok(seen)
    }

    /// Fetches and records batch after batch, and judges each while the next is fetched.
    async fn take_in(&mut self, seen: &[Seen]) -> Result<(), MailboxError> {
        let (suspects, trusted) = self.sort_out(seen);
        let imap = &self.watcher.imap;
        let mut batches = fetch::plan(&trusted, imap.batch.max(1), imap.max_mail_bytes);
        // Each alone and at the end: if the connection breaks, nothing else is behind it.
        batches.extend(suspects.into_iter().map(|mail| vec![mail]));
        if batches.len() > 1 {
            self.has_backlog();
        }
        let judge = self.watcher.judge.clone();
        let mut fresh = Vec::new();
        for batch in batches {
            if self.cancel.is_cancelled() {
                break;
            }
            let (judged, next) = tokio::join!(judge.batch(fresh), self.record(&batch));
            judged?;
            fresh = next?;
        }
        judge.batch(fresh).await?;
        Ok(())
    }

    /// Tells the courier, which gives way until this is over.
    fn has_backlog(&mut self) {
        let backlog = &self.watcher.handler.backlog;
        self.backlog.get_or_insert_with(|| backlog.begin());
    }

    /// Mails on whose fetch the connection broke before, and all others.
    fn sort_out(&self, seen: &[Seen]) -> (Vec<Seen>, Vec<Seen>) {
        let memory = self.watcher.memory();
        let suspect = |mail: &Seen| memory.suspects.get(&(self.place.uid_validity, mail.uid));
        let (mut suspects, trusted): (Vec<Seen>, Vec<Seen>) =
            seen.iter().partition(|mail| suspect(mail).is_some());
        suspects.retain(|mail| {
            suspect(mail).is_none_or(|known| {
                known.failures < SUSPECT_FAILURES || known.last.elapsed() >= SUSPECT_PAUSE
            })
        });
        (suspects, trusted)
    }

    /// Fetches one batch and commits it; returns what was never seen before.
    async fn record(&mut self, batch: &[Seen]) -> Result<Vec<Waiting>, MailboxError> {
        let limit = self.watcher.imap.max_mail_bytes;
        let fetched = fetch::fetch(&mut self.wire, batch, limit).await;
        self.remember(batch, &fetched);
        let mut arrived = fetched?;
        // Suspects come out of order: the bookmark never goes back.
        let upto = batch.iter().map(|mail| mail.uid).fold(self.last, u32::max);
        let handler = &self.watcher.handler;
        let mut tx = handler.pool.begin().await?;
        let now = handler.clock.now();
        let recorded = inbox::record(&mut tx, &self.place, self.lease, &arrived, (upto, now))
            .await
            .map_err(|error| match error {
                RecordError::NotOurs => MailboxError::LeaseLost,
                RecordError::Store(error) => MailboxError::Store(error),
            })?;
        tx.commit().await?;
        self.last = upto;
        let fresh = arrived.iter_mut().zip(recorded);
        Ok(fresh
            .filter(|(_, recorded)| recorded.fresh)
            .map(|(mail, recorded)| Waiting {
                id: recorded.mail_id,
                size: mail.size,
                raw: mail.raw.take(),
                tries: 0,
                arrived_at: mail.arrived_at,
                recorded_at: now,
                proof: None,
            })
            .collect())
    }

    /// Notes which mails the connection broke on, and forgets those that came.
    fn remember(&self, batch: &[Seen], fetched: &Result<Vec<Arrived>, MailboxError>) {
        let broke = matches!(fetched, Err(MailboxError::Wire(_)));
        if fetched.is_err() && !broke {
            return;
        }
        let mut memory = self.watcher.memory();
        for mail in batch {
            let key = (self.place.uid_validity, mail.uid);
            if !broke {
                memory.suspects.remove(&key);
                continue;
            }
            if memory.suspects.len() >= SUSPECTS_MAX {
                memory.suspects.clear();
            }
            let now = Instant::now();
            let suspect = memory.suspects.entry(key).or_insert(Suspect {
                failures: 0,
                last: now,
            });
            suspect.failures += 1;
            suspect.last = now;
            if suspect.failures == SUSPECT_FAILURES {
                tracing::error!(
                    mailbox.name = self.watcher.name,
                    mail.uid = mail.uid,
                    "the connection broke {SUSPECT_FAILURES} times while the mail with UID {} was \
                     fetched; it stays in the inbox and is tried again now and then",
                    mail.uid,
                );
            }
        }
    }

    /// Puts out of the way what is judged. A server that will not is asked again at the next pass.
    async fn clear(&mut self) -> Result<(), MailboxError> {
        loop {
            let handler = &self.watcher.handler;
            let mut conn = handler.pool.acquire().await?;
            let uids = inbox::to_clear(&mut conn, &self.place, CLEAR_AT_ONCE).await?;
            drop(conn);
            if uids.is_empty() {
                return Ok(());
            }
            if let Some(Refusal(said)) = self.broom.sweep(&mut self.wire, &uids).await? {
                tracing::warn!(
                    mailbox.name = self.watcher.name,
                    mailbox.count = uids.len(),
                    "{} judged mails stay in the inbox, the server refuses to move or flag them: \
                     {said}",
                    uids.len(),
                );
                return Ok(());
            }
            let mut conn = handler.pool.acquire().await?;
            inbox::mark_cleared(&mut conn, &self.place, &uids, handler.clock.now()).await?;
        }
    }

    /// Waits until there is something to do: told by the server, or by the clock.
    async fn wait(&mut self) -> Result<(), MailboxError> {
        let mut until = self.next_full;
        if let Some(due) = self.next_due().await? {
            until = until.min(due);
        }
        let cancelled = self.cancel.cancelled();
        if !self.idle {
            tokio::select! {
                () = cancelled => {}
                () = sleep_until(until) => {}
            }
            return Ok(());
        }
        let renewal = Instant::now() + self.watcher.imap.idle_renewal;
        match self.wire.idle(until.min(renewal), cancelled).await {
            Ok(Woke::News | Woke::Deadline) => Ok(()),
            Ok(Woke::Refused) => {
                self.idle = false;
                self.say_watching();
                Ok(())
            }
            Err(error) => {
                if error == WireError::Unreadable {
                    self.watcher.memory().no_idle = true;
                }
                Err(error.into())
            }
        }
    }

    /// When a mail that was put off is due, by our own watch.
    async fn next_due(&self) -> Result<Option<Instant>, MailboxError> {
        let handler = &self.watcher.handler;
        let mut conn = handler.pool.acquire().await?;
        let due = inbox::next_due(&mut conn).await?;
        let wait = due.map(|due| handler.clock.now().duration_until(due));
        Ok(wait.map(|wait| Instant::now() + Duration::try_from(wait).unwrap_or(Duration::ZERO)))
    }

    fn say_watching(&self) {
        let mode = if self.idle { Mode::Idle } else { Mode::Polling };
        self.watcher.say(Status::Watching(mode));
    }
}
