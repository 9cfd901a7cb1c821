//! What commands and options are called, and what is said of them, in both languages.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::words::{Both, Named, Offers, Place, Words};

const fn named([en, pt]: [&'static str; 2], [about_en, about_pt]: [&'static str; 2]) -> Named {
    Named {
        name: Both { en, pt },
        about: Both {
            en: about_en,
            pt: about_pt,
        },
    }
}

const fn alone(names: [&'static str; 2], about: [&'static str; 2]) -> Place {
    Place {
        group: None,
        own: named(names, about),
    }
}

const fn below(group: &'static Named, names: [&'static str; 2], about: [&'static str; 2]) -> Place {
    Place {
        group: Some(group),
        own: named(names, about),
    }
}

const fn option(name_pt: &'static str, [en, pt]: [&'static str; 2], most: u16) -> Words {
    Words {
        name_pt,
        about: Both { en, pt },
        most,
        offers: None,
    }
}

const fn offering(words: Words, offers: Offers) -> Words {
    Words {
        offers: Some(offers),
        ..words
    }
}

static REQUEST_GROUP: Named = named(
    ["request", "solicitação"],
    ["Your requests for access", "Suas solicitações de acesso"],
);
static DELEGATE_GROUP: Named = named(
    ["delegate", "delegar"],
    [
        "Your votes in another's hands",
        "Seus votos nas mãos de outra pessoa",
    ],
);

pub(super) static REQUEST_NEW: Place = below(
    &REQUEST_GROUP,
    ["new", "nova"],
    ["Ask for access", "Pedir acesso"],
);
pub(super) static REQUEST_EMERGENCY: Place = below(
    &REQUEST_GROUP,
    ["emergency", "emergência"],
    [
        "Take access at once, before anybody has decided; it is reviewed afterwards",
        "Obter acesso já, antes de qualquer decisão; será revisado depois",
    ],
);
pub(super) static REQUEST_SHOW: Place = below(
    &REQUEST_GROUP,
    ["show", "ver"],
    [
        "Show a request with its steps and votes",
        "Ver uma solicitação com etapas e votos",
    ],
);
pub(super) static REQUEST_LIST: Place = below(
    &REQUEST_GROUP,
    ["list", "lista"],
    [
        "List requests that you may look at",
        "Listar solicitações que você pode ver",
    ],
);
pub(super) static REQUEST_WITHDRAW: Place = below(
    &REQUEST_GROUP,
    ["withdraw", "retirar"],
    [
        "Take your own request back",
        "Retirar sua própria solicitação",
    ],
);
pub(super) static REQUEST_EXTEND: Place = below(
    &REQUEST_GROUP,
    ["extend", "prorrogar"],
    [
        "Ask for your access to go on from its end",
        "Pedir que seu acesso continue depois do fim",
    ],
);
pub(super) static REQUEST_RETURN: Place = below(
    &REQUEST_GROUP,
    ["return", "devolver"],
    [
        "Give your access back before its end",
        "Devolver seu acesso antes do fim",
    ],
);
pub(super) static APPROVALS: Place = alone(
    ["approvals", "aprovações"],
    ["What waits for your vote", "O que espera pelo seu voto"],
);
pub(super) static REVOKE: Place = alone(
    ["revoke", "revogar"],
    [
        "End somebody's access before its time",
        "Encerrar o acesso de alguém antes do tempo",
    ],
);
pub(super) static REVIEW: Place = alone(
    ["review", "revisar"],
    [
        "Record what you found about an emergency",
        "Registrar o que você apurou de uma emergência",
    ],
);
pub(super) static DELEGATE_START: Place = below(
    &DELEGATE_GROUP,
    ["start", "iniciar"],
    [
        "Put your votes in another approver's hands for a period",
        "Passar seus votos a outro aprovador por um período",
    ],
);
pub(super) static DELEGATE_END: Place = below(
    &DELEGATE_GROUP,
    ["end", "encerrar"],
    ["End what you have delegated", "Encerrar o que você delegou"],
);
pub(super) static DELEGATE_LIST: Place = below(
    &DELEGATE_GROUP,
    ["list", "lista"],
    [
        "List what you have delegated, and what is delegated to you",
        "Listar o que você delegou e o que foi delegado a você",
    ],
);
pub(super) static LINK: Place = alone(
    ["link", "vincular"],
    [
        "Tie this Discord account to your person, by a code that is mailed to you",
        "Vincular esta conta do Discord à sua pessoa, por um código enviado por e-mail",
    ],
);
pub(super) static UNLINK: Place = alone(
    ["unlink", "desvincular"],
    [
        "Untie this Discord account from your person",
        "Desvincular esta conta do Discord da sua pessoa",
    ],
);
pub(super) static WHOAMI: Place = alone(
    ["whoami", "quem-sou"],
    [
        "Who you are here, and what you may do",
        "Quem você é aqui e o que pode fazer",
    ],
);
pub(super) static HELP: Place = alone(
    ["help", "ajuda"],
    ["What can be typed here", "O que se pode digitar aqui"],
);

