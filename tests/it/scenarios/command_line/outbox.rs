//! `outbox list|retry|drop`.

use sqlx::PgPool;

use super::Desk;

/// Goal: what is owed is seen, can be given up and can be taken up again.
/// Method: a filing leaves mails owed; no daemon runs; drop one, then retry it.
#[sqlx::test(migrations = "./migrations")]
async fn looking_after_messages(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    desk.types("outbox list")
        .done()
        .says(&["No message gave up"]);
    let request = desk.files("--resource db-1 --account admin --for 1h --reason x");
    let owed = desk.types("outbox list --owed --json").done().json();
    let ask = owed.as_array().expect("a list");
    let ask = ask.iter().find(|row| row["kind"] == "ask").expect("an ask");
    assert_eq!(ask["person"], "bob");
    let id = ask["id"].as_str().expect("an id").to_owned();
    desk.types("outbox list --owed").done().says(&[
        &id,
        &request,
        "  bob  ",
        "ID  ",
        "STATE      MESSAGE",
        "TRIES  NOTE",
    ]);

    desk.types(&format!("outbox drop {id}"))
        .done()
        .says(&[&id, "is dropped"]);
    let owed = desk.types("outbox list --owed").done();
    assert!(!owed.out.contains(&id), "{owed:#?}");
    let all = desk.types(&format!("outbox list --request {request}"));
    all.done().says(&[&id, "dropped"]);
    let again = desk.types(&format!("outbox drop {id}")).ended(1);
    assert_eq!(again.err, "refused: no-such-message\n");
    desk.types(&format!("outbox retry {id}"))
        .done()
        .says(&["will be sent by the daemon"]);
    desk.types("outbox list --owed").done().says(&[&id]);

    let absent = "00000000-0000-7000-8000-000000000000";
    for command in ["retry", "drop"] {
        let said = desk.types(&format!("outbox {command} {absent}")).ended(1);
        assert_eq!(said.err, "refused: no-such-message\n");
        desk.types(&format!("outbox {command} 17")).ended(2);
    }
    let record = desk
        .types("audit export --format jsonl --chain system/command_line")
        .done();
    record.says(&[
        &format!("the delivery {id} is not sent, says rita"),
        &format!("the delivery {id} is owed again, says rita"),
    ]);
    let all = desk.types("outbox list --all --json").done();
    assert!(all.json().as_array().is_some_and(|rows| rows.len() >= 2));
}
