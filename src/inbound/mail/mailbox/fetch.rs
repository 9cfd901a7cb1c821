//! Taking mails from the server: first how large they are, then those that are small enough.
//!
//! Nothing is asked for that could be larger than the limit: the body is requested up to one byte
//! more than it, whatever size the server gave before. `PEEK` leaves the mail unread, so that a
//! crash loses nothing.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeMap;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, MessageSection, Response, SectionPath};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::error::MailboxError;
use super::names::uid_set;
use super::wire::{Ended, Wire};
use crate::store::inbox::Arrived;

/// At most this many mails are looked at before the first of them is fetched; the rest comes after.
pub(super) const SURVEY_MAX: usize = 20_000;
/// At most this many bytes of mail are asked for in one command (one mail may be larger).
const FETCH_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Of a mail over the limit, this much of its header is read.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// A longer Message-ID is not kept.
const MESSAGE_ID_MAX: usize = 250;

/// A mail on the server, before it is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Its UID.
    pub uid: u32,
    /// Its size as the server says, in bytes.
    pub size: u64,
    /// When it came in.
    pub arrived_at: Option<Timestamp>,
}

/// What lies there with a UID above `last`, ascending; the flag says that there is more.
pub(super) async fn survey_above(
    wire: &mut Wire,
    last: u32,
) -> Result<(Vec<Seen>, bool), MailboxError> {
    let Some(first) = last.checked_add(1) else {
        return Ok((Vec::new(), false));
    };
    let mut seen = survey(wire, &format!("{first}:*")).await?;
    // `n:*` names the last mail even where its UID is below n.
    seen.retain(|mail| mail.uid > last);
    let more = seen.len() > SURVEY_MAX;
    seen.truncate(SURVEY_MAX);
    Ok((seen, more))
}

/// Size and date of the mails of a set, ascending by UID.
pub(super) async fn survey(wire: &mut Wire, set: &str) -> Result<Vec<Seen>, MailboxError> {
    let mut seen = BTreeMap::new();
    let command = format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)");
    let ended = wire
        .command(&command, &mut |response| {
            let Response::Fetch(_, attributes) = response else {
                return;
            };
            let (mut uid, mut size, mut arrived_at) = (None, None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(value) => uid = Some(*value),
                    AttributeValue::Rfc822Size(value) => size = Some(u64::from(*value)),
                    AttributeValue::InternalDate(text) => arrived_at = internal_date(text),
                    _ => {}
                }
            }
            // A change of flags that the server tells of meanwhile has no size.
            if let (Some(uid), Some(size)) = (uid, size) {
                seen.insert(uid, (size, arrived_at));
                if seen.len() > SURVEY_MAX + 1 {
                    seen.pop_last();
                }
            }
        })
        .await?;
    accept("UID FETCH", ended)?;
    let seen = seen.into_iter();
    Ok(seen
        .map(|(uid, (size, arrived_at))| Seen {
            uid,
            size,
            arrived_at,
        })
        .collect())
}

/// UIDs that match a search, ascending: servers give them in any order.
pub(super) async fn search(wire: &mut Wire, what: &str) -> Result<Vec<u32>, MailboxError> {
    let mut uids = Vec::new();
    let ended = wire
        .command(&format!("UID SEARCH {what}"), &mut |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend_from_slice(found);
            }
        })
        .await?;
    accept("UID SEARCH", ended)?;
    uids.sort_unstable();
    uids.dedup();
    Ok(uids)
}

