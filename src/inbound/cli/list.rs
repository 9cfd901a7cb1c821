//! `request list`: reports on requests, as a table, as JSON or as CSV.
//!
//! Whoever asks sees what they may ([`Reader`]): a person what they have to do with, auditors and access
//! admins everything, and so does an operator of this machine who is no person of the book and speaks for
//! none, because they may speak for anybody.

mod csv;
mod table;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::args::List;
use super::office::Office;
use super::print::{self, note, put};
use super::{Failure, when, who};
use crate::command::when::Here;
use crate::config::read::nearest;
use crate::config::{CommandLine, Looking};
use crate::look;
use crate::render::Tongue;
use crate::store::requests::{Listed, Sought};
use crate::workflow::book::Book;
use crate::workflow::decide::{Sight, sight};
use crate::workflow::ids::{Module, PersonId};
use crate::workflow::policy::Glob;
use crate::workflow::request::{GrantState, Request, Status};
pub(super) use table::{fit, padded};

/// Who looks at requests.
pub(super) struct Reader {
    /// `None`: an operator who is nobody in the book.
    pub person: Option<PersonId>,
    /// What they may see.
    pub sight: Sight,
    /// Where they read times.
    pub zone: TimeZone,
}

impl Reader {
    /// Whoever runs the command, or `--as` somebody. Before policies are in force there is nothing to see.
    pub fn of(
        book: Option<&Book>,
        named: Option<&str>,
        rules: &CommandLine,
    ) -> Result<Self, Failure> {
        let user = who::OsUser::present();
        let everything = Self {
            person: None,
            sight: Sight::All,
            zone: TimeZone::UTC,
        };
        let Some(book) = book else {
            return Ok(everything);
        };
        let (person, _) = match who::person(book, &user, named, rules) {
            Err(Failure::Usage(_)) if named.is_none() && rules.operators.contains(&user.name) => {
                return Ok(everything);
            }
            found => found?,
        };
        let zone = who::zone(person);
        let sight = sight(book, &person.id).map_err(|refusal| Failure::refused(&refusal, &zone))?;
        Ok(Self {
            person: Some(person.id.clone()),
            sight,
            zone,
        })
    }

    /// The person whom `option` means.
    fn me(&self, option: &str) -> Result<PersonId, Failure> {
        self.person.clone().ok_or_else(|| {
            Failure::Usage(format!(
                "{option}: you are nobody in the policies in force; mend: add --as PERSON"
            ))
        })
    }
}

/// What is listed, and how its period was understood.
struct Question {
    sought: Sought,
    period: Option<String>,
}

/// Does what `request list` says.
pub(super) async fn run(list: List, looking: &Looking) -> Result<(), Failure> {
    let json = list.output.json;
    let csv = list.csv;
    let limit = usize::try_from(list.limit).unwrap_or(usize::MAX);
    let (listed, reader, period, now) = Office::look(looking, async |office| {
        let book = office.book_if_any().await?;
        let rules = &looking.command_line;
        let reader = Reader::of(book.as_ref(), list.acting.person.as_deref(), rules)?;
        let now = office.clock.now();
        let here = Here {
            now,
            zone: &reader.zone,
            tongue: Tongue::English,
        };
        let Question { sought, period } = question(list, &reader, &here)?;
        if let Some(book) = &book {
            known_module(office, book, &sought).await?;
        }
        let book = book.unwrap_or_default();
        for (option, person) in [
            ("--requester", &sought.requester),
            ("--decided-by", &sought.decided_by),
        ] {
            if let Some(person) = person {
                known(office, &book, option, person).await?;
            }
        }
        let listed = office.requests(&sought, limit, (&book, now)).await?;
        Ok((listed, reader, period, now))
    })
    .await?;
    if json {
        let rows: Vec<Row<'_>> = listed.requests.iter().map(|it| Row::of(it, now)).collect();
        print::json(&rows)?;
    } else if csv {
        csv::print(&listed.requests, now);
    } else {
        table::print(&listed.requests, now, &reader.zone, period.as_deref());
    }
    go_on(&listed, json || csv);
    Ok(())
}

