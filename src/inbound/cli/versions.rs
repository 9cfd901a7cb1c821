//! `policy history`, and any version of the policies for `policy show`.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Failure;
use super::list::padded;
use super::office::Office;
use super::print::{self, put};
use super::when::say;
use crate::config::Looking;
use crate::store::versions::{self, MAX_LISTED, Version};
use crate::workflow::book::Book;

/// How wide the columns are, in cells of a terminal; the last one has no end.
const NUMBER: usize = 7;
const APPLIED: usize = 20;

/// A version of the policies, and which one is in force.
pub(super) struct Shown {
    /// What it says.
    pub book: Book,
    /// Since when, and by whom.
    pub version: Version,
    /// The one in force.
    pub in_force: i64,
}

/// The version of this number, or the one in force.
pub(super) async fn shown(office: &Office, number: Option<i64>) -> Result<Shown, Failure> {
    let in_force = office.book().await?;
    let wanted = number.unwrap_or(in_force.version);
    let mut conn = office.pool.acquire().await?;
    let found = versions::find(&mut conn, wanted).await?;
    let (version, book) = found.ok_or_else(|| {
        Failure::Usage(format!(
            "--version: there is no version {wanted}; mend: see `countersign policy history`"
        ))
    })?;
    Ok(Shown {
        book,
        version,
        in_force: in_force.version,
    })
}

/// Does what `policy history` says: who applied what when, the newest first.
pub(super) async fn history(looking: &Looking, as_json: bool) -> Result<(), Failure> {
    let all = Office::look(looking, async |office| {
        let mut conn = office.pool.acquire().await?;
        Ok(versions::list(&mut conn).await?)
    })
    .await?;
    if as_json {
        let all: Vec<_> = all.iter().map(as_value).collect();
        return print::json(&all);
    }
    if all.is_empty() {
        put!("No policies were ever applied.");
        return Ok(());
    }
    let line = |number: &str, applied: &str, by: &str| {
        put!(
            "{}  {}  {by}",
            padded(number, NUMBER),
            padded(applied, APPLIED)
        );
    };
    line("VERSION", "APPLIED", "BY");
    for version in &all {
        let applied = say(version.applied_at, &TimeZone::UTC);
        line(&version.number.to_string(), &applied, &version.applied_by);
    }
    if usize::try_from(MAX_LISTED).is_ok_and(|most| all.len() >= most) {
        put!("These are the newest {MAX_LISTED}.");
    }
    Ok(())
}

/// One version as programs read it.
pub(super) fn as_value(version: &Version) -> serde_json::Value {
    json!({
        "version": version.number,
        "applied_at": version.applied_at,
        "applied_by": version.applied_by,
    })
}
