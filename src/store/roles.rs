//! What the role that we are connected as may do to the record (W27), and the statements that make two
//! roles of one.

use sqlx::PgConnection;

/// The statements, with these names in them.
const ROLES: &str = include_str!("../../contrib/roles.sql");
/// The longest name of a role in Postgres, in bytes.
const MAX_NAME: usize = 63;

/// A name that cannot be a role's without quotation marks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no plain name of a role; use lower-case letters, digits and _, at most {MAX_NAME}"
)]
pub struct BadName(String);

/// The statements that make an owner role and a daemon role.
pub fn statements(owner: &str, daemon: &str) -> Result<String, BadName> {
    for name in [owner, daemon] {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !begins || !name.chars().all(plain) || name.len() > MAX_NAME {
            return Err(BadName(name.to_owned()));
        }
    }
    // One pass, so that no name is put into another.
    let parts = ROLES.split("countersign_owner");
    let parts = parts.map(|part| part.replace("countersign_daemon", daemon));
    Ok(parts.collect::<Vec<_>>().join(owner))
}

/// What the connected role could do to the record beyond adding to it, in words; empty where the roles
/// are split.
pub async fn powers(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT power AS "power!" FROM (
               SELECT 1 AS rank, 'is a superuser' AS power FROM pg_roles
               WHERE rolname = current_user AND rolsuper
               UNION ALL
               SELECT 2, 'owns ' || relname FROM pg_class
               WHERE relnamespace = current_schema()::regnamespace
                 AND relname IN ('audit_event', 'seal', 'seal_leaf', 'seal_key', 'policy_book')
                 AND pg_has_role(current_user, relowner, 'MEMBER')
               UNION ALL
               SELECT 3, 'may ' || lower(power) || ' ' || name
               FROM UNNEST(ARRAY['audit_event', 'seal', 'seal_leaf', 'seal_key', 'policy_book']) AS name,
                    UNNEST(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS power
               WHERE has_table_privilege(current_user, name, power)
           ) AS powers ORDER BY rank, power"#
    )
    .fetch_all(conn)
    .await
}
