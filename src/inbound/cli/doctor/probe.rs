//! `doctor mail`: sends mails to the bot's own mailbox and looks at what arrives.
//!
//! Three mails leave, from the bot to itself and to nobody else: one to its address, one to its address
//! with a tag, and one that tries to smuggle a fourth past the server. They are taken away afterwards. A
//! daemon that watches the mailbox meanwhile knows them for its own and answers none.
//!
//! What is *not* promised: that mail from outside is checked as this one is: it came by the submission
//! server, and may have taken another way.

mod arrived;
mod records;
mod size;

use std::time::Duration;

use super::{How, Line};
use crate::clock::new_id;
use crate::config::{Config, Imap};
use crate::inbound::mail::mailbox::{MailboxError, Peephole};
use crate::inbound::mail::resolve::Resolver;
use crate::outbound::Sending;
use crate::outbound::mail::{Mailer, Sender, signed};

/// How long a probe may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A smuggled mail would come with the one that carried it; this much later it is not waited for.
const SMUGGLED_WITHIN: Duration = Duration::from_secs(3);

/// Everything that a round trip shows.
pub(super) async fn look(config: &Config) -> Vec<Line> {
    let mut lines = Vec::new();
    let resolver = match Resolver::new(&config.dns) {
        Ok(resolver) => Some(resolver),
        Err(error) => {
            let mend = "name servers under [dns]";
            lines.push(Line::not(How::Wrong, "dns", error.to_string(), mend));
            None
        }
    };
    if let Some(resolver) = &resolver {
        lines.extend(records::of_domain(resolver, domain_of(&config.mail.from)).await);
    }
    let Some(imap) = &config.imap else {
        let mend = "add [imap]; without it mails offer no reply";
        lines.push(Line::not(
            How::Hint,
            "imap",
            "there is no [imap] to look into",
            mend,
        ));
        return lines;
    };
    let mailer = Mailer::new(config.smtp.clone(), Sender::from(&config.mail));
    match Peephole::open(imap).await {
        Ok(mut peephole) => {
            let trip = Trip {
                config,
                imap,
                mailer: &mailer,
                resolver: resolver.as_ref(),
            };
            let limit = mailer.size_limit().await;
            lines.push(size::of_server(limit, imap.max_mail_bytes));
            if let Err(error) = trip.make(&mut peephole, &mut lines).await {
                lines.push(failed(&error));
            }
            peephole.close().await;
        }
        Err(error) => lines.push(failed(&error)),
    }
    mailer.close().await;
    lines
}

fn failed(error: &MailboxError) -> Line {
    let mend = "see the sentence; the settings are in [imap]";
    Line::not(super::mail::how(error), "imap", error.to_string(), mend)
}

fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

struct Trip<'a> {
    config: &'a Config,
    imap: &'a Imap,
    mailer: &'a Mailer,
    resolver: Option<&'a Resolver>,
}

/// One mail to ourselves.
struct Probe {
    id: String,
    to: String,
    bytes: Vec<u8>,
}

impl Probe {
    fn new(config: &Config, to: String) -> Self {
        let id = format!("<{}@{}>", new_id().simple(), config.mail.message_id_domain);
        let bytes = text_of(config, &to, &id, "probe");
        Self { id, to, bytes }
    }

    /// A mail in whose text a second one begins where a careless server sees the end of the first; with
    /// the id of the second.
    fn smuggler(config: &Config) -> (Self, String) {
        let mut carrier = Self::new(config, config.mail.from.clone());
        let hidden = Self::new(config, config.mail.from.clone());
        let from = &config.mail.from;
        carrier.bytes.extend_from_slice(b"\n.\n");
        let commands = format!("MAIL FROM:<{from}>\r\nRCPT TO:<{from}>\r\nDATA\r\n");
        carrier.bytes.extend_from_slice(commands.as_bytes());
        carrier.bytes.extend_from_slice(&hidden.bytes);
        (carrier, hidden.id)
    }
}

