//! Servers that are away, processes that are killed, two daemons at once.

use countersign::app::Daemon;
use countersign::config::{Config, Secret};
use countersign::workflow::notice::Kind;

use crate::office::{ONE_STEP, Office, until};

/// One way to break a configuration.
type Break = fn(&mut Config, &Office);

/// A port on loopback that nobody listens on.
fn dead_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Waits until readiness complains about this part with this word in it.
async fn complains(office: &Office, about: &str, word: &str) {
    until(
        &format!("/readyz complains about {about}: {word}"),
        async || {
            let why = office.daemon().complaints().await.remove(about)?;
            why.to_lowercase().contains(word).then_some(())
        },
    )
    .await;
}

/// Goal: without an SMTP server requests are filed all the same, readiness says what is wrong, and
/// every mail goes out once the server is there.
/// Method: the daemon starts against a dead port, is stopped, and starts against the real one.
#[tokio::test(flavor = "multi_thread")]
async fn smtp_is_away_and_comes_back() {
    let mut office = Office::furnish(ONE_STEP).await;
    let real = office.config.clone();
    office.config.smtp.port = dead_port();
    office.start().await;
    office.files("rita", "db-1", 1).await;
    complains(&office, "smtp", "127.0.0.1").await;
    let waiting = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'leased')";
    assert_eq!(office.count(waiting).await, 4);
    assert_eq!(
        office
            .count("SELECT count(*) FROM delivery WHERE state = 'given_up'")
            .await,
        0
    );
    office.stop().await;
    office.config = real;
    office.start().await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    office.close().await;
}

/// Goal: an inbox that cannot be opened is named with its reason and its mend, and does not keep mail
/// from going out.
/// Method: a wrong password, an unknown authority, a dead port, an expired certificate.
#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_cannot_be_opened() {
    let mut office = Office::furnish(ONE_STEP).await;
    let real = office.config.clone();
    let cases: [(&str, Break); 4] = [
        ("password", |config, _| {
            imap(config).login.secret = Secret::Password("wrong".to_owned().into());
        }),
        ("certificate", |config, _| imap(config).ca_file = None),
        ("cannot", |config, _| imap(config).port = dead_port()),
        ("expired", |config, office| {
            imap(config).port = office.stack.expired_imaps_port();
        }),
    ];
    for (word, damage) in cases {
        let mut broken = real.clone();
        damage(&mut broken, &office);
        office.config = broken;
        office.start().await;
        complains(&office, "imap", word).await;
        office.stop().await;
    }
    office.config.imap = real.imap.clone();
    office.config.imap.as_mut().expect("imap").login.secret =
        Secret::Password("wrong".to_owned().into());
    office.start().await;
    office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "bob", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    office.stop().await;
    office.config = real;
    office.start().await;
    office.close().await;
}

fn imap(config: &mut Config) -> &mut countersign::config::Imap {
    config.imap.as_mut().expect("the office has an inbox")
}

/// Goal: two daemons on one inbox apply every reply once, and the second takes over from the first.
/// Method: both run; replies arrive; the first is stopped; another reply arrives.
#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_on_one_inbox() {
    let mut office = Office::open(ONE_STEP).await;
    let second = Daemon::start(&office.config, office.clock.clone())
        .await
        .expect("a second daemon");
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    for round in 0..6 {
        if round == 3 {
            office.stop().await;
            office.daemon = None;
        }
        let handler = office.daemon.as_ref().unwrap_or(&second).handler().clone();
        let request = office
            .files_through(&handler, "rita", &format!("db-{round}"))
            .await;
        rita.hears(Kind::Filed).await;
        for other in [&alice, &carol] {
            other.hears(Kind::Ask).await;
        }
        let ask = bob.hears(Kind::Ask).await;
        bob.replies(&ask, "APPROVE").await;
        bob.hears(Kind::Recorded).await;
        rita.hears(Kind::Approved).await;
        for other in [&alice, &carol] {
            other.hears(Kind::Settled).await;
        }
        assert_eq!(office.state(request).await, "approved");
    }
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 6);
    assert_eq!(office.count("SELECT count(*) FROM inbound_mail").await, 6);
    office.daemon = Some(second);
    office.close().await;
}
