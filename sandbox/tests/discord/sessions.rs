//! The gateway: sessions that break, come back, or end.

use std::time::Duration;

use countersign_sandbox::discord::Double;
use rustls::pki_types::pem::PemObject;
use serenity::all::GatewayIntents;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::bot::{Bot, Heard, says, start};

/// Goal: a bot hears its guild with the channels, finds itself by REST, and beats.
/// Method: a short heartbeat; what was asked by REST is compared.
#[tokio::test]
async fn identify_and_beat() {
    let double = Double::alone(countersign::clock::Clock::system())
        .await
        .expect("a double");
    double.set_heartbeat(Duration::from_millis(500));
    let channel = double.channel("prod-approvals");
    let mut bot = Bot::ready(&double).await;
    let guild = bot.until("the guild", |heard| match heard {
        Heard::Guild(guild) => Some(guild),
        _ => None,
    });
    let guild = guild.await;
    assert_eq!(guild.id.get(), double.guild().get());
    let names: Vec<_> = guild
        .channels
        .values()
        .map(|one| one.name.as_str())
        .collect();
    assert!(
        names.contains(&"general") && names.contains(&channel.name().as_str()),
        "{names:?}"
    );
    let me = bot.http.get_current_user().await.expect("me");
    let application = bot
        .http
        .get_current_application_info()
        .await
        .expect("the application");
    assert_eq!((me.id.get(), application.id.get()), {
        let id = double.application().get();
        (id, id)
    });
    let gateway = bot.http.get_bot_gateway().await.expect("the gateway");
    assert_eq!(
        (gateway.url.as_str(), gateway.shards),
        (double.gateway(), 1)
    );
    let beats = tokio::time::timeout(Duration::from_secs(15), async {
        while double.heartbeats() < 2 {
            tokio::task::yield_now().await;
        }
    });
    beats.await.expect("two heartbeats");
    double.verdict().expect("nothing was refused");
}

/// Goal: what happens while the socket is broken is heard after RESUME, once, in order.
/// Method: the sockets are dropped, three clicks follow at once, then the bot comes back.
#[tokio::test]
async fn a_dropped_socket_is_resumed() {
    let (double, _, mut bot) = start().await;
    let rita = double.person("Rita", "en-US");
    double.drop_sockets();
    double.until_silent().await.expect("dropped");
    let home = double.home();
    let ids: Vec<_> = ["one", "two", "three"]
        .map(|text| rita.writes(&home, text).get())
        .into();
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.push(
            bot.until("a message", |one| match one {
                Heard::Message(message) => Some(message.id.get()),
                _ => None,
            })
            .await,
        );
    }
    assert_eq!(heard, ids);
    bot.until("RESUMED", |heard| {
        matches!(heard, Heard::Resumed).then_some(())
    })
    .await;
    assert_eq!(double.sessions(), (1, 1));
}

/// Goal: operation 7 and a close with 4000 lead to a RESUME as well.
/// Method: both in turn.
#[tokio::test]
async fn told_to_come_back() {
    let (double, _, mut bot) = start().await;
    double.reconnect();
    bot.until("RESUMED", |heard| {
        matches!(heard, Heard::Resumed).then_some(())
    })
    .await;
    double.close_sockets(4000);
    bot.until("RESUMED", |heard| {
        matches!(heard, Heard::Resumed).then_some(())
    })
    .await;
    assert_eq!(double.sessions(), (1, 2));
}

/// Goal: 4007 makes the client hear the whole session again, with the same interaction.
/// Method: one interaction, answered; then the close.
#[tokio::test]
async fn a_wrong_sequence_replays_everything() {
    let (double, _, mut bot) = start().await;
    let rita = double.person("Rita", "en-US");
    rita.writes(&double.home(), "before");
    let message = |heard| match heard {
        Heard::Message(message) => Some(message.id),
        _ => None,
    };
    let first = bot.until("the message", message).await;
    double.close_sockets(4007);
    let again = bot.until("the same message", message).await;
    assert_eq!(first, again);
}

