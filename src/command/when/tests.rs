//! The grammar, case by case. A window is expected as `start/end` in UTC or as its length, a
//! refusal as its code.

use jiff::civil::Weekday;
use proptest::prelude::*;

use super::*;

/// A Saturday morning; Lisbon's clocks show the same.
const TONGUES: [Tongue; 2] = [Tongue::English, Tongue::Portuguese];
const NOW: &str = "2026-11-21T10:00:00Z";

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn shown(result: Result<Understood<Window>, WhenError>) -> String {
    match result {
        Ok(Understood { value, .. }) => match value {
            Window::FromApproval { length } => format!("{length:#}"),
            Window::Fixed { start, end } => format!("{start}/{end}"),
        },
        Err(error) => error.code().to_owned(),
    }
}

/// Reads `text` in `zone_name` at `now`, and holds what is said back against it.
fn meaning(text: &str, zone_name: &str, now: &str) -> String {
    let zone = zone(zone_name);
    let here = Here {
        now: now.parse().unwrap(),
        zone: &zone,
        tongue: Tongue::English,
    };
    let read = here.window(text);
    if let Ok(understood) = &read {
        for tongue in TONGUES {
            let here = Here { tongue, ..here };
            let said = here.window(text).unwrap().said;
            let again = here.window(&said);
            assert_eq!(
                again.map(|again| (again.value, again.said)),
                Ok((understood.value, said.clone())),
                "{text:?}: {said}"
            );
        }
    }
    if let Err(error) = &read {
        for tongue in TONGUES {
            let (sentence, next) = error.told(Asked::Window, tongue);
            assert!(
                sentence.ends_with('.') && next.ends_with('.'),
                "{sentence} {next}"
            );
        }
    }
    shown(read)
}

