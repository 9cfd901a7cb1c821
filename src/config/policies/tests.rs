//! Every bad file is refused with place and mend; odd ones are warned of; the example is a good one.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::diff::{Kind, diff};
use super::{Checked, read};
use crate::workflow::book::AccountRule;
use crate::workflow::ids::{GroupId, Module, PersonId};
use crate::workflow::notice;
use crate::workflow::policy::{
    DEFAULT_MAX_DURATION, DEFAULT_MAX_REMINDERS, DEFAULT_REMIND_REVIEW_AFTER, Mode, Who,
};

const EXAMPLE: &str = include_str!("../../../policies.toml.example");

const PEOPLE: &str = r#"
person = [
  { id = "ann", email = "ann@example.org" },
  { id = "ben", email = "ben@example.org", roles = ["approver"], modules = ["*"] },
  { id = "cat", email = "cat@example.org", roles = ["approver"], modules = ["credential"] },
  { id = "dan", email = "dan@example.org", roles = ["access_admin"] },
]
group.team.members = ["ann", "ben"]
group.empty.members = []
"#;

/// People, then one policy with these lines in the place of its usual ones.
fn policy(lines: &str) -> String {
    let usual = [
        ("name", "\"p\""),
        ("modules", "[\"credential\"]"),
        ("requesters", "[\"ann\"]"),
        ("resource", "\"db-*\""),
        ("mode", "\"approval\""),
        ("steps", "[{ name = \"one\", approvers = [\"ben\"] }]"),
    ];
    let mut text = format!("{PEOPLE}[[policy]]\n{lines}\n");
    for (key, value) in usual {
        if !lines.lines().any(|line| line.starts_with(key)) {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    text.replace("resource = \"\"\n", "")
}

fn refused(source: &str) -> String {
    read("p.toml", source).expect_err(source).to_string()
}

fn warned(source: &str) -> String {
    read("p.toml", source).expect(source).warnings.to_string()
}

#[test]
fn the_example_is_read() {
    // Goal: what we hand to operators is a book. Method: read it and look at a value of each kind.
    let Checked { book, warnings } = read("policies.toml", EXAMPLE).expect("the example");
    assert_eq!(warnings.list, []);
    assert_eq!(book.people.len(), 6);
    assert!(book.people[&PersonId::new("carol")].approves_in(&Module::new("setting")));
    assert_eq!(book.groups[&GroupId::new("managers")].len(), 2);
    assert_eq!(book.modules.len(), 6);
    assert_eq!(
        book.modules[&Module::new("credential")].account,
        AccountRule::Required
    );
    assert_eq!(
        book.modules[&Module::new("session_video")].account,
        AccountRule::None
    );
    let [first, second] = book.policies.as_slice() else {
        panic!("two policies")
    };
    assert_eq!(first.terms.steps.len(), 2);
    assert_eq!(first.terms.max_duration.as_hours(), 8);
    assert_eq!(
        (second.terms.mode, second.terms.max_duration),
        (Mode::Justification, DEFAULT_MAX_DURATION)
    );
    assert!(second.terms.justification_required);
    let last = &first.terms.steps[1];
    let reminders = last.reminders.expect("reminders");
    assert_eq!((reminders.after.as_mins(), reminders.most), (30, 3));
    let escalation = last.escalation.as_ref().expect("an escalation");
    assert_eq!(escalation.to, [Who::Group(GroupId::new("managers"))]);
    let block = first.emergency.as_ref().expect("an emergency block");
    assert!(block.block_until_reviewed && block.max_duration.as_hours() == 1);
    let carol = &book.people[&PersonId::new("carol")];
    assert_eq!(
        carol.digest,
        [notice::Kind::Progress, notice::Kind::Settled].into()
    );
    assert_eq!(carol.digest_at, Some(jiff::civil::time(7, 30, 0, 0)));
}

#[test]
fn what_is_not_said_has_its_default() {
    // Goal: the keys of time and emergency have the defaults that are documented. Method: the least of each.
    let read = |lines: &str| read("p.toml", &policy(lines)).expect(lines).book;
    let lines = "confirm_by = \"mail\"\nemergency = { allowed = [\"ann\"], max_duration = \"1h\" }\n\
                 steps = [{ name = \"one\", approvers = [\"ben\"], remind_after = \"1h\" }]";
    let book = read(lines);
    let said = &book.policies[0];
    assert!(said.terms.confirm_by_mail);
    let step = &said.terms.steps[0];
    assert_eq!(step.reminders.map(|r| r.most), Some(DEFAULT_MAX_REMINDERS));
    assert_eq!(step.escalation, None);
    let block = said.emergency.as_ref().expect("a block");
    assert!(block.block_until_reviewed);
    assert_eq!(block.remind_review_after, DEFAULT_REMIND_REVIEW_AFTER);
    let plain = read("");
    assert_eq!(
        (
            &plain.policies[0].emergency,
            plain.policies[0].terms.confirm_by_mail
        ),
        (&None, false)
    );
    let changes: Vec<_> = diff(&plain, &book)
        .iter()
        .map(ToString::to_string)
        .collect();
    let [policy] = changes.as_slice() else {
        panic!("one change: {changes:?}")
    };
    for part in [
        "confirm_by_mail: false -> true",
        "emergency: null -> {\"allowed\"",
        "\"reminders\":{\"after\":\"PT1H\",\"most\":3}",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
}

#[test]
fn bad_policies_are_refused_with_key_and_mend() {
    // Goal: each mistake in a policy names its key, cause and mend. Method: one mistake at a time.
    let cases = [
        (
            "requesters = [\"anne\"]",
            "requesters: there is no person `anne`; mend: did you mean `ann`?",
        ),
        (
            "requesters = [\"group:teem\"]",
            "there is no group `teem`; mend: did you mean `group:team`?",
        ),
        (
            "requesters = [\"group:empty\"]",
            "the group `empty` is empty",
        ),
        ("requesters = []", "[[policy]] `p` requesters: is empty"),
        (
            "modules = [\"credentials\"]",
            "modules: there is no module `credentials`; mend: did you mean",
        ),
        ("modules = []", "modules: names no module"),
        (
            "resource = \"[z-a]\"",
            "[[policy]] `p` resource: `[z-a]` is no pattern",
        ),
        ("resource = \"\"", "neither resource nor account is given"),
        (
            "mode = \"aproval\"",
            "mode: `aproval` is no mode; mend: write \"free\"",
        ),
        ("mode = \"free\"", "steps: nobody is asked in this mode"),
        (
            "max_duration = \"8 hurs\"",
            "max_duration: `8 hurs` is no length of time",
        ),
        ("steps = []", "an approval needs at least one step"),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], approvals = 2 }]",
            "step `one`: needs 2 different",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ann\"] }]",
            "step `one`: needs 1 different",
        ),
        (
            "steps = [{ name = \"a\", approvers = [\"ben\"] }, { name = \"b\", approvers = [\"ben\"] }]",
            "step `b`: needs 1 different",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], approvals = 0 }]",
            "approvals: is 0, and must be",
        ),
        (
            "steps = [{ name = \"one\", approvers = [] }]",
            "step `one` approvers: is empty",
        ),
        (
            "steps = [{ name = \"one\", aprovers = [\"ben\"] }]",
            "aprovers: is unknown; mend: did you mean",
        ),
        (
            "justification = \"yes\"",
            "justification: `yes` is not known",
        ),
    ];
    each_is_refused(&cases);
}

