//! How much there is of what, for whoever watches us. Reads only; counts whole tables, so not to be asked
//! often.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests, by the state that is recorded.
    pub requests: Vec<(String, i64)>,
    /// Deliveries, by channel and state.
    pub deliveries: Vec<(String, String, i64)>,
    /// Since when the oldest delivery of a channel has been due.
    pub due_since: Vec<(String, Timestamp)>,
    /// Mails that are recorded and not judged.
    pub mails_waiting: i64,
    /// When the oldest of them was recorded.
    pub mail_since: Option<Timestamp>,
    /// Votes that count, by channel and decision.
    pub votes: Vec<(String, String, i64)>,
}

/// Counts. `now` is the clock's, by which deliveries are due.
pub async fn count(conn: &mut PgConnection, now: Timestamp) -> Result<Counts, sqlx::Error> {
    let requests = sqlx::query!(
        r#"SELECT state, count(*) AS "many!" FROM request GROUP BY state ORDER BY state"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let deliveries = sqlx::query!(
        r#"SELECT channel, state, count(*) AS "many!" FROM delivery
           GROUP BY channel, state ORDER BY channel, state"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let due = sqlx::query!(
        r#"SELECT channel, min(next_try_at) AS "since!: jiff_sqlx::Timestamp" FROM delivery
           WHERE state = 'pending' AND next_try_at <= $1 GROUP BY channel ORDER BY channel"#,
        now.to_sqlx() as _
    )
    .fetch_all(&mut *conn)
    .await?;
    let mails = sqlx::query!(
        r#"SELECT count(*) AS "many!", min(recorded_at) AS "since: jiff_sqlx::Timestamp"
           FROM inbound_mail WHERE judged_at IS NULL"#
    )
    .fetch_one(&mut *conn)
    .await?;
    let votes = sqlx::query!(
        r#"SELECT channel, decision, count(*) AS "many!" FROM vote
           GROUP BY channel, decision ORDER BY channel, decision"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let requests = requests.into_iter().map(|row| (row.state, row.many));
    let deliveries = deliveries.into_iter();
    let deliveries = deliveries.map(|row| (row.channel, row.state, row.many));
    let due = due.into_iter();
    let votes = votes.into_iter();
    Ok(Counts {
        requests: requests.collect(),
        deliveries: deliveries.collect(),
        due_since: due.map(|row| (row.channel, row.since.to_jiff())).collect(),
        mails_waiting: mails.many,
        mail_since: mails.since.map(jiff_sqlx::Timestamp::to_jiff),
        votes: votes
            .map(|row| (row.channel, row.decision, row.many))
            .collect(),
    })
}
