//! Asking, deciding, looking, taking back.

use std::time::Duration;

use countersign::store::bell::Ear;
use sqlx::PgPool;

use super::Desk;

/// Goal: a request goes from filing to access by commands alone, and every command says what happened.
/// Method: rita files as her system user, an operator speaks for bob and carol; texts and JSON.
#[sqlx::test(migrations = "./migrations")]
async fn from_filing_to_access(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let mut daemon = Ear::open(&pool).await.expect("listens");
    let filed = desk
        .types("request file --module credential --resource db-1 --account admin --for 2h --reason 'disk full'")
        .done()
        .says(&[
            "Understood: for 2h from the approval on.",
            ": filed, credential db-1 as admin for 2h",
            "under the policy `databases`",
            "Europe/Lisbon",
        ]);
    let request = filed
        .out
        .split_whitespace()
        .find(|word| word.starts_with("R-"));
    let request = request.expect("a number").trim_end_matches(':').to_owned();
    let number = request.trim_start_matches("R-").to_owned();
    let told = tokio::time::timeout(Duration::from_secs(20), daemon.hear()).await;
    let from = told.expect("a daemon is told").expect("hears");
    assert_eq!(from, "command line");
    desk.types("request list")
        .done()
        .says(&[&request, "open", "rita", "credential db-1 as admin"]);
    let shown = desk.types(&format!("request show {request}")).done();
    shown.says(&[
        "open\n",
        "decide by 2",
        "disk full",
        "step      1 of 2",
        "1. Owner, 1 approval",
    ]);

    let voted = desk.types(&format!("approve {request} --as bob --comment 'as agreed'"));
    voted
        .done()
        .says(&["your approval is recorded", "step 1 is complete"]);
    let listed = desk.types("request list --status open --json").done();
    assert_eq!(listed.json()[0]["state"]["step"], 1);
    let last = desk
        .types(&format!("approve {number} --as carol --json"))
        .done();
    let events = &last.json()["events"];
    assert_eq!(events[0]["event"], "voted");
    assert_eq!(events[1]["event"], "approved");

    let shown = desk.types(&format!("request show {request}")).done();
    shown.says(&[
        "approved",
        "access    from",
        "bob approved at",
        "as agreed",
        "carol approved at",
        "by command line",
    ]);
    let shown = desk.types(&format!("request show {request} --json")).done();
    assert_eq!(shown.json()["votes"][1]["person"], "carol");
    desk.types("request list --state pending")
        .done()
        .says(&["No request."]);
}

/// Goal: a disapproval and a withdrawal end a request.
/// Method: one of each, looked at afterwards.
#[sqlx::test(migrations = "./migrations")]
async fn turned_down_and_taken_back(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let first = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let said = desk.types(&format!(
        "disapprove {first} --as bob --comment 'not today'"
    ));
    said.done()
        .says(&["your disapproval is recorded", "rejected"]);
    desk.types(&format!("request show {first}")).done().says(&[
        "rejected",
        "bob disapproved",
        "not today",
    ]);
    let second = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let said = desk.types(&format!(
        "request withdraw {second} --reason 'found another way'"
    ));
    said.done().says(&["withdrawn"]);
    desk.types(&format!("request show {second}"))
        .done()
        .says(&["withdrawn", "found another way"]);
    let listed = desk.types("request list --status rejected --json").done();
    assert_eq!(format!("R-{}", listed.json()[0]["id"]), first);
}

/// Goal: whoever may not is told so, by code and rule, with one next step.
/// Method: votes and withdrawals of the wrong people, at the wrong time, without what is needed.
#[sqlx::test(migrations = "./migrations")]
async fn refusals_name_code_and_rule(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let request = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let refused = |line: String, code: &str, rule: &str| {
        let said = desk.types(&line).refused(code, rule);
        assert!(said.out.trim().ends_with('.'), "{said:#?}");
    };
    refused(format!("approve {request}"), "own-request", "W10");
    refused(
        format!("approve {request} --as carol"),
        "step-not-yet",
        "W14",
    );
    refused(
        format!("disapprove {request} --as bob"),
        "comment-required",
        "W15",
    );
    refused(
        format!("request withdraw {request} --as bob --reason x"),
        "not-the-requester",
        "W29",
    );
    refused(
        format!("request withdraw {request} --reason ''"),
        "reason-required",
        "W29",
    );
    refused("approve R-999999 --as bob".into(), "unknown-request", "W27");
    refused("request show R-999999".into(), "unknown-request", "W27");
    desk.types(&format!("approve {request} --as bob")).done();
    refused(
        format!("approve {request} --as bob"),
        "already-recorded",
        "W13",
    );
    desk.types(&format!("request withdraw {request} --reason x"))
        .done();
    refused(format!("approve {request} --as carol"), "settled", "W14");
    let said = desk
        .types(&format!("approve {request} --as carol --json"))
        .refused("settled", "W14");
    let object = said.json();
    assert_eq!(object["refused"]["code"], "settled");
    assert_eq!(object["refused"]["rule"], "W14");
}

