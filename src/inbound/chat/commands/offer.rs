//! What is offered while a command is being typed: what this person may ask for by the book in force, and
//! the requests that they may look at. Suggestions only: what is sent is checked again, whatever it is.
//!
//! A policy names resources by patterns. A pattern without a wildcard is offered as it stands; what
//! somebody asked for before, and what they are typing, is offered where a policy fits it. A pattern itself is
//! not offered: it is no name.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;

use serenity::all::CommandInteraction;

use super::super::{Desk, Heard, Reply};
use super::definition::Slash;
use super::reader::Reader;
use super::run::Work;
use super::show;
use super::typed::Typed;
use super::words::Offers;
use crate::look;
use crate::outbound::chat::text;
use crate::store::requests::{Emergencies, Sought};
use crate::workflow::book::{Book, Person, Role};
use crate::workflow::decide::{Sight, sight};
use crate::workflow::ids::{Module, PersonId, RequestId};
use crate::workflow::policy::{Glob, Policy};
use crate::workflow::request::{GrantState, Request, Status, Subject};

/// The most that is offered at once.
pub const MAX_OFFERED: usize = 25;
/// The longest that is offered, in characters.
const MAX_CHARS: usize = 100;
/// The requests of their own that are looked at for what they asked for before.
const MAX_BEFORE: usize = 25;

/// How what is being typed may go on.
pub async fn typing(
    desk: &Desk,
    heard: &Heard,
    command: &CommandInteraction,
) -> Result<Reply, sqlx::Error> {
    let typed = Typed::of(&command.data);
    let nothing = Reply::Choices(Vec::new());
    let Some(offers) = offers(&typed) else {
        return Ok(nothing);
    };
    let Some(who) = desk.who(heard).await? else {
        return Ok(nothing);
    };
    let reader = Reader::of(&who.person);
    let work = Work {
        desk,
        heard,
        who: &who,
        reader: &reader,
    };
    let Ok(sight) = sight(&who.book, work.me()) else {
        return Ok(nothing);
    };
    let choices = match offers {
        Offers::Modules | Offers::Resources | Offers::Accounts => {
            work.things(offers, &typed).await?
        }
        Offers::Approvers if is_approver(&who.person) => {
            approvers(&who.book, work.me(), cursor(&typed))
        }
        // Who has no vote has none to delegate, and need not know who has.
        Offers::Approvers => Vec::new(),
        Offers::Requests
        | Offers::OwnPending
        | Offers::OwnGrants
        | Offers::StandingGrants
        | Offers::Unreviewed => work.requests(offers, &sight, cursor(&typed)).await?,
    };
    Ok(Reply::Choices(choices))
}

/// What the option with the cursor offers.
fn offers(typed: &Typed) -> Option<Offers> {
    let (name, _) = typed.cursor.as_ref()?;
    let spec = Slash::ALL.iter().find(|spec| spec.place.is(&typed.path))?;
    let field = spec.options.iter().find(|field| field.name == name)?;
    field.words.offers
}

fn cursor(typed: &Typed) -> &str {
    typed.cursor.as_ref().map_or("", |(_, text)| text.trim())
}

/// Whether a name may be offered as it stands: it fits, and nothing in it would be hidden.
fn plain(name: &str) -> bool {
    let kept = |text: &str| text.replace(['\\', '\u{200b}'], "");
    let length = name.chars().count();
    (1..=MAX_CHARS).contains(&length) && kept(&text::line(name, 4 * MAX_CHARS)) == kept(name)
}

/// Those that have what was typed in them, in order, without doubles.
pub(super) fn chosen(names: impl Iterator<Item = String>, typed: &str) -> Vec<(String, String)> {
    let typed = typed.to_lowercase();
    let mut seen = BTreeSet::new();
    let fits = |name: &String| plain(name) && name.to_lowercase().contains(&typed);
    names
        .filter(fits)
        .filter(|name| seen.insert(name.clone()))
        .take(MAX_OFFERED)
        .map(|name| (name.clone(), name))
        .collect()
}

/// The name that a pattern is, if it is one.
fn literal(glob: Option<&Glob>) -> Option<String> {
    let text = glob?.as_str();
    (!text.contains(['*', '?', '[', ']', '{', '}', '\\'])).then(|| text.to_owned())
}

