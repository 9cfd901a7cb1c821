//! What a person reads on the command line: answers and requests, with times in their zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Failure;
use super::print::{self, count, put};
use super::when::{say, say_window};
use crate::handle::Answer;
use crate::workflow::book::Delegation;
use crate::workflow::event::Event;
use crate::workflow::request::{Decision, GrantState, Request, State, Subject, Vote};

/// Prints what came of a command.
pub(super) fn answer(answer: &Answer, zone: &TimeZone, as_json: bool) -> Result<(), Failure> {
    match answer {
        Answer::Accepted { request, events } => {
            if as_json {
                return print::json(&json!({ "request": request, "events": events }));
            }
            if events.is_empty() {
                // The only command that is accepted and changes nothing (W6).
                put!("{request} was filed under this key before; nothing new was filed.");
            }
            for event in events {
                put!("{request}: {}", event_words(event, zone));
            }
            Ok(())
        }
        Answer::Delegated { delegations, ended } => {
            if as_json {
                return print::json(&json!({ "delegations": delegations, "ended": ended }));
            }
            for it in delegations {
                let what = if *ended { "Ended" } else { "Delegated" };
                put!("{what}: {}.", delegation(it, zone));
            }
            Ok(())
        }
        Answer::Refused { refusal, .. } => Err(Failure::refused(refusal, zone)),
        Answer::Duplicate => {
            if as_json {
                return print::json(&json!({ "request": null, "events": [] }));
            }
            put!("This was done before; nothing had to be done.");
            Ok(())
        }
        Answer::Unclear => Err(Failure::Usage("the command was not understood".to_owned())),
        Answer::Unidentified(why) | Answer::Alarm(why) => Err(Failure::Refused {
            code: "unidentified".to_owned(),
            rule: None,
            sentence: format!("Nobody known has said this: {why}."),
            next: "Ask an access admin to add you to the policies.".to_owned(),
        }),
    }
}

/// Whose votes are in whose hands, and when.
pub(super) fn delegation(delegation: &Delegation, zone: &TimeZone) -> String {
    format!(
        "the votes of {} to {}, from {} until {}",
        delegation.from,
        delegation.to,
        say(delegation.start, zone),
        say(delegation.until, zone)
    )
}

fn event_words(event: &Event, zone: &TimeZone) -> String {
    match event {
        Event::Filed(filed) => format!(
            "filed, {} {}, under the policy `{}`; decided by {}.",
            subject(&filed.subject),
            say_window(&filed.window, zone),
            filed.terms.policy,
            say(filed.pending_until, zone)
        ),
        Event::Voted { vote } => match vote.decision {
            Decision::Approve => format!("your approval{} is recorded.", for_whom(vote)),
            Decision::Disapprove => format!("your disapproval{} is recorded.", for_whom(vote)),
        },
        Event::VoteHeld { .. } => {
            "your vote counts once you confirm it by answering the mail that is on its way."
                .to_owned()
        }
        Event::StepCompleted { step, .. } => format!("step {} is complete.", step + 1),
        Event::StepReopened { step, .. } => format!("step {} is open again.", step + 1),
        Event::WindowChanged { window, voids, .. } => {
            let window = say_window(window, zone);
            if *voids {
                format!("the window is now {window}; other approvals are asked for again.")
            } else {
                format!("the window is now {window}.")
            }
        }
        Event::Approved { grant, .. } => format!(
            "approved; access from {} until {}.",
            say(grant.start, zone),
            say(grant.end, zone)
        ),
        Event::EmergencyConfirmed { grant, .. } => format!(
            "emergency access until {}; all approvers are told, and one of them reviews it.",
            say(grant.end, zone)
        ),
        Event::Rejected { .. } => "rejected.".to_owned(),
        Event::Withdrawn { .. } => "withdrawn.".to_owned(),
        Event::Expired { at, .. } => format!("expired at {}.", say(*at, zone)),
        Event::BaseCut { base, cause, .. } => {
            format!("over, because {base} was {}.", cause.as_str())
        }
        Event::Reviewed { .. } => "the finding is recorded.".to_owned(),
        Event::GrantCut { ending } => format!("{}; access is over.", ending.cause.as_str()),
        by_the_clock => clock_words(by_the_clock, zone),
    }
}

/// Whose vote a delegate gave (W20); empty for one's own.
fn for_whom(vote: &Vote) -> String {
    let behalf = vote.on_behalf_of.as_ref();
    behalf
        .map(|from| format!(" for {from}"))
        .unwrap_or_default()
}

