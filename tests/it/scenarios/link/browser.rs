//! The sandbox's browser, in whose hands whatever fails fails the test.

use std::net::SocketAddr;

pub use countersign_sandbox::Seen;

/// A browser of somebody's.
pub struct Browser(countersign_sandbox::Browser);

impl Browser {
    /// A new one, which knows nobody.
    pub fn new(address: SocketAddr) -> Self {
        Self(countersign_sandbox::Browser::new(address))
    }

    /// One request over a connection of its own.
    pub async fn asks(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Seen {
        let answer = self.0.asks(method, path, headers, body).await;
        answer.expect("an answer")
    }

    /// Opens a page.
    pub async fn opens(&self, path: &str) -> Seen {
        self.0.opens(path).await.expect("an answer")
    }

    /// Sends the form of a page, its hidden fields and these; keeps the cookies that come back.
    pub async fn sends(&mut self, page: &Seen, fields: &[(&str, &str)]) -> Seen {
        self.0.sends(page, fields).await.expect("an answer")
    }

    /// The same with these headers, as a page from elsewhere would.
    pub async fn sends_with(
        &self,
        page: &Seen,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Seen {
        let answer = self.0.sends_with(page, fields, headers).await;
        answer.expect("an answer")
    }

    /// Goes where an answer leads.
    pub async fn follows(&self, answer: &Seen) -> Seen {
        self.0.follows(answer).await.expect("a place")
    }
}
