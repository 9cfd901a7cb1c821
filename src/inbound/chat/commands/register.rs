//! What Discord is told of the commands, and when.
//!
//! The whole set replaces what was there, so that a command which is gone goes there too. It is told only
//! where its hash differs from the one that was told last: `ready` comes with every new session, and a
//! guild takes two hundred new commands a day.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};
use serenity::all::GuildId;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::super::{Desk, SERVICE};
use super::definition::{Field, Slash, Spec, group};
use super::takes::Kind;
use super::words::{Both, Named};
use crate::outbound::chat::lasting::{self, Lasting};
use crate::outbound::chat::rest::{self, CALL_MAX};
use crate::store::chat_commands;

/// The wait before Discord is told again after it did not take the commands; each is twice the one before.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// The longest such wait.
const WAIT_MAX: Duration = Duration::from_mins(5);
/// The languages of Discord that our two stand for.
const ENGLISH: [&str; 2] = ["en-US", "en-GB"];
const PORTUGUESE: &str = "pt-BR";
/// The kinds of option.
const SUBCOMMAND: u8 = 1;
const STRING: u8 = 3;
const INTEGER: u8 = 4;

/// The commands as Discord takes them.
pub fn definition() -> Value {
    let mut commands: Vec<Value> = Vec::new();
    let mut groups: Vec<(&Named, Vec<Value>)> = Vec::new();
    for spec in Slash::ALL {
        let own = command(spec);
        let Some(group) = group(spec) else {
            commands.push(own);
            continue;
        };
        match groups
            .iter_mut()
            .find(|(known, _)| std::ptr::eq(*known, group))
        {
            Some((_, inner)) => inner.push(own),
            None => groups.push((group, vec![own])),
        }
    }
    let groups = groups.into_iter().map(|(group, inner)| {
        let mut object = said(group.name, group.about);
        object.insert("options".to_owned(), Value::Array(inner));
        Value::Object(object)
    });
    groups.chain(commands).map(top).collect()
}

/// The hash of the definition, which changes with every word of it.
pub fn hash() -> [u8; 32] {
    Sha256::digest(definition().to_string()).into()
}

/// Why the commands were not told, one sentence.
enum Untold {
    /// The guild does not take them (403, 404): that lasts.
    Refused(String),
    /// Anything else.
    Failed(String),
}

/// Tells Discord the commands, if they have changed since it was told last. Where it does not take them
/// the ones that it has stay, and it is told again, later and later, until `cancel`. That the guild refuses
/// them is told to the access admins, and so is the end of that.
pub async fn ready(desk: &Desk, cancel: &CancellationToken) {
    let mine = LATEST.fetch_add(1, Ordering::Relaxed) + 1;
    let mut wait = AGAIN_AFTER;
    loop {
        let over = match told(desk).await {
            Ok(anew) => {
                if anew {
                    tracing::info!("the commands of the chat are registered anew");
                }
                report(desk, None).await;
                true
            }
            Err(Untold::Failed(why)) => {
                tracing::warn!("the commands of the chat could not be registered: {why}");
                false
            }
            Err(Untold::Refused(why)) => {
                tracing::warn!("the commands of the chat are refused by the guild: {why}");
                report(desk, Some(&why)).await;
                false
            }
        };
        if over {
            return;
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = sleep(wait) => {}
        }
        if LATEST.load(Ordering::Relaxed) != mine {
            // Another session began, or the guild was there again: who heard that goes on.
            return;
        }
        wait = (wait * 2).min(WAIT_MAX);
    }
}

/// Writes down whether the guild takes the commands, and owes the mails that tell of it.
async fn report(desk: &Desk, refused: Option<&str>) {
    let (what, now) = (Lasting::Commands, desk.handler.clock.now());
    let reported = async {
        let mut tx = desk.handler.pool.begin().await?;
        let owed = match refused {
            Some(why) => lasting::lasts(&mut tx, (what, why), now).await?,
            None => lasting::over(&mut tx, what, now).await?,
        };
        tx.commit().await?;
        Ok::<_, sqlx::Error>(owed)
    };
    match reported.await {
        Ok(true) => desk.handler.wake.notify_waiters(),
        Ok(false) => {}
        Err(error) => tracing::warn!("nobody is told how the commands of the chat are: {error}"),
    }
}

/// What an error of the library means for the commands.
fn untold(error: &serenity::Error) -> Untold {
    let why = rest::said(error);
    match error {
        serenity::Error::Http(error)
            if error
                .status_code()
                .is_some_and(|status| matches!(status.as_u16(), 403 | 404)) =>
        {
            Untold::Refused(why)
        }
        _ => Untold::Failed(why),
    }
}

