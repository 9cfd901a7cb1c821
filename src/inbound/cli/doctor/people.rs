//! Whom mail does not reach, and what was held back from whom.

use sqlx::PgConnection;

use super::{How, Line};
use crate::inbound::cli::person::said;
use crate::reach::in_force;
use crate::store::{books, unreachable};

pub(super) async fn look(conn: &mut PgConnection) -> Result<Vec<Line>, sqlx::Error> {
    let book = books::current(conn).await?;
    let marks = in_force(unreachable::standing(conn).await?, &book);
    Ok(marks
        .iter()
        .map(|mark| {
            let mend = format!(
                "correct the address and apply, or run: countersign person reachable {}",
                mark.person
            );
            Line::not(How::Wrong, "people", said(mark), mend)
        })
        .collect())
}
