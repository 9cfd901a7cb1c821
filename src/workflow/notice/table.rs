//! The table of notices: when something happens, who is told what, and what becomes of the messages
//! that are under way.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Kind;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// A request was filed and waits for its first step.
    Filed,
    /// A step became current: at filing, by the one before it, or again (W9, W13).
    BecameCurrent,
    /// Somebody can vote on the current step who could not before (W7, W19, W20).
    MoreCanDecide,
    /// The time for a reminder came (W19).
    Reminded,
    /// A vote counted.
    Counted,
    /// A vote waits for its confirmation (W30).
    Held,
    /// A step got its approvals, and another one is next.
    StepCompleted,
    /// A step that was complete lacks an approval again.
    StepReopened,
    /// The window changed, and the request is still pending (W16).
    Changed,
    /// The window reaches further than before: other approvals are void (W16).
    Widened,
    /// A step can no longer complete (W7).
    Stranded,
    /// Every step can complete again.
    Unstranded,
    /// The request was approved, or needed no approval.
    Approved,
    /// The request was rejected, or its base was revoked (W12, W22).
    Rejected,
    /// Nobody decided in time (W18).
    Expired,
    /// The holder returned the grant that the request would have continued (W22).
    BaseReturned,
    /// Its requester took it in an emergency (W24).
    EmergencyTaken,
    /// An emergency was reviewed (W26).
    Reviewed,
    /// The time for a reminder of the review came (W26).
    ReviewReminded,
    /// A scheduled grant began (W21).
    GrantStarted,
    /// A grant is about to end, and nothing continues it (W23).
    GrantWarned,
    /// A grant's time is over (W21).
    GrantOver,
    /// A grant was revoked or returned (W22).
    GrantCut,
    /// The request was pending before, and is not any more.
    Settled,
}

/// Whom a row means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Who asked; after the approval, the holder of the grant.
    Requester,
    /// Everybody who can still approve the current step, delegates included (W9).
    CanDecide,
    /// Of these, those whom nobody has asked about this step.
    NeverAsked,
    /// Who voted, if by mail or by link (W31): other channels answer by themselves. A vote that waits for
    /// its confirmation is answered by mail in any case.
    Voter,
    /// Whose approval no longer counts, and who is not asked again right now.
    Voided,
    /// Everybody who was asked, about whichever step.
    Asked,
    /// Who was asked about the completed step and has not voted on it.
    AskedInVain,
    /// Everybody who could decide any of the steps (W25).
    AllApprovers,
    /// Whose approvals led to the grant; after an emergency, everybody who was told of it.
    WhoAgreed,
    /// Who ended the grant early, if by mail, by link or in a chat (W31).
    Ender,
    /// Who may review an emergency (W26).
    Reviewers,
    /// Every access admin.
    AccessAdmins,
}

/// What becomes of asks, reminders and confirmations that are not sent yet. One that has been sent
/// stays where it is: an answer to it is told what holds now (W14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offers {
    /// They are sent.
    Stay,
    /// Those of other steps than the current one are not sent any more.
    OthersEnd,
    /// None is sent any more; new ones may follow.
    AllEnd,
}

/// One row: whoever is meant and has no message because of an earlier row gets this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What happened.
    pub when: When,
    /// To whom it is told.
    pub who: Audience,
    /// As what.
    pub kind: Kind,
    /// Whether its reader may have it in a digest: it asks nothing, answers nothing they did, and
    /// nothing that they have or wait for begins or ends by surprise.
    pub may_wait: bool,
}

const fn row(when: When, who: Audience, kind: Kind) -> Row {
    Row {
        when,
        who,
        kind,
        may_wait: false,
    }
}

const fn may_wait(row: Row) -> Row {
    Row {
        may_wait: true,
        ..row
    }
}

