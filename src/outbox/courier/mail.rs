//! The road of mails: what a delivery says, as a letter.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::PgConnection;

use super::carrier::{Carrier, Desk};
use super::gather::gather;
use crate::clock::Clock;
use crate::outbound::Sending;
use crate::outbound::mail::{Letter, Mailer, reply_address};
use crate::reach::{self, Failure, Marked};
use crate::render::{CodeFacts, Reader, Renderer, Reply};
use crate::store::outbox::{Claimed, Content, LinkCode, Road};
use crate::token::Keyring;
use crate::workflow::notice::Kind;

/// What mails are made with. What waits for a digest that is due is made into a delivery before each claim.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Derives the tokens of asks again.
    pub keys: Arc<Keyring>,
    /// Makes the texts.
    pub renderer: Arc<Renderer>,
    /// Sends.
    pub mailer: Arc<Mailer>,
    /// The address that replies go to, without token.
    pub reply_to: String,
    /// Where the page on which to decide is, without a slash at its end; `None`: there is none.
    pub public_url: Option<String>,
}

impl Carrier for Mail {
    const ROAD: Road = Road::Mail;

    fn connections(&self) -> usize {
        self.mailer.connections()
    }

    fn longest_send(&self) -> Duration {
        self.mailer.longest_send()
    }

    async fn probe(&self) -> Result<(), String> {
        self.mailer.probe().await
    }

    async fn prepare(&self, conn: &mut PgConnection, now: Timestamp) -> Result<bool, sqlx::Error> {
        gather(conn, now).await?;
        Ok(false)
    }

    async fn carry(&self, claimed: &Claimed, desk: Desk<'_>) -> Result<Sending, sqlx::Error> {
        Ok(match self.letter(claimed, desk.clock) {
            Ok(letter) => self.mailer.send(&letter).await,
            // A template or a key that is missing: the operator mends it, and it goes out.
            Err(why) => Sending::Retry(why),
        })
    }

    async fn unreached(
        &self,
        claimed: &Claimed,
        why: &str,
        desk: Desk<'_>,
    ) -> Result<bool, sqlx::Error> {
        let failure = Failure {
            person: &claimed.person,
            address: &claimed.address,
            delivery: claimed.id,
            request: claimed.request,
            why,
            mail: None,
        };
        let mut tx = desk.pool.begin().await?;
        let marked = reach::failed(&mut tx, &failure, desk.clock.now()).await?;
        tx.commit().await?;
        Ok(marked == Marked::New)
    }

    async fn close(&self) {
        self.mailer.close().await;
    }
}

impl Mail {
    /// The mail of a delivery: the same at every try, but for its date.
    fn letter(&self, claimed: &Claimed, clock: &Clock) -> Result<Letter, String> {
        let reply_token = |key: &String| known(key, self.keys.reply_token(key, claimed.id));
        let token = claimed.key_id.as_ref().map(reply_token).transpose()?;
        let link = self.link(claimed)?;
        let reply = token.as_ref().and_then(|token| {
            Some(Reply {
                address: reply_address(&self.reply_to, token)?,
            })
        });
        let reader = Reader {
            id: claimed.person.clone(),
            name: claimed.name.clone(),
            zone: claimed.zone.clone(),
            locale: claimed.locale.clone(),
            reply,
            link,
        };
        let rendered = match &claimed.content {
            Content::Notice { kind, facts } => self.renderer.mail(*kind, facts, &reader),
            Content::Digest(digest) => self.renderer.digest(digest, &reader),
            Content::Code(mail) => {
                let code = self.keys.code(&mail.key_id, mail.draft);
                let code = known(&mail.key_id, code)?;
                let facts = CodeFacts {
                    code: &code,
                    request: mail.request,
                    thing: &mail.thing,
                    decision: mail.decision,
                    until: mail.until,
                };
                self.renderer.code(&facts, &reader)
            }
            Content::System(mail) => {
                let code = match &mail.code {
                    Some(LinkCode { id, key_id }) => {
                        let code = known(key_id, self.keys.link_code(key_id, *id))?;
                        Some(grouped(&code))
                    }
                    None => None,
                };
                self.renderer.system(&mail.facts, code.as_deref(), &reader)
            }
            Content::Post(_) => return Err("a post cannot be mailed".to_owned()),
        };
        let rendered = rendered.map_err(|error| error.to_string())?;
        let kind = match &claimed.content {
            Content::Notice { kind, .. } => Some(*kind),
            Content::Digest(_) | Content::Code(_) | Content::System(_) | Content::Post(_) => None,
        };
        let unsubscribe = match &claimed.content {
            Content::Digest(digest) => digest.contacts.iter(),
            Content::Notice { .. } | Content::Code(_) | Content::System(_) | Content::Post(_) => {
                [].iter()
            }
        };
        Ok(Letter {
            id: claimed.id,
            token,
            name: claimed.name.clone(),
            address: claimed.address.clone(),
            request: claimed.request,
            in_reply_to: claimed.in_reply_to.clone(),
            answers: kind.is_some_and(Kind::is_answer),
            unsubscribe: unsubscribe.map(|contact| contact.address.clone()).collect(),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            at: clock.now(),
        })
    }
}

impl Mail {
    /// The link of a delivery that offers one; without `[web]` nothing answers there.
    fn link(&self, claimed: &Claimed) -> Result<Option<String>, String> {
        let Some((key, public_url)) = claimed.link_key_id.as_ref().zip(self.public_url.as_ref())
        else {
            return Ok(None);
        };
        let token = known(key, self.keys.link_token(key, claimed.id))?;
        Ok(Some(format!("{public_url}/d/{}", token.expose())))
    }
}

/// What was derived under a key, or that the key is not there.
fn known<T>(key: &str, derived: Option<T>) -> Result<T, String> {
    derived
        .ok_or_else(|| format!("token key `{key}` is not configured; add it again under [tokens]"))
}

/// A code in groups of four, as people type it.
fn grouped(code: &str) -> String {
    let mut out = String::new();
    for (at, letter) in code.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push('-');
        }
        out.push(letter);
    }
    out
}
