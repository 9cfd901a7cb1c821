//! `request …`, `approve`, `disapprove`: the same road as a mail.

use std::path::Path;

use serde::Serialize;

use super::args::{Acting, Approve, File, Request, Vote};
use super::list::Reader;
use super::office::Office;
use super::print::{self, put};
use super::{Failure, access, history, list, load, look, say, when, who};
use crate::clock::new_id;
use crate::command::when::Here;
use crate::command::{Command, Target};
use crate::config::{Config, Looking};
use crate::inbound::{Inbound, Speaker, Words};
use crate::render::Tongue;
use crate::store::audit::Entry;
use crate::workflow;
use crate::workflow::decide::Draft;
use crate::workflow::ids::{Module, RequestId};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Decision, GrantState, Status, Subject};

/// Does what `request …` says.
pub(super) async fn run(what: Request, config: Option<&Path>) -> Result<(), Failure> {
    match what {
        Request::List(list) => list::run(*list, &look(config)?).await,
        Request::Show {
            request,
            acting,
            output,
        } => show(request, &acting, output.json, &look(config)?).await,
        other => change(other, &load(config)?).await,
    }
}

async fn change(what: Request, config: &Config) -> Result<(), Failure> {
    match what {
        // Looked at above.
        Request::List(_) | Request::Show { .. } => Ok(()),
        Request::File(file) => self::file(file, config).await,
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
            tongue: Tongue::English,
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

async fn show(
    id: RequestId,
    acting: &Acting,
    json: bool,
    looking: &Looking,
) -> Result<(), Failure> {
    let (request, history, now, zone) = Office::look(looking, async |office| {
        let book = office.book_if_any().await?;
        let rules = &looking.command_line;
        let reader = Reader::of(book.as_ref(), acting.person.as_deref(), rules)?;
        let (book, now) = (book.unwrap_or_default(), office.clock.now());
        // To whom it is not to be shown it is as if it were not there.
        let unknown = || Failure::refused(&Refusal::UnknownRequest { request: id }, &reader.zone);
        let found = office.request(&reader.sight, id, (&book, now)).await?;
        let request = found.ok_or_else(unknown)?;
        let history = office.history(id).await?;
        Ok((request, history, now, reader.zone))
    })
    .await?;
    if json {
        let whole = Whole {
            status: request.status(now),
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
    /// Where it stands now; `state` is what is recorded.
    status: Status,
    /// Where its grant stands now; absent unless approved.
    grant_state: Option<GrantState>,
    /// The entries of its audit chain, in order.
    history: &'a [Entry],
}
