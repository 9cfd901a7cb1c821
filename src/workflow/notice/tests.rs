use super::super::book::Role;
use super::super::decide::{Action, Actor};
use super::super::policy::Terms;
use super::super::testing::*;
use super::*;

/// Goal: a voter by mail is answered, one at the command line is not written to (table).
/// Method: the same vote by both.
#[test]
fn only_a_voter_by_mail_gets_a_receipt() {
    let policy = || terms(vec![step("S", &["ann", "ben", "cat"], 2, 1)]);
    let mut world = World::filed(policy());
    world.approves("ann").expect("counts");
    assert!(world.mail().is_empty());
    world.replies("ben", Decision::Approve, 0).expect("counts");
    assert_eq!(
        world.mail(),
        [
            "approved rita",
            "settled ann",
            "settled cat",
            "recorded ben"
        ]
    );
}

/// Goal: who revokes in a chat or reviews there hears of it by mail, for it need not have been they; who does it
/// at the command line has it before them (W31).
/// Method: both by both; of a revocation, by an access admin who agreed to nothing.
#[test]
fn w31_what_is_ended_in_a_chat_is_confirmed_to_who_ended_it() {
    for (channel, told) in [(Channel::Chat, true), (Channel::CommandLine, false)] {
        let mut world = World::filed(terms(vec![step("S", &["ann"], 1, 1)]));
        let role = &mut world.book.people.get_mut(&id("dan")).expect("there").roles;
        role.insert(Role::AccessAdmin);
        world.approves("ann").expect("counts");
        world.channel = channel;
        world.revokes("dan", "left the team").expect("revoked");
        let owed = world.mail();
        assert!(owed.contains(&"grant_ended rita".to_owned()), "{owed:?}");
        let dan = owed.contains(&"grant_ended dan".to_owned());
        assert_eq!(dan, told, "{owed:?}");

        let book = with_emergency(terms(vec![step("S", &["ann"], 1, 1)]));
        let mut world = World::filed_as(&draft(), book).expect("in order");
        world.takes("rita", "the site is down").expect("offered");
        world.channel = channel;
        world.reviews("ann", "it was one").expect("reviewed");
        let ann = world.mail().contains(&"reviewed ann".to_owned());
        assert_eq!(ann, told, "{:?}", world.mail());
    }
}

/// Goal: whoever is asked for the next step gets the ask, not the receipt or the all-clear (W9).
/// Method: one who votes on the first step by mail and is asked for the second.
#[test]
fn an_ask_is_never_displaced() {
    let steps = vec![
        step("First", &["ann", "ben"], 1, 1),
        step("Second", &["ann", "ben"], 1, 1),
    ];
    let mut world = World::filed(Terms {
        distinct_approvers: false,
        ..terms(steps)
    });
    world.replies("ann", Decision::Approve, 0).expect("counts");
    assert_eq!(world.mail(), ["ask ann", "ask ben", "progress rita"]);
    assert_eq!(world.owed.cancel_asks, [0]);
    let ask = &world.owed.notices[0].facts;
    assert_eq!((ask.step, ask.decision), (Some(1), None));
    assert_eq!(ask.steps[0].votes[0].name, "Ann");
}

/// Goal: when a step completes, only those of it who have not voted are told to stand down (table).
/// Method: two of three complete it; the third hears, the first voter and the next step's do not.
#[test]
fn a_completed_step_stands_down_who_has_not_voted() {
    let mut world = World::filed(terms(vec![
        step("First", &["ann", "ben", "cat"], 2, 1),
        step("Last", &["dan", "cat", "rita"], 1, 1),
    ]));
    world.approves("ann").expect("counts");
    world.approves("ben").expect("counts");
    assert_eq!(
        world.mail(),
        ["ask cat", "progress rita"],
        "an ask says it as well"
    );
    let mut world = World::filed(terms(vec![
        step("First", &["ann", "ben"], 1, 1),
        step("Last", &["cat"], 1, 1),
    ]));
    world.approves("ann").expect("counts");
    assert_eq!(world.mail(), ["ask cat", "progress rita", "settled ben"]);
    let ben = world.owed.notices.last().expect("ben is told");
    assert_eq!(
        (ben.facts.step, ben.facts.decision),
        (Some(0), Some(Decision::Approve))
    );
}

/// Goal: an earlier voter of a step is not told to stand down when another completes it (table).
/// Method: two approvals by two persons; only the requester and the next step hear.
#[test]
fn a_voter_is_not_told_to_stand_down() {
    let mut world = World::filed(terms(vec![
        step("First", &["ann", "ben"], 2, 1),
        step("Last", &["cat"], 1, 1),
    ]));
    world.approves("ann").expect("counts");
    world.approves("ben").expect("counts");
    assert_eq!(world.mail(), ["ask cat", "progress rita"]);
}

