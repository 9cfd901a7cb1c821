//! The harness of the scenarios: an office with a daemon of its own, and people who act in it.
//!
//! The stack (Postgres, Postfix, Dovecot) is one per run; an office has a database, a set of mailboxes
//! and a clock of its own, so that scenarios run side by side. The daemon is the real one, its loops
//! and connections included; only its clock is ours.
//!
//! [`Office::close`] holds what must hold when any story ends: nothing is owed, no mail lies unread or
//! unjudged, and the audit events of every request fold to exactly its stored state.

pub mod chat;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use countersign::app::Daemon;
use countersign::clock::Clock;
use countersign::command::{Command, Target};
use countersign::config::Config;
use countersign::handle::{Answer, Handler};
use countersign::inbound::{Inbound, Proof, Speaker, Words};
use countersign::workflow::decide::Draft;
use countersign::workflow::ids::{Module, PersonId, RequestId};
use countersign::workflow::notice::Kind;
use countersign::workflow::request::{Channel, Decision, Subject, Window};
use countersign_sandbox::{Dns, Mail, Mailbox, Signer, Stack};
use jiff::SignedDuration;
use sqlx::PgPool;

/// The longest that anything in a scenario may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `check` yields something; fails with `what` after [`PATIENCE`].
pub async fn until<T>(what: &str, check: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, check).await
}

