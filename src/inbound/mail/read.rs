//! The reading of one mail: the stages joined, nothing asked of anybody.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::sync::LazyLock;

use mail_parser::MessageParser;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::authenticate::{Sender, authenticate};
use super::bounce::bounce;
use super::bound::bound;
use super::dkim::Report;
use super::head::Head;
use super::presented::{contains, presented, redact};
use super::reply::{Said, reply};
use super::screen::{MAX_MAIL_BYTES, screen};
use super::{Open, Reading, ReplyStage, Rules, Stage, Verdict, shape};
use crate::command::{Command, Target};
use crate::inbound::{Bound, Proof, Speaker, Standing, Suspect, Unclear, Words};
use crate::token::Token;
use crate::workflow::request::Decision;

/// The verdicts of the screen under which a mail may be a report of a failed delivery.
const REPORTERS: [&str; 3] = ["bounce", "auto-reply", "robot"];
/// Longest Message-ID that is kept with the proof, in bytes.
const MAX_MESSAGE_ID_BYTES: usize = 250;

/// Reads one mail. Pure: the same bytes and rules give the same reading.
///
/// All three stages are always judged, so that an operator sees the whole; the first that stops the
/// mail says what becomes of it.
pub fn read(raw: &[u8], rules: &Rules) -> Reading {
    read_with(raw, rules, None)
}

/// The same with what our own check of its signatures found.
pub fn read_with(raw: &[u8], rules: &Rules, report: Option<&Report>) -> Reading {
    let head = Head::split(raw);
    let readable = raw.len() <= MAX_MAIL_BYTES && shape::fault(raw).is_none();
    let parsed = readable.then(|| parser().parse(raw)).flatten();
    let screen = screen(raw, &head, parsed.as_ref(), rules);
    let sender = authenticate(&head, rules, report);
    let tokens = presented(&head, rules);
    let said = match &parsed {
        Some(message) => reply(&head, message, rules),
        None => Err(Unclear {
            code: "not-read".to_owned(),
            sentence: "The mail was not read.".to_owned(),
            wrote: None,
            next: None,
            portuguese: None,
        }),
    };
    let said = said
        .map(|said| Said {
            comment: said.comment.map(|text| redact(text, &tokens)),
            window: said.window.map(|text| redact(text, &tokens)),
            ..said
        })
        .map_err(|unclear| Unclear {
            wrote: unclear.wrote.map(|text| redact(text, &tokens)),
            ..unclear
        });
    let bound = match &sender.from {
        Some(from) if sender.end.is_none() && sender.stage.verdict != "exempted" => {
            bound(&head, &from.domain, &tokens, rules)
        }
        _ => Bound::Yes,
    };
    let said = match bound {
        Bound::Subject(None) if !tokens.is_empty() => said.and_then(|_| Err(Unclear::unbound())),
        _ => said,
    };
    let reply = reply_stage(&said);
    let suspect = sender
        .end
        .filter(|_| matches!(screen.end, None | Some(Verdict::Alarm)) && !tokens.is_empty())
        .map(|end| Suspect {
            presented: tokens.iter().map(Token::hash).collect(),
            from: sender.from.as_ref().map(super::address::Address::full),
            standing: if end == Verdict::Alarm || screen.end.is_some() {
                Standing::Refused
            } else {
                Standing::Unproven
            },
            why: screen
                .end
                .map_or_else(|| sender.stage.why.clone(), |_| screen.stage.why.clone()),
        });
    // Who presents no token, or is no human, makes us ask nobody.
    let asks = sender.open && screen.end.is_none() && !tokens.is_empty();
    let open = sender.from.as_ref().filter(|_| asks);
    let open = open.map(|from| Open {
        from: from.full(),
        domain: from.domain.clone(),
        tokens: tokens.iter().map(Token::hash).collect(),
    });
    let stopped = screen
        .end
        .map(|end| (end, screen.stage.why.clone()))
        .or_else(|| sender.end.map(|end| (end, sender.stage.why.clone())));
    let (verdict, why, said) = match (stopped, &sender.from) {
        (Some((end, why)), _) => (end, why, None),
        (None, Some(from)) if !tokens.is_empty() => {
            let (verdict, why) = match &said {
                Ok(_) => (Verdict::Decision, "A human, proven, with a clear word."),
                Err(unclear) => (Verdict::Answer, unclear.sentence.as_str()),
            };
            let speaker = Speaker::Token {
                presented: tokens.iter().map(Token::hash).collect(),
                from: from.full(),
                bound,
                arrived: None,
            };
            let proof = proof(raw, &head, &sender, &tokens, rules);
            (verdict, why.to_owned(), Some((speaker, proof, words(said))))
        }
        (None, _) => {
            let why = "It presents no token: neither its recipient nor what it answers names one.";
            (Verdict::Silent, why.to_owned(), None)
        }
    };
    let bounce = parsed
        .as_ref()
        .filter(|_| REPORTERS.contains(&screen.stage.verdict.as_str()))
        .and_then(|message| bounce(raw, &head, message, rules));
    Reading {
        screen: screen.stage,
        sender: sender.stage,
        reply,
        verdict,
        why,
        open,
        suspect,
        said,
        bounce,
    }
}

