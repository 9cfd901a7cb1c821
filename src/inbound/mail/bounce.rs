//! What a bounce says: which of our mails could not be delivered, to which address, with which status.
//!
//! ```text
//! message/delivery-status ─▶ failed for good: addresses, status ─┐
//! the returned mail's header, what the report answers ─▶ our Message-IDs ─┴▶ Bounce
//! ```
//!
//! Programs that write no delivery-status (qmail, old Exim, gateways) are read by their text: an address
//! and a status 5.x.x in it, and our Message-ID quoted below.
//!
//! What always holds: a delay, a status 4.x.x or a relay's notice yields nothing; a mail that names no
//! Message-ID of ours yields nothing; no more than [`MAX_FAILED`] addresses and [`MAX_NAMED`] ids are
//! taken from one mail. Whether the ids are ours and the addresses theirs is for `reach` to say: a
//! bounce proves nothing by itself, since anybody can write one.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::sync::LazyLock;

use mail_parser::{Message, MessagePart, MimeHeaders, PartType};
use regex::Regex;

use super::Rules;
use super::head::Head;
use super::presented::own_delivery;
use crate::inbound::{Bounce, Failed, Named};

/// The most addresses taken from one report.
pub const MAX_FAILED: usize = 16;
/// The most Message-IDs of ours taken from one report.
pub const MAX_NAMED: usize = 16;
/// The most of a text that is read for what it says, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// What a mail that no human wrote says of a failed delivery; `None` where it says nothing of one.
pub fn bounce(raw: &[u8], head: &Head<'_>, parsed: &Message<'_>, rules: &Rules) -> Option<Bounce> {
    let named = named(raw, head, parsed, rules);
    if named.is_empty() {
        return None;
    }
    let reports: Vec<&MessagePart<'_>> = parsed
        .parts
        .iter()
        .filter(|part| {
            is_type(
                part,
                "message",
                &["delivery-status", "global-delivery-status"],
            )
        })
        .collect();
    let mut failed = Vec::new();
    if reports.is_empty() {
        told(head, parsed, &mut failed);
    } else {
        for report in reports {
            reported(report.contents(), &mut failed);
        }
    }
    (!failed.is_empty()).then_some(Bounce { named, failed })
}

/// Our Message-IDs: in what the report answers, in the header of the mail that it returns, quoted in
/// its text.
fn named(raw: &[u8], head: &Head<'_>, parsed: &Message<'_>, rules: &Rules) -> Vec<Named> {
    let mut named = Vec::new();
    for field in head.all("In-Reply-To").chain(head.all("References")) {
        ids(&field.value(), rules, &mut named);
    }
    for part in &parsed.parts {
        let is_mail = is_type(
            part,
            "message",
            &["rfc822", "global", "rfc822-headers", "global-headers"],
        ) || is_type(part, "text", &["rfc822-headers"]);
        if is_mail {
            let offset = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
            let within = raw.get(offset(part.raw_body_offset())..offset(part.raw_end_offset()));
            let returned = Head::split(within.unwrap_or_default());
            if let Some(id) = returned.first("Message-ID") {
                ids(&id.value(), rules, &mut named);
            }
        } else if let PartType::Text(text) | PartType::Html(text) = &part.body {
            ids(start_of(text), rules, &mut named);
        }
    }
    named
}

/// Takes every `TOKEN.DELIVERY@domain` and `DELIVERY@domain` of a text.
fn ids(text: &str, rules: &Rules, named: &mut Vec<Named>) {
    let apart = |letter: char| {
        letter.is_whitespace() || matches!(letter, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '&')
    };
    for piece in text.split(apart).filter(|piece| piece.contains('@')) {
        if named.len() >= MAX_NAMED {
            return;
        }
        if let Some((delivery, token)) = own_delivery(piece, rules) {
            let found = Named {
                delivery,
                token: token.map(|token| token.hash()),
            };
            if !named.contains(&found) {
                named.push(found);
            }
        }
    }
}

/// The groups of a delivery-status: each recipient that failed for good.
fn reported(status: &[u8], failed: &mut Vec<Failed>) {
    let text = String::from_utf8_lossy(status).replace("\r\n", "\n");
    for group in start_of(&text).split("\n\n") {
        let fields = Head::split(group.as_bytes());
        let value = |name: &str| fields.first(name).map(|f| f.value().into_owned());
        let action = value("Action").unwrap_or_default();
        let status = value("Status").and_then(|status| permanent(&status));
        let (true, Some(status)) = (action.eq_ignore_ascii_case("failed"), status) else {
            continue;
        };
        // What the sender wrote, and where it went after aliases and forwards.
        for name in ["Original-Recipient", "Final-Recipient"] {
            let Some(recipient) = value(name) else {
                continue;
            };
            let address = recipient
                .split_once(';')
                .map_or(recipient.as_str(), |(_, a)| a);
            take(address, &status, failed);
        }
    }
}

