//! Access tokens for mail servers that take no password (Google, Microsoft 365).
//!
//! ```text
//! [oauth] ─▶ Source ── POST, TLS ─▶ token endpoint ─▶ access token, kept until shortly before its end
//!               ▲                                          │
//!               └── refused by the mail server: forgotten ◀┴─▶ XOAUTH2 or OAUTHBEARER
//! ```
//!
//! Two grants: by a refresh token (somebody once agreed in a browser), and by the client's own right
//! (`client_credentials`: the mailbox was granted to the application by its administrator). IMAP and SMTP
//! share a [`Source`], and so its token.
//!
//! What always holds: the endpoint is spoken to over TLS, and redirects are not followed, so that the
//! client's secret goes to one host; an answer is read up to [`MAX_ANSWER_BYTES`]; one request is under
//! way at a time, however many connections want a token; nothing secret is in an error or a `Debug`.
//!
//! A new refresh token in an answer is kept where `[oauth] keep_refresh_token` says ([`kept`]), and used from
//! then on, after a restart too. If it is refused, one that another process has kept meanwhile is tried, and
//! then the configured one.

pub mod kept;
mod mechanism;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::tls::{self, TlsError};
use kept::Kept;

pub use mechanism::{Mechanism, explanation};

/// The longest answer of a token endpoint that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The longest that is shown of what an endpoint or a server says, in characters.
const MAX_SAID_CHARS: usize = 300;
/// A token is renewed this long before its end, or at three quarters of a short life.
const RENEWED_BEFORE: Duration = Duration::from_mins(2);
/// So many refresh tokens are tried one after the other: the newest, one kept meanwhile, the configured one.
const MAX_REFRESH_TOKENS: usize = 3;
/// How long a token is good for where the endpoint does not say.
const USUAL_LIFE: Duration = Duration::from_mins(5);

/// What `[oauth]` says.
pub struct Settings {
    /// Where tokens are had; `https`.
    pub endpoint: Url,
    /// Who we are there.
    pub client_id: String,
    /// How that is proven; absent: a public client with a refresh token.
    pub client_secret: Option<SecretString>,
    /// By what right; absent: the client's own.
    pub refresh_token: Option<SecretString>,
    /// Where newer ones are kept; absent: nowhere, and they end with the process.
    pub keep: Option<PathBuf>,
    /// What the token is to be good for.
    pub scope: Option<String>,
    /// How the token is shown to mail servers; absent: as the server offers.
    pub mechanism: Option<Mechanism>,
    /// PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for a token.
    pub timeout: Duration,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The endpoint cannot be had.
    #[error("the token endpoint {host} cannot be reached: {why}; check token_endpoint in [oauth]")]
    Unreachable {
        /// Its host.
        host: String,
        /// Why not.
        why: String,
    },
    /// The endpoint refuses.
    #[error(
        "the token endpoint {host} refuses: {said}; check client_id, client_secret, refresh_token and \
         scope in [oauth]"
    )]
    Refused {
        /// Its host.
        host: String,
        /// Its words.
        said: String,
    },
    /// Our side of TLS.
    #[error("oauth.{0}")]
    Tls(#[from] TlsError),
}

impl OAuthError {
    /// Whether asking again at once is in vain: the operator has to do something.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Unreachable { .. })
    }
}

/// Where access tokens come from. Cheap to clone; clones share the token.
#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    access: Option<(SecretString, Instant)>,
    /// The newest refresh token that an answer brought, where it could not be kept.
    refresh: Option<SecretString>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("host", &self.host())
            .field("client_id", &self.0.settings.client_id)
            .finish_non_exhaustive()
    }
}

