//! The event that tells the bot what somebody did.

use serde_json::{Value, json};

use super::id::Id;
use super::interaction::{Interaction, Kind};
use super::world::{Place, World};

/// What the bot may do where it was asked, and the person too: see, write, embed, read history.
const PERMISSIONS: &str = "84992";
/// The largest file, in bytes.
const MAX_ATTACHMENT: u32 = 10 << 20;

impl World {
    /// Sends an interaction to the bot, and keeps it.
    pub(super) fn ask(&mut self, person: Id, room: Id, kind: Kind, data: &Value) -> Id {
        let id = self.id();
        let token = format!("interaction.{}", countersign::clock::new_id().simple());
        let event = self.asking(id, &token, (person, room), &kind, data);
        self.gateway.dispatch("INTERACTION_CREATE", &event, None);
        let interaction = Interaction {
            token,
            kind,
            person,
            room,
            at: self.clock.now(),
            first: None,
            answered_at: None,
            original: None,
            edits_before: 0,
            others: Vec::new(),
            event,
        };
        self.interactions.insert(id, interaction);
        id
    }

    fn asking(
        &self,
        id: Id,
        token: &str,
        (person, room): (Id, Id),
        kind: &Kind,
        data: &Value,
    ) -> Value {
        let locale = self.people.get(&person).map(|who| who.locale.clone());
        let direct = self.rooms.get(&room);
        let direct = direct.is_some_and(|room| matches!(room.place, Place::Direct(_)));
        let mut event = json!({
            "id": id, "application_id": self.application, "type": kind.number(), "data": data,
            "channel_id": room, "channel": self.room_json(room), "token": token, "version": 1,
            "locale": locale, "entitlements": [], "entitlement_sku_ids": [],
            "app_permissions": PERMISSIONS, "attachment_size_limit": MAX_ATTACHMENT,
            "context": i32::from(direct),
        });
        if direct {
            event["user"] = self.person(person);
            event["authorizing_integration_owners"] = json!({ "0": "0" });
        } else {
            event["guild_id"] = self.guild.into();
            event["guild_locale"] = json!("en-US");
            event["guild"] = json!({ "id": self.guild, "locale": "en-US", "features": [] });
            event["authorizing_integration_owners"] = json!({ "0": self.guild });
            event["member"] = json!({
                "user": self.person(person), "roles": [], "deaf": false, "mute": false, "flags": 0,
                "nick": null, "avatar": null, "banner": null, "pending": false,
                "joined_at": self.clock.now().to_string(), "premium_since": null,
                "communication_disabled_until": null, "unusual_dm_activity_until": null,
                "permissions": PERMISSIONS,
            });
        }
        if let Some(post) = kind.post().and_then(|post| self.posts.get(&post)) {
            event["message"] = self.post_json(post);
        }
        event
    }
}
