//! The demo: a small company on a stack of its own, served by the real daemon.
//!
//! ```text
//!   story ──▶ the command line (child processes) ─┐
//!   story ──▶ a double of Discord ────────────────┤
//!   story ──▶ a browser, on the page of a link ───┼─▶ countersign serve ─▶ its embedded Postgres
//!   story, page ──▶ people's mailboxes ──▶ mail ──┘
//! ```
//!
//! First the [`story`] is played and told; each of its expectations has a deadline, and one that is not met
//! ends the demo with an error that names it. Then the [`page`] stays up, unless only the story was wanted.
//! An interrupt ends everything in order, and nothing is left behind. Killed with SIGKILL we leave no
//! process, but the temporary directory.

mod company;
mod page;
mod story;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Options, Stack};
use company::Company;

/// What `countersign-sandbox demo` can be told.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// End after the story, without the page.
    pub once: bool,
    /// Port of the page; one that is free where it is not given.
    pub port: Option<u16>,
}

impl Wanted {
    /// Reads the arguments after `demo`.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.into_iter();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--once") => wanted.once = true,
                Some("--port") => {
                    let port = words.next().and_then(|port| port.to_str()?.parse().ok());
                    wanted.port = Some(port.context("--port takes a number")?);
                }
                _ => bail!("`{}`: demo takes --once and --port NUMBER", word.display()),
            }
        }
        Ok(wanted)
    }
}

/// Plays the demo to its end, or until SIGINT or SIGTERM.
pub async fn run(wanted: Wanted) -> anyhow::Result<ExitCode> {
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let directory = tempfile::Builder::new().prefix("countersign-").tempdir()?;
    println!(
        "Starting a Postfix and a Dovecot of our own in {} …",
        directory.path().display()
    );
    let stack = tokio::select! {
        stack = Stack::start(directory.path(), Options::default()) => stack?,
        _ = term.recv() => bail!("stopped while starting"),
        _ = int.recv() => bail!("stopped while starting"),
    };
    let stop = async {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    let outcome = play(&stack, &wanted, stop).await;
    println!("\nStopping, and removing {} …", directory.path().display());
    stack.stop().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Founds the company, tells the story and serves the page, or until told to stop; closes the company.
async fn play(
    stack: &Stack,
    wanted: &Wanted,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let company = Company::found(stack, daemon()?).await?;
    let outcome = tokio::select! {
        told = tell(&company, wanted) => told,
        () = stop => Ok(()),
    };
    company.close().await;
    outcome
}

async fn tell(company: &Company, wanted: &Wanted) -> anyhow::Result<()> {
    if let Err(error) = story::tell(company).await {
        eprintln!("The daemon's last words:\n{}\n", company.last_words());
        return Err(error.context("the story did not come true"));
    }
    if wanted.once {
        return Ok(());
    }
    page::serve(company.clone(), wanted.port).await
}

/// The daemon's program: beside ours.
fn daemon() -> anyhow::Result<PathBuf> {
    let ours = std::env::current_exe().context("find our own program")?;
    let program = ours.with_file_name("countersign");
    if !program.is_file() {
        bail!(
            "there is no {}: run `cargo build --workspace`",
            program.display()
        );
    }
    Ok(program)
}
