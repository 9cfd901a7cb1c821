//! Who speaks: a token's owner writing from their own address, a person whom the channel has proven,
//! the owner of a chat account, or the clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::PgConnection;

use super::Case;
use super::suspect::Nobody;
use crate::inbound::{Bound, Pressed, Speaker};
use crate::render::Tongue;
use crate::store::alarms::Kind;
use crate::store::chat;
use crate::store::tokens::{self, LinkRow, TokenRow};
use crate::store::unreachable::{self, End};
use crate::workflow::book::same_address;
use crate::workflow::decide::{Actor, Shown};
use crate::workflow::ids::{PersonId, RequestId};

/// A speaker who is known.
pub(super) struct Identified {
    pub actor: Actor,
    /// What their token was issued for.
    pub offered: Option<Offered>,
}

impl Identified {
    /// Whether what they sent is about the request that their token was issued for.
    pub(super) fn is_bound(&self, speaker: &Speaker) -> bool {
        match (speaker, &self.offered) {
            (
                Speaker::Token {
                    bound: Bound::Subject(named),
                    ..
                },
                Some(offered),
            ) => *named == Some(offered.request),
            _ => true,
        }
    }
}

/// What a token was issued for.
pub(super) struct Offered {
    pub request: RequestId,
    pub shown: Shown,
    /// When they were asked first by it; unknown for a link or an account.
    pub asked: Option<Timestamp>,
}

impl Case<'_> {
    /// The speaker, or why nobody is identified.
    pub(super) async fn identify(
        &self,
        conn: &mut PgConnection,
    ) -> Result<Result<Identified, Nobody>, sqlx::Error> {
        let (presented, from) = match &self.inbound.speaker {
            Speaker::Clock => {
                return Ok(Ok(Identified {
                    actor: Actor::Clock,
                    offered: None,
                }));
            }
            Speaker::Person(person) => {
                return Ok(Ok(Identified {
                    actor: Actor::Person(person.clone()),
                    offered: None,
                }));
            }
            Speaker::Link { token, revision } => {
                let known = tokens::find_link(conn, *token).await?;
                return Ok(self.visitor(known, *revision).map_err(Nobody::plain));
            }
            Speaker::Account {
                service,
                account,
                shown,
            } => {
                let known = chat::person(conn, service, account, &self.book).await?;
                return Ok(owner_of_account(known, service, *shown));
            }
            Speaker::Token {
                presented, from, ..
            } => (presented, from),
        };
        let known = tokens::find(conn, presented).await?;
        let owner = self.owner(&known, presented.len(), from);
        if let (Ok(_), Some(token)) = (&owner, known.first().filter(|token| token.unreachable)) {
            // Mail reached them: they answer it.
            unreachable::end(conn, &[&token.person], End::Mail, self.now).await?;
        }
        Ok(owner)
    }

    /// Whom the presented tokens belong to, if they say one thing and the mail is from its owner.
    pub(super) fn owner(
        &self,
        known: &[TokenRow],
        presented: usize,
        from: &str,
    ) -> Result<Identified, Nobody> {
        let Some(token) = known.first() else {
            return Err(Nobody {
                unknown: true,
                ..Nobody::plain("its token is not known")
            });
        };
        let same = |other: &TokenRow| {
            (&other.person, other.request, other.step, other.revision)
                == (&token.person, token.request, token.step, token.revision)
        };
        // A token that is not known beside one that is may be a guess: unclear is no.
        if known.len() != presented || !known.iter().all(same) {
            let why = "it carries tokens of different persons, requests or steps";
            return Err(Nobody::suspect(why, Kind::TokensDisagree, token));
        }
        let Some(owner) = self.book.person(&token.person) else {
            let why = format!("its token is of {}, who is not in the book", token.person);
            return Err(Nobody::suspect(why, Kind::NotEntitled, token));
        };
        if !same_address(&owner.email, from) {
            let why = format!(
                "its token is of {}, and it is not from their address",
                token.person
            );
            return Err(Nobody::suspect(why, Kind::ForeignSender, token));
        }
        // A reply names the whole thread; it answers the newest of it.
        let newest = known.iter().max_by_key(|token| token.issued_at);
        let shown = Shown {
            step: token.step,
            revision: token.revision,
            confirms: newest
                .filter(|newest| newest.confirms)
                .map(|newest| newest.issued_at),
        };
        Ok(Identified {
            actor: Actor::Person(token.person.clone()),
            offered: Some(Offered {
                request: token.request,
                shown,
                asked: known.iter().map(|token| token.issued_at).min(),
            }),
        })
    }

    /// Whom a link was mailed to. That it is they who came by it, the page has seen to.
    fn visitor(&self, known: Option<LinkRow>, revision: u32) -> Result<Identified, String> {
        let Some(LinkRow {
            token,
            revoked,
            address,
        }) = known
        else {
            return Err("its link is not known".to_owned());
        };
        if revoked {
            return Err(format!("its link, of {}, was revoked", token.person));
        }
        let Some(person) = self.book.person(&token.person) else {
            return Err(format!(
                "its link is of {}, who is not in the book",
                token.person
            ));
        };
        if !same_address(&person.email, &address) {
            return Err(format!(
                "its link was mailed to an address that {} has no longer",
                token.person
            ));
        }
        let shown = Shown {
            step: token.step,
            revision,
            confirms: None,
        };
        Ok(Identified {
            actor: Actor::Person(token.person),
            offered: Some(Offered {
                request: token.request,
                shown,
                asked: None,
            }),
        })
    }

    /// The language that somebody reads; English for whoever is not in the book.
    pub(super) fn tongue_of(&self, person: &PersonId) -> Tongue {
        let known = self.book.person(person);
        known.map_or(Tongue::English, |known| Tongue::of(&known.locale))
    }

    /// The zone that somebody reads times in; UTC for whoever is not in the book.
    pub(super) fn zone_of(&self, person: &PersonId) -> TimeZone {
        let zone = self.book.person(person).map(|person| person.zone.as_str());
        zone.and_then(|name| TimeZone::get(name).ok())
            .unwrap_or(TimeZone::UTC)
    }
}

/// Whose account it is, as the operator or they themselves have said.
fn owner_of_account(
    known: Option<PersonId>,
    service: &str,
    shown: Option<Pressed>,
) -> Result<Identified, Nobody> {
    let Some(person) = known else {
        let why = format!("its {service} account is nobody's");
        return Err(Nobody::plain(why));
    };
    let offered = shown.map(|shown| Offered {
        request: shown.request,
        shown: Shown {
            step: shown.step,
            revision: shown.revision,
            confirms: None,
        },
        asked: None,
    });
    Ok(Identified {
        actor: Actor::Person(person),
        offered,
    })
}
