//! The page: everybody's mailbox, replies, and new requests, by plain forms on loopback.
//!
//! Whoever can open it is everybody at once: a toy for one person at one machine. So it listens on
//! 127.0.0.1 only, and a request that another site's page made, or that came by another name than that
//! of this machine, is refused. A mail's HTML is shown in a frame without scripts, and nothing is loaded.

mod look;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Form, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use super::company::{Company, PEOPLE, Person, Said, person};
use crate::{Mail, discord};

/// Where it is looked for first.
const PORT: u16 = 8990;
/// How long a sent reply is waited for to be judged, so that the next page shows what came of it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After a verdict, until the answer to it lies in the mailbox: what a delivery takes, generously.
const ANSWER_PATIENCE: Duration = Duration::from_millis(600);
/// The longest reply, in bytes.
const MAX_REPLY: usize = 5_000;
/// Nothing from anywhere; the styles of a mail stand in its elements.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; \
                              form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

#[derive(Clone)]
struct Desk {
    company: Company,
    pages: Arc<Environment<'static>>,
    /// What the last command said.
    last: Arc<Mutex<Option<Said>>>,
    /// Where the page of Discord is.
    chat: Arc<str>,
}

/// Serves it until the future is dropped.
pub async fn serve(company: Company, port: Option<u16>) -> anyhow::Result<()> {
    let listener = match port {
        Some(port) => TcpListener::bind(("127.0.0.1", port))
            .await
            .with_context(|| format!("listen at port {port}"))?,
        None => match TcpListener::bind(("127.0.0.1", PORT)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind(("127.0.0.1", 0)).await?,
        },
    };
    let address = listener.local_addr()?;
    let beside = TcpListener::bind(("127.0.0.1", 0)).await?;
    let chat = format!("http://{}/", beside.local_addr()?);
    let people = company.chat().accounts.clone();
    let discord = discord::page::routes(&company.chat().double, people)?;
    println!(
        "\nIt all still runs. Discord, where one can type, click and fill in forms:  {chat}\n\
         Be one of them:  http://{address}/\nCtrl-C ends it."
    );
    let mails = async {
        axum::serve(listener, routes(company, chat)?)
            .await
            .map_err(anyhow::Error::from)
    };
    let chats = async {
        axum::serve(beside, discord)
            .await
            .map_err(anyhow::Error::from)
    };
    tokio::try_join!(mails, chats)?;
    Ok(())
}

fn routes(company: Company, chat: String) -> anyhow::Result<Router> {
    let desk = Desk {
        company,
        pages: Arc::new(pages()?),
        last: Arc::default(),
        chat: chat.into(),
    };
    Ok(Router::new()
        .route("/", get(home))
        .route("/request", post(file))
        .route("/mailbox/{person}", get(mailbox))
        .route("/mailbox/{person}/{number}", get(mail))
        .route("/mailbox/{person}/{number}/reply", post(reply))
        .fallback(async || Trouble::Missing)
        .layer(from_fn(only_from_here))
        .with_state(desk))
}

fn pages() -> Result<Environment<'static>, minijinja::Error> {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    pages.add_template("base.html", include_str!("page/base.html"))?;
    pages.add_template("judged.html", include_str!("page/judged.html"))?;
    pages.add_template("home.html", include_str!("page/home.html"))?;
    pages.add_template("mailbox.html", include_str!("page/mailbox.html"))?;
    pages.add_template("mail.html", include_str!("page/mail.html"))?;
    Ok(pages)
}

/// Why there is no page.
enum Trouble {
    /// No such person, mail or page.
    Missing,
    /// Another site's page, or another name of this machine.
    Foreign,
    /// Too long.
    TooLong,
    /// Ours.
    Broken(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
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
                format!("A reply has at most {MAX_REPLY} bytes."),
            ),
            Self::Broken(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")),
        };
        (status, text).into_response()
    }
}

