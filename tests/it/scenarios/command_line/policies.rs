//! `policy check|apply|explain|show`.

use sqlx::PgPool;

use super::{Desk, OsUser, url_of};

/// Goal: what would change is shown, and nothing comes into force unless somebody agreed.
/// Method: apply with nobody there to ask, then with `--yes`, then again, then changed.
#[sqlx::test(migrations = "./migrations")]
async fn applying(pool: PgPool) {
    let desk = Desk::at(&url_of(&pool));
    desk.types("policy show")
        .ended(2)
        .complains(&["no policies are in force", "policy apply"]);
    desk.types("policy apply policies.toml")
        .ended(2)
        .says(&["+ person `rita`", "+ policy `databases`"])
        .complains(&["--yes"]);
    desk.types("policy show").ended(2);
    desk.types("policy apply policies.toml --yes")
        .done()
        .says(&["+ group `owners`", "Version 1 is in force."]);
    desk.types("policy apply policies.toml")
        .done()
        .says(&["Nothing changes; version 1 stays in force."]);
    let changed = Desk::policies().replace("max_duration = \"8h\"", "max_duration = \"4h\"");
    desk.writes("policies.toml", &changed);
    let applied = desk.types("policy apply policies.toml --yes --json").done();
    assert_eq!(applied.json()["version"], 2);
    assert_eq!(applied.json()["changes"][0]["name"], "databases");
    assert_eq!(applied.json()["changes"][0]["change"], "changed");
    desk.types("policy show")
        .done()
        .says(&["Version 2", "at most 4h", "group:owners"]);
    let shown = desk.types("policy show --json").done();
    assert_eq!(shown.json()["people"]["rita"]["zone"], "Europe/Lisbon");
    let who = "SELECT applied_by FROM policy_book ORDER BY version";
    let by: Vec<String> = sqlx::query_scalar(who)
        .fetch_all(&pool)
        .await
        .expect("rows");
    assert!(
        by[0].starts_with("os-user/") && by[1] == "rita",
        "the first had no people to be one of: {by:?}"
    );
}

/// Goal: once an access admin is in force, policies and people are looked after by access admins and by
/// operators alone; who spoke is in the record, also where they spoke for another.
/// Method: name an admin who is somebody else; apply, mark somebody reachable, drop a message; then as an
/// operator who speaks for the admin.
#[sqlx::test(migrations = "./migrations")]
async fn only_access_admins_apply(pool: PgPool) {
    let desk = Desk::at(&url_of(&pool));
    let whose = OsUser::present().name;
    let operators = format!("operators = [\"{whose}\"]");
    desk.reconfigures(&operators, "operators = []");
    desk.types("policy apply policies.toml --yes").done();
    desk.writes(
        "policies.toml",
        &Desk::policies().replace("\"8h\"", "\"4h\""),
    );
    for command in [
        "policy apply policies.toml --yes",
        "person reachable bob",
        "outbox drop 019dca00-0000-7000-8000-000000000000",
    ] {
        desk.types(command)
            .ended(1)
            .says(&["looked after by access admins, and `rita` is none"])
            .complains(&["not-an-access-admin"]);
    }
    desk.types("person reachable --help").done();
    desk.reconfigures("operators = []", &operators);
    desk.types("policy apply policies.toml --yes --as ada")
        .done();
    desk.types("audit export --format cef --chain system/command_line")
        .done()
        .says(&["suser=ada", "cs4=operator", &format!("cs6={whose}")]);
    desk.types("audit verify").done();
}

