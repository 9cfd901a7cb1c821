//! A browser as far as a form needs one: it keeps cookies, says where a form comes from, and sends what
//! the page has in its hidden fields.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use regex::Regex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::office::PATIENCE;

/// A browser of somebody's.
pub struct Browser {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Seen {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Where it was fetched.
    pub path: String,
}

impl Browser {
    /// A new one, which knows nobody.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookies: BTreeMap::new(),
        }
    }

    /// One request over a connection of its own.
    pub async fn asks(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Seen {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        for (name, value) in &self.cookies {
            let _ = write!(head, "Cookie: {name}={value}\r\n");
        }
        let talk = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream
                .write_all(format!("{head}\r\n{body}").as_bytes())
                .await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = tokio::time::timeout(PATIENCE, talk);
        let answer = answer.await.expect("in time").expect("an answer");
        Seen::read(path, &String::from_utf8_lossy(&answer))
    }

    /// Opens a page.
    pub async fn opens(&self, path: &str) -> Seen {
        self.asks("GET", path, &[], "").await
    }

    /// Sends the form of a page, its hidden fields and these; keeps the cookies that come back.
    pub async fn sends(&mut self, page: &Seen, fields: &[(&str, &str)]) -> Seen {
        let answer = self.sends_with(page, fields, &[("Sec-Fetch-Site", "same-origin")]);
        let answer = answer.await;
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                let pair = value.split(';').next().unwrap_or_default();
                let (name, value) = pair.split_once('=').expect("a cookie");
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// The same with these headers, as a page from elsewhere would.
    pub async fn sends_with(
        &self,
        page: &Seen,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Seen {
        let hidden = page.hidden();
        let all = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body = String::new();
        for (name, value) in all.chain(fields.iter().copied()) {
            let _ = write!(body, "{}={}&", encoded(name), encoded(value));
        }
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.asks("POST", &page.action(), &headers, &body).await
    }

    /// Goes where an answer leads.
    pub async fn follows(&self, answer: &Seen) -> Seen {
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.opens(answer.header("location").expect("a place"))
            .await
    }
}

impl Seen {
    fn read(path: &str, answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self {
            status: status.unwrap_or_else(|| panic!("no HTTP: {answer}")),
            headers: headers.collect(),
            body: body.to_owned(),
            path: path.to_owned(),
        }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The hidden fields of its form.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let field = Regex::new(r#"<input type="hidden" name="([^"]+)" value="([^"]*)">"#);
        let field = field.expect("a pattern");
        let found = field.captures_iter(&self.body);
        found.map(|f| (f[1].to_owned(), f[2].to_owned())).collect()
    }

    /// Where its form goes.
    pub fn action(&self) -> String {
        let form = Regex::new(r#"<form method="post" action="([^"]+)""#).expect("a pattern");
        let found = form.captures(&self.body);
        let found = found.unwrap_or_else(|| panic!("no form: {}", self.body));
        found[1].replace("&#x2f;", "/")
    }

    /// Whether it offers this decision.
    pub fn offers(&self, decision: &str) -> bool {
        self.body
            .contains(&format!(r#"name="decision" value="{decision}""#))
    }

    /// Its words, without tags.
    pub fn text(&self) -> String {
        let tag = Regex::new(r"<[^>]*>").expect("a pattern");
        let text = tag.replace_all(&self.body, " ");
        let text = text.replace("&#x27;", "'").replace("&#x2f;", "/");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(byte).collect()
}
