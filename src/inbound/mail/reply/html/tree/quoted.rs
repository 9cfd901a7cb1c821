//! Whether what was built last is a quotation that stands open.

use super::{Data, Element, NONE, Node, Shown, Sink};

/// Elements that change nothing about where the next ones go, once they are closed.
const HARMLESS: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "link",
    "style",
    "body",
    "div",
    "span",
    "p",
    "br",
    "a",
    "b",
    "i",
    "u",
    "strong",
    "em",
    "font",
    "img",
    "hr",
    "center",
    "small",
    "blockquote",
    "o:p",
];
/// Elements that a quotation may stand in.
const AROUND: &[&str] = &["html", "body", "div", "span", "center", "blockquote"];

impl Sink {
    /// Whether the one node made since there were `before` is a `<div>` that a mail program marked as a
    /// quotation, is seen, and stands open where only its own end, or that of a plain element around it,
    /// can close it; and whether what stands behind it under the same parent is quoted with it.
    pub fn quotes_last(&self, before: usize) -> Option<bool> {
        let nodes = self.nodes.borrow();
        if nodes.len() != before + 1 || !nodes.iter().all(is_harmless) {
            return None;
        }
        let last = nodes.last()?;
        let own = element(last)?;
        let marked = own.effect.introduced || own.effect.rest_quoted;
        if &*own.name != "div" || !marked || hides(own) {
            return None;
        }
        let mut node = last;
        loop {
            // What is put before a table is not where it seems to be: something stands behind it.
            if node.after != NONE {
                return None;
            }
            node = nodes.get(node.parent as usize)?;
            match element(node) {
                Some(around) if AROUND.contains(&&*around.name) && !hides(around) => {}
                Some(_) => return None,
                None => return Some(own.effect.rest_quoted),
            }
        }
    }
}

fn element(node: &Node) -> Option<&Element> {
    match &node.data {
        Data::Element(element) => Some(element),
        Data::Text(_) | Data::Other => None,
    }
}

fn is_harmless(node: &Node) -> bool {
    element(node).is_none_or(|element| HARMLESS.contains(&&*element.name))
}

/// What is hidden may be shown again further in.
fn hides(element: &Element) -> bool {
    let effect = element.effect;
    effect.gone || effect.visible == Shown::No || effect.sized == Shown::No
}
