//! `[oauth]`: access tokens in the place of passwords.

use std::time::Duration;

use url::Url;

use super::file_that_exists;
use crate::config::read::Section;
use crate::config::secret::{self, Surroundings};
use crate::oauth::{Mechanism, Settings, Source};

/// The wait for a token where the file says nothing.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The section; `Err` where a problem has been noted, `Ok(None)` where there is none.
pub(super) fn oauth(
    root: &mut Section<'_, '_>,
    around: &Surroundings<'_>,
) -> Result<Option<Source>, ()> {
    let Some(mut section) = root.section("oauth", "[oauth]") else {
        return if root.has("oauth") { Err(()) } else { Ok(None) };
    };
    let endpoint = endpoint(&mut section);
    let client_id = section.needed_text(
        "client_id",
        "write the id that the provider gave your application",
    );
    let client_secret = secret::read(&mut section, "client_secret", around);
    let refresh_token = secret::read(&mut section, "refresh_token", around);
    if !section.has("client_secret") && !section.has("refresh_token") {
        section.missing(
            "client_secret",
            "write client_secret = { file = \"/path\" }, or for a public client refresh_token",
        );
    }
    let beside = secret::file_of(&mut section, "refresh_token").map(|file| {
        let mut name = file.into_os_string();
        name.push(".newest");
        name.into()
    });
    let keep = section
        .needed_if_there("keep_refresh_token")
        .map(|found| found.value.into());
    let scope = section.needed_if_there("scope");
    let mechanism = mechanism(&mut section);
    let ca_file = file_that_exists(&mut section, "ca_file");
    let timeout = section.wait("timeout", TIMEOUT);
    section.end();
    let (Some(endpoint), Some(client_id), Ok(mechanism)) = (endpoint, client_id, mechanism) else {
        return Err(());
    };
    Ok(Some(Source::new(Settings {
        endpoint,
        client_id: client_id.value.to_owned(),
        client_secret,
        refresh_token,
        keep: keep.or(beside),
        scope: scope.map(|found| found.value.to_owned()),
        mechanism,
        ca_file,
        timeout,
    })))
}

fn endpoint(section: &mut Section<'_, '_>) -> Option<Url> {
    let mend = "write it like \"https://oauth2.googleapis.com/token\"";
    let found = section.needed_text("token_endpoint", mend)?;
    let url = found.value.parse::<Url>().ok();
    let url = url.filter(|url| url.scheme() == "https" && url.host_str().is_some());
    if url.is_none() {
        let what = format!("`{}` is no https address", found.value);
        section.wrong("token_endpoint", &found.span, what, mend);
    }
    url
}

fn mechanism(section: &mut Section<'_, '_>) -> Result<Option<Mechanism>, ()> {
    let Some(found) = section.text("mechanism") else {
        return if section.has("mechanism") {
            Err(())
        } else {
            Ok(None)
        };
    };
    match found.value {
        "xoauth2" => Ok(Some(Mechanism::Xoauth2)),
        "oauthbearer" => Ok(Some(Mechanism::OAuthBearer)),
        other => {
            let what = format!("`{other}` is no way to show a token");
            let mend = "write \"xoauth2\" or \"oauthbearer\", or take the line out";
            section.wrong("mechanism", &found.span, what, mend);
            Err(())
        }
    }
}
