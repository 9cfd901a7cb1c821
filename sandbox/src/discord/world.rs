//! What the double knows: the guild, its channels and people, every post, every interaction.
//!
//! One lock around all of it; nothing waits while it is held. Whoever waits for something to happen
//! looks again each time the number in `changed` goes up.

use std::collections::BTreeMap;

use countersign::clock::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault::Fault;
use super::gateway::{Gateway, intent};
use super::id::Id;
use super::interaction::{Interaction, Kind};
use super::post::{Author, Post};
use super::refusal::Refusal;

/// What of a channel the bot may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// See and write.
    Full,
    /// See only: refused with 50013.
    ReadOnly,
    /// Nothing: refused with 50001.
    Hidden,
}

/// What a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the guild.
    Text,
    /// Below a channel of the guild.
    Thread {
        parent: Id,
        archived: bool,
        locked: bool,
    },
    /// Between the bot and this person.
    Direct(Id),
}

#[derive(Debug, Clone)]
pub(super) struct Room {
    pub name: String,
    pub place: Place,
    pub access: Access,
    /// When old posts were edited, for the limit on that.
    pub old_edits: Vec<Timestamp>,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub name: String,
    pub locale: String,
    /// Why they take no direct messages: 50007 or 50278.
    pub closed: Option<u32>,
}

/// A request that the bot made, and what it was answered.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `POST` …
    pub method: String,
    /// After `/api/v10`.
    pub path: String,
    /// The body, null where there was none.
    pub body: Value,
    /// Of the answer.
    pub status: u16,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// Whether a test had asked for this trouble.
    pub planned: bool,
}

/// The state.
#[derive(Debug)]
pub(super) struct World {
    pub clock: Clock,
    pub token: String,
    pub application: Id,
    pub guild: Id,
    /// Whether the bot is a member.
    pub member: bool,
    pub rooms: BTreeMap<Id, Room>,
    pub people: BTreeMap<Id, Account>,
    pub posts: BTreeMap<Id, Post>,
    pub interactions: BTreeMap<Id, Interaction>,
    /// As they are answered to the bot.
    pub commands: Vec<Value>,
    pub gateway: Gateway,
    pub faults: Vec<Fault>,
    /// How many rooms with people the bot may still open; Discord tells nobody its limit.
    pub directs_left: Option<u32>,
    pub seen: Vec<Seen>,
    /// Where the double itself was wrong, by the API description.
    pub wrong: Vec<String>,
    ids: u64,
}

impl World {
    pub fn new(clock: Clock) -> Self {
        let mut world = Self {
            clock,
            token: format!("double.{}", countersign::clock::new_id().simple()),
            application: Id::new(Timestamp::UNIX_EPOCH, 0),
            guild: Id::new(Timestamp::UNIX_EPOCH, 0),
            member: true,
            rooms: BTreeMap::new(),
            people: BTreeMap::new(),
            posts: BTreeMap::new(),
            interactions: BTreeMap::new(),
            commands: Vec::new(),
            gateway: Gateway::default(),
            faults: Vec::new(),
            directs_left: None,
            seen: Vec::new(),
            wrong: Vec::new(),
            ids: 0,
        };
        world.application = world.id();
        world.guild = world.id();
        world
    }

    /// A new id.
    pub fn id(&mut self) -> Id {
        self.ids += 1;
        Id::new(self.clock.now(), self.ids)
    }

    /// The bot, as others see it.
    pub fn bot(&self) -> Value {
        user(self.application, "Countersign", true)
    }

    /// Somebody, as others see them.
    pub fn person(&self, id: Id) -> Value {
        let name = self.people.get(&id).map_or("gone", |person| &person.name);
        user(id, name, false)
    }

    /// The room, or why the bot cannot see it.
    pub fn room(&self, id: Id) -> Result<&Room, Refusal> {
        let room = self.rooms.get(&id).ok_or_else(Refusal::unknown_channel)?;
        let ours = matches!(room.place, Place::Direct(_)) || self.member;
        if !ours || room.access == Access::Hidden {
            return Err(Refusal::missing_access());
        }
        Ok(room)
    }

    /// The room, or why the bot cannot write there.
    pub fn writable(&self, id: Id) -> Result<&Room, Refusal> {
        let room = self.room(id)?;
        match room.place {
            _ if room.access == Access::ReadOnly => Err(Refusal::missing_permissions()),
            Place::Thread { locked: true, .. } => Err(Refusal::locked()),
            Place::Thread { archived: true, .. } => Err(Refusal::archived()),
            Place::Direct(_) if !self.member => Err(Refusal::no_mutual_guild()),
            Place::Direct(person) => match self.people.get(&person).and_then(|who| who.closed) {
                Some(50278) => Err(Refusal::no_mutual_guild()),
                Some(_) => Err(Refusal::no_direct()),
                None => Ok(room),
            },
            _ => Ok(room),
        }
    }

    /// The post, if it is in this room and still there.
    pub fn post(&self, room: Id, id: Id) -> Result<&Post, Refusal> {
        let post = self.posts.get(&id);
        post.filter(|post| post.channel == room && !post.deleted)
            .ok_or_else(Refusal::unknown_message)
    }

