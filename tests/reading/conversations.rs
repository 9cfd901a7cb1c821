//! Conversations put together from a client, a language, a place for the answer, a structure and an
//! encoding; each knows its answer by how it was made.

use std::fmt::Write as _;

use crate::mail::{Answer, ENCODINGS, Encoding, Figures, answer, head, part, rules};
use crate::tongues::{TONGUES, Tongue};

/// What was asked, as the client quotes it; it holds both words and a window.
const ASKED: [&str; 4] = [
    "Bob asks for admin on prod-db-1, only until 17:00.",
    "",
    "Reply APPROVE or DISAPPROVE on the first line.",
    "If you do nothing it expires.",
];
const WHO: &str = "Access Desk <desk@bot.test>";
/// Every so many of all conversations is held.
const STRIDE: usize = 29;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Gmail,
    Apple,
    Outlook,
    OutlookPhone,
    Thunderbird,
    Phone,
    NoQuotation,
}

const CLIENTS: [Client; 7] = [
    Client::Gmail,
    Client::Apple,
    Client::Outlook,
    Client::OutlookPhone,
    Client::Thunderbird,
    Client::Phone,
    Client::NoQuotation,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Bottom,
    Inline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Structure {
    Plain,
    Html,
    Alternative,
    WithAttachment,
    Signed,
}

const STRUCTURES: [Structure; 5] = [
    Structure::Plain,
    Structure::Html,
    Structure::Alternative,
    Structure::WithAttachment,
    Structure::Signed,
];

/// What a person writes, and what it means on top of a mail.
fn answers(tongue: &Tongue) -> Vec<(Vec<String>, Answer)> {
    let (yes, no) = (tongue.approve, tongue.reject);
    let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect();
    vec![
        (lines(&[yes]), Answer::Approve),
        (
            lines(&[&format!("{}!", yes.to_uppercase()), "", "Dana"]),
            Answer::Approve,
        ),
        (
            lines(&[&format!("{yes}."), "", tongue.remark]),
            Answer::Approve,
        ),
        (lines(&["approve, thanks"]), Answer::Approve),
        (lines(&["APPROVE", "for 2 hours"]), Answer::Approve),
        (
            lines(&[&format!("{no}: {}", tongue.reason)]),
            Answer::Disapprove,
        ),
        (
            lines(&["Disapproved", "", tongue.reason, tongue.condition]),
            Answer::Disapprove,
        ),
        (lines(&[yes, tongue.condition]), Answer::Unclear),
        (
            lines(&[yes, "", tongue.remark, "", tongue.condition]),
            Answer::Unclear,
        ),
        (lines(&[yes, no]), Answer::Unclear),
        (lines(&[tongue.remark]), Answer::Unclear),
        (lines(&[&format!("{yes}?")]), Answer::Unclear),
        (lines(&["I would APPROVE"]), Answer::Unclear),
        (lines(&["Ok"]), Answer::Unclear),
    ]
}

/// Lines broken at a width, as clients break them.
fn wrapped(text: &str, width: usize) -> String {
    let mut all = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used + length > width && used > 0 {
            all.push('\n');
            used = 0;
        } else if used > 0 {
            all.push(' ');
            used += 1;
        }
        all.push_str(word);
        used += length;
    }
    all
}

fn header_block(tongue: &Tongue, colon: &str) -> [String; 4] {
    let values = [WHO, "19.11.2026 16:12", "Dana <dana@client.test>", "R-42"];
    std::array::from_fn(|at| format!("{}{colon} {}", tongue.labels[at], values[at]))
}

/// Above the quotation, and the quotation line by line.
fn quoted(client: Client, tongue: &Tongue) -> (String, Vec<String>) {
    let introduction = tongue.introduction.replace("{who}", WHO);
    let marked = || ASKED.iter().map(|line| format!("> {line}")).collect();
    let bare = || ASKED.iter().map(|line| (*line).to_owned()).collect();
    let block = header_block(tongue, ":").join("\n");
    match client {
        Client::Gmail => (format!("\n{}\n", wrapped(&introduction, 74)), marked()),
        Client::Apple | Client::Thunderbird => (format!("\n{introduction}\n"), marked()),
        Client::Phone => (format!("\n{}\n\n{introduction}\n", tongue.footer), marked()),
        Client::Outlook => (format!("\n{block}\n"), bare()),
        Client::OutlookPhone => {
            let rule = "_".repeat(32);
            (format!("\n{}\n\n{rule}\n{block}\n", tongue.footer), bare())
        }
        Client::NoQuotation => (String::new(), Vec::new()),
    }
}

