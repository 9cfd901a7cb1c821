//! Seals, trees and blocks; what a database makes of them is tested beside `store::seals`.

use proptest::prelude::*;

use super::block::{BEGIN, Blocks, END, write};
use super::tree::{Tree, leaf};
use super::*;

fn key(byte: u8) -> SealKey {
    let secret = data_encoding::BASE64.encode(&[byte; 32]);
    SealKey::new(&secret.into()).expect("a key")
}

fn signed(number: i64) -> Signed {
    let key = key(1);
    let seal = Seal {
        number,
        at: "2026-03-02T09:00:00.25Z".parse().expect("a time"),
        leaves: 2,
        events: 3,
        root: [7; 32],
        previous: NOTHING_BEFORE,
        key: key.public(),
    };
    seal.signed(&key)
}

fn blocks(text: &str) -> Result<Vec<Signed>, block::BlockError> {
    let mut blocks = Blocks::new(text.as_bytes());
    let mut all = Vec::new();
    while let Some(signed) = blocks.next_block()? {
        all.push(signed);
    }
    Ok(all)
}

/// Goal: the tree is that of RFC 6962, so that others can recompute a root.
/// Method: the roots of the first eight of the inputs that Certificate Transparency publishes, computed
/// with another tool (Python's hashlib) by the recursive definition.
#[test]
fn the_tree_is_that_of_the_rfc() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"PQRSTUVW",
        b"`abcdefghijklmno",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Tree::default();
    for (input, root) in inputs.iter().zip(roots) {
        tree.push(input);
        assert_eq!(data_encoding::HEXLOWER.encode(&tree.root()), root);
    }
}

/// Goal: a signature holds for exactly what was signed, under exactly that key.
/// Method: change each thing that a seal says, one at a time.
#[test]
fn a_changed_seal_is_not_genuine() {
    let whole = signed(1);
    assert!(whole.is_genuine());
    let changes: [fn(&mut Signed); 9] = [
        |signed| signed.seal.number += 1,
        |signed| signed.seal.at = Timestamp::UNIX_EPOCH,
        |signed| signed.seal.leaves += 1,
        |signed| signed.seal.events += 1,
        |signed| signed.seal.root = [8; 32],
        |signed| signed.seal.previous = [8; 32],
        |signed| signed.seal.key = key(2).public(),
        |signed| signed.signature = [0; 64],
        |signed| signed.signature.reverse(),
    ];
    for change in changes {
        let mut other = whole.clone();
        change(&mut other);
        assert!(!other.is_genuine(), "{other:?}");
        let same_signature = other.signature == whole.signature;
        assert_eq!(same_signature, other.seal.hash() != whole.seal.hash());
    }
}

/// Goal: a seal's block is found and read as it was written, whatever a mail program put around it.
/// Method: two blocks, plain and quoted, among other lines.
#[test]
fn a_block_is_read_back() {
    let (one, two) = (signed(1), signed(2));
    let quoted = write(&two).replace('\n', "\r\n> > ");
    let text = format!(
        "Subject: x\n\nhello\n{}on Monday\n> > {quoted}-- \n",
        write(&one)
    );
    assert_eq!(blocks(&text).expect("reads"), [one, two]);
}

/// Goal: a block that is not whole is an error that names its line; no block is no error.
/// Method: a block cut off, with a line too many, with a digit changed into a letter, with lines swapped.
#[test]
fn a_damaged_block_is_an_error() {
    let whole = write(&signed(1));
    assert!(blocks("nothing here\n").expect("reads").is_empty());
    for (text, line) in [
        (whole.replace(END, ""), 11),
        (whole.replace("number", "more 1\nnumber"), 11),
        (whole.replace("root 0", "root g"), 11),
        (whole.replace("leaves", "events"), 11),
        (whole.replace("signature", ""), 11),
        (BEGIN.to_owned(), 1),
    ] {
        match blocks(&text) {
            Err(block::BlockError::Wrong { line: at, .. }) => assert_eq!(at, line, "{text}"),
            other => panic!("{other:?}: {text}"),
        }
    }
}

/// Goal: a key is 32 bytes in base64, and `{:?}` shows only what everybody may know.
/// Method: keys too short, too long and no base64; print a good one.
#[test]
fn keys_are_checked_and_not_shown() {
    for bad in ["", "%%%", "AAAA"] {
        assert_eq!(
            SealKey::new(&bad.to_owned().into()).err(),
            Some(key::BadKey)
        );
    }
    let long = data_encoding::BASE64.encode(&[1; 33]);
    assert!(SealKey::new(&long.into()).is_err());
    let key = key(1);
    let shown = format!("{key:?}");
    assert!(shown.contains(&key.public().to_string()), "{shown}");
    assert_eq!(
        PublicKey::parse(&key.public().to_string()),
        Some(key.public())
    );
    assert_eq!(key.public().id().len(), 16);
}

proptest! {
    /// Goal: no bytes make the reader of blocks panic, and what it reads is what would be written.
    /// Method: any bytes, and blocks with one byte replaced.
    #[test]
    fn any_text_is_read_or_refused(noise in proptest::collection::vec(any::<u8>(), 0..300),
                                   at in 0_usize..400, byte in any::<u8>()) {
        let mut blocks = Blocks::new(noise.as_slice());
        while let Ok(Some(_)) = blocks.next_block() {}
        let mut text = write(&signed(3)).into_bytes();
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        if let Ok(Some(read)) = Blocks::new(text.as_slice()).next_block() {
            prop_assert!(read == signed(3) || !read.is_genuine());
        }
    }

    /// Goal: another set of leaves has another root.
    /// Method: leave one out, or swap two neighbours that differ.
    #[test]
    fn the_root_depends_on_every_leaf(count in 1_usize..40, at in 0_usize..40) {
        let contents: Vec<Vec<u8>> =
            (0..count).map(|n| leaf(&format!("request/{n}"), 1, &[1; 32])).collect();
        let root = |contents: &[Vec<u8>]| {
            let mut tree = Tree::default();
            for content in contents {
                tree.push(content);
            }
            tree.root()
        };
        let whole = root(&contents);
        let at = at % count;
        let mut less = contents.clone();
        less.remove(at);
        prop_assert_ne!(root(&less), whole);
        if at + 1 < count {
            let mut swapped = contents;
            swapped.swap(at, at + 1);
            prop_assert_ne!(root(&swapped), whole);
        }
    }
}
