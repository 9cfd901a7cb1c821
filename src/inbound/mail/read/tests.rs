//! Whole mails: the fixtures of `tests/mail`, and arbitrary bytes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

pub(in super::super) const TOKEN: &str = "abcdefghijklmnopqrstuvwxya";

/// The rules that every fixture is written for.
pub(in super::super) fn rules() -> Rules {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Rules {
        reply_to: "approvals@bot.test".to_owned(),
        own_address: "bot@bot.test".to_owned(),
        message_id_domain: "id.test".to_owned(),
        dkim: None,
        authserv_id: Some("mx.bot.test".to_owned()),
        authserv_hops: 1,
        exempt_domains: set(&["exempt.test"]),
        approve_words: set(&["APPROVE", "APPROVED"]),
        disapprove_words: set(&["DISAPPROVE", "DISAPPROVED", "REJECT", "REJECTED"]),
        banners: Vec::new(),
    }
}

/// A mail from Alice, proven, with a token, and this text.
pub(in super::super) fn clean(text: &str) -> String {
    format!(
        "Delivered-To: approvals+{TOKEN}@bot.test\r\n\
         Received: from mx.client.test by mx.bot.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n\
         Authentication-Results: mx.bot.test; dmarc=pass header.from=client.test\r\n\
         From: Alice <alice@client.test>\r\n\
         To: approvals+{TOKEN}@bot.test\r\n\
         Message-ID: <1@client.test>\r\n\
         Subject: Re: Approval\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         {text}\r\n"
    )
}

/// Every fixture: its name, what becomes of it, the words of screen and sender, and the reply:
/// `approve`, `disapprove` or the code of what is unclear.
const FIXTURES: &str = "
    alarm_bare_cr_in_header alarm control-bytes proven approve
    alarm_bare_lf_in_header alarm control-bytes proven approve
    alarm_encoded_word_in_address alarm human ambiguous approve
    alarm_forged_results_below alarm human forged approve
    alarm_group_in_from alarm human ambiguous approve
    alarm_homoglyph_address alarm human ambiguous approve
    alarm_nul_in_from alarm control-bytes ambiguous approve
    alarm_pass_for_another_domain alarm human failed approve
    alarm_quoted_local_part alarm human ambiguous approve
    alarm_results_do_not_parse alarm human forged approve
    alarm_results_twice alarm human forged approve
    alarm_source_route alarm human ambiguous approve
    alarm_spoofed_dmarc_fail alarm human failed approve
    alarm_trailing_dot alarm human ambiguous approve
    alarm_two_addresses_in_from alarm human ambiguous approve
    alarm_two_angle_addresses alarm human ambiguous approve
    alarm_two_from_fields alarm human ambiguous approve
    approve_alternative decision human proven approve
    approve_base64 decision human proven approve
    approve_clean decision human proven approve
    approve_crlf_less_file decision human proven approve
    approve_display_name_of_another decision human proven approve
    approve_exempt_domain decision human exempted approve
    approve_foreign_results_below decision human proven approve
    approve_forged_second_delivered_to decision human proven approve
    approve_format_flowed decision human proven approve
    approve_full_width decision human proven approve
    approve_german_attribution decision human proven approve
    approve_html_beside_empty_text decision human proven approve
    approve_html_only decision human proven approve
    approve_iso_2022_jp decision human proven approve
    approve_mobile_footer decision human proven approve
    approve_no_date_no_message_id decision human proven approve
    approve_outlook_block decision human proven approve
    approve_quoted_printable decision human proven approve
    approve_sender_and_reply_to_ignored decision human proven approve
    approve_signed_multipart decision human proven approve
    approve_token_only_in_delivered_to decision human proven approve
    approve_token_only_in_message_id decision human proven approve
    approve_token_upper_case decision human proven approve
    approve_two_tokens decision human proven approve
    approve_utf16 decision human proven approve
    approve_window_below decision human proven approve
    approve_window_portuguese decision human proven approve
    approve_window_words decision human proven approve
    approve_with_comment decision human proven approve
    approve_zero_width_and_bidi decision human proven approve
    disapprove_window_is_comment decision human proven disapprove
    disapprove_with_reason decision human proven disapprove
    silent_autoreply_quoting_the_word silent auto-reply proven approve
    silent_bounce silent bounce proven no-word
    silent_calendar_accept silent calendar proven approve
    silent_dkim_length_tag silent human unproven approve
    silent_dkim_of_another_domain silent human unproven approve
    silent_dmarc_none silent human unproven approve
    silent_dmarc_temperror silent human unproven approve
    silent_encoded_mail_within silent too-complex proven not-read
    silent_forged_results_of_another_server silent human unproven approve
    silent_long_header_line silent malformed proven approve
    silent_mailing_list silent list proven approve
    silent_no_results silent human unproven approve
    silent_no_token silent human proven approve
    silent_out_of_office silent auto-reply proven more-on-line
    silent_own_mail_back silent own failed not-first
    silent_read_receipt silent receipt proven no-word
    silent_results_in_a_comment silent human unproven approve
    silent_robot_address silent robot proven approve
    silent_space_before_colon silent malformed proven approve
    silent_token_only_in_forged_delivered_to silent human proven approve
    silent_too_many_parts silent too-complex proven not-read
    unclear_banner_first answer human proven banner-first
    unclear_both_words answer human proven more-on-line
    unclear_bottom_posting answer human proven attribution-first
    unclear_condition_below answer human proven condition
    unclear_condition_beside answer human proven condition
    unclear_cyrillic_letter answer human proven no-word
    unclear_empty answer human proven empty
    unclear_encrypted answer human proven encrypted
    unclear_flowed_condition answer human proven condition
    unclear_hidden_html answer human proven parts-disagree
    unclear_image_only answer human proven no-text
    unclear_invalid_bytes answer human proven more-on-line
    unclear_mobile_footer_only answer human proven footer-first
    unclear_negated answer human proven not-first
    unclear_opposite_below answer human proven contradiction
    unclear_outlook_header_first answer human proven header-first
    unclear_parts_disagree answer human proven parts-disagree
    unclear_question answer human proven question
    unclear_quote_first answer human proven quote-first
    unclear_signature_only answer human proven signature-only
    unclear_smime_opaque answer human proven encrypted
    unclear_two_content_types answer human proven ambiguous-structure
    unclear_two_encodings answer human proven ambiguous-structure
    unclear_two_windows answer human proven two-windows
    unclear_unclosed_multipart answer human proven broken
    unclear_unknown_charset answer human proven charset
    unclear_utf7 answer human proven charset
    unclear_window_and_more answer human proven window
    unclear_window_as_header_block answer human proven condition
    unclear_window_hour_alone answer human proven window
    unclear_window_without_word answer human proven window
    unclear_word_only_in_attached_mail answer human proven no-word
    unclear_word_only_in_attached_text answer human proven no-word
    unclear_word_only_in_inline_file answer human proven no-text
    unclear_word_only_in_preamble answer human proven no-word
    unclear_wrong_boundary answer human proven no-text
