//! Opening a connection: TCP, TLS as configured, greeting, login.
//!
//! STARTTLS is spoken here and not by lettre: it keeps what the server (or somebody between) sent
//! behind its yes to STARTTLS and takes it for an answer that came encrypted. Here such bytes end the
//! connection. lettre begins on the encrypted stream, where [`GREETING`] stands for the greeting that
//! SMTP does not repeat.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{login, with_sources};
use crate::config::{Security, Smtp};

/// What lettre reads first after STARTTLS.
const GREETING: &[u8] = b"220 encrypted\r\n";
/// The longest answer that is read before encryption, in bytes.
const MAX_PLAIN_ANSWER: u64 = 16 * 1024;

/// A TLS stream as lettre takes it.
#[derive(Debug)]
struct Encrypted {
    stream: TlsStream<TcpStream>,
    /// Read before the stream.
    greeting: &'static [u8],
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let fits = self.greeting.len().min(buffer.remaining());
        if let Some((now, later)) = self.greeting.split_at_checked(fits)
            && !now.is_empty()
        {
            buffer.put_slice(now);
            self.greeting = later;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A connection that is ready for a message; else why not, for the operator.
pub(super) async fn open(smtp: &Smtp) -> Result<AsyncSmtpConnection, String> {
    let hello = ClientId::default();
    let tcp = TcpStream::connect((smtp.host.as_str(), smtp.port))
        .await
        .map_err(|error| with_sources(&error))?;
    tcp.set_nodelay(true)
        .map_err(|error| with_sources(&error))?;
    let said = |error: lettre::transport::smtp::Error| with_sources(&error);
    let mut connection = match smtp.security {
        Security::None => {
            let peer = tcp.peer_addr().map_err(|error| with_sources(&error))?;
            if !peer.ip().is_loopback() {
                return Err("security = \"none\" is for loopback addresses only".to_owned());
            }
            AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &hello)
                .await
                .map_err(said)?
        }
        Security::Tls => {
            let stream = encrypt(smtp, tcp).await?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
                .await
                .map_err(said)?
        }
        Security::StartTls => {
            let mut tcp = tcp;
            ask_for_encryption(&mut tcp, &hello).await?;
            let stream = Encrypted {
                greeting: GREETING,
                ..encrypt(smtp, tcp).await?
            };
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
                .await
                .map_err(said)?
        }
    };
    if let Some(login) = &smtp.login {
        login::log_in(&mut connection, smtp, login).await?;
    }
    Ok(connection)
}

async fn encrypt(smtp: &Smtp, tcp: TcpStream) -> Result<Encrypted, String> {
    let config =
        crate::tls::client_config(smtp.ca_file.as_deref()).map_err(|error| error.to_string())?;
    let name = rustls::pki_types::ServerName::try_from(smtp.host.clone())
        .map_err(|_| format!("`{}` is no name that a certificate can carry", smtp.host))?;
    let stream = TlsConnector::from(config)
        .connect(name, tcp)
        .await
        .map_err(|error| {
            let why = with_sources(&error);
            format!("no trusted TLS with the server: {why}; check host and ca_file under [smtp]")
        })?;
    Ok(Encrypted {
        stream,
        greeting: &[],
    })
}

/// Everything up to the server's yes to STARTTLS, and not a byte behind it. Nothing is said but our
/// host's name.
async fn ask_for_encryption(tcp: &mut TcpStream, hello: &ClientId) -> Result<(), String> {
    let mut plain = BufReader::new(tcp);
    answer(&mut plain, "220").await?;
    say(&mut plain, &format!("EHLO {hello}\r\n")).await?;
    let offers = answer(&mut plain, "250").await?;
    if !offers
        .iter()
        .any(|offer| offer.eq_ignore_ascii_case("STARTTLS"))
    {
        return Err(
            "the server does not offer STARTTLS, which security = \"starttls\" needs; \
                    no password and no mail was sent"
                .to_owned(),
        );
    }
    say(&mut plain, "STARTTLS\r\n").await?;
    answer(&mut plain, "220").await?;
    if !plain.buffer().is_empty() {
        return Err(
            "unencrypted bytes follow the answer to STARTTLS; somebody may be changing \
                    the conversation, and it is not gone on with"
                .to_owned(),
        );
    }
    Ok(())
}

async fn say(plain: &mut BufReader<&mut TcpStream>, line: &str) -> Result<(), String> {
    plain
        .write_all(line.as_bytes())
        .await
        .map_err(|error| with_sources(&error))
}

/// The lines of one answer without their code, which must be this one.
async fn answer(
    plain: &mut BufReader<&mut TcpStream>,
    expected: &str,
) -> Result<Vec<String>, String> {
    let mut limited = plain.take(MAX_PLAIN_ANSWER);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = limited.read_line(&mut line).await;
        read.map_err(|error| with_sources(&error))?;
        if !line.ends_with('\n') {
            return Err("the server closed the connection in the middle of an answer".to_owned());
        }
        let line = line.trim_end();
        if line.get(..3) != Some(expected) {
            return Err(format!("the server answered: {line}"));
        }
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        if line.get(3..4) != Some("-") {
            return Ok(lines);
        }
    }
}