fn check(zone_name: &str, now: &str, table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in table {
        // `22T09/22T11` stands for times of November 2026.
        let expected: Vec<String> = expected
            .split('/')
            .map(|part| match part.split_once('T') {
                Some((day, time)) if day.len() == 2 => match time.len() {
                    2 => format!("2026-11-{day}T{time}:00:00Z"),
                    5 => format!("2026-11-{day}T{time}:00Z"),
                    _ => format!("2026-11-{day}T{time}Z"),
                },
                _ => part.to_owned(),
            })
            .collect();
        let (found, expected) = (meaning(text, zone_name, now), expected.join("/"));
        if found != expected {
            wrong.push(format!("{text:?}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// Goal: lengths as people type them begin at the approval. Method: one table.
#[test]
fn lengths() {
    check(
        "Europe/Lisbon",
        NOW,
        &[
            ("for 2h", "2h"),
            ("2h", "2h"),
            ("FOR 2H", "2h"),
            ("2h30m", "2h 30m"),
            ("2h30", "2h 30m"),
            ("2h 30m", "2h 30m"),
            ("2 h 30 min", "2h 30m"),
            ("2 hours 30 minutes", "2h 30m"),
            ("2 hours, 30 minutes", "2h 30m"),
            ("2 hours and 30 minutes", "2h 30m"),
            ("90 minutes", "1h 30m"),
            ("90min", "1h 30m"),
            ("90m", "1h 30m"),
            ("for an hour", "1h"),
            ("half an hour", "30m"),
            ("two hours", "2h"),
            ("1.5h", "1h 30m"),
            ("1,5 horas", "1h 30m"),
            ("0.25h", "15m"),
            ("1 day", "24h"),
            ("1d 2h", "26h"),
            ("1w", "168h"),
            ("45s", "45s"),
            ("for 2h from the approval on", "2h"),
            ("por 2 horas", "2h"),
            ("por 2h30", "2h 30m"),
            ("meia hora", "30m"),
            ("durante duas horas e 15 minutos", "2h 15m"),
            ("２h", "2h"),
            ("0h", "window-no-length"),
            ("30m 2h", "window-no-length"),
            ("2h 2h", "window-no-length"),
            ("for 1 month", "window-no-length"),
            ("1 year", "window-no-length"),
            ("for", "window-unfinished"),
            ("for 2", "window-unfinished"),
            ("for long", "window-not-understood"),
            ("for 2h bananas", "window-not-understood"),
            ("for -2h", "window-not-understood"),
            ("1.500h", "window-not-understood"),
            ("99999w", "window-too-far"),
            ("999999999 weeks", "window-too-far"),
            ("9999999999h", "window-not-understood"),
        ],
    );
}

// Goal: days and times are read in the person's zone. Method: Lisbon in winter, where it is UTC.
#[test]
fn fixed_windows() {
    check(
        "Europe/Lisbon",
        NOW,
        &[
            ("tomorrow 9am for 2h", "22T09/22T11"),
            ("tomorrow at 9am for 2h", "22T09/22T11"),
            ("9am tomorrow for 2h", "22T09/22T11"),
            ("Tomorrow, 9:30 am, for 90 minutes", "22T09:30/22T11"),
            ("for 2h from tomorrow 9am", "22T09/22T11"),
            ("2h from tomorrow 9am", "22T09/22T11"),
            ("for 2h starting tomorrow 9am", "22T09/22T11"),
            ("friday 17:00–19:00", "27T17/27T19"),
            ("friday 17:00-19:00", "27T17/27T19"),
            ("friday 17:00 - 19:00", "27T17/27T19"),
            ("friday 17:00—19:00", "27T17/27T19"),
            ("friday 17:00 to 19:00", "27T17/27T19"),
            ("friday 17:00 until 19:00", "27T17/27T19"),
            ("friday 5pm to 7pm", "27T17/27T19"),
            ("friday 5pm–7pm", "27T17/27T19"),
            ("Friday, 17:00–19:00", "27T17/27T19"),
            ("on friday at 17:00 for 2h", "27T17/27T19"),
            ("fri 17h to 19h", "27T17/27T19"),
            ("friday between 17:00 and 19:00", "window-not-understood"),
            ("between friday 17:00 and 19:00", "27T17/27T19"),
            ("from 2026-11-23 09:00 to 11:00", "23T09/23T11"),
            ("from 2026-11-23 09:00 to 2026-11-24 11:00", "23T09/24T11"),
            ("2026-11-23 09:00–11:00", "23T09/23T11"),
            ("2026-11-23T09:00–11:00", "23T09/23T11"),
            ("from 2pm to 5pm", "21T14/21T17"),
            ("14:00 to 17:00", "21T14/21T17"),
            ("14:00-17:00", "21T14/21T17"),
            ("from 14h to 17h", "21T14/21T17"),
            ("14h30-17h15", "21T14:30/21T17:15"),
            ("until 18:00", "21T10/21T18"),
            ("until 6pm", "21T10/21T18"),
            ("until friday 18h", "21T10/27T18"),
            ("till friday 18:00", "21T10/27T18"),
            ("until midnight", "21T10/22T00"),
            ("until 24:00", "21T10/22T00"),
            ("until noon", "21T10/21T12"),
            ("now for 2h", "21T10/21T12"),
            ("from now to 12:00", "21T10/21T12"),
            ("from now until tomorrow 9am", "21T10/22T09"),
            ("next monday 08:00 for 1 day", "23T08/24T08"),
            ("monday 08:00 for 1 day", "23T08/24T08"),
            ("next saturday 08:00 for 1h", "28T08/28T09"),
            ("this sunday 08:00 for 1h", "22T08/22T09"),
            ("in 2 hours for 30m", "21T12/21T12:30"),
            ("in 2 hours until 18:00", "21T12/21T18"),
            ("today 14:00 for 1h", "21T14/21T15"),
            ("today 9am to 5pm", "21T09/21T17"),
            ("from 9am today until 5pm", "21T09/21T17"),
            ("11:00 to 17:00 today", "21T11/21T17"),
            ("from friday 22:00 to saturday 02:00", "27T22/28T02"),
            ("from friday 17:00 to monday 9:00", "27T17/30T09"),
            ("friday 22:00 to midnight", "27T22/28T00"),
            ("friday 22:00 to 24:00", "27T22/28T00"),
            ("27 November 2026 17:00 for 2h", "27T17/27T19"),
            ("27 Nov 17:00 for 2h", "27T17/27T19"),
            ("27th of November, 17:00 for 2h", "27T17/27T19"),
            ("November 27, 2026, 5pm for 2h", "27T17/27T19"),
            ("Nov 27 5pm for 2h", "27T17/27T19"),
            ("Friday 27 November 2026, 17:00–19:00", "27T17/27T19"),
            ("27/11/2026 17:00 for 2h", "27T17/27T19"),
            ("11/27 17:00 for 2h", "27T17/27T19"),
            (
                "3 January 9:00 for 1h",
                "2027-01-03T09:00:00Z/2027-01-03T10:00:00Z",
            ),
            (
                "2026-11-23T09:00:00Z to 2026-11-23T11:00:00Z",
                "23T09/23T11",
            ),
            ("2026-11-23T09:00Z for 2h", "23T09/23T11"),
            ("2026-11-23T10:00+01:00 for 2h", "23T09/23T11"),
            ("2026-11-23T06:00-03:00 for 2h", "23T09/23T11"),
            ("2026-11-23T06:00-0300 for 2h", "23T09/23T11"),
            (
                "2026-11-23T09:00:00.5Z for 2h",
                "23T09:00:00.5/23T11:00:00.5",
            ),
            ("12:30pm to 1:30pm", "21T12:30/21T13:30"),
            ("tomorrow 12:30am for 1h", "22T00:30/22T01:30"),
        ],
    );
}

// Goal: Brazilian Portuguese is the same grammar. Method: its words, with and without accents.
#[test]
fn portuguese() {
    check(
        "Europe/Lisbon",
        NOW,
        &[
            ("amanhã 9h por 2h", "22T09/22T11"),
            ("amanha às 9h por 2 horas", "22T09/22T11"),
            ("sexta 17:00 às 19:00", "27T17/27T19"),
            ("sexta-feira das 17h às 19h", "window-not-understood"),
            ("sexta-feira 17h às 19h", "27T17/27T19"),
            ("das 14h às 17h", "21T14/21T17"),
            ("de 14h30 até 17h", "21T14:30/21T17"),
            ("entre 14h e 17h", "21T14/21T17"),
            ("até 18:00", "21T10/21T18"),
            ("até sexta às 18h", "21T10/27T18"),
            ("próxima segunda 8h por 1 dia", "23T08/24T08"),
            ("dia 27 de novembro de 2026 às 17h por 2h", "27T17/27T19"),
            ("hoje 14h por 30 minutos", "21T14/21T14:30"),
            ("em 2 horas por 30 minutos", "21T12/21T12:30"),
            ("às 14h por 1h", "21T14/21T15"),
            ("agora por 1 hora", "21T10/21T11"),
            ("terça 9h às meio-dia", "24T09/24T12"),
        ],
    );
}

// Goal: what has more than one meaning is refused, and so is what has none. Method: one table.
#[test]
fn refusals() {
    check(
        "Europe/Lisbon",
        NOW,
        &[
            ("", "window-nothing"),
            (" \t ", "window-nothing"),
            ("bananas", "window-not-understood"),
            ("tomorrow", "window-needs-time"),
            ("tomorrow for 2h", "window-needs-time"),
            ("monday to wednesday", "window-needs-time"),
            ("tomorrow 9am", "window-needs-end"),
            ("from 14:00", "window-needs-end"),
            ("tomorrow 9am for 2h please", "window-not-understood"),
            ("tomorrow 9am bananas", "window-not-understood"),
            ("tomorrow 9 for 2h", "window-not-understood"),
            ("03/04 9:00 for 1h", "window-ambiguous"),
            ("03/04/2027 9:00 for 1h", "window-ambiguous"),
            ("23/11/26 9:00 for 1h", "window-no-such-day"),
            ("13/13 9:00 for 1h", "window-no-such-day"),
            ("23.11.2026 9:00 for 1h", "window-not-understood"),
            ("17-19", "window-ambiguous"),
            ("from 9 to 5", "window-ambiguous"),
            ("9-11am", "window-ambiguous"),
            ("14h-17h", "window-ambiguous"),
            ("until 5", "window-ambiguous"),
            ("until 18h", "window-ambiguous"),
            ("até 2 horas", "window-ambiguous"),
            ("saturday 17:00 for 2h", "window-ambiguous"),
            ("this saturday 17:00 for 2h", "window-ambiguous"),
            ("this monday 17:00 for 2h", "window-ambiguous"),
            ("next sunday 17:00 for 2h", "window-ambiguous"),
            ("9am for 2h", "window-ambiguous"),
            ("until 9am", "window-ambiguous"),
            ("friday midnight for 2h", "window-ambiguous"),
            ("until friday midnight", "window-ambiguous"),
            ("12pm to 1pm", "window-ambiguous"),
            ("tomorrow 12am for 1h", "window-ambiguous"),
            ("14:00 to 17:00 tomorrow", "window-ambiguous"),
            ("14:00 to friday 17:00", "21T14/27T17"),
            ("friday 25:00 for 1h", "window-no-such-time"),
            ("friday 24:01 for 1h", "window-no-such-time"),
            ("friday 17:60 for 1h", "window-no-such-time"),
            ("friday 17:5 for 1h", "window-no-such-time"),
            ("2026-11-27T17:00:00.1234567Z for 1h", "window-no-such-time"),
            ("friday 13pm for 1h", "window-no-such-time"),
            ("friday 0am for 1h", "window-no-such-time"),
            ("30 February 9:00 for 1h", "window-no-such-day"),
            ("2026-02-30 9:00 for 1h", "window-no-such-day"),
            ("2026-13-01 9:00 for 1h", "window-no-such-day"),
            ("2026-11 9:00 for 1h", "window-no-such-day"),
            ("12 November 9:00 for 1h", "window-needs-year"),
            ("12 November 2026 9:00 for 1h", "window-over"),
            (
                "Monday 27 November 2026 9:00 for 1h",
                "window-contradiction",
            ),
            ("friday 19:00 to 17:00", "window-reversed"),
            ("friday 22:00 to 02:00", "window-reversed"),
            ("2026-11-24 09:00 to 2026-11-23 09:00", "window-reversed"),
            ("friday 19:00 to 19:00", "window-empty"),
            ("today 8am to 9am", "window-over"),
            ("2020-01-01 08:00 for 1h", "window-over"),
            ("yesterday 9am for 1h", "window-not-understood"),
            ("friday 17:00 EST to 19:00", "window-not-understood"),
            ("friday 17:00–19:00 EST", "window-zone-abbreviation"),
            ("friday 17:00–19:00 [CET]", "window-zone-abbreviation"),
            ("friday 17:00–19:00 Europe/Atlantis", "window-no-such-zone"),
            (
                "friday 17:00–19:00 [../../etc/passwd]",
                "window-no-such-zone",
            ),
            ("friday 17:00–19:00 [Europe/Lisbon", "window-not-understood"),
            (
                "friday 17:00–19:00 (Europe/Lisbon, WEST)",
                "window-contradiction",
            ),
            (
                "2026-11-23T09:00+01:00[Europe/Lisbon] for 1h",
                "window-contradiction",
            ),
            ("in 2 hours", "window-needs-end"),
            ("until", "window-unfinished"),
            ("for 2h until 18:00", "window-not-understood"),
            ("9999-12-31 24:00 for 1h", "window-too-far"),
            ("2026-11-23 09:00 for 9999w", "window-too-far"),
            ("\u{0}", "window-not-understood"),
            ("🕘 for 2h", "window-not-understood"),
        ],
    );
    let long = "for 2h ".repeat(100);
    assert_eq!(meaning(&long, "UTC", NOW), "window-text-too-long");
}

// Goal: each zone is its own. Method: the same words in zones with whole, half and odd offsets.
#[test]
fn zones() {
    let table = [
        ("America/New_York", "tomorrow 9am for 2h", "22T14/22T16"),
        ("America/Sao_Paulo", "tomorrow 9am for 2h", "22T12/22T14"),
        ("America/Sao_Paulo", "sexta 17:00 às 19:00", "27T20/27T22"),
        ("Asia/Kolkata", "tomorrow 9am for 2h", "22T03:30/22T05:30"),
        ("Australia/Lord_Howe", "tomorrow 9am for 2h", "21T22/22T00"),
        ("Pacific/Apia", "tomorrow 9am for 2h", "21T20/21T22"),
        ("UTC", "tomorrow 9am for 2h", "22T09/22T11"),
        // Where it is Saturday night already.
        ("Asia/Kolkata", "until 15:31", "21T10/21T10:01"),
        ("Asia/Kolkata", "until 15:30", "window-empty"),
        ("Asia/Kolkata", "until 15:29", "window-ambiguous"),
        // A zone that is written wins over the person's.
        (
            "America/New_York",
            "friday 17:00–19:00 Europe/Lisbon",
            "27T17/27T19",
        ),
        (
            "America/New_York",
            "friday 17:00–19:00 [Europe/Lisbon]",
            "27T17/27T19",
        ),
        ("America/New_York", "friday 17:00–19:00 UTC", "27T17/27T19"),
        ("America/New_York", "until friday 17:00 UTC", "21T10/27T17"),
        (
            "America/New_York",
            "friday 17:00 Europe/Lisbon for 2h",
            "27T17/27T19",
        ),
        (
            "America/New_York",
            "friday 17:00–19:00 (Europe/Lisbon, WET)",
            "27T17/27T19",
        ),
        (
            "America/New_York",
            "2026-11-27T17:00[Europe/Lisbon] to 2026-11-27T19:00[Europe/Lisbon]",
            "27T17/27T19",
        ),
        (
            "UTC",
            "2026-11-27T17:00+00:00[Europe/Lisbon] to 2026-11-27T17:00[America/New_York]",
            "27T17/27T22",
        ),
        ("Pacific/Apia", "2026-11-27T17:00Z for 2h", "27T17/27T19"),
        ("UTC", "friday 17:00–19:00 america/sao_paulo", "27T20/27T22"),
    ];
    for (zone, text, expected) in table {
        check(zone, NOW, &[(text, expected)]);
    }
}

/// A zone, an instant, a local time that comes twice or never, and what its two readings mean.
const EDGES: &[(&str, &str, &str, &str)] = &[
    (
        "Europe/Lisbon",
        "2026-10-24T10:00:00Z",
        "tomorrow 01:30",
        "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z",
    ),
    (
        "Europe/Lisbon",
        "2027-03-27T10:00:00Z",
        "tomorrow 01:30",
        "2027-03-28T01:30:00Z 2027-03-28T00:30:00Z",
    ),
    (
        "America/New_York",
        "2026-10-31T10:00:00Z",
        "tomorrow 1:30am",
        "2026-11-01T05:30:00Z 2026-11-01T06:30:00Z",
    ),
    (
        "America/New_York",
        "2027-03-13T10:00:00Z",
        "tomorrow 2:30am",
        "2027-03-14T07:30:00Z 2027-03-14T06:30:00Z",
    ),
    (
        "America/Sao_Paulo",
        "2018-11-03T10:00:00Z",
        "2018-11-04 00:30",
        "2018-11-04T03:30:00Z 2018-11-04T02:30:00Z",
    ),
    (
        "America/Sao_Paulo",
        "2018-02-17T10:00:00Z",
        "today 23:30",
        "2018-02-18T01:30:00Z 2018-02-18T02:30:00Z",
    ),
    (
        "Australia/Lord_Howe",
        "2027-04-03T00:00:00Z",
        "2027-04-04 01:45",
        "2027-04-03T14:45:00Z 2027-04-03T15:15:00Z",
    ),
    (
        "Australia/Lord_Howe",
        "2026-10-03T00:00:00Z",
        "2026-10-04 02:15",
        "2026-10-03T15:45:00Z 2026-10-03T15:15:00Z",
    ),
    // The day on which Samoa crossed the date line.
    (
        "Pacific/Apia",
        "2011-12-29T20:00:00Z",
        "2011-12-30 12:00",
        "2011-12-30T22:00:00Z 2011-12-29T22:00:00Z",
    ),
];

// Goal: at the edges of summer time nothing is guessed. Method: gaps and folds of six zones, each refused
// with two readings that are read when typed back, and the hours beside them, which are plain.
#[test]
fn edges_of_summer_time() {
    for (name, now, text, expected) in EDGES {
        let zone = zone(name);
        let here = Here {
            now: now.parse().unwrap(),
            zone: &zone,
            tongue: Tongue::English,
        };
        let Err(WhenError::Ambiguous { readings, .. }) = here.window(&format!("{text} for 1h"))
        else {
            panic!("{name}: {text} was read");
        };
        let read: Vec<String> = readings
            .iter()
            .map(|reading| {
                assert_ne!(reading.note, reading::Note::None);
                let sense = here.window(&format!("{} for 1h", reading.write.said(Tongue::English)));
                let said = shown(sense);
                said.split('/').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(read.join(" "), *expected, "{name}: {text}");
    }
    check(
        "Europe/Lisbon",
        "2026-10-24T10:00:00Z",
        &[
            (
                "tomorrow 00:59 for 3h",
                "2026-10-24T23:59:00Z/2026-10-25T02:59:00Z",
            ),
            (
                "tomorrow 00:30 to 02:30",
                "2026-10-24T23:30:00Z/2026-10-25T02:30:00Z",
            ),
            ("tomorrow 00:30 to 01:30", "window-time-twice"),
            (
                "2026-10-25T01:30+01:00 to 2026-10-25T01:30+00:00",
                "2026-10-25T00:30:00Z/2026-10-25T01:30:00Z",
            ),
            ("today 17:00 for 1 day", "window-ambiguous"),
            (
                "today 17:00 for 24h",
                "2026-10-24T16:00:00Z/2026-10-25T16:00:00Z",
            ),
            (
                "today 17:00 to tomorrow 17:00",
                "2026-10-24T16:00:00Z/2026-10-25T17:00:00Z",
            ),
        ],
    );
    check(
        "Asia/Kolkata",
        "2026-10-24T10:00:00Z",
        &[(
            "tomorrow 01:30 for 1 day",
            "2026-10-24T20:00:00Z/2026-10-25T20:00:00Z",
        )],
    );
}

// Goal: what is said back names day, times, zone and clocks. Method: one of each form.
#[test]
fn said_back() {
    let table = [
        (
            "Europe/Lisbon",
            NOW,
            "for 90m",
            "for 1h 30m from the approval on",
        ),
        (
            "Europe/Lisbon",
            NOW,
            "friday 5pm–7pm",
            "Friday 27 November 2026, 17:00–19:00 (Europe/Lisbon, WET)",
        ),
        (
            "Asia/Kolkata",
            NOW,
            "friday 17:00–19:00 UTC",
            "Friday 27 November 2026 22:30 to Saturday 28 November 2026 00:30 (Asia/Kolkata, IST)",
        ),
        (
            "America/Sao_Paulo",
            NOW,
            "amanhã 9h por 2h",
            "Sunday 22 November 2026, 09:00–11:00 (America/Sao_Paulo, -03)",
        ),
        (
            "UTC",
            "2026-11-21T10:00:07.9Z",
            "until 18:00",
            "Saturday 21 November 2026, 10:00:07–18:00 (UTC)",
        ),
        (
            "Europe/Lisbon",
            "2026-10-24T10:00:00Z",
            "today 17:00 to monday 9:00",
            "Saturday 24 October 2026 17:00 to Monday 26 October 2026 09:00 (Europe/Lisbon, WEST then WET)",
        ),
        (
            "America/New_York",
            "2026-10-31T10:00:00Z",
            "2026-11-01T05:30Z for 1h",
            "Sunday 2026-11-01T01:30-04:00 to Sunday 2026-11-01T01:30-05:00 (America/New_York, EDT then EST)",
        ),
    ];
    for (name, now, text, expected) in table {
        let zone = zone(name);
        let now = now.parse().unwrap();
        let here = Here {
            now,
            zone: &zone,
            tongue: Tongue::English,
        };
        assert_eq!(here.window(text).unwrap().said, expected);
        meaning(text, name, &now.to_string());
    }
}

// Goal: a refusal says what happened and what to write instead, both readings where there are two.
// Method: the words of some.
#[test]
fn refusals_say_how() {
    let table = [
        (
            "saturday 17:00 for 1h",
            "`saturday` is today, or in a week. Write `2026-11-21` (today) or `2026-11-28` (in a week).",
        ),
        (
            "9am for 2h",
            "`9am` has passed today. Write `today 09:00` or `tomorrow 09:00`.",
        ),
        (
            "03/04/2027 9am for 2h",
            "`03/04/2027` can be read as two days. Write `2027-03-04` (4 March) or `2027-04-03` (3 April).",
        ),
        (
            "friday 22:00 to 02:00",
            "It ends before it begins. If the night is meant, write `from 2026-11-27 22:00 to 2026-11-28 02:00`.",
        ),
        (
            "2027-03-28 01:30 for 1h",
            "`2027-03-28 01:30` does not exist in Europe/Lisbon: the clocks go forward then. Write `2027-03-28T02:30+01:00` (WEST) or `2027-03-28T00:30+00:00` (WET).",
        ),
        (
            "2027-10-31 01:30 for 1h",
            "`2027-10-31 01:30` happens twice in Europe/Lisbon: the clocks go back then. Write `2027-10-31T01:30+01:00` (WEST) or `2027-10-31T01:30+00:00` (WET).",
        ),
        (
            "14:00 to 17:00 tomorrow",
            "`17:00 tomorrow` names the day for the end only, or for both. Write `from 2026-11-22 14:00 to 2026-11-22 17:00` or `from 2026-11-21 14:00 to 2026-11-22 17:00`.",
        ),
        (
            "today 8am to 9am",
            "It has passed: it was over at Saturday 21 November 2026 09:00 (Europe/Lisbon, WET). Write a window whose end lies ahead, e.g. `for 2h`, `until 18:00`, `tomorrow 9am for 2h` or `friday 17:00 to 19:00`.",
        ),
        (
            "tomorrow 9am",
            "It says when it begins, and not when it ends. Add the length or the end, e.g. `for 2h` or `until 18:00`.",
        ),
    ];
    let zone = zone("Europe/Lisbon");
    let here = Here {
        now: NOW.parse().unwrap(),
        zone: &zone,
        tongue: Tongue::English,
    };
    for (text, expected) in table {
        let error = here.window(text).unwrap_err();
        assert_eq!(format!("{error} {}", error.next()), expected);
    }
}

// Goal: a Brazilian reads windows and refusals in Portuguese, and what they are told to write is read.
// Method: the words of some, and each again by the grammar.
#[test]
fn in_portuguese() {
    let zone = zone("America/Sao_Paulo");
    let here = Here {
        now: NOW.parse().unwrap(),
        zone: &zone,
        tongue: Tongue::Portuguese,
    };
    for (text, said) in [
        ("for 90m", "por 1h 30m a partir da aprovação"),
        (
            "friday 5pm–7pm",
            "sexta-feira, 27 de novembro de 2026, 17:00–19:00 (America/Sao_Paulo, -03)",
        ),
        (
            "sábado, 28 de novembro às 22h até domingo 2h",
            "sábado, 28 de novembro de 2026 22:00 até domingo, 29 de novembro de 2026 02:00 \
             (America/Sao_Paulo, -03)",
        ),
    ] {
        assert_eq!(here.window(text).unwrap().said, said);
        assert_eq!(here.window(said).unwrap().said, said);
    }
    for (text, told) in [
        (
            "sábado 17:00 por 1h",
            "`sábado` é hoje, ou daqui a uma semana. Escreva `2026-11-21` (hoje) ou `2026-11-28` \
             (daqui a uma semana).",
        ),
        (
            "6am for 2h",
            "`6am` já passou hoje. Escreva `hoje 06:00` ou `amanhã 06:00`.",
        ),
        (
            "sexta 22:00 até 02:00",
            "Termina antes de começar. Se for a noite, escreva `de 2026-11-27 22:00 até 2026-11-28 \
             02:00`.",
        ),
        (
            "hoje 5:00 até 6:00",
            "Já passou: terminou em sábado, 21 de novembro de 2026 06:00 (America/Sao_Paulo, -03). \
             Escreva um período cujo fim ainda não chegou, p. ex. `por 2h`, `até 18:00`, `amanhã 9h \
             por 2h` ou `sexta 17:00 às 19:00`.",
        ),
        (
            "quinta, 27 de novembro 9h por 1h",
            "`quinta, 27 de novembro` se contradiz: 2026-11-27 é sexta-feira. Deixe só um dos dois.",
        ),
        (
            "[Europe/Lisbon] 9h",
            "`[Europe/Lisbon]` não é entendido nesse lugar. Escreva como `por 2h`, `até 18:00`, \
             `amanhã 9h por 2h` ou `sexta 17:00 às 19:00`.",
        ),
    ] {
        let error = here.window(text).unwrap_err();
        let (sentence, next) = error.told(Asked::Window, Tongue::Portuguese);
        assert_eq!(format!("{sentence} {next}"), told);
    }
    let lisbon = TimeZone::get("Europe/Lisbon").unwrap();
    let here = Here {
        zone: &lisbon,
        ..here
    };
    for (text, doubt) in [
        ("2027-03-28 01:30 por 1h", "não existe em Europe/Lisbon"),
        (
            "2027-10-31 01:30 por 1h",
            "acontece duas vezes em Europe/Lisbon",
        ),
    ] {
        let (sentence, _) = here
            .window(text)
            .unwrap_err()
            .told(Asked::Window, Tongue::Portuguese);
        assert!(sentence.contains(doubt), "{sentence}");
    }
}

// Goal: the other things that are read: instants and lengths. Method: some that are read and some not.
#[test]
fn instants_and_lengths() {
    let zone = zone("Europe/Lisbon");
    let here = Here {
        now: NOW.parse().unwrap(),
        zone: &zone,
        tongue: Tongue::English,
    };
    let table = [
        ("until friday 18:00", "2026-11-27T18:00:00Z"),
        ("friday 18:00", "2026-11-27T18:00:00Z"),
        ("in 2 hours", "2026-11-21T12:00:00Z"),
        ("now", "2026-11-21T10:00:00Z"),
        ("até sexta às 18h", "2026-11-27T18:00:00Z"),
        ("midnight", "2026-11-22T00:00:00Z"),
        (
            "Friday 27 November 2026 18:00 (Europe/Lisbon, WET)",
            "2026-11-27T18:00:00Z",
        ),
        ("friday", "window-needs-time"),
        ("today 9am", "window-over"),
        ("friday 18:00 for 2h", "window-not-understood"),
    ];
    for (text, expected) in table {
        let read = here.instant(text);
        if let Ok(understood) = &read {
            assert_eq!(here.instant(&understood.said).as_ref(), Ok(understood));
        }
        let read = read.map_or_else(|e| e.code().to_owned(), |u| u.value.to_string());
        assert_eq!(read, expected, "{text:?}");
    }
    let table = [
        ("2h", "2h"),
        ("PT2H", "2h"),
        ("P1D", "24h"),
        ("1 hr 5 mins", "1h 5m"),
        ("PT0S", "window-not-understood"),
        ("P1Y", "window-not-understood"),
        ("PT0.5S", "window-no-length"),
        ("2h from tomorrow 9am", "window-not-understood"),
    ];
    for (text, expected) in table {
        let read = length(text).map_or_else(|e| e.code().to_owned(), |u| u.said);
        assert_eq!(read, expected, "{text:?}");
    }
}

// Goal: what a mend tells people to write is read, in the place where it is told.
// Method: every example that stands in the next step of one point in time, ahead and passed.
#[test]
fn the_examples_of_a_mend_are_read() {
    let zone = zone("Europe/Lisbon");
    let here = Here {
        now: NOW.parse().unwrap(),
        zone: &zone,
        tongue: Tongue::English,
    };
    let examples = |next: &str| -> Vec<String> {
        let odd = next.split('`').skip(1).step_by(2);
        odd.map(str::to_owned).collect()
    };
    for tongue in TONGUES {
        for (asked, count) in [
            (Asked::Moment, 4),
            (Asked::Instant, 4),
            (Asked::Length, 3),
            (Asked::Window, 4),
        ] {
            let vague = WhenError::Nothing.told(asked, tongue).1;
            let found = examples(&vague);
            assert_eq!(found.len(), count, "{vague}");
            for example in found {
                match asked {
                    Asked::Moment => drop(here.moment(&example).expect(&example)),
                    Asked::Instant => drop(here.instant(&example).expect(&example)),
                    Asked::Length => drop(length(&example).expect(&example)),
                    Asked::Window => drop(here.window(&example).expect(&example)),
                }
            }
        }
    }
}

// Goal: our reading of days and times is also that of a crate made for it, where that is right.
// Method: every weekday and some times of day, on every day of a week, read by both.
#[test]
fn held_against_interim() {
    let zone = zone("America/New_York");
    let mut compared = 0;
    for day in 0..7 {
        let now: Timestamp = NOW.parse().unwrap();
        let now = now + SignedDuration::from_hours(24 * day);
        let here = Here {
            now,
            zone: &zone,
            tongue: Tongue::English,
        };
        let at = now.to_zoned(zone.clone());
        let days = [
            "today",
            "tomorrow",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
            "2026-12-03",
            "3 December 2026",
        ];
        for day in days {
            for time in ["23:59", "11:15pm", "22:00:30", "11pm"] {
                let text = format!("{day} {time}");
                let theirs = interim::parse_date_string(&text, at.clone(), interim::Dialect::Uk);
                match here.instant(&text) {
                    Ok(ours) => {
                        assert_eq!(ours.value, theirs.unwrap().timestamp(), "{text} at {at}");
                        compared += 1;
                    }
                    Err(error) => assert_eq!(error.code(), "window-ambiguous", "{text} at {at}"),
                }
            }
        }
    }
    assert_eq!(
        compared,
        7 * 10 * 4,
        "each day refuses its own weekday only"
    );
}

// Goal: every weekday is found from every day. Method: all pairs, against counting day by day.
#[test]
fn weekdays() {
    let zone = zone("Pacific/Apia");
    for day in 0..7 {
        let now: Timestamp = NOW.parse().unwrap();
        let now = now + SignedDuration::from_hours(24 * day);
        let here = Here {
            now,
            zone: &zone,
            tongue: Tongue::English,
        };
        let today = now.to_zoned(zone.clone()).date();
        for (name, weekday) in words::WEEKDAYS {
            let read = here.instant(&format!("{name} 23:59"));
            if *weekday == today.weekday() {
                assert_eq!(read.unwrap_err().code(), "window-ambiguous", "{name}");
                continue;
            }
            let ahead: Vec<_> = today
                .series(jiff::Span::new().days(1))
                .skip(1)
                .take(7)
                .collect();
            let expected = ahead
                .iter()
                .find(|date| date.weekday() == *weekday)
                .unwrap();
            let found = read.unwrap().value.to_zoned(zone.clone()).date();
            assert_eq!(found, *expected, "{name} on {today}");
        }
    }
    assert_eq!(Weekday::Monday.to_monday_zero_offset(), 0);
}

// Goal: no word means two things in one place. Method: the tables that are asked in the same place.
#[test]
fn tables_do_not_overlap() {
    let names =
        |table: &[(&'static str, Weekday)]| table.iter().map(|(w, _)| *w).collect::<Vec<_>>();
    let weekdays = names(words::WEEKDAYS);
    let months: Vec<&str> = words::MONTHS.iter().map(|(word, _)| *word).collect();
    let groups: &[&[&[&str]]] = &[
        &[
            words::FROM,
            words::FOR,
            words::UNTIL,
            words::IN,
            words::NOW,
            &weekdays,
            &months,
        ],
        &[words::TO, words::FOR, words::AND],
        &[
            words::TODAY,
            words::TOMORROW,
            words::NEXT,
            words::THIS,
            &weekdays,
            &months,
        ],
        &[words::NOON, words::MIDNIGHT, words::AT],
    ];
    for group in groups {
        let mut seen = std::collections::BTreeSet::new();
        for word in group.iter().flat_map(|table| table.iter()) {
            assert!(seen.insert(*word), "{word}");
        }
    }
    for (word, _) in words::UNITS {
        let folded = token::tokens(word).unwrap();
        assert_eq!(folded.len(), 1, "{word}");
        assert!(!words::UNEVEN_UNITS.contains(word), "{word}");
    }
}

/// Whatever a refusal offers to write is a point in time or a window as far as words go.
fn can_be_typed_back(error: &WhenError) -> Result<(), TestCaseError> {
    if let WhenError::Ambiguous { readings, .. } = error {
        prop_assert!(!readings.is_empty(), "{error}");
        let written = TONGUES.map(|tongue| {
            readings
                .iter()
                .map(move |reading| reading.write.said(tongue))
        });
        for write in written.into_iter().flatten() {
            let tokens = token::tokens(&write);
            let point = tokens.is_ok_and(|tokens| grammar::point(&tokens).is_ok());
            prop_assert!(point || well_formed(&write).is_ok(), "{error} {write}");
        }
    }
    if let WhenError::Reversed {
        overnight: Some(night),
    } = error
    {
        for night in TONGUES.map(|tongue| night.said(tongue)) {
            prop_assert!(well_formed(&night).is_ok(), "{night}");
        }
    }
    Ok(())
}

const ZONES: [&str; 6] = [
    "Europe/Lisbon",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

/// Pieces of which texts are made that come near to windows.
const PIECES: [&str; 44] = [
    "for",
    "from",
    "to",
    "until",
    "in",
    "at",
    "on",
    "and",
    "between",
    "next",
    "this",
    "now",
    "today",
    "tomorrow",
    "friday",
    "saturday",
    "nov",
    "27",
    "2026",
    "9",
    "9am",
    "12pm",
    "17:00",
    "24:00",
    "01:30",
    "2h",
    "30m",
    "1 day",
    "-",
    "–",
    ",",
    "/",
    ":",
    "+01:00",
    "T",
    "Z",
    "UTC",
    "Europe/Lisbon",
    "[Europe/Lisbon]",
    "(UTC)",
    "às",
    "amanhã",
    "das",
    "midnight",
];

// Goal: short texts hold no surprise: none panics, what is understood is said back so that it means the
// same, what is offered can be typed. Method: every sequence of up to four pieces, glued and apart.
#[test]
fn every_short_text() {
    let pieces = [
        "for", "from", "to", "until", "in", "friday", "saturday", "next", "tomorrow", "9am",
        "17:00", "2h", "30", "-", "27 nov", "midnight",
    ];
    let zone = zone("America/New_York");
    let here = Here {
        now: NOW.parse().unwrap(),
        zone: &zone,
        tongue: Tongue::English,
    };
    let mut understood = 0;
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        let longer = texts
            .iter()
            .flat_map(|text| pieces.iter().map(move |piece| format!("{text} {piece}")));
        texts = longer.collect();
        for text in &texts {
            match here.window(text) {
                Ok(read) => {
                    understood += 1;
                    assert_eq!(here.window(&read.said).as_ref(), Ok(&read), "{text}");
                }
                Err(error) => can_be_typed_back(&error).unwrap(),
            }
            let _ = here.window(&text.replace(' ', ""));
        }
    }
    assert!(understood > 100, "{understood}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    // Goal: no text panics, in any zone. Method: any text at all.
    #[test]
    fn never_panics(text in any::<String>(), zone_index in 0..ZONES.len(), at in -9_000_000_000_i64..250_000_000_000) {
        let zone = zone(ZONES[zone_index]);
        let here = Here { now: Timestamp::from_second(at).unwrap(), zone: &zone, tongue: Tongue::English };
        let _ = (here.window(&text), here.instant(&text), length(&text));
        prop_assert!(may_begin(&text) || !(begins(&text) || well_formed(&text).is_ok()));
    }

    // Goal: nor do texts made of our own words; what is understood is said back so that it is understood
    // the same. Method: our words in any order.
    #[test]
    fn words_in_any_order(pieces in prop::collection::vec((0..PIECES.len(), any::<bool>()), 1..9), zone_index in 0..ZONES.len(), at in 1_700_000_000_i64..1_900_000_000) {
        let mut text = String::new();
        for (piece, glued) in pieces {
            if !glued { text.push(' '); }
            text.push_str(PIECES[piece]);
        }
        prop_assert!(may_begin(&text) || !(begins(&text) || well_formed(&text).is_ok()), "{}", text);
        let zone = zone(ZONES[zone_index]);
        let here = Here { now: Timestamp::from_second(at).unwrap(), zone: &zone, tongue: Tongue::English };
        if let Ok(understood) = here.window(&text) {
            prop_assert_eq!(here.window(&understood.said), Ok(understood));
        }
        if let Ok(understood) = here.instant(&text) {
            prop_assert_eq!(here.instant(&understood.said), Ok(understood));
        }
        for error in [here.window(&text).err(), here.instant(&text).err()].into_iter().flatten() {
            can_be_typed_back(&error)?;
        }
    }

    // Goal: whatever window there is can be said so that it is read. Method: any window ahead, to the
    // second, often near the edges of summer time.
    #[test]
    fn said_back_means_the_same(zone_index in 0..ZONES.len(), near in 0..3_usize, ahead in 1_i64..80_000_000, length in 1_i64..400_000) {
        let zone = zone(ZONES[zone_index]);
        let now: Timestamp = ["2026-10-24T12:00:00Z", "2027-03-27T12:00:00Z", NOW][near].parse().unwrap();
        let ahead = if near < 2 { ahead % 200_000 + 1 } else { ahead };
        let start = now + SignedDuration::from_secs(ahead);
        let end = start + SignedDuration::from_secs(length);
        let here = Here { now, zone: &zone, tongue: Tongue::English };
        let window = Window::Fixed { start, end };
        for tongue in TONGUES {
        let said = say::window(&window, &zone, tongue);
        prop_assert_eq!(here.window(&said).map(|read| read.value), Ok(window), "{}", said);
        // Nor does it matter when it is read, as long as the window is not over.
        let later = Here { now: end - SignedDuration::from_secs(1), zone: &zone, tongue: Tongue::English };
        prop_assert_eq!(later.window(&said).map(|read| read.value), Ok(window), "{}", said);
        let said = say::instant(start, &zone, tongue);
        prop_assert_eq!(here.instant(&said).map(|read| read.value), Ok(start), "{}", said);
        }
    }
}

/// Goal: what a report is asked for may have passed, and means one instant in the reader's zone or the one
/// that is written. Method: each way to say it, on a Saturday morning; then what can mean two things.
#[test]
fn moments_that_have_passed() {
    let moment = |text: &str, zone_name: &str| {
        let zone = zone(zone_name);
        let now = NOW.parse().unwrap();
        let read = Here {
            now,
            zone: &zone,
            tongue: Tongue::English,
        }
        .moment(text);
        read.map_or_else(
            |error| error.code().to_owned() + ": " + &error.to_string() + " " + &error.next(),
            |read| read.value.to_string(),
        )
    };
    for (text, expected) in [
        ("now", "2026-11-21T10:00:00Z"),
        ("2 hours ago", "2026-11-21T08:00:00Z"),
        ("há 2 dias", "2026-11-19T10:00:00Z"),
        ("1h 30m ago", "2026-11-21T08:30:00Z"),
        ("today", "2026-11-21T00:00:00Z"),
        ("yesterday", "2026-11-20T00:00:00Z"),
        ("yesterday 09:00", "2026-11-20T09:00:00Z"),
        ("ontem às 9h", "2026-11-20T09:00:00Z"),
        ("9am yesterday", "2026-11-20T09:00:00Z"),
        ("09:00", "2026-11-21T09:00:00Z"),
        ("18:00", "2026-11-21T18:00:00Z"),
        ("friday", "2026-11-20T00:00:00Z"),
        ("sunday 12:00", "2026-11-15T12:00:00Z"),
        ("last saturday", "2026-11-14T00:00:00Z"),
        ("2026-11-01", "2026-11-01T00:00:00Z"),
        ("2026-11-01 09:00", "2026-11-01T09:00:00Z"),
        ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05Z"),
        ("2026-10-25T01:30:00+01:00", "2026-10-25T00:30:00Z"),
        ("12 November", "2026-11-12T00:00:00Z"),
        ("22 November", "2025-11-22T00:00:00Z"),
        ("29 February", "2024-02-29T00:00:00Z"),
        ("27/11", "2025-11-27T00:00:00Z"),
        ("tomorrow", "2026-11-22T00:00:00Z"),
        ("2026-07-01 Asia/Tokyo", "2026-06-30T15:00:00Z"),
    ] {
        assert_eq!(moment(text, "Europe/Lisbon"), expected, "{text}");
    }
    assert_eq!(moment("yesterday", "Asia/Tokyo"), "2026-11-19T15:00:00Z");
    assert_eq!(
        moment("yesterday", "America/Sao_Paulo"),
        "2026-11-20T03:00:00Z"
    );
    for (text, part) in [
        (
            "saturday",
            "is today, or a week ago. Write `2026-11-21` (today) or `2026-11-14` (a week ago)",
        ),
        ("03/04", "can be read as two days"),
        ("2026-10-25 01:30", "happens twice in Europe/Lisbon"),
        ("last tomorrow", "`last` is not understood"),
        ("last", "should follow"),
        ("yesterday yesterday", "`yesterday` is not understood"),
        ("bananas ago", "`bananas` is not understood"),
        ("ago", "should follow"),
        ("", "There is no time in it"),
        ("9", "can be"),
    ] {
        let said = moment(text, "Europe/Lisbon");
        assert!(said.contains(part), "{text}: {said}");
    }
}
