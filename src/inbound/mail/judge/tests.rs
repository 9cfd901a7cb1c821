//! Batches of mails on a real database, with a name server that says, or does not say, what it is told to.

mod bounces;

use std::time::Duration;

use countersign_sandbox as sandbox;
use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::time::{Instant, timeout};

use super::*;
use crate::config::proof::{Alignment, Dkim, Dns};
use crate::handle::tests::world::{World, one_step, until};
use crate::inbound::mail::read::tests::rules;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{Decision, Window};

const DOMAIN: &str = "example.com";

/// An office with a request that ann and ben were asked about, and a judge that asks this name server.
struct Desk {
    world: World,
    judge: Judge,
    dns: sandbox::Dns,
    signer: sandbox::Signer,
    request: RequestId,
}

impl Desk {
    /// With this wait for one answer of the name server.
    async fn open(pool: PgPool, patience: Duration) -> Self {
        let world = World::new(pool, one_step(&["ann", "ben"], 2, 1)).await;
        let request = world.filed().await;
        let dns = sandbox::Dns::start().await.expect("a name server");
        let signer = sandbox::Signer::ed25519(DOMAIN, "s").expect("a key");
        dns.publishes(&signer);
        let rules = Rules {
            authserv_id: None,
            dkim: Some(Dkim {
                alignment: Alignment::Strict,
                least_rsa_bits: 1024,
            }),
            ..rules()
        };
        let resolver = Resolver::new(&Dns {
            servers: vec![dns.address()],
            timeout: patience,
            ..Dns::default()
        });
        let resolver = resolver.expect("a resolver");
        Self {
            judge: Judge::new(rules, world.handler.clone(), Some(resolver)),
            world,
            dns,
            signer,
            request,
        }
    }

    /// A reply with somebody's token, as it is written.
    async fn reply(&self, whose: &str, from: &str) -> String {
        let token = self.world.written_token(self.request, whose).await;
        let id = crate::clock::new_id();
        format!(
            "Delivered-To: approvals+{0}@bot.test\r\nFrom: {from}\r\nTo: approvals+{0}@bot.test\r\n\
             Subject: Re: {1}\r\nMessage-ID: <{id}@{DOMAIN}>\r\n\r\nAPPROVE\r\n",
            token.expose(),
            self.request,
        )
    }

    async fn signed_reply(&self, whose: &str) -> Vec<u8> {
        let mail = self.reply(whose, &format!("{whose}@{DOMAIN}")).await;
        self.signer.sign(mail.as_bytes()).expect("signed")
    }

    /// Puts a mail there as the inbox loop does; its number.
    async fn records(&self, raw: &[u8]) -> i64 {
        let size = i64::try_from(raw.len()).expect("small");
        sqlx::query_scalar(
            "INSERT INTO inbound_mail (sha256, size, raw, recorded_at)
             VALUES (sha256($1), $2, $1, to_timestamp($3)) RETURNING id",
        )
        .bind(raw)
        .bind(size)
        .bind(self.world.handler.clock.now().as_second())
        .fetch_one(&self.world.pool)
        .await
        .expect("recorded")
    }

    /// Judges what is due.
    async fn judges(&self) -> Result<(), sqlx::Error> {
        let mut conn = self.world.pool.acquire().await?;
        let now = self.world.handler.clock.now();
        let due = inbox::take_waiting(&mut conn, 100, false, now).await?;
        drop(conn);
        self.judge.batch(due).await
    }

    async fn verdict(&self, id: i64) -> (String, String) {
        let sql = "SELECT coalesce(verdict, ''), coalesce(why, '') FROM inbound_mail WHERE id = $1";
        let row = sqlx::query_as(sql).bind(id);
        row.fetch_one(&self.world.pool).await.expect("a mail")
    }

    async fn alarms(&self, kind: &str) -> i64 {
        let sql = "SELECT count(*) FROM alarm WHERE kind = $1";
        let count = sqlx::query_scalar(sql).bind(kind);
        count.fetch_one(&self.world.pool).await.expect("a number")
    }

    async fn run(&self, sql: &'static str) {
        let done = sqlx::raw_sql(sql).execute(&self.world.pool).await;
        done.expect(sql);
    }

    async fn close(self) {
        drop(self.judge);
        self.world.check().await;
    }
}

/// Goal: a token in a stranger's hands makes us ask nobody, and is an alarm at once; its owner makes us ask.
/// Method: ann's token from an address that signs well, and whose name server is silent; then ann herself.
#[sqlx::test(migrations = "./migrations")]
async fn only_a_token_s_owner_makes_us_ask(pool: PgPool) {
    let desk = Desk::open(pool, Duration::from_secs(10)).await;
    desk.dns
        .says(&desk.signer.key_name(), sandbox::Answer::Silence);
    for from in ["mallory@example.com", "ben@example.com"] {
        let mail = desk.reply("ann", from).await;
        let signed = desk.signer.sign(mail.as_bytes()).expect("signed");
        let id = desk.records(&signed).await;
        desk.judges().await.expect("judged");
        let (verdict, why) = desk.verdict(id).await;
        assert_eq!(verdict, "alarm", "{from}: {why}");
    }
    assert_eq!(desk.alarms("foreign-sender").await, 2);
    assert_eq!(desk.dns.asked_at_all(), 0, "nobody was asked");
    desk.dns.publishes(&desk.signer);
    let id = desk.records(&desk.signed_reply("ann").await).await;
    desk.judges().await.expect("judged");
    assert_eq!(desk.verdict(id).await.0, "decision");
    assert_eq!(desk.dns.asked(&desk.signer.key_name()), 1);
    desk.close().await;
}