/// The MIME parser: only what bodies need; identity is read by [`Head`].
pub fn parser() -> &'static MessageParser {
    static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
        MessageParser::new()
            .with_mime_headers()
            .default_header_ignore()
    });
    &PARSER
}

fn words(said: Result<Said, Unclear>) -> Words {
    match said {
        Ok(said) if said.revokes => Words::Said(Command::TakeBack {
            reason: said.comment,
        }),
        Ok(said) => Words::Said(Command::Vote {
            target: Target::Offered,
            decision: said.decision,
            comment: said.comment,
            window: said.window,
        }),
        Err(unclear) => Words::Unclear(unclear),
    }
}

fn reply_stage(said: &Result<Said, Unclear>) -> ReplyStage {
    match said {
        Ok(said) => {
            let (verdict, why) = match said.decision {
                Decision::Approve if said.window.is_some() => (
                    "approve",
                    "The first line is a word that approves, a line below it says for when.",
                ),
                Decision::Approve => ("approve", "The first line is a word that approves."),
                Decision::Disapprove => ("disapprove", "The first line disapproves."),
            };
            ReplyStage {
                verdict: verdict.to_owned(),
                why: why.to_owned(),
                comment: said.comment.clone(),
                window: said.window.clone(),
            }
        }
        Err(unclear) => ReplyStage {
            verdict: "none".to_owned(),
            why: format!("{} ({})", unclear.sentence, unclear.code),
            comment: None,
            window: None,
        },
    }
}

/// What the belief in the sender rests on; no token, no address, no text.
fn proof(raw: &[u8], head: &Head<'_>, sender: &Sender, tokens: &[Token], rules: &Rules) -> Proof {
    let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(raw));
    let message_id = head
        .first("Message-ID")
        .map(|field| field.value().into_owned())
        .filter(|id| id.len() <= MAX_MESSAGE_ID_BYTES && id.bytes().all(|b| b.is_ascii_graphic()))
        .filter(|id| !contains(id, tokens));
    let domain = sender.from.as_ref().map(|from| from.domain.clone());
    let authserv_id = match sender.method() {
        "authentication-results" => rules.authserv_id.clone(),
        _ => None,
    };
    let signature = sender.signature.as_ref();
    let signature = signature.map(|one| json!({ "d": one.domain, "s": one.selector }));
    // Their hashes, which is what the database knows them by.
    let tokens: Vec<String> = tokens
        .iter()
        .map(|token| data_encoding::HEXLOWER.encode(&token.hash().0))
        .collect();
    Proof {
        method: sender.method().to_owned(),
        details: json!({
            "sha256": sha256,
            "message_id": message_id,
            "from_domain": domain,
            "authserv_id": authserv_id,
            "dkim": signature,
            "tokens": tokens,
        }),
    }
}

impl Stage {
    /// A stage's verdict and one sentence.
    pub(super) fn new(verdict: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            verdict: verdict.into(),
            why: why.into(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
