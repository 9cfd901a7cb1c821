//! What whoever watches us reads over HTTP.

use countersign::workflow::request::Decision;

use crate::office::{ONE_STEP, Office, until};

/// The page of figures, as a program that watches asks for it.
async fn page(office: &Office) -> String {
    let address = office.config.status.expect("it listens");
    let url = format!("http://{address}/metrics");
    let answer = until("the page answers", async || reqwest::get(&url).await.ok()).await;
    assert_eq!(answer.status().as_u16(), 200);
    let kind = answer.headers()["content-type"].to_str().expect("text");
    assert_eq!(kind, "text/plain; version=0.0.4");
    answer.text().await.expect("a page")
}

/// A figure of the page; a line that is not there is none.
fn figure(page: &str, name: &str) -> Option<f64> {
    let mut lines = page.lines();
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.map(|figure| figure.parse().expect("a number"))
}

/// Goal: the figures of `/metrics` move with what happens, and are the tables' own after a restart.
/// Method: asked before anything happened; one request is filed and approved; asked of a daemon that was
/// started since, because one daemon gives the same answer for a while.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_move_with_what_happens() {
    const OPEN: &str = "countersign_requests{state=\"open\"}";
    const APPROVED: &str = "countersign_requests{state=\"approved\"}";
    const SENT: &str = "countersign_deliveries{channel=\"mail\",state=\"sent\"}";
    const VOTES: &str = "countersign_decisions{channel=\"command_line\",decision=\"approve\"}";
    let mut office = Office::furnish(ONE_STEP).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    office.config.status = Some(listener.local_addr().expect("its address"));
    drop(listener);
    office.start().await;
    let before = page(&office).await;
    for (name, expected) in [
        (OPEN, Some(0.0)),
        (APPROVED, Some(0.0)),
        (SENT, Some(0.0)),
        (VOTES, None),
    ] {
        assert_eq!(figure(&before, name), expected, "{name}: {before}");
    }
    let request = office.files("rita", "db-1", 2).await;
    office.files("rita", "db-2", 2).await;
    office.votes("bob", request, Decision::Approve).await;
    office.everybody_reads().await;
    let sent = "SELECT count(*) FROM delivery WHERE channel = 'mail' AND state = 'sent'";
    let sent = u32::try_from(office.count(sent).await).expect("few");
    assert!(sent > 0);
    assert_eq!(page(&office).await, before, "kept for a while");
    office.stop().await;
    office.start().await;
    until("it is ready", async || {
        office.daemon().complaints().await.is_empty().then_some(())
    })
    .await;
    let after = page(&office).await;
    for (name, expected) in [
        (OPEN, 1.0),
        (APPROVED, 1.0),
        (SENT, f64::from(sent)),
        (VOTES, 1.0),
        ("countersign_ready", 1.0),
    ] {
        assert_eq!(figure(&after, name), Some(expected), "{name}: {after}");
    }
    office.close().await;
}
