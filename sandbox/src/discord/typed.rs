//! What somebody typed, as Discord's own program sends it: it lets nobody send what the bot has not
//! asked for.

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

use super::id::Id;
use super::post::members;
use super::world::World;

/// The kinds of option.
const GROUP: u64 = 2;
const STRING: u64 = 3;
const INTEGER: u64 = 4;
const BOOLEAN: u64 = 5;
const USER: u64 = 6;
const CHANNEL: u64 = 7;
const NUMBER: u64 = 10;

/// A command line, taken apart: the command, the options that it has, and its names on the way
/// there.
struct Line<'a> {
    command: &'a Value,
    leaf: &'a Value,
    nested: Vec<&'a Value>,
}

/// Finds `/request new` among the commands of the guild.
fn find<'a>(world: &'a World, text: &str, locale: &str) -> anyhow::Result<Line<'a>> {
    let mut words = text.trim_start_matches('/').split_whitespace();
    let name = words.next().context("a command has a name")?;
    let mut commands = world.commands.iter();
    let command = commands.find(|command| is_called(command, name, locale));
    let command = command.with_context(|| format!("there is no command /{name}"))?;
    let (mut leaf, mut nested) = (command, Vec::new());
    for word in words {
        let mut inner = members(&leaf["options"]).iter();
        leaf = inner
            .find(|option| is_nested(option) && is_called(option, word, locale))
            .with_context(|| format!("`{text}`: there is no `{word}`"))?;
        nested.push(leaf);
    }
    let incomplete = members(&leaf["options"]).iter().any(is_nested);
    ensure!(!incomplete, "`{text}` is not complete");
    Ok(Line {
        command,
        leaf,
        nested,
    })
}

fn is_nested(option: &Value) -> bool {
    option["type"].as_u64().is_some_and(|kind| kind <= GROUP)
}

fn is_called(named: &Value, word: &str, locale: &str) -> bool {
    named["name"] == word || named["name_localizations"][locale] == word
}

impl Line<'_> {
    /// The data of the interaction, with these values of options.
    fn data(&self, values: Vec<Value>, resolved: &Map<String, Value>) -> Value {
        let mut options = values;
        for level in self.nested.iter().rev() {
            let mut one = json!({ "name": level["name"], "type": level["type"] });
            one["options"] = json!(options);
            options = vec![one];
        }
        let mut data = json!({
            "id": self.command["id"], "name": self.command["name"], "type": 1, "options": options,
        });
        if !self.command["guild_id"].is_null() {
            data["guild_id"] = self.command["guild_id"].clone();
        }
        if !resolved.is_empty() {
            data["resolved"] = json!(resolved);
        }
        data
    }

    fn option(&self, name: &str, locale: &str) -> anyhow::Result<&Value> {
        let mut options = members(&self.leaf["options"]).iter();
        options
            .find(|option| is_called(option, name, locale))
            .with_context(|| format!("there is no option `{name}`"))
    }
}

/// A command that was sent.
pub fn command(
    world: &World,
    locale: &str,
    text: &str,
    options: &[(&str, &str)],
) -> anyhow::Result<Value> {
    let line = find(world, text, locale)?;
    let mut values = Vec::new();
    let mut resolved = Map::new();
    for (name, typed) in options {
        let option = line.option(name, locale)?;
        let value = value(option, typed).with_context(|| format!("`{text}`, option `{name}`"))?;
        let kind = option["type"].as_u64().unwrap_or_default();
        resolve(world, kind, &value, &mut resolved)?;
        values.push(json!({ "name": option["name"], "type": kind, "value": value }));
    }
    for option in members(&line.leaf["options"]) {
        let given = values.iter().any(|value| value["name"] == option["name"]);
        let required = option["required"] == json!(true);
        ensure!(
            given || !required,
            "`{text}` needs the option {}",
            option["name"]
        );
    }
    Ok(line.data(values, &resolved))
}

