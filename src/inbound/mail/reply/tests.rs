//! The grammar of replies, case by case.
//!
//! An expectation is `+` for an approval and `-` for a disapproval, each followed by the window in
//! brackets, where a line says one, and the comment; or the code of what is unclear.

use super::super::read::tests::rules;
use super::grammar::MAX_COMMENT_CHARS;
use super::*;

fn meaning(text: &str, rules: &Rules) -> String {
    let lines: Vec<_> = text.split('\n').collect();
    match decide(&lines, rules) {
        Ok(said) => {
            let window = said.window.map(|text| format!("[{text}]"));
            let sign = match said.decision {
                Decision::Approve => '+',
                Decision::Disapprove => '-',
            };
            let (window, comment) = (window.unwrap_or_default(), said.comment.unwrap_or_default());
            format!("{sign}{window}{comment}")
        }
        Err(unclear) => unclear.code,
    }
}

fn check(table: &[(&str, &str)]) {
    let rules = rules();
    for (text, expected) in table {
        assert_eq!(meaning(text, &rules), *expected, "{text:?}");
    }
}

// Goal: an approval is the word alone, in any case and dress, with a closing and a courtesy.
// Method: first lines that approve.
#[test]
fn approvals() {
    check(&[
        ("APPROVE", "+"),
        ("approve", "+"),
        ("Approve", "+"),
        ("aPPrOvE", "+"),
        ("APPROVED", "+"),
        ("Approved.", "+"),
        ("APPROVE!", "+"),
        ("APPROVE!!!", "+"),
        ("APPROVE,", "+"),
        ("  APPROVE  ", "+"),
        ("\tAPPROVE", "+"),
        ("APPROVE\r", "+"),
        ("\n\n \n\u{a0}\nAPPROVE", "+"),
        ("*APPROVE*", "+"),
        ("**APPROVE**", "+"),
        ("_approve_", "+"),
        ("\"APPROVE\"", "+"),
        ("“APPROVE”", "+"),
        ("*APPROVE.*", "+"),
        ("*APPROVE*.", "+"),
        ("APPROVE thanks", "+"),
        ("APPROVE, thanks!", "+"),
        ("Approved. Thank you.", "+"),
        ("Approved - thanks", "more-on-line"),
        ("APPROVE thx", "+"),
        ("APPROVE\nThanks\nAlice", "+Thanks\nAlice"),
    ]);
}

// Goal: what cannot be seen and full-width letters do not matter; look-alike letters do.
// Method: the word dressed up in Unicode.
#[test]
fn unicode() {
    check(&[
        ("\u{feff}APPROVE", "+"),
        ("AP\u{200b}PROVE", "+"),
        ("\u{202e}APPROVE\u{202c}", "reordered"),
        ("\u{200e}APPROVE\u{200e}", "+"),
        ("\u{202e}EVORPPA\u{202c}", "reordered"),
        ("\u{2066}APPROVE\u{2069}", "+"),
        ("AP\u{ad}PROVE", "+"),
        ("\u{a0}APPROVE\u{202f}", "+"),
        ("ＡＰＰＲＯＶＥ", "+"),
        ("ＡＰＰＲＯＶＥ！", "+"),
        ("𝐀𝐏𝐏𝐑𝐎𝐕𝐄", "+"),
        ("\u{410}PPROVE", "no-word"),
        ("APPR\u{41e}VE", "no-word"),
        ("APPROVE\u{301}", "no-word"),
        ("APPROVÉ", "no-word"),
        ("REJECT\u{130}", "no-word"),
        ("APPROVE\0", "more-on-line"),
        ("APPROVE\u{fffd}", "more-on-line"),
        ("\u{200b}\nAPPROVE", "+"),
    ]);
}

// Goal: an approval with anything more on its line is none.
// Method: first lines that say more.
#[test]
fn more_on_the_line() {
    check(&[
        ("APPROVE for Bob", "condition"),
        ("APPROVE until 5pm", "condition"),
        ("APPROVE, but read-only", "condition"),
        ("APPROVE if Bob watches", "condition"),
        ("APPROVE 2h", "condition"),
        ("APPROVE 09:00-10:00", "condition"),
        ("APPROVE only today", "condition"),
        ("APPROVE R-42", "more-on-line"),
        ("APPROVE this", "more-on-line"),
        ("APPROVE thanks Bob", "more-on-line"),
        ("APPROVE, thanks but no", "more-on-line"),
        ("APPROVE :)", "more-on-line"),
        ("APPROVE/DISAPPROVE", "more-on-line"),
        ("APPROVE or DISAPPROVE", "more-on-line"),
        ("APPROVE-ish", "more-on-line"),
        ("APPROVE's", "more-on-line"),
        ("APPROVE?", "question"),
        ("APPROVE ?", "question"),
        ("*APPROVE*?", "question"),
        ("Approve?!", "question"),
        ("APPROVE!?", "question"),
        ("APPROVE: yes", "more-on-line"),
    ]);
}

