//! What of the chat must not come out, and whom its line trusts.

use std::fs::File;
use std::process::{Command, Stdio};

use super::lease::Program;
use super::posts::{direct, reads, shown};
use crate::office::ONE_STEP;
use crate::office::chat::ChatOffice;

/// The tokens of interactions, as they stand in the paths that the bot called.
fn tokens(office: &ChatOffice) -> Vec<String> {
    let seen = office.double.requests();
    let of = |path: &str| {
        let after = path.split_once("/interactions/")?.1;
        after.split('/').nth(1).map(str::to_owned)
    };
    seen.iter().filter_map(|seen| of(&seen.path)).collect()
}

/// Goal: the line to the gateway trusts the authorities of the system, as in a network that ends TLS by itself;
/// and whatever filter an operator sets, no token comes into the log.
/// Method: the real program, told a gateway with TLS by an authority that only `SSL_CERT_FILE` names, with every
/// line asked for, answers a button; then its log is searched.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_no_token() {
    let mut office = ChatOffice::furnish(&shown(ONE_STEP)).await;
    office.writes_config();
    office.double.tell_secure_gateway();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("--config")
        .arg(office.config_file())
        .arg("serve")
        .env(
            "COUNTERSIGN_LOG",
            "trace,serenity=trace,h2=trace,hyper=trace",
        )
        .env("SSL_CERT_FILE", office.double.ca_file())
        .stdout(Stdio::null())
        .stderr(File::create(&log).expect("a file"))
        .spawn();
    let _program = Program(child.expect("the program starts"));
    office.double.until_listening().await.expect("a bot");
    // Another daemon, which stands by.
    office.start().await;
    office.files("rita", "db-1", 2).await;
    let post = reads(&direct(&office, "alice"), "Waiting for a decision").await;
    let asked = office.account("alice").clicks(&post, "Approve");
    let said = office.hears("alice", &asked.expect("a button")).await;
    assert!(said.contains("your approval is recorded"), "{said}");
    let called = office.double.until_requests("POST", "/callback", 1).await;
    called.expect("written down");
    let log = std::fs::read_to_string(&log).expect("a log");
    assert!(log.contains(" INFO countersign"), "{log}");
    let secrets = [tokens(&office), vec![office.double.token()]].concat();
    assert!(secrets.len() > 1);
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "{log}");
    }
    office.everybody_reads().await;
    office.close().await;
}