impl Work<'_> {
    /// The policies that let them ask for something.
    fn policies(&self) -> impl Iterator<Item = &Policy> {
        let book = &self.who.book;
        let mine = |policy: &&Policy| book.means(&policy.requesters, self.me());
        book.policies.iter().filter(mine)
    }

    async fn things(
        &self,
        offers: Offers,
        typed: &Typed,
    ) -> Result<Vec<(String, String)>, sqlx::Error> {
        let cursor = cursor(typed);
        let module = typed.text("module").map(Module::new);
        let of_module = |policy: &&Policy| {
            module
                .as_ref()
                .is_none_or(|module| policy.modules.contains(module))
        };
        if offers == Offers::Modules {
            let modules = self.policies().flat_map(|policy| &policy.modules);
            let modules: BTreeSet<String> = modules.map(ToString::to_string).collect();
            return Ok(chosen(modules.into_iter(), cursor));
        }
        let resource = typed.text("resource");
        let subject = |before: &Request| match offers {
            Offers::Accounts => before.subject.account.clone(),
            _ => Some(before.subject.resource.clone()),
        };
        let before = self.asked_before(module.clone()).await?;
        let before = before.iter().filter(|it| {
            offers != Offers::Accounts || resource.is_none_or(|name| it.subject.resource == name)
        });
        let covered = |name: &String| {
            self.policies()
                .filter(of_module)
                .any(|policy| match offers {
                    Offers::Accounts => {
                        let fits = |glob: &Glob| resource.is_none_or(|name| glob.matches(name));
                        policy.resource.as_ref().is_none_or(fits)
                            && policy
                                .account
                                .as_ref()
                                .is_none_or(|glob| glob.matches(name))
                    }
                    _ => policy
                        .resource
                        .as_ref()
                        .is_none_or(|glob| glob.matches(name)),
                })
        };
        let literals = self
            .policies()
            .filter(of_module)
            .filter_map(|policy| match offers {
                Offers::Accounts => literal(policy.account.as_ref()),
                _ => literal(policy.resource.as_ref()),
            });
        let written = (!cursor.is_empty()).then(|| cursor.to_owned());
        let names = before.filter_map(subject).chain(literals).chain(written);
        Ok(chosen(names.filter(covered), cursor))
    }

    /// What they asked for before, the newest first.
    async fn asked_before(&self, module: Option<Module>) -> Result<Vec<Request>, sqlx::Error> {
        let sought = Sought {
            requester: Some(self.me().clone()),
            module,
            ..Sought::default()
        };
        let pool = &self.desk.handler.pool;
        let at = (&*self.who.book, self.here().now);
        let listed = look::requests(pool, &sought, MAX_BEFORE, at).await?;
        Ok(listed.unwrap_or_default().requests)
    }

    async fn requests(
        &self,
        offers: Offers,
        sight: &Sight,
        typed: &str,
    ) -> Result<Vec<(String, String)>, sqlx::Error> {
        let (pool, now) = (&self.desk.handler.pool, self.here().now);
        let at = (&*self.who.book, now);
        let mut found = Vec::new();
        if let Ok(id) = typed.parse::<RequestId>() {
            let mut conn = pool.acquire().await?;
            found.extend(look::request(&mut conn, sight, id, at).await?);
        }
        for sought in sought(offers, self.me()) {
            let sought = look::narrowed(sought, sight);
            let listed = look::requests(pool, &sought, MAX_OFFERED, at).await?;
            found.extend(listed.unwrap_or_default().requests);
        }
        let typed = typed.to_lowercase();
        let mut seen = BTreeSet::new();
        let offered = found.iter().filter(|request| seen.insert(request.id));
        let offered = offered.map(|request| {
            let label = label(request, self.reader, at);
            (label, request.id.to_string())
        });
        let offered = offered.filter(|(label, _)| label.to_lowercase().contains(&typed));
        Ok(offered.take(MAX_OFFERED).collect())
    }
}

/// What is looked for.
fn sought(offers: Offers, me: &PersonId) -> Vec<Sought> {
    let mine = Sought {
        requester: Some(me.clone()),
        ..Sought::default()
    };
    let with = |grant: GrantState, base: &Sought| Sought {
        grant: Some(grant),
        ..base.clone()
    };
    let any = Sought::default();
    match offers {
        Offers::OwnPending => vec![Sought {
            status: Some(Status::Open),
            ..mine
        }],
        Offers::OwnGrants => vec![
            with(GrantState::Active, &mine),
            with(GrantState::Scheduled, &mine),
        ],
        Offers::StandingGrants => vec![
            with(GrantState::Active, &any),
            with(GrantState::Scheduled, &any),
        ],
        Offers::Unreviewed => vec![Sought {
            emergency: Some(Emergencies::Unreviewed),
            ..any
        }],
        Offers::Requests
        | Offers::Modules
        | Offers::Resources
        | Offers::Accounts
        | Offers::Approvers => vec![any],
    }
}

/// `R-42 access is active · credential prod-db-1 as admin · Rita`, cut where it is too long.
pub(super) fn label(
    request: &Request,
    reader: &Reader,
    (book, now): (&Book, jiff::Timestamp),
) -> String {
    let Subject {
        module, resource, ..
    } = &request.subject;
    let state = show::stands(request, now, reader.tongue);
    let who = book.name_of(&request.requester);
    let label = format!("{} {state} · {module} {resource} · {who}", request.id);
    let visible = label.chars().filter_map(text::visible);
    let visible = visible.map(|letter| if letter == '\n' { ' ' } else { letter });
    visible.take(MAX_CHARS).collect()
}

/// Whether somebody is registered as approver of anything.
fn is_approver(person: &Person) -> bool {
    person.active && person.has(Role::Approver) && !person.modules.is_empty()
}

/// Registered approvers other than oneself.
fn approvers(book: &Book, me: &PersonId, typed: &str) -> Vec<(String, String)> {
    let typed = typed.to_lowercase();
    let others = book.people.values();
    let others = others.filter(|person| person.id != *me && is_approver(person));
    let named = others.map(|person| {
        (
            format!("{} ({})", person.name, person.id),
            person.id.to_string(),
        )
    });
    let fits = |(label, id): &(String, String)| {
        plain(label) && plain(id) && label.to_lowercase().contains(&typed)
    };
    named.filter(fits).take(MAX_OFFERED).collect()
}