/// Each of these lines is refused with this, with a place and a mend.
fn each_is_refused(cases: &[(&str, &str)]) {
    for (lines, expected) in cases {
        let said = refused(&policy(lines));
        assert!(
            said.contains(expected),
            "{lines}\nsaid:     {said}\nexpected: {expected}"
        );
        assert!(
            said.starts_with("p.toml:") && said.contains("; mend: "),
            "{said}"
        );
    }
}

#[test]
fn bad_times_and_emergencies_are_refused_with_key_and_mend() {
    // Goal: each mistake in what is new names its key, cause and mend. Method: one mistake at a time.
    let cases = [
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], remind_after = \"0s\" }]",
            "step `one` remind_after: ",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], remind_after = \"1h\", max_reminders = 0 }]",
            "max_reminders: is 0, and must be",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], max_reminders = 2 }]",
            "max_reminders: there is no remind_after",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], escalate_after = \"1h\" }]",
            "step `one` escalate_to: is missing",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], escalate_to = [\"ben\"] }]",
            "step `one` escalate_after: is missing",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], escalate_after = \"1h\", escalate_to = [] }]",
            "step `one` escalate_to: is empty",
        ),
        (
            "steps = [{ name = \"one\", approvers = [\"ben\"], escalate_after = \"1h\", escalate_to = [\"bem\"] }]",
            "escalate_to: there is no person `bem`",
        ),
        (
            "emergency = { max_duration = \"1h\" }",
            "[[policy]] `p` emergency allowed: is missing",
        ),
        (
            "emergency = { allowed = [], max_duration = \"1h\" }",
            "[[policy]] `p` emergency allowed: is empty",
        ),
        (
            "emergency = { allowed = [\"group:empty\"], max_duration = \"1h\" }",
            "emergency allowed: the group `empty` is empty",
        ),
        (
            "emergency = { allowed = [\"ann\"] }",
            "emergency max_duration: is missing",
        ),
        (
            "emergency = { allowed = [\"ann\"], max_duration = \"0m\" }",
            "emergency max_duration: ",
        ),
        (
            "emergency = { allowed = [\"ann\"], max_duration = \"1h\", block = true }",
            "emergency block: is unknown; mend: ",
        ),
        (
            "mode = \"free\"\nsteps = []\nemergency = { allowed = [\"ann\"], max_duration = \"1h\" }",
            "[[policy]] `p` emergency: nobody waits for an approval in this mode",
        ),
        (
            "emergency = \"yes\"",
            "emergency: is a text, and must be a table",
        ),
        ("confirm_by = \"chat\"", "confirm_by: `chat` is not known"),
    ];
    each_is_refused(&cases);
}

