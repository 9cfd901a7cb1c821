//! What the couriers do with deliveries: claim, acknowledge, release. Each claims by its own channel.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::system::Content;
use crate::workflow::ids::{PersonId, RequestId};

/// How often an end of a try is written that meets a newer state of its post: it sees it the next time.
pub(super) const MAX_MEETINGS: u32 = 5;

/// One delivery under a lease, with all that its mail is made of.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id; the Message-ID is made of it.
    pub id: Uuid,
    /// The lease that [`ack`] must show.
    pub lease: Uuid,
    /// The number of this try, from 1.
    pub attempt: i32,
    /// How many tries count against the limit, this one included.
    pub counted: u32,
    /// The age limit counts from here.
    pub tried_since: Timestamp,
    /// About which request.
    pub request: Option<RequestId>,
    /// The reader.
    pub person: PersonId,
    /// Their address at the time of the decision.
    pub address: String,
    /// Their name.
    pub name: String,
    /// Their zone.
    pub zone: String,
    /// Their language.
    pub locale: String,
    /// The Message-ID that this answers.
    pub in_reply_to: Option<String>,
    /// The key of its token; absent: it offers no reply.
    pub key_id: Option<String>,
    /// The key of its link token; absent: it offers no link.
    pub link_key_id: Option<String>,
    /// What it shows.
    pub content: Content,
    /// The post that it makes or changes; `None`: it is a mail.
    pub post: Option<Standing>,
}

/// By which road deliveries go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// Mail.
    Mail,
    /// Posts in a chat.
    Chat,
}

impl Road {
    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Chat => "chat",
        }
    }
}

/// What is known of a post before it is made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub id: Uuid,
    /// With whom; `None`: in a channel.
    pub person: Option<PersonId>,
    /// The person's account, or the name of the channel.
    pub place: String,
    /// The service's id of the channel, once it is known, be it from another post to the same person.
    pub channel: Option<String>,
    /// The service's id of the message, once it stands there.
    pub message: Option<String>,
    /// Whether a first try was begun: the message may stand there unknown to us.
    pub begun: bool,
    /// How often it was posted anew because it was taken away.
    pub round: i32,
    /// How often it was made anew to be noticed.
    pub renewed: i32,
    /// Whether it is to be made anew.
    pub anew: bool,
    /// The service's id of a message before it that still shows the request.
    pub old: Option<String>,
    /// Whether it was taken away for good.
    pub gone: bool,
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it; what it said, e.g. its queue id.
    Sent(String),
    /// Not now: again at this time.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// Never.
    GiveUp(String),
    /// Never, and nobody needs it: it is over as a cancelled one is.
    Moot(String),
}

/// The end of one try.
#[derive(Debug, Clone)]
pub struct Ack<'a> {
    /// The delivery.
    pub id: Uuid,
    /// The lease that claimed it.
    pub lease: Uuid,
    /// The number of the try.
    pub attempt: i32,
    /// What came of it.
    pub outcome: &'a Outcome,
    /// When it ended.
    pub now: Timestamp,
}

/// What an [`ack`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acked {
    /// It stands as the outcome says.
    Done,
    /// The try failed and nobody needs the message any more.
    Cancelled,
    /// Another courier holds it by now; nothing was changed.
    LeaseLost,
}