/// Cuts what is to be fetched into batches: at most `count` mails and about 8 MiB each; what is
/// over `limit` counts with its header only.
pub(super) fn plan(seen: &[Seen], count: usize, limit: u64) -> Vec<Vec<Seen>> {
    let mut batches: Vec<Vec<Seen>> = Vec::new();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for mail in seen {
        let cost = if mail.size > limit { 0 } else { mail.size };
        if !batch.is_empty() && (batch.len() >= count || bytes + cost > FETCH_BYTES_MAX) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += cost;
        batch.push(*mail);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Fetches one batch. Mails that are gone meanwhile are left out.
pub(super) async fn fetch(
    wire: &mut Wire,
    batch: &[Seen],
    limit: u64,
) -> Result<Vec<Arrived>, MailboxError> {
    let (small, large): (Vec<Seen>, Vec<Seen>) = batch.iter().partition(|m| m.size <= limit);
    let mut arrived = BTreeMap::new();
    if !small.is_empty() {
        let up_to = limit.saturating_add(1);
        let items = format!("(UID BODY.PEEK[]<0.{up_to}>)");
        let bodies = sections(wire, &small, &items).await?;
        for mail in &small {
            if let Some(raw) = bodies.get(&mail.uid) {
                arrived.insert(mail.uid, arrive(mail, raw, limit));
            }
        }
    }
    if !large.is_empty() {
        let items = format!("(UID BODY.PEEK[HEADER]<0.{HEADER_BYTES_MAX}>)");
        let headers = sections(wire, &large, &items).await?;
        for mail in &large {
            if let Some(header) = headers.get(&mail.uid) {
                arrived.insert(mail.uid, arrive_by_header(mail, header));
            }
        }
    }
    Ok(arrived.into_values().collect())
}

async fn sections(
    wire: &mut Wire,
    mails: &[Seen],
    items: &str,
) -> Result<BTreeMap<u32, Vec<u8>>, MailboxError> {
    let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
    let mut bodies = BTreeMap::new();
    let command = format!("UID FETCH {} {items}", uid_set(&uids));
    let ended = wire
        .command(&command, &mut |response| {
            let Response::Fetch(_, attributes) = response else {
                return;
            };
            let uid = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::Uid(uid) => Some(*uid),
                _ => None,
            });
            let body = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::BodySection {
                    section: None | Some(SectionPath::Full(MessageSection::Header)),
                    data: Some(data),
                    ..
                } => Some(data),
                _ => None,
            });
            if let (Some(uid), Some(body)) = (uid, body) {
                bodies.insert(uid, body.to_vec());
            }
        })
        .await?;
    match ended {
        // One mail that the server cannot hand out (or that was removed meanwhile) makes some
        // servers refuse the whole command; what came is good.
        Ended::Ok(_) | Ended::No(_) => Ok(bodies),
        Ended::Bad(said) => Err(MailboxError::Refused {
            what: "UID FETCH",
            said,
        }),
    }
}

/// A mail as it came; if the server had lied about its size and it is over the limit, without its
/// body.
fn arrive(seen: &Seen, raw: &[u8], limit: u64) -> Arrived {
    if raw.len() as u64 > limit {
        let larger = Seen {
            size: seen.size.max(limit + 1),
            ..*seen
        };
        return arrive_by_header(&larger, raw.get(..HEADER_BYTES_MAX).unwrap_or(raw));
    }
    Arrived {
        uid: seen.uid,
        sha256: Sha256::digest(raw).into(),
        message_id: message_id(raw),
        size: raw.len() as u64,
        raw: Some(raw.to_vec()),
        arrived_at: seen.arrived_at,
    }
}

fn arrive_by_header(seen: &Seen, header: &[u8]) -> Arrived {
    // Begins as no mail does, so that no mail's bytes have the same name.
    let name = Sha256::new()
        .chain_update(b"over the limit\0")
        .chain_update(seen.size.to_be_bytes())
        .chain_update(header);
    Arrived {
        uid: seen.uid,
        sha256: name.finalize().into(),
        message_id: message_id(header),
        size: seen.size,
        raw: None,
        arrived_at: seen.arrived_at,
    }
}

