//! Windows that approvers write below an approval.

use countersign::workflow::notice::Kind;

use crate::office::{Office, TWO_STEPS};

/// Goal: a window that can mean two things decides nothing, and the answer has both readings, to be written
/// instead; the same token then still decides.
/// Method: an hour that may be morning or evening, a time that comes twice in Lisbon, a line that only
/// begins like a window, and two of them; then DISAPPROVE with such a line as its comment.
#[tokio::test(flavor = "multi_thread")]
async fn w16_a_window_that_is_not_clear_is_asked_back() {
    let office = Office::open(TWO_STEPS).await;
    let [rita, alice] = ["rita", "alice"].map(|name| office.person(name));
    let request = office.files("rita", "db-1", 2).await;
    rita.hears(Kind::Filed).await;
    let ask = alice.hears(Kind::Ask).await;
    for (lines, wrote, offered) in [
        ("until 5", "`until 5`", "Write `5:00` or `17:00`."),
        (
            "from 2030-10-27 01:30 to 03:00",
            "`from 2030-10-27 01:30 to 03:00`",
            "Write `2030-10-27T01:30+01:00` (WEST) or `2030-10-27T01:30+00:00` (WET).",
        ),
        ("for 2h, and be quick", "`for 2h, and be quick`", "`for 2h`"),
        ("for 2h\nuntil 18:00", "`until 18:00`", "APPROVE"),
    ] {
        alice.replies(&ask, &format!("APPROVE\n\n{lines}")).await;
        let answer = alice.hears(Kind::Unclear).await.text();
        let answer = answer.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            answer.contains(wrote) && answer.contains(offered),
            "{answer}"
        );
        assert_eq!(office.state(request).await, "pending");
    }
    alice.replies(&ask, "DISAPPROVE\n\nuntil 5").await;
    alice.hears(Kind::Recorded).await;
    let told = rita.hears(Kind::Rejected).await;
    assert!(told.text().contains("until 5"), "{}", told.text());
    office.close().await;
}
