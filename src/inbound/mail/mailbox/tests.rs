//! The loop against a scripted server, one test for each thing that servers were seen to do.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::fake::{Fake, Quirk};
use super::{MailboxError, Mode, Status, Watcher, WireError};
use crate::clock::Clock;
use crate::config::{Imap, Login, Security, TokenKeys};
use crate::handle::Handler;
use crate::inbound::mail::dkim::Report;
use crate::inbound::mail::{Reading, ReplyStage, Rules, Stage, Verdict};
use crate::store::inbox::{self, Arrived, Place};
use crate::store::leases;
use crate::token::Keyring;

/// No condition takes longer; far above what any takes.
const DEADLINE: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_hours(1);

fn imap(port: u16) -> Imap {
    Imap {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        login: Login {
            username: "bot".to_owned(),
            secret: crate::config::Secret::Password(SecretString::from("geheim")),
        },
        ca_file: None,
        mailbox: "INBOX".to_owned(),
        processed: None,
        idle_renewal: LONG,
        poll_every: LONG,
        timeout: Duration::from_millis(500),
        batch: 50,
        max_mail_bytes: 1_000,
    }
}

fn handler(pool: &PgPool) -> Handler {
    let keys = TokenKeys {
        current: "k1".to_owned(),
        keys: vec![("k1".to_owned(), SecretString::from(BASE64.encode(&[7; 32])))],
    };
    Handler::new(
        pool.clone(),
        Clock::system(),
        Arc::new(Keyring::new(&keys).expect("a key")),
        Arc::new(Notify::new()),
        true,
    )
}

fn rules() -> Rules {
    Rules {
        reply_to: "bot@example.test".to_owned(),
        own_address: "bot@example.test".to_owned(),
        message_id_domain: "example.test".to_owned(),
        dkim: None,
        authserv_id: None,
        authserv_hops: 0,
        exempt_domains: ["example.test".to_owned()].into(),
        approve_words: ["APPROVE".to_owned()].into(),
        disapprove_words: ["DISAPPROVE".to_owned()].into(),
        banners: Vec::new(),
    }
}

/// A reader that does what the mail says: fails, asks for later, or is silent.
fn obedient(raw: &[u8], _: &Rules, _: Option<&Report>) -> Reading {
    let says = |word: &str| raw.windows(word.len()).any(|some| some == word.as_bytes());
    assert!(!says("PANIC"), "a poison mail");
    let stage = || Stage {
        verdict: "human".to_owned(),
        why: "test".to_owned(),
    };
    Reading {
        screen: stage(),
        sender: stage(),
        reply: ReplyStage {
            verdict: "none".to_owned(),
            why: "test".to_owned(),
            comment: None,
            window: None,
        },
        verdict: if says("LATER") {
            Verdict::Later
        } else {
            Verdict::Silent
        },
        why: "as the test wants".to_owned(),
        open: None,
        suspect: None,
        said: None,
        bounce: None,
    }
}

fn watcher(pool: &PgPool, imap: Imap) -> Watcher {
    Watcher::new(imap, rules(), handler(pool), None).with_reader(obedient)
}

fn mail(text: &str) -> Vec<u8> {
    format!("Message-ID: <{text}@x>\r\nFrom: a@example.test\r\n\r\n{text}\r\n").into_bytes()
}

/// A watcher under way.
struct Running {
    watcher: Arc<Watcher>,
    cancel: CancellationToken,
    task: JoinHandle<Result<(), MailboxError>>,
}

fn start(watcher: Watcher) -> Running {
    again(Arc::new(watcher))
}

fn again(watcher: Arc<Watcher>) -> Running {
    let cancel = CancellationToken::new();
    let (w, c) = (Arc::clone(&watcher), cancel.clone());
    let task = tokio::spawn(async move { w.run(c).await });
    Running {
        watcher,
        cancel,
        task,
    }
}

impl Running {
    async fn reaches(&self, wanted: Status) {
        let mut status = self.watcher.status();
        let reached = status.wait_for(|status| *status == wanted);
        let reached = timeout(DEADLINE, reached).await;
        assert!(
            reached.is_ok(),
            "not {wanted:?} but {:?}",
            *self.watcher.status().borrow()
        );
    }

    /// Until it fails by itself.
    async fn failure(self) -> (MailboxError, Arc<Watcher>) {
        let ended = timeout(DEADLINE, self.task)
            .await
            .expect("it ends")
            .expect("no panic");
        (ended.expect_err("a failure"), self.watcher)
    }

    async fn stop(self) {
        self.cancel.cancel();
        let ended = timeout(DEADLINE, self.task)
            .await
            .expect("it ends")
            .expect("no panic");
        ended.expect("stopped as told");
    }
}

/// Waits until a number in the database is what it should be.
async fn counts(pool: &PgPool, what: &'static str, wanted: i64) {
    let begun = Instant::now();
    let mut tick = interval(Duration::from_millis(5));
    loop {
        tick.tick().await;
        let found: i64 = sqlx::query_scalar(what)
            .fetch_one(pool)
            .await
            .expect("a count");
        if found == wanted {
            return;
        }
        assert!(
            begun.elapsed() < DEADLINE,
            "{found} rather than {wanted}: {what}"
        );
    }
}

