//! Discord as a chat service: how to reach it, and what may be shown there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use secrecy::SecretString;

/// What `[discord]` means.
#[derive(Debug, Clone)]
pub struct Discord {
    /// The bot's token.
    pub token: SecretString,
    /// The application; also the bot's own account.
    pub application_id: u64,
    /// The one guild that we speak in and listen to.
    pub guild_id: u64,
    /// The channels that policies may name, by their name there.
    pub channels: BTreeMap<String, u64>,
    /// Where connections to Discord's API go, host and port; the certificate there must be
    /// `discord.com`'s. Absent: to `discord.com`.
    pub api_base: Option<(String, u16)>,
    /// PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Whether people may link their accounts by a mailed code.
    pub self_link: bool,
    /// The language of what is shown in channels; people read their own elsewhere.
    pub locale: String,
    /// What of a request is shown in channels, beside its number and state.
    pub channel_shows: BTreeSet<Shown>,
}

/// A part of a request that the operator lets be shown in a channel, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Module, resource and account.
    Subject,
    /// Who asks.
    Requester,
    /// From when to when.
    Window,
    /// Why.
    Justification,
    /// Which step waits for whom, and who has voted.
    Progress,
    /// What approvers said with their votes.
    Comments,
}

impl Shown {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Subject,
        Self::Requester,
        Self::Window,
        Self::Justification,
        Self::Progress,
        Self::Comments,
    ];

    /// Its name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Requester => "requester",
            Self::Window => "window",
            Self::Justification => "justification",
            Self::Progress => "progress",
            Self::Comments => "comments",
        }
    }

    /// What is shown where the file says nothing: all but what approvers wrote.
    pub fn usual() -> BTreeSet<Self> {
        let mut all = BTreeSet::from(Self::ALL);
        all.remove(&Self::Comments);
        all
    }
}
