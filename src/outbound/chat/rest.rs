//! The way to Discord's API, for what listens and for what sends.
//!
//! The client is ours, because the one that the library makes waits without end. What always holds: a
//! request that the service does not answer ends after [`ANSWER_MAX`]; connections are believed as
//! everywhere else ([`crate::tls`]), and the certificate must be `discord.com`'s even where the operator
//! has them go elsewhere. What is *not* promised: that a call ends by then. The library waits out every
//! 429 for as long as the service says, so whoever calls sets a limit of their own ([`CALL_MAX`]), and a
//! failure is never tried again here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::ExposeSecret;
use serenity::all::{Http, HttpBuilder};

use crate::config::discord::Discord;
use crate::tls::{self, TlsError};

/// The longest wait for the answer to one request.
pub const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest that a call may take with all that the library waits for.
pub const CALL_MAX: Duration = Duration::from_secs(20);
/// The longest wait for a connection.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Why there is no client; the operator mends it.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// Our side of TLS.
    #[error("[discord] {0}")]
    Tls(#[from] TlsError),
    /// The HTTP client.
    #[error("the HTTP client for Discord cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// A client of the API under the operator's token. Reads `ca_file` anew at each call.
pub fn client(config: &Discord) -> Result<Http, RestError> {
    let http = HttpBuilder::new(config.token.expose_secret()).client(transport(config)?);
    let application = serenity::all::ApplicationId::new(config.application_id);
    Ok(http.application_id(application).build())
}

/// The connections below it, for whoever makes calls without the library.
pub(super) fn transport(config: &Discord) -> Result<reqwest::Client, RestError> {
    let trust = tls::client_config(config.ca_file.as_deref())?;
    let mut builder = reqwest::Client::builder()
        .use_preconfigured_tls((*trust).clone())
        .connect_timeout(CONNECT_MAX)
        .timeout(ANSWER_MAX);
    if let Some((host, port)) = &config.api_base {
        builder = builder.dns_resolver(Arc::new(Elsewhere {
            host: host.clone(),
            port: *port,
        }));
    }
    Ok(builder.build()?)
}

/// Sends every connection to one place, whatever the name in the address.
struct Elsewhere {
    host: String,
    port: u16,
}

impl Resolve for Elsewhere {
    fn resolve(&self, _: Name) -> Resolving {
        let (host, port) = (self.host.clone(), self.port);
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), port)).await?;
            let found: Vec<SocketAddr> = found.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What an error of the library says, without the tokens that stand in its addresses.
pub fn said(error: &serenity::Error) -> String {
    redact(&error.to_string())
}

/// The same for any text: what follows `/interactions/ID/` and `/webhooks/ID/` is a secret.
pub fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut hide = 0;
    for part in text.split_inclusive('/') {
        let bare = part.trim_end_matches('/');
        match hide {
            // The id may be read, what follows it may not.
            2 => {
                hide = 1;
                clean.push_str(part);
            }
            1 => {
                hide = 0;
                let end = bare
                    .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
                    .unwrap_or(bare.len());
                clean.push('…');
                clean.push_str(part.get(end..).unwrap_or_default());
            }
            _ => clean.push_str(part),
        }
        if bare.ends_with("interactions") || bare.ends_with("webhooks") {
            hide = 2;
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: no token of an interaction reaches a log by an address.
    /// Method: addresses as the library's errors have them, with a token that is looked for.
    #[test]
    fn no_token_is_said() {
        for (text, clean) in [
            (
                "for url (https://discord.com/api/v10/interactions/12/s3cr3t.x-_Y/callback): timed out",
                "for url (https://discord.com/api/v10/interactions/12/…/callback): timed out",
            ),
            (
                "https://discord.com/api/v10/webhooks/34/s3cr3t) failed",
                "https://discord.com/api/v10/webhooks/34/…) failed",
            ),
            (
                "/webhooks/34/s3cr3t/messages/@original",
                "/webhooks/34/…/messages/@original",
            ),
            (
                "https://discord.com/api/v10/channels/5",
                "https://discord.com/api/v10/channels/5",
            ),
            ("interactions/", "interactions/"),
        ] {
            assert_eq!(redact(text), clean);
        }
    }
}
