//! Who comes by a link, and what they can do: read from the database, never written.

use std::time::Instant;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::limit::Limits;
use super::{Web, pages};
use crate::alarm;
use crate::render::Reader;
use crate::store::alarms::{Kind, New};
use crate::store::requests;
use crate::store::tokens::{self, LinkRow, TokenRow};
use crate::token::{Token, TokenHash};
use crate::workflow::book::{Book, Electorate, Person, same_address};
use crate::workflow::decide::{Action, Actor, Around, Scene, Shown, can_still_approve, decide};
use crate::workflow::notice::Facts;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, Decision, Request, Window};

/// Names of others who may decide that a page shows.
const OTHERS_MAX: usize = 20;

/// A known link, used by whoever may use it.
#[derive(Debug)]
pub struct Visit {
    /// The token itself.
    pub token: Token,
    /// What it stands for.
    pub link: TokenRow,
    /// Whose link it is.
    pub person: Person,
    /// The request as it is now.
    pub request: Request,
    book: Arc<Book>,
    /// When.
    pub now: Timestamp,
}

impl Web {
    /// The limits, held for a moment.
    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The visit that a path means; `Err`: the answer to everybody who may not make one.
    ///
    /// A path of the wrong shape is looked up like any other, so that no answer comes sooner.
    pub async fn visit(&self, text: &str, headers: &HeaderMap) -> Result<Visit, Box<Response>> {
        let token = Token::parse(text);
        let hash = token.as_ref().map_or_else(
            || TokenHash(Sha256::digest(text.as_bytes()).into()),
            Token::hash,
        );
        let notice = |status, notice| {
            let answer = pages::notice(self, headers, status, notice, "");
            Err(Box::new(answer))
        };
        if !self.limits().link(hash.0, Instant::now()) {
            return notice(StatusCode::TOO_MANY_REQUESTS, "busy");
        }
        let found = self.look_up(hash).await;
        let found = found.map_err(|error| Box::new(self.broken(headers, &error)))?;
        let Some((link, request, book)) = found else {
            let told = self.stranger().await;
            told.map_err(|error| Box::new(self.broken(headers, &error)))?;
            return notice(StatusCode::NOT_FOUND, "unknown");
        };
        if link.revoked {
            return notice(StatusCode::GONE, "revoked");
        }
        let now = self.handler.clock.now();
        let person = book.person(&link.token.person).cloned();
        // Whoever reads the mail of an address that was theirs once is not they.
        let person = person.filter(|person| same_address(&person.email, &link.address));
        let person = person.filter(|person| has_part(&request, &book, person, now));
        let (Some(token), Some(person)) = (token, person) else {
            return notice(StatusCode::FORBIDDEN, "gone");
        };
        Ok(Visit {
            token,
            link: link.token,
            person,
            request,
            book,
            now,
        })
    }

    /// Counts a visit with a link that nobody was given, and raises an alarm where there are too many.
    async fn stranger(&self) -> Result<(), sqlx::Error> {
        self.strangers.came(Instant::now());
        let now = self.handler.clock.now();
        let Some(count) = self.unknown.came(now) else {
            return Ok(());
        };
        let new = New {
            key: &format!("link/unknown/{now}"),
            kind: Kind::UnknownLinks,
            request: None,
            person: None,
            why: &format!("{count} visits within an hour came with links that nobody was given."),
        };
        let mut tx = self.handler.pool.begin().await?;
        let book = self.handler.book(&mut tx).await?;
        alarm::raise(&mut tx, &new, &book, now).await?;
        tx.commit().await?;
        self.handler.wake.notify_waiters();
        self.handler.committed.notify_one();
        Ok(())
    }

