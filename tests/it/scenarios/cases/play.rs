//! Plays a case: files a request, sends what the file says, and looks at what came of it.
//!
//! | step | what happens |
//! |---|---|
//! | `mail PROOF [by=DOOR] [to=ADDRESS] [as=PERSON]` | sends the lines below |
//! | `again` | hands the same bytes over once more |
//! | `expect OUTCOME [STATE]: WHY` | waits for what came of the last mail; WHY stands in its reason or code |
//! | `answered PERSON: WORDS` | looks at the answer in their mailbox |
//! | `wait MINUTES`, `dns ANSWER`, `withdraw`, `vote PERSON`, … | [`Playing::world`] |
//!
//! Proofs: `unsigned`; `signed` by the domain; `signed-late`, with a key that `dns` speaks of;
//! `signed-in-part`, more text below; `signed-elsewhere`; `signed-twice`; `altered`, so that DISAPPROVE became APPROVE;
//! `vouched`, logged in. Doors: `smtp`, `lmtp`, `maildir`, and `smuggle`, SMTP that ends no line as it
//! should. What Postfix would refuse or rewrite goes in by `lmtp`, which puts fields of its own above and changes
//! nothing below, or as a file of the `maildir`, byte for byte. IMAP APPEND would add nothing to these but a
//! date of the mail's choosing, which the judge's own tests set.
//!
//! Outcomes: `decision`, `silent`, `answer`, `alarm`, `answer+alarm`, `later`, and `nothing`: no mail that
//! was not known. They are read off the record, the ledger and the outbox, not off the verdict alone: a
//! decision is a command that was accepted, an answer is one mail to the approver that explains.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use countersign::command::Command;
use countersign::workflow::ids::RequestId;
use countersign::workflow::request::Decision;
use countersign_sandbox::{Answer, Dns, Mail, Signer, Signing};
use jiff::SignedDuration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

use super::fixture::{Fixture, Step, bytes};
use crate::office::{ONE_STEP, Office, until};

const DOMAIN: &str = "example.test";
/// How long an outcome may take to become the expected one once there is any.
const SETTLED: Duration = Duration::from_secs(8);

/// An office for several cases.
pub struct Stage {
    office: Office,
    dns: Dns,
    signer: Signer,
    late: Signer,
    elsewhere: Signer,
}

/// One case that is being played.
struct Playing<'a> {
    stage: &'a mut Stage,
    request: RequestId,
    names: BTreeMap<String, String>,
    /// What was sent last, by which door, and whereto.
    sent: Option<(String, String, Vec<u8>)>,
    before: Before,
    /// The state that the request should be in.
    state: String,
    votes: i64,
}

/// What there was before the last mail.
#[derive(Default)]
struct Before {
    mail: i64,
    places: i64,
    answers: i64,
}

type Problem = String;

impl Stage {
    pub async fn open() -> Self {
        let dns = Dns::start().await.expect("a name server");
        let signer = Signer::ed25519(DOMAIN, "office").expect("a key");
        let elsewhere = Signer::ed25519("elsewhere.test", "s").expect("a key");
        dns.publishes(&signer);
        dns.publishes(&elsewhere);
        let mut office = Office::furnish_with(ONE_STEP, |text| both_proofs(text, &dns)).await;
        office.start().await;
        Self {
            office,
            dns,
            late: signer.renamed(DOMAIN, "late"),
            signer,
            elsewhere,
        }
    }

    pub async fn close(self) {
        self.office.everybody_reads().await;
        self.office.close().await;
    }

    /// Plays one case; what came out otherwise, with the line.
    pub async fn play(&mut self, case: &Fixture) -> Result<(), Problem> {
        // A name of its own, of which no earlier case has made the resolver know anything.
        self.late = self
            .signer
            .renamed(DOMAIN, &format!("late-{}", case.number));
        let request = self.files(&format!("db-{}", case.number)).await;
        let mut playing = Playing {
            request,
            names: BTreeMap::new(),
            sent: None,
            before: Before::default(),
            state: "pending".to_owned(),
            votes: 0,
            stage: self,
        };
        playing.learn_names(case).await;
        for (line, step) in &case.steps {
            let ended = playing.step(step).await;
            ended.map_err(|problem| format!("{line}: {problem}"))?;
        }
        Ok(())
    }

