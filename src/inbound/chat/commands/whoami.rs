//! `/whoami`: who somebody is here, and what they may do.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::reader::{Message, both, name};
use super::run::Work;
use crate::workflow::book::Role;

/// The most groups and modules that are named.
const MAX_NAMED: usize = 20;

/// Who they are.
pub(super) fn answer(work: &Work<'_>) -> String {
    let (person, book, reader) = (&work.who.person, &work.who.book, work.reader);
    let tongue = reader.tongue;
    let mut message = Message::default();
    let (called, id) = (name(&person.name), name(person.id.as_str()));
    message.line(&both!(
        tongue,
        "You are **{called}** ({id}).",
        "Você é **{called}** ({id})."
    ));
    if !person.active {
        let disabled = "You are disabled: you can neither ask nor decide.";
        let desabilitado = "Você está desabilitado: não pode pedir nem decidir.";
        message.line(reader.pick(disabled, desabilitado));
    }
    let now = reader.instant(work.here().now);
    message.line(&both!(
        tongue,
        "Your clock shows {now}.",
        "Seu relógio mostra {now}."
    ));
    let roles: Vec<&str> = person
        .roles
        .iter()
        .map(|role| called_role(*role, work))
        .collect();
    let roles = if roles.is_empty() {
        reader.pick("requester", "solicitante").to_owned()
    } else {
        roles.join(", ")
    };
    message.line(&both!(tongue, "Roles: {roles}", "Papéis: {roles}"));
    if person.has(Role::Approver) && !person.modules.is_empty() {
        let modules = person.modules.iter().take(MAX_NAMED);
        let modules: Vec<String> = modules.map(|module| name(module.as_str())).collect();
        let modules = modules.join(", ");
        message.line(&both!(
            tongue,
            "Approver for: {modules}",
            "Aprovador de: {modules}"
        ));
    }
    let groups = book.groups.iter();
    let groups = groups.filter(|(_, members)| members.contains(&person.id));
    let groups: Vec<String> = groups
        .take(MAX_NAMED)
        .map(|(group, _)| name(group.as_str()))
        .collect();
    if !groups.is_empty() {
        let groups = groups.join(", ");
        message.line(&both!(tongue, "Groups: {groups}", "Grupos: {groups}"));
    }
    message.done()
}

fn called_role(role: Role, work: &Work<'_>) -> &'static str {
    let (en, pt) = match role {
        Role::Approver => ("approver", "aprovador"),
        Role::Auditor => ("auditor", "auditor"),
        Role::AccessAdmin => ("access admin", "administrador de acesso"),
        Role::SystemAdmin => ("system admin", "administrador do sistema"),
    };
    work.reader.pick(en, pt)
}
