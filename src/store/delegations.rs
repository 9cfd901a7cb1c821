//! Whose votes are in others' hands (W20).
//!
//! Every write gives the next `change`, which is the version of all delegations; the table is held until
//! the commit, so that whoever sees a change sees all before it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::workflow::book::Delegation;
use crate::workflow::ids::PersonId;

/// Every delegation that its maker has not ended, the over ones too, as of a change.
pub async fn standing(conn: &mut PgConnection, upto: i64) -> Result<Vec<Delegation>, sqlx::Error> {
    if upto == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"SELECT from_person, to_person, starts_at AS "starts_at: jiff_sqlx::Timestamp",
                  ends_at AS "ends_at: jiff_sqlx::Timestamp"
           FROM delegation WHERE ended_at IS NULL ORDER BY id"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Delegation {
            from: PersonId::new(row.from_person),
            to: PersonId::new(row.to_person),
            start: row.starts_at.to_jiff(),
            until: row.ends_at.to_jiff(),
        })
        .collect())
}

/// Holds the table: delegations are written one after the other.
async fn hold(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query!("LOCK TABLE delegation IN SHARE ROW EXCLUSIVE MODE")
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar!(r#"SELECT coalesce(max(change), 0) + 1 AS "change!" FROM delegation"#)
        .fetch_one(conn)
        .await
}

/// Writes a new delegation; decide about it with the table held by this transaction, by [`begin`].
pub async fn insert(
    conn: &mut PgConnection,
    delegation: &Delegation,
    change: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO delegation (from_person, to_person, starts_at, ends_at, created_at, change)
         VALUES ($1, $2, $3, $4, $5, $6)",
        delegation.from.as_str(),
        delegation.to.as_str(),
        delegation.start.to_sqlx() as _,
        delegation.until.to_sqlx() as _,
        now.to_sqlx() as _,
        change,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends everything of a person's that is not over, under numbers from `change` on; how many. Decide about
/// it with the table held by this transaction, by [`begin`].
pub async fn end(
    conn: &mut PgConnection,
    from: &PersonId,
    change: i64,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "WITH open AS (
             SELECT id, $2 + row_number() OVER (ORDER BY id) - 1 AS change
             FROM delegation WHERE from_person = $1 AND ended_at IS NULL AND ends_at > $3
         )
         UPDATE delegation AS d SET ended_at = $3, change = open.change
         FROM open WHERE d.id = open.id",
        from.as_str(),
        change,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Takes the table for a change: the number that the change gets. Until the end of the transaction nobody
/// else writes a delegation; what stands is version `change - 1`.
pub async fn begin(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    hold(conn).await
}