/// What only our clock brings about.
fn clock_words(event: &Event, zone: &TimeZone) -> String {
    match event {
        Event::Reminded { number, .. } => format!("reminder {number} is on its way."),
        Event::Escalated { step, .. } => format!("step {} is escalated.", step + 1),
        Event::AskedAlso { step, persons, .. } => {
            format!("{} more are asked about step {}.", persons.len(), step + 1)
        }
        Event::Stranded { step, .. } => format!("step {} can no longer complete.", step + 1),
        Event::Unstranded { .. } => "every step can complete again.".to_owned(),
        Event::ReviewReminded { number, .. } => {
            format!("reminder {number} of the review is on its way.")
        }
        Event::GrantStarted { at } => format!("access began at {}.", say(*at, zone)),
        Event::GrantWarned { at, .. } => format!("the end was near at {}.", say(*at, zone)),
        Event::GrantEnded { at } => format!("access ended at {}.", say(*at, zone)),
        other => other.as_str().to_owned(),
    }
}

fn subject(subject: &Subject) -> String {
    match &subject.account {
        Some(account) => format!("{} {} as {account}", subject.module, subject.resource),
        None => format!("{} {}", subject.module, subject.resource),
    }
}

/// Everything about one request.
pub(super) fn whole(request: &Request, now: Timestamp, zone: &TimeZone) {
    put!("{} {}", request.id, request.status(now).as_str());
    put!("  who       {}", request.requester);
    put!("  what      {}", subject(&request.subject));
    put!("  when      {}", say_window(&request.window, zone));
    put!(
        "  why       {}",
        request.justification.as_deref().unwrap_or("-")
    );
    put!(
        "  policy    {} ({})",
        request.terms.policy,
        request.terms.mode.as_str()
    );
    put!("  filed     {}", say(request.filed_at, zone));
    match &request.state {
        State::Pending { step } => {
            put!("  decide by {}", say(request.pending_until, zone));
            put!("  step      {} of {}", step + 1, request.terms.steps.len());
        }
        State::Approved { at, grant } => {
            put!("  settled   {}", say(*at, zone));
            put!(
                "  access    from {} until {}, {}",
                say(grant.start, zone),
                say(grant.end, zone),
                request
                    .grant_state(now)
                    .map_or("unknown", GrantState::as_str)
            );
        }
        State::Withdrawn { at, reason } => {
            put!("  settled   {}", say(*at, zone));
            put!("  reason    {reason}");
        }
        State::Rejected { at, .. } | State::Expired { at, .. } => {
            put!("  settled   {}", say(*at, zone));
            if let Some(cut) = request.base_cut() {
                put!("  because   {} revoked {}", cut.by, cut.base);
            }
        }
    }
    apart(request, zone);
    for (index, step) in request.terms.steps.iter().enumerate() {
        put!(
            "  {}. {}, {}",
            index + 1,
            step.name,
            count(step.approvals, "approval")
        );
        for vote in request.votes.iter().filter(|vote| vote.step == index) {
            let comment = vote.comment.as_deref().map(|text| format!(": {text}"));
            put!(
                "     {}{} {} at {} by {}{}",
                vote.person,
                for_whom(vote),
                match vote.decision {
                    Decision::Approve => "approved",
                    Decision::Disapprove => "disapproved",
                },
                say(vote.at, zone),
                vote.channel.as_str().replace('_', " "),
                comment.unwrap_or_default()
            );
        }
    }
}

/// What sets a request apart: an emergency, a continuation, an early end.
fn apart(request: &Request, zone: &TimeZone) {
    if let Some(base) = request.extends {
        put!("  extends   {base}");
    }
    if let Some(ending) = &request.ended {
        let reason = ending.reason.as_deref().unwrap_or("-");
        let (cause, by) = (ending.cause.as_str(), &ending.by);
        put!("  {cause} by {by} at {}: {reason}", say(ending.at, zone));
    }
    let Some(emergency) = &request.emergency else {
        return;
    };
    put!("  EMERGENCY since {}", say(emergency.at, zone));
    put!("  reason    {}", emergency.reason);
    match &emergency.review {
        None => put!("  review    open"),
        Some(review) => put!(
            "  review    {} at {}: {}",
            review.by,
            say(review.at, zone),
            review.finding
        ),
    }
}
