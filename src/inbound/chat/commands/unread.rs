//! Options that say no time, or one that is not understood: said in the reader's language.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::super::Reply;
use super::definition::Slash;
use super::reader::Reader;
use super::say;
use super::words::Both;
use crate::command::when::{Asked, WhenError};
use crate::render::Tongue;

/// Why a text is not understood: a sentence, a next step, its name.
pub(super) struct Unread {
    said: Both<(String, String)>,
    code: &'static str,
}

impl Unread {
    /// What is wrong with what the options of these names say.
    pub(super) fn of((en, pt): (&str, &str), error: &WhenError, asked: Asked) -> Self {
        let told = |option, tongue| {
            let (sentence, next) = error.told(asked, tongue);
            (format!("{option}: {sentence}"), next)
        };
        Self {
            said: Both {
                en: told(en, Tongue::English),
                pt: told(pt, Tongue::Portuguese),
            },
            code: error.code(),
        }
    }

    /// What its writer reads.
    pub(super) fn answer(self, reader: &Reader) -> Reply {
        say::not_done(&self.said.to(reader.tongue), (self.code, None), reader).into()
    }

    /// What is missing or said twice, where the options make no window.
    pub(super) fn no_window(slash: &Slash) -> Self {
        let both = matches!(
            slash,
            Slash::New {
                end: Some(_),
                duration: Some(_),
                ..
            }
        );
        let (en, pt) = if both {
            (
                "`end` and `duration` both say when it ends.",
                "`fim` e `duração` dizem os dois quando termina.",
            )
        } else {
            ("Nothing says when it ends.", "Nada diz quando termina.")
        };
        let next = "Give `duration`, e.g. 2h, or `end`, e.g. 18:00; with `start` it begins then.";
        let proximo = "Dê `duração`, p. ex. 2h, ou `fim`, p. ex. 18:00; com `início` começa então.";
        Self {
            said: Both {
                en: (en.to_owned(), next.to_owned()),
                pt: (pt.to_owned(), proximo.to_owned()),
            },
            code: "window-needs-end",
        }
    }
}
