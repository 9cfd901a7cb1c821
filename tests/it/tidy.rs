//! The repository checks itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use countersign::workflow::notice::Kind;
use countersign::workflow::refusal::Refusal;
use regex::Regex;

/// The longest a source file may be, in lines, its unit tests not counted.
const MAX_FILE_LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(below: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder can be read") {
            let path = entry.expect("entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no *{ending} below {}", below.display());
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The source before its unit tests.
fn before_tests(text: &str) -> &str {
    let attribute = Regex::new(r"(?m)^#\[cfg\(test\)\]\n(?:pub\S* )?mod ").expect("regex");
    attribute
        .find(text)
        .map_or(text, |found| &text[..found.start()])
}

/// The source without its unit tests and without comments.
fn code_of(path: &Path) -> String {
    let text = read(path);
    let code = before_tests(&text);
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        })
}

fn is_test_file(path: &Path) -> bool {
    let test_only = ["tests.rs", "invariants.rs", "testing.rs", "fake.rs"];
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.is_some_and(|name| test_only.iter().any(|ending| name.ends_with(ending)))
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// `src/inbound/mail/judge.rs` is `inbound::mail::judge`.
fn module_of(path: &Path) -> String {
    let inside = path
        .strip_prefix(root().join("src"))
        .expect("below src")
        .with_extension("");
    let mut parts: Vec<_> = inside
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// The units of the table in `lib.rs`, in order.
fn units() -> Vec<String> {
    let row = Regex::new(r"(?m)^//! \| `([a-z:]+)` \|").expect("regex");
    let table = read(&root().join("src/lib.rs"));
    row.captures_iter(&table)
        .map(|found| found[1].to_owned())
        .collect()
}

/// The unit that a module path belongs to: the longest row that is a prefix of it.
fn unit_of<'a>(units: &'a [String], module: &str) -> Option<&'a String> {
    units
        .iter()
        .filter(|unit| module == *unit || module.starts_with(&format!("{unit}::")))
        .max_by_key(|unit| unit.len())
}

