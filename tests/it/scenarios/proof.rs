//! Senders who are proven by their domain's signature, and those who are not.

use countersign::workflow::ids::RequestId;
use countersign::workflow::notice::Kind;
use countersign_sandbox::{Answer, Dns, Mail, Signer};
use jiff::SignedDuration;

use crate::office::{ONE_STEP, Office, Person, TWO_STEPS, by_signature};

const DOMAIN: &str = "example.test";

/// An office whose people sign, and the ask that lies in bob's mailbox.
struct Signing {
    office: Office,
    dns: Dns,
    signer: Signer,
    request: RequestId,
    bob: Person,
    ask: Mail,
}

async fn signing() -> Signing {
    let dns = Dns::start().await.expect("a name server");
    let signer = Signer::ed25519(DOMAIN, "office").expect("a key");
    dns.publishes(&signer);
    let office = Office::open_with_dns(ONE_STEP, &dns).await;
    let (request, bob, ask) = asked(&office).await;
    Signing {
        office,
        dns,
        signer,
        request,
        bob,
        ask,
    }
}

/// Rita files, everybody but bob puts what they hear aside.
async fn asked(office: &Office) -> (RequestId, Person, Mail) {
    let request = office.files("rita", "db-1", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let bob = office.person("bob");
    let ask = bob.hears(Kind::Ask).await;
    (request, bob, ask)
}

/// Waits until so many mails have this verdict, with a reason that contains this.
async fn judged(office: &Office, verdict: &str, why: &str, count: i64) {
    crate::office::until(&format!("{count} mails are {verdict}: {why}"), async || {
        let sql =
            "SELECT count(*) FROM inbound_mail WHERE verdict = $1 AND position($2 IN why) > 0";
        let found: i64 = sqlx::query_scalar(sql)
            .bind(verdict)
            .bind(why)
            .fetch_one(&office.pool)
            .await
            .expect("a number");
        (found == count).then_some(())
    })
    .await;
}

/// Goal: a reply that its domain signed decides, with nothing else to prove it; what it rests on stands in
/// the record with the vote. Method: signed and sent as a stranger would; then the audit event is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_reply_decides() {
    let all = signing().await;
    all.bob
        .replies_signed(&all.ask, "APPROVE", &all.signer)
        .await;
    all.office.person("rita").hears(Kind::Approved).await;
    assert_eq!(all.office.state(all.request).await, "approved");
    let evidence = "SELECT count(*) FROM audit_event a, inbound_mail m
        WHERE a.body::jsonb #>> '{proof,method}' = 'dkim'
          AND a.body::jsonb #>> '{proof,details,dkim,d}' = 'example.test'
          AND a.body::jsonb #>> '{proof,details,dkim,s}' = 'office'
          AND a.body::jsonb #>> '{proof,details,sha256}' = encode(m.sha256, 'hex')
          AND a.body::jsonb #>> '{proof,details,message_id}' = m.message_id
          AND EXISTS (SELECT FROM token WHERE person = 'bob' AND
                      a.body::jsonb #>> '{proof,details,tokens,0}' = encode(hash, 'hex'))
          AND m.proof #>> '{signatures,0,verdict}' = 'pass'";
    assert_eq!(all.office.count(evidence).await, 1);
    all.office.everybody_reads().await;
    all.office.close().await;
}

/// Goal: what was changed on the way, what another domain signed, and what nobody signed decides nothing
/// and is not answered. Method: one of each, then an honest one, which still decides.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_domain_did_not_sign_is_silent() {
    let all = signing().await;
    let (bot, raw) = all
        .bob
        .mailbox
        .writes_reply(&all.ask, "DISAPPROVE\n\nno")
        .expect("a reply");
    let signed = all.signer.sign(&raw).expect("signed");
    let text = String::from_utf8(signed).expect("text");
    all.bob
        .sends(&bot, text.replace("DISAPPROVE", "APPROVE").as_bytes())
        .await;
    judged(&all.office, "silent", "not the one that was signed", 1).await;
    let foreign = Signer::ed25519("elsewhere.test", "s").expect("a key");
    all.dns.publishes(&foreign);
    all.bob.replies_signed(&all.ask, "APPROVE", &foreign).await;
    judged(&all.office, "silent", "elsewhere.test signed it", 1).await;
    assert_eq!(
        all.dns.asked(&foreign.key_name()),
        0,
        "nobody asks about third parties"
    );
    let unknown = all.signer.renamed(DOMAIN, "other");
    all.bob.replies_signed(&all.ask, "APPROVE", &unknown).await;
    judged(&all.office, "silent", "no such key in DNS", 1).await;
    all.bob.sends(&bot, &raw).await;
    judged(&all.office, "silent", "carries no signature", 1).await;
    assert_eq!(all.office.state(all.request).await, "pending");
    all.bob
        .replies_signed(&all.ask, "APPROVE", &all.signer)
        .await;
    all.office.person("rita").hears(Kind::Approved).await;
    all.office.everybody_reads().await;
    all.office.close().await;
}