/// Goal: the disabled are not written to, the departed who were asked are (W18).
/// Method: disable one and take another out of the group; then let the time run out.
#[test]
fn who_was_asked_is_told_unless_disabled() {
    let mut world = World::filed(terms(vec![step("S", &["group:team", "cat"], 1, 1)]));
    world.book.groups.clear();
    world.disable("cat");
    world.now = world.request.pending_until;
    world.clock_strikes().expect("due");
    assert_eq!(world.mail(), ["expired rita", "settled ann", "settled ben"]);
    assert_eq!(world.owed.cancel_asks, [0]);
}

/// Goal: a rejection says who and why (table).
/// Method: disapprove with a comment and look at the requester's facts.
#[test]
fn facts_carry_names_and_the_comment() {
    let mut world = World::filed(terms(vec![step("S", &["ann"], 1, 1)]));
    let vote = Action::Vote {
        window: None,
        decision: Decision::Disapprove,
        comment: Some("freeze".to_owned()),
        shown: None,
        channel: Channel::Mail,
    };
    world.act(&Actor::Person(id("ann")), &vote).expect("counts");
    let told = world
        .owed
        .notices
        .iter()
        .find(|notice| notice.kind == Kind::Rejected);
    let facts = &told.expect("the requester is told").facts;
    assert_eq!(facts.requester_name, "Rita");
    assert_eq!(facts.comment.as_deref(), Some("freeze"));
    assert_eq!(facts.step, Some(0));
    assert_eq!(facts.steps[0].votes[0].name, "Ann");
}

/// Goal: an answer shows the refusal with times in the reader's zone (W1).
/// Method: a late vote, read in Lisbon's summer.
#[test]
fn an_answer_speaks_the_readers_zone() {
    let mut world = World::filed(terms(vec![step("S", &["ann"], 1, 1)]));
    world.now = "2026-03-02T10:00:00Z".parse().expect("a timestamp");
    world.approves("ann").expect("counts");
    let refusal = world.approves("ann").expect_err("settled");
    let zone = TimeZone::get("America/Sao_Paulo").expect("a zone");
    let facts = AnswerFacts::of(&refusal, &zone, Some("APPROVE".to_owned()));
    assert!(
        facts
            .sentence
            .contains("2026-03-02 07:00 UTC-03 (America/Sao_Paulo)"),
        "{facts:?}"
    );
    let notice = answer(
        Kind::Refused,
        &id("ann"),
        &world.request,
        &world.book,
        facts,
    );
    assert_eq!(
        notice.facts.answer.expect("there").rule.as_deref(),
        Some("W14")
    );
}

