//! What follows the first answer, by the interaction's own token: fifteen minutes long.

use serde_json::Value;

use super::super::id::Id;
use super::super::interaction::{First, Interaction, Kind};
use super::super::post::{EPHEMERAL, Post};
use super::super::refusal::Refusal;
use super::super::world::World;
use super::channel::{change, remove};

/// The interaction with this token.
fn of<'a>(
    world: &'a World,
    application: Id,
    token: &str,
) -> Result<(Id, &'a Interaction), Refusal> {
    if application != world.application {
        return Err(Refusal::unknown_webhook());
    }
    let mut all = world.interactions.iter();
    let found = all.find(|(_, one)| one.token == token);
    let (id, found) = found.ok_or_else(Refusal::invalid_webhook_token)?;
    found.may_follow(world.clock.now())?;
    Ok((*id, found))
}

/// The post that is meant: the first answer, or one that followed.
pub fn find(
    world: &World,
    application: Id,
    token: &str,
    message: Option<Id>,
) -> Result<Id, Refusal> {
    let (_, interaction) = of(world, application, token)?;
    let post = match message {
        None => interaction.original,
        Some(id) => Some(id)
            .filter(|id| interaction.original == Some(*id) || interaction.others.contains(id)),
    };
    post.ok_or_else(Refusal::unknown_message)
}

/// A post.
pub fn show(world: &World, id: Id) -> Result<Value, Refusal> {
    let post = world.posts.get(&id).filter(|post| !post.deleted);
    Ok(world.post_json(post.ok_or_else(Refusal::unknown_message)?))
}

/// Changes it.
pub fn edit(world: &mut World, id: Id, body: &Value) -> Result<Value, Refusal> {
    change(world, id, body)
}

/// Takes it away.
pub fn delete(world: &mut World, id: Id) {
    remove(world, id);
}

/// One more answer. While the first still says that the bot is thinking, this takes its place.
pub fn post(
    world: &mut World,
    application: Id,
    token: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    let (id, interaction) = of(world, application, token)?;
    let (room, person) = (interaction.room, interaction.person);
    let thinking = interaction.original.filter(|post| {
        let post = world.posts.get(post);
        post.is_some_and(|post| post.loading && !post.deleted)
    });
    let own = !matches!(interaction.kind, Kind::Typing(_))
        && !matches!(interaction.first, Some(First::Modal(_)));
    if !own {
        return Err(Refusal::unknown_webhook());
    }
    if let Some(post) = thinking {
        return change(world, post, body);
    }
    let post = world.id();
    let mut said = Post::new(post, room, world.clock.now(), body);
    said.answers = Some(id);
    let private = body["flags"].as_i64().unwrap_or_default() & EPHEMERAL != 0;
    said.only_for = private.then_some(person);
    world.posts.insert(post, said);
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.others.push(post);
    }
    world.tell("MESSAGE_CREATE", post);
    show(world, post)
}
