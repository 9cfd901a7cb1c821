//! What looked like an attack, once for each thing that reached us.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::ids::{PersonId, RequestId};

/// What an alarm is about. The words are stable: people and programs filter on them, and the table knows
/// these and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A token, from another address than its owner's.
    ForeignSender,
    /// Tokens of different persons, requests or steps, or an unknown one beside a known one.
    TokensDisagree,
    /// A token whose owner has voted by it, from a sender who is not proven.
    UsedTokenUnproven,
    /// A token, from a sender who is ambiguous, refused by their domain, or forged.
    SenderRefused,
    /// A token, from the right address, and DNS did not say in time what would prove it.
    NeverProven,
    /// A token, proven to be its owner's, who may not decide.
    NotEntitled,
    /// Many mails with tokens that nobody was given.
    GuessedTokens,
    /// Many visits with links that nobody was given.
    UnknownLinks,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::ForeignSender,
        Self::TokensDisagree,
        Self::UsedTokenUnproven,
        Self::SenderRefused,
        Self::NeverProven,
        Self::NotEntitled,
        Self::GuessedTokens,
        Self::UnknownLinks,
    ];

    /// Its stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForeignSender => "foreign-sender",
            Self::TokensDisagree => "tokens-disagree",
            Self::UsedTokenUnproven => "used-token-unproven",
            Self::SenderRefused => "sender-refused",
            Self::NeverProven => "never-proven",
            Self::NotEntitled => "not-entitled",
            Self::GuessedTokens => "guessed-tokens",
            Self::UnknownLinks => "unknown-links",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An alarm to be written down.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// The key of what raised it.
    pub key: &'a str,
    /// What it is about.
    pub kind: Kind,
    /// About which request.
    pub request: Option<RequestId>,
    /// Whose token or right it is about.
    pub person: Option<&'a PersonId>,
    /// One sentence.
    pub why: &'a str,
}

/// How many alarms people were told of since an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// In all.
    pub all: i64,
    /// Of this kind, about this request and person.
    pub same: i64,
}

/// How many were told of within so long before `now`.
pub async fn told(
    conn: &mut PgConnection,
    new: &New<'_>,
    within: SignedDuration,
    now: Timestamp,
) -> Result<Told, sqlx::Error> {
    let since = now.checked_sub(within).unwrap_or(Timestamp::MIN);
    let row = sqlx::query!(
        r#"SELECT count(*) AS "all!",
                  count(*) FILTER (WHERE kind = $2 AND request_id IS NOT DISTINCT FROM $3
                                     AND person IS NOT DISTINCT FROM $4) AS "same!"
           FROM alarm WHERE told AND raised_at > $1"#,
        since.to_sqlx() as _,
        new.kind.as_str(),
        new.request.map(|request| request.0),
        new.person.map(PersonId::as_str),
    )
    .fetch_one(conn)
    .await?;
    Ok(Told {
        all: row.all,
        same: row.same,
    })
}

/// Writes an alarm down; `false`: this key has raised one already.
pub async fn insert(
    conn: &mut PgConnection,
    new: &New<'_>,
    told: bool,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "INSERT INTO alarm (key, kind, request_id, person, why, raised_at, told)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING",
        new.key,
        new.kind.as_str(),
        new.request.map(|request| request.0),
        new.person.map(PersonId::as_str),
        new.why,
        now.to_sqlx() as _,
        told,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Why a key raised an alarm, if it did.
pub async fn raised_by(conn: &mut PgConnection, key: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT why FROM alarm WHERE key = $1", key)
        .fetch_optional(conn)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::PgPool;

    /// Goal: a kind has one spelling, here and in the database. Method: the words of the table's CHECK.
    #[sqlx::test(migrations = "./migrations")]
    async fn the_table_knows_every_kind(pool: PgPool) {
        let check: String = sqlx::query_scalar(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'alarm_kind_known'",
        )
        .fetch_one(&pool)
        .await
        .expect("the check");
        let mut known: Vec<&str> = check.split('\'').skip(1).step_by(2).collect();
        let mut ours = Kind::ALL.map(Kind::as_str);
        known.sort_unstable();
        ours.sort_unstable();
        assert_eq!(known, ours);
    }
}