// Goal: only the closed list of words decides, and only at the head of the line.
// Method: first lines that come near.
#[test]
fn other_words() {
    check(&[
        ("", "empty"),
        ("\n \n\t\n", "empty"),
        ("yes", "no-word"),
        ("no", "no-word"),
        ("OK", "no-word"),
        ("Approval", "no-word"),
        ("Approves", "no-word"),
        ("APPROVEDISAPPROVE", "no-word"),
        ("A P P R O V E", "no-word"),
        ("Hi Bob,\nAPPROVE", "no-word"),
        ("I APPROVE", "not-first"),
        ("I do not APPROVE", "not-first"),
        ("not approved", "not-first"),
        ("NOT-APPROVED", "not-first"),
        ("#APPROVE", "not-first"),
        ("Reply: APPROVE", "not-first"),
        ("👍", "no-word"),
        ("...", "no-word"),
    ]);
}

// Goal: a disapproval may carry its reason beside and below the word.
// Method: first lines that disapprove.
#[test]
fn disapprovals() {
    check(&[
        ("DISAPPROVE", "-"),
        ("Rejected.", "-"),
        ("reject", "-"),
        ("*REJECT*", "-"),
        ("DISAPPROVE too long", "-too long"),
        ("DISAPPROVE: too long", "-too long"),
        ("DISAPPROVE - too long.", "-too long"),
        ("DISAPPROVE – too long", "-too long"),
        ("DISAPPROVE, thanks", "-thanks"),
        ("DISAPPROVE (too long)", "-(too long)"),
        (
            "Rejected. I will approve it once the ticket is linked",
            "-I will approve it once the ticket is linked",
        ),
        (
            "REJECT\nuntil the ticket is linked",
            "-until the ticket is linked",
        ),
        ("REJECT too long\nAsk again", "-too long\nAsk again"),
        ("REJECT\nREJECT", "-REJECT"),
        ("DISAPPROVE?", "question"),
        ("DISAPPROVE or APPROVE", "contradiction"),
        ("DISAPPROVE/APPROVE", "contradiction"),
        ("REJECT approve", "contradiction"),
        ("REJECT's", "contradiction"),
        ("REJECT\nAPPROVE", "contradiction"),
        ("REJECT\n*Approved*, thanks", "contradiction"),
    ]);
}

// Goal: a comment that begins like a window or a condition, or that is a decision word, stops an
// approval. Method: an approval with lines below it.
#[test]
fn comments() {
    check(&[
        ("APPROVE\nLooks right", "+Looks right"),
        (
            "APPROVE\n\nLooks right\n\n\n\nto me\n\n",
            "+Looks right\n\nto me",
        ),
        ("APPROVE\nonly until 5", "condition"),
        ("APPROVE\n\nfrom 9 to 10", "window"),
        ("APPROVE\nfine\nbut be quick", "condition"),
        ("APPROVE\n- if Bob agrees", "condition"),
        ("APPROVE\n(until Friday)", "+[until Friday](until Friday)"),
        ("APPROVE\nbis 17 Uhr", "condition"),
        ("APPROVE\nAPPROVE", "second-word"),
        ("APPROVE\nfine\n\nDISAPPROVE", "contradiction"),
        ("APPROVE\nrejected the other one", "contradiction"),
        ("APPROVE\nApproved by me and Bob", "+Approved by me and Bob"),
        ("APPROVE\nFormally fine", "+Formally fine"),
        ("APPROVE\nFrom: me", "condition"),
        ("APPROVE\na\u{7}b", "broken"),
    ]);
}

// Goal: what a person wrote to narrow or take back an approval is never taken for a mail program's
// text, nor for an idle remark. Method: an approval, the line below it, and a quotation.
#[test]
fn taken_back() {
    let rules = rules();
    let stops = [
        "From: 10:00\nTo: 12:00",
        "From: tomorrow 9am\n\nTo: tomorrow 11am",
        "Von: 10:00\nAn: 12:00",
        "De: 9h\nA: 11h",
        "Date: 22 Nov\nTo: 5pm",
        "Von meinem Team nur bis 17 Uhr",
        "Only until 17:00, as Bob wrote:",
        "On condition that it ends by 17:00, as Bob wrote:",
        "Approved only until 17:00",
        "Approved for one hour",
        "Approved by 17:00",
        "approve if Bob agrees",
        "I approve only if Bob agrees",
        "I do not approve",
        "No wait, DISAPPROVE",
        "Sorry, I meant disapprove",
        "One hour only",
        "an hour, no more",
        "Ok, but only until 17:00",
        "Yes, if Bob agrees",
        "and only for an hour",
        "ok for me until 17:00",
        "fine by me, but only today",
        "ends at 17:00",
        "valid until 17:00",
        "Revoke at 17:00",
        "please limit to an hour",
        "Under the condition that Bob agrees",
        "1) only 1h",
        "1. only 1h",
        "~ only 1h",
        "→ only 1h",
        "# only 1h",
        "> window 10:00 to 18:00\nonly until 12:00 please\n> more",
        "> window 10:00 to 18:00\nuntil 12:00\n> more",
        "> window 10:00 to 18:00\nNo, DISAPPROVE this\n> more",
    ];
    for text in stops {
        let mail = format!("APPROVE\n{text}\n\nOn 21 Nov 2026, Bot wrote:\n> Bob asks.\n");
        let meaning = meaning(&mail, &rules);
        assert!(!meaning.starts_with('+'), "{text:?} is read as {meaning:?}");
    }
}

