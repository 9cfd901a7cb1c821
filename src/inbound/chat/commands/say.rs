//! What came of a command, in words: what happened, or why nothing did and what to do next.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::reader::{MAX_MESSAGE, Message, Reader, both, name, person};
use super::takes::Misread;
use crate::outbound::chat::text;
use crate::render::Tongue;
use crate::workflow::book::{Book, Delegation};
use crate::workflow::event::{Event, Filed};
use crate::workflow::ids::RequestId;
use crate::workflow::refusal::Refusal;
use crate::workflow::request::{Decision, EndCause, Vote};

/// How the command line says things, and how it is said here: refusals are the same on every road, their
/// next steps name commands.
const TYPED_HERE: &[(&str, &str)] = &[
    (
        "`countersign request list --emergency unreviewed`",
        "/request list",
    ),
    ("`countersign request list`", "/request list"),
    ("`countersign delegate --end`", "/delegate end"),
    ("`countersign delegate --list`", "/delegate list"),
    ("`countersign policy explain`", "countersign policy explain"),
    ("`countersign request show`", "/request show"),
    ("`countersign help`", "/help"),
    (
        "Send DISAPPROVE again with your reason on the same line or the next.",
        "Disapprove again and say why.",
    ),
    (
        "Envie DISAPPROVE de novo, com o seu motivo na mesma linha ou na seguinte.",
        "Reprove de novo e diga por quê.",
    ),
];

/// Whose votes are in whose hands by what was said, or no longer.
pub fn delegated(delegations: &[Delegation], ended: bool, reader: &Reader, book: &Book) -> String {
    let what = if ended {
        reader.pick("Ended", "Encerrado")
    } else {
        reader.pick("Delegated", "Delegado")
    };
    let mut message = Message::default();
    for it in delegations {
        message.line(&format!("{what}: {}.", delegation(it, reader, book)));
    }
    message.done()
}

/// A refusal: its sentence, its next step, its code and rule.
pub fn refused(refusal: &Refusal, reader: &Reader) -> String {
    let known = match reader.tongue {
        Tongue::Portuguese => refusal.in_portuguese(&reader.zone),
        Tongue::English => None,
    };
    let said = known.unwrap_or_else(|| (refusal.sentence(&reader.zone), refusal.next()));
    not_done(&said, (refusal.code(), Some(refusal.rule())), reader)
}

/// Why nothing was done: sentence and next step, and what it is called.
pub fn not_done(
    (sentence, next): &(String, String),
    (code, rule): (&str, Option<&str>),
    reader: &Reader,
) -> String {
    let mut next = next.clone();
    for (there, here) in TYPED_HERE {
        next = next.replace(there, here);
    }
    // `countersign request show R-42` too.
    next = next.replace("`countersign request show ", "`/request show ");
    let what = reader.pick("Not done", "Não foi feito");
    let rule = rule.map_or_else(String::new, |rule| format!(", {rule}"));
    let most = MAX_MESSAGE / 3;
    let mut message = Message::default();
    message.line(&format!("❌ {}", text::lines(sentence, most)));
    message.line(&format!("➡️ {}", text::lines(&next, most)));
    message.last(&format!("-# {what}: {code}{rule}"))
}

/// What was typed is no command.
pub fn misread(misread: &Misread, reader: &Reader) -> String {
    let tongue = reader.tongue;
    let (sentence, next) = match misread {
        Misread::NoSuchCommand { typed } => (
            both!(
                tongue,
                "There is no command `/{typed}` here (any more).",
                "Não existe (mais) o comando `/{typed}` aqui."
            ),
            reader.pick(
                "Type it again: Discord then offers what there is.",
                "Digite de novo: o Discord mostra o que existe.",
            ),
        ),
        Misread::Missing { option } => (
            both!(
                tongue,
                "The option `{option}` is missing.",
                "Falta a opção `{option}`."
            ),
            reader.pick("Type it again with it.", "Digite de novo com ela."),
        ),
        Misread::Unfit { option, wrote } => (
            both!(
                tongue,
                "`{wrote}` is not what the option `{option}` takes.",
                "`{wrote}` não serve para a opção `{option}`."
            ),
            reader.pick(
                "Type it again and choose what is offered.",
                "Digite de novo e escolha o que é oferecido.",
            ),
        ),
        Misread::NoNumber { wrote } => (
            both!(
                tongue,
                "`{wrote}` is no request number.",
                "`{wrote}` não é número de solicitação."
            ),
            reader.pick(
                "Write it like R-42, or choose one that is offered.",
                "Escreva como R-42, ou escolha um que é oferecido.",
            ),
        ),
    };
    not_done(
        &(sentence, next.to_owned()),
        ("not-understood", None),
        reader,
    )
}

/// Whose votes are in whose hands, and when.
pub fn delegation(delegation: &Delegation, reader: &Reader, book: &Book) -> String {
    let from = person(book, &delegation.from);
    let to = person(book, &delegation.to);
    let start = reader.instant(delegation.start);
    let until = reader.instant(delegation.until);
    both!(
        reader.tongue,
        "the votes of {from} to {to}, from {start} until {until}",
        "os votos de {from} a {to}, de {start} até {until}",
    )
}

