//! The audit trail: append-only, chained per request, and per source for what belongs to no request
//! (W27).
//!
//! Every event's hash covers its chain, its number, the hash before it and its body; the body is stored
//! as the very text that was hashed. A request's chain has its head in the request row, which the
//! caller holds locked; a system chain in `audit_chain`, locked here. What keeps a whole chain from being
//! rewritten or removed unseen are the seals ([`super::seals`]); [`verify()`] reads it all.

mod applied;
mod feed;
pub mod verify;
mod walk;

use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};

use feed::Scope;
pub use verify::{Finding, Verified, Verify, verify};

use crate::command::Command;
use crate::export::Record;
use crate::inbound::{Proof, Unclear};
use crate::workflow::book::Delegation;
use crate::workflow::event::Event;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Channel;

/// What came of something that reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Applied.
    Accepted,
    /// An identified person was refused.
    Refused,
    /// An identified person was not understood.
    Unclear,
    /// Nobody was identified.
    Unidentified,
}

impl Outcome {
    /// The name as it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unclear => "unclear",
            Self::Unidentified => "unidentified",
        }
    }
}

/// One audit event: who, by which channel, with which evidence, what changed, when. Stored for ever:
/// add optional fields, never rename or remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// By which road.
    pub channel: Channel,
    /// What came of it.
    pub outcome: Outcome,
    /// Who, once identified; absent for the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<PersonId>,
    /// The key under which it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How the speaker was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// What was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// What changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What was delegated, or ended (W20).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<Delegation>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Why it was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unclear: Option<Unclear>,
    /// Which policies were put in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<Policies>,
    /// Any other reason, e.g. why nobody was identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Entry {
    /// An entry with nothing but these.
    pub fn new(at: Timestamp, channel: Channel, outcome: Outcome) -> Self {
        Self {
            at,
            channel,
            outcome,
            actor: None,
            key: None,
            proof: None,
            command: None,
            events: Vec::new(),
            delegations: Vec::new(),
            refusal: None,
            unclear: None,
            policies: None,
            why: None,
        }
    }
}

/// A version of the policies as the record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Its number.
    pub version: i64,
    /// SHA-256 of `policies.toml`, in hex.
    pub source: String,
    /// SHA-256 of what was read from it, in Postgres's own text of it, in hex.
    pub book: String,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// How many events it has.
    pub seq: i64,
    /// The hash of the last; empty for an empty chain.
    pub hash: Vec<u8>,
}

/// An event with its place in a chain, ready to be written.
#[derive(Debug, Clone)]
pub struct Link {
    /// The chain.
    pub chain: String,
    /// The chain's end once it is written.
    pub head: Head,
    /// The hash before it.
    pub prev: Vec<u8>,
    /// When.
    pub at: Timestamp,
    /// The text that was hashed.
    pub body: String,
}

/// The name of a request's chain.
pub fn request_chain(request: RequestId) -> String {
    format!("request/{}", request.0)
}

/// Puts an entry behind the head of its chain.
pub fn link(chain: &str, head: &Head, entry: &Entry) -> Result<Link, sqlx::Error> {
    let body = serde_json::to_string(entry).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let seq = head.seq + 1;
    let hash = hash(chain, seq, &head.hash, &body);
    Ok(Link {
        chain: chain.to_owned(),
        head: Head { seq, hash },
        prev: head.hash.clone(),
        at: entry.at,
        body,
    })
}

/// The end of a chain once this body stands behind it.
pub fn head_of(chain: &str, head: &Head, body: &str) -> Head {
    let seq = head.seq + 1;
    let hash = hash(chain, seq, &head.hash, body);
    Head { seq, hash }
}