// Goal: the care above costs no honest approval. Method: what people and programs add idly.
#[test]
fn not_taken_back() {
    check(&[
        ("APPROVE\nOk", "+Ok"),
        ("APPROVE\nYes, and thanks", "+Yes, and thanks"),
        ("APPROVE\nApproved by me and Bob", "+Approved by me and Bob"),
        ("APPROVE\nNo objections", "+No objections"),
        ("APPROVE\nfine by me", "+fine by me"),
        ("APPROVE\nOk for me", "+Ok for me"),
        ("APPROVE\nFine from my side.", "+Fine from my side."),
        ("APPROVE\nYes, please do", "+Yes, please do"),
        ("APPROVE\nSure, do it", "+Sure, do it"),
        ("APPROVE\nSorry for the delay", "+Sorry for the delay"),
        ("APPROVE\nThanks for asking", "+Thanks for asking"),
        ("APPROVE\nGood luck", "+Good luck"),
        ("APPROVE\nHi Bob, all good", "+Hi Bob, all good"),
        (
            "APPROVE\nSeems approved by the CAB too",
            "+Seems approved by the CAB too",
        ),
        ("APPROVE\n1. ticket is linked", "+1. ticket is linked"),
        ("APPROVE\nSent from my iPhone", "+"),
        ("APPROVE\nVon meinem iPhone gesendet", "+"),
        (
            "APPROVE\nFrom: Bot\nDate: Fri, 20 Nov 2026\nTo: me\nSubject: y",
            "+",
        ),
        ("APPROVE\nOn Monday, 23 Nov 2026, Bot wrote:\n> x", "+"),
        ("APPROVE\n> x\n\nOn 21 Nov 2026, Bot wrote:\n> y", "+"),
        (
            "APPROVE\n> x\nIf you are not the recipient, delete this.",
            "+",
        ),
    ]);
}

// Goal: a line that is a window to its end is the approval's window; one that only begins like one
// stops the approval; two are one too many. Method: an approval with lines below it.
#[test]
fn windows() {
    check(&[
        ("APPROVE\nfor 2h", "+[for 2h]for 2h"),
        ("APPROVE\nFor 2 hours.", "+[For 2 hours]For 2 hours."),
        (
            "APPROVE\n\n- until 18:00\n\nBob",
            "+[until 18:00]- until 18:00\n\nBob",
        ),
        ("APPROVE\n*until 18:00*", "+[until 18:00]*until 18:00*"),
        ("APPROVE\n“until 18:00”", "+[until 18:00]“until 18:00”"),
        (
            "APPROVE\nfine\nfrom 9am to 5pm",
            "+[from 9am to 5pm]fine\nfrom 9am to 5pm",
        ),
        (
            "APPROVE, thanks\nfrom 9:00 to 11:00",
            "+[from 9:00 to 11:00]from 9:00 to 11:00",
        ),
        (
            "APPROVE\ntomorrow 9am for 2h",
            "+[tomorrow 9am for 2h]tomorrow 9am for 2h",
        ),
        (
            "APPROVE\nfriday 17:00–19:00",
            "+[friday 17:00–19:00]friday 17:00–19:00",
        ),
        (
            "APPROVE\nnext monday 08:00 for 1 day",
            "+[next monday 08:00 for 1 day]next monday 08:00 for 1 day",
        ),
        ("APPROVE\nfor\u{a0}2h", "+[for 2h]for 2h"),
        ("APPROVE\nｆｏｒ 2h", "+[for 2h]ｆｏｒ 2h"),
        ("APPROVE\nfo\u{200b}r 2h", "+[for 2h]for 2h"),
        (
            "APPROVE\namanhã 9h por 2h",
            "+[amanhã 9h por 2h]amanhã 9h por 2h",
        ),
        ("APPROVE\npor 2 horas", "+[por 2 horas]por 2 horas"),
        ("APPROVE\ndas 9h às 11h", "+[das 9h às 11h]das 9h às 11h"),
        (
            "APPROVE\nfrom 9am to 5pm Europe/Lisbon",
            "+[from 9am to 5pm Europe/Lisbon]from 9am to 5pm Europe/Lisbon",
        ),
        // What hangs on the zone or the clock is not for this stage.
        ("APPROVE\nuntil 5am", "+[until 5am]until 5am"),
        (
            "APPROVE\nfrom 2026-10-25 01:30 to 03:00",
            "+[from 2026-10-25 01:30 to 03:00]from 2026-10-25 01:30 to 03:00",
        ),
        ("APPROVE\nfor 2h\nuntil 18:00", "two-windows"),
        ("APPROVE\nfor 2h\n\nfor 2h", "two-windows"),
        ("APPROVE\nfor 2h please", "window"),
        ("APPROVE\nuntil 18:00, then stop", "window"),
        ("APPROVE\nuntil 5", "window"),
        ("APPROVE\nfrom 9am\nto 5pm", "window"),
        ("APPROVE\nfor 2h or 3h", "window"),
        ("APPROVE\ntomorrow 9am", "window"),
        ("APPROVE\nfriday 17:00", "window"),
        ("APPROVE\n2026-11-27 17:00", "window"),
        ("APPROVE\n27 November", "window"),
        ("APPROVE\n9:00-17:00", "window"),
        ("APPROVE\n2h", "window"),
        ("APPROVE\n2h30", "window"),
        ("APPROVE\nMon-Fri 9:00-17:00", "window"),
        ("APPROVE\nonly for 2h", "condition"),
        ("APPROVE\nfor the record, fine", "condition"),
        ("APPROVE\nafter 18:00", "condition"),
        (
            "APPROVE\nA second pair of eyes agreed",
            "+A second pair of eyes agreed",
        ),
        ("APPROVE\nDe acordo", "+De acordo"),
        ("APPROVE\nThis looks fine, 2h is enough", "condition"),
        ("APPROVE\n> for 2h", "window"),
        ("APPROVE\n-- \nfor 2h", "window"),
        ("APPROVE\n-- \nAlice\nfor 2h", "window"),
        ("APPROVE\n-- \nAlice\nonly until 17:00", "window"),
        ("APPROVE\n-- \nOnly for Bob, please", "condition"),
        ("APPROVE for 2h", "condition"),
        ("REJECT\nfor 2h", "-for 2h"),
        ("REJECT\nfor 2h\nuntil 5", "-for 2h\nuntil 5"),
        ("REJECT until friday 18:00", "-until friday 18:00"),
    ]);
}

