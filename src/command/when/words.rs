//! The words of the grammar as data: English, and Portuguese as it is written in Brazil.
//!
//! A word is compared in lower case and without accents, so that `amanhã` and `amanha` are one. It
//! may stand in several tables (`às` is "at" before a time and "to" behind one): the grammar asks
//! by the place where it reads. No word means two things in one place.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::civil::Weekday;

/// What the beginning of a window is introduced by.
pub const FROM: &[&str] = &["from", "starting", "between", "das", "de", "entre"];
/// What the end of a window is introduced by, behind its beginning.
pub const TO: &[&str] = &["to", "until", "till", "til", "as", "a", "ate"];
/// Joins the ends behind `between`; joins the parts of a length.
pub const AND: &[&str] = &["and", "e"];
/// What an end stands behind where the beginning is now.
pub const UNTIL: &[&str] = &["until", "till", "til", "ate"];
/// What a length is introduced by.
pub const FOR: &[&str] = &["for", "por", "durante"];
/// What the time until the beginning is introduced by.
pub const IN: &[&str] = &["in", "em", "daqui"];
/// May stand before a time of day.
pub const AT: &[&str] = &["at", "as", "a"];
/// May stand before a day.
pub const ON: &[&str] = &["on", "na", "no", "em", "dia"];
/// May stand between the parts of a date.
pub const OF: &[&str] = &["of", "de"];
/// This instant.
pub const NOW: &[&str] = &["now", "agora"];
/// The day that it is.
pub const TODAY: &[&str] = &["today", "hoje"];
/// The day after it.
pub const TOMORROW: &[&str] = &["tomorrow", "amanha"];
/// Before a weekday: in the week after this one.
pub const NEXT: &[&str] = &["next", "proxima", "proximo"];
/// Before a weekday: in this week.
pub const THIS: &[&str] = &["this", "esta", "este", "nesta", "neste"];
/// 12:00.
pub const NOON: &[&str] = &["noon", "midday", "meio-dia"];
/// 00:00, of a day that is not said.
pub const MIDNIGHT: &[&str] = &["midnight", "meia-noite"];
/// Before noon.
pub const AM: &[&str] = &["am"];
/// After noon.
pub const PM: &[&str] = &["pm"];
/// Behind the hour of a time of day: `9h`, `9h30`.
pub const HOUR_MARK: &[&str] = &["h"];
/// Behind the day of a month: `1st`.
pub const ORDINALS: &[&str] = &["st", "nd", "rd", "th"];
/// Half of the unit that follows.
pub const HALF: &[&str] = &["half", "meia"];
/// Universal time.
pub const UNIVERSAL: &[&str] = &["utc", "z"];
/// How a length that begins at the approval is said back.
pub const FROM_APPROVAL: &[&[&str]] = &[
    &["from", "the", "approval", "on"],
    &["a", "partir", "da", "aprovacao"],
];

/// What a hyphen joins to the word before it; elsewhere it stands between two times.
pub const SECOND_PARTS: &[&str] = &["feira", "dia", "noite"];

/// Numbers that are written out.
pub const NUMBERS: &[(&str, u32)] = &[
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("eight", 8),
    ("ten", 10),
    ("twelve", 12),
    ("um", 1),
    ("uma", 1),
    ("dois", 2),
    ("duas", 2),
    ("tres", 3),
    ("quatro", 4),
    ("oito", 8),
];

