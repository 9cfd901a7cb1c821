//! From nothing to an open folder: connect, protect, greet, log in, select.
//!
//! The password leaves only over a connection that is protected as configured: TLS from the first
//! byte, STARTTLS that really happened, or none to a loopback address. A server that says
//! LOGINDISABLED does not get it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::io;
use std::time::Duration;

use async_imap::imap_proto::{Response, ResponseCode, Status};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::error::MailboxError;
use super::login::log_in;
use super::names;
use super::wire::{Ended, Socket, Wire, WireError, capabilities, said};
use crate::config::{Imap, Security};
use crate::tls;

/// Longest wait for the connection, and for TLS on it.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for the server's first words.
const GREETING_MAX: Duration = Duration::from_secs(15);
/// A peer that has gone without a word is noticed after about three of these.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// What the server can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    /// It tells of new mail by itself.
    pub idle: bool,
    /// It can move.
    pub mv: bool,
    /// It can remove exactly the mails that we name.
    pub uidplus: bool,
}

/// An open folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Folder {
    /// UIDs mean something only together with this.
    pub uid_validity: u32,
    /// A keyword of our own may be set.
    pub keywords: bool,
}

/// Connects and logs in.
pub(super) async fn connect(imap: &Imap) -> Result<(Wire, Abilities), MailboxError> {
    let server = format!("{}:{}", imap.host, imap.port);
    let stream = dial(imap, &server).await?;
    let (mut wire, greeting) = match imap.security {
        Security::Tls => greeted(secure(imap, &server, stream).await?, imap).await?,
        Security::None | Security::StartTls => greeted(stream, imap).await?,
    };
    let mut can = greeting.can;
    if imap.security == Security::StartTls {
        wire = start_tls(wire, imap, &server, (greeting.authenticated, can)).await?;
        can = None;
    }
    let can = match can {
        Some(can) => can,
        None => ask_capabilities(&mut wire).await?,
    };
    if greeting.authenticated {
        return Ok((wire, abilities(&can)));
    }
    if has(&can, "LOGINDISABLED") {
        return Err(MailboxError::Unprotected {
            server,
            why: "allows no login on this connection (LOGINDISABLED): set imap.security to `tls` \
                  or `starttls`",
        });
    }
    let can = match log_in(&mut wire, imap, &server, &can).await? {
        Some(can) => can,
        None => ask_capabilities(&mut wire).await?,
    };
    Ok((wire, abilities(&can)))
}

/// Opens the watched folder.
pub(super) async fn select(wire: &mut Wire, folder: &str) -> Result<Folder, MailboxError> {
    let mut uid_validity = None;
    let mut keywords = false;
    let command = format!("SELECT {}", names::folder(folder));
    let ended = wire
        .command(&command, &mut |response| {
            if let Response::Data { outcome, .. } = response {
                match &outcome.code {
                    Some(ResponseCode::UidValidity(value)) => uid_validity = Some(*value),
                    Some(ResponseCode::PermanentFlags(flags)) => {
                        keywords = flags.iter().any(|flag| flag == "\\*");
                    }
                    _ => {}
                }
            }
        })
        .await?;
    let refused = |said: String| MailboxError::Folder {
        folder: folder.to_owned(),
        said,
    };
    match (ended, uid_validity) {
        (Ended::Ok(_), Some(uid_validity)) => {
            // What lies there already is found by asking, not by being told.
            wire.take_news();
            Ok(Folder {
                uid_validity,
                keywords,
            })
        }
        (Ended::Ok(_), None) => Err(refused("the server keeps no UIDs for it".to_owned())),
        (Ended::No(said) | Ended::Bad(said), _) => Err(refused(said)),
    }
}

async fn dial(imap: &Imap, server: &str) -> Result<Box<dyn Socket>, MailboxError> {
    let unreachable = |why: String| MailboxError::Unreachable {
        server: server.to_owned(),
        why,
    };
    let limit = CONNECT_MAX.min(imap.timeout);
    let stream = timeout(limit, TcpStream::connect((imap.host.as_str(), imap.port)))
        .await
        .map_err(|_| unreachable(format!("no answer within {} s", limit.as_secs())))?
        .map_err(|error| unreachable(error.to_string()))?;
    let peer = stream.peer_addr().map_err(|e| unreachable(e.to_string()))?;
    if imap.security == Security::None && !peer.ip().is_loopback() {
        return Err(MailboxError::Unprotected {
            server: server.to_owned(),
            why: "is not on this machine: set imap.security to `tls` or `starttls`",
        });
    }
    stream
        .set_nodelay(true)
        .map_err(|e| unreachable(e.to_string()))?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE);
    socket2::SockRef::from(&stream)
        .set_tcp_keepalive(&keepalive)
        .map_err(|e| unreachable(e.to_string()))?;
    Ok(Box::new(stream))
}

