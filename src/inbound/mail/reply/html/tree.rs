//! The tree that the HTML parser builds: an arena with a cap on nodes and on depth.
//!
//! What an element's attributes mean for its text is worked out when it is made ([`Effect`]) and the
//! attributes are dropped, so that a node stays small. What always holds: every link between nodes
//! leads to a node of the arena; a node that is detached or moved takes a number of steps that grows
//! with the children it moves, never with the tree.

mod quoted;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, Namespace, QualName, local_name};

use super::effect::{Effect, Shown};

/// Most nodes; more, and the part is not read.
pub const MAX_NODES: usize = 60_000;
/// Deepest nesting; deeper, and the part is not read.
pub const MAX_DEPTH: u32 = 400;

/// A node's place in the arena.
pub type Id = u32;
/// No node.
const NONE: Id = Id::MAX;
/// The root.
const DOCUMENT: Id = 0;

/// What a node is.
#[derive(Debug)]
pub enum Data {
    /// The root, a comment, the content of a template: nothing of its own.
    Other,
    /// Text.
    Text(StrTendril),
    /// An element.
    Element(Element),
}

/// An element, as far as the reading needs it.
#[derive(Debug)]
pub struct Element {
    /// Its name.
    pub name: LocalName,
    ns: Namespace,
    /// What its attributes do to its text.
    pub effect: Effect,
    /// Its `class`, for style sheets.
    pub class: StrTendril,
    /// Its `id`, for style sheets.
    pub id: StrTendril,
    /// The fragment that a template's content goes to, which nobody sees.
    contents: Id,
}

#[derive(Debug)]
struct Node {
    parent: Id,
    before: Id,
    after: Id,
    first: Id,
    last: Id,
    depth: u32,
    data: Data,
}

/// The tree while it is built.
#[derive(Debug)]
pub struct Sink {
    nodes: RefCell<Vec<Node>>,
    /// More nodes or deeper than is read.
    over: Cell<bool>,
}

/// The tree when it is built.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The first node below the root.
    pub fn first(&self) -> Option<Id> {
        self.below(DOCUMENT)
    }

    /// A node's first child.
    pub fn below(&self, id: Id) -> Option<Id> {
        self.nodes
            .get(id as usize)
            .and_then(|node| some(node.first))
    }

    /// The node that follows under the same parent.
    pub fn after(&self, id: Id) -> Option<Id> {
        self.nodes
            .get(id as usize)
            .and_then(|node| some(node.after))
    }

    /// What a node is.
    pub fn data(&self, id: Id) -> &Data {
        self.nodes
            .get(id as usize)
            .map_or(&Data::Other, |node| &node.data)
    }

    /// Every node, in the order in which they were made.
    pub fn all(&self) -> impl Iterator<Item = (Id, &Data)> {
        (0..).zip(self.nodes.iter().map(|node| &node.data))
    }
}

fn some(id: Id) -> Option<Id> {
    (id != NONE).then_some(id)
}

impl Default for Sink {
    /// An empty tree.
    fn default() -> Self {
        let sink = Self {
            nodes: RefCell::new(Vec::with_capacity(64)),
            over: Cell::new(false),
        };
        sink.add(Data::Other);
        sink
    }
}

impl Sink {
    /// Whether more was built than is read.
    pub fn is_over(&self) -> bool {
        self.over.get()
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.nodes.borrow().len()
    }

    fn add(&self, data: Data) -> Id {
        let mut nodes = self.nodes.borrow_mut();
        if nodes.len() >= MAX_NODES {
            self.over.set(true);
        }
        let id = Id::try_from(nodes.len()).unwrap_or(NONE);
        nodes.push(Node {
            parent: NONE,
            before: NONE,
            after: NONE,
            first: NONE,
            last: NONE,
            depth: 0,
            data,
        });
        id
    }

    fn with<T>(&self, id: Id, change: impl FnOnce(&mut Node) -> T) -> Option<T> {
        self.nodes.borrow_mut().get_mut(id as usize).map(change)
    }

    fn link(&self, id: Id) -> (Id, Id, Id) {
        self.with(id, |node| (node.parent, node.before, node.after))
            .unwrap_or((NONE, NONE, NONE))
    }

    fn detach(&self, id: Id) {
        let (parent, before, after) = self.link(id);
        self.with(id, |node| {
            (node.parent, node.before, node.after) = (NONE, NONE, NONE);
        });
        if parent == NONE {
            return;
        }
        if before == NONE {
            self.with(parent, |node| node.first = after);
        } else {
            self.with(before, |node| node.after = after);
        }
        if after == NONE {
            self.with(parent, |node| node.last = before);
        } else {
            self.with(after, |node| node.before = before);
        }
    }

    /// Puts a node under `parent`, before its child `next`, or last.
    fn place(&self, parent: Id, next: Id, id: Id) {
        self.detach(id);
        let depth = self.with(parent, |node| node.depth + 1).unwrap_or(0);
        if depth > MAX_DEPTH {
            self.over.set(true);
        }
        let before = if next == NONE {
            self.with(parent, |node| std::mem::replace(&mut node.last, id))
        } else {
            self.with(next, |node| std::mem::replace(&mut node.before, id))
        };
        let before = before.unwrap_or(NONE);
        if before == NONE {
            self.with(parent, |node| node.first = id);
        } else {
            self.with(before, |node| node.after = id);
        }
        self.with(id, |node| {
            (node.parent, node.before, node.after, node.depth) = (parent, before, next, depth);
        });
    }