";

fn fixtures() -> Vec<[&'static str; 5]> {
    FIXTURES
        .lines()
        .filter(|row| !row.trim().is_empty())
        .map(|row| {
            let words: Vec<_> = row.split_whitespace().collect();
            words.try_into().expect("five words a row")
        })
        .collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail")
}

fn fixture(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.eml"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The reply as the table names it.
fn reply_word(reading: &Reading) -> String {
    let code = reading
        .reply
        .why
        .rsplit_once('(')
        .map(|(_, code)| code.trim_end_matches(')'));
    match (reading.reply.verdict.as_str(), code) {
        ("none", Some(code)) => code.to_owned(),
        (verdict, _) => verdict.to_owned(),
    }
}

// Goal: every fixture is read as the table says. Method: the table, row by row, all misses at once.
#[test]
fn fixtures_are_read_as_meant() {
    let mut wrong = Vec::new();
    for [name, verdict, screen, sender, reply] in fixtures() {
        let read = read(&fixture(name), &rules());
        let seen = (
            read.verdict.as_str(),
            read.screen.verdict.as_str(),
            read.sender.verdict.as_str(),
            reply_word(&read),
        );
        if seen != (verdict, screen, sender, reply.to_owned()) {
            wrong.push(format!("{name}: {seen:?}"));
        }
        let speaks = matches!(read.verdict, Verdict::Decision | Verdict::Answer);
        assert_eq!(read.said.is_some(), speaks, "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// Goal: no fixture without expectation, no expectation without fixture. Method: both lists,
// compared.
#[test]
fn table_and_folder_agree() {
    let listed: BTreeSet<String> = fixtures()
        .iter()
        .map(|row| format!("{}.eml", row[0]))
        .collect();
    let present: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(listed, present);
    assert_eq!(
        listed.len(),
        fixtures().len(),
        "a name stands twice in the table"
    );
}

// Goal: what goes on to the workflow is complete and gives nothing away. Method: one mail, looked
// at.
#[test]
fn a_decision_and_its_proof() {
    let text = format!("REJECT\r\nsee approvals+{}@bot.test", TOKEN.to_uppercase());
    let raw = clean(&text);
    let (speaker, proof, words) = read(raw.as_bytes(), &rules()).said.unwrap();
    let hash = Token::parse(TOKEN).unwrap().hash();
    assert_eq!(
        speaker,
        Speaker::Token {
            presented: vec![hash],
            from: "alice@client.test".to_owned(),
            bound: Bound::Yes,
            arrived: None,
        }
    );
    assert_eq!(
        words,
        Words::Said(Command::Vote {
            target: Target::Offered,
            decision: Decision::Disapprove,
            comment: Some("see approvals+…@bot.test".to_owned()),
            window: None,
        })
    );
    assert_eq!(proof.method, "authentication-results");
    assert_eq!(proof.details["from_domain"], "client.test");
    assert_eq!(proof.details["message_id"], "<1@client.test>");
    assert_eq!(proof.details["authserv_id"], "mx.bot.test");
    assert_eq!(proof.details["sha256"].as_str().unwrap().len(), 64);
    let stored = proof.details.to_string().to_lowercase();
    assert!(!stored.contains(TOKEN) && !stored.contains("alice@"));
}

// Goal: the line that says for when goes on as it was written, and only with an approval; no token in
// it. Method: the fixtures, and a line with the token in it.
#[test]
fn windows_go_on_as_written() {
    let window = |raw: &[u8]| match read(raw, &rules()).said.unwrap().2 {
        Words::Said(Command::Vote { window, .. }) => window,
        other => panic!("{other:?}"),
    };
    let below = window(&fixture("approve_window_below"));
    assert_eq!(below.as_deref(), Some("from 9am to 5pm"));
    let words = window(&fixture("approve_window_words"));
    assert_eq!(words.as_deref(), Some("tomorrow 9am for 2h"));
    let portuguese = window(&fixture("approve_window_portuguese"));
    assert_eq!(portuguese.as_deref(), Some("amanhã 9h por 2h"));
    assert_eq!(window(&fixture("disapprove_window_is_comment")), None);
    assert_eq!(window(&fixture("approve_with_comment")), None);
    let zone = format!("APPROVE\r\nuntil 18:00 [{TOKEN}]");
    let redacted = window(clean(&zone).as_bytes()).unwrap();
    assert!(!redacted.contains(TOKEN), "{redacted}");
}

// Goal: two tokens are both presented, so that `handle` sees the ambiguity. Method: the fixture.
#[test]
fn two_tokens_are_both_presented() {
    let said = read(&fixture("approve_two_tokens"), &rules()).said.unwrap();
    let Speaker::Token { presented, .. } = said.0 else {
        panic!("{said:?}");
    };
    assert_eq!(presented.len(), 2);
}

// Goal: a mail too large is not read. Method: a clean one, padded.
#[test]
fn oversize() {
    let raw = clean(&format!("APPROVE\r\n{}", "x".repeat(MAX_MAIL_BYTES)));
    let read = read(raw.as_bytes(), &rules());
    assert_eq!(
        (read.verdict, read.screen.verdict.as_str()),
        (Verdict::Silent, "oversize")
    );
}

/// What must be true of every reading that approves, told without the reading's own means.
fn holds_what_an_approval_needs(raw: &[u8], read: &Reading) {
    let Some((speaker, proof, Words::Said(Command::Vote { decision, .. }))) = &read.said else {
        return;
    };
    if *decision != Decision::Approve {
        return;
    }
    let Speaker::Token {
        presented, from, ..
    } = speaker
    else {
        panic!("{speaker:?}");
    };
    let text = String::from_utf8_lossy(raw).to_lowercase();
    assert!(!presented.is_empty());
    assert!(
        text.contains(TOKEN) || text.contains("zyxwvutsrqponmlkjihgfedcba") || text.contains('+')
    );
    let domain = from.split('@').next_back().unwrap();
    match proof.method.as_str() {
        "authentication-results" => assert!(text.contains("pass") && text.contains("mx.bot.test")),
        _ => assert_eq!(domain, "exempt.test"),
    }
    assert!(text.contains(domain));
    assert_eq!(read.screen.verdict, "human");
}

fn edited(mut raw: Vec<u8>, edits: &[(usize, u8, u8)]) -> Vec<u8> {
    for (at, what, byte) in edits {
        let at = at % raw.len().max(1);
        match what % 4 {
            0 if at < raw.len() => raw[at] = *byte,
            1 => raw.insert(at.min(raw.len()), *byte),
            2 if at < raw.len() => drop(raw.remove(at)),
            // A piece from elsewhere: headers below their block, bodies twice.
            _ => {
                let end = (at + usize::from(*byte)).min(raw.len());
                let piece = raw[at.min(end)..end].to_vec();
                let to = (at / 2).min(raw.len());
                raw.splice(to..to, piece);
            }
        }
    }
    raw
}

/// Pieces that mean something to the grammar, and letters that mean nothing.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "APPROVE",
            "approved",
            "DISAPPROVE",
            "reject",
            " ",
            "\r\n",
            "\r\n\r\n",
            "> ",
            "until",
            "thanks",
            "thank you",
            "?",
            "!",
            ".",
            ",",
            "*",
            "\u{200b}",
            "\u{feff}",
            "-- ",
            "On ",
            "wrote:",
            "From:",
            "Sent:",
            "for",
            "x",
            "-",
            "/",
            "not",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    // Goal: no bytes make the reading panic or approve. Method: bytes drawn at random.
    #[test]
    fn any_bytes(raw in prop::collection::vec(any::<u8>(), 0..2000)) {
        let read = read(&raw, &rules());
        prop_assert!(read.said.is_none());
    }

    // Goal: a damaged mail never panics, and approves only with token, proof and word.
    // Method: every fixture, edited at random places.
    #[test]
    fn damaged_fixtures(
        which in 0..fixtures().len(),
        edits in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..12),
    ) {
        let raw = edited(fixture(fixtures()[which][0]), &edits);
        holds_what_an_approval_needs(&raw, &read(&raw, &rules()));
    }

    // Goal: an approval is the word alone on the first line that is not blank.
    // Method: texts put together from telling pieces, held against a second, coarser reading.
    #[test]
    fn approvals_stand_alone(text in words()) {
        let read = read(clean(&text).as_bytes(), &rules());
        if read.reply.verdict == "approve" {
            let first = text
                .split(['\r', '\n'])
                .map(crate::inbound::mail::reply::line::comparable_letters)
                .find(|line| !line.trim().is_empty())
                .unwrap();
            let upper = first.to_ascii_uppercase();
            let apart = |c: char| !c.is_alphanumeric();
            let words: Vec<_> = upper.split(apart).filter(|w| !w.is_empty()).collect();
            let alone = matches!(
                words.as_slice(),
                ["APPROVE" | "APPROVED"]
                    | ["APPROVE" | "APPROVED", "THANKS"]
                    | ["APPROVE" | "APPROVED", "THANK", "YOU"]
            );
            prop_assert!(alone, "{:?}", first);
            prop_assert!(!first.contains(['?', '>', '/', '-']), "{:?}", first);
        }
    }
}

// Goal: shapes that make parsers slow end soon: the work grows with the bytes, no faster.
// Method: a mebibyte of each, in a debug build, well within what a quadratic pass would take.
#[test]
fn hostile_shapes_end() {
    type Shape = fn(&dyn Fn(&str) -> String) -> String;
    let repeat = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let shapes: [Shape; 7] = [
        |r| clean(&r("<")),
        |r| clean(&r("> \r\n")),
        |r| clean(&format!("APPROVE\r\n{}", r("On 1 a\r\n"))),
        |r| clean(&r("&")).replace("text/plain", "text/html"),
        |r| clean(&r("</")).replace("text/plain", "text/html"),
        |r| clean(&r("--x\r\n")).replace("text/plain", "multipart/mixed; boundary=x"),
        |r| {
            clean(&r(
                "\r\n--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n",
            ))
            .replace("text/plain", "multipart/mixed; boundary=x")
        },
    ];
    let bytes = 1024 * 1024;
    for shape in shapes {
        let raw = shape(&|piece| repeat(piece, bytes));
        let began = std::time::Instant::now();
        let read = read(raw.as_bytes(), &rules());
        let took = began.elapsed();
        assert_ne!(read.verdict, Verdict::Later);
        assert!(took.as_secs() < 5, "{took:?} for {:?}", raw.get(500..560));
    }
}
