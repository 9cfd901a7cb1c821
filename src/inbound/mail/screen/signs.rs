//! The signs that take more than a field's name and first word.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use mail_parser::parsers::MessageStream;
use mail_parser::{HeaderValue, MimeHeaders};

use super::super::address::Address;
use super::super::presented::{is_ask_id, is_own_message_id};
use super::marks::Look;

pub(super) fn own_message_id(look: Look<'_>) -> bool {
    look.head
        .first("Message-ID")
        .is_some_and(|id| is_ask_id(&id.value(), look.rules))
}

/// With or without a tag: nobody writes from the address that replies go to.
pub(super) fn own_address(look: Look<'_>) -> bool {
    let from = look.head.first("From");
    let Some(from) = from.and_then(|from| Address::only(&from.value())) else {
        return false;
    };
    let is_reply_to = look
        .rules
        .reply_to
        .rsplit_once('@')
        .is_some_and(|(local, domain)| {
            let untagged = from.local.split('+').next().unwrap_or_default();
            untagged.eq_ignore_ascii_case(local) && from.domain.eq_ignore_ascii_case(domain)
        });
    is_reply_to || from.full().eq_ignore_ascii_case(&look.rules.own_address)
}

/// The top-most one is our own server's.
pub(super) fn null_return_path(look: Look<'_>) -> bool {
    look.head
        .first("Return-Path")
        .is_some_and(|path| path.value() == "<>")
}

pub(super) fn calendar_answer(look: Look<'_>) -> bool {
    let answers = ["reply", "counter", "declinecounter", "refresh"];
    look.parsed
        .iter()
        .flat_map(|message| &message.parts)
        .filter_map(|part| part.content_type())
        .filter(|kind| {
            let has = kind.subtype().unwrap_or_default();
            kind.ctype().eq_ignore_ascii_case("text") && has.eq_ignore_ascii_case("calendar")
        })
        .any(|kind| {
            let method = kind.attribute("method").unwrap_or_default();
            answers
                .iter()
                .any(|answer| method.eq_ignore_ascii_case(answer))
        })
}

/// Exchange puts this field before its own automatic mails, and some gateways before everybody's; a
/// mail that answers one of ours is therefore not taken for automatic because of it.
pub(super) fn suppressed(look: Look<'_>) -> bool {
    let suppresses = look.head.all("X-Auto-Response-Suppress").any(|field| {
        let value = field.value().to_ascii_lowercase();
        let has = |word: &str| value.split(',').any(|item| item.trim() == word);
        has("all") || (has("oof") && has("autoreply"))
    });
    suppresses && !answers_us(look)
}

pub(super) fn feedback_id(look: Look<'_>) -> bool {
    look.head.has("Feedback-ID") && !answers_us(look)
}

fn answers_us(look: Look<'_>) -> bool {
    look.head.all("In-Reply-To").any(|field| {
        let value = field.value();
        let mut ids = value.split_whitespace();
        ids.any(|id| is_own_message_id(id, look.rules))
    })
}

/// What answering machines put in the place of `Re:`, lower case. A colon follows.
const SUBJECTS_OF_MACHINES: &[&str] = &[
    "auto",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic reply",
    "automated reply",
    "out of office",
    "out of office autoreply",
    "out of the office",
    "vacation",
    "abwesend",
    "abwesenheit",
    "abwesenheitsnotiz",
    "automatische antwort",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "resposta automática",
    "ausência temporária",
    "risposta automatica",
    "fuori sede",
    "automatisch antwoord",
    "afwezig",
    "odpowiedź automatyczna",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "automaattinen vastaus",
    "automatická odpověď",
    "automatikus válasz",
    "automatický odpoveď",
    "otomatik yanıt",
    "αυτόματη απάντηση",
    "автоматический ответ",
    "автоматична відповідь",
    "自動返信",
    "自動応答",
    "自动答复",
    "自动回复",
    "自動回覆",
    "자동 회신",
];

pub(super) fn subject_of_a_machine(look: Look<'_>) -> bool {
    let Some(subject) = look.head.first("Subject") else {
        return false;
    };
    let said = decoded(&subject.value());
    let Some((before, _)) = said.split_once([':', '：']) else {
        return false;
    };
    let before = before.trim().to_lowercase();
    SUBJECTS_OF_MACHINES.contains(&before.as_str())
}

/// The text of an unstructured field. Only what is encoded goes through the parser.
pub(in super::super) fn decoded(value: &str) -> String {
    if !value.contains("=?") {
        return value.to_owned();
    }
    let line = format!("{value}\r\n");
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    }
}

/// Local parts that no human writes from. The first is also found where the rest of the field is not
/// read: Postfix writes `MAILER-DAEMON@host (Mail Delivery System)`.
const ROBOTS: &[&str] = &[
    "mailer-daemon",
    "postmaster",
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "bounce",
    "bounces",
    "autoreply",
    "auto-reply",
    "autoresponder",
    "auto-responder",
    "listserv",
    "majordomo",
    "mailman",
];

pub(super) fn robot_address(look: Look<'_>) -> bool {
    let Some(from) = look.head.first("From") else {
        return false;
    };
    let value = from.value().to_ascii_lowercase();
    let Some(from) = Address::only(&value) else {
        // One that is not read strictly is nobody's proof; it is only not to be called an attack.
        return value.matches('@').count() <= 1 && value.contains("mailer-daemon");
    };
    let name = from.local.split(['+', '=']).next().unwrap_or_default();
    ROBOTS.contains(&name)
        || ["noreply-", "no-reply-", "owner-"]
            .iter()
            .any(|start| name.starts_with(start))
        || ["-bounces", "-request", "-owner"]
            .iter()
            .any(|end| name.ends_with(end))
}
