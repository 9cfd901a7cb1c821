//! `[mail]`: how our mails look and which replies count.

use std::collections::BTreeSet;

use lettre::Address;

use super::proof::accepted;
use crate::config::Mail;
use crate::config::read::Section;
use crate::config::words::read_words;

pub(super) fn mail(root: &mut Section<'_, '_>, replies: bool) -> Option<Mail> {
    let Some(mut section) = root.section("mail", "[mail]") else {
        if !root.has("mail") {
            root.missing(
                "[mail]",
                "say how our mails look: [mail] with from = \"bot@example.org\"",
            );
        }
        return None;
    };
    let from = section.needed_text(
        "from",
        "write the sender's address, e.g. \"bot@example.org\"",
    );
    let from = from.and_then(|_| address(&mut section, "from"));
    let reply_to = if section.has("reply_to") {
        address(&mut section, "reply_to")
    } else {
        from.clone()
    };
    let message_id_domain = if section.has("message_id_domain") {
        domain(&mut section, "message_id_domain")
    } else {
        from.as_ref().map(|from| from.domain().to_lowercase())
    };
    let from_name = section.needed_if_there("from_name");
    let authserv_id = section.needed_if_there("authserv_id");
    let accepted = accepted(&mut section, authserv_id.is_some());
    let authserv_hops = section
        .number("authserv_hops", 0..21)
        .map_or(1, |found| found.value);
    let exempt_domains = exempt_domains(&mut section);
    let words = read_words(&mut section);
    let banners = banners(&mut section);
    let authserv_id = authserv_id.filter(|_| accepted.results);
    if replies && accepted.dkim.is_none() && authserv_id.is_none() && exempt_domains.is_empty() {
        section.report.warn(
            &section.span,
            section.key("proof"),
            "no sender can be proven, so no reply will decide anything",
            "write proof = [\"dkim\"], or name the authserv_id that your mail server writes into \
             Authentication-Results",
        );
    }
    section.end();
    let from = from?;
    let (approve_words, disapprove_words) = words?;
    Some(Mail {
        from_name: from_name
            .map_or("Countersign", |found| found.value)
            .to_owned(),
        from: from.to_string(),
        reply_to: reply_to?.to_string(),
        message_id_domain: message_id_domain?,
        dkim: accepted.dkim,
        authserv_id: authserv_id.map(|found| found.value.to_owned()),
        authserv_hops: usize::try_from(authserv_hops).ok()?,
        exempt_domains,
        approve_words,
        disapprove_words,
        banners,
    })
}

/// The shortest banner, in letters: a shorter one could be what somebody writes.
const MIN_BANNER_LETTERS: usize = 8;

fn banners(section: &mut Section<'_, '_>) -> Vec<String> {
    let mut banners = Vec::new();
    for found in section.texts("banners") {
        let letters = found.value.chars().filter(|c| c.is_alphabetic()).count();
        if letters < MIN_BANNER_LETTERS {
            let what = format!("`{}` is too short to be told from an answer", found.value);
            let mend = "copy the whole text that the gateway puts above a mail";
            section.wrong("banners", &found.span, what, mend);
            continue;
        }
        banners.push(found.value.to_owned());
    }
    banners
}

pub(super) fn address(section: &mut Section<'_, '_>, key: &'static str) -> Option<Address> {
    let found = section.text(key)?;
    let address = found.value.parse::<Address>().ok();
    if address.is_none() {
        let what = format!("`{}` is no e-mail address", found.value);
        section.wrong(
            key,
            &found.span,
            what,
            "write the bare address, e.g. \"bot@example.org\"",
        );
    }
    address
}

fn domain(section: &mut Section<'_, '_>, key: &'static str) -> Option<String> {
    let found = section.text(key)?;
    if is_domain(found.value) {
        return Some(found.value.to_lowercase());
    }
    let what = format!("`{}` is no domain", found.value);
    section.wrong(key, &found.span, what, "write it like \"example.org\"");
    None
}

fn is_domain(text: &str) -> bool {
    format!("x@{text}").parse::<Address>().is_ok() && !text.contains('@')
}

fn exempt_domains(section: &mut Section<'_, '_>) -> BTreeSet<String> {
    let mut domains = BTreeSet::new();
    for found in section.texts("exempt_domains") {
        if is_domain(found.value) {
            section.report.warn(
                &found.span,
                section.key("exempt_domains"),
                format!(
                    "anybody who can write `{}` into From may decide",
                    found.value
                ),
                "keep it only where every mail of this domain reaches you from your own servers",
            );
            domains.insert(found.value.to_lowercase());
        } else {
            let what = format!("`{}` is no domain", found.value);
            section.wrong(
                "exempt_domains",
                &found.span,
                what,
                "write it like \"example.org\"",
            );
        }
    }
    domains
}