async fn eventually(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    let mut tick = interval(Duration::from_millis(1));
    while !is() {
        tick.tick().await;
        assert!(begun.elapsed() < DEADLINE, "never: {what}");
    }
}

const JUDGED: &str = "SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL";
const MAILS: &str = "SELECT count(*) FROM inbound_mail";
const CLEARED: &str = "SELECT count(*) FROM inbound_location WHERE cleared_at IS NOT NULL";
const UNCLEARED: &str = "SELECT count(*) FROM inbound_location WHERE cleared_at IS NULL";

fn when(command: &'static str, say: &'static str) -> impl Fn(usize, &str) -> Quirk + Send + Sync {
    move |_, line| {
        if line.starts_with(command) {
            Quirk::Say(say.to_owned())
        } else {
            Quirk::None
        }
    }
}

/// Goal: the whole road: what lies there and what comes in later is recorded, judged and flagged.
/// Method: three mails before, one while the loop idles; then a stop.
#[sqlx::test(migrations = "./migrations")]
async fn mails_are_judged_and_flagged(pool: PgPool) {
    let fake = Fake::new().start().await;
    for text in ["one", "two", "three"] {
        fake.deliver(&mail(text));
    }
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 3).await;
    running.reaches(Status::Watching(Mode::Idle)).await;
    eventually("it idles", || fake.count("IDLE") > 0).await;
    fake.deliver(&mail("four"));
    counts(&pool, CLEARED, 4).await;
    running.stop().await;
    assert!(
        fake.folder()
            .mails
            .values()
            .all(|mail| mail.flags.contains("$CountersignDone"))
    );
    assert_eq!(fake.said_on(1).last().map(String::as_str), Some("LOGOUT"));
    counts(&pool, JUDGED, 4).await;
}

/// Goal: a mail that comes in while we idle is recorded within 50 ms of the server's EXISTS.
/// Method: the best of ten, since the machine may be busy with other tests.
#[sqlx::test(migrations = "./migrations")]
async fn a_mail_that_arrives_while_idle_is_taken_at_once(pool: PgPool) {
    let fake = Fake::new().start().await;
    let running = start(watcher(&pool, imap(fake.port)));
    let mut best = DEADLINE;
    for n in 1..=10_i64 {
        eventually("it idles", || {
            fake.count("IDLE") >= usize::try_from(n).expect("small")
        })
        .await;
        let begun = Instant::now();
        fake.deliver(&mail(&format!("mail {n}")));
        let _ = timeout(Duration::from_secs(3), counts(&pool, JUDGED, n)).await;
        eprintln!("{:?} {:?}", begun.elapsed(), fake.folder().log);
        best = best.min(begun.elapsed());
    }
    running.stop().await;
    assert!(best < Duration::from_millis(50), "{best:?}");
}

/// Goal: judged mails are moved, and a folder that is not there is made.
/// Method: a server that refuses MOVE until it has seen CREATE.
#[sqlx::test(migrations = "./migrations")]
async fn judged_mails_are_moved_into_a_folder_made_for_them(pool: PgPool) {
    let created = std::sync::atomic::AtomicBool::new(false);
    let fake = Fake::new()
        .quirk(move |_, line| {
            use std::sync::atomic::Ordering::SeqCst;
            created.fetch_or(line.starts_with("CREATE"), SeqCst);
            if line.starts_with("UID MOVE") && !created.load(SeqCst) {
                return Quirk::Say("{tag} NO [TRYCREATE] no such folder\r\n".to_owned());
            }
            Quirk::None
        })
        .start()
        .await;
    fake.deliver(&mail("one"));
    fake.deliver(&mail("two"));
    let running = start(watcher(
        &pool,
        Imap {
            processed: Some("Erledigt & gut".to_owned()),
            ..imap(fake.port)
        },
    ));
    counts(&pool, CLEARED, 2).await;
    running.stop().await;
    assert_eq!((fake.count("CREATE"), fake.count("UID MOVE 1:2")), (1, 2));
    assert!(fake.folder().mails.is_empty());
}

/// Goal: a server without MOVE gets COPY, a mark and an exact EXPUNGE.
/// Method: one that offers only UIDPLUS, and one that offers nothing.
#[sqlx::test(migrations = "./migrations")]
async fn without_move_mails_are_copied(pool: PgPool) {
    for (offers, left) in [("IMAP4rev1 IDLE UIDPLUS", 0), ("IMAP4rev1 IDLE", 1)] {
        let fake = Fake::new().capabilities(offers).start().await;
        fake.deliver(&mail(offers));
        let running = start(watcher(
            &pool,
            Imap {
                processed: Some("Done".to_owned()),
                ..imap(fake.port)
            },
        ));
        counts(&pool, UNCLEARED, 0).await;
        eventually("it idles", || fake.count("IDLE") > 0).await;
        running.stop().await;
        let folder = fake.folder();
        assert_eq!(
            folder.others.values().map(Vec::len).sum::<usize>(),
            1,
            "{offers}"
        );
        assert_eq!(folder.mails.len(), left, "{offers}");
        assert!(
            folder
                .mails
                .values()
                .all(|mail| mail.flags.contains("\\Deleted")),
            "{offers}"
        );
    }
}

