//! `countersign-sandbox with [--durable] -- COMMAND…`: runs a command in a stack of its own.
//! `countersign-sandbox demo [--once] [--port NUMBER]`: plays and tells the demo.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, bail};
use countersign_sandbox::{Options, Stack, VARIABLE, demo};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: countersign-sandbox with [--durable] -- COMMAND [ARGUMENT]…
       countersign-sandbox demo [--once] [--port NUMBER]

with: starts a private Postgres, Postfix and Dovecot, runs COMMAND with COUNTERSIGN_SANDBOX and
DATABASE_URL set, ends everything, and exits as COMMAND did.

  --durable  what is committed survives a loss of power; slower

demo: plays a story on the real daemon, then serves a page to play with, until interrupted.

  --once     ends after the story
  --port     of the page; any that is free by default";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .init();
    match run(std::env::args_os().skip(1).collect()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("countersign-sandbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let mut words = arguments.into_iter().peekable();
    match words.next() {
        Some(word) if word == "with" => {}
        Some(word) if word == "demo" => return demo::run(demo::Wanted::read(words)?).await,
        _ => bail!("{USAGE}"),
    }
    let durable = words.next_if(|word| word == "--durable").is_some();
    words.next_if(|word| word == "--");
    let program = words.next().with_context(|| USAGE.to_owned())?;
    let mut command = tokio::process::Command::new(&program);
    command.args(words);
    with(&program, command, Options { durable }).await
}

/// Runs the command in a stack in a temporary directory. A signal ends the command, and then the
/// stack.
async fn with(
    program: &OsString,
    mut command: tokio::process::Command,
    options: Options,
) -> anyhow::Result<ExitCode> {
    let (mut term, mut int) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let directory = tempfile::Builder::new().prefix("countersign-").tempdir()?;
    let stack = tokio::select! {
        stack = Stack::start(directory.path(), options) => stack?,
        _ = term.recv() => bail!("stopped while starting"),
        _ = int.recv() => bail!("stopped while starting"),
    };
    command.env(VARIABLE, serde_json::to_string(stack.describe())?);
    command.env("DATABASE_URL", stack.postgres_url());
    command.kill_on_drop(true);
    let outcome = match command.spawn() {
        Ok(mut child) => tokio::select! {
            status = child.wait() => status.context("wait for the command"),
            _ = term.recv() => Err(anyhow::anyhow!("stopped by SIGTERM")),
            _ = int.recv() => Err(anyhow::anyhow!("stopped by SIGINT")),
        },
        Err(error) => Err(error).with_context(|| format!("run {}", program.display())),
    };
    stack.stop().await;
    let code = outcome?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
