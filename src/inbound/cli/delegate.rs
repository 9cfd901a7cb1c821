//! `delegate`: one's votes in another's hands for a period (W20).

use super::args::delegate::Delegate;
use super::office::Office;
use super::print::{self, put};
use super::request::act;
use super::{Failure, say, when, who};
use crate::command::Command;
use crate::command::when::Here;
use crate::config::Config;
use crate::look;
use crate::workflow::ids::PersonId;

/// Does what `delegate …` says.
pub(super) async fn run(delegate: Delegate, config: &Config) -> Result<(), Failure> {
    let Delegate {
        to,
        until,
        from,
        end,
        list,
        acting,
        output,
    } = delegate;
    if list {
        return self::list(acting.person.as_deref(), output.json, config).await;
    }
    let say_so = !output.json;
    act(&acting, output.json, config, |here| {
        let (false, Some(to), Some(until)) = (end, to, until) else {
            return Ok(Command::EndDelegation);
        };
        let from = from
            .map(|from| instant(here, "--from", &from))
            .transpose()?;
        let (until, until_said) = instant(here, "--until", &until)?;
        if say_so {
            let from = from.as_ref().map_or("now", |(_, said)| said);
            put!("Understood: from {from} until {until_said}.");
        }
        Ok(Command::Delegate {
            to: PersonId::new(to),
            start: from.map(|(at, _)| at),
            until,
        })
    })
    .await
}

/// A point in time, and how it was understood.
fn instant(
    here: &Here<'_>,
    option: &str,
    text: &str,
) -> Result<(jiff::Timestamp, String), Failure> {
    when::instant(here, option, text)
        .map(|read| (read.value, read.said))
        .map_err(Failure::Usage)
}

/// What somebody has delegated, and what is delegated to them, that is not over.
async fn list(named: Option<&str>, json: bool, config: &Config) -> Result<(), Failure> {
    let (delegations, zone) = Office::with(config, async |office| {
        let book = office.book().await?;
        let user = who::OsUser::present();
        let (person, _) = who::person(&book, &user, named, &config.command_line)?;
        let now = office.clock.now();
        let theirs = look::delegations(&book, &person.id, now);
        Ok((theirs, who::zone(person)))
    })
    .await?;
    if json {
        return print::json(&delegations);
    }
    if delegations.is_empty() {
        put!("No delegation.");
    }
    for delegation in &delegations {
        put!("{}", say::delegation(delegation, &zone));
    }
    Ok(())
}
