//! Our own mails, signed.

use countersign::clock::Clock;
use countersign::config::proof::{Alignment, Dkim};
use countersign::config::signing::Signing;
use countersign::inbound::mail::dkim::{Answer, Answers, Case, check};
use countersign::inbound::mail::head::Head;
use countersign::workflow::notice::Kind;
use countersign_sandbox::{Mail, rsa_key};
use data_encoding::BASE64;
use mail_auth::common::crypto::Ed25519Key;

use crate::office::{ONE_STEP, Office};

/// A private key as PEM, and what stands in DNS of its other half.
fn keys() -> [(String, String); 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, public) = rsa_key(2_048, folder.path()).expect("a key");
    let pem = std::fs::read_to_string(folder.path().join("dkim.pem")).expect("its file");
    let rsa = format!("v=DKIM1; k=rsa; p={}", BASE64.encode(&public));
    let private = Ed25519Key::generate_pkcs8().expect("a key");
    let public = Ed25519Key::from_pkcs8_der(&private).expect("a key");
    let ed25519 = format!(
        "v=DKIM1; k=ed25519; p={}",
        BASE64.encode(&public.public_key())
    );
    let pem_of = BASE64.encode(&private);
    let ed25519_pem = format!("-----BEGIN PRIVATE KEY-----\n{pem_of}\n-----END PRIVATE KEY-----\n");
    [(pem, rsa), (ed25519_pem, ed25519)]
}

/// What our own check of signatures says of a mail, byte for byte as it lies in the mailbox.
fn verdicts(raw: &[u8], domain: &str, record: &str) -> Vec<String> {
    let name = format!("s1._domainkey.{domain}");
    let answers = Answers::from([(name, Answer::Texts(vec![record.as_bytes().to_vec()]))]);
    let report = check(&Case {
        raw,
        head: &Head::split(raw),
        from: domain,
        rules: &Dkim {
            alignment: Alignment::Strict,
            least_rsa_bits: 2_048,
        },
        answers: &answers,
        now: Clock::system().now(),
    });
    let words = report.signatures.into_iter();
    words
        .map(|one| format!("{} {}", one.verdict, one.why))
        .collect()
}

/// The mail with the line ends that it was sent with.
fn as_sent(mail: &Mail) -> Vec<u8> {
    let text = String::from_utf8_lossy(mail.raw()).replace("\r\n", "\n");
    text.replace('\n', "\r\n").into_bytes()
}

/// Goal: where a key is configured every mail of ours carries a signature that proves our domain, and no
/// change of what it says stays unseen.
/// Method: an ask over the real servers, by an RSA and by an Ed25519 key; checked as it arrived, with another
/// subject, with a second From, and with a word of its body changed.
#[tokio::test(flavor = "multi_thread")]
async fn our_mails_are_signed() {
    for (key, record) in keys() {
        let mut office = Office::furnish(ONE_STEP).await;
        let from = office.config.mail.from.clone();
        let (_, domain) = from.rsplit_once('@').expect("an address");
        office.config.smtp.dkim = Some(Signing {
            domain: domain.to_owned(),
            selector: "s1".to_owned(),
            key: key.into(),
        });
        office.start().await;
        office.files("rita", "db-1", 1).await;
        let ask = office.person("alice").hears(Kind::Ask).await;
        office.everybody_reads().await;
        let raw = as_sent(&ask);
        let said = verdicts(&raw, domain, &record);
        assert!(
            matches!(said.as_slice(), [one] if one.starts_with("pass ")),
            "{said:?}"
        );
        let text = String::from_utf8(raw).expect("ASCII");
        let second = format!("\r\nFrom: Eve <eve@{domain}>\r\nSubject: ");
        for (old, new) in [
            ("\r\nSubject: ", "\r\nSubject: Not: "),
            ("\r\nSubject: ", second.as_str()),
            ("APPROVE", "APPROVED"),
        ] {
            assert!(text.contains(old), "{old}");
            let changed = text.replacen(old, new, 1);
            let said = verdicts(changed.as_bytes(), domain, &record);
            assert!(
                said.iter().all(|one| !one.starts_with("pass ")),
                "{new}: {said:?}"
            );
        }
        office.close().await;
    }
}
