//! Is the sender proven? One plain From address, and a domain that our own server vouches for, or whose
//! signature we have checked.
//!
//! What is promised: `proven` means that the field of the configured server says `dmarc=pass` for
//! exactly the From domain, is the only field of that server's name in the mail, and has no more
//! Received fields above it than our own servers put there; or that our own check ([`super::dkim`]) passed
//! and that field, if it is believed at all, says nothing against it. `exempted` means that the operator
//! wrote the domain down. What is *not* promised: DMARC proves a domain, never a mailbox; that the
//! person behind `alice@` is Alice is the domain's business. ARC fields are not looked at.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::address::Address;
use super::dkim::{Checked, Report};
use super::head::Head;
use super::results::{self, Results};
use super::{Rules, Stage, Verdict};

/// What the sender check found.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The stage's verdict.
    pub stage: Stage,
    /// The From address, if there is exactly one plain one.
    pub from: Option<Address>,
    /// How the mail ends here; `None` if the sender is proven or exempted.
    pub end: Option<Verdict>,
    /// The signature that proved it, where that was our own check.
    pub signature: Option<Checked>,
    /// Our own check may prove it and has not been made.
    pub open: bool,
}

impl Sender {
    fn go_on(verdict: &str, why: String, from: Address) -> Self {
        Self {
            stage: Stage::new(verdict, why),
            from: Some(from),
            end: None,
            signature: None,
            open: false,
        }
    }

    fn stop(verdict: &str, why: &str, from: Option<Address>) -> Self {
        let end = match verdict {
            "unproven" => Verdict::Silent,
            "later" => Verdict::Later,
            _ => Verdict::Alarm,
        };
        Self {
            stage: Stage::new(verdict, why),
            from,
            end: Some(end),
            signature: None,
            open: false,
        }
    }

    /// The name of the method for the proof: `dkim`, `authentication-results` or `exempted-domain`.
    pub fn method(&self) -> &'static str {
        if self.signature.is_some() {
            "dkim"
        } else if self.stage.verdict == "exempted" {
            "exempted-domain"
        } else {
            "authentication-results"
        }
    }
}

/// Checks the sender of a mail; `report` is what our own check of its signatures found.
pub fn authenticate(head: &Head<'_>, rules: &Rules, report: Option<&Report>) -> Sender {
    let from = match only_from(head) {
        Ok(from) => from,
        Err(why) => return Sender::stop("ambiguous", why, None),
    };
    let refused = match vouched(head, rules, &from) {
        Ok(why) => return Sender::go_on("proven", why, from),
        Err(refused) => refused,
    };
    if rules.exempt_domains.contains(&from.domain) {
        let why = format!(
            "The operator exempts the domain {} from proof.",
            from.domain
        );
        return Sender::go_on("exempted", why, from);
    }
    match (&rules.dkim, refused.verdict) {
        (Some(_), "unproven") => signed(report, from),
        _ => Sender::stop(refused.verdict, refused.why, Some(from)),
    }
}

/// What our own check found, if it has been made.
fn signed(report: Option<&Report>, from: Address) -> Sender {
    let Some(report) = report else {
        let why = "Its signatures have not been checked.";
        return Sender {
            open: true,
            ..Sender::stop("unproven", why, Some(from))
        };
    };
    if let Some(signature) = report.pass() {
        return Sender {
            signature: Some(signature.clone()),
            ..Sender::go_on("proven", signature.why.clone(), from)
        };
    }
    if let Some(signature) = report.later() {
        return Sender::stop("later", &signature.why, Some(from));
    }
    let why = match report.signatures.as_slice() {
        [] => "The mail carries no signature.",
        [first, ..] => first.why.as_str(),
    };
    Sender::stop("unproven", why, Some(from))
}

/// The domain of the one plain From address, if there is exactly one.
pub fn from_domain(head: &Head<'_>) -> Option<String> {
    only_from(head).ok().map(|from| from.domain)
}

