//! The mail servers: reached, trusted, logged in to. No mail is sent, none is read.

use super::{How, Line};
use crate::config::Config;
use crate::inbound::mail::dkim::Answer;
use crate::inbound::mail::mailbox::{self, MailboxError};
use crate::inbound::mail::resolve::Resolver;
use crate::outbound::mail::{Mailer, Sender};

pub(super) async fn look(config: &Config) -> Vec<Line> {
    let mut lines = vec![smtp(config).await];
    lines.extend(dns(config).await);
    match &config.imap {
        None => lines.push(Line::not(
            How::Hint,
            "imap",
            "there is no [imap]: mails offer no reply",
            "add the section, if approvers are to decide by mail",
        )),
        Some(imap) => match mailbox::probe(imap).await {
            Ok(able) => {
                lines.push(Line::ok(
                    "imap",
                    format!("{}:{} lets us in to {}", imap.host, imap.port, imap.mailbox),
                ));
                lines.extend(abilities(able, imap.processed.is_some()));
            }
            Err(error) => lines.push(Line::not(
                how(&error),
                "imap",
                error.to_string(),
                "see the sentence; the settings are in [imap]",
            )),
        },
    }
    lines
}

/// Whether DNS can be asked for the keys of signatures; asks for the policy of our own domain, of which any
/// answer will do.
async fn dns(config: &Config) -> Option<Line> {
    config
        .mail
        .dkim
        .as_ref()
        .filter(|_| config.imap.is_some())?;
    let mend = "start it, or name other addresses in [dns] servers";
    let resolver = match Resolver::new(&config.dns) {
        Ok(resolver) => resolver,
        Err(error) => {
            let mend = "see the sentence; the settings are in [dns]";
            return Some(Line::not(How::Wrong, "dns", error.to_string(), mend));
        }
    };
    let domain = config.mail.from.rsplit('@').next().unwrap_or_default();
    Some(match resolver.texts(&format!("_dmarc.{domain}")).await {
        Answer::Failed(why) => Line::not(
            How::Away,
            "dns",
            format!("no key of a signature can be looked up: {why}; replies wait until one can"),
            mend,
        ),
        Answer::Texts(_) | Answer::Nothing => {
            Line::ok("dns", "keys of signatures can be looked up")
        }
    })
}

async fn smtp(config: &Config) -> Line {
    let mailer = Mailer::new(config.smtp.clone(), Sender::from(&config.mail));
    let probed = mailer.probe().await;
    mailer.close().await;
    let (host, port) = (&config.smtp.host, config.smtp.port);
    match probed {
        Ok(()) => Line::ok("smtp", format!("{host}:{port} lets us in")),
        // The server is there and does not want us as we are.
        Err(why) if why.contains("login refused") => Line::not(
            How::Wrong,
            "smtp",
            why,
            "correct username and password in [smtp]",
        ),
        Err(why) if why.contains("no trusted TLS") => {
            Line::not(How::Wrong, "smtp", why, "correct host or ca_file in [smtp]")
        }
        Err(why) => Line::not(
            How::Away,
            "smtp",
            why,
            "start it, or correct host and port in [smtp]",
        ),
    }
}

fn abilities(able: mailbox::Able, moves: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    if !able.idle {
        let said = "the server has no IDLE: new mail is seen every poll_every";
        lines.push(Line::not(
            How::Hint,
            "imap",
            said,
            "none needed; a shorter poll_every is quicker",
        ));
    }
    if moves && !able.moves && !able.uidplus {
        let said = "the server has neither MOVE nor UIDPLUS: judged mails are flagged and stay";
        lines.push(Line::not(
            How::Hint,
            "imap",
            said,
            "take `processed` out of [imap]",
        ));
    }
    lines
}

pub(super) fn how(error: &MailboxError) -> How {
    match error {
        MailboxError::Unreachable { .. } | MailboxError::Wire(_) => How::Away,
        _ => How::Wrong,
    }
}
