//! Votes that arrive at once: while some are being counted, those that come wait for each other, and are
//! then counted as one set ([`Handler::together`]).
//!
//! Nobody waits who would not have to wait anyway: [`MAX_ALONE`] votes are counted side by side, each in a
//! transaction of its own; more than that would only share the same processors and the same disk.
//!
//! What always holds: each vote gets an answer of its own, as if it had come alone. One that a set leaves
//! out is then counted alone, whatever became of the others.
//!
//! What is *not* promised: that a vote is not counted whose caller has stopped waiting for the answer.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{Answer, Handler, TOGETHER_MAX};
use crate::inbound::Inbound;

/// So many are under way, alone or in sets, before others wait to be a set.
const MAX_ALONE: usize = 2;

type Answered = Result<Answer, sqlx::Error>;

/// The votes of one process that are under way, and those that wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    under_way: usize,
    waiting: Vec<(Inbound, oneshot::Sender<Answered>)>,
}

/// Leave to be under way; given back when it is dropped, to those who wait if there are any.
struct Turn<'a>(&'a Handler);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(next) = self.0.crowd.next() else {
            return;
        };
        // Where everything ends they are told so by their channels, and go on by themselves.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let handler = self.0.clone();
        runtime.spawn(async move {
            let _turn = Turn(&handler);
            handler.set(next).await;
        });
    }
}

impl Crowd {
    /// Whether somebody may go on at once; otherwise they wait, for this answer.
    fn enter(&self, inbound: &Inbound) -> Option<oneshot::Receiver<Answered>> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if line.under_way < MAX_ALONE {
            line.under_way += 1;
            return None;
        }
        let (answer, answered) = oneshot::channel();
        line.waiting.push((inbound.clone(), answer));
        Some(answered)
    }

    /// The set that is counted next; where nobody waits, one fewer is under way.
    fn next(&self) -> Option<Vec<(Inbound, oneshot::Sender<Answered>)>> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if line.waiting.is_empty() {
            line.under_way -= 1;
            return None;
        }
        let count = line.waiting.len().min(TOGETHER_MAX);
        Some(line.waiting.drain(..count).collect())
    }
}

impl Handler {
    /// Counts a vote among those that arrive at the same time.
    pub(super) async fn among_others(&self, inbound: &Inbound) -> Answered {
        let Some(answered) = self.crowd.enter(inbound) else {
            let _turn = Turn(self);
            return self.alone(inbound).await;
        };
        match answered.await {
            Ok(answer) => answer,
            // Whoever counted the set has ended without a word.
            Err(_) => self.alone(inbound).await,
        }
    }

    /// Counts a set; what cannot be counted in it, one by one.
    async fn set(&self, set: Vec<(Inbound, oneshot::Sender<Answered>)>) {
        let together: Vec<&Inbound> = set.iter().map(|(inbound, _)| inbound).collect();
        let answers = match together.as_slice() {
            [_] => vec![None],
            // It left nothing; alone each fails for itself only.
            all => self.together(all).await.unwrap_or_default(),
        };
        let mut answers = answers.into_iter();
        join_all(set.iter().map(|(inbound, _)| {
            let counted = answers.next().flatten();
            async move {
                match counted {
                    Some(answer) => Ok(answer),
                    None => self.alone(inbound).await,
                }
            }
        }))
        .await
        .into_iter()
        .zip(set)
        .for_each(|(answer, (_, asks))| {
            // Who has stopped waiting needs no answer.
            let _ = asks.send(answer);
        });
    }
}
