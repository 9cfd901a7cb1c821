//! Countersign: an approval bot for privileged access.
//!
//! A person asks for access; a policy says who must agree; Countersign carries the question to the
//! approvers where they are and brings the answer back. What is decided, and by which rules, is
//! numbered `W1`…`W31`; [`workflow`] applies them.
//!
//! # One message, end to end
//!
//! ```text
//!  IMAP ──▶ inbound::mail ──▶ Inbound ──▶ handle ──▶ workflow::decide ──▶ events
//!           record                         │ one transaction                 │
//!           screen                         ├── store: request, votes, grant ◀┤
//!           authenticate                   ├── store: audit chain           ◀┤
//!           reply                          └── store: notices, deliveries   ◀┘
//!                                                          │ commit, wake
//!  SMTP ◀── outbound::mail ◀── render ◀── outbox::courier ◀┘
//! ```
//!
//! 1. The inbox loop fetches a mail by UID and **records it before it is judged**.
//! 2. [`inbound::mail`] reads its bytes in pure stages. What no proven person sent is stored with its
//!    reason and never answered.
//! 3. [`handle`] opens one transaction: claims the mail's key (seen before: nothing happens),
//!    identifies the speaker by their token and address, locks the request, lets [`workflow`] decide,
//!    writes state, audit event and every notice, commits.
//! 4. The courier is woken, leases what is due, renders and sends it, records the attempt.
//! 5. Only now is the mail flagged or moved on the server.
//!
//! A crash before the commit of step 3 leaves nothing but the recorded mail, which is judged again; a
//! crash after it leaves everything that is owed. The worst case is one duplicate message with the
//! *same* Message-ID.
//!
//! # Who may import whom
//!
//! A unit imports only units that stand above it in this table; `tests/it/tidy.rs` reads the `crate::`
//! paths of every file and holds them against it.
//!
//! | unit | what it is |
//! |---|---|
//! | `workflow` | what a decision means; pure |
//! | `clock` | time and randomness, handed in |
//! | `tls` | whom we trust when we connect |
//! | `oauth` | access tokens in the place of passwords |
//! | `config` | what `bot.toml` and `policies.toml` say, and what they mean |
//! | `embedded` | a private Postgres from the system's binaries |
//! | `token` | what ties a reply to the delivery that asked |
//! | `seal` | what closes an interval of the record: tree, signature, text |
//! | `command` | what was said, whatever the channel |
//! | `inbound` | the one value that every channel yields |
//! | `render` | templates: facts to text |
//! | `export` | an event as other programs read it |
//! | `store` | what we remember; all SQL |
//! | `look` | what people may look at |
//! | `reach` | whom mail does not reach, and who is told |
//! | `alarm` | what looks like an attack, and who is told of it |
//! | `outbound` | how we speak: sent, retry, give up |
//! | `outbox` | what we owe: the courier |
//! | `sealer` | closes intervals of the record |
//! | `handle` | one inbound thing, one transaction |
//! | `inbound::timer` | time as a channel |
//! | `inbound::mail` | the inbox as a channel |
//! | `inbound::web` | the page behind the link as a channel |
//! | `inbound::chat` | commands and buttons in a chat as a channel |
//! | `supervise` | keeps loops running |
//! | `status` | health and readiness, for whoever watches us |
//! | `app` | builds the parts, starts and stops them |
//! | `inbound::cli` | the command line as a channel |

pub mod alarm;
pub mod app;
pub mod clock;
pub mod command;
pub mod config;
pub mod embedded;
pub mod export;
pub mod handle;
pub mod inbound;
pub mod look;
pub mod oauth;
pub mod outbound;
pub mod outbox;
pub mod reach;
pub mod render;
pub mod seal;
pub mod sealer;
pub mod status;
pub mod store;
pub mod supervise;
pub mod tls;
pub mod token;
pub mod workflow;
