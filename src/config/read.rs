//! What a TOML file says, read key by key, so that one look at it finds everything that is wrong.
//!
//! serde stops at the first surprise; an operator who mends a file wants all of them. So the file is
//! parsed into toml's own tree, which keeps the place of every key and value, and a [`Section`] hands
//! out one key after another. What always holds: a key that nobody asked for is a problem; a problem
//! names its line, column, key and mend; reading goes on after it with a stand-in that is never used,
//! because a file with a problem yields no value.

mod near;
mod problem;
mod syntax;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use near::nearest;
pub use problem::{Problem, Problems, Report};
pub use syntax::parse;

/// One table of a file, handed out key by key.
#[derive(Debug)]
pub struct Section<'r, 's> {
    /// Where problems go.
    pub report: &'r Report,
    /// Its name as problems show it, e.g. `[smtp]`; empty for the file itself.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
    table: &'r DeTable<'s>,
    known: BTreeSet<&'static str>,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

impl<'r, 's> Section<'r, 's> {
    /// A table under this name.
    pub fn new(
        report: &'r Report,
        name: impl Into<String>,
        table: &'r DeTable<'s>,
        span: Range<usize>,
    ) -> Self {
        Self {
            report,
            name: name.into(),
            span,
            table,
            known: BTreeSet::new(),
        }
    }

    /// How a key of this section is named in a problem.
    pub fn key(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{} {key}", self.name)
        }
    }

    /// A problem of one of its keys.
    pub fn wrong(
        &self,
        key: &str,
        at: &Range<usize>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.report.problem(at, self.key(key), what, mend);
    }

    /// A key that must be there.
    pub fn missing(&self, key: &str, mend: impl Into<String>) {
        self.wrong(key, &self.span, "is missing", mend);
    }

    /// Whether the key stands in the file; it counts as known from now on.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// The value of a key, whatever its type.
    pub fn value(&mut self, key: &'static str) -> Option<&'r Spanned<DeValue<'s>>> {
        self.known.insert(key);
        self.table.get(key)
    }

