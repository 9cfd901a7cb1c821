//! An IMAP server for tests: small and honest, except where a test tells it to be odd.
//!
//! It keeps one folder and whatever is copied elsewhere. Before each command a test's `quirk` may
//! take over: say something else, say nothing, or hang up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the server does instead of, or before, what it should.
pub(super) enum Quirk {
    /// Nothing odd.
    None,
    /// Says this (`{tag}` is the command's tag) and counts the command as answered.
    Say(String),
    /// Says this first and then does as it should.
    First(String),
    /// Says nothing, for good.
    Silence,
    /// Says this, with no line end added, and closes the connection.
    HangUp(String),
}

type Odd = dyn Fn(usize, &str) -> Quirk + Send + Sync;

/// A mail in the folder.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    pub raw: Vec<u8>,
    pub flags: BTreeSet<String>,
    /// What it says of its size, where that is a lie.
    pub claims: Option<usize>,
}

/// What the server holds.
#[derive(Debug)]
pub(super) struct Folder {
    pub mails: BTreeMap<u32, Mail>,
    pub next: u32,
    pub validity: u32,
    pub others: BTreeMap<String, Vec<Vec<u8>>>,
    /// Every command, with the number of its connection, without its tag.
    pub log: Vec<(usize, String)>,
    pub connections: usize,
}

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(super) struct Fake {
    pub port: u16,
    pub greeting: String,
    pub capabilities: String,
    folder: Arc<Mutex<Folder>>,
    odd: Arc<Odd>,
    arrivals: watch::Sender<()>,
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self {
            port: 0,
            greeting: "* OK ready".to_owned(),
            capabilities: "IMAP4rev1 IDLE MOVE UIDPLUS".to_owned(),
            folder: Arc::new(Mutex::new(Folder {
                mails: BTreeMap::new(),
                next: 1,
                validity: 7,
                others: BTreeMap::new(),
                log: Vec::new(),
                connections: 0,
            })),
            odd: Arc::new(|_, _| Quirk::None),
            arrivals: watch::Sender::new(()),
            tls: None,
        }
    }

    pub(super) fn quirk(
        mut self,
        odd: impl Fn(usize, &str) -> Quirk + Send + Sync + 'static,
    ) -> Self {
        self.odd = Arc::new(odd);
        self
    }

    pub(super) fn capabilities(mut self, capabilities: &str) -> Self {
        capabilities.clone_into(&mut self.capabilities);
        self
    }

    pub(super) fn greeting(mut self, greeting: &str) -> Self {
        greeting.clone_into(&mut self.greeting);
        self
    }

    pub(super) fn tls(mut self, acceptor: tokio_rustls::TlsAcceptor) -> Self {
        self.tls = Some(acceptor);
        self
    }

    pub(super) async fn start(mut self) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        self.port = listener.local_addr().expect("its address").port();
        let fake = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Its many small writes would wait for our delayed acknowledgements.
                stream.set_nodelay(true).expect("a socket");
                let fake = fake.clone();
                let number = {
                    let mut folder = fake.folder();
                    folder.connections += 1;
                    folder.connections
                };
                tokio::spawn(async move {
                    match &fake.tls {
                        None => fake.serve(number, stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                fake.serve(number, stream).await;
                            }
                        }
                    }
                });
            }
        });
        self
    }

    pub(super) fn folder(&self) -> MutexGuard<'_, Folder> {
        self.folder.lock().expect("the folder")
    }

    /// Puts a mail into the folder, as a delivery does.
    pub(super) fn deliver(&self, raw: &[u8]) -> u32 {
        self.put(raw, None)
    }

    pub(super) fn put(&self, raw: &[u8], claims: Option<usize>) -> u32 {
        let uid = {
            let mut folder = self.folder();
            let uid = folder.next;
            folder.next += 1;
            folder.mails.insert(
                uid,
                Mail {
                    raw: raw.to_vec(),
                    flags: BTreeSet::new(),
                    claims,
                },
            );
            uid
        };
        self.arrivals.send_replace(());
        uid
    }

    /// How many commands began like this.
    pub(super) fn count(&self, begin: &str) -> usize {
        self.folder()
            .log
            .iter()
            .filter(|(_, line)| line.starts_with(begin))
            .count()
    }

    /// The commands of one connection.
    pub(super) fn said_on(&self, connection: usize) -> Vec<String> {
        let folder = self.folder();
        let of = folder
            .log
            .iter()
            .filter(|(number, _)| *number == connection);
        of.map(|(_, line)| line.clone()).collect()
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, number: usize, stream: S) {
        let (read, mut write) = tokio::io::split(stream);
        let mut lines = BufReader::new(read).lines();
        let mut told = 0;
        let greeting = format!("{}\r\n", self.greeting);
        if write.write_all(greeting.as_bytes()).await.is_err() {
            return;
        }
        while let Ok(Some(line)) = lines.next_line().await {
            let (tag, command) = line.split_once(' ').unwrap_or(("?", &line));
            self.folder().log.push((number, command.to_owned()));
            match (self.odd)(number, command) {
                Quirk::None => {}
                Quirk::Say(words) => {
                    let words = words.replace("{tag}", tag);
                    let _ = write.write_all(words.as_bytes()).await;
                    continue;
                }
                Quirk::First(words) => {
                    let words = words.replace("{tag}", tag);
                    let _ = write.write_all(words.as_bytes()).await;
                }
                Quirk::Silence => std::future::pending().await,
                Quirk::HangUp(words) => {
                    let _ = write
                        .write_all(words.replace("{tag}", tag).as_bytes())
                        .await;
                    let _ = write.shutdown().await;
                    return;
                }
            }
            if command == "IDLE" {
                let mut arrivals = self.arrivals.subscribe();
                let _ = write.write_all(b"+ idling\r\n").await;
                loop {
                    let _ = write.write_all(self.news(&mut told).as_bytes()).await;
                    tokio::select! {
                        line = lines.next_line() => match line {
                            Ok(Some(_)) => break,
                            _ => return,
                        },
                        _ = arrivals.changed() => {}
                    }
                }
                let _ = write.write_all(format!("{tag} OK\r\n").as_bytes()).await;
                continue;
            }
            let answer = self.answer(command);
            let _ = write.write_all(&answer).await;
            if command.starts_with("SELECT") {
                told = self.folder().next;
            }
            let end = format!("{}{tag} OK done\r\n", self.news(&mut told));
            let _ = write.write_all(end.as_bytes()).await;
            if command == "LOGOUT" {
                return;
            }
        }
    }

    /// What this connection was not told of yet.
    fn news(&self, told: &mut u32) -> String {
        let folder = self.folder();
        if folder.next == *told || *told == 0 {
            return String::new();
        }
        *told = folder.next;
        format!("* {} EXISTS\r\n", folder.mails.len())
    }

    /// The untagged part of an honest answer.
    fn answer(&self, command: &str) -> Vec<u8> {
        let mut folder = self.folder();
        let words: Vec<&str> = command.split(' ').collect();
        match words.as_slice() {
            ["CAPABILITY"] => format!("* CAPABILITY {}\r\n", self.capabilities).into_bytes(),
            ["SELECT", ..] => format!(
                "* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] ok\r\n\
                 * {} EXISTS\r\n* OK [UIDVALIDITY {}] ok\r\n* OK [UIDNEXT {}] ok\r\n",
                folder.mails.len(),
                folder.validity,
                folder.next,
            )
            .into_bytes(),
            ["UID", "SEARCH", ..] => search(&folder, command).into_bytes(),
            ["UID", "FETCH", set, ..] => fetch(&folder, set, command),
            ["UID", "STORE", set, _, ..] => {
                let flags = command.split_once('(').map_or("", |(_, rest)| rest);
                for uid in chosen(&folder, set) {
                    let mail = folder.mails.get_mut(&uid).expect("chosen");
                    let flags = flags.trim_end_matches(')').split(' ');
                    mail.flags.extend(flags.map(str::to_owned));
                }
                Vec::new()
            }
            ["UID", verb @ ("MOVE" | "COPY"), set, target @ ..] => {
                let uids = chosen(&folder, set);
                for uid in &uids {
                    let raw = folder.mails.get(uid).expect("chosen").raw.clone();
                    folder.others.entry(target.join(" ")).or_default().push(raw);
                }
                if *verb == "MOVE" {
                    expunge(&mut folder, &uids)
                } else {
                    Vec::new()
                }
            }
            ["UID", "EXPUNGE", set] => {
                let uids = chosen(&folder, set);
                expunge(&mut folder, &uids)
            }
            ["LOGOUT"] => b"* BYE bye\r\n".to_vec(),
            _ => Vec::new(),
        }
    }
}