    async fn files(&self, resource: &str) -> RequestId {
        self.office.files("rita", resource, 1).await
    }

    /// What `person` was asked about a request last.
    async fn ask(&self, person: &str, request: RequestId) -> Mail {
        let person = self.office.person(person);
        until(&format!("{} is asked", person.id), async || {
            let sql =
                "SELECT id FROM delivery WHERE request_id = $1 AND person = $2 AND kind = 'ask'
                       ORDER BY created_at DESC LIMIT 1";
            let id: uuid::Uuid = sqlx::query_scalar(sql)
                .bind(request.0)
                .bind(person.id.as_str())
                .fetch_optional(&self.office.pool)
                .await
                .expect("deliveries")?;
            let id = id.simple().to_string();
            let mails = person.mailbox.inbox().expect("the mailbox can be read");
            mails
                .into_iter()
                .find(|mail| mail.message_id().contains(&id))
        })
        .await
    }
}

impl Playing<'_> {
    /// Everything that the fixture may name.
    async fn learn_names(&mut self, case: &Fixture) {
        let office = &self.stage.office;
        let bot = format!("{}@{DOMAIN}", office.bot());
        let mut names = BTreeMap::from([
            ("bot".to_owned(), bot),
            ("request".to_owned(), self.request.to_string()),
            (
                "id".to_owned(),
                countersign::clock::new_id().simple().to_string(),
            ),
            ("host".to_owned(), "mail.example.test".to_owned()),
            ("bot-local".to_owned(), office.bot()),
            ("BOT".to_owned(), office.bot().to_uppercase()),
            ("BOB".to_owned(), office.address("bob").to_uppercase()),
        ]);
        for person in ["rita", "alice", "bob", "carol", "ada"] {
            let address = office.address(person);
            let local = address.trim_end_matches(&format!("@{DOMAIN}")).to_owned();
            names.insert(format!("{person}-local"), local);
            names.insert(person.to_owned(), address);
        }
        let uses = |name: &str| case.steps.iter().any(|(_, step)| step.text.contains(name));
        let mut asks = vec![("", "bob", self.request)];
        if uses("{{alice-") {
            asks.push(("alice-", "alice", self.request));
        }
        if uses("{{other-") {
            let other = self.stage.files(&format!("db-{}-other", case.number)).await;
            asks.push(("other-", "bob", other));
        }
        self.names = names;
        for (prefix, person, request) in asks {
            self.learn_ask(prefix, person, request).await;
        }
    }

    /// What was sent to whom is asked, as it stands in their mailbox.
    async fn learn_ask(&mut self, prefix: &str, person: &str, request: RequestId) {
        let ask = self.stage.ask(person, request).await;
        let reply_to = ask.header("Reply-To").expect("Reply-To");
        let reply_to = reply_to.rsplit('<').next().unwrap_or_default();
        let reply_to = reply_to.trim_end_matches('>').to_owned();
        let token = reply_to
            .split(['+', '@'])
            .nth(1)
            .unwrap_or_default()
            .to_owned();
        let mut guess = token.clone();
        // The last letter of a token carries three bits only.
        let last = if guess.pop() == Some('a') { 'e' } else { 'a' };
        guess.push(last);
        for (name, value) in [
            ("TOKEN", token.to_uppercase()),
            ("token", token),
            ("guess", guess),
            ("reply-to", reply_to),
            ("ask-id", ask.message_id()),
        ] {
            self.names.insert(format!("{prefix}{name}"), value);
        }
    }

    fn filled(&self, text: &str) -> Vec<u8> {
        bytes(text, |name| match name {
            "new-id" => countersign::clock::new_id().simple().to_string(),
            name => self
                .names
                .get(name)
                .unwrap_or_else(|| panic!("no name `{name}`"))
                .clone(),
        })
    }

    async fn step(&mut self, step: &Step) -> Result<(), Problem> {
        match step.words[0].as_str() {
            "mail" => self.mail(step).await,
            "again" => {
                let (door, to, raw) = self.sent.clone().expect("a mail was sent");
                self.look().await;
                self.hand_over("bob", &door, &to, &raw).await;
            }
            "expect" => return self.expect(step).await,
            "answered" => self.answered(&step.words[1], &step.rest).await,
            _ => self.world(&step.words).await,
        }
        Ok(())
    }

    /// Signs a mail as it is wanted and sends it.
    async fn mail(&mut self, step: &Step) {
        let mut raw = self.filled(&step.text);
        let option = |name: &str| {
            let mut words = step.words.iter();
            words.find_map(|word| word.strip_prefix(&format!("{name}=")))
        };
        let stage = &self.stage;
        let proof = step.words[1].as_str();
        let signed = match proof {
            "signed" | "altered" => stage.signer.sign(&raw),
            "signed-late" => stage.late.sign(&raw),
            "signed-elsewhere" => stage.elsewhere.sign(&raw),
            "signed-twice" => stage
                .signer
                .sign(&raw)
                .and_then(|raw| stage.elsewhere.sign(&raw)),
            "signed-in-part" => {
                let length = true;
                stage.signer.sign_as(
                    &raw,
                    &Signing {
                        length,
                        ..Signing::default()
                    },
                )
            }
            "unsigned" | "vouched" => Ok(raw.clone()),
            other => panic!("no such proof: {other}"),
        };
        raw = signed.expect("it can be signed");
        if proof == "signed-in-part" {
            raw.extend_from_slice(b"for 30 days, and db-2 too\r\n");
        }
        if proof == "altered" {
            let text = String::from_utf8(raw).expect("text");
            raw = text.replace("DISAPPROVE", "APPROVE").into_bytes();
        }
        let door = option("by").unwrap_or(if proof == "vouched" { "login" } else { "smtp" });
        let to = self.filled(option("to").unwrap_or("{{reply-to}}"));
        let to = String::from_utf8(to).expect("an address");
        let who = option("as").unwrap_or("bob");
        self.look().await;
        self.hand_over(who, door, &to, &raw).await;
        self.sent = Some((door.to_owned(), to, raw));
    }

    async fn hand_over(&self, who: &str, door: &str, to: &str, raw: &[u8]) {
        let office = &self.stage.office;
        let mailbox = office.person(who).mailbox;
        let sent = match door {
            "login" => mailbox.submits(to, raw).await,
            "smtp" => mailbox.sends_from_outside(to, raw).await,
            "lmtp" => mailbox.sends_by_lmtp(to, raw).await,
            "maildir" => office.stack.seed_maildir(&office.bot(), [raw.to_vec()]),
            "smuggle" => smuggle(office.stack.smtp_port(), to, raw).await,
            other => panic!("no such door: {other}"),
        };
        sent.unwrap_or_else(|error| panic!("{door}: {error:#}"));
    }

    /// Remembers what there is before a mail is sent.
    async fn look(&mut self) {
        self.before = Before {
            mail: self
                .number("SELECT coalesce(max(id), 0) FROM inbound_mail")
                .await,
            places: self.number("SELECT count(*) FROM inbound_location").await,
            answers: self.number(ANSWERS).await,
        };
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.stage.office.count(sql).await
    }

    /// Waits for what came of the last mail.
    async fn expect(&mut self, step: &Step) -> Result<(), Problem> {
        let wanted = step.words[1].as_str();
        if wanted == "decision" {
            self.votes = 1;
            "approved".clone_into(&mut self.state);
        }
        if let Some(state) = step.words.get(2) {
            self.state.clone_from(state);
        }
        let deadline = tokio::time::Instant::now() + crate::office::PATIENCE;
        let mut settled = None;
        loop {
            let seen = self.seen().await;
            let state = self.stage.office.state(self.request).await;
            let right = seen.as_ref().is_some_and(|(outcome, why)| {
                outcome == wanted && why.contains(&step.rest) && state == self.state
            });
            if right {
                break;
            }
            let now = tokio::time::Instant::now();
            let since = *settled.get_or_insert(now);
            if seen.is_none() {
                settled = None;
            }
            if now > deadline || now > since + SETTLED {
                let wanted = format!("{wanted} (…{}…), {}", step.rest, self.state);
                return Err(match seen {
                    None => format!("expected {wanted}: no mail was judged"),
                    Some((outcome, why)) => {
                        format!("expected {wanted}, but it is {outcome} ({why}), {state}")
                    }
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let votes: i64 = sqlx::query_scalar("SELECT count(*) FROM vote WHERE request_id = $1")
            .bind(self.request.0)
            .fetch_one(&self.stage.office.pool)
            .await
            .expect("a number");
        if votes == self.votes {
            return Ok(());
        }
        Err(format!("{votes} votes were counted, not {}", self.votes))
    }

    /// What came of the last mail, and every reason that was written down; `None` while it is not judged.
    async fn seen(&self) -> Option<(String, String)> {
        let office = &self.stage.office;
        let (mail, places) = (self.before.mail, self.before.places);
        let row: Option<(i64, Option<String>, Option<String>)> = sqlx::query_as(
            "SELECT id, verdict, why FROM inbound_mail WHERE id > $1 ORDER BY id DESC LIMIT 1",
        )
        .bind(mail)
        .fetch_optional(&office.pool)
        .await
        .expect("the mail");
        let Some((id, verdict, why)) = row else {
            let now = self.number("SELECT count(*) FROM inbound_location").await;
            return (now > places).then(|| ("nothing".to_owned(), String::new()));
        };
        let verdict = verdict?;
        if verdict == "later" {
            return Some((verdict, why.unwrap_or_default()));
        }
        let key = format!("mail/{id}");
        let accepted: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM inbound WHERE key = $1 AND outcome = 'accepted')",
        )
        .bind(&key)
        .fetch_one(&office.pool)
        .await
        .expect("the ledger");
        let recorded: Vec<String> = sqlx::query_scalar(
            "SELECT concat_ws(' ', body::jsonb #>> '{refusal,code}', body::jsonb #>> '{unclear,code}',
                    body::jsonb ->> 'why') FROM audit_event WHERE body::jsonb ->> 'key' = $1
             UNION ALL SELECT concat(kind, ' ', why) FROM alarm WHERE key = $1",
        )
        .bind(&key)
        .fetch_all(&office.pool)
        .await
        .expect("the record");
        let alarmed: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM alarm WHERE key = $1)")
            .bind(&key)
            .fetch_one(&office.pool)
            .await
            .expect("the alarms");
        let answers = self.number(ANSWERS).await - self.before.answers;
        let mut outcome = Vec::new();
        if accepted {
            outcome.push("decision".to_owned());
        }
        match answers {
            0 => {}
            1 => outcome.push("answer".to_owned()),
            more => outcome.push(format!("{more} answers")),
        }
        if alarmed || verdict == "alarm" {
            outcome.push("alarm".to_owned());
        }
        if outcome.is_empty() {
            outcome.push("silent".to_owned());
        }
        let why = format!("{} {}", why.unwrap_or_default(), recorded.join(" "));
        Some((outcome.join("+"), why))
    }

    /// What happens besides mails.
    async fn world(&mut self, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let request = self.request;
        let office = &mut self.stage.office;
        match words[..] {
            ["wait", minutes] => {
                let minutes = minutes.parse().expect("minutes");
                office.advance(SignedDuration::from_mins(minutes));
            }
            ["dns", "key"] => self.stage.dns.publishes(&self.stage.late),
            ["dns", answer] => {
                let answer = match answer {
                    "servfail" => Answer::ServFail,
                    "refused" => Answer::Refused,
                    "silence" => Answer::Silence,
                    "garbage" => Answer::Garbage,
                    "nothing" => Answer::NoText,
                    "revoked" => Answer::Texts(vec!["v=DKIM1; p=".to_owned()]),
                    other => panic!("DNS cannot say {other}"),
                };
                self.stage.dns.says(&self.stage.late.key_name(), answer);
            }
            ["withdraw"] => {
                let reason = "no longer needed".to_owned();
                office
                    .says("rita", Command::Withdraw { request, reason })
                    .await;
                "withdrawn".clone_into(&mut self.state);
            }
            ["expire"] => {
                office.advance(SignedDuration::from_hours(5));
                "expired".clone_into(&mut self.state);
                self.comes_to("expired").await;
            }
            ["vote", person, decision] => {
                let decision = match decision {
                    "approve" => Decision::Approve,
                    _ => Decision::Disapprove,
                };
                office.votes(person, request, decision).await;
                self.votes += 1;
                self.state = office.state(request).await;
            }
            ["unregister", person] => {
                self.changes(person, "modules = [", "modules = [\"certificate\"] # [")
                    .await;
            }
            ["disable", person] => {
                self.changes(person, "zone =", "active = false\nzone =")
                    .await;
            }
            ["ask-again"] => self.learn_ask("", "bob", request).await,
            ["restore"] => office.apply(ONE_STEP).await,
            ["token-of", person] => {
                sqlx::query(
                    "UPDATE token SET person = $2 WHERE request_id = $1 AND person = 'bob'",
                )
                .bind(request.0)
                .bind(person)
                .execute(&office.pool)
                .await
                .expect("another's");
            }
            ["stop"] => office.stop().await,
            ["start"] => office.start().await,
            ["crash"] => self.crash().await,
            ["killed", times] => self.killed(times.parse().expect("a number")).await,
            ["renumber"] => self.renumber().await,
            ["delete"] => self.delete(),
            ["junk", number] => self.junk(number.parse().expect("a number"), false).await,
            ["guesses", number] => self.junk(number.parse().expect("a number"), true).await,
            _ => panic!("no such step: {words:?}"),
        }
    }

    async fn comes_to(&self, state: &str) {
        until(&format!("it is {state}"), async || {
            (self.stage.office.state(self.request).await == state).then_some(())
        })
        .await;
    }

    /// Puts the book in force with one thing about one person changed.
    async fn changes(&self, person: &str, from: &str, to: &str) {
        let change = |text: &mut String| {
            let at = text
                .find(&format!("id = \"{person}\""))
                .expect("the person");
            let rest = text[at..].replacen(from, to, 1);
            text.replace_range(at.., &rest);
        };
        self.stage.office.apply_with(ONE_STEP, change).await;
    }

    /// The process ends after what a mail says was applied and before its verdict was stored.
    async fn crash(&mut self) {
        self.killed(0).await;
    }

    /// As if the process had ended so often while it judged the last mail.
    async fn killed(&mut self, times: i32) {
        let mail = self.before.mail;
        let office = &mut self.stage.office;
        office.stop().await;
        sqlx::query(
            "UPDATE inbound_mail SET judged_at = NULL, verdict = NULL, why = NULL, tries = $2
             WHERE id > $1",
        )
        .bind(mail)
        .bind(times)
        .execute(&office.pool)
        .await
        .expect("as it was before the verdict");
        office.start().await;
    }

    /// The server numbers its mails anew, and all that were put aside lie in the inbox again.
    async fn renumber(&mut self) {
        const CLEARED: &str = "SELECT count(*) FROM inbound_location WHERE cleared_at IS NULL";
        const PLACES: &str = "SELECT count(DISTINCT uid_validity) FROM inbound_location";
        let office = &mut self.stage.office;
        office.counts(CLEARED, 0).await;
        let before = office.count(PLACES).await;
        let mails = office.count("SELECT count(*) FROM inbound_mail").await;
        office.stop().await;
        let bot = office.bot();
        office.stack.renumber(&bot).expect("a new UIDVALIDITY");
        office.stack.put_back(&bot).expect("all mails");
        office.start().await;
        office.counts(PLACES, before + 1).await;
        office.counts(CLEARED, 0).await;
        assert_eq!(
            office.count("SELECT count(*) FROM inbound_mail").await,
            mails
        );
    }

    /// Somebody empties the inbox by hand.
    fn delete(&self) {
        let office = &self.stage.office;
        let maildir = office.stack.mailbox(&office.bot()).maildir();
        for part in ["cur", "new"] {
            for entry in std::fs::read_dir(maildir.join(part)).expect("the maildir") {
                std::fs::remove_file(entry.expect("an entry").path()).expect("deleted");
            }
        }
    }

    /// The last answer that explains went to this person, at the address in the book, and to nobody else;
    /// its text holds these words.
    async fn answered(&self, person: &str, words: &str) {
        let office = &self.stage.office;
        let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
            "SELECT id, address FROM delivery WHERE request_id = $1 AND kind IN ('refused', 'unclear')
             ORDER BY created_at DESC",
        )
        .bind(self.request.0)
        .fetch_all(&office.pool)
        .await
        .expect("deliveries");
        let address = office.address(person);
        assert!(rows.iter().all(|(_, to)| *to == address), "{rows:?}");
        let (id, _) = rows.first().expect("an answer");
        let id = id.simple().to_string();
        let mailbox = &office.person(person).mailbox;
        let mail = until(&format!("{person} has the answer"), async || {
            let mails = mailbox.inbox().expect("the mailbox can be read");
            mails
                .into_iter()
                .find(|mail| mail.message_id().contains(&id))
        })
        .await;
        let said = mail.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words), "{words}: {said}");
    }

    /// Very many mails of strangers at once, each with a guessed token where `guesses`.
    async fn junk(&mut self, number: usize, guesses: bool) {
        self.look().await;
        let office = &self.stage.office;
        let mails = office.count("SELECT count(*) FROM inbound_mail").await;
        let asked = self.stage.dns.asked_at_all();
        let bob = office.address("bob");
        let junk = (0..number).map(|n| {
            let token = format!("{:a<26}", format!("q{n}").replace(['0', '1', '8', '9'], "z"));
            let (from, to) = if guesses {
                (bob.clone(), format!("{}+{token}@{DOMAIN}", office.bot()))
            } else {
                (format!("spam{n}@junk.test"), "you".to_owned())
            };
            let id = countersign::clock::new_id();
            let text = format!(
                "From: {from}\r\nTo: {to}\r\nMessage-ID: <{id}@x>\r\nSubject: win {n}\r\n\r\nAPPROVE\r\n"
            );
            self.stage.signer.sign(text.as_bytes()).expect("signed")
        });
        office
            .stack
            .seed_maildir(&office.bot(), junk)
            .expect("junk");
        let all = mails + i64::try_from(number).expect("small");
        let judged = "SELECT count(*) FROM inbound_mail WHERE judged_at IS NOT NULL";
        office.counts(judged, all).await;
        assert_eq!(
            self.number(ANSWERS).await,
            self.before.answers,
            "nobody is answered"
        );
        let loud: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM inbound_mail WHERE id > $1 AND verdict <> 'silent'",
        )
        .bind(self.before.mail)
        .fetch_one(&office.pool)
        .await
        .expect("a number");
        let alarms = "SELECT count(*) FROM alarm WHERE kind = 'guessed-tokens'";
        assert_eq!(
            loud,
            i64::from(guesses),
            "all of it is silent but one alarm"
        );
        assert_eq!(office.count(alarms).await, i64::from(guesses), "one alarm");
        assert_eq!(self.stage.dns.asked_at_all(), asked, "DNS is not asked");
    }
}

