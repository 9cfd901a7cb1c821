//! A scripted SMTP server on loopback, for tests of the mailer and of the courier.

use std::sync::{Arc, Mutex as Shared};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{Security, Smtp};

/// How the server answers; everything else it takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Script {
    /// Offered in EHLO, e.g. `STARTTLS`.
    pub offers: &'static str,
    /// To RCPT, instead of yes.
    pub rcpt: Option<&'static str>,
    /// To AUTH, instead of yes.
    pub auth: Option<&'static str>,
    /// To STARTTLS.
    pub starttls: &'static str,
    /// After the content: nothing at all.
    pub mute: bool,
    /// After the content: the connection is closed.
    pub drops: bool,
    /// After the content: nothing until this is taken back.
    pub holds: bool,
}

/// The lines that a server heard, of all its connections.
pub(crate) type Heard = Arc<Shared<Vec<String>>>;

/// A server that can be ended and started again on its port, and told to answer otherwise.
pub(crate) struct Server {
    port: u16,
    script: watch::Sender<Script>,
    heard: Heard,
    up: CancellationToken,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let mut server = Self {
            port: 0,
            script: watch::Sender::new(script),
            heard: Heard::default(),
            up: CancellationToken::new(),
        };
        server.start_again().await;
        server
    }

    /// Listens, on the port that it had.
    pub(crate) async fn start_again(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port))
            .await
            .expect("a port");
        self.port = listener.local_addr().expect("an address").port();
        self.up = CancellationToken::new();
        let (script, all, up) = (self.script.subscribe(), self.heard.clone(), self.up.clone());
        tokio::spawn(async move {
            loop {
                let tcp = tokio::select! {
                    () = up.cancelled() => return,
                    accepted = listener.accept() => accepted.expect("a connection").0,
                };
                let (script, all, up) = (script.clone(), all.clone(), up.clone());
                tokio::spawn(async move {
                    let mut tcp = tcp;
                    let conversation = async {
                        tcp.write_all(b"220 hello\r\n").await?;
                        converse(script, tcp, &all).await
                    };
                    // A client that hangs up ends the conversation; nothing else is wrong with that.
                    let _ = up.run_until_cancelled(conversation).await;
                });
            }
        });
    }

    /// Ends it with all its connections; its port refuses from then on.
    pub(crate) async fn stop(&self) {
        self.up.cancel();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port))
            .await
            .is_ok()
        {
            tokio::task::yield_now().await;
        }
    }

    /// Answers otherwise from now on, in the conversations under way too.
    pub(crate) fn answers(&self, script: Script) {
        self.script.send_replace(script);
    }

    pub(crate) fn smtp(&self) -> Smtp {
        smtp(self.port)
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// The lines so far that begin like this.
    pub(crate) fn lines(&self, like: &str) -> Vec<String> {
        let heard = self.heard.lock().expect("no panic");
        let lines = heard.iter().filter(|line| line.starts_with(like));
        lines.cloned().collect()
    }
}

/// The conversation behind the greeting.
pub(super) async fn converse(
    mut script: watch::Receiver<Script>,
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
        let now = *script.borrow();
        let said = match verb {
            _ if content && line != "." => continue,
            _ if content => {
                content = false;
                // The server that tells it to go on is gone: so is the conversation.
                let Ok(now) = script
                    .wait_for(|script| !script.holds)
                    .await
                    .map(|now| *now)
                else {
                    return Ok(());
                };
                match (now.mute, now.drops) {
                    (true, _) => continue,
                    (_, true) => return Ok(()),
                    _ => "250 2.0.0 Ok: queued as 4B",
                }
            }
            "EHLO" => &format!("250-hello\r\n250 {}", now.offers),
            "STARTTLS" => now.starttls,
            "RCPT" => now.rcpt.unwrap_or("250 ok"),
            "AUTH" => now.auth.unwrap_or("235 ok"),
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

pub(super) fn smtp(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        login: None,
        ca_file: None,
        timeout: Duration::from_millis(300),
        connections: 1,
        dkim: None,
    }
}
