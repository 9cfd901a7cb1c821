//! Posts: which there are of a request, the deliveries that make and change them, and where they stand.
//!
//! What always holds: of one post at most one delivery is pending and one is leased. A newer state takes
//! the place of the one that is pending; of the one that is leased no further try is made after the one
//! under way. So that changes arrive in order, and a state that was never seen is never shown later.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::clock::new_id;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::post::{Place, Shown};

/// What stands in the column `kind` of such a delivery.
pub const KIND: &str = "post";

/// A post of an emergency is sent before all that came to be owed in so long a time before it.
const EMERGENCY_AHEAD: SignedDuration = SignedDuration::from_hours(1);
/// How often a call looks again for posts whose delivery changed hands between two of its statements.
const MAX_ROUNDS: usize = 100;

/// The posts of a request that can still be changed, by place and address: somebody who had another account
/// has one at each.
pub async fn posts(
    conn: &mut PgConnection,
    service: &str,
    request: RequestId,
) -> Result<BTreeMap<(Place, String), Uuid>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, person, place FROM chat_post
           WHERE request_id = $1 AND service = $2 AND gone_at IS NULL AND closed_at IS NULL"#,
        request.0,
        service,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let place = match row.person {
            Some(person) => Place::Direct(PersonId::new(person)),
            None => Place::Channel(row.place.clone()),
        };
        ((place, row.place), row.id)
    });
    Ok(rows.collect())
}

/// A post and the state that it is to show.
#[derive(Debug)]
pub struct Due<'a> {
    /// Which; `None`: it has yet to be made.
    pub id: Option<Uuid>,
    /// Where.
    pub place: &'a Place,
    /// The service's name for it: the person's account, or the channel's name.
    pub address: &'a str,
    /// The language that is read there.
    pub locale: &'a str,
    /// What it is to show.
    pub shown: &'a Shown,
    /// Whether it is to be a new message.
    pub anew: bool,
}

