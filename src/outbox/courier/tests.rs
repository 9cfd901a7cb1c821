//! The loop on a real database, against a scripted SMTP server.

use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use super::*;
use crate::outbound::Link;
use crate::outbound::mail::fake::{Script, Server};
use crate::outbound::mail::{Mailer, Sender};
use crate::outbox::bell::{self, Bell};
use crate::render::Renderer;
use crate::store::bell::ring;
use crate::store::outbox::testing::{
    apply_book, cancel, keys, owe_at, owe_waiting, request, state,
};
use crate::store::outbox::{DeliveryRow, Filter};
use crate::workflow::notice::Kind;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

const HOLDS: Script = Script {
    offers: "",
    rcpt: None,
    auth: None,
    starttls: "",
    mute: false,
    drops: false,
    holds: true,
};

fn refuses(rcpt: &'static str) -> Script {
    Script {
        rcpt: Some(rcpt),
        ..Script::default()
    }
}

/// A courier under way, or what one needs to begin.
struct World {
    courier: Courier<Mail>,
    server: Server,
}

/// A courier under way.
struct Running {
    cancel: CancellationToken,
    ended: tokio::task::JoinHandle<Result<(), CourierError>>,
    link: tokio::sync::watch::Receiver<Link>,
}

impl World {
    async fn new(pool: &PgPool, script: Script) -> Self {
        request(pool).await;
        let server = Server::start(script).await;
        let options = (*pool.connect_options()).clone();
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .connect_with(options);
        let courier = Courier {
            pool: pool.await.expect("the test's database"),
            clock: Clock::system(),
            carrier: Arc::new(mail(&server)),
            wake: Arc::new(Notify::new()),
            backlog: Backlog::default(),
            period: PERIOD,
        };
        Self { courier, server }
    }

    /// A loop as the daemon has it; after a crash another, with connections of its own.
    fn start(&self) -> Running {
        let cancel = CancellationToken::new();
        let courier = Courier {
            carrier: Arc::new(mail(&self.server)),
            ..self.courier.clone()
        };
        let link = courier.carrier.mailer.link();
        let ended = tokio::spawn(run(courier, cancel.clone()));
        Running {
            cancel,
            ended,
            link,
        }
    }

    /// Owes deliveries as a commit does, and rings.
    async fn owe(&self, kind: Kind, count: usize) {
        let courier = &self.courier;
        owe_at(&courier.pool, kind, count, courier.clock.now()).await;
        courier.wake.notify_waiters();
    }

    async fn rows(&self, filter: Filter) -> Vec<DeliveryRow> {
        let mut conn = self.courier.pool.acquire().await.expect("a connection");
        outbox::list(&mut conn, filter).await.expect("a list")
    }

    async fn count(&self, state: &'static str) -> i64 {
        let sql = "SELECT count(*) FROM delivery WHERE state = $1";
        let count = sqlx::query_scalar(sql).bind(state);
        count.fetch_one(&self.courier.pool).await.expect("a count")
    }

    async fn becomes(&self, wanted: &'static str, count: i64) {
        until(wanted, async || self.count(wanted).await == count).await;
    }

    /// The one delivery there is.
    async fn only(&self) -> Uuid {
        let id = sqlx::query_scalar("SELECT id FROM delivery");
        id.fetch_one(&self.courier.pool).await.expect("a delivery")
    }

    /// What became of every try, in order; none: it never ended.
    async fn outcomes(&self) -> Vec<Option<String>> {
        let sql = "SELECT outcome FROM attempt ORDER BY delivery_id, number";
        let outcomes = sqlx::query_scalar(sql).fetch_all(&self.courier.pool);
        outcomes.await.expect("the attempts")
    }

    async fn hears(&self, like: &str, times: usize) {
        until(like, async || self.server.lines(like).len() >= times).await;
    }

    /// No connection may be left when the tester drops the database.
    async fn end(self) {
        self.courier.pool.close().await;
    }
}

impl Running {
    async fn stop(self) {
        self.cancel.cancel();
        let ended = tokio::time::timeout(PATIENCE, self.ended).await;
        let ended = ended.expect("stops in time").expect("no panic");
        ended.expect("stops well");
    }

    /// Ends it as the end of the process does.
    async fn crash(self) {
        self.ended.abort();
        let ended = self.ended.await;
        assert!(ended.expect_err("aborted").is_cancelled());
    }
}

fn mail(server: &Server) -> Mail {
    Mail {
        keys: Arc::new(keys()),
        renderer: Arc::new(Renderer::new(None).expect("our own templates")),
        mailer: Arc::new(mailer(server)),
        reply_to: "approvals@bot.test".into(),
        public_url: Some("https://decide.bot.test".into()),
    }
}

