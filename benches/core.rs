//! How long the pure core takes: a decision on a realistic request, and reading a mail of 4 kB from
//! its bytes to the decision in it (screen, sender, tokens, MIME, grammar, SHA-256), in
//! microseconds.
//!
//! `cargo bench --bench core`. Each figure is the median of many batches, so that one hiccup of the
//! machine does not show. The last line is for machines: `core decide_us=… read_4k_us=…`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use countersign::config::policies;
use countersign::inbound::mail::{Rules, Verdict, read};
use countersign::workflow::book::{AccountRule, Book, ModuleRules, Person, Role};
use countersign::workflow::decide::{
    Action, Actor, Around, Draft, Filing, Scene, Shown, decide, file,
};
use countersign::workflow::ids::{GroupId, Module, PersonId, RequestId};
use countersign::workflow::policy::{Glob, Mode, Policy, Step, Terms, Who, applying};
use countersign::workflow::request::{Channel, Decision, Request, Subject, Window};
use jiff::{SignedDuration, Timestamp};

/// People in the book.
const PEOPLE: usize = 500;
/// Policies in the book; the request falls under the last one.
const POLICIES: usize = 40;
/// Policies in a large operator's file.
const MANY_POLICIES: usize = 10_000;
const BATCHES: usize = 201;
const CALLS_PER_BATCH: u32 = 500;

fn main() {
    let book = book();
    let now = Timestamp::UNIX_EPOCH;
    let requester = PersonId::from("p100");
    let draft = draft();
    let filing = Filing {
        book: &book,
        id: RequestId(42),
        pending: None,
        unreviewed: &[],
        now,
    };
    let events = file(&draft, &requester, &filing).expect("the draft is in order");
    let request = Request::replay(&events).expect("the events fold");
    let around = Around::default();
    let scene = Scene {
        around: &around,
        request: &request,
        book: &book,
        now,
    };
    let approver = Actor::Person(PersonId::from("p3"));
    let vote = Action::Vote {
        window: None,
        decision: Decision::Approve,
        comment: Some("Checked with the change board.".to_owned()),
        shown: Some(Shown {
            step: 0,
            revision: 1,
            confirms: None,
        }),
        channel: Channel::Mail,
    };
    let events = decide(&scene, &approver, &vote).expect("entitled");
    assert_eq!(events.len(), 2, "the vote completes the first of two steps");

    let file_us = median_us(|| file(black_box(&draft), &requester, &filing).is_ok());
    let decide_us = median_us(|| decide(black_box(&scene), &approver, &vote).is_ok());
    let stranger = Actor::Person(PersonId::from("p400"));
    let refuse_us = median_us(|| decide(black_box(&scene), &stranger, &vote).is_err());
    println!("{PEOPLE} people, {POLICIES} policies, two steps of 12 and 30 approvers, under W11");
    let (rules, mail) = (rules(), reply_mail());
    assert!((3500..4500).contains(&mail.len()), "{} bytes", mail.len());
    let read_4k_us =
        median_us(|| read(black_box(mail.as_bytes()), &rules).verdict == Verdict::Decision);
    let (read_10k_policies_ms, choose_10k_us) = many_policies();
    println!(
        "core decide_us={decide_us:.2} refuse_us={refuse_us:.2} file_us={file_us:.2} \
         read_4k_us={read_4k_us:.1} read_10k_policies_ms={read_10k_policies_ms:.0} \
         choose_10k_us={choose_10k_us:.0}"
    );
}

/// Reading a policies.toml of ten thousand policies, in milliseconds, and choosing the last of them, in
/// microseconds (the median).
fn many_policies() -> (f64, f64) {
    let mut text =
        "[[person]]\nid = \"ann\"\nemail = \"ann@example.org\"\nroles = [\"approver\"]\n\
                    modules = [\"*\"]\n[[person]]\nid = \"rita\"\nemail = \"rita@example.org\"\n\
                    [group.engineers]\nmembers = [\"rita\"]\n"
            .to_owned();
    for number in 0..MANY_POLICIES {
        let _ = write!(
            text,
            "[[policy]]\nname = \"policy {number}\"\nmodules = [\"credential\"]\n\
             requesters = [\"group:engineers\"]\nresource = \"prod-{number}-*\"\n\
             account = \"admin*\"\nmode = \"approval\"\n\
             steps = [{{ name = \"Review\", approvers = [\"ann\"] }}]\n"
        );
    }
    let began = Instant::now();
    let book = policies::read("policies.toml", &text).expect("right").book;
    let read_ms = began.elapsed().as_secs_f64() * 1e3;
    let subject = Subject {
        resource: format!("prod-{}-x", MANY_POLICIES - 1),
        ..draft().subject
    };
    let rita = PersonId::from("rita");
    let mut times: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let began = Instant::now();
            assert!(black_box(applying(&book, &subject, &rita)).is_some());
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (read_ms, times[BATCHES / 2])
}

/// The median over the batches of the mean time of one call, in microseconds.
fn median_us(call: impl Fn() -> bool) -> f64 {
    let mut batches: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let began = Instant::now();
            for _ in 0..CALLS_PER_BATCH {
                assert!(black_box(call()), "the outcome that is measured");
            }
            began.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS_PER_BATCH)
        })
        .collect();
    batches.sort_by(f64::total_cmp);
    batches[BATCHES / 2]
}

fn draft() -> Draft {
    Draft {
        extends: None,
        subject: Subject {
            module: Module::from("credential"),
            resource: "prod-db-1".to_owned(),
            account: Some("admin".to_owned()),
        },
        window: Window::FromApproval {
            length: SignedDuration::from_hours(2),
        },
        justification: Some("Restore the orders table, ticket 4711.".to_owned()),
    }
}