    /// The room of the bot and this person, if there is one.
    pub fn known_direct(&self, person: Id) -> Option<Id> {
        let mut rooms = self.rooms.iter();
        let found = rooms.find(|(_, room)| room.place == Place::Direct(person));
        found.map(|(id, _)| *id)
    }

    /// The same; made where there is none.
    pub fn direct(&mut self, person: Id) -> Id {
        let known = self.known_direct(person);
        known.unwrap_or_else(|| self.new_room(String::new(), Place::Direct(person)))
    }

    /// A new room.
    pub fn new_room(&mut self, name: String, place: Place) -> Id {
        let id = self.id();
        let room = Room {
            name,
            place,
            access: Access::Full,
            old_edits: Vec::new(),
        };
        self.rooms.insert(id, room);
        id
    }

    /// A room, as the bot sees it.
    pub fn room_json(&self, id: Id) -> Value {
        let Some(room) = self.rooms.get(&id) else {
            return Value::Null;
        };
        let mut json = json!({ "id": id, "flags": 0, "last_message_id": null });
        match room.place {
            Place::Direct(person) => {
                json["type"] = json!(1);
                json["recipients"] = json!([self.person(person)]);
            }
            Place::Text => {
                json["type"] = json!(0);
                json["guild_id"] = self.guild.into();
                json["name"] = json!(room.name);
                json["position"] = json!(0);
                json["permission_overwrites"] = json!([]);
                json["nsfw"] = json!(false);
                json["topic"] = Value::Null;
                json["rate_limit_per_user"] = json!(0);
                json["parent_id"] = Value::Null;
            }
            Place::Thread {
                parent,
                archived,
                locked,
            } => {
                json["type"] = json!(11);
                json["guild_id"] = self.guild.into();
                json["name"] = json!(room.name);
                json["parent_id"] = parent.into();
                json["owner_id"] = self.application.into();
                json["message_count"] = json!(0);
                json["member_count"] = json!(1);
                json["total_message_sent"] = json!(0);
                json["rate_limit_per_user"] = json!(0);
                json["thread_metadata"] = json!({
                    "archived": archived, "locked": locked, "auto_archive_duration": 1440,
                    "archive_timestamp": self.clock.now().to_string(),
                });
            }
        }
        json
    }

    /// A post, as the bot sees it by REST.
    pub fn post_json(&self, post: &Post) -> Value {
        let author = match post.author {
            Author::Bot => self.bot(),
            Author::Person(person) => self.person(person),
        };
        let known = |id: &&Id| self.people.contains_key(id);
        let named: Vec<_> = post.named.iter().filter(known).collect();
        let mentions: Vec<_> = named.into_iter().map(|id| self.person(*id)).collect();
        let mut json = post.json(&author, &mentions);
        if let Some(id) = post.answers {
            json["webhook_id"] = self.application.into();
            json["application_id"] = self.application.into();
            if let Some(interaction) = self.interactions.get(&id) {
                json["interaction_metadata"] =
                    self.led_to(id, &interaction.kind, interaction.person);
            }
        }
        json
    }

    /// What a message says of what led to it.
    fn led_to(&self, id: Id, kind: &Kind, person: Id) -> Value {
        let mut metadata = json!({
            "id": id, "type": kind.number(), "user": self.person(person),
            "authorizing_integration_owners": { "0": self.guild },
        });
        match kind {
            Kind::Component(post) => metadata["interacted_message_id"] = (*post).into(),
            Kind::Modal(_, opener) => {
                let before = self.interactions.get(opener);
                metadata["triggering_interaction_metadata"] = before
                    .map_or(Value::Null, |before| {
                        self.led_to(*opener, &before.kind, before.person)
                    });
            }
            Kind::Command | Kind::Typing(_) => {}
        }
        metadata
    }

    /// Tells the bot of a post: new, changed or gone.
    pub fn tell(&mut self, event: &str, id: Id) {
        let Some(post) = self.posts.get(&id) else {
            return;
        };
        if post.only_for.is_some() {
            return;
        }
        let direct = self.rooms.get(&post.channel);
        let direct = direct.is_some_and(|room| matches!(room.place, Place::Direct(_)));
        let mut data = if event == "MESSAGE_DELETE" {
            json!({ "id": id, "channel_id": post.channel })
        } else {
            self.post_json(post)
        };
        // Without the intent MESSAGE_CONTENT a bot reads only what it wrote or what was sent to it.
        if post.author != Author::Bot && !direct && event != "MESSAGE_DELETE" {
            data["content"] = json!("");
        }
        if !direct {
            data["guild_id"] = self.guild.into();
        }
        let wanted = if direct {
            intent::DIRECT_MESSAGES
        } else {
            intent::GUILD_MESSAGES
        };
        self.gateway.dispatch(event, &data, Some(wanted));
    }
}

fn user(id: Id, name: &str, bot: bool) -> Value {
    json!({
        "id": id, "username": name.to_lowercase().replace(' ', "."), "global_name": name,
        "discriminator": "0", "avatar": null, "bot": bot, "public_flags": 0, "flags": 0,
        "primary_guild": null,
    })
}
