//! Votes in another's hands, at a terminal.

use sqlx::PgPool;

use super::Desk;

/// Goal: a delegation is made, listed and ended in words and as JSON, with the times said back, and the
/// delegate's vote shows both names.
/// Method: bob delegates to carol until tomorrow; carol approves what bob is asked; bob looks and ends it.
#[sqlx::test(migrations = "./migrations")]
async fn from_hand_to_hand(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    // Carol must not be needed for a second step herself (W11).
    let second = r#"{ name = "Security", approvers = ["carol"] },"#;
    desk.writes("one.toml", &Desk::policies().replace(second, ""));
    desk.types("policy apply one.toml --yes").done();
    desk.types("delegate --list --as bob")
        .done()
        .says(&["No delegation."]);
    let made = desk.types("delegate carol --until 'tomorrow 18:00' --as bob");
    made.done().says(&[
        "Understood: from now until ",
        "Delegated: the votes of bob to carol, from ",
        "18:00 UTC.",
    ]);
    for who in ["bob", "carol"] {
        let listed = desk.types(&format!("delegate --list --as {who} --json"));
        assert_eq!(listed.done().json()[0]["to"], "carol");
    }
    desk.types("delegate --list")
        .done()
        .says(&["No delegation."]);

    let request = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let voted = desk.types(&format!("approve {request} --as carol"));
    voted.done().says(&["your approval for bob is recorded"]);
    desk.types(&format!("request show {request}"))
        .done()
        .says(&["carol for bob approved at"]);
    desk.types(&format!("disapprove {request} --as bob --comment no"))
        .ended(1);

    let ended = desk.types("delegate --end --as bob --json").done().json();
    assert_eq!(ended["ended"], true);
    assert_eq!(ended["delegations"][0]["from"], "bob");
    let later = desk
        .types("delegate carol --from 'tomorrow 9:00' --until 'tomorrow 18:00' --as bob --json");
    assert_eq!(later.done().json()["ended"], false);
}

/// Goal: every refusal of a delegation has its code and rule, and what is typed wrong says how to mend it.
/// Method: each at the terminal.
#[sqlx::test(migrations = "./migrations")]
async fn what_may_not_be_delegated(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    for (line, code) in [
        (
            "delegate bob --until 'in 2 hours' --as bob",
            "delegate-to-self",
        ),
        (
            "delegate rita --until 'in 2 hours' --as bob",
            "not-an-approver",
        ),
        ("delegate bob --until 'in 2 hours'", "not-an-approver"),
        (
            "delegate carol --from 'in 4 hours' --until 'in 2 hours' --as bob",
            "period-unfit",
        ),
        (
            "delegate carol --until '2099-01-01 09:00' --as bob",
            "period-unfit",
        ),
        ("delegate --end --as bob", "no-delegation"),
    ] {
        desk.types(line).refused(code, "W20");
    }
    desk.types("delegate carol --until 'in 2 hours' --as bob")
        .done();
    desk.types("delegate carol --from 'in 1 hour' --until 'in 3 hours' --as bob")
        .refused("delegation-overlaps", "W20")
        .says(&["countersign delegate --end"]);
    desk.types("delegate carol --until soon --as bob")
        .ended(2)
        .complains(&["--until: `soon`"]);
    for line in [
        "delegate",
        "delegate carol",
        "delegate --end --list",
        "delegate carol --end",
        "delegate --list --until 18:00",
    ] {
        desk.types(line).ended(2);
    }
}
