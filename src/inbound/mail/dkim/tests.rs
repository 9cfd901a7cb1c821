//! Signed mails, really signed, and every trap that is known; DNS is a table.

use std::collections::BTreeSet;

use countersign_sandbox::{FIELDS, Signer, Signing};
use jiff::{SignedDuration, Timestamp};

use super::super::head::Head;
use super::*;
use crate::clock::Clock;
use crate::config::proof::{Alignment as Wanted, Dkim};

const FROM: &str = "client.test";

/// A mail of Alice's.
fn mail(body: &str) -> Vec<u8> {
    let mut mail = b"From: Alice <alice@client.test>\r\nTo: approvals@bot.test\r\n\
        Subject: Re: Approval\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\
        Message-ID: <1@client.test>\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        .to_vec();
    mail.extend(body.as_bytes());
    mail
}

fn signer() -> Signer {
    Signer::ed25519(FROM, "s1").expect("a key")
}

fn rules() -> Dkim {
    Dkim {
        alignment: Wanted::Strict,
        least_rsa_bits: 2048,
    }
}

fn relaxed() -> Dkim {
    Dkim {
        alignment: Wanted::Relaxed,
        ..rules()
    }
}

/// What DNS says: names and their one text.
fn dns(texts: &[(&str, &str)]) -> Answers {
    let answer = |text: &str| Answer::Texts(vec![text.as_bytes().to_vec()]);
    texts
        .iter()
        .map(|(name, text)| ((*name).to_owned(), answer(text)))
        .collect()
}

/// The key of a signer in DNS.
fn key_of(signer: &Signer) -> Answers {
    dns(&[(&signer.key_name(), &signer.record())])
}

fn checked(raw: &[u8], rules: &Dkim, answers: &Answers, now: Timestamp) -> Report {
    check(&Case {
        raw,
        head: &Head::split(raw),
        from: FROM,
        rules,
        answers,
        now,
    })
}

/// The verdicts, top-most signature first.
fn verdicts(raw: &[u8], rules: &Dkim, answers: &Answers) -> Vec<String> {
    let report = checked(raw, rules, answers, Clock::system().now());
    let words = report.signatures.into_iter().map(|one| one.verdict);
    words.collect()
}

/// The text with the first occurrence of `what` replaced.
fn changed(raw: &[u8], what: &str, instead: &str) -> Vec<u8> {
    let text = String::from_utf8(raw.to_vec()).expect("text");
    assert!(text.contains(what), "{what} is not there");
    text.replacen(what, instead, 1).into_bytes()
}

/// Goal: an honest signature passes, Ed25519 and RSA, relaxed and simple, and its domain and selector are
/// said. Method: mails signed by another program's code, the key in DNS.
#[test]
fn honest() {
    let folder = tempfile::tempdir().expect("a folder");
    let rsa = Signer::rsa(FROM, "s2", 2048, folder.path()).expect("a key");
    for signer in [signer(), rsa] {
        for simple in [false, true] {
            let how = Signing {
                simple,
                ..Signing::default()
            };
            let raw = signer.sign_as(&mail("APPROVE\r\n"), &how).expect("signed");
            let now = Clock::system().now();
            let report = checked(&raw, &rules(), &key_of(&signer), now);
            let pass = report.pass().unwrap_or_else(|| panic!("{report:?}"));
            assert_eq!(pass.domain, FROM);
            assert!(signer.key_name().starts_with(&pass.selector));
            assert!(report.asks.is_empty());
        }
    }
}

/// Goal: nobody is asked before everything else is in order, and then only for this key.
/// Method: an honest mail, and one for each thing out of order, without any answer.
#[test]
fn asks() {
    let raw = signer().sign(&mail("APPROVE\r\n")).expect("signed");
    let asks = |raw: &[u8]| checked(raw, &rules(), &Answers::new(), Clock::system().now()).asks;
    assert_eq!(asks(&raw), ["s1._domainkey.client.test"]);
    assert!(
        checked(&raw, &rules(), &Answers::new(), Clock::system().now())
            .pass()
            .is_none()
    );
    for (what, instead) in [
        ("d=client.test", "d=evil.test"),
        ("a=ed25519-sha256", "a=rsa-sha1"),
        ("APPROVE", "DISAPPROVE"),
        ("v=1", "v=2"),
        (
            "Content-Type: text",
            "Content-Type: text/html\r\nContent-Type: text",
        ),
    ] {
        assert_eq!(
            asks(&changed(&raw, what, instead)),
            Vec::<String>::new(),
            "{what}"
        );
    }
}

