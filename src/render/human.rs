//! Instants, lengths and other people's words, made for reading.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// Other people's words are cut to this many lines in a mail.
const MAX_LINES: usize = 30;
/// And each line to this many characters.
const MAX_LINE_CHARS: usize = 500;

/// `Sat 21 Nov 2026, 14:00 WET (Europe/Lisbon)`.
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    format!("{} {}{}", moment(&at), abbreviation(&at), place(zone))
}

/// `Sat 21 Nov 2026, 14:00–16:00 WET (Europe/Lisbon)`; both days where they differ, both
/// abbreviations where the clocks change in between.
pub fn window(start: Timestamp, end: Timestamp, zone: &TimeZone) -> String {
    let start = start.to_zoned(zone.clone());
    let end = end.to_zoned(zone.clone());
    let (first, last) = (abbreviation(&start), abbreviation(&end));
    let last_moment = if start.date() == end.date() {
        end.strftime("%H:%M").to_string()
    } else {
        moment(&end)
    };
    let place = place(zone);
    match (start.date() == end.date(), first == last) {
        (true, true) => format!("{}–{last_moment} {last}{place}", moment(&start)),
        (false, true) => format!("{} – {last_moment} {last}{place}", moment(&start)),
        (_, false) => format!("{} {first} – {last_moment} {last}{place}", moment(&start)),
    }
}

fn moment(at: &Zoned) -> String {
    // Seconds only where there are any: a window typed by a person has none.
    if at.second() == 0 {
        at.strftime("%a %-d %b %Y, %H:%M").to_string()
    } else {
        at.strftime("%a %-d %b %Y, %H:%M:%S").to_string()
    }
}

/// `Sat 21 Nov 2026`.
pub(super) fn day(at: &Zoned) -> String {
    at.strftime("%a %-d %b %Y").to_string()
}

/// `14:00`.
pub(super) fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

fn abbreviation(at: &Zoned) -> String {
    at.strftime("%Z").to_string()
}

fn place(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some("UTC") | None => String::new(),
        Some(name) => format!(" ({name})"),
    }
}

/// `2 hours`, `1 day 6 hours`, `1 hour 30 minutes`, `45 seconds`; at most two units.
pub fn duration(length: SignedDuration) -> String {
    let mut rest = length.as_secs().max(0);
    let mut parts = Vec::new();
    for (unit, seconds) in [
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ] {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 && parts.len() < 2 {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {unit}{plural}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() {
        "no time".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Whether a character may stand in a mail: no controls, nothing that turns the direction of writing
/// or is invisible (what is read must be what is there).
fn shown(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// One line of other people's words.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| shown(*c))
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lines of other people's words, without empty ones; cut where there are too many.
pub(super) fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .map(|line| cut(&one_line(line), MAX_LINE_CHARS))
        .filter(|line| !line.is_empty())
        .take(MAX_LINES + 1)
        .collect();
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        lines.push("…".to_owned());
    }
    lines
}

/// At most so many characters, the last one an ellipsis where something was left out.
pub(super) fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
pub(super) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
