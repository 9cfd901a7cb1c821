//! What DNS says of the domain that our mails come from.

use super::super::{How, Line};
use crate::inbound::mail::dkim::Answer;
use crate::inbound::mail::resolve::Resolver;

/// SPF and DMARC of a domain, one line each.
pub(super) async fn of_domain(resolver: &Resolver, domain: &str) -> Vec<Line> {
    let spf = texts_of(resolver, domain, "v=spf1").await;
    let mut dmarc = texts_of(resolver, &format!("_dmarc.{domain}"), "v=DMARC1").await;
    // A subdomain is under the record of the domain above it, where it has none of its own.
    let mut above = domain;
    while let (Found::None, Some((_, parent))) = (&dmarc, above.split_once('.')) {
        if !parent.contains('.') {
            break;
        }
        above = parent;
        dmarc = texts_of(resolver, &format!("_dmarc.{above}"), "v=DMARC1").await;
    }
    vec![spf_line(domain, spf), dmarc_line(domain, dmarc)]
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    None,
    One(String),
    Several,
    Failed(String),
}

async fn texts_of(resolver: &Resolver, name: &str, begins: &str) -> Found {
    chosen(resolver.texts(name).await, begins)
}

fn chosen(answer: Answer, begins: &str) -> Found {
    let texts = match answer {
        Answer::Texts(texts) => texts,
        Answer::Nothing => return Found::None,
        Answer::Failed(why) => return Found::Failed(why),
    };
    let mut ours = texts
        .iter()
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .filter(|text| {
            let version = text.get(..begins.len());
            version.is_some_and(|version| version.eq_ignore_ascii_case(begins))
        });
    match (ours.next(), ours.next()) {
        (None, _) => Found::None,
        (Some(one), None) => Found::One(one),
        (Some(_), Some(_)) => Found::Several,
    }
}

fn spf_line(domain: &str, found: Found) -> Line {
    const WHAT: &str = "spf";
    match found {
        Found::One(record) if record.contains("+all") => Line::not(
            How::Wrong,
            WHAT,
            format!("{domain} lets every server send in its name (+all)"),
            "end the record with -all or ~all",
        ),
        Found::One(_) => Line::ok(WHAT, format!("{domain} says which servers send for it")),
        Found::None => Line::not(
            How::Hint,
            WHAT,
            format!("{domain} has no SPF record"),
            "publish a TXT record like \"v=spf1 mx -all\"",
        ),
        Found::Several => Line::not(
            How::Wrong,
            WHAT,
            format!("{domain} has several SPF records, which is none"),
            "leave one TXT record that begins with v=spf1",
        ),
        Found::Failed(why) => unanswered(WHAT, domain, &why),
    }
}

fn dmarc_line(domain: &str, found: Found) -> Line {
    const WHAT: &str = "dmarc";
    match found {
        Found::One(record) => {
            let wants = record.split(';').filter_map(|tag| tag.split_once('='));
            let wants = wants.map(|(key, value)| (key.trim(), value.trim()));
            let policy = wants
                .filter(|(key, _)| *key == "p")
                .map(|(_, value)| value.to_owned())
                .next();
            match policy.as_deref() {
                Some("reject" | "quarantine") => Line::ok(
                    WHAT,
                    format!("{domain} asks to refuse what only pretends to come from it"),
                ),
                _ => Line::not(
                    How::Hint,
                    WHAT,
                    format!("{domain} does not ask to refuse what only pretends to come from it"),
                    "set p=quarantine or p=reject once your own mail passes",
                ),
            }
        }
        Found::None => Line::not(
            How::Hint,
            WHAT,
            format!("{domain} has no DMARC record"),
            format!("publish _dmarc.{domain} as TXT, at first \"v=DMARC1; p=none\""),
        ),
        Found::Several => Line::not(
            How::Wrong,
            WHAT,
            format!("{domain} has several DMARC records, which is none"),
            "leave one TXT record that begins with v=DMARC1",
        ),
        Found::Failed(why) => unanswered(WHAT, domain, &why),
    }
}

fn unanswered(what: &'static str, domain: &str, why: &str) -> Line {
    let mend = "see that the servers of [dns] answer";
    Line::not(
        How::Away,
        what,
        format!("the records of {domain} could not be asked: {why}"),
        mend,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: each state of a record has its word. Method: a table of answers.
    #[test]
    fn each_record_has_its_word() {
        let texts =
            |texts: &[&str]| Answer::Texts(texts.iter().map(|t| t.as_bytes().to_vec()).collect());
        let spf = |answer| spf_line("x.test", chosen(answer, "v=spf1")).how;
        assert_eq!(spf(texts(&["other", "v=spf1 mx -all"])), How::Ok);
        assert_eq!(spf(texts(&["v=spf1 +all"])), How::Wrong);
        assert_eq!(spf(texts(&["v=spf1 a", "V=SPF1 b"])), How::Wrong);
        assert_eq!(spf(Answer::Nothing), How::Hint);
        assert_eq!(spf(Answer::Failed("no".to_owned())), How::Away);
        let dmarc = |answer| dmarc_line("x.test", chosen(answer, "v=DMARC1")).how;
        assert_eq!(
            dmarc(texts(&["v=DMARC1; p = reject; rua=mailto:a@x.test"])),
            How::Ok
        );
        assert_eq!(dmarc(texts(&["v=DMARC1; p=none"])), How::Hint);
        assert_eq!(dmarc(texts(&["v=DMARC1"])), How::Hint);
        assert_eq!(dmarc(Answer::Nothing), How::Hint);
    }
}
