//! What the page shows, taken from the world at one instant.

use serde::Serialize;
use serde_json::Value;

use super::super::id::Id;
use super::super::interaction::Modal;
use super::super::ping::Ping;
use super::super::post::{Author, Post, members};
use super::super::world::{Place, World};
use super::markup;

/// How many posts of a room are shown.
const MAX_POSTS: usize = 60;
/// The kinds of option that hold others.
const GROUP: u64 = 2;

/// A room in the list.
#[derive(Debug, Serialize)]
pub struct Room {
    id: Id,
    name: String,
    direct: bool,
    count: usize,
}

/// A post.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
#[derive(Debug, Serialize)]
pub struct Shown {
    id: Id,
    author: String,
    bot: bool,
    at: String,
    html: String,
    embeds: Vec<Embed>,
    rows: Vec<Vec<Part>>,
    private: bool,
    loading: bool,
    edited: bool,
    called: bool,
    /// The command that it answers.
    answers: Option<String>,
}

#[derive(Debug, Serialize)]
struct Embed {
    color: String,
    title: String,
    url: Option<String>,
    html: String,
    fields: Vec<Field>,
    footer: String,
}

#[derive(Debug, Serialize)]
struct Field {
    name: String,
    html: String,
    inline: bool,
}

#[derive(Debug, Serialize)]
struct Part {
    kind: &'static str,
    label: String,
    style: i64,
    disabled: bool,
    name: String,
    many: bool,
    options: Vec<Choice>,
}

/// Something to choose.
#[derive(Debug, Serialize)]
pub struct Choice {
    /// What is read.
    pub label: String,
    /// What is sent.
    pub value: String,
}

/// A command that can be sent.
#[derive(Debug, Serialize)]
pub struct Command {
    /// `/request new`.
    text: String,
    description: String,
    options: Vec<Input>,
}

/// Something to fill in: of a command, or of a modal.
#[derive(Debug, Serialize)]
pub struct Input {
    name: String,
    label: String,
    description: String,
    required: bool,
    offers: bool,
    long: bool,
    value: String,
    least: Option<u64>,
    most: Option<u64>,
    choices: Vec<Choice>,
}

/// The rooms that this person sees.
pub fn rooms(world: &World, person: Id) -> Vec<Room> {
    let seen = world.rooms.iter().filter(|(_, room)| match room.place {
        Place::Direct(with) => with == person,
        Place::Text | Place::Thread { .. } => true,
    });
    let rooms = seen.map(|(id, room)| Room {
        id: *id,
        direct: matches!(room.place, Place::Direct(_)),
        name: if room.name.is_empty() {
            "Countersign".to_owned()
        } else {
            room.name.clone()
        },
        count: posts_of(world, *id, person).count(),
    });
    rooms.collect()
}

fn posts_of(world: &World, room: Id, person: Id) -> impl DoubleEndedIterator<Item = &Post> {
    let posts = world.posts.values();
    posts.filter(move |post| post.channel == room && post.is_for(person))
}

/// The newest posts of a room, the oldest first.
pub fn posts(world: &World, room: Id, person: Id) -> Vec<Shown> {
    let newest = posts_of(world, room, person).rev().take(MAX_POSTS);
    let mut shown: Vec<_> = newest.map(|post| one(world, post, person)).collect();
    shown.reverse();
    shown
}