/// Goal: a server that refuses to clear does not stop the loop, and is not asked without end.
/// Method: STORE is refused; a second mail is still judged.
#[sqlx::test(migrations = "./migrations")]
async fn a_refusal_to_clear_stops_nobody(pool: PgPool) {
    let fake = Fake::new()
        .quirk(when("UID STORE", "{tag} NO read-only\r\n"))
        .start()
        .await;
    fake.deliver(&mail("one"));
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, JUDGED, 1).await;
    eventually("it idles", || fake.count("IDLE") > 0).await;
    fake.deliver(&mail("two"));
    counts(&pool, JUDGED, 2).await;
    eventually("it idles again", || fake.count("IDLE") > 1).await;
    running.stop().await;
    assert_eq!(fake.count("UID STORE"), 2);
    counts(&pool, CLEARED, 0).await;
}

/// Goal: a BAD without words to IDLE ends neither the process nor the watching.
/// Method: the loop polls instead and finds a mail by that.
#[sqlx::test(migrations = "./migrations")]
async fn bad_to_idle_means_polling(pool: PgPool) {
    polls_instead(pool, "{tag} BAD\r\n").await;
}

/// Goal: a NO to IDLE does not make us wait for ever.
/// Method: as above.
#[sqlx::test(migrations = "./migrations")]
async fn no_to_idle_means_polling(pool: PgPool) {
    polls_instead(pool, "{tag} NO not now\r\n").await;
}

async fn polls_instead(pool: PgPool, refusal: &'static str) {
    let fake = Fake::new().quirk(when("IDLE", refusal)).start().await;
    let running = start(watcher(
        &pool,
        Imap {
            poll_every: Duration::from_millis(50),
            ..imap(fake.port)
        },
    ));
    running.reaches(Status::Watching(Mode::Polling)).await;
    fake.deliver(&mail("one"));
    counts(&pool, CLEARED, 1).await;
    running.stop().await;
    assert_eq!((fake.count("IDLE"), fake.count("SELECT")), (1, 1));
}

/// Goal: a server without IDLE is polled.
/// Method: one that does not offer it.
#[sqlx::test(migrations = "./migrations")]
async fn without_idle_the_folder_is_polled(pool: PgPool) {
    let fake = Fake::new().capabilities("IMAP4rev1 MOVE").start().await;
    let running = start(watcher(
        &pool,
        Imap {
            poll_every: Duration::from_millis(50),
            ..imap(fake.port)
        },
    ));
    running.reaches(Status::Watching(Mode::Polling)).await;
    fake.deliver(&mail("one"));
    counts(&pool, CLEARED, 1).await;
    running.stop().await;
    assert_eq!(fake.count("IDLE"), 0);
}

/// Goal: the end of the connection during IDLE is not taken for our own stop.
/// Method: it is closed after `+`.
#[sqlx::test(migrations = "./migrations")]
async fn an_end_during_idle_is_a_failure(pool: PgPool) {
    let failure = fails_in_idle(pool, |_, _| Quirk::HangUp("+ idling\r\n".to_owned())).await;
    assert!(
        matches!(failure, MailboxError::Wire(WireError::Closed)),
        "{failure}"
    );
}

/// Goal: BYE during IDLE ends the connection, with the server's words.
/// Method: it is said after `+`.
#[sqlx::test(migrations = "./migrations")]
async fn bye_during_idle_is_a_failure(pool: PgPool) {
    let bye = "+ idling\r\n* BYE shutting down\r\n";
    let failure = fails_in_idle(pool, move |_, _| Quirk::Say(bye.to_owned())).await;
    assert!(failure.to_string().contains("shutting down"), "{failure}");
}

/// Goal: a peer that has gone silent is noticed when IDLE is renewed.
/// Method: it says `+` and answers no DONE.
#[sqlx::test(migrations = "./migrations")]
async fn a_silent_peer_is_noticed(pool: PgPool) {
    let failure = fails_in_idle(pool, |_, line| match line {
        "IDLE" => Quirk::Say("+ idling\r\n".to_owned()),
        _ => Quirk::Silence,
    })
    .await;
    assert!(
        matches!(failure, MailboxError::Wire(WireError::Silent(_))),
        "{failure}"
    );
}

async fn fails_in_idle(
    pool: PgPool,
    odd: impl Fn(usize, &str) -> Quirk + Send + Sync + 'static,
) -> MailboxError {
    let fake = Fake::new()
        .quirk(move |n, line| match line {
            // DONE has no tag: the whole line is taken for one.
            "IDLE" | "DONE" => odd(n, line),
            _ => Quirk::None,
        })
        .start()
        .await;
    let running = start(watcher(
        &pool,
        Imap {
            idle_renewal: Duration::from_millis(100),
            ..imap(fake.port)
        },
    ));
    running.failure().await.0
}

