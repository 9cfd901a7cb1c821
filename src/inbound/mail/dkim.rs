//! Our own check of the From domain: DKIM over the bytes as they lie in the mailbox, and its alignment
//! with From as DMARC has it (RFC 6376, RFC 9989).
//!
//! ```text
//! check(bytes, rules, no answers) ──▶ Report { asks } ──▶ resolver ──▶ answers
//! check(bytes, rules, answers)    ──▶ Report: signature by signature, verdict and reason
//! ```
//!
//! What always holds: it is a function of its arguments, the DNS answers and the instant among them; a
//! name is asked for only where everything else about the signature is in order, and only below the From
//! domain (or, where relaxed alignment is allowed, below a domain that has its last two labels or more in
//! common with it), so that nobody makes us ask about a third party; `pass` means that the key of that
//! domain signed the one From field, the whole body, and how the body is to be read ([`covered`]).
//! What a DMARC record asks for on failure is irrelevant to a yes, and not looked at.
//!
//! What is *not* promised: SPF, which needs the address of the client that only the receiving server saw;
//! ARC; that a field which the signature does not cover was not changed on the way (the token stands in
//! such a field and is its own proof); that a domain signs only for the person in From.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

pub mod aligned;
pub mod covered;
pub mod key;
pub mod tags;

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::LazyLock;

use futures::FutureExt as _;
use jiff::Timestamp;
use mail_auth::common::crypto::HashAlgorithm;
use mail_auth::dkim::Canonicalization;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
};
use serde::{Deserialize, Serialize};

use super::head::{Field, Head};
use crate::config::proof::Dkim as Rules;
use aligned::Alignment;
use key::Key;
use tags::Signature;

type Signed<'x> = mail_auth::common::headers::Header<'x, mail_auth::dkim::Signature>;

/// The most signatures of one mail that are looked at, the top-most ones; honest mails carry one to three.
pub const MAX_SIGNATURES: usize = 8;

/// What DNS says of the TXT records of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These, each with its strings put together.
    Texts(Vec<Vec<u8>>),
    /// There is none.
    Nothing,
    /// It could not be learnt now; why.
    Failed(String),
}

/// Answers by name, lower case, without a dot at the end.
pub type Answers = BTreeMap<String, Answer>;

/// What became of one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// `d=`; empty where the field does not parse.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// A stable word; `pass` alone proves.
    pub verdict: String,
    /// One sentence.
    pub why: String,
}

/// What the check of one mail came to; stored with the mail, so that it is made once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The signatures, top-most first.
    pub signatures: Vec<Checked>,
    /// Names that have to be asked for before this is final.
    #[serde(skip)]
    pub asks: Vec<String>,
}

impl Report {
    /// The signature that proves the From domain.
    pub fn pass(&self) -> Option<&Checked> {
        self.signatures.iter().find(|one| one.verdict == "pass")
    }

    /// A signature that may yet prove it: DNS did not answer.
    pub fn later(&self) -> Option<&Checked> {
        self.signatures.iter().find(|one| one.verdict == "later")
    }
}

/// What stands in the way of one signature.
#[derive(Debug)]
pub(super) enum Stop {
    /// It proves nothing: a word and a sentence.
    No(&'static str, String),
    /// It cannot be judged yet: these names have to be asked for.
    Ask(Vec<String>),
    /// DNS did not answer.
    Later(String),
}

impl Stop {
    fn no(verdict: &'static str, why: impl Into<String>) -> Self {
        Self::No(verdict, why.into())
    }
}

/// What the check of one mail rests on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The mail's bytes.
    pub raw: &'a [u8],
    /// Its header block.
    pub head: &'a Head<'a>,
    /// The domain of its one From address, lower case.
    pub from: &'a str,
    /// What is accepted.
    pub rules: &'a Rules,
    /// What DNS said.
    pub answers: &'a Answers,
    /// The instant of the check.
    pub now: Timestamp,
}

/// Checks every signature of a mail; never asks the network.
pub fn check(case: &Case<'_>) -> Report {
    let mut report = Report::default();
    let mut message = Message::parse(case);
    for (place, field) in case.head.all("DKIM-Signature").enumerate() {
        if place == MAX_SIGNATURES {
            report.signatures.push(Checked {
                domain: String::new(),
                selector: String::new(),
                verdict: "too-many".to_owned(),
                why: format!("Signatures beyond the first {MAX_SIGNATURES} are not looked at."),
            });
            break;
        }
        let (signature, ended) = match tags::read(&field.value()) {
            Ok(signature) => {
                let ended = case.one(field, &signature, message.as_mut());
                (Some(signature), ended)
            }
            Err(stop) => (None, Err(stop)),
        };
        let (verdict, why) = match ended {
            Ok(why) => ("pass", why),
            Err(Stop::No(verdict, why)) => (verdict, why),
            Err(Stop::Later(why)) => ("later", why),
            Err(Stop::Ask(names)) => {
                report.asks.extend(names);
                ("later", "Its key has not been asked for.".to_owned())
            }
        };
        let (domain, selector) =
            signature.map_or_else(Default::default, |s| (s.domain, s.selector));
        report.signatures.push(Checked {
            domain,
            selector,
            verdict: verdict.to_owned(),
            why,
        });
    }
    report
}

