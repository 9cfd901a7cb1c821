//! `audit verify`: reads the whole record out of one snapshot and says what is wrong with it. Never
//! writes, never repairs.
//!
//! ```text
//! feed (events, leaves, heads) ═▶ stored requests ═▶ walk (hashes, folds) ─▶ seals ─▶ what was posted
//! ```
//!
//! Two connections look at the same snapshot. Memory does not grow with the record: while one batch is
//! checked the next ones are read, and no more than a few lie between.

use std::collections::BTreeSet;

use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;
use tokio::task::JoinError;

use super::applied;
use super::feed::{Batch, Feed, Scope};
use super::walk::{MAX_FINDINGS, Walk};
use crate::seal::{Hash, NOTHING_BEFORE, PublicKey, Signed};
use crate::store::requests;
use crate::store::seals::{self, Stored};

/// Batches that are read ahead.
const AHEAD: usize = 4;
/// Seals that are read at once.
const SEALS: i64 = 500;

/// What is to be verified.
#[derive(Debug, Clone, Default)]
pub struct Verify {
    /// Only what came after this seal; it and everything before it is taken as checked.
    pub from_seal: Option<i64>,
    /// The keys that may seal.
    pub keys: BTreeSet<PublicKey>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// `events`, `state`, `seals`, `posted` or `policies`.
    pub check: &'static str,
    /// The chain, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The first wrong event in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The seal, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<i64>,
    /// What is wrong with it.
    pub what: String,
}

/// What a verification came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Chains read.
    pub chains: i64,
    /// Events read.
    pub events: i64,
    /// Events behind the last leaf of their chains: no seal covers them yet.
    pub unsealed: i64,
    /// Requests that were folded and compared.
    pub requests: i64,
    /// Seals checked.
    pub seals: i64,
    /// The number of the newest seal.
    pub last_seal: Option<i64>,
    /// Posted seals compared.
    pub posted: i64,
    /// What is wrong, in the order of chains and numbers; at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// How much is wrong: one for each chain, request and seal.
    pub wrong: usize,
}

impl Finding {
    pub(super) fn event(chain: &str, seq: i64, what: String) -> Self {
        Self {
            check: "events",
            chain: Some(chain.to_owned()),
            seq: Some(seq),
            seal: None,
            what,
        }
    }

    pub(super) fn state(request: i64, what: String) -> Self {
        Self {
            check: "state",
            chain: Some(format!("request/{request}")),
            seq: None,
            seal: None,
            what,
        }
    }

    fn policies(version: i64, what: &str) -> Self {
        Self {
            check: "policies",
            chain: None,
            seq: None,
            seal: None,
            what: format!("policies version {version}: {what}"),
        }
    }