/// Leases at most `limit` deliveries of a road that are due, or whose lease ran out with fewer than
/// `max_attempts` tries, each with its attempt opened. Those longest due come first. Of a post that is being
/// changed nothing else is leased.
pub async fn claim(
    conn: &mut PgConnection,
    (road, now): (Road, Timestamp),
    lease_for: Duration,
    (limit, max_attempts): (usize, u32),
) -> Result<Vec<Claimed>, sqlx::Error> {
    let lease = crate::clock::new_id();
    let rows = sqlx::query_as!(
        Taken,
        r#"WITH due AS (
               SELECT id FROM delivery AS d
               WHERE state = 'pending' AND channel = $6 AND next_try_at <= $1
                 AND NOT EXISTS (SELECT FROM delivery AS other
                                 WHERE other.post_id = d.post_id AND other.state = 'leased')
               ORDER BY next_try_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
           ), over AS (
               SELECT id FROM delivery
               WHERE state = 'leased' AND channel = $6 AND lease_until <= statement_timestamp()
                 AND cancel_at IS NULL
                 AND attempts - attempts_before < $5
               ORDER BY lease_until, id LIMIT $4 FOR UPDATE SKIP LOCKED
           ), chosen AS (
               SELECT id FROM (SELECT id, 0 AS rank FROM over UNION ALL SELECT id, 1 FROM due) AS either
               ORDER BY rank LIMIT $4
           ), taken AS (
               UPDATE delivery AS d
               SET state = 'leased', lease = $2,
                   lease_until = clock_timestamp() + make_interval(secs => $3),
                   attempts = d.attempts + 1, next_try_at = NULL
               FROM chosen WHERE d.id = chosen.id
               RETURNING d.*
           ), opened AS (
               INSERT INTO attempt (delivery_id, number, started_at)
               SELECT id, attempts, $1 FROM taken
           )
           SELECT t.id, t.attempts, t.attempts_before, t.kind, t.request_id, t.person, t.address,
                  t.name, t.zone, t.locale, t.in_reply_to, t.key_id, t.link_key_id,
                  t.tried_since AS "tried_since: jiff_sqlx::Timestamp",
                  n.facts, t.post_id, p.person AS "with?", p.place AS "place?",
                  coalesce(p.channel_id,
                           (SELECT q.channel_id FROM chat_post AS q
                            WHERE p.person IS NOT NULL AND q.person IS NOT NULL
                              AND q.service = p.service AND q.place = p.place
                              AND q.channel_id IS NOT NULL LIMIT 1)) AS "channel_id?",
                  p.message_id AS "message_id?", p.round AS "round?",
                  p.begun_at IS NOT NULL AS "begun!", p.gone_at IS NOT NULL AS "gone!",
                  p.renewed AS "renewed?", p.anew_at IS NOT NULL AS "anew!",
                  p.old_message_id AS "old_message_id?"
           FROM taken AS t JOIN notice AS n ON n.id = t.notice_id
                LEFT JOIN chat_post AS p ON p.id = t.post_id
           ORDER BY t.id"#,
        now.to_sqlx() as _,
        lease,
        lease_for.as_secs_f64(),
        i64::try_from(limit).unwrap_or(i64::MAX),
        i32::try_from(max_attempts).unwrap_or(i32::MAX),
        road.as_str(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.claimed(lease))
        .collect())
}

/// A row of [`claim`].
struct Taken {
    id: Uuid,
    attempts: i32,
    attempts_before: i32,
    kind: String,
    request_id: Option<i64>,
    person: String,
    address: String,
    name: String,
    zone: String,
    locale: String,
    in_reply_to: Option<String>,
    key_id: Option<String>,
    link_key_id: Option<String>,
    tried_since: jiff_sqlx::Timestamp,
    facts: serde_json::Value,
    post_id: Option<Uuid>,
    with: Option<String>,
    place: Option<String>,
    channel_id: Option<String>,
    message_id: Option<String>,
    round: Option<i32>,
    begun: bool,
    gone: bool,
    renewed: Option<i32>,
    anew: bool,
    old_message_id: Option<String>,
}

impl Taken {
    fn claimed(self, lease: Uuid) -> Option<Claimed> {
        // One row that this version cannot read must not hold up the others: its lease runs out
        // until its tries are used up.
        let Some(content) = Content::read(&self.kind, self.facts) else {
            tracing::warn!(delivery.id = %self.id, "delivery {} cannot be read", self.id);
            return None;
        };
        Some(Claimed {
            id: self.id,
            lease,
            attempt: self.attempts,
            counted: u32::try_from(self.attempts - self.attempts_before).unwrap_or(0),
            tried_since: self.tried_since.to_jiff(),
            request: self.request_id.map(RequestId),
            person: PersonId::new(self.person),
            address: self.address,
            name: self.name,
            zone: self.zone,
            locale: self.locale,
            in_reply_to: self.in_reply_to,
            key_id: self.key_id,
            link_key_id: self.link_key_id,
            content,
            post: self.post_id.zip(self.place).map(|(id, place)| Standing {
                id,
                person: self.with.map(PersonId::new),
                place,
                channel: self.channel_id,
                message: self.message_id,
                begun: self.begun,
                round: self.round.unwrap_or_default(),
                renewed: self.renewed.unwrap_or_default(),
                anew: self.anew,
                old: self.old_message_id,
                gone: self.gone,
            }),
        })
    }
}

