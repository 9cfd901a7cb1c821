//! The gateway: what the bot hears of the world, in order, over a websocket that may break.
//!
//! A session outlives its socket. Each event gets the session's next number and is kept, so that a
//! bot that comes back with RESUME hears what it missed. A session ends when the bot closes it
//! itself (1000, 1001), when it is invalidated, or when a new bot token makes it worthless.

pub(super) mod event;
pub(super) mod socket;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// How many events a session keeps to be heard again.
const MAX_BACKLOG: usize = 10_000;
/// How often the bot is told to beat.
const HEARTBEAT: Duration = Duration::from_millis(41_250);

/// What a bot asks to hear of.
pub(super) mod intent {
    /// Guilds and channels.
    pub const GUILDS: u64 = 1;
    /// Messages in guilds.
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    /// Messages in direct channels.
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    /// Members, presences, what messages say: only for bots that were given them.
    pub const PRIVILEGED: u64 = 1 << 1 | 1 << 8 | 1 << 15;
    /// All that there are.
    pub const KNOWN: u64 = 0x1_ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);
}

/// What is sent down a socket.
#[derive(Debug)]
pub(super) enum Out {
    /// A payload.
    Say(String),
    /// A farewell with its number and reason.
    Close(u16, &'static str),
    /// Nothing: the connection breaks.
    Break,
}

/// A bot that has identified.
#[derive(Debug)]
pub(super) struct Session {
    pub id: String,
    intents: u64,
    /// The number of the last event.
    sequence: u64,
    backlog: VecDeque<(u64, String)>,
    /// The socket, where there is one.
    socket: Option<UnboundedSender<Out>>,
}

impl Session {
    fn hear(&mut self, event: &str, data: &Value) {
        self.sequence += 1;
        let payload = json!({ "op": 0, "t": event, "s": self.sequence, "d": data }).to_string();
        if let Some(socket) = &self.socket {
            let _ = socket.send(Out::Say(payload.clone()));
        }
        self.backlog.push_back((self.sequence, payload));
        if self.backlog.len() > MAX_BACKLOG {
            self.backlog.pop_front();
        }
    }

    fn send(&self, out: Out) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(out);
        }
    }
}

/// All sessions, and what a test wants of the gateway.
#[derive(Debug)]
pub(super) struct Gateway {
    pub sessions: Vec<Session>,
    /// Sockets that are not yet a session's, and those that are.
    pub identified: u32,
    /// How often a session was resumed.
    pub resumed: u32,
    /// How often a bot beat its heart.
    pub beats: u32,
    pub heartbeat: Duration,
    /// Whether heartbeats go unanswered.
    pub deaf: bool,
    /// Who identifies is closed with this number.
    pub refuses: Option<u16>,
    /// Where bots are told that it is, if not where it is without TLS.
    pub told: Option<String>,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            sessions: Vec::new(),
            identified: 0,
            resumed: 0,
            beats: 0,
            heartbeat: HEARTBEAT,
            deaf: false,
            refuses: None,
            told: None,
        }
    }
}

impl Gateway {
    /// Tells everybody who asked for it.
    pub fn dispatch(&mut self, event: &str, data: &Value, wanted: Option<u64>) {
        for session in &mut self.sessions {
            if wanted.is_none_or(|intent| session.intents & intent != 0) {
                session.hear(event, data);
            }
        }
    }

    /// Sends this down every socket. The sessions stay.
    pub fn all(&self, out: impl Fn() -> Out) {
        for session in &self.sessions {
            session.send(out());
        }
    }

    /// Whether a bot is listening now.
    pub fn listening(&self) -> bool {
        self.listeners() > 0
    }

    /// How many are.
    pub fn listeners(&self) -> usize {
        let sessions = self.sessions.iter();
        sessions.filter(|one| one.socket.is_some()).count()
    }
}
