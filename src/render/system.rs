//! Mails of the system's own: about an account, a delegation, an alarm, a seal.
//!
//! Each message is a folder `templates/system/<name>/` with `subject.txt` and `body.txt`, in English and by
//! language like the mails about requests. The HTML is made of the text, paragraph by paragraph, within
//! `system/layout.html`, which is `system/base.html` with the last line of a language; an operator who wants
//! another puts a `body.html` beside the text.
//!
//! What always holds: facts are kept, not words, so that each reader gets them in their language and zone;
//! every word of another person's or of a server's is one line without what turns or hides it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::human::{Say, cut, one_line};
use super::language::{languages, within};
use super::{MAX_SUBJECT_CHARS, Reader, Rendered, Renderer, TemplateError, squeeze};
use crate::workflow::ids::RequestId;

/// The folder of all of them.
pub(super) const FOLDER: &str = "system";
/// The longest text of others in such a mail, in characters.
const MAX_CHARS: usize = 600;
/// What a paragraph that is to be copied as it stands is set off by.
const SET_OFF: &str = "    ";
/// What a line of a list is set off by.
const LISTED: &str = "  ";

/// What a mail of the system's own says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum SystemFacts {
    /// Something looked like an attack.
    Alarm {
        /// The stable word of its kind.
        kind: String,
        /// The request.
        request: Option<RequestId>,
        /// What was found, as the record has it, in English.
        why: String,
        /// What it came as.
        key: String,
        /// Whether no further alarm is mailed within the hour.
        last: bool,
    },
    /// Mail does not reach somebody.
    Unreachable {
        /// What people call them.
        name: String,
        /// Who.
        person: String,
        /// What the server said.
        why: String,
        /// Which message.
        delivery: Uuid,
        /// What it was about.
        request: Option<RequestId>,
        /// Requests that wait for them.
        waiting: Vec<Waiting>,
        /// How many more do.
        more: usize,
    },
    /// A step waits for people of whom too few can be reached.
    Unheard {
        /// The request.
        request: RequestId,
        /// The step.
        step: String,
        /// Approvals that it lacks.
        lacking: usize,
        /// Who is not reached.
        names: Vec<String>,
    },
    /// An emergency that nobody but its requester could review (W26).
    Unreviewable {
        /// The request.
        request: RequestId,
        /// Its requester.
        requester: String,
    },
    /// Emergencies whose last reviewer a new book takes away (W26).
    ReviewersLost {
        /// Some of them.
        taken: Vec<Taken>,
        /// How many there are.
        all: usize,
        /// How many more than are named.
        more: usize,
    },
    /// The bot was thrown out of the place in which it posts.
    ThrownOut {
        /// Whether it is back.
        over: bool,
        /// What was found.
        why: String,
    },
    /// The place in which the bot posts does not take its commands.
    CommandsRefused {
        /// Whether it does again.
        over: bool,
        /// What the server said.
        why: String,
    },
    /// A place of a chat takes no posts.
    ChannelRefuses {
        /// The channel's name.
        channel: String,
        /// Whose direct messages it is instead.
        person: Option<String>,
        /// What could not be shown.
        request: RequestId,
        /// What the server said.
        why: String,
    },
    /// A code that links an account in a chat; the code itself stands nowhere.
    LinkCode {
        /// The account.
        account: String,
        /// Until when it is taken.
        until: Timestamp,
        /// How long that is, in minutes.
        minutes: i64,
    },
    /// An account is theirs now.
    Linked {
        /// The account.
        account: String,
        /// The one that was theirs before.
        old: Option<String>,
    },
    /// An account is theirs no more.
    Unlinked {
        /// The account.
        account: String,
    },
    /// An interval of the record was closed.
    Seal {
        /// Which.
        number: i64,
        /// How many events it closes.
        events: i64,
        /// Of how many chains.
        chains: i64,
        /// The seal, line by line.
        block: Vec<String>,
    },
    /// Somebody else answered what they were asked.
    ForeignAnswer {
        /// The request.
        request: RequestId,
        /// Whether they are asked again.
        again: bool,
    },
    /// A delegation, to either side of it (W20).
    Delegation {
        /// The other side.
        other: String,
        /// Whether the reader is the one who delegates.
        mine: bool,
        /// From when.
        start: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Whether it was ended before its time.
        ended: bool,
    },
}

/// A request that was taken in an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Which.
    pub request: RequestId,
    /// By whom, as people call them.
    pub by: String,
}

/// A request that waits for somebody whom mail does not reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub request: RequestId,
    /// Its current step.
    pub step: String,
    /// Others who can approve and be reached.
    pub others: usize,
    /// Approvals that it lacks.
    pub needed: usize,
}

