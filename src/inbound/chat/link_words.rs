//! What is said about linking: privately in the chat, and by mail.

use super::link::MINUTES;
use crate::outbound::chat::text;
use crate::render::{SystemFacts, Tongue};
use crate::store::chat_codes::Code;
use crate::store::outbox::{LinkCode, SystemMail};
use crate::workflow::book::Person;

/// Characters of a name.
const MAX_NAME: usize = 80;

fn in_two<'a>(locale: &str, english: &'a str, portuguese: &'a str) -> &'a str {
    match Tongue::of(locale) {
        Tongue::English => english,
        Tongue::Portuguese => portuguese,
    }
}

/// The one answer to `/link`.
pub(super) fn sent(locale: &str) -> &'static str {
    in_two(
        locale,
        "If this is the address of somebody here, a code is on its way to it. It is taken for 10 minutes. \
         Press the button and enter it.",
        "Se este é o endereço de alguém daqui, um código está a caminho. Ele vale por 10 minutos. \
         Pressione o botão e digite-o.",
    )
}

/// The button below it, and the title of the form.
pub(super) fn enter(locale: &str) -> &'static str {
    in_two(locale, "Enter the code", "Digitar o código")
}

/// The input of the form.
pub(super) fn code_label(locale: &str) -> &'static str {
    in_two(locale, "The code from the mail", "O código do e-mail")
}

pub(super) fn switched_off(locale: &str) -> &'static str {
    in_two(
        locale,
        "Nothing was done: the operator links accounts here. Ask them to link yours.",
        "Nada foi feito: aqui o operador vincula as contas. Peça a ele que vincule a sua.",
    )
}

pub(super) fn by_operator(locale: &str) -> &'static str {
    in_two(
        locale,
        "Nothing was done: the operator has said whose account this is. Ask them to change it.",
        "Nada foi feito: o operador disse de quem é esta conta. Peça a ele que mude isso.",
    )
}

pub(super) fn too_often(locale: &str) -> &'static str {
    in_two(
        locale,
        "Nothing was done: this account has asked for codes too often. Try again in an hour.",
        "Nada foi feito: esta conta pediu códigos vezes demais. Tente de novo em uma hora.",
    )
}

pub(super) fn asked_before(locale: &str) -> &'static str {
    in_two(
        locale,
        "This was done already, once.",
        "Isto já foi feito, uma vez.",
    )
}

pub(super) fn over(locale: &str) -> &'static str {
    in_two(
        locale,
        "Nothing was done: this code is not taken any more. Type `/link` for another one.",
        "Nada foi feito: este código não vale mais. Digite `/link` para outro.",
    )
}

pub(super) fn wrong(locale: &str, left: i32) -> String {
    match Tongue::of(locale) {
        Tongue::English if left <= 0 => {
            "This is not the code, and no more are taken. Type `/link` for another one.".to_owned()
        }
        Tongue::English => format!("This is not the code. {left} more may be tried."),
        Tongue::Portuguese if left <= 0 => {
            "Este não é o código, e nenhum outro é aceito. Digite `/link` para outro.".to_owned()
        }
        Tongue::Portuguese => format!("Este não é o código. Restam {left} tentativas."),
    }
}

pub(super) fn linked(locale: &str, person: &Person) -> String {
    let name = text::line(&person.name, MAX_NAME);
    match Tongue::of(locale) {
        Tongue::English => {
            format!("This account is now linked to {name}. A mail says so too. `/unlink` ends it.")
        }
        Tongue::Portuguese => {
            format!(
                "Esta conta agora está vinculada a {name}. Um e-mail também o diz. `/unlink` desfaz."
            )
        }
    }
}

pub(super) fn unlinked(locale: &str) -> &'static str {
    in_two(
        locale,
        "This account is no longer linked to anybody. A mail says so too.",
        "Esta conta não está mais vinculada a ninguém. Um e-mail também o diz.",
    )
}

/// The mail with the code; the courier puts it in.
pub(super) fn code_mail(code: &Code) -> SystemMail {
    SystemMail {
        facts: SystemFacts::LinkCode {
            account: code.account.clone(),
            until: code.expires_at,
            minutes: MINUTES,
        },
        code: Some(LinkCode {
            id: code.id,
            key_id: code.key_id.clone(),
        }),
    }
}

/// The mail that says that an account is theirs now.
pub fn linked_mail(account: &str, old: Option<&str>) -> SystemMail {
    let old = old.filter(|old| *old != account).map(str::to_owned);
    let account = account.to_owned();
    SystemFacts::Linked { account, old }.into()
}

/// The mail that says that an account is theirs no more.
pub fn unlinked_mail(account: &str) -> SystemMail {
    let account = account.to_owned();
    SystemFacts::Unlinked { account }.into()
}
