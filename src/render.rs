//! Templates: facts to text, in the reader's zone and language.
//!
//! A kind of notice is a folder `templates/mail/<kind>/` with `subject.txt`, `body.txt` and `body.html`,
//! in English; another language is a folder inside it (`mail/ask/pt-BR/body.txt`), looked up by the
//! reader's whole tag, then by its language, then English, file by file ([`language`]). Times and lengths
//! are said in [`Tongue`]s, of which there are two. An operator's directory takes the place of the
//! built-in files of the same path. The texts of a chat stand in `templates/chat/` in the same way; what they
//! show is [`crate::outbound`]'s to say.
//!
//! What always holds: what a person typed cannot break out. Control and direction characters are
//! dropped; where lines matter, each line of theirs begins with `| `; HTML is escaped; a subject is one
//! line of at most [`MAX_SUBJECT_CHARS`]. No line of a text body is a decision word alone, so that our
//! own words quoted back are never an answer. A template that asks for what is not there is an error
//! that names its file and line, at the start and not when somebody waits for the mail: every template
//! is rendered from samples when it is loaded.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod human;
mod language;
mod page;
mod samples;
mod system;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use minijinja::{Environment, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;

use crate::config::locales::Locale;
use crate::workflow::ids::PersonId;
use crate::workflow::notice::digest::Digest;
use crate::workflow::notice::{Facts, Kind};

pub use human::{Tongue, instant, instant_in, length_in, window};
use language::{joined, languages, tag_of, within};
pub use page::{CodeFacts, Filled, Page, PageKind, Problem, Said, Sealed, ToConfirm};
pub use samples::{Sample, sample_digest, samples, system_samples};
pub use system::{SystemFacts, Taken, Waiting};
pub use view::{period, road};

/// The longest subject, in characters.
pub const MAX_SUBJECT_CHARS: usize = 150;
/// The folder of a digest's templates.
const DIGEST: &str = "digest";
/// Steps of the template machine for one file; a loop that does not end ends here.
const FUEL: u64 = 200_000;
/// The largest template file that is read, in bytes.
const MAX_TEMPLATE_BYTES: u64 = 256 * 1024;
/// The deepest folder below the operator's directory that is looked at.
const MAX_DEPTH: usize = 5;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct BuiltIn;

/// Who reads, and how they can answer.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Their short name: some mails speak to the requester otherwise than to others.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// IANA name of their zone; an unknown one reads as UTC.
    pub zone: String,
    /// Their language.
    pub locale: String,
    /// Where their reply goes; absent: replies are not offered.
    pub reply: Option<Reply>,
    /// The page on which they can decide; absent: none is offered.
    pub link: Option<String>,
}

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The address with the token in it.
    pub address: String,
}

