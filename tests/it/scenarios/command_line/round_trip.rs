//! `doctor mail`: probes there and back at the real servers.

use crate::office::{ONE_STEP, Office};

/// Goal: the operator reads what a round trip shows, nothing is left in the mailbox, the daemon beside it
/// answers none of the probes, and the exit code says that something is to be mended.
/// Method: the real program, while the daemon watches the same mailbox; the name of the checking server
/// is wrong in its `bot.toml`.
#[tokio::test(flavor = "multi_thread")]
async fn probes_go_round() {
    let mut office = Office::furnish_with(ONE_STEP, |text| {
        *text = text.replace(
            "authserv_id = \"mail.example.test\"",
            "authserv_id = \"mx.other.test\"",
        );
        text.push_str("\n[dns]\nservers = [\"127.0.0.1:9\"]\ntimeout = \"200ms\"\n");
    })
    .await;
    office.start().await;
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["doctor", "mail", "--json", "--config"])
        .arg(office.config_file())
        .output()
        .await
        .expect("the program runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(
        done.status.code(),
        Some(2),
        "something is wrong, and wins over name servers that are away: {said}"
    );
    let lines: Vec<serde_json::Value> = serde_json::from_str(&said).expect("JSON");
    let how = |what: &str, words: &str| {
        lines
            .iter()
            .find(|line| line["what"] == what && line.to_string().contains(words))
            .unwrap_or_else(|| panic!("nothing says `{words}` of {what}: {said}"))["how"]
            .as_str()
            .expect("a word")
            .to_owned()
    };
    assert_eq!(how("trip", "own address arrives"), "ok");
    assert_eq!(how("trip", "plus-addressing"), "ok");
    assert_eq!(how("smuggling", "no second mail"), "ok");
    assert_eq!(how("imap", "IDLE"), "ok");
    assert_eq!(how("imap", "`Processed` is there"), "ok");
    assert_eq!(how("results", "authserv_id = "), "wrong");
    assert_eq!(how("spf", "could not be asked"), "away");
    assert_eq!(office.count("SELECT count(*) FROM delivery").await, 0);
    let heard = "SELECT count(*) FROM inbound_mail WHERE verdict NOT IN ('silent')";
    assert_eq!(office.count(heard).await, 0);
    office.close().await;
}