async fn secure(
    imap: &Imap,
    server: &str,
    stream: Box<dyn Socket>,
) -> Result<Box<dyn Socket>, MailboxError> {
    let config = tls::client_config(imap.ca_file.as_deref())?;
    let handshake = |why: String| MailboxError::Handshake {
        server: server.to_owned(),
        why,
    };
    let name = ServerName::try_from(imap.host.clone())
        .map_err(|_| handshake(format!("`{}` is no host name", imap.host)))?;
    let limit = CONNECT_MAX.min(imap.timeout);
    match timeout(limit, TlsConnector::from(config).connect(name, stream)).await {
        Err(_) => Err(handshake(format!("no answer within {} s", limit.as_secs()))),
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(match certificate_fault(&error) {
            Some(why) => MailboxError::Certificate {
                server: server.to_owned(),
                why,
            },
            None => handshake(error.to_string()),
        }),
    }
}

/// What is wrong with a certificate, and the mend; `None` where the fault is another.
fn certificate_fault(error: &io::Error) -> Option<String> {
    use rustls::CertificateError as Fault;
    let rustls::Error::InvalidCertificate(fault) = error.get_ref()?.downcast_ref()? else {
        return None;
    };
    Some(match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => {
            "it has expired; the server's operator must renew it".to_owned()
        }
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => {
            "it is not valid yet; check the clocks of both machines".to_owned()
        }
        Fault::UnknownIssuer => "its issuer is not known here; if it is a private authority, name \
                                 its certificate in imap.ca_file"
            .to_owned(),
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            "it is for another host name; set imap.host to the name that the certificate carries"
                .to_owned()
        }
        other => other.to_string(),
    })
}

/// The server's first words.
struct Greeting {
    /// It takes us for logged in already.
    authenticated: bool,
    /// What it can do, if it says so at once.
    can: Option<Vec<String>>,
}

async fn greeted(stream: Box<dyn Socket>, imap: &Imap) -> Result<(Wire, Greeting), MailboxError> {
    let mut wire = Wire::new(stream, imap.timeout);
    let greeting = wire
        .read(GREETING_MAX.min(imap.timeout), first_words)
        .await??;
    Ok((wire, greeting))
}

fn first_words(response: &Response<'_>) -> Result<Greeting, WireError> {
    let Response::Data { status, outcome } = response else {
        return Err(WireError::Unreadable);
    };
    let authenticated = match status {
        Status::Ok => false,
        Status::PreAuth => true,
        Status::Bye | Status::No | Status::Bad => {
            return Err(WireError::Bye(said(outcome.information.as_deref())));
        }
    };
    let can = match &outcome.code {
        Some(ResponseCode::Capabilities(all)) => Some(capabilities(all)),
        _ => None,
    };
    Ok(Greeting { authenticated, can })
}

async fn start_tls(
    mut wire: Wire,
    imap: &Imap,
    server: &str,
    (authenticated, can): (bool, Option<Vec<String>>),
) -> Result<Wire, MailboxError> {
    let unprotected = |why| MailboxError::Unprotected {
        server: server.to_owned(),
        why,
    };
    if authenticated {
        // Somebody in between could have said so to keep us from asking for TLS.
        return Err(unprotected(
            "takes us for logged in before TLS (PREAUTH): set imap.security to `tls`",
        ));
    }
    let can = match can {
        Some(can) => can,
        None => ask_capabilities(&mut wire).await?,
    };
    if !has(&can, "STARTTLS") {
        return Err(unprotected(
            "does not offer STARTTLS: set imap.security to `tls`, or mend the server",
        ));
    }
    match wire.command("STARTTLS", &mut |_| {}).await? {
        Ended::Ok(_) => {}
        Ended::No(_) | Ended::Bad(_) => return Err(unprotected("refuses STARTTLS")),
    }
    // What was said before TLS proves nothing: the stream is taken without what was read from it.
    let stream = secure(imap, server, wire.into_stream()).await?;
    Ok(Wire::new(stream, imap.timeout))
}

async fn ask_capabilities(wire: &mut Wire) -> Result<Vec<String>, MailboxError> {
    let mut can = Vec::new();
    let ended = wire
        .command("CAPABILITY", &mut |response| {
            if let Response::Capabilities(all) = response {
                can = capabilities(all);
            }
        })
        .await?;
    match ended {
        Ended::Ok(_) => Ok(can),
        Ended::No(said) | Ended::Bad(said) => Err(MailboxError::Refused {
            what: "CAPABILITY",
            said,
        }),
    }
}

fn has(can: &[String], ability: &str) -> bool {
    can.iter().any(|word| word == ability)
}

fn abilities(can: &[String]) -> Abilities {
    Abilities {
        idle: has(can, "IDLE"),
        mv: has(can, "MOVE"),
        uidplus: has(can, "UIDPLUS"),
    }
}
