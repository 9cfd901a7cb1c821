//! From raw bytes to the verdict.
//!
//! `make test` runs it for a moment, `make fuzz` for long. The engine draws bytes; they are used as they
//! are, as edits to a mail of the corpus (`tests/mail/*.eml`, `tests/reading/corpus/*.eml`), and as the
//! body of a proven mail. Time is what the thread spent on a processor, the least of three readings.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::command::Command;
use countersign::inbound::mail::screen::MAX_MAIL_BYTES;
use countersign::inbound::mail::{Reading, Rules, read};
use countersign::inbound::{Speaker, Words};
use countersign::workflow::request::Decision;

use crate::PEAK;
use crate::mail::{head, rules};

/// Longest time for a mail. A build without optimization is so many times slower.
const MAX_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 10_000 } else { 50 });
/// Most memory for a mail, beside its own bytes, at any one time.
const MAX_MEMORY: usize = 64 * 1024 * 1024;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in [folder.join("mail"), folder.join("reading/corpus")] {
        let entries = fs::read_dir(folder).expect("the corpus");
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
    files.sort();
    files
        .iter()
        .map(|path| fs::read(path).expect("a mail"))
        .collect()
}

/// How long this thread has been on a processor, so that a busy machine does not show.
fn on_processor() -> Duration {
    let path = "/proc/thread-self/schedstat";
    let text = fs::read_to_string(path).expect("the kernel keeps schedstat");
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.expect("nanoseconds first"))
}

/// What must hold for every reading, told without the reading's own means.
fn check(raw: &[u8], rules: &Rules) -> Reading {
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let mut took = Duration::MAX;
    let mut reading = None;
    for _ in 0..3 {
        let began = on_processor();
        reading = Some(read(raw, rules));
        took = took.min(on_processor().saturating_sub(began));
        if took < MAX_TIME {
            break;
        }
    }
    let memory = PEAK.peak_usage().saturating_sub(before);
    let shape = || String::from_utf8_lossy(raw.get(560..660).unwrap_or(raw)).into_owned();
    assert!(
        took < MAX_TIME,
        "{took:?} for {} bytes: {}",
        raw.len(),
        shape()
    );
    assert!(
        memory < MAX_MEMORY,
        "{memory} bytes for {} bytes: {}",
        raw.len(),
        shape()
    );
    let reading = reading.expect("read once at least");
    if let Some((speaker, proof, Words::Said(Command::Vote { decision, .. }))) = &reading.said
        && *decision == Decision::Approve
    {
        let Speaker::Token {
            presented, from, ..
        } = speaker
        else {
            panic!("{speaker:?}");
        };
        assert!(!presented.is_empty() && from.contains('@'));
        assert!(!proof.method.is_empty());
        assert_eq!(reading.reply.verdict, "approve");
        assert!(["proven", "exempted"].contains(&reading.sender.verdict.as_str()));
        assert_eq!(reading.screen.verdict, "human");
    }
    reading
}

/// A body of plain text: an approval needs one of the words alone on its first line.
fn check_body(body: &[u8], rules: &Rules) {
    let mut raw = format!("{}Content-Type: text/plain; charset=utf-8\n\n", head())
        .replace('\n', "\r\n")
        .into_bytes();
    raw.extend_from_slice(body);
    let reading = check(&raw, rules);
    if reading.reply.verdict == "approve" {
        let text = String::from_utf8_lossy(body).to_uppercase();
        let known = rules.approve_words.iter().any(|word| {
            // What is decorated, invisible or full-width is for the unit tests.
            !text.is_ascii() || text.contains(word.as_str())
        });
        assert!(known, "{text:?}");
    }
}

fn edited(mut raw: Vec<u8>, edits: &[u8]) -> Vec<u8> {
    for edit in edits.chunks_exact(4).take(16) {
        let at = usize::from(edit[0]) * 256 + usize::from(edit[1]);
        let at = at % raw.len().max(1);
        match edit[2] % 4 {
            0 if at < raw.len() => raw[at] = edit[3],
            1 => raw.insert(at.min(raw.len()), edit[3]),
            2 if at < raw.len() => drop(raw.remove(at)),
            _ => {
                let end = (at + usize::from(edit[3])).min(raw.len());
                let piece = raw[at.min(end)..end].to_vec();
                let to = (at / 2).min(raw.len());
                raw.splice(to..to, piece);
            }
        }
    }
    raw
}

/// Goal: no bytes make the reading panic, run long, take much memory or approve without token, proof
/// and word. Method: drawn bytes, as a mail, as edits to one of the corpus, and as a body.
#[test]
fn raw_bytes_to_verdict() {
    let (rules, corpus) = (rules(), corpus());
    assert!(corpus.len() > 50);
    for raw in &corpus {
        check(raw, &rules);
    }
    bolero::check!()
        .with_iterations(400)
        .with_max_len(2_048)
        .for_each(|bytes: &[u8]| {
            check(bytes, &rules);
            check_body(bytes, &rules);
            if let Some((which, edits)) = bytes.split_first() {
                let raw = corpus[usize::from(*which) % corpus.len()].clone();
                check(&edited(raw, edits), &rules);
            }
        });
}

/// Goal: the bounds hold for mails as large as are read, in the shapes that cost most.
/// Method: each shape, filled up to the size cap.
#[test]
fn the_worst_mails() {
    let rules = rules();
    let fill = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let (whole, part) = (MAX_MAIL_BYTES - 4096, 250 * 1024);
    let bodies = [
        ("plain", fill("x", whole)),
        ("plain", fill("APPROVE\r\n", whole)),
        ("plain", format!("APPROVE\r\n{}", fill("On 1 a\r\n", part))),
        (
            "plain",
            format!("APPROVE\r\n{}", fill("> until 5\r\n", part)),
        ),
        ("plain", format!("APPROVE\r\n{}", fill("only ", part))),
        ("plain", format!("APPROVE\r\n{}", fill("APPROVE ok ", part))),
        ("plain", format!("REJECT {}", fill("ａ", part))),
        ("html", fill("<b>", part)),
        ("html", fill("<p a=1 b=2 c=3 d=4>x</p>", part)),
        ("html", format!("<p {}>", fill("a=b c=d ", part))),
        ("html", fill("<p><b a=1>x</p>", part)),
        ("html", fill("<table><tr><td>x", part)),
        ("html", fill("<a href=x><i>", part)),
        ("html", fill("&amp;", part)),
        ("html", fill("<p>one line\r\n", part)),
        (
            "html",
            format!("<style>{}</style><p>x", fill(".a{display:none}", part / 2)),
        ),
        ("html", fill("<!--", whole)),
    ];
    for (kind, body) in bodies {
        let head = format!("{}Content-Type: text/{kind}; charset=utf-8\n\n", head());
        let raw = format!("{}{body}", head.replace('\n', "\r\n"));
        let reading = check(raw.as_bytes(), &rules);
        assert_ne!(
            reading.reply.verdict,
            "approve",
            "{}",
            body.chars().take(40).collect::<String>()
        );
    }
}
