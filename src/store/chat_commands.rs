//! Which definition of commands a chat service was told last.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// The hash of what the service was told last at this place; `None` where it was told nothing yet.
pub async fn told(
    conn: &mut PgConnection,
    service: &str,
    place: &str,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT hash FROM chat_commands WHERE service = $1 AND place = $2",
        service,
        place
    )
    .fetch_optional(conn)
    .await
}

/// Forgets what it was told at this place.
pub async fn forget(
    conn: &mut PgConnection,
    service: &str,
    place: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM chat_commands WHERE service = $1 AND place = $2",
        service,
        place
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers what it was told.
pub async fn remember(
    conn: &mut PgConnection,
    (service, place): (&str, &str),
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO chat_commands (service, place, hash, told_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (service, place) DO UPDATE SET hash = EXCLUDED.hash, told_at = EXCLUDED.told_at",
        service,
        place,
        hash,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
