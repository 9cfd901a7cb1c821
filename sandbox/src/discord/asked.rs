//! What somebody did and waits for.

use anyhow::bail;
use jiff::SignedDuration;

use super::id::Id;
use super::interaction::{First, Modal};
use super::post::Post;
use super::shared::Shared;
use super::world::World;

/// An interaction that was sent to the bot.
#[derive(Debug, Clone)]
pub struct Asked {
    shared: Shared,
    id: Id,
}

impl Asked {
    pub(super) fn new(shared: Shared, id: Id) -> Self {
        Self { shared, id }
    }

    /// Its id, by which the bot tells a repetition.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What was answered first, if anything was.
    pub fn answered(&self) -> Option<First> {
        self.shared.read(|world| first(world, self.id))
    }

    /// How long the first answer took from the event on, by the double's clock, if there was one.
    pub fn took(&self) -> Option<SignedDuration> {
        self.shared.read(|world| {
            let asked = world.interactions.get(&self.id)?;
            Some(asked.answered_at?.duration_since(asked.at))
        })
    }

    /// Waits for the first answer.
    pub async fn first(&self) -> anyhow::Result<First> {
        let look = |world: &World| first(world, self.id);
        self.shared.until("a first answer", look).await
    }

    /// Waits for a modal.
    pub async fn modal(&self) -> anyhow::Result<Modal> {
        match self.first().await? {
            First::Modal(modal) => Ok(modal),
            other => bail!("no modal was opened: {other:?}"),
        }
    }

    /// Waits for what the bot said or changed; where it took its time, for the end of that. Of
    /// several answers it is the last.
    pub async fn says(&self) -> anyhow::Result<Post> {
        if let First::Modal(modal) = self.first().await? {
            bail!("the modal `{}` was opened, and nothing said", modal.title);
        }
        let look = |world: &World| {
            let asked = world.interactions.get(&self.id)?;
            if let Some(last) = asked.others.last() {
                return world.posts.get(last).cloned();
            }
            let post = world.posts.get(&asked.original?)?;
            let done = match asked.first {
                Some(First::Deferred) => post.edits.len() > asked.edits_before,
                _ => true,
            };
            done.then(|| post.clone())
        };
        self.shared.until("an answer to be read", look).await
    }
}

fn first(world: &World, id: Id) -> Option<First> {
    world.interactions.get(&id)?.first.clone()
}
