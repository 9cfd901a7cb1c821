//! The whole history of one request as a person reads it: each entry of its audit chain, in order.
//!
//! A line says when, who by which road, how they were proven, and what came of it; refused and unclear
//! commands stand there too (W27). Where the window was changed the line has the old one and the new one
//! (W16).

use jiff::tz::TimeZone;

use serde_json::Value;

use super::list::fit;
use super::print::put;
use super::when::{say, say_window};
use crate::command::Command;
use crate::inbound::Proof;
use crate::store::audit::{Entry, Outcome};
use crate::workflow::event::Event;
use crate::workflow::request::{Decision, ExpiryCause, Request, Vote, Window};

/// How much of one piece of evidence is shown, in cells of a terminal; `--json` has all of it.
const MAX_EVIDENCE: usize = 80;

/// What is carried from one line to the next.
struct Teller<'a> {
    request: &'a Request,
    zone: &'a TimeZone,
    /// The window as it was before the event that is told next.
    window: Option<Window>,
}

/// Prints every entry, each with what it changed.
pub(super) fn tell(request: &Request, entries: &[Entry], zone: &TimeZone) {
    put!("  history");
    let mut teller = Teller {
        request,
        zone,
        window: None,
    };
    for entry in entries {
        let who = entry
            .actor
            .as_ref()
            .map_or("the clock".to_owned(), ToString::to_string);
        let channel = entry.channel.as_str().replace('_', " ");
        put!("     {}  {who} by {channel}", say(entry.at, zone));
        if let Some(proof) = entry.proof.as_ref().filter(|_| entry.actor.is_some()) {
            put!("        {}", proven(proof));
        }
        if let Some(what) = unapplied(entry) {
            put!("        {what}");
        }
        for event in &entry.events {
            put!("        {}", teller.words(event));
        }
    }
}

/// The evidence that somebody is who they say, on one line.
fn proven(proof: &Proof) -> String {
    let details = proof.details.as_object();
    let details = details.into_iter().flatten().filter_map(|(name, value)| {
        let name = name.replace('_', " ");
        match value {
            Value::String(text) => Some(format!(", {name} {}", fit(text, MAX_EVIDENCE))),
            Value::Number(number) => Some(format!(", {name} {number}")),
            // Of a signature: domain and selector.
            Value::Object(inside) => {
                let texts: Vec<&str> = inside.values().filter_map(Value::as_str).collect();
                Some(format!(", {name} {}", fit(&texts.join(" "), MAX_EVIDENCE)))
            }
            _ => None,
        }
    });
    format!("proven by {}{}", proof.method, details.collect::<String>())
}

/// What somebody wanted who was refused.
fn wanted(command: &Command) -> &'static str {
    match command {
        Command::File { .. } => "file",
        Command::Extend { .. } => "extend",
        Command::Vote {
            decision: Decision::Approve,
            ..
        } => "approve",
        Command::Vote { .. } => "disapprove",
        Command::Withdraw { .. } => "withdraw",
        Command::Emergency { .. } => "take access in an emergency",
        Command::Review { .. } => "review",
        Command::Revoke { .. } => "revoke",
        Command::Return { .. } => "give back",
        Command::TakeBack { .. } => "take back a decision",
        Command::Delegate { .. } | Command::EndDelegation => "delegate",
        Command::Tick { .. } => "look what is due",
    }
}

/// What is said of an entry that changed nothing.
fn unapplied(entry: &Entry) -> Option<String> {
    match (&entry.refusal, entry.outcome) {
        (Some(refusal), _) => {
            let wanted = entry.command.as_ref().map(wanted);
            let wanted = wanted.map_or_else(String::new, |what| format!(" to {what}"));
            let (code, rule) = (refusal.code(), refusal.rule());
            Some(format!("refused{wanted}: {code} ({rule})"))
        }
        (None, Outcome::Unclear) => {
            let why = entry.unclear.as_ref();
            let why = why.map_or_else(String::new, |it| format!(": {}", it.sentence));
            Some(format!("was not understood{why}"))
        }
        (None, Outcome::Unidentified) => Some("came from nobody known".to_owned()),
        (None, _) if entry.events.is_empty() => Some("changed nothing".to_owned()),
        (None, _) => None,
    }
}

