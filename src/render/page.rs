//! The pages behind the link, and the mail with the code: the same machinery as the mails, in one file of
//! words per language (`templates/web/words.html`, `templates/web/pt-BR/words.html`).
//!
//! Every page is rendered from samples when the templates are loaded, in every language that there is.

mod every;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::human::{Say, Tongue, cut, lines, one_line};
use super::samples::samples;
use super::view::{self, Words, past, short};
use super::{MAX_SUBJECT_CHARS, Reader, Rendered, Renderer, TemplateError, languages, squeeze};
use crate::workflow::ids::RequestId;
use crate::workflow::notice::{Facts, Kind};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Decision;
use every::page_samples;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// The request, and the form where something can be decided.
    Decide,
    /// What is about to be decided, said back.
    Confirm,
    /// One sentence, and what next.
    Notice,
}

/// What a page shows beside the request's facts.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a template asks about"
)]
pub struct Page {
    /// The path of the style sheet.
    pub style: String,
    /// The path of the link; empty where there is none to lead back to.
    pub path: String,
    /// The form; absent: nothing can be sent.
    pub form: Option<Sealed>,
    /// Whether the reader may approve.
    pub approve: bool,
    /// Whether the reader may disapprove.
    pub disapprove: bool,
    /// Why not, where one or both is not possible.
    pub closed: Option<Said>,
    /// Why what was just sent did nothing.
    pub refused: Option<Said>,
    /// What is wrong with what was just filled in.
    pub problem: Option<Problem>,
    /// What was just filled in.
    pub filled: Filled,
    /// The reader's zone.
    pub zone: String,
    /// Names of others who may decide the current step.
    pub others: Vec<String>,
    /// How many more there are.
    pub more_others: usize,
    /// Whether the reader's vote waits for a confirmation by mail (W30).
    pub held: bool,
    /// Whether the reader's vote was given by link, so that a mail confirms it (W31).
    pub by_link: bool,
    /// What is to be confirmed.
    pub draft: Option<ToConfirm>,
    /// Which sentence, of a [`PageKind::Notice`].
    pub notice: &'static str,
    /// The template of words; chosen when the page is rendered.
    pub words: String,
    /// The language of what the program itself says; set when the page is rendered.
    pub own: &'static str,
}

/// What shows that a form is ours.
#[derive(Debug, Clone, Serialize)]
pub struct Sealed {
    /// Its number.
    pub number: String,
    /// Its seal.
    pub seal: String,
}

/// A refusal in words.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    /// Its stable name.
    pub code: String,
    /// What happened.
    pub sentence: String,
    /// What next.
    pub next: String,
    /// In which language both are.
    pub lang: &'static str,
}

/// What is wrong with a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its stable name; the templates have the words.
    pub code: &'static str,
    /// What was not understood of a text, one sentence.
    pub said: Option<String>,
    /// How many tries are left.
    pub left: Option<i32>,
}

/// The fields as they were filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// `approve`, `approve_other` or `disapprove`.
    pub decision: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub to: String,
    /// For how long.
    pub length: String,
    /// The comment.
    pub comment: String,
}

/// A decision, said back before it counts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ToConfirm {
    /// `approved` or `disapproved`.
    pub decision: &'static str,
    /// The comment, line by line.
    pub comment: Vec<String>,
    /// The window that it sets, as it was understood.
    pub sets: Option<String>,
    /// Whether that reaches beyond the present one (W16).
    pub reaches: bool,
    /// Where the code was mailed to, most of it hidden; absent: no code is asked for.
    pub address: Option<String>,
    /// Until when it is taken.
    pub until: String,
}

/// What the mail with a code shows.
#[derive(Debug, Clone, Copy)]
pub struct CodeFacts<'a> {
    /// The code.
    pub code: &'a str,
    /// The request.
    pub request: RequestId,
    /// What it asks for.
    pub thing: &'a str,
    /// What is to be said about it.
    pub decision: Decision,
    /// Until when the code is taken.
    pub until: Timestamp,
}

#[derive(Serialize)]
struct Context<'a> {
    r: Option<Words>,
    p: &'a Page,
}

#[derive(Serialize)]
struct CodeContext {
    c: CodeWords,
}

#[derive(Serialize)]
struct CodeWords {
    reader: String,
    code: String,
    request: String,
    thing: String,
    decision: &'static str,
    until: String,
}

