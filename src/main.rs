//! Arguments, log, run, exit code.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use countersign::inbound::cli;
use countersign::inbound::cli::args::{Cli, LogFormat, Top};
use tracing::{Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, FilterFn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How the targets of our own lines begin.
const OURS: &str = "countersign";
/// Wrong usage or configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    // Before anything that may speak TLS: one provider for the whole process. The only error is that
    // there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    if let Err(what) = start_log(&cli) {
        eprintln!("{what}");
        return ExitCode::from(USAGE);
    }
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(cli::run(cli)),
        Err(error) => {
            eprintln!("the runtime did not start: {error}; mend: see the limits of this process");
            ExitCode::from(USAGE)
        }
    }
}

/// Lines to standard error, so that standard output is the answer's alone. `$COUNTERSIGN_LOG` filters; a
/// command says less of itself than the daemon. Whatever it says, [`is_fit`] filters as well.
fn start_log(cli: &Cli) -> Result<(), String> {
    let usual = match cli.command {
        Top::Serve => "info",
        // What it finds stands in its lines.
        Top::Doctor { .. } => "error",
        _ => "warn",
    };
    let filter = match std::env::var("COUNTERSIGN_LOG") {
        Ok(filter) => EnvFilter::try_new(&filter).map_err(|error| {
            format!(
                "$COUNTERSIGN_LOG: `{filter}`: {error}; mend: write it like info,countersign=debug"
            )
        })?,
        Err(_) => EnvFilter::new(usual),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match log_format(cli)? {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let filter = filter.and(FilterFn::new(is_fit));
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
    Ok(())
}

/// Whether lines of this kind can hold no secret. Libraries write what they send and get, tokens and mails among
/// it, at levels below a warning; the chat's library puts tokens even beside its warnings, and what it says there
/// we say ourselves.
fn is_fit(of: &Metadata<'_>) -> bool {
    let of_crate = of.target().split("::").next().unwrap_or_default();
    match of_crate {
        OURS => true,
        "serenity" => false,
        _ => *of.level() <= Level::WARN,
    }
}

fn log_format(cli: &Cli) -> Result<LogFormat, String> {
    if let Some(format) = cli.log_format {
        return Ok(format);
    }
    match std::env::var("COUNTERSIGN_LOG_FORMAT").as_deref() {
        Err(_) | Ok("text") => Ok(LogFormat::Text),
        Ok("json") => Ok(LogFormat::Json),
        Ok(other) => Err(format!(
            "$COUNTERSIGN_LOG_FORMAT: `{other}`; mend: write text or json"
        )),
    }
}
