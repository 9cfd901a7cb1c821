//! How a token is shown to a mail server, and what the server says of one that it does not take.

use data_encoding::BASE64;
use secrecy::{ExposeSecret as _, SecretString};

use super::shown;

/// How a token is shown to a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// Google's and Microsoft's own.
    Xoauth2,
    /// RFC 7628.
    OAuthBearer,
}

impl Mechanism {
    /// As SASL calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xoauth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }

    /// The first thing that we say, base64.
    pub fn first(self, user: &str, token: &SecretString, server: (&str, u16)) -> String {
        let token = token.expose_secret();
        let (host, port) = server;
        let said = match self {
            Self::Xoauth2 => format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"),
            Self::OAuthBearer => {
                // RFC 5801: what has a meaning of its own in a name is written otherwise.
                let user = user.replace('=', "=3D").replace(',', "=2C");
                format!(
                    "n,a={user},\u{1}host={host}\u{1}port={port}\u{1}auth=Bearer {token}\u{1}\u{1}"
                )
            }
        };
        BASE64.encode(said.as_bytes())
    }

    /// What is said to a refusal that explains itself, so that the server ends the exchange; base64.
    pub fn acknowledge(self) -> &'static str {
        match self {
            Self::Xoauth2 => "",
            Self::OAuthBearer => "AQ==",
        }
    }
}

/// A server's explanation of a refusal (base64 of JSON), fit to be shown.
pub fn explanation(challenge: &str) -> Option<String> {
    let said = BASE64.decode(challenge.trim().as_bytes()).ok()?;
    let said = shown(&String::from_utf8_lossy(&said));
    (!said.is_empty()).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let bytes = BASE64.decode(text.as_bytes()).expect("base64");
        String::from_utf8(bytes).expect("text")
    }

    // Goal: what is shown to a server is what the mechanisms say. Method: both, decoded.
    #[test]
    fn first_words() {
        let token = SecretString::from("t0k");
        let server = ("mail.example.org", 993);
        assert_eq!(
            decoded(&Mechanism::Xoauth2.first("bot@x.org", &token, server)),
            "user=bot@x.org\u{1}auth=Bearer t0k\u{1}\u{1}"
        );
        assert_eq!(
            decoded(&Mechanism::OAuthBearer.first("b=o,t@x.org", &token, server)),
            "n,a=b=3Do=2Ct@x.org,\u{1}host=mail.example.org\u{1}port=993\u{1}auth=Bearer t0k\u{1}\u{1}"
        );
    }

    // Goal: an explanation shows no address. Method: one with, and what is none.
    #[test]
    fn explanations() {
        let challenge = BASE64.encode(b"{\"status\":\"401\", \"user\": \"a@b.test\" }");
        assert_eq!(
            explanation(&challenge).as_deref(),
            Some("{\"status\":\"401\", \"user\": <…> }")
        );
        assert_eq!(explanation("%%"), None);
        assert_eq!(explanation(""), None);
    }
}
