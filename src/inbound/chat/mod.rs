//! Chat as a channel: commands that are typed, buttons that are pressed, forms that are filled in.
//!
//! ```text
//!  gateway ──▶ interaction ──▶ ours? ──▶ Heard ──▶ Command ──▶ Inbound ──▶ handle ──▶ Answer
//!   (line)     (one task each)   │                                                      │
//!                                └─ ignored                    private answer ◀── say ◀─┘
//! ```
//!
//! One daemon listens, under a lease ([`gateway`]). Each interaction is judged in a task of its own and
//! answered **privately**, to who made it, with what became of it. The post that stands in the channel is
//! not touched from here: that it shows the request as it is now is owed like any other message
//! ([`crate::outbox`]), so that a press that changes nothing changes no post, and every post changes in
//! one way, whoever decided and by whatever channel.
//!
//! What always holds:
//! - **Authority is never the press.** A button says which request, step and revision it was shown with.
//!   Who pressed it is looked up in the transaction that decides, by the account that the service vouches
//!   for; an account that is nobody's decides nothing and is told how to become somebody's.
//! - The same interaction counts once: its number is the key under which it is applied. Where it comes
//!   again, what was decided is said again.
//! - Interactions of another guild, and of another application, are ignored.
//! - Within three seconds there is an answer: where the work takes longer than [`DEFER_AFTER`], one that
//!   says "wait", which is replaced. No token of an interaction is stored or logged.
//!
//! What is *not* promised: that an answer is seen. If the service does not take it, the decision stands,
//! and its maker hears of it by mail (W31). An interaction that was made while nobody listened is gone, and
//! its maker was told so by the service.
//!
//! # What another service would have to provide
//!
//! Everything behind [`Inbound`] knows only "chat". A back end for Matrix or Slack is a neighbour of this
//! module, and of `outbound::chat`, that provides:
//! - a name for the service, which stands in `chat_account.service`, before the `/` of every dedupe key
//!   and as the key of `Person::accounts`;
//! - a loop that hears under a lease of that service, and reconnects by itself; what it hears has a number
//!   of its own that stays the same when it is delivered again (Slack: the trigger of an event, Matrix: the
//!   event id), and names the account by an id that is never given to anybody else (Slack: team and user;
//!   Matrix: the user id, whose server has to be one that the operator trusts to vouch for it);
//! - one place that it believes (a guild, a workspace, a room), and nothing from elsewhere;
//! - from what was pressed or typed to a [`Command`] with [`Pressed`]: buttons carry
//!   [`crate::outbound::chat::button`]s; where there are none (Matrix), a reply to the post with the words of
//!   a mail does, and the post's id leads to the request, step and revision;
//! - a private answer (Slack: ephemeral; Matrix: a direct room) for the text of [`say`];
//! - for what the daemon owes: sending a post and changing it by its id.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod answer;
mod buttons;
pub mod commands;
mod form;
pub mod gateway;
mod line;
pub mod link;
pub mod link_words;
mod note;
pub mod say;
mod strangers;

use std::collections::BTreeMap;
use std::sync::Arc;

use serenity::all::{
    ActionRow, ActionRowComponent, ApplicationId, CommandInteraction, ComponentInteractionDataKind,
    CreateActionRow, CreateModal, GuildId, Http, Interaction, InteractionId, User,
};
use tokio::time::Instant;

use crate::command::Command;
use crate::config::discord::Discord;
use crate::handle::{Answer, Handler};
use crate::inbound::{Inbound, Pressed, Proof, Speaker, Words};
use crate::store::{chat, troubles};
use crate::workflow::book::{Book, Person};
use crate::workflow::request::Channel;
pub use answer::DEFER_AFTER;
pub use strangers::{PER_HOUR as STRANGER_PER_HOUR, Strangers};

/// The service's name, in tables, in keys and in people's `accounts`.
pub const SERVICE: &str = "discord";
/// Inputs of a form that are read; Discord allows five.
const MAX_FIELDS: usize = 5;
/// The longest text of an input that is read, in characters; Discord's own limit.
const MAX_INPUT: usize = 4000;

/// What judges interactions and answers them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What applies commands.
    pub handler: Handler,
    /// How Discord is reached, and what it may show.
    pub config: Arc<Discord>,
    /// The way to its API.
    pub http: Arc<Http>,
    /// What accounts did that are nobody's.
    pub strangers: Arc<Strangers>,
}