/// One mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Why a template cannot be used; the operator mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The directory or a file in it cannot be read.
    #[error("template `{}` cannot be read: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A template is wrong.
    #[error("template {file}, line {line}: {why}")]
    Wrong {
        /// The file: a path, or `templates/…` for a built-in one.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

/// All templates, checked.
#[derive(Debug)]
pub struct Renderer {
    env: Environment<'static>,
    /// The operator's files, by template name.
    own: BTreeMap<String, PathBuf>,
    /// Words that approve where replies are read, upper case.
    approve_words: BTreeSet<String>,
}

impl Renderer {
    /// Loads the built-in templates and the operator's over them, and renders every sample once.
    ///
    /// # Panics
    ///
    /// Never: the delimiters of the templates are left as they are.
    pub fn new(directory: Option<&Path>) -> Result<Self, TemplateError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.add_global("chat", false);
        env.set_syntax(
            minijinja::syntax::SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .expect("only whitespace is changed"),
        );
        let mut renderer = Self {
            env,
            own: BTreeMap::new(),
            approve_words: BTreeSet::new(),
        };
        let mut sources = BTreeMap::new();
        for name in BuiltIn::iter() {
            if let Some(file) = BuiltIn::get(&name) {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                sources.insert(name.into_owned(), text);
            }
        }
        if let Some(directory) = directory {
            renderer.read_own(directory, directory, &mut sources, 0)?;
        }
        let names: BTreeSet<String> = sources.keys().cloned().collect();
        renderer
            .env
            .set_path_join_callback(move |name, parent| joined(name, parent, &names));
        for (name, source) in sources {
            renderer
                .env
                .add_template_owned(name.clone(), source)
                .map_err(|error| renderer.wrong(&name, &error))?;
        }
        renderer.check_pages()?;
        for locale in renderer.languages() {
            renderer.try_samples(&locale)?;
        }
        Ok(renderer)
    }

    /// The languages that there are templates in.
    pub fn languages(&self) -> BTreeSet<String> {
        let names = self.env.templates().map(|(name, _)| name);
        let tags = names.filter_map(tag_of).chain(["en"]);
        tags.map(str::to_owned).collect()
    }

    /// Renders every sample for a reader of this language.
    fn try_samples(&self, locale: &str) -> Result<(), TemplateError> {
        let to = |reader: Reader| Reader {
            locale: locale.to_owned(),
            ..reader
        };
        for sample in samples() {
            self.mail(sample.kind, &sample.facts, &to(sample.reader))?;
        }
        let (digest, reader) = sample_digest();
        let reader = to(reader);
        self.digest(&digest, &reader)?;
        for (_, facts) in system_samples() {
            self.system(&facts, Some("abcd-efgh-ijkl"), &reader)?;
        }
        Ok(())
    }

    fn read_own(
        &mut self,
        root: &Path,
        directory: &Path,
        sources: &mut BTreeMap<String, String>,
        depth: usize,
    ) -> Result<(), TemplateError> {
        let unreadable = |path: &Path, why: String| TemplateError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let entries = std::fs::read_dir(directory)
            .map_err(|error| unreadable(directory, error.to_string()))?;
        for entry in entries {
            let path = entry
                .map_err(|error| unreadable(directory, error.to_string()))?
                .path();
            let about =
                std::fs::metadata(&path).map_err(|error| unreadable(&path, error.to_string()))?;
            if about.is_dir() {
                if depth < MAX_DEPTH {
                    self.read_own(root, &path, sources, depth + 1)?;
                }
                continue;
            }
            let known = path.extension().is_some_and(|e| e == "txt" || e == "html");
            let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else {
                continue;
            };
            if !known {
                continue;
            }
            if about.len() > MAX_TEMPLATE_BYTES {
                let why = format!("it is larger than {MAX_TEMPLATE_BYTES} bytes");
                return Err(unreadable(&path, why));
            }
            let text = std::fs::read_to_string(&path)
                .map_err(|error| unreadable(&path, error.to_string()))?;
            sources.insert(name.to_owned(), text);
            self.own.insert(name.to_owned(), path);
        }
        Ok(())
    }

    /// The same, whose mails name a reader's own words beside the English ones, where these approve.
    #[must_use]
    pub fn with_words(mut self, approve_words: &BTreeSet<String>) -> Self {
        self.approve_words.clone_from(approve_words);
        self
    }

    /// The same; where there is a chat, mails name the ways that it has beside those of the command line.
    #[must_use]
    pub fn with_chat(mut self, chat: bool) -> Self {
        self.env.add_global("chat", chat);
        self
    }

    /// The language of a reader whose own words decide.
    fn deciding(&self, reader: &Reader) -> Option<&'static Locale> {
        let counts = |word: &&str| self.approve_words.contains(*word);
        Locale::of(&reader.locale)
            .filter(|locale| locale.tag != "en" && locale.approve.first().is_some_and(counts))
    }

    /// The mail of one kind for one reader.
    pub fn mail(
        &self,
        kind: Kind,
        facts: &Facts,
        reader: &Reader,
    ) -> Result<Rendered, TemplateError> {
        let words = view::words(kind, facts, reader).saying(self.deciding(reader));
        let (kind, locale) = (kind.as_str(), reader.locale.as_str());
        let subject = self.subject(kind, locale, &words)?;
        // The prefilled reply carries the subject, which is known only now.
        let words = words.with_links(&subject, reader.reply.as_ref());
        Ok(Rendered {
            subject,
            text: squeeze(&self.file(kind, locale, "body.txt", &words)?),
            html: self.file(kind, locale, "body.html", &words)?,
        })
    }

    /// The mail of a digest.
    pub fn digest(&self, digest: &Digest, reader: &Reader) -> Result<Rendered, TemplateError> {
        let words = view::DigestWords::of(digest, reader);
        let locale = reader.locale.as_str();
        Ok(Rendered {
            subject: self.subject(DIGEST, locale, &words)?,
            text: squeeze(&self.file(DIGEST, locale, "body.txt", &words)?),
            html: self.file(DIGEST, locale, "body.html", &words)?,
        })
    }

    fn subject(
        &self,
        kind: &str,
        locale: &str,
        words: &impl Serialize,
    ) -> Result<String, TemplateError> {
        let subject = self.file(kind, locale, "subject.txt", words)?;
        Ok(human::cut(&human::one_line(&subject), MAX_SUBJECT_CHARS))
    }

    fn file(
        &self,
        kind: &str,
        locale: &str,
        file: &str,
        words: &impl Serialize,
    ) -> Result<String, TemplateError> {
        self.text(&format!("mail/{kind}/{file}"), locale, words)
    }

    /// A text of a chat: the file `templates/chat/<name>` in a language, without empty lines at its ends.
    pub fn chat(
        &self,
        name: &str,
        locale: &str,
        words: &impl Serialize,
    ) -> Result<String, TemplateError> {
        let text = self.text(&format!("chat/{name}"), locale, words)?;
        Ok(squeeze(&text).trim().to_owned())
    }

    /// A file in the reader's language, else in English.
    fn text(
        &self,
        name: &str,
        locale: &str,
        words: &impl Serialize,
    ) -> Result<String, TemplateError> {
        let template = languages(locale)
            .iter()
            .find_map(|tag| self.env.get_template(&within(name, tag)).ok());
        let template = match template {
            Some(template) => template,
            None => self
                .env
                .get_template(name)
                .map_err(|error| self.wrong(name, &error))?,
        };
        template
            .render(minijinja::value::Serde(words))
            .map_err(|error| self.wrong(name, &error))
    }

    fn wrong(&self, name: &str, error: &minijinja::Error) -> TemplateError {
        // An error inside an included file is wrapped; the innermost names the place to mend.
        let mut innermost = error;
        while let Some(source) = std::error::Error::source(innermost)
            .and_then(<dyn std::error::Error>::downcast_ref::<minijinja::Error>)
        {
            innermost = source;
        }
        let name = innermost.name().unwrap_or(name);
        let file = match self.own.get(name) {
            Some(path) => format!("`{}`", path.display()),
            None => format!("`templates/{name}`"),
        };
        let what = innermost.detail().map_or_else(
            || innermost.kind().to_string(),
            |detail| format!("{}: {detail}", innermost.kind()),
        );
        TemplateError::Wrong {
            file,
            line: innermost.line().unwrap_or(1),
            why: what,
        }
    }
}

/// At most one empty line at a time and none at the ends; what a template left out leaves no hole.
fn squeeze(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines.push("");
    lines.join("\n")
}
