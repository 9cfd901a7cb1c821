//! The embedded database and the daemon, as an operator starts and ends them.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Desk;
use crate::office::until;

/// A desk with an embedded database in its folder, a status page, and no `[imap]`.
struct House {
    desk: Desk,
    port: u16,
    notices: UnixDatagram,
}

/// A daemon that is killed if the test ends before it.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl House {
    fn new() -> Self {
        let desk = Desk::at("embedded");
        // The server's own user must be able to get to its directory.
        let open = fs::Permissions::from_mode(0o711);
        fs::set_permissions(desk.folder.path(), open).expect("mode");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("its address").port();
        let notices = UnixDatagram::bind(desk.path("notify")).expect("a socket");
        notices
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a timeout");
        let directory = desk.path("state").display().to_string();
        desk.reconfigures(
            "url = \"embedded\"\n",
            &format!(
                "url = \"embedded\"\ndirectory = \"{directory}\"\n[status]\nlisten = \"127.0.0.1:{port}\"\n"
            ),
        );
        Self {
            desk,
            port,
            notices,
        }
    }

    fn serve(&self) -> Daemon {
        let log = fs::File::create(self.desk.path("log")).expect("a log");
        let child = self
            .desk
            .program()
            .arg("serve")
            .env("NOTIFY_SOCKET", self.desk.path("notify"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program runs");
        Daemon(child)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.desk.path("log")).expect("the log")
    }

    /// Waits until systemd would have been told so.
    async fn is_told(&self, wanted: &str) {
        let mut told = String::new();
        until(&format!("the daemon says {wanted}"), async || {
            let mut buffer = [0; 4096];
            if let Ok(length) = self.notices.recv(&mut buffer) {
                told.push_str(&String::from_utf8_lossy(&buffer[..length]));
                told.push('\n');
            }
            told.lines().any(|line| line == wanted).then_some(())
        })
        .await;
    }

    /// Status line and body of a page; `None` while nobody answers.
    fn page(&self, path: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.lines().next()?.to_owned(), body.to_owned()))
    }

    /// How many processes were started for this house's directory, or work in it.
    fn processes(&self) -> usize {
        let directory = self.desk.path("state").display().to_string();
        let entries = fs::read_dir("/proc").expect("/proc").flatten();
        entries
            .filter(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                if !name.bytes().all(|byte| byte.is_ascii_digit()) {
                    return false;
                }
                let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                let inside = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
                String::from_utf8_lossy(&line).contains(&directory)
                    || inside.starts_with(&directory)
            })
            .count()
    }

    async fn is_empty(&self) {
        until("nothing runs in the directory", async || {
            (self.processes() == 0).then_some(())
        })
        .await;
    }
}

fn send(daemon: &Daemon, signal: Signal) {
    let id = i32::try_from(daemon.0.id()).expect("a process id");
    kill(Pid::from_raw(id), signal).expect("the signal is sent");
}

/// Goal: before there is a daemon, commands start the database, keep what they store, and leave nothing
/// running, also where they end with a mistake or a refusal.
/// Method: apply, file, refuse, mistake; count processes after each.
#[tokio::test(flavor = "multi_thread")]
async fn commands_without_a_daemon() {
    let house = House::new();
    let desk = &house.desk;
    for line in ["request list", "policy show", "audit verify"] {
        desk.types(line)
            .ended(2)
            .complains(&["there is no database in ", "policy apply` makes it"]);
    }
    assert!(!desk.path("state").exists(), "looking makes nothing");
    desk.types("policy apply policies.toml --yes").done();
    assert_eq!(house.processes(), 0);
    desk.files("--resource db-1 --account admin --for 1h --reason x");
    assert_eq!(house.processes(), 0);
    desk.types("approve R-99999 --as bob")
        .refused("unknown-request", "W27");
    assert_eq!(house.processes(), 0);
    desk.types("approve R-99999 --as nobody").ended(2);
    desk.types("policy show").done().says(&["Version 1 "]);
    assert_eq!(house.processes(), 0);
}

/// Goal: the daemon starts with the embedded database and no inbox, tells systemd, answers for its
/// health, lets commands join, and on SIGTERM ends cleanly with everything that it started.
/// Method: its whole life, with an SMTP server that is away.
#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_daemon() {
    let house = House::new();
    let mut daemon = house.serve();
    house.is_told("READY=1").await;
    let (status, body) = until("/healthz answers", async || house.page("/healthz")).await;
    assert!(
        status.contains("200") && body.contains("ok"),
        "{status} {body}"
    );
    until("/readyz names smtp", async || {
        let (status, body) = house.page("/readyz")?;
        let not_well: serde_json::Value = serde_json::from_str(body.trim()).ok()?;
        let why = not_well["not_well"]["smtp"].as_str()?;
        (status.contains("503") && why.contains("127.0.0.1")).then_some(())
    })
    .await;
    let running = house.processes();
    assert!(running > 0);
    house.desk.types("policy apply policies.toml --yes").done();
    let request = house
        .desk
        .files("--resource test-1 --account admin --for 1h");
    let shown = house.desk.types(&format!("request show {request}"));
    shown.done().says(&["approved"]);
    assert!(house.processes() > 0, "a command that joins ends nothing");

    send(&daemon, Signal::SIGTERM);
    house.is_told("STOPPING=1").await;
    let status = daemon.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "{}", house.log());
    assert_eq!(house.processes(), 0, "{}", house.log());
    assert!(!house.log().contains('\u{1b}'), "no colours into a file");
    let shown = house.desk.types(&format!("request show {request}"));
    shown.done().says(&["approved"]);
}

/// Goal: a daemon that is killed leaves no Postgres and no harm.
/// Method: SIGKILL; wait until nothing runs; a command finds what was stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed() {
    let house = House::new();
    let mut daemon = house.serve();
    house.is_told("READY=1").await;
    house.desk.types("policy apply policies.toml --yes").done();
    send(&daemon, Signal::SIGKILL);
    daemon.0.wait().expect("it ends");
    house.is_empty().await;
    house.desk.types("policy show").done().says(&["Version 1 "]);
    assert_eq!(house.processes(), 0);
}