/// Goal: what was changed after signing is seen. Method: one change each of a signed mail.
#[test]
fn changed_after_signing() {
    let signer = signer();
    let answers = key_of(&signer);
    let raw = signer.sign(&mail("DISAPPROVE\r\n")).expect("signed");
    for (what, instead, verdict) in [
        ("DISAPPROVE", "APPROVE", "body-changed"),
        ("DISAPPROVE\r\n", "DISAPPROVE\r\nmore\r\n", "body-changed"),
        ("<alice@", "<bob@", "bad-signature"),
        ("Subject: Re: Approval", "Subject: other", "bad-signature"),
        ("text/plain; charset=utf-8", "text/html", "bad-signature"),
        ("encoding: 8bit", "encoding: base64", "bad-signature"),
        // Nobody has asked for that key, and so nobody is believed.
        ("s=s1", "s=s2", "later"),
    ] {
        let text = String::from_utf8(raw.clone()).expect("text");
        let what = if text.contains(what) {
            what.to_owned()
        } else {
            what.replace("encoding", "Encoding")
        };
        let raw = changed(&raw, &what, &instead.replace("encoding", "Encoding"));
        assert_eq!(verdicts(&raw, &rules(), &answers), [verdict], "{what}");
    }
    let doubled = changed(
        &raw,
        "From: Alice",
        "From: Mallory <m@evil.test>\r\nFrom: Alice",
    );
    assert_eq!(verdicts(&doubled, &rules(), &answers), ["uncovered"]);
}

/// Goal: a signature by which text could be added, that is over, or that does not cover From, proves
/// nothing. Method: each signed so, by the right key.
#[test]
fn signed_in_part() {
    let signer = signer();
    let answers = key_of(&signer);
    let sign = |how: Signing| signer.sign_as(&mail("APPROVE\r\n"), &how).expect("signed");
    let length = sign(Signing {
        length: true,
        ..Signing::default()
    });
    assert_eq!(verdicts(&length, &rules(), &answers), ["partial"]);
    let no_from = sign(Signing::default().without("From"));
    assert_eq!(verdicts(&no_from, &rules(), &answers), ["from-unsigned"]);
    let over = sign(Signing {
        expires: Some(600),
        ..Signing::default()
    });
    assert_eq!(verdicts(&over, &rules(), &answers), ["pass"]);
    let later = Clock::system().now() + SignedDuration::from_mins(11);
    let report = checked(&over, &rules(), &answers, later);
    assert_eq!(
        report.signatures.first().map(|one| one.verdict.as_str()),
        Some("expired")
    );
}

/// Goal: a field that says how the body is read is covered, or leaves no choice.
/// Method: signed without it; what a large provider sends, and what an attacker would put there.
#[test]
fn how_the_body_is_read() {
    let signer = signer();
    let answers = key_of(&signer);
    let how = Signing::default()
        .without("Content-Type")
        .without("Content-Transfer-Encoding");
    let alternative = "--b1\r\nContent-Type: text/plain\r\n\r\nAPPROVE\r\n--b1--\r\n";
    let verdict = |kind: &str, encoding: &str, body: &str| {
        let raw = mail(body);
        let raw = changed(&raw, "text/plain; charset=utf-8", kind);
        let raw = changed(&raw, "Encoding: 8bit", &format!("Encoding: {encoding}"));
        verdicts(
            &signer.sign_as(&raw, &how).expect("signed"),
            &rules(),
            &answers,
        )
        .concat()
    };
    for (kind, encoding, body, expected) in [
        ("text/plain; charset=utf-8", "8bit", "APPROVE\r\n", "pass"),
        ("text/plain", "quoted-printable", "APPROVE\r\n", "pass"),
        (
            "text/plain; charset=\"ISO-8859-15\"",
            "7bit",
            "APPROVE\r\n",
            "pass",
        ),
        (
            "multipart/alternative; boundary=b1",
            "7bit",
            alternative,
            "pass",
        ),
        (
            "multipart/alternative; boundary=\"b1\"",
            "7bit",
            alternative,
            "pass",
        ),
        (
            "multipart/alternative; boundary=b2",
            "7bit",
            alternative,
            "uncovered",
        ),
        (
            "multipart/digest; boundary=b1",
            "7bit",
            alternative,
            "uncovered",
        ),
        ("multipart/alternative", "7bit", alternative, "uncovered"),
        (
            "text/plain; charset=utf-16",
            "7bit",
            "APPROVE\r\n",
            "uncovered",
        ),
        ("text/html", "7bit", "APPROVE\r\n", "uncovered"),
        ("message/rfc822", "7bit", "APPROVE\r\n", "uncovered"),
        ("text/plain", "base64", "QVBQUk9WRQ==\r\n", "uncovered"),
    ] {
        assert_eq!(verdict(kind, encoding, body), expected, "{kind} {encoding}");
    }
    let gap = format!("text before\r\n{alternative}");
    assert_eq!(
        verdict("multipart/mixed; boundary=b1", "7bit", &gap),
        "uncovered"
    );
}

