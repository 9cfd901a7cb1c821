//! What is written or typed wrong, and servers that are away: one clear sentence and the exit code.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::{Desk, Said, url_of};

/// Goal: a bot.toml that is wrong says where, what and how to mend it, whichever command is typed.
/// Method: one mistake at a time, and two at once.
#[test]
fn configurations_that_are_wrong() {
    let desk = Desk::at("postgres://nobody@127.0.0.1:1/none");
    let right = fs::read_to_string(desk.path("bot.toml")).expect("bot.toml");
    let cases = [
        (
            "port = 9",
            "prot = 9",
            vec!["bot.toml:5:1: [smtp] prot: is unknown; mend: did you mean `port`?"],
        ),
        (
            "port = 9",
            "port = \"9\"",
            vec!["bot.toml:5:8: [smtp] port: is a text, and must be a whole number"],
        ),
        (
            "[mail]",
            "username = \"u\"\npassword = { file = \"/nowhere/pw\" }\n[mail]",
            vec![
                "bot.toml:8:",
                "[smtp] password",
                "/nowhere/pw cannot be read",
                "mode 0600",
            ],
        ),
        (
            "[mail]",
            "username = \"u\"\npassword = { env = \"NO_SUCH_VARIABLE\" }\n[mail]",
            vec!["bot.toml:8:", "the environment has no `NO_SUCH_VARIABLE`"],
        ),
        (
            "security = \"none\"",
            "security = \"nnoe\"\nhots = 1",
            vec!["`nnoe` is no kind of protection", "did you mean `host`?"],
        ),
        (
            "security = \"none\"",
            "security = \"ssl\"",
            vec!["`ssl` is no kind of protection; mend: write \"tls\" (from the first byte)"],
        ),
        (
            "[mail]",
            "[smtp]\n[mail]",
            vec!["bot.toml:7:2: [smtp]: is written twice, first in line 3; mend: "],
        ),
        (
            "[mail]",
            "[mail",
            vec!["bot.toml:7:", "mend: write valid TOML"],
        ),
        (
            "[database]\nurl",
            "[database]\nurl = 5 #",
            vec!["bot.toml:2:7"],
        ),
        (
            "postgres://nobody@127.0.0.1:1/none",
            "mysql://x",
            vec!["bot.toml:2:7: [database] url: is no address of a Postgres database"],
        ),
    ];
    for (from, to, complaints) in cases {
        desk.configures(&right.replace(from, to));
        for command in ["outbox list", "serve", "migrate", "approve R-1"] {
            let said = desk.types(command).ended(2).complains(&complaints);
            assert_eq!(said.out, "");
        }
    }
    fs::remove_file(desk.path("bot.toml")).expect("removed");
    desk.types("request list")
        .ended(2)
        .complains(&["bot.toml: cannot be read", "--config"]);
}

/// Goal: a database that cannot be had is said at once, with the right exit code and no password.
/// Method: nobody listens; no such database; a server that refuses the password.
#[sqlx::test(migrations = "./migrations")]
async fn databases_that_cannot_be_had(pool: PgPool) {
    let commands = [
        "request list",
        "policy show",
        "outbox list",
        "migrate",
        "serve",
    ];
    let away = Desk::at("postgres://user:hunter2@127.0.0.1:1/none");
    for command in commands {
        let began = Instant::now();
        let said = away.types(command).ended(3);
        assert!(began.elapsed() < Duration::from_secs(5), "{said:#?}");
        let said = said.complains(&["127.0.0.1:1", "mend: check host and port"]);
        assert!(!said.err.contains("hunter2"), "{said:#?}");
    }
    let name = pool
        .connect_options()
        .get_database()
        .expect("a name")
        .to_owned();
    let absent = Desk::at(&url_of(&pool).replace(&name, "no_such_database"));
    absent
        .types("request list")
        .ended(2)
        .complains(&["database \"no_such_database\" does not exist", "mend: "]);
    let port = a_server_that_refuses_passwords();
    let wrong = Desk::at(&format!("postgres://user:hunter2@127.0.0.1:{port}/x"));
    let said = wrong.types("request list").ended(2);
    let said = said.complains(&[
        "password authentication failed",
        "mend: check user, password",
    ]);
    assert!(!said.err.contains("hunter2"), "{said:#?}");
}

/// Answers one connection as Postgres does when the password is wrong; its port. Ours trust everybody.
fn a_server_that_refuses_passwords() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut message = |typed: bool| {
            let mut head = [0; 4];
            if typed {
                client.read_exact(&mut [0]).expect("a type");
            }
            client.read_exact(&mut head).expect("a length");
            let mut rest = vec![0; u32::from_be_bytes(head) as usize - 4];
            client.read_exact(&mut rest).expect("a message");
            let is_tls = rest == 80_877_103_u32.to_be_bytes();
            match (typed, is_tls) {
                (false, true) => client.write_all(b"N").expect("no TLS"),
                (false, false) => {
                    // AuthenticationCleartextPassword.
                    client.write_all(b"R\0\0\0\x08\0\0\0\x03").expect("asked");
                }
                (true, _) => {
                    let fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0";
                    let length = u32::try_from(fields.len() + 4).expect("short");
                    client.write_all(b"E").expect("refused");
                    client.write_all(&length.to_be_bytes()).expect("refused");
                    client.write_all(fields).expect("refused");
                }
            }
            is_tls
        };
        if message(false) {
            message(false);
        }
        message(true);
    });
    port
}

