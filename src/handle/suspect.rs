//! A token in hands that are not proven to be its owner's.
//!
//! | what came | what follows |
//! |---|---|
//! | a token, from another address than its owner's | it is dead from now on, with the link of the same mail; its owner is told, and asked anew while they can decide; alarm |
//! | tokens of different persons, requests or steps, or one that is not known beside one that is | alarm |
//! | a token whose owner has voted by it, from a sender who is not proven | alarm |
//! | a token, proven to be its owner's, who may not decide any more | the refusal is answered as ever; alarm |
//! | a token, from a sender who is ambiguous, refused by their domain, or forged | alarm |
//! | more than [`GUESSES_LET_PASS`] mails within an hour with tokens that nobody was given | alarm, once an hour |
//! | a token, from the right address, and DNS did not say within a day what would prove it | alarm |
//! | a token, from the right address, and nothing proves it | nothing: it may well be its owner, whose domain does not sign |
//!
//! What always holds: nobody who wrote such a mail is answered; what its owner is told goes to the address
//! in the book. Whoever holds a token of another's can end it, which is what should happen to it, and have
//! its owner told at most [`MAX_REISSUED`] times a request.

use sqlx::PgConnection;

use super::{Case, Handler};
use crate::alarm;
use crate::inbound::{Bound, Inbound, Proof, Speaker, Standing, Suspect, Unclear, Words};
use crate::render::SystemFacts;
use crate::store::alarms::{Kind, New};
use crate::store::inbound as ledger;
use crate::store::outbox::enqueue_system;
use crate::store::requests;
use crate::store::tokens::{self, TokenRow};
use crate::token::TokenHash;
use crate::workflow::book::same_address;
use crate::workflow::decide::can_still_approve;
use crate::workflow::ids::{PersonId, RequestId};
use crate::workflow::notice::ask_again;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Channel, State};

/// How often the owner of a token is told of a stranger, and asked anew, for one request.
pub const MAX_REISSUED: i64 = 3;

/// So many mails within an hour may present tokens that nobody was given, before that is an alarm: old ones
/// of another installation, a mail program's mistake.
pub const GUESSES_LET_PASS: u64 = 20;

/// Why nobody is identified.
#[derive(Debug)]
pub(super) struct Nobody {
    /// One sentence.
    pub why: String,
    /// What follows besides, if anything does.
    pub suspect: Option<Box<(Kind, TokenRow)>>,
    /// They present a token that nobody was given.
    pub unknown: bool,
}

impl Nobody {
    /// Nothing follows.
    pub fn plain(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            suspect: None,
            unknown: false,
        }
    }

    /// An alarm of this kind follows.
    pub fn suspect(why: impl Into<String>, kind: Kind, token: &TokenRow) -> Self {
        Self {
            why: why.into(),
            suspect: Some(Box::new((kind, token.clone()))),
            unknown: false,
        }
    }
}

impl Handler {
    /// Looks at a mail that presents tokens and whose sender is not proven. Why an alarm was raised, if
    /// one was, now or before a crash; `key` is the mail's.
    pub async fn suspect(
        &self,
        key: &str,
        suspect: &Suspect,
    ) -> Result<Option<String>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        if let Some(why) = crate::store::alarms::raised_by(&mut tx, key).await? {
            return Ok(Some(why));
        }
        let known = tokens::find(&mut tx, &suspect.presented).await?;
        let (_, versions) = ledger::look(&mut tx, key).await?;
        let inbound = unproven(key, suspect);
        let case = Case {
            handler: self,
            inbound: &inbound,
            book: self.books.get(&mut tx, versions).await?,
            now: self.clock.now(),
        };
        let Some(token) = known.first() else {
            let why = self.guessed(&mut tx, &case).await?;
            if why.is_some() {
                tx.commit().await?;
                self.wake.notify_waiters();
                self.committed.notify_one();
            }
            return Ok(why);
        };
        let Some(nobody) = case.unproven(&mut tx, suspect, token).await? else {
            return Ok(None);
        };
        case.follow(&mut tx, &nobody).await?;
        tx.commit().await?;
        self.wake.notify_waiters();
        self.committed.notify_one();
        Ok(Some(nobody.why))
    }
}

impl Handler {
    /// Whether each mail is from the owner of one of the tokens that it presents, if it is from whom it says:
    /// of any other, no proof could make a decision.
    pub async fn are_owners(
        &self,
        claims: &[(&[TokenHash], &str)],
    ) -> Result<Vec<bool>, sqlx::Error> {
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.pool.acquire().await?;
        let book = self.book(&mut conn).await?;
        let mut owners = Vec::with_capacity(claims.len());
        for (presented, from) in claims {
            let known = tokens::find(&mut conn, presented).await?;
            let is_theirs = |token: &TokenRow| {
                let owner = book.person(&token.person);
                owner.is_some_and(|owner| same_address(&owner.email, from))
            };
            owners.push(known.iter().any(is_theirs));
        }
        Ok(owners)
    }

    /// Counts a mail with a token that nobody was given; why an alarm was raised, if one was. A token has 128
    /// bits and a mail at most a handful, so that none is ever guessed; but whoever tries should be known.
    pub(super) async fn guessed(
        &self,
        conn: &mut PgConnection,
        case: &Case<'_>,
    ) -> Result<Option<String>, sqlx::Error> {
        let Some(count) = self.guesses.came(case.now) else {
            return Ok(None);
        };
        let why = format!("{count} mails within an hour present tokens that nobody was given.");
        let new = New {
            key: &case.inbound.dedupe_key,
            kind: Kind::GuessedTokens,
            request: None,
            person: None,
            why: &why,
        };
        alarm::raise(conn, &new, &case.book, case.now).await?;
        Ok(Some(why))
    }
}

