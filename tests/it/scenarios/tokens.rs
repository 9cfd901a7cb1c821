//! Logging in to the mail servers by access tokens, at Dovecot and Postfix as they are.

use std::fmt::Write as _;

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