impl Said {
    /// A refusal in the reader's language, as far as it is known in it.
    pub fn of(refusal: &Refusal, zone: &TimeZone, locale: &str) -> Self {
        let known = match Tongue::of(locale) {
            Tongue::Portuguese => refusal.in_portuguese(zone),
            Tongue::English => None,
        };
        let lang = if known.is_some() { "pt-BR" } else { "en" };
        let (sentence, next) = known.unwrap_or_else(|| (refusal.sentence(zone), refusal.next()));
        Self {
            code: refusal.code().to_owned(),
            sentence,
            next,
            lang,
        }
    }
}

impl ToConfirm {
    /// A decision with its comment; `address` where a code is asked for.
    pub fn new(decision: Decision, comment: Option<&str>, address: Option<&str>) -> Self {
        Self {
            decision: past(decision),
            comment: comment.map(lines).unwrap_or_default(),
            address: address.map(hidden),
            ..Self::default()
        }
    }
}

impl PageKind {
    fn file(self) -> &'static str {
        match self {
            Self::Decide => "web/decide.html",
            Self::Confirm => "web/confirm.html",
            Self::Notice => "web/notice.html",
        }
    }
}

impl Renderer {
    /// A page in the reader's language, about a request as its reader sees it; `Err` names the template.
    pub fn page(
        &self,
        kind: PageKind,
        locale: &str,
        about: Option<(&Facts, &Reader)>,
        page: Page,
    ) -> Result<String, TemplateError> {
        let words = self.localized("web", locale, "words.html");
        let own = Tongue::of(locale).tag();
        let page = Page { words, own, ..page };
        let context = Context {
            r: about.map(|(facts, reader)| view::words(Kind::Ask, facts, reader)),
            p: &page,
        };
        self.whole(kind.file(), &context)
    }

    /// The mail with the code that proves a browser.
    pub fn code(&self, facts: &CodeFacts<'_>, reader: &Reader) -> Result<Rendered, TemplateError> {
        let context = CodeContext {
            c: CodeWords {
                reader: short(&reader.name),
                code: facts.code.to_owned(),
                request: facts.request.to_string(),
                thing: short(facts.thing),
                decision: past(facts.decision),
                until: Say::to(reader).instant(facts.until),
            },
        };
        let file = |name| self.whole(&self.localized("web/code", &reader.locale, name), &context);
        Ok(Rendered {
            subject: cut(&one_line(&file("subject.txt")?), MAX_SUBJECT_CHARS),
            text: squeeze(&file("body.txt")?),
            html: file("body.html")?,
        })
    }

    /// The name of a file in the reader's language, or in English.
    fn localized(&self, folder: &str, locale: &str, file: &str) -> String {
        languages(locale)
            .into_iter()
            .map(|tag| format!("{folder}/{tag}/{file}"))
            .find(|name| self.env.get_template(name).is_ok())
            .unwrap_or_else(|| format!("{folder}/{file}"))
    }

    fn whole(&self, name: &str, context: impl Serialize) -> Result<String, TemplateError> {
        let template = self.env.get_template(name);
        let text = template.and_then(|t| t.render(minijinja::value::Serde(context)));
        text.map_err(|error| self.wrong(name, &error))
    }

    /// Renders every page once, in every language that there are words for.
    pub(super) fn check_pages(&self) -> Result<(), TemplateError> {
        let words: Vec<String> = self
            .env
            .templates()
            .map(|(name, _)| name.to_owned())
            .filter(|name| name.starts_with("web/") && name.ends_with("/words.html"))
            .collect();
        let tags = words.iter().filter_map(|name| name.split('/').nth(1));
        for locale in tags.filter(|tag| *tag != "words.html").chain(["en"]) {
            for (kind, about, page) in page_samples() {
                let about = about.as_ref().map(|(facts, reader)| (facts, reader));
                self.page(kind, locale, about, page)?;
            }
            for sample in samples().into_iter().take(1) {
                let reader = Reader {
                    locale: locale.to_owned(),
                    ..sample.reader
                };
                let facts = CodeFacts {
                    code: "12345678",
                    request: sample.facts.request,
                    thing: "prod-db-1",
                    decision: Decision::Approve,
                    until: sample.facts.pending_until,
                };
                self.code(&facts, &reader)?;
            }
        }
        Ok(())
    }
}

/// `a…@example.test`: enough to know which mailbox to look into.
fn hidden(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}
