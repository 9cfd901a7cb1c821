//! What Discord sends of a command, taken apart: the names on the way to it, its options, and the one
//! that is being typed.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use serenity::all::{CommandData, CommandDataOption, CommandDataOptionValue};

use super::takes::{Given, Value};

/// The deepest that commands are nested.
const MAX_DEPTH: usize = 3;

/// A command as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    /// The names on the way to it, e.g. `request`, `new`.
    pub path: Vec<String>,
    /// Its options.
    pub given: Given,
    /// The option with the cursor, and what stands in it so far.
    pub cursor: Option<(String, String)>,
}

impl Typed {
    /// Takes it apart. What is of a kind that no option has is left out, and so missing.
    pub fn of(data: &CommandData) -> Self {
        let mut typed = Self {
            path: vec![data.name.clone()],
            ..Self::default()
        };
        typed.add(&data.options);
        typed
    }

    fn add(&mut self, options: &[CommandDataOption]) {
        for option in options {
            let name = option.name.clone();
            match &option.value {
                CommandDataOptionValue::SubCommand(inner)
                | CommandDataOptionValue::SubCommandGroup(inner)
                    if self.path.len() < MAX_DEPTH =>
                {
                    self.path.push(name);
                    self.add(inner);
                }
                CommandDataOptionValue::Autocomplete { value, .. } => {
                    self.cursor = Some((name, value.clone()));
                }
                CommandDataOptionValue::String(text) => {
                    self.given.insert(name, Value::Text(text.clone()));
                }
                CommandDataOptionValue::Integer(number) => {
                    self.given.insert(name, Value::Number(*number));
                }
                _ => {}
            }
        }
    }

    /// A text option that may be half of a command, as it stands.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.given.get(name) {
            Some(Value::Text(text)) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}
