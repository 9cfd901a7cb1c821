//! The line to the server: one command at a time, a limit on every wait, every answer looked at.
//!
//! async-imap gives us its stream and its parser. Commands are sent from here rather than by its
//! helpers, because those swallow what we must know: a FETCH whose tagged answer is NO, the end of
//! the stream inside a FETCH, a refused IDLE (there they wait for ever, or panic where the refusal
//! has no text). IDLE is a command like any other here, so that an EXISTS that comes before its
//! `+` is seen.
//!
//! After any [`WireError`] the connection is worth nothing: the caller drops it.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::fmt;
use std::io;
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{MailboxDatum, Response, ResponseCode, Status};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::oauth::Mechanism;

/// No command takes longer than this altogether, however often the server says "still here".
const COMMAND_MAX: Duration = Duration::from_mins(10);
/// What a server says is cut to this many characters before it is shown.
const SAID_MAX: usize = 200;

/// Any stream that IMAP can be spoken over.
pub(super) trait Socket: AsyncRead + AsyncWrite + fmt::Debug + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + fmt::Debug + Unpin + Send + Sync> Socket for T {}

/// The connection is of no more use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It was closed.
    #[error("the server closed the connection")]
    Closed,
    /// Nothing came for as long as we wait.
    #[error("the server did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The server says good-bye.
    #[error("the server ended the session: {0}")]
    Bye(String),
    /// Something that is no IMAP, or an odd form of it. Its text is not shown: it may be of a mail.
    #[error("the server sent something that cannot be read as IMAP")]
    Unreadable,
    /// The network.
    #[error("the connection broke: {0}")]
    Broken(io::ErrorKind),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            // async-imap: what cannot be parsed, and more than it is willing to hold.
            io::ErrorKind::Other => Self::Unreadable,
            kind => Self::Broken(kind),
        }
    }
}

/// How the server ended a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// As asked.
    Ok(Option<Code>),
    /// It will not; its words.
    No(String),
    /// It does not know or allow the command.
    Bad(String),
}

/// The codes of a tagged OK that we use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Code {
    /// What the server can do.
    Capabilities(Vec<String>),
}

/// Why an IDLE ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woke {
    /// The server told of a new mail.
    News,
    /// It is time for something else.
    Deadline,
    /// The server refuses IDLE.
    Refused,
}

/// What looks at every untagged response of a command.
pub(super) type Each<'a> = &'a mut (dyn for<'r> FnMut(&Response<'r>) + Send);

/// One connection.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client<Box<dyn Socket>>,
    tag: u32,
    patience: Duration,
    count: Count,
}

/// How many mails lie in the folder. A count that is not what it was is news; a server that repeats
/// the same count tells none.
#[derive(Debug, Default)]
struct Count {
    exists: u32,
    news: bool,
}

impl Wire {
    /// Over a stream whose server may take `patience` for each of its responses.
    pub(super) fn new(stream: Box<dyn Socket>, patience: Duration) -> Self {
        Self {
            client: Client::new(stream),
            tag: 0,
            patience,
            count: Count::default(),
        }
    }

    /// The stream itself, to put TLS over it; what the server sent beyond its answer is dropped.
    pub(super) fn into_stream(self) -> Box<dyn Socket> {
        self.client.into_inner()
    }

