//! Whether the policies that are stored are the ones that the record says were put in force.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;

use super::{Policies, system_chain};
use crate::workflow::request::Channel;

/// What of a body is needed.
#[derive(Deserialize)]
struct Said {
    policies: Option<Policies>,
}

/// Each version of which the record and the table say different things, and what.
pub(super) async fn wrong(conn: &mut PgConnection) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let bodies = sqlx::query_scalar!(
        "SELECT body FROM audit_event WHERE chain = $1 AND body LIKE '%\"policies\":{%' ORDER BY seq",
        system_chain(Channel::CommandLine),
    )
    .fetch_all(&mut *conn)
    .await?;
    let said = bodies
        .iter()
        .filter_map(|body| serde_json::from_str::<Said>(body).ok()?.policies);
    let mut said: BTreeMap<i64, Policies> = said.map(|said| (said.version, said)).collect();
    let stored = sqlx::query!(
        r#"SELECT version, encode(sha256(convert_to(source, 'UTF8')), 'hex') AS "source!",
                  encode(sha256(convert_to(book::text, 'UTF8')), 'hex') AS "book!"
           FROM policy_book ORDER BY version"#
    )
    .fetch_all(conn)
    .await?;
    let mut wrong = Vec::new();
    for row in stored {
        let what = match said.remove(&row.version) {
            None => "the record does not know of it",
            Some(said) if said.book != row.book => {
                "what is in force was changed after it was applied"
            }
            Some(said) if said.source != row.source => "its text was changed after it was applied",
            Some(_) => continue,
        };
        wrong.push((row.version, what.to_owned()));
    }
    let gone = said
        .into_keys()
        .map(|version| (version, "it was removed".to_owned()));
    wrong.extend(gone);
    Ok(wrong)
}