/// The first Message-ID of a header, for people to search by; nothing is decided by it.
fn message_id(raw: &[u8]) -> Option<String> {
    let mut lines = raw
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .take_while(|line| !line.is_empty());
    let first = lines.by_ref().find_map(|line| {
        let (name, rest) = line.split_at_checked("message-id:".len())?;
        name.eq_ignore_ascii_case(b"message-id:").then_some(rest)
    })?;
    // Long ones stand on a line of their own.
    let value = if first.trim_ascii().is_empty() {
        lines.next()?
    } else {
        first
    };
    let value = std::str::from_utf8(value.trim_ascii()).ok()?;
    let fit = value.len() <= MESSAGE_ID_MAX && value.bytes().all(|b| b.is_ascii_graphic());
    (fit && !value.is_empty()).then(|| value.to_owned())
}

/// `17-Jul-1996 02:44:25 -0700`; the day may begin with a blank.
fn internal_date(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()
}

fn accept(what: &'static str, ended: Ended) -> Result<(), MailboxError> {
    match ended {
        Ended::Ok(_) => Ok(()),
        Ended::No(said) | Ended::Bad(said) => Err(MailboxError::Refused { what, said }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(uid: u32, size: u64) -> Seen {
        Seen {
            uid,
            size,
            arrived_at: None,
        }
    }

    /// Goal: no batch has more mails or bytes than allowed, none is lost, order is kept.
    /// Method: small ones, a large one in the middle, one over the limit.
    #[test]
    fn batches_are_bounded() {
        let mails: Vec<Seen> = (1..=5)
            .map(|uid| seen(uid, if uid == 3 { 8 * 1024 * 1024 } else { 100 }))
            .chain([seen(6, 60_000_000)])
            .collect();
        let batches = plan(&mails, 2, 10 * 1024 * 1024);
        let uids: Vec<Vec<u32>> = batches
            .iter()
            .map(|batch| batch.iter().map(|mail| mail.uid).collect())
            .collect();
        assert_eq!(uids, [vec![1, 2], vec![3], vec![4, 5], vec![6]]);
    }

    /// Goal: INTERNALDATE is read as servers write it.
    /// Method: the example of RFC 3501, a one-digit day, nonsense.
    #[test]
    fn internal_dates_are_read() {
        let read = |text| internal_date(text).map(|at: Timestamp| at.to_string());
        assert_eq!(
            read("17-Jul-1996 02:44:25 -0700").as_deref(),
            Some("1996-07-17T09:44:25Z")
        );
        assert_eq!(
            read(" 7-Jul-1996 02:44:25 +0000").as_deref(),
            Some("1996-07-07T02:44:25Z")
        );
        assert_eq!(read("yesterday"), None);
    }

    /// Goal: a Message-ID is found where mails have it, and nothing else is taken for one.
    /// Method: any case, folded, in the body, absent, with what Postgres cannot hold.
    #[test]
    fn message_ids_are_found() {
        let read = |raw: &[u8]| message_id(raw);
        assert_eq!(
            read(b"A: b\r\nMESSAGE-ID: <x@y>\r\n\r\n").as_deref(),
            Some("<x@y>")
        );
        assert_eq!(
            read(b"Message-ID:\r\n <x@y>\r\n\r\n").as_deref(),
            Some("<x@y>")
        );
        assert_eq!(read(b"A: b\r\n\r\nMessage-ID: <x@y>\r\n"), None);
        assert_eq!(read(b"Message-ID: <x\0@y>\r\n\r\n"), None);
        assert_eq!(read(b"Message-ID:"), None);
        assert_eq!(read(b""), None);
    }

    /// Goal: a server that gives a smaller size than the mail has cannot make us keep it.
    /// Method: a body one byte over the limit.
    #[test]
    fn a_lie_about_the_size_is_found_out() {
        let honest = arrive(&seen(1, 10), &[b'x'; 10], 10);
        assert!(honest.raw.is_some());
        let liar = arrive(&seen(1, 10), &[b'x'; 11], 10);
        assert_eq!((liar.raw, liar.size), (None, 11));
    }
}