/// SHA-256 over the parts, each with its length before it, so that no two splits look alike.
fn hash(chain: &str, seq: i64, prev: &[u8], body: &str) -> Vec<u8> {
    let mut sha = Sha256::new();
    for part in [chain.as_bytes(), &seq.to_be_bytes(), prev, body.as_bytes()] {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().to_vec()
}

/// Holds the chain `system/<channel>` until the transaction ends; its head.
pub async fn hold_system(conn: &mut PgConnection, channel: Channel) -> Result<Head, sqlx::Error> {
    let chain = system_chain(channel);
    sqlx::query!(
        "INSERT INTO audit_chain (chain, seq, head) VALUES ($1, 0, '') ON CONFLICT DO NOTHING",
        chain
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "SELECT seq, head FROM audit_chain WHERE chain = $1 FOR UPDATE",
        chain
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(Head {
        seq: row.seq,
        hash: row.head,
    })
}

fn system_chain(channel: Channel) -> String {
    format!("system/{}", channel.as_str())
}

/// Appends entries to `system/<channel>`, in one statement.
pub async fn append_system(
    conn: &mut PgConnection,
    channel: Channel,
    entries: &[Entry],
) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let chain = system_chain(channel);
    let mut head = hold_system(conn, channel).await?;
    let mut links = Vec::with_capacity(entries.len());
    for entry in entries {
        let link = link(&chain, &head, entry)?;
        head = link.head.clone();
        links.push(link);
    }
    let seqs: Vec<i64> = links.iter().map(|link| link.head.seq).collect();
    let ats: Vec<_> = links.iter().map(|link| link.at.to_sqlx()).collect();
    let bodies: Vec<String> = links.iter().map(|link| link.body.clone()).collect();
    let prevs: Vec<Vec<u8>> = links.iter().map(|link| link.prev.clone()).collect();
    let hashes: Vec<Vec<u8>> = links.into_iter().map(|link| link.head.hash).collect();
    sqlx::query!(
        "WITH headed AS (UPDATE audit_chain SET seq = $2, head = $3 WHERE chain = $1)
         INSERT INTO audit_event (chain, seq, at, body, prev_hash, hash)
         SELECT $1, * FROM UNNEST($4::bigint[], $5::timestamptz[], $6::text[], $7::bytea[], $8::bytea[])",
        chain,
        head.seq,
        head.hash,
        &seqs,
        &ats as _,
        &bodies,
        &prevs,
        &hashes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which events an [`export`] has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Of one chain.
    pub chain: Option<String>,
}

/// The events of the record in the order of chains and numbers, as they arrive.
pub fn export<'c>(
    conn: &'c mut PgConnection,
    filter: &'c Filter,
) -> BoxStream<'c, Result<Record, sqlx::Error>> {
    sqlx::query!(
        r#"SELECT chain, seq, at AS "at: jiff_sqlx::Timestamp", body, prev_hash, hash FROM audit_event
           WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2)
             AND ($3::text IS NULL OR chain = $3)
           ORDER BY chain, seq"#,
        filter.since.map(ToSqlx::to_sqlx) as _,
        filter.until.map(ToSqlx::to_sqlx) as _,
        filter.chain.as_deref(),
    )
    .fetch(conn)
    .map_ok(|row| Record {
        chain: row.chain,
        seq: row.seq,
        at: row.at.to_jiff(),
        body: row.body,
        prev_hash: row.prev_hash,
        hash: row.hash,
    })
    .boxed()
}

/// Whether there is such a chain.
pub async fn has_chain(conn: &mut PgConnection, chain: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM audit_event WHERE chain = $1) AS "is!""#,
        chain
    )
    .fetch_one(conn)
    .await
}

/// The entries of a chain, in order.
pub async fn entries(conn: &mut PgConnection, chain: &str) -> Result<Vec<Entry>, sqlx::Error> {
    let bodies = sqlx::query_scalar!(
        "SELECT body FROM audit_event WHERE chain = $1 ORDER BY seq",
        chain
    )
    .fetch_all(conn)
    .await?;
    let read = |body: String| serde_json::from_str(&body);
    bodies
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|e| sqlx::Error::Decode(e.into()))
}

/// The first wrong event of a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{chain}: event {seq} {what}")]
pub struct Broken {
    /// The chain.
    pub chain: String,
    /// Its number within the chain, from 1.
    pub seq: i64,
    /// What is wrong with it.
    pub what: String,
}

/// The number of the request that a chain belongs to, if it is a request's.
fn request_number(chain: &str) -> Option<i64> {
    chain.strip_prefix("request/")?.parse().ok()
}

/// Checks one chain from its first event to its head; the number of events.
pub async fn verify_chain(pool: &PgPool, chain: &str) -> Result<Result<i64, Broken>, sqlx::Error> {
    let scope = Scope {
        chain: Some(chain.to_owned()),
        ..Scope::default()
    };
    let (walk, _) = verify::walked(pool, &scope).await?;
    let found = walk.verified.findings.into_iter().next();
    Ok(match found {
        None => Ok(walk.verified.events),
        Some(finding) => Err(Broken {
            chain: chain.to_owned(),
            seq: finding.seq.unwrap_or(0),
            what: finding.what,
        }),
    })
}

/// Checks that the record is whole and that every request is the fold of its audit events; whoever sealed.
pub async fn check_replay(pool: &PgPool) -> anyhow::Result<()> {
    let mut conn = pool.acquire().await?;
    let keys = super::seals::keys(&mut conn).await?;
    drop(conn);
    let wanted = Verify {
        keys,
        from_seal: None,
    };
    let verified = verify(pool, &wanted, || Ok::<_, sqlx::Error>(None)).await?;
    if let Some(first) = verified.findings.first() {
        anyhow::bail!("{first}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
