//! How an account becomes somebody's, and nobody's again.

use countersign::workflow::act::Act;
use countersign_sandbox::Mail;
use countersign_sandbox::discord::{Asked, Person, Post};
use jiff::SignedDuration;
use regex::Regex;

use crate::office::ONE_STEP;
use crate::office::chat::ChatOffice;

/// What the mail with the code has as its subject.
const CODE_MAIL: &str = "Your code to link";
/// What the mail says that an account is linked.
const LINKED_MAIL: &str = "now linked to you";
/// What the mail says that an account no longer is.
const UNLINKED_MAIL: &str = "no longer linked to you";

/// Types `/link` and waits for the answer.
async fn asks(office: &ChatOffice, account: &Person, address: &str) -> Post {
    office
        .double
        .until_command("link")
        .await
        .expect("registered");
    let asked = account
        .types("/link", &[("email", address)])
        .expect("typed");
    asked.says().await.expect("an answer")
}

/// Presses the button of that answer and shows a code.
async fn shows(account: &Person, answer: &Post, code: &str) -> String {
    let pressed = account.clicks(answer, "Enter the code").expect("a button");
    let modal = pressed.modal().await.expect("a form");
    let filled = account.fills(&modal, &[("code", code)]).expect("filled in");
    told(&filled).await
}

async fn told(asked: &Asked) -> String {
    asked.says().await.expect("an answer").text()
}

/// The code in a mail.
fn code(mail: &Mail) -> String {
    let grouped = Regex::new(r"\b[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}\b").expect("a pattern");
    let text = mail.text();
    let found = grouped.find(&text);
    found
        .unwrap_or_else(|| panic!("no code: {text}"))
        .as_str()
        .to_owned()
}

/// Goal: a mailed code links the account that asked for it, once, and both the chat and a mail say so; it
/// stands in no table; an address that is nobody's gets the same answer.
/// Method: carol links and approves; a stranger names an address that is nobody's, and compares.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_links_an_account() {
    let office = ChatOffice::open(ONE_STEP).await;
    let request = office.files("rita", "db-1", 2).await;
    let carol = office.account("carol");
    let answer = asks(&office, carol, &office.address("carol")).await;
    assert_eq!(answer.only_for, Some(carol.id()));
    let stranger = office.double.person("stranger", "en-US");
    let other = asks(&office, &stranger, "nobody@example.test").await;
    assert_eq!(answer.content, other.content, "it must not be told apart");
    let mail = office.person("carol").hears_of(CODE_MAIL).await;
    let code = code(&mail);
    let wrong = shows(carol, &answer, "aaaa-bbbb-cccc").await;
    assert!(wrong.contains("4 more"), "{wrong}");
    // The code is good for the account that asked for it only.
    let stolen = shows(&stranger, &other, &code).await;
    assert!(stolen.contains("not the code"), "{stolen}");
    let said = shows(carol, &answer, &code.to_uppercase().replace('-', " ")).await;
    assert!(said.contains("now linked to Carol"), "{said}");
    office.person("carol").hears_of(LINKED_MAIL).await;
    let again = shows(carol, &answer, &code).await;
    assert!(again.contains("not taken any more"), "{again}");
    for table in [
        "chat_code",
        "chat_account",
        "notice",
        "delivery",
        "audit_event",
        "inbound",
    ] {
        let sql = format!("SELECT count(*) FROM {table} AS row WHERE to_jsonb(row)::text LIKE $1");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(format!("%{}%", code.replace('-', "%")))
            .fetch_one(&office.pool)
            .await
            .expect("a number");
        assert_eq!(found, 0, "{table} holds the code");
    }
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    office.told("carol", &post, Act::Approve).await;
    assert_eq!(office.state(request).await, "approved");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a code is not guessed, not used late, and nobody is flooded with them.