/// Goal: one may speak for oneself; for others only operators may; a stranger is told what to do.
/// Method: with and without operators, with and without an `os_user` of one's own.
#[sqlx::test(migrations = "./migrations")]
async fn who_acts(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let request = desk.files("--as rita --resource db-1 --account admin --for 1h --reason x");
    let me = countersign::inbound::cli::who::OsUser::present().name;
    desk.types(&format!("approve {request} --as nobody"))
        .ended(2)
        .complains(&["there is no person `nobody`"]);
    desk.reconfigures(
        &format!("operators = [\"{me}\"]"),
        "operators = [\"somebody-else\"]",
    );
    let said = desk.types(&format!("approve {request} --as bob")).ended(1);
    assert_eq!(said.err, "refused: not-an-operator\n");
    assert!(said.out.contains("[command_line]"), "{said:#?}");
    desk.types(&format!("request withdraw {request} --as rita --reason x"))
        .done();
    desk.writes(
        "policies.toml",
        &Desk::policies().replace(&format!("os_user = \"{me}\""), "os_user = \"x\""),
    );
    let operators = format!("operators = [\"{me}\"]");
    desk.reconfigures("operators = [\"somebody-else\"]", &operators);
    desk.types("policy apply policies.toml --yes").done();
    desk.reconfigures(&operators, "operators = []");
    let own = format!("no person has os_user = \"{me}\"");
    desk.types(&format!("approve {request}"))
        .ended(2)
        .complains(&[&own, "mend:"]);
}

/// Goal: under one key one request is filed, and who files again learns which (W6).
/// Method: the same again; something else under the key; the same without a key.
#[sqlx::test(migrations = "./migrations")]
async fn a_key_files_once(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let filing = "--resource db-1 --account admin --for 1h --reason x --key K";
    let first = desk.files(filing);
    assert_eq!(desk.files(filing), first);
    desk.types(&format!("request file --module credential {filing}"))
        .done()
        .says(&[&format!("{first} was filed under this key before")]);
    let other = filing.replace("1h", "2h");
    desk.types(&format!("request file --module credential {other}"))
        .refused("key-reused", "W6")
        .says(&["`K`", &first]);
    let plain = filing.replace(" --key K", "");
    desk.types(&format!("request file --module credential {plain}"))
        .refused("already-pending", "W6")
        .says(&[&first]);
    let listed = desk.types("request list --json").done();
    assert_eq!(listed.json().as_array().map(Vec::len), Some(1));
}

/// Goal: a filing that cannot stand is refused before anything is stored, with what is wrong (W1 to W4).
/// Method: windows that are empty, over, too long, too far; what no policy covers; what is missing.
#[sqlx::test(migrations = "./migrations")]
async fn filings_that_cannot_stand(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let cases = [
        (
            "db-1 --from '2099-01-01 10:00' --until '2099-01-01 10:00'",
            "window-empty",
            "W4",
        ),
        (
            "db-1 --from '2020-01-01 10:00' --until '2020-01-01 11:00'",
            "window-over",
            "W4",
        ),
        ("db-1 --for 9h", "window-too-long", "W4"),
        (
            "db-1 --from '2099-01-01 10:00' --until '2099-01-01 11:00'",
            "start-too-far",
            "W4",
        ),
        ("other --for 1h", "no-policy", "W3"),
    ];
    for (rest, code, rule) in cases {
        let line =
            format!("request file --module credential --account a --reason x --resource {rest}");
        desk.types(&line).refused(code, rule);
    }
    let file = "request file --resource db-1 --for 1h";
    desk.types(&format!("{file} --module credential --account a"))
        .refused("justification-missing", "W1");
    desk.types(&format!("{file} --module credential --reason x"))
        .refused("account-required", "W2");
    desk.types(&format!("{file} --module credentials --reason x"))
        .refused("unknown-module", "W2")
        .says(&["`credential`"]);
    desk.types("request list").done().says(&["No request."]);
}

/// Goal: times are the requester's own, and one that is not exactly one instant is refused, not guessed.
/// Method: Lisbon's gap and fold of 2026, no time at all, no window, two windows, half a window; then
/// a window in options and one in words.
#[sqlx::test(migrations = "./migrations")]
async fn times_that_are_none(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let cases = [
        (
            "--from '2026-03-29 01:30' --until '2026-03-29 03:00'",
            "does not exist in Europe/Lisbon",
        ),
        (
            "--from '2026-10-25 01:30' --until '2026-10-25 03:00'",
            "happens twice in Europe/Lisbon",
        ),
        (
            "--from soon --until later",
            "--from, --until: `soon` is not understood there. Write it like",
        ),
        (
            "--for ages",
            "--for: `ages` is not understood there. Write it like",
        ),
        ("--for 0h", "--for: `0h` is no length of time"),
        (
            "--window 'tomorrow 9am'",
            "--window: It says when it begins, and not when it ends. Add the length",
        ),
        ("", "--for <LENGTH>"),
        (
            "--from 2026-10-25T01:30:00Z",
            "--from: add --for LENGTH or --until TIME",
        ),
        (
            "--for 1h --from 2026-10-25T01:30:00Z --until 2026-10-25T02:30:00Z",
            "cannot be used with",
        ),
    ];
    for (window, complaint) in cases {
        let line = format!(
            "request file --module credential --resource db-1 --account a --reason x {window}"
        );
        let said = desk.types(&line).ended(2).complains(&[complaint]);
        assert_eq!(said.out, "");
    }
    let free = "request file --module credential --resource test-1 --account a --from";
    // Noon, which every day has once.
    let zone = jiff::tz::TimeZone::get("Europe/Lisbon").expect("a zone");
    let now = countersign::clock::Clock::system().now();
    let day = now.to_zoned(zone).date().tomorrow().expect("a day");
    let (from, until) = (format!("{day} 12:00"), format!("{day} 13:00"));
    desk.types(&format!("{free} '{from}' --until '{until}'"))
        .done()
        .says(&[
            &format!("from {from} Europe/Lisbon"),
            "approved; access from",
        ]);
    let spoken = "request file --module credential --resource test-2 --account a --window";
    desk.types(&format!("{spoken} 'tomorrow 12:00 for 1h'"))
        .done()
        .says(&[
            &format!(
                "Understood: {}",
                day.strftime("%A %-d %B %Y, 12:00–13:00 (Europe/Lisbon, ")
            ),
            &format!("from {from} Europe/Lisbon"),
        ]);
}