// Goal: of the lines below an approval at most one says for when; no line that begins like a window is
// ever a remark. Method: every sequence of up to four lines, below both words.
#[test]
fn every_set_of_lines() {
    let windows = ["for 2h", "- until friday 18:00", "das 9h às 11h"];
    let remarks = ["fine", "", "De acordo"];
    let stops = ["until 5", "only today", "9:00-17:00"];
    let all: Vec<&str> = [windows, remarks, stops].concat();
    let rules = rules();
    let mut texts: Vec<Vec<&str>> = vec![Vec::new()];
    for _ in 0..4 {
        let longer = |text: &Vec<&'static str>| {
            let text = text.clone();
            all.iter()
                .map(move |line| [text.as_slice(), &[*line]].concat())
                .collect::<Vec<_>>()
        };
        texts = texts.iter().flat_map(longer).collect();
        for text in &texts {
            let count = |of: &[&str]| text.iter().filter(|line| of.contains(line)).count();
            let said = decide(&[&["APPROVE"], text.as_slice()].concat(), &rules);
            match (count(&stops), count(&windows)) {
                (0, 0) => assert_eq!(said.unwrap().window, None, "{text:?}"),
                (0, 1) => {
                    let said = said.unwrap();
                    let window = said.window.unwrap();
                    assert!(
                        windows.iter().any(|line| line.ends_with(&window)),
                        "{text:?}"
                    );
                    assert!(said.comment.unwrap().contains(&window), "{text:?}");
                }
                _ => assert!(said.is_err(), "{text:?}"),
            }
            let said = decide(&[&["REJECT"], text.as_slice()].concat(), &rules);
            assert_eq!(said.unwrap().window, None, "{text:?}");
        }
    }
}

// Goal: a window that is not understood is answered with the reason and with how to say it.
// Method: the words of two.
#[test]
fn windows_are_answered() {
    let unclear = decide(&["APPROVE", "until 5"], &rules()).unwrap_err();
    assert_eq!(unclear.wrote.as_deref(), Some("until 5"));
    assert!(
        unclear
            .sentence
            .ends_with("`5` can be a time of day or something else.")
    );
    assert!(
        unclear
            .next
            .unwrap()
            .starts_with("Write `5:00` or `17:00`. Or begin the line")
    );
    let unclear = decide(&["APPROVE", "9:00-17:00"], &rules()).unwrap_err();
    assert!(
        unclear
            .next
            .unwrap()
            .starts_with("Write `from 9:00-17:00`. Or begin")
    );
}