impl SystemFacts {
    /// The folder of its templates.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Alarm { .. } => "alarm",
            Self::Unreachable { .. } => "unreachable",
            Self::Unheard { .. } => "unheard",
            Self::Unreviewable { .. } => "unreviewable",
            Self::ReviewersLost { .. } => "reviewers_lost",
            Self::ThrownOut { .. } => "thrown_out",
            Self::CommandsRefused { .. } => "commands_refused",
            Self::ChannelRefuses { .. } => "channel_refuses",
            Self::LinkCode { .. } => "link_code",
            Self::Linked { .. } => "linked",
            Self::Unlinked { .. } => "unlinked",
            Self::Seal { .. } => "seal",
            Self::ForeignAnswer { .. } => "foreign_answer",
            Self::Delegation { .. } => "delegation",
        }
    }

    /// What it is about, as the mail's head shows it.
    fn request(&self) -> Option<RequestId> {
        match self {
            Self::Alarm { request, .. } | Self::Unreachable { request, .. } => *request,
            Self::Unheard { request, .. }
            | Self::Unreviewable { request, .. }
            | Self::ChannelRefuses { request, .. }
            | Self::ForeignAnswer { request, .. } => Some(*request),
            _ => None,
        }
    }

    /// What its templates may use.
    fn words(&self, code: Option<&str>, say: &Say) -> Map<String, Value> {
        let mut words = match serde_json::to_value(self) {
            Ok(Value::Object(words)) => words,
            _ => Map::new(),
        };
        words.values_mut().for_each(harmless);
        words.insert("request".into(), named(self.request()));
        if let Self::Unreachable { waiting, .. } = self {
            let waiting = waiting.iter().map(|one| {
                serde_json::json!({
                    "request": one.request.to_string(),
                    "step": cut(&one_line(&one.step), MAX_CHARS),
                    "others": one.others,
                    "needed": one.needed,
                })
            });
            words.insert("waiting".into(), waiting.collect());
        }
        if let Self::ReviewersLost { taken, .. } = self {
            let taken = taken.iter().map(|one| {
                let by = cut(&one_line(&one.by), MAX_CHARS);
                serde_json::json!({ "request": one.request.to_string(), "by": by })
            });
            words.insert("taken".into(), taken.collect());
        }
        if let Self::Delegation { start, until, .. } = self {
            words.insert("period".into(), say.window(*start, *until).into());
        }
        if let Self::LinkCode { until, .. } = self {
            words.insert("until".into(), say.instant(*until).into());
            words.insert("code".into(), code.unwrap_or_default().into());
        }
        words
    }
}

fn named(request: Option<RequestId>) -> Value {
    request.map_or(Value::Null, |request| request.to_string().into())
}

/// One line, however deep it stands.
fn harmless(value: &mut Value) {
    match value {
        Value::String(text) => *text = cut(&one_line(text), MAX_CHARS),
        Value::Array(all) => all.iter_mut().for_each(harmless),
        _ => {}
    }
}

/// The text as the layout shows it.
#[derive(Debug, Serialize)]
struct Framed<'a> {
    subject: &'a str,
    request: Option<String>,
    parts: Vec<Part>,
}

/// A paragraph.
#[derive(Debug, Serialize)]
struct Part {
    /// `text`, `list` or `code`.
    kind: &'static str,
    lines: Vec<Vec<Piece>>,
}

/// A piece of a line; `code` is what stood in backticks.
#[derive(Debug, Serialize)]
struct Piece {
    code: bool,
    text: String,
}

impl Part {
    fn of(paragraph: &str) -> Self {
        let kind = if paragraph.starts_with(SET_OFF) || paragraph.starts_with("-----") {
            "code"
        } else if paragraph.starts_with(LISTED) {
            "list"
        } else {
            "text"
        };
        let pieces = |line: &str| {
            let pieces = line.trim().split('`').enumerate();
            let pieces = pieces.map(|(at, text)| Piece {
                code: at % 2 == 1,
                text: text.to_owned(),
            });
            pieces.filter(|piece| !piece.text.is_empty()).collect()
        };
        let lines = paragraph.lines().map(pieces).collect();
        Self { kind, lines }
    }
}

impl Renderer {
    /// A mail of the system's own for one reader; `code` where it carries one.
    pub fn system(
        &self,
        facts: &SystemFacts,
        code: Option<&str>,
        reader: &Reader,
    ) -> Result<Rendered, TemplateError> {
        let words = facts.words(code, &Say::to(reader));
        let file = |file: &str| format!("{FOLDER}/{}/{file}", facts.name());
        let subject = self.text(&file("subject.txt"), &reader.locale, &words)?;
        let subject = cut(&one_line(&subject), MAX_SUBJECT_CHARS);
        let text = squeeze(&self.text(&file("body.txt"), &reader.locale, &words)?);
        let own = file("body.html");
        let html = if self.there_is(&own, &reader.locale) {
            self.text(&own, &reader.locale, &words)?
        } else {
            let paragraphs = text.trim_end().split("\n\n");
            let framed = Framed {
                subject: &subject,
                request: facts.request().map(|request| request.to_string()),
                parts: paragraphs.map(Part::of).collect(),
            };
            let layout = format!("{FOLDER}/layout.html");
            self.text(&layout, &reader.locale, &framed)?
        };
        Ok(Rendered {
            subject,
            text,
            html,
        })
    }

    fn there_is(&self, name: &str, locale: &str) -> bool {
        let mut names: BTreeSet<String> = languages(locale)
            .iter()
            .map(|tag| within(name, tag))
            .collect();
        names.insert(name.to_owned());
        names.iter().any(|name| self.env.get_template(name).is_ok())
    }
}
