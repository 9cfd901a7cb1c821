//! The page: a channel and direct messages much as Discord shows them, for a person to take part.
//!
//! Whoever can open it is everybody at once, as with the page of the demo; it listens on loopback
//! only, and takes requests from itself only. It works with forms; a small script of its own fills
//! in what the bot offers while somebody types, and shows what is new.

mod filling;
mod markup;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Deserialize;
use tokio::time::timeout;

use super::asked::Asked;
use super::channel::Channel;
use super::id::Id;
use super::interaction::First;
use super::person::Person;
use super::post::Post;
use super::{Double, world};

/// How long Discord's own program waits for a first answer before it says that there was none.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the script's question for news stays open.
const NEWS_PATIENCE: Duration = Duration::from_secs(20);
/// The longest text of a form, in bytes.
const MAX_TEXT: usize = 20_000;
/// Nothing from anywhere but the page's own script.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; \
                              connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
                              base-uri 'none'";

#[derive(Clone)]
struct Desk {
    double: Double,
    people: Vec<Person>,
    pages: Arc<Environment<'static>>,
}

/// The page's routes, for these people.
pub fn routes(double: &Double, people: Vec<Person>) -> anyhow::Result<Router> {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    pages.add_template("base.html", include_str!("base.html"))?;
    pages.add_template("room.html", include_str!("room.html"))?;
    pages.add_template("modal.html", include_str!("modal.html"))?;
    let desk = Desk {
        double: double.clone(),
        people,
        pages: Arc::new(pages),
    };
    Ok(Router::new()
        .route("/", get(first))
        .route("/script.js", get(script))
        .route("/news", get(news))
        .route("/{person}/{room}", get(room))
        .route("/{person}/{room}/write", post(write))
        .route("/{person}/{room}/send", post(send))
        .route("/{person}/{room}/offers", get(offers))
        .route("/{person}/{room}/click", post(click))
        .route("/{person}/{room}/choose", post(choose))
        .route(
            "/{person}/{room}/modal/{asked}",
            get(filling::modal).post(filling::fill),
        )
        .fallback(async || Trouble::Missing)
        .layer(from_fn(only_from_here))
        .with_state(desk))
}

/// Why there is no page.
enum Trouble {
    Missing,
    Foreign,
    TooLong,
    /// Discord's program would not have done it.
    NotDone(anyhow::Error),
    Broken(minijinja::Error),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::NotDone(error)
    }
}

impl From<minijinja::Error> for Trouble {
    fn from(error: minijinja::Error) -> Self {
        Self::Broken(error)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Missing => (StatusCode::NOT_FOUND, "There is no such page.".to_owned()),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "This page takes requests from itself only.".to_owned(),
            ),
            Self::TooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("A text has at most {MAX_TEXT} bytes."),
            ),
            Self::NotDone(error) => (StatusCode::BAD_REQUEST, format!("Not sent: {error:#}")),
            Self::Broken(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
        };
        (status, text).into_response()
    }
}

/// Refuses what another site made a browser send, and names that were made to point here.
async fn only_from_here(request: Request, next: Next) -> Response {
    let text = |headers: &HeaderMap, name: HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let host = text(request.headers(), header::HOST).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host.as_str(), |(name, _)| name);
    let origin = text(request.headers(), header::ORIGIN);
    let own = origin.is_none_or(|origin| origin == format!("http://{host}"));
    if !own || !["127.0.0.1", "localhost"].contains(&name) {
        return Trouble::Foreign.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("script.js"))
}

/// Who looks, and at what.
#[derive(Deserialize, Clone, Copy)]
struct Where {
    person: u64,
    room: u64,
}

impl Desk {
    fn at(&self, at: Where) -> Result<(&Person, Id), Trouble> {
        let mut people = self.people.iter();
        let person = people.find(|person| person.id().get() == at.person);
        let person = person.ok_or(Trouble::Missing)?;
        let room = Id::parse(&at.room.to_string()).ok_or(Trouble::Missing)?;
        let sees = |world: &world::World| view::sees(world, room, person.id());
        let sees = self.double.shared.read(sees);
        sees.then_some((person, room)).ok_or(Trouble::Missing)
    }

    fn post(&self, id: u64) -> Result<Post, Trouble> {
        let id = Id::parse(&id.to_string()).ok_or(Trouble::Missing)?;
        self.double.post(id).ok_or(Trouble::Missing)
    }

    /// Waits as Discord's program does, and goes on to what came of it.
    async fn after(&self, at: Where, asked: &Asked) -> Redirect {
        let path = format!("/{}/{}", at.person, at.room);
        match timeout(PATIENCE, asked.first()).await {
            Ok(Ok(First::Modal(_))) => Redirect::to(&format!("{path}/modal/{}", asked.id())),
            Ok(Ok(_)) => Redirect::to(&path),
            _ => Redirect::to(&format!("{path}?failed=yes")),
        }
    }
}

async fn first(State(desk): State<Desk>) -> Result<Redirect, Trouble> {
    let person = desk.people.first().ok_or(Trouble::Missing)?;
    let (person, room) = (person.id(), desk.double.home().id());
    Ok(Redirect::to(&format!("/{person}/{room}")))
}

#[derive(Deserialize)]
struct Since {
    since: u64,
}

