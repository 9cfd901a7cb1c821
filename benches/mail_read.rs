//! How long a reply takes to read: screen, proof, tokens, MIME, text and HTML, grammar and hash, beside
//! a bare parse of the same mails by the MIME parser alone, in the same run.
//!
//! `cargo bench --bench mail_read`. Mails of about 4.5 kB as three kinds of client send them: plain
//! text in quoted-printable, plain text in base64, text beside HTML, HTML alone. Each figure is
//! the median of many batches. The last line is for machines: `mail_read parse_us=… read_us=… ratio=…`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use countersign::inbound::mail::{Rules, Verdict, read};
use data_encoding::BASE64_MIME;
use mail_parser::MessageParser;

const BATCHES: usize = 101;
const CALLS_PER_BATCH: u32 = 200;
const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";
/// What the quotation is filled with.
const QUOTED: &str = "Bob asks for admin on prod-db-1 because the yearly audit needs its numbers.";

fn main() {
    let rules = rules();
    let (mut bare, mut full) = (0.0, 0.0);
    let mails = mails();
    for (name, raw) in &mails {
        assert_eq!(read(raw, &rules).verdict, Verdict::Decision, "{name}");
        let parser = MessageParser::default();
        let parse_us = median(|| drop(black_box(parser.parse(black_box(raw.as_slice())))));
        let read_us = median(|| drop(black_box(read(black_box(raw), &rules))));
        println!(
            "{name:<18} {} bytes  parse {parse_us:>6.1} µs  read {read_us:>6.1} µs  ratio {:.2}",
            raw.len(),
            read_us / parse_us
        );
        bare += parse_us;
        full += read_us;
    }
    let count = f64::from(u32::try_from(mails.len()).expect("few"));
    println!(
        "mail_read parse_us={:.1} read_us={:.1} ratio={:.2}",
        bare / count,
        full / count,
        full / bare
    );
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

fn mails() -> Vec<(&'static str, Vec<u8>)> {
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
    bodies
        .map(|(name, body)| (name, format!("{}{body}", head()).into_bytes()))
        .to_vec()
}

/// The head of a reply through a large provider.
fn head() -> String {
    let signature =
        "bBzQ7kq0a5c2pZbKq0WcP6y0dH4o9sJx3v1m8n2t5r7u9w1y3A5C7E9G1I3K5M7O\r\n         ".repeat(5);
    format!(
        "Delivered-To: approvals+{TOKEN}@bot.test\r\n\
         Received: from mx.client.test (mx.client.test [192.0.2.7])\r\n\tby mx.bot.test with ESMTPS id 4abc\r\n\t\
         for <approvals+{TOKEN}@bot.test>; Thu, 19 Nov 2026 16:20:00 +0000\r\n\
         Authentication-Results: mx.bot.test;\r\n\tdkim=pass header.d=client.test header.s=s1;\r\n\t\
         spf=pass smtp.mailfrom=dana@client.test;\r\n\tdmarc=pass (policy=reject) header.from=client.test\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=client.test; s=s1;\r\n\
         \th=to:subject:message-id:date:from:mime-version; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\
         \tb={signature}\r\n\
         MIME-Version: 1.0\r\n\
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
