//! The mailer against a scripted server on loopback: what each answer means, and what is on the wire.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::fake::{Heard, Script, Server, converse, smtp};
use super::*;
use crate::config::{Login, Security};
use crate::token::Token;
use crate::workflow::ids::RequestId;
use uuid::Uuid;

async fn serve(script: Script) -> (Smtp, Heard) {
    let server = Server::start(script).await;
    (server.smtp(), server.heard())
}

fn with_login(smtp: Smtp) -> Smtp {
    Smtp {
        login: Some(Login {
            username: "bot".into(),
            secret: crate::config::Secret::Password("geheim".to_owned().into()),
        }),
        ..smtp
    }
}

fn sender() -> Sender {
    Sender {
        name: "Approvals".into(),
        address: "bot@bot.test".into(),
        reply_to: "approvals@bot.test".into(),
        domain: "id.test".into(),
    }
}

fn mailer(smtp: Smtp) -> Mailer {
    Mailer::new(smtp, sender())
}

fn letter() -> Letter {
    Letter {
        id: Uuid::from_u128(7),
        token: Token::parse("abcdefghijklmnopqrstuvwxya"),
        name: "Ana\r\nBcc: eve@evil.test".into(),
        address: "ana@example.test".into(),
        request: Some(RequestId(42)),
        in_reply_to: Some("<theirs@mail.test>".into()),
        answers: false,
        unsubscribe: Vec::new(),
        subject: "Please decide R-42: db\r\nX-Evil: 1".into(),
        text: "a text\n.\nQUIT\n".into(),
        html: "<p>a text</p>".into(),
        at: jiff::Timestamp::from_second(1_795_255_200).expect("a time"),
    }
}

fn heard(heard: &Heard) -> Vec<String> {
    heard.lock().expect("no panic").clone()
}

/// Goal: what each answer to a message means.
/// Method: one server per answer to RCPT; the outcome's class and that it keeps the answer.
#[tokio::test]
async fn an_answer_means_what_its_code_says() {
    let (smtp, _) = serve(Script::default()).await;
    let sent = mailer(smtp).send(&letter()).await;
    assert!(
        matches!(&sent, Sending::Sent(said) if said.contains("queued as 4B")),
        "{sent:?}"
    );
    for said in ["450 4.2.0 later", "421 4.3.2 closing", "451 4.3.0 later"] {
        let rcpt = Some(said);
        let (smtp, _) = serve(Script {
            rcpt,
            ..Script::default()
        })
        .await;
        let sent = mailer(smtp).send(&letter()).await;
        assert!(matches!(sent, Sending::Retry(_)), "{said}: {sent:?}");
    }
    for (said, about_reader) in [
        ("550 5.1.1 no <ana@example.test>", true),
        ("550 no such user", true),
        ("550 5.2.1 disabled", true),
        ("553 5.1.3 bad", true),
        ("552 5.2.2 full", false),
        ("550 5.7.1 policy", false),
        ("554 no", false),
    ] {
        let rcpt = Some(said);
        let (smtp, _) = serve(Script {
            rcpt,
            ..Script::default()
        })
        .await;
        let sent = mailer(smtp).send(&letter()).await;
        let ((Sending::GiveUp(why), false) | (Sending::NoSuchReader(why), true)) =
            (&sent, about_reader)
        else {
            panic!("{said}: {sent:?}");
        };
        assert!(!why.contains("ana@"), "{why}");
    }
    for said in [
        "530 5.7.0 log in",
        "534 weak",
        "535 5.7.8 no",
        "538 TLS first",
    ] {
        let rcpt = Some(said);
        let (smtp, _) = serve(Script {
            rcpt,
            ..Script::default()
        })
        .await;
        let sent = mailer(smtp).send(&letter()).await;
        assert!(matches!(sent, Sending::Unreachable(_)), "{said}: {sent:?}");
    }
}

/// Goal: a server that breaks off or says nothing counts as a try, and the wait has an end.
/// Method: it drops the connection, or is silent, after the content.
#[tokio::test]
async fn a_broken_conversation_is_tried_again_and_a_silent_one_ends() {
    let drops = Script {
        drops: true,
        ..Script::default()
    };
    let mute = Script {
        mute: true,
        ..Script::default()
    };
    for script in [drops, mute] {
        let (smtp, _) = serve(script).await;
        let mailer = mailer(smtp);
        let begun = Instant::now();
        let sent = mailer.send(&letter()).await;
        assert!(matches!(sent, Sending::Retry(_)), "{sent:?}");
        assert!(begun.elapsed() < mailer.longest_send());
    }
}