fn text_of(config: &Config, to: &str, id: &str, subject: &str) -> Vec<u8> {
    let (from, domain) = (&config.mail.from, &config.mail.message_id_domain);
    let date = jiff::fmt::rfc2822::to_string(
        &crate::clock::Clock::system()
            .now()
            .to_zoned(jiff::tz::TimeZone::UTC),
    )
    .unwrap_or_default();
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: Countersign {subject}\r\nDate: {date}\r\n\
         Message-ID: {id}\r\nAuto-Submitted: auto-generated\r\nX-Countersign-Loop: {domain}\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
         A look at the mail servers. It answers nothing and may be deleted.\r\n"
    )
    .into_bytes()
}

impl Trip<'_> {
    async fn make(
        &self,
        peephole: &mut Peephole,
        lines: &mut Vec<Line>,
    ) -> Result<(), MailboxError> {
        lines.push(if peephole.able().idle {
            Line::ok("imap", "the server tells of new mail by itself (IDLE)")
        } else {
            let said = "the server has no IDLE: new mail is seen every poll_every";
            Line::not(
                How::Hint,
                "imap",
                said,
                "none needed; a shorter poll_every is quicker",
            )
        });
        if let Some(folder) = &self.imap.processed {
            lines.push(match peephole.select(folder).await {
                Ok(()) => Line::ok("imap", format!("the folder `{folder}` is there")),
                Err(error @ MailboxError::Wire(_)) => return Err(error),
                Err(_) => {
                    let said = format!("the folder `{folder}` is not there");
                    Line::not(
                        How::Wrong,
                        "imap",
                        said,
                        "make it, or correct `processed` in [imap]",
                    )
                }
            });
        }
        self.plain(peephole, lines).await?;
        self.tagged(peephole, lines).await?;
        self.smuggled(peephole, lines).await
    }

    async fn plain(
        &self,
        peephole: &mut Peephole,
        lines: &mut Vec<Line>,
    ) -> Result<(), MailboxError> {
        let mut probe = Probe::new(self.config, self.config.mail.from.clone());
        if let Some(signing) = &self.config.smtp.dkim {
            match signed(signing, &probe.bytes) {
                Ok(bytes) => probe.bytes = bytes,
                Err(why) => {
                    let mend = "correct the key of [smtp.dkim]";
                    lines.push(Line::not(How::Wrong, "dkim", why, mend));
                }
            }
        }
        let Some(raw) = self.goes_round(&probe, peephole, lines).await? else {
            return Ok(());
        };
        lines.push(Line::ok(
            "trip",
            "a mail to the bot's own address arrives in its mailbox",
        ));
        lines.extend(arrived::of_results(&raw, &self.config.mail));
        let Some(resolver) = self.resolver else {
            return Ok(());
        };
        let domain = domain_of(&self.config.mail.from);
        lines.push(match &self.config.smtp.dkim {
            Some(signing) => arrived::of_our_signature(raw, signing, resolver).await,
            None => arrived::of_signature(&raw, domain, resolver).await,
        });
        Ok(())
    }

    async fn tagged(
        &self,
        peephole: &mut Peephole,
        lines: &mut Vec<Line>,
    ) -> Result<(), MailboxError> {
        let Some((local, domain)) = self.config.mail.reply_to.rsplit_once('@') else {
            return Ok(());
        };
        // As long as a token, and none.
        let probe = Probe::new(
            self.config,
            format!("{local}+{}@{domain}", "probe".repeat(5)),
        );
        if self.goes_round(&probe, peephole, lines).await?.is_some() {
            let said = "a mail to the reply address with a tag arrives (plus-addressing)";
            lines.push(Line::ok("trip", said));
        }
        Ok(())
    }

    async fn smuggled(
        &self,
        peephole: &mut Peephole,
        lines: &mut Vec<Line>,
    ) -> Result<(), MailboxError> {
        let (carrier, hidden) = Probe::smuggler(self.config);
        match self.mailer.send_raw(&carrier.to, &carrier.bytes).await {
            Sending::Sent(_) => {}
            Sending::GiveUp(_) | Sending::NoSuchReader(_) | Sending::Moot(_) => {
                let said = "the server refuses line ends that could smuggle a second mail";
                lines.push(Line::ok("smuggling", said));
                return Ok(());
            }
            Sending::Retry(why) | Sending::Later(why, _) | Sending::Unreachable(why) => {
                let mend = "try again";
                lines.push(Line::not(
                    How::Hint,
                    "smuggling",
                    format!("not known: {why}"),
                    mend,
                ));
                return Ok(());
            }
        }
        let smuggled = self.waits_for(&hidden, peephole, SMUGGLED_WITHIN).await?;
        self.waits_for(&carrier.id, peephole, ARRIVES_WITHIN)
            .await?;
        for id in [&carrier.id, &hidden] {
            self.removes(id, peephole).await?;
        }
        lines.push(if smuggled.is_some() {
            let said =
                "a second mail was smuggled within a first: anybody can send in another's name";
            let mend = "in Postfix: smtpd_forbid_bare_newline = normalize, and \
                        smtpd_forbid_bare_newline_exclusions =";
            Line::not(How::Wrong, "smuggling", said, mend)
        } else {
            Line::ok("smuggling", "no second mail comes out of one")
        });
        Ok(())
    }

    /// Sends a probe and takes it out again; `None`: it did not arrive, which has been said.
    async fn goes_round(
        &self,
        probe: &Probe,
        peephole: &mut Peephole,
        lines: &mut Vec<Line>,
    ) -> Result<Option<Vec<u8>>, MailboxError> {
        let tagged = probe.to.contains('+');
        match self.mailer.send_raw(&probe.to, &probe.bytes).await {
            Sending::Sent(_) => {}
            Sending::Unreachable(why) => {
                let mend = "start it, or correct [smtp]";
                lines.push(Line::not(How::Away, "trip", why, mend));
                return Ok(None);
            }
            Sending::GiveUp(why)
            | Sending::NoSuchReader(why)
            | Sending::Moot(why)
            | Sending::Retry(why)
            | Sending::Later(why, _) => {
                let said = format!("a mail to ourselves is not taken: {why}");
                lines.push(Line::not(How::Wrong, "trip", said, mend_of(tagged)));
                return Ok(None);
            }
        }
        let found = self.waits_for(&probe.id, peephole, ARRIVES_WITHIN).await?;
        if found.is_some() {
            self.removes(&probe.id, peephole).await?;
        } else {
            let (what, limit) = (
                ["", " with a tag"][usize::from(tagged)],
                ARRIVES_WITHIN.as_secs(),
            );
            let said = format!("a mail to ourselves{what} did not arrive within {limit} s");
            lines.push(Line::not(How::Wrong, "trip", said, mend_of(tagged)));
        }
        Ok(found)
    }

    /// The folders in which a mail may lie; the daemon moves it to the second.
    fn folders(&self) -> impl Iterator<Item = &str> {
        let processed = self.imap.processed.as_deref();
        std::iter::once(self.imap.mailbox.as_str()).chain(processed)
    }

    async fn waits_for(
        &self,
        id: &str,
        peephole: &mut Peephole,
        within: Duration,
    ) -> Result<Option<Vec<u8>>, MailboxError> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            for folder in self.folders() {
                if peephole.select(folder).await.is_ok()
                    && let Some(raw) = peephole.find(id).await?
                {
                    return Ok(Some(raw));
                }
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(None);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn removes(&self, id: &str, peephole: &mut Peephole) -> Result<(), MailboxError> {
        for folder in self.folders() {
            if peephole.select(folder).await.is_ok() {
                peephole.remove(id).await?;
            }
        }
        Ok(())
    }
}

fn mend_of(tagged: bool) -> &'static str {
    if tagged {
        "have the server deliver ADDRESS+anything to the same mailbox (Postfix: recipient_delimiter = +), \
         or set reply_to in [mail] to an address that it does so for"
    } else {
        "see that `from` in [mail] is delivered to the mailbox of [imap]"
    }
}
