//! The mailer against a scripted server on loopback: what each answer means, and what is on the wire.

use std::sync::{Arc, Mutex as Shared};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::config::{Login, Security};
use crate::token::Token;
use crate::workflow::ids::RequestId;
use uuid::Uuid;

/// How the server answers; everything else it takes.
#[derive(Clone, Copy, Default)]
struct Script {
    /// Offered in EHLO, e.g. `STARTTLS`.
    offers: &'static str,
    /// To RCPT, instead of yes.
    rcpt: Option<&'static str>,
    /// To AUTH, instead of yes.
    auth: Option<&'static str>,
    /// To STARTTLS.
    starttls: &'static str,
    /// After the content: nothing at all.
    mute: bool,
    /// After the content: the connection is closed.
    drops: bool,
}

/// The lines that a server heard, of all its connections.
type Heard = Arc<Shared<Vec<String>>>;

async fn serve(script: Script) -> (Smtp, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = Heard::default();
    let all = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            tokio::spawn(async move {
                // A client that hangs up ends the conversation; nothing else is wrong with that.
                let mut tcp = tcp;
                let greeted = tcp.write_all(b"220 hello\r\n").await;
                let _ = greeted.and(converse(script, tcp, &all).await);
            });
        }
    });
    (smtp(port), heard)
}

async fn converse(
    script: Script,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    all: &Heard,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut content = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        all.lock().expect("no panic").push(line.clone());
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let said = match verb {
            _ if content && line != "." => continue,
            _ if content => {
                content = false;
                match (script.mute, script.drops) {
                    (true, _) => continue,
                    (_, true) => return Ok(()),
                    _ => "250 2.0.0 Ok: queued as 4B",
                }
            }
            "EHLO" => &format!("250-hello\r\n250 {}", script.offers),
            "STARTTLS" => script.starttls,
            "RCPT" => script.rcpt.unwrap_or("250 ok"),
            "AUTH" => script.auth.unwrap_or("235 ok"),
            "DATA" => {
                content = true;
                "354 go on"
            }
            _ => "250 ok",
        };
        let said = format!("{said}\r\n");
        stream.get_mut().write_all(said.as_bytes()).await?;
    }
}

fn smtp(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        login: None,
        ca_file: None,
        timeout: Duration::from_millis(300),
        connections: 1,
    }
}

fn with_login(smtp: Smtp) -> Smtp {
    Smtp {
        login: Some(Login {
            username: "bot".into(),
            password: "geheim".to_owned().into(),
        }),
        ..smtp
    }
}

fn mailer(smtp: Smtp) -> Mailer {
    let sender = Sender {
        name: "Approvals".into(),
        address: "bot@bot.test".into(),
        reply_to: "approvals@bot.test".into(),
        domain: "id.test".into(),
    };
    Mailer::new(smtp, sender)
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
    for said in [
        "550 5.1.1 no <ana@example.test>",
        "552 5.2.2 full",
        "553 5.1.3 bad",
    ] {
        let rcpt = Some(said);
        let (smtp, _) = serve(Script {
            rcpt,
            ..Script::default()
        })
        .await;
        let sent = mailer(smtp).send(&letter()).await;
        let Sending::GiveUp(why) = &sent else {
            panic!("{said}: {sent:?}")
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

/// A server that speaks until STARTTLS and then encrypted, and the PEM of who signed for it.
async fn encrypted() -> (Smtp, Heard, tempfile::NamedTempFile) {
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
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let plain = async {
                tcp.write_all(b"220 hello\r\n").await?;
                let mut lines = BufReader::new(&mut tcp);
                let mut line = String::new();
                lines.read_line(&mut line).await?;
                lines.write_all(b"250-hello\r\n250 STARTTLS\r\n").await?;
                lines.read_line(&mut line).await?;
                lines.write_all(b"220 go\r\n").await
            };
            plain.await.expect("the client asks for STARTTLS");
            if let Ok(stream) = acceptor.accept(tcp).await {
                let offers = "AUTH PLAIN";
                let script = Script {
                    offers,
                    ..Script::default()
                };
                let _ = converse(script, stream, &all).await;
            }
        }
    });
    let smtp = Smtp {
        host: "localhost".into(),
        security: Security::StartTls,
        ..with_login(smtp(port))
    };
    (smtp, heard, ca)
}

/// Goal: STARTTLS works with an authority that is trusted, and only with one.
/// Method: one server with its own authority; with and without that as `ca_file`.
#[tokio::test]
async fn starttls_needs_trust() {
    let (smtp, all, ca) = encrypted().await;
    let sent = mailer(smtp.clone()).send(&letter()).await;
    let Sending::Unreachable(why) = &sent else {
        panic!("{sent:?}")
    };
    assert!(
        why.contains("certificate") && why.contains("ca_file"),
        "{why}"
    );
    assert_eq!(heard(&all), Vec::<String>::new());
    let ca_file = Some(ca.path().to_owned());
    let sent = mailer(Smtp { ca_file, ..smtp }).send(&letter()).await;
    assert!(matches!(sent, Sending::Sent(_)), "{sent:?}");
    assert!(
        heard(&all)
            .iter()
            .any(|line| line.starts_with("AUTH PLAIN "))
    );
}
