//! The state of the double, and who waits for it to change.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use countersign::clock::Clock;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::schema::Schema;
use super::world::World;

/// How long something is waited for before a test fails.
const PATIENCE: Duration = Duration::from_secs(15);

/// The state and who waits for it. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    changed: watch::Sender<u64>,
    schema: Option<Schema>,
}

impl Shared {
    pub fn new(clock: Clock, schema: Option<Schema>) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(World::new(clock)),
            changed: watch::Sender::new(0),
            schema,
        }))
    }

    /// The API description, where one was named.
    pub fn schema(&self) -> Option<&Schema> {
        self.0.schema.as_ref()
    }

    /// Reads or changes the state, and wakes whoever waits.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.0.world.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut world);
        drop(world);
        self.0.changed.send_modify(|version| *version += 1);
        result
    }

    /// Reads the state.
    pub fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.0.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The number of changes so far.
    pub fn version(&self) -> u64 {
        *self.0.changed.borrow()
    }

    /// Waits for a change after that number.
    pub async fn changed_since(&self, version: u64) {
        let mut changed = self.0.changed.subscribe();
        let _ = changed.wait_for(|now| *now > version).await;
    }

    /// Waits until this is there; an error says what was waited for in vain.
    pub async fn until<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&World) -> Option<T>,
    ) -> anyhow::Result<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut changed = self.0.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(found) = self.read(&mut look) {
                return Ok(found);
            }
            if timeout_at(deadline, changed.changed()).await.is_err() {
                let (refused, wrong) = self.read(|world| {
                    let refused: Vec<_> = world
                        .seen
                        .iter()
                        .filter_map(|seen| {
                            Some(format!(
                                "{} {}: {}",
                                seen.method,
                                seen.path,
                                seen.refusal.as_ref()?
                            ))
                        })
                        .collect();
                    (refused, world.wrong.clone())
                });
                bail!("in vain: {what}; refused so far: {refused:?}; wrong ourselves: {wrong:?}");
            }
        }
    }
}
