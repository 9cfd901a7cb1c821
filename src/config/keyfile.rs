//! The keys of an embedded database: made once, beside the data, readable by their owner only.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use data_encoding::BASE64;
use secrecy::SecretString;

/// The id of the generated token key; stored with every delivery whose tokens it made.
pub const KEY_ID: &str = "embedded-1";
/// The file of the key that tokens are derived under, in the embedded directory.
pub const TOKEN_KEY_FILE: &str = "token.key";
/// The file of the key that seals the record.
pub const SEAL_KEY_FILE: &str = "seal.key";
/// A key's length in bytes.
const KEY_BYTES: usize = 32;
/// The longest key file that is read, in bytes.
const MAX_KEY_FILE: u64 = 4096;

/// The key in this file of the directory, made if it is not there. Two processes that start together get one key:
/// it is written aside and linked into place, and a link never replaces.
pub fn read_or_make(directory: &Path, name: &str) -> io::Result<SecretString> {
    let path = directory.join(name);
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let mut bytes = [0_u8; KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let aside = directory.join(format!("{name}.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(BASE64.encode(&bytes).as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&aside, &path);
    std::fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read(&path),
    }
}

/// What to do where a key can be neither read nor made.
pub const MEND: &str =
    "run as the service's user (sudo -u countersign), or set [database] directory";

/// The key in this file of the directory; one that is not there is made, or absent.
pub fn of(directory: &Path, name: &str, make: bool) -> io::Result<Option<SecretString>> {
    if make {
        read_or_make(directory, name).map(Some)
    } else {
        read_if_there(directory, name)
    }
}

/// The key in this file of the directory; `None` where there is no such file. Makes nothing.
pub fn read_if_there(directory: &Path, name: &str) -> io::Result<Option<SecretString>> {
    match read(&directory.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Whether anybody but its owner may read it; `None` where there is no such file.
pub fn open_to_others(path: &Path) -> Option<bool> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    Some(mode & 0o077 != 0)
}

fn read(path: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_KEY_FILE)
        .read_to_string(&mut text)?;
    match BASE64.decode(text.trim().as_bytes()) {
        Ok(bytes) if bytes.len() >= KEY_BYTES => Ok(text.trim().to_owned().into()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} holds no key", path.display()),
        )),
    }
}