/// The days of the week.
pub const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("mon", Weekday::Monday),
    ("segunda", Weekday::Monday),
    ("segunda-feira", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("tue", Weekday::Tuesday),
    ("tues", Weekday::Tuesday),
    ("terca", Weekday::Tuesday),
    ("terca-feira", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("wed", Weekday::Wednesday),
    ("quarta", Weekday::Wednesday),
    ("quarta-feira", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("thu", Weekday::Thursday),
    ("thur", Weekday::Thursday),
    ("thurs", Weekday::Thursday),
    ("quinta", Weekday::Thursday),
    ("quinta-feira", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("fri", Weekday::Friday),
    ("sexta", Weekday::Friday),
    ("sexta-feira", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sat", Weekday::Saturday),
    ("sabado", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
    ("sun", Weekday::Sunday),
    ("domingo", Weekday::Sunday),
];

/// The months.
pub const MONTHS: &[(&str, i8)] = &[
    ("january", 1),
    ("jan", 1),
    ("janeiro", 1),
    ("february", 2),
    ("feb", 2),
    ("fevereiro", 2),
    ("fev", 2),
    ("march", 3),
    ("mar", 3),
    ("marco", 3),
    ("april", 4),
    ("apr", 4),
    ("abril", 4),
    ("abr", 4),
    ("may", 5),
    ("maio", 5),
    ("mai", 5),
    ("june", 6),
    ("jun", 6),
    ("junho", 6),
    ("july", 7),
    ("jul", 7),
    ("julho", 7),
    ("august", 8),
    ("aug", 8),
    ("agosto", 8),
    ("september", 9),
    ("sep", 9),
    ("sept", 9),
    ("setembro", 9),
    ("set", 9),
    ("october", 10),
    ("oct", 10),
    ("outubro", 10),
    ("out", 10),
    ("november", 11),
    ("nov", 11),
    ("novembro", 11),
    ("december", 12),
    ("dec", 12),
    ("dezembro", 12),
    ("dez", 12),
];

/// A unit of length, the longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Seven days.
    Week,
    /// 24 hours.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
}

impl Unit {
    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Week => 7 * 86_400,
            Self::Day => 86_400,
            Self::Hour => 3_600,
            Self::Minute => 60,
            Self::Second => 1,
        }
    }
}

/// The units.
pub const UNITS: &[(&str, Unit)] = &[
    ("w", Unit::Week),
    ("week", Unit::Week),
    ("weeks", Unit::Week),
    ("semana", Unit::Week),
    ("semanas", Unit::Week),
    ("d", Unit::Day),
    ("day", Unit::Day),
    ("days", Unit::Day),
    ("dia", Unit::Day),
    ("dias", Unit::Day),
    ("h", Unit::Hour),
    ("hr", Unit::Hour),
    ("hrs", Unit::Hour),
    ("hour", Unit::Hour),
    ("hours", Unit::Hour),
    ("hora", Unit::Hour),
    ("horas", Unit::Hour),
    ("m", Unit::Minute),
    ("min", Unit::Minute),
    ("mins", Unit::Minute),
    ("minute", Unit::Minute),
    ("minutes", Unit::Minute),
    ("minuto", Unit::Minute),
    ("minutos", Unit::Minute),
    ("s", Unit::Second),
    ("sec", Unit::Second),
    ("secs", Unit::Second),
    ("second", Unit::Second),
    ("seconds", Unit::Second),
    ("segundo", Unit::Second),
    ("segundos", Unit::Second),
];

/// Units that differ in length and are refused by name.
pub const UNEVEN_UNITS: &[&str] = &[
    "month", "months", "mes", "meses", "year", "years", "y", "ano", "anos",
];

/// Short names of zones, which several zones share or which a season changes.
pub const ABBREVIATIONS: &[&str] = &[
    "gmt", "bst", "ist", "wet", "west", "cet", "cest", "eet", "eest", "msk", "est", "edt", "et",
    "cst", "cdt", "ct", "mst", "mdt", "mt", "pst", "pdt", "pt", "brt", "art", "aest", "aedt",
    "acst", "awst", "jst", "kst", "hst", "akst", "akdt", "nzst", "nzdt", "sast", "lhst", "lhdt",
];

/// Tables of words that a window, a point in time or a length may begin with.
const OPENING: &[&[&str]] = &[
    FROM, TO, UNTIL, FOR, IN, AT, ON, NOW, TODAY, TOMORROW, NEXT, THIS, NOON, MIDNIGHT, HALF,
];

/// Whether something may begin with a word, which has no hyphen, or with one that a hyphen joins to it.
pub fn opens(word: &str) -> bool {
    let head = |known: &str| {
        let behind = known.strip_prefix(word);
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    OPENING
        .iter()
        .any(|table| table.iter().any(|known| head(known)))
        || NUMBERS.iter().any(|(known, _)| *known == word)
        || WEEKDAYS.iter().any(|(known, _)| head(known))
        || MONTHS.iter().any(|(known, _)| *known == word)
}

/// What a word means in a table.
pub fn look<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, meaning)| *meaning)
}
