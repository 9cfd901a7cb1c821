//! Commands that only look: read as the command line reads, by the same rules of who may see what.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::Timestamp;

use super::super::{Private, Reply};
use super::definition::Slash;
use super::reader::Message;
use super::run::Work;
use super::takes::{Count, Whose};
use super::{buttons, say, show};
use crate::look;
use crate::store::requests::{Listed, Sought};
use crate::workflow::decide::{Sight, sight};
use crate::workflow::ids::{Module, RequestId};
use crate::workflow::refusal::Refusal;

/// How many requests a list has, if nothing is said.
const LISTED: usize = 10;
/// How many of those that wait for a vote: each has a row of buttons, of which a message takes five.
const AWAITED: usize = 5;

impl Work<'_> {
    /// What they may see; the answer, where they may see nothing.
    fn sight(&self) -> Result<Sight, Reply> {
        sight(&self.who.book, self.me()).map_err(|refusal| self.refused(&refusal))
    }

    fn refused(&self, refusal: &Refusal) -> Reply {
        say::refused(refusal, self.reader).into()
    }

    async fn listed(
        &self,
        sought: Sought,
        limit: usize,
        now: Timestamp,
    ) -> Result<Result<Listed, Reply>, sqlx::Error> {
        let sight = match self.sight() {
            Ok(sight) => sight,
            Err(refused) => return Ok(Err(refused)),
        };
        let after = sought.after;
        let sought = look::narrowed(sought, &sight);
        let pool = &self.desk.handler.pool;
        let mut conn = pool.acquire().await?;
        if let Some(refusal) = look::no_module(&mut conn, &sought, &self.who.book).await? {
            return Ok(Err(self.refused(&refusal)));
        }
        drop(conn);
        let listed = look::requests(pool, &sought, limit, (&self.who.book, now)).await?;
        Ok(listed.ok_or_else(|| {
            let request = after.unwrap_or(RequestId(0));
            self.refused(&Refusal::UnknownRequest { request })
        }))
    }
}

/// One request, with what its reader may do with it.
pub(super) async fn show(work: &Work<'_>, id: RequestId) -> Result<Reply, sqlx::Error> {
    let sight = match work.sight() {
        Ok(sight) => sight,
        Err(refused) => return Ok(refused),
    };
    let (book, now) = (&work.who.book, work.here().now);
    let mut conn = work.desk.handler.pool.acquire().await?;
    let Some(request) = look::request(&mut conn, &sight, id, (book, now)).await? else {
        return Ok(work.refused(&Refusal::UnknownRequest { request: id }));
    };
    let text = show::one(&request, work.reader, (book, now));
    let rows = buttons::of_request(&request, work, now);
    let rows = rows.into_iter().collect();
    Ok(Reply::Private(Private { text, rows }))
}

/// Many.
pub(super) async fn list(work: &Work<'_>, slash: Slash) -> Result<Reply, sqlx::Error> {
    let Slash::List {
        whose,
        status,
        access,
        emergency,
        module,
        limit,
        after,
    } = slash
    else {
        return Ok(work.refused(&Refusal::NoDelegation));
    };
    let now = work.here().now;
    let mine = whose != Some(Whose::All);
    let sought = Sought {
        status,
        grant: access,
        emergency,
        requester: mine.then(|| work.me().clone()),
        module: module.map(Module::new),
        after,
        ..Sought::default()
    };
    let limit = limit.map_or(LISTED, |Count(limit)| limit);
    Ok(match work.listed(sought, limit, now).await? {
        Ok(listed) => {
            let again = work.reader.pick("/request list", "/solicitação lista");
            show::many(&listed, work.reader, (&work.who.book, now), again).into()
        }
        Err(refused) => refused,
    })
}

/// What waits for one's vote, each with its buttons.
pub(super) async fn approvals(
    work: &Work<'_>,
    after: Option<RequestId>,
) -> Result<Reply, sqlx::Error> {
    let now = work.here().now;
    let sought = Sought {
        waiting_for: Some(work.me().clone()),
        after,
        ..Sought::default()
    };
    let listed = match work.listed(sought, AWAITED, now).await? {
        Ok(listed) => listed,
        Err(refused) => return Ok(refused),
    };
    if listed.requests.is_empty() {
        let nothing = "Nothing waits for your vote.";
        let nothing = work.reader.pick(nothing, "Nada espera pelo seu voto.");
        return Ok(nothing.to_owned().into());
    }
    let again = work.reader.pick("/approvals", "/aprovações");
    let text = show::many(&listed, work.reader, (&work.who.book, now), again);
    let each = listed.requests.iter();
    let rows = each.filter_map(|request| buttons::of_several(request, work, now));
    let rows = rows.collect();
    Ok(Reply::Private(Private { text, rows }))
}

/// Whose votes are in whose hands.
pub(super) fn delegations(work: &Work<'_>) -> String {
    let book = &work.who.book;
    let theirs = look::delegations(book, work.me(), work.here().now);
    if theirs.is_empty() {
        return work
            .reader
            .pick("No delegation.", "Nenhuma delegação.")
            .to_owned();
    }
    let mut message = Message::default();
    for delegation in &theirs {
        message.line(&format!(
            "- {}",
            say::delegation(delegation, work.reader, book)
        ));
    }
    message.done()
}
