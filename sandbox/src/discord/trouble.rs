//! What goes wrong because a test says so: the wire, the session, the guild, the channels.

use serde_json::json;

use super::Double;
use super::asked::Asked;
use super::channel::Channel;
use super::fault::Fault;
use super::gateway::{Out, intent};
use super::id::Id;
use super::world::{Access, Place, World};

impl Double {
    /// Trouble for requests to come.
    pub fn fault(&self, fault: Fault) {
        self.shared.with(|world| world.faults.push(fault));
    }

    /// Ends the trouble that has not been met.
    pub fn no_more_faults(&self) {
        self.shared.with(|world| world.faults.clear());
    }

    /// Breaks every socket, without a farewell. The sessions can be resumed.
    pub fn drop_sockets(&self) {
        self.shared.with(|world| world.gateway.all(|| Out::Break));
    }

    /// Closes every socket with this number.
    pub fn close_sockets(&self, code: u16) {
        let out = || Out::Close(code, "As a test asked.");
        self.shared.with(|world| world.gateway.all(out));
    }

    /// Tells the bot to come back (operation 7).
    pub fn reconnect(&self) {
        self.say(&json!({ "op": 7, "d": null }));
    }

    /// Tells the bot that its session is invalid (operation 9), and forgets it unless it may be
    /// resumed.
    pub fn invalidate(&self, resumable: bool) {
        self.say(&json!({ "op": 9, "d": resumable }));
        if !resumable {
            self.forget_sessions();
        }
    }

    fn say(&self, payload: &serde_json::Value) {
        let text = payload.to_string();
        self.shared
            .with(|world| world.gateway.all(|| Out::Say(text.clone())));
    }

    /// Forgets every session: who resumes is told that it is invalid.
    pub fn forget_sessions(&self) {
        self.shared.with(|world| world.gateway.sessions.clear());
    }

    /// The bot gets a new token, which is returned; the old one is refused with 401, at the gateway
    /// with 4004, and its sockets are closed.
    pub fn revoke_token(&self) -> String {
        self.shared.with(|world| {
            world.token = format!("double.{}", countersign::clock::new_id().simple());
            let out = || Out::Close(4004, "Authentication failed.");
            world.gateway.all(out);
            world.gateway.sessions.clear();
            world.token.clone()
        })
    }

    /// Whoever identifies is closed with this number, such as 4014; `None` lets them in again.
    pub fn refuse_identify(&self, code: Option<u16>) {
        self.shared.with(|world| world.gateway.refuses = code);
    }

    /// Leaves heartbeats unanswered, or answers them again.
    pub fn deafen(&self, deaf: bool) {
        self.shared.with(|world| world.gateway.deaf = deaf);
    }

    /// How often bots that connect from now on are told to beat.
    pub fn set_heartbeat(&self, every: std::time::Duration) {
        self.shared.with(|world| world.gateway.heartbeat = every);
    }

    /// How many heartbeats came.
    pub fn heartbeats(&self) -> u32 {
        self.shared.read(|world| world.gateway.beats)
    }

    /// Sends an interaction to the bot once more, with the same id.
    pub fn repeat(&self, asked: &Asked) {
        self.shared.with(|world| {
            if let Some(interaction) = world.interactions.get(&asked.id()) {
                let event = interaction.event.clone();
                world.gateway.dispatch("INTERACTION_CREATE", &event, None);
            }
        });
    }

    /// Sends the bot an event that this double does not make of itself.
    pub fn dispatch(&self, event: &str, data: &serde_json::Value) {
        self.shared
            .with(|world| world.gateway.dispatch(event, data, None));
    }

    /// A moderator takes a post away.
    pub fn delete_post(&self, id: Id) {
        self.shared.with(|world| {
            if let Some(post) = world.posts.get_mut(&id) {
                post.deleted = true;
                world.tell("MESSAGE_DELETE", id);
            }
        });
    }

    /// A channel goes, with what stands in it.
    pub fn delete_channel(&self, channel: &Channel) {
        self.shared.with(|world| {
            let data = world.room_json(channel.id());
            world.rooms.remove(&channel.id());
            world
                .gateway
                .dispatch("CHANNEL_DELETE", &data, Some(intent::GUILDS));
        });
    }

    /// What the bot may do in a channel from now on.
    pub fn allow(&self, channel: &Channel, access: Access) {
        self.shared.with(|world| {
            if let Some(room) = world.rooms.get_mut(&channel.id()) {
                room.access = access;
            }
        });
    }

    /// Archives a thread, and locks it or not.
    pub fn archive(&self, thread: &Channel, also_locked: bool) {
        self.shared.with(|world| {
            let room = world.rooms.get_mut(&thread.id());
            if let Some(Place::Thread {
                archived, locked, ..
            }) = room.map(|room| &mut room.place)
            {
                *archived = true;
                *locked = also_locked;
            }
        });
    }

    /// How many rooms with people the bot may open from now on, before it is refused with 40003.
    pub fn limit_directs(&self, left: Option<u32>) {
        self.shared.with(|world| world.directs_left = left);
    }

    /// The bot is thrown out of the guild, and its commands go with it.
    pub fn remove_bot(&self) {
        self.shared.with(|world| {
            world.member = false;
            world.commands.clear();
            let data = json!({ "id": world.guild });
            dispatch_guild(world, "GUILD_DELETE", &data);
        });
    }

    /// The same, and nobody who listens is told: somebody else did, or nobody.
    pub fn remove_bot_unheard(&self) {
        self.shared.with(|world| world.member = false);
    }

    /// The bot is invited again.
    pub fn invite_bot(&self) {
        self.shared.with(|world| {
            world.member = true;
            let data = super::gateway::event::guild(world);
            dispatch_guild(world, "GUILD_CREATE", &data);
        });
    }

    /// The guild is out of reach for a while; the bot is still a member.
    pub fn lose_guild(&self) {
        self.shared.with(|world| {
            let data = json!({ "id": world.guild, "unavailable": true });
            dispatch_guild(world, "GUILD_DELETE", &data);
        });
    }
}

fn dispatch_guild(world: &mut World, event: &str, data: &serde_json::Value) {
    world.gateway.dispatch(event, data, Some(intent::GUILDS));
}
