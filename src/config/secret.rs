//! Secrets, wherever they lie, and the little that reading a configuration asks of its surroundings.

use std::fmt;
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::de::DeValue;

use super::read::{At, Section};

/// What the surroundings say; handed in, so that a test can say something else.
pub struct Surroundings<'e> {
    /// A variable of the environment.
    pub env: &'e dyn Fn(&str) -> Option<String>,
    /// Whether [`SERVICE_DIRECTORY`] is for us: we run as root, or as the user to whom it belongs.
    pub service: bool,
    /// Whether every user of this machine can read the configuration file itself.
    pub open_file: bool,
    /// Whether keys of an embedded database that are not there are made. Without it they are absent.
    pub make_keys: bool,
}

impl Surroundings<'_> {
    /// The real ones.
    pub fn real() -> Surroundings<'static> {
        Surroundings {
            env: &|name| std::env::var(name).ok(),
            service: is_the_service(),
            open_file: false,
            make_keys: true,
        }
    }
}

/// The directory of the embedded database of a service; systemd's `StateDirectory=countersign`.
pub const SERVICE_DIRECTORY: &str = "/var/lib/countersign";

fn is_the_service() -> bool {
    let us = nix::unistd::geteuid();
    let owner = std::fs::metadata(SERVICE_DIRECTORY).map(|meta| meta.uid());
    us.is_root() || owner.is_ok_and(|owner| owner == us.as_raw())
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Surroundings {{ service: {} }}", self.service)
    }
}

/// Largest secret file that is read, in bytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// How a secret may be written; every mend ends with it.
const FORMS: &str =
    "{ file = \"/path\" }, { env = \"NAME\" }, { credential = \"name\" } or { value = \"…\" }";

/// Reads the secret under a key. A text is the secret itself; a table says where it lies. `None`: absent,
/// or a problem has been noted.
pub fn read(
    section: &mut Section<'_, '_>,
    key: &'static str,
    around: &Surroundings<'_>,
) -> Option<SecretString> {
    let found = section.value(key)?;
    let span = found.span();
    let plain = match found.get_ref() {
        DeValue::Table(table) => table.contains_key("value"),
        _ => true,
    };
    let secret = match found.get_ref() {
        DeValue::String(text) => At {
            value: text.as_ref().to_owned(),
            span,
        },
        DeValue::Table(table) => {
            let name = section.key(key);
            table_form(Section::new(section.report, name, table, span), around)?
        }
        _ => {
            section.wrong(key, &span, "is no secret", format!("write {FORMS}"));
            return None;
        }
    };
    if secret.value.trim().is_empty() {
        section.wrong(key, &secret.span, "is empty", format!("write {FORMS}"));
        return None;
    }
    if plain && around.open_file && tells_something(&secret.value) {
        let file = section.report.file();
        section.report.warn(
            &secret.span,
            section.key(key),
            "is written in a file that every user of this machine can read",
            format!("chmod 0600 {file}, or write {{ file = \"/path\" }} here"),
        );
    }
    Some(secret.value.into())
}

/// The file in which the secret under a key lies, if it is given so.
pub fn file_of(section: &mut Section<'_, '_>, key: &'static str) -> Option<PathBuf> {
    let found = section.value(key)?;
    let DeValue::Table(table) = found.get_ref() else {
        return None;
    };
    let (_, file) = table.iter().find(|(name, _)| name.get_ref() == "file")?;
    file.get_ref().as_str().map(PathBuf::from)
}

/// Whether this gives anything away: a database's address without a password does not.
fn tells_something(secret: &str) -> bool {
    let Some((_, rest)) = secret.split_once("://") else {
        return true;
    };
    let login = rest.split_once('@').map_or("", |(login, _)| login);
    login.contains(':') || rest.contains("password=")
}

fn table_form(mut form: Section<'_, '_>, around: &Surroundings<'_>) -> Option<At<String>> {
    let ways = [
        form.text("value"),
        form.text("file"),
        form.text("env"),
        form.text("credential"),
    ];
    let [value, file, env, credential] = ways;
    let found = match (value, file, env, credential) {
        (Some(value), None, None, None) => Some(At {
            value: value.value.to_owned(),
            span: value.span,
        }),
        (None, Some(file), None, None) => from_file(&form, Path::new(file.value), file.span),
        (None, None, Some(env), None) => from_env(&form, env, around),
        (None, None, None, Some(name)) => from_credential(&form, name, around),
        _ => {
            let span = form.span.clone();
            form.report.problem(
                &span,
                form.name.clone(),
                "must say exactly one place",
                format!("write {FORMS}"),
            );
            None
        }
    };
    form.end();
    found
}

fn from_env(
    form: &Section<'_, '_>,
    name: At<&str>,
    around: &Surroundings<'_>,
) -> Option<At<String>> {
    let Some(value) = (around.env)(name.value) else {
        let what = format!("the environment has no `{}`", name.value);
        form.wrong(
            "env",
            &name.span,
            what,
            "set the variable, or name another one",
        );
        return None;
    };
    Some(At {
        value,
        span: name.span,
    })
}

fn from_credential(
    form: &Section<'_, '_>,
    name: At<&str>,
    around: &Surroundings<'_>,
) -> Option<At<String>> {
    if name.value.contains('/') || name.value.starts_with('.') {
        let mend = "write the name as in LoadCredential=NAME:/path";
        form.wrong("credential", &name.span, "is no credential's name", mend);
        return None;
    }
    let Some(directory) = (around.env)("CREDENTIALS_DIRECTORY") else {
        let what = "there is no $CREDENTIALS_DIRECTORY: systemd handed no credentials over";
        let mend = format!("add LoadCredential={}:/path to the unit", name.value);
        form.wrong("credential", &name.span, what, mend);
        return None;
    };
    let path = PathBuf::from(directory).join(name.value);
    from_file(form, &path, name.span)
}

/// The file's text without the line end that editors leave.
fn from_file(form: &Section<'_, '_>, path: &Path, span: Range<usize>) -> Option<At<String>> {
    let shown = path.display();
    let refuse = |what: String, mend: String| {
        form.report.problem(&span, form.name.clone(), what, mend);
        None
    };
    let meta = match std::fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) => {
            return refuse(
                format!("the secret file {shown} cannot be read: {error}"),
                format!("create {shown}, readable by the service's user only (mode 0600)"),
            );
        }
    };
    if !meta.is_file() || meta.len() > MAX_SECRET_BYTES {
        return refuse(
            format!("{shown} is no file of at most {MAX_SECRET_BYTES} bytes"),
            "name a file that holds nothing but the secret".to_owned(),
        );
    }
    if meta.permissions().mode() & 0o007 != 0 {
        form.report.warn(
            &span,
            form.name.clone(),
            format!("the secret file {shown} is open to every user of this machine"),
            format!("chmod 0600 {shown}"),
        );
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Some(At {
            value: text.trim_end_matches(['\n', '\r']).to_owned(),
            span,
        }),
        Err(error) => refuse(
            format!("the secret file {shown} cannot be read: {error}"),
            format!("make {shown} readable by the service's user (text, mode 0600)"),
        ),
    }
}