// Goal: a quotation, a signature and what else a program puts below never becomes a comment.
// Method: an approval with each of them below it.
#[test]
fn tails() {
    check(&[
        ("APPROVE\n> until 5", "window"),
        ("APPROVE\n> only for an hour, please", "condition"),
        ("APPROVE\n> fine with me", "+"),
        (
            "APPROVE\n> Reply with APPROVE or DISAPPROVE.\n> until 5",
            "+",
        ),
        (
            "APPROVE\n\n> On 21 Nov 2026, Bot wrote:\n> until 5\n\n> only",
            "+",
        ),
        (
            "APPROVE\n\nOn 21 Nov 2026, at 10:00, Bot wrote:\n> only",
            "+",
        ),
        (
            "APPROVE\nfine\n\nOn Sat, 21 Nov 2026 at 10:00, Bot\n<b@x.test> wrote:\n\nonly",
            "+fine",
        ),
        (
            "APPROVE\n________________________________\nFrom: Bot\nonly",
            "condition",
        ),
        (
            "APPROVE\nFrom: Bot\nSent: 21 Nov 2026\nTo: Alice\nonly",
            "+",
        ),
        ("APPROVE\n-----Original Message-----\nonly", "condition"),
        (
            "APPROVE\n-----Original Message-----\nDISAPPROVE",
            "contradiction",
        ),
        (
            "APPROVE\n\n-----Original Message-----\n\nI meant DISAPPROVE, not APPROVE",
            "contradiction",
        ),
        (
            "DISAPPROVE\n-----Original Message-----\nAPPROVE",
            "contradiction",
        ),
        (
            "APPROVE\n-----Original Message-----\nFrom: Bot <b@x.test>\nSent: 21 Nov 2026\n\n\
             To agree:\nAPPROVE\nto refuse:\nDISAPPROVE\nuntil tomorrow",
            "+",
        ),
        (
            "APPROVE\n-----Original Message-----\n> until 5\n> only",
            "+",
        ),
        (
            "APPROVE\n-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n=only\n-----END PGP SIGNATURE-----",
            "+",
        ),
        (
            "APPROVE\n-----Original Message-----\nFrom: 10:00\nTo: 12:00",
            "condition",
        ),
        ("APPROVE\n-----Original Message-----\n\nFrom: Bot", "+"),
        ("APPROVE\n-- \nAlice\nonly by phone", "condition"),
        ("APPROVE\n-- \nAlice\nonly in office hours", "condition"),
        (
            "APPROVE\n-- \nAlice\n\nPlease only read access",
            "condition",
        ),
        (
            "APPROVE\n-- \nAlice\nOk, but not before Bob agrees",
            "condition",
        ),
        ("APPROVE\n-- \nAlice\nif Bob agrees", "condition"),
        ("APPROVE\n-- \nAlice\nse o Bob concordar", "condition"),
        ("APPROVE\n-- \nAlice\nwenn Bob zustimmt", "condition"),
        ("APPROVE\n-- \nAlice\nDISAPPROVE", "contradiction"),
        (
            "APPROVE\n-- \nAlice Do\nDo Thi Hoa\nExample Limited | Weekend Desk\nPo Box 12\nNa Příkopě 5\n\
             Mon-Fri 9:00-17:00\nFrom Hamburg with love\nBefore printing, think of the trees\n\
             Antes de imprimir pense no meio ambiente\n\
             If you are not the recipient, delete this mail.",
            "+",
        ),
        ("APPROVE\nSent from my iPhone\nonly", "condition"),
        (
            "APPROVE\nSent from my iPhone\n\nThis e-mail is confidential and may be privileged or \
             protected.\nOnly for its recipient.",
            "+",
        ),
        (
            "APPROVE\n\nConfidentiality notice\nIf you are not the recipient, delete it.",
            "+",
        ),
        (
            "APPROVE\n\nGet Outlook for iOS<https://x.test>\n_____\nonly",
            "condition",
        ),
        ("APPROVE\nAm 21.11.2026 um 10:00 schrieb Bot:\n> nur", "+"),
        ("APPROVE\n> please decide\nDISAPPROVE", "contradiction"),
        ("APPROVE\n> APPROVE or\n> DISAPPROVE", "+"),
        ("APPROVE\nAs Bob wrote:\nonly until 5", "condition"),
    ]);
}

// Goal: where the first line is not the person's own, nothing is decided.
// Method: each kind on top, with the word below it.
#[test]
fn foreign_first_lines() {
    check(&[
        ("> quoted\nAPPROVE", "quote-first"),
        (">APPROVE", "quote-first"),
        (
            "On 21 Nov 2026, at 10:00, Bot wrote:\n> x\n\nAPPROVE",
            "attribution-first",
        ),
        (
            "On Sat, 21 Nov 2026 at 10:00, Bot\n<b@x.test> wrote:\n> x\nAPPROVE",
            "attribution-first",
        ),
        ("-----Original Message-----\nAPPROVE", "separator-first"),
        ("Begin forwarded message:\n\nAPPROVE", "separator-first"),
        ("From: Bot\nSent: 21 Nov 2026\n\nAPPROVE", "header-first"),
        ("Subject: APPROVE", "header-first"),
        ("Von: Bot\nAPPROVE", "header-first"),
        ("-- \nAlice\nAPPROVE", "signature-only"),
        ("Sent from my iPhone", "footer-first"),
        ("Envoyé de mon iPhone\nAPPROVE", "footer-first"),
        ("CAUTION: external mail\nAPPROVE", "banner-first"),
        ("[EXTERNAL] x\nAPPROVE", "banner-first"),
        ("Confidentiality notice:\nAPPROVE", "footer-first"),
    ]);
}

/// The rules with every language's words.
fn in_every_language() -> Rules {
    use crate::config::locales::LOCALES;
    let mut rules = rules();
    for locale in LOCALES {
        let owned = |word: &&str| (*word).to_owned();
        rules.approve_words.extend(locale.approve.iter().map(owned));
        rules
            .disapprove_words
            .extend(locale.disapprove.iter().map(owned));
    }
    rules
}

