//! What an element's attributes do to the text in it: hidden, quoted, struck out, reordered.
//!
//! Hidden text is left out where every reader of the mail agrees that it is hidden (`display:none`,
//! `visibility:hidden`, a letter size of 0, `opacity:0`, `hidden`, a box of size 0 that hides what
//! overflows). Where programs differ (`mso-hide`, text moved off the page, style sheets, CSS that
//! is written so as not to be recognised, elements that show their text only once they are opened or
//! fail) the text is doubtful, and a reply with doubtful text of its own is not understood; so is one with
//! text in the colour of what is behind it. Not promised: that text behind an image is noticed.

use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, local_name};

use super::colour::{self, Colour, Rgb};

/// Longest `style` that is read, in bytes; a longer one makes its text doubtful.
const MAX_STYLE_BYTES: usize = 4096;
/// Below this size letters cannot be read, in pixels or points.
const TINY: f32 = 1.5;
/// So far off the page nothing is seen, in pixels.
const OFF_PAGE: f32 = -200.0;

/// Elements by their class, whole: what they hold is quoted or introduces a quotation.
const QUOTE_CLASSES: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "gmail_attr",
    "moz-cite-prefix",
    "moz-email-headers-table",
    "yahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "zmail_extra",
    "ntes-mailquote",
    "mailru-blockquote",
    "sh-quoted-content",
    "OutlookMessageHeader",
    "freebirdMailQuote",
    "mail-quote",
    "email_quote",
    "front-blockquote",
    "hs_reply",
    "hs_previous_message",
    "airmail_ext_on",
    "bloop_original_html",
    "postbox-quote",
];

/// The same by `id`.
const QUOTE_IDS: &[&str] = &[
    "OLK_SRC_BODY_SECTION",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-body-separator-line",
    "isForwardContent",
    "isReplyContent",
    "reply-intro",
    "original-content",
    "mailContentContainer-quote",
    "yahoo_quoted",
];

/// The same by `name`.
const QUOTE_NAMES: &[&str] = &["quote", "messageReplySection", "quoted-message"];

/// Elements by `id`: they and everything behind them under the same parent are quoted.
const REST_IDS: &[&str] = &[
    "divRplyFwdMsg",
    "appendonsend",
    "x_divRplyFwdMsg",
    "x_appendonsend",
];

/// Classes of signatures.
const SIGNATURE_CLASSES: &[&str] = &[
    "gmail_signature",
    "moz-signature",
    "protonmail_signature_block",
    "tutanota_signature",
];
/// Ids of signatures.
const SIGNATURE_IDS: &[&str] = &[
    "Signature",
    "ms-outlook-mobile-signature",
    "AppleMailSignature",
    "ymail_android_signature",
];

/// Elements whose text is shown by some programs, at some times.
const DOUBTFUL: &[&str] = &[
    "audio", "canvas", "datalist", "details", "dialog", "iframe", "math", "meter", "object",
    "progress", "select", "svg", "textarea", "video",
];

/// What is behind a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// As the parent's.
    #[default]
    Same,
    /// A colour.
    Solid(Rgb),
    /// Something whose colour is not known.
    Unknown,
}

/// Properties that can take text out of sight, whatever they are set to but for a few words.
const OUT_OF_SIGHT: &[&str] = &[
    "clip",
    "clip-path",
    "transform",
    "content",
    "filter",
    "zoom",
    "scale",
    "mask",
    "mask-image",
    "-webkit-mask",
    "-webkit-mask-image",
    "mix-blend-mode",
    "content-visibility",
];

/// Whether text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// As the parent's is.
    #[default]
    Same,
    /// No.
    No,
    /// Again, though the parent's is not.
    Again,
}

/// What an element does to its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent thing an element does; no two make a state"
)]
pub struct Effect {
    /// Gone with everything in it.
    pub gone: bool,
    /// Not visible; a child may be again.
    pub visible: Shown,
    /// Letters of no size; a child may have one again.
    pub sized: Shown,
    /// Hidden from some readers.
    pub doubtful: bool,
    /// Struck out.
    pub struck: bool,
    /// Its letters are shown in another order.
    pub reordered: bool,
    /// A quotation.
    pub quoted: bool,
    /// A quotation that is a mail program's by its name.
    pub introduced: bool,
    /// A quotation with everything behind it under the same parent.
    pub rest_quoted: bool,
    /// A signature.
    pub signature: bool,
    /// Whether line breaks in its text are line breaks.
    pub preformatted: Option<bool>,
    /// The colour of its letters, where it is said and known.
    pub ink: Option<Rgb>,
    /// What is behind them.
    pub paper: Paper,
}