fn mailer(server: &Server) -> Mailer {
    let sender = Sender {
        name: "Approvals".into(),
        address: "bot@bot.test".into(),
        reply_to: "approvals@bot.test".into(),
        domain: "id.test".into(),
    };
    let smtp = crate::config::Smtp {
        connections: 2,
        timeout: Duration::from_secs(5),
        ..server.smtp()
    };
    Mailer::new(smtp, sender)
}

/// Asks until the answer is yes, for [`PATIENCE`].
async fn until(what: &str, asked: impl AsyncFn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !asked().await {
            tokio::task::yield_now().await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("{what}: waited in vain"));
}

fn once(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines.dedup();
    lines
}

/// Goal: a commit that rings is sent at once, not at the next look.
/// Method: an idle loop, a delivery, a ring; sent well within [`PERIOD`], each once, with one try.
#[sqlx::test(migrations = "./migrations")]
async fn a_ring_sends_at_once(pool: PgPool) {
    let world = World::new(&pool, Script::default()).await;
    let running = world.start();
    world.owe(Kind::Ask, 1).await;
    world.becomes("sent", 1).await;
    // It is idle by now, and would sleep for as long as it may.
    let rung = Instant::now();
    world.owe(Kind::Ask, 5).await;
    world.becomes("sent", 6).await;
    assert!(rung.elapsed() < PERIOD / 2, "{:?}", rung.elapsed());
    running.stop().await;
    let ids = world.server.lines("Message-ID: ");
    assert_eq!((ids.len(), once(ids).len()), (6, 6));
    assert_eq!(world.outcomes().await, vec![Some("sent".to_owned()); 6]);
    world.end().await;
}

/// Goal: what another process leaves is sent when it rings, not at the next look.
/// Method: a loop that would sleep for a day, a delivery of somebody who does not share its wake-up, and
/// their rings at the bell until it is sent.
#[sqlx::test(migrations = "./migrations")]
async fn a_ring_of_another_process_sends_at_once(pool: PgPool) {
    let mut world = World::new(&pool, Script::default()).await;
    world.courier.period = Duration::from_hours(24);
    let running = world.start();
    world.owe(Kind::Ask, 1).await;
    world.becomes("sent", 1).await;
    let bell = Bell {
        pool: pool.clone(),
        me: "daemon".to_owned(),
        committed: Arc::default(),
        wake: world.courier.wake.clone(),
        look: Arc::default(),
    };
    let cancel = CancellationToken::new();
    let listening = tokio::spawn(bell::hear(bell, cancel.clone()));
    let now = world.courier.clock.now();
    owe_at(&pool, Kind::Ask, 1, now).await;
    until("it is sent", async || {
        ring(&pool, "command line").await.expect("rings");
        world.count("sent").await == 2
    })
    .await;
    cancel.cancel();
    listening.await.expect("no panic").expect("ends");
    running.stop().await;
    world.end().await;
}

/// Goal: a server that is down uses up no try, loses nothing, and is complained of; when it is back, all
/// goes out.
/// Method: end the server before and while deliveries are owed, with an idle connection open; start it.
#[sqlx::test(migrations = "./migrations")]
async fn an_outage_counts_no_try(pool: PgPool) {
    let mut world = World::new(&pool, Script::default()).await;
    let running = world.start();
    world.owe(Kind::Ask, 1).await;
    world.becomes("sent", 1).await;
    world.server.stop().await;
    world.owe(Kind::Ask, 5).await;
    let told = async || {
        let owed = world.rows(Filter::Owed).await;
        owed.iter().any(|row| row.last_error.is_some())
    };
    until("it is noticed", told).await;
    world.becomes("pending", 5).await;
    let owed = world.rows(Filter::Owed).await;
    assert!(owed.iter().all(|row| row.attempts == 0), "{owed:?}");
    assert!(running.link.borrow().complaint().is_some());
    world.server.start_again().await;
    world.becomes("sent", 6).await;
    assert_eq!(*running.link.borrow(), Link::Up);
    running.stop().await;
    assert_eq!(world.outcomes().await, vec![Some("sent".to_owned()); 6]);
    world.end().await;
}

/// Goal: a stop leaves nothing half done: what is under way is finished and written down, what is not
/// begun is given back uncounted, and nothing more is claimed.
/// Method: a server that takes two contents and holds its yes; stop; only then its yes.
#[sqlx::test(migrations = "./migrations")]
async fn a_stop_finishes_what_it_began(pool: PgPool) {
    let world = World::new(&pool, HOLDS).await;
    world.owe(Kind::Ask, 6).await;
    let running = world.start();
    world.hears(".", 2).await;
    running.cancel.cancel();
    // What was leased and not begun is back, while both sends are still under way.
    world.becomes("pending", 4).await;
    assert_eq!(world.count("leased").await, 2);
    assert!(!running.ended.is_finished());
    world.server.answers(Script::default());
    running.stop().await;
    assert_eq!(
        (world.count("sent").await, world.count("pending").await),
        (2, 4)
    );
    assert_eq!(world.server.lines("Message-ID: ").len(), 2);
    assert_eq!(world.outcomes().await, vec![Some("sent".to_owned()); 2]);
    let owed = world.rows(Filter::Owed).await;
    assert!(owed.iter().all(|row| row.attempts == 0), "{owed:?}");
    world.end().await;
}

