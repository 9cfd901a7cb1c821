//! Times that a person types, and times that a person reads: both in their own zone (W1).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::args::WindowArgs;
use crate::command::when::{Asked, Here, Understood, WhenError, joined, length};
use crate::render::Tongue;
use crate::workflow::request::Window;

/// The window that was typed, in the grammar that mails have too; the error is a sentence and its mend.
/// A window that is over or empty is understood: refusing it is for the workflow (W4).
pub fn window(typed: &WindowArgs, here: &Here<'_>) -> Result<Understood<Window>, String> {
    let WindowArgs {
        length: lasts,
        from,
        until,
        text,
    } = typed;
    let said = |option: &str, error: &WhenError| format!("{option}: {error} {}", error.next());
    if let Some(lasts) = lasts {
        // Alone, so that what is wrong with it is not blamed on --from.
        lasting(lasts)?;
    }
    let parts = (lasts.as_deref(), from.as_deref(), until.as_deref());
    let parts = joined(parts, Tongue::English);
    let (option, words) = match (lasts, from, until, text, parts) {
        (Some(_), None, None, None, Some(words)) => ("--for", words),
        (Some(_), Some(_), None, None, Some(words)) => ("--from", words),
        (None, Some(_), Some(_), None, Some(words)) => ("--from, --until", words),
        (None, None, Some(_), None, Some(words)) => ("--until", words),
        (None, None, None, Some(text), _) => ("--window", text.clone()),
        (None, Some(_), None, None, _) => {
            return Err("--from: add --for LENGTH or --until TIME".to_owned());
        }
        _ => {
            return Err(
                "write --for LENGTH, --from TIME --until TIME, or --window TEXT".to_owned(),
            );
        }
    };
    here.any_window(&words)
        .map_err(|error| said(option, &error))
}

/// The length after `--for`; the error is a sentence and its mend.
pub fn lasting(typed: &str) -> Result<Understood<SignedDuration>, String> {
    length(typed).map_err(|error| format!("--for: {error} {}", error.next()))
}

/// A point in time that was typed; the error is a sentence with its mend.
pub fn instant(here: &Here<'_>, option: &str, text: &str) -> Result<Understood<Timestamp>, String> {
    here.instant(text)
        .map_err(|error| format!("{option}: {error} {}", error.next_for(Asked::Instant)))
}

/// A point in time that was typed and may have passed; the error is a sentence with its mend.
pub fn moment(here: &Here<'_>, option: &str, text: &str) -> Result<Understood<Timestamp>, String> {
    here.moment(text)
        .map_err(|error| format!("{option}: {error} {}", error.next_for(Asked::Moment)))
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

    /// Options in the order --for, --from, --until, --window; an empty one is not given.
    fn read([length, from, until, text]: [&str; 4]) -> Result<Understood<Window>, String> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let typed = WindowArgs {
            length: given(length),
            from: given(from),
            until: given(until),
            text: given(text),
        };
        let zone = TimeZone::get("Europe/Lisbon").expect("a zone");
        let now = "2026-07-01T06:00:00Z".parse().expect("a time");
        let here = Here {
            now,
            zone: &zone,
            tongue: Tongue::English,
        };
        window(&typed, &here)
    }

    #[test]
    fn each_way_to_say_it() {
        // Goal: the options are one grammar, in the person's zone. Method: the same window in each way.
        let morning = "Wednesday 1 July 2026, 09:00–11:00 (Europe/Lisbon, WEST)";
        for options in [
            ["", "2026-07-01 09:00", "2026-07-01T10:00:00Z", ""],
            ["", "9am", "11am", ""],
            ["2h", "today 09:00", "", ""],
            ["PT2H", "09:00", "", ""],
            ["", "", "", "9am for 2h"],
            ["", "", "", "das 9h às 11h"],
        ] {
            assert_eq!(
                read(options).expect("a window").said,
                morning,
                "{options:?}"
            );
        }
        let said = |options| read(options).expect("a window").said;
        assert_eq!(said(["2h", "", "", ""]), "for 2h from the approval on");
        let until = "Wednesday 1 July 2026, 07:00–18:00 (Europe/Lisbon, WEST)";
        assert_eq!(said(["", "", "18:00", ""]), until);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_option() {
        // Goal: an error names the option and says how to write it. Method: one wrong text in each.
        for (options, start, part) in [
            (["long", "", "", ""], "--for: `long`", "for 2h"),
            (
                ["0h", "9am", "", ""],
                "--for: `0h` is no length",
                "for 2h 30m",
            ),
            (["2h from 9am", "", "", ""], "--for: `from`", "for 2h"),
            (["2h", "soon", "", ""], "--from: `soon`", "until 18:00"),
            (["", "9am", "", ""], "--from: add --for", "--until TIME"),
            (
                ["", "9", "11", ""],
                "--from, --until: `9` can be",
                "`9:00` or `21:00`",
            ),
            (
                ["", "", "5am", ""],
                "--until: `5am` has passed",
                "tomorrow 05:00",
            ),
            (
                ["", "", "", "9am"],
                "--window: It says when it begins",
                "for 2h",
            ),
            (
                ["", "2026-10-25 01:30", "2026-10-25 03:00", ""],
                "--from, --until: `2026-10-25 01:30` happens twice in Europe/Lisbon",
                "`2026-10-25T01:30+01:00` (WEST) or `2026-10-25T01:30+00:00` (WET)",
            ),
        ] {
            let said = read(options).expect_err(start);
            assert!(said.starts_with(start) && said.contains(part), "{said}");
        }
    }

    #[test]
    fn windows_are_said_with_their_zone() {
        // Goal: what is listed names the zone. Method: one window of each kind.
        let zone = TimeZone::get("Europe/Lisbon").expect("a zone");
        let fixed = read(["", "09:00", "11:00", ""]).expect("a window").value;
        assert_eq!(
            say_window(&fixed, &zone),
            "from 2026-07-01 09:00 Europe/Lisbon until 2026-07-01 11:00 Europe/Lisbon"
        );
    }
}
