//! `[discord]`: the chat in which people ask, decide and see.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use super::file_that_exists;
use crate::config::discord::{Discord, Shown};
use crate::config::policies::people;
use crate::config::read::{At, Section};
use crate::config::secret::{self, Surroundings};

/// Discord's ids are numbers of at most 64 bits, and none is 0.
const MAX_ID: u64 = u64::MAX;
/// Channels that may be named.
const MAX_CHANNELS: usize = 500;
/// Where an id is found.
const COPY: &str = "in Discord: User Settings > Advanced > Developer Mode, then Copy ID";

pub(super) fn discord(mut section: Section<'_, '_>, around: &Surroundings<'_>) -> Option<Discord> {
    let token = secret::read(&mut section, "token", around);
    if !section.has("token") {
        let mend = "write token = { file = \"/path\" } with the bot's token";
        section.missing("token", mend);
    }
    let application_id = id(&mut section, "application_id");
    let guild_id = id(&mut section, "guild_id");
    let channels = channels(&mut section);
    let api_base = api_base(&mut section);
    let ca_file = file_that_exists(&mut section, "ca_file");
    let self_link = section.flag("self_link", true);
    let channel_shows = channel_shows(&mut section);
    let locale = people::locale(&mut section);
    section.end();
    Some(Discord {
        token: token?,
        application_id: application_id?,
        guild_id: guild_id?,
        channels: channels?,
        api_base: api_base.ok()?,
        ca_file,
        self_link,
        locale,
        channel_shows,
    })
}

/// The names of the channels alone.
pub(super) fn names(mut section: Section<'_, '_>) -> Option<BTreeSet<String>> {
    Some(channels(&mut section)?.into_keys().collect())
}

fn id(section: &mut Section<'_, '_>, key: &'static str) -> Option<u64> {
    if !section.has(key) {
        section.missing(key, format!("write its number; {COPY}"));
        return None;
    }
    section.number(key, 1..MAX_ID).map(|found| found.value)
}

/// Every channel with its id; `None` where a problem has been noted.
fn channels(section: &mut Section<'_, '_>) -> Option<BTreeMap<String, u64>> {
    let Some(table) = section.section("channels", "[discord] channels") else {
        return (!section.has("channels")).then(BTreeMap::new);
    };
    let (report, span) = (table.report, table.span.clone());
    let mut channels = BTreeMap::new();
    let mut ids: BTreeMap<u64, String> = BTreeMap::new();
    for (name, value) in table.entries() {
        let key = format!("[discord] channels `{}`", name.value);
        let Some(id) = number(value) else {
            let mend = format!("write its number without quotes; {COPY}");
            report.problem(&value.span(), key, "is no channel's id", mend);
            continue;
        };
        if let Some(other) = ids.insert(id, name.value.to_owned()) {
            let what = format!("has the id of `{other}`");
            report.problem(&value.span(), key, what, "give each channel one name");
        }
        channels.insert(name.value.to_owned(), id);
    }
    if channels.len() > MAX_CHANNELS {
        let what = format!("names more than {MAX_CHANNELS} channels");
        report.problem(&span, "[discord] channels", what, "name fewer");
    }
    Some(channels)
}

fn number(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let number = value.get_ref().as_integer()?;
    let number = u64::from_str_radix(number.as_str(), number.radix()).ok()?;
    (number > 0).then_some(number)
}

/// Host and port; `Err` where a problem has been noted.
fn api_base(section: &mut Section<'_, '_>) -> Result<Option<(String, u16)>, ()> {
    let there = section.has("api_base");
    let Some(found) = section.needed_if_there("api_base") else {
        return if there { Err(()) } else { Ok(None) };
    };
    match place(&found) {
        Ok(("discord.com", 443)) => Ok(None),
        Ok((host, port)) => Ok(Some((host.to_owned(), port))),
        Err(what) => {
            let mend = "write it like \"https://discord-gateway.example.org:8443\", or take it out";
            section.wrong("api_base", &found.span, what, mend);
            Err(())
        }
    }
}

fn place<'a>(found: &At<&'a str>) -> Result<(&'a str, u16), String> {
    let no_address = || format!("`{}` is no https address", found.value);
    let url: Url = found.value.parse().map_err(|_| no_address())?;
    if url.scheme() != "https" || url.host_str().is_none() {
        return Err(no_address());
    }
    if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
        return Err("must be a host and a port, and nothing else".to_owned());
    }
    // The host as it was written: an address in brackets is looked up without them.
    let rest = found.value.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.trim_end_matches('/');
    let port = url.port_or_known_default().unwrap_or(443);
    let host = match rest.rsplit_once(':') {
        Some((host, digits)) if digits.parse::<u16>().is_ok() => host,
        _ => rest,
    };
    Ok((host.trim_matches(['[', ']']), port))
}

fn channel_shows(section: &mut Section<'_, '_>) -> BTreeSet<Shown> {
    if !section.has("channel_shows") {
        return Shown::usual();
    }
    let mut shows = BTreeSet::new();
    for found in section.texts("channel_shows") {
        let known = Shown::ALL
            .into_iter()
            .find(|shown| shown.as_str() == found.value);
        if let Some(shown) = known {
            shows.insert(shown);
        } else {
            let names: Vec<_> = Shown::ALL.iter().map(|shown| shown.as_str()).collect();
            let what = format!("`{}` is no part of a request", found.value);
            let mend = format!("the parts are {}", names.join(", "));
            section.wrong("channel_shows", &found.span, what, mend);
        }
    }
    shows
}
