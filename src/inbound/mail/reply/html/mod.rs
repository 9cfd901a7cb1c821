//! An HTML part as the lines that a reader of it sees.
//!
//! ```text
//! bytes ── attributes ── html5ever ──▶ tree ── walk ──▶ lines, as a text part would have them
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | [`attributes`] | a tag with too many attributes is refused before it is parsed |
//! | [`tree`] | the tree, with its caps |
//! | [`colour`] | whether letters have the colour of what is behind them |
//! | [`effect`] | what an element's attributes do to its text |
//! | [`sheet`] | what style sheets may do to it |
//! | [`skip`] | where the rest is quoted and need not be parsed |
//!
//! Block elements and `<br>` end a line; the cells of a row stand on one line; an item of a list
//! begins with `- `; a `<hr>` is a rule; what stands in a quotation begins with `> `, as in a text
//! part, below a rule where a mail program marks it as its own; a signature is preceded by `-- `. So one grammar reads both.
//!
//! What always holds: hidden text is in no line; a part that is too long, too deep or too large is not
//! read at all, so that no line of it is overlooked. Not promised: what images and stylesheets of other
//! places show.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, Parser, parse_document};

use self::colour::Rgb;
use self::effect::{Effect, Paper, Shown};
use self::sheet::Sheet;
use self::tree::{Data, Element, Id, Sink, Tree};

pub mod attributes;
pub mod colour;
pub mod effect;
pub mod sheet;
pub mod skip;
pub mod tree;

#[cfg(test)]
mod tests;

/// Most HTML that is read, in bytes.
pub const MAX_HTML_BYTES: usize = 256 * 1024;
/// What the parser is given at once, in bytes; between two pieces the caps are looked at.
const PIECE_BYTES: usize = 1024;

/// The lines of a part.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The lines that are seen.
    pub lines: Vec<String>,
    /// Whether there is text that is hidden from everybody.
    pub hides: bool,
    /// Why the text outside of quotations is not what it seems, if it is not.
    pub doubt: Option<Doubt>,
}

/// Why shown text may not be what its writer meant to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Some readers do not see it.
    Hidden,
    /// It is struck out.
    Struck,
    /// Its letters are shown in another order.
    Reordered,
}

/// The part is longer, deeper or larger than what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch;

/// The lines of an HTML part.
pub fn read(html: &str) -> Result<Page, TooMuch> {
    if html.len() > MAX_HTML_BYTES || attributes::too_many(html) {
        return Err(TooMuch);
    }
    Ok(seen(&parse(html)?))
}

/// The same with the whole part parsed, whatever is quoted.
#[cfg(test)]
fn read_whole(html: &str) -> Result<Page, TooMuch> {
    let mut parser = parser();
    feed(&mut parser, html)?;
    Ok(seen(&parser.finish()))
}

fn seen(tree: &Tree) -> Page {
    let mut walk = Walk {
        sheet: Sheet::of(tree),
        page: Page::default(),
        line: String::new(),
        line_quoted: false,
        space: false,
    };
    walk.document(tree);
    walk.page
}

/// The tree of a part, without what is quoted to its end.
fn parse(html: &str) -> Result<Tree, TooMuch> {
    let mut parser = parser();
    let Some((start, end)) = skip::mark(html) else {
        feed(&mut parser, html)?;
        return Ok(parser.finish());
    };
    let (before, rest) = html.split_at_checked(start).unwrap_or((html, ""));
    let (tag, rest) = rest.split_at_checked(end - start).unwrap_or((rest, ""));
    feed(&mut parser, before)?;
    let nodes = parser.tokenizer.sink.sink.count();
    feed(&mut parser, tag)?;
    let quotes = parser.tokenizer.sink.sink.quotes_last(nodes);
    if !quotes.is_some_and(|and_siblings| skip::holds_all(rest, and_siblings)) {
        feed(&mut parser, rest)?;
    }
    Ok(parser.finish())
}

fn parser() -> Parser<Sink> {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            // No mail program runs scripts, so that `<noscript>` is shown.
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    parse_document(Sink::default(), options)
}

fn feed(parser: &mut Parser<Sink>, html: &str) -> Result<(), TooMuch> {
    let mut rest = html;
    while !rest.is_empty() {
        let piece = super::line::start_of(rest, PIECE_BYTES);
        rest = rest.get(piece.len()..).unwrap_or_default();
        parser.process(StrTendril::from(piece));
        if parser.tokenizer.sink.sink.is_over() {
            return Err(TooMuch);
        }
    }
    Ok(())
}

/// What holds for the text in an element.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing that an element passes on; no two make a state"
)]
struct Look {
    gone: bool,
    invisible: bool,
    sizeless: bool,
    doubtful: bool,
    struck: bool,
    reordered: bool,
    quoted: bool,
    preformatted: bool,
    /// The colour of the letters, where the mail says one.
    ink: Option<Rgb>,
    /// What is behind them, where it is known.
    paper: Option<Rgb>,
}

impl Look {
    /// What holds for a part as a whole.
    fn outermost() -> Self {
        Self {
            paper: Some(colour::WHITE),
            ..Self::default()
        }
    }

    fn within(self, effect: Effect, may_hide: bool) -> Self {
        let shown = |hidden: bool, effect: Shown| match effect {
            Shown::Same => hidden,
            Shown::No => true,
            Shown::Again => false,
        };
        Self {
            gone: self.gone || effect.gone,
            invisible: shown(self.invisible, effect.visible),
            sizeless: shown(self.sizeless, effect.sized),
            doubtful: self.doubtful || effect.doubtful || may_hide,
            struck: self.struck || effect.struck,
            reordered: self.reordered || effect.reordered,
            quoted: self.quoted || effect.quoted || effect.introduced || effect.rest_quoted,
            preformatted: effect.preformatted.unwrap_or(self.preformatted),
            ink: effect.ink.or(self.ink),
            paper: match effect.paper {
                Paper::Same => self.paper,
                Paper::Solid(rgb) => Some(rgb),
                Paper::Unknown => None,
            },
        }
    }

