//! Answers that explain, counted: how many a person, a request and everybody were given of late, and
//! which were held back.
//!
//! What was given is counted from the deliveries themselves, so that restarts and several daemons share
//! one count. Not promised: that answers which are decided at the same instant count each other.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::config::Quota;
use crate::workflow::ids::{PersonId, RequestId};

/// Answers to one person about one request are counted over this time.
pub const REQUEST_PERIOD: SignedDuration = SignedDuration::from_hours(24);
/// Answers to one person, and to all, are counted over this time.
pub const PERSON_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// How many answers were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// To this person about this request, within [`REQUEST_PERIOD`].
    pub on_request: i64,
    /// To this person, within [`PERSON_PERIOD`].
    pub to_person: i64,
    /// To everybody, within [`PERSON_PERIOD`].
    pub in_all: i64,
}

/// What was held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// How many.
    pub count: i64,
    /// From whom, each once, at most ten.
    pub persons: Vec<PersonId>,
    /// By which quotas, each once.
    pub quotas: Vec<String>,
}

/// Counts what was given up to `now`.
pub async fn given(
    conn: &mut PgConnection,
    person: &PersonId,
    request: RequestId,
    now: Timestamp,
) -> Result<Given, sqlx::Error> {
    let [day, hour] = [REQUEST_PERIOD, PERSON_PERIOD].map(|period| now - period);
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE person = $1 AND request_id = $2) AS "on_request!",
                  count(*) FILTER (WHERE person = $1 AND created_at > $4) AS "to_person!",
                  count(*) FILTER (WHERE created_at > $4) AS "in_all!"
           FROM delivery WHERE kind IN ('refused', 'unclear') AND created_at > $3"#,
        person.as_str(),
        request.0,
        day.to_sqlx() as _,
        hour.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?;
    Ok(Given {
        on_request: row.on_request,
        to_person: row.to_person,
        in_all: row.in_all,
    })
}

/// Remembers an answer that was held back.
pub async fn withhold(
    conn: &mut PgConnection,
    (person, request, kind): (&PersonId, RequestId, &str),
    quota: Quota,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO answer_withheld (at, person, request_id, kind, quota)
         VALUES ($1, $2, $3, $4, $5)",
        now.to_sqlx() as _,
        person.as_str(),
        request.0,
        kind,
        quota.key(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was held back since `since`; `None`: nothing.
pub async fn withheld(
    conn: &mut PgConnection,
    since: Timestamp,
) -> Result<Option<Withheld>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!",
                  coalesce(array_agg(DISTINCT quota), '{}') AS "quotas!",
                  ARRAY(SELECT DISTINCT person FROM answer_withheld WHERE at >= $1
                        ORDER BY person LIMIT 10) AS "persons!"
           FROM answer_withheld WHERE at >= $1"#,
        since.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.count > 0).then(|| Withheld {
        count: row.count,
        persons: row.persons.into_iter().map(PersonId::new).collect(),
        quotas: row.quotas,
    }))
}