/// Goal: the stored form of a message's facts never changes by accident.
/// Method: one ask after a first vote, as JSON, and read back.
#[test]
fn the_stored_facts_are_stable() {
    let mut world = World::filed(terms(vec![
        step("First", &["ann"], 1, 1),
        step("Last", &["cat"], 1, 1),
    ]));
    world.replies("ann", Decision::Approve, 0).expect("counts");
    let ask = world.owed.notices.first().expect("cat is asked");
    let json = serde_json::to_string(ask).expect("serialises");
    assert_eq!(
        serde_json::from_str::<Notice>(&json).as_ref().ok(),
        Some(ask)
    );
    insta::assert_json_snapshot!(ask, @r#"
{
  "kind": "ask",
  "to": "cat",
  "facts": {
    "request": 42,
    "revision": 1,
    "requester": "rita",
    "requester_name": "Rita",
    "subject": {
      "module": "credential",
      "resource": "prod-db-1",
      "account": "admin"
    },
    "window": {
      "from_approval": {
        "length": "PT2H"
      }
    },
    "justification": "ticket 17",
    "policy": "databases",
    "mode": "approval",
    "filed_at": "2026-03-02T09:00:00Z",
    "pending_until": "2026-03-03T09:00:00Z",
    "steps": [
      {
        "name": "First",
        "approvals": 1,
        "votes": [
          {
            "name": "Ann",
            "decision": "approve",
            "comment": null,
            "at": "2026-03-02T09:00:00Z",
            "channel": "mail"
          }
        ]
      },
      {
        "name": "Last",
        "approvals": 1,
        "votes": []
      }
    ],
    "step": 1,
    "state": {
      "state": "pending",
      "step": 1
    },
    "grant": null,
    "decision": null,
    "comment": null,
    "answer": null,
    "comment_required": false
  }
}
"#);
}

/// Goal: what asks, answers, alarms or takes something away by surprise never waits, whatever a person wants.
/// Method: every row of the table; the kinds of which some row may wait, by name.
#[test]
fn only_what_needs_nobody_may_wait() {
    for row in TABLE.iter().filter(|row| row.may_wait) {
        assert!(!row.kind.asks() && !row.kind.is_answer(), "{row:?}");
        assert!(row.when.offers() == Offers::Stay || row.kind != Kind::Voided);
        assert_ne!((row.when, row.who), (When::GrantCut, Audience::Requester));
    }
    let waiting: Vec<_> = waiting().into_iter().map(Kind::as_str).collect();
    assert_eq!(
        waiting,
        [
            "filed",
            "progress",
            "reopened",
            "window_changed",
            "grant_ended",
            "unstranded",
            "settled"
        ]
    );
}

/// Goal: a notice waits only for whoever wants it, by its row, and never with an emergency in it.
/// Method: a rejection seen by two who were asked, one of whom has a digest; then the same as an emergency.
#[test]
fn who_wants_a_digest_waits() {
    let mut world = World::filed(terms(vec![step("S", &["ann", "ben", "cat"], 1, 1)]));
    let ben = world.book.people.get_mut(&id("ben")).expect("ben");
    ben.digest = Kind::ALL.into_iter().collect();
    let book = world.book.clone();
    world.approves("ann").expect("counts");
    let waits = |notice: &Notice| {
        let reader = book.person(&notice.to).expect("in the book");
        notice.waits_until(reader, world.now).is_some()
    };
    let settled = world.owed.notices.iter();
    let settled: Vec<_> = settled.filter(|n| n.kind == Kind::Settled).collect();
    let told: Vec<_> = settled.iter().map(|n| (n.to.as_str(), waits(n))).collect();
    assert_eq!(told, [("ben", true), ("cat", false)]);
    let mut urgent = settled[0].clone();
    urgent.facts.emergency_offered = true;
    assert!(!waits(&urgent));
    urgent.facts.emergency_offered = false;
    urgent.facts.emergency = Some(EmergencyFacts {
        at: world.now,
        reason: "the shop is down".into(),
        review: None,
    });
    assert!(!waits(&urgent));
    let mut revoked = settled[0].clone();
    revoked.may_wait = false;
    assert!(!waits(&revoked));
}

/// Goal: the next digest is at the reader's time of day, whatever the clocks do (W1).
/// Method: before, at and after it; the day that the clocks change; a time that is not, one that comes twice;
/// a day that a zone left out.
#[test]
fn the_next_digest_is_by_the_readers_clock() {
    for (zone, at, now, next) in [
        (
            "Europe/Lisbon",
            "08:00",
            "2026-07-01T06:59:59Z",
            "2026-07-01T07:00:00Z",
        ),
        (
            "Europe/Lisbon",
            "08:00",
            "2026-07-01T07:00:00Z",
            "2026-07-02T07:00:00Z",
        ),
        (
            "Europe/Lisbon",
            "08:00",
            "2026-03-28T12:00:00Z",
            "2026-03-29T07:00:00Z",
        ),
        (
            "Europe/Lisbon",
            "08:00",
            "2026-10-24T12:00:00Z",
            "2026-10-25T08:00:00Z",
        ),
        (
            "Europe/Lisbon",
            "01:30",
            "2026-03-28T12:00:00Z",
            "2026-03-29T01:30:00Z",
        ),
        (
            "Europe/Lisbon",
            "01:30",
            "2026-10-24T12:00:00Z",
            "2026-10-25T00:30:00Z",
        ),
        (
            "Europe/Lisbon",
            "01:30",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        ),
        (
            "Pacific/Apia",
            "08:00",
            "2011-12-29T20:00:00Z",
            "2011-12-30T18:00:00Z",
        ),
    ] {
        let zone = TimeZone::get(zone).expect("a zone");
        let at = at.parse().expect("a time of day");
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        assert_eq!(
            digest::next(at, &zone, instant(now)),
            instant(next),
            "{now}"
        );
    }
}

/// Goal: a line of a digest says who it was.
/// Method: the lines of an approval, a withdrawal and an expiry.
#[test]
fn a_line_says_whose_doing_it_was() {
    let line = |world: &World, kind: Kind| {
        let mut notices = world.owed.notices.iter();
        let notice = notices.find(|notice| notice.kind == kind).expect("told");
        digest::Item::of(kind, &notice.facts, world.now)
    };
    let policy = || terms(vec![step("S", &["ann", "ben"], 1, 1)]);
    let mut world = World::filed(policy());
    assert_eq!(line(&world, Kind::Filed).who.as_deref(), Some("Rita"));
    world.approves("ann").expect("counts");
    let settled = line(&world, Kind::Settled);
    assert_eq!(settled.who.as_deref(), Some("Ann"));
    assert_eq!(settled.state.as_str(), "approved");
    let mut world = World::filed(policy());
    world.now = world.request.pending_until;
    world.clock_strikes().expect("due");
    let settled = line(&world, Kind::Settled);
    assert_eq!((settled.who, settled.state.as_str()), (None, "expired"));
}