/// Goal: only a key in earnest, for mail, of this kind and strong enough, counts.
/// Method: a table of records under the name of the right key.
#[test]
fn keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let signer = Signer::rsa(FROM, "s2", 2048, folder.path()).expect("a key");
    let (_, weak) = countersign_sandbox::rsa_key(1024, folder.path()).expect("a key");
    let weak = data_encoding::BASE64.encode(&weak);
    let raw = signer.sign(&mail("APPROVE\r\n")).expect("signed");
    let p = signer.public_key();
    let name = signer.key_name();
    for (record, expected) in [
        (format!("p={p}"), "pass"),
        (
            format!("v=DKIM1; k=rsa; t=s; s=email; h=sha1:sha256; n=a note; p={p};"),
            "pass",
        ),
        (format!("v=DKIM1; t=y; p={p}"), "testing"),
        (format!("v=DKIM1; t=s:y; p={p}"), "testing"),
        ("v=DKIM1; p=".to_owned(), "revoked"),
        (format!("v=DKIM2; p={p}"), "bad-key"),
        (format!("v=DKIM1; k=ed25519; p={p}"), "bad-key"),
        (format!("v=DKIM1; h=sha1; p={p}"), "bad-key"),
        (format!("v=DKIM1; s=other; p={p}"), "bad-key"),
        (format!("v=DKIM1; p={p}; p={p}"), "bad-key"),
        ("v=DKIM1".to_owned(), "bad-key"),
        ("v=spf1 -all".to_owned(), "bad-key"),
        (
            format!("v=DKIM1; n={}; p={p}", "x".repeat(3_000)),
            "bad-key",
        ),
        (format!("v=DKIM1; p={weak}"), "weak-key"),
        ("v=DKIM1; p=AAAA".to_owned(), "weak-key"),
        (
            format!(
                "v=DKIM1; p={}",
                Signer::ed25519(FROM, "x").expect("a key").public_key()
            ),
            "weak-key",
        ),
    ] {
        assert_eq!(
            verdicts(&raw, &rules(), &dns(&[(&name, &record)])),
            [expected],
            "{record}"
        );
    }
    let other = Signer::rsa(FROM, "s2", 2048, folder.path()).expect("a key");
    assert_eq!(verdicts(&raw, &rules(), &key_of(&other)), ["bad-signature"]);
    let mut answers = key_of(&signer);
    let twice = vec![signer.record().into_bytes(), b"v=spf1 -all".to_vec()];
    answers.insert(name.clone(), Answer::Texts(twice));
    assert_eq!(verdicts(&raw, &rules(), &answers), ["bad-key"]);
    answers.insert(name.clone(), Answer::Nothing);
    assert_eq!(verdicts(&raw, &rules(), &answers), ["no-key"]);
    answers.insert(name, Answer::Failed("no server answered".to_owned()));
    assert_eq!(verdicts(&raw, &rules(), &answers), ["later"]);
}

