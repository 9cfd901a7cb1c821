//! `[smtp]` and `[imap]`: the mail servers.

use std::net::IpAddr;
use std::time::Duration;

use super::file_that_exists;
use super::signing::signing;
use crate::config::read::Section;
use crate::config::secret::{self, Surroundings};
use crate::config::{Imap, Login, Secret, Security, Smtp};
use crate::oauth::Source;

// The waits where the file says nothing.
const SMTP_ANSWER: Duration = Duration::from_secs(30);
const IMAP_ANSWER: Duration = Duration::from_secs(30);
/// RFC 2177 asks for less than 29 minutes; middleboxes forget connections sooner.
const IDLE_RENEWAL: Duration = Duration::from_mins(9);
const POLL_EVERY: Duration = Duration::from_mins(1);

/// What logging in is made of.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub around: &'a Surroundings<'a>,
    /// Of `[oauth]`: in the place of a password.
    pub tokens: Option<&'a Source>,
}

pub(super) fn smtp(root: &mut Section<'_, '_>, means: Means<'_>) -> Option<Smtp> {
    let Some(mut section) = root.section("smtp", "[smtp]") else {
        if !root.has("smtp") {
            root.missing(
                "[smtp]",
                "say how mail leaves: [smtp] with host, security, username, password",
            );
        }
        return None;
    };
    let host = section.needed_text(
        "host",
        "name the mail server, e.g. host = \"mail.example.org\"",
    );
    let security = security(&mut section, host.as_ref().map(|host| host.value));
    let port = port(&mut section, [465, 587, 25], security);
    let login = login(&mut section, means);
    let ca_file = file_that_exists(&mut section, "ca_file");
    let timeout = section.wait("timeout", SMTP_ANSWER);
    let connections = section
        .number("connections", 1..65)
        .map_or(8, |found| found.value);
    let dkim = signing(&mut section, means.around);
    section.end();
    Some(Smtp {
        host: host?.value.to_owned(),
        port: port?,
        security: security?,
        login: login.ok()?,
        ca_file,
        timeout,
        connections: u32::try_from(connections).ok()?,
        dkim: dkim.ok()?,
    })
}

pub(super) fn imap(mut section: Section<'_, '_>, means: Means<'_>) -> Option<Imap> {
    let host = section.needed_text(
        "host",
        "name the mail server, e.g. host = \"mail.example.org\"",
    );
    let security = security(&mut section, host.as_ref().map(|host| host.value));
    let port = port(&mut section, [993, 143, 143], security);
    let login = login(&mut section, means);
    if let Ok(None) = login {
        section.missing("username", "an inbox needs username and password");
    }
    let ca_file = file_that_exists(&mut section, "ca_file");
    let mailbox = section.needed_if_there("mailbox");
    let processed = section.needed_if_there("processed");
    let idle_renewal = section.wait("idle_renewal", IDLE_RENEWAL);
    let poll_every = section.wait("poll_every", POLL_EVERY);
    let timeout = section.wait("timeout", IMAP_ANSWER);
    let batch = section
        .number("batch", 1..10_001)
        .map_or(200, |found| found.value);
    let max_mail_bytes = section
        .number("max_mail_bytes", 10_000..1_000_000_001)
        .map_or(10 * 1024 * 1024, |found| found.value);
    section.end();
    Some(Imap {
        host: host?.value.to_owned(),
        port: port?,
        security: security?,
        login: login.ok()??,
        ca_file,
        mailbox: mailbox.map_or("INBOX", |found| found.value).to_owned(),
        processed: processed.map(|found| found.value.to_owned()),
        idle_renewal,
        poll_every,
        timeout,
        batch: usize::try_from(batch).ok()?,
        max_mail_bytes,
    })
}

/// `None` where a problem has been noted.
fn security(section: &mut Section<'_, '_>, host: Option<&str>) -> Option<Security> {
    let Some(found) = section.text("security") else {
        return (!section.has("security")).then_some(Security::Tls);
    };
    let mend = "write \"tls\" (from the first byte), \"starttls\" (plain first, as port 587 and 143 do), or \
                for a server on this machine \"none\"";
    match found.value {
        "tls" => Some(Security::Tls),
        "starttls" => Some(Security::StartTls),
        "none" if host.is_some_and(is_loopback) => Some(Security::None),
        "none" => {
            let what = "`none` is for a server on this machine only (localhost, 127.0.0.1, ::1)";
            section.wrong(
                "security",
                &found.span,
                what,
                "write \"tls\" or \"starttls\"",
            );
            None
        }
        other => {
            section.wrong(
                "security",
                &found.span,
                format!("`{other}` is no kind of protection"),
                mend,
            );
            None
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The port, or the usual one for tls, starttls and none.
fn port(section: &mut Section<'_, '_>, usual: [u16; 3], security: Option<Security>) -> Option<u16> {
    let [tls, starttls, none] = usual;
    if section.has("port") {
        let found = section.number("port", 1..65_536)?;
        return u16::try_from(found.value).ok();
    }
    Some(match security {
        Some(Security::StartTls) => starttls,
        Some(Security::None) => none,
        Some(Security::Tls) | None => tls,
    })
}

/// Both or neither; `Err` where a problem has been noted.
fn login(section: &mut Section<'_, '_>, means: Means<'_>) -> Result<Option<Login>, ()> {
    let (username_there, password_there) = (section.has("username"), section.has("password"));
    let username = section.needed_if_there("username");
    let password = secret::read(section, "password", means.around);
    match (username_there, password_there) {
        (false, false) => Ok(None),
        (true, false) => match (username, means.tokens) {
            (Some(username), Some(tokens)) => Ok(Some(Login {
                username: username.value.to_owned(),
                secret: Secret::Token(tokens.clone()),
            })),
            (None, _) => Err(()),
            (_, None) => {
                section.missing(
                    "password",
                    "write password = { file = \"/path\" }, an [oauth] section, or take username out",
                );
                Err(())
            }
        },
        (false, true) => {
            section.missing("username", "write username, or take password out");
            Err(())
        }
        (true, true) => match (username, password) {
            (Some(username), Some(password)) => Ok(Some(Login {
                username: username.value.to_owned(),
                secret: Secret::Password(password),
            })),
            _ => Err(()),
        },
    }
}
