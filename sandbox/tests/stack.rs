//! The sandbox itself: what the scenarios rely on. Run in a stack, as `make test` does.

use std::time::Duration;

use countersign_sandbox::{Mail, Mailbox, Stack};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

fn stack() -> Stack {
    Stack::from_env().expect("the stack of this run")
}

/// A mailbox that no other test has.
fn somebody(stack: &Stack, name: &str) -> Mailbox {
    let id = countersign::clock::new_id().simple().to_string();
    stack.mailbox(&format!("{name}-{}", &id[20..]))
}

/// Waits for so many mails.
async fn mails(mailbox: &Mailbox, count: usize) -> Vec<Mail> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let mails = mailbox.inbox().expect("the mailbox can be read");
        if mails.len() >= count {
            return mails;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} of {count} mails came",
            mails.len()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn ask(from: &Mailbox, to: &Mailbox) -> String {
    format!(
        "From: Countersign <{}>\r\nTo: {}\r\nReply-To: {}\r\nSubject: May Rita?\r\n\
         References: <request-1@example.test>\r\nMessage-ID: <ask-{}@example.test>\r\n\
         Date: Sat, 21 Nov 2026 05:00:00 +0000\r\n\r\nPlease answer.\r\n",
        from.address(),
        to.address(),
        from.address().replace('@', "+token123@"),
        countersign::clock::new_id().simple(),
    )
}

/// All fields of a mail down to the first `Received` of the submission server, in order.
fn names(mail: &Mail) -> Vec<String> {
    let text = String::from_utf8_lossy(mail.raw()).into_owned();
    let head = text
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .split("\n\n")
        .next();
    let lines = head
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']));
    lines
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect()
}

/// Goal: a mail goes out, a reply as of a mail program comes back, proven by the server.
/// Method: the bot submits an ask; bob replies; the bot's Maildir is read.
#[tokio::test]
async fn a_reply_comes_back_proven() {
    let stack = stack();
    let (bot, bob) = (somebody(&stack, "bot"), somebody(&stack, "bob"));
    bot.submits(&bob.address(), ask(&bot, &bob).as_bytes())
        .await
        .expect("submitted");
    let asked = mails(&bob, 1).await.remove(0);
    assert_eq!(asked.subject(), "May Rita?");
    bob.replies(&asked, "APPROVE").await.expect("accepted");
    let reply = mails(&bot, 1).await.remove(0);
    assert_eq!(reply.subject(), "Re: May Rita?");
    assert_eq!(reply.header("In-Reply-To"), Some(asked.message_id()));
    let references = format!("<request-1@example.test> {}", asked.message_id());
    assert_eq!(reply.header("References"), Some(references));
    let delivered = reply.header("Delivered-To").expect("Delivered-To");
    assert_eq!(delivered, bot.address().replace('@', "+token123@"));
    let proof = reply.header("Authentication-Results").expect("a proof");
    assert_eq!(
        proof,
        "mail.example.test; dmarc=pass header.from=example.test"
    );
    assert!(
        reply.text().starts_with("APPROVE\n\nOn Sat, 21 Nov 2026"),
        "{}",
        reply.text()
    );
    assert!(
        reply.text().contains("\n> Please answer."),
        "{}",
        reply.text()
    );
    let names = names(&reply);
    let proof = names
        .iter()
        .position(|name| name == "Authentication-Results")
        .expect("there");
    let above = names
        .iter()
        .take(proof)
        .filter(|name| *name == "Received")
        .count();
    assert_eq!(above, 1, "authserv_hops of bot_toml: {names:?}");
}

/// Goal: from outside nothing is proven, and a claim of it is taken away.
/// Method: a reply from outside, and one that carries our server's field.
#[tokio::test]
async fn nothing_from_outside_is_proven() {
    let stack = stack();
    let (bot, bob) = (somebody(&stack, "bot"), somebody(&stack, "bob"));
    let asked = Mail::new(ask(&bot, &bob).into_bytes());
    bob.replies_from_outside(&asked, "APPROVE")
        .await
        .expect("accepted");
    let forged = format!(
        "Authentication-Results: mail.example.test;\r\n dmarc=pass header.from=example.test\r\n\
         Authentication-Results: elsewhere.test; dmarc=pass\r\nFrom: {}\r\n\r\nAPPROVE\r\n",
        bob.address()
    );
    bob.sends_from_outside(&bot.address(), forged.as_bytes())
        .await
        .expect("accepted");
    for mail in mails(&bot, 2).await {
        let text = String::from_utf8_lossy(mail.raw()).into_owned();
        assert!(
            !text.contains("Authentication-Results: mail.example.test"),
            "{text}"
        );
        assert!(mail.text().starts_with("APPROVE"));
    }
}

