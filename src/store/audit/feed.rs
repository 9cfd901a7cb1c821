//! The whole record in order: events, leaves and heads side by side, out of one snapshot.
//!
//! Three cursors run over one transaction, each ordered by chain and number; what stands at the same
//! chain and number is handed out together. Memory holds one round of each cursor, whatever the size of
//! the record.

use std::collections::{BTreeMap, VecDeque};

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres, Row as _, Transaction};

use super::request_number;
use crate::store::requests::Kept;

/// Rows that a cursor hands over at once.
const FETCH: usize = 1_000;
/// Places that are handed out at once.
const BATCH: usize = 1_000;

/// What is read.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// One chain only.
    pub chain: Option<String>,
    /// Only chains that moved after this seal, from the last event that it or one before it covers.
    pub after_seal: Option<i64>,
}

/// An event as it is stored.
#[derive(Debug)]
pub(super) struct Row {
    /// In microseconds.
    pub at: i64,
    pub body: String,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
}

/// What a seal says about an event.
#[derive(Debug)]
pub(super) struct Leaf {
    pub seal: i64,
    pub hash: Vec<u8>,
}

/// Everything that stands at one number of one chain.
#[derive(Debug)]
pub(super) struct Place {
    pub chain: String,
    pub seq: i64,
    pub event: Option<Row>,
    pub leaf: Option<Leaf>,
    /// The hash at the chain's head, if the head is here.
    pub head: Option<Vec<u8>>,
}

/// Some places in order, and the requests whose chains ended among them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub places: Vec<Place>,
    /// Requests whose chains ended here.
    pub ended: Vec<i64>,
    /// The same as they are stored.
    pub stored: BTreeMap<i64, Result<Kept, String>>,
    /// Whether this is the last.
    pub over: bool,
}

/// Reads it all, batch by batch.
pub(super) struct Feed {
    pub tx: Transaction<'static, Postgres>,
    events: Cursor<Row>,
    leaves: Cursor<Leaf>,
    heads: Cursor<Vec<u8>>,
    /// The chain of the last place.
    chain: Option<String>,
}

struct Cursor<T> {
    name: &'static str,
    read: fn(&PgRow) -> Result<T, sqlx::Error>,
    rows: VecDeque<(String, i64, T)>,
    over: bool,
}

impl Scope {
    /// The statements that open the three cursors.
    fn statements(&self) -> [String; 3] {
        let (with, join, from_base) = match self.after_seal {
            None => (String::new(), "", ""),
            Some(seal) => (
                format!(
                    "WITH based AS MATERIALIZED (
                         SELECT chain, coalesce((SELECT max(seq) FROM seal_leaf AS l
                                                 WHERE l.chain = m.chain AND l.seal <= {seal}), 0) AS base
                         FROM (SELECT chain FROM seal_leaf WHERE seal > {seal}
                               UNION SELECT chain FROM audit_head AS h
                               WHERE NOT EXISTS (SELECT FROM seal_leaf AS l
                                                 WHERE l.chain = h.chain AND l.seq = h.seq)) AS m) "
                ),
                " JOIN based USING (chain)",
                " AND seq >= base",
            ),
        };
        let only = match self.chain {
            None => "true",
            Some(_) => "chain = $1",
        };
        let open = |name, columns, table| {
            format!(
                "DECLARE {name} NO SCROLL CURSOR FOR {with}SELECT chain, seq, {columns} \
                 FROM {table}{join} WHERE {only}{from_base} ORDER BY chain, seq"
            )
        };
        [
            open("events", "at, body, prev_hash, hash", "audit_event"),
            open("leaves", "seal, hash", "seal_leaf"),
            open("heads", "hash", "audit_head"),
        ]
    }
}

impl Feed {
    /// Opens the cursors in a transaction that sees one snapshot.
    pub async fn open(
        mut tx: Transaction<'static, Postgres>,
        scope: &Scope,
    ) -> Result<Self, sqlx::Error> {
        // The whole of each is read: what comes first soonest is not what is wanted.
        sqlx::query("SET LOCAL cursor_tuple_fraction = 1")
            .execute(&mut *tx)
            .await?;
        for statement in scope.statements() {
            let mut query = sqlx::query(AssertSqlSafe(statement));
            if let Some(chain) = &scope.chain {
                query = query.bind(chain);
            }
            query.execute(&mut *tx).await?;
        }
        Ok(Self {
            tx,
            events: Cursor::new("events", |row| {
                Ok(Row {
                    at: row
                        .try_get::<jiff_sqlx::Timestamp, _>(2)?
                        .to_jiff()
                        .as_microsecond(),
                    body: row.try_get(3)?,
                    prev: row.try_get(4)?,
                    hash: row.try_get(5)?,
                })
            }),
            leaves: Cursor::new("leaves", |row| {
                Ok(Leaf {
                    seal: row.try_get(2)?,
                    hash: row.try_get(3)?,
                })
            }),
            heads: Cursor::new("heads", |row| row.try_get(2)),
            chain: None,
        })
    }

    /// The next places.
    pub async fn next(&mut self) -> Result<Batch, sqlx::Error> {
        let mut batch = Batch::default();
        while batch.places.len() < BATCH {
            let place = self.place().await?;
            let chain = place.as_ref().map(|place| &place.chain);
            if self.chain.as_ref() != chain {
                batch
                    .ended
                    .extend(self.chain.as_deref().and_then(request_number));
                self.chain = chain.cloned();
            }
            let Some(place) = place else {
                batch.over = true;
                break;
            };
            batch.places.push(place);
        }
        Ok(batch)
    }

    async fn place(&mut self) -> Result<Option<Place>, sqlx::Error> {
        self.events.fill(&mut self.tx).await?;
        self.leaves.fill(&mut self.tx).await?;
        self.heads.fill(&mut self.tx).await?;
        let first = [self.events.key(), self.leaves.key(), self.heads.key()];
        let Some((chain, seq)) = first.into_iter().flatten().min() else {
            return Ok(None);
        };
        let (chain, seq) = (chain.to_owned(), seq);
        Ok(Some(Place {
            event: self.events.take(&chain, seq),
            leaf: self.leaves.take(&chain, seq),
            head: self.heads.take(&chain, seq),
            chain,
            seq,
        }))
    }
}

impl<T> Cursor<T> {
    fn new(name: &'static str, read: fn(&PgRow) -> Result<T, sqlx::Error>) -> Self {
        Self {
            name,
            read,
            rows: VecDeque::new(),
            over: false,
        }
    }

    async fn fill(&mut self, tx: &mut Transaction<'static, Postgres>) -> Result<(), sqlx::Error> {
        if self.over || !self.rows.is_empty() {
            return Ok(());
        }
        let fetch = format!("FETCH FORWARD {FETCH} FROM {}", self.name);
        let rows = sqlx::query(AssertSqlSafe(fetch))
            .fetch_all(&mut **tx)
            .await?;
        self.over = rows.len() < FETCH;
        for row in rows {
            let value = (self.read)(&row)?;
            self.rows
                .push_back((row.try_get(0)?, row.try_get(1)?, value));
        }
        Ok(())
    }

    fn key(&self) -> Option<(&str, i64)> {
        let (chain, seq, _) = self.rows.front()?;
        Some((chain, *seq))
    }

    fn take(&mut self, chain: &str, seq: i64) -> Option<T> {
        if self.key() != Some((chain, seq)) {
            return None;
        }
        self.rows.pop_front().map(|(_, _, value)| value)
    }
}
