//! Answers: pages, the style sheet, and one answer to whatever is not known.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use sha2::{Digest, Sha256};

use super::form::Fields;
use super::visit::Visit;
use super::{Web, path_of};
use crate::clock::new_id;
use crate::render::{Filled, Page, PageKind, Problem, Said, Sealed};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Decision;

/// The style sheet's text.
const STYLE: &str = include_str!("style.css");
/// Where it is served; what stands for `{name}` changes with the text.
pub const STYLE_ROUTE: &str = "/style/{name}";
/// Browsers keep it for a day.
const STYLE_KEPT: &str = "public, max-age=86400, immutable";

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(STYLE.as_bytes()));
    let name: String = hash.chars().take(12).collect();
    format!("/style/{name}.css")
});

/// The style sheet.
pub async fn style(State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path() != STYLE_PATH.as_str() {
        return notice(&web, &headers, StatusCode::NOT_FOUND, "unknown", "");
    }
    let fields = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, STYLE_KEPT),
    ];
    (fields, STYLE).into_response()
}

/// Whatever is not there.
pub async fn nowhere(State(web): State<Web>, headers: HeaderMap) -> Response {
    notice(&web, &headers, StatusCode::NOT_FOUND, "unknown", "")
}

/// One sentence and what next, in the browser's language as far as we have it; `path` leads back.
pub fn notice(
    web: &Web,
    headers: &HeaderMap,
    status: StatusCode,
    notice: &'static str,
    path: &str,
) -> Response {
    let page = Page {
        notice,
        path: path.to_owned(),
        ..Page::default()
    };
    let locale = wanted_language(headers);
    let mut answer = web.page(status, PageKind::Notice, (&locale, None), page);
    if status == StatusCode::TOO_MANY_REQUESTS {
        let fields = answer.headers_mut();
        fields.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    answer
}

/// The first language that a browser names.
fn wanted_language(headers: &HeaderMap) -> String {
    let wanted = headers.get(header::ACCEPT_LANGUAGE);
    let wanted = wanted.and_then(|value| value.to_str().ok()).unwrap_or("en");
    let first = wanted.split([',', ';']).next().unwrap_or("en").trim();
    first.to_owned()
}

/// What a page says about what was just sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// The fields, to be shown again.
    pub filled: Filled,
    /// What is wrong with them.
    pub problem: Option<Problem>,
    /// Why the workflow refused it.
    pub refused: Option<Refusal>,
}

impl Sent {
    /// Fields with something wrong.
    pub fn wrong(fields: &Fields, problem: Problem) -> Self {
        Self {
            filled: fields.filled(),
            problem: Some(problem),
            refused: None,
        }
    }

    /// Fields that the workflow refused.
    pub fn refused(fields: &Fields, refusal: Refusal) -> Self {
        Self {
            filled: fields.filled(),
            problem: None,
            refused: Some(refusal),
        }
    }
}

impl Web {
    /// A rendered page; a template that fails is the operator's to mend.
    fn page(
        &self,
        status: StatusCode,
        kind: PageKind,
        (locale, about): (&str, Option<&Visit>),
        page: Page,
    ) -> Response {
        let page = Page {
            style: STYLE_PATH.clone(),
            ..page
        };
        let about = about.map(|visit| (visit.facts(), visit.reader()));
        let about = about.as_ref().map(|(facts, reader)| (facts, reader));
        match self.renderer.page(kind, locale, about, page) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// The request's page, with a new form where something can be decided.
    pub fn decide_page(&self, visit: &Visit, status: StatusCode, sent: Sent) -> Response {
        let revision = visit.request.revision;
        let zone = visit.zone();
        let yes = visit.would(Decision::Approve, None, (None, revision));
        // Whether a reason has to come with it is said beside the form.
        let no = visit.would(Decision::Disapprove, Some("-"), (None, revision));
        let locale = visit.person.locale.clone();
        let said = |refusal: &Refusal| Said::of(refusal, &zone, &locale);
        let (others, more_others) = visit.others();
        let page = Page {
            path: path_of(&visit.token),
            form: self.sealed(visit),
            approve: yes.is_ok(),
            disapprove: no.is_ok(),
            closed: yes.as_ref().err().map(said),
            refused: sent.refused.as_ref().map(said),
            problem: sent.problem,
            filled: sent.filled,
            zone: visit.person.zone.clone(),
            others,
            more_others,
            held: visit.is_held(),
            by_link: visit.is_by_link(),
            ..Page::default()
        };
        self.page(status, PageKind::Decide, (&locale, Some(visit)), page)
    }

    /// The page that says a draft back.
    pub fn confirm_page(&self, visit: &Visit, status: StatusCode, page: Page) -> Response {
        let (others, more_others) = visit.others();
        let page = Page {
            path: path_of(&visit.token),
            others,
            more_others,
            ..page
        };
        let locale = visit.person.locale.clone();
        self.page(status, PageKind::Confirm, (&locale, Some(visit)), page)
    }

    /// A new form for this link.
    fn sealed(&self, visit: &Visit) -> Option<Sealed> {
        self.seal_of(visit, new_id())
    }

    /// The seal of a form for this link.
    pub fn seal_of(&self, visit: &Visit, number: uuid::Uuid) -> Option<Sealed> {
        let keys = &self.handler.keys;
        let seal = keys.form_seal(keys.current(), number, &visit.link.hash)?;
        Some(Sealed {
            number: number.to_string(),
            seal: seal.expose().to_owned(),
        })
    }
}

/// After a form: the browser fetches a page, so that a reload sends nothing again.
pub fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}