/// Goal: an auditor reads who may do what, under which terms, who put it in force and when, also of what was.
/// Method: two versions; both shown, the list of them, and one that never was.
#[sqlx::test(migrations = "./migrations")]
async fn what_an_auditor_asks_of_policies(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    desk.types("policy show").done().says(&[
        "Version 1 is in force, applied by os-user/",
        " UTC.\n",
        "bob: Bob Brandt <bob@example.org>, UTC, approver, registered for ",
        "justification required; begins at most 168h ahead; expires undecided after 24h; warns 10m",
        "a disapproval needs a comment",
        "step 1, Owner: 1 approval of group:owners; 1 disapproval rejects",
    ]);
    let text = Desk::policies()
        .replace(
            "roles = [\"approver\"]",
            "roles = [\"approver\", \"system_admin\"]",
        )
        .replace(
            "{ name = \"Owner\",",
            "{ name = \"Owner\", disapprovals = 2,",
        )
        .replace("members = [\"bob\"]", "members = [\"bob\", \"carol\"]")
        .replace("comment_required = true", "pending_ttl = \"2h\"");
    desk.writes("policies.toml", &text);
    desk.types("policy apply policies.toml --yes").done();
    desk.types("policy show").done().says(&[
        "Version 2 is in force, applied by rita at ",
        "approver, system_admin",
        "expires undecided after 2h",
        "2 disapprovals reject",
    ]);
    let first = desk.types("policy show --version 1").done();
    let first = first.says(&["Version 1, applied by os-user/", "version 2 is in force."]);
    assert!(!first.out.contains("system_admin"), "{first:#?}");
    let first = desk.types("policy show --version 1 --json").done().json();
    assert_eq!(
        (&first["version"], &first["in_force"]),
        (&1.into(), &2.into())
    );
    desk.types("policy show --version 3")
        .ended(2)
        .complains(&["there is no version 3; mend: see `countersign policy history`"]);
    let history = desk.types("policy history").done().out;
    let lines: Vec<&str> = history.lines().collect();
    assert!(lines[0].starts_with("VERSION  APPLIED"), "{history}");
    assert!(
        lines[1].starts_with("2 ") && lines[1].ends_with(" UTC  rita"),
        "{history}"
    );
    assert!(lines[2].starts_with("1 ") && lines.len() == 3, "{history}");
    let history = desk.types("policy history --json").done().json();
    assert_eq!(history[0]["applied_by"], "rita");
}

/// Goal: at a terminal the question is asked, and only yes means yes.
/// Method: answer no, then yes.
#[sqlx::test(migrations = "./migrations")]
async fn agreeing_at_a_terminal(pool: PgPool) {
    let desk = Desk::at(&url_of(&pool));
    let apply = "policy apply policies.toml";
    let said = desk.types_at_a_terminal(apply, "\n", || {}).ended(1);
    assert!(said.out.contains("refused: not-agreed"), "{said:#?}");
    desk.types("policy show").ended(2);
    let said = desk.types_at_a_terminal(apply, "y\n", || {}).ended(0);
    assert!(said.out.contains("Version 1 is in force."), "{said:#?}");
    desk.types("policy show").done();
}

/// Goal: what somebody agreed to is what changes: whoever was overtaken is refused.
/// Method: while one is asked, another applies; then the first agrees.
#[sqlx::test(migrations = "./migrations")]
async fn two_apply_at_once(pool: PgPool) {
    let desk = Desk::at(&url_of(&pool));
    let other = Desk::policies().replace("Rita Reis", "Rita R.");
    desk.writes("other.toml", &other);
    let said = desk.types_at_a_terminal("policy apply policies.toml", "y\n", || {
        desk.types("policy apply other.toml --yes").done();
    });
    let said = said.ended(1);
    assert!(said.out.contains("refused: applied-meanwhile"), "{said:#?}");
    let shown = desk.types("policy show").done();
    shown.says(&["Version 1", "Rita R."]);
}

/// Goal: one learns which policy applies, and why each other does not, before filing.
/// Method: by what is in force and by a file; what fits, what does not, what is no module.
#[sqlx::test(migrations = "./migrations")]
async fn explaining(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    desk.types("policy explain --module credential --resource db-7 --account admin")
        .done()
        .says(&[
            "`databases` applies (approval).",
            "step 1, Owner: 1 approval of group:owners",
            "not `test network`: its resource pattern `test-*` does not match `db-7`",
        ]);
    let by_file = "policy explain --file policies.toml --as bob --module credential --resource";
    let said = desk.types(&format!("{by_file} db-7 --account admin --json"));
    let object = said.done().json();
    assert_eq!(object["chosen"], serde_json::Value::Null);
    assert_eq!(object["others"][0]["policy"], "databases");
    desk.types(&format!("{by_file} test-7"))
        .done()
        .says(&["must name an account", "`test network` applies (free)."]);
    desk.types("policy explain --module credentail --resource x")
        .ended(2)
        .complains(&["did you mean `credential`?"]);
    desk.types("policy explain --as bop --module credential --resource x")
        .ended(2)
        .complains(&["did you mean `bob`?"]);
    desk.types("policy explain --as zoe --module credential --resource x")
        .ended(2)
        .complains(&["there is no person `zoe`; mend: see `countersign policy show`"]);
}