/// A bounce without a delivery-status: Exim's field, else addresses and a status in the text above what
/// is quoted. Of what a person's program answers by itself ("I am away until 5.1.27", RFC 3834) the text
/// says nothing of the kind.
fn told(head: &Head<'_>, parsed: &Message<'_>, failed: &mut Vec<Failed>) {
    let text = parsed.parts.iter().find_map(|part| match &part.body {
        PartType::Text(text) => Some(start_of(text)),
        _ => None,
    });
    let text = text.unwrap_or_default();
    let status = permanent(text);
    for field in head.all("X-Failed-Recipients") {
        for address in field.value().split(',') {
            take(address, status.as_deref().unwrap_or("5.0.0"), failed);
        }
    }
    let by_itself = head.all("Auto-Submitted").any(|field| {
        let value = field.value();
        let value = value.trim_start();
        value
            .get(.."auto-replied".len())
            .is_some_and(|start| start.eq_ignore_ascii_case("auto-replied"))
    });
    if by_itself || !failed.is_empty() || TEMPORARY.is_match(text) {
        return;
    }
    let Some(status) = status else { return };
    let apart = |letter: char| {
        letter.is_whitespace() || matches!(letter, '<' | '>' | ',' | ';' | ':' | '"' | '(' | ')')
    };
    for piece in text.split(apart).filter(|piece| piece.contains('@')) {
        take(piece, &status, failed);
    }
}

fn take(address: &str, status: &str, failed: &mut Vec<Failed>) {
    let address = address.trim().trim_matches(['<', '>', '.']).to_lowercase();
    let is_known = failed.iter().any(|known| known.address == address);
    if address.contains('@') && !is_known && failed.len() < MAX_FAILED {
        failed.push(Failed {
            address,
            status: status.to_owned(),
        });
    }
}

/// The first status that means never, e.g. `5.1.1`; an IP address has a part more and is none.
fn permanent(text: &str) -> Option<String> {
    let found = PERMANENT.captures(text)?;
    Some(found.get(1)?.as_str().to_owned())
}

static PERMANENT: LazyLock<Regex> = LazyLock::new(|| status_of("5"));
static TEMPORARY: LazyLock<Regex> = LazyLock::new(|| status_of("4"));

/// Subjects go from 0 to 7 (RFC 3463, section 3): dates and versions of programs mostly do not.
fn status_of(class: &str) -> Regex {
    let pattern = format!(r"(?:^|[^0-9.])({class}\.[0-7]\.[0-9]{{1,3}})(?:[^0-9.]|\.?$|\.[^0-9])");
    Regex::new(&pattern).expect("a pattern that is fixed here")
}

