//! The same for what is never the answer to a mail: filing, delegations, emergencies, and what only the
//! requester does.

use jiff::tz::TimeZone;

use super::super::super::Refusal;
use super::when;

/// What a text is called.
fn named(what: &str) -> &str {
    match what {
        "justification" => "A justificativa",
        "reason" => "O motivo",
        "comment" => "O comentário",
        "finding" => "A conclusão",
        "resource" => "O recurso",
        "account" => "A conta",
        "key" => "A chave",
        other => other,
    }
}

impl Refusal {
    pub(super) fn of_the_filing(&self) -> Option<String> {
        Some(match self {
            Self::UnknownPerson { person } => {
                format!("Ninguém chamado `{person}` é conhecido aqui.")
            }
            Self::UnknownModule { module, .. } => format!("Não existe o módulo `{module}`."),
            Self::SubjectMalformed { field, limit } => format!(
                "{} precisa ter de 1 a {limit} caracteres, sem quebras de linha nem outros caracteres \
                 de controle.",
                named(field)
            ),
            Self::TextTooLong { what, chars, limit } => format!(
                "{} tem {chars} caracteres; são aceitos no máximo {limit}.",
                named(what)
            ),
            Self::AccountRequired { module } => {
                format!("Uma solicitação de `{module}` precisa indicar uma conta.")
            }
            Self::AccountNotAllowed { module, account } => {
                format!("Uma solicitação de `{module}` não leva conta, e a sua indica `{account}`.")
            }
            Self::NoPolicy { requester, subject } => {
                format!("Nenhuma política permite que `{requester}` peça `{subject}`.")
            }
            Self::JustificationMissing { policy } => {
                format!("A política `{policy}` quer uma justificativa, e não há nenhuma.")
            }
            Self::AlreadyPending { request, subject } => {
                format!("Sua solicitação {request} de `{subject}` ainda está pendente.")
            }
            Self::KeyReused { key, request } => {
                format!("A chave `{key}` é de {request}, que pede outra coisa.")
            }
            Self::StepCannotComplete {
                step,
                approvals,
                eligible,
                policy,
                ..
            } => format!(
                "A etapa `{step}` da política `{policy}` nunca poderia ser concluída: ela precisa de \
                 {approvals} pessoas diferentes que não decidam mais nada nesta solicitação, e só \
                 {eligible} podem decidi-la."
            ),
            Self::NotTheRequester { request } => {
                format!("{request} não é sua; só quem a abriu faz isso.")
            }
            Self::ReasonRequired { request } => {
                format!("Retirar {request} exige um motivo, e não há nenhum.")
            }
            _ => return None,
        })
    }

    pub(super) fn of_delegations(&self, zone: &TimeZone) -> Option<String> {
        Some(match self {
            Self::DelegateToSelf => "Ninguém delega a si mesmo.".to_owned(),
            Self::NotAnApprover { name } => {
                format!("{name} não está registrado como aprovador de nenhum módulo.")
            }
            Self::PeriodUnfit {
                start,
                until,
                limit,
            } => format!(
                "Uma delegação de {} até {} está vazia, já passou ou dura mais que {limit:#}.",
                when(*start, zone),
                when(*until, zone)
            ),
            Self::DelegationOverlaps { to, start, until } => format!(
                "Seus votos estão delegados a {to} de {} até {}.",
                when(*start, zone),
                when(*until, zone)
            ),
            Self::NoDelegation => "Você não delegou nada que ainda possa encerrar.".to_owned(),
            Self::NotTheHolder { request } => {
                format!("A concessão de {request} não é sua; só quem a tem faz isso.")
            }
            Self::ExtendedAlready { request, by } => {
                format!("A concessão de {request} já continua com {by}.")
            }
            _ => return None,
        })
    }

