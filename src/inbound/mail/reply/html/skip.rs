//! Where a part is quoted to its end, so that the rest need not be parsed.
//!
//! Most of a reply is what it quotes, and what a mail program quotes below its own mark is not looked at
//! by anybody. So the text behind such a mark is gone through once: if its tags are plain, well nested,
//! and never close what stands open around the mark, then all of it lies in the quotation, whatever it
//! says, and the parser is not asked.
//!
//! What always holds: where this says that the rest is quoted, the parser would put every letter of it
//! into the quotation; in any doubt it says no, and the part is parsed whole. So no style sheet, comment,
//! unknown tag, unclosed tag or table out of order is ever skipped. The parser itself confirms the mark
//! ([`super::tree::Sink::quotes_last`]): one within a comment or a value is none.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use memchr::{memchr, memmem};

/// Names by which mail programs mark what they quote; those that only introduce it are not here.
const MARKS: &[&[u8]] = &[
    b"gmail_quote",
    b"protonmail_quote",
    b"yahoo_quoted",
    b"appendonsend",
    b"divRplyFwdMsg",
];
/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 100;
/// Elements that have no end.
const VOID: &[&[u8]] = &[b"br", b"img", b"hr"];
/// Elements that open and close without a surprise, where they are well nested.
const PLAIN: &[&[u8]] = &[
    b"a",
    b"b",
    b"blockquote",
    b"center",
    b"code",
    b"div",
    b"em",
    b"font",
    b"h1",
    b"h2",
    b"h3",
    b"i",
    b"li",
    b"ol",
    b"o:p",
    b"p",
    b"small",
    b"span",
    b"strong",
    b"sub",
    b"sup",
    b"table",
    b"u",
    b"ul",
];
/// Parts of a table, and what each may stand in.
const ROWS: &[(&[u8], &[&[u8]])] = &[
    (b"tbody", &[b"table"]),
    (b"tr", &[b"tbody"]),
    (b"td", &[b"tr"]),
    (b"th", &[b"tr"]),
];
/// What may be closed behind the quotation.
const AROUND: &[&[u8]] = &[b"div", b"blockquote", b"span", b"center", b"body", b"html"];

/// Where the first mark's tag begins and ends.
pub fn mark(html: &str) -> Option<(usize, usize)> {
    let bytes = html.as_bytes();
    let found = MARKS.iter().filter_map(|mark| memmem::find(bytes, mark));
    let at = found.min()?;
    let (before, behind) = bytes.split_at_checked(at)?;
    let start = memchr::memrchr(b'<', before)?;
    let end = memchr(b'>', behind)? + at + 1;
    let tag = bytes.get(start + 1..end)?;
    let begins = |name: &[u8]| {
        let (head, tail) = tag.split_at_checked(name.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(name) && tail.first().is_some_and(u8::is_ascii_whitespace)
    };
    begins(b"div").then_some((start, end))
}

/// Whether the text behind a `<div …>` lies in it to its end; with `and_siblings`, in it or behind it
/// under the same parent.
pub fn holds_all(rest: &str, and_siblings: bool) -> bool {
    let mut nest = Nest {
        open: vec![b"div"],
        and_siblings,
        over: false,
    };
    nest.follow(rest.as_bytes()).is_some()
}

struct Nest<'h> {
    /// What has been opened since the mark, the mark's own element first.
    open: Vec<&'h [u8]>,
    and_siblings: bool,
    /// The quotation is closed: nothing that is seen may follow.
    over: bool,
}

impl<'h> Nest<'h> {
    /// Goes through the rest; none where anything is not plain.
    fn follow(&mut self, html: &'h [u8]) -> Option<()> {
        let mut rest = html;
        loop {
            let at = memchr(b'<', rest).unwrap_or(rest.len());
            let (text, tag) = rest.split_at_checked(at)?;
            if memchr(0, text).is_some() || self.over && !text.trim_ascii().is_empty() {
                return None;
            }
            if tag.is_empty() {
                return Some(());
            }
            rest = match tag.get(1)? {
                b'/' => self.end(tag.get(2..)?)?,
                byte if byte.is_ascii_alphabetic() => self.start(tag.get(1..)?)?,
                _ => return None,
            };
        }
    }

