//! Chat, outward. What is built so far is the text, the buttons and the way to the service: nothing is sent
//! by chat yet.

pub mod button;
pub mod rest;
pub mod text;
