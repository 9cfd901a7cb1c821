//! Which PostgreSQL of this machine.
//!
//! A new data directory takes the first that is found of: `COUNTERSIGN_PG_BIN`, the newest of
//! `/usr/lib/postgresql/*/bin`, `PATH`. An existing one takes the first whose major version is its
//! own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::EmbeddedError;
use super::directory::Place;

/// Where distributions of the Debian family put one directory for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A `bin` directory with `postgres` and `initdb` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The directory.
    pub bin: PathBuf,
    /// The major version, as 15.
    pub major: u32,
}

impl Binaries {
    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Where to look.
#[derive(Debug)]
pub struct Where {
    /// `COUNTERSIGN_PG_BIN`.
    pub named: Option<OsString>,
    /// The directory of one directory for each version.
    pub versions: PathBuf,
    /// `PATH`.
    pub path: Option<OsString>,
}

impl Where {
    /// What this process's environment says.
    pub fn of_this_process() -> Self {
        Self {
            named: std::env::var_os("COUNTERSIGN_PG_BIN").filter(|named| !named.is_empty()),
            versions: PathBuf::from(DEBIAN),
            path: std::env::var_os("PATH"),
        }
    }

    /// Every directory to look in, the best first.
    fn candidates(&self) -> Vec<PathBuf> {
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(&self.versions)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let major = entry.file_name().to_str()?.parse().ok()?;
                Some((major, entry.path().join("bin")))
            })
            .collect();
        versions.sort_by(|a, b| b.cmp(a));
        let path = self.path.iter().flat_map(std::env::split_paths);
        let named = self.named.iter().map(PathBuf::from);
        named
            .chain(versions.into_iter().map(|(_, bin)| bin))
            .chain(path)
            .collect()
    }

    fn described(&self) -> String {
        let named = self
            .named
            .as_ref()
            .map(|named| format!("{}, ", named.display()));
        format!(
            "{}{}/*/bin and PATH",
            named.unwrap_or_default(),
            self.versions.display()
        )
    }
}

/// The binaries for data of this major version, or the best for new data.
pub fn find(around: &Where, wanted: Option<u32>, place: &Place) -> Result<Binaries, EmbeddedError> {
    let mut others = Vec::new();
    for bin in around.candidates() {
        if !bin.join("initdb").is_file() {
            continue;
        }
        let Some(major) = major_of(&bin.join("postgres")) else {
            continue;
        };
        if wanted.is_none_or(|wanted| wanted == major) {
            return Ok(Binaries { bin, major });
        }
        others.push(major.to_string());
    }
    match wanted {
        Some(wanted) if !others.is_empty() => {
            others.dedup();
            let installed = others.join(", ");
            Err(EmbeddedError::Version {
                data: place.data.clone(),
                wanted,
                installed,
            })
        }
        _ => Err(EmbeddedError::Missing {
            looked: around.described(),
        }),
    }
}

/// The major version that a `postgres` says it is: `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major_of(postgres: &Path) -> Option<u32> {
    let said = Command::new(postgres).arg("--version").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let version = said
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