// Goal: each language's words decide, with its courtesies, case and punctuation, and its conditions
// stop an approval. Method: a conversation's worth of lines for each.
#[test]
fn languages() {
    let rules = in_every_language();
    for (text, expected) in [
        ("Aprovado, obrigado!", "+"),
        ("aprovo", "+"),
        ("APROVADO\nTudo certo por aqui", "+Tudo certo por aqui"),
        ("APROVADO\nse o Bob concordar", "condition"),
        ("APROVADO\nmas com cuidado", "condition"),
        ("APROVADO\nSO\u{301} hoje", "condition"),
        (
            "Aprovado\nate\u{301} amanha\u{303}",
            "+[até amanhã]ate\u{301} amanha\u{303}",
        ),
        ("Recusado: fora do horário", "-fora do horário"),
        ("Aprobado. Gracias", "+"),
        ("APROBADO\nsiempre que Bob mire", "condition"),
        ("Rechazado, no procede", "-no procede"),
        ("Approuvé, merci", "+"),
        ("APPROUVE\u{301}", "+"),
        ("approuve\u{301}e\nmais pas aujourd'hui", "condition"),
        ("Refusé\u{a0}: trop long", "-trop long"),
        ("Genehmigt. Danke schön!", "+"),
        ("GENEHMIGT\nGruß, Bob", "+Gruß, Bob"),
        ("GENEHMIGT\nAUSSER am Freitag", "condition"),
        ("GENEHMIGT\nauẞer am Freitag", "condition"),
        ("Zurückgewiesen", "-"),
        ("Abgelehnt, weil Freeze ist", "-weil Freeze ist"),
        ("Approvato, grazie", "+"),
        ("APPROVATO\nsolo se c'è Bob", "condition"),
        ("Rifiutato", "-"),
        ("Akkoord, dank je", "+"),
        ("Goedgekeurd\nmits Bob kijkt", "condition"),
        ("Afgekeurd", "-"),
        ("Zatwierdzam, dziękuję", "+"),
        ("AKCEPTUJE\nTylko dzisiaj", "condition"),
        ("Odrzucam", "-"),
        ("Godkänt, tack", "+"),
        ("GODKA\u{308}NT", "+"),
        ("GODKANT\nbara idag", "condition"),
        ("onaylıyorum", "+"),
        ("ONAYLIYORUM, teşekkürler", "+"),
        ("reddedildi", "-"),
        ("REDDEDİYORUM", "-"),
        ("DİSAPPROVE", "-"),
        ("承認。", "+"),
        ("承認します！", "+"),
        ("「承認」", "+"),
        ("承認します。ありがとうございます", "+"),
        ("承認\n17時までです", "condition"),
        ("承認しません", "-"),
        ("承認致しかねます", "no-word"),
        ("却下：理由は別途", "-理由は別途"),
        ("批准。", "+"),
        ("同意，谢谢", "+"),
        ("批准\n仅限今天", "condition"),
        ("不同意", "-"),
        ("拒绝，因为太久", "-因为太久"),
        ("APPROVE\n\u{43e}nly Bob", "look-alike"),
        ("APPROVE\nSent with a limit: one hour", "condition"),
    ] {
        assert_eq!(meaning(text, &rules), expected, "{text:?}");
    }
    assert_eq!(
        meaning("Aprovado", &super::super::read::tests::rules()),
        "no-word"
    );
}

// Goal: a known banner, or the operator's, is taken off; a list's mark too; the answer below counts.
// Method: tops of mails.
#[test]
fn banners_and_marks() {
    let mut rules = rules();
    rules.banners = vec![banner::letters("Mail from outside: be careful!")];
    for (text, expected) in [
        ("[EXTERNAL]\n\nAPPROVE", "+"),
        ("Mail from outside:\nbe careful!\n\nREJECT no", "-no"),
        ("Mail from outside: be careful! APPROVE", "not-first"),
        ("[EXTERNAL EMAIL]", "empty"),
        ("- APPROVE", "+"),
        ("• approve", "+"),
        ("1. APPROVE", "not-first"),
        ("-- APPROVE", "not-first"),
        ("👍", "no-word"),
        ("👍 APPROVE", "not-first"),
    ] {
        assert_eq!(meaning(text, &rules), expected, "{text:?}");
    }
}

// Goal: the operator's words are taken exactly, with their spaces and hyphens; the longest wins.
// Method: rules with such words.
#[test]
fn configured_words() {
    let mut rules = rules();
    rules.approve_words.insert("SIGN-OFF".to_owned());
    rules.approve_words.insert("GO AHEAD".to_owned());
    rules.disapprove_words.insert("GO AWAY".to_owned());
    rules.disapprove_words.insert("APPROVE NOT".to_owned());
    assert_eq!(meaning("sign-off", &rules), "+");
    assert_eq!(meaning("Go ahead, thanks", &rules), "+");
    assert_eq!(meaning("go away please", &rules), "-please");
    assert_eq!(meaning("APPROVE NOT", &rules), "-");
    assert_eq!(meaning("SIGN", &rules), "no-word");
    rules.approve_words.clear();
    assert_eq!(meaning("APPROVE", &rules), "no-word");
}

