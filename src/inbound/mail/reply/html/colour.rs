//! Colours, as far as it takes to see that letters have the colour of what is behind them.
//!
//! Not promised: that a colour is known which is written in a way that mail programs do not write, or that
//! an image behind a text is; where either is not known, nothing is said against the text.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// What is behind a mail where it does not say.
pub const WHITE: Rgb = (255, 255, 255);
/// Colours whose parts differ by less in sum cannot be told apart by a reader.
const NEAR: u32 = 48;
/// Below this, in percent, a colour is not seen at all.
const CLEAR_PERCENT: f32 = 10.0;

/// What a value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// A colour.
    Solid(Rgb),
    /// None: what is behind it shows.
    Clear,
}

const NAMES: &[(&str, Rgb)] = &[
    ("aliceblue", (240, 248, 255)),
    ("aqua", (0, 255, 255)),
    ("azure", (240, 255, 255)),
    ("black", (0, 0, 0)),
    ("blue", (0, 0, 255)),
    ("floralwhite", (255, 250, 240)),
    ("fuchsia", (255, 0, 255)),
    ("ghostwhite", (248, 248, 255)),
    ("gray", (128, 128, 128)),
    ("green", (0, 128, 0)),
    ("grey", (128, 128, 128)),
    ("honeydew", (240, 255, 240)),
    ("ivory", (255, 255, 240)),
    ("lightgray", (211, 211, 211)),
    ("lightgrey", (211, 211, 211)),
    ("lime", (0, 255, 0)),
    ("maroon", (128, 0, 0)),
    ("mintcream", (245, 255, 250)),
    ("navy", (0, 0, 128)),
    ("olive", (128, 128, 0)),
    ("purple", (128, 0, 128)),
    ("red", (255, 0, 0)),
    ("seashell", (255, 245, 238)),
    ("silver", (192, 192, 192)),
    ("snow", (255, 250, 250)),
    ("teal", (0, 128, 128)),
    ("white", WHITE),
    ("whitesmoke", (245, 245, 245)),
    ("window", WHITE),
    ("yellow", (255, 255, 0)),
];

/// Whether a reader cannot tell two colours apart.
pub fn near(one: Rgb, other: Rgb) -> bool {
    let apart = |a: u8, b: u8| u32::from(a.abs_diff(b));
    apart(one.0, other.0) + apart(one.1, other.1) + apart(one.2, other.2) < NEAR
}

/// Reads a colour; none where it is not known.
pub fn read(value: &str) -> Option<Colour> {
    let value = value.trim().trim_end_matches("!important").trim_end();
    if value.eq_ignore_ascii_case("transparent") {
        return Some(Colour::Clear);
    }
    if let Some(digits) = value.strip_prefix('#') {
        return hex(digits);
    }
    let name = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value));
    if let Some((_, rgb)) = name {
        return Some(Colour::Solid(*rgb));
    }
    let (function, arguments) = value.strip_suffix(')')?.split_once('(')?;
    let mut parts = arguments
        .split([',', ' ', '/'])
        .filter(|part| !part.is_empty());
    let three = [parts.next()?, parts.next()?, parts.next()?];
    if let Some(alpha) = parts.next()
        && percent(alpha, 100.0)? < CLEAR_PERCENT
    {
        return Some(Colour::Clear);
    }
    match function.trim().to_ascii_lowercase().as_str() {
        "rgb" | "rgba" => {
            let [red, green, blue] = three.map(|part| percent(part, 100.0 / 255.0));
            Some(Colour::Solid((byte(red?), byte(green?), byte(blue?))))
        }
        // The middle of the scale takes more than is worth: only its ends are known.
        "hsl" | "hsla" => match percent(three.last()?, 1.0)? {
            light if light > 95.0 => Some(Colour::Solid(WHITE)),
            light if light < 5.0 => Some(Colour::Solid((0, 0, 0))),
            _ => None,
        },
        _ => None,
    }
}

/// The first colour in a `background`; none where there is none, or an image.
pub fn of_background(value: &str) -> Option<Colour> {
    if value.contains("url(") || value.contains("gradient") {
        return None;
    }
    read(value).or_else(|| value.split_ascii_whitespace().find_map(read))
}

fn hex(digits: &str) -> Option<Colour> {
    let value = |from: usize, length: usize| {
        let digits = digits.get(from..from + length)?;
        let value = u8::from_str_radix(digits, 16).ok()?;
        Some(if length == 1 { value * 17 } else { value })
    };
    let each = match digits.len() {
        3 | 4 => 1,
        6 | 8 => 2,
        _ => return None,
    };
    let rgb = (value(0, each)?, value(each, each)?, value(each * 2, each)?);
    let clear = digits.len() > each * 3 && value(each * 3, each)? < 25;
    Some(if clear {
        Colour::Clear
    } else {
        Colour::Solid(rgb)
    })
}

/// A number, or a share in percent; `one` is what a bare 1 is in percent.
fn percent(text: &str, one: f32) -> Option<f32> {
    match text.strip_suffix('%') {
        Some(share) => share.parse().ok(),
        None => text.parse::<f32>().ok().map(|number| number * one),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held between 0 and 255 before"
)]
fn byte(percent: f32) -> u8 {
    (percent * 2.55).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: a colour is known in each way that mail programs write it. Method: a table.
    #[test]
    fn written() {
        let solid = |r, g, b| Some(Colour::Solid((r, g, b)));
        let table = [
            ("#fff", solid(255, 255, 255)),
            ("#FeFeFe", solid(254, 254, 254)),
            ("#12345680", solid(18, 52, 86)),
            ("#12345600", Some(Colour::Clear)),
            ("White", solid(255, 255, 255)),
            ("navy !important", solid(0, 0, 128)),
            ("rgb(0, 0, 0)", solid(0, 0, 0)),
            ("rgb(100% 0% 0%)", solid(255, 0, 0)),
            ("rgba(0,0,0,.05)", Some(Colour::Clear)),
            ("rgba(1,2,3,0.9)", solid(1, 2, 3)),
            ("hsl(0,0%,100%)", solid(255, 255, 255)),
            ("hsl(120,50%,50%)", None),
            ("transparent", Some(Colour::Clear)),
            ("windowtext", None),
            ("inherit", None),
            ("#ff", None),
            ("#äöü", None),
            ("rgb(", None),
            ("", None),
        ];
        for (value, colour) in table {
            assert_eq!(read(value), colour, "{value}");
        }
        assert_eq!(of_background("none repeat #fff"), solid(255, 255, 255));
        assert_eq!(of_background("url(x.png) white"), None);
    }

    // Goal: what cannot be told apart is known. Method: pairs.
    #[test]
    fn pairs() {
        assert!(near(WHITE, (250, 250, 250)) && near((0, 0, 0), (10, 10, 10)));
        assert!(!near(WHITE, (204, 204, 204)) && !near((0, 0, 0), (51, 51, 51)));
    }
}
