//! A small world for the tests of this folder: people, policies of a few words, and a request to
//! which things are done in sentences.
//!
//! `rita` asks. `ann`, `ben` and `cat` are registered approvers, `dan` is an approver who is not
//! registered for the module, `eve` is a disabled one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::book::{AccountRule, Book, ModuleRules, Person, Role};
use super::decide::{Action, Actor, Around, Draft, Filing, Scene, Shown, decide, delegate, file};
use super::event::Event;
use super::ids::{GroupId, Module, PersonId, RequestId};
use super::notice::{Change, Kind, Owed, owed};
use super::policy::{EmergencyBlock, Glob, Mode, Policy, Step, Terms, Who};
use super::refusal::Refusal;
use super::request::{Channel, Decision, Request, Subject, Window};

/// When every test begins.
pub fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().expect("a timestamp")
}

pub fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub fn id(name: &str) -> PersonId {
    PersonId::from(name)
}

fn person(name: &str, roles: &[Role], modules: &[&str]) -> (PersonId, Person) {
    let mut shown = name.to_owned();
    shown[..1].make_ascii_uppercase();
    let person = Person {
        id: id(name),
        name: shown,
        email: format!("{name}@example.com"),
        zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        active: name != "eve",
        roles: roles.iter().copied().collect(),
        modules: modules.iter().map(|module| Module::from(*module)).collect(),
        digest: BTreeSet::new(),
        digest_at: None,
        os_user: None,
        accounts: std::collections::BTreeMap::new(),
    };
    (id(name), person)
}

/// `ann` or `group:team`.
pub fn who(entry: &str) -> Who {
    match entry.strip_prefix("group:") {
        Some(group) => Who::Group(GroupId::from(group)),
        None => Who::Person(id(entry)),
    }
}

pub fn step(name: &str, approvers: &[&str], approvals: usize, disapprovals: usize) -> Step {
    Step {
        name: name.to_owned(),
        approvers: approvers.iter().map(|entry| who(entry)).collect(),
        approvals,
        disapprovals,
        reminders: None,
        escalation: None,
    }
}

pub fn terms(steps: Vec<Step>) -> Terms {
    Terms {
        policy: "databases".to_owned(),
        version: 7,
        mode: Mode::Approval,
        justification_required: false,
        max_duration: hours(8),
        max_lead: hours(48),
        pending_ttl: hours(24),
        warn_before: SignedDuration::from_mins(10),
        comment_required: false,
        allow_self_approval: false,
        distinct_approvers: true,
        confirm_by_mail: false,
        notify_channel: None,
        steps,
    }
}

pub fn policy(terms: Terms) -> Policy {
    Policy {
        modules: vec![Module::from("credential")],
        requesters: vec![who("rita")],
        resource: Some(Glob::new("prod-*").expect("a glob")),
        account: None,
        terms,
        emergency: None,
    }
}

pub fn book(policies: Vec<Policy>) -> Book {
    let rules = |account| ModuleRules {
        account,
        approval: true,
    };
    let people = BTreeMap::from([
        person("rita", &[Role::Approver], &["credential"]),
        person("ann", &[Role::Approver], &["credential"]),
        person("ben", &[Role::Approver], &["credential"]),
        person("cat", &[Role::Approver], &["credential"]),
        person("dan", &[Role::Approver], &["certificate"]),
        person("eve", &[Role::Approver], &["credential"]),
    ]);
    let group = |name: &str, members: &[&str]| {
        (
            GroupId::from(name),
            members.iter().map(|member| id(member)).collect(),
        )
    };
    Book {
        version: 7,
        people,
        groups: BTreeMap::from([
            group("team", &["ann", "ben"]),
            group("everyone", &["rita", "ann", "ben", "cat", "dan", "eve"]),
        ]),
        modules: BTreeMap::from([
            (Module::from("credential"), rules(AccountRule::Required)),
            (Module::from("certificate"), rules(AccountRule::None)),
        ]),
        policies,
        delegations: Vec::new(),
    }
}

/// A book whose one policy lets `rita` take access in an emergency.
pub fn with_emergency(terms: Terms) -> Book {
    let mut policy = policy(terms);
    policy.emergency = Some(EmergencyBlock {
        allowed: vec![who("rita")],
        max_duration: hours(1),
        block_until_reviewed: true,
        remind_review_after: hours(2),
    });
    book(vec![policy])
}

pub fn subject() -> Subject {
    Subject {
        module: Module::from("credential"),
        resource: "prod-db-1".to_owned(),
        account: Some("admin".to_owned()),
    }
}

pub fn draft() -> Draft {
    Draft {
        subject: subject(),
        window: Window::FromApproval { length: hours(2) },
        justification: Some("ticket 17".to_owned()),
        extends: None,
    }
}

/// One request and the world around it.
#[derive(Debug, Clone)]
pub struct World {
    pub book: Book,
    pub now: Timestamp,
    /// The way that commands come.
    pub channel: Channel,
    pub request: Request,
    pub around: Around,
    /// Everything that has happened.
    pub events: Vec<Event>,
    /// What the last accepted command owed.
    pub owed: Owed,
}

impl World {
    /// `rita` files [`draft`] under one policy.
    pub fn filed(terms: Terms) -> Self {
        Self::filed_as(&draft(), book(vec![policy(terms)])).expect("the draft is in order")
    }

