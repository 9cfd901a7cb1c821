//! The first answer to an interaction.

use serde_json::Value;

use super::super::check;
use super::super::id::Id;
use super::super::interaction::{First, Kind, Modal};
use super::super::post::{EPHEMERAL, Post, members};
use super::super::refusal::{Problems, Refusal};
use super::super::world::World;
use super::channel::change;

/// The types of answer.
const SAYS: u64 = 4;
const SAYS_LATER: u64 = 5;
const CHANGES_LATER: u64 = 6;
const CHANGES: u64 = 7;
pub const CHOICES: u64 = 8;
const MODAL: u64 = 9;

/// What an answer's body must keep to, whatever was asked.
pub fn rules(body: &Value, problems: &mut Problems) -> Result<(), Refusal> {
    let data = &body["data"];
    match body["type"].as_u64() {
        Some(SAYS) => check::check_message(data, "data", problems)?,
        Some(CHANGES) => check::check_edit(data, "data", problems),
        Some(MODAL) => check::check_modal(data, "data", problems),
        Some(SAYS_LATER | CHANGES_LATER | CHOICES) => {}
        _ => {
            let message = "The double knows the answers 4, 5, 6, 7, 8 and 9.";
            problems.add("type", "BASE_TYPE_CHOICES", message);
        }
    }
    Ok(())
}

/// Takes the first answer.
pub fn first(world: &mut World, id: Id, token: &str, body: &Value) -> Result<(), Refusal> {
    let now = world.clock.now();
    let interaction = world.interactions.get(&id).filter(|one| one.token == token);
    let interaction = interaction.ok_or_else(Refusal::unknown_interaction)?;
    let number = body["type"].as_u64().unwrap_or_default();
    interaction.may_answer(number, now)?;
    let (kind, room, person) = (
        interaction.kind.clone(),
        interaction.room,
        interaction.person,
    );
    let data = &body["data"];
    let (first, original) = match number {
        SAYS | SAYS_LATER => {
            let later = number == SAYS_LATER;
            let post = world.id();
            let mut said = Post::new(post, room, now, data);
            said.loading = later;
            said.answers = Some(id);
            let private = data["flags"].as_i64().unwrap_or_default() & EPHEMERAL != 0;
            said.only_for = private.then_some(person);
            world.posts.insert(post, said);
            world.tell("MESSAGE_CREATE", post);
            (
                if later { First::Deferred } else { First::Said },
                Some(post),
            )
        }
        CHANGES_LATER => (First::Deferred, kind.post()),
        CHANGES => {
            let post = kind.post().ok_or_else(Refusal::unknown_message)?;
            change(world, post, data)?;
            (First::Said, Some(post))
        }
        CHOICES => (First::Choices(choices(&kind, data)?), None),
        _ => (First::Modal(modal(id, data)), None),
    };
    let edits_before = original.and_then(|post| world.posts.get(&post));
    let edits_before = edits_before.map_or(0, |post| post.edits.len());
    let now = world.clock.now();
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.edits_before = edits_before;
        interaction.first = Some(first);
        interaction.answered_at = Some(now);
        interaction.original = original;
    }
    Ok(())
}

fn choices(kind: &Kind, data: &Value) -> Result<Vec<(String, Value)>, Refusal> {
    let mut problems = Problems::default();
    let option = match kind {
        Kind::Typing(option) => Some(*option),
        _ => None,
    };
    check::check_choices(data, option, "data", &mut problems);
    problems.verdict()?;
    let choices = members(&data["choices"]).iter();
    Ok(choices
        .map(|choice| (text(&choice["name"]), choice["value"].clone()))
        .collect())
}

fn modal(opened_by: Id, data: &Value) -> Modal {
    let rows = members(&data["components"]).iter();
    let inputs = rows.flat_map(|row| members(&row["components"]));
    Modal {
        title: text(&data["title"]),
        custom_id: text(&data["custom_id"]),
        inputs: inputs.cloned().collect(),
        opened_by,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
