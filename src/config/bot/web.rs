//! `[web]`: the page on which approvers decide by the link in their mail.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::http::Uri;

use crate::config::Web;
use crate::config::read::{At, Section};

/// How long a browser that showed a code is known, where the file says nothing.
const REMEMBER: Duration = Duration::from_hours(30 * 24);
/// The longest that a browser may be known.
const REMEMBER_MAX: Duration = Duration::from_hours(365 * 24);
const CONNECTIONS: u64 = 256;
const REQUESTS_PER_MINUTE: u64 = 600;

pub(super) fn web(mut section: Section<'_, '_>) -> Option<Web> {
    let listen = listen(&mut section);
    let public_url = public_url(&mut section);
    let ask_code = section.flag("ask_code", true);
    if !ask_code {
        section.report.warn(
            &section.span,
            section.key("ask_code"),
            "whoever holds a mail, forwarded ones too, can decide by its link",
            "take the line out: a browser that is not known then has to show a code that is mailed",
        );
    }
    let remember = section.wait("remember", REMEMBER);
    if remember > REMEMBER_MAX
        && let Some(span) = section.value("remember").map(toml::Spanned::span)
    {
        let mend = "write \"365d\" or less";
        section.wrong("remember", &span, "is longer than 365 days", mend);
    }
    let connections = section
        .number("connections", 1..10_001)
        .map_or(CONNECTIONS, |found| found.value);
    let requests_per_minute = section
        .number("requests_per_minute", 1..1_000_001)
        .map_or(REQUESTS_PER_MINUTE, |found| found.value);
    section.end();
    let (public_url, https) = public_url?;
    Some(Web {
        listen: listen?,
        public_url,
        https,
        ask_code,
        remember,
        connections: usize::try_from(connections).ok()?,
        requests_per_minute: u32::try_from(requests_per_minute).ok()?,
    })
}

fn listen(section: &mut Section<'_, '_>) -> Option<SocketAddr> {
    let mend = "write it like \"127.0.0.1:8981\", and let a reverse proxy speak https before it";
    let found = section.needed_text("listen", mend)?;
    let address = found.value.parse().ok();
    if address.is_none() {
        let what = format!("`{}` is no address with a port", found.value);
        section.wrong("listen", &found.span, what, mend);
    }
    address
}

/// The address as links begin with it, and whether it is https.
fn public_url(section: &mut Section<'_, '_>) -> Option<(String, bool)> {
    let mend = "write where browsers find the page, like \"https://approvals.example.org\"";
    let found = section.needed_text("public_url", mend)?;
    match origin(&found) {
        Ok(origin) => Some(origin),
        Err(what) => {
            section.wrong("public_url", &found.span, what, mend);
            None
        }
    }
}

fn origin(found: &At<&str>) -> Result<(String, bool), String> {
    let text = found.value.trim_end_matches('/');
    let no_address = || format!("`{}` is no address of a page", found.value);
    let uri: Uri = text.parse().map_err(|_| no_address())?;
    let scheme = uri.scheme_str().ok_or_else(no_address)?;
    let authority = uri.authority().ok_or_else(no_address)?;
    if authority.as_str().contains('@') {
        return Err("must not carry a user name".to_owned());
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || found.value.contains('#') {
        return Err(
            "must end behind the host: links and cookies are for the whole host".to_owned(),
        );
    }
    let https = match scheme {
        "https" => true,
        "http" if is_loopback(authority.host()) => false,
        "http" => return Err("is not https, and its host is not this machine".to_owned()),
        other => return Err(format!("`{other}` is not https")),
    };
    let scheme = if https { "https" } else { "http" };
    Ok((
        format!("{scheme}://{}", authority.as_str().to_ascii_lowercase()),
        https,
    ))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
