//! The cookie that a browser is known by.
//!
//! `__Host-` binds it to this host, to https and to every path of it; without https, on this machine only,
//! browsers refuse that name, and it has another.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::token::{Token, TokenHash};

/// Under https.
const NAME: &str = "__Host-countersign";
/// On this machine, without.
const PLAIN_NAME: &str = "countersign";
/// Cookies that are looked at, of all that a browser sends.
const COOKIES_MAX: usize = 64;

/// What a browser says that it is known by.
pub fn browser(headers: &HeaderMap, https: bool) -> Option<TokenHash> {
    let name = if https { NAME } else { PLAIN_NAME };
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .take(COOKIES_MAX)
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .and_then(|(_, value)| Token::parse(value))
        .map(|token| token.hash())
}

/// Tells a browser what it is known by from now on.
pub fn set(token: &Token, remember: Duration, https: bool) -> Option<HeaderValue> {
    let (name, secure) = if https {
        (NAME, "; Secure")
    } else {
        (PLAIN_NAME, "")
    };
    let (token, seconds) = (token.expose(), remember.as_secs());
    let text =
        format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "xkmncanfqliixycxrxs6gcpzpe";

    /// Goal: what we set is what we find again, among others, and only under the name of the scheme.
    /// Method: set it, send it back; a wrong name, a wrong value, none.
    #[test]
    fn a_cookie_comes_back() {
        let token = Token::parse(TOKEN).expect("a token");
        let set = set(&token, Duration::from_hours(1), true).expect("a header");
        let text = set.to_str().expect("text");
        assert_eq!(
            text,
            format!(
                "__Host-countersign={TOKEN}; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict; Secure"
            )
        );
        let sends = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, value.parse().expect("a value"));
            headers
        };
        let back = sends(&format!("a=b; __Host-countersign={TOKEN}; c=d"));
        assert_eq!(browser(&back, true), Some(token.hash()));
        assert_eq!(browser(&back, false), None);
        assert_eq!(browser(&sends(&format!("countersign={TOKEN}")), true), None);
        assert_eq!(browser(&sends("__Host-countersign=x"), true), None);
        assert_eq!(browser(&HeaderMap::new(), true), None);
    }
}
