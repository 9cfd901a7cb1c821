//! A look at single mails, for `doctor mail`: finds what it is told to find, and takes away its own.
//!
//! Nothing is marked as read, and no mail is touched but those that are named by a Message-ID of the
//! caller's. The daemon may watch the same folder meanwhile: it records such a mail, judges it to be our
//! own, and moves it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::error::MailboxError;
use super::names::{quotable, quoted, uid_set};
use super::wire::Wire;
use super::{Able, connect, fetch};
use crate::config::Imap;

/// An open connection.
#[derive(Debug)]
pub struct Peephole {
    wire: Wire,
    able: Able,
    limit: u64,
}

impl Peephole {
    /// Connects and logs in.
    pub async fn open(imap: &Imap) -> Result<Self, MailboxError> {
        let (wire, can) = connect::connect(imap).await?;
        Ok(Self {
            wire,
            able: Able {
                idle: can.idle,
                moves: can.mv,
                uidplus: can.uidplus,
            },
            limit: imap.max_mail_bytes,
        })
    }

    /// What the server can do.
    pub fn able(&self) -> Able {
        self.able
    }

    /// Opens a folder; fails where there is none of that name.
    pub async fn select(&mut self, folder: &str) -> Result<(), MailboxError> {
        connect::select(&mut self.wire, folder).await.map(drop)
    }

    /// A mail of the open folder by its Message-ID, with its brackets.
    pub async fn find(&mut self, message_id: &str) -> Result<Option<Vec<u8>>, MailboxError> {
        let uids = self.uids(message_id).await?;
        if uids.is_empty() {
            return Ok(None);
        }
        let seen = fetch::survey(&mut self.wire, &uid_set(&uids)).await?;
        let first = seen.get(..1).unwrap_or_default();
        let arrived = fetch::fetch(&mut self.wire, first, self.limit).await?;
        Ok(arrived.into_iter().find_map(|mail| mail.raw))
    }

    /// Takes a mail of the open folder away, where the server can remove exactly that one.
    pub async fn remove(&mut self, message_id: &str) -> Result<(), MailboxError> {
        let uids = self.uids(message_id).await?;
        if uids.is_empty() || !self.able.uidplus {
            return Ok(());
        }
        let set = uid_set(&uids);
        for command in [
            format!("UID STORE {set} +FLAGS.SILENT (\\Seen \\Deleted)"),
            format!("UID EXPUNGE {set}"),
        ] {
            self.wire.command(&command, &mut |_| {}).await?;
        }
        Ok(())
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        let _ = self.wire.command("LOGOUT", &mut |_| {}).await;
    }

    async fn uids(&mut self, message_id: &str) -> Result<Vec<u32>, MailboxError> {
        if !quotable(message_id) {
            return Ok(Vec::new());
        }
        // So that a server tells of what came since the folder was opened.
        self.wire.command("NOOP", &mut |_| {}).await?;
        let what = format!("HEADER Message-ID {}", quoted(message_id));
        fetch::search(&mut self.wire, &what).await
    }
}
