//! Slash commands: what was typed, and how what is being typed may go on.

use serenity::all::CommandInteraction;

use super::{Desk, Heard, Reply, say};
use crate::workflow::ids::RequestId;

/// What somebody typed, done.
pub(super) async fn typed(
    desk: &Desk,
    heard: &Heard,
    _: &CommandInteraction,
) -> Result<Reply, sqlx::Error> {
    let who = desk.who(heard).await?;
    Ok(say::unknown_button(who.as_ref(), &heard.locale).into())
}

/// How it may go on.
pub(super) async fn typing(
    _: &Desk,
    _: &Heard,
    _: &CommandInteraction,
) -> Result<Reply, sqlx::Error> {
    Ok(Reply::Choices(Vec::new()))
}

/// Everything about one request, as far as they may see it.
pub(super) async fn details(
    desk: &Desk,
    heard: &Heard,
    _: RequestId,
) -> Result<Reply, sqlx::Error> {
    let who = desk.who(heard).await?;
    Ok(say::unknown_button(who.as_ref(), &heard.locale).into())
}

/// We are listening again: registers the commands where their definition has changed.
pub(super) async fn ready(_: &Desk) {}
