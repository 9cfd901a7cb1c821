//! Opening a connection: TCP, TLS as configured, greeting, login.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::with_sources;
use crate::config::{Security, Smtp};

/// A TLS stream as lettre takes it.
#[derive(Debug)]
struct Encrypted(TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
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
            let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &hello)
                .await
                .map_err(said)?;
            connection
                .starttls(starttls_parameters(smtp)?, &hello)
                .await
                .map_err(said)?;
            connection
        }
    };
    if let Some(login) = &smtp.login {
        let credentials = Credentials::new(
            login.username.clone(),
            login.password.expose_secret().to_owned(),
        );
        connection
            .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
            .await
            .map_err(|error| format!("login refused: {}", with_sources(&error)))?;
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
        .map_err(|error| with_sources(&error))?;
    Ok(Encrypted(stream))
}

/// The same trust as [`crate::tls::client_config`], in lettre's own type.
fn starttls_parameters(smtp: &Smtp) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.ca_file {
        for der in crate::tls::ca_certificates(path).map_err(|error| error.to_string())? {
            let certificate =
                Certificate::from_der(der.to_vec()).map_err(|error| with_sources(&error))?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build_rustls().map_err(|error| with_sources(&error))
}