    fn end(&mut self, tag: &'h [u8]) -> Option<&'h [u8]> {
        let (name, after) = named(tag)?;
        let rest = after.trim_ascii_start().strip_prefix(b">")?;
        if self.over {
            return any(AROUND, name).then_some(rest);
        }
        match self.open.pop() {
            Some(open) if open.eq_ignore_ascii_case(name) => {
                self.over = self.open.is_empty() && !self.and_siblings;
            }
            // It closes what the mark stands in.
            None if any(AROUND, name) => self.over = true,
            Some(_) | None => return None,
        }
        Some(rest)
    }

    fn start(&mut self, tag: &'h [u8]) -> Option<&'h [u8]> {
        let (name, after) = named(tag)?;
        let (closes_itself, rest) = attributes(after)?;
        if self.over {
            return None;
        }
        if any(VOID, name) {
            return Some(rest);
        }
        let within = |parents: &[&[u8]]| self.open.last().is_some_and(|open| any(parents, open));
        let row = ROWS.iter().find(|(row, _)| row.eq_ignore_ascii_case(name));
        let fits = row.map_or_else(|| any(PLAIN, name), |(_, parents)| within(parents));
        if !fits || closes_itself || self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.open.push(name);
        Some(rest)
    }
}

fn any(names: &[&[u8]], name: &[u8]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The name at the head of a tag, and what follows it.
fn named(tag: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b':';
    let length = tag.iter().take_while(is_name).count();
    tag.split_at_checked(length)
}

/// Behind the attributes of a tag: whether it closes itself, and what follows. Only attributes that
/// every reader reads alike: `name`, `name=value`, `name="value"`, set apart by blanks.
fn attributes(tag: &[u8]) -> Option<(bool, &[u8])> {
    let mut rest = tag;
    loop {
        let blank = rest.trim_ascii_start();
        match blank.first()? {
            b'>' => return Some((false, blank.get(1..)?)),
            b'/' => return blank.strip_prefix(b"/>").map(|rest| (true, rest)),
            byte if byte.is_ascii_alphabetic() && blank.len() < rest.len() => {}
            _ => return None,
        }
        let is_name = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
        let name = blank.iter().take_while(is_name).count();
        rest = blank.get(name..)?;
        let Some(value) = rest.strip_prefix(b"=") else {
            continue;
        };
        rest = if let quote @ (b'"' | b'\'') = value.first()? {
            let value = value.get(1..)?;
            value.get(memchr(*quote, value)? + 1..)?
        } else {
            let ends = |b: &u8| b.is_ascii_whitespace() || b">\"'<=`".contains(b);
            let end = value.iter().position(ends)?;
            value.get(end..).filter(|_| end > 0)?
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: what is plain and well nested lies in the quotation; in any doubt it does not. Method: a table
    // of what may follow `<div class="gmail_quote">`.
    #[test]
    fn rests() {
        for rest in [
            "x</div>",
            "x</div></div>\r\n</body></html>\n",
            "<div dir=\"ltr\">On <a href='x'>y</a><br></div><blockquote>z</blockquote></div>",
            "<table width=100%><tbody><tr><td>x</td></tr></tbody></table></div>",
            "x",
            "<p>a<p>b</p></p>",
            "</DIV>",
        ] {
            assert!(holds_all(rest, false), "{rest}");
        }
        for rest in [
            "x</div>y",
            "x</div><div>y</div>",
            "x</div><br>",
            "x</div>&nbsp;",
            "</blockquote>x</div>",
            "<!-- x --></div>",
            "<style>p{}</style></div>",
            "<tr><td>x</td></tr></div>",
            "<table><tr><td>x</td></tr></table></div>",
            "<div/></div>",
            "<p =\">\">x</p></div>",
            "<p a=b\"c>x</p></div>",
            "<p a=\"b\"c>x</p></div>",
            "<p <b>x</p></div>",
            "<body style=x></div>",
            "<select></div>",
            "</div",
            "<div",
            "<b><i></b></i></div>",
            "\0</div>",
            "< div></div>",
        ] {
            assert!(!holds_all(rest, false), "{rest}");
        }
        assert!(holds_all("</div><hr><div>x</div></div></body>", true));
        assert!(!holds_all("</div><hr></div>x", true));
    }
}
