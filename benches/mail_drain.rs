//! An inbox of 5,000 replies drained by the real daemon, beside its floors in the same run.
//!
//! Run by `make bench NAME=mail_drain`, which starts Postgres (durable), Postfix and Dovecot. Floors: the
//! UID FETCH of the same mailbox alone, in batches of the daemon's size; the smallest committing
//! transaction as often, on one connection and on eight. The courier gives way to the inbox for a while, so
//! the time until Postfix has taken the last mail that the decisions owe is printed too. Then, with the
//! daemon idle, single replies: from the moment in which the server's EXISTS passes towards the daemon (a
//! relay on loopback sees it) to the moment in which the vote is visible to another connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use countersign::app::{self, Daemon};
use countersign::clock::{Clock, new_id};
use countersign::command::Command;
use countersign::config::{self, Config, Security};
use countersign::handle::{Answer, Handler};
use countersign::inbound::{Inbound, Proof, Speaker, Words};
use countersign::store::books;
use countersign::token::Keyring;
use countersign::workflow::decide::Draft;
use countersign::workflow::ids::{Module, PersonId};
use countersign::workflow::request::{Channel, Subject, Window};
use countersign_sandbox::Stack;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

/// Replies that lie in the inbox when the daemon starts.
const REPLIES: usize = 5_000;
/// Replies that arrive while it is idle.
const SINGLE: usize = 20;
/// Connections of the wider commit floor, and of the filing before the run.
const WIDE: usize = 8;
/// The longest that any part of the run may take.
const PATIENCE: Duration = Duration::from_mins(2);

const POLICIES: &str = r#"
[[policy]]
name = "bench"
modules = ["credential"]
requesters = ["rita"]
resource = "*"
mode = "approval"
steps = [{ name = "Owner", approvers = ["bob"] }]
"#;

struct Bench {
    stack: Stack,
    config: Config,
    pool: PgPool,
    handler: Handler,
    bot: String,
    bob: String,
}