#[test]
fn places_are_those_of_the_file() {
    // Goal: line and column lead to the mistake. Method: a wrong approver on a known line.
    let said = refused(&policy("steps = [{ name = \"é\", approvers = [\"bem\"] }]"));
    assert!(
        said.starts_with(
            "p.toml:11:37: [[policy]] `p` step `é` approvers: there is no person `bem`"
        ),
        "{said}"
    );
}

#[test]
fn bad_people_groups_and_modules_are_refused() {
    // Goal: nobody is confused with anybody, no zone is unknown. Method: one mistake at a time.
    let cases = [
        ("person = [{ id = \"a\" }]", "email: is missing"),
        (
            "person = [{ id = \"a b\", email = \"a@b.c\" }]",
            "id: is no short name",
        ),
        (
            "person = [{ id = \"a\", email = \"a\" }]",
            "email: `a` is no e-mail address",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\" }, { id = \"a\", email = \"d@b.c\" }]",
            "id: names two people",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\" }, { id = \"b\", email = \"A@B.C\" }]",
            "is `a`'s already",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", zone = \"Mars/Base\" }]",
            "`Mars/Base` is no time zone",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", locale = \"en_US!\" }]",
            "is no language tag",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", roles = [\"boss\"] }]",
            "`boss` is no role",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", digest = [\"ask\"] }]",
            "[[person]] `a` digest: `ask` cannot wait; mend: those that can wait are filed, ",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", digest = [\"everything\"] }]",
            "digest: `everything` is no kind of notice; mend: those that can wait are",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", digest_at = \"25:00\" }]",
            "digest_at: `25:00` is no time of day; mend: write hours and minutes",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", discord = \"a#1\" }]",
            "discord: is a text, and must be a whole number",
        ),
        (
            "person = [{ id = \"a\", email = \"a@b.c\", discord = 5 }, { id = \"b\", email = \"b@b.c\", discord = 5 }]",
            "discord: `5` is `a`'s already",
        ),
        (
            "group.g.members = [\"x\"]",
            "[group.g] members: there is no person `x`",
        ),
        ("group.g = 3", "[group.g]: must be a table"),
        (
            "modules.credential.account = \"maybe\"",
            "[modules.credential] account: `maybe` is not known",
        ),
        (
            "modules.credential.aproval = false",
            "did you mean `approval`?",
        ),
        (
            "[[polcy]]",
            "polcy: is unknown; mend: did you mean `policy`?",
        ),
        ("[[policy]", "p.toml:1:"),
    ];
    for (source, expected) in cases {
        let said = refused(source);
        assert!(
            said.contains(expected),
            "{source}\nsaid:     {said}\nexpected: {expected}"
        );
    }
    let twice = format!("{}[[policy]]\nname = \"p\"", policy(""));
    assert!(refused(&twice).contains("[[policy]] `p` name: names two policies"));
}

