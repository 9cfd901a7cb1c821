//! What is recorded of things that the handler does not judge: links, and forms that are not opened (W27).

use sqlx::PgConnection;

use super::{Desk, Heard, Who};
use crate::command::when::WhenError;
use crate::store::audit::{self, Entry, Outcome};
use crate::store::inbound as ledger;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Channel;

impl Desk {
    /// Enters what came of an interaction, once. `false`: it was entered before, and this transaction must leave
    /// nothing.
    pub(super) async fn note(
        &self,
        conn: &mut PgConnection,
        heard: &Heard,
        entry: Entry,
    ) -> Result<bool, sqlx::Error> {
        let (key, outcome) = (heard.key(), entry.outcome);
        if !ledger::claim(conn, &key, Channel::Chat, outcome, entry.at).await? {
            return Ok(false);
        }
        let entry = Entry {
            key: Some(key),
            proof: Some(self.proof(heard)),
            ..entry
        };
        audit::append_system(conn, Channel::Chat, &[entry]).await?;
        Ok(true)
    }

    /// Enters that an identified person could not do what they pressed a button for.
    pub(super) async fn note_refusal(
        &self,
        heard: &Heard,
        who: &Who,
        refusal: &Refusal,
    ) -> Result<(), sqlx::Error> {
        let entry = Entry {
            actor: Some(who.person.id.clone()),
            refusal: Some(refusal.clone()),
            ..Entry::new(self.handler.clock.now(), Channel::Chat, Outcome::Refused)
        };
        self.note_alone(heard, entry).await
    }

    /// Enters that an identified person was not understood, and why.
    pub(super) async fn note_unclear(
        &self,
        heard: &Heard,
        who: &Who,
        why: &WhenError,
    ) -> Result<(), sqlx::Error> {
        let entry = Entry {
            actor: Some(who.person.id.clone()),
            why: Some(why.to_string()),
            ..Entry::new(self.handler.clock.now(), Channel::Chat, Outcome::Unclear)
        };
        self.note_alone(heard, entry).await
    }

    async fn note_alone(&self, heard: &Heard, entry: Entry) -> Result<(), sqlx::Error> {
        let mut tx = self.handler.pool.begin().await?;
        if self.note(&mut tx, heard, entry).await? {
            tx.commit().await?;
        }
        Ok(())
    }
}
