//! What became of it, in the words of a private answer: English, or Portuguese as written in Brazil.
//!
//! People's own words do not occur here but for names, which are made harmless.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Who;
use crate::command::when::{self, WhenError};
use crate::handle::Answer;
use crate::outbound::chat::text;
use crate::render::{Said, Tongue};
use crate::workflow::event::Event;
use crate::workflow::ids::RequestId;
use crate::workflow::request::{Decision, Vote};

/// Characters of a sentence that quotes what somebody wrote.
const MAX_SENTENCE: usize = 1200;
/// Characters of a name.
const MAX_NAME: usize = 80;

/// One of two texts.
fn in_two<'a>(locale: &str, english: &'a str, portuguese: &'a str) -> &'a str {
    match Tongue::of(locale) {
        Tongue::English => english,
        Tongue::Portuguese => portuguese,
    }
}

/// The language that somebody reads: their own in the book, else their program's.
pub fn locale<'a>(who: Option<&'a Who>, locale: &'a str) -> &'a str {
    who.map_or(locale, |who| who.person.locale.as_str())
}

/// What came of a command.
pub fn answer(answer: &Answer, who: Option<&Who>, of_program: &str, self_link: bool) -> String {
    let locale = locale(who, of_program);
    let zone = who.map_or(TimeZone::UTC, Who::zone);
    match answer {
        Answer::Accepted { request, events } => accepted(*request, events, (&zone, locale)),
        Answer::Delegated { delegations, ended } => {
            let lines = delegations.iter().map(|one| {
                let to = text::line(one.to.as_str(), MAX_NAME);
                let until = when::say::instant(one.until, &zone);
                match (ended, Tongue::of(locale)) {
                    (false, Tongue::English) => format!("{to} votes for you until {until}."),
                    (false, Tongue::Portuguese) => format!("{to} vota por você até {until}."),
                    (true, Tongue::English) => format!("{to} no longer votes for you."),
                    (true, Tongue::Portuguese) => format!("{to} não vota mais por você."),
                }
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Answer::Refused { refusal, .. } => {
            let said = Said::of(refusal, &zone, locale);
            let sentence = text::lines(&said.sentence, MAX_SENTENCE);
            format!("{sentence} {}", text::lines(&said.next, MAX_SENTENCE))
        }
        Answer::Unidentified(_) | Answer::Alarm(_) => not_linked(locale, self_link).to_owned(),
        Answer::Unclear => in_two(
            locale,
            "This was not understood, and nothing was changed.",
            "Isto não foi entendido, e nada mudou.",
        )
        .to_owned(),
        Answer::Duplicate => before(None, who, of_program),
    }
}

/// The same interaction came again.
pub fn before(outcome: Option<&str>, who: Option<&Who>, of_program: &str) -> String {
    let locale = locale(who, of_program);
    match outcome {
        Some("accepted") => in_two(
            locale,
            "This was counted already, once. Details shows how the request stands.",
            "Isto já foi contado, uma vez. Detalhes mostra como está a solicitação.",
        ),
        _ => in_two(
            locale,
            "This was answered already, and changed nothing. Details shows how the request stands.",
            "Isto já foi respondido, e nada mudou. Detalhes mostra como está a solicitação.",
        ),
    }
    .to_owned()
}

/// How an account becomes somebody's.
pub fn not_linked(locale: &str, self_link: bool) -> &'static str {
    if self_link {
        in_two(
            locale,
            "Nothing was done: this account is not linked to anybody here. Type `/link` with your e-mail \
             address; then press again. Until then, decide by the mail that you were sent.",
            "Nada foi feito: esta conta não está vinculada a ninguém aqui. Digite `/link` com o seu \
             endereço de e-mail; depois, pressione de novo. Até lá, decida pelo e-mail que recebeu.",
        )
    } else {
        in_two(
            locale,
            "Nothing was done: this account is not linked to anybody here. Ask the operator of \
             Countersign to link it. Until then, decide by the mail that you were sent.",
            "Nada foi feito: esta conta não está vinculada a ninguém aqui. Peça ao operador do \
             Countersign que a vincule. Até lá, decida pelo e-mail que recebeu.",
        )
    }
}

/// A button, a form or a command that is none of ours.
pub fn unknown_button(who: Option<&Who>, of_program: &str) -> String {
    in_two(
        locale(who, of_program),
        "Nothing was done: this is not known here (any more). Use the newest post, or the mail that you \
         were sent.",
        "Nada foi feito: isto não é (mais) conhecido aqui. Use a mensagem mais nova, ou o e-mail que \
         recebeu.",
    )
    .to_owned()
}

/// The database did not answer.
pub fn broken(locale: &str) -> String {
    in_two(
        locale,
        "Nothing was done: something went wrong on our side. Try again in a minute, or decide by the mail \
         that you were sent.",
        "Nada foi feito: algo deu errado do nosso lado. Tente de novo em um minuto, ou decida pelo e-mail \
         que recebeu.",
    )
    .to_owned()
}

/// A form took too long to be opened.
pub fn again(locale: &str) -> String {
    in_two(
        locale,
        "Nothing was done: this took too long. Press again.",
        "Nada foi feito: isto demorou demais. Pressione de novo.",
    )
    .to_owned()
}

/// Something of Discord's that we cannot read was pressed.
pub fn strange(locale: &str) -> String {
    in_two(
        locale,
        "Nothing was done: this is not understood here. Use the link in your mail, or answer the mail.",
        "Nada foi feito: isto não é entendido aqui. Use o link no seu e-mail, ou responda ao e-mail.",
    )
    .to_owned()
}

/// Times that are not understood; the words for it are English in any language, as in mails.
pub fn no_window(error: &WhenError, locale: &str) -> String {
    let nothing = in_two(locale, "Nothing was done.", "Nada foi feito.");
    let sentence = text::lines(&error.to_string(), MAX_SENTENCE);
    format!(
        "{nothing} {sentence} {}",
        text::lines(&error.next(), MAX_SENTENCE)
    )
}

fn accepted(request: RequestId, events: &[Event], (zone, locale): (&TimeZone, &str)) -> String {
    if events.is_empty() {
        let english = "was filed already; nothing new was filed.";
        let portuguese = "já foi registrada; nada de novo foi registrado.";
        return format!("{request}: {}", in_two(locale, english, portuguese));
    }
    let said = events
        .iter()
        .filter_map(|event| words(event, (zone, Tongue::of(locale))));
    format!("{request}: {}", said.collect::<Vec<_>>().join(" "))
}

/// What an event is to the person who brought it about; `None` where they need not know.
fn words(event: &Event, (zone, tongue): (&TimeZone, Tongue)) -> Option<String> {
    let at = |at: Timestamp| when::say::instant(at, zone);
    Some(match (event, tongue) {
        (Event::Filed(filed), Tongue::English) => format!(
            "filed under the policy “{}”, {}; decided by {}.",
            text::line(&filed.terms.policy, MAX_NAME),
            when::say::window(&filed.window, zone),
            at(filed.pending_until)
        ),
        (Event::Filed(filed), Tongue::Portuguese) => format!(
            "registrada sob a política “{}”, {}; decidida até {}.",
            text::line(&filed.terms.policy, MAX_NAME),
            when::say::window(&filed.window, zone),
            at(filed.pending_until)
        ),
        (Event::Voted { vote }, tongue) => voted(vote, tongue),
        (Event::VoteHeld { .. }, Tongue::English) => {
            "your vote counts once you confirm it by answering the mail that is on its way."
                .to_owned()
        }
        (Event::VoteHeld { .. }, Tongue::Portuguese) => {
            "o seu voto conta assim que você o confirmar respondendo ao e-mail que está a caminho."
                .to_owned()
        }
        (Event::StepCompleted { step, .. }, Tongue::English) => {
            format!("Step {} is complete.", step + 1)
        }
        (Event::StepCompleted { step, .. }, Tongue::Portuguese) => {
            format!("A etapa {} está completa.", step + 1)
        }
        (Event::WindowChanged { window, .. }, Tongue::English) => {
            format!("The window is now: {}.", when::say::window(window, zone))
        }
        (Event::WindowChanged { window, .. }, Tongue::Portuguese) => {
            format!("A janela agora é: {}.", when::say::window(window, zone))
        }
        (Event::Approved { grant, .. }, Tongue::English) => {
            format!(
                "Approved; access from {} until {}.",
                at(grant.start),
                at(grant.end)
            )
        }
        (Event::Approved { grant, .. }, Tongue::Portuguese) => {
            format!(
                "Aprovada; acesso de {} até {}.",
                at(grant.start),
                at(grant.end)
            )
        }
        (Event::EmergencyConfirmed { grant, .. }, Tongue::English) => format!(
            "emergency access until {}; all approvers are told, and one of them reviews it.",
            at(grant.end)
        ),
        (Event::EmergencyConfirmed { grant, .. }, Tongue::Portuguese) => format!(
            "acesso de emergência até {}; todos os aprovadores são avisados, e um deles o revisa.",
            at(grant.end)
        ),
        (event, tongue) => return ended(event, tongue).map(str::to_owned),
    })
}

fn voted(vote: &Vote, tongue: Tongue) -> String {
    let behalf = vote
        .on_behalf_of
        .as_ref()
        .map(|from| text::line(from.as_str(), MAX_NAME));
    let (english, portuguese) = match vote.decision {
        Decision::Approve => ("your approval", "a sua aprovação"),
        Decision::Disapprove => ("your disapproval", "a sua recusa"),
    };
    match (tongue, behalf) {
        (Tongue::English, None) => format!("{english} is recorded."),
        (Tongue::English, Some(from)) => format!("{english} for {from} is recorded."),
        (Tongue::Portuguese, None) => format!("{portuguese} está registrada."),
        (Tongue::Portuguese, Some(from)) => format!("{portuguese} por {from} está registrada."),
    }
}

/// How things end.
fn ended(event: &Event, tongue: Tongue) -> Option<&'static str> {
    let (english, portuguese) = match event {
        Event::Rejected { .. } => ("The request is rejected.", "A solicitação está recusada."),
        Event::Withdrawn { .. } => ("withdrawn.", "retirada."),
        Event::Reviewed { .. } => ("the finding is recorded.", "o parecer está registrado."),
        Event::GrantCut { .. } => ("access is over.", "o acesso terminou."),
        Event::StepReopened { .. } => ("The step is open again.", "A etapa está aberta de novo."),
        Event::Expired { .. } => ("expired.", "expirada."),
        _ => return None,
    };
    Some(match tongue {
        Tongue::English => english,
        Tongue::Portuguese => portuguese,
    })
}
