//! The Merkle tree of RFC 6962, section 2.1, over leaves that arrive one by one.
//!
//! Leaves and inner nodes are hashed with different first bytes, so that no node can pass for a leaf. Of
//! any number of leaves only the roots of whole subtrees are kept, one for each power of two.

use sha2::{Digest as _, Sha256};

use super::Hash;

/// A tree under construction.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The roots of whole subtrees, each at least twice as large as the next.
    whole: Vec<Hash>,
    leaves: u64,
}

impl Tree {
    /// Adds the leaf with this content.
    pub fn push(&mut self, content: &[u8]) {
        let mut root: Hash = Sha256::new()
            .chain_update([0])
            .chain_update(content)
            .finalize()
            .into();
        // Each whole subtree of the same size joins; how many there are, the count says.
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.whole.pop() {
                root = node(&left, &root);
            }
        }
        self.whole.push(root);
        self.leaves += 1;
    }

    /// How many leaves it has.
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The root; of no leaves: the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut rest = self.whole.iter().rev();
        let Some(last) = rest.next() else {
            return Sha256::digest([]).into();
        };
        rest.fold(*last, |right, left| node(left, &right))
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// A chain's end as the content of a leaf: each part with its length before it, so that no two splits
/// look alike.
pub fn leaf(chain: &str, seq: i64, hash: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(chain.len() + hash.len() + 32);
    for part in [chain.as_bytes(), &seq.to_be_bytes(), hash] {
        content.extend_from_slice(&(part.len() as u64).to_be_bytes());
        content.extend_from_slice(part);
    }
    content
}
