//! Documents that are written from the code, held against it.

use std::{env, fs};

use countersign::workflow::notice::{Kind, rendered, waiting};

/// Goal: `docs/notices.md` says who is told what, as the table does.
/// Method: hold the file against the table; a name in the environment writes it instead.
#[test]
fn the_document_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/notices.md");
    let wanted = document();
    if env::var_os("COUNTERSIGN_WRITE_DOCS").is_some() {
        fs::write(path, &wanted).expect("docs/notices.md can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/notices.md is not what the table says; write it anew with \
         `COUNTERSIGN_WRITE_DOCS=1 cargo nextest run --test it -E 'test(the_document_is_the_table)'`"
    );
}

/// The whole document.
fn document() -> String {
    let marked = |is: fn(Kind) -> bool| {
        let kinds = Kind::ALL.into_iter().filter(|kind| is(*kind));
        let names: Vec<String> = kinds.map(|kind| format!("`{}`", kind.as_str())).collect();
        names.join(", ")
    };
    format!(
        "{DOCUMENT_HEAD}\n{}\n{DOCUMENT_KINDS}\n\
         - A reply decides: {}.\n- An answer to a mail of yours: {}.\n\
         - Can be had in a digest, where its row may wait: {}.\n",
        rendered(),
        marked(Kind::asks),
        marked(Kind::is_answer),
        marked(|kind| waiting().contains(&kind)),
    )
}

const DOCUMENT_HEAD: &str = "\
# Who is told what

Written from the table in `src/workflow/notice/table.rs` by the test `the_document_is_the_table`; change the table, not
this file.

One command owes each person at most one message: of the rows that apply, the one that stands first. Nobody who is
disabled is written to, nobody is asked before their step is current (W9), and whoever acted on a channel that answers
by itself is not written to as well, unless to be asked.

A person may have some kinds in a digest (`digest` in policies.toml): what the table lets wait, and nothing with an
emergency in it, comes in one mail a day at their hour, also if its request is settled meanwhile. At that hour whoever is
disabled gets nothing, and whoever has switched the digest off gets what waits in this last one. `countersign outbox
retry` sends one that waits at once, as a mail of its own. The digest's `List-Unsubscribe` writes to the access admins: we
read no such mail ourselves, and a person of theirs has to change policies.toml.

A message that asks for a decision and is not sent yet ends as
the last column says; one that was sent stays where it is, and an answer to it is told what holds now (W14).
";

const DOCUMENT_KINDS: &str = "\
Each message is a folder `templates/mail/<message>/`. Of the messages:
";