impl Effect {
    /// What an element of this name with these attributes does.
    pub fn of(name: &LocalName, attrs: &[Attribute]) -> Self {
        let mut effect = Self {
            quoted: *name == local_name!("blockquote"),
            struck: matches!(
                *name,
                local_name!("s") | local_name!("strike") | local_name!("del")
            ),
            preformatted: (*name == local_name!("pre")).then_some(true),
            doubtful: DOUBTFUL.contains(&&**name),
            ..Self::default()
        };
        for attr in attrs {
            let value: &StrTendril = &attr.value;
            match &*attr.name.local {
                "style" => effect.style(value, *name == local_name!("div")),
                "hidden" => effect.gone = true,
                "color" | "text" => effect.inked(value),
                "bgcolor" | "background" => effect.papered(value),
                "class" => {
                    for class in value.split_ascii_whitespace() {
                        // Outlook on the web puts `x_` before what it quotes.
                        let class = class.strip_prefix("x_").unwrap_or(class);
                        effect.introduced |= QUOTE_CLASSES.contains(&class);
                        effect.signature |= SIGNATURE_CLASSES.contains(&class);
                    }
                }
                "id" => {
                    let id = &**value;
                    effect.introduced |= QUOTE_IDS.contains(&id);
                    effect.rest_quoted |= REST_IDS.contains(&id);
                    effect.signature |= SIGNATURE_IDS.contains(&id);
                }
                "name" => effect.introduced |= QUOTE_NAMES.contains(&&**value),
                "dir" if *name == local_name!("bdo") => {
                    effect.reordered |= !value.eq_ignore_ascii_case("ltr");
                }
                _ => {}
            }
        }
        effect
    }

    /// Both at once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let shown = |a: Shown, b: Shown| if b == Shown::Same { a } else { b };
        Self {
            gone: self.gone || other.gone,
            visible: shown(self.visible, other.visible),
            sized: shown(self.sized, other.sized),
            doubtful: self.doubtful || other.doubtful,
            struck: self.struck || other.struck,
            reordered: self.reordered || other.reordered,
            quoted: self.quoted || other.quoted,
            introduced: self.introduced || other.introduced,
            rest_quoted: self.rest_quoted || other.rest_quoted,
            signature: self.signature || other.signature,
            preformatted: other.preformatted.or(self.preformatted),
            ink: other.ink.or(self.ink),
            paper: match other.paper {
                Paper::Same => self.paper,
                paper => paper,
            },
        }
    }

    /// Letters of a colour; without one they are not seen by anybody.
    fn inked(&mut self, value: &str) {
        match colour::read(value) {
            Some(Colour::Solid(rgb)) => self.ink = Some(rgb),
            Some(Colour::Clear) => self.doubtful = true,
            None => {}
        }
    }

    fn papered(&mut self, value: &str) {
        self.paper = match colour::of_background(value) {
            Some(Colour::Solid(rgb)) => Paper::Solid(rgb),
            None if value.contains('(') || value.contains('/') => Paper::Unknown,
            Some(Colour::Clear) | None => Paper::Same,
        };
    }

    /// Whether declarations do anything that keeps their text from being read as it stands.
    pub fn of_sheet(declarations: &str) -> bool {
        let mut effect = Self::default();
        effect.style(declarations, false);
        effect.gone
            || effect.doubtful
            || effect.struck
            || effect.reordered
            || effect.visible == Shown::No
            || effect.sized == Shown::No
            || effect.paper == Paper::Same
                && effect
                    .ink
                    .is_some_and(|ink| colour::near(ink, colour::WHITE))
    }

    fn style(&mut self, text: &str, is_div: bool) {
        if text.len() > MAX_STYLE_BYTES || text.contains('\\') || text.contains("/*") {
            self.doubtful = true;
            return;
        }
        let mut no_size = false;
        let mut no_overflow = false;
        for declaration in text.split(';') {
            let Some((property, value)) = declaration.split_once(':') else {
                continue;
            };
            let (property, value) = (property.trim(), value.trim());
            let is = |name: &str| property.eq_ignore_ascii_case(name);
            if is("height") || is("max-height") || is("width") || is("max-width") {
                no_size |= number(value).is_some_and(|size| size <= 0.0);
            } else if is("overflow") || is("overflow-y") || is("overflow-x") {
                no_overflow |= starts(value, "hidden") || starts(value, "clip");
            } else if is("border-left") {
                self.quoted |= is_div && !starts(value, "none") && !value.starts_with('0');
            } else {
                self.declare(property, value);
            }
        }
        self.gone |= no_size && no_overflow;
    }

    fn declare(&mut self, property: &str, value: &str) {
        let is = |name: &str| property.eq_ignore_ascii_case(name);
        if is("display") {
            self.gone |= starts(value, "none");
        } else if is("visibility") {
            self.visible = match value {
                _ if starts(value, "hidden") || starts(value, "collapse") => Shown::No,
                _ if starts(value, "visible") => Shown::Again,
                _ => Shown::Same,
            };
        } else if is("font-size") || is("font") {
            self.sized = match letter_size(value) {
                Some(size) if size < TINY => Shown::No,
                Some(_) => Shown::Again,
                None => Shown::Same,
            };
        } else if is("opacity") {
            let opacity = number(value).unwrap_or(1.0);
            self.gone |= opacity <= 0.0;
            self.doubtful |= opacity < 0.2;
        } else if is("mso-hide") {
            self.doubtful |= !starts(value, "none");
        } else if [
            "text-indent",
            "left",
            "top",
            "right",
            "margin-left",
            "margin-top",
        ]
        .iter()
        .any(|name| is(name))
        {
            self.doubtful |= number(value).is_some_and(|at| at <= OFF_PAGE);
        } else if OUT_OF_SIGHT.iter().any(|name| is(name)) {
            let idle = ["none", "auto", "normal", "visible", "1"];
            self.doubtful |= !idle.iter().any(|word| starts(value, word));
        } else if is("color") || is("-webkit-text-fill-color") {
            self.inked(value);
        } else if is("background") || is("background-color") || is("background-image") {
            self.papered(value);
        } else if is("position") {
            self.reordered |= starts(value, "absolute") || starts(value, "fixed");
        } else if is("order") || is("flex-direction") || is("flex-flow") {
            let value = value.to_ascii_lowercase();
            self.reordered |=
                value.contains("reverse") || number(&value).is_some_and(|at| at != 0.0);
        } else if is("text-decoration") || is("text-decoration-line") {
            self.struck |= value.to_ascii_lowercase().contains("line-through");
        } else if is("unicode-bidi") {
            self.reordered |= value.to_ascii_lowercase().contains("override");
        } else if is("white-space") {
            self.preformatted = Some(starts(value, "pre") || starts(value, "break-spaces"));
        }
    }
}

