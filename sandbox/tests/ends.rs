//! Nothing outlives a stack. Starts stacks of its own, so it needs no `with`.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_sandbox::Description;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A stack with a command that waits, and where that stack is.
fn start(folder: &std::path::Path) -> (Child, Description) {
    let file = folder.join("about");
    let script =
        "printf %s \"$COUNTERSIGN_SANDBOX\" > \"$1.new\" && mv \"$1.new\" \"$1\" && read -r _";
    let child = Command::new(env!("CARGO_BIN_EXE_countersign-sandbox"))
        .args(["with", "--", "sh", "-c", script, "sh"])
        .arg(&file)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let text = wait("the stack runs", || std::fs::read_to_string(&file).ok());
    (child, serde_json::from_str(&text).expect("a description"))
}

fn wait<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// How many of its ports answer.
fn answering(about: &Description) -> usize {
    let mailboxes = [about.lmtp, about.imaps, about.imap, about.expired_imaps];
    let ports = mailboxes.into_iter().chain([about.smtp, about.submission]);
    ports
        .filter(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        .count()
}

/// Every process whose command line names the stack's directory.
fn processes(about: &Description) -> Vec<String> {
    let directory = about.directory.display().to_string();
    let all = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&directory)).collect()
}

/// Goal: two stacks run side by side; told to end, one ends and leaves no file; killed, the other
/// leaves no process.
/// Method: SIGTERM to one and SIGKILL to the other; ports, processes and files are counted.
#[test]
fn nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    for path in [&one, &other] {
        std::fs::create_dir(path).expect("a folder");
    }
    let (mut told, told_is) = start(&one);
    let (mut killed, killed_is) = start(&other);
    assert_eq!((answering(&told_is), answering(&killed_is)), (6, 6));
    let pid = Pid::from_raw(i32::try_from(told.id()).expect("a pid"));
    kill(pid, Signal::SIGTERM).expect("SIGTERM");
    assert!(!told.wait().expect("it ended").success());
    assert_eq!(answering(&told_is), 0);
    assert_eq!(processes(&told_is), Vec::<String>::new());
    assert!(!told_is.directory.exists());
    assert_eq!(answering(&killed_is), 6, "the other is untouched");
    killed.kill().expect("SIGKILL");
    killed.wait().expect("it ended");
    wait("its ports are closed", || {
        (answering(&killed_is) == 0).then_some(())
    });
    wait("its processes are gone", || {
        processes(&killed_is).is_empty().then_some(())
    });
    std::fs::remove_dir_all(&killed_is.directory).expect("its files are all that is left");
}

/// Goal: the command's exit code is the program's, and what cannot be run is said.
/// Method: a command that exits with 7, and one that does not exist.
#[test]
fn exits_as_the_command_does() {
    let run = |command: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_countersign-sandbox"));
        program
            .args(["with", "--durable", "--"])
            .args(command)
            .output()
            .expect("it runs")
    };
    let seven = "test -n \"$COUNTERSIGN_SANDBOX\" && test -n \"$DATABASE_URL\" && exit 7";
    assert_eq!(run(&["sh", "-c", seven]).status.code(), Some(7));
    let missing = run(&["/nonexistent/program"]);
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(said.contains("/nonexistent/program"), "{said}");
}