pub(super) static MODULE: Words = offering(
    option(
        "módulo",
        [
            "The kind of thing, e.g. credential",
            "O tipo de coisa, p. ex. credential",
        ],
        100,
    ),
    Offers::Modules,
);
pub(super) static RESOURCE: Words = offering(
    option(
        "recurso",
        ["Which one, e.g. prod-db-1", "Qual, p. ex. prod-db-1"],
        200,
    ),
    Offers::Resources,
);
pub(super) static ACCOUNT: Words = offering(
    option(
        "conta",
        ["As whom, e.g. admin", "Como quem, p. ex. admin"],
        200,
    ),
    Offers::Accounts,
);
pub(super) static START: Words = option(
    "início",
    [
        "From when, in your zone, e.g. tomorrow 9am; left out: now, or from the approval on",
        "A partir de quando, no seu fuso, p. ex. amanhã 9h; sem isto: já, ou desde a aprovação",
    ],
    200,
);
pub(super) static END: Words = option(
    "fim",
    [
        "Until when, in your zone, e.g. 18:00 or friday 17:00",
        "Até quando, no seu fuso, p. ex. 18:00",
    ],
    200,
);
pub(super) static DURATION: Words = option(
    "duração",
    [
        "How long, e.g. 2h or 1h 30m",
        "Por quanto tempo, p. ex. 2h ou 1h 30m",
    ],
    100,
);
pub(super) static JUSTIFICATION: Words = option(
    "justificativa",
    [
        "Why; many policies require it, and leaving it out opens a form for a longer one",
        "Por quê; muitas políticas o exigem, e sem ela abre-se um formulário para mais texto",
    ],
    1_000,
);
pub(super) static EMERGENCY: Words = option(
    "emergência",
    [
        "Why it cannot wait: takes access at once, where a policy offers it to you",
        "Por que não pode esperar: obtém acesso já, onde uma política o oferece a você",
    ],
    1_000,
);
pub(super) static REASON: Words = option("motivo", ["Why", "Por quê"], 1_000);
pub(super) static FINDING: Words =
    option("conclusão", ["What you found", "O que você apurou"], 1_000);
const NUMBER: Words = option(
    "solicitação",
    ["Its number, e.g. R-42", "O número, p. ex. R-42"],
    100,
);
pub(super) static REQUEST: Words = offering(NUMBER, Offers::Requests);
pub(super) static OWN_PENDING: Words = offering(NUMBER, Offers::OwnPending);
pub(super) static OWN_GRANT: Words = offering(NUMBER, Offers::OwnGrants);
pub(super) static STANDING_GRANT: Words = offering(NUMBER, Offers::StandingGrants);
pub(super) static UNREVIEWED: Words = offering(NUMBER, Offers::Unreviewed);
pub(super) static WHOSE: Words = option(
    "quais",
    ["Your own, if you do not say", "As suas, se você não disser"],
    100,
);
pub(super) static STATUS: Words = option(
    "estado",
    ["Only those that stand so", "Só as que estão assim"],
    100,
);
pub(super) static ACCESS: Words = option(
    "acesso",
    [
        "Only those whose access stands so",
        "Só aquelas cujo acesso está assim",
    ],
    100,
);
pub(super) static EMERGENCIES: Words = option(
    "emergência",
    ["Which emergencies", "Quais emergências"],
    100,
);
pub(super) static LIMIT: Words = option("limite", ["At most so many", "No máximo tantas"], 100);
pub(super) static AFTER: Words = option(
    "depois",
    [
        "Those behind this one: the next page",
        "As que vêm depois desta: a próxima página",
    ],
    100,
);
pub(super) static APPROVER: Words = offering(
    option(
        "para",
        [
            "To whom: a registered approver",
            "Para quem: um aprovador registrado",
        ],
        100,
    ),
    Offers::Approvers,
);
pub(super) static UNTIL: Words = option(
    "até",
    [
        "Until when, in your zone, e.g. friday 18:00",
        "Até quando, no seu fuso, p. ex. sexta 18:00",
    ],
    200,
);
pub(super) static SINCE: Words = option(
    "desde",
    [
        "From when; left out: from now on",
        "A partir de quando; sem isto: desde já",
    ],
    200,
);
pub(super) static EMAIL: Words = option(
    "e-mail",
    [
        "The address at which Countersign writes to you",
        "O endereço no qual o Countersign escreve a você",
    ],
    254,
);
pub(super) static COMMAND: Words = option(
    "comando",
    ["About which command", "Sobre qual comando"],
    100,
);