fn one(world: &World, post: &Post, person: Id) -> Shown {
    let name = |id: Id| Some(world.people.get(&id)?.name.clone());
    let html = |text: &Value| markup::html(text.as_str().unwrap_or_default(), name);
    let (author, bot) = match post.author {
        Author::Bot => ("Countersign".to_owned(), true),
        Author::Person(id) => (name(id).unwrap_or_default(), false),
    };
    let called = |ping: &Ping| matches!(ping, Ping::Person(id) if *id == person);
    let embeds = post.embeds.iter().map(|embed| Embed {
        color: format!("#{:06x}", embed["color"].as_u64().unwrap_or(0x4e_50_58)),
        title: text(&embed["title"]),
        url: embed["url"].as_str().map(str::to_owned),
        html: html(&embed["description"]),
        fields: members(&embed["fields"])
            .iter()
            .map(|field| Field {
                name: text(&field["name"]),
                html: html(&field["value"]),
                inline: field["inline"].as_bool().unwrap_or_default(),
            })
            .collect(),
        footer: text(&embed["footer"]["text"]),
    });
    let rows = post.components.iter();
    let asked = post.answers.and_then(|id| world.interactions.get(&id));
    let asked = asked.filter(|asked| asked.kind.number() == 2);
    Shown {
        id: post.id,
        author,
        bot,
        at: post.at.strftime("%H:%M").to_string(),
        html: markup::html(&post.content, name),
        embeds: embeds.collect(),
        rows: rows
            .map(|row| members(&row["components"]).iter().map(part).collect())
            .collect(),
        private: post.only_for.is_some(),
        loading: post.loading,
        edited: !post.edits.is_empty() && !post.loading,
        called: post.pings.iter().any(called) || post.pings.contains(&Ping::Everyone),
        answers: asked.map(|asked| {
            let who = name(asked.person).unwrap_or_default();
            let data = &asked.event["data"];
            format!("{who} used /{}", text(&data["name"]))
        }),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn part(part: &Value) -> Part {
    let button = part["type"].as_u64() == Some(2);
    let link = part["url"].is_string();
    let menu = text(&part["placeholder"]);
    Part {
        kind: match (button, link) {
            (true, true) => "link",
            (true, false) => "button",
            (false, _) => "menu",
        },
        label: if button { text(&part["label"]) } else { menu },
        style: part["style"].as_i64().unwrap_or_default(),
        disabled: part["disabled"].as_bool().unwrap_or_default(),
        name: text(&part["custom_id"]),
        many: part["max_values"].as_u64().is_some_and(|most| most > 1),
        options: choices(&part["options"], "label"),
    }
}

fn choices(list: &Value, label: &str) -> Vec<Choice> {
    let choices = members(list).iter().map(|choice| Choice {
        label: text(&choice[label]),
        value: choice["value"]
            .as_str()
            .map_or_else(|| choice["value"].to_string(), str::to_owned),
    });
    choices.collect()
}

/// Whether this person is in the room.
pub fn sees(world: &World, room: Id, person: Id) -> bool {
    let room = world.rooms.get(&room);
    room.is_some_and(|room| !matches!(room.place, Place::Direct(with) if with != person))
}

/// Every command that can be sent, in the person's language.
pub fn commands(world: &World, person: Id) -> Vec<Command> {
    let mut found = Vec::new();
    let locale = world
        .people
        .get(&person)
        .map_or("", |person| person.locale.as_str());
    for command in &world.commands {
        gather(command, "", locale, &mut found);
    }
    found
}

fn gather(at: &Value, before: &str, locale: &str, found: &mut Vec<Command>) {
    let named = localized(at, "name", locale);
    let text = if before.is_empty() {
        format!("/{named}")
    } else {
        format!("{before} {named}")
    };
    let options = members(&at["options"]);
    let nested = |option: &&Value| option["type"].as_u64().is_some_and(|kind| kind <= GROUP);
    if options.iter().any(|option| nested(&option)) {
        for option in options.iter().filter(nested) {
            gather(option, &text, locale, found);
        }
        return;
    }
    found.push(Command {
        text,
        description: localized(at, "description", locale),
        options: options
            .iter()
            .map(|option| input_of(option, locale))
            .collect(),
    });
}

fn localized(named: &Value, key: &str, locale: &str) -> String {
    let local = &named[format!("{key}_localizations")][locale];
    text(if local.is_string() {
        local
    } else {
        &named[key]
    })
}

fn input_of(option: &Value, locale: &str) -> Input {
    let mut choices = choices(&option["choices"], "name");
    if option["type"].as_u64() == Some(5) {
        let yes_no = ["true", "false"].map(|one| Choice {
            label: one.to_owned(),
            value: one.to_owned(),
        });
        choices.extend(yes_no);
    }
    Input {
        name: text(&option["name"]),
        label: localized(option, "name", locale),
        description: localized(option, "description", locale),
        required: option["required"].as_bool().unwrap_or_default(),
        offers: option["autocomplete"].as_bool().unwrap_or_default(),
        long: false,
        value: String::new(),
        least: option["min_length"].as_u64(),
        most: option["max_length"].as_u64(),
        choices,
    }
}

/// The inputs of a modal.
pub fn inputs(modal: &Modal) -> Vec<Input> {
    let inputs = modal.inputs.iter().map(|input| Input {
        name: text(&input["custom_id"]),
        label: text(&input["label"]),
        description: text(&input["placeholder"]),
        required: input["required"].as_bool().unwrap_or(true),
        offers: false,
        long: input["style"].as_u64() == Some(2),
        value: text(&input["value"]),
        least: input["min_length"].as_u64(),
        most: input["max_length"].as_u64(),
        choices: Vec::new(),
    });
    inputs.collect()
}
