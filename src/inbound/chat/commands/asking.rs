//! Commands that want something done: from what was typed to a [`Command`], and what came of it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use serenity::all::{CreateActionRow, CreateInputText, CreateModal, InputTextStyle};

use super::super::{Desk, Heard, Private, Reply};
use super::buttons;
use super::definition::Slash;
use super::reader::{Reader, both};
use super::run::{Work, nobody};
use super::unread::Unread;
use crate::command::Command;
use crate::command::when::{self, Asked, Here};
use crate::handle::Answer;
use crate::outbound::chat::text;
use crate::render::Tongue;
use crate::store::requests;
use crate::workflow::decide::{Draft, emergency_offered, wants_justification};
use crate::workflow::event::Event;
use crate::workflow::ids::{Module, PersonId};
use crate::workflow::request::Subject;

/// The name of the form for a request with a longer justification. It carries everything in its inputs,
/// so that it outlives a restart, and is read as what was typed is.
const FORM: &str = "cs1:file";
/// The longest justification in a form, in characters; Discord's own limit.
const MAX_JUSTIFICATION: u16 = 4_000;
/// The longest name and window in a form, in characters.
const MAX_LINE: u16 = 200;
/// The option that says for how long, in either language.
const DURATION: (&str, &str) = ("duration", "duração");
/// The most of an understood text that is said back, in UTF-16 units.
const MAX_SAID: usize = 300;

/// What is to be done, and how what was typed about time was understood; `None` where nothing is to be
/// done.
pub(super) type Wanted = Option<(Command, Option<String>)>;

/// What is to be done by what was typed, in the zone of who typed it.
pub(super) fn command(slash: Slash, here: &Here<'_>, key: String) -> Result<Wanted, Unread> {
    let plain = match slash {
        Slash::New { .. } => return file(slash, here, key).map(Some),
        Slash::Delegate { to, until, since } => {
            let since = since
                .map(|since| instant(here, ("since", "desde"), &since))
                .transpose()?;
            let until = instant(here, ("until", "até"), &until)?;
            Command::Delegate {
                to: PersonId::new(to),
                start: since,
                until,
            }
        }
        Slash::Extend {
            request,
            duration,
            justification,
        } => {
            let read = when::length(&duration)
                .map_err(|error| Unread::of(DURATION, &error, Asked::Length))?;
            let command = Command::Extend {
                request,
                length: read.value,
                justification,
                key: Some(key),
            };
            return Ok(Some((command, Some(read.said))));
        }
        Slash::Emergency { request, reason } => Command::Emergency { request, reason },
        Slash::Withdraw { request, reason } => Command::Withdraw { request, reason },
        Slash::Return { request, reason } => Command::Return { request, reason },
        Slash::Revoke { request, reason } => Command::Revoke { request, reason },
        Slash::Review { request, finding } => Command::Review { request, finding },
        Slash::EndDelegation {} => Command::EndDelegation,
        Slash::Show { .. }
        | Slash::List { .. }
        | Slash::Approvals { .. }
        | Slash::Delegations {}
        | Slash::Link { .. }
        | Slash::Unlink {}
        | Slash::Whoami {}
        | Slash::Help { .. } => return Ok(None),
    };
    Ok(Some((plain, None)))
}

fn instant(here: &Here<'_>, option: (&str, &str), text: &str) -> Result<jiff::Timestamp, Unread> {
    let read = here.instant(text);
    read.map(|read| read.value)
        .map_err(|error| Unread::of(option, &error, Asked::Instant))
}

fn file(slash: Slash, here: &Here<'_>, key: String) -> Result<(Command, Option<String>), Unread> {
    let Some((words, option)) = window_words(&slash, here.tongue) else {
        return Err(Unread::no_window(&slash));
    };
    let read = here.any_window(&words);
    let read = read.map_err(|error| Unread::of(option, &error, Asked::Window))?;
    let Slash::New {
        module,
        resource,
        account,
        justification,
        emergency,
        ..
    } = slash
    else {
        return Err(Unread::no_window(&slash));
    };
    let draft = Draft {
        subject: Subject {
            module: Module::new(module),
            resource,
            account,
        },
        window: read.value,
        // Why it cannot wait is why it is asked for, where nothing else is said.
        justification: justification.or_else(|| emergency.clone()),
        extends: None,
    };
    let command = Command::File {
        draft,
        key: Some(key),
        emergency,
    };
    Ok((command, Some(read.said)))
}

