//! What waits for its judgement, and the verdicts.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// A mail that is recorded and waits for its judgement.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The mail's row.
    pub id: i64,
    /// In bytes.
    pub size: u64,
    /// Absent over the size limit.
    pub raw: Option<Vec<u8>>,
    /// Judgements begun and not ended: the process ended meanwhile.
    pub tries: i32,
    /// The server's INTERNALDATE.
    pub arrived_at: Option<Timestamp>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What our own check of the signatures found at first sight; absent: not made.
    pub proof: Option<serde_json::Value>,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The mail's row.
    pub id: i64,
    /// `decision`, `answer`, `silent` or `alarm`.
    pub verdict: String,
    /// Why, one sentence.
    pub why: String,
}

/// Recorded, not judged and due, oldest first, at most `limit`.
///
/// With `count` the try is counted before it is made, and a mail that was tried before comes alone:
/// should it end the process, no other is blamed.
pub async fn take_waiting(
    conn: &mut PgConnection,
    limit: i64,
    count: bool,
    now: Timestamp,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let counted = i32::from(count);
    let rows = sqlx::query!(
        r#"WITH due AS (
               SELECT id, tries, row_number() OVER (ORDER BY id) AS n
               FROM inbound_mail
               WHERE judged_at IS NULL AND (judge_after IS NULL OR judge_after <= $3)
               ORDER BY id LIMIT $1
           ), chosen AS (
               SELECT id FROM due
               WHERE n = 1 OR (tries = 0 AND NOT EXISTS (SELECT FROM due d
                                                         WHERE d.n < due.n AND d.tries > 0))
           )
           UPDATE inbound_mail m SET tries = m.tries + $2
           FROM chosen WHERE m.id = chosen.id
           RETURNING m.id, m.size, m.raw, m.tries, m.proof,
                     m.arrived_at AS "arrived_at: jiff_sqlx::Timestamp",
                     m.recorded_at AS "recorded_at: jiff_sqlx::Timestamp""#,
        limit,
        counted,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let mut waiting: Vec<Waiting> = rows
        .into_iter()
        .map(|row| Waiting {
            id: row.id,
            size: u64::try_from(row.size).unwrap_or(0),
            raw: row.raw,
            tries: row.tries - counted,
            arrived_at: row.arrived_at.map(jiff_sqlx::Timestamp::to_jiff),
            recorded_at: row.recorded_at.to_jiff(),
            proof: row.proof,
        })
        .collect();
    waiting.sort_by_key(|mail| mail.id);
    Ok(waiting)
}

/// Keeps what our own check of a mail's signatures found. What is kept already stays.
pub async fn keep_proof(
    conn: &mut PgConnection,
    id: i64,
    proof: Option<&serde_json::Value>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE inbound_mail SET proof = $2 WHERE id = $1 AND proof IS NULL",
        id,
        proof,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// When the next mail that was put off is due again.
pub async fn next_due(conn: &mut PgConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    let at = sqlx::query_scalar!(
        r#"SELECT min(judge_after) AS "at: jiff_sqlx::Timestamp"
           FROM inbound_mail WHERE judged_at IS NULL"#,
    )
    .fetch_one(conn)
    .await?;
    Ok(at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Stores verdicts. Returns the mails that had none until now, each with its SHA-256.
pub async fn mark_judged(
    conn: &mut PgConnection,
    judged: &[Judged],
    now: Timestamp,
) -> Result<Vec<(i64, Vec<u8>)>, sqlx::Error> {
    let ids: Vec<i64> = judged.iter().map(|j| j.id).collect();
    let verdicts: Vec<&str> = judged.iter().map(|j| j.verdict.as_str()).collect();
    let whys: Vec<&str> = judged.iter().map(|j| j.why.as_str()).collect();
    let rows = sqlx::query!(
        "UPDATE inbound_mail m
         SET judged_at = $4, judge_after = NULL, verdict = j.verdict, why = j.why
         FROM unnest($1::bigint[], $2::text[], $3::text[]) AS j (id, verdict, why)
         WHERE m.id = j.id AND m.judged_at IS NULL
         RETURNING m.id, m.sha256",
        &ids,
        &verdicts as _,
        &whys as _,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.sha256)).collect())
}

/// Puts mails off that could not be judged: for as long as they have waited already, at least
/// `shortest`, at most `longest`, both in seconds. The reason is shown while they wait.
pub async fn put_off(
    conn: &mut PgConnection,
    later: &[Judged],
    now: Timestamp,
    (shortest, longest): (f64, f64),
) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = later.iter().map(|j| j.id).collect();
    let whys: Vec<&str> = later.iter().map(|j| j.why.as_str()).collect();
    sqlx::query!(
        "UPDATE inbound_mail m
         SET verdict = 'later', why = j.why, tries = 0,
             judge_after = $3::timestamptz + least(make_interval(secs => $5),
                                      greatest(make_interval(secs => $4),
                                               $3::timestamptz - m.recorded_at))
         FROM unnest($1::bigint[], $2::text[]) AS j (id, why)
         WHERE m.id = j.id AND m.judged_at IS NULL",
        &ids,
        &whys as _,
        now.to_sqlx() as _,
        shortest,
        longest,
    )
    .execute(conn)
    .await?;
    Ok(())
}
