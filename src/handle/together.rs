//! Votes on different requests, counted in one transaction: what a backlog of replies is made of.
//!
//! ```text
//! look (which are seen?) → whose tokens → lock all, lowest number first → each: workflow → state, audit
//! event, notices → all keys → commit → wake the courier
//! ```
//!
//! A vote alone makes some nine trips to the database; here most of them, the commit among them, are made
//! once for all. Only what is plain is done here: one known token, an accepted vote, no second vote on the
//! same request. Everything else gets no answer and leaves nothing; the caller hands it to
//! [`Handler::handle`].
//!
//! What always holds: all that follows from a vote commits together with it, as alone (W28); every request
//! is locked before it is read (W17), in the order of the numbers, so that two sets do not wait for each
//! other in a circle. Any failure, of whichever vote, leaves nothing of the whole set: each is then applied
//! alone, where it can fail for itself only.
//!
//! What is *not* promised: that a vote which waits for its request holds up no other; the caller limits the
//! time that it gives a set.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::identify::Identified;
use super::{Answer, Case, Handler, storable};
use crate::command::{Command, Target};
use crate::inbound::{Inbound, Speaker, Words};
use crate::store::audit::Outcome;
use crate::store::inbound as ledger;
use crate::store::requests::{self, Locked};
use crate::store::tokens;
use crate::token::TokenHash;
use crate::workflow::decide::Action;
use crate::workflow::ids::RequestId;
use crate::workflow::request::Channel;

/// The most that are applied together: so many tokens are found by one look.
pub const TOGETHER_MAX: usize = tokens::MAX_LOOKUP;

/// A vote that may be counted with others.
struct Vote<'a> {
    /// Its place among those handed in.
    place: usize,
    case: Case<'a>,
    speaker: Identified,
    request: RequestId,
    action: Action,
}

impl Handler {
    /// Applies as many of these votes as can be applied together, in one transaction; the answers, in
    /// the same order. `None`: nothing was done about this one, hand it to [`Handler::handle`].
    ///
    /// An error leaves nothing of any of them. What is behind the first [`TOGETHER_MAX`] is not looked at.
    pub async fn together(&self, inbound: &[&Inbound]) -> Result<Vec<Option<Answer>>, sqlx::Error> {
        let mut answers = vec![None; inbound.len()];
        let plain: Vec<Cow<'_, Inbound>> =
            inbound.iter().map(|inbound| storable(inbound)).collect();
        let mut tx = self.pool.begin().await?;
        let votes = self.plain_votes(&mut tx, &plain).await?;
        let ids: Vec<RequestId> = votes.iter().map(|vote| vote.request).collect();
        let mut locked = requests::lock_all(&mut tx, &ids).await?;
        let mut keys = Vec::with_capacity(votes.len());
        for vote in &votes {
            let Some(locked) = locked.remove(&vote.request) else {
                continue;
            };
            let answer = vote.count(&mut tx, locked).await?;
            if answer.is_some() {
                keys.push(vote.case.inbound.dedupe_key.as_str());
            }
            if let Some(place) = answers.get_mut(vote.place) {
                *place = answer;
            }
        }
        let now = self.clock.now();
        let claim = ledger::claim_all(&mut tx, &keys, Channel::Mail, Outcome::Accepted, now);
        if keys.is_empty() || claim.await? != keys.len() {
            // Somebody has applied one of them meanwhile: none is applied here.
            return Ok(vec![None; inbound.len()]);
        }
        tx.commit().await?;
        self.wake.notify_waiters();
        self.committed.notify_one();
        Ok(answers)
    }

    /// Those that are plain votes; of several on one request the first.
    async fn plain_votes<'a>(
        &'a self,
        conn: &mut PgConnection,
        inbound: &'a [Cow<'a, Inbound>],
    ) -> Result<Vec<Vote<'a>>, sqlx::Error> {
        let plain: Vec<_> = inbound
            .iter()
            .map(AsRef::as_ref)
            .enumerate()
            .take(TOGETHER_MAX)
            .filter_map(|(place, inbound)| Some((place, inbound, plain(inbound)?)))
            .collect();
        let keys: Vec<&str> = plain
            .iter()
            .map(|(_, i, _)| i.dedupe_key.as_str())
            .collect();
        let (seen, versions) = ledger::look_all(conn, &keys).await?;
        let hashes: Vec<TokenHash> = plain.iter().map(|(_, _, said)| said.token).collect();
        let known = tokens::find(conn, &hashes).await?;
        let book = self.books.get(conn, versions).await?;
        let mut taken = BTreeSet::new();
        let mut votes = Vec::new();
        for (place, inbound, said) in plain {
            let case = Case {
                handler: self,
                inbound,
                book: book.clone(),
                now: self.clock.now(),
            };
            // Somebody whom mail was thought not to reach is looked at alone.
            let row = known
                .iter()
                .find(|row| row.hash == said.token && !row.unreachable);
            let speaker = case.owner(row.map_or(&[], std::slice::from_ref), 1, said.from);
            let Ok(speaker) = speaker else { continue };
            let Some((request, Ok(action))) = case.action(&speaker, said.command) else {
                continue;
            };
            if !seen.contains(&inbound.dedupe_key) && taken.insert(request) {
                votes.push(Vote {
                    place,
                    case,
                    speaker,
                    request,
                    action,
                });
            }
        }
        Ok(votes)
    }
}

impl Vote<'_> {
    /// `None`: refused, with nothing written.
    async fn count(
        &self,
        conn: &mut PgConnection,
        locked: Locked,
    ) -> Result<Option<Answer>, sqlx::Error> {
        let case = self.case.holding(conn, &locked).await?;
        let decided = case.decided(conn, &self.speaker, locked, &self.action);
        Ok(decided.await?.ok())
    }
}

/// What a plain vote says.
struct Said<'a> {
    token: TokenHash,
    from: &'a str,
    command: &'a Command,
}

/// A vote by mail on what was offered, with one token.
fn plain(inbound: &Inbound) -> Option<Said<'_>> {
    let (
        Channel::Mail,
        Speaker::Token { presented, from },
        Words::Said(
            command @ Command::Vote {
                target: Target::Offered,
                ..
            },
        ),
    ) = (inbound.channel, &inbound.speaker, &inbound.words)
    else {
        return None;
    };
    let [token] = presented.as_slice() else {
        return None;
    };
    Some(Said {
        token: *token,
        from,
        command,
    })
}
