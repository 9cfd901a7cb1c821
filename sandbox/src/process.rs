//! A process of the stack: started, waited for, ended; and ended by the kernel when we are gone.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Uid, User};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

/// How long a server may take until its port answers.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// How long after SIGTERM, before SIGKILL.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How much of a log an error shows, in bytes.
const TAIL: usize = 2_000;

/// Who a server runs as where we are root.
#[derive(Debug, Clone)]
pub struct Account {
    /// Name of the user.
    pub name: String,
    /// Name of the group.
    pub group: String,
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Account {
    /// This user if we are root, else ourselves.
    pub fn of(name: &str) -> anyhow::Result<Self> {
        let root = Uid::effective().is_root();
        let user = if root {
            User::from_name(name)?
        } else {
            User::from_uid(Uid::effective())?
        };
        let user = user.with_context(|| {
            format!("there is no user `{name}`; `sudo apt-get install postfix dovecot-imapd`")
        })?;
        let group = nix::unistd::Group::from_gid(user.gid)?.context("a user without a group")?;
        Ok(Self {
            name: user.name,
            group: group.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        })
    }

    /// Gives them this file or directory; without effect where we are not root.
    pub fn give(&self, path: &Path) -> anyhow::Result<()> {
        if Uid::effective().is_root() {
            std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
                .with_context(|| format!("give {} to {}", path.display(), self.name))?;
        }
        Ok(())
    }

    /// A command that runs as this account and is told to end when the thread that starts it does.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if Uid::effective().is_root() {
            command.args([
                "--reuid",
                &self.name,
                "--regid",
                &self.group,
                "--init-groups",
            ]);
        }
        command.arg("--").arg(program);
        // An interrupt from the terminal is for us; we end the servers in order.
        command.process_group(0);
        command
    }
}

/// A running server.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    pid: nix::unistd::Pid,
    ended: watch::Receiver<Option<String>>,
    logs: Vec<PathBuf>,
}

impl Process {
    /// Starts it. What it writes goes to `logs[0]`; an error shows the end of all of them.
    pub async fn spawn(
        name: &'static str,
        mut command: Command,
        logs: Vec<PathBuf>,
    ) -> anyhow::Result<Self> {
        let log = logs.first().context("a process needs a log")?;
        let out = File::create(log).with_context(|| format!("make {}", log.display()))?;
        command
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out);
        let (tell_start, started) = oneshot::channel();
        let (tell_end, ended) = watch::channel(None);
        // The kernel's signal goes by the thread that started the process: one that only waits for
        // it.
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || match command.spawn() {
                Ok(mut child) => {
                    let _ = tell_start.send(Ok(child.id()));
                    let how = child
                        .wait()
                        .map_or_else(|e| e.to_string(), |status| status.to_string());
                    tell_end.send_replace(Some(how));
                }
                Err(error) => {
                    let _ = tell_start.send(Err(error));
                }
            })?;
        let pid = started
            .await?
            .with_context(|| format!("start {name} (with setpriv)"))?;
        Ok(Self {
            name,
            pid: nix::unistd::Pid::from_raw(i32::try_from(pid)?),
            ended,
            logs,
        })
    }

    /// Waits until something listens there.
    pub async fn answers_at(&self, port: u16) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
        {
            let ended = self.ended.borrow().clone();
            if let Some(how) = ended {
                bail!("{} ended with {how}:\n{}", self.name, self.last_words());
            }
            if Instant::now() >= deadline {
                bail!(
                    "{} does not listen at port {port}:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let mut words = String::new();
        for log in &self.logs {
            let bytes = std::fs::read(log).unwrap_or_default();
            let end = bytes
                .get(bytes.len().saturating_sub(TAIL)..)
                .unwrap_or_default();
            words.push_str(&String::from_utf8_lossy(end));
        }
        words
    }

    /// Ends it, and returns when it is gone. What it leaves behind in its process group is killed:
    /// some of Dovecot's helpers take their time.
    pub async fn stop(mut self) {
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            if self.ended.borrow().is_some() {
                break;
            }
            let _ = kill(self.pid, signal);
            let _ = timeout(STOP_PATIENCE, self.ended.wait_for(Option::is_some)).await;
        }
        let _ = killpg(self.pid, Signal::SIGKILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended.borrow().is_none() {
            let _ = kill(self.pid, Signal::SIGTERM);
        }
    }
}

/// Runs a command to its end; an error shows what it wrote.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {program}"))?;
    if !output.status.success() {
        bail!(
            "{program}: {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}
