//! A link that ends takes the buttons with it.

use countersign::workflow::ids::PersonId;
use countersign::workflow::request::Decision::Approve;
use countersign_sandbox::discord::{Id, Post};

use super::posts::{direct, labels, reads, shown};
use crate::office::chat::ChatOffice;
use crate::office::{ONE_STEP, until};

/// A message as it is once it has lost its buttons, with this in it.
async fn ends(office: &ChatOffice, id: Id, part: &str) -> Post {
    until(&format!("a post without buttons, `{part}`"), async || {
        let post = office.double.post(id)?;
        (post.buttons().is_empty() && post.text().contains(part)).then_some(post)
    })
    .await
}

/// What `name` is told who presses a button that was there.
async fn late(office: &ChatOffice, name: &str, post: &Post) -> String {
    let asked = office.account(name).clicks_late(post, "Approve");
    office.hears(name, &asked.expect("it was there")).await
}

/// Goal: with `/unlink` every open post with that account loses its buttons and its words, a click on the old
/// ones is answered by the next step, and nothing shows there any more; linked again, there is a new post.
/// Method: alice has posts of two requests and unlinks; bob decides the one; she links again and is reminded.
#[tokio::test(flavor = "multi_thread")]
async fn unlinked_posts_lose_their_buttons() {
    let policies = shown(ONE_STEP).replace("\"carol\"] }", "\"carol\"], remind_after = \"1h\" }");
    let office = ChatOffice::open(&policies).await;
    let first = office.files("rita", "db-1", 2).await;
    let old = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    let second = office.files("rita", "db-2", 2).await;
    let room = direct(&office, "alice");
    let other = room.until_text(&second.to_string()).await.expect("a post");
    let asked = office.account("alice").types("/unlink", &[]);
    office.hears("alice", &asked.expect("typed")).await;
    for post in [&old, &other] {
        let left = ends(&office, post.id, "No longer linked").await;
        let text = left.text();
        assert!(text.contains("Decide by the mail"), "{text}");
        assert!(!text.contains("db") && !text.contains("disk"), "{text}");
    }
    let said = late(&office, "alice", &old).await;
    assert!(said.contains("/link") && said.contains("mail"), "{said}");
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    office.votes("bob", first, Approve).await;
    let bobs = direct(&office, "bob")
        .until_text("**Approved** by Bob")
        .await;
    bobs.expect("his own shows it");
    let still = office.double.post(old.id).expect("there");
    assert!(
        still.text().contains("No longer linked"),
        "{}",
        still.text()
    );

    office.links("alice").await;
    office.advance(jiff::SignedDuration::from_mins(61));
    until("a new post", async || {
        let posts = room.posts();
        let waits = |post: &&Post| post.text().contains("Waiting") && !labels(post).is_empty();
        (posts.iter().filter(waits).count() == 1).then_some(())
    })
    .await;
    assert_eq!(room.posts().len(), 3, "two that ended, one that is new");
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: the same where the operator ends it: by the command line, by another mapping in the policies, and by
/// disabling the person, whose posts say so. Method: alice, bob and una's account given to carol; each clicks.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_ends_loses_its_buttons() {
    let office = ChatOffice::furnish(&shown(ONE_STEP)).await;
    let account = |name: &str| office.account(name).id().get().to_string();
    let (carols, unas) = (account("carol"), account("una"));
    let maps = |text: &mut String, account: &str| {
        let id = "id = \"carol\"\n";
        *text = text.replace(id, &format!("{id}discord = {account}\n"));
    };
    let policies = shown(ONE_STEP);
    office
        .apply_with(&policies, |text| maps(text, &carols))
        .await;
    let mut office = office;
    office.start().await;
    office.double.until_listening().await.expect("a bot");
    let request = office.files("rita", "db-1", 2).await;
    let mut posts = Vec::new();
    for name in ["alice", "bob", "carol"] {
        posts.push(reads(&direct(&office, name), "Waiting for a decision").await);
    }
    let [alice, bob, carol] = &posts[..] else {
        panic!("three posts");
    };
    let mut conn = office.pool.acquire().await.expect("a connection");
    countersign::store::chat::end(
        &mut conn,
        "discord",
        (Some(&PersonId::from("alice")), None),
        countersign::store::chat::EndedBy::Operator,
        office.clock.now(),
    )
    .await
    .expect("ended");
    drop(conn);
    ends(&office, alice.id, "No longer linked").await;

    let changes = |text: &mut String| {
        maps(text, &unas);
        let id = "id = \"bob\"\n";
        *text = text.replace(id, &format!("{id}active = false\n"));
    };
    office.apply_with(&policies, changes).await;
    ends(&office, carol.id, "No longer linked").await;
    ends(&office, bob.id, "you are not active").await;
    for (name, post, next) in [
        ("alice", alice, "/link"),
        ("carol", carol, "/link"),
        ("bob", bob, "is disabled"),
    ] {
        let said = late(&office, name, post).await;
        assert!(said.contains(next), "{name}: {said}");
    }
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    office.votes("carol", request, Approve).await;
    reads(&office.channel, "**Approved** by Carol").await;
    office.everybody_reads().await;
    office.close().await;
}
