//! Buttons below a private answer: what its reader may do next. They are those of a post to them, and
//! judged as those are; that one is shown is no right.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::Timestamp;
use serenity::all::{ButtonStyle, CreateActionRow, CreateButton};

use super::super::Desk;
use super::reader::Reader;
use super::run::Work;
use crate::outbound::chat::button::Button;
use crate::workflow::act::Act;
use crate::workflow::decide::{Around, Scene};
use crate::workflow::event::Filed;
use crate::workflow::ids::RequestId;
use crate::workflow::post::{Place, shown};
use crate::workflow::request::Request;

/// What its requester may do with a request that was just filed.
pub(super) fn of_filed(filed: &Filed, desk: &Desk, reader: &Reader) -> Option<CreateActionRow> {
    let button = Button {
        act: Act::Details,
        request: filed.id,
        step: 0,
        revision: 1,
    };
    let acts = [Act::Details, Act::Withdraw];
    row(&acts, button, None, (desk, reader))
}

/// What somebody may do with a request that they look at.
pub(super) fn of_request(
    request: &Request,
    work: &Work<'_>,
    now: Timestamp,
) -> Option<CreateActionRow> {
    let (mut acts, button) = may(request, work, now);
    // That is what they see.
    acts.retain(|act| *act != Act::Details);
    row(&acts, button, None, (work.desk, work.reader))
}

/// The same for one of several, whose buttons say of which.
pub(super) fn of_several(
    request: &Request,
    work: &Work<'_>,
    now: Timestamp,
) -> Option<CreateActionRow> {
    let (acts, button) = may(request, work, now);
    let with = (work.desk, work.reader);
    row(&acts, button, Some(request.id), with)
}

/// What the workflow would not refuse them, and a button that carries what they are shown.
fn may(request: &Request, work: &Work<'_>, now: Timestamp) -> (Vec<Act>, Button) {
    let around = Around::default();
    let scene = Scene {
        request,
        book: &work.who.book,
        around: &around,
        now,
    };
    let shown = shown(&scene, &Place::Direct(work.me().clone()));
    let button = Button {
        act: Act::Details,
        request: request.id,
        step: shown.step.unwrap_or_default(),
        revision: request.revision,
    };
    (shown.acts, button)
}

/// At most five buttons, which is what a row takes.
fn row(
    acts: &[Act],
    shown: Button,
    of: Option<RequestId>,
    (desk, reader): (&Desk, &Reader),
) -> Option<CreateActionRow> {
    let button = |act: &Act| {
        let name = Button { act: *act, ..shown }.write(&desk.handler.keys)?;
        let label = label(*act, reader);
        let label = of.map_or_else(|| label.to_owned(), |of| format!("{label} {of}"));
        Some(CreateButton::new(name).label(label).style(style(*act)))
    };
    let buttons: Vec<CreateButton> = acts.iter().filter_map(button).take(5).collect();
    (!buttons.is_empty()).then_some(CreateActionRow::Buttons(buttons))
}

fn label(act: Act, reader: &Reader) -> &'static str {
    match act {
        Act::Approve => reader.pick("Approve", "Aprovar"),
        Act::Disapprove => reader.pick("Disapprove", "Reprovar"),
        Act::OtherTimes => reader.pick("Approve with other times", "Aprovar com outros horários"),
        Act::Details => reader.pick("Details", "Detalhes"),
        Act::Withdraw => reader.pick("Withdraw", "Retirar"),
        Act::Revoke => reader.pick("Revoke", "Revogar"),
    }
}

fn style(act: Act) -> ButtonStyle {
    match act {
        Act::Approve => ButtonStyle::Success,
        Act::Disapprove | Act::Revoke => ButtonStyle::Danger,
        Act::OtherTimes | Act::Details | Act::Withdraw => ButtonStyle::Secondary,
    }
}
