//! A post that is to be noticed: a change calls nobody in Discord, a new direct message does.
//!
//! ```text
//! reminded ─▶ the post is a new message ─▶ the one before is a line that leads to it
//! ```
//!
//! What always holds: the new message stands before the old one is reduced, so that there is always one with
//! what holds; where Discord does not take the new one, the post is the old one as before; what does not wait
//! for its reader any more is changed where it stands. What is *not* promised: that the old one is reduced
//! where Discord refuses to change it.

use super::{Poster, Try, json_of};
use crate::outbound::Sending;
use crate::outbound::chat::payload::Payload;
use crate::outbound::chat::wire::Failed;
use crate::store::outbox;
use crate::workflow::post::Over;

impl Poster {
    /// Makes the post, makes it anew, or changes it; a message before it becomes a line.
    pub(super) async fn show(&self, attempt: &Try<'_>) -> Result<Sending, sqlx::Error> {
        let post = attempt.post;
        let (Some(channel), Some(message)) = (&post.channel, &post.message) else {
            let made = self.make(attempt, post.begun, post.round).await?;
            return Ok(match made {
                Sending::Sent(said) if post.old.is_some() => {
                    let left = self.reduce(attempt).await?;
                    left.unwrap_or(Sending::Sent(said))
                }
                made => made,
            });
        };
        if post.old.is_some()
            && let Some(later) = self.reduce(attempt).await?
        {
            return Ok(later);
        }
        if post.anew {
            return self.anew(attempt, (channel, message)).await;
        }
        self.change(attempt, channel, message).await
    }

    /// Makes the post anew, or changes it where there is nothing to notice any more.
    async fn anew(
        &self,
        attempt: &Try<'_>,
        (channel, message): (&str, &str),
    ) -> Result<Sending, sqlx::Error> {
        let (post, now) = (attempt.post, attempt.now);
        let mut conn = attempt.pool.acquire().await?;
        if !attempt.shown.waits() {
            outbox::stay(&mut conn, post.id).await?;
            drop(conn);
            return self.change(attempt, channel, message).await;
        }
        if !outbox::begin_anew(&mut conn, post.id, now).await? {
            drop(conn);
            return self.change(attempt, channel, message).await;
        }
        drop(conn);
        match self.post(attempt, channel, (false, post.round + 1)).await? {
            Ok(Sending::Sent(said)) => {
                let left = self.reduce(attempt).await?;
                Ok(left.unwrap_or(Sending::Sent(said)))
            }
            // It may stand there: the next try makes it under the same name.
            Ok(sending) => Ok(sending),
            Err(Failed::Lost(why)) => self.said(attempt, Failed::Lost(why)).await,
            Err(failed) => {
                let refused = matches!(failed, Failed::Refused { .. });
                let mut conn = attempt.pool.acquire().await?;
                outbox::undo_anew(&mut conn, post.id, !refused, now).await?;
                drop(conn);
                if refused {
                    // What that says of the person is remembered; what stands there can be changed.
                    return match self.said(attempt, failed).await? {
                        Sending::Moot(_) | Sending::GiveUp(_) => {
                            self.change(attempt, channel, message).await
                        }
                        later => Ok(later),
                    };
                }
                self.said(attempt, failed).await
            }
        }
    }

    /// Makes a line of the message that was replaced, once the newer one stands. `Some`: not now.
    async fn reduce(&self, attempt: &Try<'_>) -> Result<Option<Sending>, sqlx::Error> {
        let mut conn = attempt.pool.acquire().await?;
        let Some(left) = outbox::leftover(&mut conn, attempt.post.id).await? else {
            return Ok(None);
        };
        drop(conn);
        let outbox::Leftover { channel, old, new } = &left;
        let link = format!("https://discord.com/channels/@me/{channel}/{new}");
        let moved = (Over::Moved, Some(link.as_str()));
        let payload = match Payload::over(attempt.shown, moved, attempt.locale, &self.renderer) {
            Ok(payload) => payload,
            Err(error) => return Ok(Some(Sending::Retry(error.to_string()))),
        };
        match self.edit((channel, old), &json_of(&payload.edit())).await {
            Ok(()) => {}
            Err(Failed::Refused { why, .. }) => {
                tracing::debug!("a message that was replaced stays as it is: {why}");
            }
            Err(failed) => return self.said(attempt, failed).await.map(Some),
        }
        let mut conn = attempt.pool.acquire().await?;
        outbox::forget_old(&mut conn, attempt.post.id).await?;
        Ok(None)
    }
}
