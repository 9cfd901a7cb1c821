//! Documents that are written from the code, held against it.

use std::collections::BTreeSet;
use std::{env, fs};

use countersign::inbound::chat::commands::help;
use countersign::render::Tongue;
use countersign::workflow::notice::{Kind, rendered, waiting};
use regex::Regex;

/// Goal: `docs/notices.md` says who is told what, as the table does.
/// Method: hold the file against the table; a name in the environment writes it instead.
#[test]
fn the_document_is_the_table() {
    holds("docs/notices.md", &document(), "the_document_is_the_table");
}

/// Goal: `docs/commands.md` says what can be typed in chat, as the definition does, in both languages.
/// Method: hold the file against the definition; a name in the environment writes it instead.
#[test]
fn the_commands_are_documented() {
    let [en, pt] = [Tongue::English, Tongue::Portuguese].map(help::table);
    let wanted = format!("{COMMANDS_HEAD}\n{en}\n{COMMANDS_PORTUGUESE}\n{pt}");
    holds("docs/commands.md", &wanted, "the_commands_are_documented");
}

/// Holds a file against what it should say, or writes it.
fn holds(file: &str, wanted: &str, test: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("COUNTERSIGN_WRITE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "{file} is not what the code says; write it anew with \
         `COUNTERSIGN_WRITE_DOCS=1 cargo nextest run --test it -E 'test({test})'`"
    );
}

const COMMANDS_HEAD: &str = "\
# What can be typed in Discord

Written from `src/inbound/chat/commands/definition.rs` by the test `the_commands_are_documented`; change the definition, not
this file. What stands in brackets may be left out. Every answer is shown to nobody else. Texts take up to 1,000 characters,
names and times up to 200; `/help` with a command tells what each option is.
";

const COMMANDS_PORTUGUESE: &str = "\
The same for a program in Brazilian Portuguese:
";

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

/// Goal: `docs/LOGGING.md` names every field of every line, and none that is not written.
/// Method: what stands before the sentence in each call, held against the table.
#[test]
fn every_field_of_the_log_is_named() {
    let document = include_str!("../../docs/LOGGING.md");
    let span = Regex::new("`([a-z_.]+)`").expect("regex");
    let rows = document
        .lines()
        .skip_while(|line| *line != "| field | what it holds |");
    let first_cells = rows.filter_map(|line| line.split('|').nth(1));
    let named: BTreeSet<String> = first_cells
        .flat_map(|cell| span.captures_iter(cell).map(|it| it[1].to_owned()))
        .collect();
    let call = r#"tracing::(?:trace|debug|info|warn|error)!\(([^"]*)""#;
    let call = Regex::new(call).expect("regex");
    let field = Regex::new(r"(?:^|,)\s*[%?]?([a-z_]+(?:\.[a-z_]+)*)\s*(?:=|,|$)").expect("regex");
    let mut written = BTreeSet::new();
    let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path().display().to_string();
            if entry.path().is_dir() {
                folders.push(path);
            } else if entry.path().extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                for call in call.captures_iter(&text) {
                    let fields = field.captures_iter(&call[1]).map(|it| it[1].to_owned());
                    written.extend(fields);
                }
            }
        }
    }
    assert!(written.len() > 20, "the calls were not found: {written:?}");
    assert_eq!(named, written);
}