fn starts(value: &str, word: &str) -> bool {
    value
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The number at the head of a value, whatever its unit.
fn number(value: &str) -> Option<f32> {
    let end = value
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+'))
        .unwrap_or(value.len());
    value.get(..end)?.parse().ok()
}

/// A letter size in pixels, as far as the unit tells.
fn letter_size(value: &str) -> Option<f32> {
    let size = number(value)?;
    let unit = value.trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '%');
    Some(match unit {
        _ if starts(unit, "em") || starts(unit, "rem") => size * 16.0,
        _ if unit.starts_with('%') => size * 0.16,
        _ if starts(unit, "in") || starts(unit, "cm") => size * 37.0,
        _ => size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn styled(style: &str) -> Effect {
        let mut effect = Effect::default();
        effect.style(style, true);
        effect
    }

    // Goal: every way to hide text is seen for what it is. Method: a table of styles.
    #[test]
    fn hiding() {
        for style in [
            "display:none",
            "color:red; DISPLAY : None !important",
            "opacity:0",
            "max-height:0;overflow:hidden",
            "overflow: hidden; height: 0px",
        ] {
            assert!(styled(style).gone, "{style}");
        }
        for style in [
            "mso-hide:all",
            "text-indent:-9999px",
            "position:absolute;left:-5000px",
            "clip:rect(0,0,0,0)",
            "d\\69splay:none",
            "display:/**/none",
            "opacity:0.01",
        ] {
            assert!(styled(style).doubtful, "{style}");
        }
        assert_eq!(styled("visibility: hidden").visible, Shown::No);
        assert_eq!(styled("visibility:visible").visible, Shown::Again);
        for style in [
            "font-size:0",
            "font-size: 0px",
            "font:0/0 a",
            "font-size:.05em",
        ] {
            assert_eq!(styled(style).sized, Shown::No, "{style}");
        }
        assert_eq!(styled("font-size:12pt").sized, Shown::Again);
        assert_eq!(styled("font-size:larger").sized, Shown::Same);
    }

    // Goal: ordinary styles do nothing. Method: what mail programs write on their own text.
    #[test]
    fn harmless() {
        for style in [
            "",
            "font-family:Calibri,Arial;font-size:12pt;color:rgb(0,0,0)",
            "margin-left:0cm;text-indent:36pt",
            "width:98%;height:1px",
            "border:none;border-left:none;overflow:hidden",
            "direction:ltr;display:inline-block;opacity:1;mso-hide:none",
        ] {
            let effect = styled(style);
            let plain = Effect {
                sized: effect.sized,
                ink: effect.ink,
                ..Effect::default()
            };
            assert_ne!(effect.sized, Shown::No, "{style}");
            assert_eq!(effect, plain, "{style}");
        }
    }

    // Goal: what changes how text is meant is seen. Method: each once.
    #[test]
    fn others() {
        assert!(styled("text-decoration: underline line-through").struck);
        assert!(styled("unicode-bidi:bidi-override;direction:rtl").reordered);
        assert!(styled("border-left:1px solid #ccc").quoted);
        assert_eq!(styled("white-space:pre-wrap").preformatted, Some(true));
        assert!(Effect::of_sheet("color:red;display:none"));
        assert!(!Effect::of_sheet("color:red;font-size:9pt"));
    }
}
