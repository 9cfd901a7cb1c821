//! Every slash command and what it refuses, typed in the double of Discord.

use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::Approve;
use countersign_sandbox::discord::{Modal, Post};
use jiff::SignedDuration;

use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, TWO_STEPS, until};

/// The options of a request for an hour.
const AN_HOUR: [(&str, &str); 5] = [
    ("module", "credential"),
    ("resource", "db-1"),
    ("account", "admin"),
    ("duration", "1h"),
    ("justification", "the disk is full"),
];

/// Rita may take an hour at once.
fn emergencies() -> String {
    format!("{TWO_STEPS}emergency = {{ allowed = [\"rita\"], max_duration = \"1h\" }}\n")
}

/// What somebody is answered, without the backslashes that keep people's words harmless.
fn plain(post: &Post) -> String {
    post.text().replace(['\\', '\u{200b}'], "")
}

impl ChatOffice {
    /// `name` types a command; the private answer.
    async fn typed(&self, name: &str, text: &str, options: &[(&str, &str)]) -> Post {
        self.double
            .until_command("request")
            .await
            .expect("commands");
        let asked = self.account(name).types(text, options).expect("typed");
        let said = asked.says().await.expect("an answer");
        assert_eq!(said.only_for, Some(self.account(name).id()), "not private");
        said
    }

    /// The words of it.
    async fn answers(&self, name: &str, text: &str, options: &[(&str, &str)]) -> String {
        plain(&self.typed(name, text, options).await)
    }

    /// The form that is opened instead.
    async fn form(&self, name: &str, text: &str, options: &[(&str, &str)]) -> Modal {
        self.double
            .until_command("request")
            .await
            .expect("commands");
        let asked = self.account(name).types(text, options).expect("typed");
        asked.modal().await.expect("a form")
    }

