//! Windows and points in time as they are said back: in a zone, with its name, and so that the same
//! words mean the same again.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::portuguese;
use crate::config::locales::Tongue;
use crate::workflow::request::Window;

/// A window: `Friday 27 November 2026, 17:00–19:00 (Europe/Lisbon, WET)`.
pub fn window(window: &Window, zone: &TimeZone, tongue: Tongue) -> String {
    let (start, end) = match window {
        Window::FromApproval { length } => {
            return match tongue {
                Tongue::English => format!("for {length:#} from the approval on"),
                Tongue::Portuguese => format!("por {length:#} a partir da aprovação"),
            };
        }
        Window::Fixed { start, end } => (*start, *end),
    };
    let clocks = clocks(start, end, zone, tongue);
    let (first, last) = (zone.to_datetime(start), zone.to_datetime(end));
    let one_day = first.date() == last.date() && first < last;
    if one_day && is_plain(start, zone) && is_plain(end, zone) {
        let (day, from, to) = (
            day(first.date(), tongue),
            time(start, zone),
            time(end, zone),
        );
        return format!("{day}, {from}–{to}{clocks}");
    }
    let to = match tongue {
        Tongue::English => "to",
        Tongue::Portuguese => "até",
    };
    let (start, end) = (point(start, zone, tongue), point(end, zone, tongue));
    format!("{start} {to} {end}{clocks}")
}

/// A point in time: `Friday 27 November 2026 17:00 (Europe/Lisbon, WET)`.
pub fn instant(at: Timestamp, zone: &TimeZone, tongue: Tongue) -> String {
    format!(
        "{}{}",
        point(at, zone, tongue),
        clocks(at, at, zone, tongue)
    )
}

/// The name of a zone.
pub fn name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("that zone").to_owned()
}

/// What the clocks are called at an instant: `WET`.
pub fn clock_name(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_offset_info(at).abbreviation().to_owned()
}

/// What stands behind: the zone, and what its clocks are called at either end.
fn clocks(start: Timestamp, end: Timestamp, zone: &TimeZone, tongue: Tongue) -> String {
    let Some(name) = zone.iana_name() else {
        return String::new();
    };
    match clock_names(start, end, zone, tongue) {
        clocks if clocks == name => format!(" ({name})"),
        clocks => format!(" ({name}, {clocks})"),
    }
}

/// `WET`, or `WEST then WET`.
pub(super) fn clock_names(
    start: Timestamp,
    end: Timestamp,
    zone: &TimeZone,
    tongue: Tongue,
) -> String {
    let (first, last) = (clock_name(start, zone), clock_name(end, zone));
    match tongue {
        _ if first == last => first,
        Tongue::English => format!("{first} then {last}"),
        Tongue::Portuguese => format!("{first} e depois {last}"),
    }
}

/// Whether the local time alone says which instant it is.
fn is_plain(at: Timestamp, zone: &TimeZone) -> bool {
    let civil = zone.to_datetime(at);
    zone.iana_name().is_some() && !zone.to_ambiguous_timestamp(civil).is_ambiguous()
}

/// `Friday 27 November 2026`, `sexta-feira, 27 de novembro de 2026`.
fn day(day: Date, tongue: Tongue) -> String {
    match tongue {
        Tongue::English => day.strftime("%A %-d %B %Y").to_string(),
        Tongue::Portuguese => {
            let weekday = portuguese::weekday(day.weekday());
            format!("{weekday}, {} de {}", portuguese::day(day), day.year())
        }
    }
}

/// `Friday`.
pub(super) fn weekday(weekday: Weekday, tongue: Tongue) -> &'static str {
    match (tongue, weekday) {
        (Tongue::Portuguese, weekday) => portuguese::weekday(weekday),
        (_, Weekday::Monday) => "Monday",
        (_, Weekday::Tuesday) => "Tuesday",
        (_, Weekday::Wednesday) => "Wednesday",
        (_, Weekday::Thursday) => "Thursday",
        (_, Weekday::Friday) => "Friday",
        (_, Weekday::Saturday) => "Saturday",
        (_, Weekday::Sunday) => "Sunday",
    }
}

/// `17:00`; with seconds and less where there are any.
fn time(at: Timestamp, zone: &TimeZone) -> String {
    let civil = zone.to_datetime(at);
    let seconds = civil.second() != 0 || civil.subsec_nanosecond() != 0;
    let format = if seconds { "%H:%M:%S%.f" } else { "%H:%M" };
    civil.strftime(format).to_string()
}

fn point(at: Timestamp, zone: &TimeZone, tongue: Tongue) -> String {
    let date = zone.to_datetime(at).date();
    if is_plain(at, zone) {
        return format!("{} {}", day(date, tongue), time(at, zone));
    }
    let weekday = weekday(date.weekday(), tongue);
    format!("{weekday} {}", with_offset(at, zone))
}

/// `2026-11-27 17:00`, with an offset where the local time comes twice.
pub(super) fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    if is_plain(at, zone) {
        return format!("{} {}", zone.to_datetime(at).date(), time(at, zone));
    }
    with_offset(at, zone)
}

/// `2026-11-27T17:00+00:00`.
pub(super) fn with_offset(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    let (date, offset) = (zoned.date(), zoned.strftime("%:z"));
    format!("{date}T{}{offset}", time(at, zone))
}
