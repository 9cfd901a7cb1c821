//! Whatever is only looked at changes nothing, whoever looks.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use countersign::workflow::notice::Kind;
use futures::StreamExt as _;
use regex::Regex;

use super::{asked, browser, open, open_with, path};
use crate::office::{ONE_STEP, Office};

/// Everything that there is, as one number: rows of every table, told apart by what they hold.
async fn all(office: &Office) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
           AND relkind = 'r' AND relname NOT IN ('lease', '_sqlx_migrations') ORDER BY 1",
    )
    .fetch_all(&office.pool)
    .await
    .expect("tables");
    let mut all = String::new();
    for table in tables {
        let sql = format!(
            "SELECT md5(coalesce(string_agg(to_jsonb(row)::text, '' ORDER BY to_jsonb(row)::text), ''))
             FROM {table} AS row"
        );
        let hash: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_one(&office.pool)
            .await
            .expect("a hash");
        let _ = writeln!(all, "{table} {hash}");
    }
    all
}

/// Goal: no GET, HEAD, OPTIONS or unknown method changes a row, at any stage of a decision. Method: every
/// path in every method, before, between and after a decision, and all rows compared.
#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    let office = open(ONE_STEP).await;
    let (_, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    let sent = hers.sends(&page, &[("decision", "approve")]).await;
    let confirm = sent.header("location").expect("a place").to_owned();
    let code = super::code(&office, "alice").await;
    for stage in ["drafted", "decided"] {
        office.everybody_reads().await;
        let before = all(&office).await;
        for method in [
            "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND",
        ] {
            let query = format!("{link}?decision=approve&code={code}");
            let below = format!("{link}/x");
            for path in [&link, &confirm, &query, &below, "/", "/d/", "/style/x.css"] {
                let seen = hers
                    .asks(method, path, &[("Sec-Fetch-Site", "none")], "")
                    .await;
                assert!(seen.status != 500, "{method} {path}: {}", seen.status);
                assert!(method != "HEAD" || seen.body.is_empty(), "{path}");
            }
        }
        assert_eq!(all(&office).await, before, "{stage}");
        if stage == "drafted" {
            let page = hers.opens(&confirm).await;
            assert_eq!(hers.sends(&page, &[("code", &code)]).await.status, 303);
        }
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: every answer keeps what it shows to itself. Method: the headers of a page, a redirect, an unknown
/// link, a refusal and the style sheet; nothing in a page comes from elsewhere or runs.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers() {
    let office = open(ONE_STEP).await;
    let (_, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    let sent = hers.sends(&page, &[("decision", "disapprove")]).await;
    let refused = hers.sends(&page, &[]).await;
    let sheet = Regex::new("href=\"(/style/[0-9a-f]+.css)\"").expect("a pattern");
    let body = page.body.replace("&#x2f;", "/");
    let sheet = sheet.captures(&body).expect("a style sheet")[1].to_owned();
    let sheet = hers.opens(&sheet).await;
    assert_eq!(
        (sheet.status, sheet.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
    let unknown = hers.opens("/d/mfrggzdfmztwq2lknnwg23tpoa").await;
    for seen in [&page, &sent, &refused, &unknown, &sheet] {
        let has = |name: &str, value: &str| {
            let found = seen.header(name).unwrap_or_default();
            assert!(found.contains(value), "{}: {name}: {found}", seen.path);
        };
        has(
            "content-security-policy",
            "default-src 'none'; style-src 'self'; form-action 'self'",
        );
        has("content-security-policy", "frame-ancestors 'none'");
        has("referrer-policy", "no-referrer");
        has("x-content-type-options", "nosniff");
        has("permissions-policy", "camera=()");
        has("cross-origin-opener-policy", "same-origin");
        if seen.path != sheet.path {
            has("cache-control", "no-store");
        }
        assert_eq!(
            seen.header("strict-transport-security"),
            None,
            "not https here"
        );
    }
    let tags: String = Regex::new("<[^>]*>")
        .expect("a pattern")
        .find_iter(&page.body)
        .map(|tag| tag.as_str())
        .collect();
    for wrong in [
        "<script",
        "style=",
        "http://",
        "https://",
        " on",
        "javascript:",
    ] {
        assert!(!tags.contains(wrong), "{wrong}");
    }
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a scanner that fetches every address in 1,000 real mails, follows every redirect and submits
/// nothing leaves 1,000 requests pending and no trace of a decision. Method: the mails as they arrived, text
/// and HTML; HEAD and GET each; whatever a page links to is fetched as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_leaves_a_thousand_requests_pending() {
    const MAILS: i64 = 1_000;
    let alone = ONE_STEP.replace(r#"["alice", "bob", "carol"] }"#, r#"["alice"] }"#);
    let office = open_with(&alone, |_| {}).await;
    let names: Vec<String> = (0..MAILS).map(|n| format!("db-{n}")).collect();
    let filed = futures::stream::iter(&names).map(|name| office.files("rita", name, 2));
    assert_eq!(filed.buffer_unordered(8).count().await, names.len());
    let asked = "SELECT count(*) FROM delivery WHERE state = 'sent' AND kind = 'ask'";
    crate::office::until("all mails are sent", async || {
        (office.count(asked).await == MAILS).then_some(())
    })
    .await;
    office.everybody_reads().await;
    let before = all(&office).await;
    let mails = office.person("alice").mailbox.inbox().expect("the mails");
    let address = Regex::new(r#"https?://[^\s"'<>]+"#).expect("a pattern");
    let mut links = BTreeSet::new();
    for mail in &mails {
        let raw = mail.text() + &mail.html().replace("&#x2f;", "/");
        links.extend(
            address
                .find_iter(&raw)
                .map(|found| found.as_str().to_owned()),
        );
    }
    assert_eq!(
        links.len(),
        names.len(),
        "one page a mail, in text and HTML alike"
    );
    let scans = futures::stream::iter(&links).map(|link| scan(&office, link));
    let pages: Vec<bool> = scans.buffer_unordered(16).collect().await;
    assert_eq!(pages.iter().filter(|opened| **opened).count(), names.len());
    assert_eq!(all(&office).await, before, "nothing was written at all");
    let pending = "SELECT count(*) FROM request WHERE state = 'pending'";
    assert_eq!(office.count(pending).await, MAILS);
    assert_eq!(office.count("SELECT count(*) FROM vote").await, 0);
    office.close().await;
}

/// Fetches an address as scanners do; whether it was the page of a pending request.
async fn scan(office: &Office, link: &str) -> bool {
    let scanner = browser(office);
    let mut path = link
        .splitn(4, '/')
        .nth(3)
        .map(|rest| format!("/{rest}"))
        .expect("a path");
    scanner.asks("HEAD", &path, &[], "").await;
    let mut seen = scanner.opens(&path).await;
    while let Some(next) = seen.header("location") {
        path = next.to_owned();
        seen = scanner.opens(&path).await;
    }
    let inside = Regex::new(r#"(?:href|src|action)="([^"]+)""#).expect("a pattern");
    for found in inside.captures_iter(&seen.body) {
        scanner.opens(&found[1].replace("&#x2f;", "/")).await;
    }
    seen.status == 200 && seen.offers("approve")
}

/// Goal: no token and no code reaches a log, at any level. Method: everything that the process says while a
/// decision is made by link, wrong links and all.
#[test]
fn no_token_is_logged() {
    let said = Said::default();
    let writer = said.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let secrets = runtime.block_on(async {
        let office = open(ONE_STEP).await;
        office.files("rita", "db-1", 2).await;
        let link = path(&office.person("alice").hears(Kind::Ask).await);
        let mut hers = browser(&office);
        let page = hers.opens(&link).await;
        let sent = hers.sends(&page, &[("decision", "approve")]).await;
        let confirm = hers.follows(&sent).await;
        let code = super::code(&office, "alice").await;
        hers.sends(&confirm, &[("code", "12345678")]).await;
        let sent = hers.sends(&confirm, &[("code", &code)]).await;
        let cookie = sent.header("set-cookie").expect("a cookie");
        let cookie = cookie.split(['=', ';']).nth(1).expect("a value").to_owned();
        hers.opens("/d/mfrggzdfmztwq2lknnwg23tpoa").await;
        office.everybody_reads().await;
        office.close().await;
        [
            link[3..].to_owned(),
            code,
            cookie,
            "mfrggzdfmztwq2lknnwg23tpoa".to_owned(),
        ]
    });
    let said = said.0.lock().expect("lock");
    let said = String::from_utf8_lossy(&said);
    let ours = said.lines().filter(|line| line.contains(" countersign::"));
    assert!(ours.clone().count() > 5, "the daemon says what it does");
    for line in said.lines().filter(|line| !line.contains("lettre")) {
        for secret in &secrets {
            assert!(
                !line.contains(secret.as_str()),
                "{}",
                line.replace(secret.as_str(), "…")
            );
        }
    }
}

#[derive(Clone, Default)]
struct Said(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Goal: `doctor` says whether the page answers where it should, and warns where no code is asked for. Method:
/// the daemon running; then stopped; then something else at its address.
#[tokio::test(flavor = "multi_thread")]
async fn doctor_looks_at_the_page() {
    let mut office = open(ONE_STEP).await;
    let listen = office.config.web.as_ref().expect("a page").listen;
    let file = office.config_file();
    let mut text = std::fs::read_to_string(&file).expect("bot.toml");
    let _ = write!(
        text,
        "\n[web]\nlisten = \"{listen}\"\npublic_url = \"http://{listen}\"\nask_code = false\n"
    );
    std::fs::write(&file, text).expect("written");
    let doctor = async || {
        let said = tokio::process::Command::new(env!("CARGO_BIN_EXE_countersign"))
            .arg("--config")
            .arg(&file)
            .arg("doctor")
            .output()
            .await
            .expect("it runs");
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let said = doctor().await;
    for line in [
        &format!("ok     web        the page answers at {listen}"),
        &format!("ok     web        http://{listen} leads to the page"),
        "[web] ask_code: whoever holds a mail, forwarded ones too, can decide by its link",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    office.stop().await;
    let said = doctor().await;
    assert!(said.contains("is free; `serve` is not running"), "{said}");
    let other = tokio::net::TcpListener::bind(listen)
        .await
        .expect("the address");
    let answers = tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            // Whoever is not heard out is told so by a reset, and reads no answer.
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    });
    let said = doctor().await;
    assert!(
        said.contains("wrong  web        something else than the page answers"),
        "{said}"
    );
    answers.abort();
    let _ = answers.await;
    office.start().await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: behind https the browser is told to stay there, and its cookie goes nowhere else. Method: the page as
/// the proxy sees it, told that browsers come by https.
#[tokio::test(flavor = "multi_thread")]
async fn https_binds_the_cookie() {
    let office = open_with(ONE_STEP, |web| web.https = true).await;
    let (_, link) = asked(&office, "db-1").await;
    let mut hers = browser(&office);
    let page = hers.opens(&link).await;
    let stays = page.header("strict-transport-security");
    assert_eq!(stays, Some("max-age=31536000"));
    let sent = hers.sends(&page, &[("decision", "approve")]).await;
    let confirm = hers.follows(&sent).await;
    let code = super::code(&office, "alice").await;
    let sent = hers.sends(&confirm, &[("code", &code)]).await;
    let cookie = sent.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-countersign="), "{cookie}");
    assert!(
        cookie.contains("; Path=/; ") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert!(
        hers.follows(&sent)
            .await
            .text()
            .contains("Your approval is recorded")
    );
    office.everybody_reads().await;
    office.close().await;
}
