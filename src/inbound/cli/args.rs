//! What can be typed.

mod chat;
mod decide;
pub mod delegate;
pub mod list;
mod person;
mod policy;
mod record;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use uuid::Uuid;

pub use chat::Chat;
pub use decide::{Approve, Emergency, Extend, Return, Review, Revoke, Vote};
pub use list::List;
pub use person::Person;
pub use policy::Policy;
pub use record::{Audit, ExportFormat};

use crate::workflow::ids::RequestId;

/// An approval bot for privileged access: asks approvers by mail, applies what they answer, once.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, about)]
#[command(
    after_help = "Exit codes: 0 done, 1 refused, 2 usage or configuration, \
                        3 a server could not be reached."
)]
pub struct Cli {
    /// Path of bot.toml [default: `$COUNTERSIGN_CONFIG`, /etc/countersign/bot.toml, ./bot.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub config: Option<PathBuf>,
    /// How log lines are written to standard error: text or json [default:
    /// `$COUNTERSIGN_LOG_FORMAT`, text]
    #[arg(long, global = true, value_name = "FORMAT", hide_possible_values = true, help_heading = EVERYWHERE)]
    pub log_format: Option<LogFormat>,
    /// What to do.
    #[command(subcommand)]
    pub command: Top,
}

/// The heading of what every command takes.
const EVERYWHERE: &str = "With every command";

/// What `doctor` looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Probed {
    /// Mail, there and back.
    Mail,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Everything that can be done.
#[derive(Debug, Subcommand)]
pub enum Top {
    /// Run the daemon until SIGTERM or SIGINT
    Serve,
    /// Bring the database to this version's schema
    Migrate {
        /// As the role whose url stands in this file, instead of [database] url
        #[arg(long, value_name = "FILE", conflicts_with = "roles")]
        url_file: Option<PathBuf>,
        /// Instead, print the SQL that makes an owner role and a daemon role; changes nothing
        #[arg(long)]
        roles: bool,
        /// The role that owns the tables
        #[arg(
            long,
            requires = "roles",
            default_value = "countersign_owner",
            value_name = "ROLE"
        )]
        owner: String,
        /// The daemon's role, which may add to the record and not change it
        #[arg(
            long,
            requires = "roles",
            default_value = "countersign_daemon",
            value_name = "ROLE"
        )]
        daemon: String,
    },
    /// Look at everything that is needed, and say what to mend; changes nothing, sends nothing
    Doctor {
        /// `mail`: instead send probes to the bot's own mailbox, and look at what arrives and at DNS
        #[arg(value_name = "WHAT")]
        what: Option<Probed>,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Check, apply and look at policies
    #[command(subcommand)]
    Policy(Policy),
    /// File, list, look at, extend and give back requests
    #[command(subcommand)]
    Request(Request),
    /// Approve the current step of a request
    Approve(Approve),
    /// Disapprove the current step of a request
    Disapprove(Vote),
    /// End somebody's access before its time
    Revoke(Revoke),
    /// Record what you found about an emergency
    Review(Review),
    /// Put your votes in another approver's hands for a period
    Delegate(delegate::Delegate),
    /// Look after messages that are owed
    #[command(subcommand)]
    Outbox(Outbox),
    /// Check and export the record
    #[command(subcommand)]
    Audit(Audit),
    /// Look at mails
    #[command(subcommand)]
    Mail(Mail),
    /// Say whose account in the chat is whose
    #[command(subcommand)]
    Chat(Chat),
    /// Look after persons whom mail does not reach
    #[command(subcommand)]
    Person(Person),
}

impl Top {
    /// Whether programs read the output.
    pub fn json(&self) -> bool {
        let output = match self {
            Self::Serve
            | Self::Migrate { .. }
            | Self::Audit(Audit::Export { .. })
            | Self::Outbox(Outbox::Retry { .. } | Outbox::Drop { .. }) => return false,
            Self::Request(Request::File(file)) => &file.output,
            Self::Request(Request::List(list)) => &list.output,
            Self::Approve(Approve { vote, .. }) | Self::Disapprove(vote) => &vote.output,
            Self::Delegate(delegate) => &delegate.output,
            Self::Doctor { output, .. }
            | Self::Revoke(Revoke { output, .. })
            | Self::Review(Review { output, .. })
            | Self::Policy(
                Policy::Check { output, .. }
                | Policy::Apply { output, .. }
                | Policy::Explain { output, .. }
                | Policy::Show { output, .. }
                | Policy::History { output },
            )
            | Self::Request(
                Request::Show { output, .. }
                | Request::Withdraw { output, .. }
                | Request::Emergency(Emergency { output, .. })
                | Request::Extend(Extend { output, .. })
                | Request::Return(Return { output, .. }),
            )
            | Self::Audit(Audit::Verify { output, .. })
            | Self::Outbox(Outbox::List { output, .. })
            | Self::Mail(Mail::Explain { output, .. })
            | Self::Chat(
                Chat::Link { output, .. } | Chat::List { output } | Chat::Unlink { output, .. },
            )
            | Self::Person(Person::Unreachable { output } | Person::Reachable { output, .. }) => {
                output
            }
        };
        output.json
    }
}