/// Goal: a mail that is told of before IDLE's `+` is not overlooked.
/// Method: the mail arrives as the command does; nothing else ever tells of it.
#[sqlx::test(migrations = "./migrations")]
async fn exists_before_the_go_ahead_is_seen(pool: PgPool) {
    let fake = Fake::new();
    let inner = fake.clone();
    let first = std::sync::atomic::AtomicBool::new(true);
    let fake = fake
        .quirk(move |_, line| {
            if line == "IDLE" && first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                inner.deliver(&mail("early"));
                return Quirk::First("* 1 EXISTS\r\n".to_owned());
            }
            Quirk::None
        })
        .start()
        .await;
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 1).await;
    running.stop().await;
}

/// Goal: "still here" does not put off the renewal of IDLE.
/// Method: the server says it every time it is asked, more often than the renewal.
#[sqlx::test(migrations = "./migrations")]
async fn still_here_does_not_prolong_idle(pool: PgPool) {
    let many = "* OK Still here\r\n".repeat(1_000);
    let fake = Fake::new()
        .quirk(move |_, line| match line {
            "IDLE" => Quirk::Say(format!("+ idling\r\n{many}")),
            "DONE" => Quirk::Say("C0 OK\r\n".to_owned()),
            _ => Quirk::None,
        })
        .start()
        .await;
    let running = start(watcher(
        &pool,
        Imap {
            idle_renewal: Duration::from_millis(100),
            ..imap(fake.port)
        },
    ));
    // Its answer has another tag, which is no answer.
    let (failure, _) = running.failure().await;
    assert!(
        matches!(failure, MailboxError::Wire(WireError::Silent(_))),
        "{failure}"
    );
    assert!(fake.folder().log.iter().any(|(_, line)| line == "DONE"));
}

/// Goal: an EXISTS with two blanks breaks one connection, and the next does without IDLE.
/// Method: the same watcher is started again, as the supervisor does.
#[sqlx::test(migrations = "./migrations")]
async fn an_odd_exists_means_polling_from_then_on(pool: PgPool) {
    let fake = Fake::new()
        .quirk(when("IDLE", "+ idling\r\n*  2 EXISTS\r\n"))
        .start()
        .await;
    let running = start(watcher(&pool, imap(fake.port)));
    let (failure, watcher) = running.failure().await;
    assert!(
        matches!(failure, MailboxError::Wire(WireError::Unreadable)),
        "{failure}"
    );
    let running = again(watcher);
    running.reaches(Status::Watching(Mode::Polling)).await;
    running.stop().await;
    assert_eq!(fake.count("IDLE"), 1);
}

/// Goal: a mail on which the connection breaks each time stops no other, before or behind it.
/// Method: whatever names UID 2 is answered with nonsense; the watcher is started again.
#[sqlx::test(migrations = "./migrations")]
async fn a_mail_that_breaks_the_connection_stops_no_other(pool: PgPool) {
    let fake = Fake::new()
        .quirk(|_, line| {
            let bodies = line.contains("BODY.PEEK");
            let second = line.contains(" 1:3 ") || line.contains(" 2 ");
            if bodies && second {
                return Quirk::Say("* 2 FETCH (UID 2 BODY[] oops\r\n".to_owned());
            }
            Quirk::None
        })
        .start()
        .await;
    for text in ["one", "two", "three"] {
        fake.deliver(&mail(text));
    }
    let (failure, watcher) = start(watcher(&pool, imap(fake.port))).failure().await;
    assert!(
        matches!(failure, MailboxError::Wire(WireError::Unreadable)),
        "{failure}"
    );
    // All three are suspects now, so each is fetched alone.
    let mut watcher = watcher;
    for _ in 0..3 {
        let running = again(watcher);
        match timeout(Duration::from_secs(2), running.task).await {
            Ok(ended) => drop(ended.expect("no panic")),
            Err(_) => running.cancel.cancel(),
        }
        watcher = running.watcher;
    }
    counts(&pool, JUDGED, 2).await;
}

/// Goal: the last mail, which `n:*` names whatever its UID, is not fetched again and again.
/// Method: several renewals of IDLE over a folder with one mail.
#[sqlx::test(migrations = "./migrations")]
async fn the_last_mail_is_fetched_once(pool: PgPool) {
    let fake = Fake::new().start().await;
    fake.deliver(&mail("one"));
    let running = start(watcher(
        &pool,
        Imap {
            idle_renewal: Duration::from_millis(20),
            ..imap(fake.port)
        },
    ));
    eventually("renewals", || fake.count("IDLE") > 4).await;
    running.stop().await;
    let bodies = fake
        .folder()
        .log
        .iter()
        .filter(|(_, l)| l.contains("BODY.PEEK"))
        .count();
    assert_eq!(bodies, 1);
}

