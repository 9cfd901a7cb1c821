//! The header block as it stands in the bytes: fields in order, top-most first.
//!
//! The block is split here and not by the MIME parser because what decides about identity (which
//! From, how many, which field is above which) must not depend on a parser's kindness: a line that
//! is neither a field nor its continuation is a fault, not something to be repaired.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::borrow::Cow;

/// Longest header block, in bytes; what Postfix takes by default is 100 KiB.
pub const MAX_HEAD_BYTES: usize = 256 * 1024;
/// Most fields.
pub const MAX_FIELDS: usize = 500;
/// Longest line, in bytes, without its end (RFC 5322, 2.1.1).
pub const MAX_LINE_BYTES: usize = 998;

/// One field. Its value is raw: folded, undecoded.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a str,
    /// Everything after the colon, line ends of folds included.
    pub raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// Whether this is the field of that name.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value on one line, trimmed; bytes that are no UTF-8 become U+FFFD.
    pub fn value(&self) -> Cow<'a, str> {
        let raw = self.raw.trim_ascii();
        let text = match std::str::from_utf8(raw) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(raw),
        };
        if memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_some() {
            let mut line = String::with_capacity(text.len());
            line.extend(text.split(['\r', '\n']));
            return Cow::Owned(line.trim().to_owned());
        }
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }
}

/// Why a header block is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A NUL, a CR without LF, or a LF without CR among lines that end in CR LF.
    ControlBytes,
    /// A line that is neither a field, nor its continuation.
    NotAField,
    /// A line longer than [`MAX_LINE_BYTES`].
    LongLine,
    /// More than [`MAX_FIELDS`], or more than [`MAX_HEAD_BYTES`].
    TooLong,
}

/// The header block.
#[derive(Debug, Default)]
pub struct Head<'a> {
    /// The fields, top-most first.
    pub fields: Vec<Field<'a>>,
    /// The first and worst thing wrong with it.
    pub fault: Option<Fault>,
    /// How long the names are that there are, a bit each: most names that are looked for are not there.
    lengths: u64,
}

impl<'a> Head<'a> {
    /// Splits the header block off a mail. A file whose lines all end in a lone LF is read as well.
    pub fn split(raw: &'a [u8]) -> Self {
        let mut head = Head {
            fields: Vec::with_capacity(32),
            fault: None,
            lengths: 0,
        };
        let mut ends = LineEnds::default();
        let mut used = 0;
        // Where the open field's value begins; it grows line by line.
        let mut open: Option<(&'a str, usize)> = None;
        let mut start = 0;
        for line in lines(raw) {
            let content = ends.strip(line);
            let next = start + line.len();
            if content.is_empty() {
                break;
            }
            used += line.len();
            if used > MAX_HEAD_BYTES || head.fields.len() > MAX_FIELDS {
                head.note(Fault::TooLong);
                break;
            }
            if content.len() > MAX_LINE_BYTES {
                head.note(Fault::LongLine);
            }
            if memchr::memchr2(0, b'\r', content).is_some() {
                head.note(Fault::ControlBytes);
            }
            if matches!(content.first(), Some(b' ' | b'\t')) {
                if open.is_none() {
                    head.note(Fault::NotAField);
                }
            } else {
                head.close(raw, open.take(), start);
                match name_of(content) {
                    Some(name) => open = Some((name, start + name.len() + 1)),
                    None => head.note(Fault::NotAField),
                }
            }
            start = next;
        }
        head.close(raw, open, start);
        if head.fields.len() > MAX_FIELDS {
            head.note(Fault::TooLong);
        }
        if ends.mixed() {
            head.note(Fault::ControlBytes);
        }
        head
    }

    fn close(&mut self, raw: &'a [u8], open: Option<(&'a str, usize)>, end: usize) {
        if let Some((name, from)) = open {
            let raw = raw.get(from..end).unwrap_or_default();
            self.lengths |= bit(name);
            self.fields.push(Field { name, raw });
        }
    }

    /// Control bytes outrank every other fault: they are an attack, the others may be clumsiness.
    fn note(&mut self, fault: Fault) {
        if self.fault.is_none() || fault == Fault::ControlBytes {
            self.fault = Some(fault);
        }
    }

    /// All fields of a name, top-most first.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field<'a>> + 's {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// The top-most field of a name.
    pub fn first<'s>(&'s self, name: &'s str) -> Option<&'s Field<'a>> {
        if self.lengths & bit(name) == 0 {
            return None;
        }
        self.all(name).next()
    }

    /// Whether there is a field of that name.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
}

fn bit(name: &str) -> u64 {
    1 << name.len().min(63)
}

/// The lines of some bytes, each with the LF that ends it.
fn lines(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        (!line.is_empty()).then_some(line)
    })
}

/// A field's name: printable ASCII up to a colon, nothing between (`From :` is no From).
fn name_of(line: &[u8]) -> Option<&str> {
    let end = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..end)?;
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    std::str::from_utf8(name).ok()
}

/// Counts how lines end: all in CR LF, or all in LF; a mixture is a smuggler's.
#[derive(Debug, Default)]
struct LineEnds {
    crlf: bool,
    lf: bool,
}

impl LineEnds {
    fn strip<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if let Some(content) = line.strip_suffix(b"\r\n") {
            self.crlf = true;
            content
        } else if let Some(content) = line.strip_suffix(b"\n") {
            self.lf = true;
            content
        } else {
            line
        }
    }

    fn mixed(&self) -> bool {
        self.crlf && self.lf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: fields keep their order, folds belong to their field, the body is not looked at.
    // Method: one block with a fold and a body that looks like a field.
    #[test]
    fn fields_in_order() {
        let head = Head::split(b"A: 1\r\nb: 2\r\n\tfolded\r\nA: 3\r\n\r\nFrom: x\r\n");
        let seen: Vec<_> = head
            .fields
            .iter()
            .map(|field| (field.name, field.value().into_owned()))
            .collect();
        assert_eq!(
            seen,
            [
                ("A", "1".to_owned()),
                ("b", "2\tfolded".to_owned()),
                ("A", "3".to_owned())
            ]
        );
        assert_eq!(head.fault, None);
        assert_eq!(head.first("a").unwrap().value(), "1");
    }

    // Goal: every fault is seen, and a lone LF throughout is none.
    // Method: one small block for each.
    #[test]
    fn faults() {
        let fault = |raw: &[u8]| Head::split(raw).fault;
        assert_eq!(fault(b"A: 1\nB: 2\n\nbody\r\n"), None);
        assert_eq!(fault(b"A: 1\r\nB: 2\n\r\n"), Some(Fault::ControlBytes));
        assert_eq!(fault(b"A: 1\rB: 2\r\n\r\n"), Some(Fault::ControlBytes));
        assert_eq!(fault(b"A: 1\0\r\n\r\n"), Some(Fault::ControlBytes));
        assert_eq!(fault(b"From : a@b\r\n\r\n"), Some(Fault::NotAField));
        assert_eq!(fault(b" folded\r\n\r\n"), Some(Fault::NotAField));
        assert_eq!(fault(b"no colon\r\n\r\n"), Some(Fault::NotAField));
        let long = [b"A: ".as_slice(), &[b'x'; 996], b"\r\n\r\n"].concat();
        assert_eq!(fault(&long), Some(Fault::LongLine));
        let many = b"A: 1\r\n".repeat(MAX_FIELDS + 1);
        assert_eq!(fault(&many), Some(Fault::TooLong));
    }
}