/// The address of the one From field. Fields are counted here: parsers take the first or the last.
fn only_from(head: &Head<'_>) -> Result<Address, &'static str> {
    let mut fields = head.all("From");
    let Some(field) = fields.next() else {
        return Err("There is no From field.");
    };
    if fields.next().is_some() {
        return Err("There is more than one From field.");
    }
    Address::only(&field.value()).ok_or("The From field is not exactly one plain address.")
}

struct Refused {
    verdict: &'static str,
    why: &'static str,
}

impl Refused {
    const fn unproven(why: &'static str) -> Self {
        Self {
            verdict: "unproven",
            why,
        }
    }

    const fn forged(why: &'static str) -> Self {
        Self {
            verdict: "forged",
            why,
        }
    }

    const fn failed(why: &'static str) -> Self {
        Self {
            verdict: "failed",
            why,
        }
    }
}

/// Whether our own server vouches for the From domain; if so, the sentence that says it.
fn vouched(head: &Head<'_>, rules: &Rules, from: &Address) -> Result<String, Refused> {
    let Some(own_id) = rules.authserv_id.as_deref() else {
        return Err(Refused::unproven(
            "No authserv-id is configured, so no Authentication-Results are believed.",
        ));
    };
    let results = own_field(head, own_id, rules.authserv_hops)?;
    let Some(list) = results.dmarc else {
        return Err(Refused::forged(
            "The Authentication-Results of our server do not parse.",
        ));
    };
    let dmarc = match list.as_slice() {
        [] => return Err(Refused::unproven("Our server says nothing of DMARC.")),
        [one] => one,
        _ => return Err(Refused::forged("Our server's field speaks of DMARC twice.")),
    };
    match dmarc.result.as_str() {
        "pass" => {}
        "fail" => return Err(Refused::failed("Our server says that DMARC failed.")),
        _ => {
            return Err(Refused::unproven(
                "Our server could not establish DMARC for the From domain.",
            ));
        }
    }
    match dmarc.header_from.as_slice() {
        [domain] if *domain == from.domain => {}
        [_] => return Err(Refused::failed("DMARC passed for another From domain.")),
        _ => {
            return Err(Refused::unproven(
                "DMARC passed, but our server does not say for which From domain.",
            ));
        }
    }
    if signed_in_part(head) {
        return Err(Refused::unproven(
            "A DKIM signature covers only a part of the body (l=), so text may have been added.",
        ));
    }
    Ok(format!("Our server says dmarc=pass for {}.", from.domain))
}

/// The one field of our own server, where only our own servers can have put it.
fn own_field(head: &Head<'_>, own_id: &str, hops: usize) -> Result<Results, Refused> {
    let mut received = 0_usize;
    let mut own = None;
    for field in &head.fields {
        if field.is("Received") {
            received += 1;
        }
        if !field.is("Authentication-Results") {
            continue;
        }
        let Some(results) = results::parse(&field.value()) else {
            continue;
        };
        if !results.authserv_id.eq_ignore_ascii_case(own_id) {
            continue;
        }
        if own.is_some() {
            return Err(Refused::forged(
                "Our server's Authentication-Results stand in the mail twice; one is forged.",
            ));
        }
        own = Some((results, received));
    }
    match own {
        None => Err(Refused::unproven(
            "The mail carries no Authentication-Results of our server.",
        )),
        Some((_, above)) if above > hops => Err(Refused::forged(
            "Our server's Authentication-Results stand below a stranger's Received field.",
        )),
        Some((results, _)) => Ok(results),
    }
}

/// Whether a DKIM signature has an `l=` tag. Which signature DMARC rested on is not known here.
fn signed_in_part(head: &Head<'_>) -> bool {
    head.all("DKIM-Signature").any(|field| {
        field.value().split(';').any(|tag| {
            let name = tag.split('=').next().unwrap_or_default();
            name.trim() == "l"
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::read::tests::rules;
    use super::*;

    const OWN: &str = "Authentication-Results: mx.bot.test; dmarc=pass header.from=client.test\n";

    fn verdict(block: &str) -> String {
        authenticate(&Head::split(block.as_bytes()), &rules(), None)
            .stage
            .verdict
    }

    // Goal: only our own server's word, in its own place, for exactly this domain, proves.
    // Method: a table of header blocks, the interesting fields only.
    #[test]
    fn what_proves() {
        let from = "From: Alice <alice@client.test>\n";
        let own = "Authentication-Results: mx.bot.test;";
        let table = [
            (format!("{OWN}{from}"), "proven"),
            (format!("Received: x\n{OWN}Received: y\n{from}"), "proven"),
            (
                format!("{}{from}", OWN.replace("mx.bot", "MX.Bot")),
                "proven",
            ),
            (
                format!("{OWN}{}{from}", OWN.replace("bot", "other")),
                "proven",
            ),
            (format!("Received: x\nReceived: y\n{OWN}{from}"), "forged"),
            (format!("{OWN}{OWN}{from}"), "forged"),
            (
                format!("{OWN}Received: x\nReceived: y\n{OWN}{from}"),
                "forged",
            ),
            (from.to_owned(), "unproven"),
            (format!("ARC-{OWN}{from}"), "unproven"),
            (format!("X-{OWN}{from}"), "unproven"),
            (format!("{}{from}", OWN.replace("bot", "other")), "unproven"),
            (
                format!("{own} dmarc=fail header.from=client.test\n{from}"),
                "failed",
            ),
            (
                format!("{own} dmarc=none header.from=client.test\n{from}"),
                "unproven",
            ),
            (
                format!("{own} dmarc=temperror header.from=client.test\n{from}"),
                "unproven",
            ),
            (
                format!("{own} dmarc=pass header.from=evil.test\n{from}"),
                "failed",
            ),
            (
                format!("{own} dmarc=pass header.from=a.client.test\n{from}"),
                "failed",
            ),
            (format!("{own} dmarc=pass\n{from}"), "unproven"),
            (
                format!("{own} dkim=pass header.d=client.test\n{from}"),
                "unproven",
            ),
            (format!("{own} none\n{from}"), "unproven"),
            (
                format!("{own} dmarc=pass (header.from=client.test\n{from}"),
                "forged",
            ),
            (
                format!("{OWN}DKIM-Signature: v=1; d=client.test; l=10; b=x\n{from}"),
                "unproven",
            ),
            (
                format!("{OWN}DKIM-Signature: v=1; d=client.test; b=l=\n{from}"),
                "proven",
            ),
            (format!("{OWN}{from}{from}"), "ambiguous"),
            (
                format!("{OWN}From: alice@client.test, evil@client.test\n"),
                "ambiguous",
            ),
            (OWN.to_owned(), "ambiguous"),
            ("From: dan@exempt.test\n".to_owned(), "exempted"),
            ("From: dan@sub.exempt.test\n".to_owned(), "unproven"),
        ];
        for (block, expected) in table {
            assert_eq!(verdict(&block), expected, "{block}");
        }
    }

    // Goal: without a configured server nothing proves. Method: the clean mail, the id taken away.
    #[test]
    fn no_server_configured() {
        let mut rules = rules();
        rules.authserv_id = None;
        let block = format!("{OWN}From: alice@client.test\n");
        let sender = authenticate(&Head::split(block.as_bytes()), &rules, None);
        assert_eq!(sender.stage.verdict, "unproven");
        assert_eq!(sender.end, Some(Verdict::Silent));
    }
}
