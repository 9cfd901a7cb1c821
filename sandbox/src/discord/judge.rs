//! Discord's rules without a double: what it would say of one body, and whom the body would call.

use serde_json::Value;

use super::check;
use super::ping::{Ping, pings};
use super::refusal::Problems;
use super::rest::answer;
use super::schema::Schema;

/// Where the API description has new messages.
const NEW: &str = "/channels/{channel_id}/messages";
/// Where it has changes of them.
const CHANGE: &str = "/channels/{channel_id}/messages/{message_id}";

/// Where it has first answers.
const CALLBACK: &str = "/interactions/{interaction_id}/{interaction_token}/callback";

/// Judges bodies; by the API description as well where `DISCORD_OPENAPI` names it.
#[derive(Debug)]
pub struct Judge(Option<Schema>);

impl Judge {
    /// Reads the API description, if there is one.
    pub fn from_env() -> anyhow::Result<Self> {
        Ok(Self(Schema::from_env()?))
    }

    /// Why a new message of this body would be refused.
    pub fn message(&self, body: &Value) -> Result<(), String> {
        let mut problems = Problems::default();
        check::check_message(body, "", &mut problems).map_err(|refusal| refusal.to_string())?;
        self.described(NEW, "post", body)
    }

    /// Why a change of a message to this would be refused.
    pub fn change(&self, body: &Value) -> Result<(), String> {
        let mut problems = Problems::default();
        check::check_edit(body, "", &mut problems);
        problems.verdict().map_err(|refusal| refusal.to_string())?;
        self.described(CHANGE, "patch", body)
    }

    /// Why a first answer to an interaction would be refused; what is offered is offered for texts.
    pub fn answer(&self, body: &Value) -> Result<(), String> {
        let mut problems = Problems::default();
        answer::rules(body, &mut problems).map_err(|refusal| refusal.to_string())?;
        if body["type"].as_u64() == Some(answer::CHOICES) {
            check::check_choices(&body["data"], None, "data", &mut problems);
        }
        problems.verdict().map_err(|refusal| refusal.to_string())?;
        self.described(CALLBACK, "post", body)
    }

    fn described(&self, path: &str, method: &str, body: &Value) -> Result<(), String> {
        let schema = self.0.as_ref();
        let wrong = schema.and_then(|schema| schema.request(path, method, body));
        wrong.map_or(Ok(()), Err)
    }
}

/// Whom any text in a body would call if nothing forbade it.
pub fn would_call(body: &Value) -> Vec<Ping> {
    match body {
        Value::String(text) => pings(text, &Value::Null),
        Value::Array(members) => members.iter().flat_map(would_call).collect(),
        Value::Object(members) => members.values().flat_map(would_call).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
