//! Chat, outward. What is built so far is the text: nothing is sent by chat yet.

pub mod text;