/// Goal: a process that ends between the server's yes and its own note sends the same mail again, when
/// its lease is over and not before. Method: a held yes, a crash, another loop; then the lease made over.
#[sqlx::test(migrations = "./migrations")]
async fn a_crash_sends_the_same_mail_again(pool: PgPool) {
    let world = World::new(&pool, HOLDS).await;
    world.owe(Kind::Ask, 1).await;
    let dies = world.start();
    world.hears(".", 1).await;
    dies.crash().await;
    world.server.answers(Script::default());
    let lives = world.start();
    // Rung in vain: another one, owed meanwhile, passes by.
    world.owe(Kind::Refused, 1).await;
    world.becomes("sent", 1).await;
    assert_eq!(world.count("leased").await, 1);
    let over = "UPDATE delivery SET lease_until = clock_timestamp() WHERE state = 'leased'";
    let over = sqlx::query(over).execute(&world.courier.pool).await;
    assert_eq!(over.expect("is over").rows_affected(), 1);
    world.courier.wake.notify_waiters();
    world.becomes("sent", 2).await;
    lives.stop().await;
    let ids = world.server.lines("Message-ID: ");
    assert_eq!((ids.len(), once(ids).len()), (3, 2), "one of them twice");
    let mut outcomes = world.outcomes().await;
    outcomes.sort();
    let sent = Some("sent".to_owned());
    assert_eq!(outcomes, [None, sent.clone(), sent]);
    world.end().await;
}

/// Goal: what waited for a digest goes out in one mail, the same one after a crash, and then never again.
/// Method: three that waited past their hour; a held yes, a crash, another loop, the lease made over.
#[sqlx::test(migrations = "./migrations")]
async fn a_digest_is_one_mail_across_a_crash(pool: PgPool) {
    let world = World::new(&pool, HOLDS).await;
    apply_book(&pool, true).await;
    let long_ago = world.courier.clock.now() - jiff::SignedDuration::from_hours(48);
    for _ in 0..3 {
        owe_waiting(&pool, Kind::Settled, long_ago).await;
    }
    let dies = world.start();
    world.hears(".", 1).await;
    dies.crash().await;
    world.server.answers(Script::default());
    let over = "UPDATE delivery SET lease_until = clock_timestamp() WHERE state = 'leased'";
    let over = sqlx::query(over).execute(&world.courier.pool).await;
    assert_eq!(over.expect("is over").rows_affected(), 1);
    let lives = world.start();
    world.becomes("sent", 1).await;
    assert_eq!(world.count("gathered").await, 3);
    assert_eq!(world.rows(Filter::Owed).await.len(), 0);
    lives.stop().await;
    let ids = world.server.lines("Message-ID: ");
    assert_eq!((ids.len(), once(ids).len()), (2, 1), "one mail, twice");
    let unsubscribe = world
        .server
        .lines("List-Unsubscribe: <mailto:ada@example.test");
    assert_eq!(unsubscribe.len(), 2);
    world.end().await;
}

/// Goal: an ask that nobody needs any more is not tried again, and one that is out already counts as sent.
/// Method: cancel while the server holds its answer; once it then says later, once yes.
#[sqlx::test(migrations = "./migrations")]
async fn an_ask_is_cancelled_while_it_is_leased(pool: PgPool) {
    let world = World::new(&pool, HOLDS).await;
    let running = world.start();
    for (answer, becomes) in [
        (
            Script {
                drops: true,
                ..Script::default()
            },
            "cancelled",
        ),
        (Script::default(), "sent"),
    ] {
        world.server.answers(HOLDS);
        let before = world.server.lines(".").len();
        world.owe(Kind::Ask, 1).await;
        world.hears(".", before + 1).await;
        let now = world.courier.clock.now();
        cancel(&world.courier.pool, &[1], now).await;
        assert_eq!(world.rows(Filter::Owed).await.len(), 1, "it is under way");
        world.server.answers(answer);
        world.becomes(becomes, 1).await;
        assert_eq!(world.rows(Filter::Owed).await.len(), 0);
    }
    running.stop().await;
    assert_eq!(world.server.lines(".").len(), 2);
    world.end().await;
}

