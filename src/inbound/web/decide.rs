//! `/d/TOKEN`: the request, and what the approver says to it.

use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::SignedDuration;
use uuid::Uuid;

use super::form::{Fields, Wish, problem};
use super::pages::{self, Sent, see};
use super::visit::Visit;
use super::{CODES_PER_HOUR, DRAFT_MINUTES, Proven, Web, cookie, inbound, key, path_of};
use crate::command::when::Here;
use crate::handle::Answer;
use crate::render::Tongue;
use crate::store::inbound as ledger;
use crate::store::outbox::{self, CodeMail};
use crate::store::web::{self, Draft};
use crate::workflow::refusal::Refusal;

/// `GET` and `HEAD`: changes nothing.
pub async fn show(
    State(web): State<Web>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    match web.visit(&text(path), &headers).await {
        Ok(visit) => web.decide_page(&visit, StatusCode::OK, Sent::default()),
        Err(answer) => *answer,
    }
}

/// `POST`: decides, or drafts what has to be confirmed first.
pub async fn decide(
    State(web): State<Web>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let visit = match web.visit(&text(path), &headers).await {
        Ok(visit) => visit,
        Err(answer) => return *answer,
    };
    let Ok(Form(fields)) = form else {
        let path = path_of(&visit.token);
        return pages::notice(&web, &headers, StatusCode::BAD_REQUEST, "malformed", &path);
    };
    match Box::pin(web.sent(visit, &headers, &fields)).await {
        Ok(answer) => answer,
        Err(error) => web.broken(&headers, &error),
    }
}

/// The token of a path; what cannot be read as text is no token.
fn text(path: Result<Path<String>, PathRejection>) -> String {
    path.map(|Path(text)| text).unwrap_or_default()
}

impl Web {
    /// What becomes of a form.
    async fn sent(
        &self,
        visit: Visit,
        headers: &HeaderMap,
        fields: &Fields,
    ) -> Result<Response, sqlx::Error> {
        let unwell = StatusCode::UNPROCESSABLE_ENTITY;
        let ours = fields.form().filter(|(number, seal)| {
            let keys = &self.handler.keys;
            keys.is_form_seal(seal, *number, &visit.link.hash)
        });
        let revision = fields.revision.parse::<u32>().ok();
        let Some(((number, _), revision)) = ours.zip(revision) else {
            let sent = Sent::wrong(fields, problem("old-form"));
            return Ok(self.decide_page(&visit, StatusCode::CONFLICT, sent));
        };
        let zone = visit.zone();
        let here = Here {
            now: visit.now,
            zone: &zone,
            tongue: Tongue::of(&visit.person.locale),
        };
        let wish = match fields.wish(&here) {
            Ok(wish) => wish,
            Err(problem) => {
                return Ok(self.decide_page(&visit, unwell, Sent::wrong(fields, problem)));
            }
        };
        let draft = draft(&visit, number, revision, &wish);
        let mut conn = self.handler.pool.acquire().await?;
        if ledger::outcome(&mut conn, &key(&draft)).await?.is_some() {
            return Ok(see(&path_of(&visit.token)));
        }
        let proven = self.proven(&mut conn, &visit, headers).await?;
        drop(conn);
        match proven {
            Some(proven) if wish.window.is_none() => {
                self.count(visit, &draft, (proven, fields)).await
            }
            proven => self.draft(visit, draft, (proven, &wish), fields).await,
        }
    }

    /// What proves the browser, if anything does.
    pub(super) async fn proven(
        &self,
        conn: &mut sqlx::PgConnection,
        visit: &Visit,
        headers: &HeaderMap,
    ) -> Result<Option<Proven>, sqlx::Error> {
        if !self.config.ask_code {
            return Ok(Some(Proven::LinkAlone));
        }
        let Some(browser) = cookie::browser(headers, self.config.https) else {
            return Ok(None);
        };
        let known = web::is_known(conn, browser, &visit.person.id, visit.now).await?;
        Ok(known.then_some(Proven::Known))
    }

