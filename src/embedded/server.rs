//! The running server: one process, and the thread that started it, listens to it and waits for it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::{oneshot, watch};

use super::EmbeddedError;
use super::binaries::Binaries;
use super::directory::{Place, unrunnable};

/// So many of the server's last lines are kept for an error.
const LAST_WORDS: usize = 8;
/// Longer lines are cut, in bytes.
const MAX_LINE: u64 = 4_096;

/// A server that this process started. Dropping it sends a fast shutdown and does not wait.
#[derive(Debug)]
pub struct Server {
    pid: Pid,
    ended: watch::Receiver<Option<String>>,
    words: Arc<Mutex<VecDeque<String>>>,
}

impl Server {
    /// Starts it; it does not answer yet when this returns.
    pub async fn spawn(
        binaries: &Binaries,
        place: &Place,
        settings: &[(String, String)],
    ) -> Result<Self, EmbeddedError> {
        let mut command = place.command("INT", &binaries.program("postgres"));
        command.arg("-D").arg(&place.data);
        let own = format!("unix_socket_directories={}", quoted(place));
        command.args([
            "-c",
            "listen_addresses=",
            "-c",
            &own,
            "-c",
            "unix_socket_permissions=0700",
        ]);
        // No statements and no values in the log: they carry names and addresses.
        command.args([
            "-c",
            "log_min_error_statement=panic",
            "-c",
            "log_error_verbosity=terse",
        ]);
        command.args([
            "-c",
            "logging_collector=off",
            "-c",
            "log_destination=stderr",
        ]);
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // An interrupt from the terminal is for us; we end the server when nobody needs it any
        // more.
        command
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let (tell_start, started) = oneshot::channel();
        let (tell_end, ended) = watch::channel(None);
        let words = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&words);
        let body = move || match command.spawn() {
            Ok(child) => {
                let _ = tell_start.send(Ok(child.id()));
                let status = attend(child, &kept);
                tell_end.send_replace(Some(status));
            }
            Err(error) => {
                let _ = tell_start.send(Err(error));
            }
        };
        std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(body)
            .map_err(unrunnable)?;
        let pid = started
            .await
            .map_err(|_| unrunnable(std::io::Error::other("the thread that starts it ended")))?
            .map_err(unrunnable)?;
        let pid = Pid::from_raw(i32::try_from(pid).unwrap_or(i32::MAX));
        Ok(Self { pid, ended, words })
    }

    /// The error of a server that ended by itself.
    pub fn ended(&self) -> Option<EmbeddedError> {
        let status = self.ended.borrow().clone()?;
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(EmbeddedError::Ended {
            program: "postgres",
            status,
            words: words.join(" / "),
        })
    }

    /// A fast shutdown; returns when the process is gone, or after `patience` with a line in the
    /// log.
    pub async fn stop(self, patience: Duration) {
        self.interrupt();
        let mut ended = self.ended.clone();
        let gone = ended.wait_for(Option::is_some);
        if !matches!(tokio::time::timeout(patience, gone).await, Ok(Ok(_))) {
            tracing::error!(
                pid = self.pid.as_raw(),
                "the embedded PostgreSQL did not stop in time"
            );
        }
    }

    /// SIGINT, unless it is gone: its number may belong to something else then.
    fn interrupt(&self) {
        if self.ended.borrow().is_none() {
            let _ = kill(self.pid, Signal::SIGINT);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.interrupt();
    }
}

/// The socket's directory as a member of the server's list: in double quotes, theirs doubled.
fn quoted(place: &Place) -> String {
    format!(
        "\"{}\"",
        place.data.display().to_string().replace('"', "\"\"")
    )
}

/// Hands on what the server says until it and its children are gone; returns how it ended.
fn attend(mut child: Child, words: &Mutex<VecDeque<String>>) -> String {
    if let Some(stderr) = child.stderr.take() {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        while matches!(
            (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line),
            Ok(1..)
        ) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if ["WARNING:", "ERROR:"]
                .iter()
                .any(|level| text.contains(level))
            {
                tracing::warn!("postgres: {text}");
            } else {
                tracing::debug!("postgres: {text}");
            }
            let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
            if words.len() == LAST_WORDS {
                words.pop_front();
            }
            words.push_back(text);
        }
    }
    child
        .wait()
        .map_or_else(|error| error.to_string(), |status| status.to_string())
}
