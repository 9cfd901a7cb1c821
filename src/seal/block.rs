//! A seal outside the database: a block of short lines, the same in a mail and in a file.
//!
//! ```text
//! -----BEGIN COUNTERSIGN SEAL-----
//! number 12
//! at 2026-11-21T08:00:00.123456Z
//! leaves 34
//! events 56
//! root …64 hexadecimal digits
//! previous …64
//! key …64
//! signature …64
//! signature …64
//! -----END COUNTERSIGN SEAL-----
//! ```
//!
//! Reading skips what stands around a block, and quotation marks and blanks before a line, so that a
//! saved or forwarded mail will do. A block that is begun is read strictly.

use std::io::{self, BufRead, Read as _};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::{PublicKey, Seal, Signed};

/// The line before a block.
pub const BEGIN: &str = "-----BEGIN COUNTERSIGN SEAL-----";
/// The line after it.
pub const END: &str = "-----END COUNTERSIGN SEAL-----";
/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 4096;
/// The lines of a block between its first and its last.
const LINES: usize = 9;

/// Why the next block cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The file.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Its text.
    #[error("line {line}: {what}")]
    Wrong {
        /// From 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// Writes a seal as a block.
pub fn write(signed: &Signed) -> String {
    let hex = HEXLOWER.encode(&signed.signature);
    let (first, second) = hex.split_at_checked(64).unwrap_or((&hex, ""));
    let lines = signed.seal.lines();
    format!("{BEGIN}\n{lines}signature {first}\nsignature {second}\n{END}\n")
}

/// The blocks of a text, one after another.
#[derive(Debug)]
pub struct Blocks<R> {
    from: R,
    line: usize,
}

impl<R: BufRead> Blocks<R> {
    /// Reads from here.
    pub fn new(from: R) -> Self {
        Self { from, line: 0 }
    }

    fn wrong(&self, what: &'static str) -> BlockError {
        BlockError::Wrong {
            line: self.line,
            what,
        }
    }

    /// The next line without what mail programs put around it; `None` at the end.
    fn line(&mut self) -> Result<Option<String>, BlockError> {
        let mut bytes = Vec::new();
        let read = (&mut self.from)
            .take(MAX_LINE)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        let text = String::from_utf8_lossy(&bytes);
        let quoted = |c: char| c == '>' || c.is_whitespace();
        Ok(Some(text.trim_start_matches(quoted).trim_end().to_owned()))
    }

    /// The next block; `None` where there is none any more.
    pub fn next_block(&mut self) -> Result<Option<Signed>, BlockError> {
        loop {
            match self.line()? {
                None => return Ok(None),
                Some(line) if line == BEGIN => break,
                Some(_) => {}
            }
        }
        let mut lines = Vec::with_capacity(LINES);
        loop {
            match self.line()? {
                Some(line) if line == END => break,
                Some(line) if lines.len() < LINES => lines.push(line),
                Some(_) => return Err(self.wrong("the seal has too many lines")),
                None => return Err(self.wrong("the seal is cut off")),
            }
        }
        read(&lines)
            .map(Some)
            .ok_or_else(|| self.wrong("the seal that ends here is not written as seals are"))
    }
}

fn read(lines: &[String]) -> Option<Signed> {
    let mut lines = lines.iter();
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let hash = |text: &str| -> Option<[u8; 32]> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok()
    };
    let seal = Seal {
        number: value("number")?.parse().ok()?,
        at: value("at")?.parse().ok()?,
        leaves: value("leaves")?.parse().ok()?,
        events: value("events")?.parse().ok()?,
        root: hash(value("root")?)?,
        previous: hash(value("previous")?)?,
        key: PublicKey::parse(value("key")?)?,
    };
    let mut signature = hash(value("signature")?)?.to_vec();
    signature.extend(hash(value("signature")?)?);
    Some(Signed {
        seal,
        signature: signature.try_into().ok()?,
    })
}