    /// What is offered while the last option is typed: the values.
    async fn offered(&self, name: &str, text: &str, options: &[(&str, &str)]) -> Vec<String> {
        self.double
            .until_command("request")
            .await
            .expect("commands");
        let offered = self.account(name).is_offered(text, options).await;
        let offered = offered.expect("choices").into_iter();
        offered
            .map(|(_, value)| value.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The newest request.
    async fn newest(&self) -> RequestId {
        let newest = self.count("SELECT max(id) FROM request").await;
        RequestId(newest)
    }
}

/// Goal: a request is filed in chat, said back in the person's zone, and can be withdrawn by a button; the
/// same interaction again files nothing (W1, W6). Method: rita types, Discord repeats it, rita types again.
#[tokio::test(flavor = "multi_thread")]
async fn w6_filed_in_chat_once() {
    let office = ChatOffice::open(ONE_STEP).await;
    office
        .double
        .until_command("request")
        .await
        .expect("commands");
    let asked = office
        .account("rita")
        .types("/request new", &AN_HOUR)
        .expect("typed");
    let said = asked.says().await.expect("an answer");
    assert_eq!(said.only_for, Some(office.account("rita").id()));
    let request = office.newest().await;
    let text = plain(&said);
    for part in [
        request.to_string().as_str(),
        "filed: credential **db-1** as **admin**",
        "Understood: 1 hour from the final approval.",
        "Under the policy databases",
        "(Europe/Lisbon)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(said.button("Withdraw").is_some() && said.button("Details").is_some());
    office.double.repeat(&asked);
    let again = office.answers("rita", "/request new", &AN_HOUR).await;
    assert!(again.contains("already-pending, W6"), "{again}");
    assert!(again.contains("Understood: for 1h"), "{again}");
    assert_eq!(office.count("SELECT count(*) FROM request").await, 1);
    let once = "SELECT count(*) FROM inbound WHERE outcome = 'accepted' AND channel = 'chat'";
    assert_eq!(office.count(once).await, 1);
    // The repetition was answered as well, which Discord does not take twice.
    let twice = "a second answer";
    until(twice, async || {
        (office.double.expected(40_060) > 0).then_some(())
    })
    .await;
    let details = office.presses_label("rita", &said, "Details").await;
    assert!(details.contains("waits for votes"), "{details}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: times are typed as people say them, in their zone, and refused with what to write (W1, W4).
/// Method: a fixed window said back as the reader's program shows it too; what is missing, unclear, over.
#[tokio::test(flavor = "multi_thread")]
async fn w4_windows_as_people_say_them() {
    let office = ChatOffice::open(ONE_STEP).await;
    let thing = &AN_HOUR[..3];
    let why = ("justification", "the disk is full");
    for (times, parts) in [
        (
            &[("duration", "soon")][..],
            ["duration: `soon`", "window-not-understood"],
        ),
        (
            &[("start", "tomorrow 9am")],
            ["Nothing says when it ends", "window-needs-end"],
        ),
        (
            &[("end", "18:00"), ("duration", "1h")],
            ["both say when it ends", "window-needs-end"],
        ),
        (
            &[("start", "tomorrow 9am"), ("duration", "9h")],
            ["Understood: ", "window-too-long, W4"],
        ),
    ] {
        let options = [thing, times, &[why]].concat();
        let said = office.answers("rita", "/request new", &options).await;
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let times = [("start", "tomorrow 9am"), ("end", "tomorrow 11am")];
    let options = [thing, &times, &[why]].concat();
    let said = office.answers("rita", "/request new", &options).await;
    assert!(said.contains("09:00–11:00"), "{said}");
    assert!(
        said.contains("Europe/Lisbon") && said.contains(":F> – <t:"),
        "{said}"
    );
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: where a policy wants a justification and none is given, a form asks for it, with what was typed in
/// it; what comes back is checked like anything else (W1). Method: rita fills it in, wrong, then right.
#[tokio::test(flavor = "multi_thread")]
async fn w1_a_form_asks_for_a_justification() {
    let strict = format!("{ONE_STEP}justification = \"required\"\n");
    let office = ChatOffice::open(&strict).await;
    let form = office.form("rita", "/request new", &AN_HOUR[..4]).await;
    let long = "because of the disk ".repeat(150);
    for (texts, parts) in [
        (
            vec![("Why you need it", long.as_str()), ("When", "soon")],
            ["`soon`", "When"],
        ),
        (
            vec![("Why you need it", long.as_str()), ("Resource", "other")],
            ["no-policy, W3", "Understood: for 1h"],
        ),
        (
            vec![("Why you need it", long.as_str())],
            ["filed: credential", "1 hour"],
        ),
    ] {
        let asked = office
            .account("rita")
            .fills(&form, &texts)
            .expect("filled in");
        let said = plain(&asked.says().await.expect("an answer"));
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let kept = "SELECT length(justification)::bigint FROM request";
    assert_eq!(office.count(kept).await, 20 * 150 - 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what is offered while typing is what this person may ask for by the book in force, and their own
/// requests. Method: each option that offers, by rita, by one who may ask for nothing, by a stranger.
#[tokio::test(flavor = "multi_thread")]
async fn offers_are_of_the_book_in_force() {
    let named = ONE_STEP.replace(
        "resource = \"db-*\"",
        "resource = \"db-*\"\naccount = \"admin\"",
    );
    let plain = "\n[[policy]]\nname = \"ledger\"\nmodules = [\"credential\"]\nrequesters = [\"rita\"]\n\
                 resource = \"ledger\"\nmode = \"free\"\n";
    let office = ChatOffice::open(&format!("{named}{plain}")).await;
    let new = "/request new";
    assert_eq!(
        office.offered("rita", new, &[("module", "")]).await,
        ["credential"]
    );
    assert!(
        office
            .offered("bob", new, &[("module", "")])
            .await
            .is_empty()
    );
    assert!(
        office
            .offered("carol", new, &[("module", "")])
            .await
            .is_empty()
    );
    let module = ("module", "credential");
    assert_eq!(
        office
            .offered("rita", new, &[module, ("resource", "")])
            .await,
        ["ledger"]
    );
    // What is being typed is offered where a policy fits it.
    let typed = office
        .offered("rita", new, &[module, ("resource", "db-7")])
        .await;
    assert_eq!(typed, ["db-7"]);
    assert!(
        office
            .offered("rita", new, &[module, ("resource", "web")])
            .await
            .is_empty()
    );
    let request = office.files("rita", "db-1", 2).await;
    let before = office
        .offered("rita", new, &[module, ("resource", "db")])
        .await;
    assert_eq!(before, ["db-1", "db"].map(str::to_owned)[..1]);
    let accounts = [module, ("resource", "db-1"), ("account", "")];
    assert_eq!(office.offered("rita", new, &accounts).await, ["admin"]);
    let own = office
        .offered("rita", "/request withdraw", &[("request", "")])
        .await;
    assert_eq!(own, [request.to_string()]);
    assert!(
        office
            .offered("rolf", "/request withdraw", &[("request", "")])
            .await
            .is_empty()
    );
    let by_number = request.to_string();
    let seen = office
        .offered("rolf", "/request show", &[("request", &by_number)])
        .await;
    assert!(seen.is_empty(), "{seen:?}");
    let seen = office
        .offered("alice", "/request show", &[("request", "db-1")])
        .await;
    assert_eq!(seen, [request.to_string()]);
    let approvers = office
        .offered("alice", "/delegate start", &[("to", "")])
        .await;
    assert_eq!(approvers, ["bob", "carol", "una"]);
    for name in ["rolf", "ada"] {
        let approvers = office.offered(name, "/delegate start", &[("to", "")]).await;
        assert!(approvers.is_empty(), "{name}: {approvers:?}");
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: people see what their roles allow, and to everybody else it is as if it were not there.
/// Method: show and list by the requester, an approver, an auditor and one who has no part in it.
#[tokio::test(flavor = "multi_thread")]
async fn shown_to_whom_it_may_be_shown() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let number = request.to_string();
    let it = [("request", number.as_str())];
    for name in ["rita", "alice", "ada"] {
        let shown = office.answers(name, "/request show", &it).await;
        for part in [
            "waits for votes",
            "Who: Rita",
            "db-1",
            "the disk is full",
            "0 of 1 approvals",
        ] {
            assert!(shown.contains(part), "{name}, {part}: {shown}");
        }
    }
    for shown in [
        office.answers("rolf", "/request show", &it).await,
        office
            .answers("rita", "/request show", &[("request", "R-999")])
            .await,
    ] {
        assert!(
            shown.contains("unknown-request, W27") && !shown.contains("db-1"),
            "{shown}"
        );
    }
    let all = [("whose", "all")];
    for (name, options, there) in [
        ("rita", &[][..], true),
        ("alice", &[], false),
        ("alice", &all, true),
        ("ada", &all, true),
        ("rolf", &all, false),
        ("rita", &[("status", "approved")], false),
        (
            "rita",
            &[("status", "open"), ("module", "credential")],
            true,
        ),
        ("rita", &[("emergency", "yes")], false),
        ("rita", &[("access", "active")], false),
    ] {
        let listed = office.answers(name, "/request list", options).await;
        assert_eq!(
            listed.contains(&number),
            there,
            "{name} {options:?}: {listed}"
        );
        assert!(there || listed.contains("No request."), "{listed}");
    }
    let module = [("module", "credentials")];
    let wrong = office.answers("rita", "/request list", &module).await;
    for part in ["There is no module", "`credential`"] {
        assert!(wrong.contains(part), "{part}: {wrong}");
    }
    let wrong = office
        .answers("rita", "/request show", &[("request", "the one")])
        .await;
    assert!(wrong.contains("`the one` is no request number"), "{wrong}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a list goes on where it ended. Method: three requests, two at a time.
#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on() {
    let office = ChatOffice::open(ONE_STEP).await;
    let mut filed = Vec::new();
    for resource in ["db-1", "db-2", "db-3"] {
        filed.push(office.files("rita", resource, 2).await.to_string());
    }
    let first = office
        .answers("rita", "/request list", &[("limit", "2")])
        .await;
    assert!(
        first.contains(&filed[2]) && first.contains(&filed[1]),
        "{first}"
    );
    assert!(!first.contains("db-1") && first.contains(&format!("`after` {}", filed[1])));
    let rest = office
        .answers("rita", "/request list", &[("after", &filed[1])])
        .await;
    assert!(
        rest.contains(&filed[0]) && !rest.contains("There are more"),
        "{rest}"
    );
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what waits for somebody's vote is listed with buttons that decide it, and with nothing of others
/// (W9). Method: alice lists, approves one there, and lists again; rita, for whom nothing waits.
#[tokio::test(flavor = "multi_thread")]
async fn w9_what_waits_is_listed_with_its_buttons() {
    let office = ChatOffice::open(ONE_STEP).await;
    let one = office.files("rita", "db-1", 2).await;
    let two = office.files("rolf", "db-2", 2).await;
    let waiting = office.typed("alice", "/approvals", &[]).await;
    for request in [one, two] {
        assert!(plain(&waiting).contains(&request.to_string()));
        assert!(waiting.button(&format!("Disapprove {request}")).is_some());
    }
    let said = office
        .presses_label("alice", &waiting, &format!("Approve {one}"))
        .await;
    assert!(said.contains("your approval is recorded"), "{said}");
    let left = office.answers("alice", "/approvals", &[]).await;
    assert!(!left.contains("db-1") && left.contains("db-2"), "{left}");
    let nothing = office.answers("rita", "/approvals", &[]).await;
    assert_eq!(nothing, "Nothing waits for your vote.");
    assert_eq!(office.state(one).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: one's own request is withdrawn with a reason, by nobody else, and once (W29).
/// Method: rolf, then rita, then rita again.
#[tokio::test(flavor = "multi_thread")]
async fn w29_withdrawn_in_chat() {
    let office = ChatOffice::open(ONE_STEP).await;
    let number = office.files("rita", "db-1", 2).await.to_string();
    let options = [("request", number.as_str()), ("reason", "not needed")];
    for (name, part) in [
        ("rolf", "not-the-requester, W29"),
        ("rita", "withdrawn."),
        ("rita", "settled, W14"),
    ] {
        let said = office.answers(name, "/request withdraw", &options).await;
        assert!(said.contains(part), "{name}: {said}");
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: access goes on, is given back and is ended in chat, each by whom it may be (W22, W23).
/// Method: rita's grants: extended by others and by her, returned, revoked by others and by alice.
#[tokio::test(flavor = "multi_thread")]
async fn w22_w23_access_is_extended_returned_and_revoked() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let number = request.to_string();
    let it = ("request", number.as_str());
    let why = ("reason", "over");
    let early = office.answers("alice", "/revoke", &[it, why]).await;
    assert!(early.contains("no-grant, W22"), "{early}");
    office.votes("alice", request, Approve).await;
    let more = [it, ("duration", "1h"), ("justification", "not done")];
    let extend = "/request extend";
    let said = office.answers("rolf", extend, &more).await;
    assert!(said.contains("not-the-holder, W22"), "{said}");
    let wrong = office
        .answers("rita", extend, &[it, ("duration", "a while")])
        .await;
    assert!(wrong.contains("duration: `a` is not understood"), "{wrong}");
    let said = office.answers("rita", extend, &more).await;
    assert!(said.contains(&format!("to continue {request}")), "{said}");
    let again = office.answers("rita", extend, &more).await;
    assert!(again.contains("already-pending, W6"), "{again}");
    for (name, part) in [
        ("rolf", "not-a-revoker, W22"),
        ("alice", "revoked; access is over."),
        ("alice", "grant-over, W22"),
    ] {
        let said = office.answers(name, "/revoke", &[it, why]).await;
        assert!(said.contains(part), "{name}: {said}");
    }
    let other = office.files("rita", "db-2", 2).await;
    office.votes("alice", other, Approve).await;
    let number = other.to_string();
    for (name, part) in [
        ("rolf", "not-the-holder"),
        ("rita", "given back; access is over."),
    ] {
        let said = office
            .answers(name, "/request return", &[("request", &number)])
            .await;
        assert!(said.contains(part), "{name}: {said}");
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: access that cannot wait is offered after filing, taken with a reason, and reviewed (W24, W26).
/// Method: rita files, is offered, takes; is refused a second; the wrong people and bob review.
#[tokio::test(flavor = "multi_thread")]
async fn w24_w26_emergencies_in_chat() {
    let office = ChatOffice::open(&emergencies()).await;
    let filed = office.answers("rita", "/request new", &AN_HOUR).await;
    assert!(
        filed.contains("If it cannot wait: `/request emergency`"),
        "{filed}"
    );
    let number = office.newest().await.to_string();
    let it = ("request", number.as_str());
    let finding = ("finding", "she restarted it");
    for (name, command, options, part) in [
        (
            "rita",
            "/request emergency",
            [it, ("reason", "now")],
            "emergency-reason-too-short, W24",
        ),
        (
            "rolf",
            "/request emergency",
            [it, ("reason", "the shop is down")],
            "not-the-requester",
        ),
        ("bob", "/review", [it, finding], "no-emergency, W26"),
        (
            "rita",
            "/request emergency",
            [it, ("reason", "the shop is down")],
            "emergency access until",
        ),
        ("rita", "/review", [it, finding], "not-a-reviewer, W26"),
    ] {
        let said = office.answers(name, command, &options).await;
        assert!(said.contains(part), "{name} {command}: {said}");
    }
    let at_once = [
        &AN_HOUR[..1],
        &[
            ("resource", "db-2"),
            ("account", "admin"),
            ("duration", "1h"),
        ],
    ];
    let at_once = [&at_once.concat()[..], &[("emergency", "the shop is down")]].concat();
    let second = office.answers("rita", "/request new", &at_once).await;
    assert!(second.contains("emergency-unreviewed, W26"), "{second}");
    let open = office.answers(
        "ada",
        "/request list",
        &[("whose", "all"), ("emergency", "unreviewed")],
    );
    assert!(open.await.contains("🚨 not reviewed"));
    let said = office.answers("bob", "/review", &[it, finding]).await;
    assert!(said.contains("the finding is recorded."), "{said}");
    let said = office.answers("bob", "/review", &[it, finding]).await;
    assert!(said.contains("already-reviewed, W26"), "{said}");
    let second = office.answers("rita", "/request new", &at_once).await;
    assert!(second.contains("emergency access until"), "{second}");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: votes are put in another's hands for a period, listed, and taken back (W20).
/// Method: each refusal, then alice to bob, the lists of both, and the end.
#[tokio::test(flavor = "multi_thread")]
async fn w20_delegated_in_chat() {
    let office = ChatOffice::open(ONE_STEP).await;
    let start = "/delegate start";
    let until = ("until", "in 2 days");
    for (name, options, part) in [
        ("rita", &[("to", "bob"), until][..], "not-an-approver, W20"),
        ("alice", &[("to", "alice"), until], "delegate-to-self, W20"),
        ("alice", &[("to", "nobody"), until], "unknown-person"),
        (
            "alice",
            &[("to", "bob"), ("until", "soon")],
            "until: `soon`",
        ),
        (
            "alice",
            &[("to", "bob"), ("until", "2027-11-01 10:00")],
            "period-unfit, W20",
        ),
        (
            "alice",
            &[("to", "bob"), until],
            "Delegated: the votes of Alice to Bob",
        ),
        ("alice", &[("to", "bob"), until], "delegation-overlaps, W20"),
    ] {
        let said = office.answers(name, start, options).await;
        assert!(said.contains(part), "{name} {options:?}: {said}");
    }
    for name in ["alice", "bob"] {
        let listed = office.answers(name, "/delegate list", &[]).await;
        assert!(listed.contains("the votes of Alice to Bob"), "{listed}");
    }
    for part in ["Ended: the votes of Alice to Bob", "no-delegation, W20"] {
        let said = office.answers("alice", "/delegate end", &[]).await;
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(
        office.answers("alice", "/delegate list", &[]).await,
        "No delegation."
    );
    for name in ["alice", "bob"] {
        office.person(name).hears_of("delegated").await;
        office.person(name).reads_everything();
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: help and one's own person are told; in the language of who asks.
/// Method: /whoami and /help by somebody known, and /help by a stranger with a program in Portuguese.
#[tokio::test(flavor = "multi_thread")]
async fn help_and_whoami() {
    let office = ChatOffice::open(ONE_STEP).await;
    let me = office.answers("alice", "/whoami", &[]).await;
    for part in [
        "You are **Alice** (alice).",
        "Europe/Lisbon",
        "Roles: approver",
        "Approver for: credential",
    ] {
        assert!(me.contains(part), "{part}: {me}");
    }
    let help = office.answers("alice", "/help", &[]).await;
    assert!(help.contains("`/request new` Ask for access"), "{help}");
    let one = office
        .answers("alice", "/help", &[("command", "/request new")])
        .await;
    assert!(one.contains("`justification`"), "{one}");
    let stranger = office.double.person("joana", "pt-BR");
    let asked = stranger.types("/ajuda", &[]).expect("typed");
    let said = plain(&asked.says().await.expect("an answer"));
    assert!(said.contains("`/solicitação nova` Pedir acesso"), "{said}");
    office.close().await;
}

/// Goal: an account that is nobody's does nothing and sees nothing; what it wanted done is on the record
/// (W27). Method: carol, whose account is not linked, types what wants something done, and what only looks.
#[tokio::test(flavor = "multi_thread")]
async fn w27_strangers_are_told_how_to_be_linked() {
    let office = ChatOffice::open(ONE_STEP).await;
    let number = office.files("rita", "db-1", 2).await.to_string();
    let it = ("request", number.as_str());
    for (command, options) in [
        ("/request new", &AN_HOUR[..]),
        ("/request withdraw", &[it, ("reason", "x")]),
        ("/request show", &[it]),
        ("/request list", &[]),
        ("/approvals", &[]),
        ("/whoami", &[]),
    ] {
        let said = office.answers("carol", command, options).await;
        assert!(
            said.contains("not linked to anybody here"),
            "{command}: {said}"
        );
        assert!(!said.contains("db-1"), "{said}");
    }
    let recorded = "SELECT count(*) FROM audit_event
                    WHERE chain = 'system/chat' AND body::jsonb ->> 'outcome' = 'unidentified'";
    assert_eq!(office.count(recorded).await, 2);
    assert_eq!(office.count("SELECT count(*) FROM request").await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: commands are registered when their definition changed, and not with every session.
/// Method: the daemon again, the session anew, then as if the definition had been another.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_registered_when_they_changed() {
    let mut office = ChatOffice::open(ONE_STEP).await;
    office
        .double
        .until_command("request")
        .await
        .expect("commands");
    let registered = |office: &ChatOffice| {
        let seen = office.double.requests().into_iter();
        seen.filter(|seen| seen.method == "PUT" && seen.path.ends_with("/commands"))
            .count()
    };
    office.counts("SELECT count(*) FROM chat_commands", 1).await;
    for change in [false, true] {
        office.stop().await;
        if change {
            let sql = "UPDATE chat_commands SET hash = sha256('another')";
            sqlx::query(sql)
                .execute(&office.pool)
                .await
                .expect("changed");
        }
        office.start().await;
        office.double.until_listening().await.expect("a bot");
        let said = office.answers("rita", "/help", &[]).await;
        assert!(said.contains("/request new"), "{said}");
        if change {
            until("registered anew", async || {
                (registered(&office) == 2).then_some(())
            })
            .await;
        } else {
            let calls = office.double.requests().into_iter();
            let calls: Vec<_> = calls
                .map(|seen| (seen.method, seen.path, seen.status))
                .collect();
            assert_eq!(registered(&office), 1, "{calls:?}");
        }
    }
    office.close().await;
}

/// Goal: a person reads Portuguese where the book says so, refusals included.
/// Method: rita's locale is changed; she files twice.
#[tokio::test(flavor = "multi_thread")]
async fn answers_in_portuguese() {
    let office = ChatOffice::open(ONE_STEP).await;
    office.apply_portuguese(ONE_STEP, "rita").await;
    let filed = office.answers("rita", "/request new", &AN_HOUR).await;
    assert!(
        filed.contains("aberta: credential **db-1** como **admin**"),
        "{filed}"
    );
    assert!(
        filed.contains("Entendido: 1 hora a partir da aprovação final."),
        "{filed}"
    );
    let again = office.answers("rita", "/request new", &AN_HOUR).await;
    assert!(
        again.contains("ainda está pendente") && again.contains("retire-a"),
        "{again}"
    );
    let why = ("justification", "o disco está cheio");
    for (times, parts) in [
        (
            &[("duration", "logo")][..],
            ["duração: `logo` não é entendido", "Escreva como `por 2h`"],
        ),
        (
            &[("start", "2030-10-27 01:30"), ("duration", "1h")],
            ["acontece duas vezes em Europe/Lisbon", "(WEST) ou"],
        ),
        (
            &[("start", "2030-11-27 9h"), ("duration", "1h")],
            [
                "Entendido: quarta-feira, 27 de novembro de 2030, 09:00–10:00",
                "ainda está pendente",
            ],
        ),
    ] {
        let options = [&AN_HOUR[..3], times, &[why]].concat();
        let said = office.answers("rita", "/request new", &options).await;
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    office.advance(SignedDuration::from_mins(1));
    office.person("rita").hears(Kind::Filed).await;
    office.everybody_reads().await;
    office.close().await;
}

impl ChatOffice {
    /// What `name` is told when they press the button with this writing on it.
    async fn presses_label(&self, name: &str, post: &Post, label: &str) -> String {
        let asked = self
            .account(name)
            .clicks(post, label)
            .expect("the button is there");
        plain(&asked.says().await.expect("an answer"))
    }
}