    /// Hands a decision on, and says what came of it.
    pub(super) async fn count(
        &self,
        visit: Visit,
        draft: &Draft,
        (proven, fields): (Proven, &Fields),
    ) -> Result<Response, sqlx::Error> {
        let inbound = inbound(&visit, draft, proven);
        let answer = self.handler.handle(&inbound).await?;
        let mut conn = self.handler.pool.acquire().await?;
        let visit = visit.again(self, &mut conn).await?;
        Ok(match answer {
            Answer::Refused { refusal, .. } => {
                let status = status_of(&refusal);
                self.decide_page(&visit, status, Sent::refused(fields, refusal))
            }
            Answer::Unclear => {
                let sent = Sent::wrong(fields, problem("times-unclear"));
                self.decide_page(&visit, StatusCode::UNPROCESSABLE_ENTITY, sent)
            }
            // Revoked meanwhile, and the like: the page says what holds.
            Answer::Accepted { .. }
            | Answer::Duplicate
            | Answer::Delegated { .. }
            | Answer::Unidentified(_)
            | Answer::Alarm(_) => see(&path_of(&visit.token)),
        })
    }

    /// Keeps what has to be confirmed, and mails the code where one is needed. What the workflow would
    /// refuse anyway is said at once.
    async fn draft(
        &self,
        visit: Visit,
        mut draft: Draft,
        (proven, wish): (Option<Proven>, &Wish),
        fields: &Fields,
    ) -> Result<Response, sqlx::Error> {
        let window = wish.window.as_ref().map(|(window, _)| *window);
        let comment = wish.comment.as_deref();
        if let Err(refusal) = visit.would(wish.decision, comment, (window, draft.revision)) {
            let status = status_of(&refusal);
            return Ok(self.decide_page(&visit, status, Sent::refused(fields, refusal)));
        }
        let confirm = format!("{}/{}", path_of(&visit.token), draft.id);
        let mut tx = self.handler.pool.begin().await?;
        let current = self.handler.keys.current().to_owned();
        draft.key_id = proven.is_none().then(|| current.clone());
        if !web::keep(&mut tx, &draft).await? {
            return Ok(see(&confirm));
        }
        if proven.is_none() {
            let hour = SignedDuration::from_hours(1);
            let since = visit.now.saturating_sub(hour).unwrap_or(visit.now);
            // This one counts.
            if web::codes_since(&mut tx, visit.link.hash, since).await? > CODES_PER_HOUR {
                let (status, path) = (StatusCode::TOO_MANY_REQUESTS, path_of(&visit.token));
                let none = HeaderMap::new();
                return Ok(pages::notice(self, &none, status, "codes-over", &path));
            }
            let mail = CodeMail {
                draft: draft.id,
                key_id: current,
                request: visit.request.id,
                thing: visit.request.subject.to_string(),
                decision: draft.decision,
                until: draft.expires_at,
            };
            outbox::enqueue_code(&mut tx, &mail, &visit.person, visit.now).await?;
        }
        tx.commit().await?;
        self.handler.wake.notify_waiters();
        self.handler.committed.notify_one();
        Ok(see(&confirm))
    }
}

fn draft(visit: &Visit, id: Uuid, revision: u32, wish: &Wish) -> Draft {
    let minutes = SignedDuration::from_mins(DRAFT_MINUTES);
    Draft {
        id,
        token: visit.link.hash,
        revision,
        decision: wish.decision,
        comment: wish.comment.clone(),
        sets: wish.window.as_ref().map(|(_, said)| said.clone()),
        key_id: None,
        tries: 0,
        created_at: visit.now,
        expires_at: visit.now.saturating_add(minutes).unwrap_or(visit.now),
    }
}

/// What lacks something can be sent again; what is over, or no longer so, is a conflict.
pub(super) fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::CommentRequired { .. }
        | Refusal::TextTooLong { .. }
        | Refusal::WindowEmpty { .. }
        | Refusal::WindowOver { .. }
        | Refusal::WindowTooLong { .. }
        | Refusal::StartTooFar { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}