/// Goal: a file that is right is said to be so, without any database; JSON counts.
/// Method: check, once with something odd in it.
#[test]
fn checking_what_is_right() {
    let desk = Desk::at("postgres://nobody@127.0.0.1:1/none");
    desk.types("policy check policies.toml")
        .done()
        .says(&["4 people, 1 group, 6 modules, 2 policies; nothing wrong, 0 warnings."]);
    let odd = Desk::policies().replace(
        "mode = \"approval\"",
        "mode = \"approval\"\nallow_self_approval = true",
    );
    desk.writes("odd.toml", &odd);
    let said = desk.types("policy check odd.toml").ended(0);
    said.says(&["1 warning."])
        .complains(&["warning: odd.toml:", "allow_self_approval"]);
    let absent = desk.types("policy check nofile.toml").ended(2);
    let absent = absent.complains(&[
        "nofile.toml: cannot be read",
        "mend: name your policies file",
    ]);
    assert!(!absent.err.contains("--config"), "{absent:#?}");
    let counted = desk.types("policy check odd.toml --json").ended(0).json();
    assert_eq!(counted["people"], 4);
    assert_eq!(counted["warnings"].as_array().map(Vec::len), Some(1));
}

/// Goal: what is wrong is named with file, line, column, key and mend, and nothing of it is applied.
/// Method: one mistake at a time, through check and apply.
#[sqlx::test(migrations = "./migrations")]
async fn policies_that_are_wrong(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let cases = [
        (
            "approvers = [\"carol\"]",
            "approvers = [\"carl\"]",
            "there is no person `carl`; mend: did you mean `carol`?",
        ),
        (
            "approvers = [\"carol\"]",
            "approvers = [\"carol\"], approvals = 2",
            "step `Security`: needs 2 different active approvers",
        ),
        (
            "resource = \"db-*\"",
            "resource = \"db-[\"",
            "resource: `db-[` is no pattern",
        ),
        (
            "max_duration = \"8h\"",
            "max_duration = \"8 hectares\"",
            "max_duration: `8 hectares` is no length of time",
        ),
        (
            "mode = \"free\"",
            "mode = \"free\"\nmoed = 1",
            "moed: is unknown; mend: did you mean `mode`?",
        ),
        (
            "max_lead = \"7d\"",
            "max_lead = 7",
            "max_lead: is a whole number, and must be a text in quotes",
        ),
    ];
    for (right, wrong, complaint) in cases {
        let text = Desk::policies().replace(right, wrong);
        let line = 1 + text
            .lines()
            .position(|line| {
                let last = wrong.lines().last().expect("a line");
                line.contains(last)
            })
            .expect("the mistake is there");
        desk.writes("wrong.toml", &text);
        for command in ["check wrong.toml", "apply wrong.toml --yes"] {
            let said = desk.types(&format!("policy {command}")).ended(2);
            let place = format!("wrong.toml:{line}:");
            let said = said.complains(&[&place, complaint, "; mend: "]);
            assert_eq!(said.out, "");
        }
    }
    desk.types("policy show").done().says(&["Version 1 "]);
}

/// Goal: a file that would leave a pending request without approvers says which request and step, and is
/// put in force only by force; then the clock has something to do about it at once (W7).
/// Method: the only approver of the first step goes; first without `--force`, then with it.
#[sqlx::test(migrations = "./migrations")]
async fn stranding_needs_force(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let request = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let other = Desk::policies().replace("members = [\"bob\"]", "members = [\"bob\", \"carol\"]");
    let due = "SELECT count(*) FROM request WHERE next_due_at <= now()";
    let due = async || -> i64 {
        sqlx::query_scalar(due)
            .fetch_one(&pool)
            .await
            .expect("a number")
    };
    assert_eq!(due().await, 0);
    desk.writes("policies.toml", &other);
    let said = desk.types("policy apply policies.toml --yes").done();
    assert!(!said.out.contains("Nobody can decide"), "{said:#?}");
    assert_eq!(due().await, 1, "carol is to be asked too");
    // The step `Owner` keeps its group, of which nobody is left who may approve.
    let gone = Desk::policies().replace("members = [\"bob\"]", "members = [\"rita\"]");
    let gone = gone.replace("approvers = [\"group:owners\"]", "approvers = [\"bob\"]");
    desk.writes("policies.toml", &gone);
    let refused = desk
        .types("policy apply policies.toml --yes")
        .refused("would-strand", "W7")
        .says(&[&format!("{request} at step `Owner`"), "--force"]);
    assert!(!refused.out.contains("is in force"), "{refused:#?}");
    desk.types("policy show").done().says(&["Version 2 "]);
    let forced = desk
        .types("policy apply policies.toml --yes --force --json")
        .done()
        .json();
    assert_eq!(forced["version"], 3);
    assert_eq!(forced["stranded"][0]["step"], "Owner");
}