/// As much of a text as is read.
fn start_of(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn is_type(part: &MessagePart<'_>, kind: &str, subtypes: &[&str]) -> bool {
    part.content_type().is_some_and(|found| {
        let has = found.subtype().unwrap_or_default();
        found.ctype().eq_ignore_ascii_case(kind)
            && subtypes
                .iter()
                .any(|subtype| has.eq_ignore_ascii_case(subtype))
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::read::{
        read,
        tests::{TOKEN, rules},
    };
    use super::*;

    const DELIVERY: &str = "0192f0c4a1b27c3d8e4f5a6b7c8d9e0f";

    fn of(raw: &str) -> Option<Bounce> {
        let raw = raw.replace("\r\n", "\n").replace('\n', "\r\n");
        let read = read(raw.as_bytes(), &rules());
        assert_eq!(read.verdict, super::super::Verdict::Silent, "{raw}");
        read.bounce
    }

    /// A standard report of one recipient.
    fn report(recipient: &str, action: &str, status: &str, returned: &str) -> String {
        format!(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.bot.test (Mail Delivery System)\n\
             To: bot@bot.test\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
             --b\nContent-Type: text/plain\n\nI'm sorry.\n\n\
             --b\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.bot.test\nArrival-Date: Sat, 21 Nov 2026 10:00:00 +0000\n\n\
             {recipient}\nAction: {action}\nStatus: {status}\n\
             Remote-MTA: dns; mx.client.test\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n\
             --b\nContent-Type: {returned}\n\n\
             From: bot@bot.test\nTo: alice@client.test\n\
             Message-ID: <{TOKEN}.{DELIVERY}@id.test>\nSubject: R-42\n\nthe mail\n--b--\n"
        )
    }

    const ALICE: &str = "Final-Recipient: rfc822; Alice@client.test";

    fn addresses(bounce: &Bounce) -> Vec<(&str, &str)> {
        let failed = bounce.failed.iter();
        failed
            .map(|failed| (failed.address.as_str(), failed.status.as_str()))
            .collect()
    }

    // Goal: a standard report yields delivery, token, address and status, whole mail or header returned.
    // Method: one report with each kind of returned part.
    #[test]
    fn standard_reports() {
        for returned in ["message/rfc822", "text/rfc822-headers", "message/global"] {
            let bounce = of(&report(ALICE, "failed", "5.1.1", returned)).expect(returned);
            assert_eq!(addresses(&bounce), [("alice@client.test", "5.1.1")]);
            let [named] = bounce.named.as_slice() else {
                panic!("{bounce:?}");
            };
            assert_eq!(named.delivery.simple().to_string(), DELIVERY);
            assert_eq!(
                named.token,
                crate::token::Token::parse(TOKEN).map(|t| t.hash())
            );
        }
        let forwarded = format!(
            "Original-Recipient: rfc822;alice@client.test\n{}",
            "Final-Recipient: rfc822; alice@elsewhere.test"
        );
        let bounce = of(&report(
            &forwarded,
            "Failed",
            "5.2.1 (disabled)",
            "message/rfc822",
        ));
        let bounce = bounce.expect("a forward that failed");
        let both = [
            ("alice@client.test", "5.2.1"),
            ("alice@elsewhere.test", "5.2.1"),
        ];
        assert_eq!(addresses(&bounce), both);
    }

    // Goal: what is not for good, and what names no mail of ours, is no bounce.
    // Method: the same report, changed in one place.
    #[test]
    fn not_for_good() {
        for (action, status) in [
            ("delayed", "4.4.1"),
            ("failed", "4.4.7"),
            ("delayed", "5.1.1"),
            ("delivered", "2.0.0"),
            ("relayed", "5.1.1"),
            ("failed", "50.1.1"),
            ("failed", ""),
        ] {
            let raw = report(ALICE, action, status, "message/rfc822");
            assert_eq!(of(&raw), None, "{action} {status}");
        }
        let theirs =
            report(ALICE, "failed", "5.1.1", "message/rfc822").replace("@id.test", "@x.test");
        assert_eq!(of(&theirs), None);
    }

    fn plain(field: &str, text: &str) -> String {
        format!(
            "Return-Path: <>\nFrom: postmaster@mx.client.test\nTo: bot@bot.test\n{field}\n{text}\n"
        )
    }

    // Goal: bounces without a delivery-status are read by their text, and only where they mean never.
    // Method: the words of qmail, Exim and a gateway, and a warning of a delay.
    #[test]
    fn bounces_without_a_report() {
        let id = format!("Message-ID: <{TOKEN}.{DELIVERY}@id.test>");
        let qmail = format!(
            "Hi. This is the qmail-send program at mx.client.test.\n\n<alice@client.test>:\n\
             Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy.\n\n{id}\n"
        );
        let bounce = of(&plain("", &qmail)).expect("qmail");
        assert!(
            addresses(&bounce).contains(&("alice@client.test", "5.1.1")),
            "{bounce:?}"
        );
        let exim = format!(
            "A message could not be delivered:\n  alice@client.test\n    unrouteable\n\n{id}\n"
        );
        let field = "X-Failed-Recipients: alice@client.test\n";
        let bounce = of(&plain(field, &exim)).expect("Exim");
        assert_eq!(addresses(&bounce), [("alice@client.test", "5.0.0")]);
        assert_eq!(of(&plain("", &exim)), None, "neither field nor status");
        let delay = format!("alice@client.test: 4.4.1, tried since 5.0.0 hours\n\n{id}\n");
        assert_eq!(of(&plain("", &delay)), None);
        let address = format!("alice@client.test: host 5.1.1.9 said no\n\n{id}\n");
        assert_eq!(of(&plain("", &address)), None);
        let version = format!("alice@client.test, from Linux 5.15.0-91\n\n{id}\n");
        assert_eq!(of(&plain("", &version)), None);
        let away = format!("Ich bin bis 5.1.27 nicht im Büro.\nalice@client.test\n\n{id}\n");
        let by_itself = "Auto-Submitted: auto-replied; owner-email=\"a@b.test\"\n";
        assert_eq!(of(&plain(by_itself, &away)), None);
    }

    // Goal: a person who writes about a bounce makes none. Method: the report's words in a human's mail.
    #[test]
    fn a_person_makes_none() {
        let text = format!("<alice@client.test>: 5.1.1\n<{TOKEN}.{DELIVERY}@id.test>");
        let raw = super::super::read::tests::clean(&text);
        assert_eq!(read(raw.as_bytes(), &rules()).bounce, None);
    }

    // Goal: what outsiders can grow is cut. Method: a report of a thousand recipients.
    #[test]
    fn limits() {
        let mut many = String::new();
        for n in 0..1000 {
            let _ = write!(
                many,
                "\nFinal-Recipient: rfc822; a{n}@x.test\nAction: failed\nStatus: 5.1.1\n"
            );
        }
        let bounce = of(&report(
            &format!("{ALICE}\nAction: failed\nStatus: 5.1.1\n{many}\nX: y"),
            "x",
            "",
            "message/rfc822",
        ));
        assert_eq!(bounce.expect("a bounce").failed.len(), MAX_FAILED);
    }
}
