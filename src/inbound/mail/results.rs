//! One Authentication-Results field (RFC 8601), read strictly.
//!
//! Comments may nest and stand anywhere, values may be quoted, a version may follow the server's
//! name. What does not parse proves nothing. Only what the sender check needs is kept: who says it,
//! and what they say of DMARC.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// Most tokens in a field; a longer one proves nothing.
pub const MAX_TOKENS: usize = 600;

/// What one field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Who says it: the server's name as written.
    pub authserv_id: String,
    /// What it says of DMARC, each time it does; `None` if the field does not parse.
    pub dmarc: Option<Vec<Dmarc>>,
}

/// What one server says of DMARC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dmarc {
    /// `pass`, `fail`, `none`, `temperror`…; lower case.
    pub result: String,
    /// The domains of `header.from`, lower case; exactly one in an honest field.
    pub header_from: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Equals,
    Semicolon,
}

/// Reads a field's value. `None` if not even a server's name can be made out.
pub fn parse(value: &str) -> Option<Results> {
    let (tokens, whole) = tokens(value);
    let mut sections = tokens.split(|token| *token == Token::Semicolon);
    let first = sections.next()?;
    let Some(Token::Text(authserv_id)) = first.first() else {
        return None;
    };
    let version_is_known = match first.get(1..).unwrap_or_default() {
        [] => true,
        [Token::Text(version)] => version == "1",
        _ => false,
    };
    let mut dmarc = (whole && version_is_known).then(Vec::new);
    for tokens in sections {
        match (section(tokens), &mut dmarc) {
            (Section::Dmarc(found), Some(list)) => list.push(found),
            (Section::Malformed, _) => dmarc = None,
            _ => {}
        }
    }
    Some(Results {
        authserv_id: authserv_id.clone(),
        dmarc,
    })
}

/// What stands between two semicolons.
enum Section {
    Dmarc(Dmarc),
    /// Another method, "none", or nothing.
    Other,
    Malformed,
}

/// Reads one `method=result …`.
fn section(tokens: &[Token]) -> Section {
    let (method, result, properties) = match tokens {
        // A semicolon at the end, and "no result".
        [] => return Section::Other,
        [Token::Text(none)] if none.eq_ignore_ascii_case("none") => return Section::Other,
        [
            Token::Text(method),
            Token::Equals,
            Token::Text(result),
            rest @ ..,
        ] => (method, result, rest),
        _ => return Section::Malformed,
    };
    let method = method.split('/').next().unwrap_or_default();
    if !method.eq_ignore_ascii_case("dmarc") {
        return Section::Other;
    }
    let mut dmarc = Dmarc {
        result: result.to_ascii_lowercase(),
        header_from: Vec::new(),
    };
    let mut chunks = properties.chunks_exact(3);
    for property in &mut chunks {
        let [Token::Text(name), Token::Equals, Token::Text(value)] = property else {
            return Section::Malformed;
        };
        if name.eq_ignore_ascii_case("header.from") {
            dmarc.header_from.push(value.to_ascii_lowercase());
        }
    }
    if chunks.remainder().is_empty() {
        Section::Dmarc(dmarc)
    } else {
        Section::Malformed
    }
}

/// Splits into tokens, comments dropped; `false` if a comment or a quotation is left open.
fn tokens(value: &str) -> (Vec<Token>, bool) {
    let mut found = Vec::new();
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        if found.len() >= MAX_TOKENS {
            return (found, false);
        }
        match letter {
            ' ' | '\t' => {}
            '(' => {
                if !skip_comment(&mut letters) {
                    return (found, false);
                }
            }
            '"' => match quoted(&mut letters) {
                Some(text) => found.push(Token::Text(text)),
                None => return (found, false),
            },
            ';' => found.push(Token::Semicolon),
            '=' => found.push(Token::Equals),
            ')' => return (found, false),
            first => {
                let mut text = String::from(first);
                // After `=` a value may hold further ones (base64 of a signature, unquoted).
                let is_value = found.last() == Some(&Token::Equals);
                while let Some(next) = letters.next_if(|next| match next {
                    ' ' | '\t' | '(' | ')' | '"' | ';' => false,
                    '=' => is_value,
                    _ => true,
                }) {
                    text.push(next);
                }
                found.push(Token::Text(text));
            }
        }
    }
    (found, true)
}

fn skip_comment(letters: &mut impl Iterator<Item = char>) -> bool {
    let mut depth = 1_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

fn quoted(letters: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `id result@from,from` for each DMARC result; `id ?` if the field does not parse.
    fn said(value: &str) -> String {
        let Some(results) = parse(value) else {
            return String::new();
        };
        let Some(dmarc) = results.dmarc else {
            return format!("{} ?", results.authserv_id);
        };
        let list: Vec<_> = dmarc
            .iter()
            .map(|d| format!(" {}@{}", d.result, d.header_from.join(",")))
            .collect();
        format!("{}{}", results.authserv_id, list.concat())
    }

    // Goal: RFC 8601 with its comments, quotations and versions; what does not parse says nothing.
    // Method: a table of values and what they say of DMARC.
    #[test]
    fn values() {
        let table = [
            (
                "mx.test; dmarc=pass header.from=a.test",
                "mx.test pass@a.test",
            ),
            (
                "mx.test 1; dmarc=PASS header.from=A.test;",
                "mx.test pass@a.test",
            ),
            ("mx.test; none", "mx.test"),
            ("mx.test", "mx.test"),
            (
                "mx.test; spf=pass smtp.mailfrom=x@a.test; dkim=pass header.d=a.test \
                 header.b=AbC=; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=a.test",
                "mx.test pass@a.test",
            ),
            (
                "(c (nested; dmarc=fail)) mx.test (v) 1 (x) ; dmarc/1 (a) = (b) pass (c) \
                 header.from (d) = (e) a.test",
                "mx.test pass@a.test",
            ),
            (
                "\"mx.test\"; dmarc=pass reason=\"said ; dmarc=fail\" header.from=\"a.test\"",
                "mx.test pass@a.test",
            ),
            (
                "mx.test; dkim=pass header.i=\"; dmarc=pass header.from=a.test\"",
                "mx.test",
            ),
            (
                "mx.test; dkim=pass (; dmarc=pass header.from=a.test)",
                "mx.test",
            ),
            (
                "mx.test; dmarc=pass header.from=a.test; dmarc=fail header.from=b.test",
                "mx.test pass@a.test fail@b.test",
            ),
            (
                "mx.test; dmarc=pass header.from=a.test header.from=b.test",
                "mx.test pass@a.test,b.test",
            ),
            ("mx.test 2; dmarc=pass header.from=a.test", "mx.test ?"),
            ("mx.test; dmarc=pass header.from=a.test (open", "mx.test ?"),
            ("mx.test; dmarc=pass \"open", "mx.test ?"),
            ("mx.test; dmarc=pass header.from", "mx.test ?"),
            ("mx.test; dmarc", "mx.test ?"),
            ("; dmarc=pass", ""),
            ("", ""),
        ];
        for (value, expected) in table {
            assert_eq!(said(value), expected, "{value:?}");
        }
    }
}
