//! `person unreachable|reachable`: whom mail does not reach.

use jiff::tz::TimeZone;
use serde_json::json;

use super::Failure;
use super::args::{Acting, Person};
use super::office::Office;
use super::policy::applier;
use super::print::{self, put};
use super::when::say;
use crate::config::Config;
use crate::reach::in_force;
use crate::store::audit;
use crate::store::unreachable::{self, End, Mark};
use crate::workflow::ids::PersonId;
use crate::workflow::request::Channel;

/// Does it.
pub(super) async fn run(what: Person, config: &Config) -> Result<(), Failure> {
    Office::with(config, async |office| match what {
        Person::Unreachable { output } => list(&standing(office).await?, output.json),
        Person::Reachable {
            whom,
            acting,
            output,
        } => reachable(office, config, (&whom, &acting), output.json).await,
    })
    .await
}

/// The marks that stand and are about an address in force.
pub(super) async fn standing(office: &Office) -> Result<Vec<Mark>, Failure> {
    let book = office.book_if_any().await?.unwrap_or_default();
    let mut conn = office.pool.acquire().await?;
    Ok(in_force(unreachable::standing(&mut conn).await?, &book))
}

fn list(marks: &[Mark], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let marks: Vec<_> = marks.iter().map(as_value).collect();
        return print::json(&marks);
    }
    if marks.is_empty() {
        put!("Nobody is known whom mail does not reach.");
    }
    for mark in marks {
        put!("{}", said(mark));
    }
    Ok(())
}

/// One mark as programs read it.
pub(super) fn as_value(mark: &Mark) -> serde_json::Value {
    json!({
        "person": mark.person,
        "since": mark.since,
        "why": mark.why,
        "delivery": mark.delivery,
    })
}

/// One mark as people read it.
pub(super) fn said(mark: &Mark) -> String {
    let Mark {
        person,
        since,
        why,
        delivery,
        ..
    } = mark;
    let since = say(*since, &TimeZone::UTC);
    format!("{person} is not reached by mail since {since}: {why} (delivery {delivery})")
}

async fn reachable(
    office: &Office,
    config: &Config,
    (person, acting): (&str, &Acting),
    as_json: bool,
) -> Result<(), Failure> {
    let book = office.book().await?;
    let by = applier(&book, acting, config)?;
    let person = PersonId::new(person);
    let now = office.clock.now();
    let mut tx = office.pool.begin().await?;
    let ended = unreachable::end(&mut tx, &[&person], End::Operator, now).await?;
    if ended.is_empty() {
        return Err(Failure::Refused {
            code: "not-marked".to_owned(),
            rule: None,
            sentence: format!("Nothing says that mail does not reach `{person}`."),
            next: "See `countersign person unreachable`.".to_owned(),
        });
    }
    let entry = by.says(&format!("mail reaches {person} again"), now);
    audit::append_system(&mut tx, Channel::CommandLine, &[entry]).await?;
    tx.commit().await?;
    if as_json {
        return print::json(&json!({ "reachable": person }));
    }
    put!("Mail reaches {person} again; the next bounce of a newer message says otherwise.");
    Ok(())
}
