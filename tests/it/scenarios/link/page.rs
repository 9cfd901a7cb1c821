//! The pages as people see them: in a real browser, small and large, light and dark, read by axe-core.
//!
//! `scripts/page.sh` puts axe-core and playwright-core into the target directory; the browser is Debian's
//! Chromium. Pictures stay in `target/page/shots`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use countersign::command::Command;
use countersign::workflow::notice::Kind;
use countersign::workflow::request::Decision;

use super::{asked, browser, code, open, path};
use crate::office::{Office, TWO_STEPS, until_within};

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    let own = Path::new(env!("CARGO_BIN_EXE_countersign"));
    own.parent()
        .and_then(Path::parent)
        .expect("a target directory")
        .to_owned()
}

fn chromium() -> PathBuf {
    let places = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("a Chromium; `scripts/install.sh test` installs it")
}

/// What the browser is to look at, and one decision to make by keyboard.
struct Plan {
    pages: Vec<(&'static str, String)>,
    walk: String,
}

/// Requests in every state that a page has.
async fn prepared(office: &Office) -> Plan {
    let mut hers = browser(office);
    let mut pages = Vec::new();
    let (first, link) = asked(office, "db-1").await;
    pages.push(("open", link.clone()));
    let page = hers.opens(&link).await;
    let wider = [
        ("decision", "approve_other"),
        ("length", "4 hours"),
        ("comment", "for both nodes"),
    ];
    let sent = hers.sends(&page, &wider).await;
    pages.push((
        "confirm",
        sent.header("location").expect("a place").to_owned(),
    ));
    code(office, "alice").await;

    let (_, link) = asked(office, "db-2").await;
    super::decides(
        office,
        "alice",
        &mut hers,
        (&link, &[("decision", "approve")]),
    )
    .await;
    pages.push(("recorded", link));
    let bobs = path(&office.person("bob").hears(Kind::Ask).await);
    pages.push(("second-step", bobs));

    let (settled, link) = asked(office, "db-3").await;
    office.votes("alice", settled, Decision::Disapprove).await;
    pages.push(("settled", link));
    let (withdrawn, link) = asked(office, "db-4").await;
    let reason = "solved without".to_owned();
    office
        .says(
            "rita",
            Command::Withdraw {
                request: withdrawn,
                reason,
            },
        )
        .await;
    pages.push(("withdrawn", link));
    pages.push(("unknown", "/d/mfrggzdfmztwq2lknnwg23tpoa".to_owned()));
    let (_, link) = asked(office, "db-5").await;
    assert_eq!(office.state(first).await, "pending");
    Plan { pages, walk: link }
}

fn whole(office: &Office, path: &str) -> String {
    let url = &office.config.web.as_ref().expect("a page").public_url;
    format!("{url}{path}")
}

/// Has the browser look at pages, and perhaps walk; nothing may be wrong. Pictures are kept at `shots`.
async fn looks(
    office: &Office,
    (pages, shots): (&[(&'static str, String)], &str),
    (folder, walk): (&Path, Option<serde_json::Value>),
) {
    let pages = pages.iter().map(|(name, path)| {
        let url = whole(office, path);
        serde_json::json!({ "name": name, "url": url })
    });
    let written = serde_json::json!({
        "tools": target().join("page"),
        "chromium": chromium(),
        "shots": target().join(shots),
        "pages": pages.collect::<Vec<_>>(),
        "walk": walk,
    });
    let file = folder.join("plan.json");
    std::fs::write(&file, written.to_string()).expect("the plan");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/page/look.mjs");
    let looked = tokio::process::Command::new("node")
        .arg(script)
        .arg(&file)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("node; `scripts/install.sh test` installs it");
    let said = String::from_utf8_lossy(&looked.stdout);
    let failed = String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{said}{failed}");
}

/// Goal: the same of what a Brazilian sees.
/// Method: alice, whose pages they are, reads Portuguese; one page says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_finds_nothing_wrong_in_portuguese() {
    let policies = TWO_STEPS.replace("approvals = 2", "approvals = 1");
    let office = open(&policies).await;
    let plan = prepared(&office).await;
    office.apply_portuguese(&policies, "alice").await;
    let hers = browser(&office);
    let page = hers.opens(&plan.walk).await;
    assert!(page.body.contains("<html lang=\"pt-BR\""));
    let folder = tempfile::tempdir().expect("a folder");
    looks(
        &office,
        (&plan.pages, "page/shots-pt"),
        (folder.path(), None),
    )
    .await;
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: the page works by keyboard and without JavaScript, and axe-core finds nothing wrong with it at phone
/// and desktop width, in light and dark. Method: Chromium; every kind of page; a decision made with keys alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_finds_nothing_wrong() {
    let office = open(&TWO_STEPS.replace("approvals = 2", "approvals = 1")).await;
    let plan = prepared(&office).await;
    office.everybody_reads().await;
    let folder = tempfile::tempdir().expect("a folder");
    let code_file = folder.path().join("code");
    let walk = serde_json::json!({ "url": whole(&office, &plan.walk), "code_file": &code_file });
    let looking = looks(
        &office,
        (&plan.pages, "page/shots"),
        (folder.path(), Some(walk)),
    );
    let handing_over = async {
        let patience = std::time::Duration::from_mins(2);
        let drafts = "SELECT count(*) FROM web_draft";
        until_within(patience, "the browser sends its form", async || {
            (office.count(drafts).await == 3).then_some(())
        })
        .await;
        let code = code(&office, "alice").await;
        std::fs::write(folder.path().join("new"), code).expect("written");
        std::fs::rename(folder.path().join("new"), &code_file).expect("handed over");
    };
    tokio::join!(looking, handing_over);
    let by_keyboard = "SELECT count(*) FROM vote WHERE comment = 'Seen by keyboard'";
    assert_eq!(office.count(by_keyboard).await, 1);
    office.everybody_reads().await;
    office.close().await;
}