/// Goal: a given database is migrated by those who say so; until then every command says how.
/// Method: an empty database; migrate, twice.
#[sqlx::test(migrations = false)]
async fn a_database_without_tables(pool: PgPool) {
    let desk = Desk::at(&url_of(&pool));
    for command in [
        "request list",
        "policy show",
        "outbox list",
        "policy apply policies.toml --yes",
    ] {
        desk.types(command)
            .ended(2)
            .complains(&["mend: countersign migrate"]);
    }
    for _ in 0..2 {
        desk.types("migrate")
            .done()
            .says(&["The database has this version's schema."]);
    }
    desk.types("request list").done().says(&["No request."]);
}

/// Goal: a secret that everybody can read is warned of, visibly, and the command is done all the same.
/// Method: the same file with mode 0644, 0640 and 0600.
#[sqlx::test(migrations = "./migrations")]
async fn secrets_in_the_open(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let mode = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(desk.path("bot.toml"), permissions).expect("mode");
    };
    mode(0o644);
    let said = desk.types("outbox list").ended(0);
    let said = said.complains(&[
        "warning: bot.toml:10:7: [tokens] key: ",
        "mend: chmod 0600 bot.toml",
    ]);
    assert!(!said.err.contains("MDEy"), "{said:#?}");
    for closed in [0o640, 0o600] {
        mode(closed);
        desk.types("outbox list").done();
    }
}

/// Goal: whoever only looks needs no secret but the database's; a fault elsewhere in the file is no matter.
/// Method: a bot.toml whose passwords and keys are not there, and one with nothing but a database.
#[sqlx::test(migrations = "./migrations")]
async fn looking_needs_no_secrets(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let request = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let lines = [
        "request list".to_owned(),
        format!("request show {request}"),
        "policy show".to_owned(),
        "policy explain --module credential --resource db-1 --account a".to_owned(),
        "audit verify".to_owned(),
        "audit export --format jsonl".to_owned(),
    ];
    let me = countersign::inbound::cli::who::OsUser::present().name;
    let whole = fs::read_to_string(desk.path("bot.toml")).expect("bot.toml");
    let absent = whole
        .replace("key = \"MDEy", "key = { file = \"/nowhere/token.key\" } #")
        .replace(
            "[mail]",
            "username = \"u\"\npassword = { file = \"/nowhere/pw\" }\n[mail]",
        );
    let least = format!(
        "[database]\nurl = \"{}\"\n[command_line]\noperators = [\"{me}\"]\n",
        url_of(&pool)
    );
    for text in [&absent, &least] {
        desk.configures(text);
        for line in &lines {
            desk.types(line).done();
        }
        desk.types(&format!("approve {request} --as bob")).ended(2);
    }
}

/// Goal: an auditor checks seals by a public key; without one and without the secret half it is said what to do.
/// Method: a key whose file is not there, without `older` and with it.
#[sqlx::test(migrations = "./migrations")]
async fn seals_are_checked_by_a_public_key(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let audit = |older: &str| {
        format!(
            "[database]\nurl = \"{}\"\n[audit]\nkey = {{ file = \"/nowhere/seal.key\" }}\n{older}",
            url_of(&pool)
        )
    };
    desk.configures(&audit(""));
    desk.types("audit verify").ended(2).complains(&[
        "[audit] key: the secret file /nowhere/seal.key cannot be read",
        "or name its public half in `older`",
    ]);
    desk.configures(&audit(&format!("older = [\"{}\"]\n", "ab".repeat(32))));
    let said = desk.types("audit verify").ended(0);
    said.says(&["The record is whole."])
        .complains(&["seals are checked by `older` alone"]);
}

/// Goal: what cannot be typed is usage (exit code 2); help is no mistake.
/// Method: no command, an unknown one, a bad number, a bad log format; `--help` everywhere.
#[test]
fn usage() {
    let desk = Desk::at("unused");
    for line in [
        "",
        "aprove R-1",
        "approve",
        "approve forty",
        "request list --state lost",
        "--log-format xml serve",
    ] {
        let said = desk.types(line).ended(2);
        assert!(
            said.err.contains("Usage") || said.err.contains("--help"),
            "{said:#?}"
        );
    }
    desk.types("approve forty")
        .ended(2)
        .complains(&["write it like R-42"]);
    for line in [
        "",
        "serve",
        "policy apply",
        "request file",
        "approve",
        "outbox list",
        "mail explain",
    ] {
        desk.types(&format!("{line} --help"))
            .done()
            .says(&["Usage: countersign", "--config <FILE>"]);
    }
    desk.types("--version").done().says(&["countersign 0."]);
}

/// Goal: a reader who has had enough ends nothing badly.
/// Method: close the pipe before the program writes to it; both streams.
#[test]
fn a_pipe_that_is_closed() {
    let desk = Desk::at("unused");
    for (line, code) in [("policy check policies.toml", 0), ("policy show", 3)] {
        desk.configures(&Desk::configuration("postgres://nobody@127.0.0.1:1/none"));
        let mut program = desk.program();
        let program = program.args(super::words(line));
        let mut child = program
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        drop(child.stdout.take());
        drop(child.stderr.take());
        let said = Said::from(child.wait_with_output().expect("it ends"));
        said.ended(code);
    }
}
