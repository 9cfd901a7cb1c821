//! Text that was decoded by a wrong label: what it said is not known, so it must not be passed over.
//!
//! A line is mangled that holds a sign for what could not be decoded, a control (the escapes of a
//! Japanese text without its label, the middle bytes of another), or letters that are the bytes of
//! UTF-8 read one by one. What is *not* promised: that a text is noticed which some other wrong
//! label turned into ordinary letters throughout.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// What windows-1252 has at 0x80 to 0x9f; a blank where it has nothing.
const HIGH: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// Whether a line is not what its writer typed.
pub fn is_mangled(line: &str) -> bool {
    let odd = |letter: char| letter == '\u{fffd}' || letter.is_control() && letter != '\t';
    if line.is_ascii() {
        return line.trim().contains(odd);
    }
    line.trim().contains(odd) || utf8_within(line).is_some()
}

/// What letters say that are the bytes of UTF-8, each read as one of Latin-1 or windows-1252.
pub fn utf8_within(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    String::from_utf8(bytes?).ok()
}

fn byte(letter: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(letter) {
        return Some(byte);
    }
    let at = HIGH.chars().position(|high| high == letter)?;
    u8::try_from(at).ok().map(|at| 0x80 + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: what a wrong label made of a line is told from what people type. Method: both.
    #[test]
    fn mangled() {
        for line in [
            "s\u{fffd} at\u{fffd} amanh\u{fffd}",
            "\u{1b}$B$@$1\u{1b}(B",
            "a\u{7}b",
            "fine\u{92}s",
            "sÃ³ atÃ© amanhÃ£",
            "nÃ£o",
            "tylko do piÄ…tku",
            "fÃ¼r heute",
        ] {
            assert!(is_mangled(line), "{line:?}");
        }
        for line in [
            "fine",
            "\tso it is\r",
            "só até amanhã",
            "naïve – it’s “fine”",
            "für Łukasz",
            "承認",
            "10 €",
            "",
        ] {
            assert!(!is_mangled(line), "{line:?}");
        }
        assert_eq!(utf8_within("nÃ£o").as_deref(), Some("não"));
        assert_eq!(utf8_within("nao"), None);
    }
}