/// Goal: a mail without one of our tokens makes us ask nobody, however well it is signed.
/// Method: an honest mail to the address without a token, and one with a token that nobody was given.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_us_ask_nothing() {
    let all = signing().await;
    let bare = all.office.bot() + "@example.test";
    let guess = format!("{}+{}@example.test", all.office.bot(), "a".repeat(26));
    for to in [&bare, &guess] {
        let mail = format!(
            "From: {}\r\nTo: {to}\r\nMessage-ID: <{to}>\r\n\r\nAPPROVE\r\n",
            all.bob.mailbox.address()
        );
        let signed = all.signer.sign(mail.as_bytes()).expect("signed");
        all.bob.sends(to, &signed).await;
    }
    let silent = "SELECT count(*) FROM inbound_mail WHERE verdict = 'silent'";
    all.office.counts(silent, 2).await;
    assert_eq!(all.dns.asked_at_all(), 0);
    all.office.close().await;
}

/// Goal: a name server that fails decides nothing: the mail waits, and counts once the key is there; what
/// was found is kept and not asked for again.
/// Method: SERVFAIL, then the key, and the office's clock moved on; then the verdict is taken back as a crash
/// would leave it, with the key revoked meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_name_server_means_later() {
    let mut all = signing().await;
    let key = all.signer.key_name();
    all.dns.says(&key, Answer::ServFail);
    all.bob
        .replies_signed(&all.ask, "APPROVE", &all.signer)
        .await;
    judged(&all.office, "later", "could not be fetched", 1).await;
    assert_eq!(all.office.state(all.request).await, "pending");
    all.dns.publishes(&all.signer);
    all.office.advance(SignedDuration::from_mins(2));
    all.office.person("rita").hears(Kind::Approved).await;
    assert_eq!(all.office.state(all.request).await, "approved");
    all.office.stop().await;
    all.dns.text(&key, "v=DKIM1; p=");
    let asked = all.dns.asked(&key);
    sqlx::query("UPDATE inbound_mail SET judged_at = NULL, verdict = NULL, why = NULL")
        .execute(&all.office.pool)
        .await
        .expect("as it was before the verdict");
    all.office.start().await;
    judged(&all.office, "decision", "", 1).await;
    assert_eq!(all.dns.asked(&key), asked, "it was proven at first sight");
    all.office.everybody_reads().await;
    all.office.close().await;
}

/// Goal: a mail does not wait for ever: after a day its sender could not be proven, and that is no yes, but an
/// alarm.
/// Method: a name server that never answers, and the office's clock moved on by a day.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_it_could_not_be_proven() {
    let all = signing().await;
    all.dns.says(&all.signer.key_name(), Answer::Silence);
    all.bob
        .replies_signed(&all.ask, "APPROVE", &all.signer)
        .await;
    judged(&all.office, "later", "", 1).await;
    all.office.advance(SignedDuration::from_hours(25));
    judged(
        &all.office,
        "alarm",
        "could not be proven within 24 hours",
        1,
    )
    .await;
    all.office.person("ada").hears_of("never-proven").await;
    assert_ne!(all.office.state(all.request).await, "approved");
    all.office.everybody_reads().await;
    all.office.close().await;
}