/// Goal: only the From domain speaks for itself; relaxed, its organisation too, by its own word.
/// Method: signers above, below, beside and elsewhere, with DMARC records of every kind.
#[test]
fn alignment() {
    let key = signer();
    let verdict = |domain: &str, rules: &Dkim, policies: &[(&str, &str)]| {
        let signer = key.renamed(domain, "s1");
        let mut answers = key_of(&signer);
        for name in ["client.test", "test", "mail.client.test"] {
            answers.insert(format!("_dmarc.{name}"), Answer::Nothing);
        }
        answers.extend(dns(policies));
        let raw = signer.sign(&mail("APPROVE\r\n")).expect("signed");
        verdicts(&raw, rules, &answers).concat()
    };
    let policy = |text: &'static str| [("_dmarc.client.test", text)];
    assert_eq!(verdict(FROM, &rules(), &[]), "pass");
    assert_eq!(verdict(FROM, &relaxed(), &[]), "pass");
    let plain = policy("v=DMARC1; p=none");
    assert_eq!(
        verdict("mail.client.test", &rules(), &plain),
        "another-domain"
    );
    assert_eq!(verdict("mail.client.test", &relaxed(), &plain), "pass");
    for record in [
        "v=DMARC1; p=reject; adkim=s",
        "v=DMARC1; p=none; psd=y",
        "p=none; v=DMARC1",
        "v=spf1",
    ] {
        let said = verdict("mail.client.test", &relaxed(), &policy(record));
        assert_eq!(said, "another-domain", "{record}");
    }
    assert_eq!(
        verdict("mail.client.test", &relaxed(), &[]),
        "another-domain"
    );
    // A neighbour under a suffix that all may register below, even if that publishes a record.
    let suffix = [("_dmarc.test", "v=DMARC1; p=none")];
    assert_eq!(verdict("evil.test", &relaxed(), &suffix), "another-domain");
    assert_eq!(
        verdict("test.client.test.evil.org", &relaxed(), &plain),
        "another-domain"
    );
}

/// Goal: the policy of a subdomain counts for it, and a policy that cannot be fetched is no yes.
/// Method: From below the signer, with and without a record of its own.
#[test]
fn policy_of_a_subdomain() {
    let signer = signer();
    let raw = mail("APPROVE\r\n");
    let raw = changed(&raw, "alice@client.test", "alice@team.client.test");
    let raw = signer.sign(&raw).expect("signed");
    let verdict = |own: Answer| {
        let mut answers = key_of(&signer);
        answers.extend(dns(&[("_dmarc.client.test", "v=DMARC1; p=none")]));
        answers.insert("_dmarc.team.client.test".to_owned(), own);
        let report = check(&Case {
            raw: &raw,
            head: &Head::split(&raw),
            from: "team.client.test",
            rules: &relaxed(),
            answers: &answers,
            now: Clock::system().now(),
        });
        let words = report.signatures.into_iter().map(|one| one.verdict);
        words.collect::<String>()
    };
    let text = |text: &str| Answer::Texts(vec![text.as_bytes().to_vec()]);
    assert_eq!(verdict(Answer::Nothing), "pass");
    assert_eq!(verdict(text("v=DMARC1; p=none")), "pass");
    assert_eq!(verdict(text("v=DMARC1; p=none; adkim=s")), "another-domain");
    assert_eq!(verdict(text("v=DMARC1; p=none; psd=n")), "another-domain");
    assert_eq!(verdict(Answer::Failed("x".to_owned())), "later");
}