    pub(super) fn of_emergencies(&self, zone: &TimeZone) -> Option<String> {
        Some(match self {
            Self::EmergencyNotOffered { subject } => format!(
                "Nenhuma política em vigor oferece a você acesso de emergência a `{subject}`."
            ),
            Self::EmergencyReasonTooShort { chars, least } => format!(
                "O motivo de uma emergência tem {chars} caracteres; são precisos pelo menos {least}."
            ),
            Self::EmergencyUnreviewed { open } => {
                let open: Vec<_> = open.iter().map(ToString::to_string).collect();
                format!(
                    "Ninguém revisou ainda a sua emergência anterior {}.",
                    open.join(", ")
                )
            }
            Self::NoEmergency { request } => {
                format!("{request} não foi emergência; não há nada a revisar.")
            }
            Self::AlreadyReviewed { request, by, at } => {
                format!("{by} revisou {request} em {}.", when(*at, zone))
            }
            Self::NotAReviewer { request } => format!(
                "{request} é revisada por um dos seus aprovadores, nunca por quem a abriu, e você não \
                 pode."
            ),
            Self::FindingRequired { request } => {
                format!("Uma revisão de {request} precisa de uma conclusão, e não há nenhuma.")
            }
            _ => return None,
        })
    }

    pub(super) fn next_of_filing_in_portuguese(&self) -> Option<String> {
        Some(match self {
            Self::UnknownPerson { .. } => {
                "Peça a um administrador de acesso que inclua você nas políticas.".into()
            }
            Self::UnknownModule { known, .. } => {
                let names: Vec<_> = known.iter().map(|module| format!("`{module}`")).collect();
                format!("Use um destes: {}.", names.join(", "))
            }
            Self::SubjectMalformed { .. } => "Escreva o nome como ele é.".into(),
            Self::TextTooLong { .. } => "Diga em menos palavras, ou indique um chamado.".into(),
            Self::AccountRequired { .. } => "Abra de novo com a conta de que você precisa.".into(),
            Self::AccountNotAllowed { .. } => "Abra de novo sem a conta.".into(),
            Self::NoPolicy { .. } => "Fale com um administrador de acesso.".into(),
            Self::JustificationMissing { .. } => {
                "Abra de novo e diga por que você precisa disso.".into()
            }
            Self::AlreadyPending { request, .. } => {
                format!("Espere por {request}, ou retire-a e abra de novo.")
            }
            Self::KeyReused { .. } => "Abra de novo com outra chave.".into(),
            Self::StepCannotComplete {
                emergency: true, ..
            } => "Se não pode esperar, abra de novo como emergência e diga por quê.".into(),
            Self::StepCannotComplete { .. } => {
                "Peça a um administrador de acesso que nomeie mais aprovadores para esta etapa."
                    .into()
            }
            Self::UnknownRequest { .. } => {
                "Procure o número com `countersign request list`.".into()
            }
            Self::NotTheRequester { .. } => {
                "Se ela não deve ser concedida e você for consultado, reprove-a.".into()
            }
            Self::ReasonRequired { .. } => "Retire de novo e diga por quê.".into(),
            Self::DelegateToSelf => "Indique outro aprovador registrado.".into(),
            Self::NotAnApprover { .. } => {
                "Indique um aprovador registrado, ou peça a um administrador de acesso que registre \
                 alguém."
                    .into()
            }
            Self::PeriodUnfit { limit, .. } => {
                format!("Diga um período que ainda termine, de {limit:#} ou menos.")
            }
            Self::DelegationOverlaps { .. } => {
                "Encerre antes essa delegação com `countersign delegate --end`.".into()
            }
            Self::NoDelegation => "Veja `countersign delegate --list`.".into(),
            Self::NotTheHolder { .. } => {
                "Fale com um administrador de acesso se o acesso não deve valer.".into()
            }
            Self::EmergencyNotOffered { .. } => {
                "Espere pelos aprovadores, ou fale com um administrador de acesso.".into()
            }
            Self::EmergencyReasonTooShort { .. } => {
                "Diga o que está acontecendo, para que quem revisa entenda depois.".into()
            }
            Self::EmergencyUnreviewed { .. } => {
                "Peça a um dos aprovadores que a revise; até lá, siga o caminho comum.".into()
            }
            Self::NoEmergency { .. } => {
                "Veja as que estão abertas com `countersign request list --emergency unreviewed`."
                    .into()
            }
            Self::NotAReviewer { .. } => {
                "Deixe com os aprovadores; eles já foram avisados.".into()
            }
            Self::FindingRequired { .. } => "Revise de novo e diga o que você apurou.".into(),
            _ => return None,
        })
    }
}