/// A command that is being typed: the last option is the one with the cursor. Returns also its
/// kind.
pub fn typing(
    world: &World,
    locale: &str,
    text: &str,
    options: &[(&str, &str)],
) -> anyhow::Result<(u64, Value)> {
    let line = find(world, text, locale)?;
    let (focused, _) = options.last().context("one option has the cursor")?;
    let asks = line.option(focused, locale)?;
    ensure!(
        asks["autocomplete"] == json!(true),
        "`{text}`: the option `{focused}` offers nothing"
    );
    let mut values = Vec::new();
    for (name, typed) in options {
        let option = line.option(name, locale)?;
        let cursor = name == focused;
        // What is not finished is sent as it stands.
        let value = if cursor {
            json!(typed)
        } else {
            value(option, typed)?
        };
        let mut one = json!({ "name": option["name"], "type": option["type"], "value": value });
        if cursor {
            one["focused"] = json!(true);
        }
        values.push(one);
    }
    let kind = asks["type"].as_u64().unwrap_or_default();
    Ok((kind, line.data(values, &Map::new())))
}

/// What was typed, as the option's kind has it.
fn value(option: &Value, typed: &str) -> anyhow::Result<Value> {
    let choices = members(&option["choices"]);
    if !choices.is_empty() {
        let mut choices = choices.iter();
        let chosen = choices.find(|choice| choice["name"] == typed || choice["value"] == typed);
        let chosen = chosen.with_context(|| format!("`{typed}` is not offered"))?;
        return Ok(chosen["value"].clone());
    }
    Ok(match option["type"].as_u64().unwrap_or_default() {
        STRING => {
            let length = typed.chars().count() as u64;
            let least = option["min_length"].as_u64().unwrap_or(0);
            let most = option["max_length"].as_u64().unwrap_or(6_000);
            ensure!(
                (least..=most).contains(&length),
                "takes {least} to {most} characters, not {length}"
            );
            json!(typed)
        }
        INTEGER => json!(within(option, typed.parse::<i64>()?)?),
        NUMBER => {
            let number: f64 = typed.parse()?;
            let least = option["min_value"].as_f64().unwrap_or(f64::MIN);
            let most = option["max_value"].as_f64().unwrap_or(f64::MAX);
            ensure!((least..=most).contains(&number), "takes {least} to {most}");
            json!(number)
        }
        BOOLEAN => json!(typed.parse::<bool>()?),
        USER | CHANNEL => Id::parse(typed).context("takes an id")?.into(),
        kind => bail!("the double does not know options of kind {kind}"),
    })
}

fn within(option: &Value, number: i64) -> anyhow::Result<i64> {
    let least = option["min_value"].as_i64().unwrap_or(i64::MIN);
    let most = option["max_value"].as_i64().unwrap_or(i64::MAX);
    ensure!((least..=most).contains(&number), "takes {least} to {most}");
    Ok(number)
}

/// Adds who or what an id stands for.
fn resolve(
    world: &World,
    kind: u64,
    value: &Value,
    resolved: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let (key, found) = match (kind, Id::of(value)) {
        (USER, Some(id)) if world.people.contains_key(&id) => ("users", world.person(id)),
        (CHANNEL, Some(id)) if world.rooms.contains_key(&id) => ("channels", world.room_json(id)),
        (USER | CHANNEL, _) => bail!("nobody and nothing has the id {value}"),
        _ => return Ok(()),
    };
    let id = value.as_str().unwrap_or_default();
    let all = resolved.entry(key).or_insert_with(|| json!({}));
    all[id] = found;
    if key == "users" {
        let all = resolved.entry("members").or_insert_with(|| json!({}));
        all[id] = json!({
            "roles": [], "flags": 0, "nick": null, "avatar": null, "banner": null, "pending": false,
            "joined_at": world.clock.now().to_string(), "premium_since": null,
            "communication_disabled_until": null, "permissions": "84992",
        });
    }
    Ok(())
}