/// Answers that explain, of all time.
const ANSWERS: &str = "SELECT count(*) FROM delivery WHERE kind IN ('refused', 'unclear')";

fn both_proofs(text: &mut String, dns: &Dns) {
    let one = "[mail]\n";
    let both = "[mail]\nproof = [\"authentication-results\", \"dkim\"]\n";
    *text = text.replace(one, both);
    let _ = write!(
        text,
        "\n[dns]\nservers = [\"{}\"]\ntimeout = \"500ms\"\nkeep_at_most = \"1s\"\n",
        dns.address()
    );
}

/// Says these bytes to the server as they are, dots and line ends included, in one breath.
async fn smuggle(port: u16, to: &str, raw: &[u8]) -> anyhow::Result<()> {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let mut server = tokio::io::BufReader::new(stream);
    let mut said = String::new();
    server.read_line(&mut said).await?;
    for line in [
        "HELO x",
        "MAIL FROM:<mallory@elsewhere.test>",
        &format!("RCPT TO:<{to}>"),
        "DATA",
    ] {
        server.write_all(format!("{line}\r\n").as_bytes()).await?;
        server.read_line(&mut said).await?;
    }
    server.write_all(raw).await?;
    server.write_all(b"\r\n.\r\nQUIT\r\n").await?;
    server.read_to_string(&mut said).await?;
    anyhow::ensure!(said.contains("354"), "the server takes no mail: {said}");
    Ok(())
}