/// Answers when the world has changed since then, with the number of the change.
async fn news(State(desk): State<Desk>, Query(Since { since }): Query<Since>) -> String {
    let shared = &desk.double.shared;
    let _ = timeout(NEWS_PATIENCE, shared.changed_since(since)).await;
    shared.version().to_string()
}

fn frame(desk: &Desk, person: &Person, at: Id) -> Value {
    let people = desk.people.iter().map(|one| {
        context! { id => one.id().to_string(), name => one.name(), here => one.id() == person.id() }
    });
    let rooms = desk
        .double
        .shared
        .read(|world| view::rooms(world, person.id()));
    // Nobody is in another's direct messages.
    let room_name = Channel::new(desk.double.shared.clone(), at).name();
    let direct = room_name.is_empty();
    let shared_room = if direct { desk.double.home().id() } else { at };
    context! {
        people => people.collect::<Vec<_>>(),
        rooms => Value::from(Serde(rooms)),
        person => context! { id => person.id().to_string(), name => person.name() },
        room => at.to_string(),
        shared_room => shared_room.to_string(),
        room_name => room_name,
        version => desk.double.shared.version(),
    }
}

#[derive(Deserialize)]
struct Outcome {
    failed: Option<String>,
}

async fn room(
    State(desk): State<Desk>,
    Path(at): Path<Where>,
    Query(outcome): Query<Outcome>,
) -> Result<Html<String>, Trouble> {
    let (person, room) = desk.at(at)?;
    let frame = frame(&desk, person, room);
    let (posts, commands) = desk.double.shared.read(|world| {
        let posts = view::posts(world, room, person.id());
        (posts, view::commands(world, person.id()))
    });
    let page = desk.pages.get_template("room.html")?.render(context! {
        posts => Value::from(Serde(posts)),
        commands => Value::from(Serde(commands)),
        failed => outcome.failed.is_some(),
        ..frame
    })?;
    Ok(Html(page))
}

type Fields = Form<BTreeMap<String, String>>;

/// The fields that begin so, without what was left empty.
fn given<'a>(fields: &'a BTreeMap<String, String>, prefix: &str) -> Vec<(&'a str, &'a str)> {
    let named = fields.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(prefix)?;
        (!value.is_empty()).then_some((name, value.as_str()))
    });
    named.collect()
}

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Trouble> {
    let value = fields.get(name).ok_or(Trouble::Missing)?;
    if value.len() > MAX_TEXT {
        return Err(Trouble::TooLong);
    }
    Ok(value)
}

async fn write(
    State(desk): State<Desk>,
    Path(at): Path<Where>,
    Form(fields): Fields,
) -> Result<Redirect, Trouble> {
    let (person, room) = desk.at(at)?;
    let channel = Channel::new(desk.double.shared.clone(), room);
    person.writes(&channel, field(&fields, "text")?);
    Ok(Redirect::to(&format!("/{}/{}", at.person, at.room)))
}

async fn send(
    State(desk): State<Desk>,
    Path(at): Path<Where>,
    Form(fields): Fields,
) -> Result<Redirect, Trouble> {
    let (person, room) = desk.at(at)?;
    let channel = Channel::new(desk.double.shared.clone(), room);
    let options = given(&fields, "o.");
    let asked = person.types_in(&channel, field(&fields, "command")?, &options)?;
    Ok(desk.after(at, &asked).await)
}

/// What the bot offers for the option that is being typed.
async fn offers(
    State(desk): State<Desk>,
    Path(at): Path<Where>,
    Query(fields): Query<BTreeMap<String, String>>,
) -> Result<Json<Vec<view::Choice>>, Trouble> {
    let (person, _) = desk.at(at)?;
    let cursor = field(&fields, "cursor")?;
    let mut options = given(&fields, "o.");
    options.retain(|(name, _)| *name != cursor);
    let typed = fields
        .get(&format!("o.{cursor}"))
        .map_or("", String::as_str);
    options.push((cursor, typed));
    let offered = person.is_offered(field(&fields, "command")?, &options);
    let Ok(offered) = timeout(PATIENCE, offered).await else {
        return Ok(Json(Vec::new()));
    };
    let choices = offered?.into_iter().map(|(label, value)| view::Choice {
        label,
        value: value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    });
    Ok(Json(choices.collect()))
}

#[derive(Deserialize)]
struct Click {
    post: u64,
    label: String,
}

async fn click(
    State(desk): State<Desk>,
    Path(at): Path<Where>,
    Form(click): Form<Click>,
) -> Result<Redirect, Trouble> {
    let (person, _) = desk.at(at)?;
    let asked = person.clicks(&desk.post(click.post)?, &click.label)?;
    Ok(desk.after(at, &asked).await)
}

async fn choose(
    State(desk): State<Desk>,
    Path(at): Path<Where>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, Trouble> {
    let (person, _) = desk.at(at)?;
    let all = |name: &str| -> Vec<&str> {
        let named = fields.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    let (posts, menus) = (all("post"), all("menu"));
    let (Some(post), Some(menu)) = (posts.first(), menus.first()) else {
        return Err(Trouble::Missing);
    };
    let post = desk.post(post.parse().map_err(|_| Trouble::Missing)?)?;
    let asked = person.chooses(&post, menu, &all("value"))?;
    Ok(desk.after(at, &asked).await)
}