/// Goal: the two addresses that fail do, other domains and strange senders are refused.
/// Method: one mail for each.
#[tokio::test]
async fn what_is_refused() {
    let stack = stack();
    let bob = somebody(&stack, "bob");
    let mail = format!("From: {}\r\nSubject: x\r\n\r\nx\r\n", bob.address());
    for (to, code) in [
        ("tempfail@example.test", "450"),
        ("permfail@example.test", "550"),
    ] {
        let error = bob.submits(to, mail.as_bytes()).await.expect_err(to);
        assert!(format!("{error:#}").contains(code), "{error:#}");
    }
    bob.sends_from_outside("who@elsewhere.test", mail.as_bytes())
        .await
        .expect_err("no relay");
    let strange = mail.replace("@example.test", "@elsewhere.test");
    bob.submits(&bob.address(), strange.as_bytes())
        .await
        .expect_err("somebody else's domain");
}

/// Goal: 30 MB are refused by Postfix and taken by the mailbox server.
/// Method: the same mail by both doors.
#[tokio::test]
async fn large_mails_come_by_lmtp_only() {
    let stack = stack();
    let bob = somebody(&stack, "bob");
    let mut mail = format!("From: {}\r\n\r\n.dot\r\n", bob.address()).into_bytes();
    mail.extend("all work and no play\r\n".repeat(1_500_000).into_bytes());
    bob.submits(&bob.address(), &mail)
        .await
        .expect_err("too large");
    bob.sends_by_lmtp(&bob.address(), &mail)
        .await
        .expect("taken");
    let came = mails(&bob, 1).await.remove(0);
    assert!(came.raw().len() > 30_000_000);
    assert!(came.text().starts_with(".dot\n"));
}

/// Goal: a database for each caller, and a configuration that reads.
/// Method: two databases; the configuration is read as the daemon does.
#[tokio::test]
async fn databases_and_configuration() {
    use sqlx::Connection;
    let stack = stack();
    let (one, other) = (
        stack.new_database().await.expect("one"),
        stack.new_database().await,
    );
    assert_ne!(Some(&one), other.as_ref().ok());
    let mut connection = sqlx::PgConnection::connect(&one)
        .await
        .expect("it is there");
    sqlx::query("CREATE TABLE x (y int)")
        .execute(&mut connection)
        .await
        .expect("and ours");
    let text = stack.bot_toml(&one, "bot-x");
    let around = countersign::config::secret::Surroundings::real();
    let read = countersign::config::Config::parse("bot.toml", &text, &around);
    let (config, warnings) = read.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.imap.expect("an inbox").port, stack.imaps_port());
    assert!(warnings.list.is_empty(), "{warnings}");
}

/// A conversation in IMAP without TLS, which Dovecot allows from the same machine.
struct Imap(BufReader<TcpStream>);

impl Imap {
    async fn log_in(stack: &Stack, user: &str, password: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", stack.imap_port()))
            .await
            .expect("connects");
        let mut imap = Self(BufReader::new(stream));
        let said = imap.says(&format!("LOGIN {user} {password}")).await;
        if said.contains("a OK") {
            Ok(imap)
        } else {
            Err(said)
        }
    }

    async fn says(&mut self, command: &str) -> String {
        self.0
            .get_mut()
            .write_all(format!("a {command}\r\n").as_bytes())
            .await
            .expect("written");
        let mut said = String::new();
        while !said.lines().any(|line| line.starts_with("a ")) {
            assert!(
                self.0.read_line(&mut said).await.expect("read") > 0,
                "closed: {said}"
            );
        }
        said
    }
}

/// Goal: seeded mails are there, renumbering changes UIDVALIDITY, what was moved is put back.
/// Method: IMAP before and after.
#[tokio::test]
async fn seeding_renumbering_and_putting_back() {
    let stack = stack();
    let bot = somebody(&stack, "bot");
    let name = bot.address();
    let name = name.split('@').next().expect("a name");
    stack
        .seed_maildir(
            name,
            (0..50).map(|n| format!("From: a@b.test\r\n\r\n{n}\r\n").into_bytes()),
        )
        .expect("seeded");
    let mut imap = Imap::log_in(&stack, &bot.address(), "sandbox")
        .await
        .expect("logs in");
    let before = imap.says("SELECT INBOX").await;
    assert!(before.contains("* 50 EXISTS"), "{before}");
    let moved = imap.says("MOVE 1:10 Processed").await;
    assert!(moved.contains("a OK"), "{moved}");
    imap.says("LOGOUT").await;
    assert_eq!(bot.inbox().expect("read").len(), 40);
    let validity = |said: &str| {
        let found = said
            .split("UIDVALIDITY ")
            .nth(1)
            .and_then(|rest| rest.split(']').next());
        found.map(str::to_owned).expect("UIDVALIDITY")
    };
    stack.renumber(name).expect("renumbered");
    stack.put_back(name).expect("put back");
    let mut imap = Imap::log_in(&stack, &bot.address(), "sandbox")
        .await
        .expect("logs in");
    let after = imap.says("SELECT INBOX").await;
    assert!(after.contains("* 50 EXISTS"), "{after}");
    assert_ne!(validity(&before), validity(&after));
    assert!(Imap::log_in(&stack, &bot.address(), "wrong").await.is_err());
}
