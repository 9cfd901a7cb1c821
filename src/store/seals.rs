//! Seals in the database: closing an interval, reading what was closed.
//!
//! # What a seal covers, and why nothing slips in behind it
//!
//! The leaves of a seal are the ends `(chain, seq, hash)` of all chains whose end is not the one that
//! the last leaf of the chain names, all read in **one snapshot**. Not "the events since the last seal"
//! by a time or a running number: a transaction that began before the seal and commits after it would
//! then be counted as sealed by nobody.
//!
//! A chain grows under a lock of its own (the request's row, or the chain's), so in any snapshot its
//! events are 1 to seq and its head is the last of them. A transaction that commits after the snapshot
//! can only add events behind that head: the next seal finds the chain's end elsewhere than its last
//! leaf, and covers it. An event that is put, changed or taken away *at or before* a leaf changes the
//! hash of the event that the leaf names, for every event's hash covers the one before it. And a chain
//! that is taken away with everything that belongs to it leaves its leaf; taken away with it, the leaf
//! leaves a root that does not come out.
//!
//! What is *not* promised: anything about events that no seal covers yet, beyond their chain's own
//! hashes; and that a database whose seals were all made anew under the same key looks different from
//! inside. Against that stands what was posted outside (`audit verify --seal FILE`).

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

use super::leases::Lease;
use crate::seal::tree::{self, Tree};
use crate::seal::{Hash, NOTHING_BEFORE, PublicKey, Seal, SealKey, Signed};

/// The lease under which one daemon seals.
pub const LEASE: &str = "sealer";

/// A transaction that sees one state of the database from its first statement to its end.
pub async fn snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ")
        .await
}

/// As [`snapshot`], and nothing can be written.
pub async fn reading(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}

/// Another transaction that reads exactly what a [`reading`] one does, over a connection of its own.
pub async fn reading_the_same(
    pool: &PgPool,
    first: &mut PgConnection,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let name: String = sqlx::query_scalar("SELECT pg_export_snapshot()")
        .fetch_one(first)
        .await?;
    let mut second = reading(pool).await?;
    // The server's own name for it: digits, letters and hyphens.
    let set = format!("SET TRANSACTION SNAPSHOT '{}'", name.replace('\'', ""));
    sqlx::query(AssertSqlSafe(set))
        .execute(&mut *second)
        .await?;
    Ok(second)
}

/// Number, time and hash of the newest seal.
pub async fn last(
    conn: &mut PgConnection,
) -> Result<Option<(i64, Timestamp, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT number, at AS "at: jiff_sqlx::Timestamp", hash
           FROM seal ORDER BY number DESC LIMIT 1"#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.number, row.at.to_jiff(), row.hash)))
}

/// Closes the interval since the last seal; `None` where no chain moved. The connection is in a
/// [`snapshot`]; nothing counts until its commit, which fails if another daemon sealed meanwhile.
pub async fn close(
    conn: &mut PgConnection,
    key: &SealKey,
    lease: &Lease,
    now: Timestamp,
) -> Result<Option<Signed>, sqlx::Error> {
    let (number, previous) = match last(conn).await? {
        None => (1, NOTHING_BEFORE),
        Some((number, _, hash)) => (number + 1, bytes(hash, "seal.hash")?),
    };
    // A chain that was set back is left as it is: `audit verify` finds that the leaf has no event.
    let moved = sqlx::query!(
        r#"WITH moved AS MATERIALIZED (
               SELECT chain, seq, hash,
                      seq - coalesce((SELECT max(l.seq) FROM seal_leaf AS l WHERE l.chain = h.chain), 0)
                      AS grown
               FROM audit_head AS h
               WHERE NOT EXISTS (SELECT FROM seal_leaf AS l WHERE l.chain = h.chain AND l.seq = h.seq)
           ), written AS (
               INSERT INTO seal_leaf (chain, seq, hash, seal)
               SELECT chain, seq, hash, $1 FROM moved WHERE grown > 0
           )
           SELECT count(*) AS "leaves!", coalesce(sum(grown), 0)::bigint AS "events!"
           FROM moved WHERE grown > 0"#,
        number,
    )
    .fetch_one(&mut *conn)
    .await?;
    if moved.leaves == 0 {
        return Ok(None);
    }
    let seal = Seal {
        number,
        at: now,
        leaves: moved.leaves,
        events: moved.events,
        root: root(conn, number).await?.root(),
        previous,
        key: key.public(),
    };
    let signed = seal.signed(key);
    insert(conn, &signed, lease).await?;
    Ok(Some(signed))
}

