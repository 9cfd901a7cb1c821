//! Whether a domain that signed may speak for the From domain (DMARC, RFC 9989).
//!
//! `strict`: it is the From domain. `relaxed`: or both lie in one organisation, which is believed only
//! where the longest name that both have in common publishes a DMARC record and does not say that it is a
//! public suffix (`psd=y`), where no name between it and either of them, these two included, says that an
//! organisation of its own begins there (`psd=n`) or just below (`psd=y`), and where the policy that is in
//! force for the From domain does not demand strict alignment itself. That is narrower than the standard's
//! walk up the tree, never wider; no list of public suffixes has to be kept current for it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::tags::list;
use super::{Answer, Answers, Stop};
use crate::config::proof::Alignment as Wanted;

/// The most names between the one in common and either domain: with it, as many as the standard's walk asks.
const MAX_BETWEEN: usize = 7;

/// How a signing domain stands to the From domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Alignment {
    /// They are the same.
    Same,
    /// They have a name in common.
    Common {
        /// The longest one.
        name: String,
        /// The names below it, as far as the two domains themselves.
        below: Vec<String>,
    },
}

impl Alignment {
    pub(super) fn of(domain: &str, from: &str, wanted: Wanted) -> Result<Self, Stop> {
        if domain == from {
            return Ok(Self::Same);
        }
        let another = || {
            let why = format!("{domain} signed it, which is not the From domain.");
            Stop::no("another-domain", why)
        };
        if wanted == Wanted::Strict {
            return Err(another());
        }
        let common = domain.rsplit('.').zip(from.rsplit('.'));
        let common = common.take_while(|(one, other)| one == other).count();
        let name = last(from, common);
        if common < 2 {
            return Err(another());
        }
        let mut below = Vec::new();
        for end in [from, domain] {
            let labels = end.split('.').count();
            if labels.saturating_sub(common) > MAX_BETWEEN {
                return Err(another());
            }
            below.extend((common..labels).map(|labels| last(end, labels + 1)));
        }
        Ok(Self::Common { name, below })
    }

    /// The names that have to be asked for.
    pub(super) fn asks(&self) -> Vec<String> {
        match self {
            Self::Same => Vec::new(),
            Self::Common { name, below } => {
                let names = std::iter::once(name).chain(below);
                names.map(|name| policy_name(name)).collect()
            }
        }
    }

    /// Whether the policies allow it.
    pub(super) fn allowed(&self, answers: &Answers, from: &str) -> Result<(), Stop> {
        let Self::Common { name, below } = self else {
            return Ok(());
        };
        let no = |why: String| Stop::no("another-domain", why);
        let Some(upper) = policy(answers, name)? else {
            return Err(no(format!(
                "{name} has no DMARC record that makes it one organisation."
            )));
        };
        if upper.public_suffix {
            return Err(no(format!("{name} is a public suffix by its own word.")));
        }
        for lower in below {
            let policy = policy(answers, lower)?;
            if policy.is_some_and(|policy| policy.organisation || policy.public_suffix) {
                return Err(no(format!(
                    "{lower} is not of the same organisation as {name}, by its DMARC record."
                )));
            }
        }
        if policy(answers, from)?.as_ref().unwrap_or(&upper).strict {
            return Err(no(format!(
                "{from} speaks for itself only, by its DMARC record."
            )));
        }
        Ok(())
    }
}

/// The last so many labels of a name.
fn last(name: &str, labels: usize) -> String {
    let skip = name.split('.').count().saturating_sub(labels);
    let kept: Vec<&str> = name.split('.').skip(skip).collect();
    kept.join(".")
}

/// What a DMARC record says of alignment.
struct Policy {
    /// `adkim=s`.
    strict: bool,
    /// `psd=y`.
    public_suffix: bool,
    /// `psd=n`: it is an organisation of its own.
    organisation: bool,
}

fn policy_name(domain: &str) -> String {
    format!("_dmarc.{domain}")
}

/// The policy record of a domain, if it has exactly one that parses.
fn policy(answers: &Answers, domain: &str) -> Result<Option<Policy>, Stop> {
    let texts = match answers.get(&policy_name(domain)) {
        Some(Answer::Texts(texts)) => texts,
        Some(Answer::Nothing) | None => return Ok(None),
        Some(Answer::Failed(why)) => {
            let why = format!("The DMARC record of {domain} could not be fetched: {why}.");
            return Err(Stop::Later(why));
        }
    };
    let mut records = texts.iter().filter_map(|text| record(text));
    let first = records.next();
    Ok(first.filter(|_| records.next().is_none()))
}

fn record(text: &[u8]) -> Option<Policy> {
    let tags = list(std::str::from_utf8(text).ok()?)?;
    let tag = |name: &str| tags.iter().find(|(tag, _)| *tag == name).map(|(_, v)| *v);
    (tags.first()? == &("v", "DMARC1")).then(|| Policy {
        strict: tag("adkim").is_some_and(|mode| mode.eq_ignore_ascii_case("s")),
        public_suffix: tag("psd").is_some_and(|flag| flag.eq_ignore_ascii_case("y")),
        organisation: tag("psd").is_some_and(|flag| flag.eq_ignore_ascii_case("n")),
    })
}