#[test]
fn odd_policies_are_warned_of() {
    // Goal: what is legal and probably not meant is said. Method: one oddity at a time.
    let alone = policy("");
    assert_eq!(
        warned(&alone),
        "p.toml:9:7: [group.empty]: has no members; mend: add members, or take the group out"
    );
    let nobody = warned(&alone.replace("access_admin", "auditor"));
    assert!(
        nobody.contains("no active person is an access_admin"),
        "{nobody}"
    );
    let people = PEOPLE.replace("group.empty.members = []", "");
    assert!(warned(&people).contains("every request is refused (W3)"));
    assert!(warned(&policy("allow_self_approval = true")).contains("requesters approve their own"));
    let stuck = warned(&policy("requesters = [\"group:team\"]"));
    assert!(
        stuck.contains("requests of ben could never complete and are refused (W5)"),
        "{stuck}"
    );
    let late = "steps = [{ name = \"one\", approvers = [\"ben\"], remind_after = \"4h\", \
                escalate_after = \"5h\", escalate_to = [\"cat\"] }]";
    let late = warned(&policy(&format!("pending_ttl = \"4h\"\n{late}")));
    for key in ["remind_after", "escalate_after"] {
        let expected =
            format!("step `one` {key}: never comes: a request is pending for at most 4h");
        assert!(late.contains(&expected), "{late}");
    }
    let escalates = "steps = [{ name = \"one\", approvers = [\"ben\"], escalate_after = \"1h\", \
                     escalate_to = [\"ann\"] }]";
    let said = warned(&policy(escalates));
    let expected = "step `one` escalate_to: ann could not vote: not active, or not registered as \
                    approver for `credential` (W10)";
    assert!(said.contains(expected), "{said}");
    for (allowed, odd) in [("ann", false), ("ben", true)] {
        let block = format!("emergency = {{ allowed = [\"{allowed}\"], max_duration = \"1h\" }}");
        let said = warned(&policy(&block));
        assert_eq!(
            said.contains("`p` emergency.allowed: never offered to ben: not active, or not among"),
            odd,
            "{said}"
        );
    }
    let later = "[[policy]]\nname = \"q\"\nmodules = [\"credential\"]\nrequesters = [\"ann\"]\n";
    for (rest, shadowed) in [
        ("resource = \"db-*\"\nmode = \"free\"", true),
        (
            "resource = \"db-*\"\naccount = \"x\"\nmode = \"free\"",
            true,
        ),
        ("resource = \"web-*\"\nmode = \"free\"", false),
        ("account = \"x\"\nmode = \"free\"", false),
    ] {
        let said = warned(&format!("{alone}{later}{rest}"));
        assert_eq!(
            said.contains("`q`: is never chosen: `p` always wins (W2)"),
            shadowed,
            "{said}"
        );
    }
}

#[test]
fn a_diff_names_what_comes_goes_changes_and_moves() {
    // Goal: an admin sees every change before it is in force. Method: one of each kind between two books.
    let old = read("a", EXAMPLE).expect("the example").book;
    assert_eq!(diff(&old, &old), []);
    let mut new = old.clone();
    new.version = 7;
    assert_eq!(diff(&old, &new), [], "the version is no difference");
    new.people.remove(&PersonId::new("dave"));
    new.groups
        .insert(GroupId::new("night"), [PersonId::new("bob")].into());
    new.policies[0].terms.comment_required = false;
    new.policies.reverse();
    let changes = diff(&old, &new);
    let found: Vec<_> = changes
        .iter()
        .map(|c| (c.kind.as_str(), c.name.as_str(), c.change))
        .collect();
    assert_eq!(
        found,
        [
            ("person", "dave", Kind::Removed),
            ("group", "night", Kind::Added),
            ("policy", "production databases", Kind::Changed),
            ("policy", "everything in the test network", Kind::Moved),
        ]
    );
    assert!(
        changes[2]
            .to_string()
            .contains("comment_required: true -> false"),
        "{}",
        changes[2]
    );
}

#[test]
fn ten_thousand_policies_are_read_in_seconds_even_unoptimised() {
    // Goal: nothing in reading or checking is quadratic in the usual shapes. Method: a large file against
    // a limit that a quadratic step over 10,000 would break, generous enough for a busy machine.
    let mut source = PEOPLE.to_owned();
    for index in 0..10_000 {
        let _ = write!(
            source,
            "[[policy]]\nname = \"p{index}\"\nmodules = [\"credential\"]\nrequesters = [\"ann\"]\n\
             resource = \"db-{index}-*\"\nmode = \"approval\"\n\
             steps = [{{ name = \"one\", approvers = [\"ben\", \"cat\"], approvals = 2 }}]\n"
        );
    }
    let begun = Instant::now();
    let book = read("p.toml", &source).expect("a large file").book;
    assert_eq!(book.policies.len(), 10_000);
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
}
