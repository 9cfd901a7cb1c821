//! `mail explain`: how a mail would be read. Decides nothing, needs neither database nor configuration.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::Failure;
use super::print::{self, note, put};
use crate::config::secret::Surroundings;
use crate::config::{self, words};
use crate::inbound::mail::Rules;
use crate::inbound::mail::explain::explain;

/// Longest mail that is explained, in bytes.
const MAX_MAIL_BYTES: u64 = 100 * 1024 * 1024;

/// Explains the mail in a file.
pub(super) fn run(
    file: &Path,
    locale: Option<&str>,
    json: bool,
    named: Option<&Path>,
) -> Result<(), Failure> {
    let mut raw = Vec::new();
    std::fs::File::open(file)
        .and_then(|file| file.take(MAX_MAIL_BYTES).read_to_end(&mut raw))
        .map_err(|error| {
            Failure::Usage(format!(
                "{}: cannot be read: {error}; mend: name a mail's file",
                file.display()
            ))
        })?;
    let explanation = explain(&raw, &rules(named)?, locale);
    if json {
        return print::json(&explanation);
    }
    put!("{explanation}");
    Ok(())
}

/// The rules of `[mail]` in the configuration; without one, the default words and nobody to believe. A
/// file that was named must be right; one that merely lies about is said to be left out where it is not.
fn rules(named: Option<&Path>) -> Result<Rules, Failure> {
    let around = Surroundings::real();
    let path = config::locate(named, &around);
    let meant = named.is_some() || (around.env)("COUNTERSIGN_CONFIG").is_some();
    let shown = path.display();
    match config::load_mail(&path) {
        Ok((mail, _)) => return Ok(Rules::new(&mail)),
        Err(problems) if meant => return Err(problems.into()),
        Err(problems) if path.exists() => note!("{problems}\n{shown} is left out, see above;"),
        Err(_) => note!("there is no configuration at {shown};"),
    }
    note!("read with the default words, and believing nobody's Authentication-Results");
    let (approve_words, disapprove_words) = words::defaults();
    Ok(Rules {
        reply_to: String::new(),
        own_address: String::new(),
        message_id_domain: String::new(),
        dkim: None,
        authserv_id: None,
        authserv_hops: 1,
        exempt_domains: BTreeSet::new(),
        approve_words,
        disapprove_words,
        banners: Vec::new(),
    })
}
