//! The warning that a mail gateway puts above a mail from outside.
//!
//! A banner is taken off only where it is known to its last letter: the forms below, and those that
//! the operator copies into `[mail] banners`. It may be wrapped, and signs and case do not matter.
//! What merely begins like one makes the reply unclear: what stands below it may be the gateway's too.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::fold;

/// Banners on top of each other.
const MAX_BANNERS: usize = 3;
/// Lines that one banner is wrapped over.
const MAX_LINES: usize = 12;

/// Banners as products and guides write them, letters and digits only.
const KNOWN: &[&str] = &[
    "external",
    "ext",
    "externalemail",
    "externalmail",
    "externalsender",
    "externalmessage",
    "emailfromoutside",
    "cautionexternalemail",
    "cautionexternalsender",
    "warningexternalemail",
    "thisisanexternalemail",
    "thisemailoriginatedoutsideyourorganization",
    "thismessageoriginatedoutsideyourorganization",
    "thismessagewassentfromoutsideyourorganization",
    "thismessagecamefromoutsideyourorganization",
    "cautionthisemailoriginatedfromoutsideoftheorganization",
    "cautionthisemailoriginatedfromoutsideyourorganization",
    "cautionthisemailoriginatedfromoutsideoftheorganizationdonotclicklinksoropenattachmentsunless\
     yourecognizethesenderandknowthecontentissafe",
    "cautionthisemailoriginatedfromoutsideyourorganizationdonotclicklinksoropenattachmentsunless\
     yourecognizethesenderandknowthecontentissafe",
    "extern",
    "externeemail",
    "externeremail",
    "achtungexterneemail",
    "achtungdieseemailstammtvonausserhalbderorganisation",
    "externe",
    "courrielexterne",
    "attentioncourrielexterne",
    "externo",
    "correoexterno",
    "emailexterno",
    "mensagemexterna",
    "mensajeexterno",
    "esterno",
    "messaggioesterno",
    "zewnetrzny",
    "wiadomosczewnetrzna",
    "外部メール",
    "外部邮件",
    "外部郵件",
];

/// How a banner begins that is not known to its end.
const BEGINNINGS: &[&str] = &[
    "caution:",
    "caution ",
    "external email",
    "external:",
    "[external",
    "external mail",
    "external sender",
    "this email originated",
    "this message originated",
    "this message was sent from outside",
    "warning: this email",
    "achtung: externe",
    "externe e-mail",
    "you don't often get email from",
    "some people who received this message don't often get email",
];

/// How many lines at the head of a mail are known banners.
pub fn lines(lines: &[&str], configured: &[String]) -> usize {
    let mut at = 0;
    for _ in 0..MAX_BANNERS {
        let rest = lines.get(at..).unwrap_or_default();
        match one(rest, configured) {
            Some(taken) => at += taken,
            None => break,
        }
    }
    at
}

/// The letters and digits of a text, as banners are compared.
pub fn letters(text: &str) -> String {
    let folded = fold::folded(text);
    fold::plain(&folded)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

fn one(lines: &[&str], configured: &[String]) -> Option<usize> {
    let known = |text: &str| KNOWN.contains(&text) || configured.iter().any(|own| own == text);
    let begins = |text: &str| {
        KNOWN.iter().any(|banner| banner.starts_with(text))
            || configured.iter().any(|banner| banner.starts_with(text))
    };
    let mut joined = String::new();
    let mut longest = None;
    for (index, line) in lines.iter().take(MAX_LINES).enumerate() {
        let more = letters(super::line::start_of(line, 500));
        if more.is_empty() {
            continue;
        }
        joined.push_str(&more);
        if !begins(&joined) {
            break;
        }
        if known(&joined) {
            longest = Some(index + 1);
        }
    }
    longest
}

/// Whether a line, lower case, begins like a banner.
pub fn begins(text: &str) -> bool {
    BEGINNINGS.iter().any(|banner| text.starts_with(banner))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: a banner is taken off whole, however it is wrapped and dressed, and nothing else with it.
    // Method: tops of mails, and how many of their lines are a banner.
    #[test]
    fn tops() {
        let own = vec![letters("Mail from outside: think before you click.")];
        let table = [
            ("[EXTERNAL]\n\nAPPROVE", 1),
            ("*** External e-mail ***\nAPPROVE", 1),
            ("[EXT]\n[External Sender]\nAPPROVE", 2),
            (
                "CAUTION: This email originated from outside of the\norganization. Do not click links \
                 or open attachments unless you\nrecognize the sender and know the content is safe.\n\n\
                 APPROVE",
                3,
            ),
            ("Mail from outside:\nthink before you click.\nAPPROVE", 2),
            ("Mail from outside: think\nAPPROVE", 0),
            ("CAUTION: external\nAPPROVE", 0),
            ("[EXTERNAL] APPROVE", 0),
            ("External audit wants this", 0),
            ("APPROVE\n[EXTERNAL]", 0),
        ];
        for (text, count) in table {
            let text: Vec<_> = text.split('\n').collect();
            assert_eq!(lines(&text, &own), count, "{text:?}");
        }
    }
}
