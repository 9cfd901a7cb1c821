//! `audit verify|export`: whether the record is whole, and the record for other programs.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Write as _};
use std::path::Path;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::json;

use super::args::{Audit, ExportFormat};
use super::office::Office;
use super::print::{self, count, note, put};
use super::{Failure, look};
use crate::config;
use crate::config::secret::Surroundings;
use crate::export::{self, Format};
use crate::seal::block::Blocks;
use crate::seal::{PublicKey, SealKey, Signed};
use crate::store::audit::{self, Verified, Verify};

/// Does it.
pub(super) async fn run(what: Audit, config: Option<&Path>) -> Result<(), Failure> {
    let looking = look(config)?;
    match what {
        Audit::Verify {
            from_seal,
            seal,
            output,
        } => {
            let wanted = Verify {
                from_seal,
                keys: keys(config)?,
            };
            let mut posted = seal.as_deref().map(posted).transpose()?;
            let work = async |office: &Office| {
                let next = || posted.as_mut().map_or(Ok(None), Posted::next);
                audit::verify(&office.pool, &wanted, next).await
            };
            let verified = Office::look(&looking, work).await?;
            if posted.is_some() && verified.posted == 0 {
                return Err(Failure::Usage(
                    "--seal: there is no seal in this file; mend: name the seal_file, or a mail that a seal \
                     came in"
                        .to_owned(),
                ));
            }
            report(&verified, (posted.is_some(), from_seal), output.json)
        }
        Audit::Export {
            format,
            since,
            until,
            chain,
        } => {
            let filter = audit::Filter {
                since: point(since.as_deref(), "--since")?,
                until: point(until.as_deref(), "--until")?,
                chain,
            };
            let format = match format {
                ExportFormat::Jsonl => Format::JsonLines,
                ExportFormat::Cef => Format::Cef,
            };
            Office::look(&looking, async |office| {
                write(office, &filter, format).await
            })
            .await
        }
    }
}

/// A point in time: RFC 3339, or a civil time in UTC, for a record has no zone of its own.
fn point(text: Option<&str>, option: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let civil = |text: &str| {
        let civil: DateTime = text.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    };
    let read = text.parse().ok().or_else(|| civil(text));
    read.map(Some).ok_or_else(|| {
        Failure::Usage(format!(
            "{option}: `{text}` is no time; write it like \"2026-11-21 09:00\" (UTC) or 2026-11-21T09:00:00Z"
        ))
    })
}

/// The keys that may seal: the present one and those that the configuration names.
fn keys(config: Option<&Path>) -> Result<BTreeSet<PublicKey>, Failure> {
    let path = config::locate(config, &Surroundings::real());
    let (seals, warnings) = config::load_seals(&path)?;
    print::warn(&warnings);
    let mut keys: BTreeSet<PublicKey> = seals.older.iter().copied().map(PublicKey).collect();
    if let Some(key) = &seals.key {
        let key =
            SealKey::new(key).map_err(|error| Failure::Usage(format!("[audit] key: {error}")))?;
        keys.insert(key.public());
    }
    Ok(keys)
}

/// The seals of a file, one after another.
struct Posted {
    blocks: Blocks<BufReader<File>>,
    file: String,
}

fn posted(path: &Path) -> Result<Posted, Failure> {
    let shown = path.display().to_string();
    let file = File::open(path).map_err(|error| {
        Failure::Usage(format!(
            "--seal: {shown} cannot be read: {error}; mend: name a file that holds posted seals"
        ))
    })?;
    Ok(Posted {
        blocks: Blocks::new(BufReader::new(file)),
        file: shown,
    })
}

impl Posted {
    fn next(&mut self) -> Result<Option<Signed>, Failure> {
        self.blocks.next_block().map_err(|error| {
            Failure::Usage(format!(
                "--seal: {}: {error}; mend: take the file as it was posted, whole",
                self.file
            ))
        })
    }
}

/// `held`: against posted seals; from which seal on, if not from the first.
fn report(verified: &Verified, held: (bool, Option<i64>), as_json: bool) -> Result<(), Failure> {
    if as_json {
        let mut whole = json!({ "whole": verified.is_clean() });
        if let (Some(all), Ok(serde_json::Value::Object(more))) =
            (whole.as_object_mut(), serde_json::to_value(verified))
        {
            all.extend(more);
        }
        print::json(&whole)?;
    } else {
        say(verified, held);
    }
    if verified.is_clean() {
        return Ok(());
    }
    note!("refused: record-damaged (W27)");
    Err(Failure::Said(1))
}

fn say(verified: &Verified, (held, from): (bool, Option<i64>)) {
    for finding in &verified.findings {
        put!("wrong: {finding}");
    }
    let more = verified.wrong.saturating_sub(verified.findings.len());
    if more > 0 {
        put!("and {more} more");
    }
    put!(
        "{} in {}, {}, {} read.",
        many(verified.events, "event"),
        many(verified.chains, "chain"),
        many(verified.requests, "request"),
        many(verified.seals, "seal")
    );
    if let Some(last) = verified.last_seal {
        put!(
            "The last seal is {last}; {} came after the last seal of their chains.",
            many(verified.unsealed, "event")
        );
    } else {
        put!("Nothing is sealed: somebody who can write to the database can rewrite it unseen.");
    }
    if held {
        let (posted, were) = (many(verified.posted, "posted seal"), verified.posted);
        let were = if were == 1 { "was" } else { "were" };
        put!("{posted} {were} held against it.");
    } else {
        put!(
            "No posted seal was given (--seal FILE): a tail that was cut off with its seals does not show."
        );
    }
    if let (true, Some(from)) = (verified.is_clean(), from) {
        put!("The record is whole from seal {from} on; what came before was not read.");
    } else if verified.is_clean() {
        put!("The record is whole.");
    } else {
        put!(
            "The record is damaged. Nothing was changed. Keep a copy of the database before you do anything."
        );
    }
}

fn many(number: i64, one: &str) -> String {
    count(usize::try_from(number).unwrap_or(0), one)
}

async fn write(office: &Office, filter: &audit::Filter, format: Format) -> Result<(), Failure> {
    let mut conn = office.pool.acquire().await?;
    if let Some(chain) = &filter.chain
        && !audit::has_chain(&mut conn, chain).await?
    {
        return Err(Failure::Usage(format!(
            "--chain: there is no chain {chain}; mend: write it like request/42 or system/mail"
        )));
    }
    let mut out = BufWriter::new(std::io::stdout());
    let written = {
        let mut records = audit::export(&mut conn, filter);
        loop {
            let Some(record) = records.try_next().await? else {
                break out.flush();
            };
            let line = export::line(&record, format);
            if let Err(error) = writeln!(out, "{line}") {
                break Err(error);
            }
        }
    };
    match written {
        // Whoever reads may have had enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::Usage(format!(
            "the export cannot be written: {error}; mend: see where standard output goes"
        ))),
        _ => Ok(()),
    }
}
