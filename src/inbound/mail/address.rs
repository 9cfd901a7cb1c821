//! The one address of a From field, read strictly.
//!
//! Mail programs disagree about everything but the plain cases, and a disagreement is how one
//! person's mail becomes another's. So only these are read: `a@b`, `<a@b>`, `words <a@b>`, `"words"
//! <a@b>`. The words are a decoration and never looked into; a list, a group, a route, a quoted
//! local part, letters outside ASCII, an encoded word inside the address are all refused.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// Longest address, in bytes (RFC 5321, 4.5.3.1.3, without the brackets).
pub const MAX_ADDRESS_BYTES: usize = 254;

/// An address in its plain form, lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Before the `@`.
    pub local: String,
    /// After it.
    pub domain: String,
}

impl Address {
    /// `local@domain`.
    pub fn full(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// Reads a plain `local@domain`: dot-atoms on both sides, at least two labels in the domain.
    pub fn plain(text: &str) -> Option<Self> {
        if text.len() > MAX_ADDRESS_BYTES {
            return None;
        }
        let (local, domain) = text.split_once('@')?;
        let atoms =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let local_is_plain = local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(atoms));
        let label_is_plain = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_is_plain = domain.contains('.') && domain.split('.').all(label_is_plain);
        // An encoded word is made of letters that an atom may hold; no mailbox is called that.
        if !local_is_plain || !domain_is_plain || local.contains("=?") {
            return None;
        }
        Some(Self {
            local: local.to_ascii_lowercase(),
            domain: domain.to_ascii_lowercase(),
        })
    }

    /// Reads the value of a From field that holds exactly one address in a plain form.
    pub fn only(value: &str) -> Option<Self> {
        let value = value.trim();
        let Some(inner) = value.strip_suffix('>') else {
            return Self::plain(value);
        };
        let (words, address) = inner.rsplit_once('<')?;
        if !harmless_words(words) {
            return None;
        }
        Self::plain(address.trim())
    }
}

/// Whether what stands before `<` can be nothing but a display name.
fn harmless_words(words: &str) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    let mut comment = false;
    for letter in words.chars() {
        if letter.is_control() && letter != '\t' {
            return false;
        }
        if quoted {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match letter {
            '"' if !comment => quoted = true,
            '(' if !comment => comment = true,
            ')' if comment => comment = false,
            '<' | '>' | '@' | ',' | ';' | ':' | '\\' | '(' | ')' | '"' | '[' | ']' => return false,
            _ => {}
        }
    }
    !quoted && !comment && !encodes_control(words)
}

/// Whether an encoded word of the Q encoding hides a NUL or a line end: some programs cut there.
fn encodes_control(words: &str) -> bool {
    let lower = words.to_ascii_lowercase();
    lower.contains("?q?")
        && ["=00", "=0a", "=0d"]
            .iter()
            .any(|code| lower.contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: plain forms are read, everything on which programs disagree is refused.
    // Method: a table of values with the address or nothing.
    #[test]
    fn from_values() {
        let table = [
            ("alice@client.test", "alice@client.test"),
            ("<alice@client.test>", "alice@client.test"),
            ("Alice A. <Alice@Client.Test>", "alice@client.test"),
            ("\"Alice, IT\" <alice@client.test>", "alice@client.test"),
            ("\"evil@x.test\" <alice@client.test>", "alice@client.test"),
            ("Alice (IT) <alice@client.test>", "alice@client.test"),
            (
                "=?utf-8?Q?Al=C3=ADce?= <alice@client.test>",
                "alice@client.test",
            ),
            ("Alícia <alice@client.test>", "alice@client.test"),
            ("", ""),
            ("alice", ""),
            ("alice@localhost", ""),
            ("alice@client.test, evil@x.test", ""),
            ("<alice@client.test> <evil@x.test>", ""),
            ("<alice@client.test>; <evil@x.test>", ""),
            ("team: alice@client.test;", ""),
            ("alice@client.test (Alice)", ""),
            ("Alice (<evil@x.test>) <alice@client.test>", ""),
            ("<@a.test,@b.test:evil@x.test>", ""),
            ("\"alice@client.test\"@x.test", ""),
            ("\"alice\\\"\" <alice@client.test>", "alice@client.test"),
            ("\"alice <alice@client.test>", ""),
            ("alice@client.test.", ""),
            ("alice@@client.test", ""),
            ("alice@client.test\0@evil.test", ""),
            ("=?utf-8?Q?alice?=@client.test", ""),
            ("=?utf-8?Q?alice=40x=00?= <evil@x.test>", ""),
            ("аlice@client.test", ""),
            ("alice@clıent.test", ""),
            ("alice@[127.0.0.1]", ""),
            ("a..b@client.test", ""),
        ];
        for (value, expected) in table {
            let read = Address::only(value).map(|a| a.full()).unwrap_or_default();
            assert_eq!(read, expected, "{value:?}");
        }
    }
}