/// Refuses what another site made a browser send, and names that were made to point here.
async fn only_from_here(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text_of(headers, header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let from_here = ["127.0.0.1", "localhost"].contains(&name)
        && text_of(headers, header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    if !from_here {
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
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

fn text_of(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

async fn home(State(desk): State<Desk>) -> Result<Html<String>, Trouble> {
    let pool = desk.company.pool();
    let last = desk.last.lock().map_or(None, |last| last.clone());
    let page = desk.pages.get_template("home.html")?.render(context! {
        people => people(&desk.company)?,
        requests => Value::from(Serde(look::requests(pool).await?)),
        grants => Value::from(Serde(look::grants(pool).await?)),
        judged => Value::from(Serde(look::judged(pool).await?)),
        last => Value::from(Serde(last)),
        chat => &*desk.chat,
    })?;
    Ok(Html(page))
}

#[derive(Deserialize)]
struct Wish {
    resource: String,
    account: String,
    length: String,
    reason: String,
}

/// Files a request for Rita, as an operator would on the command line.
async fn file(State(desk): State<Desk>, Form(wish): Form<Wish>) -> Result<Redirect, Trouble> {
    // With `=`, a value that begins with a dash is no option.
    let resource = format!("--resource={}", wish.resource);
    let account = format!("--account={}", wish.account);
    let length = format!("--for={}", wish.length);
    let reason = format!("--reason={}", wish.reason);
    let words = [
        "request",
        "file",
        "--as=rita",
        "--module=credential",
        &resource,
        &account,
        &length,
        &reason,
    ];
    let said = desk.company.runs(&words).await?;
    if let Ok(mut last) = desk.last.lock() {
        *last = Some(said);
    }
    Ok(Redirect::to("/#last"))
}

async fn mailbox(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Html<String>, Trouble> {
    let whose = person(&id).ok_or(Trouble::Missing)?;
    let inbox = desk.company.mailbox(whose.id).inbox()?;
    let mails: Vec<_> = inbox
        .iter()
        .enumerate()
        .rev()
        .map(|(index, mail)| entry(index + 1, mail))
        .collect();
    let page = desk.pages.get_template("mailbox.html")?.render(context! {
        people => people(&desk.company)?,
        person => one(whose, inbox.len()),
        mails => mails,
        judged => Value::from(Serde(look::judged(desk.company.pool()).await?)),
    })?;
    Ok(Html(page))
}

async fn mail(
    State(desk): State<Desk>,
    Path((id, number)): Path<(String, usize)>,
) -> Result<Html<String>, Trouble> {
    let (whose, mail) = find(&desk.company, &id, number)?;
    let page = desk.pages.get_template("mail.html")?.render(context! {
        people => people(&desk.company)?,
        person => one(whose, number),
        mail => entry(number, &mail),
    })?;
    Ok(Html(page))
}

#[derive(Deserialize)]
struct Reply {
    text: String,
    door: String,
}

/// Sends it, waits until it is judged, and shows the mailbox again.
async fn reply(
    State(desk): State<Desk>,
    Path((id, number)): Path<(String, usize)>,
    Form(Reply { text, door }): Form<Reply>,
) -> Result<Redirect, Trouble> {
    let (whose, mail) = find(&desk.company, &id, number)?;
    if text.len() > MAX_REPLY {
        return Err(Trouble::TooLong);
    }
    // A form has CR LF; the mailbox makes its own.
    let text = text.replace("\r\n", "\n");
    let mailbox = desk.company.mailbox(whose.id);
    let pool = desk.company.pool();
    let before = (look::count_judged(pool).await?, mailbox.inbox()?.len());
    if door == "stranger" {
        mailbox.replies_from_outside(&mail, &text).await?;
    } else {
        desk.company.replies(whose.id, &mail, &text).await?;
    }
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && look::count_judged(pool).await? == before.0 {
        sleep(LOOK_EVERY).await;
    }
    let deadline = Instant::now() + ANSWER_PATIENCE;
    while Instant::now() < deadline && mailbox.inbox()?.len() == before.1 {
        sleep(LOOK_EVERY).await;
    }
    Ok(Redirect::to(&format!("/mailbox/{}", whose.id)))
}

/// A mail by its number, from 1 on, the oldest first: nobody takes mails out of these mailboxes.
fn find(company: &Company, id: &str, number: usize) -> Result<(&'static Person, Mail), Trouble> {
    let whose = person(id).ok_or(Trouble::Missing)?;
    let index = number.checked_sub(1).ok_or(Trouble::Missing)?;
    let mail = company.mailbox(whose.id).inbox()?.into_iter().nth(index);
    Ok((whose, mail.ok_or(Trouble::Missing)?))
}

fn people(company: &Company) -> anyhow::Result<Vec<Value>> {
    PEOPLE
        .iter()
        .map(|whose| Ok(one(whose, company.mailbox(whose.id).inbox()?.len())))
        .collect()
}

fn one(whose: &Person, mails: usize) -> Value {
    context! {
        id => whose.id,
        name => whose.name,
        first => whose.name.split(' ').next(),
        part => whose.part,
        place => whose.place,
        mails => mails,
    }
}

fn entry(number: usize, mail: &Mail) -> Value {
    context! {
        number => number,
        subject => mail.subject(),
        from => mail.header("From"),
        to => mail.header("To"),
        date => mail.header("Date"),
        text => mail.text(),
        html => mail.html(),
    }
}