fn as_text(client: Client, tongue: &Tongue, place: Place, said: &[String]) -> String {
    let (above, quotation) = quoted(client, tongue);
    let said = said.join("\n");
    let quotation_text = quotation.join("\n");
    match place {
        Place::Top => format!("{said}\n{above}{quotation_text}\n"),
        Place::Bottom => format!("{}{quotation_text}\n\n{said}\n", above.trim_start()),
        Place::Inline => {
            let (first, rest) = quotation.split_at(1.min(quotation.len()));
            let (first, rest) = (first.join("\n"), rest.join("\n"));
            format!("{}{first}\n\n{said}\n\n{rest}\n", above.trim_start())
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn divs(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut all, line| {
        let inside = if line.is_empty() {
            "<br>".to_owned()
        } else {
            escaped(line)
        };
        let _ = write!(all, "<div>{inside}</div>");
        all
    })
}

fn as_html(client: Client, tongue: &Tongue, place: Place, said: &[String]) -> String {
    let introduction = escaped(&tongue.introduction.replace("{who}", WHO));
    let asked = divs(&ASKED.map(str::to_owned));
    let block = header_block(tongue, ":</b>")
        .map(|line| line.replace(" <", " &lt;"))
        .join("<br><b>");
    let quotation = match client {
        Client::Gmail => format!(
            "<br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">{introduction}<br></div>\
             <blockquote class=\"gmail_quote\" style=\"margin:0 0 0 .8ex\">{asked}</blockquote></div>"
        ),
        Client::Apple => format!(
            "<br><blockquote type=\"cite\"><div>{introduction}</div><br>{asked}</blockquote>"
        ),
        Client::Thunderbird => format!(
            "<div class=\"moz-cite-prefix\">{introduction}<br></div>\
             <blockquote type=\"cite\">{asked}</blockquote>"
        ),
        Client::Phone => format!(
            "<br><div>{}</div><div>{introduction}</div><blockquote>{asked}</blockquote>",
            escaped(tongue.footer)
        ),
        Client::Outlook => format!(
            "<div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\">\
             <p class=MsoNormal><b>{block}</p></div>{asked}"
        ),
        Client::OutlookPhone => format!(
            "<div id=\"ms-outlook-mobile-signature\">{}</div><hr><div id=\"divRplyFwdMsg\"><b>{block}</div>\
             {asked}",
            escaped(tongue.footer)
        ),
        Client::NoQuotation => String::new(),
    };
    let said = divs(said);
    match place {
        Place::Top => format!("<html><body>{said}{quotation}</body></html>"),
        Place::Bottom => format!("<html><body>{quotation}{said}</body></html>"),
        Place::Inline => {
            let middle = quotation.find("Reply APPROVE").unwrap_or(quotation.len());
            let (first, rest) = quotation.split_at(middle);
            format!("<html><body>{first}{said}{rest}</body></html>")
        }
    }
}

fn mail(text: &str, html: &str, structure: Structure, encoding: Encoding) -> String {
    let (text, html) = (part("plain", text, encoding), part("html", html, encoding));
    let multipart = |kind: &str, boundary: &str, parts: &[&str]| {
        let parts = parts.iter().fold(String::new(), |mut all, part| {
            let _ = writeln!(all, "--{boundary}\n{part}");
            all
        });
        format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n{parts}--{boundary}--\n")
    };
    let both = multipart("alternative", "alt", &[&text, &html]);
    let image =
        "Content-Type: image/png; name=logo.png\nContent-Transfer-Encoding: base64\n\nAAAA\n";
    let signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\n\
                     Content-Transfer-Encoding: base64\n\nAAAA\n";
    let body = match structure {
        Structure::Plain => text,
        Structure::Html => html,
        Structure::Alternative => both,
        Structure::WithAttachment => multipart("mixed", "mix", &[&both, image]),
        Structure::Signed => multipart("signed", "sig", &[&both, signature]),
    };
    format!("{}{body}", head())
}

/// Goal: in no client, language, place, structure or encoding is a decision read that was not given;
/// clear answers are understood. Method: every 29th of all combinations, whose answers are
/// known by how they are made; the figures are printed.
#[test]
fn conversations() {
    let rules = rules();
    let mut figures = Figures::default();
    let mut number = 0_usize;
    for tongue in TONGUES {
        for client in CLIENTS {
            for place in [Place::Top, Place::Bottom, Place::Inline] {
                if client == Client::NoQuotation && place != Place::Top {
                    continue;
                }
                for (said, meant) in answers(tongue) {
                    let meant = match place {
                        Place::Top => meant,
                        Place::Bottom | Place::Inline => Answer::Unclear,
                    };
                    for structure in STRUCTURES {
                        for encoding in ENCODINGS {
                            number += 1;
                            if !number.is_multiple_of(STRIDE) {
                                continue;
                            }
                            let text = as_text(client, tongue, place, &said);
                            let html = as_html(client, tongue, place, &said);
                            let raw = mail(&text, &html, structure, encoding);
                            let read = answer(&raw, &rules);
                            let shown = if structure == Structure::Html {
                                &html
                            } else {
                                &text
                            };
                            let what = format!(
                                "{} {client:?} {place:?} {structure:?} {encoding:?}\n{shown}",
                                tongue.name
                            );
                            figures.count(meant, read, &what);
                        }
                    }
                }
            }
        }
    }
    assert!(figures.replies > 5_000, "{figures}");
    figures.hold();
}
