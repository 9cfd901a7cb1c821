use std::collections::BTreeSet;

use super::*;

/// The place of each variant in the list; a new variant does not compile without a place here.
fn place(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::UnknownPerson { .. } => 0,
        Refusal::NotActive { .. } => 1,
        Refusal::UnknownModule { .. } => 2,
        Refusal::SubjectMalformed { .. } => 3,
        Refusal::TextTooLong { .. } => 4,
        Refusal::AccountRequired { .. } => 5,
        Refusal::AccountNotAllowed { .. } => 6,
        Refusal::NoPolicy { .. } => 7,
        Refusal::WindowEmpty { .. } => 8,
        Refusal::WindowOver { .. } => 9,
        Refusal::WindowTooLong { .. } => 10,
        Refusal::StartTooFar { .. } => 11,
        Refusal::JustificationMissing { .. } => 12,
        Refusal::AlreadyPending { .. } => 13,
        Refusal::KeyReused { .. } => 14,
        Refusal::StepCannotComplete { .. } => 15,
        Refusal::UnknownRequest { .. } => 16,
        Refusal::NotRegistered { .. } => 17,
        Refusal::NotEligible { .. } => 18,
        Refusal::OwnRequest { .. } => 19,
        Refusal::RequesterNotActive { .. } => 20,
        Refusal::OneApprovalPerRequest { .. } => 21,
        Refusal::NeededForLaterStep { .. } => 22,
        Refusal::AlreadyRecorded { .. } => 23,
        Refusal::OnlyStricter { .. } => 24,
        Refusal::StepOver { .. } => 25,
        Refusal::StepNotYet { .. } => 26,
        Refusal::Settled { .. } => 27,
        Refusal::CommentRequired { .. } => 28,
        Refusal::StaleRevision { .. } => 29,
        Refusal::NotTheRequester { .. } => 30,
        Refusal::ReasonRequired { .. } => 31,
        Refusal::NotDue { .. } => 32,
        Refusal::WrongActor { .. } => 33,
    }
}

/// Goal: every refusal has exactly one sample.
/// Method: hold the samples against the exhaustive match above.
#[test]
fn every_variant_has_one_sample() {
    let samples = Refusal::samples();
    for (position, sample) in samples.iter().enumerate() {
        assert_eq!(place(sample), position, "{sample:?}");
    }
    assert_eq!(samples.len(), 34, "as many as `place` has arms");
}

/// Goal: a code is one name, everywhere, for one refusal.
/// Method: compare `code()` with the serialised tag, read the JSON back, and look for twins.
#[test]
fn codes_are_the_serialised_tags_and_unique() {
    let mut codes = BTreeSet::new();
    for sample in Refusal::samples() {
        let json = serde_json::to_value(&sample).expect("a refusal serialises");
        assert_eq!(
            json.get("code").and_then(|code| code.as_str()),
            Some(sample.code())
        );
        assert!(codes.insert(sample.code()), "{} twice", sample.code());
        let back: Refusal = serde_json::from_value(json).expect("and reads back");
        assert_eq!(back, sample);
    }
}

/// The text in lines that fit into this file.
fn wrapped(text: &str) -> String {
    let mut lines = String::from(" ");
    let mut width = 1;
    for word in text.split(' ') {
        if width + word.len() > 90 {
            lines.push_str("\n   ");
            width = 3;
        }
        lines.push(' ');
        lines.push_str(word);
        width += word.len() + 1;
    }
    lines
}

/// Goal: what people read stays as it was meant, and the stored form as it is.
/// Method: every sample: code, rule, sentence, next step; and one as JSON.
#[test]
#[expect(clippy::too_many_lines, reason = "the table of all refusals")]
fn every_refusal_says_what_and_what_next() {
    let mut text = String::new();
    for sample in Refusal::samples() {
        let card = format!("{} {}", sample.code(), sample.rule());
        for line in [card, wrapped(&sample.to_string()), wrapped(&sample.next())] {
            text.push_str(&line);
            text.push('\n');
        }
    }
    insta::assert_snapshot!(text, @"");
    let settled = Refusal::samples()
        .into_iter()
        .find(|sample| sample.code() == "settled");
    insta::assert_json_snapshot!(settled, @r#"
{
  "code": "settled",
  "request": 42,
  "state": {
    "state": "expired",
    "at": "1970-01-01T00:00:00Z",
    "cause": "pending_too_long"
  },
  "by": []
}
"#);
}