/// Goal: what a policy says of time, emergency and confirmation can be read back from what is in force.
/// Method: the keys in the file; check, the difference, show and explain.
#[sqlx::test(migrations = "./migrations")]
async fn time_and_emergency_are_shown(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let text = Desk::policies()
        .replace(
            "approvers = [\"carol\"] }",
            "approvers = [\"carol\"], remind_after = \"30m\", max_reminders = 2, \
             escalate_after = \"2h\", escalate_to = [\"group:owners\"] }",
        )
        .replace(
            "comment_required = true",
            "comment_required = true\nconfirm_by = \"mail\"\n\
             emergency = { allowed = [\"rita\"], max_duration = \"1h\" }",
        )
        .replace(
            "id = \"bob\"",
            "id = \"bob\"\ndigest = [\"settled\"]\ndigest_at = \"18:15\"",
        );
    desk.writes("policies.toml", &text);
    desk.types("policy check policies.toml").done();
    desk.types("policy apply policies.toml --yes")
        .done()
        .says(&[
            "~ person `bob`",
            "digest: null -> [\"settled\"]",
            "~ policy `databases`",
            "confirm_by_mail: false -> true",
            "emergency: null -> {",
            "\"escalation\":{\"after\":\"PT2H\"",
        ]);
    let expected = [
        "reminded every 30m, at most 2 times; after 2h also group:owners",
        "votes by another channel count once they are confirmed by mail",
        "emergency: rita for at most 1h, one at a time until it is reviewed",
    ];
    desk.types("policy show").done().says(&expected);
    desk.types("policy show")
        .done()
        .says(&["in a digest at 18:15: settled"]);
    let explain = "policy explain --module credential --resource db-7 --account admin";
    desk.types(explain).done().says(&expected);
    let explained = desk.types(&format!("{explain} --json")).done().json();
    assert_eq!(explained["emergency"]["max_duration"], "PT1H");
}

/// Goal: a mark "not reached by mail" ends by the operator's word, and by policies that give the person another
/// address; by nothing else of the two, and each end says which it was.
/// Method: bob and carol marked as a bounce would; bob is said to be reachable, carol moves; then again for
/// bob, whom the policies do not touch.
#[sqlx::test(migrations = "./migrations")]
async fn what_ends_a_mark(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    desk.files("--resource db-1 --account admin --from now --for 2h --reason x");
    let marks = "INSERT INTO unreachable (person, address, since, why, delivery_id)
                 SELECT p.name, p.name || '@example.org', now(), '5.1.1 no such mailbox', d.id
                 FROM (VALUES ('bob'), ('carol')) AS p (name), (SELECT id FROM delivery LIMIT 1) AS d";
    let run = async || sqlx::query(marks).execute(&pool).await.expect("marks");
    let ends = async || -> Vec<(String, Option<String>)> {
        sqlx::query_as("SELECT person, ended_by FROM unreachable ORDER BY id")
            .fetch_all(&pool)
            .await
            .expect("rows")
    };
    let end = |person: &str, by: Option<&str>| (person.to_owned(), by.map(str::to_owned));
    run().await;
    desk.types("person unreachable")
        .done()
        .says(&["bob is not reached by mail", "carol is not reached by mail"]);
    desk.types("person reachable bob")
        .done()
        .says(&["Mail reaches bob again"]);
    let one = [end("bob", Some("operator")), end("carol", None)];
    assert_eq!(ends().await, one);
    desk.types("person reachable bob")
        .ended(1)
        .complains(&["not-marked"]);
    let moved = Desk::policies().replace("carol@example.org", "chen@example.org");
    desk.writes("policies.toml", &moved);
    desk.types("policy apply policies.toml --yes").done();
    let both = [end("bob", Some("operator")), end("carol", Some("address"))];
    assert_eq!(ends().await, both);
    desk.types("person unreachable")
        .done()
        .says(&["Nobody is known whom mail does not reach."]);
    desk.types("audit verify").done();
}
