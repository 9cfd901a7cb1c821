//! Is it a human's mail, and one that can be read at all?
//!
//! Whatever stops here is stored with its reason and never answered: an answer to a machine is how
//! two machines begin to talk. The rules are about headers and structure; subjects are not looked
//! at, because people write "Automatic reply" too.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use mail_parser::{Message, MimeHeaders};

use super::address::Address;
use super::head::{Fault, Head};
use super::presented::{is_ask_id, is_own_message_id};
use super::{Rules, Stage, Verdict, shape};

/// Largest mail that is read, in bytes. A reply with a company's logo under it is far smaller.
pub const MAX_MAIL_BYTES: usize = 8 * 1024 * 1024;
/// What the screen found.
#[derive(Debug, Clone)]
pub struct Screen {
    /// The stage's verdict.
    pub stage: Stage,
    /// How the mail ends here; `None` if it is a human's.
    pub end: Option<Verdict>,
}

impl Screen {
    fn stop(verdict: &str, why: &str) -> Self {
        let end = match verdict {
            "control-bytes" => Verdict::Alarm,
            _ => Verdict::Silent,
        };
        Self {
            stage: Stage::new(verdict, why),
            end: Some(end),
        }
    }
}

/// Screens a mail. `parsed` is absent where the mail is too large or too deep to be parsed.
pub fn screen(raw: &[u8], head: &Head<'_>, parsed: Option<&Message<'_>>, rules: &Rules) -> Screen {
    let stop = unreadable(raw, head, parsed)
        .or_else(|| own(head, rules))
        .or_else(|| report(head, parsed))
        .or_else(|| automatic(head))
        .or_else(|| suppressed(head, rules))
        .or_else(|| list(head))
        .or_else(|| robot(head));
    match stop {
        Some((verdict, why)) => Screen::stop(verdict, why),
        None => Screen {
            stage: Stage::new("human", "Nothing marks it as automatic."),
            end: None,
        },
    }
}

type Stop = Option<(&'static str, &'static str)>;

fn unreadable(raw: &[u8], head: &Head<'_>, parsed: Option<&Message<'_>>) -> Stop {
    match head.fault {
        Some(Fault::ControlBytes) => {
            return Some((
                "control-bytes",
                "The header block holds a NUL, or a CR or LF that stands alone.",
            ));
        }
        Some(Fault::NotAField) => {
            return Some(("malformed", "A line of the header block is no field."));
        }
        Some(Fault::LongLine) => {
            return Some((
                "malformed",
                "A line of the header block is longer than 998 bytes.",
            ));
        }
        Some(Fault::TooLong) => {
            return Some(("malformed", "The header block is too long."));
        }
        None => {}
    }
    if raw.len() > MAX_MAIL_BYTES {
        return Some(("oversize", "The mail is larger than what is read."));
    }
    match parsed {
        _ if head.fields.is_empty() => Some(("malformed", "The mail has no header fields.")),
        Some(_) => None,
        None => {
            let why = shape::fault(raw).unwrap_or("The mail could not be parsed.");
            Some(("too-complex", why))
        }
    }
}

/// One of our own mails, looped back.
fn own(head: &Head<'_>, rules: &Rules) -> Stop {
    let own_id = head
        .first("Message-ID")
        .is_some_and(|id| is_ask_id(&id.value(), rules));
    if head.has("X-Countersign-Loop") || own_id {
        return Some(("own", "It is one of our own mails, come back."));
    }
    let from = head.first("From").and_then(|f| Address::only(&f.value()))?;
    let (local, domain) = rules.reply_to.rsplit_once('@')?;
    // With or without a tag: nobody writes from the address that replies go to.
    let untagged = from.local.split('+').next().unwrap_or_default();
    let is_reply_to =
        untagged.eq_ignore_ascii_case(local) && from.domain.eq_ignore_ascii_case(domain);
    let is_own = is_reply_to || from.full().eq_ignore_ascii_case(&rules.own_address);
    is_own.then_some(("own", "It comes from our own address."))
}