/// Goal: mails are recorded in order though the server searches in none, and what was missed below
/// the bookmark is found.
/// Method: a bookmark above all mails; only the search can find them.
#[sqlx::test(migrations = "./migrations")]
async fn what_lies_below_the_bookmark_is_found_in_order(pool: PgPool) {
    let fake = Fake::new().start().await;
    for n in 1..=20 {
        fake.deliver(&mail(&format!("mail {n}")));
    }
    let watcher = watcher(&pool, imap(fake.port));
    sqlx::query("INSERT INTO mailbox (name, uid_validity, last_uid) VALUES ($1, 7, 99)")
        .bind(&watcher.name)
        .execute(&pool)
        .await
        .expect("a bookmark");
    let running = start(watcher);
    counts(&pool, CLEARED, 20).await;
    running.stop().await;
    let in_order = "SELECT count(*) FROM inbound_location l
        WHERE uid = (SELECT count(*) FROM inbound_location m WHERE m.mail_id <= l.mail_id)";
    counts(&pool, in_order, 20).await;
}

/// Goal: the password is not sent where it must not be.
/// Method: LOGINDISABLED; no STARTTLS; PREAUTH before STARTTLS; the log of the server.
#[sqlx::test(migrations = "./migrations")]
async fn the_password_is_kept_where_it_is_not_safe(pool: PgPool) {
    let starttls = |port| Imap {
        security: Security::StartTls,
        ..imap(port)
    };
    let disabled = Fake::new()
        .capabilities("IMAP4rev1 LOGINDISABLED")
        .start()
        .await;
    let plain = Fake::new().start().await;
    let preauth = Fake::new().greeting("* PREAUTH welcome").start().await;
    for (fake, imap) in [
        (&disabled, imap(disabled.port)),
        (&plain, starttls(plain.port)),
        (&preauth, starttls(preauth.port)),
    ] {
        let (failure, _) = start(watcher(&pool, imap)).failure().await;
        assert!(
            matches!(failure, MailboxError::Unprotected { .. }),
            "{failure}"
        );
        assert!(failure.to_string().contains("imap.security"), "{failure}");
        assert_eq!((fake.count("LOGIN"), fake.count("AUTHENTICATE")), (0, 0));
    }
}

/// Goal: PREAUTH needs no login, BYE as a greeting is a failure with the server's words.
/// Method: a server of each kind.
#[sqlx::test(migrations = "./migrations")]
async fn odd_greetings_are_understood(pool: PgPool) {
    let preauth = Fake::new().greeting("* PREAUTH welcome").start().await;
    preauth.deliver(&mail("one"));
    let running = start(watcher(&pool, imap(preauth.port)));
    counts(&pool, JUDGED, 1).await;
    running.stop().await;
    assert_eq!(preauth.count("LOGIN"), 0);
    let busy = Fake::new()
        .greeting("* BYE too many connections")
        .start()
        .await;
    let (failure, _) = start(watcher(&pool, imap(busy.port))).failure().await;
    assert!(
        failure.to_string().contains("too many connections"),
        "{failure}"
    );
}

/// Goal: a refused password is the operator's to mend, names no secret, and is not tried again
/// soon. Method: the same watcher is started again at once and stays away from the server.
#[sqlx::test(migrations = "./migrations")]
async fn a_refused_login_is_not_hammered(pool: PgPool) {
    let no = "{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n";
    let fake = Fake::new().quirk(when("LOGIN", no)).start().await;
    let (failure, watcher) = start(watcher(&pool, imap(fake.port))).failure().await;
    assert!(matches!(failure, MailboxError::Login { .. }), "{failure}");
    let said = failure.to_string();
    assert!(
        said.contains("imap.password") && !said.contains("geheim"),
        "{said}"
    );
    let running = again(watcher);
    let stayed = timeout(Duration::from_millis(300), running.task).await;
    assert!(stayed.is_err(), "it waits");
    assert_eq!(fake.folder().connections, 1);
    assert!(matches!(
        *running.watcher.status().borrow(),
        Status::Failed(_)
    ));
}

/// Goal: a server in trouble is not taken for a wrong password.
/// Method: NO [UNAVAILABLE] to LOGIN.
#[sqlx::test(migrations = "./migrations")]
async fn a_server_in_trouble_is_no_wrong_password(pool: PgPool) {
    let no = "{tag} NO [UNAVAILABLE] try later\r\n";
    let fake = Fake::new().quirk(when("LOGIN", no)).start().await;
    let (failure, _) = start(watcher(&pool, imap(fake.port))).failure().await;
    assert!(matches!(failure, MailboxError::Refused { .. }), "{failure}");
    assert_eq!(failure.pause(), Duration::ZERO);
}

/// Goal: a server that is not there, or says nothing, is named with what to check.
/// Method: a port that nobody listens on, and one where nobody speaks.
#[sqlx::test(migrations = "./migrations")]
async fn an_absent_server_is_named(pool: PgPool) {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = mute.local_addr().expect("an address").port();
    let (failure, _) = start(watcher(&pool, imap(port))).failure().await;
    assert!(
        matches!(failure, MailboxError::Wire(WireError::Silent(_))),
        "{failure}"
    );
    drop(mute);
    let (failure, _) = start(watcher(&pool, imap(port))).failure().await;
    let said = failure.to_string();
    assert!(
        said.contains(&port.to_string()) && said.contains("imap.host"),
        "{said}"
    );
}