/// The mail as the rest of a case needs it: nobody speaks, and nothing is said.
fn unproven(key: &str, suspect: &Suspect) -> Inbound {
    Inbound {
        channel: Channel::Mail,
        dedupe_key: key.to_owned(),
        speaker: Speaker::Token {
            presented: suspect.presented.clone(),
            from: suspect.from.clone().unwrap_or_default(),
            bound: Bound::Yes,
            arrived: None,
        },
        proof: Proof {
            method: "none".to_owned(),
            details: serde_json::Value::Null,
        },
        words: Words::Unclear(Unclear {
            code: "unproven".to_owned(),
            sentence: suspect.why.clone(),
            wrote: None,
            next: None,
            portuguese: None,
        }),
    }
}

impl Case<'_> {
    /// What a sender who is not proven comes to, with a token that is known.
    async fn unproven(
        &self,
        conn: &mut PgConnection,
        suspect: &Suspect,
        token: &TokenRow,
    ) -> Result<Option<Nobody>, sqlx::Error> {
        let (person, request) = (&token.person, token.request);
        if suspect.standing == Standing::Refused {
            let why = format!(
                "A reply with the token of {person} about {request} is not from who it says: {}",
                suspect.why
            );
            return Ok(Some(Nobody::suspect(why, Kind::SenderRefused, token)));
        }
        let owner = self.book.person(person);
        let theirs = suspect
            .from
            .as_deref()
            .is_some_and(|from| owner.is_some_and(|owner| same_address(&owner.email, from)));
        if !theirs {
            let why = format!(
                "A reply with the token of {person} about {request} is not from their address."
            );
            return Ok(Some(Nobody::suspect(why, Kind::ForeignSender, token)));
        }
        if suspect.standing == Standing::GivenUp {
            let why = format!(
                "A reply from the address of {person}, with their token about {request}, counts for \
                 nothing. {}",
                suspect.why
            );
            return Ok(Some(Nobody::suspect(why, Kind::NeverProven, token)));
        }
        if !tokens::has_voted(conn, token).await? {
            return Ok(None);
        }
        let why = format!(
            "A reply with the token by which {person} has voted on {request} is not proven: {}",
            suspect.why
        );
        Ok(Some(Nobody::suspect(why, Kind::UsedTokenUnproven, token)))
    }

    /// Does what follows from a token in the wrong hands.
    pub(super) async fn follow(
        &self,
        conn: &mut PgConnection,
        nobody: &Nobody,
    ) -> Result<(), sqlx::Error> {
        let Some(suspect) = nobody.suspect.as_deref() else {
            return Ok(());
        };
        let (kind, token) = suspect;
        if *kind == Kind::ForeignSender {
            self.end_token(conn, token).await?;
        }
        let new = New {
            key: &self.inbound.dedupe_key,
            kind: *kind,
            request: Some(token.request),
            person: Some(&token.person),
            why: &nobody.why,
        };
        alarm::raise(conn, &new, &self.book, self.now).await
    }

    /// A proven reply of somebody who must not decide is answered, and an alarm besides: they were asked,
    /// so they lost their right since, or it is their own request.
    pub(super) async fn alarm_if_not_entitled(
        &self,
        conn: &mut PgConnection,
        (person, request): (&PersonId, RequestId),
        refusal: &Refusal,
    ) -> Result<(), sqlx::Error> {
        let not_entitled = matches!(
            refusal,
            Refusal::NotEligible { .. }
                | Refusal::NotRegistered { .. }
                | Refusal::NotActive { .. }
                | Refusal::OwnRequest { .. }
        );
        if self.inbound.channel != Channel::Mail || !not_entitled {
            return Ok(());
        }
        let why = format!(
            "{person} replied to {request} with a token of theirs and may not decide it: {}",
            refusal.code()
        );
        let new = New {
            key: &self.inbound.dedupe_key,
            kind: Kind::NotEntitled,
            request: Some(request),
            person: Some(person),
            why: &why,
        };
        alarm::raise(conn, &new, &self.book, self.now).await
    }

    /// Ends a token and the link beside it, tells its owner, and asks them anew if they can still decide.
    async fn end_token(
        &self,
        conn: &mut PgConnection,
        token: &TokenRow,
    ) -> Result<(), sqlx::Error> {
        let Some(locked) = requests::lock(conn, token.request).await? else {
            return Ok(());
        };
        let ended = tokens::revoke(conn, token, self.now).await?;
        let person = self
            .book
            .person(&token.person)
            .filter(|person| person.active);
        let (Some(person), true) = (person, (1..=MAX_REISSUED).contains(&ended)) else {
            return Ok(());
        };
        let request = locked.request();
        let pending = match request.state_at(self.now) {
            State::Pending { step } => Some(step),
            _ => None,
        };
        let again = pending.filter(|step| {
            can_still_approve(request, &self.book, *step, self.now).contains(&person.id)
        });
        let told = SystemFacts::ForeignAnswer {
            request: request.id,
            again: again.is_some(),
        };
        enqueue_system(conn, &told.into(), person.into(), self.now).await?;
        if let Some(step) = again {
            let ask = ask_again(&person.id, request, &self.book, step);
            self.enqueue(conn, &[ask]).await?;
        }
        Ok(())
    }
}
