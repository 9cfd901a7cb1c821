//! A post as Discord takes it: one framed part in the colour of its state, with buttons below.
//!
//! What always holds, for any request and any template: no limit of Discord's is exceeded, whichever way it
//! counts; nobody is called; a button stands there for each act that is possible and for nothing else.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serenity::all::{
    ButtonStyle, CreateActionRow, CreateAllowedMentions, CreateButton, CreateEmbed,
    CreateEmbedFooter, CreateMessage, EditMessage, Nonce,
};

use super::button::Button;
use super::words::{Readers, Words};
use crate::render::{Renderer, TemplateError};
use crate::token::Keyring;
use crate::workflow::act::Act;
use crate::workflow::post::{Over, Shown, Standing};

/// The longest title, in UTF-16 units.
const MAX_TITLE: usize = 256;
/// The longest text below it; the service would take 4,096.
const MAX_LEAD: usize = 1_500;
/// The longest name of a field.
const MAX_FIELD_NAME: usize = 256;
/// The longest text of a field.
const MAX_FIELD: usize = 1_024;
/// The longest footer; the service would take 2,048.
const MAX_FOOTER: usize = 200;
/// All texts together.
const MAX_TOGETHER: usize = 6_000;
/// The longest writing on a button.
const MAX_LABEL: usize = 80;
/// Buttons in a row.
const MAX_BUTTONS: usize = 5;
/// The colour of what is over.
const GREY: u32 = 0x95_a5_a6;
/// The fields, in order; each is a template whose first line is the field's name.
const FIELDS: [&str; 6] = [
    "requester",
    "window",
    "reason",
    "progress",
    "emergency",
    "ending",
];

/// What the template of a post that is over may use.
#[derive(Debug, Serialize)]
struct Left<'a> {
    request: String,
    over: Over,
    link: Option<&'a str>,
}

/// A post, laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    title: String,
    lead: String,
    fields: Vec<(String, String)>,
    footer: String,
    colour: u32,
    buttons: Vec<(Act, String, String)>,
}

impl Payload {
    /// What a post shows to these readers. An error is the operator's: a template, or no key.
    pub fn of(
        shown: &Shown,
        readers: Readers<'_>,
        (renderer, keys): (&Renderer, &Keyring),
    ) -> Result<Self, TemplateError> {
        if let Some(over) = shown.over {
            return Self::over(shown, (over, None), readers.locale, renderer);
        }
        let words = Words::of(shown, readers);
        let file = |name: &str| renderer.chat(&format!("post/{name}.txt"), readers.locale, &words);
        let title = one_line(&file("title")?, MAX_TITLE);
        let lead = whole_lines(&file("lead")?, MAX_LEAD);
        let footer = one_line(&file("footer")?, MAX_FOOTER);
        let mut left = MAX_TOGETHER - units(&title) - units(&lead) - units(&footer);
        let mut fields = Vec::new();
        for name in FIELDS {
            let text = file(name)?;
            let Some((name, value)) = text.split_once('\n') else {
                continue;
            };
            let name = one_line(name, MAX_FIELD_NAME);
            let most = MAX_FIELD.min(left.saturating_sub(units(&name)));
            let value = whole_lines(value.trim(), most);
            if name.is_empty() || value.is_empty() {
                continue;
            }
            left = left.saturating_sub(units(&name) + units(&value));
            fields.push((name, value));
        }
        Ok(Self {
            title,
            lead,
            fields,
            footer,
            colour: colour(shown),
            buttons: buttons(shown, &file("buttons")?, keys),
        })
    }

    /// What is left of a post: its number and one sentence, which names `link`, where what shows the request
    /// instead stands.
    pub fn over(
        shown: &Shown,
        (over, link): (Over, Option<&str>),
        locale: &str,
        renderer: &Renderer,
    ) -> Result<Self, TemplateError> {
        let nothing = BTreeSet::new();
        let parts = Some(&nothing);
        let words = Words::of(shown, Readers { locale, parts });
        let left = Left {
            over,
            link,
            request: shown.facts.request.to_string(),
        };
        Ok(Self {
            title: one_line(&renderer.chat("post/title.txt", locale, &words)?, MAX_TITLE),
            lead: whole_lines(&renderer.chat("post/over.txt", locale, &left)?, MAX_LEAD),
            fields: Vec::new(),
            footer: one_line(
                &renderer.chat("post/footer.txt", locale, &words)?,
                MAX_FOOTER,
            ),
            colour: GREY,
            buttons: Vec::new(),
        })
    }

