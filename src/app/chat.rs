//! The chat's two loops: one listens, one posts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::StartError;
use crate::config::Config;
use crate::config::discord::Discord;
use crate::handle::{Handler, Posting};
use crate::inbound::chat::gateway::{self, Listener};
use crate::outbound::chat::payload::Payload;
use crate::outbound::chat::poster::{self, Member, Poster};
use crate::outbox::courier::{self, Courier};
use crate::render::Renderer;
use crate::status::Probe;
use crate::supervise::Supervisor;

/// Whether requests are shown in a chat, for whatever judges commands.
pub fn posting(config: &Config) -> Option<Posting> {
    config.discord.as_ref().map(|discord| Posting {
        service: poster::SERVICE,
        locale: discord.locale.clone(),
    })
}

/// The courier of posts, beside the loop that listens.
fn start_poster(
    discord: Discord,
    handler: &Handler,
    (supervisor, renderer): (&Supervisor, &Arc<Renderer>),
    member: Member,
) -> Result<Probe, StartError> {
    Payload::check(renderer, &handler.keys)?;
    let poster = Poster::new(discord, (renderer.clone(), handler.keys.clone()), member)?;
    let link = poster.link();
    let courier = Courier {
        pool: handler.pool.clone(),
        clock: handler.clock.clone(),
        carrier: Arc::new(poster),
        wake: handler.wake.clone(),
        backlog: handler.backlog.clone(),
        period: courier::PERIOD,
    };
    supervisor.spawn("poster", move |cancel| {
        let courier = courier.clone();
        async move {
            let _ = courier.carrier.probe().await;
            courier::run(courier, cancel).await
        }
    });
    Ok(Arc::new(move || link.borrow().complaint()))
}

/// The loops of the chat, if one is configured.
pub(super) fn start(
    config: &Config,
    handler: &Handler,
    (supervisor, renderer): (&Supervisor, &Arc<Renderer>),
    probes: &mut BTreeMap<&'static str, Probe>,
) -> Result<(), StartError> {
    let Some(discord) = config.discord.clone() else {
        return Ok(());
    };
    let listener = Arc::new(Listener::new(handler.clone(), discord.clone())?);
    let status = listener.status();
    let member = status.clone();
    probes.insert("discord", Arc::new(move || status.borrow().complaint()));
    let member: Member = Arc::new(move || match &*member.borrow() {
        gateway::Status::Listening => Some(true),
        gateway::Status::NotInGuild => Some(false),
        _ => None,
    });
    let posts = start_poster(discord, handler, (supervisor, renderer), member)?;
    probes.insert("discord_posts", posts);
    supervisor.spawn("chat", move |cancel| {
        let listener = listener.clone();
        async move { listener.run(cancel).await }
    });
    Ok(())
}