    pub fn filed_as(draft: &Draft, book: Book) -> Result<Self, Refusal> {
        let now = start();
        let filing = Filing {
            book: &book,
            id: RequestId(42),
            pending: None,
            unreviewed: &[],
            now,
        };
        let events = file(draft, &id("rita"), &filing)?;
        let request = Request::replay(&events).expect("the events of a filing fold");
        let mut world = Self {
            book,
            now,
            channel: Channel::CommandLine,
            request,
            around: Around::default(),
            events: Vec::new(),
            owed: Owed::default(),
        };
        world.remember(None, events);
        Ok(world)
    }

    fn remember(&mut self, before: Option<&Request>, events: Vec<Event>) {
        let change = Change {
            before,
            after: &self.request,
            events: &events,
            book: &self.book,
            around: &self.around,
            channel: self.channel,
            now: self.now,
        };
        self.owed = owed(&change);
        for notice in &self.owed.notices {
            if let (Kind::Ask, Some(step)) = (notice.kind, notice.facts.step) {
                self.around.asked.insert((step, notice.to.clone()));
            }
        }
        self.events.extend(events);
    }

    /// Does one thing; a refusal leaves the world as it was.
    pub fn act(&mut self, actor: &Actor, action: &Action) -> Result<Vec<Event>, Refusal> {
        let scene = Scene {
            request: &self.request,
            book: &self.book,
            around: &self.around,
            now: self.now,
        };
        let events = decide(&scene, actor, action)?;
        let before = self.request.clone();
        for event in &events {
            self.request.apply(event).expect("a decided event fits");
        }
        self.remember(Some(&before), events.clone());
        Ok(events)
    }

    pub fn approves(&mut self, name: &str) -> Result<Vec<Event>, Refusal> {
        self.votes(name, Decision::Approve, None)
    }

    pub fn disapproves(&mut self, name: &str) -> Result<Vec<Event>, Refusal> {
        self.votes(name, Decision::Disapprove, None)
    }

    /// A reply to the mail that asked about `step`.
    pub fn replies(
        &mut self,
        name: &str,
        decision: Decision,
        step: usize,
    ) -> Result<Vec<Event>, Refusal> {
        let shown = Shown {
            step,
            revision: 1,
            confirms: None,
        };
        self.votes(name, decision, Some(shown))
    }

    /// A reply to the mail of this instant that asked to confirm a vote on the first step.
    pub fn confirms(
        &mut self,
        name: &str,
        decision: Decision,
        asked: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let shown = Shown {
            step: 0,
            revision: self.request.revision,
            confirms: Some(asked),
        };
        self.votes(name, decision, Some(shown))
    }

    fn votes(
        &mut self,
        name: &str,
        decision: Decision,
        shown: Option<Shown>,
    ) -> Result<Vec<Event>, Refusal> {
        let channel = if shown.is_some() {
            Channel::Mail
        } else {
            Channel::CommandLine
        };
        let action = Action::Vote {
            decision,
            comment: None,
            window: None,
            shown,
            channel,
        };
        self.act(&Actor::Person(id(name)), &action)
    }

    /// An approval by command line that sets the window (W16).
    pub fn sets(&mut self, name: &str, window: Window) -> Result<Vec<Event>, Refusal> {
        let action = Action::Vote {
            decision: Decision::Approve,
            comment: None,
            window: Some(window),
            shown: None,
            channel: Channel::CommandLine,
        };
        self.act(&Actor::Person(id(name)), &action)
    }

    pub fn takes(&mut self, name: &str, reason: &str) -> Result<Vec<Event>, Refusal> {
        let reason = reason.to_owned();
        self.act(&Actor::Person(id(name)), &Action::Emergency { reason })
    }

    pub fn reviews(&mut self, name: &str, finding: &str) -> Result<Vec<Event>, Refusal> {
        let finding = finding.to_owned();
        self.act(&Actor::Person(id(name)), &Action::Review { finding })
    }

    pub fn revokes(&mut self, name: &str, reason: &str) -> Result<Vec<Event>, Refusal> {
        let reason = reason.to_owned();
        self.act(&Actor::Person(id(name)), &Action::Revoke { reason })
    }

    pub fn returns(&mut self, name: &str) -> Result<Vec<Event>, Refusal> {
        self.act(&Actor::Person(id(name)), &Action::Return { reason: None })
    }

    /// `from` puts their votes into `to`'s hands from now on, for so many hours (W20).
    pub fn delegates(&mut self, from: &str, to: &str, length: i64) -> Result<(), Refusal> {
        let period = (
            self.now,
            self.now.checked_add(hours(length)).expect("in range"),
        );
        let delegation = delegate(&self.book, &id(from), &id(to), period, self.now)?;
        self.book.delegations.push(delegation);
        Ok(())
    }

    pub fn enable(&mut self, name: &str) {
        self.book.people.get_mut(&id(name)).expect("known").active = true;
    }

    pub fn withdraws(&mut self, name: &str, reason: &str) -> Result<Vec<Event>, Refusal> {
        let action = Action::Withdraw {
            reason: reason.to_owned(),
        };
        self.act(&Actor::Person(id(name)), &action)
    }

    pub fn clock_strikes(&mut self) -> Result<Vec<Event>, Refusal> {
        self.act(&Actor::Clock, &Action::Tick)
    }

    pub fn disable(&mut self, name: &str) {
        self.book.people.get_mut(&id(name)).expect("known").active = false;
    }

    /// Who gets what from the last command: `ask ann`, `filed rita`.
    pub fn mail(&self) -> Vec<String> {
        let line =
            |notice: &super::notice::Notice| format!("{} {}", notice.kind.as_str(), notice.to);
        self.owed.notices.iter().map(line).collect()
    }
}

/// The code of a refusal; panics where something was accepted.
#[track_caller]
pub fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
    result.expect_err("should have been refused").code()
}
