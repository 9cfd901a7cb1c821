//! Seals: what closes an interval of the record so that it can be held against it later (W27).
//!
//! A seal names the ends of all chains that moved since the seal before it, as one Merkle root
//! ([`tree`]), carries that seal's hash, and is signed under the operator's key ([`key`]). Outside the
//! database it is a short block of text ([`block`]): in a mail, in a file, on paper.
//!
//! What always holds: two seals with the same hash say the same, and whoever holds one seal holds all
//! before it, for each carries the hash of the last. Nothing here knows of a database or a clock.
//!
//! What is *not* promised: anything about what happened after the last seal that somebody else holds.
//! Whoever can write to the database *and* has the key can make other seals; they cannot make the ones
//! that were posted.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

pub mod block;
pub mod key;
pub mod tree;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

pub use key::{PublicKey, SealKey};

/// A SHA-256.
pub type Hash = [u8; 32];
/// What the first seal carries in place of the hash of the one before.
pub const NOTHING_BEFORE: Hash = [0; 32];
/// What every statement begins with: its kind and the version of its form.
const FORM: &str = "countersign seal 1";

/// What a seal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// From 1, without gaps.
    pub number: i64,
    /// When it was made, in microseconds.
    pub at: Timestamp,
    /// How many chains moved.
    pub leaves: i64,
    /// By how many events they grew.
    pub events: i64,
    /// The root of the tree over their ends.
    pub root: Hash,
    /// The hash of the seal before, or [`NOTHING_BEFORE`].
    pub previous: Hash,
    /// Whose signature it bears.
    pub key: PublicKey,
}

/// A seal with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What it says.
    pub seal: Seal,
    /// ed25519 over [`Seal::statement`].
    pub signature: [u8; 64],
}

impl Seal {
    /// The text that is signed and hashed.
    pub fn statement(&self) -> String {
        format!("{FORM}\n{}", self.lines())
    }

    /// What distinguishes this seal, one line each.
    fn lines(&self) -> String {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        format!(
            "number {}\nat {}\nleaves {}\nevents {}\nroot {}\nprevious {}\nkey {}\n",
            self.number,
            self.at,
            self.leaves,
            self.events,
            hex(&self.root),
            hex(&self.previous),
            self.key,
        )
    }

    /// SHA-256 of the statement; the next seal carries it.
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.statement().as_bytes()).into()
    }

    /// The seal with this key's signature, which must be the one that it names.
    pub fn signed(self, key: &SealKey) -> Signed {
        let signature = key.sign(self.statement().as_bytes());
        Signed {
            seal: self,
            signature,
        }
    }
}

impl Signed {
    /// Whether the signature is that of the key which the seal names.
    pub fn is_genuine(&self) -> bool {
        let statement = self.seal.statement();
        self.seal
            .key
            .verifies(statement.as_bytes(), &self.signature)
    }
}

#[cfg(test)]
mod tests;
