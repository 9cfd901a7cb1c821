//! A channel, as those see it who are in it.

use super::id::Id;
use super::post::Post;
use super::shared::Shared;
use super::world::{Place, World};

/// A channel of the guild, a thread, or the room between the bot and somebody.
#[derive(Debug, Clone)]
pub struct Channel {
    pub(super) shared: Shared,
    id: Id,
}

impl Channel {
    pub(super) fn new(shared: Shared, id: Id) -> Self {
        Self { shared, id }
    }

    /// Its id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Its name; empty for the room between the bot and somebody.
    pub fn name(&self) -> String {
        self.shared.read(|world| {
            let room = world.rooms.get(&self.id);
            room.map_or_else(String::new, |room| room.name.clone())
        })
    }

    /// A new thread below it.
    #[must_use]
    pub fn thread(&self, name: &str) -> Self {
        let place = Place::Thread {
            parent: self.id,
            archived: false,
            locked: false,
        };
        let id = self
            .shared
            .with(|world| world.new_room(name.to_owned(), place));
        Self::new(self.shared.clone(), id)
    }

    fn all<'a>(&self, world: &'a World) -> impl Iterator<Item = &'a Post> + use<'a> {
        let id = self.id;
        let posts = world.posts.values();
        posts.filter(move |post| post.channel == id && !post.deleted)
    }

    /// What stands in it for everybody, the oldest first.
    pub fn posts(&self) -> Vec<Post> {
        self.shared.read(|world| {
            let posts = self.all(world).filter(|post| post.only_for.is_none());
            posts.cloned().collect()
        })
    }

    /// What this person sees in it, private answers too.
    pub fn posts_for(&self, person: Id) -> Vec<Post> {
        self.shared.read(|world| {
            let posts = self.all(world).filter(|post| post.is_for(person));
            posts.cloned().collect()
        })
    }

    /// Waits for a post like this, private ones included; returns the oldest.
    pub async fn until(&self, what: &str, like: impl Fn(&Post) -> bool) -> anyhow::Result<Post> {
        let look = |world: &World| self.all(world).find(|post| like(post)).cloned();
        self.shared.until(what, look).await
    }

    /// Waits for a post that has this in its text, and is no longer only being thought about.
    pub async fn until_text(&self, part: &str) -> anyhow::Result<Post> {
        let what = format!("a post with `{part}`");
        self.until(&what, |post| !post.loading && post.text().contains(part))
            .await
    }

    /// Waits until there are so many posts for everybody.
    pub async fn until_count(&self, count: usize) -> anyhow::Result<Vec<Post>> {
        let look = |world: &World| {
            let posts = self.all(world).filter(|post| post.only_for.is_none());
            let posts: Vec<_> = posts.cloned().collect();
            (posts.len() >= count).then_some(posts)
        };
        self.shared.until(&format!("{count} posts"), look).await
    }
}
