//! Extension: a new request whose window begins where a grant ends (W23).

use sqlx::PgConnection;

use super::file::Wanted;
use super::identify::Identified;
use super::{Answer, Case};
use crate::command::Command;
use crate::store::requests;
use crate::workflow::decide::{Scene, extension};
use crate::workflow::ids::PersonId;
use crate::workflow::refusal::Refusal;

impl Case<'_> {
    pub(super) async fn extend(
        &self,
        conn: &mut PgConnection,
        speaker: &Identified,
        person: &PersonId,
        command: &Command,
    ) -> Result<Answer, sqlx::Error> {
        let Command::Extend {
            request: base,
            length,
            justification,
            key,
        } = command
        else {
            return self
                .unidentified(conn, "it extends nothing".to_owned())
                .await;
        };
        let Some(locked) = requests::lock(conn, *base).await? else {
            return self.unknown(conn, speaker, *base).await;
        };
        let case = self.holding(conn, &locked).await?;
        let others = requests::other_grants(conn, locked.request(), case.now).await?;
        let locked = locked.seeing(others, Vec::new());
        let scene = Scene {
            request: locked.request(),
            book: &case.book,
            around: locked.around(),
            now: case.now,
        };
        match extension(&scene, person, *length, justification.clone()) {
            Ok(draft) => {
                let wanted = Wanted {
                    draft: &draft,
                    key: key.as_deref(),
                    emergency: None,
                };
                case.file(conn, person, wanted).await
            }
            Err(Refusal::ExtendedAlready { by, .. })
                if case.filed_under(conn, person, key.as_deref()).await? == Some(by) =>
            {
                Ok(Answer::Accepted {
                    request: by,
                    events: Vec::new(),
                })
            }
            Err(refusal) => case.refuse(conn, speaker, locked, refusal).await,
        }
    }

    async fn filed_under(
        &self,
        conn: &mut PgConnection,
        person: &PersonId,
        key: Option<&str>,
    ) -> Result<Option<crate::workflow::ids::RequestId>, sqlx::Error> {
        match key {
            Some(key) => requests::find_by_key(conn, person, key).await,
            None => Ok(None),
        }
    }
}
