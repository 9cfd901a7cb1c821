//! How many attributes one tag may have: counted before the parser sees it.
//!
//! The parser compares every attribute of a tag with all before it, so that a tag of a hundred
//! thousand costs it seconds. Whether a `<` begins a tag hangs on what stands before it (a comment, a
//! script, a quoted value); this count does not ask: it follows every `<` that could begin one, all of
//! them at once, and keeps for each state of the tokenizer the most attributes that any of them has
//! reached. It may count too many, never too few.

/// Most attributes of one tag.
pub const MAX_ATTRIBUTES: u32 = 400;
/// Parts of up to so many bytes are not worth counting.
const FREE_BYTES: usize = 16 * 1024;

/// For each state the most attributes of a tag that may be in it.
#[derive(Default)]
struct Most {
    /// In a tag's or an attribute's name, or behind it.
    name: Option<u32>,
    /// Between attributes.
    between: Option<u32>,
    /// Behind `=`.
    equals: Option<u32>,
    /// In a value without quotes.
    bare: Option<u32>,
    /// In a value in `"`.
    double: Option<u32>,
    /// In a value in `'`.
    single: Option<u32>,
}

/// Whether a tag may have more than [`MAX_ATTRIBUTES`].
pub fn too_many(html: &str) -> bool {
    if html.len() <= FREE_BYTES {
        return false;
    }
    let mut most = Most::default();
    let mut before = 0;
    for byte in html.bytes() {
        most = most.step(byte);
        if before == b'<' && (byte.is_ascii_alphabetic() || byte == b'/') {
            most.name = most.name.max(Some(0));
        }
        if most.between.max(most.name) > Some(MAX_ATTRIBUTES) {
            return true;
        }
        before = byte;
    }
    false
}

impl Most {
    fn step(self, byte: u8) -> Self {
        let Self {
            name,
            between,
            equals,
            bare,
            double,
            single,
        } = self;
        let within = Self {
            double,
            single,
            ..Self::default()
        };
        let one_more = between.map(|count| count + 1);
        match byte {
            b'>' => within,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => Self {
                between: name.max(between).max(bare),
                equals,
                ..within
            },
            b'/' => Self {
                between: name.max(between),
                bare: equals.max(bare),
                ..within
            },
            // Behind blanks a `=` may belong to the name before them, or begin the next.
            b'=' => Self {
                name: one_more,
                equals: name.max(between),
                bare: equals.max(bare),
                ..within
            },
            b'"' => Self {
                name: name.max(one_more),
                between: double,
                bare,
                double: equals,
                single,
                ..Self::default()
            },
            b'\'' => Self {
                name: name.max(one_more),
                between: single,
                bare,
                double,
                single: equals,
                ..Self::default()
            },
            _ => Self {
                name: name.max(one_more),
                bare: equals.max(bare),
                ..within
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(html: &str) -> String {
        format!("{html}{}", "<p>text</p>\n".repeat(FREE_BYTES / 8))
    }

    // Goal: many attributes are noticed however they are written. Method: each way of writing them.
    #[test]
    fn many() {
        let count = MAX_ATTRIBUTES as usize + 2;
        for attribute in [
            " a",
            " a=b",
            " a='>'",
            " a=\"<b>\"",
            "/a",
            "a=\"\"",
            "\ta =\n'x'",
        ] {
            let html = padded(&format!("<p {}>", attribute.repeat(count)));
            assert!(too_many(&html), "{attribute}");
            let hidden = padded(&format!(
                "it's <!-- <i \" --> <p {}>",
                attribute.repeat(count)
            ));
            assert!(too_many(&hidden), "{attribute}");
        }
    }

    // Goal: ordinary text is not refused for its length or its apostrophes. Method: long ones.
    #[test]
    fn few() {
        let prose = "<p class=\"x\" style='a'>it isn't a tag, and that's it: a < b</p>\n";
        assert!(!too_many(&prose.repeat(2000)));
        let image = format!(
            "<img src=\"data:image/png;base64,{}\">",
            "a/b+".repeat(20_000)
        );
        assert!(!too_many(&padded(&image)));
    }
}
