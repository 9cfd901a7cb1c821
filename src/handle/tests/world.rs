//! A handler with a book in force, and people who speak to it by every road.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::Notify;

use crate::clock::{Clock, new_id};
use crate::command::{Command, Target};
use crate::config::TokenKeys;
use crate::handle::{Answer, Handler};
use crate::inbound::{Bound, Inbound, Proof, Speaker, Unclear, Words, timer};
use crate::render::{Rendered, Renderer, sample_digest};
use crate::store::audit::{self, Entry};
use crate::store::outbox::SystemMail;
use crate::store::{books, requests};
use crate::token::{Keyring, Token, TokenHash};
use crate::workflow::book::Book;
use crate::workflow::decide::Draft;
use crate::workflow::event::Event;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::policy::Terms;
use crate::workflow::request::{Channel, Decision, Request};
use crate::workflow::testing;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    pub handler: Handler,
    pub pool: PgPool,
}

pub fn one_step(approvers: &[&str], approvals: usize, disapprovals: usize) -> Terms {
    testing::terms(vec![testing::step(
        "Review",
        approvers,
        approvals,
        disapprovals,
    )])
}

pub fn two_steps() -> Terms {
    testing::terms(vec![
        testing::step("First", &["ann", "ben"], 1, 1),
        testing::step("Last", &["cat"], 1, 1),
    ])
}

pub fn vote(target: Target, decision: Decision) -> Command {
    Command::Vote {
        target,
        decision,
        comment: None,
        window: None,
    }
}

/// The code of a refusal; panics at every other answer.
#[track_caller]
pub fn code(answer: &Answer) -> &'static str {
    match answer {
        Answer::Refused { refusal, .. } => refusal.code(),
        other => panic!("should have been refused: {other:?}"),
    }
}

/// Why nobody was identified; panics at every other answer.
#[track_caller]
pub fn unidentified(answer: &Answer) -> &str {
    match answer {
        Answer::Unidentified(why) | Answer::Alarm(why) => why,
        other => panic!("nobody should have been identified: {other:?}"),
    }
}

/// The names of what happened; panics at every answer but an acceptance.
#[track_caller]
pub fn events(answer: &Answer) -> Vec<&'static str> {
    match answer {
        Answer::Accepted { events, .. } => events.iter().map(Event::as_str).collect(),
        other => panic!("should have been accepted: {other:?}"),
    }
}

/// A thing with a key of its own that comes by mail.
pub fn mail(presented: Vec<TokenHash>, from: &str, words: Words) -> Inbound {
    let key = new_id().simple().to_string();
    Inbound {
        channel: Channel::Mail,
        speaker: Speaker::Token {
            presented,
            from: from.to_owned(),
            bound: Bound::Yes,
            arrived: None,
        },
        proof: Proof {
            method: "authentication-results".to_owned(),
            details: serde_json::json!({ "message_id": format!("<{key}@example.com>") }),
        },
        dedupe_key: format!("mail/{key}"),
        words,
    }
}

/// APPROVE or DISAPPROVE in reply to an ask.
pub fn reply(token: TokenHash, person: &str, decision: Decision) -> Inbound {
    let words = Words::Said(vote(Target::Offered, decision));
    mail(vec![token], &format!("{person}@example.com"), words)
}

pub fn unclear() -> Words {
    Words::Unclear(Unclear {
        code: "no-word".to_owned(),
        sentence: "The first line is neither APPROVE nor DISAPPROVE.".to_owned(),
        wrote: Some("sure, why not".to_owned()),
        next: None,
        portuguese: None,
    })
}

/// A thing with a key of its own that a person says on the command line.
pub fn says(person: &str, command: Command) -> Inbound {
    Inbound {
        channel: Channel::CommandLine,
        dedupe_key: format!("cli/{}", new_id()),
        speaker: Speaker::Person(person.into()),
        proof: Proof {
            method: "os-user".to_owned(),
            details: serde_json::json!({ "uid": 1000 }),
        },
        words: Words::Said(command),
    }
}

pub fn files(draft: Draft, key: Option<&str>) -> Inbound {
    let key = key.map(str::to_owned);
    says(
        "rita",
        Command::File {
            draft,
            key,
            emergency: None,
        },
    )
}

pub fn draft_for(resource: &str) -> Draft {
    let mut draft = testing::draft();
    draft.subject.resource = resource.to_owned();
    draft
}

/// Passes until nothing is due; how much was done.
pub async fn passes(handler: &Handler) -> usize {
    let mut done = 0;
    loop {
        let pass = timer::pass(handler).await.expect("passes");
        assert_eq!(pass.failed, 0);
        if pass.done == 0 {
            return done;
        }
        done += pass.done;
    }
}