/// What an endpoint answers (RFC 6749, 5.1 and 5.2).
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Source {
    /// By these settings; asks nobody yet.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            settings,
            state: Mutex::default(),
        }))
    }

    /// How the token is to be shown, if the operator said so.
    pub fn mechanism(&self) -> Option<Mechanism> {
        self.0.settings.mechanism
    }

    /// A token that is good for a while.
    pub async fn token(&self) -> Result<SecretString, OAuthError> {
        // Goes on when nobody waits for it any more: an answer may have taken the last refresh token back.
        let source = self.clone();
        let had = tokio::spawn(async move { source.have().await });
        had.await
            .unwrap_or_else(|_| Err(self.unreachable("we are stopping".to_owned())))
    }

    /// The token that there is, or a new one.
    async fn have(&self) -> Result<SecretString, OAuthError> {
        let mut state = self.0.state.lock().await;
        if let Some((token, until)) = &state.access
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let (token, answer) = self.ask_in_turn(state.refresh.as_ref()).await?;
        if let Some(refresh) = answer.refresh_token {
            state.refresh = self.keep(refresh.into()).await;
        }
        let life = life(answer.expires_in.as_ref());
        let kept = life.saturating_sub(RENEWED_BEFORE).max(life / 4 * 3);
        state.access = Some((token.clone(), Instant::now() + kept.min(life)));
        Ok(token)
    }

    /// Has the next [`Source::token`] ask anew, unless somebody has done so since this one was had.
    pub async fn forget(&self, refused: &SecretString) {
        let mut state = self.0.state.lock().await;
        let is_that =
            |(token, _): &(SecretString, Instant)| token.expose_secret() == refused.expose_secret();
        if state.access.as_ref().is_some_and(is_that) {
            state.access = None;
        }
    }

    /// Asks by the newest refresh token, and where that is refused by the others that may be good.
    async fn ask_in_turn(
        &self,
        unkept: Option<&SecretString>,
    ) -> Result<(SecretString, Answer), OAuthError> {
        let mut tried: Vec<Option<SecretString>> = Vec::new();
        loop {
            let kept = match unkept {
                Some(_) => None,
                None => self.kept().await,
            };
            let candidates = [unkept.cloned(), kept, self.0.settings.refresh_token.clone()];
            let same = |one: &SecretString, other: &Option<SecretString>| {
                other
                    .as_ref()
                    .is_some_and(|other| one.expose_secret() == other.expose_secret())
            };
            let mut fresh = candidates.into_iter().flatten();
            let next = fresh.find(|one| !tried.iter().any(|other| same(one, other)));
            let limit = self.0.settings.timeout;
            let asked = timeout(limit, self.ask(next.as_ref())).await;
            let answer = asked.unwrap_or_else(|_| {
                Err(self.unreachable(format!("no answer within {} s", limit.as_secs())))
            })?;
            if let Some(token) = answer.access_token.as_deref() {
                return Ok((token.into(), answer));
            }
            let others = fresh.any(|one| !same(&one, &next));
            tried.push(next);
            if !others || tried.len() >= MAX_REFRESH_TOKENS {
                let parts = [answer.error, answer.error_description];
                let said: Vec<String> = parts.into_iter().flatten().collect();
                return Err(self.refused(&said.join(": ")));
            }
        }
    }

    /// Where newer refresh tokens are kept.
    fn keeping(&self) -> Option<Kept> {
        let Settings {
            keep,
            refresh_token,
            ..
        } = &self.0.settings;
        let (path, configured) = keep.clone().zip(refresh_token.as_ref())?;
        Some(Kept::new(path, configured))
    }

    /// The refresh token that was kept last.
    async fn kept(&self) -> Option<SecretString> {
        let keeping = self.keeping()?;
        let path = keeping.path().to_owned();
        let read = tokio::task::spawn_blocking(move || keeping.read());
        read.await.ok()?.unwrap_or_else(|error| {
            tracing::warn!(
                oauth.file = %path.display(),
                "the kept refresh token in {} cannot be read, the configured one is used: {error}",
                path.display(),
            );
            None
        })
    }

    /// Keeps a refresh token; gives it back where that fails.
    async fn keep(&self, newest: SecretString) -> Option<SecretString> {
        let Some(keeping) = self.keeping() else {
            return Some(newest);
        };
        let path = keeping.path().to_owned();
        let token = newest.clone();
        let written = tokio::task::spawn_blocking(move || keeping.write(&token)).await;
        let Ok(Err(error)) = written else {
            return None;
        };
        tracing::warn!(
            oauth.file = %path.display(),
            "a new refresh token cannot be kept in {}, and ends with this process: {error}; set \
             keep_refresh_token in [oauth] to a file that the service may write",
            path.display(),
        );
        Some(newest)
    }

    async fn ask(&self, newest: Option<&SecretString>) -> Result<Answer, OAuthError> {
        let Settings {
            endpoint, ca_file, ..
        } = &self.0.settings;
        let unreachable = |error: &dyn fmt::Display| self.unreachable(error.to_string());
        let host = self.host();
        let port = endpoint.port_or_known_default().unwrap_or(443);
        let config = tls::client_config(ca_file.as_deref())?;
        let name = ServerName::try_from(host.clone()).map_err(|e| unreachable(&e))?;
        let tcp = TcpStream::connect((host.as_str(), port))
            .await
            .map_err(|e| unreachable(&e))?;
        let stream = TlsConnector::from(config)
            .connect(name, tcp)
            .await
            .map_err(|e| unreachable(&e))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| unreachable(&e))?;
        let request = Request::post(endpoint.path())
            .header(header::HOST, endpoint.authority())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Full::new(Bytes::from(self.form(newest))))
            .map_err(|e| unreachable(&e))?;
        let exchange = async {
            let response = sender
                .send_request(request)
                .await
                .map_err(|e| unreachable(&e))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect();
            let body = body.await.map_err(|e| unreachable(&e))?.to_bytes();
            // Errors are JSON as well; what is not, is some other server's page.
            serde_json::from_slice::<Answer>(&body)
                .map_err(|_| self.unreachable(format!("it answered {status}, and no JSON")))
        };
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            // The connection may end before the answer has been read out of it.
            _ = connection => exchange.await,
        }
    }

    fn form(&self, newest: Option<&SecretString>) -> String {
        let Settings {
            client_id,
            client_secret,
            refresh_token,
            scope,
            ..
        } = &self.0.settings;
        let mut form = Serializer::new(String::new());
        form.append_pair("client_id", client_id);
        match newest.or(refresh_token.as_ref()) {
            Some(token) => form
                .append_pair("grant_type", "refresh_token")
                .append_pair("refresh_token", token.expose_secret()),
            None => form.append_pair("grant_type", "client_credentials"),
        };
        if let Some(secret) = client_secret {
            form.append_pair("client_secret", secret.expose_secret());
        }
        if let Some(scope) = scope {
            form.append_pair("scope", scope);
        }
        form.finish()
    }

    fn host(&self) -> String {
        let host = self.0.settings.endpoint.host_str().unwrap_or_default();
        host.trim_matches(['[', ']']).to_owned()
    }

    fn unreachable(&self, why: String) -> OAuthError {
        OAuthError::Unreachable {
            host: self.host(),
            why,
        }
    }

    fn refused(&self, said: &str) -> OAuthError {
        OAuthError::Refused {
            host: self.host(),
            said: shown(said),
        }
    }
}

