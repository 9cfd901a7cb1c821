//! Which endpoint a path is, and what the API description calls it.

use super::super::id::Id;

/// An endpoint that the double has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Where the gateway is.
    Gateway,
    /// The same, for a bot.
    GatewayBot,
    /// The bot.
    Me,
    /// The bot's application; by its older name where this is set.
    Application { older: bool },
    /// The slash commands of the guild, or everywhere.
    Commands { application: Id, guild: Option<Id> },
    /// The first answer to an interaction.
    Callback { id: Id, token: String },
    /// More answers to one.
    Webhook { application: Id, token: String },
    /// An answer: the first, or this one.
    Answer {
        application: Id,
        token: String,
        message: Option<Id>,
    },
    /// A guild.
    Guild(Id),
    /// A channel.
    Channel(Id),
    /// The posts of a channel.
    Messages(Id),
    /// A post.
    Message(Id, Id),
    /// The rooms between the bot and people.
    Direct,
}

impl Route {
    /// Reads the path after `/api/v10`.
    pub fn read(path: &str) -> Option<Self> {
        let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let id = Id::parse;
        Some(match steps.as_slice() {
            ["gateway"] => Self::Gateway,
            ["gateway", "bot"] => Self::GatewayBot,
            ["users", "@me"] => Self::Me,
            ["users", "@me", "channels"] => Self::Direct,
            ["applications", "@me"] => Self::Application { older: false },
            ["oauth2", "applications", "@me"] => Self::Application { older: true },
            ["applications", application, "commands"] => Self::Commands {
                application: id(application)?,
                guild: None,
            },
            ["applications", application, "guilds", guild, "commands"] => Self::Commands {
                application: id(application)?,
                guild: Some(id(guild)?),
            },
            ["interactions", interaction, token, "callback"] => Self::Callback {
                id: id(interaction)?,
                token: (*token).to_owned(),
            },
            ["webhooks", application, token] => Self::Webhook {
                application: id(application)?,
                token: (*token).to_owned(),
            },
            ["webhooks", application, token, "messages", message] => Self::Answer {
                application: id(application)?,
                token: (*token).to_owned(),
                message: match *message {
                    "@original" => None,
                    other => Some(id(other)?),
                },
            },
            ["guilds", guild] => Self::Guild(id(guild)?),
            ["channels", channel] => Self::Channel(id(channel)?),
            ["channels", channel, "messages"] => Self::Messages(id(channel)?),
            ["channels", channel, "messages", message] => Self::Message(id(channel)?, id(message)?),
            _ => return None,
        })
    }

    /// The path as the API description has it.
    pub fn described(&self) -> &'static str {
        match self {
            Self::Gateway => "/gateway",
            Self::GatewayBot => "/gateway/bot",
            Self::Me => "/users/@me",
            Self::Application { older: false } => "/applications/@me",
            Self::Application { older: true } => "/oauth2/applications/@me",
            Self::Commands { guild: None, .. } => "/applications/{application_id}/commands",
            Self::Commands { .. } => "/applications/{application_id}/guilds/{guild_id}/commands",
            Self::Callback { .. } => "/interactions/{interaction_id}/{interaction_token}/callback",
            Self::Webhook { .. } => "/webhooks/{webhook_id}/{webhook_token}",
            Self::Answer { message: None, .. } => {
                "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
            }
            Self::Answer { .. } => "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
            Self::Guild(_) => "/guilds/{guild_id}",
            Self::Channel(_) => "/channels/{channel_id}",
            Self::Messages(_) => "/channels/{channel_id}/messages",
            Self::Message(..) => "/channels/{channel_id}/messages/{message_id}",
            Self::Direct => "/users/@me/channels",
        }
    }

    /// Whether it asks for the bot's token; the others are opened by an interaction's, or by
    /// nothing.
    pub fn asks_for_token(&self) -> bool {
        !matches!(
            self,
            Self::Gateway | Self::Callback { .. } | Self::Webhook { .. } | Self::Answer { .. }
        )
    }
}
