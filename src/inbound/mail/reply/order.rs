//! Marks that change the order in which letters are shown.
//!
//! Programs put directional marks around names and times that change nothing; those are left out. What
//! turns letters or words around makes a line read otherwise than it was written, and such a line
//! decides nothing.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// Whether a line is shown in another order than it stands in.
pub fn is_turned(line: &str) -> bool {
    if line.is_ascii() {
        return false;
    }
    let has = |marks: &[char]| line.contains(marks);
    let right_to_left_letters = || line.chars().any(is_right_to_left);
    // RLO turns everything. LRO turns letters that run from the right.
    has(&['\u{202e}'])
        || has(&['\u{202d}']) && right_to_left_letters()
        // RLE and RLI leave a word as it is, but turn the words of a line around.
        || has(&['\u{202b}', '\u{2067}']) && !right_to_left_letters() && is_many(line)
}

fn is_right_to_left(letter: char) -> bool {
    matches!(
        letter,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

fn is_many(line: &str) -> bool {
    let word = |text: &&str| text.contains(char::is_alphanumeric);
    line.split_whitespace().filter(word).nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: what turns a line is told from what decorates it. Method: a table.
    #[test]
    fn turned() {
        for line in [
            "\u{202e}EVORPPA\u{202c}",
            "APPROVE \u{202e}ylno\u{202c}",
            "\u{2067}APPROVE not\u{2069}",
            "\u{202d}\u{5d0}\u{5d1} x\u{202c}",
        ] {
            assert!(is_turned(line), "{line:?}");
        }
        for line in [
            "\u{200e}APPROVE",
            "\u{2066}APPROVE\u{2069} thanks",
            "\u{202a}APPROVE it\u{202c}",
            "\u{2067}APPROVE\u{2069}",
            "\u{5d0}\u{5d1} \u{5d2}",
            "\u{202b}\u{5d0}\u{5d1} \u{5d2}\u{202c}",
        ] {
            assert!(!is_turned(line), "{line:?}");
        }
    }
}
