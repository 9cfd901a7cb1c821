//! What becomes of access, typed: a narrowed window, extension, return, revocation, and the history.

use sqlx::PgPool;

use super::Desk;

const FILING: &str = "--resource db-1 --account admin --for 2h --reason 'disk full'";

/// Goal: an approver approves for less in words, and the history says who changed what, in order (W16).
/// Method: two hours, of which bob gives one; carol agrees; then the text and the JSON of the history.
#[sqlx::test(migrations = "./migrations")]
async fn a_window_is_narrowed_and_the_history_says_so(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let request = desk.files(FILING);
    desk.types(&format!("approve {request} --as bob --window '9'"))
        .ended(2)
        .complains(&["--window: "]);
    let narrowed = format!("approve {request} --as bob --window 'for 1h' --comment 'one will do'");
    desk.types(&narrowed).done().says(&[
        "Understood: for 1h from the approval on.",
        "the window is now for 1h from the approval on.",
    ]);
    desk.types(&format!("approve {request} --as bob"))
        .refused("already-recorded", "W13");
    desk.types(&format!("approve {request} --as carol")).done();
    let shown = desk.types(&format!("request show {request}")).done();
    let history = shown.out.split("  history\n").nth(1).expect("a history");
    let mut rest = history;
    for part in [
        "rita by command line",
        "filed for 2h from the approval on",
        "bob by command line",
        "bob approved step 1 (Owner): one will do",
        "bob changed the window: for 1h from the approval on, before it was for 2h",
        "step 1 (Owner) is complete",
        "refused to approve: already-recorded (W13)",
        "carol approved step 2 (Security)",
        "approved; access from",
    ] {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("`{part}` is missing or too early:\n{history}"));
        rest = after;
    }
    let shown = desk.types(&format!("request show {request} --json")).done();
    let shown = shown.json();
    assert_eq!(shown["grant_state"], "active");
    assert_eq!(shown["history"][1]["events"][0]["event"], "voted");
    assert_eq!(shown["history"][2]["refusal"]["code"], "already-recorded");
}

/// Goal: access is extended by its holder, cut by an approver, and what it continued into ends too (W22,
/// W23); who may not is told so.
/// Method: the refusals of each command in turn on one grant and its extension.
#[sqlx::test(migrations = "./migrations")]
async fn access_is_extended_and_revoked(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let refused = |line: String, code: &str, rule: &str| {
        desk.types(&line).refused(code, rule);
    };
    let request = desk.files(FILING);
    refused(
        format!("revoke {request} --as bob --reason x"),
        "no-grant",
        "W22",
    );
    refused(format!("request return {request}"), "no-grant", "W22");
    for person in ["bob", "carol"] {
        desk.types(&format!("approve {request} --as {person}"))
            .done();
    }
    refused(
        format!("request extend {request} --for 1h --as bob"),
        "not-the-holder",
        "W22",
    );
    refused(
        format!("request extend {request} --for 1h"),
        "justification-missing",
        "W1",
    );
    desk.types(&format!("request extend {request} --for ever"))
        .ended(2)
        .complains(&["--for: `ever`"]);
    let extend = format!("request extend {request} --for 1h --reason 'not done yet' --key K");
    let said = desk.types(&extend).done();
    let said = said.says(&["Understood: 1h more.", "filed, credential db-1 as admin"]);
    let next = said
        .out
        .split_whitespace()
        .find_map(|word| word.strip_suffix(':').filter(|word| word.starts_with("R-")))
        .expect("a number")
        .to_owned();
    desk.types(&extend)
        .done()
        .says(&[&format!("{next} was filed under this key before")]);
    for person in ["bob", "carol"] {
        desk.types(&format!("approve {next} --as {person}")).done();
    }
    refused(
        format!("request extend {request} --for 1h --reason x"),
        "extended-already",
        "W23",
    );
    desk.types(&extend)
        .done()
        .says(&[&format!("{next} was filed under this key before")]);
    refused(
        format!("revoke {request} --reason x"),
        "not-a-revoker",
        "W22",
    );
    refused(
        format!("revoke {request} --as bob --reason ' '"),
        "revoke-reason-required",
        "W22",
    );
    desk.types(&format!(
        "revoke {request} --as bob --reason 'wrong machine'"
    ))
    .done()
    .says(&["revoked; access is over."]);
    refused(
        format!("request return {request} --json"),
        "grant-over",
        "W22",
    );
    desk.types(&format!("request show {next}")).done().says(&[
        &format!("extends   {request}"),
        "until",
        ", revoked",
        &format!("access revoked by bob with {request}: wrong machine"),
    ]);
}

/// Goal: a holder gives access back, with or without saying why (W22).
/// Method: one with a reason, read back as JSON; then the refusal of what was no emergency (W26).
#[sqlx::test(migrations = "./migrations")]
async fn access_is_returned(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let request = desk.files("--resource test-1 --account admin --for 2h");
    desk.types(&format!("request return {request} --as bob"))
        .refused("not-the-holder", "W22");
    let said = desk
        .types(&format!("request return {request} --reason 'done' --json"))
        .done();
    assert_eq!(said.json()["events"][0]["ending"]["cause"], "returned");
    desk.types(&format!("request show {request}"))
        .done()
        .says(&["returned by rita at", ": done"]);
    let request = desk.files(FILING);
    desk.types(&format!("review {request} --as bob --finding fine"))
        .refused("no-emergency", "W26");
    desk.types(&format!(
        "request emergency {request} --reason 'the database is down'"
    ))
    .refused("emergency-not-offered", "W24");
}