/// Goal: a domain that the operator exempts decides without a signature, and DNS is not asked.
/// Method: the domain exempted in the file, a plain reply by the door for outsiders.
#[tokio::test(flavor = "multi_thread")]
async fn an_exempted_domain_needs_no_signature() {
    let dns = Dns::start().await.expect("a name server");
    let mut office = Office::furnish_with(ONE_STEP, |text| {
        by_signature(text, &dns);
        *text = text.replace("[mail]\n", "[mail]\nexempt_domains = [\"example.test\"]\n");
    })
    .await;
    office.start().await;
    let (request, bob, ask) = asked(&office).await;
    let (bot, raw) = bob.mailbox.writes_reply(&ask, "APPROVE").expect("a reply");
    bob.sends(&bot, &raw).await;
    office.person("rita").hears(Kind::Approved).await;
    assert_eq!(office.state(request).await, "approved");
    let method = "SELECT count(*) FROM audit_event
        WHERE body::jsonb #>> '{proof,method}' = 'exempted-domain'";
    assert_eq!(office.count(method).await, 1);
    assert_eq!(dns.asked_at_all(), 0);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: a token that has voted still names its owner: proven, a further reply follows W13; unproven, it
/// raises an alarm, once an hour.
/// Method: two steps, so that the request stays open; alice approves, then strangers write in her name, and
/// then she herself disapproves.
#[tokio::test(flavor = "multi_thread")]
async fn a_used_token_unproven_is_an_alarm() {
    let dns = Dns::start().await.expect("a name server");
    let signer = Signer::ed25519(DOMAIN, "office").expect("a key");
    dns.publishes(&signer);
    let office = Office::open_with_dns(TWO_STEPS, &dns).await;
    let request = office.files("rita", "db-1", 1).await;
    let alice = office.person("alice");
    let ask = alice.hears(Kind::Ask).await;
    alice.replies_signed(&ask, "APPROVE", &signer).await;
    alice.hears(Kind::Recorded).await;
    let (bot, raw) = alice
        .mailbox
        .writes_reply(&ask, "DISAPPROVE")
        .expect("a reply");
    alice.sends(&bot, &raw).await;
    judged(&office, "alarm", "has voted on", 1).await;
    office.person("ada").hears_of("used-token-unproven").await;
    let (_, raw) = alice
        .mailbox
        .writes_reply(&ask, "DISAPPROVE")
        .expect("a reply");
    alice.sends(&bot, &raw).await;
    judged(&office, "alarm", "has voted on", 2).await;
    assert_eq!(
        office.count("SELECT count(*) FROM alarm WHERE told").await,
        1
    );
    assert_eq!(office.state(request).await, "pending");
    alice.replies_signed(&ask, "APPROVE", &signer).await;
    assert_eq!(office.refused_as("already-recorded").await, 0);
    alice.hears(Kind::Refused).await;
    assert_eq!(office.refused_as("already-recorded").await, 1);
    office.everybody_reads().await;
    office.close().await;
}

/// Goal: whoever holds a token of another's ends it, proven or not, and its owner decides by the next one.
/// Method: a stranger's unsigned mail with bob's token; then bob answers the old and the fresh ask.
#[tokio::test(flavor = "multi_thread")]
async fn an_unproven_stranger_ends_a_token() {
    let all = signing().await;
    let (bot, raw) = all
        .bob
        .mailbox
        .writes_reply(&all.ask, "APPROVE")
        .expect("a reply");
    let text = String::from_utf8(raw).expect("text");
    let foreign = text.replace(&all.bob.mailbox.address(), "mallory@elsewhere.test");
    all.bob.sends(&bot, foreign.as_bytes()).await;
    judged(&all.office, "alarm", "not from their address", 1).await;
    all.bob.hears_of("somebody else answered").await;
    all.office.person("ada").hears_of("foreign-sender").await;
    let fresh = all.bob.hears(Kind::Ask).await;
    all.bob
        .replies_signed(&all.ask, "APPROVE", &all.signer)
        .await;
    judged(&all.office, "silent", "", 1).await;
    assert_eq!(all.office.state(all.request).await, "pending");
    all.bob.replies_signed(&fresh, "APPROVE", &all.signer).await;
    all.office.person("rita").hears(Kind::Approved).await;
    all.office.everybody_reads().await;
    all.office.close().await;
}

/// Goal: the token in our Message-ID is enough where the plus address was dropped; where the two disagree
/// nothing is decided, and an alarm is raised.
/// Method: bob's reply to the bare address; alice's reply with bob's In-Reply-To.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_place_of_a_token() {
    let all = signing().await;
    let office = &all.office;
    let second = office.files("rita", "db-2", 1).await;
    office.person("rita").hears(Kind::Filed).await;
    for who in ["alice", "carol"] {
        office.person(who).hears(Kind::Ask).await;
    }
    let other = all.bob.hears(Kind::Ask).await;
    let (bot, raw) = all
        .bob
        .mailbox
        .writes_reply(&all.ask, "APPROVE")
        .expect("a reply");
    let text = String::from_utf8(raw).expect("text");
    let mixed = text.replace(&all.ask.message_id(), &other.message_id());
    let signed = all.signer.sign(mixed.as_bytes()).expect("signed");
    all.bob.sends(&bot, &signed).await;
    judged(office, "alarm", "different persons, requests or steps", 1).await;
    office.person("ada").hears_of("tokens-disagree").await;
    let bare = format!("{}@{DOMAIN}", office.bot());
    let signed = all
        .signer
        .sign(text.replace(&bot, &bare).as_bytes())
        .expect("signed");
    all.bob.sends(&bare, &signed).await;
    office.person("rita").hears(Kind::Approved).await;
    assert_eq!(office.state(all.request).await, "approved");
    assert_eq!(office.state(second).await, "pending");
    office.everybody_reads().await;
    all.office.close().await;
}

/// Goal: an approver who lost their right since they were asked gets an answer, and an alarm is raised.
/// Method: bob taken out of the policy's registration between the ask and his signed reply.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_entitled_any_more_is_an_alarm() {
    let all = signing().await;
    let registered = r#"modules = ["credential", "proxy_session", "session_video"]"#;
    let without = |text: &mut String| {
        let bob = text.find("id = \"bob\"").expect("bob");
        let rest = text[bob..].replacen(registered, "modules = [\"certificate\"]", 1);
        text.replace_range(bob.., &rest);
    };
    all.office.apply_with(ONE_STEP, without).await;
    all.bob
        .replies_signed(&all.ask, "APPROVE", &all.signer)
        .await;
    all.bob.hears(Kind::Refused).await;
    all.office.person("ada").hears_of("not-entitled").await;
    assert_eq!(all.office.state(all.request).await, "pending");
    all.office.everybody_reads().await;
    all.office.close().await;
}