    async fn look_up(
        &self,
        hash: TokenHash,
    ) -> Result<Option<(LinkRow, Request, Arc<Book>)>, sqlx::Error> {
        let mut conn = self.handler.pool.acquire().await?;
        let Some(link) = tokens::find_link(&mut conn, hash).await? else {
            return Ok(None);
        };
        let request = requests::find(&mut conn, link.token.request).await?;
        let book = self.handler.book(&mut conn).await?;
        Ok(request.map(|request| (link, request, book)))
    }

    /// Whether the present request can be answered from the database, and what is said if not.
    pub fn broken(&self, headers: &HeaderMap, error: &sqlx::Error) -> Response {
        tracing::warn!(error.message = %error, "the page could not be served: {error}");
        pages::notice(self, headers, StatusCode::SERVICE_UNAVAILABLE, "later", "")
    }
}

impl Visit {
    /// The same visit with the request as it is now.
    pub async fn again(self, web: &Web, conn: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let request = requests::find(conn, self.link.request).await?;
        Ok(Self {
            request: request.unwrap_or(self.request),
            book: web.handler.book(conn).await?,
            now: web.handler.clock.now(),
            ..self
        })
    }

    /// What the workflow would say to this vote now; nothing is written.
    pub fn would(
        &self,
        decision: Decision,
        comment: Option<&str>,
        (window, revision): (Option<Window>, u32),
    ) -> Result<(), Refusal> {
        let around = Around::default();
        let scene = Scene {
            request: &self.request,
            book: &self.book,
            around: &around,
            now: self.now,
        };
        let action = Action::Vote {
            decision,
            comment: comment.map(str::to_owned),
            window,
            shown: Some(Shown {
                step: self.link.step,
                revision,
                confirms: None,
            }),
            channel: Channel::Link,
        };
        decide(&scene, &Actor::Person(self.person.id.clone()), &action).map(drop)
    }

    /// What the page shows of the request.
    pub fn facts(&self) -> Facts {
        let own = self.request.vote_of(self.link.step, &self.person.id);
        Facts {
            step: Some(self.link.step),
            // Past its time it is over, whether or not the clock has said so (W18).
            state: self.request.state_at(self.now),
            decision: own.map(|vote| vote.decision),
            ..Facts::of(&self.request, &self.book)
        }
    }

    /// Who reads it.
    pub fn reader(&self) -> Reader {
        Reader {
            id: self.person.id.clone(),
            name: self.person.name.clone(),
            zone: self.person.zone.clone(),
            locale: self.person.locale.clone(),
            reply: None,
            link: None,
        }
    }

    /// The reader's zone.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.person.zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether their vote waits for a confirmation by mail (W30).
    pub fn is_held(&self) -> bool {
        let held = self.request.held.iter();
        held.map(|held| &held.vote)
            .any(|vote| vote.person == self.person.id && vote.step == self.link.step)
    }

    /// Whether their vote was given here.
    pub fn is_by_link(&self) -> bool {
        let own = self.request.vote_of(self.link.step, &self.person.id);
        own.is_some_and(|vote| vote.channel == Channel::Link)
    }

    /// Names of others who may decide the current step, and how many more there are.
    pub fn others(&self) -> (Vec<String>, usize) {
        let open = self.request.state_at(self.now).settled_at().is_none();
        let step = self.request.current_step().filter(|_| open);
        let persons = step.map(|step| can_still_approve(&self.request, &self.book, step, self.now));
        let mut names: Vec<String> = persons
            .into_iter()
            .flatten()
            .filter(|person| **person != self.person.id)
            .map(|person| self.book.name_of(person))
            .collect();
        let more = names.len().saturating_sub(OTHERS_MAX);
        names.truncate(OTHERS_MAX);
        (names, more)
    }
}

/// Whether somebody has a part in a request: they have decided on it, or could. A link of anybody else is
/// dead, and shows nothing.
fn has_part(request: &Request, book: &Book, person: &Person, now: Timestamp) -> bool {
    let electorate = Electorate { request, book, now };
    let voted = request.votes.iter().any(|vote| vote.person == person.id);
    person.active && (voted || electorate.has(&person.id))
}
