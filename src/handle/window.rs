//! The window that an approver writes beside an approval: words, until it is known who they are (W16).

use jiff::tz::TimeZone;

use super::Case;
use super::identify::Identified;
use crate::command::when::{Here, Understood};
use crate::inbound::Unclear;
use crate::workflow::decide::Actor;
use crate::workflow::request::Window;

impl Case<'_> {
    /// What an approver's words mean in their zone, now. Whether the window is over, empty or too long is
    /// for the workflow to say (W4).
    pub(super) fn window(
        &self,
        speaker: &Identified,
        words: &str,
    ) -> Result<Understood<Window>, Unclear> {
        let zone = match &speaker.actor {
            Actor::Person(person) => self.zone_of(person),
            Actor::Clock => TimeZone::UTC,
        };
        let here = Here {
            now: self.now,
            zone: &zone,
        };
        here.any_window(words).map_err(|error| Unclear {
            code: error.code().to_owned(),
            sentence: format!("The line that says for when is not clear: {error}"),
            wrote: Some(words.to_owned()),
            next: Some(error.next()),
        })
    }
}
