//! One mail a day for whoever wants it.

use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision::{Approve, Disapprove};
use jiff::SignedDuration;

use crate::office::{ONE_STEP, Office};

/// Goal: whoever has a kind in their digest hears of it in one mail at their hour, in order, and of nothing
/// twice; what needs them, and everybody else, is told at once.
/// Method: bob has `settled` in his digest; two requests are decided by alice; carol hears at once; the
/// clock goes on by a day, twice; the daemon is another one by then.
#[tokio::test(flavor = "multi_thread")]
async fn bob_reads_it_in_the_morning() {
    let mut office = Office::open(ONE_STEP).await;
    let wants = |text: &mut String| {
        *text = text.replace("id = \"bob\"", "id = \"bob\"\ndigest = [\"settled\"]");
    };
    office.apply_with(ONE_STEP, wants).await;
    let [rita, alice, bob, carol] =
        ["rita", "alice", "bob", "carol"].map(|name| office.person(name));
    let mut requests = Vec::new();
    for (resource, decision, told) in [
        ("db-1", Approve, Kind::Approved),
        ("db-2", Disapprove, Kind::Rejected),
    ] {
        let request = office.files("rita", resource, 1).await;
        rita.hears(Kind::Filed).await;
        for person in [&alice, &bob, &carol] {
            person.hears(Kind::Ask).await;
        }
        office.votes("alice", request, decision).await;
        rita.hears(told).await;
        carol.hears(Kind::Settled).await;
        requests.push(request);
    }
    let waiting = "SELECT count(*) FROM delivery WHERE state = 'waiting' AND person = 'bob'";
    assert_eq!(office.count(waiting).await, 2);
    assert!(bob.unread().is_empty());

    office.stop().await;
    office.start().await;
    office.advance(SignedDuration::from_hours(24));
    rita.hears(Kind::GrantEnded).await;
    let digest = bob.hears_of("What happened: 2 notices").await;
    let text = digest.text();
    let lines: Vec<&str> = text.lines().filter(|l| l.starts_with("- ")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, (request, what)) in lines.iter().zip(requests.iter().zip([
        "db-1 as admin was approved by Alice",
        "db-2 as admin was rejected by Alice",
    ])) {
        assert!(
            line.contains(&request.to_string()) && line.contains(what),
            "{line}"
        );
    }
    let unsubscribe = digest.header("List-Unsubscribe").expect("a header");
    assert!(
        unsubscribe.contains(&office.address("ada")),
        "{unsubscribe}"
    );
    assert_eq!(
        digest.header("Auto-Submitted").as_deref(),
        Some("auto-generated")
    );
    office.counts(waiting, 0).await;
    office.advance(SignedDuration::from_hours(24));
    let digests = "SELECT count(*) FROM delivery WHERE kind = 'digest'";
    assert_eq!(office.count(digests).await, 1);
    office.close().await;
}
