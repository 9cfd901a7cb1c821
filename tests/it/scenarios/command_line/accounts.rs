//! Whose account in the chat is whose, at a terminal.

use sqlx::PgPool;

use super::Desk;

/// Goal: the operator links, looks and unlinks, in words and as JSON; the people are told by mail, and it is
/// in the record.
/// Method: bob gets an account, carol takes it over, and loses it.
#[sqlx::test(migrations = "./migrations")]
async fn the_operator_links_accounts(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    desk.types("chat list")
        .done()
        .says(&["No account is linked."]);
    desk.types("chat link bob 1001")
        .done()
        .says(&["The discord account 1001 is linked to bob; they are told by mail."]);
    let linked = desk.types("chat link carol 1001 --json").done().json();
    assert_eq!(linked["linked"], "carol");
    desk.types("chat list")
        .done()
        .says(&["carol: discord 1001, by the operator, since "]);
    let listed = desk.types("chat list --json").done().json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let ended = desk.types("chat unlink carol").done();
    ended.says(&["is no longer linked to carol; they are told by mail."]);
    let mails = "SELECT count(*) FROM delivery WHERE kind = 'system' AND person = ANY($1)";
    let owed: i64 = sqlx::query_scalar(mails)
        .bind(["bob", "carol"])
        .fetch_one(&pool)
        .await
        .expect("a number");
    assert_eq!(owed, 4, "linked, taken over, linked, unlinked");
    let noted = "SELECT count(*) FROM audit_event WHERE chain = 'system/command_line'
                 AND body LIKE '%discord account 1001%'";
    let noted: i64 = sqlx::query_scalar(noted)
        .fetch_one(&pool)
        .await
        .expect("a number");
    assert_eq!(noted, 3);
}

/// Goal: what policies.toml says cannot be changed from here, and each mistake has its mend.
/// Method: bob's account stands in the file; then persons and accounts that are not there.
#[sqlx::test(migrations = "./migrations")]
async fn what_cannot_be_linked(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let with = Desk::policies().replace("id = \"bob\"", "id = \"bob\"\ndiscord = 1001");
    desk.writes("with.toml", &with);
    desk.types("policy apply with.toml --yes").done();
    desk.types("chat list")
        .done()
        .says(&["bob: discord 1001, by policies.toml"]);
    for line in [
        "chat link bob 1002",
        "chat link carol 1001",
        "chat unlink bob",
    ] {
        let said = desk.types(line).ended(1);
        assert!(said.err.contains("account-by-policies"), "{line}: {said:?}");
    }
    let said = desk.types("chat unlink carol").ended(1);
    assert!(said.err.contains("not-linked"), "{said:?}");
    let said = desk.types("chat link nobody 1").ended(2);
    assert!(said.err.contains("there is no person `nobody`"), "{said:?}");
    desk.types("chat link carol @carol").ended(2);
}

/// Goal: a channel that bot.toml does not name is warned of, with the nearest that it does, and an operator
/// sees it before it is in force.
/// Method: a policy with a channel, checked without and with a `[discord]` section.
#[sqlx::test(migrations = "./migrations")]
async fn a_channel_that_is_not_there_is_warned_of(pool: PgPool) {
    let desk = Desk::furnished(&pool);
    let with = Desk::policies().replace(
        "resource = \"db-*\"",
        "resource = \"db-*\"\nnotify = { channel = \"approvels\" }",
    );
    desk.writes("with.toml", &with);
    desk.types("policy check with.toml").done();
    let applied = desk.types("policy apply with.toml --yes").ended(0);
    assert!(
        applied.err.contains("names no channel `approvels`"),
        "{applied:?}"
    );
    let chat = "[discord]\ntoken = \"t\"\napplication_id = 1\nguild_id = 2\n\
                channels = { approvals = 3 }\n[command_line]";
    desk.reconfigures("[command_line]", chat);
    let checked = desk.types("policy check with.toml").ended(0);
    assert!(
        checked.err.contains("did you mean `approvals`?"),
        "{checked:?}"
    );
}

/// Goal: no command has two arguments of one name, which the program would only find out when it is typed.
/// Method: the definition checks itself, every command of it.
#[test]
fn every_command_can_be_typed() {
    <countersign::inbound::cli::args::Cli as clap::CommandFactory>::command().debug_assert();
}
