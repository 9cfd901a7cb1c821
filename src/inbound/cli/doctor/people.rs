//! Whom mail does not reach, and what was held back from whom.

use sqlx::PgConnection;

use super::{How, Line};
use crate::clock::Clock;
use crate::inbound::cli::person::said;
use crate::reach::in_force;
use crate::store::answers::{self, REQUEST_PERIOD, Withheld};
use crate::store::{books, unreachable};

pub(super) async fn look(conn: &mut PgConnection) -> Result<Vec<Line>, sqlx::Error> {
    let book = books::current(conn).await?;
    let marks = in_force(unreachable::standing(conn).await?, &book);
    let mut lines: Vec<Line> = marks
        .iter()
        .map(|mark| {
            let mend = format!(
                "correct the address and apply, or run: countersign person reachable {}",
                mark.person
            );
            Line::not(How::Wrong, "people", said(mark), mend)
        })
        .collect();
    let since = Clock::system().now() - REQUEST_PERIOD;
    lines.extend(
        answers::withheld(conn, since)
            .await?
            .as_ref()
            .map(held_back),
    );
    Ok(lines)
}

fn held_back(withheld: &Withheld) -> Line {
    let persons: Vec<String> = withheld.persons.iter().map(ToString::to_string).collect();
    let said = format!(
        "{} answers were held back in a day from {}: {} used up",
        withheld.count,
        persons.join(", "),
        withheld.quotas.join(", "),
    );
    let mend = "look whether a machine answers there; the numbers are in [limits]";
    Line::not(How::Hint, "answers", said, mend)
}