/// Ends a try: delivery and attempt in one statement, if the lease still holds. A post that is to show
/// something newer meanwhile is not tried again.
pub async fn ack(conn: &mut PgConnection, ack: &Ack<'_>) -> Result<Acked, sqlx::Error> {
    let mut tries = 1;
    loop {
        match ack_once(conn, ack).await {
            Err(error) if tries < MAX_MEETINGS && met_newer(&error) => tries += 1,
            ended => return ended,
        }
    }
}

/// Whether a newer state of the same post came to be owed in the same moment: looked at again, it is seen.
pub(super) fn met_newer(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    error.constraint() == Some("delivery_one_pending")
}

async fn ack_once(conn: &mut PgConnection, ack: &Ack<'_>) -> Result<Acked, sqlx::Error> {
    let (state, outcome, next_try_at, detail) = match ack.outcome {
        Outcome::Sent(detail) => ("sent", "sent", None, detail),
        Outcome::Retry { at, why } => ("pending", "retry", Some(*at), why),
        Outcome::GiveUp(why) => ("given_up", "give_up", None, why),
        Outcome::Moot(why) => ("cancelled", "give_up", None, why),
    };
    let row = sqlx::query!(
        r#"WITH mine AS (
               SELECT id, $4 = 'pending' AND (cancel_at IS NOT NULL OR EXISTS (
                              SELECT FROM delivery AS newer
                              WHERE newer.post_id = d.post_id AND newer.state = 'pending')) AS over
               FROM delivery AS d
               WHERE id = $1 AND lease = $2 AND state = 'leased' FOR UPDATE
           ), ended AS (
               UPDATE delivery AS d
               SET state = CASE WHEN over THEN 'cancelled' ELSE $4 END,
                   next_try_at = CASE WHEN $4 = 'pending' AND NOT over THEN $6::timestamptz END,
                   finished_at = CASE WHEN $4 <> 'pending' OR over THEN $7::timestamptz END,
                   last_error = CASE WHEN $4 = 'sent' THEN NULL ELSE $8 END,
                   lease = NULL, lease_until = NULL
               FROM mine WHERE d.id = mine.id
               RETURNING d.id, d.state
           ), closed AS (
               UPDATE attempt SET finished_at = $7, outcome = $5, detail = $8
               WHERE delivery_id = (SELECT id FROM ended) AND number = $3
           )
           SELECT state FROM ended"#,
        ack.id,
        ack.lease,
        ack.attempt,
        state,
        outcome,
        next_try_at.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        ack.now.to_sqlx() as _,
        detail,
    )
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        None => Acked::LeaseLost,
        Some(row) if row.state == "cancelled" => Acked::Cancelled,
        Some(_) => Acked::Done,
    })
}

/// When the next pending delivery of a road or, for mail, the next digest is due; `None` where there is none.
/// What waits for the change of its post that is under way does not count.
pub async fn next_due(
    conn: &mut PgConnection,
    road: Road,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT least(
               (SELECT next_try_at FROM delivery AS d
                WHERE state = 'pending' AND channel = $1
                  AND NOT EXISTS (SELECT FROM delivery AS other
                                  WHERE other.post_id = d.post_id AND other.state = 'leased')
                ORDER BY next_try_at LIMIT 1),
               (SELECT min(digest_at) FROM delivery WHERE state = 'waiting' AND $1 = 'mail'))
           AS "at: jiff_sqlx::Timestamp""#,
        road.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok(row.at.map(jiff_sqlx::Timestamp::to_jiff))
}
