//! Logging in: by name and password, or by an access token.

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use secrecy::ExposeSecret;

use super::with_sources;
use crate::config::{Login, Secret, Smtp};
use crate::oauth::{self, Source};

/// The answer to AUTH that explains a refusal and wants a word before it refuses.
const EXPLAINS: u16 = 334;

/// Logs in; else why not, for the operator.
pub(super) async fn log_in(
    connection: &mut AsyncSmtpConnection,
    smtp: &Smtp,
    login: &Login,
) -> Result<(), String> {
    match &login.secret {
        Secret::Password(password) => {
            let credentials =
                Credentials::new(login.username.clone(), password.expose_secret().to_owned());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map(drop)
                .map_err(|error| format!("login refused: {}", with_sources(&error)))
        }
        Secret::Token(source) => by_token(connection, smtp, &login.username, source).await,
    }
}

/// A token that is refused is had anew once: it may have been revoked before its time.
async fn by_token(
    connection: &mut AsyncSmtpConnection,
    smtp: &Smtp,
    username: &str,
    source: &Source,
) -> Result<(), String> {
    let offers_xoauth2 = connection
        .server_info()
        .supports_auth_mechanism(Mechanism::Xoauth2);
    let usual = if offers_xoauth2 {
        oauth::Mechanism::Xoauth2
    } else {
        oauth::Mechanism::OAuthBearer
    };
    let mechanism = source.mechanism().unwrap_or(usual);
    let mut refusal = String::new();
    for _ in 0..2 {
        let token = source.token().await.map_err(|error| error.to_string())?;
        let first = mechanism.first(username, &token, (&smtp.host, smtp.port));
        let said = connection
            .command(format!("AUTH {} {first}\r\n", mechanism.name()))
            .await;
        refusal = match said {
            Ok(answer) if answer.has_code(EXPLAINS) => {
                let words = answer.first_word().and_then(oauth::explanation);
                let end = format!("{}\r\n", mechanism.acknowledge());
                match connection.command(end).await {
                    Ok(_) => return Ok(()),
                    Err(error) => explained(&error, words),
                }
            }
            Ok(_) => return Ok(()),
            Err(error) if error.status().is_some() => explained(&error, None),
            Err(error) => return Err(with_sources(&error)),
        };
        source.forget(&token).await;
    }
    Err(format!(
        "login refused: the access token of [oauth] is not taken: {refusal}"
    ))
}

fn explained(error: &SmtpError, words: Option<String>) -> String {
    let said = with_sources(error);
    words.map_or_else(|| said.clone(), |words| format!("{said} {words}"))
}