    /// Whether a mail has arrived since this was last asked.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.count.news)
    }

    /// Whether there is news that nobody has taken.
    pub(super) fn has_news(&self) -> bool {
        self.count.news
    }

    /// The next response, whatever it is.
    pub(super) async fn read<R>(
        &mut self,
        limit: Duration,
        look: impl FnOnce(&Response<'_>) -> R,
    ) -> Result<R, WireError> {
        let read = next(&mut self.client, look);
        timeout(limit, read)
            .await
            .unwrap_or(Err(WireError::Silent(limit)))
    }

    /// Sends a command and reads until its tagged answer; `each` sees what comes in between.
    pub(super) async fn command(
        &mut self,
        command: &str,
        each: Each<'_>,
    ) -> Result<Ended, WireError> {
        let tag = self.send(command).await?;
        self.finish(&tag, each).await
    }

    /// A command that sends one further line when the server asks for it.
    pub(super) async fn dialogue(
        &mut self,
        command: &str,
        answer: &str,
    ) -> Result<Ended, WireError> {
        let tag = self.send(command).await?;
        if let Some(refused) = self.go_ahead(&tag).await? {
            return Ok(refused);
        }
        self.write(&format!("{answer}\r\n")).await?;
        self.finish(&tag, &mut |_| {}).await
    }

    /// Shows an access token: the first words, and to an explained refusal the word that ends it. The
    /// explanation as the server wrote it, base64, if there was one.
    pub(super) async fn show_token(
        &mut self,
        mechanism: Mechanism,
        first: &str,
    ) -> Result<(Ended, Option<String>), WireError> {
        let tag = self
            .send(&format!("AUTHENTICATE {}", mechanism.name()))
            .await?;
        if let Some(refused) = self.go_ahead(&tag).await? {
            return Ok((refused, None));
        }
        self.write(&format!("{first}\r\n")).await?;
        let (patience, mut explanation) = (self.patience, None);
        loop {
            let step = self.read(patience, |response| match response {
                Response::Continue(text) => Ok(text.information.as_ref().map(ToString::to_string)),
                Response::Done { tag: of, .. } if of.0 == tag => Err(Some(ended(response))),
                _ => Err(None),
            });
            match step.await? {
                Ok(explained) => {
                    explanation = explained;
                    self.write(&format!("{}\r\n", mechanism.acknowledge()))
                        .await?;
                }
                Err(Some(ended)) => return Ok((ended, explanation)),
                Err(None) => {}
            }
        }
    }

    /// Waits for news until `until`, or until `told` is ready. The limit is absolute: a server that
    /// keeps saying "still here" does not prolong it.
    pub(super) async fn idle(
        &mut self,
        until: Instant,
        told: impl Future<Output = ()>,
    ) -> Result<Woke, WireError> {
        let tag = self.send("IDLE").await?;
        if self.go_ahead(&tag).await?.is_some() {
            return Ok(Woke::Refused);
        }
        let woke = self.listen(until, told).await?;
        self.write("DONE\r\n").await?;
        match self.finish(&tag, &mut |_| {}).await? {
            Ended::Ok(_) => Ok(woke),
            Ended::No(_) | Ended::Bad(_) => Ok(Woke::Refused),
        }
    }

    async fn listen(
        &mut self,
        until: Instant,
        told: impl Future<Output = ()>,
    ) -> Result<Woke, WireError> {
        tokio::pin!(told);
        while !self.count.news {
            let count = &mut self.count;
            let read = next(&mut self.client, |response| count.note(response));
            tokio::select! {
                biased;
                noted = timeout_at(until, read) => match noted {
                    Err(_) => return Ok(Woke::Deadline),
                    Ok(noted) => noted??,
                },
                () = &mut told => return Ok(Woke::Deadline),
            }
        }
        Ok(Woke::News)
    }

    /// Waits for the server's `+`; its tagged answer instead is a refusal.
    async fn go_ahead(&mut self, tag: &str) -> Result<Option<Ended>, WireError> {
        loop {
            let patience = self.patience;
            let count = &mut self.count;
            let read = next(&mut self.client, |response| match response {
                Response::Continue(_) => Ok(Some(None)),
                Response::Done { tag: of, .. } if of.0 == tag => Ok(Some(Some(ended(response)))),
                other => count.note(other).map(|()| None),
            });
            match timeout(patience, read).await {
                Err(_) => return Err(WireError::Silent(patience)),
                Ok(step) => {
                    if let Some(step) = step?? {
                        return Ok(step);
                    }
                }
            }
        }
    }

    async fn send(&mut self, command: &str) -> Result<String, WireError> {
        self.tag = self.tag.wrapping_add(1);
        let tag = format!("C{}", self.tag);
        self.write(&format!("{tag} {command}\r\n")).await?;
        Ok(tag)
    }

    async fn write(&mut self, line: &str) -> Result<(), WireError> {
        let patience = self.patience;
        let stream = self.client.get_mut();
        let written = timeout(patience, async {
            stream.write_all(line.as_bytes()).await?;
            stream.flush().await
        });
        match written.await {
            Err(_) => Err(WireError::Silent(patience)),
            Ok(written) => Ok(written?),
        }
    }

    async fn finish(&mut self, tag: &str, each: Each<'_>) -> Result<Ended, WireError> {
        let limit = Instant::now() + COMMAND_MAX.max(self.patience);
        loop {
            let patience = self
                .patience
                .min(limit.saturating_duration_since(Instant::now()));
            let count = &mut self.count;
            let read = next(&mut self.client, |response| match response {
                Response::Done { tag: of, .. } if of.0 == tag => {
                    Ok::<_, WireError>(Some(ended(response)))
                }
                other => {
                    count.note(other)?;
                    each(other);
                    Ok(None)
                }
            });
            match timeout(patience, read).await {
                Err(_) => return Err(WireError::Silent(self.patience)),
                Ok(ended) => {
                    if let Some(ended) = ended?? {
                        return Ok(ended);
                    }
                }
            }
        }
    }
}

impl Count {
    fn note(&mut self, response: &Response<'_>) -> Result<(), WireError> {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.news |= *count != self.exists;
                self.exists = *count;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            Response::Data {
                status: Status::Bye,
                outcome,
            } => return Err(WireError::Bye(said(outcome.information.as_deref()))),
            _ => {}
        }
        Ok(())
    }
}

/// Reads one response and looks at it. Dropping this half-way loses nothing: what was read stays
/// in the stream's buffer.
async fn next<R>(
    client: &mut Client<Box<dyn Socket>>,
    look: impl FnOnce(&Response<'_>) -> R,
) -> Result<R, WireError> {
    match client.read_response().await {
        Ok(Some(response)) => Ok(look(response.parsed())),
        Ok(None) => Err(WireError::Closed),
        Err(error) => Err(error.into()),
    }
}

/// How a tagged answer ended its command.
fn ended(response: &Response<'_>) -> Ended {
    let Response::Done {
        status, outcome, ..
    } = response
    else {
        return Ended::Bad("no tagged answer".to_owned());
    };
    let words = said(outcome.information.as_deref());
    match status {
        Status::Ok | Status::PreAuth => Ended::Ok(match &outcome.code {
            Some(ResponseCode::Capabilities(all)) => Some(Code::Capabilities(capabilities(all))),
            _ => None,
        }),
        Status::No => Ended::No(words),
        Status::Bad | Status::Bye => Ended::Bad(words),
    }
}

/// Capabilities as upper-case words.
pub(super) fn capabilities(all: &[async_imap::imap_proto::Capability<'_>]) -> Vec<String> {
    use async_imap::imap_proto::Capability;
    all.iter()
        .map(|capability| match capability {
            Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
            Capability::Auth(mechanism) => format!("AUTH={}", mechanism.to_ascii_uppercase()),
            Capability::Atom(atom) => atom.to_ascii_uppercase(),
        })
        .collect()
}

/// A server's words, fit to be shown in one line.
pub(super) fn said(words: Option<&str>) -> String {
    let words: String = words
        .unwrap_or("no reason given")
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SAID_MAX)
        .collect();
    words.trim().to_owned()
}
