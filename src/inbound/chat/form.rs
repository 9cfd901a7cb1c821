//! The forms that buttons open: what is asked for, in the language of who pressed.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serenity::all::{CreateActionRow, CreateInputText, CreateModal, InputTextStyle};

use super::Who;
use crate::outbound::chat::button::Button;
use crate::render::Tongue;
use crate::workflow::act::Act;
use crate::workflow::request::{Request, Window};

/// The input for a reason.
pub(super) const REASON: &str = "reason";
/// The input for a comment.
pub(super) const COMMENT: &str = "comment";
/// The input for the beginning.
pub(super) const FROM: &str = "from";
/// The input for the end, or the length.
pub(super) const TO: &str = "to";
/// Characters of a reason or a comment.
const MAX_WORDS: u16 = 1000;
/// Characters of a point in time.
const MAX_TIME: u16 = 100;
/// Characters that Discord takes for a title or a label.
const MAX_LABEL: usize = 45;

/// The form of this button; it carries the button's own name.
pub(super) fn of(button: Button, name: &str, request: &Request, who: &Who) -> CreateModal {
    let tongue = Tongue::of(&who.person.locale);
    let two = |english: &'static str, portuguese: &'static str| match tongue {
        Tongue::English => english,
        Tongue::Portuguese => portuguese,
    };
    let title = match button.act {
        Act::Disapprove => two("Disapprove", "Recusar"),
        Act::Withdraw => two("Withdraw", "Retirar"),
        Act::Revoke => two("Revoke", "Revogar"),
        Act::Approve | Act::OtherTimes | Act::Details => {
            two("Approve with other times", "Aprovar com outro horário")
        }
    };
    let title = short(&format!("{title}: {}", request.id));
    let words = |key, label, needed: bool| {
        let input = CreateInputText::new(InputTextStyle::Paragraph, label, key);
        let input = input.max_length(MAX_WORDS).required(needed);
        CreateActionRow::InputText(if needed { input.min_length(1) } else { input })
    };
    let inputs = match button.act {
        Act::OtherTimes => {
            let zone = who.zone();
            let (from, to) = present(&request.window, &zone);
            let label = |word: &str| short(&format!("{word} ({})", who.person.zone));
            let time = |key, label: String, value: String| {
                let input = CreateInputText::new(InputTextStyle::Short, label, key);
                let input = input.max_length(MAX_TIME).value(value);
                CreateActionRow::InputText(input.required(key == TO))
            };
            vec![
                time(FROM, label(two("From", "De")), from),
                time(TO, label(two("To, or how long", "Até, ou duração")), to),
                words(COMMENT, two("Comment", "Comentário"), false),
            ]
        }
        Act::Disapprove => {
            let needed = request.terms.comment_required;
            vec![words(REASON, two("Why?", "Por quê?"), needed)]
        }
        Act::Approve | Act::Details | Act::Withdraw | Act::Revoke => {
            vec![words(REASON, two("Why?", "Por quê?"), true)]
        }
    };
    CreateModal::new(name, title).components(inputs)
}

/// The window as it is now, as it could be typed.
fn present(window: &Window, zone: &TimeZone) -> (String, String) {
    let point = |at: Timestamp| {
        at.to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    };
    match window {
        Window::Fixed { start, end } => (point(*start), point(*end)),
        Window::FromApproval { length } => (String::new(), format!("{length:#}")),
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_LABEL).collect()
}