/// Goal: no server, a refused login: the connection's matter, never the message's.
/// Method: a port that nobody listens on; a server that answers 535 to AUTH.
#[tokio::test]
async fn what_is_the_connections_matter_counts_for_no_message() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let sent = mailer(smtp(port)).send(&letter()).await;
    assert!(matches!(sent, Sending::Unreachable(_)), "{sent:?}");
    let auth = Some("535 5.7.8 no");
    let offers = "AUTH PLAIN LOGIN";
    let (smtp, _) = serve(Script {
        offers,
        auth,
        ..Script::default()
    })
    .await;
    let sent = mailer(with_login(smtp)).send(&letter()).await;
    assert!(
        matches!(&sent, Sending::Unreachable(why) if why.contains("login")),
        "{sent:?}"
    );
}

/// Goal: with STARTTLS configured nothing of ours leaves unencrypted, and nothing that came
/// unencrypted is taken for an encrypted answer.
/// Method: STARTTLS not offered; refused; agreed to with an answer to EHLO sent along.
#[tokio::test]
async fn starttls_is_all_or_nothing() {
    let scripts = [
        ("AUTH PLAIN", "220 go", "does not offer STARTTLS"),
        ("STARTTLS", "454 not now", "454"),
        (
            "STARTTLS",
            "220 go\r\n250-evil\r\n250 AUTH PLAIN",
            "unencrypted bytes",
        ),
    ];
    for (offers, starttls, why) in scripts {
        let (smtp, all) = serve(Script {
            offers,
            starttls,
            ..Script::default()
        })
        .await;
        let security = Security::StartTls;
        let sent = mailer(Smtp {
            security,
            ..with_login(smtp)
        })
        .send(&letter())
        .await;
        assert!(
            matches!(&sent, Sending::Unreachable(said) if said.contains(why)),
            "{sent:?}"
        );
        for line in heard(&all) {
            assert!(line.starts_with("EHLO ") || line == "STARTTLS", "{line}");
        }
    }
}

/// Goal: the headers that make a thread and keep machines quiet are on the wire, the same at every
/// try but for the date; what people typed makes no header, and no second recipient.
/// Method: send one letter twice, with line breaks in name and subject and a dot alone in the text.
#[tokio::test]
async fn what_is_on_the_wire() {
    let (smtp, all) = serve(Script::default()).await;
    let mailer = mailer(smtp);
    for _ in 0..2 {
        let sent = mailer.send(&letter()).await;
        assert!(matches!(sent, Sending::Sent(_)), "{sent:?}");
    }
    let lines = heard(&all);
    let times = |wanted: &str| lines.iter().filter(|line| line.as_str() == wanted).count();
    for header in [
        "Message-ID: <abcdefghijklmnopqrstuvwxya.00000000000000000000000000000007@id.test>",
        "Reply-To: approvals+abcdefghijklmnopqrstuvwxya@bot.test",
        "References: <request-42@id.test> <theirs@mail.test>",
        "In-Reply-To: <theirs@mail.test>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply, RN, NRN, DR",
        "X-Countersign-Loop: id.test",
    ] {
        assert_eq!(times(header), 2, "{header} in {lines:#?}");
    }
    let begins = |wanted: &str| lines.iter().filter(|line| line.starts_with(wanted)).count();
    assert_eq!(
        (begins("RCPT TO:"), begins("Bcc"), begins("X-Evil")),
        (2, 0, 0)
    );
    assert_eq!(times("QUIT"), 2, "it is content, not a command");
}

