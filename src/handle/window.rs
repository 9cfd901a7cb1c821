//! The window that an approver writes beside an approval: words, until it is known who they are (W16).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Case;
use super::identify::Identified;
use crate::command::when::{Asked, Here, Understood};
use crate::inbound::{Speaker, Unclear};
use crate::render::Tongue;
use crate::workflow::decide::Actor;
use crate::workflow::request::Window;

impl Case<'_> {
    /// What an approver's words mean in their zone, when they were said. Whether the window is over, empty or
    /// too long is for the workflow to say (W4).
    pub(super) fn window(
        &self,
        speaker: &Identified,
        words: &str,
    ) -> Result<Understood<Window>, Unclear> {
        let (zone, tongue) = match &speaker.actor {
            Actor::Person(person) => (self.zone_of(person), self.tongue_of(person)),
            Actor::Clock => (TimeZone::UTC, Tongue::English),
        };
        let here = Here {
            now: self.said_at(speaker),
            zone: &zone,
            tongue,
        };
        here.any_window(words).map_err(|error| {
            let (sentence, next) = error.told(Asked::Window, Tongue::Portuguese);
            let portuguese = format!("A linha que diz o período não está clara: {sentence}");
            Unclear {
                code: error.code().to_owned(),
                sentence: format!("The line that says for when is not clear: {error}"),
                wrote: Some(words.to_owned()),
                next: Some(error.next()),
                portuguese: Some(Box::new((portuguese, next))),
            }
        })
    }

    /// When the words were said: a mail's when it came in, which may be long ago; now by any other road.
    fn said_at(&self, speaker: &Identified) -> Timestamp {
        let asked = speaker.offered.as_ref().and_then(|offered| offered.asked);
        match (&self.inbound.speaker, asked) {
            (
                Speaker::Token {
                    arrived: Some(arrived),
                    ..
                },
                Some(asked),
            ) => arrived.answering(asked),
            _ => self.now,
        }
    }
}
