//! What became of it, in the words of a private answer: English, or Portuguese as written in Brazil.
//!
//! People's own words do not occur here but for names, which are made harmless.

use super::{Who, commands};
use crate::command::when::{Asked, WhenError};
use crate::handle::Answer;
use crate::outbound::chat::text;
use crate::render::Tongue;
use crate::workflow::book::Book;
use commands::reader::Reader;

/// Characters of a sentence that quotes what somebody wrote.
const MAX_SENTENCE: usize = 1200;

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
    let reader = who.map_or_else(
        || Reader::unknown(of_program),
        |who| Reader::of(&who.person),
    );
    let nobody = Book::default();
    let book = who.map_or(&nobody, |who| &who.book);
    match answer {
        Answer::Accepted { request, events } => {
            commands::say::accepted(*request, events, &reader, book)
        }
        Answer::Delegated { delegations, ended } => {
            commands::say::delegated(delegations, *ended, &reader, book)
        }
        Answer::Refused { refusal, .. } => commands::say::refused(refusal, &reader),
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
        "Something went wrong on our side, and it is not certain that this was done. Look with Details or \
         `/request show`; if it was not, try again in a minute, or decide by the mail that you were sent.",
        "Algo deu errado do nosso lado, e não é certo que isto foi feito. Veja com Detalhes ou \
         `/solicitação mostrar`; se não foi, tente de novo em um minuto, ou decida pelo e-mail que recebeu.",
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

/// Times that are not understood.
pub fn no_window(error: &WhenError, tongue: Tongue) -> String {
    let nothing = in_two(tongue.tag(), "Nothing was done.", "Nada foi feito.");
    let (sentence, next) = error.told(Asked::Window, tongue);
    let sentence = text::lines(&sentence, MAX_SENTENCE);
    format!("{nothing} {sentence} {}", text::lines(&next, MAX_SENTENCE))
}