/// Goal: a silent name server keeps nobody waiting who does not need it, and no batch for long; mails of a
/// domain with many checks under way wait without asking. Method: many signed replies before one of another
/// kind, against silence; the one's verdict is there while the batch still waits; then a second batch.
#[sqlx::test(migrations = "./migrations")]
async fn nobody_waits_for_a_silent_server(pool: PgPool) {
    let desk = Desk::open(pool, Duration::from_mins(1)).await;
    desk.dns
        .says(&desk.signer.key_name(), sandbox::Answer::Silence);
    for _ in 0..20 {
        desk.records(&desk.signed_reply("ann").await).await;
    }
    let other = desk.records(b"From: a@x.test\r\n\r\nno token\r\n").await;
    let begun = Instant::now();
    let batch = desk.judges();
    let seen = until("the other's verdict", async || {
        desk.verdict(other).await.0 == "silent"
    });
    let seen = async {
        seen.await;
        begun.elapsed()
    };
    let both = timeout(prove::BATCH_WAITS * 3, futures::future::join(batch, seen)).await;
    let (judged, seen) = both.expect("a batch does not wait for long");
    judged.expect("judged");
    assert!(seen < prove::BATCH_WAITS, "it waited for others: {seen:?}");
    let later = "SELECT count(*) FROM inbound_mail WHERE verdict = 'later'";
    let later: i64 = sqlx::query_scalar(later)
        .fetch_one(&desk.world.pool)
        .await
        .expect("a number");
    assert_eq!(later, 20);
    desk.records(&desk.signed_reply("ben").await).await;
    let begun = Instant::now();
    desk.judges().await.expect("judged");
    assert!(
        begun.elapsed() < prove::BATCH_WAITS,
        "the domain has its share"
    );
    desk.close().await;
}

/// Goal: what a slow name server says after the batch has gone on counts at the next judgement.
/// Method: silence until the batch is over, then the key, at the resolver's second try; its report is kept,
/// and nothing further is asked for.
#[sqlx::test(migrations = "./migrations")]
async fn a_slow_answer_is_kept(pool: PgPool) {
    let desk = Desk::open(pool, prove::BATCH_WAITS + Duration::from_secs(1)).await;
    let key = desk.signer.key_name();
    desk.dns.says(&key, sandbox::Answer::Silence);
    let id = desk.records(&desk.signed_reply("ann").await).await;
    desk.judges().await.expect("judged");
    assert_eq!(desk.verdict(id).await.0, "later");
    desk.dns.publishes(&desk.signer);
    let kept = "SELECT proof IS NOT NULL FROM inbound_mail WHERE id = $1";
    until("the report", async || {
        let kept = sqlx::query_scalar(kept).bind(id);
        kept.fetch_one(&desk.world.pool).await.expect("a mail")
    })
    .await;
    let asked = desk.dns.asked(&key);
    desk.dns.text(&key, "v=DKIM1; p=");
    desk.world
        .handler
        .clock
        .advance(SignedDuration::from_mins(1));
    desk.judges().await.expect("judged");
    assert_eq!(desk.verdict(id).await.0, "decision");
    assert_eq!(desk.dns.asked(&key), asked);
    desk.close().await;
}

/// Goal: a reply that DNS did not prove within a day is an alarm, and decides nothing. Method: SERVFAIL until
/// then and after it; the alarm is told once, however often the mail is judged.
#[sqlx::test(migrations = "./migrations")]
async fn never_proven_is_an_alarm(pool: PgPool) {
    let desk = Desk::open(pool, Duration::from_secs(1)).await;
    desk.dns
        .says(&desk.signer.key_name(), sandbox::Answer::ServFail);
    let id = desk.records(&desk.signed_reply("ann").await).await;
    for hours in [0, 12, 11] {
        desk.world.advance(hours);
        desk.judges().await.expect("judged");
        assert_eq!(desk.verdict(id).await.0, "later");
    }
    desk.world.advance(1);
    desk.judges().await.expect("judged");
    let (verdict, why) = desk.verdict(id).await;
    assert_eq!(verdict, "alarm", "{why}");
    assert!(why.contains("within 24 hours"), "{why}");
    desk.run("UPDATE inbound_mail SET judged_at = NULL, verdict = NULL")
        .await;
    desk.judges().await.expect("judged");
    assert_eq!(desk.verdict(id).await, (verdict, why));
    assert_eq!(desk.alarms("never-proven").await, 1);
    assert_eq!(desk.world.count("vote").await, 0);
    desk.close().await;
}

