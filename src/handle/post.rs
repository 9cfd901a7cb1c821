//! What a command changes in the posts of a chat: owed in the same transaction (W28).

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::Case;
use crate::store::outbox::{self, Due};
use crate::store::{chat, troubles};
use crate::workflow::ids::PersonId;
use crate::workflow::notice::{Change, Notice};
use crate::workflow::post::{self, Known, Place};

/// That requests are shown in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The service's name in the database.
    pub service: &'static str,
    /// The language of its channels.
    pub locale: String,
}

impl Case<'_> {
    /// Owes the posts that a command makes or changes.
    pub(super) async fn post(
        &self,
        conn: &mut PgConnection,
        change: &Change<'_>,
        notices: &[Notice],
    ) -> Result<(), sqlx::Error> {
        let Some(Posting { service, locale }) = &self.handler.posting else {
            return Ok(());
        };
        let request = change.after.id;
        let mut posts = BTreeMap::new();
        if change.before.is_some() {
            posts = outbox::posts(conn, service, request).await?;
        }
        let accounts = self.accounts(conn, service, (notices, &posts)).await?;
        // What stands with an account that is not theirs any more is not told anything new.
        let stand: BTreeMap<&Place, Uuid> = posts
            .iter()
            .filter(|((place, at), _)| match place {
                Place::Channel(_) => true,
                Place::Direct(person) => accounts.get(person) == Some(at),
            })
            .map(|((place, _), id)| (place, *id))
            .collect();
        let all: Vec<String> = accounts.values().cloned().collect();
        let closed = troubles::closed(conn, service, &all, self.now).await?;
        // Who takes no messages is sent no new one; what they have is changed as everybody's.
        let open = accounts.iter().filter(|(_, at)| !closed.contains(*at));
        let due = post::due(
            change,
            notices,
            Known {
                channel: change.after.terms.notify_channel.as_deref(),
                posts: &stand.keys().map(|place| (*place).clone()).collect(),
                linked: &open.map(|(person, _)| person.clone()).collect(),
            },
        );
        let locale_of = |person: &PersonId| {
            let person = change.book.person(person);
            person.map_or("en", |person| person.locale.as_str())
        };
        let due: Vec<Due<'_>> = due
            .iter()
            .filter_map(|post| {
                Some(Due {
                    id: stand.get(&post.place).copied(),
                    place: &post.place,
                    address: match &post.place {
                        Place::Channel(name) => name,
                        Place::Direct(person) => accounts.get(person)?,
                    },
                    locale: match &post.place {
                        Place::Channel(_) => locale,
                        Place::Direct(person) => locale_of(person),
                    },
                    shown: &post.shown,
                    anew: post.anew,
                })
            })
            .collect();
        outbox::enqueue_posts(conn, (service, request), &due, self.now).await
    }

    /// The accounts of those who are told something or have a post.
    async fn accounts(
        &self,
        conn: &mut PgConnection,
        service: &str,
        (notices, posts): (&[Notice], &BTreeMap<(Place, String), Uuid>),
    ) -> Result<BTreeMap<PersonId, String>, sqlx::Error> {
        let told = notices
            .iter()
            .filter(|notice| post::makes_post(notice.kind));
        let mut people: BTreeSet<&PersonId> = told.map(|notice| &notice.to).collect();
        people.extend(posts.keys().filter_map(|(place, _)| match place {
            Place::Direct(person) => Some(person),
            Place::Channel(_) => None,
        }));
        if people.is_empty() {
            return Ok(BTreeMap::new());
        }
        let people: Vec<&PersonId> = people.into_iter().collect();
        chat::accounts(conn, service, &people, &self.book).await
    }
}
