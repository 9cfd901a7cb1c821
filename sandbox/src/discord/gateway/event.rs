//! What the bot hears first, and of its guild.

use serde_json::{Value, json};

use super::super::id::Id;
use super::super::world::{Place, World};

/// That a session has begun.
pub fn ready(world: &World, session: &str, url: &str) -> Value {
    let unavailable = json!({ "id": world.guild, "unavailable": true });
    let guilds = world.member.then_some(unavailable);
    json!({
        "v": 10, "user": world.bot(), "guilds": guilds.into_iter().collect::<Vec<_>>(),
        "session_id": session, "resume_gateway_url": url, "session_type": "normal",
        "application": { "id": world.application, "flags": 0 }, "shard": [0, 1],
        "private_channels": [], "relationships": [], "user_settings": {}, "presences": [],
    })
}

/// The guild with its channels.
pub fn guild(world: &World) -> Value {
    let below = |threads: bool| -> Vec<Value> {
        let rooms = world.rooms.iter().filter(|(_, room)| match room.place {
            Place::Text => !threads,
            Place::Thread { .. } => threads,
            Place::Direct(_) => false,
        });
        rooms.map(|(id, _)| world.room_json(*id)).collect()
    };
    let mut guild = json!({
        "id": world.guild, "name": "Example", "icon": null, "splash": null,
        "discovery_splash": null,
        "owner_id": world.application, "afk_channel_id": null, "afk_timeout": 300,
        "verification_level": 1, "default_message_notifications": 1, "explicit_content_filter": 0,
        "roles": [everyone(world.guild)], "emojis": [], "features": [], "mfa_level": 0,
        "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
        "rules_channel_id": null, "vanity_url_code": null, "description": null, "banner": null,
        "premium_tier": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
    });
    let rest = json!({
        "nsfw_level": 0, "nsfw": false, "stickers": [], "premium_progress_bar_enabled": false,
        "safety_alerts_channel_id": null, "joined_at": world.clock.now().to_string(),
        "large": false, "unavailable": false, "member_count": world.people.len() + 1,
        "voice_states": [], "members": [], "channels": below(false), "threads": below(true),
        "presences": [], "stage_instances": [], "guild_scheduled_events": [],
        "soundboard_sounds": [],
    });
    for (key, value) in rest.as_object().into_iter().flatten() {
        guild[key] = value.clone();
    }
    guild
}

fn everyone(guild: Id) -> Value {
    json!({
        "id": guild, "name": "@everyone", "color": 0, "hoist": false, "icon": null,
        "unicode_emoji": null, "position": 0, "permissions": "84992", "managed": false,
        "mentionable": false, "flags": 0,
        "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
    })
}