/// Goal: a missing folder is named.
/// Method: NO to SELECT.
#[sqlx::test(migrations = "./migrations")]
async fn a_missing_folder_is_named(pool: PgPool) {
    let fake = Fake::new()
        .quirk(when("SELECT", "{tag} NO no such\r\n"))
        .start()
        .await;
    let (failure, _) = start(watcher(&pool, imap(fake.port))).failure().await;
    let said = failure.to_string();
    assert!(
        said.contains("INBOX") && said.contains("imap.mailbox"),
        "{said}"
    );
}

/// Goal: when the server counts its UIDs anew, every mail is seen again and none is judged again.
/// Method: a new UIDVALIDITY and other UIDs for the same mails; the verdicts' times stay.
#[sqlx::test(migrations = "./migrations")]
async fn a_new_uidvalidity_judges_nothing_twice(pool: PgPool) {
    let fake = Fake::new().start().await;
    fake.deliver(&mail("one"));
    fake.deliver(&mail("two"));
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 2).await;
    running.stop().await;
    let sum = "SELECT sum(extract(epoch FROM judged_at) * 1000)::bigint FROM inbound_mail";
    let before: i64 = sqlx::query_scalar(sum)
        .fetch_one(&pool)
        .await
        .expect("times");
    {
        let mut folder = fake.folder();
        folder.validity = 8;
        let mut mails: Vec<_> = std::mem::take(&mut folder.mails).into_values().collect();
        for mail in &mut mails {
            mail.flags.clear();
        }
        folder.mails = (11..).zip(mails).collect();
        folder.next = 13;
    }
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 4).await;
    running.stop().await;
    counts(&pool, MAILS, 2).await;
    counts(&pool, sum, before).await;
}

/// Goal: a mail that a person puts back is known, and put out of the way again.
/// Method: the flag is taken off; the safety poll finds it.
#[sqlx::test(migrations = "./migrations")]
async fn a_mail_that_is_put_back_is_cleared_again(pool: PgPool) {
    let fake = Fake::new().start().await;
    fake.deliver(&mail("one"));
    let running = start(watcher(
        &pool,
        Imap {
            poll_every: Duration::from_millis(50),
            ..imap(fake.port)
        },
    ));
    counts(&pool, CLEARED, 1).await;
    fake.folder().mails.get_mut(&1).expect("it").flags.clear();
    let again = || {
        fake.folder()
            .mails
            .get(&1)
            .expect("it")
            .flags
            .contains("$CountersignDone")
    };
    eventually("flagged again", again).await;
    running.stop().await;
    counts(&pool, JUDGED, 1).await;
    assert_eq!(
        fake.folder()
            .log
            .iter()
            .filter(|(_, l)| l.contains("BODY.PEEK"))
            .count(),
        1
    );
}

/// Goal: the same content twice is one mail, judged once and cleared in both places.
/// Method: two identical mails in one batch and a third later.
#[sqlx::test(migrations = "./migrations")]
async fn the_same_content_is_one_mail(pool: PgPool) {
    let fake = Fake::new().start().await;
    fake.deliver(&mail("one"));
    fake.deliver(&mail("one"));
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 2).await;
    fake.deliver(&mail("one"));
    counts(&pool, CLEARED, 3).await;
    running.stop().await;
    counts(&pool, JUDGED, 1).await;
}

/// Goal: a mail that the reader fails on is kept as unreadable, and stops no other.
/// Method: a reader that panics on one of three.
#[sqlx::test(migrations = "./migrations")]
async fn a_poison_mail_stops_no_other(pool: PgPool) {
    let fake = Fake::new().start().await;
    for text in ["one", "PANIC", "three"] {
        fake.deliver(&mail(text));
    }
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 3).await;
    running.stop().await;
    let unreadable = "SELECT count(*) FROM inbound_mail
        WHERE verdict = 'silent' AND why LIKE 'unreadable%' AND raw IS NOT NULL";
    counts(&pool, unreadable, 1).await;
    let audited = "SELECT count(*) FROM audit_event WHERE chain = 'system/mail'
        AND body::jsonb ->> 'outcome' = 'unidentified'
        AND (body::jsonb #>> '{proof,details,sha256}')
            IN (SELECT encode(sha256, 'hex') FROM inbound_mail)";
    counts(&pool, audited, 3).await;
}

/// Goal: a mail that cannot be judged yet stays, is put off, and is judged in the end.
/// Method: the reader says "later"; the clock is moved and another reader is used.
#[sqlx::test(migrations = "./migrations")]
async fn later_is_put_off_and_stops_no_other(pool: PgPool) {
    let fake = Fake::new().start().await;
    fake.deliver(&mail("LATER"));
    fake.deliver(&mail("two"));
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 1).await;
    let waits = "SELECT count(*) FROM inbound_mail
        WHERE verdict = 'later' AND judged_at IS NULL AND judge_after > recorded_at";
    counts(&pool, waits, 1).await;
    eventually("it idles", || fake.count("IDLE") > 0).await;
    running.stop().await;
    let ready = Watcher::new(imap(fake.port), rules(), handler(&pool), None).with_reader(
        |raw, rules, report| {
            let gone = String::from_utf8_lossy(raw).replace("LATER", "now");
            obedient(gone.as_bytes(), rules, report)
        },
    );
    ready
        .handler
        .clock
        .advance(jiff::SignedDuration::from_mins(2));
    let running = start(ready);
    counts(&pool, CLEARED, 2).await;
    running.stop().await;
}

