//! One message as bytes: the headers that make a thread, name the delivery and keep machines quiet.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::{Address, Message};
use uuid::Uuid;

use crate::token::Token;
use crate::workflow::ids::RequestId;

/// The longest Message-ID that is answered by its name, in bytes; it comes from outside.
const MAX_MESSAGE_ID: usize = 250;
/// The longest display name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Who our mails come from.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Display name.
    pub name: String,
    /// Address; also the envelope's.
    pub address: String,
    /// The address that replies go to, without token.
    pub reply_to: String,
    /// The domain of our Message-IDs.
    pub domain: String,
}

impl From<&crate::config::Mail> for Sender {
    fn from(mail: &crate::config::Mail) -> Self {
        Self {
            name: mail.from_name.clone(),
            address: mail.from.clone(),
            reply_to: mail.reply_to.clone(),
            domain: mail.message_id_domain.clone(),
        }
    }
}

/// One message to one person.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The delivery; the Message-ID is made of it.
    pub id: Uuid,
    /// The reply token, where a reply is offered.
    pub token: Option<Token>,
    /// The reader's name.
    pub name: String,
    /// The reader's address.
    pub address: String,
    /// The request, which is one thread.
    pub request: Option<RequestId>,
    /// The Message-ID that this answers.
    pub in_reply_to: Option<String>,
    /// Whether it answers what somebody sent.
    pub answers: bool,
    /// Who is written to by whoever wants no more of the kind; none: the header is left out.
    pub unsubscribe: Vec<String>,
    /// The subject, one line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When it is sent.
    pub at: Timestamp,
}

/// Why no message can be made; trying again would not help.
#[derive(Debug, thiserror::Error)]
pub enum BadMessage {
    /// An address is none.
    #[error("the {whose} address is not one that mail can be sent to; correct it and retry")]
    Address {
        /// `reader's`, `sender's` or `reply`.
        whose: &'static str,
    },
    /// lettre will not put it together.
    #[error("the message cannot be put together: {0}")]
    Parts(#[from] lettre::error::Error),
}

/// The Message-ID of a delivery, with its angle brackets: the same at every try.
pub fn message_id(domain: &str, id: Uuid, token: Option<&Token>) -> String {
    match token {
        Some(token) => format!("<{}.{}@{domain}>", token.expose(), id.simple()),
        None => format!("<{}@{domain}>", id.simple()),
    }
}

/// The id that every mail about a request refers to, with its angle brackets.
pub fn thread_id(domain: &str, request: RequestId) -> String {
    format!("<request-{}@{domain}>", request.0)
}

/// `local+TOKEN@domain`; `None` where the address has no `@`.
pub fn reply_address(reply_to: &str, token: &Token) -> Option<String> {
    let (local, domain) = reply_to.rsplit_once('@')?;
    Some(format!("{local}+{}@{domain}", token.expose()))
}

/// Who a mail is from and to, as the server is told: nobody else.
pub(super) fn envelope(sender: &Sender, to: &str) -> Result<Envelope, BadMessage> {
    let address = |text: &str, whose| {
        text.parse::<Address>()
            .map_err(|_| BadMessage::Address { whose })
    };
    let from = address(&sender.address, "sender's")?;
    let to = address(to, "reader's")?;
    Envelope::new(Some(from), vec![to]).map_err(|_| BadMessage::Address { whose: "reader's" })
}

pub(super) fn build(sender: &Sender, letter: &Letter) -> Result<(Envelope, Vec<u8>), BadMessage> {
    let address = |text: &str, whose| {
        text.parse::<Address>()
            .map_err(|_| BadMessage::Address { whose })
    };
    let from = address(&sender.address, "sender's")?;
    let to = address(&letter.address, "reader's")?;
    let envelope = Envelope::new(Some(from.clone()), vec![to.clone()])
        .map_err(|_| BadMessage::Address { whose: "reader's" })?;
    let mut builder = Message::builder()
        .envelope(envelope.clone())
        .from(Mailbox::new(name(&sender.name), from))
        .to(Mailbox::new(name(&letter.name), to))
        .subject(one_line(&letter.subject))
        .date(SystemTime::from(letter.at))
        .message_id(Some(message_id(
            &sender.domain,
            letter.id,
            letter.token.as_ref(),
        )));
    if let Some(token) = &letter.token {
        let reply =
            reply_address(&sender.reply_to, token).ok_or(BadMessage::Address { whose: "reply" })?;
        builder = builder.reply_to(Mailbox::new(None, address(&reply, "reply")?));
    }
    builder = thread(builder, sender, letter);
    let automatic = if letter.answers {
        "auto-replied"
    } else {
        "auto-generated"
    };
    builder = raw(builder, "Auto-Submitted", automatic);
    builder = raw(
        builder,
        "X-Auto-Response-Suppress",
        "OOF, AutoReply, RN, NRN, DR",
    );
    if let Some(to) = unsubscribe(&letter.unsubscribe) {
        builder = raw(builder, "List-Unsubscribe", &to);
    }
    builder = raw(builder, "X-Countersign-Loop", &one_line(&sender.domain));
    let parts = MultiPart::alternative()
        .boundary(format!("part-{}", letter.id.simple()))
        .singlepart(SinglePart::plain(letter.text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
    let message = builder.multipart(parts)?;
    Ok((envelope, message.formatted()))
}

fn thread(mut builder: MessageBuilder, sender: &Sender, letter: &Letter) -> MessageBuilder {
    let answered = letter.in_reply_to.as_deref().and_then(outside_id);
    let root = letter
        .request
        .map(|request| thread_id(&sender.domain, request));
    let references: Vec<String> = root.into_iter().chain(answered.clone()).collect();
    if !references.is_empty() {
        builder = builder.references(references.join(" "));
    }
    if let Some(answered) = answered {
        builder = builder.in_reply_to(answered);
    }
    builder
}

/// A mail to people who can switch it off (RFC 2369): we read no such mail ourselves.
fn unsubscribe(to: &[String]) -> Option<String> {
    let plain = |address: &&String| {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte);
        address.bytes().all(safe)
    };
    let to: Vec<&str> = to.iter().filter(plain).map(String::as_str).collect();
    (!to.is_empty()).then(|| format!("<mailto:{}?subject=Digest>", to.join(",")))
}

/// A Message-ID from outside as it may stand in our headers; one that is odd is left out.
fn outside_id(id: &str) -> Option<String> {
    let inner = id.trim().trim_start_matches('<').trim_end_matches('>');
    let plain = !inner.is_empty()
        && inner.len() <= MAX_MESSAGE_ID
        && inner
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b','));
    plain.then(|| format!("<{inner}>"))
}

fn raw(builder: MessageBuilder, name: &'static str, value: &str) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(
        HeaderName::new_from_ascii_str(name),
        value.to_owned(),
    ))
}

fn name(text: &str) -> Option<String> {
    let clean: String = one_line(text).chars().take(MAX_NAME_CHARS).collect();
    (!clean.is_empty()).then_some(clean)
}

/// No control characters, whatever the caller promised: a line break here would be a header there.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
