//! Logging in to the mail servers by access tokens, at Dovecot and Postfix as they are.

use std::fmt::Write as _;

use countersign::oauth::kept::Kept;
use countersign::workflow::notice::Kind;
use countersign_sandbox::oauth::{CLIENT_SECRET, REFRESH_TOKEN, TokenServer};
use countersign_sandbox::{PASSWORD, Stack};

use crate::office::{ONE_STEP, Office, until};

/// Takes the passwords out of a `bot.toml` and puts an `[oauth]` in; `more` are further lines of it.
fn by_token(text: &mut String, server: &TokenServer, more: &str) {
    let stack = Stack::from_env().expect("the stack of this run");
    let mailbox = text
        .lines()
        .find_map(|line| line.strip_prefix("username = \""))
        .map(|rest| rest.trim_end_matches('"').to_owned())
        .expect("a user name");
    *text = text.replace(&format!("password = \"{PASSWORD}\"\n"), "");
    let _ = write!(
        text,
        "\n[oauth]\ntoken_endpoint = \"{}\"\nclient_id = \"{mailbox}\"\n\
         client_secret = {{ value = \"{CLIENT_SECRET}\" }}\nca_file = \"{}\"\n{more}\n",
        server.url(),
        stack.ca_file().display(),
    );
}

async fn endpoint() -> TokenServer {
    let stack = Stack::from_env().expect("the stack of this run");
    TokenServer::start(&stack).await.expect("an endpoint")
}

/// A request that bob approves by mail, and nothing left over.
async fn decides_by_mail(office: Office) {
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    let bob = office.person("bob");
    let ask = bob.hears(Kind::Ask).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    bob.replies(&ask, "APPROVE").await;
    bob.hears(Kind::Recorded).await;
    office.person("rita").hears(Kind::Approved).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Settled).await;
    }
    assert_eq!(office.state(request).await, "approved");
    office.close().await;
}

/// Goal: with either mechanism and either grant the whole road works without a password, and IMAP and
/// SMTP share one token.
/// Method: a story each; what the endpoint was asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_without_passwords() {
    let refresh = format!("refresh_token = \"{REFRESH_TOKEN}\"\nscope = \"mail\"");
    for (mechanism, more, grant) in [
        ("xoauth2", "", "client_credentials"),
        ("oauthbearer", refresh.as_str(), "refresh_token"),
    ] {
        let server = endpoint().await;
        let more = format!("mechanism = \"{mechanism}\"\n{more}");
        let mut office =
            Office::furnish_with(ONE_STEP, |text| by_token(text, &server, &more)).await;
        office.start().await;
        decides_by_mail(office).await;
        let asked = server.with(|behaviour| behaviour.asked.clone());
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[0]["grant_type"], grant);
        assert_eq!(asked[0].contains_key("scope"), grant == "refresh_token");
    }
}

/// Goal: a token that the servers no longer take is had anew, by the refresh token that came with it.
/// Method: the endpoint's first token is over before it is used, and said to be good for an hour.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_had_anew() {
    let server = endpoint().await;
    server.with(|behaviour| behaviour.expired = 1);
    let more = format!("refresh_token = \"{REFRESH_TOKEN}\"");
    let mut office = Office::furnish_with(ONE_STEP, |text| by_token(text, &server, &more)).await;
    office.start().await;
    decides_by_mail(office).await;
    let asked = server.with(|behaviour| behaviour.asked.clone());
    let tokens: Vec<&str> = asked
        .iter()
        .map(|form| form["refresh_token"].as_str())
        .collect();
    assert_eq!(tokens, ["sandbox-refresh-0", "sandbox-refresh-1"]);
}

/// Goal: a refresh token that every answer replaces is good after a restart too, and one that the operator puts
/// in its place comes first.
/// Method: an endpoint that takes the last one only, a daemon started anew again and again; then with another
/// one in the file; then with one that is kept and refused beside one that is configured and good.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_outlives_the_daemon() {
    let server = endpoint().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("refresh");
    std::fs::write(&file, REFRESH_TOKEN).expect("writes");
    let more = format!("refresh_token = {{ file = \"{}\" }}", file.display());
    let mut office = Office::furnish_with(ONE_STEP, |text| by_token(text, &server, &more)).await;
    let shown = |server: &TokenServer| -> Vec<String> {
        let asked = server.with(|behaviour| behaviour.asked.clone());
        asked
            .iter()
            .map(|form| form["refresh_token"].clone())
            .collect()
    };
    let reads = |office: &mut Office| {
        let config = countersign::config::load(&office.config_file());
        office.config = config.unwrap_or_else(|problems| panic!("{problems}"));
    };
    let asked = async |times: usize| {
        let asked = async || (shown(&server).len() >= times).then_some(());
        until("a token is asked for", asked).await;
    };
    for times in 1..=2 {
        reads(&mut office);
        office.start().await;
        asked(times).await;
        office.stop().await;
    }
    assert_eq!(shown(&server), ["sandbox-refresh-0", "sandbox-refresh-1"]);
    std::fs::write(&file, "of-the-operator").expect("writes");
    server.with(|behaviour| "of-the-operator".clone_into(&mut behaviour.refresh));
    reads(&mut office);
    office.start().await;
    asked(3).await;
    office.stop().await;
    assert_eq!(shown(&server)[2], "of-the-operator");
    // One that is kept and good no more, and a configured one that is good.
    let good = "good-again".to_owned();
    server.with(|behaviour| behaviour.refresh.clone_from(&good));
    std::fs::write(&file, &good).expect("writes");
    let kept = directory.path().join("refresh.newest");
    let kept = Kept::new(kept, &good.as_str().into());
    kept.write(&"over".into()).expect("writes");
    let before = shown(&server).len();
    reads(&mut office);
    office.start().await;
    asked(before + 2).await;
    office.stop().await;
    assert_eq!(shown(&server)[before..], ["over".to_owned(), good]);
}

/// Goal: an operator reads why there is no login: the endpoint's error, and the mail server's; no secret
/// is in it, and nobody is hammered meanwhile.
/// Method: an endpoint that refuses; one whose tokens are never good.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_why_there_is_no_login() {
    for (refuses, expired, words) in [
        (
            Some("invalid_grant"),
            0,
            ["invalid_grant", "refresh_token and scope in [oauth]"],
        ),
        (None, 1_000, ["access token", "[oauth]"]),
    ] {
        let server = endpoint().await;
        server.with(|behaviour| {
            behaviour.refuses = refuses;
            behaviour.expired = expired;
        });
        let mut office = Office::furnish_with(ONE_STEP, |text| by_token(text, &server, "")).await;
        office.start().await;
        for part in ["imap", "smtp"] {
            let said = until(&format!("{part} complains"), async || {
                let complaints = office.daemon().complaints().await;
                complaints
                    .get(part)
                    .filter(|said| said.contains(words[0]))
                    .cloned()
            })
            .await;
            assert!(said.contains(words[1]), "{part}: {said}");
            assert!(!said.contains(CLIENT_SECRET), "{part}: {said}");
        }
        let asked = server.with(|behaviour| behaviour.asked.len());
        assert!(asked < 20, "{asked} tokens were asked for");
        office.stop().await;
    }
}
