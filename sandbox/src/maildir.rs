//! The files of a mailbox, from behind the server's back.
//!
//! Where we are root the files belong to Dovecot's user; what is made here is given to whoever owns
//! the directory above.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::mail::Mail;

/// The folder that judged mails are moved to, as Dovecot names it on disk.
const PROCESSED: &str = ".Processed";

/// Every mail in `new` and `cur`, the oldest first. Complete mails only: Dovecot writes them
/// elsewhere.
pub fn inbox(maildir: &Path) -> anyhow::Result<Vec<Mail>> {
    let mut mails = Vec::new();
    for file in files(maildir)? {
        match std::fs::read(&file) {
            Ok(raw) => mails.push(Mail::new(raw)),
            // Somebody marked it as seen, and so renamed it, since we listed it; or moved it away.
            Err(error) if error.kind() == ErrorKind::NotFound => return inbox(maildir),
            Err(error) => {
                return Err(error).with_context(|| format!("read {}", file.display()));
            }
        }
    }
    Ok(mails)
}

/// Puts mails into `cur` as if they had come long ago.
pub fn seed(maildir: &Path, mails: impl IntoIterator<Item = Vec<u8>>) -> anyhow::Result<()> {
    let cur = make(maildir, "cur")?;
    make(maildir, "new")?;
    make(maildir, "tmp")?;
    for (number, raw) in mails.into_iter().enumerate() {
        let file = cur.join(format!(
            "{number:09}.{}.seed:2,",
            countersign::clock::new_id()
        ));
        std::fs::write(&file, raw).with_context(|| format!("write {}", file.display()))?;
        give_as(&cur, &file)?;
    }
    Ok(())
}

/// Makes Dovecot forget the numbers of the mails, in every folder, and gives it another UIDVALIDITY
/// to begin with: its own choice would be the second that it is, which may be the same. Nobody may
/// be logged in.
pub fn renumber(maildir: &Path) -> anyhow::Result<()> {
    for folder in [maildir.to_owned(), maildir.join(PROCESSED)] {
        let list = folder.join("dovecot-uidlist");
        let known = std::fs::read_to_string(&list).unwrap_or_default();
        for entry in entries(&folder)? {
            let name = entry
                .file_name()
                .map(|name| name.display().to_string())
                .unwrap_or_default();
            if name.starts_with("dovecot-uid") || name.starts_with("dovecot.index") {
                std::fs::remove_file(&entry)
                    .with_context(|| format!("remove {}", entry.display()))?;
            }
        }
        // The head of the list: `3 V1795240640 N11 G…`, its validity and the next number.
        let head = known.lines().next().unwrap_or_default();
        let validity = head
            .split(' ')
            .find_map(|word| word.strip_prefix('V')?.parse::<u32>().ok());
        if let Some(validity) = validity {
            std::fs::write(&list, format!("3 V{} N1\n", validity + 1_000))
                .with_context(|| format!("write {}", list.display()))?;
            give_as(&folder, &list)?;
        }
    }
    Ok(())
}

/// Moves the mails of the processed folder back to the inbox.
pub fn put_back(maildir: &Path) -> anyhow::Result<()> {
    let cur = make(maildir, "cur")?;
    for file in files(&maildir.join(PROCESSED))? {
        let name = file.file_name().context("a file without a name")?;
        std::fs::rename(&file, cur.join(name))
            .with_context(|| format!("move {}", file.display()))?;
    }
    Ok(())
}

/// The mails of one folder in the order in which they came.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = entries(&folder.join("cur"))?;
    files.extend(entries(&folder.join("new"))?);
    files.sort_by_cached_key(|file| came(file));
    Ok(files)
}

/// When a mail came, by the name of its file: `SECONDS.M<microseconds>P….HOST`. The microseconds are not
/// padded, so that the names themselves are not in order.
fn came(file: &Path) -> (u64, u64, String) {
    let name = file
        .file_name()
        .map(|name| name.display().to_string())
        .unwrap_or_default();
    let mut parts = name.split('.');
    let seconds = parts.next().and_then(|part| part.parse().ok());
    let micros = parts
        .next()
        .and_then(|part| part.strip_prefix('M')?.split('P').next()?.parse().ok());
    (
        seconds.unwrap_or_default(),
        micros.unwrap_or_default(),
        name,
    )
}

/// What lies in a directory; nothing where it is not there yet.
fn entries(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = match std::fs::read_dir(directory) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("list {}", directory.display())),
    };
    listed.map(|entry| Ok(entry?.path())).collect()
}

fn make(maildir: &Path, part: &str) -> anyhow::Result<PathBuf> {
    let path = maildir.join(part);
    for directory in [maildir, &path] {
        if !directory.is_dir() {
            std::fs::create_dir(directory)
                .with_context(|| format!("make {}", directory.display()))?;
            give_as(directory.parent().context("a directory above")?, directory)?;
        }
    }
    Ok(path)
}

fn give_as(above: &Path, path: &Path) -> anyhow::Result<()> {
    let owner = std::fs::metadata(above)?;
    std::os::unix::fs::chown(path, Some(owner.uid()), Some(owner.gid()))
        .with_context(|| format!("give away {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::came;

    /// Goal: two mails of one second stay in the order in which they came.
    /// Method: names as Dovecot makes them, whose text sorts the other way round.
    #[test]
    fn microseconds_are_numbers() {
        let first = Path::new("1795240640.M98213P77.host,S=1,W=2");
        let second = Path::new("1795240640.M612333P77.host,S=1,W=2:2,S");
        let third = Path::new("1795240641.M5P77.host");
        assert!(first.file_name() > second.file_name());
        assert!(came(first) < came(second) && came(second) < came(third));
    }
}
