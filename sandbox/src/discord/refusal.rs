//! How Discord says no: a status, a number, a sentence, and for a malformed body where it is wrong.

use std::fmt;

use serde_json::{Map, Value, json};

/// Why a request is refused, by Discord's own number.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// Discord's number; 0 where it has none.
    pub code: u32,
    /// Discord's sentence, or ours.
    pub message: String,
    /// Which field of the body is wrong, and why.
    pub fields: Vec<Wrong>,
}

/// A field of a body that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// Names and places, joined by dots.
    pub path: String,
    /// In capitals, as Discord has it.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

/// The refusals that have one fixed wording: status, number, sentence.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal $message:literal;)*) => {
        impl Refusal {
            $($(#[$doc])* pub(super) fn $name() -> Self {
                Self { status: $status, code: $code, message: $message.into(), fields: Vec::new() }
            })*
        }
    };
}

refusals! {
    /// No token, or not ours.
    unauthorized = 401 0 "401: Unauthorized";
    /// No such endpoint.
    no_endpoint = 404 0 "404: Not Found";
    /// The endpoint takes another method.
    no_method = 405 0 "405: Method Not Allowed";
    /// The body is no JSON.
    no_json = 400 50109 "The request body contains invalid JSON.";
    /// No such channel.
    unknown_channel = 404 10003 "Unknown Channel";
    /// No such guild.
    unknown_guild = 404 10004 "Unknown Guild";
    /// No such message, or it was deleted.
    unknown_message = 404 10008 "Unknown Message";
    /// No such person.
    unknown_user = 404 10013 "Unknown User";
    /// The interaction has no answer to follow up.
    unknown_webhook = 404 10015 "Unknown Webhook";
    /// No such interaction, or it was answered too late.
    unknown_interaction = 404 10062 "Unknown interaction";
    /// Edits of old messages.
    old_edits = 429 30046
        "Maximum number of edits to messages older than 1 hour reached. Try again later.";
    /// Direct messages.
    direct_too_fast = 403 40003 "You are opening direct messages too fast";
    /// A second first answer.
    acknowledged = 400 40060 "Interaction has already been acknowledged.";
    /// The channel cannot be seen.
    missing_access = 403 50001 "Missing Access";
    /// Somebody else's message.
    not_ours = 403 50005 "Cannot edit a message authored by another user";
    /// Nothing to show.
    empty_message = 400 50006 "Cannot send an empty message";
    /// They take no direct messages.
    no_direct = 403 50007 "Cannot send messages to this user";
    /// The channel can be seen but not written in.
    missing_permissions = 403 50013 "Missing Permissions";
    /// The interaction's token is over or was never given.
    invalid_webhook_token = 401 50027 "Invalid Webhook Token";
    /// The thread has to be opened first.
    archived = 403 50083 "Thread is archived";
    /// We share no guild with them.
    no_mutual_guild = 403 50278
        "Cannot send messages to this user due to having no mutual guilds";
    /// The thread takes messages of moderators only.
    locked = 403 160_005 "Thread is locked";
}

impl Refusal {
    /// A body that is wrong in these fields.
    pub(super) fn malformed(fields: Vec<Wrong>) -> Self {
        Self {
            status: 400,
            code: 50035,
            message: "Invalid Form Body".into(),
            fields,
        }
    }

    /// The body of the answer: the fields nested as the request has them.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "code": self.code, "message": self.message });
        if self.status == 429 {
            // Said in the body only: with the header, the client would wait and the bot never know.
            body["retry_after"] = json!(20.0);
            body["global"] = json!(false);
        }
        if !self.fields.is_empty() {
            let mut errors = Value::Object(Map::new());
            for wrong in &self.fields {
                let steps = wrong.path.split('.').filter(|step| !step.is_empty());
                let place = steps.fold(&mut errors, |place, step| &mut place[step]);
                let one = json!({ "code": wrong.code, "message": wrong.message });
                match place["_errors"].as_array_mut() {
                    Some(list) => list.push(one),
                    None => place["_errors"] = json!([one]),
                }
            }
            body["errors"] = errors;
        }
        body
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)?;
        for wrong in &self.fields {
            write!(f, "; {} {}: {}", wrong.path, wrong.code, wrong.message)?;
        }
        Ok(())
    }
}

/// What was found wrong in a body so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Wrong>);

impl Problems {
    /// Adds one.
    pub fn add(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(Wrong {
            path: path.to_owned(),
            code,
            message: message.into(),
        });
    }

    /// Nothing, or the refusal.
    pub fn verdict(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal::malformed(self.0))
        }
    }
}
