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
        Refusal::VoteUsed { .. } => 34,
        Refusal::DelegateToSelf => 35,
        Refusal::NotAnApprover { .. } => 36,
        Refusal::PeriodUnfit { .. } => 37,
        Refusal::DelegationOverlaps { .. } => 38,
        Refusal::NoDelegation => 39,
        Refusal::NoGrant { .. } => 40,
        Refusal::GrantOver { .. } => 41,
        Refusal::NotARevoker { .. } => 42,
        Refusal::RevokeReasonRequired { .. } => 43,
        Refusal::NotTheHolder { .. } => 44,
        Refusal::ExtendedAlready { .. } => 45,
        Refusal::EmergencyNotOffered { .. } => 46,
        Refusal::EmergencyReasonTooShort { .. } => 47,
        Refusal::EmergencyUnreviewed { .. } => 48,
        Refusal::NoEmergency { .. } => 49,
        Refusal::AlreadyReviewed { .. } => 50,
        Refusal::NotAReviewer { .. } => 51,
        Refusal::FindingRequired { .. } => 52,
        Refusal::AwaitsConfirmation { .. } => 53,
        Refusal::ConfirmsAnother { .. } => 54,
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
    assert_eq!(samples.len(), 55, "as many as `place` has arms");
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
        assert!(sample.to_string().contains(' '), "{card} has no sentence");
        for line in [card, wrapped(&sample.to_string()), wrapped(&sample.next())] {
            text.push_str(&line);
            text.push('\n');
        }
    }
    insta::assert_snapshot!(text, @r#"
unknown-person W10
  Nobody named `mallory` is known here.
  Ask an access admin to add you to the policy file.
not-active W10
  `erin` is disabled and can neither ask nor decide.
  Ask an access admin if this is a mistake.
unknown-module W2
  There is no module `coffee`.
  Use one of `credential`.
subject-malformed W1
  The resource must be 1 to 200 characters without line breaks or other control characters.
  Write the resource as it is named.
text-too-long W1
  The justification has 10001 characters; at most 10000 are taken.
  Say it shorter, or point to a ticket.
account-required W2
  A request for `credential` must name an account.
  File it again with the account that you need.
account-not-allowed W2
  A request for `credential` takes no account, and yours names `admin`.
  File it again without the account.
no-policy W3
  No policy lets `alice` ask for `credential prod-db-1 as admin`.
  See why with `countersign policy explain`, or ask an access admin.
window-empty W4
  The window from 1970-01-01 00:00 UTC until 1970-01-01 00:00 UTC is empty.
  Say it again with an end after the start.
window-over W4
  The window is over: it ended at 1970-01-01 00:00 UTC.
  Say it again with an end that is still to come.
window-too-long W4
  The window lasts 9h; the policy `production databases` allows at most 8h.
  Say it again with a window of 8h or less.
start-too-far W4
  The window begins at 1970-01-01 00:00 UTC; the policy `production databases` allows
    1970-01-01 00:00 UTC at the latest.
  Say it again with an earlier start, or later on.
justification-missing W1
  The policy `production databases` wants a justification, and there is none.
  File it again and say why you need it.
already-pending W6
  Your request R-42 for `credential prod-db-1 as admin` is still pending.
  Wait for R-42, or withdraw it and file again.
key-reused W6
  The filing key `deploy-7` belongs to R-42, which asks for something else.
  File it under a new key.
step-cannot-complete W5
  The step `Manager review` of the policy `production databases` could never complete: it
    needs 2 different persons who decide nowhere else in the request, and 1 may decide it
    at all.
  If it cannot wait, file it again as an emergency and say why.
unknown-request W27
  There is no request `R-42`.
  Look the number up with `countersign request list`.
not-registered W10
  R-42 asks for `credential`, for which you are not registered as approver.
  Ask an access admin to register you for `credential`.
not-eligible W10
  You are not among the approvers of R-42.
  If you should be, ask an access admin to name you in the policy.
own-request W10
  R-42 is your own request; nobody decides on their own.
  Nothing is left to do; `countersign request show R-42` tells more.
requester-not-active W7
  R-42 cannot be approved: Alice Adams has been disabled since it was filed.
  Disapprove it, or let it expire.
one-approval-per-request W11
  You approved R-42 in the step `Manager review` at 1970-01-01 00:00 UTC; each step needs
    somebody else.
  Leave this step to somebody else; you may still disapprove.
needed-for-later-step W11
  You are needed for step `Security review` of R-42; too few others could take it.
  Leave this step to somebody else; you are asked again when yours begins.
already-recorded W13
  Your `APPROVE` for the step `Manager review` of R-42 is already recorded, since
    1970-01-01 00:00 UTC.
  Nothing more is needed; you may still disapprove while it is pending.
only-stricter W13
  You disapproved the step `Manager review` of R-42 at 1970-01-01 00:00 UTC, and a
    disapproval cannot become an approval.
  Ask the requester to file a new request.
step-over W14
  The step `Manager review` of R-42 is complete: Bob Brown approved (1970-01-01 00:00 UTC).
    Its current step is `Security review`.
  Nothing is left to do; `countersign request show R-42` tells more.
step-not-yet W14
  The step `Security review` of R-42 is not yet to be decided; its current step is `Manager
    review`.
  Wait: you are asked when your step begins.
settled W14
  No decision is needed: R-42 expired at 1970-01-01 00:00 UTC because nobody decided in
    time.
  Nothing; the requester may file a new request.
comment-required W15
  A disapproval of R-42 needs a comment, and there is none.
  Send DISAPPROVE again with your reason on the same line or the next.
stale-revision W16
  The window of R-42 has changed: you were shown revision 1, and it is now revision 2.
  Look at `countersign request show R-42` and decide on what it says now.
not-the-requester W29
  R-42 is not your request; only its requester does that.
  If it should not be granted and you are asked, disapprove it.
reason-required W29
  Withdrawing R-42 needs a reason, and there is none.
  Withdraw it again and say why.
not-due W18
  Nothing about R-42 is due before 1970-01-01 00:00 UTC.
  Nothing is left to do; `countersign request show R-42` tells more.
wrong-actor W18
  Only the clock says that R-42 is due, and it decides nothing.
  Nothing is left to do; `countersign request show R-42` tells more.
vote-used W20
  The vote of Carol Clark on the step `Manager review` of R-42 is used: Bob Brown approved
    (1970-01-01 00:00 UTC).
  Nothing is left to do here; `countersign request show` tells more.
delegate-to-self W20
  Nobody delegates to themselves.
  Name another registered approver.
not-an-approver W20
  Erin Evans is not registered as an approver for any module.
  Name a registered approver, or ask an access admin to register one.
period-unfit W20
  A delegation from 1970-01-01 00:00 UTC until 1970-01-01 00:00 UTC is empty, over, or
    longer than 2160h.
  Say a period that is still to end, of 2160h or less.
delegation-overlaps W20
  Your votes are delegated to Bob Brown from 1970-01-01 00:00 UTC until 1970-01-01 00:00
    UTC.
  End that delegation first with `countersign delegate --end`.
no-delegation W20
  You have delegated nothing that is still to end.
  See `countersign delegate --list`.
no-grant W22
  There is no grant: R-42 is pending.
  Withdraw it or disapprove it while it is pending.
grant-over W22
  The grant of R-42 is revoked since 1970-01-01 00:00 UTC.
  The requester may file a new request.
not-a-revoker W22
  R-42 is revoked by one of its approvers or an access admin, and you are neither.
  Ask an access admin if the access should not stand.
revoke-reason-required W22
  Revoking R-42 needs a reason, and there is none.
  Revoke it again and say why.
not-the-holder W22
  The grant of R-42 is not yours; only its holder does that.
  Ask an access admin if the access should not stand.
extended-already W23
  The grant of R-42 is continued by R-43 already.
  Nothing is left to do here; `countersign request show` tells more.
emergency-not-offered W24
  No policy in force offers you emergency access to `credential prod-db-1 as admin`.
  Wait for the approvers, or ask an access admin.
emergency-reason-too-short W24
  The reason for an emergency has 4 characters; at least 10 are wanted.
  Say what is on fire, so that a reviewer understands it later.
emergency-unreviewed W26
  Nobody has reviewed your earlier emergency R-41 yet.
  Ask one of its approvers to review it; until then, go the ordinary way.
no-emergency W26
  R-42 was no emergency; there is nothing to review.
  List the open ones with `countersign request list --emergency unreviewed`.
already-reviewed W26
  Bob Brown reviewed R-42 at 1970-01-01 00:00 UTC.
  Nothing is left to do here; `countersign request show` tells more.
not-a-reviewer W26
  R-42 is reviewed by one of its approvers, never by its requester, and you may not.
  Leave it to its approvers; they have been told.
finding-required W26
  A review of R-42 needs a finding, and there is none.
  Review it again and say what you found.
awaits-confirmation W30
  Your vote on the step `Manager review` of R-42 waits for your confirmation by mail, since
    1970-01-01 00:00 UTC.
  Answer the mail that asks you to confirm it.
confirms-another W30
  The mail that you answer asked to confirm a decision on R-42 that waits no longer; you,
    or somebody in your name, decided otherwise since.
  Answer the newest mail about it. If it was not you, tell your access admins.
"#);
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
