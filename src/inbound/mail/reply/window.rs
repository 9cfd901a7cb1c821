//! Does a line below an approval say for when? (W16)
//!
//! ```text
//! window-line = [ bullet ] WINDOW [ closing ]        begins with a word, is a window to its end
//! ```
//!
//! `WINDOW` is that of [`when`]. Whose zone and clock it is said by is not known here, so the line goes
//! on as it was written; only what no zone could mend is refused at once. What always holds: a line that
//! begins like a window either is one to its end or stops the approval; it never becomes a remark.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::grammar::is_closing;
use super::{line, unclear};
use crate::command::when::{self, Asked, WhenError};
use crate::inbound::Unclear;
use crate::render::Tongue;

/// The window that a line is, none if it is a remark, or why it stops the approval.
pub fn window_line(text: &str) -> Result<Option<String>, Unclear> {
    let seen = line::comparable(text);
    let bare = bare(&seen);
    if !when::may_begin(bare) {
        return no_condition(text);
    }
    let read = when::well_formed(bare);
    // A bare "9:00-17:00" may as well be office hours.
    if read.is_ok() && bare.starts_with(char::is_alphabetic) {
        return Ok(Some(bare.to_owned()));
    }
    if when::begins(bare) {
        let (sentence, next) = english(bare, read.as_ref().err());
        return Err(Unclear {
            next: Some(next),
            portuguese: Some(Box::new(portuguese(bare, read.as_ref().err()))),
            ..unclear("window", &sentence, text)
        });
    }
    no_condition(text)
}

/// What stands in the way of a line that begins like a window, and one next step.
fn english(bare: &str, error: Option<&WhenError>) -> (String, String) {
    let (sentence, next) = match error {
        None => (
            "A line below the first is a window, and no word says that it is meant.".to_owned(),
            match when::length(bare) {
                Ok(_) => format!("Write `for {bare}`."),
                Err(_) => format!("Write `from {bare}`."),
            },
        ),
        Some(error) => (
            format!(
                "A line below the first begins like a window, and is not understood to its end: {error}"
            ),
            error.next(),
        ),
    };
    let or = "Or begin the line with another word, if no window is meant.";
    (sentence, format!("{next} {or}"))
}

/// The same in Portuguese.
fn portuguese(bare: &str, error: Option<&WhenError>) -> (String, String) {
    let (sentence, next) = match error {
        None => (
            "Uma linha abaixo da primeira é um período, e nenhuma palavra diz que ele vale."
                .to_owned(),
            match when::length(bare) {
                Ok(_) => format!("Escreva `por {bare}`."),
                Err(_) => format!("Escreva `de {bare}`."),
            },
        ),
        Some(error) => {
            let (sentence, next) = error.told(Asked::Window, Tongue::Portuguese);
            let begins = "Uma linha abaixo da primeira começa como um período, e não é entendida até \
                          o fim:";
            (format!("{begins} {sentence}"), next)
        }
    };
    let or = "Ou comece a linha com outra palavra, se não for um período.";
    (sentence, format!("{next} {or}"))
}

/// A remark, unless it begins like a condition.
fn no_condition(text: &str) -> Result<Option<String>, Unclear> {
    if line::is_condition(text) {
        return Err(unclear(
            "condition",
            "A line below the first begins like a window or a condition.",
            text,
        ));
    }
    Ok(None)
}

/// A line without what sets it off: bullets, quotation marks, closing punctuation, parentheses around it.
pub(super) fn bare(seen: &str) -> &str {
    let opening = |letter: char| line::is_decoration(letter) || matches!(letter, '-' | '•' | '–');
    let ending = |letter: char| line::is_decoration(letter) || is_closing(letter) || letter == ';';
    let text = seen.trim_start_matches(opening).trim_end_matches(ending);
    match text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    {
        Some(inside) => inside.trim_end_matches(ending),
        None => text,
    }
}
