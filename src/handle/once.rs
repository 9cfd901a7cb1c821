//! One inbound thing, tried once: what has to be known first, the judgement, the key, the commit.

use sqlx::PgConnection;

use super::{Answer, Case, Handler};
use crate::command::{Command, Target};
use crate::inbound::{Inbound, Speaker, Words};
use crate::store::audit::Outcome;
use crate::store::inbound as ledger;
use crate::store::requests::{self, Locked};
use crate::workflow::ids::RequestId;
use crate::workflow::refusal::Refusal;

impl Handler {
    pub(super) async fn once(&self, inbound: &Inbound) -> Result<Answer, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let Some((case, held)) = self.open(&mut tx, inbound).await? else {
            return Ok(Answer::Duplicate);
        };
        let answer = match case.judge(&mut tx, held).await {
            Ok(Judged::Entered(answer)) => answer,
            Ok(Judged::Open(answer)) if too_early(&answer) => {
                tx.commit().await?;
                return Ok(answer);
            }
            Ok(Judged::Open(answer)) => {
                let Some(outcome) = outcome(&answer) else {
                    return Ok(answer);
                };
                let key = &inbound.dedupe_key;
                if !ledger::claim(&mut tx, key, inbound.channel, outcome, case.now).await? {
                    return Ok(Answer::Duplicate);
                }
                answer
            }
            Err(error) if ledger::is_taken(&error) => return Ok(Answer::Duplicate),
            Err(error) => return Err(error),
        };
        tx.commit().await?;
        self.wake.notify_waiters();
        self.committed.notify_one();
        Ok(answer)
    }

    /// What every part of the judgement needs, and the request that the words name, locked if nobody else
    /// holds it; `None` where the same thing was applied before.
    async fn open<'a>(
        &'a self,
        conn: &mut PgConnection,
        inbound: &'a Inbound,
    ) -> Result<Option<(Case<'a>, Option<Locked>)>, sqlx::Error> {
        let key = inbound.dedupe_key.as_str();
        let mut held = None;
        if let Some(id) = named(inbound) {
            let mut glance = requests::glance(conn, &[key], &[id]).await?;
            if !glance.seen.is_empty() {
                return Ok(None);
            }
            held = glance.locked.remove(&id);
        }
        let versions = match &held {
            Some(locked) => locked.versions(),
            None => match ledger::look(conn, key).await? {
                (true, _) => return Ok(None),
                (false, versions) => versions,
            },
        };
        let case = Case {
            handler: self,
            inbound,
            book: self.books.get(conn, versions).await?,
            now: self.clock.now(),
        };
        Ok(Some((case, held)))
    }
}

/// What came of an inbound thing, and whether its key is entered with it.
pub(super) enum Judged {
    /// Everything is written, the key as well.
    Entered(Answer),
    /// All but the key is written.
    Open(Answer),
}

/// As what a key is entered; `None`: not at all.
fn outcome(answer: &Answer) -> Option<Outcome> {
    Some(match answer {
        Answer::Accepted { .. } | Answer::Delegated { .. } => Outcome::Accepted,
        Answer::Refused { .. } => Outcome::Refused,
        Answer::Unclear => Outcome::Unclear,
        Answer::Unidentified(_) | Answer::Alarm(_) => Outcome::Unidentified,
        Answer::Duplicate => return None,
    })
}

/// The request that the words themselves name, where whoever speaks is known without a look.
fn named(inbound: &Inbound) -> Option<RequestId> {
    let (Speaker::Person(_) | Speaker::Clock, Words::Said(command)) =
        (&inbound.speaker, &inbound.words)
    else {
        return None;
    };
    match command {
        Command::Vote {
            target: Target::Request(request),
            ..
        }
        | Command::Withdraw { request, .. }
        | Command::Emergency { request, .. }
        | Command::Review { request, .. }
        | Command::Revoke { request, .. }
        | Command::Return { request, .. }
        | Command::Tick { request } => Some(*request),
        Command::Vote { .. }
        | Command::TakeBack { .. }
        | Command::File { .. }
        | Command::Extend { .. }
        | Command::Delegate { .. }
        | Command::EndDelegation => None,
    }
}

/// Whether our own clock asked before the time, as it may when the machine's is set back. Its key is not
/// used up by that: it would stand against the same question at the right time.
fn too_early(answer: &Answer) -> bool {
    let Answer::Refused { refusal, .. } = answer else {
        return false;
    };
    matches!(refusal, Refusal::NotDue { .. })
}