    fn seal(check: &'static str, number: i64, what: impl Into<String>) -> Self {
        Self {
            check,
            chain: None,
            seq: None,
            seal: Some(number),
            what: what.into(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.chain, self.seq, self.seal) {
            (Some(chain), Some(seq), _) => write!(f, "{chain}: event {seq} {}", self.what),
            (Some(chain), None, _) => write!(f, "{chain}: the stored request {}", self.what),
            (None, _, Some(seal)) => write!(f, "seal {seal} {}", self.what),
            (None, _, None) => f.write_str(&self.what),
        }
    }
}

impl Verified {
    /// Whether everything is whole.
    pub fn is_clean(&self) -> bool {
        self.wrong == 0
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.wrong += 1;
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// Verifies everything, or what came after a seal; then holds posted seals against it. `posted` hands
/// out one after another; an error of its own ends the verification.
pub async fn verify<E: From<sqlx::Error>>(
    pool: &PgPool,
    wanted: &Verify,
    mut posted: impl FnMut() -> Result<Option<Signed>, E>,
) -> Result<Verified, E> {
    let scope = Scope {
        after_seal: wanted.from_seal,
        chain: None,
    };
    let (mut walk, mut feed) = walked(pool, &scope).await?;
    check_seals(&mut feed.tx, wanted, &mut walk.verified).await?;
    for (version, what) in applied::wrong(&mut feed.tx).await? {
        walk.verified.find(Finding::policies(version, &what));
    }
    while let Some(signed) = posted()? {
        check_posted(&mut feed.tx, &signed, wanted, &mut walk.verified).await?;
    }
    feed.tx.rollback().await?;
    Ok(walk.verified)
}

/// Walks over the scope; the feed keeps its snapshot.
pub(super) async fn walked(pool: &PgPool, scope: &Scope) -> Result<(Walk, Feed), sqlx::Error> {
    let mut tx = seals::reading(pool).await?;
    let mut beside = seals::reading_the_same(pool, &mut tx).await?;
    let mut feed = Feed::open(tx, scope).await?;
    let mut walk = Walk::default();
    walk.after_seal = scope.after_seal.unwrap_or(0);
    let (hand, mut read) = mpsc::channel::<Batch>(AHEAD);
    let (hand_on, mut whole) = mpsc::channel::<Batch>(AHEAD);
    let reading = tokio::spawn(async move {
        loop {
            let batch = feed.next().await?;
            let over = batch.over;
            if hand.send(batch).await.is_err() || over {
                return Ok::<_, sqlx::Error>(feed);
            }
        }
    });
    let completing = tokio::spawn(async move {
        while let Some(mut batch) = read.recv().await {
            if !batch.ended.is_empty() {
                batch.stored = requests::many(&mut beside, &batch.ended).await?;
            }
            if hand_on.send(batch).await.is_err() {
                break;
            }
        }
        beside.rollback().await
    });
    while let Some(batch) = whole.recv().await {
        walk.batch(batch);
    }
    let ended = |error: JoinError| sqlx::Error::Protocol(error.to_string());
    completing.await.map_err(ended)??;
    let feed = reading.await.map_err(ended)??;
    walk.end();
    Ok((walk, feed))
}

async fn check_seals(
    conn: &mut PgConnection,
    wanted: &Verify,
    verified: &mut Verified,
) -> Result<(), sqlx::Error> {
    let first = wanted.from_seal.unwrap_or(1).max(1);
    let mut next = first;
    // The first of a later start is taken as it is: who starts there has checked it before.
    let mut previous: Option<Hash> = (first == 1).then_some(NOTHING_BEFORE);
    loop {
        let stored = seals::from(conn, next, SEALS).await?;
        let Some(last) = stored.last() else { break };
        let from_here = last.signed.seal.number + 1;
        for stored in stored {
            let seal = &stored.signed.seal;
            let number = seal.number;
            if number != next {
                verified.find(Finding::seal("seals", next, "is missing"));
            } else if let Some(what) = wrong_with(conn, &stored, previous, wanted).await? {
                verified.find(Finding::seal("seals", number, what));
            }
            next = number + 1;
            previous = Some(stored.hash);
            verified.seals += 1;
            verified.last_seal = Some(number);
        }
        next = from_here;
    }
    if let (Some(wanted), 0) = (wanted.from_seal, verified.seals) {
        let newest = seals::last(conn).await?;
        let what = newest.map_or_else(
            || "is not there: nothing is sealed".to_owned(),
            |(last, _, _)| format!("is not there; the newest is {last}"),
        );
        verified.find(Finding::seal("seals", wanted, what));
    }
    if let Some(number) = seals::orphan_leaf(conn).await? {
        let what = "is missing; its leaves are still there";
        verified.find(Finding::seal("seals", number, what));
    }
    Ok(())
}

async fn wrong_with(
    conn: &mut PgConnection,
    stored: &Stored,
    previous: Option<Hash>,
    wanted: &Verify,
) -> Result<Option<String>, sqlx::Error> {
    let seal = &stored.signed.seal;
    let wrong = |what: &str| Ok(Some(what.to_owned()));
    if seal.hash() != stored.hash || !stored.signed.is_genuine() {
        return wrong("was changed: its signature does not fit what it says");
    }
    if previous.is_some_and(|hash| hash != seal.previous) {
        return wrong("does not follow the one before it");
    }
    if !wanted.keys.contains(&seal.key) {
        return Ok(Some(unknown_key(seal.key)));
    }
    let tree = seals::root(conn, seal.number).await?;
    if i64::try_from(tree.leaves()).ok() != Some(seal.leaves) || tree.root() != seal.root {
        return wrong("does not fit its leaves: one of them was changed, removed or added");
    }
    Ok(None)
}

fn unknown_key(key: PublicKey) -> String {
    format!(
        "is signed under a key that bot.toml does not name; if {key} was yours, add it to [audit] older"
    )
}

async fn check_posted(
    conn: &mut PgConnection,
    posted: &Signed,
    wanted: &Verify,
    verified: &mut Verified,
) -> Result<(), sqlx::Error> {
    verified.posted += 1;
    let number = posted.seal.number;
    let what = if !posted.is_genuine() {
        "as it was posted is not genuine: its signature does not fit what it says".to_owned()
    } else if wanted.keys.contains(&posted.seal.key) {
        let stored = seals::from(conn, number, 1).await?.into_iter().next();
        match stored.filter(|stored| stored.signed.seal.number == number) {
            Some(stored) if stored.hash == posted.seal.hash() => return Ok(()),
            Some(_) => "is not the one that was posted: the record was written anew".to_owned(),
            None if seals::last(conn)
                .await?
                .is_none_or(|(last, _, _)| last < number) =>
            {
                format!(
                    "was posted at {} and is not there: the tail of the record was cut off",
                    posted.seal.at
                )
            }
            None => "was posted and is not there".to_owned(),
        }
    } else {
        format!("as it was posted {}", unknown_key(posted.seal.key))
    };
    verified.find(Finding::seal("posted", number, what));
    Ok(())
}
