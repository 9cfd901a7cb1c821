//! Whether a mail was written in answer to what its token asked, or only carries it.
//!
//! A signature proves who wrote a text, not to whom. Whoever has a signed mail of Alice's that says
//! "Approved" to something else, and a token of hers, could send the one with the other: the address that
//! a mail is delivered to is in no signature, and many fields are not (Microsoft signs neither `To` nor
//! `In-Reply-To`). So where a mail is signed for the From domain, each of those signatures has to cover a
//! field that carries every token, or else the `Subject`, and that names the request; our mails put it
//! there, and every provider signs it. What is neither is answered, at the approver's own address: it may
//! be they, with another subject, and if it is not, they learn of it.
//!
//! The other way, to take the hash of a body once for each person, was left: it sees a mail again that came
//! here before, never one that was written to somebody else, and would refuse the second honest mail that
//! consists of one word.
//!
//! What is *not* promised: that nobody is talked into approving a mail whose subject names the request; that
//! a mail without a signature, proven by our server alone, is bound to anything (it cannot be kept and sent
//! again from elsewhere, as SPF looks at who sends).

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::Rules;
use super::dkim::tags;
use super::head::Head;
use super::presented::{from_addresses, from_message_ids};
use super::screen::decoded;
use crate::inbound::Bound;
use crate::token::Token;
use crate::workflow::ids::RequestId;

/// Most signatures that are looked at; with more, nothing is bound.
const MAX_SIGNATURES: usize = 8;

/// What ties a mail of this From domain to the tokens that it presents.
pub fn bound(head: &Head<'_>, domain: &str, tokens: &[Token], rules: &Rules) -> Bound {
    let Some(covered) = covered(head, domain) else {
        return Bound::Yes;
    };
    let count = |name: &str| {
        let times = |fields: &Vec<String>| fields.iter().filter(|field| *field == name).count();
        covered.iter().map(times).min().unwrap_or(0)
    };
    let mut signed = Vec::new();
    for name in ["to", "cc", "in-reply-to", "references"] {
        // A signature covers the lowest fields of a name (RFC 6376, 5.4.2).
        let fields: Vec<_> = head.all(name).collect();
        for field in fields.iter().rev().take(count(name)) {
            if matches!(name, "to" | "cc") {
                from_addresses(&field.value(), rules, &mut signed);
            } else {
                from_message_ids(&field.value(), rules, &mut signed);
            }
        }
    }
    if tokens.iter().all(|token| signed.contains(token)) {
        return Bound::Yes;
    }
    let mut subjects = head.all("Subject");
    let (subject, more) = (subjects.next(), subjects.next());
    let subject = subject.filter(|_| more.is_none() && count("subject") > 0);
    Bound::Subject(subject.and_then(|field| named(&decoded(&field.value()))))
}

/// The fields that each signature for a domain covers; none where there is no such signature.
fn covered(head: &Head<'_>, domain: &str) -> Option<Vec<Vec<String>>> {
    let mut covered = Vec::new();
    for field in head.all("DKIM-Signature") {
        let value = field.value();
        let list = tags::list(&value);
        let tag = |name: &str| {
            let tags = list.iter().flatten();
            let found = tags.clone().find(|(tag, _)| *tag == name);
            found.map(|(_, value)| value.to_ascii_lowercase())
        };
        // What cannot be read may be what somebody else has verified.
        let ours = tag("d").is_none_or(|signer| house(&signer) == house(domain));
        if ours {
            let fields = tag("h").unwrap_or_default();
            covered.push(
                fields
                    .split(':')
                    .map(|name| name.trim().to_owned())
                    .collect(),
            );
        }
        if covered.len() > MAX_SIGNATURES {
            return Some(vec![Vec::new()]);
        }
    }
    (!covered.is_empty()).then_some(covered)
}

/// The end of a name that aligned names have in common; a little more than that does no harm.
fn house(name: &str) -> &str {
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at + 1);
    dots.nth(1).and_then(|at| name.get(at..)).unwrap_or(name)
}

/// The first request that a subject names: `R-42`.
fn named(subject: &str) -> Option<RequestId> {
    subject.match_indices("R-").find_map(|(at, _)| {
        let (before, from) = subject.split_at_checked(at)?;
        let digits = from.strip_prefix("R-")?;
        let end = digits.find(|c: char| !c.is_ascii_digit());
        let digits = digits.get(..end.unwrap_or(digits.len()))?;
        let whole = !before.ends_with(char::is_alphanumeric);
        digits.parse().ok().filter(|_| whole).map(RequestId)
    })
}

#[cfg(test)]
mod tests {
    use super::super::read::tests::rules;
    use super::*;

    const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";

    fn bound_by(head: &str) -> Bound {
        let token = Token::parse(TOKEN).unwrap();
        let head = head.replace("TOKEN", TOKEN);
        bound(
            &Head::split(head.as_bytes()),
            "client.test",
            &[token],
            &rules(),
        )
    }

    // Goal: a mail is bound by what its signatures cover, and by nothing that was put beside it. Method: a
    // table of header blocks.
    #[test]
    fn bindings() {
        let signed =
            |fields: &str| format!("DKIM-Signature: v=1; d=client.test; h={fields}; b=x\n");
        let named = |n: i64| Bound::Subject(Some(RequestId(n)));
        let not = Bound::Subject(None);
        let table = [
            ("To: approvals+TOKEN@bot.test\n".to_owned(), Bound::Yes),
            (
                signed("from:to") + "To: approvals+TOKEN@bot.test\n",
                Bound::Yes,
            ),
            (
                signed("from:in-reply-to")
                    + "In-Reply-To: <TOKEN.0192f0c4a1b27c3d8e4f5a6b7c8d9e0f@id.test>\n",
                Bound::Yes,
            ),
            // The one on top was added to a mail that was written to somebody else.
            (
                signed("from:to") + "To: approvals+TOKEN@bot.test\nTo: bob@client.test\n",
                not.clone(),
            ),
            (
                signed("from:to:to") + "To: approvals+TOKEN@bot.test\nTo: bob@client.test\n",
                Bound::Yes,
            ),
            (
                signed("from") + "To: approvals+TOKEN@bot.test\n",
                not.clone(),
            ),
            (
                signed("from:subject") + "Subject: Re: Please decide R-42: x R-7\n",
                named(42),
            ),
            (
                signed("from:subject") + "Subject: =?utf-8?q?Re:_R-42=3A_=C3=A9?=\n",
                named(42),
            ),
            (signed("from:subject") + "Subject: lunch?\n", not.clone()),
            (signed("from:subject") + "Subject: PR-42\n", not.clone()),
            (signed("from:to") + "Subject: Re: R-42\n", not.clone()),
            (
                signed("from:subject") + "Subject: Re: R-42\nSubject: lunch?\n",
                not.clone(),
            ),
            // A second signature that claims more does not make up for the first.
            (
                signed("from") + &signed("from:to") + "To: approvals+TOKEN@bot.test\n",
                not.clone(),
            ),
            (
                "DKIM-Signature: v=1; d=esp.test; h=from; b=x\nTo: approvals+TOKEN@bot.test\n"
                    .to_owned(),
                Bound::Yes,
            ),
            (
                "DKIM-Signature: no list\nTo: approvals+TOKEN@bot.test\n".to_owned(),
                not.clone(),
            ),
            (
                "DKIM-Signature: d=mail.client.test; h=From : Subject; b=\n\tx\nSubject: R-9\n"
                    .to_owned(),
                named(9),
            ),
        ];
        for (head, expected) in table {
            assert_eq!(bound_by(&head), expected, "{head}");
        }
    }
}