/// Asks until the answer is yes, for [`PATIENCE`].
pub async fn until<F: Future<Output = bool>>(what: &str, mut asked: impl FnMut() -> F) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !asked().await {
            tokio::task::yield_now().await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("{what}: waited in vain"));
}

impl World {
    /// The mails of the system's own to a person, oldest first, as they read them.
    pub async fn system_mails(&self, person: &str) -> Vec<Rendered> {
        let sql = "SELECT facts FROM notice
                   WHERE kind = 'system' AND person = $1 ORDER BY created_at, id";
        let all: Vec<serde_json::Value> = sqlx::query_scalar(sql)
            .bind(person)
            .fetch_all(&self.pool)
            .await
            .expect("reads");
        let renderer = Renderer::new(None).expect("the built-in templates");
        let (_, reader) = sample_digest();
        let mails = all.into_iter().map(|facts| {
            let mail: SystemMail = serde_json::from_value(facts).expect("facts");
            let mail = renderer.system(&mail.facts, None, &reader);
            mail.expect("it renders")
        });
        mails.collect()
    }

    /// Puts [`testing::book`] with one policy in force.
    pub async fn new(pool: PgPool, terms: Terms) -> Self {
        Self::with(pool, testing::book(vec![testing::policy(terms)])).await
    }

    pub async fn with(pool: PgPool, book: Book) -> Self {
        let key = data_encoding::BASE64.encode(&[1; 32]);
        let keys = Keyring::new(&TokenKeys {
            current: "k".into(),
            keys: vec![("k".into(), key.into())],
        });
        let keys = Arc::new(keys.expect("a good key"));
        let clock = Clock::system();
        let wake = Arc::new(Notify::new());
        // More connections than the tester's own pool has: races want many at once.
        let options = (*pool.connect_options()).clone();
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .expect("the test's database");
        let handler = Handler::new(pool.clone(), clock, keys, wake, true);
        let world = Self { handler, pool };
        world.apply(book).await;
        world
    }

    /// Another handler on the same database, as a second daemon or one after a restart has.
    pub fn another_handler(&self) -> Handler {
        let of = &self.handler;
        let mut other = Handler::new(
            self.pool.clone(),
            of.clock.clone(),
            of.keys.clone(),
            Arc::new(Notify::new()),
            true,
        );
        other.answers = of.answers;
        other.posting = of.posting.clone();
        other
    }

    pub async fn apply(&self, book: Book) {
        let mut tx = self.pool.begin().await.expect("begins");
        let in_force = books::version(&mut tx).await.expect("a version");
        let now = self.handler.clock.now();
        let applied = books::apply(
            &mut tx,
            ("", &book),
            in_force,
            &books::Applier::named("test"),
            now,
        )
        .await;
        assert!(applied.expect("applies").is_some(), "nobody else applies");
        tx.commit().await.expect("commits");
    }

    /// Changes the book in force.
    pub async fn amend(&self, change: impl FnOnce(&mut Book)) {
        let mut conn = self.pool.acquire().await.expect("a connection");
        let mut book = books::current(&mut conn).await.expect("a book");
        drop(conn);
        change(&mut book);
        self.apply(book).await;
    }

    pub async fn handle(&self, inbound: &Inbound) -> Answer {
        let answer = self.handler.handle(inbound).await;
        answer.expect("the database is there")
    }

    /// `rita` files [`testing::draft`].
    pub async fn filed(&self) -> RequestId {
        self.filed_for("prod-db-1").await
    }

    pub async fn filed_for(&self, resource: &str) -> RequestId {
        match self.handle(&files(draft_for(resource), None)).await {
            Answer::Accepted { request, .. } => request,
            other => panic!("not filed: {other:?}"),
        }
    }

    pub async fn votes(&self, person: &str, request: RequestId, decision: Decision) -> Answer {
        let command = vote(Target::Request(request), decision);
        self.handle(&says(person, command)).await
    }

    /// The hash of the token of somebody's newest ask.
    pub async fn token(&self, request: RequestId, person: &str) -> TokenHash {
        self.written_token(request, person).await.hash()
    }

    /// The token of somebody's newest ask, derived as the courier derives it.
    pub async fn written_token(&self, request: RequestId, person: &str) -> Token {
        let (id, key): (uuid::Uuid, String) = sqlx::query_as(
            "SELECT id, key_id FROM delivery
             WHERE request_id = $1 AND person = $2 AND kind = 'ask' ORDER BY id DESC LIMIT 1",
        )
        .bind(request.0)
        .bind(person)
        .fetch_one(&self.pool)
        .await
        .unwrap_or_else(|error| panic!("{person} was not asked about {request}: {error}"));
        let token = self.handler.keys.reply_token(&key, id);
        token.expect("a known key")
    }

