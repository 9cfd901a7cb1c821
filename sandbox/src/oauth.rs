//! A token endpoint as Google and Microsoft have them: answers over TLS with tokens that Dovecot takes.
//!
//! Dovecot checks tokens by itself (`introspection_mode = local`): a token is a JWT, signed by a key that
//! lies in Dovecot's directory. The client's id is the mailbox that its tokens are good for.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign::clock::Clock;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use sha2::Sha256;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::stack::Stack;

/// What signs the tokens, and what Dovecot checks them by.
pub const KEY: &[u8; 32] = b"sandbox-sandbox-sandbox-sandbox-";
/// The secret of every client.
pub const CLIENT_SECRET: &str = "sandbox-client-secret";
/// The refresh token that is good at the beginning; each answer brings the next, and takes the last.
pub const REFRESH_TOKEN: &str = "sandbox-refresh-0";
/// The longest handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// A running endpoint; it ends with its last clone.
#[derive(Debug, Clone)]
pub struct TokenServer {
    port: u16,
    state: Arc<Mutex<Behaviour>>,
}

/// How it answers.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// What it was asked, form by form.
    pub asked: Vec<BTreeMap<String, String>>,
    /// So many tokens are over before they begin.
    pub expired: usize,
    /// How long it says that a token is good for, in seconds.
    pub says: u64,
    /// The error that it answers with instead.
    pub refuses: Option<&'static str>,
    /// The refresh token that is good; each answer brings another one.
    pub refresh: String,
}

/// Connections that speak TLS; one that does not is dropped.
struct Door {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Door {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else {
                continue;
            };
            let secured = tokio::time::timeout(HANDSHAKE_MAX, self.acceptor.accept(stream));
            if let Ok(Ok(stream)) = secured.await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl TokenServer {
    /// Starts it with the certificate of this stack.
    pub async fn start(stack: &Stack) -> anyhow::Result<Self> {
        let tls = stack.describe().directory.join("tls");
        let chain = CertificateDer::pem_file_iter(tls.join("server.pem"))
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .context("read the server's certificate")?;
        let key = PrivateKeyDer::from_pem_file(tls.join("server.key"))
            .context("read the server's key")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Mutex::new(Behaviour {
            asked: Vec::new(),
            expired: 0,
            says: 3_600,
            refuses: None,
            refresh: REFRESH_TOKEN.to_owned(),
        }));
        let routes = Router::new()
            .route("/token", post(answer))
            .with_state(Arc::clone(&state));
        let door = Door {
            listener,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        };
        tokio::spawn(async move {
            if let Err(error) = axum::serve(door, routes).await
                && error.kind() != ErrorKind::Interrupted
            {
                tracing::warn!("the token endpoint ended: {error}");
            }
        });
        Ok(Self { port, state })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/token", self.port)
    }

    /// Looks at how it behaves, or changes it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn answer(
    State(state): State<Arc<Mutex<Behaviour>>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let is = |key: &str, value: &str| form.get(key).is_some_and(|found| found == value);
    let wrong = if let Some(error) = state.refuses {
        Some(error)
    } else if !is("client_secret", CLIENT_SECRET) {
        Some("invalid_client")
    } else if !(is("grant_type", "client_credentials")
        || is("grant_type", "refresh_token") && is("refresh_token", &state.refresh))
    {
        Some("invalid_grant")
    } else {
        None
    };
    let mailbox = form.get("client_id").cloned().unwrap_or_default();
    state.asked.push(form);
    if let Some(error) = wrong {
        let body = json!({ "error": error, "error_description": "the sandbox says no" });
        return as_json(StatusCode::BAD_REQUEST, &body);
    }
    let life = if state.expired > 0 { -60 } else { 3_600 };
    state.expired = state.expired.saturating_sub(1);
    state.refresh = format!("sandbox-refresh-{}", state.asked.len());
    let body = json!({
        "access_token": token(&mailbox, life),
        "token_type": "Bearer",
        "expires_in": state.says,
        "refresh_token": state.refresh,
    });
    as_json(StatusCode::OK, &body)
}

fn as_json(status: StatusCode, body: &serde_json::Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, body.to_string()).into_response()
}

/// A token for a mailbox that is over after so many seconds.
fn token(mailbox: &str, life: i64) -> String {
    let now = Clock::system().now().as_second();
    let encode = |value: serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let head = encode(json!({ "alg": "HS256", "typ": "JWT" }));
    let claims = encode(json!({
        "sub": mailbox, "email": mailbox, "iat": now - 120, "nbf": now - 120, "exp": now + life,
    }));
    let signed = format!("{head}.{claims}");
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}
