//! `/d/TOKEN/DRAFT`: what is about to be decided is said back, and counts once it is confirmed.

use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use uuid::Uuid;

use super::form::{Confirmation, Fields, digits, problem};
use super::visit::Visit;
use super::{Proven, TRIES_MAX, Web, cookie, key, pages, path_of};
use crate::clock::new_id;
use crate::command::when::Here;
use crate::render::{Page, Problem, ToConfirm, Tongue, instant};
use crate::store::inbound as ledger;
use crate::store::web::{self, Draft};
use crate::token::{Token, same};

type Parts = Result<Path<(String, String)>, PathRejection>;

/// `GET` and `HEAD`: changes nothing.
pub async fn show(State(web): State<Web>, path: Parts, headers: HeaderMap) -> Response {
    let (visit, id) = match web.visit_draft(path, &headers).await {
        Ok(visited) => visited,
        Err(answer) => return *answer,
    };
    match web.said_back(&visit, id, &headers).await {
        Ok(answer) => answer,
        Err(error) => web.broken(&headers, &error),
    }
}

/// `POST`: the decision counts, if the code is right or none is needed.
pub async fn confirm(
    State(web): State<Web>,
    path: Parts,
    headers: HeaderMap,
    form: Result<Form<Confirmation>, FormRejection>,
) -> Response {
    let (visit, id) = match web.visit_draft(path, &headers).await {
        Ok(visited) => visited,
        Err(answer) => return *answer,
    };
    let Ok(Form(fields)) = form else {
        let path = path_of(&visit.token);
        return pages::notice(&web, &headers, StatusCode::BAD_REQUEST, "malformed", &path);
    };
    match Box::pin(web.confirmed(visit, id, (&headers, &fields))).await {
        Ok(answer) => answer,
        Err(error) => web.broken(&headers, &error),
    }
}

impl Web {
    /// The visit and the draft's number that a path means.
    async fn visit_draft(
        &self,
        path: Parts,
        headers: &HeaderMap,
    ) -> Result<(Visit, Option<Uuid>), Box<Response>> {
        let (token, id) = path.map(|Path(parts)| parts).unwrap_or_default();
        let visit = self.visit(&token, headers).await?;
        Ok((visit, Uuid::try_parse(&id).ok()))
    }

    async fn said_back(
        &self,
        visit: &Visit,
        id: Option<Uuid>,
        headers: &HeaderMap,
    ) -> Result<Response, sqlx::Error> {
        let mut conn = self.handler.pool.acquire().await?;
        let draft = match self.open_draft(&mut conn, visit, id).await? {
            Ok(draft) => draft,
            Err(answer) => return Ok(answer),
        };
        let proven = self.proven(&mut conn, visit, headers).await?;
        Ok(self.back(visit, &draft, proven.is_none(), None))
    }

    /// A draft that can still be confirmed, or what is said instead.
    async fn open_draft(
        &self,
        conn: &mut sqlx::PgConnection,
        visit: &Visit,
        id: Option<Uuid>,
    ) -> Result<Result<Draft, Response>, sqlx::Error> {
        let path = path_of(&visit.token);
        let found = match id {
            Some(id) => web::find(conn, id, visit.link.hash, visit.now).await?,
            None => None,
        };
        let none = HeaderMap::new();
        let Some(draft) = found else {
            let answer = pages::notice(self, &none, StatusCode::GONE, "draft-over", &path);
            return Ok(Err(answer));
        };
        if ledger::outcome(conn, &key(&draft)).await?.is_some() {
            return Ok(Err(pages::see(&path)));
        }
        if draft.tries >= TRIES_MAX {
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Ok(Err(pages::notice(self, &none, status, "tries-over", &path)));
        }
        Ok(Ok(draft))
    }

    /// The page that says it back.
    fn back(&self, visit: &Visit, draft: &Draft, asks: bool, problem: Option<Problem>) -> Response {
        let zone = visit.zone();
        let here = Here {
            now: visit.now,
            zone: &zone,
            tongue: Tongue::of(&visit.person.locale),
        };
        let window = draft.sets.as_deref().map(|words| here.any_window(words));
        let reaches = window.is_some_and(|read| {
            read.is_ok_and(|read| !read.value.lies_inside(&visit.request.window))
        });
        let address = visit.person.email.as_str();
        let comment = draft.comment.as_deref();
        let to_confirm = ToConfirm {
            sets: draft.sets.clone(),
            reaches,
            until: instant(draft.expires_at, &zone, &visit.person.locale),
            ..ToConfirm::new(draft.decision, comment, asks.then_some(address))
        };
        let status = if problem.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        let page = Page {
            form: self.seal_of(visit, draft.id),
            problem,
            draft: Some(to_confirm),
            ..Page::default()
        };
        self.confirm_page(visit, status, page)
    }

    async fn confirmed(
        &self,
        visit: Visit,
        id: Option<Uuid>,
        (headers, fields): (&HeaderMap, &Confirmation),
    ) -> Result<Response, sqlx::Error> {
        let mut conn = self.handler.pool.acquire().await?;
        let draft = match self.open_draft(&mut conn, &visit, id).await? {
            Ok(draft) => draft,
            Err(answer) => return Ok(answer),
        };
        let ours = Token::parse(&fields.seal).is_some_and(|seal| {
            self.handler
                .keys
                .is_form_seal(&seal, draft.id, &draft.token)
        });
        if !ours {
            return Ok(self.back(&visit, &draft, true, Some(problem("old-form"))));
        }
        let nothing = Fields::default();
        if let Some(proven) = self.proven(&mut conn, &visit, headers).await? {
            drop(conn);
            return self.count(visit, &draft, (proven, &nothing)).await;
        }
        if !web::count_try(&mut conn, draft.id, TRIES_MAX).await? || !self.is_code(&draft, fields) {
            let left = (TRIES_MAX - draft.tries - 1).max(0);
            let wrong = Problem {
                left: Some(left),
                ..problem("wrong-code")
            };
            let path = path_of(&visit.token);
            return Ok(if left == 0 {
                let status = StatusCode::TOO_MANY_REQUESTS;
                pages::notice(self, headers, status, "tries-over", &path)
            } else {
                self.back(&visit, &draft, true, Some(wrong))
            });
        }
        // A new secret for every code that was shown: one that was there before may be somebody else's.
        let browser = self.handler.keys.browser_token(new_id());
        if let Some(browser) = &browser {
            let until = visit.now.saturating_add(self.config.remember);
            let times = (visit.now, until.unwrap_or(visit.now));
            web::remember(&mut conn, browser.hash(), &visit.person.id, times).await?;
        }
        drop(conn);
        let mut answer = self.count(visit, &draft, (Proven::Code, &nothing)).await?;
        let set = browser
            .and_then(|browser| cookie::set(&browser, self.config.remember, self.config.https));
        if let Some(set) = set {
            answer.headers_mut().insert(header::SET_COOKIE, set);
        }
        Ok(answer)
    }

    /// Whether the code is the draft's, in constant time.
    fn is_code(&self, draft: &Draft, fields: &Confirmation) -> bool {
        let key_id = draft.key_id.as_deref();
        let code = key_id.and_then(|key_id| self.handler.keys.code(key_id, draft.id));
        code.is_some_and(|code| same(code.as_bytes(), digits(&fields.code).as_bytes()))
    }
}