/// Goal: what the server refuses for good is given up, visible with the reason, and goes out once the
/// operator says so. Method: 550, the list, `retry`; the mail is the same.
#[sqlx::test(migrations = "./migrations")]
async fn what_gave_up_is_retried_by_hand(pool: PgPool) {
    let world = World::new(&pool, refuses("550 5.1.1 no such user")).await;
    let running = world.start();
    world.owe(Kind::Ask, 1).await;
    world.becomes("given_up", 1).await;
    let given_up = world.rows(Filter::GivenUp).await;
    let why = given_up[0].last_error.as_deref().expect("a reason");
    assert!(why.contains("no such user"), "{why}");
    world.server.answers(Script::default());
    let id = world.only().await;
    let now = world.courier.clock.now();
    let mut conn = world.courier.pool.acquire().await.expect("a connection");
    assert!(outbox::retry(&mut conn, id, now).await.expect("retries"));
    drop(conn);
    world.courier.wake.notify_waiters();
    world.becomes("sent", 1).await;
    running.stop().await;
    assert_eq!(world.rows(Filter::GivenUp).await.len(), 0);
    let outcomes = [Some("give_up".to_owned()), Some("sent".to_owned())];
    assert_eq!(world.outcomes().await, outcomes);
    world.end().await;
}

/// Goal: a server that says later is asked again at the stored time, and not before.
/// Method: 450, then yes; rung before the time, then with the clock moved on.
#[sqlx::test(migrations = "./migrations")]
async fn later_is_kept_to(pool: PgPool) {
    let world = World::new(&pool, refuses("450 4.2.0 later")).await;
    let running = world.start();
    world.owe(Kind::Ask, 1).await;
    let asked = async || world.outcomes().await == [Some("retry".to_owned())];
    until("a first try", asked).await;
    world.server.answers(Script::default());
    let id = world.only().await;
    world.owe(Kind::Refused, 1).await;
    world.becomes("sent", 1).await;
    assert_eq!(state(&world.courier.pool, id).await, "pending");
    world
        .courier
        .clock
        .advance(jiff::SignedDuration::from_mins(1));
    world.courier.wake.notify_waiters();
    world.becomes("sent", 2).await;
    running.stop().await;
    world.end().await;
}

/// Goal: while a backlog is judged only a few mails go out, and when it ends all do at once.
/// Method: a backlog said to be judged, more mails than connections; then its end.
#[sqlx::test(migrations = "./migrations")]
async fn it_gives_way_to_a_backlog(pool: PgPool) {
    let world = World::new(&pool, Script::default()).await;
    let busy = world.courier.backlog.begin();
    world.owe(Kind::Ask, 12).await;
    let began = Instant::now();
    let running = world.start();
    until("a few", async || world.count("sent").await >= 2).await;
    let begun = 12 - world.count("pending").await;
    let turns = i64::try_from(began.elapsed().as_secs()).expect("few") + 1;
    assert!(begun <= 2 * turns, "{begun} in {turns} turns");
    drop(busy);
    world.becomes("sent", 12).await;
    assert!(began.elapsed() < super::super::backlog::GIVE_WAY_FOR);
    running.stop().await;
    world.end().await;
}

/// Goal: what waited too long for its turn is given back at once, counts no try, and goes out later; what is
/// in time goes out. Method: two leased, the time of one over, handed to a round that starts what it has.
#[sqlx::test(migrations = "./migrations")]
async fn what_waited_too_long_is_given_back(pool: PgPool) {
    let world = World::new(&pool, Script::default()).await;
    world.owe(Kind::Filed, 2).await;
    let mut conn = pool.acquire().await.expect("a connection");
    let due = (Mail::ROAD, world.courier.clock.now());
    let lease_for = Duration::from_mins(10);
    let claimed = outbox::claim(&mut conn, due, lease_for, (2, retry::MAX_ATTEMPTS));
    let claimed = claimed.await.expect("claims");
    let ends = [Instant::now(), Instant::now() + lease_for];
    let mut round = Round {
        courier: world.courier.clone(),
        waiting: claimed.into_iter().zip(ends).collect(),
        sending: JoinSet::new(),
        failures: 0,
        swept: None,
        courtesy: Courtesy::default(),
    };
    round.start().await.expect("starts");
    assert_eq!((round.waiting.len(), round.sending.len()), (0, 1));
    assert_eq!(world.count("pending").await, 1, "given back");
    let tries = "SELECT sum(attempts) FROM delivery WHERE state = 'pending'";
    let tries: i64 = sqlx::query_scalar(tries)
        .fetch_one(&pool)
        .await
        .expect("a number");
    assert_eq!(tries, 0, "no try was made");
    round.end().await.expect("ends");
    assert_eq!(world.count("sent").await, 1);
    let running = world.start();
    world.becomes("sent", 2).await;
    running.stop().await;
}
