//! The double of Discord, tried out with the client that the product uses. Needs no other server.

mod bot;
mod limits;
mod page;
mod sessions;
mod talk;
mod texts;
mod troubles;