fn member(number: usize) -> PersonId {
    PersonId::new(format!("p{number}"))
}

fn person(number: usize) -> Person {
    Person {
        id: member(number),
        name: format!("Person {number}"),
        email: format!("p{number}@example.com"),
        zone: "Europe/Lisbon".to_owned(),
        locale: "en".to_owned(),
        active: true,
        roles: BTreeSet::from([Role::Approver]),
        modules: BTreeSet::from([Module::from("credential")]),
        digest: BTreeSet::new(),
        digest_at: None,
        os_user: None,
        accounts: std::collections::BTreeMap::new(),
    }
}

fn group(name: &str) -> Who {
    Who::Group(GroupId::from(name))
}

fn policy(number: usize) -> Policy {
    let step = |name: &str, approvers: &str, approvals| Step {
        reminders: None,
        escalation: None,
        name: name.to_owned(),
        approvers: vec![group(approvers)],
        approvals,
        disapprovals: 1,
    };
    let last = number + 1 == POLICIES;
    let resource = if last {
        "prod-*".to_owned()
    } else {
        format!("dev-{number}-*")
    };
    Policy {
        emergency: None,
        modules: vec![Module::from("credential")],
        requesters: vec![group("engineers")],
        resource: Some(Glob::new(&resource).expect("a glob")),
        account: Some(Glob::new("admin*").expect("a glob")),
        terms: Terms {
            confirm_by_mail: false,
            notify_channel: None,
            policy: format!("policy {number}"),
            version: 1,
            mode: Mode::Approval,
            justification_required: true,
            max_duration: SignedDuration::from_hours(8),
            max_lead: SignedDuration::from_hours(48),
            pending_ttl: SignedDuration::from_hours(4),
            warn_before: SignedDuration::from_mins(10),
            comment_required: false,
            allow_self_approval: false,
            distinct_approvers: true,
            steps: vec![
                step("Manager review", "managers", 1),
                step("Security review", "security", 2),
            ],
        },
    }
}

/// Nine of the managers are in security as well, so that W11 has something to look at.
fn book() -> Book {
    let members = |numbers: std::ops::Range<usize>| numbers.map(member).collect();
    let rules = ModuleRules {
        account: AccountRule::Required,
        approval: true,
    };
    Book {
        delegations: Vec::new(),
        version: 1,
        people: (0..PEOPLE)
            .map(|number| (member(number), person(number)))
            .collect(),
        groups: BTreeMap::from([
            (GroupId::from("managers"), members(0..12)),
            (GroupId::from("security"), members(3..33)),
            (GroupId::from("engineers"), members(20..400)),
        ]),
        modules: BTreeMap::from([(Module::from("credential"), rules)]),
        policies: (0..POLICIES).map(policy).collect(),
    }
}

/// What the measured mail is read under.
fn rules() -> Rules {
    let set = |words: &[&str]| -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    };
    Rules {
        reply_to: "approvals@bot.test".to_owned(),
        own_address: "bot@bot.test".to_owned(),
        message_id_domain: "bot.test".to_owned(),
        dkim: None,
        authserv_id: Some("mx.bot.test".to_owned()),
        authserv_hops: 1,
        exempt_domains: BTreeSet::new(),
        approve_words: set(&["APPROVE", "APPROVED"]),
        disapprove_words: set(&["DISAPPROVE", "DISAPPROVED", "REJECT", "REJECTED"]),
        banners: Vec::new(),
    }
}

/// A reply as a large provider sends it: traces, signatures, two parts, a quotation; about 4 kB.
fn reply_mail() -> String {
    let token = "abcdefghijklmnopqrstuvwxya";
    let mut mail = format!(
        "Return-Path: <alice@client.test>\r\n\
         Delivered-To: approvals+{token}@bot.test\r\n\
         Received: from mail.client.test ([192.0.2.7]) by mx.bot.test with ESMTPS id 4F1;\r\n\
         \tSat, 21 Nov 2026 10:04:31 +0000\r\n\
         Authentication-Results: mx.bot.test; dkim=pass header.d=client.test header.s=s1;\r\n\
         \tspf=pass smtp.mailfrom=alice@client.test; dmarc=pass header.from=client.test\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=client.test; s=s1;\r\n"
    );
    for _ in 0..6 {
        let _ = write!(mail, "\t{}\r\n", "Zm9vYmFy".repeat(9));
    }
    let quote =
        "> Bob asks for prod-db-1 as admin, from 10:00 to 12:00 on Saturday.\r\n".repeat(14);
    let html = "<div>Bob asks for prod-db-1 as admin, from 10:00 to 12:00.</div>\r\n".repeat(22);
    let _ = write!(
        mail,
        "Received: by mail.client.test with SMTP id x1; Sat, 21 Nov 2026 10:04:30 +0000\r\n\
         MIME-Version: 1.0\r\n\
         References: <request-42@bot.test>\r\n\
         From: Alice Ames <alice@client.test>\r\n\
         Date: Sat, 21 Nov 2026 10:04:30 +0000\r\n\
         Message-ID: <8f2c11@client.test>\r\n\
         Subject: Re: R-42: access to prod-db-1\r\n\
         To: Approvals <approvals+{token}@bot.test>\r\n\
         Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n\
         --b1\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n\
         APPROVE\r\n\r\nLooks right=2E\r\n\r\n\
         On Sat, 21 Nov 2026 at 10:00, Countersign <bot@bot.test> wrote:\r\n{quote}\r\n\
         --b1\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n\
         <div dir=\"ltr\">APPROVE</div><br>{html}\r\n--b1--\r\n"
    );
    mail
}
