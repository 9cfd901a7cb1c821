//! What commands that only look need of `bot.toml`: whoever may look need not be able to send, to read
//! mails, or to make tokens, and so needs none of those secrets. Other sections are not looked at, and may
//! be missing.

use super::audit::{key, older};
use super::{command_line, database};
use crate::config::read::{Problems, Report, Section, parse};
use crate::config::secret::Surroundings;
use crate::config::{Database, Looking, Seals, keyfile};

/// Reads `[database]` and `[command_line]`.
pub(in crate::config) fn read_looking(
    file: &str,
    source: &str,
    around: &Surroundings<'_>,
) -> Result<(Looking, Problems), Problems> {
    read(file, source, |root| {
        let command_line = command_line(root);
        Some(Looking {
            database: database(root, around)?,
            command_line,
        })
    })
}

/// Reads the keys of `[audit]`.
pub(in crate::config) fn read_seals(
    file: &str,
    source: &str,
    around: &Surroundings<'_>,
) -> Result<(Seals, Problems), Problems> {
    read(file, source, |root| Some(seals(root, source, around)))
}

fn read<T>(
    file: &str,
    source: &str,
    part: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
) -> Result<(T, Problems), Problems> {
    let report = Report::new(file, source);
    let table = parse(&report, source);
    let found = if report.is_clean() {
        part(&mut Section::new(&report, "", table.get_ref(), 0..0))
    } else {
        None
    };
    match report.finish(found)? {
        (Some(found), warnings) => Ok((found, warnings)),
        (None, warnings) => Err(warnings),
    }
}

/// A key that cannot be read is no fault where `older` names a public half: seals are checked by that.
fn seals(root: &mut Section<'_, '_>, source: &str, around: &Surroundings<'_>) -> Seals {
    let (name, mut public) = ("[audit] key", Vec::new());
    let aside = Report::new(root.report.file(), source);
    let mut found = None;
    if let Some(mut section) = root.section("audit", "[audit]") {
        public = older(&mut section);
        if let Some(table) = root.value("audit").and_then(|it| it.get_ref().as_table()) {
            let mut section = Section::new(&aside, "[audit]", table, section.span);
            found = key(&mut section, around);
        }
    }
    if found.is_none()
        && aside.is_clean()
        && let Some(Database::Embedded { directory }) = database(root, around)
    {
        let file = keyfile::read_if_there(&directory, keyfile::SEAL_KEY_FILE);
        found = file.unwrap_or_else(|error| {
            let what = format!("the key in {} cannot be read: {error}", directory.display());
            aside.problem(&(0..0), name, what, keyfile::MEND);
            None
        });
    }
    if let Err(problems) = aside.finish(()) {
        for problem in problems.list {
            let mend = "name its public half in `older`; it stands in every seal behind `key`";
            if public.is_empty() {
                let mend = format!("{}; or {mend}", problem.mend);
                root.report.problem(&root.span, name, problem.what, mend);
            } else {
                let what = format!("{}; seals are checked by `older` alone", problem.what);
                root.report.warn(&root.span, name, what, mend);
            }
        }
    }
    Seals {
        key: found,
        older: public,
    }
}
