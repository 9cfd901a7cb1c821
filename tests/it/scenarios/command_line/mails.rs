//! `mail explain`.

use std::fs;
use std::path::{Path, PathBuf};

use countersign_sandbox::{Answer, Dns, Signer};

use super::Desk;

/// What the fixtures in `tests/mail` were written for.
const RULES: &str = "[mail]\nfrom = \"bot@bot.test\"\nreply_to = \"approvals@bot.test\"\n\
    message_id_domain = \"id.test\"\nauthserv_id = \"mx.bot.test\"\nexempt_domains = [\"exempt.test\"]\n";

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail");
    let entries = fs::read_dir(folder).expect("tests/mail");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
    files.sort();
    assert!(files.len() > 50, "{} fixtures", files.len());
    files
}

/// Goal: for every fixture the program prints the verdict that its name says, as JSON and as text,
/// without a database, and without a word about secrets that it does not need.
/// Method: a bot.toml of `[mail]` alone.
#[test]
fn every_fixture() {
    let desk = Desk::at("unused");
    desk.configures(RULES);
    for file in fixtures() {
        let name = file.file_stem().expect("a name").to_string_lossy();
        let (kind, _) = name.split_once('_').expect("KIND_what_it_shows");
        let (verdict, reply) = match kind {
            "approve" => ("decision", Some("approve")),
            "disapprove" => ("decision", Some("disapprove")),
            "unclear" => ("answer", Some("none")),
            other => (other, None),
        };
        let path = file.display();
        let said = desk.types(&format!("mail explain '{path}' --json")).done();
        let object = said.json();
        assert_eq!(object["verdict"], verdict, "{name}: {object:#}");
        if let Some(reply) = reply {
            assert_eq!(object["reply"]["verdict"], reply, "{name}: {object:#}");
        }
        for stage in ["screen", "sender", "reply"] {
            for key in ["verdict", "why"] {
                assert!(object[stage][key].is_string(), "{name}: {object:#}");
            }
        }
        let text = desk.types(&format!("mail explain '{path}'")).done();
        text.says(&[
            "screen ",
            "sender ",
            "reply ",
            &format!("verdict  {verdict}"),
        ]);
    }
}

/// Goal: without configuration and database a mail is still read, and what is not known is said.
/// Method: a folder with nothing in it; a locale; then a file that is wrong, lying about and named.
#[test]
fn without_a_configuration() {
    let mut mails = fixtures().into_iter();
    let mail = mails.find(|path| path.ends_with("approve_with_comment.eml"));
    let mail = mail.expect("the fixture").display().to_string();
    let desk = Desk::at("unused");
    let explain = |further: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"));
        let program = program
            .args(["mail", "explain", mail.as_str()])
            .args(further);
        let program = program
            .current_dir(desk.folder.path())
            .env_remove("COUNTERSIGN_CONFIG");
        super::Said::from(program.output().expect("the program runs"))
    };
    fs::remove_file(desk.path("bot.toml")).expect("removed");
    let said = explain(&["--json", "--locale", "pl"]).ended(0);
    let object = said.json();
    assert_eq!(object["reply"]["verdict"], "approve");
    assert!(object["reply"]["comment"].is_string(), "{object:#}");
    assert_eq!(object["verdict"], "silent", "nobody is believed");
    assert!(object["unchecked"].to_string().contains("`pl`"));
    said.complains(&["there is no configuration at", "default words"]);

    desk.configures("[mail]\nform = \"x\"\n");
    let said = explain(&[]).ended(0);
    said.complains(&["./bot.toml:2:1: [mail] form: is unknown", "is left out"]);
    let named = explain(&["--config", "bot.toml"]).ended(2);
    assert_eq!(named.out, "");
    named.complains(&["bot.toml:2:1"]);
    desk.configures(RULES);
    desk.types("mail explain absent.eml")
        .ended(2)
        .complains(&["absent.eml: cannot be read"]);
}

/// Goal: each signature is explained, with its domain, its selector and why, as text and as JSON; where DNS
/// does not answer that is said, and nothing is proven.
/// Method: a mail that two domains signed, the key of one in a name server, then that server silenced.
#[tokio::test(flavor = "multi_thread")]
async fn signature_by_signature() {
    let dns = Dns::start().await.expect("a name server");
    let desk = Desk::at("unused");
    desk.configures(&format!(
        "{}proof = [\"dkim\"]\n[dns]\nservers = [\"{}\"]\ntimeout = \"300ms\"\n",
        RULES.replace("authserv_id = \"mx.bot.test\"\n", ""),
        dns.address()
    ));
    let signer = Signer::ed25519("client.test", "s1").expect("a key");
    dns.publishes(&signer);
    let mail = format!(
        "From: Alice <alice@client.test>\r\nTo: approvals+{}@bot.test\r\nSubject: Re: x\r\n\
         Message-ID: <1@client.test>\r\n\r\nAPPROVE\r\n",
        "abcdefghijklmnopqrstuvwxya"
    );
    let foreign = Signer::ed25519("list.test", "l").expect("a key");
    let once = foreign.sign(mail.as_bytes()).expect("signed");
    let twice = signer.sign(&once).expect("signed");
    fs::write(desk.path("signed.eml"), twice).expect("written");
    let explained = |json: bool| {
        let further = if json { " --json" } else { "" };
        let path = desk.path("signed.eml").display().to_string();
        desk.types(&format!("mail explain '{path}'{further}"))
            .done()
    };
    let object = tokio::task::block_in_place(|| explained(true)).json();
    assert_eq!(object["verdict"], "decision", "{object:#}");
    assert_eq!(object["signatures"][0]["verdict"], "pass");
    assert_eq!(object["signatures"][0]["selector"], "s1");
    assert_eq!(object["signatures"][1]["verdict"], "another-domain");
    let text = tokio::task::block_in_place(|| explained(false));
    text.says(&[
        "dkim   pass",
        "s1._domainkey.client.test: ",
        "l._domainkey.list.test: ",
    ]);
    dns.says(&signer.key_name(), Answer::Silence);
    let object = tokio::task::block_in_place(|| explained(true)).json();
    assert_eq!(object["verdict"], "later", "{object:#}");
    assert_eq!(object["sender"]["verdict"], "later");
}
