//! Where a post goes.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::{Poster, Try, id_of, is_id, signed};
use crate::outbound::Sending;
use crate::outbound::chat::wire::Failed;
use crate::store::outbox;
use crate::store::troubles::Kind;

/// How long no direct messages are opened after Discord said that we do so too fast.
const OPEN_PAUSE: Duration = Duration::from_mins(1);
/// The route of opening direct messages.
const OPEN: &str = "/users/@me/channels";

/// What became of a part of a try: an id, or what to say of the whole.
type Step<T> = Result<Result<T, Sending>, sqlx::Error>;

impl Poster {
    /// The channel to post in.
    pub(super) async fn place(&self, attempt: &Try<'_>) -> Step<String> {
        let post = attempt.post;
        if let Some(channel) = &post.channel {
            return Ok(Ok(channel.clone()));
        }
        if post.person.is_none() {
            let Some(id) = self.config.channels.get(&post.place) else {
                let why = format!(
                    "there is no channel `{}` in [discord] channels; mend: add it",
                    post.place
                );
                self.broken(attempt, (Kind::Broken, &why)).await?;
                return Ok(Err(Sending::GiveUp(why)));
            };
            return Ok(Ok(id.to_string()));
        }
        let body = json!({ "recipient_id": post.place });
        match self
            .wire
            .call(Method::POST, (OPEN, OPEN), Some(&body))
            .await
        {
            Ok(opened) => {
                let Some(channel) = id_of(&opened) else {
                    let why = "Discord opened no channel".to_owned();
                    return Ok(Err(Sending::Retry(why)));
                };
                let mut conn = attempt.pool.acquire().await?;
                outbox::stands(&mut conn, post.id, &channel, None).await?;
                Ok(Ok(channel))
            }
            Err(Failed::Refused { code: 40003, why }) => {
                self.wire.hold(&format!("POST {OPEN}"), OPEN_PAUSE);
                Ok(Err(Sending::Later(why, signed(OPEN_PAUSE))))
            }
            Err(failed) => Ok(Err(self.said(attempt, failed).await?)),
        }
    }

    /// The channel that a thread belongs to.
    pub(super) async fn parent(&self, attempt: &Try<'_>, thread: &str) -> Step<String> {
        let path = format!("/channels/{thread}");
        match self.wire.call(Method::GET, (&path, &path), None).await {
            Ok(found) => Ok(match found["parent_id"].as_str() {
                Some(parent) if is_id(parent) => Ok(parent.to_owned()),
                _ => Err(Sending::GiveUp("the thread belongs nowhere".to_owned())),
            }),
            Err(failed) => Ok(Err(self.said(attempt, failed).await?)),
        }
    }
}