/// Goal: an interaction that comes twice has one id, and is answered once.
/// Method: repeated by the double; the second answer is refused.
#[tokio::test]
async fn the_same_interaction_twice() {
    let (double, _, mut bot) = start().await;
    let bob = double.person("Bob", "en-US");
    let command = serenity::all::CreateCommand::new("help").description("Help");
    let guild = super::bot::guild(&double);
    guild
        .set_commands(&bot.http, vec![command])
        .await
        .expect("registered");
    let typed = bob.types("/help", &[]).expect("sent");
    double.repeat(&typed);
    let first = bot.asked().await.command().expect("a command");
    let second = bot.asked().await.command().expect("the same command");
    assert_eq!((first.id, first.id.get()), (second.id, typed.id().get()));
    first
        .create_response(&bot.http, says("Once."))
        .await
        .expect("answered");
    let again = second.create_response(&bot.http, says("Twice.")).await;
    assert_eq!(super::bot::code(again), 40060);
    assert_eq!(double.home().posts().len(), 1);
}

/// Goal: a session that is forgotten leads to a new one.
/// Method: operation 9; then a drop after which RESUME finds nothing.
#[tokio::test]
async fn an_invalid_session() {
    let (double, _, mut bot) = start().await;
    double.invalidate(false);
    bot.until("READY", |heard| matches!(heard, Heard::Ready).then_some(()))
        .await;
    assert_eq!(double.sessions().0, 2);
    double.drop_sockets();
    double.forget_sessions();
    bot.until("READY", |heard| matches!(heard, Heard::Ready).then_some(()))
        .await;
    assert_eq!(double.sessions(), (3, 0));
}

/// Goal: a wrong token, a revoked one, and intents that were not given end the client.
/// Method: each; the client's own error is looked at.
#[tokio::test]
async fn what_ends_a_client() {
    let double = Double::alone(countersign::clock::Clock::system())
        .await
        .expect("a double");
    let intents = GatewayIntents::GUILDS;
    let mut wrong = Bot::start(&double, "wrong.token", intents).await;
    assert!(wrong.over().await.contains("InvalidAuthentication"));
    let privileged = intents | GatewayIntents::MESSAGE_CONTENT;
    let mut greedy = Bot::start(&double, &double.token(), privileged).await;
    assert!(greedy.over().await.contains("DisallowedGatewayIntents"));
    double.refuse_identify(Some(4013));
    let mut strange = Bot::start(&double, &double.token(), intents).await;
    assert!(strange.over().await.contains("InvalidGatewayIntents"));
    double.refuse_identify(None);
    let mut bot = Bot::ready(&double).await;
    double.revoke_token();
    assert!(bot.over().await.contains("InvalidAuthentication"));
    double.verdict().expect("nothing else was refused");
}

/// Goal: the gateway speaks TLS too, by the sandbox's authority.
/// Method: a handshake by hand; the first frame has HELLO.
#[tokio::test]
async fn the_gateway_with_tls() {
    let double = Double::alone(countersign::clock::Clock::system())
        .await
        .expect("a double");
    assert!(double.secure_gateway().starts_with("wss://localhost:"));
    let pem = std::fs::read(double.ca_file()).expect("the authority");
    let mut roots = rustls::RootCertStore::empty();
    let authority = rustls::pki_types::CertificateDer::from_pem_slice(&pem).expect("PEM");
    roots.add(authority).expect("an authority");
    let ring = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let tcp = tokio::net::TcpStream::connect(double.address())
        .await
        .expect("TCP");
    let name = "localhost".try_into().expect("a name");
    let mut tls = connector.connect(name, tcp).await.expect("TLS");
    let request = "GET /gateway?v=10&encoding=json HTTP/1.1\r\nHost: localhost\r\n\
                   Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    tls.write_all(request.as_bytes()).await.expect("written");
    let mut text = String::new();
    while !text.contains("heartbeat_interval") {
        let mut bytes = [0; 1024];
        let count = tls.read(&mut bytes).await.expect("read");
        assert!(count > 0, "closed: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    assert!(text.starts_with("HTTP/1.1 101"), "{text}");
}