/// We were thrown out of the guild: what was told there goes with us, and is told again after an invitation.
pub async fn forget(desk: &Desk) {
    let place = place(desk);
    // What is being told at this moment is noted first, and then forgotten.
    let _one = TELLING.lock().await;
    let forgotten = async {
        let mut conn = desk.handler.pool.acquire().await?;
        chat_commands::forget(&mut conn, SERVICE, &place).await
    };
    if let Err(error) = forgotten.await {
        tracing::warn!("that the commands of the chat are gone could not be noted: {error}");
    }
}

/// Where commands are registered.
fn place(desk: &Desk) -> String {
    format!("{}/{}", desk.config.application_id, desk.config.guild_id)
}

/// One at a time: that a session began and that its guild is there may be heard at once.
static TELLING: Mutex<()> = Mutex::const_new(());
/// The newest that tells; an older one that waits ends.
static LATEST: AtomicU64 = AtomicU64::new(0);

/// Whether there was something to tell.
async fn told(desk: &Desk) -> Result<bool, Untold> {
    let _one = TELLING.lock().await;
    let database = |error: sqlx::Error| Untold::Failed(format!("the database: {error}"));
    let (guild, place) = (desk.config.guild_id, place(desk));
    let pool = &desk.handler.pool;
    let hash = hash();
    // No connection is held while Discord answers.
    let mut conn = pool.acquire().await.map_err(database)?;
    let before = chat_commands::told(&mut conn, SERVICE, &place).await;
    drop(conn);
    if before.map_err(database)?.as_deref() == Some(&hash[..]) {
        return Ok(false);
    }
    let definition = definition();
    let call = desk
        .http
        .create_guild_commands(GuildId::new(guild), &definition);
    match timeout(CALL_MAX, call).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(untold(&error)),
        Err(_) => return Err(Untold::Failed("Discord did not answer in time".to_owned())),
    }
    let now = desk.handler.clock.now();
    let mut conn = pool.acquire().await.map_err(database)?;
    let remembered = chat_commands::remember(&mut conn, (SERVICE, &place), &hash, now).await;
    remembered.map_err(database)?;
    Ok(true)
}

/// What every command says beside its options: it is a slash command.
fn top(mut command: Value) -> Value {
    if let Some(object) = command.as_object_mut() {
        object.insert("type".to_owned(), json!(1));
    }
    command
}

fn command(spec: &Spec) -> Value {
    let own = &spec.place.own;
    let mut object = said(own.name, own.about);
    if group(spec).is_some() {
        object.insert("type".to_owned(), json!(SUBCOMMAND));
    }
    // What must be given has to stand first.
    let (needed, other): (Vec<&Field>, Vec<&Field>) =
        spec.options.iter().partition(|field| field.needed);
    let options: Vec<Value> = needed.into_iter().chain(other).map(option).collect();
    object.insert("options".to_owned(), Value::Array(options));
    Value::Object(object)
}

fn option(field: &Field) -> Value {
    let name = Both {
        en: field.name,
        pt: field.portuguese(),
    };
    let mut object = said(name, field.words.about);
    object.insert("required".to_owned(), json!(field.needed));
    match field.kind {
        Kind::Text => {
            object.insert("type".to_owned(), json!(STRING));
            object.insert("min_length".to_owned(), json!(1));
            object.insert("max_length".to_owned(), json!(field.words.most));
            object.insert(
                "autocomplete".to_owned(),
                json!(field.words.offers.is_some()),
            );
        }
        Kind::Number { least, most } => {
            object.insert("type".to_owned(), json!(INTEGER));
            object.insert("min_value".to_owned(), json!(least));
            object.insert("max_value".to_owned(), json!(most));
        }
        Kind::Choice(choices) => {
            let choices = choices().into_iter().map(|choice| {
                json!({
                    "name": choice.shown.en,
                    "name_localizations": { PORTUGUESE: choice.shown.pt },
                    "value": choice.value,
                })
            });
            object.insert("type".to_owned(), json!(STRING));
            object.insert("choices".to_owned(), choices.collect());
        }
    }
    Value::Object(object)
}

/// Name and description in both languages.
fn said(name: Both<&str>, about: Both<&str>) -> Map<String, Value> {
    let localized = |text: Both<&str>| {
        let mut texts = Map::new();
        for locale in ENGLISH {
            texts.insert(locale.to_owned(), json!(text.en));
        }
        texts.insert(PORTUGUESE.to_owned(), json!(text.pt));
        Value::Object(texts)
    };
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(name.en));
    object.insert("name_localizations".to_owned(), localized(name));
    object.insert("description".to_owned(), json!(about.en));
    object.insert("description_localizations".to_owned(), localized(about));
    object
}
