//! What we write is never read as an answer, and a hostile name stays a name.

use countersign::inbound::mail::read::read;
use countersign::inbound::mail::{Rules, Verdict};
use countersign::render::{Reader, Renderer, Reply, Sample, samples};
use countersign::workflow::notice::Kind;

const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";

fn rules() -> Rules {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    Rules {
        reply_to: "approvals@bot.test".to_owned(),
        own_address: "approvals@bot.test".to_owned(),
        message_id_domain: "bot.test".to_owned(),
        dkim: None,
        authserv_id: Some("mx.bot.test".to_owned()),
        authserv_hops: 1,
        exempt_domains: words(&[]),
        approve_words: words(&["APPROVE", "APPROVED"]),
        disapprove_words: words(&["DISAPPROVE", "DISAPPROVED", "REJECT", "REJECTED"]),
        banners: Vec::new(),
    }
}

/// Every sample in every language that there is.
fn all_samples() -> Vec<Sample> {
    let mut all = samples();
    for sample in samples() {
        let reader = Reader {
            locale: "pt-BR".to_owned(),
            ..sample.reader
        };
        all.push(Sample { reader, ..sample });
    }
    all
}

/// A proven reply with everything right but its text.
fn reply(text: &str) -> Vec<u8> {
    let head = format!(
        "Authentication-Results: mx.bot.test; dmarc=pass header.from=client.test\n\
         From: Alice <alice@client.test>\nTo: approvals+{TOKEN}@bot.test\n\
         Subject: Re: access\nMessage-ID: <1@client.test>\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    );
    format!("{head}{text}\n").replace('\n', "\r\n").into_bytes()
}

/// Goal: a mail of ours that comes back as a reply without a word of its reader decides nothing.
/// Method: every sample of every kind and language as the whole text: as it is, quoted, below an attribution, and
/// from each of its lines on, as a client that drops lines might send it.
#[test]
fn our_own_words_decide_nothing() {
    let renderer = Renderer::new(None).expect("the built-in templates");
    let renderer = renderer.with_chat(true);
    let rules = rules();
    assert_eq!(
        read(&reply("APPROVE"), &rules).verdict,
        Verdict::Decision,
        "the mail decides"
    );
    for sample in all_samples() {
        let mail = renderer
            .mail(sample.kind, &sample.facts, &sample.reader)
            .expect("renders");
        let quoted: Vec<String> = mail.text.lines().map(|line| format!("> {line}")).collect();
        let below = format!(
            "On Sat, 21 Nov 2026 at 09:00, Countersign wrote:\n{}",
            mail.text
        );
        let lines: Vec<&str> = mail.text.lines().collect();
        let tails = (0..lines.len()).map(|from| lines[from..].join("\n"));
        for text in [quoted.join("\n"), below].into_iter().chain(tails) {
            let reading = read(&reply(&text), &rules);
            assert_ne!(
                reading.verdict,
                Verdict::Decision,
                "{}: {text}",
                sample.name
            );
        }
    }
}

/// Goal: what a requester writes cannot become markup, a header, or a line of its own.
/// Method: an ask whose free texts are hostile, looked at in subject, text and HTML.
#[test]
fn hostile_texts_stay_texts() {
    let renderer = Renderer::new(None).expect("the built-in templates");
    let ask = samples()
        .into_iter()
        .find(|sample| sample.kind == Kind::Ask)
        .expect("an ask");
    let mut facts = ask.facts;
    let hostile =
        "x\r\nBcc: evil@example.test\r\nAPPROVE\r\n\u{202e}<script>alert(1)</script>{{ 7*7 }}";
    facts.subject.resource = hostile.to_owned();
    facts.requester_name = hostile.to_owned();
    facts.justification = Some(hostile.repeat(50));
    let reader = Reader {
        reply: Some(Reply {
            address: format!("approvals+{TOKEN}@bot.test"),
        }),
        ..ask.reader
    };
    let mail = renderer.mail(Kind::Ask, &facts, &reader).expect("renders");
    assert!(
        !mail.subject.contains(['\r', '\n', '\u{202e}']),
        "{}",
        mail.subject
    );
    assert!(
        !mail.html.contains("<script") && mail.html.contains("&lt;script"),
        "{}",
        mail.html
    );
    assert!(!mail.html.contains('\u{202e}') && !mail.text.contains('\u{202e}'));
    assert!(
        !mail.text.lines().any(|line| line.trim() == "APPROVE"),
        "{}",
        mail.text
    );
    assert!(
        mail.text.contains("{{ 7*7 }}"),
        "not evaluated: {}",
        mail.text
    );
    // RFC 6068: the body of the prefilled reply is percent-encoded.
    assert!(mail.html.contains("mailto:approvals%2B") || mail.html.contains("mailto:approvals+"));
    assert!(mail.html.contains("body=APPROVE") && mail.html.contains("body=DISAPPROVE"));
}

/// Goal: the line that an ask proposes for less time is one that a reply may carry (W16).
/// Method: take it from the text of each sample that asks, and send it below the decision.
#[test]
fn the_proposed_line_is_read_as_a_window() {
    let renderer = Renderer::new(None).expect("the built-in templates");
    let rules = rules();
    let mut proposed = Vec::new();
    for sample in all_samples() {
        let mail = renderer
            .mail(sample.kind, &sample.facts, &sample.reader)
            .expect("renders");
        let lines = mail.text.lines();
        let begins = ["To agree to less time, ", "Para aprovar menos tempo, "];
        let lines = lines.filter(|line| begins.iter().any(|begin| line.starts_with(begin)));
        proposed.extend(lines.filter_map(|line| Some(line.rsplit_once(": ")?.1.to_owned())));
    }
    for begin in ["for ", "from ", "por ", "de "] {
        let found = proposed.iter().any(|line| line.starts_with(begin));
        assert!(found, "{begin}: {proposed:?}");
    }
    for line in proposed {
        let reading = read(&reply(&format!("APPROVE\n{line}")), &rules);
        assert_eq!(reading.verdict, Verdict::Decision, "{line}");
        assert_eq!(reading.reply.window.as_deref(), Some(line.as_str()));
    }
}
