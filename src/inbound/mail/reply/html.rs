//! The first visible word of an HTML part: only to see whether it contradicts the plain text.
//!
//! This is no reading of HTML: no decision is ever taken from it here. It is a single pass that
//! drops tags, comments, styles and scripts, and gives up where something is hidden before the
//! first word, since what a person saw is then not known.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// Most bytes that are looked at; the first word of a reply comes early.
pub const MAX_HTML_BYTES: usize = 64 * 1024;

/// Longest character reference, in bytes, with its semicolon.
const MAX_REFERENCE_BYTES: usize = 12;

/// Elements whose content is not shown.
const UNSEEN: &[&str] = &["style", "script", "head", "title", "template", "noscript"];
/// What makes an element invisible, with all spaces removed.
const HIDING: &[&str] = &[
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "opacity:0",
    "mso-hide:all",
];

/// The first word that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstWord {
    /// This one, undecorated.
    Is(String),
    /// There is none within [`MAX_HTML_BYTES`].
    Nothing,
    /// Something before it is hidden, so it is not known what is seen first.
    Hidden,
}

/// Finds the first visible word.
pub fn first_word(html: &str) -> FirstWord {
    let mut rest = super::line::start_of(html, MAX_HTML_BYTES);
    let mut word = String::new();
    while !rest.is_empty() {
        if let Some(tag) = rest.strip_prefix('<') {
            rest = match step_over(tag) {
                Step::Past { rest, breaks } => {
                    if breaks && has_letter(&word) {
                        break;
                    }
                    rest
                }
                Step::Hidden if has_letter(&word) => break,
                Step::Hidden => return FirstWord::Hidden,
                Step::End => break,
            };
        } else {
            let end = rest.find('<').unwrap_or(rest.len());
            let (text, after) = rest.split_at(end);
            if take_word(text, &mut word) {
                break;
            }
            rest = after;
        }
    }
    if has_letter(&word) {
        FirstWord::Is(word)
    } else {
        FirstWord::Nothing
    }
}

fn has_letter(word: &str) -> bool {
    word.contains(char::is_alphanumeric)
}

enum Step<'a> {
    Past { rest: &'a str, breaks: bool },
    Hidden,
    End,
}

/// Steps over a tag whose `<` has been taken, and over the content of elements that are not shown.
fn step_over(tag: &str) -> Step<'_> {
    if let Some(comment) = tag.strip_prefix("!--") {
        return match comment.split_once("-->") {
            Some((_, rest)) => Step::Past {
                rest,
                breaks: false,
            },
            None => Step::End,
        };
    }
    let Some((inside, rest)) = tag.split_once('>') else {
        return Step::End;
    };
    let name: String = inside
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .take(16)
        .collect::<String>()
        .to_ascii_lowercase();
    if !inside.starts_with('/') {
        if UNSEEN.contains(&name.as_str()) {
            return match after_close(rest, &name) {
                Some(rest) => Step::Past { rest, breaks: true },
                None => Step::End,
            };
        }
        if hides(inside) {
            return Step::Hidden;
        }
    }
    let inline = matches!(
        name.as_str(),
        "b" | "i" | "u" | "em" | "strong" | "span" | "font" | "a" | "big" | "small" | "code"
    );
    Step::Past {
        rest,
        breaks: !inline,
    }
}

/// What follows the closing tag of an element whose content is not shown.
fn after_close<'a>(mut rest: &'a str, name: &str) -> Option<&'a str> {
    loop {
        let (_, after) = rest.split_once("</")?;
        let found = after
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name));
        if found {
            return after.split_once('>').map(|(_, rest)| rest);
        }
        rest = after;
    }
}

fn hides(inside: &str) -> bool {
    let packed: String = inside
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    let word = |attribute: &str| attribute.eq_ignore_ascii_case("hidden");
    HIDING.iter().any(|style| packed.contains(style)) || inside.split_whitespace().any(word)
}

/// Adds text to the word; `true` once the word is over.
fn take_word(text: &str, word: &mut String) -> bool {
    let decoded = decode(text);
    for letter in super::line::comparable_letters(&decoded).chars() {
        if letter.is_alphanumeric() {
            word.push(letter);
        } else if has_letter(word) {
            return true;
        }
    }
    false
}

/// Decodes the few character references that stand before words; others become a space.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let near = super::line::start_of(after, MAX_REFERENCE_BYTES);
        if let Some((name, tail)) = near.find(';').and_then(|at| after.split_at_checked(at)) {
            decoded.push(character(name));
            rest = tail.trim_start_matches(';');
        } else {
            decoded.push('&');
            rest = after;
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> char {
    let number = name
        .strip_prefix('#')
        .and_then(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        });
    match (number, name) {
        (Some(code), _) => char::from_u32(code).unwrap_or(' '),
        (None, "shy" | "zwnj" | "zwj" | "lrm" | "rlm") => '\u{200b}',
        (None, _) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: the first word as shown, whatever surrounds it; hidden text is never taken for it.
    // Method: a table of small documents.
    #[test]
    fn first_words() {
        let is = |word: &str| FirstWord::Is(word.to_owned());
        let table = [
            ("<p>APPROVE</p>", is("APPROVE")),
            (
                "<html><head><style>p{x}</style></head><body><div>Approve<br>x",
                is("Approve"),
            ),
            ("<div><b>AP</b>PROVE</div>", is("APPROVE")),
            ("<!-- DISAPPROVE --><p>&nbsp;APPROVE.", is("APPROVE")),
            ("<p>Dis&#8203;approve&#x21;", is("Disapprove")),
            ("<p>Dis&shy;approve", is("Disapprove")),
            ("<p>*</p><p>\u{feff}APPROVE", is("APPROVE")),
            (
                "<div style='display: none'>APPROVE</div>DISAPPROVE",
                FirstWord::Hidden,
            ),
            ("<div hidden>APPROVE</div>DISAPPROVE", FirstWord::Hidden),
            ("<p>APPROVE</p><div style='display:none'>x", is("APPROVE")),
            ("<script>APPROVE</script>no", is("no")),
            ("<style>never closed", FirstWord::Nothing),
            ("<p><img src=x></p>", FirstWord::Nothing),
            ("", FirstWord::Nothing),
            ("<", FirstWord::Nothing),
            ("&", FirstWord::Nothing),
        ];
        for (html, expected) in table {
            assert_eq!(first_word(html), expected, "{html}");
        }
    }
}
