//! What the grammar says of times, in Portuguese as it is written in Brazil.
//!
//! What is to be written is read by the grammar; [`super::tests`] hold that for every example here.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use jiff::civil::{Date, Weekday};

use super::error::{Asked, Doubt, WhenError};
use super::reading::{Missing, Note, Truth, Write, offers};
use super::say;
use crate::config::locales::Tongue;

const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// `sexta-feira`.
pub(super) fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "segunda-feira",
        Weekday::Tuesday => "terça-feira",
        Weekday::Wednesday => "quarta-feira",
        Weekday::Thursday => "quinta-feira",
        Weekday::Friday => "sexta-feira",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    }
}

/// `27 de novembro`.
pub(super) fn day(date: Date) -> String {
    let month = usize::from(date.month().unsigned_abs());
    let name = MONTHS.get(month.saturating_sub(1)).unwrap_or(&"");
    format!("{} de {name}", date.day())
}

/// What to write.
pub(super) fn write(write: &Write) -> String {
    match write {
        Write::Plain(text) => text.clone(),
        Write::Span(from, to) => format!("de {from} até {to}"),
        Write::Today(time) => format!("hoje {time}"),
        Write::Tomorrow(time) => format!("amanhã {time}"),
        Write::For(length) => format!("por {length}"),
        Write::Until(time) => format!("até {time}"),
    }
}

fn note(note: &Note) -> String {
    match note {
        Note::None => "",
        Note::Clocks(name) => name,
        Note::DaysOf24Hours => "dias de 24 horas",
        Note::SameTimeOfDay => "a mesma hora do dia",
        Note::Noon => "meio-dia",
        Note::DaysBeginning => "o começo do dia",
        Note::DaysEnd => "o fim do dia",
        Note::ThisWeek => "esta semana",
        Note::NextWeek => "a semana que vem",
        Note::Today => "hoje",
        Note::InAWeek => "daqui a uma semana",
        Note::AWeekAgo => "há uma semana",
        Note::Day(date) => return day(*date),
    }
    .to_owned()
}

fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Twice { zone } => {
            return format!("acontece duas vezes em {zone}: o relógio é atrasado nessa hora");
        }
        Doubt::Skipped { zone } => {
            return format!("não existe em {zone}: o relógio é adiantado nessa hora");
        }
        Doubt::DayOrMonth => "pode ser lido como dois dias",
        Doubt::WeekdayIsToday => "é hoje, ou daqui a uma semana",
        Doubt::TodayOrAWeekAgo => "é hoje, ou há uma semana",
        Doubt::NextWeekday => "pode ser desta semana ou da semana que vem",
        Doubt::PassedThisWeek => "já passou nesta semana",
        Doubt::PassedToday => "já passou hoje",
        Doubt::Midnight => "pode ser o começo do dia ou o fim dele",
        Doubt::TwelveOClock => "pode ser meio-dia ou meia-noite",
        Doubt::DayBehind => "diz o dia só do fim, ou dos dois",
        Doubt::DayOrHours => "não são 24 horas ali, porque o relógio muda no meio",
        Doubt::HourOrLength => "pode ser uma hora do dia ou outra coisa",
    }
    .to_owned()
}

fn truth(is: &Truth) -> String {
    match is {
        Truth::Clocks(first, None) => format!("o horário ali se chama {first} nessa data"),
        Truth::Clocks(first, Some(last)) => {
            format!("o horário ali se chama {first} e depois {last}")
        }
        Truth::Offset(zone, offset) => format!("{zone} está em {offset:#} nessa data"),
        Truth::Weekday(date, found) => format!("{date} é {}", weekday(*found)),
    }
}

