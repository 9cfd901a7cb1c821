//! The newest refresh token in a file of its own, for providers that take the last one back with each answer.
//!
//! The file has two lines: the SHA-256 of the configured token that this one descends from, and the token.
//! What always holds: only its owner can read it; it is whole or not there (written aside, then moved); and
//! an operator who puts another token into the configuration is obeyed, because the file then descends from
//! one that is configured no more.
//!
//! What is *not* promised: that several machines may share one configured token. Each keeps its own newest.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// The longest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Where the newest one that descends from a configured one is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    path: PathBuf,
    /// The SHA-256 of the configured one, in hex.
    descends_from: String,
}

impl Kept {
    /// In this file.
    pub fn new(path: PathBuf, configured: &SecretString) -> Self {
        let digest = Sha256::digest(configured.expose_secret().as_bytes());
        Self {
            path,
            descends_from: HEXLOWER.encode(&digest),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest one, if one that descends from the configured one was kept.
    pub fn read(&self) -> io::Result<Option<SecretString>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut text = String::new();
        file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
        let mut lines = text.lines();
        let (parent, token) = (lines.next(), lines.next());
        let ours = parent.is_some_and(|parent| parent == self.descends_from);
        let token = token.filter(|token| ours && !token.is_empty());
        Ok(token.map(SecretString::from))
    }

    /// Puts a newer one in its place.
    pub fn write(&self, newest: &SecretString) -> io::Result<()> {
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut aside = self.path.clone().into_os_string();
        aside.push(format!(".{}", std::process::id()));
        let aside = PathBuf::from(aside);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)?;
        // One that a process of the same number left may have another mode.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        let text = format!("{}\n{}\n", self.descends_from, newest.expose_secret());
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if nix::unistd::geteuid().is_root() {
            // A command that root types must leave the service's own file to the service.
            let owner = std::fs::metadata(directory)?;
            std::os::unix::fs::chown(&aside, Some(owner.uid()), Some(owner.gid()))?;
        }
        std::fs::rename(&aside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Goal: the newest is read again, by its owner only; another configured one, or a file that is none of
    // ours, yields nothing. Method: a file written twice, then read by other heirs, then spoilt.
    #[test]
    fn the_newest_is_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("newest");
        let kept = |configured: &str| Kept::new(path.clone(), &configured.into());
        let read = |configured: &str| {
            let token = kept(configured).read().expect("reads");
            token.map(|token| token.expose_secret().to_owned())
        };
        assert_eq!(read("first"), None);
        for newest in ["second", "third"] {
            kept("first").write(&newest.into()).expect("writes");
            assert_eq!(read("first").as_deref(), Some(newest));
        }
        let mode = std::fs::metadata(&path).expect("a file").mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            std::fs::read_dir(directory.path()).expect("lists").count(),
            1
        );
        assert_eq!(read("replaced"), None, "the operator is obeyed");
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(!text.contains("first"), "{text}");
        for spoilt in ["", "\n\n", "third\n"] {
            std::fs::write(&path, spoilt).expect("writes");
            assert_eq!(read("first"), None, "{spoilt:?}");
        }
    }
}