impl Teller<'_> {
    fn words(&mut self, event: &Event) -> String {
        let zone = self.zone;
        match event {
            Event::Filed(filed) => {
                self.window = Some(filed.window);
                let extends = filed.extends.map_or(String::new(), |base| {
                    format!(", to continue the access of {base}")
                });
                let window = say_window(&filed.window, zone);
                format!("filed {window}{extends}")
            }
            Event::Voted { vote } => self.vote(vote, ""),
            Event::VoteHeld { held } => self.vote(&held.vote, ", to be confirmed by mail"),
            Event::StepCompleted { step, .. } => format!("{} is complete", self.step(*step)),
            Event::StepReopened { step, .. } => format!("{} is open again", self.step(*step)),
            Event::WindowChanged {
                by, window, voids, ..
            } => {
                let before = self.window.replace(*window);
                let before = before.map_or(String::new(), |before| {
                    format!(", before it was {}", say_window(&before, zone))
                });
                let voids = if *voids {
                    "; the other approvals are void"
                } else {
                    ""
                };
                let window = say_window(window, zone);
                format!("{by} changed the window: {window}{before}{voids}")
            }
            Event::Approved { grant, .. } => format!(
                "approved; access from {} until {}",
                say(grant.start, zone),
                say(grant.end, zone)
            ),
            Event::Rejected { step, .. } => format!("rejected at {}", self.step(*step)),
            Event::Withdrawn { reason, .. } => format!("withdrawn: {reason}"),
            Event::Expired { at, cause } => {
                let why = match cause {
                    ExpiryCause::PendingTooLong => "nobody decided in time",
                    ExpiryCause::WindowOver => "its window was over",
                };
                format!("expired at {}: {why}", say(*at, zone))
            }
            later => self.afterwards(later),
        }
    }

    /// What our clock does while a request is pending, and what follows an approval.
    fn afterwards(&self, event: &Event) -> String {
        let zone = self.zone;
        let because = |reason: &Option<String>| {
            let reason = reason.as_ref();
            reason.map_or(String::new(), |reason| format!(": {reason}"))
        };
        match event {
            Event::Reminded { step, number, .. } => {
                format!("reminder {number} of {}", self.step(*step))
            }
            Event::Escalated { step, .. } => format!("{} is escalated", self.step(*step)),
            Event::AskedAlso { step, persons, .. } => {
                let names: Vec<String> = persons.iter().map(ToString::to_string).collect();
                format!("{} asked about {} too", names.join(", "), self.step(*step))
            }
            Event::Stranded { step, .. } => {
                format!("{} can no longer complete", self.step(*step))
            }
            Event::Unstranded { .. } => "every step can complete again".to_owned(),
            Event::BaseCut {
                base,
                cause,
                by,
                reason,
                ..
            } => {
                let cause = cause.as_str();
                format!("over, because {by} {cause} {base}{}", because(reason))
            }
            Event::EmergencyConfirmed { reason, grant, .. } => {
                let end = say(grant.end, zone);
                format!("EMERGENCY access until {end}: {reason}")
            }
            Event::Reviewed { review } => {
                format!("{} reviewed the emergency: {}", review.by, review.finding)
            }
            Event::ReviewReminded { number, .. } => format!("reminder {number} of the review"),
            Event::GrantStarted { at } => format!("access began at {}", say(*at, zone)),
            Event::GrantWarned {
                at, continued_by, ..
            } => match continued_by {
                Some(next) => format!("the end was near at {}; {next} goes on", say(*at, zone)),
                None => format!("the end was near at {}", say(*at, zone)),
            },
            Event::GrantEnded { at } => format!("access ended at {}", say(*at, zone)),
            Event::GrantCut { ending } => {
                let (by, cause) = (&ending.by, ending.cause.as_str());
                let with = ending.with;
                let with = with.map_or(String::new(), |base| format!(" with {base}"));
                format!("access {cause} by {by}{with}{}", because(&ending.reason))
            }
            other => other.as_str().to_owned(),
        }
    }

    fn vote(&self, vote: &Vote, held: &str) -> String {
        let did = match vote.decision {
            Decision::Approve => "approved",
            Decision::Disapprove => "disapproved",
        };
        let behalf = vote.on_behalf_of.as_ref();
        let behalf = behalf.map_or(String::new(), |whose| format!(" on behalf of {whose}"));
        let comment = vote.comment.as_ref();
        let comment = comment.map_or(String::new(), |comment| format!(": {comment}"));
        let step = self.step(vote.step);
        format!("{} {did} {step}{behalf}{held}{comment}", vote.person)
    }

    /// A step by number and name.
    fn step(&self, index: usize) -> String {
        let name = self.request.terms.steps.get(index);
        let name = name.map_or("?", |step| step.name.as_str());
        format!("step {} ({name})", index + 1)
    }
}
