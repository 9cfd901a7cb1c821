//! Somebody with a mailbox: reads what came, and replies as mail programs do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::Instant;

use crate::describe::Description;
use crate::mail::Mail;
use crate::{DOMAIN, PASSWORD, dovecot, maildir};

/// The longest wait for one answer of a server.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a mail client waits before it tries again what was refused for now.
const AGAIN: Duration = Duration::from_millis(500);
/// A picture of one pixel, base64.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ\r\n\
                     AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Somebody with a mailbox.
#[derive(Debug, Clone)]
pub struct Mailbox {
    stack: Arc<Description>,
    name: String,
}

impl Mailbox {
    /// The mailbox of `name@example.test`.
    pub(crate) fn new(stack: Arc<Description>, name: &str) -> Self {
        Self {
            stack,
            name: name.to_lowercase(),
        }
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("{}@{DOMAIN}", self.name)
    }

    /// Its Maildir.
    pub fn maildir(&self) -> PathBuf {
        dovecot::maildir(&self.stack.directory.join("dovecot"), &self.name)
    }

    /// Every mail in the inbox, the oldest first; read from the disk, so nothing is marked as seen.
    pub fn inbox(&self) -> anyhow::Result<Vec<Mail>> {
        maildir::inbox(&self.maildir())
    }

    /// Replies with this text above the quoted mail, logged in, and so proven.
    pub async fn replies(&self, to: &Mail, text: &str) -> anyhow::Result<()> {
        self.replies_with(to, text, &[]).await
    }

    /// As [`Mailbox::replies`], with further fields.
    pub async fn replies_with(
        &self,
        to: &Mail,
        text: &str,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let reply = self.reply(to, fields)?;
        self.submits(&reply.to, reply.with_text(to, text).as_bytes())
            .await
    }

    /// Whom a reply goes to, and its bytes: for who wants to sign it first, or to change it.
    pub fn writes_reply(&self, to: &Mail, text: &str) -> anyhow::Result<(String, Vec<u8>)> {
        let reply = self.reply(to, &[])?;
        let raw = reply.with_text(to, text).into_bytes();
        Ok((reply.to, raw))
    }

    /// As [`Mailbox::replies`], by the door for outsiders: nothing proves who wrote it.
    pub async fn replies_from_outside(&self, to: &Mail, text: &str) -> anyhow::Result<()> {
        let reply = self.reply(to, &[])?;
        self.sends_from_outside(&reply.to, reply.with_text(to, text).as_bytes())
            .await
    }

    /// Replies with a picture and no text.
    pub async fn replies_with_image(&self, to: &Mail) -> anyhow::Result<()> {
        let reply = self.reply(to, &[])?;
        let body = format!(
            "{}Content-Type: multipart/mixed; boundary=\"=_picture\"\r\n\r\n--=_picture\r\n\
             Content-Type: image/png; name=\"pixel.png\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: inline; filename=\"pixel.png\"\r\n\r\n\
             {PIXEL}\r\n--=_picture--\r\n",
            reply.head
        );
        self.submits(&reply.to, body.as_bytes()).await
    }