/// Who is told what, the weightiest first.
pub const TABLE: &[Row] = &[
    row(When::BecameCurrent, Audience::CanDecide, Kind::Ask),
    row(When::Widened, Audience::CanDecide, Kind::Ask),
    row(When::MoreCanDecide, Audience::NeverAsked, Kind::Ask),
    row(When::Reminded, Audience::CanDecide, Kind::Reminder),
    row(
        When::EmergencyTaken,
        Audience::AllApprovers,
        Kind::Emergency,
    ),
    row(When::Held, Audience::Voter, Kind::Confirm),
    row(When::Approved, Audience::Requester, Kind::Approved),
    row(When::EmergencyTaken, Audience::Requester, Kind::Approved),
    row(When::Rejected, Audience::Requester, Kind::Rejected),
    row(When::Expired, Audience::Requester, Kind::Expired),
    may_wait(row(When::Changed, Audience::Requester, Kind::WindowChanged)),
    may_wait(row(When::Filed, Audience::Requester, Kind::Filed)),
    may_wait(row(
        When::StepCompleted,
        Audience::Requester,
        Kind::Progress,
    )),
    may_wait(row(When::StepReopened, Audience::Requester, Kind::Reopened)),
    row(When::BaseReturned, Audience::Requester, Kind::GrantEnded),
    row(When::GrantStarted, Audience::Requester, Kind::GrantStarted),
    row(When::GrantWarned, Audience::Requester, Kind::GrantWarning),
    may_wait(row(When::GrantOver, Audience::Requester, Kind::GrantEnded)),
    row(When::GrantCut, Audience::Requester, Kind::GrantEnded),
    row(When::GrantCut, Audience::Ender, Kind::GrantEnded),
    may_wait(row(When::GrantCut, Audience::WhoAgreed, Kind::GrantEnded)),
    row(When::Reviewed, Audience::Requester, Kind::Reviewed),
    row(When::Reviewed, Audience::AllApprovers, Kind::Reviewed),
    row(
        When::ReviewReminded,
        Audience::Reviewers,
        Kind::ReviewReminder,
    ),
    row(When::Stranded, Audience::AccessAdmins, Kind::Stranded),
    may_wait(row(
        When::Unstranded,
        Audience::AccessAdmins,
        Kind::Unstranded,
    )),
    row(When::Counted, Audience::Voter, Kind::Recorded),
    row(When::Widened, Audience::Voided, Kind::Voided),
    may_wait(row(When::Settled, Audience::Asked, Kind::Settled)),
    may_wait(row(
        When::StepCompleted,
        Audience::AskedInVain,
        Kind::Settled,
    )),
];

impl When {
    /// What becomes of the offers that are under way.
    pub fn offers(self) -> Offers {
        match self {
            Self::Settled | Self::Widened => Offers::AllEnd,
            Self::StepCompleted | Self::StepReopened => Offers::OthersEnd,
            _ => Offers::Stay,
        }
    }
}

/// The kinds of which there is a row that may wait.
pub fn waiting() -> BTreeSet<Kind> {
    let rows = TABLE.iter().filter(|row| row.may_wait);
    rows.map(|row| row.kind).collect()
}

/// The table as Markdown.
pub fn rendered() -> String {
    let mut text = String::from(
        "| when | who | message | may wait | offers not yet sent |\n|---|---|---|---|---|\n",
    );
    for row in TABLE {
        let Row {
            when,
            who,
            kind,
            may_wait,
        } = row;
        let waits = if *may_wait { "yes" } else { "no" };
        let offers = match when.offers() {
            Offers::Stay => "stay",
            Offers::OthersEnd => "those of other steps end",
            Offers::AllEnd => "end",
        };
        let (when, who) = (words(&format!("{when:?}")), words(&format!("{who:?}")));
        let _ = writeln!(
            text,
            "| {when} | {who} | `{}` | {waits} | {offers} |",
            kind.as_str()
        );
    }
    text
}

/// `CanDecide` as `can decide`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
