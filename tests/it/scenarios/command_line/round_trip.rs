//! `doctor mail`: probes there and back at the real servers.

use std::fmt::Write as _;

use countersign_sandbox::{Answer, Dns};
use data_encoding::BASE64;
use mail_auth::common::crypto::Ed25519Key;

use crate::office::{ONE_STEP, Office};

/// What the program says, and the word for how one thing is.
struct Said {
    lines: Vec<serde_json::Value>,
    code: Option<i32>,
}

impl Said {
    async fn by(office: &Office) -> Self {
        let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["doctor", "mail", "--json", "--config"])
            .arg(office.config_file())
            .output()
            .await
            .expect("the program runs");
        Self {
            lines: serde_json::from_slice(&done.stdout).expect("JSON"),
            code: done.status.code(),
        }
    }

    fn how(&self, what: &str, words: &str) -> &str {
        let mut lines = self.lines.iter();
        let line = lines.find(|line| line["what"] == what && line.to_string().contains(words));
        line.unwrap_or_else(|| panic!("nothing says `{words}` of {what}: {:#?}", self.lines))["how"]
            .as_str()
            .expect("a word")
    }
}

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
    let said = Said::by(&office).await;
    assert_eq!(
        said.code,
        Some(2),
        "something is wrong, and wins over name servers that are away: {:#?}",
        said.lines
    );
    let how = |what, words| said.how(what, words);
    assert_eq!(how("trip", "own address arrives"), "ok");
    assert_eq!(how("trip", "plus-addressing"), "ok");
    assert_eq!(how("smuggling", "no second mail"), "ok");
    assert_eq!(how("imap", "IDLE"), "ok");
    assert_eq!(how("size", "max_mail_bytes = 26214400"), "hint");
    assert_eq!(how("imap", "`Processed` is there"), "ok");
    assert_eq!(how("results", "authserv_id = "), "wrong");
    assert_eq!(how("spf", "could not be asked"), "away");
    assert_eq!(office.count("SELECT count(*) FROM delivery").await, 0);
    let heard = "SELECT count(*) FROM inbound_mail WHERE verdict NOT IN ('silent')";
    assert_eq!(office.count(heard).await, 0);
    office.close().await;
}

/// Goal: with `[smtp.dkim]` the operator reads whether the signature on a mail of ours proves our domain when it
/// has arrived, not only that there is a key.
/// Method: the right key in DNS, another one, none, and a server that does not answer.
#[tokio::test(flavor = "multi_thread")]
async fn our_own_signature_is_verified() {
    let private = Ed25519Key::generate_pkcs8().expect("a key");
    let public = Ed25519Key::from_pkcs8_der(&private)
        .expect("a key")
        .public_key();
    let record = |public: &[u8]| format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(public));
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n",
        BASE64.encode(&private)
    );
    let dns = Dns::start().await.expect("a name server");
    let office = Office::furnish_with(ONE_STEP, |text| {
        let _ = write!(
            text,
            "\n[smtp.dkim]\ndomain = \"example.test\"\nselector = \"s1\"\nkey = {{ value = \"{pem}\" }}\n\
             \n[dns]\nservers = [\"{}\"]\ntimeout = \"500ms\"\nkeep_at_most = \"1s\"\n",
            dns.address()
        );
    })
    .await;
    let name = "s1._domainkey.example.test";
    for (answer, words, how) in [
        (
            Answer::Texts(vec![record(&public)]),
            "our signature on a mail that arrived verifies",
            "ok",
        ),
        (
            Answer::Texts(vec![record(&[7; 32])]),
            "our signature does not verify",
            "wrong",
        ),
        (Answer::NoName, "our signature does not verify", "wrong"),
        (Answer::ServFail, "could not be asked", "away"),
    ] {
        dns.says(name, answer);
        let said = Said::by(&office).await;
        assert_eq!(said.how("dkim", words), how, "{words}");
    }
}
