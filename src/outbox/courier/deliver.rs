//! One delivery: rendered, sent, acknowledged by its lease.

use jiff::Timestamp;

use super::{Courier, Reached, chance};
use crate::outbound::Sending;
use crate::outbound::mail::{Letter, reply_address};
use crate::outbox::retry::{self, Next};
use crate::reach::{self, Failure, Marked};
use crate::render::{self, CodeFacts, Reader, Reply};
use crate::store::outbox::{self, Ack, Acked, Claimed, Content, Outcome};
use crate::workflow::notice::Kind;

impl Courier {
    pub(super) async fn deliver(&self, claimed: &Claimed) -> Result<Reached, sqlx::Error> {
        let sending = match self.letter(claimed) {
            Ok(letter) => self.mailer.send(&letter).await,
            // A template or a key that is missing: the operator mends it, and it goes out.
            Err(why) => Sending::Retry(why),
        };
        let now = self.clock.now();
        let no_such_reader = matches!(sending, Sending::NoSuchReader(_));
        let outcome = match sending {
            Sending::Sent(answer) => Outcome::Sent(answer),
            Sending::GiveUp(why) | Sending::NoSuchReader(why) => Outcome::GiveUp(why),
            Sending::Retry(why) => again(claimed, now, why),
            Sending::Unreachable(why) => {
                let mut conn = self.pool.acquire().await?;
                let mine = [(claimed.id, claimed.lease)];
                outbox::release(&mut conn, &mine, now, Some(&why)).await?;
                return Ok(Reached::No);
            }
        };
        let acked = self.acknowledge(claimed, &outcome, now).await?;
        if let (true, Acked::Done, Outcome::GiveUp(why)) = (no_such_reader, acked, &outcome) {
            self.mark(claimed, why, now).await;
        }
        Ok(Reached::Yes)
    }

    /// Remembers whose address takes no mail. That the delivery gave up stands already, and is not put
    /// at risk by this.
    async fn mark(&self, claimed: &Claimed, why: &str, now: Timestamp) {
        let failure = Failure {
            person: &claimed.person,
            address: &claimed.address,
            delivery: claimed.id,
            request: claimed.request,
            why,
            mail: None,
        };
        let marked = async {
            let mut tx = self.pool.begin().await?;
            let marked = reach::failed(&mut tx, &failure, now).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(marked)
        };
        match marked.await {
            Ok(Marked::New) => self.wake.notify_one(),
            Ok(_) => {}
            Err(error) => {
                let id = claimed.id;
                tracing::error!(
                    delivery.id = %id,
                    %error,
                    "delivery {id} was refused by its reader's server, which cannot be remembered: {error}"
                );
            }
        }
    }

    async fn acknowledge(
        &self,
        claimed: &Claimed,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<Acked, sqlx::Error> {
        let ack = Ack {
            id: claimed.id,
            lease: claimed.lease,
            attempt: claimed.attempt,
            outcome,
            now,
        };
        let mut conn = self.pool.acquire().await?;
        let acked = outbox::ack(&mut conn, &ack).await?;
        let (id, kind) = (claimed.id, claimed.content.name());
        match (acked, outcome) {
            (Acked::Done, Outcome::Sent(_)) => {
                tracing::info!(delivery.id = %id, kind, "delivery {id} sent");
            }
            (Acked::Done, Outcome::Retry { at, why }) => {
                tracing::info!(delivery.id = %id, kind, "delivery {id} is tried again at {at}: {why}");
            }
            (Acked::Done, Outcome::GiveUp(why)) => {
                tracing::warn!(
                    delivery.id = %id,
                    kind,
                    "delivery {id} gave up: {why}; `countersign outbox retry {id}` tries it again"
                );
            }
            (Acked::Cancelled, _) => {
                tracing::info!(delivery.id = %id, kind, "delivery {id} is not needed any more");
            }
            (Acked::LeaseLost, _) => {
                tracing::warn!(
                    delivery.id = %id,
                    kind,
                    "delivery {id} took longer than its lease; it may be sent twice under one Message-ID"
                );
            }
        }
        Ok(acked)
    }

    /// The mail of a delivery: the same at every try, but for its date.
    fn letter(&self, claimed: &Claimed) -> Result<Letter, String> {
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
            Content::System(mail) => Ok(render::plain(&mail.subject, &mail.text)),
        };
        let rendered = rendered.map_err(|error| error.to_string())?;
        let kind = match &claimed.content {
            Content::Notice { kind, .. } => Some(*kind),
            Content::Digest(_) | Content::Code(_) | Content::System(_) => None,
        };
        let unsubscribe = match &claimed.content {
            Content::Digest(digest) => digest.contacts.iter(),
            Content::Notice { .. } | Content::Code(_) | Content::System(_) => [].iter(),
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
            at: self.clock.now(),
        })
    }
}

impl Courier {
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

fn again(claimed: &Claimed, now: Timestamp, why: String) -> Outcome {
    match retry::after(claimed.counted, claimed.tried_since, now, chance()) {
        Next::At(at) => Outcome::Retry { at, why },
        Next::GiveUp(limit) => Outcome::GiveUp(format!("{why} ({limit})")),
    }
}
