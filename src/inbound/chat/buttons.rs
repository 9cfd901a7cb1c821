//! Buttons of a post, and the forms that they open.
//!
//! Approve decides at once. What needs words (a reason, other times) opens a form, which carries the
//! button's own name, so that what comes back says the same as what was pressed. Opening a form decides
//! nothing and is recorded nowhere; who could not do what the form is for is told so instead of being let fill
//! it in, and that is recorded. What is filled in is judged like anything else.

use std::collections::BTreeMap;

use super::form::{self, COMMENT, FROM, REASON, TO};
use super::{Desk, Heard, Reply, Who, commands, say};
use crate::command::when::{self, Here};
use crate::command::{Command, Target};
use crate::handle::Answer;
use crate::inbound::{Pressed, Unclear, Words};
use crate::outbound::chat::button::Button;
use crate::render::Tongue;
use crate::store::requests;
use crate::workflow::act::Act;
use crate::workflow::decide::{Action, Actor, Around, Scene, Shown, decide};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Decision, Request};

/// Stands for what is yet to be filled in, where it is asked whether the rest would do.
const YET_TO_COME: &str = "to be filled in";

/// A button was pressed.
pub(super) async fn pressed(desk: &Desk, heard: &Heard, name: &str) -> Result<Reply, sqlx::Error> {
    let Some(button) = Button::read(name, &desk.handler.keys) else {
        let who = desk.who(heard).await?;
        return Ok(say::unknown_button(who.as_ref(), &heard.locale).into());
    };
    match button.act {
        Act::Approve => {
            let vote = vote(Decision::Approve, None, None);
            let said = desk.applies(heard, vote, Some(shown(button))).await?;
            Ok(said.into())
        }
        Act::Details => commands::details(desk, heard, button.request).await,
        Act::Disapprove | Act::OtherTimes | Act::Withdraw | Act::Revoke => {
            opened(desk, heard, (name, button)).await
        }
    }
}

/// The form that a button opens, or why it is not opened.
async fn opened(
    desk: &Desk,
    heard: &Heard,
    (name, button): (&str, Button),
) -> Result<Reply, sqlx::Error> {
    let Some(who) = desk.who(heard).await? else {
        return stranger(desk, heard, button).await;
    };
    let mut conn = desk.handler.pool.acquire().await?;
    let Some(request) = requests::find(&mut conn, button.request).await? else {
        let refusal = Refusal::UnknownRequest {
            request: button.request,
        };
        drop(conn);
        desk.note_refusal(heard, &who, &refusal).await?;
        return Ok(refused(&who, heard, refusal).into());
    };
    drop(conn);
    if let Some(refusal) = stands_in_the_way(desk, &who, (button, &request)) {
        desk.note_refusal(heard, &who, &refusal).await?;
        return Ok(refused(&who, heard, refusal).into());
    }
    Ok(Reply::Form(form::of(button, name, &request, &who)))
}

/// Nobody's account: noted, and told how to become somebody's.
async fn stranger(desk: &Desk, heard: &Heard, button: Button) -> Result<Reply, sqlx::Error> {
    let opening = Unclear {
        code: "form".to_owned(),
        sentence: "A form was asked for.".to_owned(),
        wrote: None,
        next: None,
        portuguese: None,
    };
    // No command: should the account be linked in this very moment, nothing is decided.
    let mut inbound = desk.inbound(heard, Command::EndDelegation, Some(shown(button)));
    inbound.words = Words::Unclear(opening);
    let answer = desk.judges(heard, &inbound).await?;
    Ok(desk.says(heard, &answer).await.into())
}

fn refused(who: &Who, heard: &Heard, refusal: Refusal) -> String {
    let answer = Answer::Refused {
        request: None,
        refusal,
    };
    say::answer(&answer, Some(who), &heard.locale, false)
}

/// Why they could not do what the form is for, whatever they fill in; asked of the request as it was just
/// read, and asked again under its lock when the form comes.
fn stands_in_the_way(
    desk: &Desk,
    who: &Who,
    (button, request): (Button, &Request),
) -> Option<Refusal> {
    let reason = YET_TO_COME.to_owned();
    let vote = |decision| Action::Vote {
        decision,
        comment: Some(YET_TO_COME.to_owned()),
        window: None,
        shown: Some(Shown {
            step: button.step,
            revision: button.revision,
            confirms: None,
        }),
        channel: Channel::Chat,
    };
    let action = match button.act {
        Act::Disapprove => vote(Decision::Disapprove),
        Act::OtherTimes => vote(Decision::Approve),
        Act::Withdraw => Action::Withdraw { reason },
        Act::Revoke => Action::Revoke { reason },
        Act::Approve | Act::Details => return None,
    };
    let scene = Scene {
        request,
        book: &who.book,
        around: &Around::default(),
        now: desk.handler.clock.now(),
    };
    let actor = Actor::Person(who.person.id.clone());
    decide(&scene, &actor, &action).err()
}

