//! Requests as they are shown to one reader: everything about one, a line for each of many.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::Timestamp;

use super::reader::{Message, Reader, both, name, person};
use crate::outbound::chat::text;
use crate::render::{self, Tongue};
use crate::store::requests::Listed;
use crate::workflow::book::Book;
use crate::workflow::request::{
    Decision, EndCause, ExpiryCause, GrantState, Request, State, Status, Vote,
};

/// The longest justification, comment or reason in an answer, in UTF-16 units.
const MAX_WORDS: usize = 400;
/// The same for what comes with each vote.
const MAX_COMMENT: usize = 120;

/// Everything about one request, as it is at `now`.
pub fn one(request: &Request, reader: &Reader, (book, now): (&Book, Timestamp)) -> String {
    let tongue = reader.tongue;
    let mut message = Message::default();
    let (id, state) = (request.id, stands(request, now, tongue));
    message.line(&format!("**{id}** {state}"));
    if let Some(emergency) = &request.emergency {
        let reason = text::lines(&emergency.reason, MAX_WORDS);
        let since = reader.instant(emergency.at);
        message.line(&both!(
            tongue,
            "🚨 **EMERGENCY** since {since}: {reason}",
            "🚨 **EMERGÊNCIA** desde {since}: {reason}"
        ));
    }
    let who = person(book, &request.requester);
    let (thing, window) = (
        reader.thing(&request.subject),
        reader.window(&request.window),
    );
    message.line(&both!(tongue, "Who: {who}", "Quem: {who}"));
    message.line(&both!(tongue, "What: {thing}", "O quê: {thing}"));
    message.line(&both!(tongue, "When: {window}", "Quando: {window}"));
    if let Some(why) = &request.justification {
        let why = text::lines(why, MAX_WORDS);
        message.line(&both!(tongue, "Why: {why}", "Motivo: {why}"));
    }
    let (policy, filed) = (
        name(&request.terms.policy),
        reader.instant(request.filed_at),
    );
    message.line(&both!(
        tongue,
        "Policy: {policy}; filed {filed}",
        "Política: {policy}; aberta {filed}"
    ));
    if let Some(base) = request.extends {
        message.line(&both!(tongue, "Continues {base}", "Continua {base}"));
    }
    settled(request, reader, (book, now), &mut message);
    steps(request, reader, book, &mut message);
    afterwards(request, reader, book, &mut message);
    if message.cut {
        let more = reader.pick("… and more than fits here.", "… e mais do que cabe aqui.");
        return message.last(more);
    }
    message.done()
}

/// A list with how to go on; `again` is what was typed.
pub fn many(
    listed: &Listed,
    reader: &Reader,
    (book, now): (&Book, Timestamp),
    again: &str,
) -> String {
    if listed.requests.is_empty() {
        return reader
            .pick("No request.", "Nenhuma solicitação.")
            .to_owned();
    }
    let mut message = Message::default();
    let mut last = None;
    for request in &listed.requests {
        if !message.line(&line(request, reader, (book, now))) {
            break;
        }
        last = Some(request.id);
    }
    match last.filter(|_| listed.more || message.cut) {
        None => message.done(),
        Some(last) => message.last(&both!(
            reader.tongue,
            "-# There are more: `{again}` with `after` {last}.",
            "-# Há mais: `{again}` com `depois` {last}.",
        )),
    }
}

/// A request in one line, an emergency marked (W25).
pub(super) fn line(request: &Request, reader: &Reader, (book, now): (&Book, Timestamp)) -> String {
    let (id, state) = (request.id, stands(request, now, reader.tongue));
    let (thing, who) = (
        reader.thing(&request.subject),
        person(book, &request.requester),
    );
    let filed = request.filed_at.as_second();
    let mark = match &request.emergency {
        None => "",
        Some(it) if it.review.is_some() => reader.pick(" 🚨 reviewed", " 🚨 revisada"),
        Some(_) => reader.pick(" 🚨 not reviewed", " 🚨 não revisada"),
    };
    format!("**{id}** {state}{mark} · {thing} · {who} · <t:{filed}:f>")
}

/// Where it stands, in one word or two; what access stands at is said before how the request ended.
pub(super) fn stands(request: &Request, now: Timestamp, tongue: Tongue) -> String {
    let (en, pt) = match (request.grant_state(now), request.status(now)) {
        (Some(GrantState::Scheduled), _) => (
            "approved, access yet to begin",
            "aprovada, acesso por começar",
        ),
        (Some(GrantState::Active), _) => ("access is active", "acesso ativo"),
        (Some(GrantState::Ended), _) => ("access is over", "acesso encerrado"),
        (Some(GrantState::Revoked), _) => ("revoked", "revogada"),
        (Some(GrantState::Returned), _) => ("given back", "devolvida"),
        (None, Status::Open) => ("waits for votes", "à espera de votos"),
        (None, Status::Approved) => ("approved", "aprovada"),
        (None, Status::Rejected) => ("rejected", "reprovada"),
        (None, Status::Withdrawn) => ("withdrawn", "retirada"),
        (None, Status::Expired) => ("expired", "expirada"),
    };
    both!(tongue, "{en}", "{pt}")
}

