//! The bot against a double of Discord that nobody here wrote, `discord-digital-twin` from npm: whether what we
//! believe of Discord is only what our own double does. `make test-twin` runs it; it is no part of `make test`.
//!
//! The twin has no rules of its own (no limits, no deadlines, no RESUME); what it has is another reading of
//! the same interface. `scripts/twin/twin.mjs` puts a door with TLS before it.

#[expect(
    dead_code,
    reason = "the twin's story needs little of what scenarios do"
)]
mod office;

use std::collections::BTreeMap;
use std::process::Stdio;

use countersign::config::discord::{Discord, Shown};
use countersign::inbound::chat::SERVICE;
use countersign::store::chat::{self, LinkedBy};
use countersign::workflow::ids::{PersonId, RequestId};
use countersign::workflow::notice::Kind;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use office::{ONE_STEP, Office, until};

const GUILD: u64 = 1_000_000_000_000_000_001;
const BOT: u64 = 1_000_000_000_000_000_002;
const CHANNEL: u64 = 1_000_000_000_000_000_003;
/// Who has an account.
const PEOPLE: [(&str, u64); 2] = [
    ("rita", 1_000_000_000_000_000_011),
    ("alice", 1_000_000_000_000_000_012),
];

/// The process with the twin in it.
struct Twin {
    tell: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    door: u16,
    _process: Child,
}

impl Twin {
    async fn start(office: &Office) -> Self {
        let certificates = office.stack.certificates();
        let users = PEOPLE.map(|(name, id)| json!({ "id": id.to_string(), "name": name }));
        let spec = json!({
            "guild": GUILD.to_string(),
            "bot": BOT.to_string(),
            "token": "a token of the twin",
            "channels": [{ "id": CHANNEL.to_string(), "name": "approvals" }],
            "users": users,
            "certificate": certificates.join("discord.pem"),
            "key": certificates.join("server.key"),
        });
        let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
        let mut process = Command::new("node")
            .arg("scripts/twin/twin.mjs")
            .arg(format!("{target}/twin"))
            .arg(spec.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node");
        let tell = process.stdin.take().expect("piped");
        let out = process.stdout.take().expect("piped");
        let mut answers = BufReader::new(out).lines();
        let first = answers.next_line().await.expect("reads");
        let first: Value = serde_json::from_str(&first.expect("a line")).expect("JSON");
        Self {
            tell,
            answers,
            door: u16::try_from(first["door"].as_u64().expect("a port")).expect("a port"),
            _process: process,
        }
    }

    /// What the twin's side of something yields.
    async fn acts(&mut self, what: Value) -> Value {
        let line = format!("{what}\n");
        self.tell
            .write_all(line.as_bytes())
            .await
            .expect("it listens");
        let answer = self.answers.next_line().await.expect("reads");
        let answer: Value = serde_json::from_str(&answer.expect("a line")).expect("JSON");
        assert!(answer.get("error").is_none(), "{what}: {answer}");
        answer["ok"].clone()
    }

    /// What the bot answers to something that a person did, once it has.
    async fn answered(&mut self, what: Value) -> Value {
        let asked = self.acts(what).await;
        until("an answer of the bot", async || {
            let answer = self
                .acts(json!({ "act": "answer", "id": asked["id"] }))
                .await;
            (answer["acknowledged"] == true).then_some(answer)
        })
        .await
    }

    /// The newest message of a channel that this is true of.
    async fn message(&mut self, channel: &str, is: impl Fn(&Value) -> bool) -> Value {
        until("a message", async || {
            let all = self
                .acts(json!({ "act": "messages", "channel": channel }))
                .await;
            let all = all.as_array().cloned().unwrap_or_default();
            all.into_iter().rev().find(|message| is(message))
        })
        .await
    }
}

/// The `custom_id` of the button with this label.
fn button(message: &Value, label: &str) -> String {
    let rows = message["components"].as_array().into_iter().flatten();
    let buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let named = buttons
        .filter(|button| button["label"] == label)
        .find_map(|button| button["custom_id"].as_str());
    named
        .unwrap_or_else(|| panic!("no button `{label}` in {message:#}"))
        .to_owned()
}

/// An office whose Discord is the twin.
async fn open() -> (Office, Twin) {
    let notified = format!("{ONE_STEP}notify = {{ channel = \"approvals\" }}\n");
    let mut office = Office::furnish(&notified).await;
    let twin = Twin::start(&office).await;
    office.config.discord = Some(Discord {
        token: "a token of the twin".into(),
        application_id: BOT,
        guild_id: GUILD,
        channels: BTreeMap::from([("approvals".to_owned(), CHANNEL)]),
        api_base: Some(("127.0.0.1".to_owned(), twin.door)),
        ca_file: Some(office.stack.certificates().join("ca.pem")),
        self_link: true,
        channel_shows: Shown::usual(),
        locale: "en".to_owned(),
    });
    for (name, account) in PEOPLE {
        let mut conn = office.pool.acquire().await.expect("a connection");
        let (person, account) = (PersonId::from(name), account.to_string());
        let link = (&person, account.as_str());
        let now = office.clock.now();
        chat::link(&mut conn, SERVICE, link, LinkedBy::Operator, now)
            .await
            .expect("linked");
    }
    office.start().await;
    (office, twin)
}

/// Files by slash command.
async fn files(twin: &mut Twin, resource: &str) -> Value {
    let (rita, channel) = (PEOPLE[0].1.to_string(), CHANNEL.to_string());
    let options = json!({ "new": {
        "module": "credential", "resource": resource, "account": "admin",
        "duration": "1h", "justification": "the disk is full",
    } });
    twin.answered(json!({
        "act": "slash", "user": rita, "channel": channel, "name": "request", "options": options,
    }))
    .await
}

/// Goal: a request filed by slash command, decided by buttons and by a form, on somebody else's Discord.
/// Method: rita files two; alice approves the one by its button, disapproves the other by the form; the posts
/// show what holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_on_the_twin() {
    let (office, mut twin) = open().await;
    let (alice, channel) = (PEOPLE[1].1.to_string(), CHANNEL.to_string());
    until("the commands", async || {
        let commands = twin.acts(json!({ "act": "commands" })).await;
        let named = commands
            .as_array()?
            .iter()
            .any(|it| it["name"] == "request");
        named.then_some(())
    })
    .await;