/// Owes that these posts of one request, which is locked, show these states.
///
/// Wake the couriers after the commit; nothing here tells them.
pub async fn enqueue_posts(
    conn: &mut PgConnection,
    (service, request): (&str, RequestId),
    due: &[Due<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if due.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::of(due, now)?;
    rows.post = create(conn, (service, request), due, rows.post, now).await?;
    mark_anew(conn, due, now).await?;
    overtake(conn, &rows, now).await?;
    let mut done = Vec::new();
    // Between the two a try may fail and its delivery be pending again: then it is the one to renew.
    for _ in 0..MAX_ROUNDS {
        done.extend(renew(conn, &rows, now).await?);
        done.extend(owe(conn, request, (&rows, &done), now).await?);
        if rows.post.iter().all(|post| done.contains(post)) {
            return Ok(());
        }
    }
    let why = "a post is neither pending nor can be made so";
    Err(sqlx::Error::Protocol(why.to_owned()))
}

/// The same, column by column, as UNNEST takes them.
struct Rows {
    post: Vec<Uuid>,
    facts: Vec<serde_json::Value>,
    reader: Vec<String>,
    address: Vec<String>,
    locale: Vec<String>,
    /// Since when it is due: the longest due is sent first.
    since: Vec<jiff_sqlx::Timestamp>,
}

impl Rows {
    fn of(due: &[Due<'_>], now: Timestamp) -> Result<Self, sqlx::Error> {
        let facts = due
            .iter()
            .map(|due| serde_json::to_value(due.shown))
            .collect::<Result<_, _>>()
            .map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(Self {
            post: due
                .iter()
                .map(|due| due.id.unwrap_or_else(new_id))
                .collect(),
            facts,
            reader: due.iter().map(|due| reader(due.place)).collect(),
            address: due.iter().map(|due| due.address.to_owned()).collect(),
            locale: due.iter().map(|due| due.locale.to_owned()).collect(),
            since: due.iter().map(|due| since(due.shown, now)).collect(),
        })
    }
}

fn since(shown: &Shown, now: Timestamp) -> jiff_sqlx::Timestamp {
    let ahead = shown.facts.emergency.as_ref().map(|_| EMERGENCY_AHEAD);
    let since = now.saturating_sub(ahead.unwrap_or_default());
    since.unwrap_or(now).to_sqlx()
}

/// Who reads there, as an operator sees it.
fn reader(place: &Place) -> String {
    match place {
        Place::Channel(name) => format!("#{name}"),
        Place::Direct(person) => person.to_string(),
    }
}

/// Makes the posts that have yet to be made, and says which each is: where one was and is gone, that one is
/// made anew under another name, so that nothing that happened in a chat fails what was decided.
async fn create(
    conn: &mut PgConnection,
    (service, request): (&str, RequestId),
    due: &[Due<'_>],
    mut posts: Vec<Uuid>,
    now: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let new = due.iter().zip(&posts).filter(|(due, _)| due.id.is_none());
    let (mut ids, mut persons, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (due, id) in new {
        ids.push(*id);
        persons.push(person_of(due.place));
        places.push(due.address);
    }
    if ids.is_empty() {
        return Ok(posts);
    }
    let made = sqlx::query!(
        "INSERT INTO chat_post AS p (id, service, request_id, person, place, created_at)
         SELECT id, $1, $2, person, place, $3
         FROM UNNEST($4::uuid[], $5::text[], $6::text[]) AS new (id, person, place)
         ON CONFLICT (request_id, service, coalesce(person, ''), place) WHERE closed_at IS NULL DO UPDATE
         SET gone_at = NULL, anew_at = NULL,
             old_message_id = CASE WHEN p.gone_at IS NULL THEN p.old_message_id END,
             message_id = CASE WHEN p.gone_at IS NULL THEN p.message_id END,
             begun_at = CASE WHEN p.gone_at IS NULL THEN p.begun_at END,
             round = p.round + CASE WHEN p.gone_at IS NULL THEN 0 ELSE 1 END
         RETURNING id, person, place",
        service,
        request.0,
        now.to_sqlx() as _,
        &ids,
        &persons as _,
        &places as _,
    )
    .fetch_all(conn)
    .await?;
    for (due, id) in due.iter().zip(&mut posts) {
        let there = made.iter().find(|post| {
            post.person.as_deref() == person_of(due.place) && post.place == due.address
        });
        if let (None, Some(post)) = (due.id, there) {
            *id = post.id;
        }
    }
    Ok(posts)
}

fn person_of(place: &Place) -> Option<&str> {
    match place {
        Place::Channel(_) => None,
        Place::Direct(person) => Some(person.as_str()),
    }
}

/// The next change of these is to be a new message.
async fn mark_anew(
    conn: &mut PgConnection,
    due: &[Due<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let anew = due.iter().filter(|due| due.anew);
    let anew: Vec<Uuid> = anew.filter_map(|due| due.id).collect();
    if anew.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE chat_post SET anew_at = $2 WHERE id = ANY($1) AND person IS NOT NULL",
        &anew,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What is pending shows the newer state, and is tried at once; of which posts that was so. Whoever claims it
/// at this moment is waited for, and then has it.
async fn renew(
    conn: &mut PgConnection,
    rows: &Rows,
    now: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let renewed = sqlx::query_scalar!(
        "WITH held AS MATERIALIZED (
             SELECT d.id, d.notice_id, d.post_id FROM delivery AS d
             WHERE d.post_id = ANY($1) AND d.state = 'pending'
             ORDER BY d.id FOR UPDATE
         ), at_once AS (
             UPDATE delivery AS d
             SET next_try_at = row.since, tried_since = $3, attempts_before = d.attempts
             FROM held JOIN UNNEST($1::uuid[], $4::timestamptz[]) AS row (post, since)
                       ON row.post = held.post_id
             WHERE d.id = held.id
         )
         UPDATE notice AS n SET facts = row.facts, created_at = $3
         FROM held JOIN UNNEST($1::uuid[], $2::jsonb[]) AS row (post, facts) ON row.post = held.post_id
         WHERE n.id = held.notice_id
         RETURNING held.post_id",
        &rows.post,
        &rows.facts,
        now.to_sqlx() as _,
        &rows.since as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(renewed.into_iter().flatten().collect())
}

/// What is under way is not tried again, and what gave up is nobody's matter any more.
async fn overtake(conn: &mut PgConnection, rows: &Rows, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE delivery
         SET cancel_at = $2,
             state = CASE state WHEN 'given_up' THEN 'cancelled' ELSE state END
         WHERE post_id = ANY($1) AND state IN ('leased', 'given_up')",
        &rows.post,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A delivery for each post that is not done and of which none is pending; of which posts that was so.
async fn owe(
    conn: &mut PgConnection,
    request: RequestId,
    (rows, done): (&Rows, &[Uuid]),
    now: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let fresh = || rows.post.iter().map(|_| new_id()).collect::<Vec<_>>();
    let (notices, deliveries) = (fresh(), fresh());
    let owed = sqlx::query_scalar!(
        "WITH row AS MATERIALIZED (
             SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::jsonb[], $5::text[], $6::text[],
                                  $7::text[], $12::timestamptz[])
             AS row (notice, delivery, post, facts, reader, address, locale, since)
             WHERE row.post <> ALL($11)
         ), owed AS (
             INSERT INTO delivery (id, notice_id, request_id, kind, channel, person, address, name, zone,
                                   locale, next_try_at, post_id, created_at, tried_since)
             SELECT delivery, notice, $8, $9, 'chat', reader, address, '', 'UTC', locale, since, post, $10, $10
             FROM row
             ON CONFLICT (post_id) WHERE state = 'pending' AND post_id IS NOT NULL DO NOTHING
             RETURNING notice_id, post_id
         ), noted AS (
             INSERT INTO notice (id, request_id, kind, person, facts, created_at)
             SELECT notice, $8, $9, reader, facts, $10
             FROM row WHERE notice IN (SELECT notice_id FROM owed)
         )
         SELECT post_id FROM owed",
        &notices,
        &deliveries,
        &rows.post,
        &rows.facts,
        &rows.reader,
        &rows.address,
        &rows.locale,
        request.0,
        KIND,
        now.to_sqlx() as _,
        done,
        &rows.since as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(owed.into_iter().flatten().collect())
}

/// Writes down that a first try begins, before it does.
pub async fn begin_post(
    conn: &mut PgConnection,
    post: Uuid,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post SET begun_at = $2 WHERE id = $1 AND begun_at IS NULL",
        post,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes down the service's ids: of the channel, and of the message once it stands there; being new, it will
/// be noticed.
pub async fn stands(
    conn: &mut PgConnection,
    post: Uuid,
    channel: &str,
    message: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE chat_post
         SET channel_id = $2, message_id = coalesce($3, message_id),
             anew_at = CASE WHEN $3::text IS NULL THEN anew_at END
         WHERE id = $1",
        post,
        channel,
        message,
    )
    .execute(conn)
    .await?;
    Ok(())
}
