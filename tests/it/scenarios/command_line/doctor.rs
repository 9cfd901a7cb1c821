//! `doctor`: on a whole installation, and on ones that lack a thing each.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use countersign::clock::Clock;
use countersign::store::books;
use countersign_sandbox::Stack;
use serde_json::Value;
use sqlx::PgPool;

use super::{Desk, url_of};

const AUDIT: &str =
    "[audit]\nkey = \"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=\"\nseal_file = \"seals\"\n";

/// A desk with real mail servers and the database of a test.
fn equipped(pool: &PgPool) -> Desk {
    let stack = Stack::from_env().expect("the stack of this run");
    let desk = Desk::at(&url_of(pool));
    let bot = format!(
        "bot-{}",
        &countersign::clock::new_id().simple().to_string()[20..]
    );
    desk.configures(&format!("{}{AUDIT}", stack.bot_toml(&url_of(pool), &bot)));
    desk
}

/// Goal: on an installation that has everything, every line is good, and nothing is sent or changed.
/// Method: real servers; the same as JSON.
#[sqlx::test(migrations = "./migrations")]
async fn a_whole_installation(pool: PgPool) {
    let desk = equipped(&pool);
    desk.types("doctor")
        .ended(2)
        .says(&["wrong  policies   none are in force", "policy apply"]);
    desk.reconfigures("[mail]", "[command_line]\noperators = []\n[mail]");
    let text = Desk::policies();
    let book = countersign::config::policies::read("policies.toml", &text)
        .unwrap_or_else(|errors| panic!("{errors}"))
        .book;
    let mut tx = pool.begin().await.expect("begin");
    books::apply(
        &mut tx,
        (&text, &book),
        0,
        &books::Applier::named("test"),
        Clock::system().now(),
    )
    .await
    .expect("policies apply")
    .expect("nobody else applies");
    tx.commit().await.expect("commit");
    let said = desk.types("doctor").done().says(&[
        "ok     config     bot.toml is read",
        "ok     database   PostgreSQL ",
        "ok     clock      machine and database agree",
        "ok     schema     is this version's",
        "hint   roles      our role is a superuser",
        "ok     policies   version 1 is in force",
        "ok     record     nothing is sealed yet",
        "ok     smtp       127.0.0.1:",
        "ok     imap       127.0.0.1:",
        "ok     templates  every template renders",
    ]);
    let lines = desk.types("doctor --json").done().json();
    let lines = lines.as_array().expect("a list");
    assert_eq!(lines.len(), said.out.lines().count());
    assert!(
        lines
            .iter()
            .all(|line| line["how"] == "ok" || line["mend"].is_string()),
        "{lines:?}"
    );
    let sent: i64 = sqlx::query_scalar("SELECT count(*) FROM delivery")
        .fetch_one(&pool)
        .await
        .expect("counts");
    assert_eq!(sent, 0);
}

/// Goal: each thing that is wrong or away is one line with its mend, and decides the exit code.
/// Method: one thing at a time.
#[sqlx::test(migrations = "./migrations")]
async fn what_is_wrong_and_what_is_away(pool: PgPool) {
    let desk = equipped(&pool);
    let right = fs::read_to_string(desk.path("bot.toml")).expect("bot.toml");
    let part = |name: &str| {
        right
            .split('[')
            .find(|part| part.starts_with(name))
            .expect("a part")
            .to_owned()
    };
    let port = |name: &str| {
        let part = part(name);
        part.lines()
            .find(|line| line.starts_with("port"))
            .expect("a port")
            .to_owned()
    };
    let broken = desk.path("templates/mail/ask");
    fs::create_dir_all(&broken).expect("a folder");
    fs::write(broken.join("subject.txt"), "{{ nothing }").expect("written");
    let database = pool
        .connect_options()
        .get_database()
        .expect("a database")
        .to_owned();
    let smtp = part("smtp]");
    let imap = part("imap]");
    for (from, to, code, says) in [
        (
            port("smtp]"),
            "port = 9".to_owned(),
            2,
            "away   smtp       smtp 127.0.0.1:9: ",
        ),
        (
            port("imap]"),
            "port = 9".to_owned(),
            2,
            "away   imap       the IMAP server 127.0.0.1:9 cannot be reached",
        ),
        (
            smtp.clone(),
            smtp.replace("password = \"", "password = \"not"),
            2,
            "wrong  smtp       ",
        ),
        (
            imap.clone(),
            imap.replace("password = \"", "password = \"not"),
            2,
            "wrong  imap       ",
        ),
        (
            url_of(&pool),
            "postgres://nobody@127.0.0.1:9/none".to_owned(),
            3,
            "away   database   ",
        ),
        (
            url_of(&pool),
            url_of(&pool).replace(&database, "nosuch"),
            2,
            "wrong  database   ",
        ),
        (
            "[mail]".to_owned(),
            "[templates]\ndirectory = \"templates\"\n[mail]".to_owned(),
            2,
            "wrong  templates  ",
        ),
        (
            AUDIT.to_owned(),
            String::new(),
            2,
            "hint   keys       the record is not sealed",
        ),
    ] {
        desk.configures(&right.replace(&from, &to));
        let said = desk.types("doctor").ended(code).says(&[says]);
        let line = said
            .out
            .lines()
            .find(|line| line.starts_with(says))
            .expect(says);
        assert_eq!(line.matches("; mend: ").count(), 1, "{line}");
        assert_eq!(said.err, "", "what it found stands in its lines");
    }
}

/// Goal: the doctor makes nothing; the keys of an embedded database are looked at: nobody else may read them.
/// Method: before there is a database; after policies were applied; with a key open to everybody.
#[test]
fn keys_of_an_embedded_database() {
    let desk = Desk::at("embedded");
    fs::set_permissions(desk.folder.path(), fs::Permissions::from_mode(0o711)).expect("mode");
    let directory = desk.path("state").display().to_string();
    let embedded = format!("url = \"embedded\"\ndirectory = \"{directory}\"");
    desk.reconfigures("url = \"embedded\"", &embedded);
    let fresh = desk.types("doctor").ended(3).says(&[
        "state/seal.key is not there yet; mend: none needed",
        "hint   database   there is none in ",
    ]);
    assert!(!desk.path("state").exists(), "{fresh:#?}");
    desk.types("policy apply policies.toml --yes").done();
    let lines = desk.types("doctor --json").ended(3).json();
    let keys = |lines: &Value| -> Vec<String> {
        let lines = lines.as_array().expect("a list").iter();
        let keys = lines.filter(|line| line["what"] == "keys");
        keys.map(|line| line["how"].as_str().expect("a word").to_owned())
            .collect()
    };
    assert_eq!(keys(&lines), ["ok", "hint"]);
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(desk.path("state/seal.key"), open).expect("mode");
    let lines = desk.types("doctor --json").ended(2).json();
    assert_eq!(keys(&lines), ["wrong", "hint"]);
}
