//! Buttons and the forms that they open.

use std::collections::BTreeMap;

use super::{Desk, Heard, Reply, say};
use crate::command::{Command, Target};
use crate::inbound::Pressed;
use crate::outbound::chat::button::Button;
use crate::workflow::act::Act;
use crate::workflow::request::Decision;

/// A button was pressed.
pub(super) async fn pressed(desk: &Desk, heard: &Heard, name: &str) -> Result<Reply, sqlx::Error> {
    let Some(button) = Button::read(name, &desk.handler.keys) else {
        let who = desk.who(heard).await?;
        return Ok(say::unknown_button(who.as_ref(), &heard.locale).into());
    };
    match button.act {
        Act::Approve => {
            let vote = vote(Decision::Approve, None, None);
            Ok(desk.applies(heard, vote, Some(shown(button))).await?.into())
        }
        _ => {
            let who = desk.who(heard).await?;
            Ok(say::unknown_button(who.as_ref(), &heard.locale).into())
        }
    }
}

/// A form was filled in.
pub(super) async fn filled(
    desk: &Desk,
    heard: &Heard,
    _: &str,
    _: &BTreeMap<String, String>,
) -> Result<Reply, sqlx::Error> {
    let who = desk.who(heard).await?;
    Ok(say::unknown_button(who.as_ref(), &heard.locale).into())
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
