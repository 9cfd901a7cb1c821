//! A post: what is seen of it, what it was before, whom it called.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::id::Id;
use super::ping::{Ping, named};

/// Only one person sees it.
pub(super) const EPHEMERAL: i64 = 1 << 6;
/// "… is thinking".
const LOADING: i64 = 1 << 7;
/// What makes a post, not a person.
const KEPT_FLAGS: i64 = 1 << 2 | 1 << 12;

/// Who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The bot.
    Bot,
    /// Somebody.
    Person(Id),
}

/// A button as it is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// The writing on it.
    pub label: String,
    /// What the bot is told when it is clicked; absent on links.
    pub custom_id: Option<String>,
    /// Where a link leads.
    pub url: Option<String>,
    /// 1 primary, 2 secondary, 3 success, 4 danger, 5 link.
    pub style: i64,
    /// Whether it cannot be clicked.
    pub disabled: bool,
}

/// What a post was before a change.
#[derive(Debug, Clone)]
pub struct Edit {
    /// When it was changed.
    pub at: Timestamp,
    /// The text before.
    pub content: String,
    /// The embeds before.
    pub embeds: Vec<Value>,
    /// The rows before.
    pub components: Vec<Value>,
}

/// A post as it is now. Its JSON parts are as Discord shows them.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its id.
    pub id: Id,
    /// Where.
    pub channel: Id,
    /// Who wrote it.
    pub author: Author,
    /// The text.
    pub content: String,
    /// The framed parts.
    pub embeds: Vec<Value>,
    /// Rows of buttons and menus.
    pub components: Vec<Value>,
    /// The one person who sees it; everybody in the channel where absent.
    pub only_for: Option<Id>,
    /// Whether it only says that the bot is thinking.
    pub loading: bool,
    /// Whether it is gone.
    pub deleted: bool,
    /// Whom it called; changes call nobody.
    pub pings: Vec<Ping>,
    /// Every change, the oldest first.
    pub edits: Vec<Edit>,
    /// When it was posted.
    pub at: Timestamp,
    /// The bot's own name for the request.
    pub nonce: Option<Value>,
    /// People whose mention stands in the text, called or not.
    pub(super) named: Vec<Id>,
    /// The interaction that it answers.
    pub(super) answers: Option<Id>,
    flags: i64,
}

impl Post {
    /// A post of this body, which has been checked.
    pub(super) fn new(id: Id, channel: Id, at: Timestamp, body: &Value) -> Self {
        let flags = body["flags"].as_i64().unwrap_or_default();
        let mut post = Self {
            id,
            channel,
            author: Author::Bot,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            only_for: None,
            loading: false,
            deleted: false,
            pings: Vec::new(),
            edits: Vec::new(),
            at,
            nonce: Some(body["nonce"].clone()).filter(|nonce| !nonce.is_null()),
            named: Vec::new(),
            answers: None,
            flags: flags & KEPT_FLAGS,
        };
        post.take(body);
        post.pings = super::ping::pings(&post.content, &body["allowed_mentions"]);
        post
    }

