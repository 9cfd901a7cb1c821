//! How names and sets of UIDs are written in a command.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::fmt::Write as _;

use data_encoding::{BASE64_NOPAD, Encoding};

/// Whether a text may stand in a quoted string: printable ASCII.
pub(super) fn quotable(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// A text as a quoted string; the caller has asked [`quotable`].
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A folder's name: modified UTF-7 (RFC 3501, 5.1.3), quoted.
pub(super) fn folder(name: &str) -> String {
    let base64: &Encoding = &BASE64_NOPAD;
    let mut written = String::new();
    let mut foreign: Vec<u8> = Vec::new();
    let flush = |foreign: &mut Vec<u8>, written: &mut String| {
        if !foreign.is_empty() {
            let encoded = base64.encode(foreign).replace('/', ",");
            written.push('&');
            written.push_str(&encoded);
            written.push('-');
            foreign.clear();
        }
    };
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut foreign, &mut written);
            written.push(c);
            if c == '&' {
                written.push('-');
            }
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                foreign.extend(unit.to_be_bytes());
            }
        }
    }
    flush(&mut foreign, &mut written);
    quoted(&written)
}

/// Ascending UIDs as a set: `1:3,7`.
pub(super) fn uid_set(uids: &[u32]) -> String {
    let mut set = String::new();
    let mut run: Option<(u32, u32)> = None;
    for &uid in uids {
        run = match run {
            Some((first, last)) if last.checked_add(1) == Some(uid) => Some((first, uid)),
            Some(done) => {
                push_run(&mut set, done);
                Some((uid, uid))
            }
            None => Some((uid, uid)),
        };
    }
    if let Some(done) = run {
        push_run(&mut set, done);
    }
    set
}

fn push_run(set: &mut String, (first, last): (u32, u32)) {
    if !set.is_empty() {
        set.push(',');
    }
    // Writing to a String cannot fail.
    let _ = if first == last {
        write!(set, "{first}")
    } else {
        write!(set, "{first}:{last}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: sets are as short as they can be and exact.
    /// Method: runs, gaps and the highest UID.
    #[test]
    fn uid_sets_are_runs() {
        assert_eq!(uid_set(&[]), "");
        assert_eq!(uid_set(&[5]), "5");
        assert_eq!(uid_set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(uid_set(&[u32::MAX - 1, u32::MAX]), "4294967294:4294967295");
    }

    /// Goal: folder names in any script reach the server as it knows them.
    /// Method: the example of RFC 3501 and names with what must be escaped.
    #[test]
    fn folders_are_written_in_modified_utf7() {
        assert_eq!(folder("INBOX"), "\"INBOX\"");
        assert_eq!(
            folder("~peter/mail/台北/日本語"),
            "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""
        );
        assert_eq!(folder("A&B \"C\""), "\"A&-B \\\"C\\\"\"");
        assert_eq!(folder("Erledigt/grün"), "\"Erledigt/gr&APw-n\"");
    }

    /// Goal: nothing that could end a line or a string is sent as it is.
    /// Method: control and foreign characters are not quotable; quotes are escaped.
    #[test]
    fn quoting_keeps_the_line_whole() {
        assert!(quotable("pa ss\\\""));
        assert!(!quotable("a\r\nb") && !quotable("grün") && !quotable("a\0b"));
        assert_eq!(quoted("a\\b\"c"), "\"a\\\\b\\\"c\"");
    }
}
