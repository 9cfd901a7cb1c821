//! What an answer to a mail says: what happened and what next, in the reader's language.

use serde::Serialize;

use super::super::human::{Say, Tongue, cut, lines, one_line};
use crate::workflow::notice::AnswerFacts;

/// The longest line of theirs that is shown back, in characters.
const MAX_WROTE: usize = 200;

/// Why somebody gets an answer instead of a decision.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AnswerWords {
    code: String,
    sentence: String,
    next: String,
    wrote: Option<String>,
    rule: Option<String>,
}

impl AnswerWords {
    pub(super) fn of(answer: &AnswerFacts, say: &Say) -> Self {
        let english = || (answer.sentence.clone(), answer.next.clone());
        let (sentence, next) = match (say.tongue, &answer.refusal) {
            (Tongue::English, _) => english(),
            (Tongue::Portuguese, Some(refusal)) => {
                refusal.in_portuguese(&say.zone).unwrap_or_else(english)
            }
            (Tongue::Portuguese, None) => {
                let plain = || (portuguese(&answer.code).to_owned(), AGAIN_PT.to_owned());
                answer.portuguese.clone().unwrap_or_else(plain)
            }
        };
        let wrote = answer.wrote.as_deref();
        Self {
            code: answer.code.clone(),
            sentence: lines(&sentence).join(" "),
            next: lines(&next).join(" "),
            // Its own backticks would end ours.
            wrote: wrote.map(|wrote| cut(&one_line(wrote), MAX_WROTE).replace('`', "'")),
            rule: answer.rule.clone(),
        }
    }
}

const AGAIN_PT: &str = "Responda de novo, só com a palavra da decisão na primeira linha.";

/// Why a reply was not understood, by the code of the reading. One that is not here is said in general:
/// how to say it follows in any case.
fn portuguese(code: &str) -> &'static str {
    match code {
        "quote-first" => "A primeira linha é uma citação.",
        "attribution-first" => {
            "A primeira linha introduz uma citação; a resposta não está no topo."
        }
        "separator-first" => "A primeira linha é um separador.",
        "header-first" => "A primeira linha parece o cabeçalho de um e-mail citado.",
        "signature-only" => "Seu e-mail contém só uma assinatura.",
        "footer-first" => "A primeira linha é o rodapé do seu programa de e-mail.",
        "banner-first" => "A primeira linha é um aviso inserido por um servidor de e-mail.",
        "not-first" => "A primeira linha contém uma palavra de decisão, mas não começa por ela.",
        "no-word" => "A primeira linha não é nenhuma das palavras que decidem.",
        "question" => "A primeira linha é uma pergunta.",
        "more-on-line" => "Há mais na linha do que a palavra; uma aprovação fica sozinha.",
        "condition" => {
            "Há um período ou uma condição junto da palavra ou abaixo dela; uma aprovação fica sozinha, \
             e um período em uma linha própria abaixo."
        }
        "contradiction" => "Seu e-mail contém as duas decisões, ou algo que desfaz a primeira.",
        "second-word" => "Uma linha abaixo da primeira é de novo uma palavra de decisão.",
        "two-windows" => "Mais de uma linha abaixo da primeira diz um período.",
        "empty" | "no-text" => "Não há texto que se possa ler no seu e-mail.",
        "hidden-text" => "Uma parte do texto está escondida de alguns leitores.",
        "struck-out" => "Uma parte do texto está riscada.",
        "reordered" => "Uma parte do texto aparece em outra ordem.",
        "unbound" => {
            "Nada do que foi assinado mostra que o seu e-mail é sobre esta solicitação; responda sem \
             mudar o assunto."
        }
        "parts-disagree" => "O texto simples e o HTML do seu e-mail não dizem o mesmo.",
        "encrypted" => "Seu e-mail está criptografado, e aqui não há chave para ele.",
        "opaque-signature" => "A assinatura do seu e-mail não deixa ler o texto sem abri-la.",
        "packed" => "Seu e-mail veio como winmail.dat; envie-o como texto simples ou HTML.",
        "charset" => "O conjunto de caracteres do seu e-mail não pode ser lido aqui.",
        "broken" => "O texto do seu e-mail não pôde ser decodificado.",
        "ambiguous-structure" => "Seu e-mail diz duas vezes como o texto está codificado.",
        "too-long" => "Seu e-mail é mais longo do que se lê aqui; envie a palavra sem a citação.",
        "not-read" => "Seu e-mail não pôde ser lido.",
        code if code.starts_with("window") => "O período que você escreveu não foi entendido.",
        _ => "A primeira linha não é uma decisão clara.",
    }
}