/// Bounces, receipts, feedback and calendar answers.
fn report(head: &Head<'_>, parsed: Option<&Message<'_>>) -> Stop {
    let null_path = head
        .first("Return-Path")
        .is_some_and(|path| path.value() == "<>");
    if null_path {
        return Some(("bounce", "Its return path is empty."));
    }
    if head.has("X-Failed-Recipients") {
        return Some(("bounce", "It names failed recipients."));
    }
    for part in parsed.iter().flat_map(|message| &message.parts) {
        let Some(kind) = part.content_type() else {
            continue;
        };
        let subtype = kind.subtype().unwrap_or_default().to_ascii_lowercase();
        match (kind.ctype().to_ascii_lowercase().as_str(), subtype.as_str()) {
            ("message", "disposition-notification" | "global-disposition-notification") => {
                return Some(("receipt", "It is a read receipt."));
            }
            ("message", "delivery-status" | "global-delivery-status" | "feedback-report") => {
                return Some(("bounce", "It is a delivery or abuse report."));
            }
            ("text", "calendar") => {
                let method = kind.attribute("method").unwrap_or_default();
                if ["reply", "counter"]
                    .iter()
                    .any(|m| method.eq_ignore_ascii_case(m))
                {
                    return Some(("calendar", "It answers an invitation, not a request."));
                }
            }
            _ => {}
        }
    }
    // After the parts, so that a receipt is called a receipt.
    let top = parsed.and_then(|message| message.parts.first());
    let is_report = top
        .and_then(|part| part.content_type())
        .is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("multipart")
                && kind
                    .subtype()
                    .is_some_and(|s| s.eq_ignore_ascii_case("report"))
        });
    is_report.then_some(("bounce", "It is a report."))
}

/// Fields by which machines say that they are machines.
fn automatic(head: &Head<'_>) -> Stop {
    for field in &head.fields {
        let says_so = match field.name.to_ascii_lowercase().as_str() {
            // `no` is the human's value; parameters may follow.
            "auto-submitted" => {
                let value = field.value();
                let word = value.split([';', ' ', '(']).next().unwrap_or_default();
                !word.eq_ignore_ascii_case("no")
            }
            "precedence" => {
                let value = field.value().to_ascii_lowercase();
                ["auto_reply", "auto-reply", "bulk", "junk"].contains(&value.as_str())
            }
            "x-autoreply"
            | "x-autorespond"
            | "x-autoresponder"
            | "x-auto-response"
            | "x-mail-autoreply"
            | "x-autoreply-from"
            | "x-ms-exchange-generated-message-source"
            | "x-fc-machinegenerated"
            | "x-ms-exchange-inbox-rules-loop" => true,
            _ => false,
        };
        if says_so {
            return Some((
                "auto-reply",
                "A header field says that it was sent automatically.",
            ));
        }
    }
    None
}

/// Marks that a human's mail may carry as well, unless it answers one of ours.
fn suppressed(head: &Head<'_>, rules: &Rules) -> Stop {
    let answers_us = head.all("In-Reply-To").any(|field| {
        field
            .value()
            .split_whitespace()
            .any(|id| is_own_message_id(id, rules))
    });
    if answers_us {
        return None;
    }
    let suppresses = head.all("X-Auto-Response-Suppress").any(|field| {
        let value = field.value().to_ascii_lowercase();
        let has = |word: &str| value.split(',').any(|item| item.trim() == word);
        has("all") || (has("oof") && has("autoreply"))
    });
    if suppresses {
        return Some((
            "auto-reply",
            "It asks for no automatic answers and does not answer one of our mails.",
        ));
    }
    head.has("Feedback-ID")
        .then_some(("auto-reply", "It is a sender's bulk mail (Feedback-ID)."))
}

/// Mailing lists.
fn list(head: &Head<'_>) -> Stop {
    let marked = [
        "List-Id",
        "List-Unsubscribe",
        "List-Post",
        "X-BeenThere",
        "Mailing-List",
    ]
    .iter()
    .any(|name| head.has(name));
    let precedence = head
        .all("Precedence")
        .any(|field| field.value().eq_ignore_ascii_case("list"));
    (marked || precedence).then_some(("list", "It came through a mailing list."))
}

/// Addresses that no human writes from.
fn robot(head: &Head<'_>) -> Stop {
    let from = head.first("From").and_then(|f| Address::only(&f.value()))?;
    let name = from.local.split(['+', '=']).next().unwrap_or_default();
    let is_robot = matches!(
        name,
        "mailer-daemon"
            | "postmaster"
            | "noreply"
            | "no-reply"
            | "no_reply"
            | "donotreply"
            | "do-not-reply"
            | "bounce"
            | "bounces"
    );
    is_robot.then_some(("robot", "Its address is one that no human writes from."))
}