/// An interaction of our guild, or between somebody and the bot.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its number, which stays the same when it comes again.
    pub id: u64,
    /// Who made it, as the service vouches for.
    pub account: u64,
    /// The language of their program, such as `pt-BR`.
    pub locale: String,
    /// Whether it was in the direct messages with the bot.
    pub direct: bool,
    /// What they did.
    pub what: What,
    token: String,
    arrived: Instant,
}

/// What somebody did.
#[derive(Debug, Clone)]
pub enum What {
    /// Pressed the button, or chose from the menu, of this name.
    Pressed(String, Vec<String>),
    /// Filled in the form of this name: texts by the name of the input.
    Filled(String, BTreeMap<String, String>),
    /// Sent a command.
    Typed(Box<CommandInteraction>),
    /// Is typing one, and waits for what it may go on with.
    Typing(Box<CommandInteraction>),
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A private message.
    Private(Private),
    /// A form.
    Form(CreateModal),
    /// How what is being typed may go on: name and value, at most 25.
    Choices(Vec<(String, String)>),
}

/// A private message.
#[derive(Debug, Clone, Default)]
pub struct Private {
    /// Our words, with other people's words made harmless.
    pub text: String,
    /// Buttons below it.
    pub rows: Vec<CreateActionRow>,
}

/// Somebody who is known, with the book that knows them.
#[derive(Debug, Clone)]
pub struct Who {
    /// The person.
    pub person: Person,
    /// The book in force when they were looked up.
    pub book: Arc<Book>,
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        let rows = Vec::new();
        Self::Private(Private { text, rows })
    }
}

impl Who {
    /// Their time zone.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.person.zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

impl Heard {
    /// What was heard, if it is of our guild or between somebody and the bot, and for our application.
    fn of(interaction: Interaction, config: &Discord) -> Option<Self> {
        let ours = |application: ApplicationId, guild: Option<GuildId>| {
            let guild = guild.is_none_or(|guild| guild.get() == config.guild_id);
            (guild && application.get() == config.application_id).then_some(())
        };
        let arrived = Instant::now();
        let direct = guild_of(&interaction).is_none();
        let made = |id: InteractionId, user: &User, (token, locale): (&str, &str)| Self {
            direct,
            id: id.get(),
            account: user.id.get(),
            locale: locale.to_owned(),
            what: What::Pressed(String::new(), Vec::new()),
            token: token.to_owned(),
            arrived,
        };
        let (heard, what) = match interaction {
            Interaction::Command(it) => {
                ours(it.application_id, it.guild_id)?;
                let heard = made(it.id, &it.user, (&it.token, &it.locale));
                (heard, What::Typed(Box::new(it)))
            }
            Interaction::Autocomplete(it) => {
                ours(it.application_id, it.guild_id)?;
                let heard = made(it.id, &it.user, (&it.token, &it.locale));
                (heard, What::Typing(Box::new(it)))
            }
            Interaction::Component(it) => {
                ours(it.application_id, it.guild_id)?;
                let heard = made(it.id, &it.user, (&it.token, &it.locale));
                let values = chosen(&it.data.kind);
                (heard, What::Pressed(it.data.custom_id, values))
            }
            Interaction::Modal(it) => {
                ours(it.application_id, it.guild_id)?;
                let heard = made(it.id, &it.user, (&it.token, &it.locale));
                let texts = fields(it.data.components);
                (heard, What::Filled(it.data.custom_id, texts))
            }
            _ => return None,
        };
        Some(Self { what, ..heard })
    }

    /// The key under which it counts once.
    pub fn key(&self) -> String {
        format!("{SERVICE}/{}", self.id)
    }