// Goal: REVOKE takes back, whatever words are configured, and is never an approval (W31).
// Method: alone, with a reason, beside and below other words, and as an operator's word of approval.
#[test]
fn revoke_takes_back() {
    let mut rules = rules();
    for (text, comment) in [
        ("REVOKE", None),
        ("revoke.", None),
        ("*Revoke*: that was not me", Some("that was not me")),
    ] {
        let said = decide(&[text], &rules).unwrap();
        assert!(
            said.revokes && said.decision == Decision::Disapprove,
            "{text}"
        );
        assert_eq!(said.comment.as_deref(), comment, "{text}");
    }
    assert!(!decide(&["DISAPPROVE", "REVOKE"], &rules).unwrap().revokes);
    assert_eq!(meaning("APPROVE\nREVOKE", &rules), "contradiction");
    assert_eq!(meaning("REVOKED", &rules), "no-word");
    assert_eq!(meaning("REVOKE\nAPPROVE", &rules), "contradiction");
    assert_eq!(meaning("REVOGO", &rules), "no-word");
    for word in ["REVOGO", "撤回"] {
        rules.disapprove_words.insert(word.to_owned());
        assert!(decide(&[word], &rules).unwrap().revokes, "{word}");
    }
    rules.approve_words.insert("REVOKE".to_owned());
    assert!(decide(&["REVOKE"], &rules).unwrap().revokes);
}

// Goal: what is kept of a person's words has an end. Method: very long lines.
#[test]
fn limits() {
    let rules = rules();
    let long = "x".repeat(100_000);
    let text = format!("REJECT {long}");
    let said = decide(&[&text], &rules).unwrap();
    assert_eq!(said.comment.unwrap().chars().count(), MAX_COMMENT_CHARS);
    let unclear = decide(&[&long], &rules).unwrap_err();
    assert_eq!(unclear.wrote.unwrap().chars().count(), MAX_WROTE_CHARS);
}

// Goal: what stands below a person's approval and takes it back is seen where a mail program might
// have put something: rules, notices, header blocks, footers, introductions. Method: an approval with
// each of them below it.
#[test]
fn below_what_looks_foreign() {
    let rules = rules();
    for text in [
        "---\nonly for 1 hour",
        "-----\nDISAPPROVE",
        "--- only until 17:00 ---",
        "=====\nOnly until 17:00",
        "________\nand only until 17:00",
        "--- wrote ---\nonly today",
        "--- original messages aside, only today ---",
        "---------\n\n\nDISAPPROVE",
        "---\n> DISAPPROVE",
        "-----\nFrom: 10:00\nTo: 12:00",
        "This email is a mistake.",
        "This email: not approved",
        "Diese Nachricht gilt nicht",
        "This message is intended for the other request, do not count it.",
        "This message is confidential, and I said DISAPPROVE to the request in it",
        "Disclaimer: only until 17:00",
        "From: 10:00\nTo: 12:00\nSubject: maintenance",
        "From: 10:00\nTo: 12:00\nImportance: high",
        "From: 10:00\nTo: 12:00\nCc: Bob",
        "Von: 10:00\nBis: 12:00\nBetreff: Wartung",
        "De: 10h\nAté: 12h\nAssunto: x",
        "From: the freeze\nTo: its end\nSubject: rollout",
        "From: 22 November\nTo: 23 November\nSubject: rollout",
        "From: tomorrow\nSent: 21 Nov 2026",
        "Von meiner Seite erst morgen.",
        "Von meiner Seite Montag, morgen",
        "Sent from my side, tomorrow",
        "Am Montag bis 17 Uhr, wie Bob schrieb:",
        "On Monday until 5pm, as Bob wrote:",
        "Bis 21.11.2026 17 Uhr, wie Bob schrieb:",
        "On 21 Nov 2026 until 17:00, as Bob <b@x.test> wrote:",
    ] {
        let meaning = meaning(&format!("APPROVE\n{text}"), &rules);
        assert!(!meaning.starts_with('+'), "{text:?} is read as {meaning:?}");
    }
    check(&[
        (
            "APPROVE\n-----\nFrom: Bot <b@x.test>\nSubject: only\n\nonly",
            "+",
        ),
        (
            "APPROVE\n\n--------\nOn Sat, 21 Nov 2026 at 10:00, Bot wrote:\n\nonly",
            "+",
        ),
        ("APPROVE\n-----\nDana Whitfield", "+-----\nDana Whitfield"),
        (
            "APPROVE\nOn Sat, 21 Nov 2026 at 10:00, X <a@b> wrote:\n> only",
            "+",
        ),
        (
            "Approved, thanks\nOn Sat, 21 Nov 2026 at 10:00, X\n<a@b> wrote:\n> only",
            "+",
        ),
        ("APPROVE\nAm 21.11.26 um 10:00 schrieb Bot:\n> nur", "+"),
        ("APPROVE\nVon meinem iPhone gesendet\nAlice", "+"),
        ("APPROVE\nGesendet mit Outlook für Android", "+"),
        (
            "APPROVE\n____\nThis message is confidential. If you are not the intended recipient, \
             do not use it.",
            "+____",
        ),
    ]);
}

