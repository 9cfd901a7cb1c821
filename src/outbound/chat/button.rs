//! What a button says when it is clicked: which act, on which request, as it was shown.
//!
//! `cs1:<act>:<request>:<step>.<revision>:<seal>`, e.g. `cs1:approve:42:0.1:…`. A modal that a button opens
//! has the button's own text, so that what comes back says the same.
//!
//! What always holds: a text is read only if its seal was made under one of our keys, and [`Button::write`]
//! yields at most [`MAX_CHARS`] characters. The seal filters junk; *authority is never the click*: whoever
//! clicks is identified and judged as if they had typed the act.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use crate::token::{Keyring, Token};
use crate::workflow::act::Act;
use crate::workflow::ids::RequestId;

/// The most characters that a chat service takes.
pub const MAX_CHARS: usize = 100;
/// The form of the text; another form will have another name.
const FORM: &str = "cs1";

/// An act on a request as it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Button {
    /// What it does.
    pub act: Act,
    /// On which request.
    pub request: RequestId,
    /// The step that was current, counted from 0; 0 where none was.
    pub step: usize,
    /// The revision that was shown (W16).
    pub revision: u32,
}

impl Button {
    /// The text that the service carries; `None` where the keyring has no current key.
    pub fn write(&self, keys: &Keyring) -> Option<String> {
        let said = self.said();
        let seal = keys.button_seal(keys.current(), &said)?;
        Some(format!("{said}:{}", seal.expose()))
    }

    /// Reads a text that came back; `None`: it is not ours.
    pub fn read(text: &str, keys: &Keyring) -> Option<Self> {
        if text.len() > MAX_CHARS {
            return None;
        }
        let (said, seal) = text.rsplit_once(':')?;
        let mut parts = said.split(':');
        let (form, act, request) = (parts.next()?, parts.next()?, parts.next()?);
        let (step, revision) = parts.next()?.split_once('.')?;
        let button = Self {
            act: Act::ALL.into_iter().find(|known| known.as_str() == act)?,
            request: RequestId(request.parse().ok()?),
            step: step.parse().ok()?,
            revision: revision.parse().ok()?,
        };
        // One spelling only: what we would have written is what was read.
        let ours = form == FORM && parts.next().is_none() && button.said() == said;
        (ours && keys.is_button_seal(&Token::parse(seal)?, said)).then_some(button)
    }

    fn said(&self) -> String {
        let Self {
            act,
            request,
            step,
            revision,
        } = self;
        format!("{FORM}:{}:{}:{step}.{revision}", act.as_str(), request.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::outbox::testing::keys;

    /// Goal: what is written is read back, within the service's limit; nothing that was changed is.
    /// Method: every act with the largest numbers; every single character taken out, doubled or replaced.
    #[test]
    fn only_what_we_wrote_is_read() {
        let keys = keys();
        for act in Act::ALL {
            let button = Button {
                act,
                request: RequestId(i64::MAX),
                step: 99,
                revision: u32::MAX,
            };
            let text = button.write(&keys).expect("a key");
            assert!(text.len() <= MAX_CHARS, "{text}");
            assert_eq!(Button::read(&text, &keys), Some(button));
            let letters: Vec<char> = text.chars().collect();
            for at in 0..letters.len() {
                for instead in ["", "00", "a", "7", ":"] {
                    let (before, after) = letters.split_at(at);
                    let kept: String = after.iter().skip(1).collect();
                    let before: String = before.iter().collect();
                    let changed = format!("{before}{instead}{kept}");
                    let read = Button::read(&changed, &keys);
                    assert!(read.is_none() || changed == text, "{changed}");
                }
            }
        }
        assert_eq!(Button::read("", &keys), None);
        assert_eq!(Button::read(&":".repeat(100), &keys), None);
    }
}
