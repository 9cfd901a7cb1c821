//! The API description: Discord's own, read from the file that `DISCORD_OPENAPI` names.
//!
//! Where it is set, every body of a request that the hand-written rules let through, and every
//! answer of the double, is held against it as well. It is never part of this project.
//!
//! Two places where the description and Discord's behaviour differ are evened out before a body is
//! held against it: `default_member_permissions` of a request is a string in the documentation and
//! a number in the description; and the codes of single fields in an error are words and not
//! numbers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The variable that names the file.
pub const VARIABLE: &str = "DISCORD_OPENAPI";

/// How many differences are told of one body.
const MAX_TOLD: usize = 3;

/// The description, and what of it was compiled so far.
#[derive(Debug, Clone)]
pub struct Schema {
    document: Arc<Value>,
    compiled: Arc<Mutex<BTreeMap<String, Option<Arc<Validator>>>>>,
}

impl Schema {
    /// The description that the environment names; nothing where it names none.
    pub fn from_env() -> anyhow::Result<Option<Self>> {
        let Some(path) = std::env::var_os(VARIABLE) else {
            return Ok(None);
        };
        Self::read(Path::new(&path)).map(Some)
    }

    /// Reads it.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path)
            .with_context(|| format!("read {}, which {VARIABLE} names", path.display()))?;
        let document = serde_json::from_slice(&text)
            .with_context(|| format!("understand {}", path.display()))?;
        Ok(Self {
            document: Arc::new(document),
            compiled: Arc::default(),
        })
    }

    /// What is wrong with the body of a request to this path of the description.
    pub fn request(&self, path: &str, method: &str, body: &Value) -> Option<String> {
        let place = ["paths", path, method, "requestBody"];
        self.differences(&place, &described_request(body))
    }

    /// What is wrong with an answer.
    pub fn answer(&self, path: &str, method: &str, status: u16, body: &Value) -> Option<String> {
        let responses = &self.document["paths"][path][method]["responses"];
        let exact = status.to_string();
        let status = if responses[&exact].is_object() {
            exact
        } else if (400..500).contains(&status) {
            "4XX".to_owned()
        } else {
            return Some(format!("{method} {path} never answers {status}"));
        };
        let place = ["paths", path, method, "responses", &status];
        self.differences(&place, &described_answer(body))
    }

    fn differences(&self, place: &[&str], body: &Value) -> Option<String> {
        let validator = match self.validator(place) {
            Ok(Some(validator)) => validator,
            Ok(None) if body.is_null() => return None,
            Ok(None) => return Some(format!("{place:?} has no body")),
            Err(error) => return Some(format!("{place:?}: {error:#}")),
        };
        let found: Vec<_> = validator
            .iter_errors(body)
            .take(MAX_TOLD)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        (!found.is_empty()).then(|| found.join("; "))
    }

    /// The check for this place, compiled once; nothing where it has no JSON body.
    fn validator(&self, place: &[&str]) -> anyhow::Result<Option<Arc<Validator>>> {
        let key = place.join(" ");
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = compiled.get(&key) {
            return Ok(validator.clone());
        }
        let validator = self.compile(place)?.map(Arc::new);
        compiled.insert(key, validator.clone());
        Ok(validator)
    }

    fn compile(&self, place: &[&str]) -> anyhow::Result<Option<Validator>> {
        let mut steps: Vec<String> = place.iter().map(|step| (*step).to_owned()).collect();
        let mut found = &self.document["paths"];
        for step in place.iter().skip(1) {
            found = &found[*step];
        }
        if let Some(elsewhere) = found["$ref"].as_str() {
            let elsewhere = elsewhere.trim_start_matches("#/");
            steps = elsewhere.split('/').map(str::to_owned).collect();
            found = steps
                .iter()
                .fold(&*self.document, |at, step| &at[step.as_str()]);
        }
        if found["content"]["application/json"]["schema"].is_null() {
            return Ok(None);
        }
        steps.extend(["content", "application/json", "schema"].map(str::to_owned));
        let pointer: Vec<_> = steps.iter().map(|step| escaped(step)).collect();
        let mut document = (*self.document).clone();
        document["$ref"] = json!(format!("#/{}", pointer.join("/")));
        Ok(Some(jsonschema::draft202012::new(&document)?))
    }
}