/// What the drain came to.
struct Drained {
    /// Replies a second.
    drained: f64,
    /// From the daemon's start until nothing was owed any more.
    sent: Duration,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --benches` builds and starts every bench; only `cargo bench` measures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let bench = Bench::set_up().await?;
    bench.file(0..REPLIES).await?;
    let replies = bench.replies().await?;
    let size = replies.iter().map(Vec::len).sum::<usize>() / replies.len();
    bench.stack.seed_maildir(&bench.bot, replies)?;

    let fetch = bench.fetch_floor().await?;
    let commit_one = bench.commit_floor(1).await?;
    let commit_wide = bench.commit_floor(WIDE).await?;
    let Drained { drained, sent } = bench.drain().await?;
    let mut single = bench.single_replies().await?;
    single.sort();

    let slower = fetch.min(commit_one).min(commit_wide);
    println!(
        "mail_drain replies={REPLIES} reply_bytes={size} replies_per_s={drained:.0} \
         fetch_floor_per_s={fetch:.0} commit_floor_1_per_s={commit_one:.0} \
         commit_floor_8_per_s={commit_wide:.0} of_slower_floor={:.2} all_mails_sent_s={:.1} \
         idle_commit_p50_ms={:.1} idle_commit_max_ms={:.1}",
        drained / slower,
        sent.as_secs_f64(),
        single[single.len() / 2].as_secs_f64() * 1e3,
        single[single.len() - 1].as_secs_f64() * 1e3,
    );
    Ok(())
}

impl Bench {
    async fn set_up() -> anyhow::Result<Self> {
        let stack = Stack::from_env()?;
        let suffix = new_id().simple().to_string()[20..].to_owned();
        let (bot, bob) = (
            format!("bot-{suffix}"),
            format!("bob-{suffix}@example.test"),
        );
        let url = stack.new_database().await?;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("bot.toml");
        std::fs::write(&file, stack.bot_toml(&url, &bot))?;
        let config = config::load(&file).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let pool = app::connect(&config.database).await?.pool;
        app::migrate(&pool).await?;
        let people = format!(
            "[[person]]\nid = \"rita\"\nname = \"Rita\"\nemail = \"rita-{suffix}@example.test\"\n\
             zone = \"UTC\"\n[[person]]\nid = \"bob\"\nname = \"Bob\"\nemail = \"{bob}\"\nzone = \"UTC\"\n\
             roles = [\"approver\"]\nmodules = [\"credential\"]\n{POLICIES}"
        );
        let checked = config::policies::read("policies.toml", &people)
            .map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let clock = Clock::system();
        let mut tx = pool.begin().await?;
        let by = books::Applier::named("bench");
        books::apply(&mut tx, (&people, &checked.book), 0, &by, clock.now()).await?;
        tx.commit().await?;
        let keys = Arc::new(Keyring::new(&config.tokens)?);
        let handler = Handler::new(pool.clone(), clock, keys, Arc::new(Notify::new()), true);
        Ok(Self {
            stack,
            config,
            pool,
            handler,
            bot,
            bob,
        })
    }

    /// Files one request for each number, through the handler.
    async fn file(&self, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
        futures::stream::iter(numbers.map(|number| self.file_one(number)))
            .buffer_unordered(WIDE)
            .try_for_each(|()| async { Ok(()) })
            .await
    }

    async fn file_one(&self, number: usize) -> anyhow::Result<()> {
        let draft = Draft {
            extends: None,
            subject: Subject {
                module: Module::from("credential"),
                resource: format!("db-{number}"),
                account: Some("admin".to_owned()),
            },
            window: Window::FromApproval {
                length: SignedDuration::from_hours(1),
            },
            justification: Some("the disk is full and the pager does not stop".to_owned()),
        };
        let inbound = Inbound {
            channel: Channel::CommandLine,
            dedupe_key: format!("cli/{}", new_id()),
            speaker: Speaker::Person(PersonId::from("rita")),
            proof: Proof {
                method: "os-user".into(),
                details: serde_json::json!({}),
            },
            words: Words::Said(Command::File {
                draft,
                key: None,
                emergency: None,
            }),
        };
        let answer = self.handler.handle(&inbound).await?;
        ensure!(
            matches!(answer, Answer::Accepted { .. }),
            "not filed: {answer:?}"
        );
        Ok(())
    }

    /// A reply to every ask that is not sent yet; the asks count as sent, so that the courier has only
    /// what the decisions owe.
    async fn replies(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
            "SELECT id, key_id FROM delivery WHERE kind = 'ask' AND state = 'pending' ORDER BY id",
        )
        .fetch_all(&self.pool)
        .await?;
        sqlx::query(
            "UPDATE delivery SET state = 'sent', next_try_at = NULL, finished_at = now()
             WHERE state = 'pending'",
        )
        .execute(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, key)| self.reply(id, &key))
            .collect()
    }

    fn reply(&self, delivery: uuid::Uuid, key: &str) -> anyhow::Result<Vec<u8>> {
        let token = self
            .handler
            .keys
            .reply_token(key, delivery)
            .context("the key is known")?;
        let mail = &self.config.mail;
        let (local, domain) = mail.reply_to.split_once('@').context("an address")?;
        let (bob, id) = (&self.bob, new_id().simple());
        let quoted = "> Rita asks for admin on a database, and here is why and for how long.\r\n";
        Ok(format!(
            "Return-Path: <{bob}>\r\nDelivered-To: {local}+{0}@{domain}\r\n\
             Received: from mail.example.test by mail.example.test with LMTP; Sat, 21 Nov 2026\r\n\
             Authentication-Results: mail.example.test; dmarc=pass header.from=example.test\r\n\
             Received: from [127.0.0.1] by mail.example.test with ESMTPSA; Sat, 21 Nov 2026\r\n\
             From: Bob <{bob}>\r\nTo: {local}+{0}@{domain}\r\nSubject: Re: access\r\n\
             Message-ID: <{id}@example.test>\r\nIn-Reply-To: <{0}.{1}@{2}>\r\n\
             Date: Sat, 21 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\nAPPROVE\r\n\r\nfine by me\r\n\r\n\
             On Sat, 21 Nov 2026 at 08:59, Countersign wrote:\r\n{3}",
            token.expose(),
            delivery.simple(),
            mail.message_id_domain,
            quoted.repeat(48),
        )
        .into_bytes())
    }

    /// Mails a second that a UID FETCH alone brings from the same mailbox; the better of two rounds,
    /// since the first one makes the server's index.
    async fn fetch_floor(&self) -> anyhow::Result<f64> {
        let imap = self.config.imap.as_ref().context("an inbox")?;
        let batch = imap.batch;
        let mut best = 0.0_f64;
        for _ in 0..2 {
            let stream = TcpStream::connect(("127.0.0.1", self.stack.imap_port())).await?;
            stream.set_nodelay(true)?;
            let mut client = async_imap::Client::new(stream);
            client.read_response().await?.context("a greeting")?;
            let countersign::config::Secret::Password(password) = &imap.login.secret else {
                panic!("the sandbox gives a password");
            };
            let password = secrecy::ExposeSecret::expose_secret(password);
            let mut session = client
                .login(&imap.login.username, password)
                .await
                .map_err(|(error, _)| error)?;
            session.select("INBOX").await?;
            let began = Instant::now();
            let mut fetched = 0;
            for from in (1..=REPLIES).step_by(batch) {
                let set = format!("{from}:{}", from + batch - 1);
                let mails: Vec<_> = session
                    .uid_fetch(&set, "(UID BODY.PEEK[])")
                    .await?
                    .try_collect()
                    .await?;
                fetched += mails.iter().filter(|mail| mail.body().is_some()).count();
            }
            ensure!(
                fetched == REPLIES,
                "{fetched} of {REPLIES} mails were fetched"
            );
            best = best.max(per_second(REPLIES, began));
            session.logout().await?;
        }
        Ok(best)
    }

    /// Smallest committing transactions a second.
    async fn commit_floor(&self, connections: usize) -> anyhow::Result<f64> {
        sqlx::query("CREATE TABLE IF NOT EXISTS floor (id bigint PRIMARY KEY, value integer)")
            .execute(&self.pool)
            .await?;
        sqlx::query("TRUNCATE floor").execute(&self.pool).await?;
        let began = Instant::now();
        let each = REPLIES / connections;
        let work = (0..connections).map(|worker| async move {
            let mut conn = self.pool.acquire().await?;
            for number in 0..each {
                sqlx::query("INSERT INTO floor VALUES ($1, 1)")
                    .bind(i64::try_from(worker * each + number)?)
                    .execute(&mut *conn)
                    .await?;
            }
            anyhow::Ok(())
        });
        futures::future::try_join_all(work).await?;
        Ok(per_second(each * connections, began))
    }

    /// Replies a second from the daemon's start until the last vote is committed.
    async fn drain(&self) -> anyhow::Result<Drained> {
        let began = Instant::now();
        let daemon = Daemon::start(&self.config, Clock::system()).await?;
        self.wait_for(
            "SELECT count(*) FROM vote",
            REPLIES,
            Duration::from_millis(20),
        )
        .await?;
        let rate = per_second(REPLIES, began);
        let uncleared = "SELECT count(*) FROM inbound_location WHERE cleared_at IS NOT NULL";
        self.wait_for(uncleared, REPLIES, Duration::from_millis(100))
            .await?;
        let owed: i64 = sqlx::query_scalar("SELECT count(*) FROM delivery")
            .fetch_one(&self.pool)
            .await?;
        let sent = "SELECT count(*) FROM delivery WHERE state = 'sent'";
        self.wait_for(sent, usize::try_from(owed)?, Duration::from_millis(100))
            .await?;
        let sent = began.elapsed();
        let late = daemon.stop().await;
        ensure!(late.is_empty(), "did not stop: {late:?}");
        let approved: i64 =
            sqlx::query_scalar("SELECT count(*) FROM request WHERE state = 'approved'")
                .fetch_one(&self.pool)
                .await?;
        ensure!(
            usize::try_from(approved)? == REPLIES,
            "{approved} of {REPLIES} are approved"
        );
        Ok(Drained {
            drained: rate,
            sent,
        })
    }

    /// How long after the server's EXISTS the vote of a single reply is committed.
    async fn single_replies(&self) -> anyhow::Result<Vec<Duration>> {
        sqlx::query(
            "UPDATE delivery SET state = 'dropped', next_try_at = NULL, finished_at = now()
             WHERE state = 'pending'",
        )
        .execute(&self.pool)
        .await?;
        self.file(REPLIES..REPLIES + SINGLE).await?;
        let replies = self.replies().await?;
        let (port, mut exists) = relay(self.stack.imap_port()).await?;
        let mut config = self.config.clone();
        let imap = config.imap.as_mut().context("an inbox")?;
        (imap.host, imap.port, imap.security) = ("127.0.0.1".to_owned(), port, Security::None);
        let daemon = Daemon::start(&config, Clock::system()).await?;
        let mut waits = Vec::new();
        for (done, reply) in replies.into_iter().enumerate() {
            // Idle: the daemon has said so to the server.
            exists.idle().await?;
            // The server writes what stands above our own Authentication-Results itself.
            let proof = b"Authentication-Results";
            let start = reply
                .windows(proof.len())
                .position(|bytes| bytes == proof)
                .unwrap_or(0);
            let to = self.config.mail.reply_to.clone();
            self.stack
                .mailbox(&self.bot)
                .sends_by_lmtp(&to, &reply[start..])
                .await?;
            let seen = exists.next().await?;
            let count = REPLIES + done + 1;
            self.wait_for(
                "SELECT count(*) FROM vote",
                count,
                Duration::from_micros(200),
            )
            .await?;
            waits.push(seen.elapsed());
        }
        daemon.stop().await;
        Ok(waits)
    }

    async fn wait_for(&self, sql: &'static str, n: usize, every: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await?;
            if usize::try_from(count)? >= n {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let verdicts: Vec<(Option<String>, Option<String>, i64)> = sqlx::query_as(
                    "SELECT verdict, why, count(*) FROM inbound_mail GROUP BY 1, 2 LIMIT 9",
                )
                .fetch_all(&self.pool)
                .await?;
                bail!("{sql}: {count} of {n} after {PATIENCE:?}; mails: {verdicts:?}");
            }
            tokio::time::sleep(every).await;
        }
    }
}

fn per_second(count: usize, since: Instant) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / since.elapsed().as_secs_f64()
}

/// What passes the relay.
enum Passed {
    /// The server takes IDLE (`+ …`).
    Idle,
    /// The server tells of a new mail.
    Exists(Instant),
}

struct Watch(mpsc::UnboundedReceiver<Passed>);

impl Watch {
    /// Waits until the daemon is in IDLE.
    async fn idle(&mut self) -> anyhow::Result<()> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.recv())
                .await?
                .context("the relay ended")?
            {
                Passed::Idle => return Ok(()),
                Passed::Exists(_) => {}
            }
        }
    }

    /// Waits for the next EXISTS; when it passed.
    async fn next(&mut self) -> anyhow::Result<Instant> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.recv())
                .await?
                .context("the relay ended")?
            {
                Passed::Exists(at) => return Ok(at),
                Passed::Idle => {}
            }
        }
    }
}

/// A relay in front of the IMAP server that notes what the server says.
async fn relay(to: u16) -> anyhow::Result<(u16, Watch)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let (tell, watch) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else {
                return;
            };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                    let said = String::from_utf8_lossy(&buffer[..read]);
                    if said.contains(" EXISTS") {
                        let _ = tell.send(Passed::Exists(Instant::now()));
                    }
                    if said.contains("+ idling") {
                        let _ = tell.send(Passed::Idle);
                    }
                    if to_client.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok((port, Watch(watch)))
}