/// The window in the words of the grammar, and the options that say it.
fn window_words(slash: &Slash, tongue: Tongue) -> Option<(String, (&'static str, &'static str))> {
    let Slash::New {
        start,
        end,
        duration,
        ..
    } = slash
    else {
        return None;
    };
    let option = match (start, end, duration) {
        (None, None, Some(_)) => DURATION,
        (None, Some(_), None) => ("end", "fim"),
        (Some(_), Some(_), None) => ("start, end", "início, fim"),
        _ => ("start, duration", "início, duração"),
    };
    let parts = (duration.as_deref(), start.as_deref(), end.as_deref());
    let words = when::joined(parts, tongue);
    Some((words?, option))
}

/// Applies what was typed, and says what came of it.
pub(super) async fn done(work: &Work<'_>, slash: Slash) -> Result<Reply, sqlx::Error> {
    let wanted = match command(slash, &work.here(), work.heard.key()) {
        Ok(wanted) => wanted,
        Err(unread) => return Ok(unread.answer(work.reader)),
    };
    let Some((command, understood)) = wanted else {
        return Ok(work.said(&Answer::Unclear).into());
    };
    let inbound = work.desk.inbound(work.heard, command, None);
    let answer = work.desk.handler.handle(&inbound).await?;
    work.told(&answer, understood.as_deref()).await
}

impl Work<'_> {
    fn said(&self, answer: &Answer) -> String {
        let self_link = self.desk.config.self_link;
        super::super::say::answer(answer, Some(self.who), &self.heard.locale, self_link)
    }

    /// What came of it, with what can be done next.
    async fn told(&self, answer: &Answer, understood: Option<&str>) -> Result<Reply, sqlx::Error> {
        let (reader, book) = (self.reader, &self.who.book);
        let events = match answer {
            Answer::Duplicate => return self.told_before().await,
            Answer::Accepted { events, .. } => events,
            _ => {
                let said = self.said(answer);
                let said = match understood {
                    Some(understood) => {
                        let understood = text::line(understood, MAX_SAID);
                        both!(
                            reader.tongue,
                            "Understood: {understood}.\n{said}",
                            "Entendido: {understood}.\n{said}"
                        )
                    }
                    None => said,
                };
                return Ok(said.into());
            }
        };
        let mut text = self.said(answer);
        let filed = events.iter().find_map(|event| match event {
            Event::Filed(filed) if events.len() == 1 => Some(filed),
            _ => None,
        });
        let mut rows = Vec::new();
        if let Some(filed) = filed {
            let mut conn = self.desk.handler.pool.acquire().await?;
            let open = requests::unreviewed(&mut conn, self.me()).await?;
            let offered = filed.extends.is_none()
                && emergency_offered(book, &filed.subject, self.me(), &open).is_ok();
            if offered {
                let id = filed.id;
                text.push('\n');
                text.push_str(&both!(
                    reader.tongue,
                    "If it cannot wait: `/request emergency` with {id} and the reason.",
                    "Se não pode esperar: `/solicitação emergência` com {id} e o motivo.",
                ));
            }
            rows.extend(buttons::of_filed(filed, self.desk, reader));
        }
        Ok(Reply::Private(Private { text, rows }))
    }

    /// The same interaction came again: what it filed is said again (W6).
    async fn told_before(&self) -> Result<Reply, sqlx::Error> {
        let mut conn = self.desk.handler.pool.acquire().await?;
        let key = self.heard.key();
        if let Some(request) = requests::find_by_key(&mut conn, self.me(), &key).await? {
            let events = Vec::new();
            let answer = Answer::Accepted { request, events };
            return Ok(self.said(&answer).into());
        }
        drop(conn);
        Ok(self.desk.says(self.heard, &Answer::Duplicate).await.into())
    }
}