/// For whom a command is done.
#[derive(Debug, Clone, Args)]
pub struct Acting {
    /// Act as this person; for operators only [default: whose `os_user` you are]
    #[arg(id = "as", long = "as", value_name = "PERSON")]
    pub person: Option<String>,
}

/// Whether people or programs read the output.
#[derive(Debug, Clone, Copy, Args)]
pub struct Output {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Args)]
pub struct Subject {
    /// The kind of thing, e.g. credential
    #[arg(long)]
    pub module: String,
    /// Which one, e.g. prod-db-1
    #[arg(long)]
    pub resource: String,
    /// As whom, e.g. admin
    #[arg(long)]
    pub account: Option<String>,
}

/// `countersign request …`
#[derive(Debug, Subcommand)]
pub enum Request {
    /// File a request
    File(File),
    /// List the requests that you may look at, the newest first
    ///
    /// You see what you filed, were asked about, were told of as an emergency, or decided something about;
    /// auditors and access admins see everything.
    List(Box<List>),
    /// Show a request with its steps, its votes and its history
    Show {
        /// Its number, e.g. R-42
        request: RequestId,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Take your own request back
    Withdraw {
        /// Its number, e.g. R-42
        request: RequestId,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Take access at once, before anybody has decided; it is reviewed afterwards
    Emergency(Emergency),
    /// Ask for your access to go on from its end
    Extend(Extend),
    /// Give your access back before its end
    Return(Return),
}

/// `countersign request file …`
#[derive(Debug, Args)]
pub struct File {
    /// Who acts.
    #[command(flatten)]
    pub acting: Acting,
    /// What is asked for.
    #[command(flatten)]
    pub subject: Subject,
    /// For when.
    #[command(flatten)]
    pub window: WindowArgs,
    /// Why; many policies require it
    #[arg(long)]
    pub reason: Option<String>,
    /// A name of your choice: filing again under it files nothing new and names the first request
    #[arg(long)]
    pub key: Option<String>,
    /// Take emergency access at once, where a policy offers it to you, and say why it cannot wait
    #[arg(long, value_name = "REASON")]
    pub emergency: Option<String>,
    /// Who reads the output.
    #[command(flatten)]
    pub output: Output,
}

/// For when. Times are in the person's zone.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = true)]
pub struct WindowArgs {
    /// How long, e.g. 2h or "1h 30m"; from the approval on, or from --from
    #[arg(long = "for", value_name = "LENGTH", conflicts_with = "until")]
    pub length: Option<String>,
    /// From when, e.g. "tomorrow 9am" or "2026-11-21 09:00"; with --for or --until
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Until when, e.g. "friday 18:00"; from now, or from --from
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// All of it as you would say it, e.g. "tomorrow 9am for 2h" or "friday 17:00 to 19:00"
    #[arg(long = "window", value_name = "TEXT", conflicts_with_all = ["length", "from", "until"])]
    pub text: Option<String>,
}

/// `countersign outbox …`
#[derive(Debug, Subcommand)]
pub enum Outbox {
    /// List messages; without a filter those that gave up
    List {
        /// Those still owed
        #[arg(long, conflicts_with_all = ["all", "request"])]
        owed: bool,
        /// All
        #[arg(long, conflicts_with = "request")]
        all: bool,
        /// All of one request
        #[arg(long, value_name = "REQUEST")]
        request: Option<RequestId>,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
    /// Send a message that gave up or was dropped after all
    Retry {
        /// Its id, as listed
        id: Uuid,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
    },
    /// Give a message up
    Drop {
        /// Its id, as listed
        id: Uuid,
        /// Who acts.
        #[command(flatten)]
        acting: Acting,
    },
}

/// `countersign mail …`
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Show how a mail would be read, step by step; decides nothing, needs no database
    Explain {
        /// The mail as it came, e.g. saved from a mail program
        file: PathBuf,
        /// The reader's language, e.g. pl
        #[arg(long)]
        locale: Option<String>,
        /// Who reads the output.
        #[command(flatten)]
        output: Output,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn every_command_is_sound() {
        // Goal: no two arguments of a command are in each other's way, whoever types it.
        // Method: clap's own check of the whole tree, which a release build leaves out.
        Cli::command().debug_assert();
    }
}
