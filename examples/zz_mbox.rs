use countersign::{
    clock::Clock,
    config::*,
    handle::Handler,
    inbound::mail::{Rules, mailbox::Watcher},
    token::Keyring,
};
use secrecy::SecretString;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
#[tokio::main]
async fn main() {
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(12)
        .connect(&std::env::var("DATABASE_URL").unwrap())
        .await
        .unwrap();
    let n: i64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let host = "localhost".to_owned();
    let imap = Imap {
        host,
        port: 21993,
        security: Security::Tls,
        login: Login {
            username: "approvals".into(),
            password: SecretString::from("secret"),
        },
        ca_file: Some("/tmp/mbdv/tls/ca.pem".into()),
        mailbox: "INBOX".into(),
        processed: std::env::args().nth(2).filter(|s| s != "-"),
        idle_renewal: Duration::from_secs(300),
        poll_every: Duration::from_secs(300),
        timeout: Duration::from_secs(30),
        batch: 100,
        max_mail_bytes: 1 << 20,
    };
    let keys = TokenKeys {
        current: "k".into(),
        keys: vec![(
            "k".into(),
            SecretString::from(data_encoding::BASE64.encode(&[7; 32])),
        )],
    };
    let h = Handler {
        pool: pool.clone(),
        clock: Clock::system(),
        keys: Arc::new(Keyring::new(&keys).unwrap()),
        wake: Arc::default(),
    };
    let rules = Rules {
        reply_to: "approvals@example.test".into(),
        own_address: "approvals@example.test".into(),
        message_id_domain: "example.test".into(),
        authserv_id: None,
        authserv_hops: 0,
        exempt_domains: ["example.test".to_owned()].into(),
        approve_words: ["APPROVE".to_owned()].into(),
        disapprove_words: ["DISAPPROVE".to_owned()].into(),
    };
    let w = Arc::new(Watcher::new(imap, rules, h));
    let t = Instant::now();
    let c = tokio_util::sync::CancellationToken::new();
    let (w2, c2) = (w.clone(), c.clone());
    let task = tokio::spawn(async move { w2.run(c2).await });
    let mut judged_at = None;
    loop {
        if task.is_finished() {
            println!("{:?}", task.await);
            return;
        }
        let (j, cl): (i64, i64) = sqlx::query_as("select (select count(*) from inbound_mail where judged_at is not null), (select count(*) from inbound_location where cleared_at is not null)").fetch_one(&pool).await.unwrap();
        if j >= n && judged_at.is_none() {
            judged_at = Some(t.elapsed());
        }
        if cl >= n {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cleared = t.elapsed();
    println!(
        "judged {:?} = {:.0}/s cleared {:?} = {:.0}/s {:?}",
        judged_at,
        n as f64 / judged_at.unwrap().as_secs_f64(),
        cleared,
        n as f64 / cleared.as_secs_f64(),
        *w.status().borrow()
    );
    if std::env::args().nth(3).is_some() {
        println!("watching");
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    c.cancel();
    println!("{:?}", task.await);
    let v: Vec<(String, String, i64)> =
        sqlx::query_as("select verdict, why, count(*) from inbound_mail group by 1,2")
            .fetch_all(&pool)
            .await
            .unwrap();
    println!("{v:?}");
}
