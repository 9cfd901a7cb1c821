//! Deciding by the link in a mail: over real HTTP, with the real mails (W31).

mod browser;
mod deciding;
mod looking;
mod page;
mod refusing;

use std::net::{SocketAddr, TcpListener};

use countersign::config::Web;
use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use countersign_sandbox::Mail;
use regex::Regex;

use crate::office::Office;
use browser::{Browser, Seen};

/// An office whose mails carry a link.
async fn open(policies: &str) -> Office {
    open_with(policies, |_| {}).await
}

/// The same, with changes to how the page is set up.
async fn open_with(policies: &str, change: impl Fn(&mut Web)) -> Office {
    let mut office = Office::furnish(policies).await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen: SocketAddr = listener.local_addr().expect("its number");
    drop(listener);
    let mut web = Web {
        listen,
        public_url: format!("http://{listen}"),
        https: false,
        ask_code: true,
        remember: std::time::Duration::from_hours(1),
        connections: 64,
        requests_per_minute: 100_000,
    };
    change(&mut web);
    office.config.web = Some(web);
    office.start().await;
    crate::office::until("the page answers", async || {
        std::net::TcpStream::connect(listen).is_ok().then_some(())
    })
    .await;
    office
}

/// A browser that nobody has used.
fn browser(office: &Office) -> Browser {
    Browser::new(office.config.web.as_ref().expect("a page").listen)
}

/// The path of the link in a mail.
fn path(mail: &Mail) -> String {
    let link = Regex::new(r"http://[^/\s]+(/d/[a-z2-7]{26})\b").expect("a pattern");
    let text = mail.text();
    let found = link.captures(&text);
    let found = found.unwrap_or_else(|| panic!("no link: {text}"));
    found[1].to_owned()
}

/// The newest code that was mailed to somebody.
async fn code(office: &Office, name: &str) -> String {
    let mail = office.person(name).hears_of("Your code to decide").await;
    let digits = Regex::new(r"\b\d{8}\b").expect("a pattern");
    let text = mail.text();
    digits.find(&text).expect("a code").as_str().to_owned()
}

/// `name` opens the link in their mail, decides, and confirms by the mailed code; the page they see then.
async fn decides(
    office: &Office,
    name: &str,
    browser: &mut Browser,
    (path, fields): (&str, &[(&str, &str)]),
) -> Seen {
    let page = browser.opens(path).await;
    let sent = browser.sends(&page, fields).await;
    let confirm = browser.follows(&sent).await;
    let code = code(office, name).await;
    let sent = browser.sends(&confirm, &[("code", &code)]).await;
    browser.follows(&sent).await
}

/// Rita files; the path of the link that alice is mailed.
async fn asked(office: &Office, resource: &str) -> (RequestId, String) {
    let request = office.files("rita", resource, 2).await;
    let ask = office.person("alice").hears(Kind::Ask).await;
    (request, path(&ask))
}
