//! One call of Discord's API, and what its answer means.
//!
//! Calls are made with our own client and not by the library, which waits out a limit for as long as the
//! service says and does not tell for how long.
//!
//! What always holds: a call ends within [`CALL_MAX`]; a limit that the service announced is kept to by not
//! calling, and no announced wait counts for more than [`WAIT_MAX`]; what is said of a failure holds no token
//! and no address. What is *not* promised: that a call which was lost was not done.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use reqwest::{Client, Method, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;

use super::rest::{self, ANSWER_MAX, redact};

/// The longest that one call takes.
pub(super) const CALL_MAX: Duration = ANSWER_MAX.saturating_add(HOLD_MAX);
/// A wait that is made before the call instead of putting the message off: the others wait as well.
const HOLD_MAX: Duration = Duration::from_millis(500);
/// The longest wait that is believed.
pub(super) const WAIT_MAX: Duration = Duration::from_mins(5);
/// The wait where the service says none.
const WAIT_USUAL: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Routes whose limits are remembered; then the oldest are forgotten, which only costs a refusal.
const MAX_HOLDS: usize = 1_000;
/// The longest sentence of the service that is kept, in characters.
const MAX_SAID: usize = 200;
/// The key of a limit that holds for everything.
const EVERYTHING: &str = "";
const BASE: &str = "https://discord.com/api/v10";
const AGENT: &str = concat!(
    "DiscordBot (https://countersign.invalid, ",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// Why a call did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    /// The service says no, by this number; 0 where it gives none.
    Refused {
        /// Its number.
        code: u64,
        /// Its sentence, with both numbers.
        why: String,
    },
    /// Not now, and not before so much time has passed.
    Limited(Duration, String),
    /// It was answered by a failure of the service's, or not: it may have been done.
    Lost(String),
    /// Nothing was asked: the service cannot be reached, or does not know our token.
    Away(String),
}

/// Calls the API. Shared by all sends.
pub(super) struct Wire {
    client: Client,
    token: SecretString,
    /// Until when a route, or everything, is left alone.
    holds: Mutex<BTreeMap<String, Instant>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    pub fn new(config: &crate::config::discord::Discord) -> Result<Self, rest::RestError> {
        Ok(Self {
            client: rest::transport(config)?,
            token: config.token.clone(),
            holds: Mutex::default(),
        })
    }

    /// Makes one call. `route` is what the service limits by: the path without what stands behind the
    /// channel.
    pub async fn call(
        &self,
        method: Method,
        (route, path): (&str, &str),
        body: Option<&Value>,
    ) -> Result<Value, Failed> {
        let route = format!("{method} {route}");
        let wait = self.wait(&route);
        if wait > HOLD_MAX {
            let why = format!("Discord limits us for {} s more", wait.as_secs());
            return Err(Failed::Limited(wait, why));
        }
        tokio::time::sleep(wait).await;
        let mut request = self
            .client
            .request(method, format!("{BASE}{path}"))
            .header(AUTHORIZATION, format!("Bot {}", self.token.expose_secret()))
            .header(USER_AGENT, AGENT);
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Err(Failed::Away(said(error))),
            Err(error) => return Err(Failed::Lost(said(error))),
        };
        self.read(&route, answer).await
    }

    async fn read(&self, route: &str, answer: Response) -> Result<Value, Failed> {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = body(answer).await?;
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.limited(route, &headers, &body));
        }
        if number(&headers, "x-ratelimit-remaining") == Some(0.0)
            && let Some(seconds) = number(&headers, "x-ratelimit-reset-after")
        {
            self.hold(route, bounded(seconds));
        }
        if status.is_success() {
            return Ok(body);
        }
        let code = body.get("code").and_then(Value::as_u64).unwrap_or_default();
        let sentence = body
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("no reason");
        let sentence = redact(&sentence.chars().take(MAX_SAID).collect::<String>());
        let why = format!("Discord says {} {code}: {sentence}", status.as_u16());
        Err(match status {
            StatusCode::UNAUTHORIZED => Failed::Away(format!(
                "{why}; mend: give [discord] token the bot's present one"
            )),
            // What stands in front of the service answers without a number.
            _ if status.is_server_error() || (code == 0 && !body.is_object()) => Failed::Lost(why),
            _ => Failed::Refused { code, why },
        })
    }

    fn limited(&self, route: &str, headers: &HeaderMap, body: &Value) -> Failed {
        let said = number(headers, "retry-after").or_else(|| body.get("retry_after")?.as_f64());
        let wait = said.map_or(WAIT_USUAL, bounded);
        let global = body
            .get("global")
            .and_then(Value::as_bool)
            .unwrap_or_default()
            || headers.contains_key("x-ratelimit-global");
        // A limit on old messages is one message's, and told in the body alone.
        if global {
            self.hold(EVERYTHING, wait);
        } else if headers.contains_key("retry-after") {
            self.hold(route, wait);
        }
        let why = format!("Discord limits us for {} s (429)", wait.as_secs());
        Failed::Limited(wait, why)
    }

    /// Leaves a route alone for a while.
    pub fn hold(&self, route: &str, wait: Duration) {
        let now = Instant::now();
        let mut holds = self.holds();
        holds.retain(|_, until| *until > now);
        if holds.len() < MAX_HOLDS {
            let until = holds.entry(route.to_owned()).or_insert(now);
            *until = (*until).max(now + wait);
        }
    }

    fn wait(&self, route: &str) -> Duration {
        let holds = self.holds();
        let until = [EVERYTHING, route]
            .into_iter()
            .filter_map(|key| holds.get(key))
            .max();
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    fn holds(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instant>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer's JSON; null where it is none.
async fn body(mut answer: Response) -> Result<Value, Failed> {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) if bytes.len() + chunk.len() <= MAX_ANSWER => {
                bytes.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(Failed::Lost("Discord's answer is too large".to_owned())),
            Err(error) => return Err(Failed::Lost(said(error))),
        }
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// A wait as it was announced, within what is believed.
fn bounded(seconds: f64) -> Duration {
    let believed = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(WAIT_MAX);
    believed.min(WAIT_MAX)
}

/// What an error of the client says, without the address.
fn said(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    let text: String = redact(&text).chars().take(MAX_SAID).collect();
    format!("Discord: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: however long the service says, we come back; whatever it says, there is a wait.
    /// Method: numbers that a header can hold.
    #[test]
    fn a_wait_is_bounded() {
        for (seconds, wait) in [
            (1.5, Duration::from_millis(1_500)),
            (0.0, Duration::ZERO),
            (-3.0, Duration::ZERO),
            (1e9, WAIT_MAX),
            (f64::INFINITY, WAIT_MAX),
            (f64::NAN, Duration::ZERO),
        ] {
            assert_eq!(bounded(seconds), wait, "{seconds}");
        }
    }
}