    /// Sends these bytes, logged in.
    pub async fn submits(&self, to: &str, raw: &[u8]) -> anyhow::Result<()> {
        let pem = std::fs::read(&self.stack.authority).context("read the authority")?;
        let tls = TlsParameters::builder("127.0.0.1".to_owned())
            .add_root_certificate(Certificate::from_pem(&pem)?)
            .build_rustls()?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.stack.submission)
            .tls(Tls::Required(tls))
            .credentials(Credentials::new(self.address(), PASSWORD.to_owned()))
            .timeout(Some(PATIENCE))
            .build();
        self.send(&transport, to, raw).await
    }

    /// Sends these bytes to the server's door for everybody.
    pub async fn sends_from_outside(&self, to: &str, raw: &[u8]) -> anyhow::Result<()> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(self.stack.smtp)
            .timeout(Some(PATIENCE))
            .build();
        self.send(&transport, to, raw).await
    }

    async fn send(
        &self,
        transport: &AsyncSmtpTransport<Tokio1Executor>,
        to: &str,
        raw: &[u8],
    ) -> anyhow::Result<()> {
        let from: Address = self.address().parse()?;
        let envelope = Envelope::new(Some(from), vec![to.parse()?])?;
        let give_up = Instant::now() + PATIENCE;
        loop {
            match transport.send_raw(&envelope, raw).await {
                // What a mail client does: "later" (4xx) is asked again. On a busy machine Postfix waits
                // ten seconds for Dovecot's word on a password and then says 454.
                Err(refused) if refused.is_transient() && Instant::now() < give_up => {
                    tokio::time::sleep(AGAIN).await;
                }
                answer => {
                    answer.context("the server refused the mail")?;
                    return Ok(());
                }
            }
        }
    }

    /// Hands these bytes to the mailbox server, past every check and limit of Postfix.
    pub async fn sends_by_lmtp(&self, to: &str, raw: &[u8]) -> anyhow::Result<()> {
        let mut lmtp = Lmtp::connect(self.stack.lmtp).await?;
        lmtp.says("LHLO sandbox\r\n", "250").await?;
        lmtp.says(&format!("MAIL FROM:<{}>\r\n", self.address()), "250")
            .await?;
        lmtp.says(&format!("RCPT TO:<{to}>\r\n"), "250").await?;
        lmtp.says("DATA\r\n", "354").await?;
        lmtp.writer.write_all(&stuffed(raw)).await?;
        lmtp.says("\r\n.\r\n", "250").await?;
        lmtp.says("QUIT\r\n", "221").await
    }

    fn reply(&self, to: &Mail, fields: &[(&str, &str)]) -> anyhow::Result<Reply> {
        let reply_to = to.header("Reply-To").or_else(|| to.header("From"));
        let reply_to = reply_to.context("the mail says nowhere whom to reply to")?;
        let address = reply_to
            .rsplit('<')
            .next()
            .unwrap_or(&reply_to)
            .trim_end_matches('>');
        let address = address.trim().to_owned();
        let id = to.message_id();
        let references = to.header("References").unwrap_or_default();
        let subject = to.header("Subject").unwrap_or_default();
        let again = if subject.to_lowercase().starts_with("re:") {
            ""
        } else {
            "Re: "
        };
        let first = self.name.split('-').next().unwrap_or_default();
        let now = countersign::clock::Clock::system().now();
        let date = jiff::fmt::rfc2822::to_string(&now.to_zoned(jiff::tz::TimeZone::UTC))?;
        let mut head = format!(
            "From: {first} <{}>\r\nTo: {reply_to}\r\nSubject: {again}{subject}\r\nDate: {date}\r\n\
             Message-ID: <{}@client.{DOMAIN}>\r\nIn-Reply-To: {id}\r\n\
             References: {}\r\nMIME-Version: 1.0\r\n",
            self.address(),
            countersign::clock::new_id(),
            format!("{references} {id}").trim().replace(' ', "\r\n "),
        );
        for (name, value) in fields {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        Ok(Reply { to: address, head })
    }
}

/// A reply without its body.
struct Reply {
    to: String,
    head: String,
}

impl Reply {
    /// The whole mail: the text, who wrote what is quoted, and the quote.
    fn with_text(&self, to: &Mail, text: &str) -> String {
        let date = to.header("Date").unwrap_or_default();
        let from = to.header("From").unwrap_or_default();
        let mut body = format!("{text}\n\nOn {date}, {from} wrote:\n");
        for line in to.text().lines() {
            body.extend(["> ", line, "\n"]);
        }
        format!(
            "{}Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{}",
            self.head,
            body.replace('\n', "\r\n"),
        )
    }
}

/// A dot at the beginning of a line is doubled, so that none ends the mail.
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out
}

/// A conversation with Dovecot's delivery.
struct Lmtp {
    reader: BufReader<OwnedReadHalf>,
    writer: tokio::net::tcp::OwnedWriteHalf,
}

impl Lmtp {
    async fn connect(port: u16) -> anyhow::Result<Self> {
        let (reader, writer) = TcpStream::connect(("127.0.0.1", port)).await?.into_split();
        let mut lmtp = Self {
            reader: BufReader::new(reader),
            writer,
        };
        lmtp.hears("220").await?;
        Ok(lmtp)
    }

    async fn says(&mut self, words: &str, expected: &str) -> anyhow::Result<()> {
        self.writer.write_all(words.as_bytes()).await?;
        self.hears(expected).await
    }

    /// Reads one answer; a line with a dash after its code is not the last.
    async fn hears(&mut self, expected: &str) -> anyhow::Result<()> {
        loop {
            let mut line = String::new();
            tokio::time::timeout(PATIENCE, self.reader.read_line(&mut line)).await??;
            if !line.starts_with(expected) {
                bail!("LMTP answered {line:?} where {expected} was expected");
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }
}
