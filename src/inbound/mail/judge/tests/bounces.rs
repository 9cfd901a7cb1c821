//! Bounces in a batch beside replies: what they leave, and what a fault in one of them leaves alone.

use super::*;

impl Desk {
    /// Where our own mail server has proven the senders, so that every mail of a batch is settled at once.
    async fn at_once(pool: PgPool) -> Self {
        let mut desk = Self::open(pool, Duration::from_secs(1)).await;
        desk.judge = Judge::new(rules(), desk.world.handler.clone(), None);
        desk
    }

    /// A reply that our own mail server has proven.
    async fn proven_reply(&self, whose: &str) -> Vec<u8> {
        let mail = self.reply(whose, &format!("{whose}@{DOMAIN}")).await;
        let proof = "Authentication-Results: mx.bot.test; dmarc=pass header.from=";
        format!("{proof}{DOMAIN}\r\n{mail}").into_bytes()
    }

    /// The report that what somebody was asked about a request does not reach them.
    async fn bounce(&self, request: RequestId, whose: &str) -> Vec<u8> {
        let token = self.world.written_token(request, whose).await;
        let ask: uuid::Uuid = sqlx::query_scalar(
            "SELECT id FROM delivery WHERE request_id = $1 AND person = $2 AND kind = 'ask'",
        )
        .bind(request.0)
        .bind(whose)
        .fetch_one(&self.world.pool)
        .await
        .expect("an ask");
        format!(
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.{DOMAIN}\r\nTo: bot@bot.test\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.{DOMAIN}\r\n\r\n\
             Final-Recipient: rfc822; {whose}@{DOMAIN}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
             Message-ID: <{}.{}@id.test>\r\n--b--\r\n",
            token.expose(),
            ask.simple(),
        )
        .into_bytes()
    }

    /// Another request, and every ask of both on its way.
    async fn another(&self) -> RequestId {
        let other = self.world.filed_for("prod-db-2").await;
        self.run(
            "UPDATE delivery SET state = 'sent', next_try_at = NULL, finished_at = created_at
             WHERE state = 'pending'",
        )
        .await;
        other
    }

    /// Whom mail does not reach.
    async fn marked(&self) -> Vec<String> {
        let sql = "SELECT person FROM unreachable WHERE ended_at IS NULL ORDER BY person";
        let all = sqlx::query_scalar(sql).fetch_all(&self.world.pool).await;
        all.expect("people")
    }

    /// How many events the record has of a mail.
    async fn written_down(&self, id: i64) -> i64 {
        let sql = "SELECT count(*) FROM audit_event WHERE body::jsonb ->> 'key' = $1";
        let count = sqlx::query_scalar(sql).bind(format!("mail/{id}"));
        count.fetch_one(&self.world.pool).await.expect("a number")
    }
}

/// Goal: a bounce in a batch beside replies marks whom it is about, once, and the replies count.
/// Method: ben's reply, the bounce of ann's ask, a mail without a token and ann's ask of another request coming
/// back, judged together; then the same judged again.
#[sqlx::test(migrations = "./migrations")]
async fn a_bounce_counts_beside_replies(pool: PgPool) {
    let desk = Desk::at_once(pool).await;
    let other = desk.another().await;
    let vote = desk.records(&desk.proven_reply("ben").await).await;
    let bounce = desk.records(&desk.bounce(desk.request, "ann").await).await;
    let plain = desk.records(b"From: a@x.test\r\n\r\nno token\r\n").await;
    let again = desk.records(&desk.bounce(other, "ann").await).await;
    for judged in ["first", "again"] {
        desk.judges().await.expect("judged");
        assert_eq!(desk.verdict(vote).await.0, "decision", "{judged}");
        assert_eq!(desk.verdict(plain).await.0, "silent", "{judged}");
        let (verdict, why) = desk.verdict(bounce).await;
        assert_eq!(verdict, "silent", "{judged}: {why}");
        assert!(why.contains("Mail to ann comes back (5.1.1)"), "{why}");
        let (_, why) = desk.verdict(again).await;
        assert!(why.contains("which was known"), "{judged}: {why}");
        assert_eq!(desk.marked().await, ["ann"], "{judged}");
        assert_eq!(desk.world.count("vote").await, 1, "{judged}");
        for id in [bounce, plain, again] {
            assert_eq!(desk.written_down(id).await, 1, "{judged}: {id}");
        }
    }
    desk.close().await;
}

/// Goal: a fault of the database that one bounce has puts off that mail alone and leaves nothing of it; the
/// bounce after it counts, as does a reply. Method: a trigger that refuses to mark ann; her bounce before
/// ben's and a reply; then the trigger goes.
#[sqlx::test(migrations = "./migrations")]
async fn a_fault_of_one_bounce_stops_nobody(pool: PgPool) {
    let desk = Desk::at_once(pool).await;
    let other = desk.another().await;
    desk.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no marks today'; END $$;
         CREATE TRIGGER refuse AFTER INSERT ON unreachable FOR EACH ROW
             WHEN (NEW.person = 'ann') EXECUTE FUNCTION refuse();",
    )
    .await;
    let faulty = desk.records(&desk.bounce(desk.request, "ann").await).await;
    let sound = desk.records(&desk.bounce(other, "ben").await).await;
    let vote = desk.records(&desk.proven_reply("ben").await).await;
    desk.judges().await.expect("a batch that ends well");
    let (verdict, why) = desk.verdict(faulty).await;
    assert_eq!(verdict, "later");
    assert!(why.contains("no marks today"), "{why}");
    assert_eq!(desk.written_down(faulty).await, 0, "nothing of it is left");
    let (verdict, why) = desk.verdict(sound).await;
    assert_eq!(verdict, "silent");
    assert!(why.contains("Mail to ben comes back (5.1.1)"), "{why}");
    assert_eq!(desk.written_down(sound).await, 1);
    assert_eq!(desk.marked().await, ["ben"]);
    assert_eq!(desk.verdict(vote).await.0, "decision");
    desk.run("DROP TRIGGER refuse ON unreachable").await;
    desk.world
        .handler
        .clock
        .advance(SignedDuration::from_mins(1));
    desk.judges().await.expect("judged");
    let (verdict, why) = desk.verdict(faulty).await;
    assert_eq!(verdict, "silent", "{why}");
    assert!(why.contains("Mail to ann comes back"), "{why}");
    assert_eq!(desk.marked().await, ["ann", "ben"]);
    assert_eq!(desk.written_down(faulty).await, 1);
    assert_eq!(desk.world.count("vote").await, 1, "ben's vote counts once");
    desk.close().await;
}