    /// The tokens of the open asks about a request, by person.
    pub async fn tokens(&self, request: RequestId) -> BTreeMap<String, TokenHash> {
        let rows: Vec<(uuid::Uuid, String, String)> = sqlx::query_as(
            "SELECT id, key_id, person FROM delivery
             WHERE request_id = $1 AND kind = 'ask' AND channel = 'mail' AND state = 'pending'",
        )
        .bind(request.0)
        .fetch_all(&self.pool)
        .await
        .expect("reads");
        let tokens = rows.into_iter().map(|(id, key, person)| {
            let token = self.handler.keys.reply_token(&key, id);
            (person, token.expect("a known key").hash())
        });
        tokens.collect()
    }

    /// How many deliveries of these kinds about a request are owed to each person.
    pub async fn told_of(&self, request: RequestId, kinds: &[&str]) -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT person, count(*) FROM delivery
             WHERE request_id = $1 AND kind = ANY($2) AND channel = 'mail' AND state = 'pending'
             GROUP BY person",
        )
        .bind(request.0)
        .bind(kinds)
        .fetch_all(&self.pool)
        .await
        .expect("counts");
        rows.into_iter().collect()
    }

    pub async fn request(&self, id: RequestId) -> Request {
        let mut conn = self.pool.acquire().await.expect("a connection");
        let found = requests::find(&mut conn, id).await.expect("reads");
        found.unwrap_or_else(|| panic!("no {id}"))
    }

    /// The name of a request's state.
    pub async fn state(&self, id: RequestId) -> &'static str {
        self.request(id).await.state.as_str()
    }

    /// The deliveries of a kind to a person, over all requests.
    pub async fn owed(&self, kind: &str, person: &str) -> i64 {
        let sql = "SELECT count(*) FROM delivery WHERE kind = $1 AND person = $2";
        let count = sqlx::query_scalar(sql).bind(kind).bind(person);
        count.fetch_one(&self.pool).await.expect("counts")
    }

    /// How many grants a request has yielded.
    pub async fn granted(&self, request: RequestId) -> i64 {
        let sql = "SELECT count(*) FROM access_grant WHERE request_id = $1";
        let count = sqlx::query_scalar(sql).bind(request.0);
        count.fetch_one(&self.pool).await.expect("counts")
    }

    /// In how many places of a chat a request is shown.
    pub async fn posts(&self, request: RequestId) -> i64 {
        let sql = "SELECT count(*) FROM chat_post WHERE request_id = $1";
        let count = sqlx::query_scalar(sql).bind(request.0);
        count.fetch_one(&self.pool).await.expect("counts")
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        let sql = match table {
            "request" => "SELECT count(*) FROM request",
            "vote" => "SELECT count(*) FROM vote",
            "access_grant" => "SELECT count(*) FROM access_grant",
            "delivery" => "SELECT count(*) FROM delivery",
            "answer" => {
                "SELECT count(*) FROM delivery WHERE kind IN ('refused', 'unclear', 'recorded')"
            }
            "inbound" => "SELECT count(*) FROM inbound",
            "audit_event" => "SELECT count(*) FROM audit_event",
            other => panic!("{other}"),
        };
        let count = sqlx::query_scalar(sql).fetch_one(&self.pool).await;
        count.expect("counts")
    }

    /// Everything that a command may leave, counted: two equal marks mean that nothing was left.
    pub async fn mark(&self) -> Vec<i64> {
        let mut mark = Vec::new();
        for table in [
            "request",
            "vote",
            "access_grant",
            "delivery",
            "inbound",
            "audit_event",
        ] {
            mark.push(self.count(table).await);
        }
        mark
    }

    pub async fn chain(&self, chain: &str) -> Vec<Entry> {
        let mut conn = self.pool.acquire().await.expect("a connection");
        let entries = audit::entries(&mut conn, chain).await;
        entries.expect("reads")
    }

    pub async fn of_request(&self, id: RequestId) -> Vec<Entry> {
        self.chain(&audit::request_chain(id)).await
    }

    pub fn advance(&self, hours: i64) {
        self.handler
            .clock
            .advance(SignedDuration::from_hours(hours));
    }

    /// How many of this database's connections wait for a lock.
    pub async fn waiting(&self) -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let count = sqlx::query_scalar(sql).fetch_one(&self.pool).await;
        count.expect("counts")
    }

    /// Removes the grants of `x` that a test put in the way; [`World::check`] would find them.
    pub async fn takes_forged_grants_away(&self) {
        sqlx::query("DELETE FROM access_grant WHERE resource = 'x'")
            .execute(&self.pool)
            .await
            .expect("removes");
    }

    /// The end of every test: all chains are whole, and every request is the fold of its events.
    pub async fn check(self) {
        let whole = audit::check_replay(&self.pool).await;
        whole.expect("the audit trail gives what is stored");
        // The tester drops the database, and waits for whoever is connected to it.
        self.pool.close().await;
    }
}

pub fn person(name: &str) -> PersonId {
    PersonId::from(name)
}