/// The tree over a seal's leaves.
pub async fn root(conn: &mut PgConnection, number: i64) -> Result<Tree, sqlx::Error> {
    let mut leaves = sqlx::query!(
        "SELECT chain, seq, hash FROM seal_leaf WHERE seal = $1 ORDER BY chain, seq",
        number
    )
    .fetch(conn);
    let mut tree = Tree::default();
    while let Some(row) = leaves.try_next().await? {
        tree.push(&tree::leaf(&row.chain, row.seq, &row.hash));
    }
    Ok(tree)
}

async fn insert(
    conn: &mut PgConnection,
    signed: &Signed,
    lease: &Lease,
) -> Result<(), sqlx::Error> {
    let seal = &signed.seal;
    let hash = seal.hash();
    sqlx::query!(
        "INSERT INTO seal_key (id, public_key, first_used) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO NOTHING",
        seal.key.id(),
        seal.key.0.as_slice(),
        seal.at.to_sqlx() as _,
    )
    .execute(&mut *conn)
    .await?;
    let done = sqlx::query!(
        "INSERT INTO seal (number, at, leaves, events, root, previous, key_id, hash, signature)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
         WHERE EXISTS (SELECT FROM lease WHERE name = $10 AND holder = $11 AND epoch = $12
                       AND expires_at > clock_timestamp())",
        seal.number,
        seal.at.to_sqlx() as _,
        seal.leaves,
        seal.events,
        seal.root.as_slice(),
        seal.previous.as_slice(),
        seal.key.id(),
        hash.as_slice(),
        signed.signature.as_slice(),
        lease.name,
        lease.holder,
        lease.epoch,
    )
    .execute(conn)
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(sqlx::Error::Protocol(
            "the lease of the sealer was lost before the seal was made".to_owned(),
        )),
    }
}

/// A seal as it is stored, and the hash that is stored beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The seal.
    pub signed: Signed,
    /// What the column says its hash is.
    pub hash: Hash,
}

/// The seals from this number on, at most so many, in order.
pub async fn from(
    conn: &mut PgConnection,
    number: i64,
    most: i64,
) -> Result<Vec<Stored>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT number, at AS "at: jiff_sqlx::Timestamp", leaves, events, root, previous, hash,
                  signature, public_key
           FROM seal JOIN seal_key ON seal_key.id = seal.key_id
           WHERE number >= $1 ORDER BY number LIMIT $2"#,
        number,
        most,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let seal = Seal {
                number: row.number,
                at: row.at.to_jiff(),
                leaves: row.leaves,
                events: row.events,
                root: bytes(row.root, "seal.root")?,
                previous: bytes(row.previous, "seal.previous")?,
                key: PublicKey(bytes(row.public_key, "seal_key.public_key")?),
            };
            let signature = bytes(row.signature, "seal.signature")?;
            Ok(Stored {
                signed: Signed { seal, signature },
                hash: bytes(row.hash, "seal.hash")?,
            })
        })
        .collect()
}

/// The number of a seal whose leaves stand without it, if there is one.
pub async fn orphan_leaf(conn: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT min(seal) AS "seal" FROM seal_leaf
           WHERE NOT EXISTS (SELECT FROM seal WHERE number = seal_leaf.seal)"#
    )
    .fetch_one(conn)
    .await
}

/// Every key that ever sealed, whoever made it.
pub async fn keys(conn: &mut PgConnection) -> Result<BTreeSet<PublicKey>, sqlx::Error> {
    let keys = sqlx::query_scalar!("SELECT public_key FROM seal_key")
        .fetch_all(conn)
        .await?;
    keys.into_iter()
        .map(|key| Ok(PublicKey(bytes(key, "seal_key.public_key")?)))
        .collect()
}

/// Since when the oldest event waits that no seal covers; `None` where all is sealed. Counts by the last
/// event of each chain that moved.
pub async fn open_since(conn: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let at = sqlx::query_scalar!(
        r#"SELECT min(e.at) AS "at: jiff_sqlx::Timestamp"
           FROM audit_head AS h JOIN audit_event AS e ON e.chain = h.chain AND e.seq = h.seq
           WHERE NOT EXISTS (SELECT FROM seal_leaf AS l WHERE l.chain = h.chain AND l.seq = h.seq)"#
    )
    .fetch_one(conn)
    .await?;
    Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// How long until the next seal is due; nothing where it is.
pub async fn until_due(
    conn: &mut PgConnection,
    now: Timestamp,
    interval: Duration,
) -> Result<Duration, sqlx::Error> {
    let Some((_, at, _)) = last(conn).await? else {
        return Ok(Duration::ZERO);
    };
    let since = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    Ok(interval.saturating_sub(since))
}

fn bytes<const N: usize>(column: Vec<u8>, name: &'static str) -> Result<[u8; N], sqlx::Error> {
    column.try_into().map_err(|_| sqlx::Error::ColumnDecode {
        index: name.to_owned(),
        source: "has another length".into(),
    })
}