// Goal: a length in words, a withdrawal, a plain condition stops an approval, in whatever language.
// Method: an approval with each of them below it.
#[test]
fn in_so_many_words() {
    let rules = rules();
    for text in [
        "fifteen minutes",
        "seven hours",
        "three hours please",
        "Three hours is enough.",
        "zwei Stunden",
        "deux heures",
        "dos horas",
        "два часа",
        "3天",
        "trzy godziny",
        "a couple of days",
        "iki saat",
        "If there is a change ticket for it.",
        "If you have a ticket.",
        "If required.",
        "if necessary, with Bob",
        "I disagree",
        "I object",
        "Denied",
        "I withdraw my approval",
        "Actually, denied.",
        "Scratch that.",
        "Sorry, wrong button.",
        "nope",
        "Oops",
        "My finger slipped.",
        "That was meant for another mail",
        "dont do it",
        "first ask Bob",
        "Ich lehne ab",
        "dagegen",
        "Nein",
        "Abgelehnt",
        "without admin",
        "read access please",
        "this evening",
        "over the weekend",
        "μόνο σήμερα",
        "רק היום",
        "فقط اليوم",
        "केवल आज",
        "เฉพาะวันนี้",
        "chỉ hôm nay",
        "nếu Bob đồng ý",
        "csak ma",
        "doar astăzi",
        "vain tänään",
        "тільки сьогодні",
        "якщо Боб згоден",
        "hanya hari ini",
        "միայն այսօր",
        "მხოლოდ დღეს",
        "শুধু আজ",
        "s\u{fffd} hoje",
        "sÃ³ hoje",
        "\u{1b}$B:#F|$@$1\u{1b}(B",
    ] {
        let meaning = meaning(&format!("APPROVE\n{text}"), &rules);
        assert!(!meaning.starts_with('+'), "{text:?} is read as {meaning:?}");
    }
    for text in [
        "Let me know if you need anything",
        "Let me know if anything is unclear",
        "If you have any questions, call me",
        "Have a nice day",
        "Schönen Tag noch",
        "Bom dia",
        "Nichts dagegen",
        "No worries",
        "Thanks for your time",
        "See you at the last-minute review",
        "Ευχαριστώ",
        "תודה",
        "不错",
        "De acordo",
        "Sans souci",
        "Μίλησα με τον Μπομπ",
        "דיברתי עם בוב",
        "تحدثت مع بوب",
        "मैंने बॉब से बात की",
        "คุยกับบ๊อบแล้ว",
        "Tôi đã nói với Bob",
        "Ne ho parlato con Bob",
        "I am fine with it",
    ] {
        let meaning = meaning(&format!("APPROVE\n{text}"), &rules);
        assert!(meaning.starts_with('+'), "{text:?} is read as {meaning:?}");
    }
}

// Goal: a disapproval that holds the word of approval is none, unless it denies or only promises it.
// Method: both words in a line, and in two.
#[test]
fn both_words() {
    let rules = in_every_language();
    for (text, expected) in [
        ("Rejected by mistake, please approve", "contradiction"),
        ("disapprove, no wait: approve", "contradiction"),
        ("Abgelehnt wird hier nichts, genehmigt!", "contradiction"),
        ("DISAPPROVE\nSorry, I meant APPROVE", "contradiction"),
        ("Revoke nothing; approve.", "contradiction"),
        ("REVOKE\nSorry, approved", "contradiction"),
        (
            "DISAPPROVE\nI will not approve this",
            "-I will not approve this",
        ),
        ("Rejected, I can't approve it", "-I can't approve it"),
        (
            "REJECT: I will approve it once it is tested",
            "-I will approve it once it is tested",
        ),
        ("REJECT, my mistake, I will approve", "contradiction"),
    ] {
        assert_eq!(meaning(text, &rules), expected, "{text:?}");
    }
}

// Goal: a text under a wrong label approves nothing that it may narrow; UTF-8 without a label, or with
// one that promises ASCII, is UTF-8. Method: whole mails, by label and bytes.
#[test]
fn wrong_labels() {
    use super::super::read::{read, tests::clean};
    let rules = rules();
    let utf8 = "tudo está certo".as_bytes();
    let stops = "só até amanhã".as_bytes();
    let latin = b"s\xf3 at\xe9 amanh\xe3";
    let shift_jis = b"\x8d\xa1\x93\xfa\x82\xbe\x82\xaf";
    let escapes = b"\x1b$B:#F|$@$1\x1b(B";
    let table: &[(&str, &[u8], &str)] = &[
        ("", utf8, "approve"),
        ("; charset=us-ascii", utf8, "approve"),
        ("; charset=utf-8", utf8, "approve"),
        ("", latin, "none"),
        ("; charset=utf-8", latin, "none"),
        ("; charset=us-ascii", latin, "none"),
        ("", shift_jis, "none"),
        ("; charset=us-ascii", shift_jis, "none"),
        ("; charset=us-ascii", stops, "none"),
        ("; charset=iso-8859-1", utf8, "none"),
        ("; charset=windows-1252", stops, "none"),
        ("", escapes, "none"),
        ("; charset=iso-8859-1", b"est\xe1 tudo certo", "approve"),
    ];
    for (label, line, expected) in table {
        let mail = clean("APPROVE\r\nLINE").replace("; charset=utf-8", label);
        let (head, tail) = mail.split_once("LINE").unwrap();
        let raw = [head.as_bytes(), line, tail.as_bytes()].concat();
        let reply = read(&raw, &rules).reply;
        assert_eq!(reply.verdict, *expected, "{label} {line:?}: {}", reply.why);
    }
}