/// The same with another patience, for what a whole browser does.
pub async fn until_within<T>(
    patience: Duration,
    what: &str,
    mut check: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited {patience:?} in vain: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everybody who works here: `(short name, what policies use them for)`. Rita and Rolf ask, the others
/// decide; Ada is admin and auditor, never an approver; Una is registered for another module; Dora is
/// disabled.
const PEOPLE: &[(&str, &str)] = &[
    ("rita", "roles = []"),
    ("rolf", "roles = []"),
    (
        "alice",
        r#"roles = ["approver"], modules = ["credential", "proxy_session", "session_video"]"#,
    ),
    (
        "bob",
        r#"roles = ["approver"], modules = ["credential", "proxy_session", "session_video"]"#,
    ),
    (
        "carol",
        r#"roles = ["approver"], modules = ["credential", "proxy_session", "session_video"]"#,
    ),
    (
        "dora",
        r#"roles = ["approver"], modules = ["credential"], active = false"#,
    ),
    ("una", r#"roles = ["approver"], modules = ["certificate"]"#),
    ("ada", r#"roles = ["access_admin", "auditor"]"#),
];

/// One step, one approval of alice, bob or carol.
pub const ONE_STEP: &str = r#"
[[policy]]
name = "databases"
modules = ["credential"]
requesters = ["rita", "rolf", "alice"]
resource = "db-*"
mode = "approval"
max_duration = "8h"
pending_ttl = "4h"
steps = [{ name = "Owner", approvers = ["alice", "bob", "carol"] }]
"#;

/// A step of one, then a step of two.
pub const TWO_STEPS: &str = r#"
[[policy]]
name = "databases"
modules = ["credential"]
requesters = ["rita"]
resource = "db-*"
mode = "approval"
max_duration = "8h"
steps = [
  { name = "Owner", approvers = ["alice"] },
  { name = "Security", approvers = ["bob", "carol"], approvals = 2 },
]
"#;

/// An office: a daemon, a database, mailboxes.
pub struct Office {
    pub stack: Stack,
    pub clock: Clock,
    pub pool: PgPool,
    pub config: Config,
    pub daemon: Option<Daemon>,
    suffix: String,
    people: Vec<Person>,
    folder: tempfile::TempDir,
}

/// Somebody with a mailbox.
#[derive(Clone)]
pub struct Person {
    pub id: PersonId,
    pub mailbox: Mailbox,
    heard: std::sync::Arc<std::sync::Mutex<BTreeSet<String>>>,
    pool: PgPool,
}

impl Office {
    /// An office under these policies, its daemon running.
    pub async fn open(policies: &str) -> Self {
        let mut office = Self::furnish(policies).await;
        office.start().await;
        office
    }

    /// An office that proves senders by our own check of signatures and asks this name server for keys.
    pub async fn open_with_dns(policies: &str, dns: &Dns) -> Self {
        let mut office = Self::furnish_with(policies, |text| by_signature(text, dns)).await;
        office.start().await;
        office
    }

    /// An office whose daemon is not started yet.
    pub async fn furnish(policies: &str) -> Self {
        Self::furnish_with(policies, |_| {}).await
    }

    /// As `furnish`, after `change` has had its way with the text of `bot.toml`.
    pub async fn furnish_with(policies: &str, change: impl Fn(&mut String)) -> Self {
        let stack = Stack::from_env().expect("the stack of this run");
        let suffix = countersign::clock::new_id().simple().to_string()[20..].to_owned();
        let url = stack.new_database().await.expect("a database");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bot.toml");
        let mut text = bot_toml(&stack, &url, &suffix);
        change(&mut text);
        std::fs::write(&file, text).expect("bot.toml");
        let config =
            countersign::config::load(&file).unwrap_or_else(|problems| panic!("{problems}"));
        let pool = PgPool::connect(&url).await.expect("the database");
        countersign::app::migrate(&pool).await.expect("the schema");
        let mut office = Self {
            stack,
            clock: Clock::system(),
            pool,
            config,
            daemon: None,
            suffix,
            people: Vec::new(),
            folder,
        };
        office.hire();
        office.apply(policies).await;
        office
    }

    fn hire(&mut self) {
        for (name, _) in PEOPLE {
            let mailbox = self.stack.mailbox(&format!("{name}-{}", self.suffix));
            self.people.push(Person {
                id: PersonId::from(*name),
                mailbox,
                heard: std::sync::Arc::default(),
                pool: self.pool.clone(),
            });
        }
    }

    /// Puts these policies, and everybody in the office, in force.
    pub async fn apply(&self, policies: &str) {
        self.apply_with(policies, |_| {}).await;
    }

    /// Puts these policies in force, with one person who reads Portuguese.
    pub async fn apply_portuguese(&self, policies: &str, name: &str) {
        let own = format!("id = \"{name}\"\n");
        let change = |text: &mut String| {
            assert!(text.contains(&own), "{name}: {text}");
            *text = text.replace(&own, &format!("{own}locale = \"pt-BR\"\n"));
        };
        self.apply_with(policies, change).await;
    }

    /// As `apply`, after `change` has had its way with the text of the people.
    pub async fn apply_with(&self, policies: &str, change: impl Fn(&mut String)) {
        let text = text_of(self, policies, change);
        let book = countersign::config::policies::read("policies.toml", &text)
            .unwrap_or_else(|errors| panic!("{errors}"))
            .book;
        let mut conn = self.pool.acquire().await.expect("a connection");
        let before = countersign::store::books::version(&mut conn)
            .await
            .expect("a version");
        drop(conn);
        let mut tx = self.pool.begin().await.expect("begin");
        countersign::store::books::apply(
            &mut tx,
            (&text, &book),
            before,
            &countersign::store::books::Applier::named("test"),
            self.clock.now(),
        )
        .await
        .expect("policies apply")
        .expect("nobody else applies");
        tx.commit().await.expect("commit");
    }

    /// The address of somebody who works here.
    pub fn address(&self, name: &str) -> String {
        format!("{name}-{}@example.test", self.suffix)
    }

    /// The configuration as a file, for the real program.
    pub fn config_file(&self) -> std::path::PathBuf {
        self.folder.path().join("bot.toml")
    }

    /// The mailbox that the daemon watches.
    pub fn bot(&self) -> String {
        format!("bot-{}", self.suffix)
    }

    /// Starts the daemon, or starts it again.
    pub async fn start(&mut self) {
        let daemon = Daemon::start(&self.config, self.clock.clone())
            .await
            .expect("a daemon");
        self.daemon = Some(daemon);
    }

    /// Stops the daemon; the office stays.
    pub async fn stop(&mut self) {
        let late = self.daemon.take().expect("a daemon").stop().await;
        assert!(late.is_empty(), "loops that did not stop in time: {late:?}");
    }

    /// The daemon.
    pub fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("the daemon runs")
    }

    /// Somebody who works here.
    pub fn person(&self, name: &str) -> Person {
        let found = self.people.iter().find(|person| person.id.as_str() == name);
        found
            .unwrap_or_else(|| panic!("nobody is called {name}"))
            .clone()
    }

    /// Moves the office's clock and tells the loops.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
        if let Some(daemon) = &self.daemon {
            daemon.look_at_the_clock();
        }
    }

    /// `person` says `command` at the command line.
    pub async fn says(&self, person: &str, command: Command) -> Answer {
        let inbound = spoken(person, command);
        self.daemon()
            .handler()
            .handle(&inbound)
            .await
            .expect("the database answers")
    }

    /// As [`Office::files`], through the handler of one daemon of several.
    pub async fn files_through(
        &self,
        handler: &Handler,
        person: &str,
        resource: &str,
    ) -> RequestId {
        let command = file(draft(resource, 1));
        match handler
            .handle(&spoken(person, command))
            .await
            .expect("the database answers")
        {
            Answer::Accepted { request, .. } => request,
            other => panic!("{person} could not file: {other:?}"),
        }
    }

    /// `person` files for a window of `hours` from the approval and must succeed.
    pub async fn files(&self, person: &str, resource: &str, hours: i64) -> RequestId {
        match self.says(person, file(draft(resource, hours))).await {
            Answer::Accepted { request, .. } => request,
            other => panic!("{person} could not file: {other:?}"),
        }
    }

    /// `person` votes at the command line.
    pub async fn votes(&self, person: &str, request: RequestId, decision: Decision) -> Answer {
        let target = Target::Request(request);
        self.says(
            person,
            Command::Vote {
                target,
                decision,
                comment: None,
                window: None,
            },
        )
        .await
    }

    /// Where a request stands, as the database has it.
    pub async fn state(&self, request: RequestId) -> String {
        sqlx::query_scalar("SELECT state FROM request WHERE id = $1")
            .bind(request.0)
            .fetch_one(&self.pool)
            .await
            .expect("the request")
    }

    /// How many commands on requests were refused with this code, by the audit trail.
    pub async fn refused_as(&self, code: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM audit_event WHERE body::jsonb #>> '{refusal,code}' = $1",
        )
        .bind(code)
        .fetch_one(&self.pool)
        .await
        .expect("a number")
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.pool)
            .await
            .expect("a number")
    }

    /// Waits until a query that counts yields `expected`.
    pub async fn counts(&self, sql: &'static str, expected: i64) {
        until(&format!("{sql} = {expected}"), async || {
            (self.count(sql).await == expected).then_some(())
        })
        .await;
    }

    /// Everybody puts all that they were sent aside, once it has arrived.
    pub async fn everybody_reads(&self) {
        let owed = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')";
        self.counts(owed, 0).await;
        for person in &self.people {
            let sql = "SELECT count(*) FROM delivery WHERE state = 'sent' AND channel = 'mail' AND person = $1";
            until(&format!("{} has all mail", person.id), async || {
                let sent: i64 = sqlx::query_scalar(sql)
                    .bind(person.id.as_str())
                    .fetch_one(&self.pool)
                    .await
                    .expect("a number");
                let arrived = person
                    .mailbox
                    .inbox()
                    .expect("the mailbox can be read")
                    .len();
                (i64::try_from(arrived) == Ok(sent)).then_some(())
            })
            .await;
            person.reads_everything();
        }
    }

    /// Ends the story: nothing is owed, nothing lies unread or unjudged, every request is the fold of
    /// its audit events.
    pub async fn close(mut self) {
        self.counts(
            "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')",
            0,
        )
        .await;
        self.counts(
            "SELECT count(*) FROM inbound_mail WHERE judged_at IS NULL",
            0,
        )
        .await;
        self.counts(
            "SELECT count(*) FROM inbound_location WHERE cleared_at IS NULL",
            0,
        )
        .await;
        countersign::store::audit::check_replay(&self.pool)
            .await
            .expect("replay equals state");
        until("everything is well at the end", async || {
            self.daemon().complaints().await.is_empty().then_some(())
        })
        .await;
        self.stop().await;
        for person in &self.people {
            let unread = person.unread();
            let subjects: Vec<_> = unread.iter().map(Mail::subject).collect();
            assert!(
                subjects.is_empty(),
                "{} has unread mail: {subjects:#?}",
                person.id
            );
        }
    }
}

