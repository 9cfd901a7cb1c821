//! `mail explain`: how a mail would be read. Decides nothing, needs neither database nor configuration.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::{Failure, load, print_json};
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
        return print_json(&explanation);
    }
    println!("{explanation}");
    Ok(())
}

/// The rules of the configuration; without one, the default words and nobody to believe. A file that was
/// named must be right; one that merely lies about is said to be left out where it is not.
fn rules(named: Option<&Path>) -> Result<Rules, Failure> {
    let around = Surroundings::real();
    let path = config::locate(named, &around);
    let meant = named.is_some() || (around.env)("COUNTERSIGN_CONFIG").is_some();
    let config = match load(Some(&path)) {
        Ok(config) => config,
        Err(failure) if meant => return Err(failure),
        Err(_) => {
            eprintln!(
                "no configuration in force ({} is absent or not right): default words, no authserv-id",
                path.display()
            );
            let (approve_words, disapprove_words) = words::defaults();
            return Ok(Rules {
                reply_to: String::new(),
                own_address: String::new(),
                message_id_domain: String::new(),
                authserv_id: None,
                authserv_hops: 1,
                exempt_domains: BTreeSet::new(),
                approve_words,
                disapprove_words,
            });
        }
    };
    Ok(Rules::new(&config.mail))
}
