//! Stories, by what they are about.

mod bounces;
mod cases;
mod chat;
mod clockwork;
mod command_line;
mod crash;
mod deciding;
mod delegating;
mod digest;
mod emergency;
mod filing;
mod granted;
mod inbox;
mod joining;
mod link;
mod measured;
mod outage;
mod proof;
mod racing;
mod sealing;
mod signing;
mod tokens;
mod waiting;
mod windows;