    /// The account as tables have it.
    pub fn account(&self) -> String {
        self.account.to_string()
    }
}

fn guild_of(interaction: &Interaction) -> Option<GuildId> {
    match interaction {
        Interaction::Command(it) | Interaction::Autocomplete(it) => it.guild_id,
        Interaction::Component(it) => it.guild_id,
        Interaction::Modal(it) => it.guild_id,
        _ => None,
    }
}

/// The options that were chosen in a menu.
fn chosen(kind: &ComponentInteractionDataKind) -> Vec<String> {
    match kind {
        ComponentInteractionDataKind::StringSelect { values } => values.clone(),
        _ => Vec::new(),
    }
}

/// The texts of a form, by the name of the input; cut where the service's own limit is passed.
fn fields(rows: Vec<ActionRow>) -> BTreeMap<String, String> {
    let inputs = rows.into_iter().flat_map(|row| row.components);
    let texts = inputs.filter_map(|input| match input {
        ActionRowComponent::InputText(input) => {
            let text: String = input.value?.chars().take(MAX_INPUT).collect();
            Some((input.custom_id, text))
        }
        _ => None,
    });
    texts.take(MAX_FIELDS).collect()
}

impl Desk {
    /// Whose account it is that made this, and the book in force; nobody's, and it is `None`.
    pub async fn who(&self, heard: &Heard) -> Result<Option<Who>, sqlx::Error> {
        let mut conn = self.handler.pool.acquire().await?;
        let book = self.handler.book(&mut conn).await?;
        let person = chat::person(&mut conn, SERVICE, &heard.account(), &book).await?;
        let person = person.and_then(|person| book.person(&person).cloned());
        Ok(person.map(|person| Who { person, book }))
    }

    /// What they said, as every channel hands it on. `shown` is what the button carried, if one was used.
    pub fn inbound(&self, heard: &Heard, command: Command, shown: Option<Pressed>) -> Inbound {
        Inbound {
            channel: Channel::Chat,
            dedupe_key: heard.key(),
            speaker: Speaker::Account {
                service: SERVICE,
                account: heard.account(),
                shown,
            },
            proof: self.proof(heard),
            words: Words::Said(command),
        }
    }

    /// What stands for it that this account said so: the service's word, over our line to it.
    fn proof(&self, heard: &Heard) -> Proof {
        Proof {
            method: "chat-account".to_owned(),
            details: serde_json::json!({
                "service": SERVICE,
                "account": heard.account(),
                "guild": self.config.guild_id.to_string(),
            }),
        }
    }

    /// Applies a command of theirs, and says what became of it.
    pub async fn applies(
        &self,
        heard: &Heard,
        command: Command,
        shown: Option<Pressed>,
    ) -> Result<String, sqlx::Error> {
        let inbound = self.inbound(heard, command, shown);
        let answer = self.judges(heard, &inbound).await?;
        Ok(self.says(heard, &answer).await)
    }

    /// What became of it, in the words of who asked for it. Nothing fails any more: what was done is said, if
    /// need be in the language of their program and without names.
    pub async fn says(&self, heard: &Heard, answer: &Answer) -> String {
        let who = self.who(heard).await.unwrap_or_else(|error| {
            let id = heard.id;
            tracing::warn!(
                interaction.id = id,
                "interaction {id} is answered without names: {error}"
            );
            None
        });
        let who = who.as_ref();
        if *answer == Answer::Duplicate {
            return self.said_before(heard, who).await;
        }
        say::answer(answer, who, &heard.locale, self.config.self_link)
    }

    /// What became of it when it came for the first time.
    async fn said_before(&self, heard: &Heard, who: Option<&Who>) -> String {
        let look = async {
            let mut conn = self.handler.pool.acquire().await?;
            crate::store::inbound::outcome(&mut conn, &heard.key()).await
        };
        let outcome = look.await.unwrap_or_default();
        say::before(outcome.as_deref(), who, &heard.locale)
    }

    /// Who does something in their direct messages may take them again: they are tried with the next post.
    async fn tries_again(&self, heard: &Heard) -> Result<(), sqlx::Error> {
        if !heard.direct || matches!(heard.what, What::Typing(_)) {
            return Ok(());
        }
        let now = self.handler.clock.now();
        let mut conn = self.handler.pool.acquire().await?;
        troubles::end_of(&mut conn, SERVICE, &heard.account(), now).await
    }

    /// What is to be answered.
    async fn reply(&self, heard: &Heard) -> Result<Reply, sqlx::Error> {
        self.tries_again(heard).await?;
        match &heard.what {
            What::Pressed(name, _) if link::is_ours(name) => Ok(link::form(heard, name)),
            What::Filled(name, texts) if link::is_ours(name) => {
                link::shown(self, heard, (name, texts)).await
            }
            What::Pressed(name, _) => buttons::pressed(self, heard, name).await,
            What::Filled(name, fields) if commands::is_form(name) => {
                Box::pin(commands::filled(self, heard, fields)).await
            }
            What::Filled(name, fields) => buttons::filled(self, heard, name, fields).await,
            What::Typed(command) => Box::pin(commands::typed(self, heard, command)).await,
            What::Typing(command) => Box::pin(commands::typing(self, heard, command)).await,
        }
    }
}
