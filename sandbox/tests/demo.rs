//! The demo as a test: what `make demo` tells has to come true, and its page has to work.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// Two stacks may be starting beside it.
const PATIENCE: Duration = Duration::from_secs(150);

/// The demo, as a child process.
fn demo(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_countersign-sandbox"))
        .arg("demo")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("start the demo; the daemon beside it comes from `cargo build --workspace`")
}

/// The directory that its first line names.
fn directory(first: &str) -> PathBuf {
    let name = first.split(' ').find(|word| word.contains("countersign-"));
    PathBuf::from(name.expect("the first line names the directory"))
}

/// Whether any process has this directory in its command line.
fn used(directory: &Path) -> bool {
    let name = directory.display().to_string();
    std::fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(&name))
}

/// Goal: the story comes true, is told in order, and leaves neither files nor processes.
/// Method: `demo --once` as a child process; its words, its exit code, its directory afterwards.
#[tokio::test]
async fn the_story_comes_true_and_leaves_nothing() {
    let ended = timeout(PATIENCE, demo(&["--once"]).wait_with_output()).await;
    let output = ended.expect("the demo ends").expect("the demo runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}");
    let mut rest = told.as_str();
    for words in [
        "Rita types",
        "R-1 filed: credential",
        "In the channel that the policy names",
        "Please decide R-1",
        "was not understood",
        "your approval is recorded",
        "(America/Sao_Paulo)",
        "carries no signature",
        "Bob opens",
        "Your code to decide R-1",
        "Now it counts",
        "Bob Barbosa approved by the link",
        "Carol presses",
        "R-1 is approved",
        "active_grants",
        "The whole story took",
    ] {
        let (_, after) = rest
            .split_once(words)
            .unwrap_or_else(|| panic!("`{words}` is not told, or not in its place:\n{told}"));
        rest = after;
    }
    let directory = directory(told.lines().next().unwrap_or_default());
    assert!(!directory.exists(), "{} is left", directory.display());
    assert!(
        !used(&directory),
        "processes of {} are left",
        directory.display()
    );
}

/// Reads what the demo tells until a line contains these words.
async fn told(lines: &mut tokio::io::Lines<BufReader<ChildStdout>>, words: &str) -> String {
    loop {
        let line = lines.next_line().await.expect("a readable line");
        let line = line.unwrap_or_else(|| panic!("the demo ended before `{words}`"));
        if line.contains(words) {
            return line;
        }
    }
}

/// One request to the page: status line, head and body as they came.
async fn asks(port: &str, method: &str, path: &str, form: &str) -> String {
    let mut page = TcpStream::connect(format!("127.0.0.1:{port}"))
        .await
        .expect("the page listens");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    page.write_all(request.as_bytes())
        .await
        .expect("the page reads");
    let mut answer = String::new();
    page.read_to_string(&mut answer)
        .await
        .expect("the page answers");
    answer
}

/// Goal: on the page one can ask and decide; an interrupt ends everything.
/// Method: a request by its form, Alice's refusal by hers, what is shown then; SIGINT.
#[tokio::test]
async fn the_page_takes_part_and_an_interrupt_ends_it() {
    let mut child = demo(&["--port", "0"]);
    let stdout = child.stdout.take().expect("its output");
    let mut lines = BufReader::new(stdout).lines();
    let (directory, port) = timeout(PATIENCE, async {
        let first = told(&mut lines, "Starting").await;
        let address = told(&mut lines, "Be one of them:  http://").await;
        let port = address.rsplit(':').next().unwrap_or_default();
        (directory(&first), port.trim_end_matches('/').to_owned())
    })
    .await
    .expect("the page comes up");

    let wish = "resource=prod-db-9&account=admin&length=1h&reason=%3Cb%3E+is+escaped";
    let filed = asks(&port, "POST", "/request", wish).await;
    assert!(filed.starts_with("HTTP/1.1 303 "), "{filed}");
    let home = asks(&port, "GET", "/", "").await;
    assert!(
        home.contains("R-2: filed") && home.contains("&lt;b&gt; is escaped"),
        "{home}"
    );
    assert!(!home.contains("<b>"), "{home}");
    timeout(PATIENCE, async {
        while !asks(&port, "GET", "/mailbox/alice/5", "")
            .await
            .contains("Please decide R-2")
        {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("Alice is asked");
    let refusal = "text=DISAPPROVE%3A+not+tonight&door=person";
    let sent = asks(&port, "POST", "/mailbox/alice/5/reply", refusal).await;
    assert!(sent.starts_with("HTTP/1.1 303 "), "{sent}");
    timeout(PATIENCE, async {
        while !asks(&port, "GET", "/", "")
            .await
            .contains("alice disapproved: not tonight")
        {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("her vote is shown");

    let pid = i32::try_from(child.id().expect("it runs")).expect("a pid");
    let interrupt = nix::sys::signal::Signal::SIGINT;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), interrupt).expect("a signal");
    let status = timeout(PATIENCE, child.wait())
        .await
        .expect("it ends")
        .expect("it ran");
    assert!(status.success(), "{status}");
    assert!(
        !directory.exists() && !used(&directory),
        "{} is left",
        directory.display()
    );
}