/// Goal: imports point one way, as the table in `lib.rs` says.
/// Method: every `crate::` path in every file must name a unit that stands above the file's own.
#[test]
fn imports_point_one_way() {
    let units = units();
    assert!(units.len() > 10, "the table in lib.rs was not found");
    let place = |unit: &String| units.iter().position(|other| other == unit);
    let path = Regex::new(r"\bcrate::([a-z_]+(?:::[a-z_]+)*)").expect("regex");
    let mut wrong = Vec::new();
    for file in files(&root().join("src"), ".rs") {
        let module = module_of(&file);
        if module == "lib" || module == "main" || is_test_file(&file) {
            continue;
        }
        let own = unit_of(&units, &module);
        let Some(own) = own else {
            wrong.push(format!("{module} is in no row of the table in lib.rs"));
            continue;
        };
        let code = code_of(&file);
        if code.contains("crate::{") {
            wrong.push(format!(
                "{module} imports `crate::{{…}}`; write one `use` a unit"
            ));
        }
        for found in path.captures_iter(&code) {
            match unit_of(&units, &found[1]) {
                Some(other) if other == own || place(other) < place(own) => {}
                Some(other) => wrong.push(format!("{module} ({own}) imports {other}")),
                None => wrong.push(format!("{module} imports {}, in no row", &found[1])),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Goal: the core knows nothing of the world.
/// Method: no file of `workflow` names the crate, the runtime, the database or a clock.
#[test]
fn the_core_is_pure() {
    let banned = Regex::new(
        r"\b(crate::(?:[a-v,x-z])|tokio|sqlx|async fn|\.await|std::(?:fs|net|env|time))",
    )
    .expect("regex");
    for file in files(&root().join("src/workflow"), ".rs") {
        if let Some(found) = banned.find(&code_of(&file)) {
            panic!(
                "{}: `{}` has no place in the core",
                file.display(),
                found.as_str()
            );
        }
    }
}

/// Goal: no source file lies about unused.
/// Method: every file below `src` is declared by a `mod` line of its parent.
#[test]
fn no_orphan_file() {
    for file in files(&root().join("src"), ".rs") {
        let module = module_of(&file);
        if module == "lib" || module == "main" {
            continue;
        }
        let (parent, name) = module.rsplit_once("::").unwrap_or(("lib", &module));
        let folder = root().join("src").join(parent.replace("::", "/"));
        let declared = [folder.join("mod.rs"), folder.with_extension("rs")]
            .iter()
            .filter(|path| path.exists())
            .any(|path| read(path).contains(&format!("mod {name};")));
        assert!(
            declared,
            "{} is declared by no `mod {name};`",
            file.display()
        );
    }
}

/// Goal: no transaction that decides carries a notification, which would hold a lock over all commits.
/// Method: the database is told to notify in one file only, whose function takes the pool and so no
/// transaction; no migration does it by a trigger or a function.
#[test]
fn only_the_bell_notifies() {
    let notifies = Regex::new(r#"(?i)pg_notify|"\s*notify\s"#).expect("regex");
    let telling: Vec<_> = files(&root().join("src"), ".rs")
        .into_iter()
        .filter(|file| notifies.is_match(&code_of(file)))
        .map(|file| module_of(&file))
        .collect();
    assert_eq!(telling, ["store::bell"]);
    let bell = code_of(&root().join("src/store/bell.rs"));
    assert!(bell.contains("pub async fn ring(pool: &PgPool,"), "{bell}");
    assert!(!bell.contains("PgConnection"), "{bell}");
    let in_sql = Regex::new(r"(?im)^[^-]*\b(?:pg_)?notify\b|\btrigger\b").expect("regex");
    for file in files(&root().join("migrations"), ".sql") {
        assert!(!in_sql.is_match(&read(&file)), "{}", file.display());
    }
}

/// Goal: a file is one room.
/// Method: count the lines before the unit tests.
#[test]
fn files_are_not_too_long() {
    let mut long = Vec::new();
    let sources = [
        files(&root().join("src"), ".rs"),
        files(&root().join("sandbox/src"), ".rs"),
    ];
    for file in sources.iter().flatten().filter(|file| !is_test_file(file)) {
        let lines = before_tests(&read(file)).lines().count();
        if lines > MAX_FILE_LINES {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(
        long.is_empty(),
        "more than {MAX_FILE_LINES} lines:\n{}",
        long.join("\n")
    );
}

/// Goal: every way to say no is shown happening to a person.
/// Method: each refusal's code stands, in quotes, in a scenario.
#[test]
fn every_refusal_has_a_scenario() {
    let scenarios: String = files(&root().join("tests/it/scenarios"), ".rs")
        .iter()
        .map(|file| read(file))
        .collect();
    let codes: BTreeSet<&str> = Refusal::samples().iter().map(Refusal::code).collect();
    let missing: Vec<_> = codes
        .iter()
        .filter(|code| !scenarios.contains(&format!("\"{code}\"")))
        .collect();
    assert!(
        missing.is_empty(),
        "refusals that no scenario in tests/it/scenarios shows: {missing:?}"
    );
}

/// The folder of the second language that there is.
const PORTUGUESE: &str = "pt-BR";

/// Goal: every notice can be sent in every language, and no template lies about unused.
/// Method: compare the kinds with the folders and the folders with the three files.
#[test]
fn every_notice_has_its_templates() {
    let folder = root().join("templates/mail");
    let expected: BTreeSet<String> = Kind::ALL
        .iter()
        .map(|kind| kind.as_str().to_owned())
        .chain(["digest".to_owned()])
        .collect();
    let found: BTreeSet<String> = fs::read_dir(&folder)
        .expect("templates/mail")
        .map(|entry| entry.expect("entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // What the mails of a language share.
        .filter(|name| name != PORTUGUESE)
        .collect();
    assert_eq!(found, expected);
    for kind in &expected {
        for file in ["subject.txt", "body.txt", "body.html"] {
            for folder in [folder.join(kind), folder.join(kind).join(PORTUGUESE)] {
                let file = folder.join(file);
                assert!(file.exists(), "{} is missing", file.display());
            }
        }
    }
}

/// Goal: every mail of the system's own can be sent in every language, and no template lies about unused.
/// Method: compare the samples with the folders and the folders with the files.
#[test]
fn every_system_mail_has_its_templates() {
    let folder = root().join("templates/system");
    let samples = countersign::render::system_samples();
    let expected: BTreeSet<&str> = samples.iter().map(|(_, facts)| facts.name()).collect();
    let found: BTreeSet<String> = fs::read_dir(&folder)
        .expect("templates/system")
        .map(|entry| entry.expect("entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != PORTUGUESE)
        .collect();
    assert!(found.iter().eq(expected.iter()), "{found:?} {expected:?}");
    for name in expected {
        for file in ["subject.txt", "body.txt"] {
            for folder in [folder.join(name), folder.join(name).join(PORTUGUESE)] {
                let file = folder.join(file);
                assert!(file.exists(), "{} is missing", file.display());
            }
        }
    }
}

/// What stands in backticks and in fenced blocks of the README.
fn readme_code() -> (Vec<String>, Vec<String>) {
    let text = read(&root().join("README.md"));
    let mut spans = Vec::new();
    let mut commands = Vec::new();
    let mut fenced = false;
    let span = Regex::new("`([^`]+)`").expect("regex");
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            commands.push(line.trim_start_matches("$ ").to_owned());
        } else {
            spans.extend(span.captures_iter(line).map(|found| found[1].to_owned()));
        }
    }
    commands.extend(spans.iter().filter(|span| span.contains(' ')).cloned());
    (spans, commands)
}

/// Goal: the README names nothing that is not there.
/// Method: every path-like span exists; every `make` goal and every `countersign` command is known.
#[test]
fn the_readme_is_true() {
    let (spans, commands) = readme_code();
    let top = Regex::new(r"^(src|templates|migrations|tests|sandbox|benches|scripts)/[\w./-]*$")
        .expect("regex");
    for path in spans.iter().filter(|span| top.is_match(span)) {
        assert!(
            root().join(path).exists(),
            "README.md names `{path}`, which does not exist"
        );
    }
    let makefile = read(&root().join("Makefile"));
    let known = subcommands();
    let mut checked = BTreeMap::from([("make", 0), ("countersign", 0)]);
    for command in &commands {
        let mut words = command
            .split_whitespace()
            .skip_while(|word| word.contains('='));
        match words.next() {
            Some("make") => {
                let goal = words.next().expect("make has a goal");
                assert!(
                    makefile.contains(&format!("\n{goal}:")),
                    "no goal `{goal}` in the Makefile"
                );
                checked.entry("make").and_modify(|count| *count += 1);
            }
            Some("countersign") => {
                let path: Vec<_> = words.take_while(|word| is_subcommand(word)).collect();
                let exists = (1..=path.len()).any(|n| known.contains(&path[..n].join(" ")));
                assert!(
                    path.is_empty() || exists,
                    "README.md: `{command}` is no command"
                );
                checked.entry("countersign").and_modify(|count| *count += 1);
            }
            _ => {}
        }
    }
    assert!(
        checked.values().all(|count| *count > 0),
        "the README shows no commands: {checked:?}"
    );
    for shown in ["make demo", "make test"] {
        assert!(
            commands.iter().any(|command| command.starts_with(shown)),
            "`{shown}` is not shown"
        );
    }
}

fn is_subcommand(word: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_lowercase())
}

/// `serve`, `policy check`, … as the program itself knows them; groups without their own action are left
/// out.
fn subcommands() -> BTreeSet<String> {
    let program = <countersign::inbound::cli::args::Cli as clap::CommandFactory>::command();
    let mut known = BTreeSet::new();
    for command in program.get_subcommands() {
        if command.get_subcommands().next().is_none() {
            known.insert(command.get_name().to_owned());
        }
        for inner in command.get_subcommands() {
            known.insert(format!("{} {}", command.get_name(), inner.get_name()));
        }
    }
    known
}
