//! The story: one request on its way to access, and what does not get it there.
//!
//! Told on standard output as it happens. Whatever the teller says has been looked up before: each
//! expectation is waited for, [`PATIENCE`] at most, and the first that is not met ends the story.

mod telling;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::time::{Instant, sleep};

use super::company::{Company, person};
use crate::{Browser, Mail, Seen};
use telling::{boxed, line_with, row, said, say, show};

/// How long one expectation may take to come true.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Plays and tells it.
pub async fn tell(company: &Company) -> anyhow::Result<()> {
    let mut story = Story {
        company,
        chapter: 0,
        read: BTreeMap::new(),
    };
    let began = Instant::now();
    let asks_alice = story.rita_asks().await?;
    story.alice_is_unclear(&asks_alice).await?;
    story.alice_approves(&asks_alice).await?;
    let (asks_bob, asks_carol) = story.security_is_asked().await?;
    story.a_stranger_writes_as_carol(&asks_carol).await?;
    story.bob_decides_by_the_link(&asks_bob).await?;
    story.carol_presses_a_button().await?;
    story.rita_has_access().await?;
    println!(
        "\nThe whole story took {:.1} s.",
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

struct Story<'a> {
    company: &'a Company,
    chapter: u32,
    /// How many mails of each mailbox have been read.
    read: BTreeMap<String, usize>,
}

impl Story<'_> {
    async fn rita_asks(&mut self) -> anyhow::Result<Mail> {
        self.chapter(
            "Rita, in Rome, needs the password of a production database, and asks in Discord",
        );
        let chat = self.company.chat();
        chat.double.until_command("request").await?;
        let options = [
            ("module", "credential"),
            ("resource", "prod-db-1"),
            ("account", "admin"),
            ("duration", "2h"),
            (
                "justification",
                "Invoices of Nov. 20 are stuck: unlock the table (ticket 4711)",
            ),
        ];
        let typed = options.map(|(name, value)| format!("{name}:{value}"));
        said("Rita types", &format!("/request new {}", typed.join(" ")));
        let asked = chat.account("rita")?.types("/request new", &options)?;
        say("Only she sees the answer:");
        boxed(&asked.says().await?.text());
        let post = chat.channel.until_text("R-1").await?;
        say("In the channel that the policy names everybody sees, with buttons:");
        boxed(&post.text());
        self.mail_to("rita", "R-1 is filed").await?;
        let ask = self.mail_to("alice", "Please decide R-1").await?;
        say("The policy wants Alice first. This is in her inbox:");
        show(&ask);
        for later in ["bob", "carol"] {
            ensure!(
                self.company.mailbox(later).inbox()?.is_empty(),
                "{later} is of the second step and must not be asked yet (W9)"
            );
        }
        say("Bob and Carol, of the second step, have no mail yet: it is not their turn (W9).");
        Ok(ask)
    }

    async fn alice_is_unclear(&mut self, ask: &Mail) -> anyhow::Result<()> {
        self.chapter("Alice replies, with a condition");
        self.replies("alice", ask, "APPROVE but only for ten minutes")
            .await?;
        let answer = self.mail_to("alice", "was not understood").await?;
        say("A condition is not an approval. Nothing is decided, and Alice is told how to say it:");
        show(&answer);
        let votes = self.count("SELECT count(*) FROM vote").await?;
        ensure!(
            votes == 0,
            "an unclear reply must not be a vote, but there are {votes}"
        );
        Ok(())
    }

    async fn alice_approves(&mut self, ask: &Mail) -> anyhow::Result<()> {
        self.chapter("Alice replies once more, to the first mail");
        self.replies("alice", ask, "Approved, thanks\n\nI have read the ticket.")
            .await?;
        let recorded = self.mail_to("alice", "your approval is recorded").await?;
        say(&format!("Alice is told: \"{}\"", recorded.subject()));
        let progress = self.mail_to("rita", "step 1 of 2 approved").await?;
        say(&format!("Rita is told:  \"{}\"", progress.subject()));
        Ok(())
    }

    async fn security_is_asked(&mut self) -> anyhow::Result<(Mail, Mail)> {
        self.chapter("Now, and only now, Bob and Carol are asked, each in their own time zone");
        let bob = self.mail_to("bob", "Please decide R-1").await?;
        let carol = self.mail_to("carol", "Please decide R-1").await?;
        say("In Bob's inbox in São Paulo:");
        show(&bob);
        for (name, ask) in [("Bob", &bob), ("Carol", &carol)] {
            let until = line_with(ask, "Answer before").context("an ask says until when")?;
            say(&format!("{name} reads: \"{until}\""));
        }
        Ok((bob, carol))
    }

    async fn a_stranger_writes_as_carol(&mut self, ask: &Mail) -> anyhow::Result<()> {
        self.chapter("A stranger got hold of Carol's mail, and writes in her name from outside");
        let carol = self.company.mailbox("carol");
        said("\"Carol\" (not logged in, not signed) replies", "APPROVE");
        carol.replies_from_outside(ask, "APPROVE").await?;
        let (verdict, why) = self
            .sees("a verdict about the stranger's mail", async || {
                Ok(sqlx::query_as::<_, (String, String)>(
                    "SELECT verdict, why FROM inbound_mail \
                     WHERE judged_at IS NOT NULL AND verdict IN ('silent', 'alarm') LIMIT 1",
                )
                .fetch_optional(self.company.pool())
                .await?)
            })
            .await?;
        say(
            "Address and token are right, and nothing proves the sender. The row that is kept of it:",
        );
        row("inbound_mail", &[("verdict", &verdict), ("why", &why)]);
        let asked = self.company.asked_for_the_key();
        ensure!(asked > 0, "Alice's signature was believed without its key");
        let votes = self.count("SELECT count(*) FROM vote").await?;
        ensure!(
            votes == 1,
            "only Alice has voted so far, but there are {votes} votes"
        );
        let unread = self.unread("carol")?;
        ensure!(
            unread == 0,
            "a stranger must not be answered, but there are {unread} new mails"
        );
        say("No vote was counted, and no answer was sent.");
        Ok(())
    }

    async fn bob_decides_by_the_link(&mut self, ask: &Mail) -> anyhow::Result<()> {
        self.chapter("Bob decides by the link in his mail");
        let link = line_with(ask, "http://").context("an ask has a link")?;
        let (mut browser, path) = Browser::at(&link)?;
        said("Bob opens", &link);
        let page = browser.opens(&path).await?;
        ensure!(page.status == 200, "{}", page.text());
        say(&format!("The page says: \"{}\"", heading(&page)?));
        self.nothing_new("opening a page").await?;
        say(
            "Whatever opens a link on its way to him, a scanner for instance, decides nothing by it.",
        );
        said("Bob chooses", "Approve as it is asked");
        let fields = [("decision", "approve"), ("comment", "I called Rita.")];
        let sent = browser.sends(&page, &fields).await?;
        let asks = browser.follows(&sent).await?;
        say(&format!("The page asks: \"{}\"", heading(&asks)?));
        self.nothing_new("a form from an unknown browser").await?;
        say(
            "This browser is not known as his, and a link can be forwarded. So a code is mailed to him:",
        );
        let mail = self.mail_to("bob", "Your code to decide R-1").await?;
        show(&mail);
        let code = mail.subject();
        let code = code.rsplit(' ').next().unwrap_or_default();
        said("Bob types into the page", code);
        let sent = browser.sends(&asks, &[("code", code)]).await?;
        let page = browser.follows(&sent).await?;
        ensure!(
            page.text().contains("Your approval is recorded"),
            "the page must say what was recorded, but it says: {}",
            page.text()
        );
        say(
            "Now it counts: \"Your approval is recorded\". A mail tells him, in case it was not him:",
        );
        let recorded = self.mail_to("bob", "your approval is recorded").await?;
        show(&recorded);
        let by_link = self
            .count("SELECT count(*) FROM vote WHERE channel = 'link'")
            .await?;
        ensure!(by_link == 1, "one vote came by the link, not {by_link}");
        let requests = self
            .count("SELECT count(*) FROM request WHERE state = 'pending'")
            .await?;
        ensure!(
            requests == 1,
            "the second step wants two approvals and must not be complete"
        );
        say("One of two: the step is not complete yet.");
        Ok(())
    }

    /// Only Alice has voted so far.
    async fn nothing_new(&self, by: &str) -> anyhow::Result<()> {
        let votes = self.count("SELECT count(*) FROM vote").await?;
        ensure!(votes == 1, "{by} must not be a vote, but there are {votes}");
        Ok(())
    }

    async fn carol_presses_a_button(&mut self) -> anyhow::Result<()> {
        self.chapter("Carol approves by a button");
        let chat = self.company.chat();
        let carol = chat.account("carol")?;
        let direct = chat.double.direct(carol);
        let asks = direct.until_text("R-1").await?;
        say("Carol is at her telephone, where Discord has the same question:");
        boxed(&asks.text());
        said("Carol presses", "Approve");
        let pressed = carol.clicks(&asks, "Approve")?;
        boxed(&pressed.says().await?.text());
        let recorded = self.mail_to("carol", "your approval is recorded").await?;
        ensure!(
            recorded.text().contains("REVOKE"),
            "what is decided in chat can be taken back by mail (W31)"
        );
        say("She gets a mail as well: had it not been her, REVOKE would take it back (W31).");
        let post = self
            .company
            .chat()
            .channel
            .until("the end in the channel", |post| {
                post.text().contains("**Approved**")
            });
        say("The post in the channel has changed with every decision, by whatever road it came:");
        boxed(&post.await?.text());
        Ok(())
    }

    async fn rita_has_access(&mut self) -> anyhow::Result<()> {
        self.chapter("Rita has access, from this moment on and for two hours");
        let approved = self.mail_to("rita", "R-1 is approved").await?;
        show(&approved);
        let grant = sqlx::query_as::<_, (String, String, String, String, String, String)>(
            "SELECT person, module, resource, account, to_char(starts_at AT TIME ZONE 'UTC', \
             'YYYY-MM-DD HH24:MI:SS\"Z\"'), to_char(ends_at AT TIME ZONE 'UTC', \
             'YYYY-MM-DD HH24:MI:SS\"Z\"') FROM active_grants",
        )
        .fetch_optional(self.company.pool())
        .await?;
        let Some((person, module, resource, account, from, until)) = grant else {
            bail!("an approved request must be in active_grants");
        };
        row(
            "active_grants",
            &[
                ("person", &person),
                ("module", &module),
                ("resource", &resource),
                ("account", &account),
                ("starts_at", &from),
                ("ends_at", &until),
            ],
        );
        self.types(&["request", "show", "R-1"]).await?;
        for id in ["alice", "bob"] {
            self.mail_to(id, "No decision is needed any more").await?;
        }
        say("Alice and Bob are told that nothing is left to decide.");
        for name in ["rita", "alice", "bob", "carol"] {
            let unread = self.unread(name)?;
            ensure!(
                unread == 0,
                "{name} has {unread} mails that the story knows nothing of"
            );
        }
        Ok(())
    }

    fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        println!("\n── {}. {title}\n", self.chapter);
    }

    /// Runs a command that has to succeed, and shows both.
    async fn types(&self, words: &[&str]) -> anyhow::Result<()> {
        let said = self.company.runs(words).await?;
        println!("  $ {}", said.command);
        for line in said.text.lines() {
            println!("  {line}");
        }
        println!();
        ensure!(said.done, "`{}` must succeed", said.command);
        Ok(())
    }

    /// Replies as a logged-in person, whose domain signs.
    async fn replies(&self, id: &str, ask: &Mail, text: &str) -> anyhow::Result<()> {
        let name = person(id).map_or(id, |person| person.name);
        said(&format!("{name} replies"), text);
        self.company.replies(id, ask, text).await
    }

    /// The next unread mail, whose subject must contain these words.
    async fn mail_to(&mut self, id: &str, words: &str) -> anyhow::Result<Mail> {
        let read = self.read.get(id).copied().unwrap_or_default();
        let mailbox = self.company.mailbox(id);
        let mail = self
            .sees(
                &format!("a mail to {id} with `{words}` in its subject"),
                async || Ok(mailbox.inbox()?.into_iter().nth(read)),
            )
            .await?;
        ensure!(
            mail.subject().contains(words),
            "the next mail to {id} must have `{words}` in its subject, but it is `{}`",
            mail.subject()
        );
        self.read.insert(id.to_owned(), read + 1);
        Ok(mail)
    }

    fn unread(&self, id: &str) -> anyhow::Result<usize> {
        let read = self.read.get(id).copied().unwrap_or_default();
        Ok(self.company.mailbox(id).inbox()?.len() - read)
    }

    async fn count(&self, query: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(query)
            .fetch_one(self.company.pool())
            .await?)
    }

    /// Looks until there is something to see.
    async fn sees<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            if Instant::now() >= deadline {
                bail!("waited {} s in vain for {what}", PATIENCE.as_secs());
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// What a page is about.
fn heading(page: &Seen) -> anyhow::Result<String> {
    let (_, rest) = page
        .body
        .split_once("<h1>")
        .context("a page has a heading")?;
    let (heading, _) = rest.split_once("</h1>").context("a heading ends")?;
    Ok(Seen::words(heading))
}
