//! `request …`, `approve`, `disapprove`: the same road as a mail.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::{Acting, Approve, File, ListState, Request, Vote};
use super::office::Office;
use super::print::{self, put};
use super::{Failure, access, history, say, when, who};
use crate::clock::new_id;
use crate::command::when::Here;
use crate::command::{Command, Target};
use crate::config::Config;
use crate::inbound::{Inbound, Speaker, Words};
use crate::store::audit::Entry;
use crate::workflow;
use crate::workflow::decide::Draft;
use crate::workflow::ids::{Module, RequestId};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Decision, GrantState, Subject};

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
        Request::Emergency(emergency) => access::emergency(emergency, config).await,
        Request::Extend(extend) => access::extend(extend, config).await,
        Request::Return(give_back) => access::give_back(give_back, config).await,
    }
}

/// Does what `disapprove` says.
pub(super) async fn disapprove(vote: Vote, config: &Config) -> Result<(), Failure> {
    let said = voted(vote.request, Decision::Disapprove, vote.comment, None);
    act(&vote.acting, vote.output.json, config, |_| Ok(said)).await
}

/// Does what `approve` says; a window is said back as understood, and that is what is approved (W16).
pub(super) async fn approve(approve: Approve, config: &Config) -> Result<(), Failure> {
    let Approve { vote, window } = approve;
    let as_json = vote.output.json;
    act(&vote.acting, as_json, config, |here| {
        let read = window.map(|words| here.any_window(&words)).transpose();
        let read =
            read.map_err(|error| Failure::Usage(format!("--window: {error} {}", error.next())))?;
        if let Some(read) = read.as_ref().filter(|_| !as_json) {
            put!("Understood: {}.", read.said);
        }
        let window = read.map(|read| read.said);
        Ok(voted(vote.request, Decision::Approve, vote.comment, window))
    })
    .await
}

fn voted(
    request: RequestId,
    decision: Decision,
    comment: Option<String>,
    window: Option<String>,
) -> Command {
    Command::Vote {
        target: Target::Request(request),
        decision,
        comment,
        window,
    }
}

async fn file(file: File, config: &Config) -> Result<(), Failure> {
    let File {
        acting,
        subject,
        window,
        reason,
        key,
        emergency,
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
            emergency,
        })
    })
    .await
}

/// Who acts, what they say, and what came of it. `said` gets the time and the person's zone, and
/// yields the command.
pub(super) async fn act(
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
    let (book, found, history, now) = Office::with(config, async |office| {
        Ok((
            office.book_if_any().await?,
            office.request(id).await?,
            office.history(id).await?,
            office.clock.now(),
        ))
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
        let whole = Whole {
            grant_state: request.grant_state(now),
            request: &request,
            history: &history,
        };
        return print::json(&whole);
    }
    say::whole(&request, now, &zone);
    history::tell(&request, &history, &zone);
    Ok(())
}

/// Everything about one request, for programs.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    request: &'a workflow::request::Request,
    /// Where its grant stands now; absent unless approved.
    grant_state: Option<GrantState>,
    /// The entries of its audit chain, in order.
    history: &'a [Entry],
}