/// Goal: a mail over the limit is never asked for whole, is recorded by its header, and is not
/// judged. Method: one that is honest about its size, one whose server lies.
#[sqlx::test(migrations = "./migrations")]
async fn a_mail_over_the_limit_is_known_by_its_header(pool: PgPool) {
    let fake = Fake::new().start().await;
    let large = [mail("large"), vec![b'x'; 5_000]].concat();
    fake.deliver(&large);
    fake.put(&[mail("liar"), vec![b'y'; 5_000]].concat(), Some(10));
    fake.deliver(&mail("small"));
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 3).await;
    running.stop().await;
    let too_large = "SELECT count(*) FROM inbound_mail WHERE raw IS NULL
        AND verdict = 'silent' AND why LIKE 'too large%' AND message_id IS NOT NULL";
    counts(&pool, too_large, 2).await;
    let asked = fake
        .folder()
        .log
        .iter()
        .all(|(_, line)| !line.contains("BODY.PEEK[])"));
    assert!(asked, "every body is asked for with a limit");
}

/// Goal: a crash between recording and judging loses nothing and fetches nothing again.
/// Method: what the crash would leave is put into the database; the server no longer has the mail.
#[sqlx::test(migrations = "./migrations")]
async fn what_a_crash_left_unjudged_is_judged_from_the_record(pool: PgPool) {
    let fake = Fake::new().start().await;
    fake.deliver(&mail("one"));
    let watcher = watcher(&pool, imap(fake.port));
    let raw = mail("one");
    let mut tx = pool.begin().await.expect("a transaction");
    let lease = leases::acquire(&mut tx, "other", "dead", LONG)
        .await
        .expect("sql")
        .expect("free");
    let place = Place {
        mailbox: watcher.name.clone(),
        uid_validity: 7,
    };
    inbox::open(&mut tx, &place).await.expect("sql");
    let arrived = Arrived {
        uid: 1,
        sha256: Sha256::digest(&raw).into(),
        message_id: None,
        size: 10,
        raw: Some(raw),
        arrived_at: None,
    };
    let now = Clock::system().now();
    inbox::record(&mut tx, &place, &lease, &[arrived], (1, now))
        .await
        .expect("recorded");
    tx.commit().await.expect("committed");
    let running = start(watcher);
    counts(&pool, CLEARED, 1).await;
    running.stop().await;
    counts(&pool, JUDGED, 1).await;
    assert!(
        fake.folder()
            .log
            .iter()
            .all(|(_, line)| !line.contains("BODY.PEEK"))
    );
}

/// Goal: of two daemons on one mailbox one watches and the other takes over when it ends.
/// Method: two watchers; the first is stopped; a mail is judged once in all.
#[sqlx::test(migrations = "./migrations")]
async fn two_daemons_take_turns(pool: PgPool) {
    let fake = Fake::new().start().await;
    let ttl = Duration::from_millis(600);
    let first = start(watcher(&pool, imap(fake.port)).with_lease_ttl(ttl));
    first.reaches(Status::Watching(Mode::Idle)).await;
    let second = start(watcher(&pool, imap(fake.port)).with_lease_ttl(ttl));
    second.reaches(Status::StandBy).await;
    fake.deliver(&mail("one"));
    counts(&pool, CLEARED, 1).await;
    assert_eq!(fake.folder().connections, 1, "the second stays away");
    first.stop().await;
    second.reaches(Status::Watching(Mode::Idle)).await;
    fake.deliver(&mail("two"));
    counts(&pool, CLEARED, 2).await;
    second.stop().await;
    counts(&pool, JUDGED, 2).await;
}

/// Goal: who has lost the lease ends as its holder and stands by.
/// Method: the row is given to somebody else behind its back.
#[sqlx::test(migrations = "./migrations")]
async fn a_lost_lease_ends_the_watching(pool: PgPool) {
    let fake = Fake::new().start().await;
    let ttl = Duration::from_millis(300);
    let running = start(watcher(&pool, imap(fake.port)).with_lease_ttl(ttl));
    running.reaches(Status::Watching(Mode::Idle)).await;
    sqlx::query(
        "UPDATE lease SET holder = 'another', epoch = epoch + 1,
                          expires_at = clock_timestamp() + interval '1 hour'",
    )
    .execute(&pool)
    .await
    .expect("taken over");
    running.reaches(Status::StandBy).await;
    running.stop().await;
}

/// Goal: a backlog larger than a batch is taken whole, in sets.
/// Method: 230 mails in batches of 50; the commands are counted.
#[sqlx::test(migrations = "./migrations")]
async fn a_backlog_is_taken_in_batches(pool: PgPool) {
    let fake = Fake::new().start().await;
    for n in 0..230 {
        fake.deliver(&mail(&format!("mail {n}")));
    }
    let running = start(watcher(&pool, imap(fake.port)));
    counts(&pool, CLEARED, 230).await;
    running.stop().await;
    let bodies = fake
        .folder()
        .log
        .iter()
        .filter(|(_, l)| l.contains("BODY.PEEK"))
        .count();
    assert_eq!((bodies, fake.count("UID STORE")), (5, 1));
}

