//! One websocket: HELLO, then IDENTIFY or RESUME, then events down and heartbeats up, until it
//! ends.

use std::collections::VecDeque;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::super::shared::Shared;
use super::super::world::World;
use super::{Out, Session, event, intent};

/// The longest payload that a bot may send, in bytes.
const MAX_PAYLOAD: usize = 4_096;
/// The most payloads in a minute.
const MAX_PAYLOADS: usize = 120;
const MINUTE: Duration = Duration::from_mins(1);

/// Why a socket is closed by us.
type Farewell = (u16, &'static str);

const UNKNOWN_OPCODE: Farewell = (4001, "Unknown opcode.");
const DECODE_ERROR: Farewell = (4002, "Error while decoding payload.");
const NOT_AUTHENTICATED: Farewell = (4003, "Not authenticated.");
const AUTHENTICATION_FAILED: Farewell = (4004, "Authentication failed.");
const ALREADY_AUTHENTICATED: Farewell = (4005, "Already authenticated.");
const INVALID_SEQUENCE: Farewell = (4007, "Invalid seq.");
const RATE_LIMITED: Farewell = (4008, "Rate limited.");
const SESSION_TIMED_OUT: Farewell = (4009, "Session timed out.");
const INVALID_SHARD: Farewell = (4010, "Invalid shard.");
const INVALID_INTENTS: Farewell = (4013, "Invalid intent(s).");
const DISALLOWED_INTENTS: Farewell = (4014, "Disallowed intent(s).");

/// One connection's state.
struct Line {
    shared: Shared,
    url: String,
    /// The session, once there is one.
    session: Option<String>,
    out: tokio::sync::mpsc::UnboundedSender<Out>,
    /// When the last payloads came.
    recent: VecDeque<Instant>,
    beat: Instant,
}

/// Serves one socket to its end. `url` is where a bot is told to come back.
pub async fn serve(mut socket: WebSocket, shared: Shared, url: String) {
    let (out, outbox) = unbounded_channel();
    let heartbeat = shared.read(|world| world.gateway.heartbeat);
    let every = u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX);
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": every } });
    let _ = out.send(Out::Say(hello.to_string()));
    let mut line = Line {
        shared: shared.clone(),
        url,
        session: None,
        out,
        recent: VecDeque::new(),
        beat: Instant::now(),
    };
    let ended = line.run(&mut socket, outbox, heartbeat).await;
    if let End::Told(farewell) = ended {
        let (code, reason) = farewell;
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let _ = socket.send(Message::Close(Some(frame))).await;
        // The other side answers the farewell; then the connection may go.
        while let Some(Ok(_)) = socket.recv().await {}
    }
    let id = line.session.take();
    shared.with(|world| {
        let sessions = &mut world.gateway.sessions;
        for session in sessions
            .iter_mut()
            .filter(|one| Some(&one.id) == id.as_ref())
        {
            // A newer socket may have taken the session over.
            if session
                .socket
                .as_ref()
                .is_some_and(|socket| socket.same_channel(&line.out))
            {
                session.socket = None;
            }
        }
        if matches!(ended, End::Left) {
            sessions.retain(|session| Some(&session.id) != id.as_ref());
        }
    });
}

/// How it ended.
enum End {
    /// The bot closed it for good; its session is over.
    Left,
    /// It broke; the session can be resumed.
    Broke,
    /// We close it.
    Told(Farewell),
}