    fn typed<T>(
        &mut self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(&'r DeValue<'s>) -> Option<T>,
    ) -> Option<At<T>> {
        let found = self.value(key)?;
        let span = found.span();
        let value = read(found.get_ref());
        if value.is_none() {
            let what = format!("is {}, and must be {wanted}", article(found.get_ref()));
            self.wrong(key, &span, what, format!("write {wanted} here"));
        }
        value.map(|value| At { value, span })
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<At<&'r str>> {
        self.typed(key, "a text in quotes", |value| match value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        })
    }

    /// A text that must be there and must not be blank.
    pub fn needed_text(&mut self, key: &'static str, mend: &str) -> Option<At<&'r str>> {
        let there = self.has(key);
        let found = self.text(key);
        match found {
            Some(found) if found.value.trim().is_empty() => {
                self.wrong(key, &found.span, "is blank", mend);
                None
            }
            None if !there => {
                self.missing(key, mend);
                None
            }
            found => found,
        }
    }

    /// A text that may be absent but not blank.
    pub fn needed_if_there(&mut self, key: &'static str) -> Option<At<&'r str>> {
        if self.has(key) {
            self.needed_text(key, "write it, or take the line out")
        } else {
            None
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.typed(key, "true or false", DeValue::as_bool)
            .map_or(default, |found| found.value)
    }

    /// A whole number within bounds.
    pub fn number(&mut self, key: &'static str, bounds: Range<u64>) -> Option<At<u64>> {
        let found = self.typed(key, "a whole number", |value| {
            let number = value.as_integer()?;
            i128::from_str_radix(number.as_str(), number.radix()).ok()
        })?;
        match u64::try_from(found.value) {
            Ok(number) if bounds.contains(&number) => Some(At {
                value: number,
                span: found.span,
            }),
            _ => {
                let what = format!(
                    "is {}, and must be between {} and {}",
                    found.value,
                    bounds.start,
                    bounds.end - 1
                );
                self.wrong(
                    key,
                    &found.span,
                    what,
                    "choose a number within these bounds",
                );
                None
            }
        }
    }

    /// A length of time such as `"30s"` or `"1h 30m"`, more than nothing; days have 24 hours.
    pub fn duration(&mut self, key: &'static str) -> Option<At<SignedDuration>> {
        let found = self.text(key)?;
        match read_duration(found.value) {
            Ok(value) => Some(At {
                value,
                span: found.span,
            }),
            Err(what) => {
                self.wrong(
                    key,
                    &found.span,
                    what,
                    "write it like \"30s\", \"5m\", \"1h 30m\" or \"2d\"",
                );
                None
            }
        }
    }

    /// The same for the machinery's waits, with a default.
    pub fn wait(&mut self, key: &'static str, default: Duration) -> Duration {
        self.duration(key)
            .and_then(|found| Duration::try_from(found.value).ok())
            .unwrap_or(default)
    }

    /// A list of texts; absent is empty.
    pub fn texts(&mut self, key: &'static str) -> Vec<At<&'r str>> {
        let wanted = "a list of texts, like [\"a\", \"b\"]";
        let Some(found) = self.typed(key, wanted, DeValue::as_array) else {
            return Vec::new();
        };
        let mut list = Vec::new();
        for item in found.value {
            if let DeValue::String(text) = item.get_ref() {
                list.push(At {
                    value: text.as_ref(),
                    span: item.span(),
                });
            } else {
                let what = format!("holds {}, and must be {wanted}", article(item.get_ref()));
                self.wrong(key, &item.span(), what, "put the item in quotes");
            }
        }
        list
    }

    /// A table below this one, under the name that its problems are to show.
    pub fn section(&mut self, key: &'static str, name: &str) -> Option<Section<'r, 's>> {
        let report = self.report;
        let found = self.typed(key, "a table", DeValue::as_table)?;
        Some(Section::new(report, name, found.value, found.span))
    }

    /// A list of tables; absent is empty.
    pub fn sections(&mut self, key: &'static str, name: &str) -> Vec<Section<'r, 's>> {
        let report = self.report;
        let wanted = format!("a list of tables, each {name}");
        let Some(found) = self.typed(key, &wanted, DeValue::as_array) else {
            return Vec::new();
        };
        let mut list = Vec::new();
        for item in found.value {
            if let DeValue::Table(table) = item.get_ref() {
                list.push(Section::new(report, name, table, item.span()));
            } else {
                let what = format!("holds {}, and must be {wanted}", article(item.get_ref()));
                self.wrong(key, &item.span(), what, "write a table here");
            }
        }
        list
    }

    /// Every key with its value, for tables whose keys the operator chooses; all count as known.
    pub fn entries(self) -> impl Iterator<Item = (At<&'r str>, &'r Spanned<DeValue<'s>>)> {
        self.table.iter().map(|(key, value)| {
            let at = At {
                value: key.get_ref().as_ref(),
                span: key.span(),
            };
            (at, value)
        })
    }

    /// The end of a section: whatever nobody asked for is unknown.
    pub fn end(self) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if self.known.contains(name) {
                continue;
            }
            let mend = nearest(name, self.known.iter().copied()).map_or_else(
                || {
                    let known: Vec<&str> = self.known.iter().copied().collect();
                    format!("take it out; known here: {}", known.join(", "))
                },
                |near| format!("did you mean `{near}`?"),
            );
            self.wrong(name, &key.span(), "is unknown", mend);
        }
    }
}

/// Reads a length of time; the error says what is wrong, without naming the key.
pub fn read_duration(text: &str) -> Result<SignedDuration, String> {
    let span: jiff::Span = text
        .parse()
        .map_err(|_| format!("`{text}` is no length of time"))?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(format!(
            "`{text}` counts months or years, which differ in length"
        ));
    }
    let days_are_24_hours = jiff::SpanRelativeTo::days_are_24_hours();
    let length = span
        .to_duration(days_are_24_hours)
        .map_err(|_| format!("`{text}` is too long"))?;
    if length <= SignedDuration::ZERO {
        return Err(format!("`{text}` is not more than nothing"));
    }
    Ok(length)
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