    fn put(&self, parent: Id, next: Id, child: NodeOrText<Id>) {
        let text = match child {
            NodeOrText::AppendNode(id) => return self.place(parent, next, id),
            NodeOrText::AppendText(text) => text,
        };
        let before = if next == NONE {
            self.with(parent, |node| node.last)
        } else {
            self.with(next, |node| node.before)
        };
        // Text beside text is one text.
        let joined = self.with(before.unwrap_or(NONE), |node| match &mut node.data {
            Data::Text(there) => {
                there.push_tendril(&text);
                true
            }
            _ => false,
        });
        if joined != Some(true) {
            let id = self.add(Data::Text(text));
            self.place(parent, next, id);
        }
    }
}

/// An element's name, apart from the arena.
#[derive(Debug)]
pub struct Name(Namespace, LocalName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0
    }

    fn local_name(&self) -> &LocalName {
        &self.1
    }
}

impl TreeSink for Sink {
    type Handle = Id;
    type Output = Tree;
    type ElemName<'a> = Name;

    fn finish(self) -> Tree {
        Tree {
            nodes: self.nodes.into_inner(),
        }
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Id {
        DOCUMENT
    }

    fn elem_name(&self, target: &Id) -> Name {
        let nodes = self.nodes.borrow();
        match nodes.get(*target as usize).map(|node| &node.data) {
            Some(Data::Element(element)) => Name(element.ns.clone(), element.name.clone()),
            _ => Name(Namespace::from(""), LocalName::from("")),
        }
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Id {
        let contents = if flags.template {
            self.add(Data::Other)
        } else {
            NONE
        };
        let effect = Effect::of(&name.local, &attrs);
        let (mut class, mut id) = (StrTendril::new(), StrTendril::new());
        for attr in attrs {
            match attr.name.local {
                local_name!("class") => class = attr.value,
                local_name!("id") => id = attr.value,
                _ => {}
            }
        }
        self.add(Data::Element(Element {
            name: name.local,
            ns: name.ns,
            effect,
            class,
            id,
            contents,
        }))
    }

    fn create_comment(&self, _: StrTendril) -> Id {
        self.add(Data::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Id {
        self.add(Data::Other)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        self.put(*parent, NONE, child);
    }

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        let (parent, _, _) = self.link(*sibling);
        self.put(parent, *sibling, child);
    }

    fn append_based_on_parent_node(&self, element: &Id, other: &Id, child: NodeOrText<Id>) {
        if self.link(*element).0 == NONE {
            self.append(other, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Id) -> Id {
        let contents = self.with(*target, |node| match &node.data {
            Data::Element(element) => element.contents,
            _ => NONE,
        });
        contents.unwrap_or(NONE)
    }

    fn same_node(&self, x: &Id, y: &Id) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    /// A second `<body>` or `<html>`: what it does is done to the first as well.
    fn add_attrs_if_missing(&self, target: &Id, attrs: Vec<Attribute>) {
        self.with(*target, |node| {
            if let Data::Element(element) = &mut node.data {
                let more = Effect::of(&element.name, &attrs);
                element.effect = element.effect.and(more);
            }
        });
    }

    fn remove_from_parent(&self, target: &Id) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &Id, new_parent: &Id) {
        while let Some(child) = self.with(*node, |node| node.first).and_then(some) {
            self.place(*new_parent, NONE, child);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn children(tree: &Tree, id: Id) -> Vec<Id> {
        std::iter::successors(tree.below(id), |child| tree.after(*child)).collect()
    }

    // Goal: the links hold after every kind of change. Method: one small tree, changed by hand.
    #[test]
    fn links() {
        let sink = Sink::default();
        let [a, b, c, d] = std::array::from_fn(|_| sink.add(Data::Other));
        for id in [a, b, c] {
            sink.append(&DOCUMENT, NodeOrText::AppendNode(id));
        }
        sink.append_before_sibling(&b, NodeOrText::AppendNode(d));
        sink.remove_from_parent(&a);
        sink.append(&b, NodeOrText::AppendText("x".into()));
        sink.append(&b, NodeOrText::AppendText("y".into()));
        sink.reparent_children(&b, &c);
        assert!(!sink.is_over());
        let tree = sink.finish();
        assert_eq!(children(&tree, DOCUMENT), [d, b, c]);
        assert!(children(&tree, b).is_empty());
        let texts = children(&tree, c);
        assert_eq!(texts.len(), 1);
        assert!(matches!(tree.data(texts[0]), Data::Text(text) if **text == *"xy"));
    }

    // Goal: both caps are noticed. Method: one node more than each allows.
    #[test]
    fn caps() {
        let sink = Sink::default();
        for _ in 0..MAX_NODES {
            sink.add(Data::Other);
        }
        assert!(sink.is_over());
        let sink = Sink::default();
        let mut parent = DOCUMENT;
        for _ in 0..=MAX_DEPTH {
            let child = sink.add(Data::Other);
            sink.append(&parent, NodeOrText::AppendNode(child));
            parent = child;
        }
        assert!(sink.is_over());
    }
}
