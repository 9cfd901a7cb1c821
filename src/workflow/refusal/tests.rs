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
