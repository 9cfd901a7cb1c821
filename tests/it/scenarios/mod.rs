//! Stories, by what they are about.

mod deciding;
mod filing;
mod inbox;
mod outage;
