//! What we owe: notices, deliveries, attempts. Enqueued in the deciding transaction (W28).
//!
//! ```text
//! pending ──claim──▶ leased ──ack──▶ sent | given_up
//!    ▲  │               │
//!    │  └──cancel───────┼──────────▶ cancelled      (an ask that nobody needs any more)
//!    └──retry, release──┘
//! waiting ──its reader's digest is due──▶ gathered (into a delivery of its own, which is pending)
//! waiting, pending, given_up ──drop──▶ dropped
//! waiting, given_up, cancelled, dropped ──retry by hand──▶ pending
//! ```
//!
//! What always holds: a delivery is acknowledged only by the lease that claimed it; an attempt is
//! written down before it is tried, so that a try whose process died stays visible as one without an
//! outcome; the database holds no token, only its hash. Leases run by the database's clock, due times
//! by the clock that is handed in.
//!
//! What is *not* promised: that a mail is sent once. A process that dies between the server's answer and
//! the acknowledgement leaves a lease that runs out, and the same mail, with the same Message-ID, is
//! sent again.

mod code;
mod courier;
mod digest;
mod operator;
mod place;
mod post;
mod post_life;
mod sweep;
mod system;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::clock::new_id;
use crate::token::Keyring;
use crate::workflow::book::Book;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::notice::{Kind, Notice};

pub use code::{CodeMail, enqueue_code};
pub use courier::{Ack, Acked, Claimed, Outcome, Road, Standing, ack, claim, next_due};
pub use digest::{Gathered, due_digests, gather};
pub use operator::{DeliveryRow, Filter, MAX_LISTED, drop, list, retry};
pub use place::again;
pub use post::{Due, begin_post, enqueue_posts, posts, stands};
pub use post_life::{
    Leftover, Open, anew, begin_anew, close, forget_old, gone, leftover, not_taken, stay,
    strangers, undo_anew,
};
pub use sweep::{Swept, put_off, release, sweep};
pub use system::{Addressee, Content, LinkCode, SystemMail, enqueue_system};

/// What one command owes, with what its deliveries are made of.
#[derive(Debug, Clone, Copy)]
pub struct Enqueue<'a> {
    /// The messages.
    pub notices: &'a [Notice],
    /// Where the readers' addresses, zones and languages stand.
    pub book: &'a Book,
    /// Derives the tokens of asks.
    pub keys: &'a Keyring,
    /// When it was decided.
    pub now: Timestamp,
    /// The Message-ID that answers ([`Kind::is_answer`]) are an answer to.
    pub in_reply_to: Option<&'a str>,
    /// How an ask can be answered: it gets a token for each.
    pub offers: Offers,
}

/// How a message that asks can be answered, as far as it goes by what is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offers {
    /// By a reply: `[imap]` is configured.
    pub reply: bool,
    /// By the page behind a link: `[web]` is configured.
    pub link: bool,
}

/// The rows of one [`Enqueue`], column by column, as UNNEST takes them.
#[derive(Default)]
struct Columns {
    notice: Vec<Uuid>,
    delivery: Vec<Uuid>,
    request: Vec<i64>,
    kind: Vec<String>,
    person: Vec<String>,
    facts: Vec<serde_json::Value>,
    address: Vec<String>,
    name: Vec<String>,
    zone: Vec<String>,
    locale: Vec<String>,
    in_reply_to: Vec<Option<String>>,
    key_id: Vec<Option<String>>,
    hash: Vec<Option<Vec<u8>>>,
    link_key_id: Vec<Option<String>>,
    link_hash: Vec<Option<Vec<u8>>>,
    step: Vec<Option<i32>>,
    revision: Vec<i32>,
    digest_at: Vec<Option<jiff_sqlx::Timestamp>>,
}

/// Writes notice, delivery and, for asks, token of every notice in one statement, and who may look at the
/// request from now on because they were asked or told of an emergency; the number of
/// deliveries. A notice to somebody who is not in the book is left out, with a warning.
///
/// Wake the courier after the commit; nothing here tells it.
pub async fn enqueue(conn: &mut PgConnection, enqueue: &Enqueue<'_>) -> Result<usize, sqlx::Error> {
    enqueue_all(conn, std::slice::from_ref(enqueue)).await
}

