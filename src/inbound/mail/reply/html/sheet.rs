//! Style sheets in a mail: only which classes, ids and names they may hide something of.
//!
//! This is no CSS. A rule that hides, strikes out or reorders makes everything doubtful that the end
//! of one of its selectors names, under whatever condition the rule stands. A doubt too many costs a
//! reply, and only one whose own text is of such a class.

use super::effect::Effect;
use super::tree::{Data, Element, Tree};

/// Most of a mail's style sheets that is read, in bytes; more, and everything is doubtful.
const MAX_SHEET_BYTES: usize = 128 * 1024;
/// How far before a comment a string is looked for that it stands in, in bytes.
const MAX_STRING_BYTES: usize = 200;
/// Most names that are remembered.
const MAX_NAMES: usize = 500;

/// What a mail's style sheets may hide.
#[derive(Debug, Default)]
pub struct Sheet {
    classes: Vec<String>,
    ids: Vec<String>,
    tags: Vec<String>,
    everything: bool,
}

impl Sheet {
    /// Reads every `<style>` of a tree.
    pub fn of(tree: &Tree) -> Self {
        let mut sheet = Self::default();
        let mut read = 0;
        for (id, data) in tree.all() {
            let Data::Element(element) = data else {
                continue;
            };
            if &*element.name != "style" {
                continue;
            }
            if let Some(Data::Text(text)) = tree.below(id).map(|child| tree.data(child)) {
                read += text.len();
                if read > MAX_SHEET_BYTES {
                    sheet.everything = true;
                    break;
                }
                sheet.read(text);
            }
        }
        sheet.everything |= sheet.classes.len() + sheet.ids.len() + sheet.tags.len() > MAX_NAMES;
        sheet
    }

    /// Whether some rule may hide an element's text.
    pub fn may_hide(&self, element: &Element) -> bool {
        if self.everything {
            return true;
        }
        let has = |list: &[String], name: &str| {
            !list.is_empty() && list.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        has(&self.tags, &element.name)
            || has(&self.ids, &element.id)
            || !self.classes.is_empty()
                && element
                    .class
                    .split_ascii_whitespace()
                    .any(|class| has(&self.classes, class))
    }

    fn read(&mut self, text: &str) {
        // What looks like a comment within quotation marks is none, and what follows it counts.
        self.everything |= text.match_indices("/*").any(|(at, _)| is_quoted(text, at));
        for rule in without_comments(text).split('}') {
            let Some((before, declarations)) = rule.rsplit_once('{') else {
                // The end of a rule that a brace within quotation marks has cut.
                self.everything |= Effect::of_sheet(rule);
                continue;
            };
            if !Effect::of_sheet(declarations) {
                continue;
            }
            // What ends in `;` is an at-rule of its own, or what a rule says around another.
            let selectors = before.rsplit(['{', ';']).next().unwrap_or(before);
            for selector in selectors.split(',').take(MAX_NAMES) {
                self.note(selector.trim());
            }
        }
    }

    /// Notes what the end of a selector names.
    fn note(&mut self, selector: &str) {
        // At-rules (`@font-face`) name no element.
        if selector.is_empty() || selector.starts_with('@') {
            return;
        }
        let ends = |c: char| c.is_whitespace() || matches!(c, '>' | '+' | '~');
        let last = selector.rsplit(ends).next().unwrap_or(selector);
        let simple = last.split([':', '[']).next().unwrap_or(last);
        let name_end = |text: &str| text.find(['.', '#']).unwrap_or(text.len());
        if let Some((_, class)) = simple.split_once('.') {
            let class = class.get(..name_end(class)).unwrap_or(class);
            self.classes.push(class.to_owned());
        } else if let Some((_, id)) = simple.split_once('#') {
            self.ids.push(id.to_owned());
        } else if simple.is_empty() || simple.contains(['*', '&', '\\']) {
            self.everything = true;
        } else {
            self.tags.push(simple.to_owned());
        }
    }
}

/// Whether a place in a sheet stands within quotation marks, as far as its own line says.
fn is_quoted(text: &str, at: usize) -> bool {
    // No further back than a line goes, so that the work does not grow with the square of the sheet.
    let from = (at.saturating_sub(MAX_STRING_BYTES)..=at).find(|from| text.is_char_boundary(*from));
    let before = text.get(from.unwrap_or(at)..at).unwrap_or_default();
    let before = before.rsplit("*/").next().unwrap_or(before);
    let before = before.rsplit(['{', '}', ';', '\n']).next();
    let odd = |mark: char| before.is_some_and(|text| text.matches(mark).count() % 2 == 1);
    odd('"') || odd('\'')
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        let mut sheet = Sheet::default();
        sheet.read(text);
        sheet
    }

    // Goal: what a rule that hides names is remembered, of every other rule nothing.
    // Method: small sheets.
    #[test]
    fn names() {
        let read = sheet(
            "p.MsoNormal {margin:0;font-size:11pt} .a, td > div.b:hover {display:none}\n\
             @media print { #c {visibility:hidden} .d {color:red} } /* .e {display:none} */\n\
             span {font-size:0} @font-face {font-family:x}",
        );
        assert_eq!(read.classes, ["a", "b"]);
        assert_eq!(read.ids, ["c"]);
        assert_eq!(read.tags, ["span"]);
        assert!(!read.everything);
        assert!(sheet("* {opacity:0}").everything);
        assert!(sheet("[x] {opacity:0}").everything);
    }

    // Goal: what stands before a rule does not hide it. Method: at-rules, nesting, braces in strings.
    #[test]
    fn behind_other_things() {
        for text in [
            "@import 'x';p{display:none}",
            "@charset \"utf-8\";\n@import url(x);\np {display:none}",
            "@media screen{@import 'x';p{display:none}}",
            "<!-- p{display:none} -->",
            "@layer a;@layer b{p{display:none}}",
            "p{display:none",
        ] {
            assert_eq!(sheet(text).tags, ["p"], "{text}");
        }
        for text in [
            "a{content:\"/*\"}p{display:none}/* */",
            "p{color:red;&{display:none}}",
            "p{content:\"}\";display:none}",
        ] {
            assert!(sheet(text).everything, "{text}");
        }
    }
}
