//! What benches on Postgres share: a migrated database with policies in force, and people who say things
//! through the real handler.

use std::sync::Arc;

use countersign::app;
use countersign::clock::{Clock, new_id};
use countersign::command::Command;
use countersign::config;
use countersign::handle::{Answer, Handler};
use countersign::inbound::{Inbound, Proof, Speaker, Words};
use countersign::store::books;
use countersign::token::Keyring;
use countersign::workflow::decide::Draft;
use countersign::workflow::ids::{Module, PersonId};
use countersign::workflow::request::{Channel, Subject, Window};
use countersign_sandbox::Stack;
use jiff::SignedDuration;
use sqlx::PgPool;
use tokio::sync::Notify;

/// A new database with these policies in force, and what judges commands on it.
pub async fn open(policies: &str) -> anyhow::Result<(PgPool, Handler)> {
    let stack = Stack::from_env()?;
    let url = stack.new_database().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bot.toml");
    std::fs::write(&file, stack.bot_toml(&url, "bench"))?;
    let config = config::load(&file).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let pool = app::connect(&config.database).await?.pool;
    app::migrate(&pool).await?;
    let checked = config::policies::read("policies.toml", policies)
        .map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let clock = Clock::system();
    let mut tx = pool.begin().await?;
    books::apply(
        &mut tx,
        (policies, &checked.book),
        0,
        &books::Applier::named("bench"),
        clock.now(),
    )
    .await?;
    tx.commit().await?;
    let keys = Arc::new(Keyring::new(&config.tokens)?);
    let handler = Handler::new(pool.clone(), clock, keys, Arc::new(Notify::new()), true);
    Ok((pool, handler))
}

/// Says something as a person on the command line.
pub async fn says(handler: &Handler, person: &str, command: Command) -> anyhow::Result<Answer> {
    let inbound = Inbound {
        channel: Channel::CommandLine,
        dedupe_key: format!("cli/{}", new_id()),
        speaker: Speaker::Person(PersonId::new(person)),
        proof: Proof {
            method: "os-user".to_owned(),
            details: serde_json::json!({ "uid": 1000, "user": person, "host": "bench" }),
        },
        words: Words::Said(command),
    };
    Ok(handler.handle(&inbound).await?)
}

/// Files a request for an hour of this resource as `admin`.
pub async fn files(handler: &Handler, person: &str, resource: &str) -> anyhow::Result<Answer> {
    let draft = Draft {
        extends: None,
        subject: Subject {
            module: Module::new("credential"),
            resource: resource.to_owned(),
            account: Some("admin".to_owned()),
        },
        window: Window::FromApproval {
            length: SignedDuration::from_hours(1),
        },
        justification: Some("bench".to_owned()),
    };
    let command = Command::File {
        draft,
        key: None,
        emergency: None,
    };
    says(handler, person, command).await
}
