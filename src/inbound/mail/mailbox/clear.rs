//! Putting judged mails out of the way, in sets: one command for hundreds.
//!
//! Only what is judged and committed comes here, so that doing it late, twice or never loses
//! nothing: what stays in the inbox is known by its content.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::connect::{Abilities, Folder};
use super::error::MailboxError;
use super::names::{self, uid_set};
use super::wire::{Ended, Wire};

/// Our mark on a mail that is done with.
pub(super) const KEYWORD: &str = "$CountersignDone";

/// How mails are put out of the way on this server.
#[derive(Debug, Clone)]
pub(super) struct Broom {
    /// The folder they go to; absent: they stay and are flagged.
    pub processed: Option<String>,
    /// What the server can do.
    pub can: Abilities,
    /// What the folder allows.
    pub folder: Folder,
}

/// A server's refusal, as shown to the operator.
pub(super) struct Refusal(pub String);

impl Broom {
    /// A search for what is not yet out of the way.
    pub(super) fn leftovers(&self) -> String {
        match (self.folder.keywords, &self.processed) {
            (true, _) => format!("UNDELETED NOT KEYWORD {KEYWORD}"),
            (false, Some(_)) => "UNDELETED".to_owned(),
            (false, None) => "UNDELETED UNSEEN".to_owned(),
        }
    }

    /// Moves or flags the mails. `Ok(Some(..))`: the server will not; they stay as they are.
    pub(super) async fn sweep(
        &self,
        wire: &mut Wire,
        uids: &[u32],
    ) -> Result<Option<Refusal>, MailboxError> {
        let set = uid_set(uids);
        let Some(processed) = &self.processed else {
            return Ok(refusal(self.flag(wire, &set, "\\Seen").await?));
        };
        let target = names::folder(processed);
        let verb = if self.can.mv { "MOVE" } else { "COPY" };
        let command = format!("UID {verb} {set} {target}");
        let mut ended = wire.command(&command, &mut |_| {}).await?;
        if matches!(ended, Ended::No(_)) {
            // Most likely the folder is not there yet; if it is, this is refused and nothing
            // changes.
            let create = format!("CREATE {target}");
            if let Ended::Ok(_) = wire.command(&create, &mut |_| {}).await? {
                ended = wire.command(&command, &mut |_| {}).await?;
            }
        }
        if self.can.mv || !matches!(ended, Ended::Ok(_)) {
            return Ok(refusal(ended));
        }
        let flagged = self.flag(wire, &set, "\\Seen \\Deleted").await?;
        if !matches!(flagged, Ended::Ok(_)) {
            return Ok(refusal(flagged));
        }
        if self.can.uidplus {
            let command = format!("UID EXPUNGE {set}");
            return Ok(refusal(wire.command(&command, &mut |_| {}).await?));
        }
        // A plain EXPUNGE would also remove what a person has marked: they stay, marked as deleted.
        Ok(None)
    }

    async fn flag(&self, wire: &mut Wire, set: &str, flags: &str) -> Result<Ended, MailboxError> {
        let keyword = if self.folder.keywords {
            format!(" {KEYWORD}")
        } else {
            String::new()
        };
        let command = format!("UID STORE {set} +FLAGS.SILENT ({flags}{keyword})");
        Ok(wire.command(&command, &mut |_| {}).await?)
    }
}

fn refusal(ended: Ended) -> Option<Refusal> {
    match ended {
        Ended::Ok(_) => None,
        Ended::No(said) | Ended::Bad(said) => Some(Refusal(said)),
    }
}
