//! A browser as far as a form needs one: it keeps cookies, says where a form comes from, and sends what
//! the page has in its hidden fields.
//!
//! Not promised: that it reads any page. It knows the forms that Countersign writes, over plain HTTP.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser of somebody's.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The status of HTTP.
    pub status: u16,
    /// The fields of its head, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The page.
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

    /// A new one for a link to a numeric address, and the path in it.
    pub fn at(link: &str) -> anyhow::Result<(Self, String)> {
        let rest = link.strip_prefix("http://").context("a link of HTTP")?;
        let (address, path) = rest.split_once('/').context("a link with a path")?;
        let address = address.parse().context("an address with a port")?;
        Ok((Self::new(address), format!("/{path}")))
    }

    /// One request over a connection of its own.
    pub async fn asks(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Seen> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        for (name, value) in &self.cookies {
            write!(head, "Cookie: {name}={value}\r\n")?;
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
        let answer = timeout(PATIENCE, talk).await.context("no answer in time")?;
        Seen::read(path, &String::from_utf8_lossy(&answer?))
    }

    /// Opens a page.
    pub async fn opens(&self, path: &str) -> anyhow::Result<Seen> {
        self.asks("GET", path, &[], "").await
    }

    /// Sends the form of a page, its hidden fields and these; keeps the cookies that come back.
    pub async fn sends(&mut self, page: &Seen, fields: &[(&str, &str)]) -> anyhow::Result<Seen> {
        let answer = self.sends_with(page, fields, &[("Sec-Fetch-Site", "same-origin")]);
        let answer = answer.await?;
        for (name, value) in &answer.headers {
            if name == "set-cookie" {
                let pair = value.split(';').next().unwrap_or_default();
                let (name, value) = pair.split_once('=').context("a cookie has a value")?;
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// The same with these headers, as a page from elsewhere would.
    pub async fn sends_with(
        &self,
        page: &Seen,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Seen> {
        let hidden = page.hidden();
        let all = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body = String::new();
        for (name, value) in all.chain(fields.iter().copied()) {
            write!(body, "{}={}&", encoded(name), encoded(value))?;
        }
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        let Some(action) = page.action() else {
            bail!("there is no form: {}", page.body);
        };
        self.asks("POST", &action, &headers, &body).await
    }

    /// Goes where an answer leads.
    pub async fn follows(&self, answer: &Seen) -> anyhow::Result<Seen> {
        ensure!(answer.status == 303, "it leads nowhere: {}", answer.text());
        let place = answer.header("location").context("it names no place")?;
        self.opens(place).await
    }
}

impl Seen {
    fn read(path: &str, answer: &str) -> anyhow::Result<Self> {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.and_then(|code| code.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Ok(Self {
            status: status.with_context(|| format!("this is no HTTP: {answer}"))?,
            headers: headers.collect(),
            body: body.to_owned(),
            path: path.to_owned(),
        })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The hidden fields of its form.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let fields = self.body.split("<input type=\"hidden\" name=\"").skip(1);
        let field = |rest: &str| {
            let (name, rest) = rest.split_once("\" value=\"")?;
            let (value, _) = rest.split_once('"')?;
            Some((name.to_owned(), value.to_owned()))
        };
        fields.filter_map(field).collect()
    }

    /// Where its form goes; none where it has no form.
    pub fn action(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("<form method=\"post\" action=\"")?;
        let (action, _) = rest.split_once('"')?;
        Some(action.replace("&#x2f;", "/"))
    }

    /// Whether it offers this decision.
    pub fn offers(&self, decision: &str) -> bool {
        self.body
            .contains(&format!(r#"name="decision" value="{decision}""#))
    }

    /// Its words, without tags.
    pub fn text(&self) -> String {
        Self::words(&self.body)
    }

    /// The words of a piece of HTML, without tags.
    pub fn words(html: &str) -> String {
        let mut text = String::new();
        let mut parts = html.split('<');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            text.push(' ');
            text.push_str(part.split_once('>').map_or(part, |(_, words)| words));
        }
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