impl Case<'_> {
    /// Why one signature proves the From domain, or what stands in the way. What costs nothing is asked
    /// first, what asks the network last.
    fn one(
        &self,
        field: &Field<'_>,
        signature: &Signature,
        message: Option<&mut Message<'_>>,
    ) -> Result<String, Stop> {
        self.in_time(signature)?;
        let alignment = Alignment::of(&signature.domain, self.from, self.rules.alignment)?;
        let message = message
            .ok_or_else(|| Stop::no("malformed", "Its header block can be read in two ways."))?;
        covered::covered(self.head, message.whole.raw_body(), signature)?;
        message.show_only(field)?;
        let name = format!("{}._domainkey.{}", signature.selector, signature.domain);
        let mut asks = alignment.asks();
        asks.push(name.clone());
        asks.retain(|name| !self.answers.contains_key(name));
        if !asks.is_empty() {
            return Err(Stop::Ask(asks));
        }
        let key = key::read(
            self.answers.get(&name),
            signature,
            self.rules.least_rsa_bits,
        )?;
        let what = key.what.clone();
        verify(&message.whole, &name, key)?;
        alignment.allowed(self.answers, self.from)?;
        Ok(format!(
            "{} signed it with its key `{}` ({what}).",
            signature.domain, signature.selector
        ))
    }

    fn in_time(&self, signature: &Signature) -> Result<(), Stop> {
        let now = u64::try_from(self.now.as_second()).unwrap_or(0);
        match (signature.made, signature.expires) {
            (_, Some(expires)) if expires <= now => {
                Err(Stop::no("expired", "The signature is over (x=)."))
            }
            (Some(made), Some(expires)) if expires <= made => Err(Stop::no(
                "expired",
                "The signature ends before it begins (t=, x=).",
            )),
            _ => Ok(()),
        }
    }
}

/// A mail as the verifier reads it, its signatures set aside.
struct Message<'x> {
    whole: AuthenticatedMessage<'x>,
    signatures: Vec<Signed<'x>>,
}

impl<'x> Message<'x> {
    /// `None` where the verifier sees other fields than we do: then neither is believed.
    fn parse(case: &Case<'x>) -> Option<Self> {
        let mut whole = AuthenticatedMessage::parse(case.raw)?;
        let ours = case.head.fields.iter();
        let ours = ours.map(|field| (field.name.as_bytes(), field.raw));
        if !whole.raw_parsed_headers().iter().copied().eq(ours) {
            return None;
        }
        whole.errors.clear();
        let signatures = std::mem::take(&mut whole.dkim_headers);
        Some(Self { whole, signatures })
    }

    /// Leaves this signature alone in the message, its body hash compared. `x=` has been judged by the
    /// clock that was handed in; what would ask for further names is taken out.
    fn show_only(&mut self, field: &Field<'_>) -> Result<(), Stop> {
        let place = self
            .signatures
            .iter()
            .position(|header| header.value == field.raw)
            .ok_or_else(|| Stop::no("malformed", "The signature does not parse."))?;
        let mut shown = self.signatures.swap_remove(place);
        let signature = &mut shown.header;
        let hash = HashAlgorithm::from(signature.a);
        let same = |found: &&(Canonicalization, HashAlgorithm, u64, Vec<u8>)| {
            found.0 == signature.cb && found.1 == hash && found.2 == signature.l
        };
        let body = self.whole.body_hashes.iter().find(same);
        if body.is_none_or(|body| body.3 != signature.bh) {
            return Err(Stop::no(
                "body-changed",
                "The body is not the one that was signed.",
            ));
        }
        signature.x = 0;
        signature.r = false;
        signature.atps = None;
        self.whole.dkim_headers = vec![shown];
        Ok(())
    }
}

/// Verifies the one signature in the message with this key.
fn verify(message: &AuthenticatedMessage<'_>, name: &str, key: Key) -> Result<(), Stop> {
    /// Never asked: every name that it could ask for is in the cache.
    static NOBODY: LazyLock<Option<MessageAuthenticator>> = LazyLock::new(|| {
        MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).ok()
    });
    let cannot = || Stop::no("malformed", "The signature cannot be verified.");
    let verifier = NOBODY.as_ref().ok_or_else(cannot)?;
    let cache = Known {
        name: format!("{name}."),
        key: Txt::DomainKey(key.parsed),
    };
    let outputs = verifier
        .verify_dkim(Parameters::new(message).with_txt_cache(&cache))
        .now_or_never()
        .ok_or_else(cannot)?;
    let [output] = outputs.as_slice() else {
        return Err(cannot());
    };
    match output.result() {
        DkimResult::Pass => Ok(()),
        DkimResult::Neutral(_) => Err(Stop::no(
            "body-changed",
            "The body is not the one that was signed.",
        )),
        _ => Err(Stop::no(
            "bad-signature",
            "The signature is not of this key over these fields.",
        )),
    }
}

/// The one key that the verifier may look up.
struct Known {
    name: String,
    key: Txt,
}

impl ResolverCache<Box<str>, Txt> for Known {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let known: Box<str> = self.name.as_str().into();
        Some(if known.borrow() == name {
            self.key.clone()
        } else {
            Txt::Error(mail_auth::Error::NotAligned)
        })
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

#[cfg(test)]
mod tests;
