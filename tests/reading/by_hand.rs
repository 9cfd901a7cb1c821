//! Replies written by hand.
//!
//! A file of `tests/reading/by_hand` is a list of replies, each below a line `=== ANSWER [html|both]`; in
//! `both` a line `--- html` parts the text from the HTML. None of it was taken from the parser's lists.

use std::fs;
use std::path::Path;

use crate::mail::{Answer, ENCODINGS, Encoding, Figures, answer, head, part, rules};

/// A reply: what it means, and its text, its HTML, or both.
struct Reply {
    meant: Answer,
    text: Option<String>,
    html: Option<String>,
}

fn replies() -> Vec<Reply> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reading/by_hand");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("tests/reading/by_hand")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let texts = files
        .iter()
        .map(|path| fs::read_to_string(path).expect("a text"));
    let blocks = |text: String| -> Vec<Reply> {
        let mut blocks = text.split("=== ");
        assert_eq!(blocks.next(), Some(""), "begins with ===");
        blocks.map(one).collect()
    };
    texts.flat_map(blocks).collect()
}

fn one(block: &str) -> Reply {
    let (title, body) = block.split_once('\n').expect("a title");
    let mut words = title.split_whitespace();
    let meant = match words.next() {
        Some("approve") => Answer::Approve,
        Some("disapprove") => Answer::Disapprove,
        Some("unclear") => Answer::Unclear,
        other => panic!("{other:?}"),
    };
    let (text, html) = match words.next() {
        None => (Some(body), None),
        Some("html") => (None, Some(body)),
        Some(_) => {
            let (text, html) = body.split_once("--- html\n").expect("both parts");
            (Some(text), Some(html))
        }
    };
    Reply {
        meant,
        text: text.map(str::to_owned),
        html: html.map(str::to_owned),
    }
}

fn mail(reply: &Reply, encoding: Encoding) -> String {
    let text = reply
        .text
        .as_ref()
        .map(|text| part("plain", text, encoding));
    let html = reply.html.as_ref().map(|html| part("html", html, encoding));
    let head = head();
    match (text, html) {
        (Some(text), Some(html)) => format!(
            "{head}Content-Type: multipart/alternative; boundary=q\n\n--q\n{text}\n--q\n{html}\n--q--\n"
        ),
        (Some(part), None) | (None, Some(part)) => format!("{head}{part}"),
        (None, None) => unreachable!("a reply has a part"),
    }
}

/// Goal: what people write is understood, and never for more than they said.
/// Method: two hundred replies written by hand, in every encoding; the figures are printed.
#[test]
fn replies_written_by_hand() {
    let rules = rules();
    let replies = replies();
    assert!(replies.len() >= 200, "{} replies", replies.len());
    let mut figures = Figures::default();
    for reply in &replies {
        for encoding in ENCODINGS {
            let raw = mail(reply, encoding);
            let shown = format!("{encoding:?} {:?} {:?}", reply.text, reply.html);
            figures.count(reply.meant, answer(&raw, &rules), &shown);
        }
    }
    figures.hold();
}
