//! What a probe shows that has arrived: who checked it, and who signed it.

use std::sync::Arc;

use super::super::{How, Line};
use crate::clock::Clock;
use crate::config::Mail;
use crate::config::proof::{Alignment, Dkim};
use crate::config::signing::{LEAST_RSA_BITS, Signing};
use crate::inbound::mail::dkim::Answer;
use crate::inbound::mail::head::Head;
use crate::inbound::mail::resolve::Resolver;

/// The top-most Authentication-Results, against what is configured.
pub(super) fn of_results(raw: &[u8], mail: &Mail) -> Vec<Line> {
    const WHAT: &str = "results";
    let head = Head::split(raw);
    let place = head
        .fields
        .iter()
        .position(|field| field.is("Authentication-Results"));
    let Some((place, field)) = place.and_then(|at| Some((at, head.fields.get(at)?))) else {
        return vec![match &mail.authserv_id {
            Some(id) => Line::not(
                How::Hint,
                WHAT,
                format!(
                    "the mail server wrote no Authentication-Results, and authserv_id is `{id}`"
                ),
                "if mail from outside has none either, take authserv_id out of [mail]",
            ),
            None => Line::ok(
                WHAT,
                "the mail server writes no Authentication-Results; senders are proven by our own check",
            ),
        }];
    };
    let value = field.value();
    let ends = |letter: char| letter.is_whitespace() || letter == ';' || letter == '(';
    let id = value.split(ends).next().unwrap_or_default();
    let above = head
        .fields
        .iter()
        .take(place)
        .filter(|field| field.is("Received"))
        .count();
    let mut lines = vec![match &mail.authserv_id {
        Some(known) if known.eq_ignore_ascii_case(id) => {
            Line::ok(WHAT, format!("authserv_id is the server's own: `{id}`"))
        }
        Some(known) => Line::not(
            How::Wrong,
            WHAT,
            format!("the server calls itself `{id}`, and authserv_id is `{known}`"),
            format!("if `{id}` is your own server, write authserv_id = \"{id}\" in [mail]"),
        ),
        None => Line::not(
            How::Hint,
            WHAT,
            format!(
                "the server writes Authentication-Results as `{id}`, and no authserv_id is configured"
            ),
            format!("to believe it, write authserv_id = \"{id}\" in [mail]"),
        ),
    }];
    if mail.authserv_id.is_some() && above > mail.authserv_hops {
        lines.push(Line::not(
            How::Wrong,
            WHAT,
            format!(
                "{above} Received fields stand above it, and authserv_hops is {}",
                mail.authserv_hops
            ),
            format!("if these are your own servers, write authserv_hops = {above} in [mail]"),
        ));
    }
    lines
}

/// Whether the signature that we put on the probe proves our domain when it has arrived, by the same check
/// that replies go through.
pub(super) async fn of_our_signature(raw: Vec<u8>, signing: &Signing, resolver: &Resolver) -> Line {
    const WHAT: &str = "dkim";
    let name = format!("{}._domainkey.{}", signing.selector, signing.domain);
    let rules = Dkim {
        alignment: Alignment::Strict,
        least_rsa_bits: LEAST_RSA_BITS,
    };
    let domain: Arc<str> = signing.domain.to_ascii_lowercase().into();
    let now = Clock::system().now();
    let report = resolver.examine(raw.into(), domain, &rules, now).await;
    let found = report.and_then(|report| {
        let mut signatures = report.signatures.into_iter();
        signatures.find(|one| one.selector.eq_ignore_ascii_case(&signing.selector))
    });
    let Some(found) = found else {
        return Line::not(
            How::Wrong,
            WHAT,
            format!("our mail left with a signature for {name}, and arrived without it"),
            "see that no server on the way takes signatures off",
        );
    };
    match found.verdict.as_str() {
        "pass" => Line::ok(
            WHAT,
            format!("our signature on a mail that arrived verifies ({name})"),
        ),
        "later" => {
            let mend = "see that the servers of [dns] answer";
            Line::not(
                How::Away,
                WHAT,
                format!("{name} could not be asked: {}", found.why),
                mend,
            )
        }
        _ => Line::not(
            How::Wrong,
            WHAT,
            format!("our signature does not verify ({name}): {}", found.why),
            "publish the public half of the key of [smtp.dkim] there; if it is there, see that no server on \
             the way changes our mails",
        ),
    }
}

/// Whether our mails leave with a signature of our domain, whose key is published.
pub(super) async fn of_signature(raw: &[u8], domain: &str, resolver: &Resolver) -> Line {
    const WHAT: &str = "dkim";
    let head = Head::split(raw);
    let selectors = head.all("DKIM-Signature").filter_map(|field| {
        let value = field.value();
        let tag = |name: &str| {
            let tags = value.split(';').filter_map(|tag| tag.split_once('='));
            tags.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        let signs = tag("d").filter(|signs| signs.eq_ignore_ascii_case(domain));
        signs.and_then(|_| tag("s"))
    });
    let Some(selector) = selectors.into_iter().next() else {
        return Line::not(
            How::Hint,
            WHAT,
            format!(
                "our mail carries no signature of {domain} (it may get one on its way outside)"
            ),
            "have the mail server sign for this domain: readers' servers believe unsigned mail less",
        );
    };
    let name = format!("{selector}._domainkey.{domain}");
    match resolver.texts(&name).await {
        Answer::Texts(_) => Line::ok(WHAT, format!("our mail is signed, and {name} has a key")),
        Answer::Nothing => Line::not(
            How::Wrong,
            WHAT,
            format!("our mail is signed, and {name} has no key"),
            "publish the key of the signature as a TXT record",
        ),
        Answer::Failed(why) => {
            let mend = "see that the servers of [dns] answer";
            Line::not(
                How::Away,
                WHAT,
                format!("{name} could not be asked: {why}"),
                mend,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(authserv_id: Option<&str>) -> Mail {
        let id = authserv_id.map_or(String::new(), |id| format!("authserv_id = \"{id}\"\n"));
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = format!("[mail]\nfrom = \"bot@bot.test\"\n{id}");
        std::fs::write(file.path(), text).expect("it can be written");
        let (mail, _) = crate::config::load_mail(file.path()).expect("it is right");
        mail
    }

    /// Goal: the operator reads which line to write. Method: a probe under each configuration.
    #[test]
    fn results_are_held_against_the_configuration() {
        let probe = b"Received: a\r\nReceived: b\r\nAuthentication-Results: MX.bot.test;\r\n dmarc=pass\r\n\r\n";
        let said = |raw: &[u8], id| {
            let lines = of_results(raw, &mail(id));
            let lines = lines.into_iter();
            lines
                .map(|line| (line.how, line.mend.unwrap_or(line.said)))
                .collect::<Vec<_>>()
        };
        let own = said(probe, Some("mx.bot.test"));
        assert_eq!(own.len(), 2, "{own:?}");
        assert_eq!(own[0].0, How::Ok);
        assert!(own[1].1.contains("authserv_hops = 2"), "{own:?}");
        let other = said(probe, Some("mail.bot.test"));
        assert_eq!(other[0].0, How::Wrong);
        assert!(
            other[0].1.contains("authserv_id = \"MX.bot.test\""),
            "{other:?}"
        );
        assert_eq!(said(probe, None)[0].0, How::Hint);
        assert_eq!(
            said(b"From: x\r\n\r\n", Some("mx.bot.test"))[0].0,
            How::Hint
        );
        assert_eq!(said(b"From: x\r\n\r\n", None)[0].0, How::Ok);
    }
}