    /// Makes every sample in every language that there are templates of, so that a wrong one is known before
    /// somebody waits for a post.
    pub fn check(renderer: &Renderer, keys: &Keyring) -> Result<(), TemplateError> {
        let nothing = BTreeSet::new();
        for locale in renderer.languages() {
            for shown in super::samples() {
                for parts in [None, Some(&nothing)] {
                    let readers = Readers {
                        locale: &locale,
                        parts,
                    };
                    Self::of(&shown, readers, (renderer, keys))?;
                }
                for over in Over::ALL {
                    Self::over(&shown, (over, Some("https://x.invalid")), &locale, renderer)?;
                }
            }
        }
        Ok(())
    }

    /// A new message under this name.
    pub fn message(&self, nonce: String) -> CreateMessage {
        CreateMessage::new()
            .embed(self.embed())
            .components(self.rows())
            .allowed_mentions(CreateAllowedMentions::new())
            .nonce(Nonce::String(nonce))
            .enforce_nonce(true)
    }

    /// The same, in the place of what a message showed before.
    pub fn edit(&self) -> EditMessage {
        EditMessage::new()
            .embed(self.embed())
            .components(self.rows())
            .allowed_mentions(CreateAllowedMentions::new())
    }

    fn embed(&self) -> CreateEmbed {
        CreateEmbed::new()
            .title(&self.title)
            .description(&self.lead)
            .fields(self.fields.iter().map(|(name, value)| (name, value, false)))
            .footer(CreateEmbedFooter::new(&self.footer))
            .colour(self.colour)
    }

    fn rows(&self) -> Vec<CreateActionRow> {
        let rows = self.buttons.chunks(MAX_BUTTONS);
        rows.map(|row| {
            let buttons = row
                .iter()
                .map(|(act, label, id)| CreateButton::new(id).label(label).style(style(*act)));
            CreateActionRow::Buttons(buttons.collect())
        })
        .collect()
    }
}

/// By the state, an emergency by its own as long as it is open.
fn colour(shown: &Shown) -> u32 {
    match shown.standing {
        Standing::Active if shown.facts.emergency.is_some() => 0xe6_7e_22,
        Standing::Pending => 0xf1_c4_0f,
        Standing::Scheduled | Standing::Active => 0x2e_cc_71,
        Standing::Rejected | Standing::Revoked => 0xe7_4c_3c,
        Standing::Withdrawn | Standing::Expired | Standing::Ended | Standing::Returned => GREY,
    }
}

fn style(act: Act) -> ButtonStyle {
    match act {
        Act::Approve => ButtonStyle::Success,
        Act::Disapprove | Act::Revoke => ButtonStyle::Danger,
        Act::OtherTimes => ButtonStyle::Primary,
        Act::Details | Act::Withdraw => ButtonStyle::Secondary,
    }
}

/// The buttons with what is written on them: `labels` has a line for each act, its name first.
fn buttons(shown: &Shown, labels: &str, keys: &Keyring) -> Vec<(Act, String, String)> {
    let labels: BTreeMap<&str, &str> = labels
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .collect();
    let of = |act: &Act| {
        let button = Button {
            act: *act,
            request: shown.facts.request,
            step: shown.step.unwrap_or_default(),
            revision: shown.facts.revision,
        };
        let label = labels.get(act.as_str()).copied().unwrap_or(act.as_str());
        Some((*act, one_line(label, MAX_LABEL), button.write(keys)?))
    };
    shown.acts.iter().filter_map(of).collect()
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// One line of at most so many units.
fn one_line(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&text, most)
}

/// As many whole lines as there is room for, with a line `…` behind them where some were left out.
fn whole_lines(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for line in text.lines() {
        if units(&kept) + units(line) + 2 > most {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    if kept.is_empty() {
        return cut(text, most);
    }
    kept.push('…');
    kept
}

/// At most so many units, the last one `…` where something was left out.
fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = most.saturating_sub(1);
    for letter in text.chars() {
        match left.checked_sub(letter.len_utf16()) {
            Some(rest) => left = rest,
            None => break,
        }
        kept.push(letter);
    }
    // A backslash without what it protects would show itself.
    while kept.ends_with('\\') {
        kept.pop();
    }
    if most > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests;
