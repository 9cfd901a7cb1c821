//! Messages as a person reads them: one line each, columns below their names. Ids are whole, because they
//! are typed again.

use jiff::tz::TimeZone;

use super::super::list::{fit, padded};
use super::super::print::put;
use super::super::when::say;
use crate::store::outbox::{DeliveryRow, MAX_LISTED};

/// How wide the columns are, in cells of a terminal; the last one has no end.
const ID: usize = 36;
const STATE: usize = 9;
const KIND: usize = 16;
const REQUEST: usize = 9;
const TO: usize = 16;
const TRIES: usize = 5;
/// How much is shown of what a server said.
const NOTE: usize = 120;

/// Prints the list; says so where it is cut.
pub(super) fn print(rows: &[DeliveryRow]) {
    put!(
        "{}",
        line(["ID", "STATE", "MESSAGE", "REQUEST", "TO", "TRIES", "NOTE"])
    );
    for row in rows {
        let request = row.request.map_or("-".to_owned(), |it| it.to_string());
        put!(
            "{}",
            line([
                &row.id.to_string(),
                &row.state,
                &row.kind,
                &request,
                row.person.as_str(),
                &row.attempts.to_string(),
                &said_of(row),
            ])
        );
    }
    if usize::try_from(MAX_LISTED).is_ok_and(|most| rows.len() >= most) {
        put!("These are the newest {MAX_LISTED}; --request REQUEST lists those of one request.");
    }
}

fn line([id, state, kind, request, to, tries, note]: [&str; 7]) -> String {
    let line = format!(
        "{}  {}  {}  {}  {}  {}  {}",
        padded(id, ID),
        padded(state, STATE),
        padded(kind, KIND),
        padded(request, REQUEST),
        padded(to, TO),
        padded(tries, TRIES),
        fit(note, NOTE)
    );
    line.trim_end().to_owned()
}

/// What there is to say of one beside its state.
fn said_of(row: &DeliveryRow) -> String {
    match (row.state.as_str(), row.digest_at, row.digest) {
        ("waiting", Some(at), _) => {
            format!("until the digest of {}", say(at, &TimeZone::UTC))
        }
        (_, _, Some(digest)) => format!("into the digest {digest}"),
        _ => row.last_error.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: columns stand below their names, whatever is in them, and ids are whole.
    /// Method: an id, a long kind and a name of wide letters.
    #[test]
    fn columns_stand_below_their_names() {
        let head = line(["ID", "STATE", "MESSAGE", "REQUEST", "TO", "TRIES", "NOTE"]);
        let id = "019e0000-0000-7000-8000-000000000000";
        let row = line([
            id,
            "given_up",
            "review_reminder_and_more",
            "R-42",
            "山田太郎山田太郎山田太郎",
            "3",
            "no",
        ]);
        assert!(row.starts_with(id));
        let cells = |line: &str, word: &str| {
            let before = line.split(word).next().unwrap_or_default();
            unicode_width::UnicodeWidthStr::width(before)
        };
        assert_eq!(cells(&head, "REQUEST"), cells(&row, "R-42"));
        assert_eq!(cells(&head, "NOTE"), cells(&row, "no"));
        assert_eq!(cells(&head, "TRIES"), cells(&row, "3      no"));
    }
}
