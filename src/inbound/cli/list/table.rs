//! A list as a person reads it: one line a request, 100 columns, whatever the names are made of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::print::{count, put};
use crate::workflow::request::{GrantState, Request, State, Window};

/// How wide the columns are, in cells of a terminal; the last one has what is left of [`WIDE`].
const NUMBER: usize = 9;
const STATUS: usize = 9;
const FILED: usize = 10;
const WINDOW: usize = 21;
const WHO: usize = 12;
const WHAT: usize = WIDE - NUMBER - STATUS - FILED - WINDOW - WHO - 5 * 2;
/// How wide a line is at most.
const WIDE: usize = 100;

/// Prints the list.
pub(super) fn print(requests: &[Request], now: Timestamp, zone: &TimeZone, period: Option<&str>) {
    if let Some(period) = period {
        put!("Filed {period}.");
    }
    if requests.is_empty() {
        put!("No request.");
        return;
    }
    put!(
        "{}",
        columns(["NUMBER", "STATUS", "FILED", "WINDOW", "WHO", "WHAT"])
    );
    for request in requests {
        for line in lines(request, now, zone) {
            put!("{line}");
        }
    }
    let zone = zone.iana_name().unwrap_or("UTC");
    let counted = count(requests.len(), "request");
    put!("{counted}; days and times are those of {zone}.");
}

/// For when: what was granted, else what is asked for.
fn window(request: &Request, zone: &TimeZone) -> String {
    let (start, end) = match (&request.state, &request.window) {
        (State::Approved { grant, .. }, _) => (grant.start, grant.end),
        (_, Window::Fixed { start, end }) => (*start, *end),
        (_, Window::FromApproval { length }) => return format!("{length:#} once approved"),
    };
    let length = end.duration_since(start);
    let start = start.to_zoned(zone.clone());
    format!("{} +{length:#}", start.strftime("%Y-%m-%d %H:%M"))
}

/// A request in one line, and in another what sets an emergency apart (W25).
fn lines(request: &Request, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let status = request
        .grant_state(now)
        .map_or(request.status(now).as_str(), GrantState::as_str);
    let filed = request.filed_at.to_zoned(zone.clone()).date().to_string();
    let mut lines = vec![columns([
        &request.id.to_string(),
        status,
        &filed,
        &window(request, zone),
        request.requester.as_str(),
        &request.subject.to_string(),
    ])];
    if let Some(emergency) = &request.emergency {
        let review = emergency.review.as_ref();
        let review = review.map_or("not reviewed".to_owned(), |it| {
            format!("reviewed by {}", it.by)
        });
        let text = format!("EMERGENCY, {review}: {}", emergency.reason);
        let indent = NUMBER + 2;
        lines.push(format!("{:indent$}{}", "", fit(&text, WIDE - indent)));
    }
    lines
}

fn columns([number, status, filed, window, who, what]: [&str; 6]) -> String {
    format!(
        "{}  {}  {}  {}  {}  {}",
        padded(number, NUMBER),
        padded(status, STATUS),
        padded(filed, FILED),
        padded(window, WINDOW),
        padded(who, WHO),
        fit(what, WHAT)
    )
}

/// A text in a column of so many cells.
pub(in super::super) fn padded(text: &str, width: usize) -> String {
    let mut cell = fit(text, width);
    let wide = cell.width();
    cell.extend(std::iter::repeat_n(' ', width.saturating_sub(wide)));
    cell
}

/// As much of a text as fits into so many cells, with `…` where something is missing. What would move the
/// cursor, turn the direction of writing or hide is shown as `�`.
pub(in super::super) fn fit(text: &str, width: usize) -> String {
    let shown: String = text.chars().map(visible).collect();
    if shown.width() <= width {
        return shown;
    }
    let mut cell = String::new();
    let mut left = width.saturating_sub(1);
    for letter in shown.chars() {
        let wide = letter.width().unwrap_or(1);
        if wide > left {
            break;
        }
        left -= wide;
        cell.push(letter);
    }
    cell.push('…');
    cell
}

fn visible(letter: char) -> char {
    let hides = matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    );
    match letter {
        '\n' | '\t' => ' ',
        letter if hides || letter.is_control() => '\u{fffd}',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::testing::{World, step, terms};

    /// Goal: a line is at most [`WIDE`] cells wide and its columns stand below each other, whatever is in it.
    /// Method: names of wide letters, of combining ones, too long, and such as would write elsewhere.
    #[test]
    fn lines_keep_their_columns() {
        let mut world = World::filed(terms(vec![step("S", &["ann"], 1, 1)]));
        let plain = lines(&world.request, world.now, &TimeZone::UTC);
        assert_eq!(
            plain,
            [
                "R-42       open       2026-03-02  2h once approved       rita          credential prod-db-1 as admin"
            ]
        );
        for (requester, resource) in [
            ("山田太郎山田太郎", "データベース一号機データベース二号機"),
            ("e\u{301}e\u{301}e\u{301}", "cafe\u{301}"),
            ("somebody-with-a-long-name", &"x".repeat(200)),
            ("👩‍💻 zoë", "🗄️-1"),
            ("a\u{202e}b\u{1b}[2J\tc\n", "d\r\u{200b}e"),
        ] {
            world.request.requester = requester.into();
            world.request.subject.resource = resource.to_owned();
            let line = lines(&world.request, world.now, &TimeZone::UTC).remove(0);
            assert!(line.width() <= WIDE, "{} {line:?}", line.width());
            let what = line.find("credential").expect("the last column");
            assert_eq!(line[..what].width(), WIDE - WHAT, "{line:?}");
            assert!(!line.contains(['\u{202e}', '\u{1b}', '\r', '\t', '\n', '\u{200b}']));
        }
        assert_eq!(fit("データ", 6), "データ");
        assert_eq!(fit("データベ", 6), "デー…");
        assert_eq!(fit("abcdefg", 6), "abcde…");
    }

    /// Goal: an emergency is marked in every list (W25), with whether it was reviewed.
    /// Method: one before its review.
    #[test]
    fn w25_emergencies_are_marked() {
        let mut world = World::filed(terms(vec![step("S", &["ann"], 1, 1)]));
        world.request.emergency = Some(crate::workflow::request::Emergency {
            at: world.now,
            reason: "the primary is\ndown ".repeat(9),
            remind_review_after: jiff::SignedDuration::from_hours(24),
            review: None,
        });
        let said = lines(&world.request, world.now, &TimeZone::UTC);
        assert!(said[1].starts_with("           EMERGENCY, not reviewed: the primary is down"));
        assert!(said[1].width() <= WIDE, "{said:?}");
    }
}