/// Does for what several commands owe what [`enqueue`] does for one; all of it is dated as the first.
pub async fn enqueue_all(
    conn: &mut PgConnection,
    all: &[Enqueue<'_>],
) -> Result<usize, sqlx::Error> {
    let Some(now) = all.first().map(|first| first.now) else {
        return Ok(0);
    };
    let mut columns = Columns::default();
    for enqueue in all {
        columns.add(enqueue)?;
    }
    if columns.delivery.is_empty() {
        return Ok(0);
    }
    sqlx::query!(
        r#"WITH row AS MATERIALIZED (
               SELECT * FROM UNNEST(
                   $1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::jsonb[],
                   $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                   $13::bytea[], $14::integer[], $15::integer[], $17::text[], $18::bytea[],
                   $19::timestamptz[])
               AS row (notice, delivery, request, kind, person, facts,
                       address, name, zone, locale, in_reply_to, key_id, hash, step, revision,
                       link_key_id, link_hash, digest_at)
           ), noted AS (
               INSERT INTO notice (id, request_id, kind, person, facts, created_at)
               SELECT notice, request, kind, person, facts, $16 FROM row
           ), delivered AS (
               INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name,
                                     zone, locale, in_reply_to, key_id, link_key_id, state,
                                     next_try_at, digest_at, created_at, tried_since)
               SELECT delivery, notice, request, kind, 'mail', person, address, name,
                      zone, locale, in_reply_to, key_id, link_key_id,
                      CASE WHEN digest_at IS NULL THEN 'pending' ELSE 'waiting' END,
                      CASE WHEN digest_at IS NULL THEN $16::timestamptz END,
                      digest_at, $16, $16 FROM row
           ), shown AS (
               INSERT INTO involved (request_id, person, filed_at)
               SELECT DISTINCT request, person, (SELECT filed_at FROM request AS r WHERE r.id = request)
               FROM row WHERE kind = ANY($20)
               ON CONFLICT DO NOTHING
           )
           INSERT INTO token (hash, delivery_id, person, request_id, step, revision, issued_at, purpose)
           SELECT hash, delivery, person, request, step, revision, $16, 'reply'
           FROM row WHERE hash IS NOT NULL
           UNION ALL
           SELECT link_hash, delivery, person, request, step, revision, $16, 'link'
           FROM row WHERE link_hash IS NOT NULL"#,
        &columns.notice,
        &columns.delivery,
        &columns.request,
        &columns.kind,
        &columns.person,
        &columns.facts,
        &columns.address,
        &columns.name,
        &columns.zone,
        &columns.locale,
        &columns.in_reply_to as _,
        &columns.key_id as _,
        &columns.hash as _,
        &columns.step as _,
        &columns.revision,
        now.to_sqlx() as _,
        &columns.link_key_id as _,
        &columns.link_hash as _,
        &columns.digest_at as _,
        &shows(),
    )
    .execute(conn)
    .await?;
    Ok(columns.delivery.len())
}

/// The messages that make somebody one of those who have to do with the request.
fn shows() -> Vec<String> {
    let kinds = Kind::ALL.into_iter().filter(|kind| kind.involves());
    kinds.map(|kind| kind.as_str().to_owned()).collect()
}

impl Columns {
    fn add(&mut self, enqueue: &Enqueue<'_>) -> Result<(), sqlx::Error> {
        for notice in enqueue.notices {
            let Some(person) = enqueue.book.people.get(&notice.to) else {
                tracing::warn!(
                    person = %notice.to,
                    kind = notice.kind.as_str(),
                    request.id = %notice.facts.request,
                    "{} is not in the book and is not told about {}",
                    notice.to,
                    notice.facts.request,
                );
                continue;
            };
            let delivery = new_id();
            let step = notice.facts.step.and_then(|step| i32::try_from(step).ok());
            let Offers { reply, link } = enqueue.offers;
            let current = || enqueue.keys.current().to_owned();
            let key_id = (notice.takes_reply() && reply && step.is_some()).then(current);
            let link_key_id = (notice.links() && link && step.is_some()).then(current);
            let token = key_id
                .as_deref()
                .and_then(|key_id| enqueue.keys.reply_token(key_id, delivery));
            let link_token = link_key_id
                .as_deref()
                .and_then(|key_id| enqueue.keys.link_token(key_id, delivery));
            let answers = enqueue.in_reply_to.filter(|_| notice.kind.is_answer());
            self.notice.push(new_id());
            self.delivery.push(delivery);
            self.request.push(notice.facts.request.0);
            self.kind.push(notice.kind.as_str().to_owned());
            self.person.push(notice.to.as_str().to_owned());
            self.facts.push(encode(&notice.facts)?);
            self.address.push(person.email.clone());
            self.name.push(person.name.clone());
            self.zone.push(person.zone.clone());
            self.locale.push(person.locale.clone());
            self.in_reply_to.push(answers.map(str::to_owned));
            self.key_id.push(key_id);
            self.hash.push(token.map(|token| token.hash().0.to_vec()));
            self.link_key_id.push(link_key_id);
            self.link_hash
                .push(link_token.map(|token| token.hash().0.to_vec()));
            self.step.push(step);
            let revision = i32::try_from(notice.facts.revision).unwrap_or(i32::MAX);
            self.revision.push(revision);
            let waits = notice.waits_until(person, enqueue.now);
            self.digest_at.push(waits.map(ToSqlx::to_sqlx));
        }
        Ok(())
    }
}

fn encode(facts: &crate::workflow::notice::Facts) -> Result<serde_json::Value, sqlx::Error> {
    serde_json::to_value(facts).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Everybody who was asked about a request, with the step, whatever became of the message.
pub async fn asked(
    conn: &mut PgConnection,
    request: RequestId,
) -> Result<BTreeSet<(usize, PersonId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT person, (facts ->> 'step')::integer AS "step!"
           FROM notice WHERE request_id = $1 AND kind = 'ask' AND facts ->> 'step' IS NOT NULL"#,
        request.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((usize::try_from(row.step).ok()?, PersonId::new(row.person))))
        .collect())
}