/// Seconds, as a number or as a text: Microsoft has written both.
fn life(expires_in: Option<&serde_json::Value>) -> Duration {
    let seconds = expires_in.and_then(|value| {
        let text = value.as_str().and_then(|text| text.parse().ok());
        value.as_u64().or(text)
    });
    seconds.map_or(USUAL_LIFE, Duration::from_secs)
}

/// One line, no addresses, not too long.
fn shown(said: &str) -> String {
    said.split_whitespace()
        .map(|word| if word.contains('@') { "<…>" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_SAID_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: the form asks by the right grant, and by the newest refresh token.
    // Method: the settings of both grants.
    #[test]
    fn forms() {
        let settings = |refresh: Option<&str>| Settings {
            endpoint: "https://id.example.org/token".parse().expect("a url"),
            client_id: "me".to_owned(),
            client_secret: Some("s&cret".into()),
            refresh_token: refresh.map(SecretString::from),
            keep: None,
            scope: Some("https://mail.google.com/".to_owned()),
            mechanism: None,
            ca_file: None,
            timeout: Duration::from_secs(1),
        };
        let scope = "scope=https%3A%2F%2Fmail.google.com%2F";
        let own = Source::new(settings(None));
        assert_eq!(
            own.form(None),
            format!("client_id=me&grant_type=client_credentials&client_secret=s%26cret&{scope}")
        );
        let refreshed = Source::new(settings(Some("old")));
        let by = |token| {
            format!(
                "client_id=me&grant_type=refresh_token&refresh_token={token}&client_secret=s%26cret&{scope}"
            )
        };
        assert_eq!(refreshed.form(None), by("old"));
        assert_eq!(refreshed.form(Some(&"new".into())), by("new"));
        let shown = format!("{refreshed:?}");
        assert!(
            !shown.contains("old") && !shown.contains("s&cret"),
            "{shown}"
        );
    }

    // Goal: a life is read however it is written. Method: a small table.
    #[test]
    fn odd_answers() {
        for (value, seconds) in [
            (Some(serde_json::json!(3599)), 3599),
            (Some(serde_json::json!("3600")), 3600),
            (Some(serde_json::json!("soon")), 300),
            (None, 300),
        ] {
            assert_eq!(life(value.as_ref()).as_secs(), seconds, "{value:?}");
        }
    }
}
