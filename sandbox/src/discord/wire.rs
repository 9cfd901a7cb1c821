//! The door: TCP, TLS with the sandbox's authority, HTTP/1.1; the same on a second port without
//! TLS, for a client of the gateway that trusts public authorities only.

use std::net::{Ipv4Addr, SocketAddr, TcpStream as StdStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::gateway::socket;
use super::rest;
use super::shared::Shared;

/// The path of the gateway.
const GATEWAY: &str = "/gateway";

/// A connection, for whoever serves a request on it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where a bot finds the gateway.
    pub gateway: String,
    cut: Arc<Notify>,
}

impl Line {
    /// Breaks the connection under the request; nothing comes back.
    pub async fn break_off(&self) -> Response {
        self.cut.notify_one();
        std::future::pending().await
    }
}

/// Both ports, open.
pub struct Doors {
    /// With TLS: REST and the gateway.
    pub tls: SocketAddr,
    /// Without: the same.
    pub plain: SocketAddr,
    tls_listener: TcpListener,
    plain_listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Doors {
    /// Opens both on loopback, at ports that are free, with this certificate and key.
    pub async fn open(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .with_context(|| format!("read {}", certificate.display()))?;
        let key =
            PrivateKeyDer::from_pem_file(key).with_context(|| format!("read {}", key.display()))?;
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let plain_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            tls: tls_listener.local_addr()?,
            plain: plain_listener.local_addr()?,
            tls_listener,
            plain_listener,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// Serves both until the future is dropped. `gateway` is what a bot is told, unless a test
    /// wants another one.
    pub async fn serve(self, shared: Shared, gateway: String) {
        let routes = Router::new()
            .route(GATEWAY, any(upgrade))
            .route("/", any(upgrade))
            .fallback(any(request))
            .with_state(shared.clone());
        let mut connections = JoinSet::new();
        loop {
            let (accepted, tls) = tokio::select! {
                accepted = self.tls_listener.accept() => (accepted, true),
                accepted = self.plain_listener.accept() => (accepted, false),
                Some(_) = connections.join_next() => continue,
            };
            let Ok((stream, _)) = accepted else {
                continue;
            };
            let told = shared.read(|world| world.gateway.told.clone());
            let line = Line {
                gateway: told.unwrap_or_else(|| gateway.clone()),
                cut: Arc::default(),
            };
            let acceptor = tls.then(|| self.acceptor.clone());
            let routes = routes.clone().layer(Extension(line.clone()));
            connections.spawn(async move {
                let _ = connection(stream, acceptor, routes, line).await;
            });
        }
    }
}

async fn connection(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    routes: Router,
    line: Line,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    // A second handle of the same socket: closed last, and without a farewell, it resets.
    let (stream, last) = {
        let stream = stream.into_std()?;
        let last = stream.try_clone()?;
        (TcpStream::from_std(stream)?, last)
    };
    match acceptor {
        Some(acceptor) => http(acceptor.accept(stream).await?, last, routes, line).await,
        None => http(stream, last, routes, line).await,
    }
}

async fn http<S>(stream: S, last: StdStream, routes: Router, line: Line) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(routes);
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        done = connection => done?,
        () = line.cut.notified() => {
            socket2::SockRef::from(&last).set_linger(Some(Duration::ZERO))?;
        }
    }
    Ok(())
}

async fn upgrade(
    State(shared): State<Shared>,
    Extension(line): Extension<Line>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade.on_upgrade(move |ws| socket::serve(ws, shared, line.gateway)),
        Err(rejection) => rejection.into_response(),
    }
}

async fn request(
    State(shared): State<Shared>,
    Extension(line): Extension<Line>,
    request: Request,
) -> Response {
    rest::serve(shared, line, request).await
}
