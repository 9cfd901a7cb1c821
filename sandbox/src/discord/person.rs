//! Somebody at Discord's own program: types, clicks, chooses, fills in, writes.
//!
//! An error of these says that the program would not have let them: the button is not there, an
//! option is missing, a text too long. What the bot makes of what was sent is told by [`Asked`].

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::asked::Asked;
use super::channel::Channel;
use super::id::Id;
use super::interaction::{First, Kind, Modal};
use super::post::{Author, Post, members};
use super::shared::Shared;
use super::typed;
use super::world::World;

/// The longest text of a modal's input that gives no limit of its own, in characters.
const MAX_INPUT: u64 = 4_000;

/// Somebody with an account, in the guild.
#[derive(Debug, Clone)]
pub struct Person {
    shared: Shared,
    id: Id,
    home: Id,
}

impl Person {
    pub(super) fn new(shared: Shared, id: Id, home: Id) -> Self {
        Self { shared, id, home }
    }

    /// Their id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What they are called.
    pub fn name(&self) -> String {
        let name = |world: &World| Some(world.people.get(&self.id)?.name.clone());
        self.shared.read(name).unwrap_or_default()
    }

    fn asks(
        &self,
        world: &mut World,
        room: Id,
        (kind, data): (Kind, Value),
    ) -> anyhow::Result<Asked> {
        world
            .room(room)
            .map_err(|why| anyhow::anyhow!("the bot is not here: {why}"))?;
        let id = world.ask(self.id, room, kind, &data);
        Ok(Asked::new(self.shared.clone(), id))
    }

    /// Sends a slash command in the home channel: `types("/request new", &[("resource",
    /// "prod-db-1")])`. Options are named as the bot registered them; of choices the name or the
    /// value is given.
    pub fn types(&self, text: &str, options: &[(&str, &str)]) -> anyhow::Result<Asked> {
        self.types_at(self.home, text, options)
    }

    /// The same in this channel.
    pub fn types_in(
        &self,
        channel: &Channel,
        text: &str,
        options: &[(&str, &str)],
    ) -> anyhow::Result<Asked> {
        self.types_at(channel.id(), text, options)
    }

    fn types_at(&self, room: Id, text: &str, options: &[(&str, &str)]) -> anyhow::Result<Asked> {
        self.shared.with(|world| {
            let data = typed::command(world, &self.locale(world), text, options)?;
            self.asks(world, room, (Kind::Command, data))
        })
    }

    /// Types a command up to its last option here, and waits for what the bot offers for it: the
    /// name and the value of each.
    pub async fn is_offered(
        &self,
        text: &str,
        options: &[(&str, &str)],
    ) -> anyhow::Result<Vec<(String, Value)>> {
        let asked = self.shared.with(|world| {
            let (kind, data) = typed::typing(world, &self.locale(world), text, options)?;
            self.asks(world, self.home, (Kind::Typing(kind), data))
        })?;
        match asked.first().await? {
            First::Choices(choices) => Ok(choices),
            other => bail!("no choices: {other:?}"),
        }
    }

    fn locale(&self, world: &World) -> String {
        let account = world.people.get(&self.id);
        account.map_or_else(String::new, |account| account.locale.clone())
    }

