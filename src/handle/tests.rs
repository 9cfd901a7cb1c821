//! The one transaction, on a real database: what goes in by every road, and what is then stored, owed
//! and audited. Every test ends with [`world::World::check`]: all chains whole, every request the fold
//! of its events.

mod bouncing;
mod clicking;
mod clockwork;
mod crashing;
mod delegating;
mod filing;
mod racing;
mod speaking;
mod tampering;
mod time;
mod together;
mod voting;
pub mod world;