fn expunge(folder: &mut Folder, uids: &[u32]) -> Vec<u8> {
    let mut said = String::new();
    for uid in uids {
        let position = folder
            .mails
            .keys()
            .position(|known| known == uid)
            .expect("chosen")
            + 1;
        folder.mails.remove(uid);
        let _ = write!(said, "* {position} EXPUNGE\r\n");
    }
    said.into_bytes()
}

fn search(folder: &Folder, command: &str) -> String {
    let unkeyed = command.contains("NOT KEYWORD");
    let found = folder.mails.iter().filter(|(_, mail)| {
        let done = unkeyed && mail.flags.contains("$CountersignDone");
        let seen = command.contains("UNSEEN") && mail.flags.contains("\\Seen");
        !(mail.flags.contains("\\Deleted") || done || seen)
    });
    // In no order, as servers may.
    let words: Vec<String> = found.rev().map(|(uid, _)| format!(" {uid}")).collect();
    format!("* SEARCH{}\r\n", words.concat())
}

fn fetch(folder: &Folder, set: &str, command: &str) -> Vec<u8> {
    let mut said = Vec::new();
    for uid in chosen(folder, set) {
        let position = folder
            .mails
            .keys()
            .position(|known| *known == uid)
            .expect("chosen")
            + 1;
        let mail = folder.mails.get(&uid).expect("chosen");
        let start = format!("* {position} FETCH (UID {uid}");
        said.extend(start.as_bytes());
        if command.contains("RFC822.SIZE") {
            let size = mail.claims.unwrap_or(mail.raw.len());
            let rest = format!(" RFC822.SIZE {size} INTERNALDATE \"21-Nov-2026 05:00:00 +0000\"");
            said.extend(rest.as_bytes());
        }
        if let Some((_, limit)) = command.split_once("<0.") {
            let limit: usize = limit.trim_end_matches(">)").parse().expect("a limit");
            let header = command.contains("[HEADER]");
            let raw = if header {
                header_of(&mail.raw)
            } else {
                &mail.raw
            };
            let raw = raw.get(..limit).unwrap_or(raw);
            let section = if header { "BODY[HEADER]" } else { "BODY[]" };
            said.extend(format!(" {section}<0> {{{}}}\r\n", raw.len()).as_bytes());
            said.extend(raw);
        }
        said.extend(b")\r\n");
    }
    said
}

fn header_of(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n");
    end.and_then(|end| raw.get(..end + 4)).unwrap_or(raw)
}

/// The UIDs of a set that are there; `n:*` names the last one even where it is below n.
fn chosen(folder: &Folder, set: &str) -> Vec<u32> {
    let last = folder.mails.keys().next_back().copied().unwrap_or(0);
    let number = |text: &str| {
        if text == "*" {
            last
        } else {
            text.parse().expect("a UID")
        }
    };
    let mut uids = BTreeSet::new();
    for part in set.split(',') {
        let (from, to) = part.split_once(':').unwrap_or((part, part));
        let (from, to) = (number(from), number(to));
        uids.extend(
            folder
                .mails
                .range(from.min(to)..=from.max(to))
                .map(|(uid, _)| *uid),
        );
    }
    uids.into_iter().collect()
}
