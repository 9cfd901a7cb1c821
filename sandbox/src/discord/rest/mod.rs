//! REST: one request, one answer.
//!
//! ```text
//! request ─▶ trouble? ─▶ endpoint ─▶ token ─▶ JSON ─▶ rules ─▶ description?
//!                              answer ◀─ description? ◀─ act ◀──────┘
//! ```
//!
//! The rules and the description look at the body alone; `act` looks at the world, and is the first
//! to change it. Every request is written down, with what became of it.

pub(super) mod answer;
mod channel;
mod follow;
mod route;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::check;
use super::fault::{Trouble, met};
use super::id::Id;
use super::refusal::{Problems, Refusal};
use super::shared::Shared;
use super::wire::Line;
use super::world::{Seen, World};
use route::Route;

/// The longest body, in bytes.
const MAX_BODY: usize = 1 << 20;
/// Before every path.
const PREFIX: &str = "/api/v10";
/// The most posts in one list.
const MAX_LISTED: usize = 100;

/// An answer: a status, and JSON where it has any.
type Answer = (u16, Option<Value>);

/// A request, taken apart.
struct Call {
    method: String,
    path: String,
    query: String,
    token: String,
    body: Vec<u8>,
}

/// Answers a request, or breaks the line as a test has asked.
pub async fn serve(shared: Shared, line: Line, request: Request) -> Response {
    let call = match Call::read(request).await {
        Ok(call) => call,
        Err(refusal) => return answer(refusal.status, Some(&refusal.body())),
    };
    let trouble = shared.with(|world| met(&mut world.faults, &call.method, &call.path));
    match trouble {
        Some(Trouble::Limited {
            retry_after,
            global,
        }) => {
            call.note(&shared, 429, None, true);
            return limited(retry_after, global);
        }
        Some(Trouble::Status(status)) => {
            call.note(&shared, status, None, true);
            return plain(status);
        }
        Some(Trouble::Refused { status, code }) => {
            let message = "Refused, as a test asked.".to_owned();
            let body = json!({ "code": code, "message": message });
            call.note(&shared, status, None, true);
            return answer(status, Some(&body));
        }
        Some(Trouble::Reset) => {
            call.note(&shared, 0, None, true);
            return line.break_off().await;
        }
        Some(Trouble::Silence) => {
            call.note(&shared, 0, None, true);
            return std::future::pending().await;
        }
        Some(Trouble::Delayed(delay)) => tokio::time::sleep(delay).await,
        Some(Trouble::AnswerLost) | None => {}
    }
    let (status, body) = call.judge(&shared, &line);
    if trouble == Some(Trouble::AnswerLost) {
        return line.break_off().await;
    }
    answer(status, body.as_ref())
}

impl Call {
    async fn read(request: Request) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let path = path.strip_prefix(PREFIX).ok_or_else(Refusal::no_endpoint)?;
        let token = parts.headers.get(header::AUTHORIZATION);
        let token = token
            .and_then(|token| token.to_str().ok())
            .unwrap_or_default();
        let body = to_bytes(body, MAX_BODY)
            .await
            .map_err(|_| Refusal::no_json())?;
        Ok(Self {
            method: parts.method.to_string(),
            path: path.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            token: token.to_owned(),
            body: body.to_vec(),
        })
    }

    fn json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|_| Refusal::no_json())
    }

    /// Writes it down.
    fn note(&self, shared: &Shared, status: u16, refusal: Option<Refusal>, planned: bool) {
        let seen = Seen {
            method: self.method.clone(),
            path: self.path.clone(),
            body: self.json().unwrap_or_default(),
            status,
            refusal,
            planned,
        };
        shared.with(|world| world.seen.push(seen));
    }

    fn judge(&self, shared: &Shared, line: &Line) -> Answer {
        let route = Route::read(&self.path);
        let outcome = match &route {
            Some(route) => self.serve(shared, route, line),
            None => Err(Refusal::no_endpoint()),
        };
        let (status, body, refusal) = match outcome {
            Ok((status, body)) => (status, body, None),
            Err(refusal) => (refusal.status, Some(refusal.body()), Some(refusal)),
        };
        // What is no endpoint is in no description.
        let described = route.filter(|_| !matches!(status, 401 | 405));
        if let (Some(schema), Some(route)) = (shared.schema(), described) {
            let method = self.method.to_lowercase();
            let shown = body.clone().unwrap_or_default();
            let wrong = schema.answer(route.described(), &method, status, &shown);
            if let Some(wrong) = wrong {
                let wrong = format!("{} {}: {wrong}", self.method, self.path);
                shared.with(|world| world.wrong.push(wrong));
            }
        }
        self.note(shared, status, refusal, false);
        (status, body)
    }

    fn serve(&self, shared: &Shared, route: &Route, line: &Line) -> Result<Answer, Refusal> {
        let ours = shared.read(|world| self.token == format!("Bot {}", world.token));
        if route.asks_for_token() && !ours {
            return Err(Refusal::unauthorized());
        }
        let body = self.json()?;
        rules(&self.method, route, &body)?;
        if let Some(schema) = shared.schema() {
            let method = self.method.to_lowercase();
            let told = ["POST", "PUT", "PATCH"].contains(&self.method.as_str());
            let wrong = schema.request(route.described(), &method, &body);
            if let Some(wrong) = wrong.filter(|_| told) {
                let mut problems = Problems::default();
                problems.add("", "DESCRIPTION", wrong);
                problems.verdict()?;
            }
        }
        shared.with(|world| self.act(world, route, &body, line))
    }

    fn act(
        &self,
        world: &mut World,
        route: &Route,
        body: &Value,
        line: &Line,
    ) -> Result<Answer, Refusal> {
        let found = match (self.method.as_str(), route) {
            ("GET", Route::Gateway) => json!({ "url": line.gateway }),
            ("GET", Route::GatewayBot) => json!({
                "url": line.gateway, "shards": 1, "session_start_limit": {
                    "total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1,
                },
            }),
            ("GET", Route::Me) => me(world),
            ("GET", Route::Application { .. }) => application(world),
            ("GET", Route::Commands { application, guild }) => {
                channel::commands_of(world, *application, *guild)?;
                json!(world.commands)
            }
            ("PUT", Route::Commands { application, guild }) => {
                channel::register(world, *application, *guild, body)?
            }
            ("POST", Route::Callback { id, token }) => {
                answer::first(world, *id, token, body)?;
                return Ok((204, None));
            }
            ("POST", Route::Webhook { application, token }) => {
                follow::post(world, *application, token, body)?
            }
            (
                _,
                Route::Answer {
                    application,
                    token,
                    message,
                },
            ) => {
                let id = follow::find(world, *application, token, *message)?;
                match self.method.as_str() {
                    "GET" => follow::show(world, id)?,
                    "PATCH" => follow::edit(world, id, body)?,
                    "DELETE" => {
                        follow::delete(world, id);
                        return Ok((204, None));
                    }
                    _ => return Err(Refusal::no_method()),
                }
            }
            ("GET", Route::Guild(id)) => guild(world, *id)?,
            ("GET", Route::Channel(room)) => {
                world.room(*room)?;
                world.room_json(*room)
            }
            ("GET", Route::Messages(room)) => channel::list(world, *room, &self.query)?,
            ("POST", Route::Messages(room)) => channel::post(world, *room, body)?,
            ("GET", Route::Message(room, id)) => channel::show(world, *room, *id)?,
            ("PATCH", Route::Message(room, id)) => channel::edit(world, *room, *id, body)?,
            ("DELETE", Route::Message(room, id)) => {
                channel::delete(world, *room, *id)?;
                return Ok((204, None));
            }
            ("POST", Route::Direct) => channel::open_direct(world, body)?,
            _ => return Err(Refusal::no_method()),
        };
        Ok((200, Some(found)))
    }
}

