//! Logging in: by name and password, or by an access token.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use secrecy::{ExposeSecret, SecretString};

use super::error::MailboxError;
use super::names;
use super::wire::{Code, Ended, Wire};
use crate::config::{Imap, Secret};
use crate::oauth::{Mechanism, Source, explanation};

/// Logs in; what the server can do from here on, if it says so at once.
pub(super) async fn log_in(
    wire: &mut Wire,
    imap: &Imap,
    server: &str,
    can: &[String],
) -> Result<Option<Vec<String>>, MailboxError> {
    match &imap.login.secret {
        Secret::Password(password) => by_password(wire, imap, server, password).await,
        Secret::Token(source) => by_token(wire, imap, source, (server, can)).await,
    }
}

async fn by_password(
    wire: &mut Wire,
    imap: &Imap,
    server: &str,
    password: &SecretString,
) -> Result<Option<Vec<String>>, MailboxError> {
    let username = &imap.login.username;
    let password = password.expose_secret();
    let ended = if names::quotable(username) && names::quotable(password) {
        let command = format!(
            "LOGIN {} {}",
            names::quoted(username),
            names::quoted(password)
        );
        wire.command(&command, &mut |_| {}).await?
    } else {
        // Quoted strings are ASCII; SASL PLAIN carries UTF-8.
        let plain = format!("\0{username}\0{password}");
        let answer = data_encoding::BASE64.encode(plain.as_bytes());
        wire.dialogue("AUTHENTICATE PLAIN", &answer).await?
    };
    match refused_for_good(ended)? {
        Ok(can) => Ok(can),
        Err(said) => Err(MailboxError::Login {
            server: server.to_owned(),
            username: username.clone(),
            said,
        }),
    }
}

/// A token that is refused is had anew once: it may have been revoked before its time.
async fn by_token(
    wire: &mut Wire,
    imap: &Imap,
    source: &Source,
    (server, can): (&str, &[String]),
) -> Result<Option<Vec<String>>, MailboxError> {
    let username = &imap.login.username;
    let usual = if can.iter().any(|word| word == "AUTH=OAUTHBEARER") {
        Mechanism::OAuthBearer
    } else {
        Mechanism::Xoauth2
    };
    let mechanism = source.mechanism().unwrap_or(usual);
    let mut refusal = String::new();
    for _ in 0..2 {
        let token = source.token().await?;
        let first = mechanism.first(username, &token, (&imap.host, imap.port));
        let (ended, explained) = wire.show_token(mechanism, &first).await?;
        match refused_for_good(ended)? {
            Ok(can) => return Ok(can),
            Err(said) => {
                let explained = explained.as_deref().and_then(explanation);
                refusal = explained.map_or_else(|| said.clone(), |more| format!("{said} {more}"));
            }
        }
        source.forget(&token).await;
    }
    Err(MailboxError::Token {
        server: server.to_owned(),
        username: username.clone(),
        said: refusal,
    })
}

/// `Ok(Err)`: refused, with the server's words; an error: refused for now.
fn refused_for_good(ended: Ended) -> Result<Result<Option<Vec<String>>, String>, MailboxError> {
    match ended {
        Ended::Ok(Some(Code::Capabilities(can))) => Ok(Ok(Some(can))),
        Ended::Ok(None) => Ok(Ok(None)),
        // RFC 5530: the server's trouble, not the password's.
        Ended::No(said) if temporary(&said) => Err(MailboxError::Refused {
            what: "the login for now",
            said,
        }),
        Ended::No(said) | Ended::Bad(said) => Ok(Err(said)),
    }
}

fn temporary(said: &str) -> bool {
    let said = said.to_ascii_uppercase();
    ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"]
        .iter()
        .any(|code| said.contains(code))
}