    let filed = files(&mut twin, "db-1").await;
    let said = filed["data"].to_string().replace('\\', "");
    assert!(said.contains("R-1"), "{filed:#}");
    let shows = |thing: &'static str| {
        move |message: &Value| {
            !message["embeds"].as_array().is_none_or(Vec::is_empty)
                && message.to_string().replace('\\', "").contains(thing)
        }
    };
    let post = twin.message(&channel, shows("db-1")).await;
    let approved = twin
        .answered(json!({
            "act": "click", "user": alice, "channel": channel, "message": post["id"],
            "custom_id": button(&post, "Approve"),
        }))
        .await;
    let said = approved["data"].to_string();
    assert!(said.contains("your approval is recorded"), "{approved:#}");
    assert_eq!(office.state(RequestId(1)).await, "approved");
    office.person("rita").hears(Kind::Approved).await;
    let after =
        |message: &Value| message["id"] == post["id"] && !message.to_string().contains(":approve:");
    twin.message(&channel, after).await;

    files(&mut twin, "db-2").await;
    let post = twin.message(&channel, shows("db-2")).await;
    let form = twin
        .answered(json!({
            "act": "click", "user": alice, "channel": channel, "message": post["id"],
            "custom_id": button(&post, "Disapprove"),
        }))
        .await;
    let field = &form["data"]["components"][0]["components"][0]["custom_id"];
    let field = field.as_str().expect("a form with a field").to_owned();
    let refused = twin
        .answered(json!({
            "act": "modal", "user": alice, "channel": channel,
            "custom_id": form["data"]["custom_id"], "fields": { field: "not today" },
        }))
        .await;
    let said = refused["data"].to_string();
    assert!(said.contains("your disapproval is recorded"), "{refused:#}");
    assert_eq!(office.state(RequestId(2)).await, "rejected");
    office.everybody_reads().await;
    office.close().await;
}