/// What happened, in one sentence.
pub(super) fn sentence(error: &WhenError) -> String {
    match error {
        WhenError::Nothing => "Não há nenhum horário aí.".to_owned(),
        WhenError::TooLong { limit } => format!("Tem mais de {limit} caracteres."),
        WhenError::NotUnderstood { found } => format!("`{found}` não é entendido nesse lugar."),
        WhenError::Unfinished { expected } => {
            let expected = match expected {
                Missing::Unit => "horas ou minutos deveriam seguir",
                Missing::Length => "uma duração deveria seguir",
                Missing::Point => "um dia ou uma hora deveria seguir",
            };
            format!("Termina onde {expected}.")
        }
        WhenError::Ambiguous {
            wrote, doubt: why, ..
        } => format!("`{wrote}` {}.", doubt(why)),
        WhenError::NoSuchDay { wrote } => format!("`{wrote}` não é um dia."),
        WhenError::NoSuchTime { wrote } => format!("`{wrote}` não é uma hora do dia."),
        WhenError::NeedsYear { wrote, days } => {
            format!("`{wrote}` não está nos próximos {days} dias.")
        }
        WhenError::NeedsTime { wrote } => format!("`{wrote}` não diz a hora do dia."),
        WhenError::NeedsEnd => "Diz quando começa, e não quando termina.".to_owned(),
        WhenError::NoSuchZone { name } => format!("`{name}` não é um fuso horário."),
        WhenError::ZoneAbbreviation { name } => {
            format!("`{name}` é o nome de mais de um fuso horário, ou só de metade do ano.")
        }
        WhenError::Contradiction { wrote, is } => {
            format!("`{wrote}` se contradiz: {}.", truth(is))
        }
        WhenError::NoLength { wrote } => {
            format!("`{wrote}` não é uma duração que se possa contar.")
        }
        WhenError::TooFar => "Está longe demais no futuro.".to_owned(),
        WhenError::Over { end, zone } => {
            let end = say::instant(*end, zone, Tongue::Portuguese);
            format!("Já passou: terminou em {end}.")
        }
        WhenError::EmptyWindow => "Termina no mesmo instante em que começa.".to_owned(),
        WhenError::Reversed { .. } => "Termina antes de começar.".to_owned(),
    }
}

/// One next step.
pub(super) fn next(error: &WhenError, asked: Asked) -> String {
    let examples = match asked {
        Asked::Window => "`por 2h`, `até 18:00`, `amanhã 9h por 2h` ou `sexta 17:00 às 19:00`",
        Asked::Instant => "`sexta 18:00`, `amanhã 9h`, `em 2 horas` ou `2026-11-27 18:00`",
        Asked::Moment => "`ontem`, `há 2 dias`, `2026-11-27` ou `2026-11-27 18:00 UTC`",
        Asked::Length => "`2h`, `2h 30m` ou `1 dia`",
    };
    match error {
        WhenError::Ambiguous { readings, .. } if !readings.is_empty() => {
            let offers = offers(readings, Tongue::Portuguese, note);
            format!("Escreva {}.", offers.join(" ou "))
        }
        WhenError::NoSuchDay { .. } | WhenError::NeedsYear { .. } => {
            "Escreva o dia como `2026-11-27`, `27 de novembro de 2026` ou `sexta`.".to_owned()
        }
        WhenError::NoSuchTime { .. } | WhenError::NeedsTime { .. } => {
            "Escreva a hora como `17:00` ou `17h`.".to_owned()
        }
        WhenError::NeedsEnd => {
            "Acrescente a duração ou o fim, p. ex. `por 2h` ou `até 18:00`.".to_owned()
        }
        WhenError::NoSuchZone { .. } | WhenError::ZoneAbbreviation { .. } => {
            "Escreva o nome completo do fuso, p. ex. `America/Sao_Paulo` ou `UTC`, ou não o escreva."
                .to_owned()
        }
        WhenError::Contradiction { .. } => "Deixe só um dos dois.".to_owned(),
        WhenError::NoLength { .. } => {
            "Escreva a duração em semanas, dias, horas e minutos, p. ex. `por 2h 30m`.".to_owned()
        }
        WhenError::Reversed {
            overnight: Some(night),
        } => format!("Se for a noite, escreva `{}`.", write(night)),
        WhenError::Over { .. }
        | WhenError::EmptyWindow
        | WhenError::Reversed { .. }
        | WhenError::TooFar
            if asked == Asked::Window =>
        {
            format!("Escreva um período cujo fim ainda não chegou, p. ex. {examples}.")
        }
        _ => format!("Escreva como {examples}."),
    }
}