/// The limits of the body, whatever the world is like.
fn rules(method: &str, route: &Route, body: &Value) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    match (method, route) {
        ("PUT", Route::Commands { .. }) => check::check_commands(body, &mut problems),
        ("POST", Route::Messages(_) | Route::Webhook { .. }) => {
            check::check_message(body, "", &mut problems)?;
        }
        ("PATCH", Route::Message(..) | Route::Answer { .. }) => {
            check::check_edit(body, "", &mut problems);
        }
        ("POST", Route::Callback { .. }) => answer::rules(body, &mut problems)?,
        _ => {}
    }
    problems.verdict()
}

fn me(world: &World) -> Value {
    let mut me = world.bot();
    me["mfa_enabled"] = json!(true);
    me["locale"] = json!("en-US");
    me["verified"] = json!(true);
    me["email"] = Value::Null;
    me
}

/// The guild, to its members.
fn guild(world: &World, id: Id) -> Result<Value, Refusal> {
    if id != world.guild || !world.member {
        return Err(Refusal::unknown_guild());
    }
    let mut guild = super::gateway::event::guild(world);
    let more = json!({
        "home_header": null, "region": "deprecated", "widget_enabled": false,
        "widget_channel_id": null, "max_presences": null, "max_members": 500_000,
        "max_stage_video_channel_users": 50, "max_video_channel_users": 25,
        "premium_subscription_count": 0, "incidents_data": null,
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        guild[key] = value.clone();
    }
    Ok(guild)
}

fn application(world: &World) -> Value {
    let mut owner = world.bot();
    owner["bot"] = json!(false);
    json!({
        "id": world.application, "name": "Countersign", "icon": null, "description": "",
        "type": null,
        "bot": world.bot(), "bot_public": false, "bot_require_code_grant": false,
        "verify_key": "00",
        "flags": 0, "flags_new": "0", "redirect_uris": [], "interactions_endpoint_url": null,
        "role_connections_verification_url": null, "owner": owner, "approximate_guild_count": 1,
        "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0, "team": null, "eligible_oauth2_scopes": [], "summary": "",
    })
}

fn answer(status: u16, body: Option<&Value>) -> Response {
    let mut response = Response::new(
        body.as_ref()
            .map_or_else(Body::empty, |body| Body::from(body.to_string())),
    );
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    if body.is_some() {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    for (name, value) in [
        ("x-ratelimit-limit", "50"),
        ("x-ratelimit-remaining", "49"),
        ("x-ratelimit-reset-after", "1.000"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

fn limited(retry_after: Duration, global: bool) -> Response {
    let seconds = retry_after.as_secs_f64();
    let body = json!({
        "message": "You are being rate limited.", "retry_after": seconds, "global": global,
        "code": 0,
    });
    let mut response = answer(429, Some(&body));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("{seconds:.3}")) {
        headers.insert(header::RETRY_AFTER, value.clone());
        headers.insert("x-ratelimit-reset-after", value);
    }
    headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
    let scope = if global { "global" } else { "user" };
    headers.insert("x-ratelimit-scope", HeaderValue::from_static(scope));
    if global {
        headers.insert("x-ratelimit-global", HeaderValue::from_static("true"));
    }
    response
}

/// What something in front of Discord answers.
fn plain(status: u16) -> Response {
    let mut response = Response::new(Body::from("upstream trouble\n"));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response
}
