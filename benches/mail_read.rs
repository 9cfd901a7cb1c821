//! How long a reply takes to read, beside a bare parse of the same mails by the MIME parser alone, in the
//! same run:
//!
//! - the words: header block, MIME, screen, text and HTML, grammar;
//! - the whole reading: the words, who is proven by our server's results, tokens, what binds them, the
//!   mail's hash;
//! - the same with our own check of its DKIM signature (RSA, 2048 bits), the key at hand.
//!
//! `make bench NAME=mail_read`. Mails of about 4 kB as three kinds of client send them: plain text in
//! quoted-printable, plain text in base64, text beside HTML, HTML alone; all of them really signed. Each
//! figure is the median of many batches. The last line is for machines: `mail_read parse_us=… …`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use countersign::clock::Clock;
use countersign::config::proof::{Alignment, Dkim};
use countersign::inbound::mail::dkim::{self, Answer, Answers, Case};
use countersign::inbound::mail::head::Head;
use countersign::inbound::mail::read::parser;
use countersign::inbound::mail::reply::reply;
use countersign::inbound::mail::screen::screen;
use countersign::inbound::mail::{Rules, Verdict, read, read_with, shape};
use countersign_sandbox::Signer;
use data_encoding::BASE64_MIME;
use mail_parser::MessageParser;

const BATCHES: usize = 101;
const CALLS_PER_BATCH: u32 = 200;
const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";
const DOMAIN: &str = "client.test";
/// What the quotation is filled with.
const QUOTED: &str = "Bob asks for admin on prod-db-1 because the yearly audit needs its numbers.";

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let signer = Signer::rsa(DOMAIN, "s1", 2048, folder.path()).expect("a key");
    let by_results = rules();
    let by_key = Rules {
        dkim: Some(Dkim {
            alignment: Alignment::Relaxed,
            least_rsa_bits: 2048,
        }),
        authserv_id: None,
        ..rules()
    };
    let key = Answer::Texts(vec![signer.record().into_bytes()]);
    let answers = Answers::from([(signer.key_name(), key)]);
    let mails = mails(&signer);
    let mut sums = [0.0; 4];
    for (name, raw) in &mails {
        let by_signature = || checked(raw, &by_key, &answers);
        assert_eq!(read(raw, &by_results).verdict, Verdict::Decision, "{name}");
        assert_eq!(by_signature(), Verdict::Decision, "{name}");
        let parser = MessageParser::default();
        let took = [
            median(|| drop(black_box(parser.parse(black_box(raw.as_slice()))))),
            median(|| words(black_box(raw), &by_results)),
            median(|| drop(black_box(read(black_box(raw), &by_results)))),
            median(|| _ = black_box(by_signature())),
        ];
        println!("{name:<14} {} bytes  {}", raw.len(), told(&took));
        for (sum, took) in sums.iter_mut().zip(took) {
            *sum += took;
        }
    }
    let count = f64::from(u32::try_from(mails.len()).expect("few"));
    let [parse, words, read, with_dkim] = sums.map(|sum| sum / count);
    println!(
        "mail_read parse_us={parse:.1} words_us={words:.1} read_us={read:.1} dkim_us={with_dkim:.1} \
         words_ratio={:.2} read_ratio={:.2} dkim_ratio={:.2}",
        words / parse,
        read / parse,
        with_dkim / parse
    );
}

fn told([parse, words, read, with_dkim]: &[f64; 4]) -> String {
    format!(
        "parse {parse:>5.1} µs  words {words:>5.1} µs ({:.2})  read {read:>5.1} µs ({:.2})  \
         with DKIM {with_dkim:>6.1} µs ({:.2})",
        words / parse,
        read / parse,
        with_dkim / parse
    )
}

/// From the bytes to what the words say: no proof, no hash.
fn words(raw: &[u8], rules: &Rules) {
    let head = Head::split(raw);
    assert!(shape::fault(raw).is_none(), "a plain mail");
    let message = parser().parse(raw).expect("a mail");
    drop(black_box(screen(raw, &head, Some(&message), rules)));
    drop(black_box(reply(&head, &message, rules)));
}

/// The whole reading by a signature that is checked here, as the inbox has it.
fn checked(raw: &[u8], rules: &Rules, answers: &Answers) -> Verdict {
    let report = dkim::check(&Case {
        raw,
        head: &Head::split(raw),
        from: DOMAIN,
        rules: rules.dkim.as_ref().expect("our own check"),
        answers,
        now: Clock::system().now(),
    });
    read_with(raw, rules, Some(&report)).verdict
}

/// The median over batches, in microseconds a call.
fn median(call: impl Fn()) -> f64 {
    let mut batches: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..CALLS_PER_BATCH {
                call();
            }
            began.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS_PER_BATCH)
        })
        .collect();
    batches.sort_by(f64::total_cmp);
    batches[BATCHES / 2]
}

