//! Stories, by what they are about.

mod clockwork;
mod command_line;
mod crash;
mod deciding;
mod delegating;
mod filing;
mod inbox;
mod outage;
mod sealing;
mod windows;