/// Goal: TLS is spoken with a server whose authority we were told of, and with no other.
/// Method: a fresh authority; with and without `ca_file`, and another host name.
#[sqlx::test(migrations = "./migrations")]
async fn tls_is_believed_only_with_a_known_authority(pool: PgPool) {
    let made = certificate(&["localhost"], 2099);
    let ca = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(ca.path(), &made.0).expect("written");
    let fake = Fake::new().tls(made.1).start().await;
    fake.deliver(&mail("one"));
    let secure = |host: &str, known: bool| Imap {
        host: host.to_owned(),
        security: Security::Tls,
        ca_file: known.then(|| ca.path().to_owned()),
        ..imap(fake.port)
    };
    for (imap, mend) in [
        (secure("localhost", false), "imap.ca_file"),
        (secure("127.0.0.1", true), "imap.host"),
    ] {
        let (failure, _) = start(watcher(&pool, imap)).failure().await;
        assert!(
            matches!(failure, MailboxError::Certificate { .. }),
            "{failure}"
        );
        assert!(failure.to_string().contains(mend), "{failure}");
    }
    assert_eq!(fake.count("LOGIN"), 0);
    let running = start(watcher(&pool, secure("localhost", true)));
    counts(&pool, JUDGED, 1).await;
    running.stop().await;
}

/// Goal: an expired certificate is named as that, and a server without TLS as that.
/// Method: one of the year 2001; a plain server.
#[sqlx::test(migrations = "./migrations")]
async fn an_expired_certificate_is_named(pool: PgPool) {
    let made = certificate(&["localhost"], 2001);
    let ca = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(ca.path(), &made.0).expect("written");
    let fake = Fake::new().tls(made.1).start().await;
    let plain = Fake::new().start().await;
    let secure = |port| Imap {
        host: "localhost".to_owned(),
        security: Security::Tls,
        ca_file: Some(ca.path().to_owned()),
        ..imap(port)
    };
    let (failure, _) = start(watcher(&pool, secure(fake.port))).failure().await;
    assert!(failure.to_string().contains("expired"), "{failure}");
    let (failure, _) = start(watcher(&pool, secure(plain.port))).failure().await;
    assert!(
        matches!(failure, MailboxError::Handshake { .. }),
        "{failure}"
    );
    assert!(failure.to_string().contains("imap.security"), "{failure}");
}

/// An authority in PEM, and a server whose certificate it signed.
fn certificate(names: &[&str], until: i32) -> (String, tokio_rustls::TlsAcceptor) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let authority =
        rcgen::CertifiedIssuer::self_signed(authority, authority_key).expect("an authority");
    let mut leaf = rcgen::CertificateParams::new(names).expect("parameters");
    leaf.not_before = rcgen::date_time_ymd(2000, 1, 1);
    leaf.not_after = rcgen::date_time_ymd(until, 1, 1);
    let leaf_key = rcgen::KeyPair::generate().expect("a key");
    let leaf = leaf
        .signed_by(&leaf_key, &authority)
        .expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(leaf_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a server");
    (
        authority.pem(),
        tokio_rustls::TlsAcceptor::from(Arc::new(config)),
    )
}

/// Goal: a reply that says something goes to the handler, once, and gets what came of it as its
/// verdict. Method: the real reader; a token that nobody was given; then the crash before the
/// verdict was stored.
#[sqlx::test(migrations = "./migrations")]
async fn a_reply_is_handed_to_the_handler(pool: PgPool) {
    sqlx::query(
        "INSERT INTO policy_book (applied_at, applied_by, source, book)
         VALUES (now(), 'test', '', $1)",
    )
    .bind(serde_json::to_value(crate::workflow::book::Book::default()).expect("a book"))
    .execute(&pool)
    .await
    .expect("a book");
    let token = "abcdefghijklmnopqrstuvwxya";
    let reply = format!(
        "From: a@example.test\r\nTo: bot+{token}@example.test\r\nMessage-ID: <r@example.test>\r\n\
         Date: Sat, 21 Nov 2026 05:00:00 +0000\r\n\r\nAPPROVE\r\n"
    );
    let fake = Fake::new().start().await;
    fake.deliver(reply.as_bytes());
    let real = || Watcher::new(imap(fake.port), rules(), handler(&pool), None);
    let running = start(real());
    counts(&pool, CLEARED, 1).await;
    running.stop().await;
    let handled =
        "SELECT count(*) FROM inbound WHERE key LIKE 'mail/%' AND outcome = 'unidentified'";
    let silent = "SELECT count(*) FROM inbound_mail WHERE verdict = 'silent'";
    counts(&pool, handled, 1).await;
    counts(&pool, silent, 1).await;
    sqlx::query("UPDATE inbound_mail SET judged_at = NULL, verdict = NULL, why = NULL")
        .execute(&pool)
        .await
        .expect("as after a crash");
    let running = start(real());
    counts(&pool, JUDGED, 1).await;
    running.stop().await;
    counts(&pool, "SELECT count(*) FROM audit_event", 1).await;
}