fn mails(signer: &Signer) -> Vec<(&'static str, Vec<u8>)> {
    let quoted: Vec<String> = (0..20).map(|n| format!("> {n} {QUOTED}")).collect();
    let text = format!(
        "APPROVE\r\n\r\nChecked with the change board.\r\n\r\n\
         On Thu, Nov 19, 2026 at 4:12 PM Access Desk\r\n<desk@bot.test> wrote:\r\n\r\n{}\r\n",
        quoted.join("\r\n")
    );
    let mut quoted = String::new();
    for n in 0..10 {
        let _ = writeln!(quoted, "<div>{n} {QUOTED}</div>\r");
    }
    let html = format!(
        "<div dir=\"ltr\"><div>APPROVE</div><div><br></div><div>Checked with the change board.</div>\
         </div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Thu, Nov 19, 2026 \
         at 4:12 PM Access Desk &lt;<a href=\"mailto:desk@bot.test\">desk@bot.test</a>&gt; wrote:<br>\
         </div><blockquote class=\"gmail_quote\" style=\"margin:0 0 0 .8ex;border-left:1px #ccc \
         solid;padding-left:1ex\">{quoted}</blockquote></div>\r\n"
    );
    let part = |kind: &str, how: &str, body: &str| {
        format!(
            "Content-Type: text/{kind}; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: {how}\r\n\r\n{body}\r\n"
        )
    };
    let base64 = |text: &str| BASE64_MIME.encode(text.as_bytes());
    let quoted_printable = |text: &str| text.replace('=', "=3D");
    let mut short = String::new();
    for line in text.lines().take(16) {
        short.push_str(line);
        short.push_str("\r\n");
    }
    let both = format!(
        "Content-Type: multipart/alternative; boundary=\"000b\"\r\n\r\n--000b\r\n{}--000b\r\n{}--000b--\r\n",
        part("plain", "quoted-printable", &quoted_printable(&short)),
        part("html", "quoted-printable", &quoted_printable(&html))
    );
    let bodies = [
        (
            "plain, quoted",
            part("plain", "quoted-printable", &quoted_printable(&text)),
        ),
        ("plain, base64", part("plain", "base64", &base64(&text))),
        ("text and HTML", both),
        ("HTML, base64", part("html", "base64", &base64(&html))),
    ];
    let sent = |(name, body): (&'static str, String)| {
        let mail = signer.sign(format!("{}{body}", head()).as_bytes());
        let mail = mail.expect("signed");
        (name, [trace().as_bytes(), &mail].concat())
    };
    bodies.map(sent).to_vec()
}

/// What the servers on the way put above a reply.
fn trace() -> String {
    format!(
        "Delivered-To: approvals+{TOKEN}@bot.test\r\n\
         Received: from mx.client.test (mx.client.test [192.0.2.7])\r\n\tby mx.bot.test with ESMTPS id 4abc\r\n\t\
         for <approvals+{TOKEN}@bot.test>; Thu, 19 Nov 2026 16:20:00 +0000\r\n\
         Authentication-Results: mx.bot.test;\r\n\tdkim=pass header.d=client.test header.s=s1;\r\n\t\
         spf=pass smtp.mailfrom=dana@client.test;\r\n\tdmarc=pass (policy=reject) header.from=client.test\r\n"
    )
}

/// The head of a reply as its sender signs it.
fn head() -> String {
    format!(
        "MIME-Version: 1.0\r\n\
         From: Dana Whitfield <dana@client.test>\r\n\
         To: Approvals <approvals+{TOKEN}@bot.test>\r\n\
         In-Reply-To: <{TOKEN}.0192f0c4a1b27c3d8e4f5a6b7c8d9e0f@id.test>\r\n\
         References: <request-42@id.test>\r\n <{TOKEN}.0192f0c4a1b27c3d8e4f5a6b7c8d9e0f@id.test>\r\n\
         Date: Thu, 19 Nov 2026 16:19:58 +0000\r\n\
         Message-ID: <CAF0x1y2z3@client.test>\r\n\
         Subject: Re: R-42: access to prod-db-1\r\n"
    )
}

fn rules() -> Rules {
    let (approve_words, disapprove_words) = countersign::config::words::defaults();
    Rules {
        reply_to: "approvals@bot.test".to_owned(),
        own_address: "bot@bot.test".to_owned(),
        message_id_domain: "id.test".to_owned(),
        dkim: None,
        authserv_id: Some("mx.bot.test".to_owned()),
        authserv_hops: 1,
        exempt_domains: BTreeSet::new(),
        approve_words,
        disapprove_words,
        banners: Vec::new(),
    }
}
