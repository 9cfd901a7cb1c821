//! Whether a mail's structure is plain enough to be parsed: one pass over its lines, before the
//! parser.
//!
//! The MIME parser is quick on honest mail, but some shapes make it look at the same bytes again
//! and again: very many parts, a field of megabytes, a mail inside a mail that is encoded once more
//! (where nothing here can count). RFC 2046 forbids the last, so no honest program writes it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// Most MIME parts, and so their deepest nesting.
pub const MAX_PARTS: usize = 100;
/// Longest MIME field of a part, with its continuation lines, in bytes.
pub const MAX_MIME_FIELD_BYTES: usize = 8 * 1024;

/// Why a mail is not parsed; one sentence.
pub fn fault(raw: &[u8]) -> Option<&'static str> {
    let mut scan = Scan::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', raw).chain([raw.len()]) {
        let line = raw.get(start..end).unwrap_or_default();
        start = end + 1;
        scan.line(line);
        if scan.parts > MAX_PARTS {
            return Some("The mail has too many parts.");
        }
        if scan.longest > MAX_MIME_FIELD_BYTES {
            return Some("A MIME field of the mail is too long.");
        }
    }
    let hides = scan.encoded_container || (scan.digest && scan.encoded);
    hides.then_some("The mail contains another mail that is encoded once more.")
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing seen so far; no two make a state"
)]
struct Scan {
    /// Lines that begin a Content-Type.
    parts: usize,
    /// The longest MIME field, in bytes.
    longest: usize,
    /// The open MIME field, in bytes; 0 while none is open.
    open: usize,
    open_is_type: bool,
    /// A contained mail, in the present run of lines without a blank one.
    run_contains: bool,
    /// An encoding, in the same run.
    run_encodes: bool,
    /// Both in one run, anywhere.
    encoded_container: bool,
    /// A digest, anywhere: its parts are mails without saying so.
    digest: bool,
    /// An encoding, anywhere.
    encoded: bool,
}

impl Scan {
    fn line(&mut self, line: &[u8]) {
        if line.is_empty() || line == b"\r" {
            self.open = 0;
            self.run_contains = false;
            self.run_encodes = false;
            return;
        }
        let continues = matches!(line.first(), Some(b' ' | b'\t'));
        // Most lines are text, and begin no MIME field.
        if !continues && !matches!(line.first(), Some(b'c' | b'C' | 0x0b | 0x0c | b'\r')) {
            self.open = 0;
            return;
        }
        let text = line.trim_ascii_start();
        if begins(text, b"content-") && !(continues && self.open > 0) {
            self.open = line.len();
            self.open_is_type = begins(text, b"content-type");
            self.parts += usize::from(self.open_is_type);
            if begins(text, b"content-transfer-encoding") && encodes(text) {
                self.encoded = true;
                self.run_encodes = true;
            }
        } else if continues && self.open > 0 {
            self.open += line.len();
            // A value on its own line is an encoding only if somebody hides it.
            let is_type = self.open_is_type || begins(text, b"content-type");
            self.parts += usize::from(begins(text, b"content-type"));
            if !is_type {
                self.encoded = true;
                self.run_encodes = true;
            }
        } else {
            self.open = 0;
            return;
        }
        self.longest = self.longest.max(self.open);
        if self.open_is_type {
            self.run_contains |= holds(text, b"rfc822") || holds(text, b"global");
            self.digest |= holds(text, b"digest");
        }
        self.encoded_container |= self.run_contains && self.run_encodes;
    }
}

fn begins(text: &[u8], name: &[u8]) -> bool {
    text.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn holds(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word))
}

/// Whether a Content-Transfer-Encoding is any but the three that leave bytes as they are.
fn encodes(text: &[u8]) -> bool {
    let value = text
        .splitn(2, |byte| *byte == b':')
        .nth(1)
        .unwrap_or_default();
    let value = value.trim_ascii();
    ![b"7bit".as_slice(), b"8bit", b"binary"]
        .iter()
        .any(|plain| value.eq_ignore_ascii_case(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: caps bite before anything is parsed. Method: one part above the cap.
    #[test]
    fn parts() {
        let parts = |count: usize| "Content-Type: text/plain\r\n\r\n--x\r\n".repeat(count);
        assert_eq!(fault(parts(MAX_PARTS).as_bytes()), None);
        assert!(fault(parts(MAX_PARTS + 1).as_bytes()).is_some());
    }

    // Goal: a long field is refused, long text is not. Method: both of the same length.
    #[test]
    fn fields() {
        let continued = " a=b;\r\n".repeat(2000);
        assert!(fault(format!("Content-Type: text/plain;\r\n{continued}").as_bytes()).is_some());
        assert_eq!(fault(format!("Hello\r\n{continued}").as_bytes()), None);
    }

    // Goal: a mail within a mail may not be encoded; a plain one, and an encoded image, may.
    // Method: header blocks of a part.
    #[test]
    fn encoded_mails() {
        let refused = [
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64",
            "Content-Transfer-Encoding: quoted-printable\nX: y\nContent-Type: MESSAGE/RFC822",
            "Content-Type:\n message/global\nContent-Transfer-Encoding:\n base64",
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: =?utf-8?q?base64?=",
            "Content-Type: multipart/digest; boundary=x\n\nContent-Transfer-Encoding: base64",
        ];
        let taken = [
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit",
            "Content-Type: message/rfc822\n\nContent-Transfer-Encoding: base64",
            "Content-Type: image/png\nContent-Transfer-Encoding: base64",
            "Content-Type: text/plain;\n charset=utf-8\nContent-Transfer-Encoding: base64",
        ];
        for block in refused {
            assert!(fault(block.as_bytes()).is_some(), "{block}");
        }
        for block in taken {
            assert_eq!(fault(block.as_bytes()), None, "{block}");
        }
    }
}