/// Whether a policy wants a justification that was not given: then a form asks for it.
pub(super) fn wants_form(work: &Work<'_>, slash: &Slash) -> bool {
    let Slash::New {
        module,
        resource,
        account,
        justification: None,
        emergency: None,
        ..
    } = slash
    else {
        return false;
    };
    let subject = Subject {
        module: Module::new(module.clone()),
        resource: resource.clone(),
        account: account.clone(),
    };
    // A window that is not understood is said first: a form would only hide it.
    let understood = window_words(slash, work.reader.tongue)
        .is_some_and(|(words, _)| work.here().any_window(&words).is_ok());
    understood && wants_justification(&work.who.book, &subject, work.me())
}

/// The form, with what was typed in it.
pub(super) fn form(work: &Work<'_>, slash: Slash) -> Reply {
    let words = window_words(&slash, work.reader.tongue).map(|(words, _)| words);
    let Slash::New {
        module,
        resource,
        account,
        ..
    } = slash
    else {
        return work.said(&Answer::Unclear).into();
    };
    let (account, words) = (account.unwrap_or_default(), words.unwrap_or_default());
    let typed = [&*module, &*resource, &*account, &*words];
    Reply::Form(form_of(work.reader, typed))
}

/// The form with module, resource, account and window in it, as far as they fit.
pub(super) fn form_of(reader: &Reader, typed: [&str; 4]) -> CreateModal {
    let [module, resource, account, window] = typed;
    let line = |name: &str, label: &str, text: &str| {
        let input = CreateInputText::new(InputTextStyle::Short, label, name).max_length(MAX_LINE);
        let text: String = text.chars().take(usize::from(MAX_LINE)).collect();
        if text.is_empty() {
            input
        } else {
            input.value(text)
        }
    };
    let inputs = [
        line("module", reader.pick("Module", "Módulo"), module),
        line("resource", reader.pick("Resource", "Recurso"), resource),
        line("account", reader.pick("Account", "Conta"), account).required(false),
        line("window", reader.pick("When", "Quando"), window),
        CreateInputText::new(
            InputTextStyle::Paragraph,
            reader.pick("Why you need it", "Por que você precisa"),
            "justification",
        )
        .max_length(MAX_JUSTIFICATION),
    ];
    let rows = inputs.into_iter().map(CreateActionRow::InputText).collect();
    let title = reader.pick("Ask for access", "Pedir acesso");
    CreateModal::new(FORM, title).components(rows)
}

/// Whether a form is the one of a request.
pub fn is_form(name: &str) -> bool {
    name == FORM
}

/// The form of a request was filled in.
pub async fn filled(
    desk: &Desk,
    heard: &Heard,
    fields: &BTreeMap<String, String>,
) -> Result<Reply, sqlx::Error> {
    let Some(who) = desk.who(heard).await? else {
        return nobody(desk, heard, None).await;
    };
    let reader = Reader::of(&who.person);
    let work = Work {
        desk,
        heard,
        who: &who,
        reader: &reader,
    };
    let field = |name: &str| {
        let text = fields.get(name).map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let words = field("window").unwrap_or_default();
    let read = match work.here().any_window(&words) {
        Ok(read) => read,
        Err(error) => {
            desk.note_unclear(heard, &who, &error).await?;
            let unread = Unread::of(("When", "Quando"), &error, Asked::Window);
            return Ok(unread.answer(&reader));
        }
    };
    let draft = Draft {
        subject: Subject {
            module: Module::new(field("module").unwrap_or_default()),
            resource: field("resource").unwrap_or_default(),
            account: field("account"),
        },
        window: read.value,
        justification: field("justification"),
        extends: None,
    };
    let command = Command::File {
        draft,
        key: Some(heard.key()),
        emergency: None,
    };
    let inbound = desk.inbound(heard, command, None);
    let answer = desk.handler.handle(&inbound).await?;
    work.told(&answer, Some(&read.said)).await
}