/// A policy file with everybody in the office, after `change` has had its way with the text of the people.
pub fn text_of(office: &Office, policies: &str, change: impl Fn(&mut String)) -> String {
    let mut text = String::new();
    for (name, rest) in PEOPLE {
        let rest = rest.replace(", ", "\n");
        let rest = rest.replace("\"\n\"", "\", \"");
        let _ = write!(
            text,
            "[[person]]\nid = \"{name}\"\nname = \"{}\"\nemail = \"{}\"\nzone = \"Europe/Lisbon\"\n{rest}\n",
            capital(name),
            office.address(name),
        );
    }
    change(&mut text);
    text.push_str(policies);
    text
}

impl Person {
    /// The mails that nobody has asked for with [`Person::hears`].
    pub fn unread(&self) -> Vec<Mail> {
        let mut mails = self.mailbox.inbox().expect("the mailbox can be read");
        let heard = self.heard.lock().expect("lock").clone();
        mails.retain(|mail| !heard.contains(&mail.message_id()));
        mails
    }

    /// Waits for the next unread mail, which must be of this kind.
    pub async fn hears(&self, kind: Kind) -> Mail {
        until(&format!("{} hears {kind:?}", self.id), async || {
            for mail in self.unread() {
                if self.kind_of(&mail).await.as_deref() == Some(kind.as_str()) {
                    self.heard.lock().expect("lock").insert(mail.message_id());
                    return Some(mail);
                }
            }
            None
        })
        .await
    }