/// Goal: an organisation of its own between the two domains and what they have in common is a stranger,
/// whichever of them it lies above (RFC 9989, the walk up the tree); and so is what is too far apart.
/// Method: signer and From three labels below what they share; records at every name between.
#[test]
fn organisations_between() {
    let (from, domain) = ("a.b.client.test", "x.y.client.test");
    let signer = signer().renamed(domain, "s1");
    let verdict = |from: &str, signer: &Signer, between: Option<(&str, &str)>| {
        let raw = changed(
            &mail("APPROVE\r\n"),
            "alice@client.test",
            &format!("alice@{from}"),
        );
        let raw = signer.sign(&raw).expect("signed");
        let mut answers = key_of(signer);
        for name in [
            "a.b.client.test",
            "b.client.test",
            "x.y.client.test",
            "y.client.test",
        ] {
            answers.insert(format!("_dmarc.{name}"), Answer::Nothing);
        }
        answers.extend(dns(&[("_dmarc.client.test", "v=DMARC1; p=none")]));
        if let Some((name, record)) = between {
            answers.extend(dns(&[(&format!("_dmarc.{name}"), record)]));
        }
        let report = check(&Case {
            raw: &raw,
            head: &Head::split(&raw),
            from,
            rules: &relaxed(),
            answers: &answers,
            now: Clock::system().now(),
        });
        assert_eq!(report.asks, Vec::<String>::new());
        let words = report.signatures.into_iter().map(|one| one.verdict);
        words.collect::<String>()
    };
    assert_eq!(verdict(from, &signer, None), "pass");
    for name in [
        "a.b.client.test",
        "b.client.test",
        "x.y.client.test",
        "y.client.test",
    ] {
        let says = |record| verdict(from, &signer, Some((name, record)));
        assert_eq!(says("v=DMARC1; p=none; psd=n"), "another-domain", "{name}");
        assert_eq!(says("v=DMARC1; p=none; psd=y"), "another-domain", "{name}");
        assert_eq!(says("v=DMARC1; p=none; psd=u"), "pass", "{name}");
    }
    let own = ("client.test", "v=DMARC1; p=none; psd=n");
    assert_eq!(verdict(from, &signer, Some(own)), "pass", "it is theirs");
    let far = signer.renamed(&format!("{}client.test", "x.".repeat(8)), "s1");
    assert_eq!(verdict(from, &far, None), "another-domain");
}

/// Goal: of many signatures only the first few are looked at, and a bad one above does not hide a good
/// one below. Method: bad ones put above an honest one, few and many.
#[test]
fn many_signatures() {
    let signer = signer();
    let answers = key_of(&signer);
    let honest = signer.sign(&mail("APPROVE\r\n")).expect("signed");
    let bad = b"DKIM-Signature: v=1; a=rsa-sha256; d=evil.test; s=s; h=from; bh=aa; b=bb\r\n";
    let with = |times: usize| [bad.repeat(times), honest.clone()].concat();
    let few = verdicts(&with(2), &rules(), &answers);
    assert_eq!(few, ["another-domain", "another-domain", "pass"]);
    let many = verdicts(&with(400), &rules(), &answers);
    assert_eq!(many.len(), MAX_SIGNATURES + 1);
    let kinds: BTreeSet<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(kinds, BTreeSet::from(["another-domain", "too-many"]));
}

/// Goal: a key that signs for subdomains only by its word (`t=s`) does not sign for one.
/// Method: `i=` of a subdomain, the record with the flag and without.
#[test]
fn on_behalf_of() {
    let signer = signer();
    let identity = |identity: &str| {
        let how = Signing {
            identity: Some(identity.to_owned()),
            ..Signing::default()
        };
        signer.sign_as(&mail("APPROVE\r\n"), &how).expect("signed")
    };
    let below = identity("alice@team.client.test");
    assert_eq!(verdicts(&below, &rules(), &key_of(&signer)), ["pass"]);
    let record = format!("{}; t=s", signer.record());
    let strict = dns(&[(&signer.key_name(), &record)]);
    assert_eq!(verdicts(&below, &rules(), &strict), ["bad-signature"]);
    let foreign = identity("alice@evil.test");
    assert_eq!(
        verdicts(&foreign, &rules(), &key_of(&signer)),
        ["bad-signature"]
    );
    assert!(FIELDS.contains(&"From"));
}

/// Goal: no bytes make the check panic, and none of them passes without the signature.
/// Method: a signed mail cut and changed at every place, one byte each.
#[test]
fn any_byte_changed() {
    let signer = signer();
    let answers = key_of(&signer);
    let raw = signer.sign(&mail("APPROVE\r\n")).expect("signed");
    for place in 0..raw.len() {
        // Without its last line end the body is the same body (RFC 6376, 3.4.4).
        let cut = raw.get(..place.min(raw.len() - 3)).expect("a part");
        assert!(
            checked(cut, &rules(), &answers, Clock::system().now())
                .pass()
                .is_none()
        );
        let mut flipped = raw.clone();
        *flipped.get_mut(place).expect("a byte") ^= 0x81;
        let report = checked(&flipped, &rules(), &answers, Clock::system().now());
        assert!(report.pass().is_none(), "byte {place} changed");
    }
}
