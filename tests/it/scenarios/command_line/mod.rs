//! The real program as a person at a terminal meets it: what is typed, what is printed on which stream,
//! and the exit code.
//!
//! A [`Desk`] is a folder with a `bot.toml` and a `policies.toml`. No mail server is needed: what a
//! command leaves owing is sent by a daemon, and none runs unless a test starts it.

mod access;
mod accounts;
mod delegations;
mod doctor;
mod embedded;
mod mails;
mod mistakes;
mod outbox;
mod policies;
mod pooler;
mod record;
mod reports;
mod requests;
mod roles;
mod round_trip;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use countersign::inbound::cli::who::OsUser;
use serde_json::Value;
use sqlx::{ConnectOptions, PgPool};

/// Who and what the tests' policies know. ME is whoever runs the tests.
const POLICIES: &str = r#"
[[person]]
id = "rita"
name = "Rita Reis"
email = "rita@example.org"
zone = "Europe/Lisbon"
os_user = "ME"
[[person]]
id = "bob"
name = "Bob Brandt"
email = "bob@example.org"
roles = ["approver"]
modules = ["*"]
[[person]]
id = "carol"
name = "Carol Chen"
email = "carol@example.org"
roles = ["approver"]
modules = ["*"]
[[person]]
id = "ada"
name = "Ada Antunes"
email = "ada@example.org"
roles = ["access_admin"]
[group.owners]
members = ["bob"]
[[policy]]
name = "databases"
modules = ["credential"]
requesters = ["rita"]
resource = "db-*"
mode = "approval"
justification = "required"
comment_required = true
max_duration = "8h"
max_lead = "7d"
steps = [
  { name = "Owner", approvers = ["group:owners"] },
  { name = "Security", approvers = ["carol"] },
]
[[policy]]
name = "test network"
modules = ["credential"]
requesters = ["rita", "bob"]
resource = "test-*"
mode = "free"
"#;

/// What the program said and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl Said {
    /// It must have ended so.
    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Done, with nothing to say on the side.
    #[track_caller]
    fn done(self) -> Self {
        let done = self.ended(0);
        assert_eq!(done.err, "", "{done:#?}");
        done
    }

    /// Refused with this code and rule.
    #[track_caller]
    fn refused(self, code: &str, rule: &str) -> Self {
        let refused = self.ended(1);
        let last = refused.err.lines().last().unwrap_or_default();
        assert_eq!(last, format!("refused: {code} ({rule})"), "{refused:#?}");
        refused
    }

    /// All of these stand on standard output.
    #[track_caller]
    fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "`{word}` is missing: {self:#?}");
        }
        self
    }

    /// All of these stand on standard error.
    #[track_caller]
    fn complains(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "`{word}` is missing: {self:#?}");
        }
        self
    }

    /// Standard output as one JSON value.
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A folder from which somebody runs the program.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// With this `[database] url`, an SMTP server that is away, and whoever runs the tests as operator.
    fn at(url: &str) -> Self {
        let desk = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        desk.configures(&Self::configuration(url));
        desk.writes("policies.toml", &Self::policies());
        desk
    }

    /// With the database of a test, and the policies in force.
    fn furnished(pool: &PgPool) -> Self {
        let desk = Self::at(&url_of(pool));
        desk.types("policy apply policies.toml --yes").done();
        desk
    }

    fn configuration(url: &str) -> String {
        format!(
            "[database]\nurl = \"{url}\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n\
             [mail]\nfrom = \"approvals@bot.test\"\n\
             [tokens]\nkey = \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n\
             [command_line]\noperators = [\"{}\"]\n",
            OsUser::present().name
        )
    }

    fn policies() -> String {
        POLICIES.replace("ME", &OsUser::present().name)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn writes(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
    }

    fn configures(&self, text: &str) {
        self.writes("bot.toml", text);
    }

    /// Puts the configuration right again, with one thing in it replaced.
    fn reconfigures(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("bot.toml")).expect("bot.toml");
        assert!(text.contains(from), "{from} is not in {text}");
        self.configures(&text.replace(from, to));
    }

    /// The program in this folder, with nothing of our environment that it would look at.
    fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_countersign"));
        for name in ["CONFIG", "LOG", "LOG_FORMAT"] {
            program.env_remove(format!("COUNTERSIGN_{name}"));
        }
        program
            .env_remove("NOTIFY_SOCKET")
            .current_dir(self.folder.path())
            .args(["--config", "bot.toml"])
            .stdin(Stdio::null());
        program
    }

    /// Types a command and waits for its end. What stands in single quotes is one word.
    fn types(&self, line: &str) -> Said {
        let ended = self.program().args(words(line)).output();
        ended.expect("the program runs").into()
    }

    /// As [`Desk::types`], at a terminal, answering its question with `answer` once `asked` has been
    /// done. `script` makes the terminal; both streams are then one.
    fn types_at_a_terminal(&self, line: &str, answer: &str, asked: impl FnOnce()) -> Said {
        let mut program = Command::new("script");
        let typed = format!(
            "{} --config bot.toml {line}",
            env!("CARGO_BIN_EXE_countersign")
        );
        let mut child = program
            .args(["--quiet", "--return", "--flush", "--command", &typed])
            .arg(self.path("typescript"))
            .current_dir(self.folder.path())
            .env_remove("COUNTERSIGN_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("script runs");
        let mut keys = child.stdin.take().expect("a keyboard");
        read_until(child.stdout.as_mut().expect("a screen"), "[y/N]");
        asked();
        keys.write_all(answer.as_bytes()).expect("typed");
        keys.flush().expect("typed");
        let ended = child.wait_with_output().expect("it ends");
        drop(keys);
        ended.into()
    }

    /// Types the filing of a request; the request's name, e.g. `R-7`.
    fn files(&self, rest: &str) -> String {
        let said = self
            .types(&format!("request file --module credential {rest} --json"))
            .done();
        format!("R-{}", said.json()["request"])
    }
}

/// Reads what is printed until this stands in it.
fn read_until(screen: &mut impl std::io::Read, wanted: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(wanted) {
        let read = screen.read(&mut byte).expect("the screen can be read");
        let text = String::from_utf8_lossy(&seen);
        assert_eq!(read, 1, "it ended before it said `{wanted}`: {text}");
        seen.extend(byte);
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// A line's words as a shell has them, single quotes included.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The address of a test's database.
fn url_of(pool: &PgPool) -> String {
    pool.connect_options().to_url_lossy().to_string()
}
