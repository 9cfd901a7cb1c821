//! An office with a chat: the double of Discord, the accounts of those who work there, and one channel.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use countersign::config::discord::{Discord, Shown};
use countersign::inbound::chat::SERVICE;
use countersign::outbound::chat::button::Button;
use countersign::outbound::chat::rest;
use countersign::store::chat::{self, LinkedBy};
use countersign::token::Keyring;
use countersign::workflow::act::Act;
use countersign::workflow::ids::{PersonId, RequestId};
use countersign_sandbox::discord::{Asked, Channel, Double, Person, Post};
use serenity::all::{ChannelId, CreateActionRow, CreateButton, CreateMessage, Http};

use super::{Office, PEOPLE};

/// Whose account is linked from the beginning; everybody else has one that is nobody's.
pub const LINKED: [&str; 6] = ["rita", "rolf", "alice", "bob", "una", "ada"];

/// An office with a chat. Everything of the office can be used as if it were one.
pub struct ChatOffice {
    office: Office,
    /// Discord.
    pub double: Double,
    /// The channel `approvals` of the configuration.
    pub channel: Channel,
    accounts: BTreeMap<&'static str, Person>,
    http: Arc<Http>,
    keys: Keyring,
}

impl Deref for ChatOffice {
    type Target = Office;
    fn deref(&self) -> &Office {
        &self.office
    }
}

impl DerefMut for ChatOffice {
    fn deref_mut(&mut self) -> &mut Office {
        &mut self.office
    }
}

impl ChatOffice {
    /// An office under these policies whose daemon listens.
    pub async fn open(policies: &str) -> Self {
        let mut office = Self::furnish(policies).await;
        office.start().await;
        office.double.until_listening().await.expect("a bot");
        office
    }

    /// The same, whose daemon is not started yet.
    pub async fn furnish(policies: &str) -> Self {
        let mut office = Office::furnish(policies).await;
        let double = office.stack.discord(office.clock.clone()).await;
        let double = double.expect("a double");
        let channel = double.channel("approvals");
        let address = double.address();
        let config = Discord {
            token: double.token().into(),
            application_id: double.application().get(),
            guild_id: double.guild().get(),
            channels: BTreeMap::from([("approvals".to_owned(), channel.id().get())]),
            api_base: Some((address.ip().to_string(), address.port())),
            ca_file: Some(double.ca_file().to_owned()),
            self_link: true,
            locale: "en".to_owned(),
            channel_shows: Shown::usual(),
        };
        let http = Arc::new(rest::client(&config).expect("a client"));
        office.config.discord = Some(config);
        let keys = Keyring::new(&office.config.tokens).expect("keys");
        let mut accounts = BTreeMap::new();
        for (name, _) in PEOPLE {
            accounts.insert(*name, double.person(name, "en-US"));
        }
        let office = Self {
            office,
            double,
            channel,
            accounts,
            http,
            keys,
        };
        for name in LINKED {
            office.links(name).await;
        }
        office
    }

    /// Writes the chat into the configuration file, for the real program.
    pub fn writes_config(&self) {
        let discord = self.config.discord.as_ref().expect("a chat");
        let mut text = std::fs::read_to_string(self.config_file()).expect("bot.toml");
        let _ = write!(
            text,
            "\n[discord]\ntoken = \"{}\"\napplication_id = {}\nguild_id = {}\n\
             channels = {{ approvals = {} }}\napi_base = \"https://{}\"\nca_file = \"{}\"\n",
            self.double.token(),
            discord.application_id,
            discord.guild_id,
            self.channel.id().get(),
            self.double.address(),
            self.double.ca_file().display(),
        );
        std::fs::write(self.config_file(), text).expect("bot.toml");
    }

    /// Somebody's account.
    pub fn account(&self, name: &str) -> &Person {
        &self.accounts[name]
    }

    /// The operator links somebody's account.
    pub async fn links(&self, name: &str) {
        let mut conn = self.pool.acquire().await.expect("a connection");
        let account = self.account(name).id().get().to_string();
        let (person, now) = (PersonId::from(name), self.clock.now());
        let link = (&person, account.as_str());
        chat::link(&mut conn, SERVICE, link, LinkedBy::Operator, now)
            .await
            .expect("linked");
    }

    /// A post with these buttons, as it would have been made at this step and revision; each is labelled
    /// by the name of its act.
    pub async fn offers(
        &self,
        request: RequestId,
        (step, revision): (usize, u32),
        acts: &[Act],
    ) -> Post {
        let buttons = acts.iter().map(|act| {
            let button = Button {
                act: *act,
                request,
                step,
                revision,
            };
            CreateButton::new(button.write(&self.keys).expect("a key")).label(act.as_str())
        });
        let marked = format!("{request} {}", countersign::clock::new_id());
        let rows = buttons.collect::<Vec<_>>();
        let rows = rows
            .chunks(5)
            .map(|row| CreateActionRow::Buttons(row.to_vec()));
        let message = CreateMessage::new()
            .content(marked.as_str())
            .components(rows.collect());
        self.http
            .send_message(
                ChannelId::new(self.channel.id().get()),
                Vec::new(),
                &message,
            )
            .await
            .expect("posted");
        self.channel.until_text(&marked).await.expect("a post")
    }

    /// `name` presses a button.
    pub fn presses(&self, name: &str, post: &Post, act: Act) -> Asked {
        let asked = self.account(name).clicks(post, act.as_str());
        asked.expect("the button is there")
    }

    /// What `name` is told, privately, when they press a button that decides at once.
    pub async fn told(&self, name: &str, post: &Post, act: Act) -> String {
        self.hears(name, &self.presses(name, post, act)).await
    }

    /// What `name` is told, privately, when they press what has this written on it.
    pub async fn told_in(&self, name: &str, post: &Post, label: &str) -> String {
        let asked = self.account(name).clicks(post, label);
        self.hears(name, &asked.expect("the button is there")).await
    }

    /// What `name` is told when they press a button and fill in the form that it opens.
    pub async fn told_after(
        &self,
        name: &str,
        (post, act): (&Post, Act),
        texts: &[(&str, &str)],
    ) -> String {
        let modal = self.presses(name, post, act).modal().await.expect("a form");
        let asked = self.account(name).fills(&modal, texts).expect("filled in");
        self.hears(name, &asked).await
    }

    /// The private answer to something that `name` did.
    pub async fn hears(&self, name: &str, asked: &Asked) -> String {
        let said = asked.says().await.expect("an answer");
        assert_eq!(said.only_for, Some(self.account(name).id()), "not private");
        said.text()
    }

    /// Ends the story: as any, and Discord found nothing wrong with what was sent.
    pub async fn close(self) {
        self.double.verdict().expect("as Discord would have it");
        assert!(self.double.pings().is_empty(), "somebody was called");
        self.office.close().await;
    }
}