impl Line {
    async fn run(
        &mut self,
        socket: &mut WebSocket,
        mut outbox: UnboundedReceiver<Out>,
        heartbeat: Duration,
    ) -> End {
        loop {
            // Discord waits a little longer than it asks for.
            let dead = self.beat + heartbeat + heartbeat / 2;
            tokio::select! {
                out = outbox.recv() => match out {
                    Some(Out::Say(text)) => {
                        if socket.send(Message::Text(text.into())).await.is_err() {
                            return End::Broke;
                        }
                    }
                    Some(Out::Close(code, reason)) => return End::Told((code, reason)),
                    Some(Out::Break) | None => return End::Broke,
                },
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Err(farewell) = self.hear(text.as_str()) {
                            return End::Told(farewell);
                        }
                    }
                    Some(Ok(Message::Close(frame))) => {
                        let code = frame.map_or(1005, |frame| frame.code);
                        return if matches!(code, 1000 | 1001) { End::Left } else { End::Broke };
                    }
                    Some(Ok(Message::Binary(_))) => return End::Told(DECODE_ERROR),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return End::Broke,
                },
                () = sleep_until(dead) => return End::Told(SESSION_TIMED_OUT),
            }
        }
    }

    /// Acts on what the bot said.
    fn hear(&mut self, text: &str) -> Result<(), Farewell> {
        let now = Instant::now();
        self.recent.retain(|at| now.duration_since(*at) < MINUTE);
        self.recent.push_back(now);
        if self.recent.len() > MAX_PAYLOADS {
            return Err(RATE_LIMITED);
        }
        if text.len() > MAX_PAYLOAD {
            return Err(DECODE_ERROR);
        }
        let payload: Value = serde_json::from_str(text).map_err(|_| DECODE_ERROR)?;
        let data = &payload["d"];
        match payload["op"].as_u64() {
            Some(1) => {
                self.beat = now;
                let deaf = self.shared.with(|world| {
                    world.gateway.beats += 1;
                    world.gateway.deaf
                });
                if !deaf {
                    self.say(&json!({ "op": 11 }));
                }
                Ok(())
            }
            Some(2) => self.identify(data),
            Some(6) => self.resume(data),
            // Presence, voice, members: heard, and nothing comes of it.
            Some(3 | 4 | 8 | 31) if self.session.is_some() => Ok(()),
            Some(3 | 4 | 8 | 31) => Err(NOT_AUTHENTICATED),
            _ => Err(UNKNOWN_OPCODE),
        }
    }

    fn say(&self, payload: &Value) {
        let _ = self.out.send(Out::Say(payload.to_string()));
    }

    fn identify(&mut self, data: &Value) -> Result<(), Farewell> {
        if self.session.is_some() {
            return Err(ALREADY_AUTHENTICATED);
        }
        let intents = data["intents"].as_u64().ok_or(INVALID_INTENTS)?;
        let whole = data["shard"].is_null() || data["shard"] == json!([0, 1]);
        let (shared, url) = (self.shared.clone(), self.url.clone());
        let id = shared.with(|world| {
            world.gateway.identified += 1;
            if let Some(code) = world.gateway.refuses {
                return Err((code, "Refused."));
            }
            if !is_token(world, data) {
                return Err(AUTHENTICATION_FAILED);
            }
            if intents & !intent::KNOWN != 0 {
                return Err(INVALID_INTENTS);
            }
            if intents & intent::PRIVILEGED != 0 {
                return Err(DISALLOWED_INTENTS);
            }
            if !whole {
                return Err(INVALID_SHARD);
            }
            let id = countersign::clock::new_id().simple().to_string();
            let mut session = Session {
                id: id.clone(),
                intents,
                sequence: 0,
                backlog: VecDeque::new(),
                socket: Some(self.out.clone()),
            };
            session.hear("READY", &event::ready(world, &id, &url));
            if world.member && intents & intent::GUILDS != 0 {
                session.hear("GUILD_CREATE", &event::guild(world));
            }
            world.gateway.sessions.push(session);
            Ok(id)
        })?;
        self.session = Some(id);
        Ok(())
    }

    fn resume(&mut self, data: &Value) -> Result<(), Farewell> {
        if self.session.is_some() {
            return Err(ALREADY_AUTHENTICATED);
        }
        let shared = self.shared.clone();
        let resumed = shared.with(|world| {
            if !is_token(world, data) {
                return Err(AUTHENTICATION_FAILED);
            }
            let last = data["seq"].as_u64().unwrap_or_default();
            let mut sessions = world.gateway.sessions.iter_mut();
            let Some(session) = sessions.find(|one| data["session_id"] == one.id) else {
                return Ok(None);
            };
            if last > session.sequence {
                return Err(INVALID_SEQUENCE);
            }
            // One socket a session: the older one is told to go.
            session.send(Out::Close(4000, "Resumed elsewhere."));
            session.socket = Some(self.out.clone());
            for (_, missed) in session.backlog.iter().filter(|(number, _)| *number > last) {
                session.send(Out::Say(missed.clone()));
            }
            session.hear("RESUMED", &json!({}));
            let id = session.id.clone();
            world.gateway.resumed += 1;
            Ok(Some(id))
        })?;
        if resumed.is_none() {
            self.say(&json!({ "op": 9, "d": false }));
        }
        self.session = resumed;
        Ok(())
    }
}

fn is_token(world: &World, data: &Value) -> bool {
    let token = data["token"].as_str().unwrap_or_default();
    token.strip_prefix("Bot ").unwrap_or(token) == world.token
}