/// Goal: a fault of the database that one suspected mail has puts off that mail alone, and loses nothing.
/// Method: a trigger that refuses alarms; a foreign sender between two that are judged; then
/// the trigger goes.
#[sqlx::test(migrations = "./migrations")]
async fn a_fault_of_one_suspect_stops_nobody(pool: PgPool) {
    let desk = Desk::open(pool, Duration::from_secs(1)).await;
    desk.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no alarms today'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON alarm FOR EACH ROW EXECUTE FUNCTION refuse();",
    )
    .await;
    let first = desk.records(b"From: a@x.test\r\n\r\nno token\r\n").await;
    let foreign = desk.reply("ann", "mallory@example.com").await;
    let foreign = desk.records(foreign.as_bytes()).await;
    let vote = desk.records(&desk.signed_reply("ben").await).await;
    desk.judges().await.expect("a batch that ends well");
    assert_eq!(desk.verdict(first).await.0, "silent");
    assert_eq!(desk.verdict(vote).await.0, "decision");
    let (verdict, why) = desk.verdict(foreign).await;
    assert_eq!(verdict, "later");
    assert!(why.contains("no alarms today"), "{why}");
    assert_eq!(
        desk.world.owed("ask", "ann").await,
        1,
        "nothing of it is left"
    );
    desk.run("DROP TRIGGER refuse ON alarm").await;
    desk.world
        .handler
        .clock
        .advance(SignedDuration::from_mins(1));
    desk.judges().await.expect("judged");
    assert_eq!(desk.verdict(foreign).await.0, "alarm");
    assert_eq!(desk.alarms("foreign-sender").await, 1);
    assert_eq!(desk.world.owed("ask", "ann").await, 2, "asked anew, once");
    let voted = desk.world.request(desk.request).await;
    let approvals = voted
        .votes
        .iter()
        .filter(|v| v.decision == Decision::Approve);
    assert_eq!(approvals.count(), 1, "ben's vote counts once");
    desk.close().await;
}

/// Goal: times in a reply count from when it came in, not from when it is judged (W16). Method: a reply that
/// lay in the mailbox for three hours before a daemon saw it, which then was down for two more.
#[sqlx::test(migrations = "./migrations")]
async fn w16_a_window_counts_from_the_arrival(pool: PgPool) {
    let desk = Desk::open(pool, Duration::from_secs(1)).await;
    let clock = desk.world.handler.clock.clone();
    let mail = desk.reply("ann", "ann@example.com").await;
    let mail = mail.replace("APPROVE\r\n", "APPROVE\r\n\r\nfrom now for 8h\r\n");
    let signed = desk.signer.sign(mail.as_bytes()).expect("signed");
    clock.advance(SignedDuration::from_secs(2));
    let came = clock.now();
    clock.advance(SignedDuration::from_hours(3));
    let id = desk.records(&signed).await;
    sqlx::query("UPDATE inbound_mail SET arrived_at = to_timestamp($1) WHERE id = $2")
        .bind(came.as_second())
        .bind(id)
        .execute(&desk.world.pool)
        .await
        .expect("its date");
    clock.advance(SignedDuration::from_hours(2));
    desk.judges().await.expect("judged");
    let (verdict, why) = desk.verdict(id).await;
    assert_eq!(verdict, "decision", "{why}");
    let start = Timestamp::from_second(came.as_second()).expect("a time");
    let end = start + SignedDuration::from_hours(8);
    let request = desk.world.request(desk.request).await;
    assert_eq!(request.window, Window::Fixed { start, end });
    desk.close().await;
}

/// Goal: where it cannot be looked up whose tokens some mails carry, those alone wait, and count once later.
/// Method: the table of tokens away for a moment; a signed reply and a mail without a token.
#[sqlx::test(migrations = "./migrations")]
async fn a_lookup_that_fails_stops_nobody(pool: PgPool) {
    let desk = Desk::open(pool, Duration::from_secs(1)).await;
    let vote = desk.records(&desk.signed_reply("ann").await).await;
    let other = desk.records(b"From: a@x.test\r\n\r\nno token\r\n").await;
    desk.run("ALTER TABLE token RENAME TO token_away").await;
    desk.judges().await.expect("a batch that ends well");
    desk.run("ALTER TABLE token_away RENAME TO token").await;
    assert_eq!(desk.verdict(other).await.0, "silent");
    assert_eq!(desk.verdict(vote).await.0, "later");
    assert_eq!(desk.dns.asked_at_all(), 0);
    desk.world
        .handler
        .clock
        .advance(SignedDuration::from_mins(1));
    desk.judges().await.expect("judged");
    assert_eq!(desk.verdict(vote).await.0, "decision");
    assert_eq!(desk.world.count("vote").await, 1);
    desk.close().await;
}
