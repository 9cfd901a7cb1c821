//! Reports: what an auditor, an approver and a requester see of all requests, by every filter.

use sqlx::PgPool;

use super::Desk;

/// The people of [`super::POLICIES`], an auditor, and emergencies offered to rita.
fn policies() -> String {
    let auditor = "[[person]]\nid = \"audrey\"\nname = \"Audrey Abel\"\nemail = \"audrey@example.org\"\n\
                   zone = \"Asia/Tokyo\"\nroles = [\"auditor\"]\n[group.owners]";
    Desk::policies()
        .replacen("[group.owners]", auditor, 1)
        .replace(
            "max_lead = \"7d\"\n",
            "max_lead = \"7d\"\nemergency = { allowed = [\"rita\"], max_duration = \"1h\" }\n",
        )
}

fn desk(pool: &PgPool) -> Desk {
    let desk = Desk::at(&super::url_of(pool));
    desk.writes("policies.toml", &policies());
    desk.types("policy apply policies.toml --yes").done();
    desk
}

/// The numbers that a list has, in its order.
fn numbers(desk: &Desk, rest: &str) -> Vec<i64> {
    let said = desk.types(&format!("request list --json {rest}")).ended(0);
    let listed = said.json();
    let rows = listed.as_array().expect("a list");
    rows.iter()
        .map(|row| row["id"].as_i64().expect("a number"))
        .collect()
}

/// A day of six requests: open and seen by bob alone; approved by bob and carol, then revoked by carol;
/// disapproved by bob; withdrawn; taken in an emergency, reviewed by bob; granted at once and returned.
fn a_day(desk: &Desk) {
    let file = |resource: &str| {
        desk.files(&format!(
            "--resource {resource} --account admin --for 1h --reason x"
        ))
    };
    assert_eq!(file("db-1"), "R-1");
    assert_eq!(file("db-2"), "R-2");
    for line in [
        "approve R-2 --as bob --comment 'as agreed'",
        "approve R-2 --as carol",
        "revoke R-2 --as carol --reason 'wrong machine'",
    ] {
        desk.types(line).done();
    }
    assert_eq!(file("db-3"), "R-3");
    desk.types("disapprove R-3 --as bob --comment 'not today'")
        .done();
    assert_eq!(file("db-4"), "R-4");
    desk.types("request withdraw R-4 --reason 'found another way'")
        .done();
    assert_eq!(file("db-5"), "R-5");
    for line in [
        "request emergency R-5 --reason 'the primary is down'",
        "review R-5 --as bob --finding 'it was'",
    ] {
        desk.types(line).done();
    }
    assert_eq!(file("test-6"), "R-6");
    desk.types("request return R-6 --reason 'done early'")
        .done();
}

/// Goal: an auditor finds requests by every filter, alone and together, and by pages.
/// Method: a day of requests, one of each kind; every filter as an auditor.
#[sqlx::test(migrations = "./migrations")]
async fn an_auditor_asks_by_every_filter(pool: PgPool) {
    let desk = desk(&pool);
    a_day(&desk);
    for (filter, expected) in [
        ("", vec![6, 5, 4, 3, 2, 1]),
        ("--status open", vec![1]),
        ("--state pending", vec![1]),
        ("--status approved", vec![6, 5, 2]),
        ("--status rejected", vec![3]),
        ("--status withdrawn", vec![4]),
        ("--status expired", vec![]),
        ("--grant scheduled", vec![]),
        ("--grant active", vec![5]),
        ("--grant ended", vec![]),
        ("--grant revoked", vec![2]),
        ("--grant returned", vec![6]),
        ("--emergency yes", vec![5]),
        ("--emergency no", vec![6, 4, 3, 2, 1]),
        ("--emergency unreviewed", vec![]),
        ("--requester rita", vec![6, 5, 4, 3, 2, 1]),
        ("--requester bob", vec![]),
        ("--decided-by bob", vec![5, 3, 2]),
        ("--decided-by carol", vec![2]),
        ("--decided-by rita", vec![]),
        ("--decision approve", vec![2]),
        ("--decision disapprove", vec![3]),
        ("--decision disapprove --decided-by carol", vec![]),
        ("--module credential", vec![6, 5, 4, 3, 2, 1]),
        ("--module certificate", vec![]),
        ("--resource db-*", vec![5, 4, 3, 2, 1]),
        ("--resource '*-[23]'", vec![3, 2]),
        ("--resource db-1", vec![1]),
        ("--resource db_*", vec![]),
        ("--since yesterday", vec![6, 5, 4, 3, 2, 1]),
        ("--since '1 minute ago' --until now", vec![6, 5, 4, 3, 2, 1]),
        ("--until '2 days ago'", vec![]),
        (
            "--since '2020-01-01 Asia/Tokyo' --until 2020-01-02T00:00:00Z",
            vec![],
        ),
        (
            "--status approved --resource db-* --decided-by bob",
            vec![5, 2],
        ),
        ("--after R-4", vec![3, 2, 1]),
    ] {
        assert_eq!(
            numbers(&desk, &format!("--as audrey {filter}")),
            expected,
            "{filter}"
        );
    }
    let first = desk.types("request list --as audrey --limit 4").done();
    let first = first.says(&["There are more: the same with --after R-3"]);
    assert!(!first.out.contains("R-2"), "{first:#?}");
    desk.types("request list --as audrey --limit 4 --after R-3 --json")
        .done();
    let paged = desk
        .types("request list --as audrey --limit 1 --json")
        .ended(0);
    paged.complains(&["There are more: the same with --after R-6"]);
}