#[cfg(test)]
mod tests {
    use super::super::read::{parser, tests::rules};
    use super::*;

    fn verdict(head: &str) -> String {
        let raw = format!("{head}\r\nAPPROVE\r\n")
            .replace("\r\n", "\n")
            .replace('\n', "\r\n");
        let split = Head::split(raw.as_bytes());
        let parsed = parser().parse(raw.as_bytes());
        screen(raw.as_bytes(), &split, parsed.as_ref(), &rules())
            .stage
            .verdict
    }

    // Goal: each mark of a machine is seen, and a human's mail passes.
    // Method: a table of the marking field beside a From, with the stage's word.
    #[test]
    fn marks() {
        let delivery = "0".repeat(32);
        let ours = format!("In-Reply-To: <abcdefghijklmnopqrstuvwxya.{delivery}@id.test>\n");
        let looped = format!("Message-ID: <abcdefghijklmnopqrstuvwxya.{delivery}@id.test>\n");
        let by_chance = format!("Message-ID: <{delivery}@id.test>\n");
        let suppress = "X-Auto-Response-Suppress: OOF, AutoReply\n";
        let answered = format!("{ours}{suppress}");
        let table = [
            ("Subject: Automatic reply\n", "human"),
            ("Auto-Submitted: no\n", "human"),
            ("Auto-Submitted: No; x=y\n", "human"),
            (
                "Return-Path: <alice@client.test>\nReturn-Path: <>\n",
                "human",
            ),
            ("Message-ID: <abc@id.test>\n", "human"),
            (answered.as_str(), "human"),
            ("X-Auto-Response-Suppress: DR\n", "human"),
            ("Return-Path: <>\n", "bounce"),
            ("X-Failed-Recipients: a@b.test\n", "bounce"),
            ("Content-Type: multipart/report; boundary=x\n", "bounce"),
            ("Content-Type: message/delivery-status\n", "bounce"),
            ("Content-Type: message/feedback-report\n", "bounce"),
            (
                "Content-Type: message/disposition-notification\n",
                "receipt",
            ),
            ("Content-Type: text/calendar; method=REPLY\n", "calendar"),
            ("Auto-Submitted: auto-replied\n", "auto-reply"),
            ("auto-submitted: auto-generated (rejected)\n", "auto-reply"),
            ("Auto-Submitted:\n", "auto-reply"),
            ("X-Autoreply: yes\n", "auto-reply"),
            ("X-Autorespond: 1\n", "auto-reply"),
            ("Precedence: bulk\n", "auto-reply"),
            ("Precedence: Junk\n", "auto-reply"),
            (suppress, "auto-reply"),
            ("X-Auto-Response-Suppress: All\n", "auto-reply"),
            ("X-MS-Exchange-Inbox-Rules-Loop: a@b.test\n", "auto-reply"),
            ("Feedback-ID: 1:2\n", "auto-reply"),
            ("Precedence: list\n", "list"),
            ("List-Id: <x.test>\n", "list"),
            ("List-Unsubscribe: <mailto:x@y.test>\n", "list"),
            ("X-BeenThere: x@y.test\n", "list"),
            ("X-Countersign-Loop: bot\n", "own"),
            (looped.as_str(), "own"),
            (by_chance.as_str(), "human"),
            ("Bad : field\n", "malformed"),
            ("X: a\rFrom: b\n", "control-bytes"),
            ("X: a\0b\n", "control-bytes"),
        ];
        for (field, expected) in table {
            let head = format!("From: alice@client.test\n{field}");
            assert_eq!(verdict(&head), expected, "{field:?}");
        }
    }

    // Goal: robots and our own addresses are known by their From.
    // Method: a table of addresses.
    #[test]
    fn addresses() {
        let table = [
            ("alice@client.test", "human"),
            ("bouncer@client.test", "human"),
            ("MAILER-DAEMON@client.test", "robot"),
            ("Postmaster <postmaster@client.test>", "robot"),
            ("no-reply@client.test", "robot"),
            ("bounces+x=y@client.test", "robot"),
            ("Bot <approvals@bot.test>", "own"),
            ("approvals+abc@BOT.test", "own"),
            ("bot@bot.test", "own"),
        ];
        for (from, expected) in table {
            assert_eq!(verdict(&format!("From: {from}\n")), expected, "{from}");
        }
    }
}
