//! A mail around a reply: proven, with a token, and any structure.

use std::collections::BTreeSet;
use std::fmt;

use countersign::config::locales::LOCALES;
use countersign::inbound::mail::{Rules, Verdict, read};
use data_encoding::BASE64_MIME;

pub const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";

/// Rules under which every language decides.
pub fn rules() -> Rules {
    let (mut approve_words, mut disapprove_words) = countersign::config::words::defaults();
    for locale in LOCALES {
        approve_words.extend(locale.approve.iter().map(|word| (*word).to_owned()));
        let refuses = locale.disapprove.iter().chain(locale.revoke);
        disapprove_words.extend(refuses.map(|word| (*word).to_owned()));
    }
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

/// The head of a proven mail, without what says how its body is written.
pub fn head() -> String {
    format!(
        "Delivered-To: approvals+{TOKEN}@bot.test\n\
         Received: from mx.client.test by mx.bot.test; Thu, 19 Nov 2026 16:20:00 +0000\n\
         Authentication-Results: mx.bot.test; dmarc=pass header.from=client.test\n\
         From: Dana <dana@client.test>\n\
         To: approvals+{TOKEN}@bot.test\n\
         Message-ID: <1@client.test>\n\
         Subject: Re: R-42\n\
         MIME-Version: 1.0\n"
    )
}

/// What a reply means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Approve,
    Disapprove,
    Unclear,
}

/// What a mail is read as.
pub fn answer(raw: &str, rules: &Rules) -> Answer {
    let raw = raw.replace("\r\n", "\n").replace('\n', "\r\n");
    let reading = read(raw.as_bytes(), rules);
    assert_eq!(reading.screen.verdict, "human", "{raw}");
    assert_eq!(reading.sender.verdict, "proven", "{raw}");
    match (reading.reply.verdict.as_str(), reading.verdict) {
        ("approve", Verdict::Decision) => Answer::Approve,
        ("disapprove", Verdict::Decision) => Answer::Disapprove,
        ("none", Verdict::Answer) => Answer::Unclear,
        other => panic!("{other:?}: {raw}"),
    }
}

/// Why a mail is read so.
pub fn why(raw: &str, rules: &Rules) -> String {
    let raw = raw.replace("\r\n", "\n").replace('\n', "\r\n");
    read(raw.as_bytes(), rules).reply.why
}

/// How a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    EightBit,
    Quoted,
    Base64,
    Flowed,
    Utf16,
}

pub const ENCODINGS: [Encoding; 5] = [
    Encoding::EightBit,
    Encoding::Quoted,
    Encoding::Base64,
    Encoding::Flowed,
    Encoding::Utf16,
];

/// A text or HTML part with its own fields, blank line and body.
pub fn part(kind: &str, text: &str, encoding: Encoding) -> String {
    let crlf = text.replace('\n', "\r\n");
    let (charset, how, body) = match encoding {
        Encoding::Quoted => ("utf-8", "quoted-printable", quoted_printable(text)),
        Encoding::Base64 => ("utf-8", "base64", BASE64_MIME.encode(crlf.as_bytes())),
        Encoding::Flowed if kind == "plain" => ("utf-8; format=flowed", "8bit", flowed(text)),
        Encoding::EightBit | Encoding::Flowed => ("utf-8", "8bit", text.to_owned()),
        Encoding::Utf16 => {
            let bytes: Vec<u8> = crlf.encode_utf16().flat_map(u16::to_be_bytes).collect();
            ("utf-16be", "base64", BASE64_MIME.encode(&bytes))
        }
    };
    format!(
        "Content-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: {how}\n\n{body}\n"
    )
}

/// Lines broken where they are long, as format=flowed has them.
fn flowed(text: &str) -> String {
    let mut all = String::new();
    for line in text.split('\n') {
        let mut width = 0;
        for word in line.split_inclusive(' ') {
            if width > 60 && !line.starts_with('>') && line != "-- " {
                all.push('\n');
                width = 0;
            }
            width += word.chars().count();
            all.push_str(word);
        }
        if line != "-- " {
            let end = all.trim_end_matches(' ').len();
            all.truncate(end);
        }
        all.push('\n');
    }
    all
}

fn quoted_printable(text: &str) -> String {
    let mut all = String::new();
    for line in text.split('\n') {
        let mut width = 0;
        for byte in line.bytes() {
            let piece = match byte {
                b'=' | 0x80.. => format!("={byte:02X}"),
                _ => char::from(byte).to_string(),
            };
            if width + piece.len() > 72 {
                all.push_str("=\n");
                width = 0;
            }
            width += piece.len();
            all.push_str(&piece);
        }
        all.push('\n');
    }
    all
}

/// What a run of replies came to.
#[derive(Debug, Default)]
pub struct Figures {
    pub replies: usize,
    pub false_approvals: usize,
    pub false_disapprovals: usize,
    pub clear: usize,
    pub not_understood: usize,
    /// The first of those that went wrong, to look at.
    pub wrong: Vec<String>,
}

impl Figures {
    pub fn count(&mut self, meant: Answer, read: Answer, what: &str) {
        self.replies += 1;
        self.clear += usize::from(meant != Answer::Unclear);
        if meant == read {
            return;
        }
        match read {
            Answer::Approve => self.false_approvals += 1,
            Answer::Disapprove => self.false_disapprovals += 1,
            Answer::Unclear => self.not_understood += 1,
        }
        if self.wrong.len() < 400 {
            self.wrong
                .push(format!("meant {meant:?}, read {read:?}:\n{what}"));
        }
    }

    /// No decision that was not given; of clear replies at most one in two hundred not understood.
    pub fn hold(&self) {
        println!("{self}");
        let wrong = self.wrong.join("\n----\n");
        assert_eq!(
            (self.false_approvals, self.false_disapprovals),
            (0, 0),
            "{self}\n{wrong}"
        );
        assert!(self.not_understood * 200 <= self.clear, "{self}\n{wrong}");
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "replies={} false_approvals={} false_disapprovals={} clear={} not_understood={}",
            self.replies,
            self.false_approvals,
            self.false_disapprovals,
            self.clear,
            self.not_understood
        )
    }
}
