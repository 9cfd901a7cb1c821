//! What was typed, done: the one place where every command meets what it does.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use serenity::all::CommandInteraction;

use super::super::{Desk, Heard, Reply, Who, link};
use super::definition::Slash;
use super::reader::Reader;
use super::typed::Typed;
use super::{asking, help, say, seeing, whoami};
use crate::command::Command;
use crate::command::when::Here;
use crate::workflow::ids::{PersonId, RequestId};

/// Somebody known, at work.
pub(super) struct Work<'a> {
    pub desk: &'a Desk,
    pub heard: &'a Heard,
    pub who: &'a Who,
    pub reader: &'a Reader,
}

/// What somebody typed, done.
pub async fn typed(
    desk: &Desk,
    heard: &Heard,
    command: &CommandInteraction,
) -> Result<Reply, sqlx::Error> {
    let typed = Typed::of(&command.data);
    let who = desk.who(heard).await?;
    let reader = who.as_ref().map_or_else(
        || Reader::unknown(&heard.locale),
        |who| Reader::of(&who.person),
    );
    let slash = match Slash::read(&typed.path, &typed.given) {
        Ok(slash) => slash,
        Err(misread) => return Ok(say::misread(&misread, &reader).into()),
    };
    let Some(who) = who else {
        return stranger(desk, heard, &reader, slash).await;
    };
    let work = Work {
        desk,
        heard,
        who: &who,
        reader: &reader,
    };
    work.does(slash).await
}

/// Of somebody whose account is nobody's: help and linking are for them too; whatever else they want done
/// is stored as said by nobody known, and whatever they want to see is not shown.
async fn stranger(
    desk: &Desk,
    heard: &Heard,
    reader: &Reader,
    slash: Slash,
) -> Result<Reply, sqlx::Error> {
    let here = Here {
        now: desk.handler.clock.now(),
        zone: &reader.zone,
        tongue: reader.tongue,
    };
    let command = match slash {
        Slash::Help { command } => return Ok(help::answer(command, reader.tongue).into()),
        Slash::Link { email } => return link::asked(desk, heard, &email).await,
        Slash::Unlink {} => return link::ended(desk, heard).await,
        slash => asking::command(slash, &here, heard.key()).ok().flatten(),
    };
    nobody(desk, heard, command.map(|(command, _)| command)).await
}

/// To somebody whose account is nobody's: how it becomes somebody's.
pub(super) async fn nobody(
    desk: &Desk,
    heard: &Heard,
    command: Option<Command>,
) -> Result<Reply, sqlx::Error> {
    if let Some(command) = command {
        let inbound = desk.inbound(heard, command, None);
        // Whoever was linked in this very moment is told what came of it.
        let answer = desk.judges(heard, &inbound).await?;
        return Ok(desk.says(heard, &answer).await.into());
    }
    let said = super::super::say::not_linked(&heard.locale, desk.config.self_link);
    Ok(said.to_owned().into())
}

/// Everything about one request, as far as they may see it: what the button Details shows.
pub async fn details(desk: &Desk, heard: &Heard, request: RequestId) -> Result<Reply, sqlx::Error> {
    let Some(who) = desk.who(heard).await? else {
        return nobody(desk, heard, None).await;
    };
    let reader = Reader::of(&who.person);
    let work = Work {
        desk,
        heard,
        who: &who,
        reader: &reader,
    };
    seeing::show(&work, request).await
}

impl Work<'_> {
    /// Does it.
    async fn does(&self, slash: Slash) -> Result<Reply, sqlx::Error> {
        match slash {
            Slash::Help { command } => Ok(help::answer(command, self.reader.tongue).into()),
            Slash::Whoami {} => Ok(whoami::answer(self).into()),
            Slash::Link { email } => link::asked(self.desk, self.heard, &email).await,
            Slash::Unlink {} => link::ended(self.desk, self.heard).await,
            Slash::Show { request } => seeing::show(self, request).await,
            Slash::List { .. } => seeing::list(self, slash).await,
            Slash::Approvals { after } => seeing::approvals(self, after).await,
            Slash::Delegations {} => Ok(seeing::delegations(self).into()),
            Slash::New { .. } if asking::wants_form(self, &slash) => Ok(asking::form(self, slash)),
            Slash::New { .. }
            | Slash::Emergency { .. }
            | Slash::Withdraw { .. }
            | Slash::Extend { .. }
            | Slash::Return { .. }
            | Slash::Revoke { .. }
            | Slash::Review { .. }
            | Slash::Delegate { .. }
            | Slash::EndDelegation {} => asking::done(self, slash).await,
        }
    }

    /// The person.
    pub fn me(&self) -> &PersonId {
        &self.who.person.id
    }

    /// Now, in their zone.
    pub fn here(&self) -> Here<'_> {
        Here {
            now: self.desk.handler.clock.now(),
            zone: &self.reader.zone,
            tongue: self.reader.tongue,
        }
    }
}
