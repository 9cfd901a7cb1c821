//! The page behind the link in a mail: another way to say what a reply says.
//!
//! ```text
//! GET  /d/TOKEN          the request as it stands, and a form            (writes nothing)
//! POST /d/TOKEN          the form ─▶ known browser, times as asked ─▶ Inbound ─▶ handle ─▶ 303 /d/TOKEN
//!                                └─▶ else a draft, and a mailed code ─▶ 303 /d/TOKEN/DRAFT
//! GET  /d/TOKEN/DRAFT    the draft said back                              (writes nothing)
//! POST /d/TOKEN/DRAFT    the code ─▶ the browser is known ─▶ Inbound ─▶ handle ─▶ 303 /d/TOKEN
//! ```
//!
//! The link proves that somebody holds a mail of the approver's, and mails are forwarded. So a browser
//! that we do not know has to show a code that is mailed to the approver's own address; it is known then
//! by a cookie, for as long as the operator says. Every decision by link is confirmed by mail (W31).
//!
//! What always holds: whatever is fetched, however often and by whomever, nothing changes ([`visit`] reads
//! and the rest of a GET has no connection). A form is numbered and sealed by us, for one link; the number
//! is the key under which it counts, so that a double click, a reload and a second tab count once. What
//! the approver was shown goes along with their decision (W16). A link that is not known, in whatever way,
//! gets one and the same answer. No token stands in a header, in a log line or in a page of anybody
//! else's; pages load nothing from elsewhere and need no script.
//!
//! What is *not* promised: that a person who lends out both their mail and their mailbox is told from
//! themselves. Behind a reverse proxy all clients have one address, since no header is believed: the
//! limit per client is then one for all, and the proxy's business.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

mod confirm;
mod cookie;
mod decide;
mod form;
mod guard;
mod limit;
mod pages;
mod serve;
mod strangers;
mod visit;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Uri;
use axum::middleware;
use axum::routing::get;

use crate::alarm::burst::Burst;
use crate::command::{Command, Target};
use crate::config;
use crate::handle::Handler;
use crate::inbound::{Inbound, Proof, Speaker, Words};
use crate::render::Renderer;
use crate::store::web::Draft;
use crate::workflow::request::Channel;
use limit::Limits;
use strangers::Strangers;
use visit::Visit;

pub use guard::CSP;
pub use serve::run;

/// The largest form, in bytes: a comment of the longest kind, every character of it percent-encoded.
const BODY_MAX: usize = 128 * 1024;
/// The longest path that is looked at, in bytes; ours have 65.
const PATH_MAX: usize = 256;
/// How long a draft, and the code for it, can be confirmed, in minutes.
const DRAFT_MINUTES: i64 = 30;
/// Codes that are mailed for one link within an hour.
const CODES_PER_HOUR: i64 = 5;
/// Codes that may be tried for one draft: 8 digits are guessed with a chance of 1 in 20 million.
const TRIES_MAX: i32 = 5;

/// So many visits within an hour may come with links that nobody was given, before that is an alarm.
const UNKNOWN_LET_PASS: u64 = 100;

/// What the page works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Web {
    handler: Handler,
    renderer: Arc<Renderer>,
    config: config::Web,
    limits: Arc<Mutex<Limits>>,
    strangers: Arc<Strangers>,
    unknown: Arc<Burst>,
}

/// What proved that it is the approver's browser, as the evidence names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proven {
    /// It showed the code that was mailed to them, now.
    Code,
    /// It did so before.
    Known,
    /// The operator asks for no code: the link is all there is.
    LinkAlone,
}

impl Web {
    /// The page, for this handler's requests.
    pub fn new(handler: Handler, renderer: Arc<Renderer>, config: config::Web) -> Self {
        let limits = Limits::new(config.requests_per_minute);
        Self {
            handler,
            renderer,
            config,
            limits: Arc::new(Mutex::new(limits)),
            strangers: Arc::default(),
            unknown: Arc::new(Burst::over(UNKNOWN_LET_PASS)),
        }
    }

    /// Everything that answers, limits and headers included.
    fn routes(&self) -> Router {
        Router::new()
            .route("/d/{token}", get(decide::show).post(decide::decide))
            .route(
                "/d/{token}/{draft}",
                get(confirm::show).post(confirm::confirm),
            )
            .route(pages::STYLE_ROUTE, get(pages::style))
            .fallback(pages::nowhere)
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .layer(middleware::from_fn_with_state(self.clone(), guard::guard))
            .with_state(self.clone())
    }
}

/// A decision as every channel hands it on. `key` counts once.
fn inbound(visit: &Visit, draft: &Draft, proven: Proven) -> Inbound {
    let browser = match proven {
        Proven::Code => "code",
        Proven::Known => "known",
        Proven::LinkAlone => "link alone",
    };
    let token = data_encoding::HEXLOWER.encode(&visit.link.hash.0);
    let id: String = token.chars().take(16).collect();
    Inbound {
        channel: Channel::Link,
        dedupe_key: key(draft),
        speaker: Speaker::Link {
            token: visit.link.hash,
            revision: draft.revision,
        },
        proof: Proof {
            method: "link".to_owned(),
            details: serde_json::json!({ "token": id, "browser": browser }),
        },
        words: Words::Said(Command::Vote {
            target: Target::Offered,
            decision: draft.decision,
            comment: draft.comment.clone(),
            window: draft.sets.clone(),
        }),
    }
}

/// The key under which a form counts once.
fn key(draft: &Draft) -> String {
    format!("link/{}", draft.id)
}

/// The path of a link, without what hangs below it.
fn path_of(token: &crate::token::Token) -> String {
    format!("/d/{}", token.expose())
}

/// Whether a path is worth looking at.
fn is_short(uri: &Uri) -> bool {
    uri.path().len() <= PATH_MAX && uri.query().is_none_or(|query| query.len() <= PATH_MAX)
}
