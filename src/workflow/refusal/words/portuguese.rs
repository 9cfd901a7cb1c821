//! What a refused person reads in Portuguese.

mod access;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::super::request::{Decision, ExpiryCause, GrantState, State, Window};
use super::super::{Decider, Refusal};
use super::abbreviation;

/// A point in time as the reader's clock shows it, with its zone (W1).
fn when(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let clock = format!("{} {}", at.strftime("%d/%m/%Y %H:%M"), abbreviation(&at));
    match zone.iana_name() {
        Some(name) if name != "UTC" => format!("{clock} ({name})"),
        _ => clock,
    }
}

/// `Bob aprovou (21/11/2026 09:00 UTC), Carol reprovou (…)`.
fn list(by: &[Decider], zone: &TimeZone) -> String {
    let one = |decider: &Decider| {
        let verb = match (decider.revoked, decider.decision) {
            (Some(base), _) => format!("revogou {base}"),
            (None, Decision::Approve) => "aprovou".to_owned(),
            (None, Decision::Disapprove) => "reprovou".to_owned(),
        };
        format!("{} {verb} ({})", decider.name, when(decider.at, zone))
    };
    by.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// How a request ended, as the second half of a sentence.
fn ending(state: &State, by: &[Decider], zone: &TimeZone) -> String {
    let deciders = if by.is_empty() {
        String::new()
    } else {
        format!(": {}", list(by, zone))
    };
    match state {
        State::Pending { .. } => "está pendente".to_owned(),
        State::Approved { at, .. } => format!("foi aprovada em {}{deciders}", when(*at, zone)),
        State::Rejected { at, .. } => format!("foi rejeitada em {}{deciders}", when(*at, zone)),
        State::Withdrawn { at, reason } => format!(
            "foi retirada por quem a abriu em {}: {reason}",
            when(*at, zone)
        ),
        State::Expired { at, cause } => {
            let why = match cause {
                ExpiryCause::PendingTooLong => "ninguém decidiu a tempo",
                ExpiryCause::WindowOver => "o período terminou",
            };
            format!("expirou em {} porque {why}", when(*at, zone))
        }
    }
}

fn window_words(window: &Window, zone: &TimeZone) -> String {
    match window {
        Window::Fixed { start, end } => {
            format!("de {} até {}", when(*start, zone), when(*end, zone))
        }
        Window::FromApproval { length } => format!("de {length:#}"),
    }
}

impl Refusal {
    /// What happened and one next step, a sentence each, with times in the reader's zone; `None` for what
    /// only our own clock is told.
    pub fn in_portuguese(&self, zone: &TimeZone) -> Option<(String, String)> {
        let sentence = self
            .of_the_voter()
            .or_else(|| self.of_the_vote(zone))
            .or_else(|| self.of_the_window(zone))
            .or_else(|| self.of_the_grant(zone))
            .or_else(|| self.of_the_filing())
            .or_else(|| self.of_delegations(zone))
            .or_else(|| self.of_emergencies(zone))?;
        let next = self.next_of_filing_in_portuguese();
        Some((sentence, next.unwrap_or_else(|| self.next_in_portuguese())))
    }

    fn of_the_voter(&self) -> Option<String> {
        Some(match self {
            Self::NotActive { person } => {
                format!("`{person}` está desabilitado e não pode pedir nem decidir.")
            }
            Self::UnknownRequest { request } => format!("Não existe a solicitação `{request}`."),
            Self::NotRegistered { request, module } => format!(
                "{request} é do módulo `{module}`, para o qual você não está registrado como aprovador."
            ),
            Self::NotEligible { request } => {
                format!("Você não está entre os aprovadores de {request}.")
            }
            Self::OwnRequest { request } => {
                format!("{request} é sua própria solicitação; ninguém decide sobre a própria.")
            }
            Self::RequesterNotActive { request, requester } => format!(
                "{request} não pode ser aprovada: {requester} foi desabilitado depois de abri-la."
            ),
            Self::NeededForLaterStep { request, step } => format!(
                "Você é necessário para a etapa `{step}` de {request}; poucas outras pessoas poderiam \
                 assumi-la."
            ),
            Self::CommentRequired { request } => {
                format!("Uma reprovação de {request} precisa de um comentário, e não há nenhum.")
            }
            Self::RevokeReasonRequired { request } => {
                format!("Revogar {request} exige um motivo, e não há nenhum.")
            }
            Self::NotARevoker { request } => format!(
                "{request} só é revogada por um dos aprovadores ou por um administrador de acesso, e \
                 você não é nenhum dos dois."
            ),
            Self::StepNotYet {
                request,
                step,
                current,
            } => format!(
                "A etapa `{step}` de {request} ainda não está em decisão; a etapa atual é `{current}`."
            ),
            Self::StaleRevision {
                request,
                shown,
                present,
            } => format!(
                "O período de {request} mudou: você viu a revisão {shown}, e agora vale a revisão \
                 {present}."
            ),
            _ => return None,
        })
    }

    fn of_the_vote(&self, zone: &TimeZone) -> Option<String> {
        Some(match self {
            Self::OneApprovalPerRequest { request, step, at } => format!(
                "Você aprovou {request} na etapa `{step}` em {}; cada etapa precisa de outra pessoa.",
                when(*at, zone)
            ),
            Self::AlreadyRecorded {
                request,
                step,
                decision,
                at,
                other_window,
            } => {
                let window = if *other_window {
                    " Ela vale para a janela para a qual foi dada; a que você escreve agora não muda \
                     nada."
                } else {
                    ""
                };
                let vote = match decision {
                    Decision::Approve => "aprovação",
                    Decision::Disapprove => "reprovação",
                };
                format!(
                    "Sua {vote} da etapa `{step}` de {request} já está registrada, desde {}.{window}",
                    when(*at, zone)
                )
            }
            Self::OnlyStricter { request, step, at } => format!(
                "Você reprovou a etapa `{step}` de {request} em {}, e uma reprovação não pode virar \
                 aprovação.",
                when(*at, zone)
            ),
            Self::StepOver {
                request,
                step,
                by,
                current,
            } => format!(
                "A etapa `{step}` de {request} está concluída: {}. A etapa atual é `{current}`.",
                list(by, zone)
            ),
            Self::Settled { request, state, by } => format!(
                "Nenhuma decisão é necessária: {request} {}.",
                ending(state, by, zone)
            ),
            Self::VoteUsed {
                request,
                step,
                whose,
                by,
            } => format!(
                "O voto de {whose} na etapa `{step}` de {request} já foi usado: {}.",
                list(std::slice::from_ref(&**by), zone)
            ),
            Self::AwaitsConfirmation { request, step, at } => format!(
                "Seu voto na etapa `{step}` de {request} espera a sua confirmação por e-mail desde {}.",
                when(*at, zone)
            ),
            Self::ConfirmsAnother { request } => format!(
                "O e-mail a que você responde pedia para confirmar uma decisão sobre {request} que não \
                 espera mais; depois dele você, ou alguém em seu nome, decidiu outra coisa."
            ),
            _ => return None,
        })
    }

    fn of_the_window(&self, zone: &TimeZone) -> Option<String> {
        Some(match self {
            Self::WindowEmpty { window } => {
                format!("O período {} está vazio.", window_words(window, zone))
            }
            Self::WindowOver { end } => {
                format!("O período já passou: terminou em {}.", when(*end, zone))
            }
            Self::WindowTooLong {
                length,
                limit,
                policy,
            } => format!(
                "O período dura {length:#}; a política `{policy}` permite no máximo {limit:#}."
            ),
            Self::StartTooFar {
                start,
                latest,
                policy,
            } => format!(
                "O período começa em {}; a política `{policy}` permite o mais tardar {}.",
                when(*start, zone),
                when(*latest, zone)
            ),
            _ => return None,
        })
    }

    fn of_the_grant(&self, zone: &TimeZone) -> Option<String> {
        Some(match self {
            Self::NoGrant { request, state } => {
                format!("Não há concessão: {request} {}.", ending(state, &[], zone))
            }
            Self::GrantOver { request, grant, at } => {
                let over = match grant {
                    GrantState::Scheduled | GrantState::Active | GrantState::Ended => "encerrada",
                    GrantState::Revoked => "revogada",
                    GrantState::Returned => "devolvida",
                };
                format!(
                    "A concessão de {request} está {over} desde {}.",
                    when(*at, zone)
                )
            }
            _ => return None,
        })
    }

    fn next_in_portuguese(&self) -> String {
        match self {
            Self::NotActive { .. } => "Se for engano, fale com um administrador de acesso.".into(),
            Self::NotRegistered { module, .. } => {
                format!("Peça a um administrador de acesso que registre você para `{module}`.")
            }
            Self::NotEligible { .. } => {
                "Se deveria estar, peça a um administrador de acesso que inclua você na política."
                    .into()
            }
            Self::RequesterNotActive { .. } => "Reprove-a ou deixe-a expirar.".into(),
            Self::OneApprovalPerRequest { .. } => {
                "Deixe esta etapa para outra pessoa; você ainda pode reprovar.".into()
            }
            Self::NeededForLaterStep { .. } => {
                "Deixe esta etapa para outra pessoa; você será consultado quando a sua começar."
                    .into()
            }
            Self::AlreadyRecorded {
                other_window: true, ..
            } => "Para que o acesso dure menos, reprove enquanto estiver pendente e peça um novo \
                  pedido com a janela desejada."
                .into(),
            Self::AlreadyRecorded {
                decision: Decision::Approve,
                ..
            } => "Nada mais é necessário; enquanto estiver pendente, você ainda pode reprovar."
                .into(),
            Self::OnlyStricter { .. } => {
                "Peça ao solicitante que abra uma nova solicitação.".into()
            }
            Self::StepNotYet { .. } => {
                "Aguarde: você será consultado quando a sua etapa começar.".into()
            }
            Self::Settled {
                state: State::Approved { .. },
                ..
            }
            | Self::NotARevoker { .. } => {
                "Fale com um administrador de acesso se o acesso não deve valer.".into()
            }
            Self::Settled { .. } | Self::GrantOver { .. } | Self::NoGrant { .. } => {
                "Nada; o solicitante pode abrir uma nova solicitação.".into()
            }
            Self::CommentRequired { .. } => {
                "Envie DISAPPROVE de novo, com o seu motivo na mesma linha ou na seguinte.".into()
            }
            Self::RevokeReasonRequired { .. } => "Revogue de novo e diga por quê.".into(),
            Self::StaleRevision { request, .. } => format!(
                "Veja `countersign request show {request}` e decida sobre o que vale agora."
            ),
            Self::WindowEmpty { .. } => "Escreva de novo com um fim depois do início.".into(),
            Self::WindowOver { .. } => {
                "Escreva de novo com um fim que ainda esteja por vir.".into()
            }
            Self::WindowTooLong { limit, .. } => {
                format!("Escreva de novo com um período de {limit:#} ou menos.")
            }
            Self::StartTooFar { .. } => "Escreva de novo com um início mais cedo.".into(),
            Self::AwaitsConfirmation { .. } => {
                "Responda ao e-mail que pede a sua confirmação.".into()
            }
            Self::ConfirmsAnother { .. } => {
                "Responda ao e-mail mais novo sobre ela. Se não foi você, avise os seus \
                 administradores de acesso."
                    .into()
            }
            _ => "Nada mais precisa ser feito.".into(),
        }
    }
}
