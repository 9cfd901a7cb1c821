//! `request …`, `approve`, `disapprove`: the same road as a mail.

use jiff::tz::TimeZone;

use super::args::{Acting, File, ListState, Request, Vote};
use super::office::Office;
use super::print::{self, put};
use super::{Failure, say, when, who};
use crate::clock::new_id;
use crate::command::when::Here;
use crate::command::{Command, Target};
use crate::config::Config;
use crate::inbound::{Inbound, Speaker, Words};
use crate::workflow::decide::Draft;
use crate::workflow::ids::{Module, RequestId};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Decision, Subject};

/// Requests that one listing shows.
const MAX_LISTED: i64 = 1000;

/// Does what `request …` says.
pub(super) async fn run(what: Request, config: &Config) -> Result<(), Failure> {
    match what {
        Request::File(file) => self::file(file, config).await,
        Request::List { state, output } => list(state, output.json, config).await,
        Request::Show { request, output } => show(request, output.json, config).await,
        Request::Withdraw {
            request,
            reason,
            acting,
            output,
        } => {
            let said = Command::Withdraw { request, reason };
            act(&acting, output.json, config, |_| Ok(said)).await
        }
    }
}

/// Does what `approve` and `disapprove` say.
pub(super) async fn vote(vote: Vote, approve: bool, config: &Config) -> Result<(), Failure> {
    let decision = if approve {
        Decision::Approve
    } else {
        Decision::Disapprove
    };
    let said = Command::Vote {
        target: Target::Request(vote.request),
        decision,
        comment: vote.comment,
        window: None,
    };
    act(&vote.acting, vote.output.json, config, |_| Ok(said)).await
}

async fn file(file: File, config: &Config) -> Result<(), Failure> {
    let File {
        acting,
        subject,
        window,
        reason,
        key,
        output,
    } = file;
    let say_so = !output.json;
    act(&acting, output.json, config, |here| {
        let window = when::window(&window, here).map_err(Failure::Usage)?;
        if say_so {
            put!("Understood: {}.", window.said);
        }
        let draft = Draft {
            subject: Subject {
                module: Module::new(subject.module),
                resource: subject.resource,
                account: subject.account,
            },
            window: window.value,
            justification: reason,
            extends: None,
        };
        Ok(Command::File {
            draft,
            key,
            emergency: None,
        })
    })
    .await
}

/// Who acts, what they say, and what came of it. `said` gets the time and the person's zone, and
/// yields the command.
async fn act(
    acting: &Acting,
    json: bool,
    config: &Config,
    said: impl FnOnce(&Here<'_>) -> Result<Command, Failure>,
) -> Result<(), Failure> {
    let (answer, zone) = Office::with(config, async |office| {
        let book = office.book().await?;
        let user = who::OsUser::present();
        let (person, proof) =
            who::person(&book, &user, acting.person.as_deref(), &config.command_line)?;
        let zone = who::zone(person);
        let here = Here {
            now: office.clock.now(),
            zone: &zone,
        };
        let command = said(&here)?;
        let inbound = Inbound {
            channel: Channel::CommandLine,
            // Each call is a thing of its own; filing keys are the handler's business (W6), which
            // answers a repeated filing with its request.
            dedupe_key: format!("cli/{}", new_id()),
            speaker: Speaker::Person(person.id.clone()),
            proof,
            words: Words::Said(command),
        };
        let answer = office.handler(config)?.handle(&inbound).await?;
        office.ring().await;
        Ok((answer, zone))
    })
    .await?;
    say::answer(&answer, &zone, json)
}

async fn list(state: Option<ListState>, json: bool, config: &Config) -> Result<(), Failure> {
    let state = state.map(ListState::as_str);
    let requests = Office::with(config, async |office| {
        office.requests(state, MAX_LISTED).await
    })
    .await?;
    if json {
        return print::json(&requests);
    }
    if requests.is_empty() {
        put!("No request.");
    }
    for request in &requests {
        say::line(request);
    }
    Ok(())
}

async fn show(id: RequestId, json: bool, config: &Config) -> Result<(), Failure> {
    let (book, found) = Office::with(config, async |office| {
        Ok((office.book_if_any().await?, office.request(id).await?))
    })
    .await?;
    // Whoever reads without being a person of the book reads UTC.
    let user = who::OsUser::present();
    let zone = book
        .as_ref()
        .and_then(|book| who::person(book, &user, None, &config.command_line).ok())
        .map_or(TimeZone::UTC, |(person, _)| who::zone(person));
    let Some(request) = found else {
        return Err(Failure::refused(
            &Refusal::UnknownRequest { request: id },
            &zone,
        ));
    };
    if json {
        return print::json(&request);
    }
    say::whole(&request, &zone);
    Ok(())
}