    /// The post as it is now, if they see it.
    fn sees<'a>(&self, world: &'a World, post: &Post) -> anyhow::Result<&'a Post> {
        let now = world
            .posts
            .get(&post.id)
            .filter(|post| post.is_for(self.id));
        now.context("they do not see this post (any more)")
    }

    /// Clicks the button with this writing on it, as the post is now.
    pub fn clicks(&self, post: &Post, label: &str) -> anyhow::Result<Asked> {
        self.shared.with(|world| {
            let now = self.sees(world, post)?;
            let button = now.button(label);
            let button = button.with_context(|| format!("no button `{label}`: {}", now.text()))?;
            ensure!(!button.disabled, "the button `{label}` is disabled");
            let custom_id = button.custom_id.context("a link is opened, not clicked")?;
            let data = json!({ "component_type": 2, "custom_id": custom_id, "id": 1 });
            let room = now.channel;
            self.asks(world, room, (Kind::Component(post.id), data))
        })
    }

    /// Clicks a button of a post as it was when they looked, though it has changed since: the click
    /// was on its way already.
    pub fn clicks_late(&self, post: &Post, label: &str) -> anyhow::Result<Asked> {
        self.shared.with(|world| {
            self.sees(world, post)?;
            let button = post
                .button(label)
                .with_context(|| format!("no button `{label}`"))?;
            let custom_id = button.custom_id.context("a link is opened, not clicked")?;
            let data = json!({ "component_type": 2, "custom_id": custom_id, "id": 1 });
            self.asks(world, post.channel, (Kind::Component(post.id), data))
        })
    }

    /// Uses a menu, which is known by its placeholder or `custom_id`; of each option the label or
    /// value is given.
    pub fn chooses(&self, post: &Post, menu: &str, options: &[&str]) -> anyhow::Result<Asked> {
        self.shared.with(|world| {
            let now = self.sees(world, post)?;
            let menu = now
                .menu(menu)
                .with_context(|| format!("no menu `{menu}`"))?;
            ensure!(menu["disabled"] != json!(true), "the menu is disabled");
            ensure!(
                menu["type"] == json!(3),
                "the double fills no menus of people or channels"
            );
            let mut values = Vec::new();
            for wanted in options {
                let mut offered = members(&menu["options"]).iter();
                let option = offered.find(|one| one["label"] == *wanted || one["value"] == *wanted);
                let option = option.with_context(|| format!("`{wanted}` is not offered"))?;
                values.push(option["value"].clone());
            }
            let count = values.len() as u64;
            let least = menu["min_values"].as_u64().unwrap_or(1);
            let most = menu["max_values"].as_u64().unwrap_or(1);
            ensure!(
                (least..=most).contains(&count),
                "takes {least} to {most} options"
            );
            let data = json!({
                "component_type": 3, "custom_id": menu["custom_id"], "values": values, "id": 1,
            });
            let room = now.channel;
            self.asks(world, room, (Kind::Component(post.id), data))
        })
    }

    /// Fills a modal in and sends it; inputs are known by their label or `custom_id`. What is not
    /// named stays as the bot has filled it.
    pub fn fills(&self, modal: &Modal, texts: &[(&str, &str)]) -> anyhow::Result<Asked> {
        let named =
            |input: &Value, name: &str| input["label"] == name || input["custom_id"] == name;
        for (name, _) in texts {
            let known = modal.inputs.iter().any(|input| named(input, name));
            ensure!(known, "the modal `{}` has no input `{name}`", modal.title);
        }
        let mut rows = Vec::new();
        for (index, input) in modal.inputs.iter().enumerate() {
            let given = texts.iter().find(|(name, _)| named(input, name));
            let before = input["value"].as_str().unwrap_or_default();
            let text = given.map_or(before, |(_, text)| text);
            fits(input, text).with_context(|| format!("input {}", input["label"]))?;
            rows.push(json!({ "type": 1, "id": index * 2 + 1, "components": [{
                "type": 4, "id": index * 2 + 2, "custom_id": input["custom_id"], "value": text,
            }] }));
        }
        let data = json!({ "custom_id": modal.custom_id, "components": rows });
        self.shared.with(|world| {
            let opener = world.interactions.get(&modal.opened_by);
            let opener = opener.context("a modal that was never opened")?;
            ensure!(
                opener.person == self.id,
                "the modal was opened for somebody else"
            );
            let (room, kind) = (
                opener.room,
                Kind::Modal(opener.kind.post(), modal.opened_by),
            );
            self.asks(world, room, (kind, data))
        })
    }

    /// Writes something in a channel.
    pub fn writes(&self, channel: &Channel, text: &str) -> Id {
        self.shared.with(|world| {
            let id = world.id();
            let now = world.clock.now();
            let mut post = Post::new(id, channel.id(), now, &json!({ "content": text }));
            post.author = Author::Person(self.id);
            // Only whom the bot calls is counted.
            post.pings.clear();
            world.posts.insert(id, post);
            world.tell("MESSAGE_CREATE", id);
            id
        })
    }

    /// Takes direct messages no more: the bot is refused with 50007, or with 50278 where they share
    /// no guild. `None` opens the door again.
    pub fn closes_direct(&self, code: Option<u32>) {
        self.shared.with(|world| {
            if let Some(account) = world.people.get_mut(&self.id) {
                account.closed = code;
            }
        });
    }
}

/// Whether a text is what the input takes.
fn fits(input: &Value, text: &str) -> anyhow::Result<()> {
    let length = text.chars().count() as u64;
    let required = input["required"].as_bool().unwrap_or(true);
    ensure!(length > 0 || !required, "has to be filled in");
    let least = input["min_length"].as_u64().unwrap_or(0);
    let most = input["max_length"].as_u64().unwrap_or(MAX_INPUT);
    let fits = length == 0 || (least..=most).contains(&length);
    ensure!(fits, "takes {least} to {most} characters, not {length}");
    Ok(())
}