    /// Changes what the body names; the rest stays.
    fn take(&mut self, body: &Value) {
        if let Some(content) = body.get("content") {
            content
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut self.content);
            self.named = named(&self.content);
        }
        if let Some(embeds) = body.get("embeds") {
            self.embeds = members(embeds).iter().map(shown_embed).collect();
        }
        if let Some(rows) = body.get("components") {
            let mut number = 0;
            self.components = members(rows)
                .iter()
                .map(|row| shown(row, &mut number))
                .collect();
        }
    }

    /// What it would be after a change, as a body.
    pub(super) fn changed_body(&self, body: &Value) -> Value {
        let mut after = json!({
            "content": self.content, "embeds": self.embeds, "components": self.components,
        });
        for key in ["content", "embeds", "components"] {
            if let Some(value) = body.get(key) {
                after[key] = value.clone();
            }
        }
        after
    }

    /// Changes it, and remembers what it was. Filling what was being thought about may call people.
    pub(super) fn edit(&mut self, at: Timestamp, body: &Value) {
        self.edits.push(Edit {
            at,
            content: self.content.clone(),
            embeds: self.embeds.clone(),
            components: self.components.clone(),
        });
        self.take(body);
        if std::mem::take(&mut self.loading) {
            self.pings = super::ping::pings(&self.content, &body["allowed_mentions"]);
        }
    }

    /// As the bot sees it.
    pub(super) fn json(&self, author: &Value, mentions: &[Value]) -> Value {
        let mut flags = self.flags;
        flags |= self.only_for.map_or(0, |_| EPHEMERAL);
        flags |= if self.loading { LOADING } else { 0 };
        let changed = self.edits.last().map(|edit| edit.at.to_string());
        let mut json = json!({
            "id": self.id, "channel_id": self.channel, "type": 0, "author": author,
            "content": self.content, "embeds": self.embeds, "components": self.components,
            "attachments": [], "mentions": mentions, "mention_roles": [],
            "mention_everyone": self.pings.contains(&Ping::Everyone), "pinned": false, "tts": false,
            "timestamp": self.at.to_string(), "edited_timestamp": changed, "flags": flags,
        });
        if let Some(nonce) = &self.nonce {
            json["nonce"] = nonce.clone();
        }
        json
    }

    /// Whether this person sees it, as far as the post goes.
    pub fn is_for(&self, person: Id) -> bool {
        !self.deleted && self.only_for.is_none_or(|one| one == person)
    }

    fn parts(&self) -> impl Iterator<Item = &Value> {
        self.components
            .iter()
            .flat_map(|row| members(&row["components"]))
    }

    /// Its buttons, in order.
    pub fn buttons(&self) -> Vec<Button> {
        let buttons = self.parts().filter(|part| part["type"] == json!(2));
        buttons
            .map(|part| Button {
                label: part["label"].as_str().unwrap_or_default().to_owned(),
                custom_id: part["custom_id"].as_str().map(str::to_owned),
                url: part["url"].as_str().map(str::to_owned),
                style: part["style"].as_i64().unwrap_or_default(),
                disabled: part["disabled"].as_bool().unwrap_or_default(),
            })
            .collect()
    }

    /// The button with this writing on it.
    pub fn button(&self, label: &str) -> Option<Button> {
        self.buttons()
            .into_iter()
            .find(|button| button.label == label)
    }

    /// The menu with this `custom_id` or placeholder.
    pub(super) fn menu(&self, name: &str) -> Option<&Value> {
        let is_menu = |part: &&Value| part["type"].as_u64().is_some_and(|kind| kind >= 3);
        let mut menus = self.parts().filter(is_menu);
        menus.find(|menu| menu["custom_id"] == name || menu["placeholder"] == name)
    }

    /// Everything that can be read in it, one part a line.
    pub fn text(&self) -> String {
        let mut lines = vec![self.content.as_str()];
        for embed in &self.embeds {
            let texts = [
                &embed["author"]["name"],
                &embed["title"],
                &embed["description"],
            ];
            lines.extend(texts.into_iter().filter_map(Value::as_str));
            for field in members(&embed["fields"]) {
                lines.extend(
                    [&field["name"], &field["value"]]
                        .into_iter()
                        .filter_map(Value::as_str),
                );
            }
            lines.extend(embed["footer"]["text"].as_str());
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }
}

/// The members of a list; nothing where it is none.
pub(super) fn members(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// An object without what is null.
fn without_nulls(value: &Value) -> Map<String, Value> {
    let members = value.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    members
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn shown_embed(embed: &Value) -> Value {
    let mut shown = without_nulls(embed);
    shown.insert("type".into(), json!("rich"));
    if let Some(Value::Array(fields)) = shown.get_mut("fields") {
        for field in fields {
            let inline = field["inline"].as_bool().unwrap_or_default();
            field["inline"] = json!(inline);
        }
    }
    Value::Object(shown)
}

/// A component with the number that Discord gives it.
fn shown(component: &Value, number: &mut u32) -> Value {
    *number += 1;
    let mut shown = without_nulls(component);
    shown.insert("id".into(), json!(*number));
    if component["type"]
        .as_u64()
        .is_some_and(|kind| (3..=8).contains(&kind) && kind != 4)
    {
        for key in ["min_values", "max_values"] {
            shown.entry(key).or_insert_with(|| json!(1));
        }
    }
    if let Some(Value::Array(inner)) = shown.get_mut("components") {
        *inner = inner.iter().map(|part| self::shown(part, number)).collect();
    }
    Value::Object(shown)
}
