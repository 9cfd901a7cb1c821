//! Votes on different requests, counted in one transaction: what a backlog of replies is made of.
//!
//! ```text
//! whose tokens → look (which are seen?) and lock all that are free, lowest number first → each: workflow
//! → state, audit events, keys → notices → commit → wake the courier
//! ```
//!
//! A vote alone makes some six trips to the database; here they are made once for all. Only what is plain
//! is done here: somebody known or one known token, an accepted vote, no second vote on the same request,
//! and a request that nobody else holds. Everything else gets no answer and leaves nothing; the caller
//! hands it to [`Handler::handle`].
//!
//! What always holds: all that follows from a vote commits together with it, as alone (W28); every request
//! is locked before it is read (W17), and none is waited for. Any failure, of whichever vote, leaves
//! nothing of the whole set: each is then applied alone, where it can fail for itself only.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::carry::Carried;
use super::identify::Identified;
use super::{Answer, Case, Handler, storable};
use crate::command::{Command, Target};
use crate::inbound::{Bound, Inbound, Speaker, Words};
use crate::store::inbound as ledger;
use crate::store::outbox;
use crate::store::requests;
use crate::store::tokens::{self, TokenRow};
use crate::token::TokenHash;
use crate::workflow::ids::RequestId;

/// The most that are applied together: so many tokens are found by one look.
pub const TOGETHER_MAX: usize = tokens::MAX_LOOKUP;

/// A vote that may be counted with others: its place among those handed in, and what it made of its
/// request.
struct Vote<'a> {
    place: usize,
    case: Case<'a>,
    carried: Carried,
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
        let votes = self.votes(&mut tx, &plain).await?;
        if votes.is_empty() {
            return Ok(answers);
        }
        for vote in &votes {
            vote.case.post_of(&mut tx, &vote.carried).await?;
        }
        let saved: Vec<_> = votes
            .iter()
            .map(|vote| {
                let proof = &vote.case.inbound.proof;
                let saved = vote.carried.saved(proof, Some(vote.case.key()));
                (&vote.carried.locked, saved)
            })
            .collect();
        match requests::save_all(&mut tx, &saved).await {
            // Somebody has applied one of them meanwhile: none is applied here.
            Err(error) if ledger::is_taken(&error) => return Ok(answers),
            done => done?,
        }
        let owed: Vec<_> = votes
            .iter()
            .map(|vote| vote.case.owes(&vote.carried.owed.notices))
            .collect();
        outbox::enqueue_all(&mut tx, &owed).await?;
        for Vote { case, carried, .. } in &votes {
            let done = (&carried.after, carried.events.as_slice());
            case.warn_admins(&mut tx, done, &carried.owed.notices)
                .await?;
        }
        tx.commit().await?;
        self.wake.notify_waiters();
        self.committed.notify_one();
        for vote in votes {
            if let Some(answer) = answers.get_mut(vote.place) {
                *answer = Some(vote.carried.answer());
            }
        }
        Ok(answers)
    }

    /// The plain votes among these that are accepted, each with its request locked; of several on one
    /// request the first.
    async fn votes<'a>(
        &'a self,
        conn: &mut PgConnection,
        inbound: &'a [Cow<'a, Inbound>],
    ) -> Result<Vec<Vote<'a>>, sqlx::Error> {
        let plain: Vec<(usize, &Inbound, Said<'_>)> = inbound
            .iter()
            .map(AsRef::as_ref)
            .enumerate()
            .take(TOGETHER_MAX)
            .filter_map(|(place, inbound)| Some((place, inbound, plain(inbound)?)))
            .collect();
        let hashes: Vec<TokenHash> = plain
            .iter()
            .filter_map(|(_, _, said)| said.token())
            .collect();
        let known = match hashes.as_slice() {
            [] => Vec::new(),
            hashes => tokens::find(conn, hashes).await?,
        };
        let mut taken = BTreeSet::new();
        let aimed: Vec<_> = plain
            .into_iter()
            .filter_map(|(place, inbound, said)| {
                let request = said.request(&known)?;
                taken
                    .insert(request)
                    .then_some((place, inbound, said, request))
            })
            .collect();
        let keys: Vec<&str> = aimed.iter().map(|it| it.1.dedupe_key.as_str()).collect();
        let ids: Vec<RequestId> = aimed.iter().map(|it| it.3).collect();
        let mut glance = requests::glance(conn, &keys, &ids).await?;
        let mut votes = Vec::new();
        for (place, inbound, said, request) in aimed {
            let Some(locked) = glance.locked.remove(&request) else {
                continue;
            };
            if glance.seen.contains(&inbound.dedupe_key) {
                continue;
            }
            let case = Case {
                handler: self,
                inbound,
                book: self.books.get(conn, locked.versions()).await?,
                now: self.clock.now(),
            };
            let Some(speaker) = said.speaker(&case, &known) else {
                continue;
            };
            let Some((_, Ok(action))) = case.action(&speaker, said.command) else {
                continue;
            };
            if let Ok(carried) = case.carried(&speaker, locked, &action)? {
                let carried = *carried;
                votes.push(Vote {
                    place,
                    case,
                    carried,
                });
            }
        }
        Ok(votes)
    }
}

/// What a plain vote says, and by what its speaker is known.
pub(super) struct Said<'a> {
    by: By<'a>,
    command: &'a Command,
}

enum By<'a> {
    /// A reply with one token, from this address.
    Token { token: TokenHash, from: &'a str },
    /// A person whom the channel has proven, who names a request.
    Person { request: RequestId },
}

impl Said<'_> {
    fn token(&self) -> Option<TokenHash> {
        match self.by {
            By::Token { token, .. } => Some(token),
            By::Person { .. } => None,
        }
    }

    /// Somebody whom mail was thought not to reach is looked at alone.
    fn row<'a>(&self, known: &'a [TokenRow]) -> Option<&'a TokenRow> {
        let token = self.token()?;
        known
            .iter()
            .find(|row| row.hash == token && !row.unreachable)
    }

    fn request(&self, known: &[TokenRow]) -> Option<RequestId> {
        match self.by {
            By::Token { .. } => self.row(known).map(|row| row.request),
            By::Person { request } => Some(request),
        }
    }

    fn speaker(&self, case: &Case<'_>, known: &[TokenRow]) -> Option<Identified> {
        match (&self.by, &case.inbound.speaker) {
            (By::Token { from, .. }, _) => {
                let row = self.row(known).map_or(&[][..], std::slice::from_ref);
                case.owner(row, 1, from).ok()
            }
            (By::Person { .. }, Speaker::Person(person)) => Some(Identified::person(person)),
            (By::Person { .. }, _) => None,
        }
    }
}

/// A vote by mail on what was offered, with one token; or of a known person on a request that they name.
pub(super) fn plain(inbound: &Inbound) -> Option<Said<'_>> {
    let Words::Said(command @ Command::Vote { target, .. }) = &inbound.words else {
        return None;
    };
    let by = match (&inbound.speaker, target) {
        (
            Speaker::Token {
                presented,
                from,
                bound: Bound::Yes,
                ..
            },
            Target::Offered,
        ) => {
            let [token] = presented.as_slice() else {
                return None;
            };
            By::Token {
                token: *token,
                from,
            }
        }
        (Speaker::Person(_), Target::Request(request)) => By::Person { request: *request },
        _ => return None,
    };
    Some(Said { by, command })
}