/// Goal: nobody looks at what they have nothing to do with: a requester sees their own, an approver what
/// they were asked about, an auditor everything; to anybody else a request is as if it were not there.
/// Method: the same lists as each of them; one request looked at by each, before and after it concerns them.
#[sqlx::test(migrations = "./migrations")]
async fn everybody_sees_what_is_theirs(pool: PgPool) {
    let desk = desk(&pool);
    a_day(&desk);
    let others = desk
        .types("request file --as bob --module credential --resource test-7 --account a --for 1h --json")
        .done();
    assert_eq!(others.json()["request"], 7);
    for (who, expected) in [
        ("audrey", vec![7, 6, 5, 4, 3, 2, 1]),
        // The emergency was told to all approvers; the second step was asked about once.
        ("carol", vec![5, 2]),
        ("bob", vec![7, 5, 4, 3, 2, 1]),
        ("rita", vec![6, 5, 4, 3, 2, 1]),
    ] {
        assert_eq!(numbers(&desk, &format!("--as {who}")), expected, "{who}");
    }
    assert_eq!(numbers(&desk, "--as bob --mine"), [7]);
    assert_eq!(numbers(&desk, "--as bob --requester rita"), [5, 4, 3, 2, 1]);
    assert!(numbers(&desk, "--as carol --requester bob").is_empty());
    assert_eq!(numbers(&desk, "--as bob --waiting-for-me"), [1]);
    assert!(numbers(&desk, "--as carol --waiting-for-me").is_empty());
    desk.types("request show R-6 --as carol")
        .refused("unknown-request", "W27");
    desk.types("request show R-7 --as rita")
        .refused("unknown-request", "W27");
    for who in ["audrey", "bob", "carol"] {
        desk.types(&format!("request show R-2 --as {who}"))
            .done()
            .says(&["R-2 approved"]);
    }
    desk.types("approve R-1 --as bob").done();
    assert!(numbers(&desk, "--as bob --waiting-for-me").is_empty());
    assert_eq!(numbers(&desk, "--as carol --waiting-for-me"), [1]);
    desk.types("delegate bob --as carol --until 'in 2 hours'")
        .done();
    // Bob has approved one step of it, and cannot approve another (W11).
    assert!(numbers(&desk, "--as bob --waiting-for-me").is_empty());
    desk.files("--resource db-8 --account admin --for 1h --reason x");
    assert_eq!(numbers(&desk, "--as bob --waiting-for-me"), [8]);
    assert!(numbers(&desk, "--as rita --waiting-for-me").is_empty());
    let disabled = "id = \"audrey\"\nactive = false\n";
    let without = policies().replace("id = \"audrey\"\n", disabled);
    desk.writes("policies.toml", &without);
    desk.types("policy apply policies.toml --yes").done();
    desk.types("request list --as audrey")
        .refused("not-active", "W10");
}