    /// Whether the letters cannot be told from what is behind them.
    fn pale(self) -> bool {
        let both = self.ink.zip(self.paper);
        both.is_some_and(|(ink, paper)| colour::near(ink, paper))
    }

    fn hidden(self) -> bool {
        self.gone || self.invisible || self.sizeless
    }
}

/// How an element stands among its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Inline,
    Block,
    Cell,
}

/// An element whose children are walked.
struct Frame {
    look: Look,
    flow: Flow,
    next: Option<Id>,
}

struct Walk {
    sheet: Sheet,
    page: Page,
    line: String,
    line_quoted: bool,
    space: bool,
}

impl Walk {
    fn document(&mut self, tree: &Tree) {
        let mut open = vec![Frame {
            look: Look::outermost(),
            flow: Flow::Block,
            next: tree.first(),
        }];
        while let Some(frame) = open.last_mut() {
            let Some(id) = frame.next else {
                let flow = frame.flow;
                open.pop();
                self.edge(flow);
                continue;
            };
            frame.next = tree.after(id);
            match tree.data(id) {
                Data::Other => {}
                Data::Text(text) => {
                    let look = frame.look;
                    self.text(text, look);
                }
                Data::Element(element) => {
                    let look = frame
                        .look
                        .within(element.effect, self.sheet.may_hide(element));
                    frame.look.quoted |= element.effect.rest_quoted;
                    if let Some(flow) = self.enter(element, look) {
                        open.push(Frame {
                            look,
                            flow,
                            next: tree.below(id),
                        });
                    }
                }
            }
        }
    }

    /// Begins an element; none if nothing in it is text to be read.
    fn enter(&mut self, element: &Element, look: Look) -> Option<Flow> {
        let name: &str = &element.name;
        match name {
            "head" | "title" | "script" | "style" | "template" | "noembed" | "noframes" => {
                return None;
            }
            "br" => {
                if !look.hidden() {
                    self.end_line(true);
                }
                return None;
            }
            "hr" => {
                if !look.hidden() {
                    self.rule("-----", look);
                }
                return None;
            }
            "img" | "input" | "meta" | "link" => return None,
            _ => {}
        }
        let flow = flow(name);
        self.edge(flow);
        let introduced = element.effect.introduced || element.effect.rest_quoted;
        if introduced && !look.hidden() {
            self.rule("_____", look);
        }
        if element.effect.signature && !look.hidden() {
            self.rule("-- ", look);
        }
        if name == "li" && !look.hidden() {
            self.line.push_str("- ");
            self.line_quoted = look.quoted;
        }
        Some(flow)
    }

    fn edge(&mut self, flow: Flow) {
        match flow {
            Flow::Inline => {}
            Flow::Block => self.end_line(false),
            Flow::Cell => self.space = true,
        }
    }

    /// A line of its own.
    fn rule(&mut self, text: &str, look: Look) {
        self.end_line(false);
        self.line.push_str(text);
        self.line_quoted = look.quoted;
        self.end_line(false);
    }

    fn text(&mut self, text: &str, look: Look) {
        let has_letters = || text.contains(|c: char| !c.is_whitespace() && !is_idle(c));
        if look.hidden() {
            self.page.hides |= has_letters();
            return;
        }
        let doubtful = look.doubtful || look.pale();
        if !look.quoted && (doubtful || look.struck || look.reordered) && has_letters() {
            self.page.doubt = self.page.doubt.or(Some(match look {
                Look { struck: true, .. } => Doubt::Struck,
                Look {
                    reordered: true, ..
                } => Doubt::Reordered,
                _ => Doubt::Hidden,
            }));
        }
        for (at, run) in text.split(|c| breaks(c, look.preformatted)).enumerate() {
            if at > 0 && look.preformatted {
                self.end_line(true);
            } else if at > 0 {
                self.space = true;
            }
            self.push(run, look);
        }
    }

    fn push(&mut self, run: &str, look: Look) {
        if run.is_empty() {
            return;
        }
        if self.line_quoted != look.quoted {
            self.end_line(false);
            self.line_quoted = look.quoted;
        }
        if self.space && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
        self.space = false;
        self.line.push_str(run);
    }

    /// Ends the line; a break that is written ends an empty one too.
    fn end_line(&mut self, written: bool) {
        self.space = false;
        if self.line.is_empty() && !written {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let quoted = self.line_quoted && !line.is_empty();
        self.page
            .lines
            .push(if quoted { format!("> {line}") } else { line });
    }
}

/// What parts runs of text: every blank, or among preformatted text the end of a line.
fn breaks(letter: char, preformatted: bool) -> bool {
    if preformatted {
        letter == '\n'
    } else {
        letter.is_ascii_whitespace()
    }
}

/// What is no text though it is no blank: marks without width, which preview texts are stuffed with.
fn is_idle(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    )
}

fn flow(name: &str) -> Flow {
    match name {
        "td" | "th" => Flow::Cell,
        "a" | "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "del"
        | "dfn" | "em" | "font" | "i" | "ins" | "kbd" | "label" | "mark" | "nobr" | "q" | "rp"
        | "rt" | "ruby" | "s" | "samp" | "small" | "span" | "strike" | "strong" | "sub" | "sup"
        | "time" | "tt" | "u" | "var" | "wbr" | "o:p" => Flow::Inline,
        _ => Flow::Block,
    }
}
