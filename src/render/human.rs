//! Instants, lengths and other people's words, made for reading.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::language::languages;
pub use crate::config::locales::Tongue;
use crate::workflow::refusal::abbreviation;

/// Other people's words are cut to this many lines in a mail.
const MAX_LINES: usize = 30;
/// And each line to this many characters.
const MAX_LINE_CHARS: usize = 500;

impl Tongue {
    /// For a reader of this language tag.
    pub fn of(locale: &str) -> Self {
        // The words must fit the templates, whose folders are looked up by the same list.
        if languages(locale).iter().any(|tag| tag == "pt-BR") {
            Self::Portuguese
        } else {
            Self::English
        }
    }
}

/// How times and lengths are said to one reader.
#[derive(Debug, Clone)]
pub(super) struct Say {
    pub(super) zone: TimeZone,
    pub(super) tongue: Tongue,
}

const WEEKDAYS_PT: [&str; 7] = ["seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom."];
const MONTHS_PT: [&str; 12] = [
    "jan.", "fev.", "mar.", "abr.", "maio", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez.",
];

/// `Sat 21 Nov 2026, 14:00 WET (Europe/Lisbon)`, in the language of a reader.
pub fn instant(at: Timestamp, zone: &TimeZone, locale: &str) -> String {
    instant_in(at, zone, Tongue::of(locale))
}

/// The same in a language.
pub fn instant_in(at: Timestamp, zone: &TimeZone, tongue: Tongue) -> String {
    let zone = zone.clone();
    Say { zone, tongue }.instant(at)
}

/// `2 hours`.
pub fn length_in(length: SignedDuration, tongue: Tongue) -> String {
    let zone = TimeZone::UTC;
    Say { zone, tongue }.duration(length)
}

/// As [`Say::window`], in English: `Sat 21 Nov 2026, 14:00–16:00 WET (Europe/Lisbon)`.
pub fn window(start: Timestamp, end: Timestamp, zone: &TimeZone) -> String {
    let say = Say {
        zone: zone.clone(),
        tongue: Tongue::English,
    };
    say.window(start, end)
}

impl Say {
    /// `Sat 21 Nov 2026, 14:00 WET (Europe/Lisbon)`.
    pub(super) fn instant(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        format!(
            "{} {}{}",
            self.moment(&at),
            abbreviation(&at),
            place(&self.zone)
        )
    }

    /// `Sat 21 Nov 2026, 14:00–16:00 WET (Europe/Lisbon)`; both days where they differ, both
    /// abbreviations where the clocks change in between.
    pub(super) fn window(&self, start: Timestamp, end: Timestamp) -> String {
        let start = start.to_zoned(self.zone.clone());
        let end = end.to_zoned(self.zone.clone());
        let (first, last) = (abbreviation(&start), abbreviation(&end));
        let begin = self.moment(&start);
        let last_moment = if start.date() == end.date() {
            end.strftime("%H:%M").to_string()
        } else {
            self.moment(&end)
        };
        let place = place(&self.zone);
        match (start.date() == end.date(), first == last) {
            (true, true) => format!("{begin}–{last_moment} {last}{place}"),
            (false, true) => format!("{begin} – {last_moment} {last}{place}"),
            (_, false) => format!("{begin} {first} – {last_moment} {last}{place}"),
        }
    }

    fn moment(&self, at: &Zoned) -> String {
        // Seconds only where there are any: a window typed by a person has none.
        let clock = if at.second() == 0 {
            "%H:%M"
        } else {
            "%H:%M:%S"
        };
        format!("{}, {}", self.day(at), at.strftime(clock))
    }

    /// `Sat 21 Nov 2026`, `sáb., 21 de nov. de 2026`.
    pub(super) fn day(&self, at: &Zoned) -> String {
        match self.tongue {
            Tongue::English => at.strftime("%a %-d %b %Y").to_string(),
            Tongue::Portuguese => {
                let day = usize::try_from(at.weekday().to_monday_zero_offset());
                let month = usize::try_from(at.month() - 1);
                let day = day.ok().and_then(|day| WEEKDAYS_PT.get(day));
                let month = month.ok().and_then(|month| MONTHS_PT.get(month));
                let (day, month) = (day.unwrap_or(&""), month.unwrap_or(&""));
                format!("{day}, {} de {month} de {}", at.day(), at.year())
            }
        }
    }

    /// `2 hours`, `1 day 6 hours`, `1 hour 30 minutes`, `45 seconds`; at most two units.
    pub(super) fn duration(&self, length: SignedDuration) -> String {
        let units = match self.tongue {
            Tongue::English => ["day", "hour", "minute", "second"],
            Tongue::Portuguese => ["dia", "hora", "minuto", "segundo"],
        };
        let mut rest = length.as_secs().max(0);
        let mut parts = Vec::new();
        for (unit, seconds) in units.into_iter().zip([86_400, 3_600, 60, 1]) {
            let count = rest / seconds;
            rest %= seconds;
            if count > 0 && parts.len() < 2 {
                let plural = if count == 1 { "" } else { "s" };
                parts.push(format!("{count} {unit}{plural}"));
            } else if !parts.is_empty() {
                break;
            }
        }
        match (parts.is_empty(), self.tongue) {
            (true, Tongue::English) => "no time".to_owned(),
            (true, Tongue::Portuguese) => "nenhum tempo".to_owned(),
            (false, Tongue::English) => parts.join(" "),
            (false, Tongue::Portuguese) => parts.join(" e "),
        }
    }
}

/// `14:00`.
pub(super) fn time(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

fn place(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some("UTC") | None => String::new(),
        Some(name) => format!(" ({name})"),
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