/// A form was filled in.
pub(super) async fn filled(
    desk: &Desk,
    heard: &Heard,
    name: &str,
    texts: &BTreeMap<String, String>,
) -> Result<Reply, sqlx::Error> {
    let Some(button) = Button::read(name, &desk.handler.keys) else {
        let who = desk.who(heard).await?;
        return Ok(say::unknown_button(who.as_ref(), &heard.locale).into());
    };
    let text = |key: &str| {
        texts
            .get(key)
            .map(String::as_str)
            .unwrap_or_default()
            .trim()
    };
    let some = |key: &str| Some(text(key).to_owned()).filter(|text| !text.is_empty());
    let (request, reason) = (button.request, text(REASON).to_owned());
    let command = match button.act {
        Act::Approve => vote(Decision::Approve, some(COMMENT), None),
        Act::Disapprove => vote(Decision::Disapprove, some(REASON), None),
        Act::Withdraw => Command::Withdraw { request, reason },
        Act::Revoke => Command::Revoke { request, reason },
        Act::OtherTimes => {
            let words = match times(desk, heard, (text(FROM), text(TO))).await? {
                Ok(words) => words,
                Err(said) => return Ok(said.into()),
            };
            vote(Decision::Approve, some(COMMENT), Some(words))
        }
        Act::Details => return commands::details(desk, heard, request).await,
    };
    let said = desk.applies(heard, command, Some(shown(button))).await?;
    Ok(said.into())
}

/// The window in words that are understood in the approver's zone, or what is wrong with them.
async fn times(
    desk: &Desk,
    heard: &Heard,
    (from, to): (&str, &str),
) -> Result<Result<String, String>, sqlx::Error> {
    let who = desk.who(heard).await?;
    let Some(who) = who else {
        // The command that follows is refused for it.
        return Ok(Ok(String::new()));
    };
    let zone = who.zone();
    let here = Here {
        now: desk.handler.clock.now(),
        zone: &zone,
        tongue: Tongue::of(&who.person.locale),
    };
    let words = window((from, to), here.tongue);
    let Err(error) = here.any_window(&words) else {
        return Ok(Ok(words));
    };
    desk.note_unclear(heard, &who, &error).await?;
    Ok(Err(say::no_window(&error, here.tongue)))
}

/// The two inputs as the words of a window. What is neither a length nor a time is left to the grammar to refuse.
fn window((from, to): (&str, &str), tongue: Tongue) -> String {
    let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let bare = without(to, ["for ", "por "]);
    let lasts = when::length(bare).is_ok();
    let until = without(to, ["until ", "até "]);
    let (lasts, until) = if lasts {
        (some(bare), None)
    } else {
        (None, some(until))
    };
    let parts = (lasts, some(from), until);
    when::joined(parts, tongue).unwrap_or_else(|| format!("from {from} to {to}"))
}

/// A text without the word that stands before it.
fn without<'a>(text: &'a str, words: [&str; 2]) -> &'a str {
    let mut words = words.iter();
    words
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text)
}

fn vote(decision: Decision, comment: Option<String>, window: Option<String>) -> Command {
    Command::Vote {
        target: Target::Offered,
        decision,
        comment,
        window,
    }
}

fn shown(button: Button) -> Pressed {
    Pressed {
        request: button.request,
        step: button.step,
        revision: button.revision,
    }
}

#[cfg(test)]
mod tests {
    use super::{Tongue, window};

    /// Goal: what people type in the two inputs of other times makes the window that they mean (W16).
    /// Method: a length, a time, each with and without a beginning, and nothing at all.
    #[test]
    fn w16_the_two_inputs_make_a_window() {
        for (from, to, words) in [
            ("", "2h", "for 2h"),
            ("", "for 2h", "for 2h"),
            ("", "18:00", "until 18:00"),
            ("", "until friday 18:00", "until friday 18:00"),
            ("tomorrow 9am", "2h", "from tomorrow 9am for 2h"),
            (
                "tomorrow 9am",
                "tomorrow 11am",
                "from tomorrow 9am to tomorrow 11am",
            ),
            ("tomorrow 9am", "", "from tomorrow 9am to "),
            ("", "", "from  to "),
        ] {
            assert_eq!(window((from, to), Tongue::English), words);
        }
    }
}