/// Says how to see the rest.
fn go_on(listed: &Listed, programs_read: bool) {
    if let Some(last) = listed.requests.last().filter(|_| listed.more) {
        let line = format!("There are more: the same with --after {}", last.id);
        if programs_read {
            note!("{line}");
        } else {
            put!("{line}");
        }
    }
}

fn question(list: List, reader: &Reader, here: &Here<'_>) -> Result<Question, Failure> {
    let moment = |option: &str, text: Option<String>| {
        text.map(|text| when::moment(here, option, &text).map_err(Failure::Usage))
            .transpose()
    };
    let since = moment("--since", list.since)?;
    let until = moment("--until", list.until)?;
    let period = match (&since, &until) {
        (None, None) => None,
        (Some(since), None) => Some(format!("from {} on", since.said)),
        (None, Some(until)) => Some(format!("before {}", until.said)),
        (Some(since), Some(until)) => {
            Some(format!("from {} on and before {}", since.said, until.said))
        }
    };
    let resource = list.resource.map(|pattern| {
        Glob::new(&pattern).map_err(|error| {
            Failure::Usage(format!(
                "--resource: `{pattern}` is no pattern: {}; mend: write it like 'prod-*'",
                error.kind()
            ))
        })
    });
    let requester = if list.mine {
        Some(reader.me("--mine")?)
    } else {
        list.requester.map(PersonId::new)
    };
    let waiting_for = list
        .waiting_for_me
        .then(|| reader.me("--waiting-for-me"))
        .transpose()?;
    let sought = Sought {
        seen_by: None,
        status: list.status.map(Status::from),
        grant: list.grant.map(GrantState::from),
        emergency: list.emergency.map(Into::into),
        requester,
        decided_by: list.decided_by.map(PersonId::new),
        decision: list.decision.map(Into::into),
        module: list.module.map(Module::new),
        resource: resource.transpose()?,
        since: since.map(|read| read.value),
        until: until.map(|read| read.value),
        waiting_for,
        after: list.after,
    };
    let sought = look::narrowed(sought, &reader.sight);
    Ok(Question { sought, period })
}

/// Fails where neither the policies in force nor the record has ever heard of a person: an empty list would
/// look like an answer.
async fn known(
    office: &Office,
    book: &Book,
    option: &str,
    person: &PersonId,
) -> Result<(), Failure> {
    if book.person(person).is_some() || office.is_named(person).await? {
        return Ok(());
    }
    let near = nearest(person.as_str(), book.people.keys().map(PersonId::as_str));
    let mend = near.map_or_else(
        || "see `countersign policy show`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Failure::Usage(format!(
        "{option}: neither the policies nor any request knows a person `{person}`; mend: {mend}"
    )))
}

/// The same of a module.
async fn known_module(office: &Office, book: &Book, sought: &Sought) -> Result<(), Failure> {
    let mut conn = office.pool.acquire().await?;
    let Some(refusal) = look::no_module(&mut conn, sought, book).await? else {
        return Ok(());
    };
    let sentence = refusal.sentence(&TimeZone::UTC);
    let sentence = sentence.trim_end_matches('.');
    Err(Failure::Usage(format!(
        "--module: {}; mend: {}",
        lowered(sentence),
        lowered(refusal.next().trim_end_matches('.'))
    )))
}

/// With a small letter at its beginning.
fn lowered(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

/// One request of a list, for programs.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    request: &'a Request,
    /// Where it stands now; `state` is what is recorded.
    status: Status,
    /// Where its grant stands now; null unless approved.
    grant_state: Option<GrantState>,
}

impl<'a> Row<'a> {
    fn of(request: &'a Request, now: jiff::Timestamp) -> Self {
        Self {
            request,
            status: request.status(now),
            grant_state: request.grant_state(now),
        }
    }
}