/// How long it may still be decided, or how it ended.
fn settled(
    request: &Request,
    reader: &Reader,
    (book, now): (&Book, Timestamp),
    message: &mut Message,
) {
    let tongue = reader.tongue;
    let words = match request.state_at(now) {
        State::Pending { step } => {
            let (step, of) = (step + 1, request.terms.steps.len());
            let until = reader.instant(request.pending_until);
            both!(
                tongue,
                "Step {step} of {of}; decided by {until}",
                "Etapa {step} de {of}; decidida até {until}"
            )
        }
        State::Approved { at, grant } => {
            let (at, start, end) = (
                reader.instant(at),
                reader.instant(grant.start),
                reader.instant(grant.end),
            );
            both!(
                tongue,
                "Approved {at}; access from {start} until {end}",
                "Aprovada {at}; acesso de {start} até {end}",
            )
        }
        State::Withdrawn { at, reason } => {
            let (at, reason) = (reader.instant(at), text::lines(&reason, MAX_WORDS));
            both!(
                tongue,
                "Withdrawn {at}: {reason}",
                "Retirada {at}: {reason}"
            )
        }
        State::Rejected { at, cut, .. } => {
            let at = reader.instant(at);
            match cut.map(|cut| (person(book, &cut.by), cut.base)) {
                None => both!(tongue, "Rejected {at}", "Reprovada {at}"),
                Some((by, base)) => both!(
                    tongue,
                    "Rejected {at}: {by} revoked {base}",
                    "Reprovada {at}: {by} revogou {base}"
                ),
            }
        }
        State::Expired { at, cause } => {
            let at = reader.instant(at);
            let why = match cause {
                ExpiryCause::PendingTooLong => {
                    reader.pick("nobody decided in time", "ninguém decidiu a tempo")
                }
                ExpiryCause::WindowOver => reader.pick("its window was over", "o período terminou"),
            };
            both!(tongue, "Expired {at}: {why}", "Expirou {at}: {why}")
        }
    };
    message.line(&words);
}

fn steps(request: &Request, reader: &Reader, book: &Book, message: &mut Message) {
    for (index, step) in request.terms.steps.iter().enumerate() {
        let given = request.votes_on(index, Decision::Approve).count();
        let (number, title, needed) = (index + 1, name(&step.name), step.approvals);
        message.line(&both!(
            reader.tongue,
            "{number}\\. **{title}**: {given} of {needed} approvals",
            "{number}\\. **{title}**: {given} de {needed} aprovações",
        ));
        for vote in request.votes.iter().filter(|vote| vote.step == index) {
            message.line(&format!("- {}", cast(vote, reader, book)));
        }
    }
}

fn cast(vote: &Vote, reader: &Reader, book: &Book) -> String {
    let who = person(book, &vote.person);
    let behalf = vote.on_behalf_of.as_ref().map_or_else(String::new, |from| {
        let from = person(book, from);
        both!(reader.tongue, " for {from}", " em nome de {from}")
    });
    let did = match vote.decision {
        Decision::Approve => reader.pick("approved", "aprovou"),
        Decision::Disapprove => reader.pick("disapproved", "reprovou"),
    };
    let road = render::road(vote.channel, reader.tongue);
    let comment = vote.comment.as_deref();
    let comment = comment.map_or_else(String::new, |words| {
        format!(": {}", text::line(words, MAX_COMMENT))
    });
    format!(
        "{who}{behalf} {did} {road}, <t:{}:f>{comment}",
        vote.at.as_second()
    )
}

/// What sets a request apart after it was decided: an early end, a review.
fn afterwards(request: &Request, reader: &Reader, book: &Book, message: &mut Message) {
    let tongue = reader.tongue;
    if let Some(ending) = &request.ended {
        let (by, at) = (person(book, &ending.by), reader.instant(ending.at));
        let did = match ending.cause {
            EndCause::Revoked => reader.pick("Revoked", "Revogada"),
            EndCause::Returned => reader.pick("Given back", "Devolvida"),
        };
        let why = text::lines(ending.reason.as_deref().unwrap_or("-"), MAX_WORDS);
        message.line(&both!(
            tongue,
            "{did} by {by} {at}: {why}",
            "{did} por {by} {at}: {why}"
        ));
    }
    let Some(emergency) = &request.emergency else {
        return;
    };
    message.line(&match &emergency.review {
        None => reader
            .pick("Nobody has reviewed it yet.", "Ninguém a revisou ainda.")
            .to_owned(),
        Some(review) => {
            let (by, at) = (person(book, &review.by), reader.instant(review.at));
            let found = text::lines(&review.finding, MAX_WORDS);
            both!(
                tongue,
                "Reviewed by {by} {at}: {found}",
                "Revisada por {by} {at}: {found}"
            )
        }
    });
}