/// Method: five wrong ones and then the right one; the right one after ten minutes; six askings in an hour.
#[tokio::test(flavor = "multi_thread")]
async fn codes_run_out() {
    let office = ChatOffice::open(ONE_STEP).await;
    let (carol, person) = (office.account("carol"), office.person("carol"));
    let answer = asks(&office, carol, &office.address("carol")).await;
    let first = code(&person.hears_of(CODE_MAIL).await);
    for left in ["4 more", "3 more", "2 more", "1 more", "no more"] {
        let said = shows(carol, &answer, "aaaa-aaaa-aaaa").await;
        assert!(said.contains(left), "{said}");
    }
    let said = shows(carol, &answer, &first).await;
    assert!(said.contains("not taken any more"), "{said}");
    let answer = asks(&office, carol, &office.address("carol")).await;
    let second = code(&person.hears_of(CODE_MAIL).await);
    assert_ne!(first, second);
    office.advance(SignedDuration::from_mins(11));
    let said = shows(carol, &answer, &second).await;
    assert!(said.contains("not taken any more"), "{said}");
    for _ in 0..3 {
        asks(&office, carol, &office.address("carol")).await;
        person.hears_of(CODE_MAIL).await;
    }
    let said = asks(&office, carol, &office.address("carol")).await;
    assert!(said.content.contains("too often"), "{}", said.content);
    // From elsewhere the answer is the usual one, and no mail goes out.
    let stranger = office.double.person("stranger", "en-US");
    let said = asks(&office, &stranger, &office.address("carol")).await;
    assert!(
        said.content.contains("a code is on its way"),
        "{}",
        said.content
    );
    let live = "SELECT count(*) FROM chat_account WHERE ended_at IS NULL AND person = 'carol'";
    assert_eq!(office.count(live).await, 0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a person has one account and an account one person; who loses it is told.
/// Method: alice links another account; then bob takes alice's over; then he ends it.
#[tokio::test(flavor = "multi_thread")]
async fn linking_again_ends_what_was() {
    let office = ChatOffice::open(ONE_STEP).await;
    let (alice, bob) = (office.person("alice"), office.person("bob"));
    let newer = office.double.person("alice2", "en-US");
    let answer = asks(&office, &newer, &office.address("alice")).await;
    let said = shows(&newer, &answer, &code(&alice.hears_of(CODE_MAIL).await)).await;
    assert!(said.contains("now linked to Alice"), "{said}");
    let mail = alice.hears_of(LINKED_MAIL).await;
    let old = office.account("alice").id().get().to_string();
    assert!(mail.text().contains(&old), "{}", mail.text());
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    let said = office.told("alice", &post, Act::Approve).await;
    assert!(said.contains("/link"), "{said}");

    let answer = asks(&office, &newer, &office.address("bob")).await;
    shows(&newer, &answer, &code(&bob.hears_of(CODE_MAIL).await)).await;
    bob.hears_of(LINKED_MAIL).await;
    alice.hears_of(UNLINKED_MAIL).await;
    let live = "SELECT count(*) FROM chat_account WHERE ended_at IS NULL
                AND person IN ('alice', 'bob')";
    assert_eq!(office.count(live).await, 1);
    let asked = newer.types("/unlink", &[]).expect("typed");
    assert!(told(&asked).await.contains("no longer linked"));
    bob.hears_of(UNLINKED_MAIL).await;
    let asked = newer.types("/unlink", &[]).expect("typed");
    assert!(told(&asked).await.contains("not linked to anybody"));
    assert_eq!(office.count(live).await, 0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: what the operator wrote wins over what people linked, and nobody changes it from the chat; where
/// the operator switched linking off, there is none.
/// Method: carol's account is written to be una's; then alice's own is written to be bob's; then a daemon
/// with `self_link` off.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_wins() {
    let mut office = ChatOffice::open(ONE_STEP).await;
    let theirs = office.account("alice").id().get();
    office
        .apply_with(ONE_STEP, |people| {
            let with = format!("id = \"bob\"\ndiscord = {theirs}");
            *people = people.replace("id = \"bob\"", &with);
        })
        .await;
    let request = office.files("rita", "db-1", 2).await;
    let post = office.offers(request, (0, 1), &Act::ALL).await;
    office.told("alice", &post, Act::Approve).await;
    let by_bob = "SELECT count(*) FROM vote WHERE person = 'bob'";
    assert_eq!(office.count(by_bob).await, 1);
    // Bob's own account, which he linked before, is nobody's now.
    let said = office.told("bob", &post, Act::Approve).await;
    assert!(said.contains("/link"), "{said}");
    let said = asks(&office, office.account("alice"), &office.address("alice")).await;
    assert!(
        said.content.contains("the operator has said"),
        "{}",
        said.content
    );
    let asked = office
        .account("alice")
        .types("/unlink", &[])
        .expect("typed");
    assert!(told(&asked).await.contains("the operator has said"));
    // Nor does anybody else become bob: the address is as if it were nobody's.
    let said = asks(&office, office.account("carol"), &office.address("bob")).await;
    assert!(
        said.content.contains("a code is on its way"),
        "{}",
        said.content
    );
    office.everybody_reads().await;

    office.stop().await;
    let config = office.config.discord.as_mut().expect("a chat");
    config.self_link = false;
    office.start().await;
    office.double.until_listening().await.expect("a bot");
    let said = asks(&office, office.account("carol"), &office.address("carol")).await;
    assert!(
        said.content.contains("the operator links accounts"),
        "{}",
        said.content
    );
    office.everybody_reads().await;
    office.close().await;
}