/// Goal: somebody who runs the machine and is nobody in the policies sees everything, in UTC; whoever is
/// neither is told what to do.
/// Method: take rita's system user away, then the operator's right.
#[sqlx::test(migrations = "./migrations")]
async fn an_operator_sees_everything(pool: PgPool) {
    let desk = desk(&pool);
    a_day(&desk);
    let me = countersign::inbound::cli::who::OsUser::present().name;
    let nobody = policies().replace(&format!("os_user = \"{me}\""), "os_user = \"x\"");
    desk.writes("policies.toml", &nobody);
    desk.types("policy apply policies.toml --yes").done();
    desk.types("request list")
        .done()
        .says(&["R-1 ", "R-6 ", "days and times are those of UTC"]);
    desk.types("request show R-2")
        .done()
        .says(&["wrong machine", " UTC"]);
    for option in ["--mine", "--waiting-for-me"] {
        desk.types(&format!("request list {option}"))
            .ended(2)
            .complains(&[option, "mend: add --as PERSON"]);
    }
    desk.reconfigures(&format!("operators = [\"{me}\"]"), "operators = []");
    for command in ["request list", "request show R-2"] {
        desk.types(command)
            .ended(2)
            .complains(&[&format!("no person has os_user = \"{me}\"")]);
    }
}

/// Goal: a list is read as a table, as JSON and as CSV; what somebody wrote is harmless in each.
/// Method: a reason that a spreadsheet would compute and one of two lines; the three forms.
#[sqlx::test(migrations = "./migrations")]
async fn a_list_in_three_forms(pool: PgPool) {
    let desk = desk(&pool);
    desk.files(
        "--resource db-1 --account admin --for 2h --reason '=HYPERLINK(\"http://x\",\"y\")'",
    );
    desk.files("--resource db-データベース --account admin --for 1h --reason 'one, two'");
    desk.types("request emergency R-2 --reason 'the primary is down'")
        .done();
    let table = desk.types("request list").done().says(&[
        "NUMBER     STATUS     FILED       WINDOW                 WHO           WHAT\n",
        "R-2        active     ",
        " +1h   rita          credential db-データベース a…\n",
        "           EMERGENCY, not reviewed: the primary is down\n",
        "R-1        open       ",
        "2h once approved       rita ",
        "2 requests; days and times are those of Europe/Lisbon.\n",
    ]);
    assert!(!table.out.contains("HYPERLINK"), "{table:#?}");
    desk.types("request list --since yesterday --until 'in 1 hour'")
        .done()
        .says(&["Filed from ", "00:00 (Europe/Lisbon, WE", " on and before "]);
    let csv = desk.types("request list --csv").done();
    let records: Vec<&str> = csv.out.split("\r\n").collect();
    assert_eq!(records.len(), 4, "{records:#?}");
    assert!(records[0].starts_with("number,status,grant,emergency,requester,module,"));
    assert!(records[1].starts_with("R-2,approved,active,the primary is down,rita,credential,"));
    assert!(
        records[1].contains(",\"one, two\",databases,approval,"),
        "{records:#?}"
    );
    assert!(
        records[2].contains(",\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\","),
        "{records:#?}"
    );
    assert_eq!(records[3], "");
    let json = desk.types("request list --json").done().json();
    assert_eq!(json[0]["status"], "approved");
    assert_eq!(json[0]["grant_state"], "active");
    assert_eq!(json[1]["status"], "open");
    assert_eq!(json[1]["justification"], "=HYPERLINK(\"http://x\",\"y\")");
}

/// Goal: what cannot be asked is said with its option and its mend.
/// Method: one mistake in each option.
#[sqlx::test(migrations = "./migrations")]
async fn questions_that_are_none(pool: PgPool) {
    let desk = desk(&pool);
    for (rest, complaint) in [
        ("--since bananas", "--since: `bananas` is not understood"),
        (
            "--since Mars/Olympus",
            "Write it like `yesterday`, `2 days ago`",
        ),
        (
            "--requester zz",
            "--requester: neither the policies nor any request knows a person `zz`; mend: see `",
        ),
        ("--requester ritta", "did you mean `rita`?"),
        ("--decided-by bobb", "did you mean `bob`?"),
        (
            "--module credentials",
            "--module: there is no module `credentials`; mend: use one of `",
        ),
        ("--module credentials", "`credential`"),
        ("--until 03/04", "--until: `03/04` can be read as two days"),
        ("--resource '[a'", "--resource: `[a` is no pattern"),
        ("--after R-99", "--after: there is no request R-99; mend: "),
        ("--limit 0", "--limit"),
        ("--limit 10001", "10000"),
        ("--csv --json", "cannot be used with"),
        ("--mine --requester bob", "cannot be used with"),
        ("--waiting-for-me --status approved", "cannot be used with"),
        (
            "--grant open",
            "scheduled, active, ended, revoked, returned",
        ),
        ("--as nobody", "there is no person `nobody`"),
    ] {
        desk.types(&format!("request list {rest}"))
            .ended(2)
            .complains(&[complaint]);
    }
}
