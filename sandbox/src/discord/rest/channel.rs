//! Channels and what stands in them; commands; direct rooms.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::super::check;
use super::super::id::Id;
use super::super::post::{Author, Post, members};
use super::super::refusal::Refusal;
use super::super::world::{Room, World};
use super::MAX_LISTED;

/// How long a `nonce` is remembered.
const NONCE_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// From when on a post is old.
const OLD: SignedDuration = SignedDuration::from_hours(1);
/// So many edits of old posts a channel takes in the time below. Discord documents neither; these
/// are what people have seen.
const OLD_EDITS: usize = 3;
const OLD_EDITS_IN: SignedDuration = SignedDuration::from_secs(20);

/// Whether these commands are the bot's.
pub fn commands_of(world: &World, application: Id, guild: Option<Id>) -> Result<(), Refusal> {
    if application != world.application {
        return Err(Refusal::missing_access());
    }
    match guild {
        Some(guild) if guild != world.guild => Err(Refusal::unknown_guild()),
        Some(_) if !world.member => Err(Refusal::missing_access()),
        _ => Ok(()),
    }
}

/// Replaces the commands of the guild, or the global ones.
pub fn register(
    world: &mut World,
    application: Id,
    guild: Option<Id>,
    body: &Value,
) -> Result<Value, Refusal> {
    commands_of(world, application, guild)?;
    let of_guild = guild.map_or(Value::Null, Value::from);
    let old: BTreeMap<String, Value> = (world.commands.iter())
        .filter(|command| command["guild_id"] == of_guild)
        .map(|command| (command["name"].to_string(), command["id"].clone()))
        .collect();
    let mut commands = Vec::new();
    for wanted in members(body) {
        let mut command = pruned(wanted);
        let kept = old.get(&command["name"].to_string());
        command["id"] = kept.cloned().unwrap_or_else(|| world.id().into());
        command["application_id"] = application.into();
        command["version"] = world.id().into();
        command["type"] = json!(1);
        let allowed = &command["default_member_permissions"];
        command["default_member_permissions"] = match allowed {
            Value::Number(number) => json!(number.to_string()),
            other => other.clone(),
        };
        if !of_guild.is_null() {
            command["guild_id"] = of_guild.clone();
        }
        commands.push(command);
    }
    world
        .commands
        .retain(|command| command["guild_id"] != of_guild);
    world.commands.extend(commands.iter().cloned());
    Ok(json!(commands))
}

/// Without what is null or says nothing.
fn pruned(value: &Value) -> Value {
    match value {
        Value::Array(members) => members.iter().map(pruned).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let members = members.map(|(key, value)| (key.clone(), pruned(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The newest posts of a channel, the newest first.
pub fn list(world: &World, room: Id, query: &str) -> Result<Value, Refusal> {
    world.room(room)?;
    let limit = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("limit=")?.parse().ok());
    let posts = world.posts.values().rev();
    let posts =
        posts.filter(|post| post.channel == room && !post.deleted && post.only_for.is_none());
    let posts = posts.take(limit.unwrap_or(50).min(MAX_LISTED));
    Ok(posts.map(|post| world.post_json(post)).collect())
}

/// A new post of the bot's, or the same one where the `nonce` says that it is a repetition.
pub fn post(world: &mut World, room: Id, body: &Value) -> Result<Value, Refusal> {
    world.writable(room)?;
    let now = world.clock.now();
    let nonce = &body["nonce"];
    if body["enforce_nonce"] == json!(true) && !nonce.is_null() {
        let mut posts = world.posts.values();
        let before = posts.find(|post| {
            let fresh = now.duration_since(post.at) < NONCE_LIFE && !post.deleted;
            fresh && post.channel == room && post.nonce.as_ref() == Some(nonce)
        });
        if let Some(before) = before {
            return Ok(world.post_json(before));
        }
    }
    let id = world.id();
    let post = Post::new(id, room, now, body);
    let json = world.post_json(&post);
    world.posts.insert(id, post);
    world.tell("MESSAGE_CREATE", id);
    Ok(json)
}

/// A post.
pub fn show(world: &World, room: Id, id: Id) -> Result<Value, Refusal> {
    world.room(room)?;
    let post = world.post(room, id)?;
    // By the channel nobody sees what only one person may.
    if post.only_for.is_some() {
        return Err(Refusal::unknown_message());
    }
    Ok(world.post_json(post))
}

/// Changes a post of the bot's.
pub fn edit(world: &mut World, room: Id, id: Id, body: &Value) -> Result<Value, Refusal> {
    world.room(room)?;
    let post = world.post(room, id)?;
    if post.only_for.is_some() {
        return Err(Refusal::unknown_message());
    }
    if post.author != Author::Bot {
        return Err(Refusal::not_ours());
    }
    let now = world.clock.now();
    let old = now.duration_since(post.at) > OLD;
    // An archived thread refuses changes as well; whom we cannot write to any more we can correct.
    if let Err(refusal) = world.writable(room)
        && [50083, 160_005].contains(&refusal.code)
    {
        return Err(refusal);
    }
    if old
        && !world
            .rooms
            .get_mut(&room)
            .is_none_or(|room| takes_old_edit(room, now))
    {
        return Err(Refusal::old_edits());
    }
    change(world, id, body)
}

fn takes_old_edit(room: &mut Room, now: jiff::Timestamp) -> bool {
    room.old_edits
        .retain(|at| now.duration_since(*at) < OLD_EDITS_IN);
    let taken = room.old_edits.len() < OLD_EDITS;
    if taken {
        room.old_edits.push(now);
    }
    taken
}

/// Changes a post that is there.
pub fn change(world: &mut World, id: Id, body: &Value) -> Result<Value, Refusal> {
    let now = world.clock.now();
    let Some(post) = world.posts.get_mut(&id).filter(|post| !post.deleted) else {
        return Err(Refusal::unknown_message());
    };
    if check::is_empty(&post.changed_body(body)) {
        return Err(Refusal::empty_message());
    }
    post.edit(now, body);
    world.tell("MESSAGE_UPDATE", id);
    let post = world.posts.get(&id).ok_or_else(Refusal::unknown_message)?;
    Ok(world.post_json(post))
}

/// Takes a post of the bot's away.
pub fn delete(world: &mut World, room: Id, id: Id) -> Result<(), Refusal> {
    world.room(room)?;
    if world.post(room, id)?.author != Author::Bot {
        return Err(Refusal::missing_permissions());
    }
    remove(world, id);
    Ok(())
}

/// Takes a post away, whoever does it.
pub fn remove(world: &mut World, id: Id) {
    if let Some(post) = world.posts.get_mut(&id) {
        post.deleted = true;
        world.tell("MESSAGE_DELETE", id);
    }
}

/// The room between the bot and somebody, made where there is none. Whether they take messages
/// shows only when one is sent.
pub fn open_direct(world: &mut World, body: &Value) -> Result<Value, Refusal> {
    let person = Id::of(&body["recipient_id"]).ok_or_else(Refusal::unknown_user)?;
    if !world.people.contains_key(&person) {
        return Err(Refusal::unknown_user());
    }
    if world.known_direct(person).is_none()
        && let Some(left) = &mut world.directs_left
    {
        *left = left.checked_sub(1).ok_or_else(Refusal::direct_too_fast)?;
    }
    let room = world.direct(person);
    Ok(world.room_json(room))
}
