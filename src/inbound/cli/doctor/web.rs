//! The page behind the link: whether it answers where it listens, and where browsers look for it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::http::Uri;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::{How, Line};
use crate::config::{Config, Web};
use crate::inbound::web;
use crate::tls;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is read of an answer, in bytes: its head, and more.
const ANSWER_MAX: u64 = 16 * 1024;

pub(super) async fn look(config: &Config) -> Vec<Line> {
    let Some(web) = &config.web else {
        return Vec::new();
    };
    let listen = web.listen;
    let answers = tokio::time::timeout(PATIENCE, asks(listen)).await;
    match answers.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(true) => {
            let here = Line::ok("web", format!("the page answers at {listen}"));
            vec![here, public(web).await]
        }
        Ok(false) => vec![Line::not(
            How::Wrong,
            "web",
            format!("something else than the page answers at {listen}"),
            "choose another address for listen in [web]",
        )],
        Err(_) => vec![free(listen).await],
    }
}

/// Nobody answers: whether the daemon could listen there.
async fn free(listen: SocketAddr) -> Line {
    match TcpListener::bind(listen).await {
        Ok(_) => Line::ok("web", format!("{listen} is free; `serve` is not running")),
        Err(error) => Line::not(
            How::Wrong,
            "web",
            format!("{listen} cannot be listened at: {error}"),
            "choose another address for listen in [web]",
        ),
    }
}

/// Whether browsers that follow a link come to our page.
async fn public(web: &Web) -> Line {
    let url = &web.public_url;
    let found = tokio::time::timeout(PATIENCE, follows(web)).await;
    match found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(true) => Line::ok("web", format!("{url} leads to the page")),
        Ok(false) => Line::not(
            How::Wrong,
            "web",
            format!("{url} answers, and not with the page"),
            format!("let the reverse proxy hand every path on to {}", web.listen),
        ),
        Err(error) => Line::not(
            How::Hint,
            "web",
            format!("{url} cannot be reached from here: {error}"),
            "start or correct the reverse proxy; nothing, if only browsers elsewhere reach it",
        ),
    }
}

async fn follows(web: &Web) -> io::Result<bool> {
    let uri: Uri = web.public_url.parse().map_err(io::Error::other)?;
    let authority = uri.authority().ok_or(io::ErrorKind::InvalidInput)?;
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority
        .port_u16()
        .unwrap_or(if web.https { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    if !web.https {
        return is_ours(stream, authority.as_str()).await;
    }
    let config = tls::client_config(None).map_err(io::Error::other)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    is_ours(stream, authority.as_str()).await
}

async fn asks(listen: SocketAddr) -> io::Result<bool> {
    let mut to = listen;
    if to.ip().is_unspecified() {
        to.set_ip(match to {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    is_ours(TcpStream::connect(to).await?, &to.to_string()).await
}

/// Whether what answers sends our headers; it is asked for something that is nowhere.
async fn is_ours(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> io::Result<bool> {
    let ask = format!("GET /d/doctor HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).contains(web::CSP))
}
