//! `mail explain`: how a mail would be read. Decides nothing, needs neither database nor configuration.
//! Where the configuration has our own check of signatures, DNS is asked for their keys.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::Failure;
use super::print::{self, note, put};
use crate::clock::Clock;
use crate::config::proof::Dns;
use crate::config::secret::Surroundings;
use crate::config::{self, words};
use crate::inbound::mail::Rules;
use crate::inbound::mail::authenticate::from_domain;
use crate::inbound::mail::dkim::Report;
use crate::inbound::mail::explain::explain;
use crate::inbound::mail::head::Head;
use crate::inbound::mail::resolve::{ResolveError, Resolver};

/// Longest mail that is explained, in bytes.
const MAX_MAIL_BYTES: u64 = 100 * 1024 * 1024;

/// Explains the mail in a file.
pub(super) async fn run(
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
    let (rules, dns) = rules(named)?;
    let raw: Arc<[u8]> = raw.into();
    let report = examined(&raw, &rules, &dns).await?;
    let explanation = explain(&raw, &rules, report.as_ref(), locale);
    if json {
        return print::json(&explanation);
    }
    put!("{explanation}");
    Ok(())
}

/// What our own check finds, where it is configured and the mail has one From address.
async fn examined(raw: &Arc<[u8]>, rules: &Rules, dns: &Dns) -> Result<Option<Report>, Failure> {
    let (Some(dkim), Some(from)) = (&rules.dkim, from_domain(&Head::split(raw))) else {
        return Ok(None);
    };
    let usage = |error: ResolveError| Failure::Usage(error.to_string());
    let resolver = Resolver::new(dns).map_err(usage)?;
    let now = Clock::system().now();
    Ok(resolver.examine(raw.clone(), from.into(), dkim, now).await)
}

/// The rules of `[mail]` in the configuration; without one, the default words and nobody to believe. A
/// file that was named must be right; one that merely lies about is said to be left out where it is not.
fn rules(named: Option<&Path>) -> Result<(Rules, Dns), Failure> {
    let around = Surroundings::real();
    let path = config::locate(named, &around);
    let meant = named.is_some() || (around.env)("COUNTERSIGN_CONFIG").is_some();
    let shown = path.display();
    match config::load_mail(&path) {
        Ok((mail, dns)) => return Ok((Rules::new(&mail), dns)),
        Err(problems) if meant => return Err(problems.into()),
        Err(problems) if path.exists() => note!("{problems}\n{shown} is left out, see above;"),
        Err(_) => note!("there is no configuration at {shown};"),
    }
    note!("read with the default words, and believing nobody's Authentication-Results");
    let (approve_words, disapprove_words) = words::defaults();
    let rules = Rules {
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
    };
    Ok((rules, Dns::default()))
}
