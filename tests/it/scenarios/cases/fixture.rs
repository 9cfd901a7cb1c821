//! A case as it is written down: what it shows in prose, and what happens, step by step.
//!
//! ```text
//! # What it shows, what is expected, and why.
//! %% mail signed
//! From: Bob <{{bob}}>
//! …
//! %% expect decision
//! ```
//!
//! Lines that begin with `#` above the first step are prose; a line that begins with `%%` is a step, and
//! what follows `%% mail` up to the next step is a mail. Line ends of a mail are CR LF; `{{x0d}}` is the
//! byte 0D, `{{repeat N TEXT}}` is TEXT N times (`\n` in it ends a line), any other name in braces is
//! what [`super::play`] knows of the request, its people and its mails.

use std::path::{Path, PathBuf};

/// One file of `tests/mail/cases`.
#[derive(Debug)]
pub struct Fixture {
    /// The file's name without its ending.
    pub name: String,
    /// The number that it begins with.
    pub number: u32,
    /// The prose, for who reads a failure.
    pub prose: String,
    /// What happens, each step with its line in the file.
    pub steps: Vec<(usize, Step)>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// The words after `%%`.
    pub words: Vec<String>,
    /// What follows a colon in them.
    pub rest: String,
    /// The lines below it, for a mail.
    pub text: String,
}

/// Where the fixtures are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/cases")
}

/// Every fixture, by number.
pub fn all() -> Vec<Fixture> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the cases");
    let mut all: Vec<_> = entries
        .map(|entry| read(&entry.expect("an entry").path()))
        .collect();
    all.sort_by_key(|fixture| fixture.number);
    all
}

fn read(path: &Path) -> Fixture {
    let file = path.file_name().expect("a name").to_string_lossy();
    let name = file
        .strip_suffix(".case")
        .unwrap_or_else(|| panic!("{file} is no .case"))
        .to_owned();
    let number = name.split('-').next().and_then(|n| n.parse().ok());
    let number = number.unwrap_or_else(|| panic!("{file} does not begin with its number"));
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut prose = String::new();
    let mut steps: Vec<(usize, Step)> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if let Some(step) = content.strip_prefix("%% ") {
            let (words, rest) = step.split_once(": ").unwrap_or((step, ""));
            let words = words.split_whitespace().map(str::to_owned).collect();
            let (rest, text) = (rest.to_owned(), String::new());
            steps.push((line, Step { words, rest, text }));
        } else if let Some((_, step)) = steps.last_mut() {
            step.text.extend([content, "\n"]);
        } else {
            assert!(content.starts_with('#'), "{file}:{line}: no prose, no step");
            prose.extend([content.trim_start_matches(['#', ' ']), "\n"]);
        }
    }
    Fixture {
        name,
        number,
        prose,
        steps,
    }
}

/// The bytes of a mail: names filled in, then the line ends, then the bytes that are written as numbers.
pub fn bytes(text: &str, name: impl Fn(&str) -> String) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    let lines = |text: &str| text.replace('\n', "\r\n").into_bytes();
    while let Some((before, after)) = rest.split_once("{{") {
        out.extend(lines(before));
        let (inner, after) = after.split_once("}}").expect("braces are closed");
        rest = after;
        let hex = inner
            .strip_prefix('x')
            .filter(|digits| digits.len() == 2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = hex {
            out.push(byte);
        } else if let Some(repeat) = inner.strip_prefix("repeat ") {
            let (times, what) = repeat.split_once(' ').expect("how often, and what");
            let times = times.parse().expect("a number");
            out.extend(lines(&what.replace("\\n", "\n")).repeat(times));
        } else {
            out.extend(name(inner).into_bytes());
        }
    }
    out.extend(lines(rest));
    out
}