/// Goal: a digest says whom to write to about it, and no odd address of theirs breaks the header.
/// Method: two people, one of whom has an address that would; a letter that names nobody.
#[tokio::test]
async fn a_digest_names_who_can_stop_it() {
    let with = |unsubscribe: &[&str]| {
        let unsubscribe = unsubscribe.iter().map(|to| (*to).to_owned()).collect();
        let digest = Letter {
            unsubscribe,
            ..letter()
        };
        let (_, bytes) = super::message::build(&sender(), &digest).expect("a message");
        String::from_utf8(bytes).expect("text")
    };
    let named = with(&["ada@example.test", "x>\r\nBcc: eve@evil.test"]);
    let header = "\r\nList-Unsubscribe: <mailto:ada@example.test?subject=Digest>\r\n";
    assert!(
        named.contains(header) && !named.contains("eve@evil.test>"),
        "{named}"
    );
    assert!(!with(&[]).contains("List-Unsubscribe"));
}

/// A server that encrypts, from the first byte or after STARTTLS, and the PEM of who signed for it.
async fn encrypted(security: Security) -> (Smtp, Heard, tempfile::NamedTempFile) {
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("signed");
    let key = rustls::pki_types::PrivateKeyDer::try_from(signed.signing_key.serialize_der())
        .expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .expect("a certificate");
    let ca = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(ca.path(), signed.cert.pem()).expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = Heard::default();
    let all = Arc::clone(&heard);
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let script = watch::Sender::new(Script {
        offers: "AUTH PLAIN",
        ..Script::default()
    });
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            if security == Security::StartTls {
                asked_to_encrypt(&mut tcp)
                    .await
                    .expect("the client asks for STARTTLS");
            }
            // A client that does not trust us hangs up.
            let Ok(mut stream) = acceptor.accept(tcp).await else {
                continue;
            };
            if security == Security::Tls {
                stream.write_all(b"220 hello\r\n").await.expect("greeted");
            }
            let _ = converse(script.subscribe(), stream, &all).await;
        }
    });
    let smtp = Smtp {
        host: "localhost".into(),
        security,
        ..with_login(smtp(port))
    };
    (smtp, heard, ca)
}

async fn asked_to_encrypt(tcp: &mut tokio::net::TcpStream) -> std::io::Result<()> {
    tcp.write_all(b"220 hello\r\n").await?;
    let mut lines = BufReader::new(tcp);
    let mut line = String::new();
    lines.read_line(&mut line).await?;
    lines.write_all(b"250-hello\r\n250 STARTTLS\r\n").await?;
    lines.read_line(&mut line).await?;
    lines.write_all(b"220 go\r\n").await
}

/// Goal: both kinds of encryption work with an authority that is trusted, and only with one.
/// Method: a server of each kind with its own authority; with and without that as `ca_file`, and under a
/// name that the certificate does not carry.
#[tokio::test]
async fn encryption_needs_trust() {
    for security in [Security::StartTls, Security::Tls] {
        let (smtp, all, ca) = encrypted(security).await;
        let ca_file = Some(ca.path().to_owned());
        let unknown = smtp.clone();
        let misnamed = Smtp {
            host: "127.0.0.1".into(),
            ca_file: ca_file.clone(),
            ..smtp.clone()
        };
        for smtp in [unknown, misnamed] {
            let sent = mailer(smtp).send(&letter()).await;
            let Sending::Unreachable(why) = &sent else {
                panic!("{sent:?}")
            };
            assert!(
                why.contains("certificate") && why.contains("ca_file"),
                "{why}"
            );
        }
        assert_eq!(heard(&all), Vec::<String>::new());
        let sent = mailer(Smtp { ca_file, ..smtp }).send(&letter()).await;
        assert!(matches!(sent, Sending::Sent(_)), "{security:?}: {sent:?}");
        let heard = heard(&all);
        assert!(heard.iter().any(|line| line.starts_with("AUTH PLAIN ")));
        assert!(heard.iter().any(|line| line.starts_with("RCPT TO:")));
    }
}

/// Goal: with TLS from the first byte configured, nothing leaves to a server that speaks in the clear.
/// Method: a server that greets unencrypted; it hears no command.
#[tokio::test]
async fn tls_speaks_to_no_plain_server() {
    let (smtp, all) = serve(Script::default()).await;
    let security = Security::Tls;
    let sent = mailer(Smtp {
        security,
        ..with_login(smtp)
    })
    .send(&letter())
    .await;
    assert!(
        matches!(&sent, Sending::Unreachable(why) if why.contains("TLS")),
        "{sent:?}"
    );
    let said = |line: &String| line.contains("AUTH") || line.contains("EHLO");
    assert!(!heard(&all).iter().any(said));
}