/// A step of a pointer inside of a reference.
fn escaped(step: &str) -> String {
    let step = step.replace('~', "~0").replace('/', "~1");
    step.replace('{', "%7B")
        .replace('}', "%7D")
        .replace('@', "%40")
}

/// A request's body as the description would have it: of commands, the number behind the string.
fn described_request(body: &Value) -> Value {
    const KEY: &str = "default_member_permissions";
    let mut body = body.clone();
    for command in body.as_array_mut().into_iter().flatten() {
        let number = command[KEY]
            .as_str()
            .and_then(|text| text.parse::<u64>().ok());
        if let Some(number) = number {
            command[KEY] = json!(number);
        }
    }
    body
}

/// An answer's body as the description would have it: of an error's fields, numbers.
fn described_answer(body: &Value) -> Value {
    match body {
        Value::Array(members) => members.iter().map(described_answer).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("_errors", Value::Array(list)) => list
                        .iter()
                        .map(|one| json!({ "code": 0, "message": one["message"] }))
                        .collect(),
                    _ => described_answer(value),
                };
                (key.clone(), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A description of our own, with what makes the real one hard: a path with braces and an `@`,
    /// a reference to a whole answer, a union.
    fn schema() -> Schema {
        let text = json!({ "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Text" },
        } } });
        let refused = json!({ "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Refused" },
        } } });
        let document = json!({
            "paths": {
                "/things/{thing_id}/@original": { "patch": {
                    "requestBody": text,
                    "responses": {
                        "200": text, "204": { "description": "nothing" },
                        "4XX": { "$ref": "#/components/responses/Refused" },
                    },
                } },
                "/commands": { "put": { "requestBody": { "content": { "application/json": {
                    "schema": { "type": "array", "items": { "type": "object", "properties": {
                        "default_member_permissions": { "type": "integer" },
                    } } },
                } } } } },
            },
            "components": {
                "responses": { "Refused": refused },
                "schemas": {
                    "Text": { "type": "object", "required": ["text"], "properties": {
                        "text": { "type": "string", "maxLength": 3 },
                    } },
                    "Refused": { "type": "object", "required": ["code"], "properties": {
                        "errors": { "type": "object", "additionalProperties": { "type": "object",
                            "properties": { "_errors": { "items": { "required": ["code", "message"],
                                "properties": { "code": { "type": "integer" } } } } },
                        } },
                    } },
                },
            },
        });
        Schema {
            document: Arc::new(document),
            compiled: Arc::default(),
        }
    }

    /// Goal: a body is held against its own place in the description, and the difference is told.
    /// Method: sound and unsound bodies of requests and answers.
    #[test]
    fn bodies_are_compared() {
        let (schema, path) = (schema(), "/things/{thing_id}/@original");
        assert_eq!(
            schema.request(path, "patch", &json!({ "text": "abc" })),
            None
        );
        let long = schema.request(path, "patch", &json!({ "text": "abcd" }));
        assert!(long.expect("a difference").starts_with("/text: "));
        assert!(schema.answer(path, "patch", 200, &json!({})).is_some());
        assert_eq!(schema.answer(path, "patch", 204, &Value::Null), None);
        assert!(schema.answer(path, "patch", 204, &json!(1)).is_some());
        let never = schema.answer(path, "patch", 500, &Value::Null);
        assert!(never.expect("a difference").contains("never answers 500"));
    }

    /// Goal: where documentation and description differ, a body as documented is sound.
    /// Method: permissions in a string; codes of fields in words.
    #[test]
    fn differences_are_evened_out() {
        let schema = schema();
        let commands = json!([{ "default_member_permissions": "8" }]);
        assert_eq!(schema.request("/commands", "put", &commands), None);
        let commands = json!([{ "default_member_permissions": "many" }]);
        assert!(schema.request("/commands", "put", &commands).is_some());
        let fields = json!({ "text": { "_errors": [{ "code": "TOO_LONG", "message": "x" }] } });
        let refused = json!({ "code": 1, "errors": fields });
        let path = "/things/{thing_id}/@original";
        assert_eq!(schema.answer(path, "patch", 400, &refused), None);
    }
}
