//! How a sender may be proven (`[mail] proof` and what belongs to it), and `[dns]`.

use std::net::{IpAddr, SocketAddr};

use crate::config::proof::{Alignment, Dkim, Dns};
use crate::config::read::Section;

/// The most servers that are asked.
const MAX_SERVERS: usize = 8;
/// Where a name server listens if the address does not say.
const DNS_PORT: u16 = 53;
/// Bits of an RSA key: what is demanded by default, and what may be demanded.
const LEAST_RSA_BITS: (u64, std::ops::Range<u64>) = (2048, 1024..4097);

/// What counts as proof.
pub(super) struct Accepted {
    /// Our own check.
    pub dkim: Option<Dkim>,
    /// The field of our own server.
    pub results: bool,
}

/// What `[mail]` says of proof. Where it says nothing: the field of the server that it names, or else our
/// own check.
pub(super) fn accepted(section: &mut Section<'_, '_>, names_server: bool) -> Accepted {
    let (mut dkim, mut results) = (false, false);
    let mend = "write \"dkim\", \"authentication-results\", or both";
    if section.has("proof") {
        for found in section.texts("proof") {
            match found.value {
                "dkim" => dkim = true,
                "authentication-results" if names_server => results = true,
                "authentication-results" => section.wrong(
                    "proof",
                    &found.span,
                    "believes a field of your mail server, which is not named",
                    "write authserv_id = \"the name at the beginning of that field\"",
                ),
                other => {
                    let what = format!("`{other}` is no way to prove a sender");
                    section.wrong("proof", &found.span, what, mend);
                }
            }
        }
        if names_server && !results {
            section.report.warn(
                &section.span,
                section.key("authserv_id"),
                "is named and not believed, because proof does not say \"authentication-results\"",
                "take the line out, or add it to proof",
            );
        }
    } else {
        (dkim, results) = (!names_server, names_server);
    }
    let rules = rules(section);
    Accepted {
        dkim: dkim.then_some(rules),
        results,
    }
}

fn rules(section: &mut Section<'_, '_>) -> Dkim {
    let alignment = match section.text("alignment") {
        None => Alignment::Strict,
        Some(found) => match found.value {
            "strict" => Alignment::Strict,
            "relaxed" => Alignment::Relaxed,
            other => {
                let what = format!("`{other}` is neither \"strict\" nor \"relaxed\"");
                let mend = "write \"strict\": the domain of From has to sign by itself";
                section.wrong("alignment", &found.span, what, mend);
                Alignment::Strict
            }
        },
    };
    let (default, bounds) = LEAST_RSA_BITS;
    let found = section.number("least_rsa_bits", bounds);
    if let Some(found) = found.as_ref().filter(|found| found.value < default) {
        section.report.warn(
            &found.span,
            section.key("least_rsa_bits"),
            "lets keys count that somebody with means can break",
            "leave it at 2048, and ask the domain for a longer key",
        );
    }
    let least = found.map_or(default, |found| found.value);
    Dkim {
        alignment,
        least_rsa_bits: usize::try_from(least).unwrap_or(usize::MAX),
    }
}

/// `[dns]`; `None` where a problem has been noted.
pub(super) fn dns(root: &mut Section<'_, '_>) -> Option<Dns> {
    let usual = Dns::default();
    let Some(mut section) = root.section("dns", "[dns]") else {
        return (!root.has("dns")).then_some(usual);
    };
    let mend = "write addresses like \"127.0.0.1\" or \"127.0.0.1:5353\"; names are not looked up";
    let mut servers = Vec::new();
    for found in section.texts("servers") {
        let plain = || found.value.parse().map(|ip: IpAddr| (ip, DNS_PORT).into());
        match found.value.parse::<SocketAddr>().or_else(|_| plain()) {
            Ok(server) if servers.len() < MAX_SERVERS => servers.push(server),
            Ok(_) => {
                let what = format!("names more than {MAX_SERVERS} servers");
                section.wrong("servers", &found.span, what, "name fewer");
            }
            Err(_) => {
                let what = format!("`{}` is no address of a name server", found.value);
                section.wrong("servers", &found.span, what, mend);
            }
        }
    }
    let timeout = section.wait("timeout", usual.timeout);
    let keep_at_most = section.wait("keep_at_most", usual.keep_at_most);
    section.end();
    Some(Dns {
        servers,
        timeout,
        keep_at_most,
    })
}
