//! `/help`: the commands as their definition has them.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::fmt::Write as _;

use super::definition::{Field, Slash, Spec};
use super::takes::{Kind, Subcommand};
use crate::render::Tongue;

/// About one command, or all of them.
pub fn answer(about: Option<Subcommand>, tongue: Tongue) -> String {
    let spec = about.and_then(|Subcommand(index)| Slash::ALL.get(index));
    spec.map_or_else(|| all(tongue), |spec| one(spec, tongue))
}

/// A line for each command.
pub fn all(tongue: Tongue) -> String {
    let mut text = match tongue {
        Tongue::English => "What can be typed here; every answer is for your eyes only.\n",
        Tongue::Portuguese => "O que se pode digitar aqui; só você vê as respostas.\n",
    }
    .to_owned();
    for spec in Slash::ALL {
        let _ = writeln!(
            text,
            "`{}` {}",
            typed(spec, tongue),
            spec.place.own.about.to(tongue)
        );
    }
    text.push_str(match tongue {
        Tongue::English => "`/help command` tells more of one.",
        Tongue::Portuguese => "`/ajuda comando` diz mais sobre um deles.",
    });
    text
}

/// Everything about one command.
pub fn one(spec: &Spec, tongue: Tongue) -> String {
    let mut text = format!(
        "`{}` {}",
        typed(spec, tongue),
        spec.place.own.about.to(tongue)
    );
    for field in spec.options {
        let name = named(field, tongue);
        let _ = write!(text, "\n• `{name}` {}", field.words.about.to(tongue));
        let may = match (field.needed, tongue) {
            (true, _) => "",
            (false, Tongue::English) => " (may be left out)",
            (false, Tongue::Portuguese) => " (pode faltar)",
        };
        text.push_str(may);
        if let Kind::Choice(choices) = field.kind {
            let choices = choices().into_iter().take(MAX_CHOICES_TOLD);
            let choices: Vec<String> = choices.map(|one| one.shown.to(tongue)).collect();
            let _ = write!(text, ": {}", choices.join(", "));
        }
    }
    text
}

/// The most choices that are told one by one: `/help` itself has one for each command.
const MAX_CHOICES_TOLD: usize = 6;

/// The table of `docs/commands.md`.
pub fn table(tongue: Tongue) -> String {
    let mut text = match tongue {
        Tongue::English => "| Command | What it does | Options |\n|---|---|---|\n",
        Tongue::Portuguese => "| Comando | O que faz | Opções |\n|---|---|---|\n",
    }
    .to_owned();
    for spec in Slash::ALL {
        let options = spec.options.iter().map(|field| {
            let name = named(field, tongue);
            if field.needed {
                format!("`{name}`")
            } else {
                format!("[`{name}`]")
            }
        });
        let options: Vec<String> = options.collect();
        let (typed, about) = (typed(spec, tongue), spec.place.own.about.to(tongue));
        let _ = writeln!(text, "| `{typed}` | {about} | {} |", options.join(" "));
    }
    text
}

fn typed(spec: &Spec, tongue: Tongue) -> String {
    match tongue {
        Tongue::English => spec.typed(),
        Tongue::Portuguese => format!("/{}", spec.place.portuguese().join(" ")),
    }
}

/// What an option is called.
pub(super) fn named(field: &Field, tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::English => field.name,
        Tongue::Portuguese => field.portuguese(),
    }
}
