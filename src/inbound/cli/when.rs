//! Times that a person types, and times that a person reads: both in their own zone (W1).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::args::WindowArgs;
use crate::config::read::read_duration;
use crate::workflow::request::Window;

/// The window that was typed; the error is one sentence with its mend.
pub fn window(typed: &WindowArgs, zone: &TimeZone) -> Result<Window, String> {
    match (&typed.length, &typed.from, &typed.until) {
        (Some(length), None, None) => read_duration(length)
            .map(|length| Window::FromApproval { length })
            .map_err(|what| format!("--for: {what}; write it like 2h or \"1h 30m\"")),
        (None, Some(from), Some(until)) => Ok(Window::Fixed {
            start: point(from, zone).map_err(|what| format!("--from: {what}"))?,
            end: point(until, zone).map_err(|what| format!("--until: {what}"))?,
        }),
        _ => Err("write --for LENGTH, or --from TIME --until TIME".to_owned()),
    }
}

/// A point in time: RFC 3339, or a civil time in the zone, which must exist there exactly once.
fn point(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil: DateTime = text.parse().map_err(|_| {
        format!("`{text}` is no time; write it like \"2026-11-21 09:00\" or 2026-11-21T09:00:00Z")
    })?;
    let name = zone.iana_name().unwrap_or("your zone");
    let found = zone.to_ambiguous_timestamp(civil);
    match found.offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Gap { .. } => {
            return Err(format!(
                "`{text}` does not exist in {name}: the clocks go forward then; choose another time"
            ));
        }
        AmbiguousOffset::Fold { before, after } => {
            return Err(format!(
                "`{text}` happens twice in {name}: the clocks go back then; write {civil}{before:#} or \
                 {civil}{after:#}"
            ));
        }
    }
    found
        .unambiguous()
        .map_err(|_| format!("`{text}` is out of range; choose another time"))
}

/// A point in time as its reader reads it, always with its zone.
pub fn say(at: Timestamp, zone: &TimeZone) -> String {
    let zoned = at.to_zoned(zone.clone());
    let name = zone.iana_name().unwrap_or("UTC");
    format!("{} {name}", zoned.strftime("%Y-%m-%d %H:%M"))
}

/// A window as its reader reads it.
pub fn say_window(window: &Window, zone: &TimeZone) -> String {
    match window {
        Window::Fixed { start, end } => {
            format!("from {} until {}", say(*start, zone), say(*end, zone))
        }
        Window::FromApproval { length } => format!("for {length:#} from the approval on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lisbon() -> TimeZone {
        TimeZone::get("Europe/Lisbon").expect("a zone")
    }

    fn typed(length: Option<&str>, from: Option<&str>, until: Option<&str>) -> WindowArgs {
        WindowArgs {
            length: length.map(str::to_owned),
            from: from.map(str::to_owned),
            until: until.map(str::to_owned),
        }
    }

    #[test]
    fn civil_times_are_in_the_persons_zone() {
        // Goal: what is typed is meant where its typist is. Method: a summer morning in Lisbon (UTC+1),
        // beside the same written with its offset.
        let window = window(
            &typed(None, Some("2026-07-01 09:00"), Some("2026-07-01T10:00:00Z")),
            &lisbon(),
        );
        let expected = Window::Fixed {
            start: "2026-07-01T08:00:00Z".parse().expect("a time"),
            end: "2026-07-01T10:00:00Z".parse().expect("a time"),
        };
        assert_eq!(window, Ok(expected));
        assert_eq!(
            say_window(&expected, &lisbon()),
            "from 2026-07-01 09:00 Europe/Lisbon until 2026-07-01 11:00 Europe/Lisbon"
        );
    }

    #[test]
    fn times_that_do_not_exist_once_are_refused() {
        // Goal: no guess at the edges of summer time. Method: Lisbon's gap and fold of 2026, and no time.
        let said = |text| point(text, &lisbon()).expect_err(text);
        assert!(said("2026-03-29 01:30").contains("does not exist in Europe/Lisbon"));
        let fold = said("2026-10-25 01:30");
        assert!(fold.contains("happens twice in Europe/Lisbon"), "{fold}");
        assert!(said("tomorrow").contains("is no time; write it like"));
        for offered in fold
            .split(' ')
            .filter(|word| word.starts_with("2026-10-25T"))
        {
            assert!(
                point(offered.trim_end_matches(';'), &lisbon()).is_ok(),
                "{offered}"
            );
        }
        assert_eq!(fold.matches("2026-10-25T").count(), 2, "{fold}");
    }

    #[test]
    fn lengths_are_more_than_nothing() {
        // Goal: a length is read or refused with a mend. Method: one good, two bad.
        let ok = window(&typed(Some("2h"), None, None), &lisbon()).expect("two hours");
        assert_eq!(ok.length().as_hours(), 2);
        assert_eq!(say_window(&ok, &lisbon()), "for 2h from the approval on");
        for bad in ["0h", "long"] {
            let said = window(&typed(Some(bad), None, None), &lisbon()).expect_err(bad);
            assert!(
                said.starts_with("--for: ") && said.contains("write it like"),
                "{said}"
            );
        }
    }
}