    /// Waits for a mail of the system's own that has these words in its subject.
    pub async fn hears_of(&self, subject: &str) -> Mail {
        until(&format!("{} hears `{subject}`", self.id), async || {
            let mails = self.unread();
            let found = mails.into_iter().find(|m| m.subject().contains(subject))?;
            self.heard.lock().expect("lock").insert(found.message_id());
            Some(found)
        })
        .await
    }

    /// Which notice a mail is, by the delivery's id in its Message-ID.
    async fn kind_of(&self, mail: &Mail) -> Option<String> {
        let id = mail.message_id();
        let local = id
            .trim_matches(['<', '>'])
            .split('@')
            .next()?
            .rsplit('.')
            .next()?
            .to_owned();
        let delivery = uuid::Uuid::try_parse(&local).ok()?;
        sqlx::query_scalar("SELECT kind FROM delivery WHERE id = $1")
            .bind(delivery)
            .fetch_optional(&self.pool)
            .await
            .expect("the delivery")
    }

    /// Puts everything that lies unread aside.
    pub fn reads_everything(&self) {
        let ids: Vec<_> = self.unread().iter().map(Mail::message_id).collect();
        self.heard.lock().expect("lock").extend(ids);
    }

    /// Replies by the door for outsiders, where nothing but this domain's signature proves who wrote it.
    pub async fn replies_signed(&self, to: &Mail, text: &str, signer: &Signer) {
        let (bot, raw) = self.mailbox.writes_reply(to, text).expect("a reply");
        let raw = signer.sign(&raw).expect("signed");
        self.sends(&bot, &raw).await;
    }

    /// Sends these bytes by the door for outsiders.
    pub async fn sends(&self, to: &str, raw: &[u8]) {
        self.mailbox
            .sends_from_outside(to, raw)
            .await
            .expect("the mail is accepted");
    }

    /// Replies as a mail client does, through the submission server, logged in.
    pub async fn replies(&self, to: &Mail, text: &str) {
        self.mailbox
            .replies(to, text)
            .await
            .expect("the reply is accepted");
    }
}

/// What the command line makes of a command.
fn spoken(person: &str, command: Command) -> Inbound {
    Inbound {
        channel: Channel::CommandLine,
        dedupe_key: format!("cli/{}", countersign::clock::new_id()),
        speaker: Speaker::Person(PersonId::from(person)),
        proof: Proof {
            method: "os-user".into(),
            details: serde_json::json!({ "user": person }),
        },
        words: Words::Said(command),
    }
}

/// Everything that somebody asks for in most stories.
pub fn draft(resource: &str, hours: i64) -> Draft {
    Draft {
        extends: None,
        subject: Subject {
            module: Module::from("credential"),
            resource: resource.to_owned(),
            account: Some("admin".to_owned()),
        },
        window: Window::FromApproval {
            length: SignedDuration::from_hours(hours),
        },
        justification: Some("the disk is full".to_owned()),
    }
}

/// The command that files it.
pub fn file(draft: Draft) -> Command {
    Command::File {
        draft,
        key: None,
        emergency: None,
    }
}

/// The code of a refusal; fails on any other answer.
pub fn code(answer: &Answer) -> &'static str {
    match answer {
        Answer::Refused { refusal, .. } => refusal.code(),
        other => panic!("not refused: {other:?}"),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Has senders proven by our own check, with keys from this name server.
pub fn by_signature(text: &mut String, dns: &Dns) {
    *text = text.replace("authserv_id = ", "proof = [\"dkim\"]\n# authserv_id = ");
    let _ = write!(
        text,
        "\n[dns]\nservers = [\"{}\"]\ntimeout = \"500ms\"\nkeep_at_most = \"1s\"\n",
        dns.address()
    );
}

fn bot_toml(stack: &Stack, url: &str, suffix: &str) -> String {
    stack.bot_toml(url, &format!("bot-{suffix}"))
}