/// What happened to a request.
pub fn accepted(request: RequestId, events: &[Event], reader: &Reader, book: &Book) -> String {
    if events.is_empty() {
        // The only command that is accepted and changes nothing (W6).
        return both!(
            reader.tongue,
            "**{request}** was filed before; nothing new was filed.",
            "**{request}** já tinha sido aberta; nada novo foi aberto.",
        );
    }
    let mut message = Message::default();
    let told = events
        .iter()
        .filter_map(|event| happened(event, reader, book));
    for (index, words) in told.enumerate() {
        let line = if index == 0 {
            format!("**{request}** {words}")
        } else {
            capital(&words)
        };
        message.line(&line);
    }
    message.done()
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What an event is to whoever brought it about; `None` where the event before it says it all.
fn happened(event: &Event, reader: &Reader, book: &Book) -> Option<String> {
    let tongue = reader.tongue;
    Some(match event {
        Event::Filed(it) => filed(it, reader),
        Event::Voted { vote } => voted(vote, reader, book),
        Event::VoteHeld { .. } => reader
            .pick(
                "your vote counts once you confirm it by answering the mail that is on its way.",
                "seu voto conta quando você o confirmar, respondendo ao e-mail que está a caminho.",
            )
            .to_owned(),
        Event::StepCompleted { step, .. } => {
            let step = step + 1;
            both!(
                tongue,
                "step {step} is complete.",
                "a etapa {step} está concluída."
            )
        }
        Event::StepReopened { step, .. } => {
            let step = step + 1;
            both!(
                tongue,
                "step {step} is open again.",
                "a etapa {step} está aberta de novo."
            )
        }
        Event::WindowChanged { window, voids, .. } => {
            let window = reader.window(window);
            match voids {
                false => both!(
                    tongue,
                    "the window is now {window}.",
                    "o período agora é {window}."
                ),
                true => both!(
                    tongue,
                    "the window is now {window}; other approvals are asked for again.",
                    "o período agora é {window}; as outras aprovações são pedidas de novo.",
                ),
            }
        }
        Event::Approved { grant, .. } => {
            let (start, end) = (reader.instant(grant.start), reader.instant(grant.end));
            both!(
                tongue,
                "approved; access from {start} until {end}.",
                "aprovada; acesso de {start} até {end}.",
            )
        }
        Event::EmergencyConfirmed { grant, .. } => {
            let end = reader.instant(grant.end);
            both!(
                tongue,
                "🚨 emergency access until {end}; all approvers are told, and one of them reviews it.",
                "🚨 acesso de emergência até {end}; todos os aprovadores são avisados, e um deles revisa.",
            )
        }
        Event::Rejected { .. } => reader.pick("rejected.", "reprovada.").to_owned(),
        Event::Withdrawn { .. } => reader.pick("withdrawn.", "retirada.").to_owned(),
        Event::Reviewed { .. } => reader
            .pick("the finding is recorded.", "a conclusão está registrada.")
            .to_owned(),
        Event::GrantCut { ending } => match ending.cause {
            EndCause::Revoked => {
                reader.pick("revoked; access is over.", "revogada; o acesso acabou.")
            }
            EndCause::Returned => {
                reader.pick("given back; access is over.", "devolvida; o acesso acabou.")
            }
        }
        .to_owned(),
        // What only the clock brings about, said by its notices.
        _ => return None,
    })
}

fn filed(filed: &Filed, reader: &Reader) -> String {
    let thing = reader.thing(&filed.subject);
    let window = reader.window(&filed.window);
    let policy = name(&filed.terms.policy);
    let until = reader.instant(filed.pending_until);
    let extends = filed.extends.map_or_else(String::new, |base| {
        both!(
            reader.tongue,
            ", to continue {base}",
            ", para continuar {base}"
        )
    });
    both!(
        reader.tongue,
        "filed: {thing}{extends}.\nUnderstood: {window}.\nUnder the policy {policy}; decided by {until}.",
        "aberta: {thing}{extends}.\nEntendido: {window}.\nPela política {policy}; decidida até {until}.",
    )
}

fn voted(vote: &Vote, reader: &Reader, book: &Book) -> String {
    let behalf = vote.on_behalf_of.as_ref();
    let behalf = behalf.map_or_else(String::new, |from| {
        let from = person(book, from);
        both!(reader.tongue, " for {from}", " em nome de {from}")
    });
    match vote.decision {
        Decision::Approve => both!(
            reader.tongue,
            "your approval{behalf} is recorded.",
            "sua aprovação{behalf} está registrada.",
        ),
        Decision::Disapprove => both!(
            reader.tongue,
            "your disapproval{behalf} is recorded.",
            "sua reprovação{behalf} está registrada.",
        ),
    }
}
