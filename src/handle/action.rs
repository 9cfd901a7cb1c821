//! From what somebody said to what is to be done, and what else must be known to decide about it.

use sqlx::PgConnection;

use super::Case;
use super::identify::Identified;
use crate::command::{Command, Target};
use crate::inbound::Unclear;
use crate::store::audit::Outcome;
use crate::store::requests::{self, Locked};
use crate::workflow::decide::{Action, cut_with_base};
use crate::workflow::ids::RequestId;
use crate::workflow::request::Ending;

impl Case<'_> {
    /// Which request, and what is to be done to it, or why the words do not say it. `None` where no
    /// request is meant, or it cannot be told which.
    pub(super) fn action(
        &self,
        speaker: &Identified,
        command: &Command,
    ) -> Option<(RequestId, Result<Action, Unclear>)> {
        if let Command::Vote { .. } = command {
            return self.vote(speaker, command);
        }
        if let Command::TakeBack { reason } = command {
            return self.take_back(speaker, reason.as_deref());
        }
        let (request, action) = plain(command)?;
        Some((request, Ok(action)))
    }

    fn vote(
        &self,
        speaker: &Identified,
        command: &Command,
    ) -> Option<(RequestId, Result<Action, Unclear>)> {
        let Command::Vote {
            target,
            decision,
            comment,
            window,
        } = command
        else {
            return None;
        };
        let (id, shown) = match target {
            Target::Offered => {
                let offered = speaker.offered.as_ref()?;
                (offered.request, Some(offered.shown))
            }
            Target::Request(id) => (*id, None),
        };
        let window = window.as_deref().map(|words| self.window(speaker, words));
        let action = window.transpose().map(|window| Action::Vote {
            decision: *decision,
            comment: comment.clone(),
            window: window.map(|understood| understood.value),
            shown,
            channel: self.inbound.channel,
        });
        Some((id, action))
    }

    /// What else a decision needs to know, read only where it does.
    pub(super) async fn seeing(
        &self,
        conn: &mut PgConnection,
        locked: Locked,
        action: &Action,
    ) -> Result<Locked, sqlx::Error> {
        match action {
            Action::Tick | Action::Revoke { .. } | Action::Return { .. }
                if locked.request().grant().is_some() =>
            {
                let others = requests::other_grants(conn, locked.request(), self.now).await?;
                Ok(locked.seeing(others, Vec::new()))
            }
            Action::Emergency { .. } => {
                requests::hold_emergencies(conn).await?;
                let open = requests::unreviewed(conn, &locked.request().requester).await?;
                Ok(locked.seeing(Vec::new(), open))
            }
            _ => Ok(locked),
        }
    }

    /// Ends what continues a grant that was ended before its time (W22). Extensions have higher numbers
    /// than what they continue, so that whoever locks a row of them goes upwards.
    pub(super) async fn cut_extensions(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        first: RequestId,
        ending: &Ending,
    ) -> Result<(), sqlx::Error> {
        let mut bases = vec![first];
        while let Some(base) = bases.pop() {
            for id in requests::extensions(conn, base).await? {
                bases.push(id);
                let Some(locked) = requests::lock(conn, id).await? else {
                    continue;
                };
                let events = cut_with_base(locked.request(), base, ending, self.now);
                if !events.is_empty() {
                    let entry = self.entry(Outcome::Accepted, Some(speaker));
                    self.apply(conn, entry, locked, events).await?;
                }
            }
        }
        Ok(())
    }
}

/// Commands that name their request and say all there is to say.
fn plain(command: &Command) -> Option<(RequestId, Action)> {
    Some(match command {
        Command::File { .. }
        | Command::Extend { .. }
        | Command::Vote { .. }
        | Command::TakeBack { .. }
        | Command::Delegate { .. }
        | Command::EndDelegation => return None,
        Command::Withdraw { request, reason } => (
            *request,
            Action::Withdraw {
                reason: reason.clone(),
            },
        ),
        Command::Emergency { request, reason } => (
            *request,
            Action::Emergency {
                reason: reason.clone(),
            },
        ),
        Command::Review { request, finding } => (
            *request,
            Action::Review {
                finding: finding.clone(),
            },
        ),
        Command::Revoke { request, reason } => (
            *request,
            Action::Revoke {
                reason: reason.clone(),
            },
        ),
        Command::Return { request, reason } => (
            *request,
            Action::Return {
                reason: reason.clone(),
            },
        ),
        Command::Tick { request } => (*request, Action::Tick),
    })
}
