//! Stories, by what they are about.

mod crash;
mod deciding;
mod filing;
mod inbox;
mod outage;
