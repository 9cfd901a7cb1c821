//! Chat, outward. What is built so far is the text and the buttons: nothing is sent by chat yet.

pub mod button;
pub mod text;
