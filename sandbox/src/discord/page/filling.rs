//! Modals on the page: one that an interaction opened is shown over the room, filled in and sent.

use axum::extract::{Form, Path, State};
use axum::response::{Html, Redirect};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use super::super::Modal;
use super::super::asked::Asked;
use super::super::id::Id;
use super::super::interaction::First;
use super::{Desk, Fields, Trouble, Where, frame, view};

/// A modal that was opened, and by which interaction.
#[derive(Deserialize)]
pub(super) struct Opened {
    person: u64,
    room: u64,
    asked: u64,
}

impl Opened {
    fn at(&self) -> Where {
        Where {
            person: self.person,
            room: self.room,
        }
    }

    fn modal(&self, desk: &Desk) -> Result<Modal, Trouble> {
        let id = Id::parse(&self.asked.to_string()).ok_or(Trouble::Missing)?;
        match Asked::new(desk.double.shared.clone(), id).answered() {
            Some(First::Modal(modal)) => Ok(modal),
            _ => Err(Trouble::Missing),
        }
    }
}

pub(super) async fn modal(
    State(desk): State<Desk>,
    Path(opened): Path<Opened>,
) -> Result<Html<String>, Trouble> {
    let (person, room) = desk.at(opened.at())?;
    let modal = opened.modal(&desk)?;
    let frame = frame(&desk, person, room);
    let posts = desk
        .double
        .shared
        .read(|world| view::posts(world, room, person.id()));
    let page = desk.pages.get_template("modal.html")?.render(context! {
        title => modal.title.clone(),
        asked => opened.asked,
        inputs => Value::from(Serde(view::inputs(&modal))),
        posts => Value::from(Serde(posts)),
        ..frame
    })?;
    Ok(Html(page))
}

pub(super) async fn fill(
    State(desk): State<Desk>,
    Path(opened): Path<Opened>,
    Form(fields): Fields,
) -> Result<Redirect, Trouble> {
    let (person, _) = desk.at(opened.at())?;
    let modal = opened.modal(&desk)?;
    // A form has CR LF; Discord's program sends LF.
    let texts: Vec<(String, String)> = fields
        .iter()
        .filter_map(|(name, value)| {
            Some((
                name.strip_prefix("i.")?.to_owned(),
                value.replace("\r\n", "\n"),
            ))
        })
        .collect();
    let texts: Vec<_> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let asked = person.fills(&modal, &texts)?;
    Ok(desk.after(opened.at(), &asked).await)
}
