//! Trouble on demand: what a test asks the double to do to the next requests.

use std::time::Duration;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// 429, with `Retry-After`; of this route, or of everything.
    Limited {
        /// How long the bot is told to wait.
        retry_after: Duration,
        /// Whether the whole bot is limited.
        global: bool,
    },
    /// An answer with this status and no JSON, as a proxy in front of Discord gives.
    Status(u16),
    /// Refused by this number of Discord's, with its own status.
    Refused {
        /// Of the answer.
        status: u16,
        /// Discord's number.
        code: u32,
    },
    /// The connection is reset; nothing is done.
    Reset,
    /// What was asked is done; then the connection is reset and the answer lost.
    AnswerLost,
    /// It is done and answered, later.
    Delayed(Duration),
    /// Nothing is done and nothing is answered.
    Silence,
}

/// A trouble, and the requests that it meets.
#[derive(Debug, Clone)]
pub struct Fault {
    method: Option<&'static str>,
    part: String,
    left: u32,
    trouble: Trouble,
}

impl Fault {
    /// Meets the next request whose path (after `/api/v10`) has this in it.
    pub fn on(part: &str, trouble: Trouble) -> Self {
        Self {
            method: None,
            part: part.to_owned(),
            left: 1,
            trouble,
        }
    }

    /// Meets requests with this method only.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// Meets so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = times;
        self
    }

    /// The trouble for this request, if it meets it.
    fn meets(&mut self, method: &str, path: &str) -> Option<Trouble> {
        let met = self.left > 0
            && self.method.is_none_or(|one| one == method)
            && path.contains(&self.part);
        self.left -= u32::from(met);
        met.then_some(self.trouble)
    }
}

/// The first trouble that meets this request.
pub(super) fn met(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<Trouble> {
    let trouble = faults
        .iter_mut()
        .find_map(|fault| fault.meets(method, path));
    faults.retain(|fault| fault.left > 0);
    trouble
}
