//! Every bad input gets a clear error, and the example is a good one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;

/// A configuration that is right, with these further lines.
fn with(lines: &str) -> String {
    format!(
        "database.url = \"postgres://localhost/x\"\n\
         tokens.key = \"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n\
         smtp.host = \"localhost\"\nsmtp.security = \"none\"\nmail.from = \"bot@example.org\"\n{lines}"
    )
}

fn password_of(login: &Login) -> &str {
    match &login.secret {
        Secret::Password(password) => password.expose_secret(),
        Secret::Token(source) => panic!("a token of {source:?}"),
    }
}

fn env(name: &str) -> Option<String> {
    match name {
        "THE_PASSWORD" => Some("hunter2".to_owned()),
        _ => None,
    }
}

fn parse(source: &str) -> Result<(Config, Problems), Problems> {
    let around = Surroundings {
        env: &env,
        service: false,
        open_file: false,
        make_keys: true,
    };
    Config::parse("bot.toml", source, &around)
}

fn refused(lines: &str) -> String {
    parse(&with(lines))
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn the_example_is_read() {
    // Goal: what we hand to operators is a configuration. Method: read it, with the embedded directory and
    // the passwords moved to a temporary place, and look at a value of each kind.
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["smtp-password", "imap-password"] {
        let path = directory.path().join(name);
        fs::write(&path, "hunter2\n").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("mode");
    }
    let source = include_str!("../../bot.toml.example").replace(
        "url = \"embedded\" ",
        &format!(
            "url = \"embedded\"\ndirectory = \"{}\" ",
            directory.path().display()
        ),
    );
    let source = source.replace("/etc/countersign", &directory.path().display().to_string());
    let (config, warnings) = parse(&source).expect("the example");
    assert_eq!(warnings.list, []);
    assert_eq!(config.smtp.security, Security::StartTls);
    assert_eq!(config.smtp.port, 587);
    let imap = config.imap.expect("an inbox");
    assert_eq!((imap.port, imap.mailbox.as_str()), (993, "INBOX"));
    assert_eq!(password_of(&imap.login), "hunter2");
    assert_eq!(config.mail.message_id_domain, "example.org");
    assert_eq!(config.stop_timeout, Duration::from_secs(20));
    assert_eq!(config.tokens.current, keyfile::KEY_ID);
    assert!(config.audit.key.is_some(), "made beside the data");
    assert_eq!(config.audit.interval, Duration::from_mins(10));
}

/// Goal: whoever only looks makes no key. Method: the least, embedded, read by somebody who makes none.
#[test]
fn a_look_makes_no_keys() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let source = format!(
        "database.directory = \"{}\"\nsmtp.host = \"localhost\"\nsmtp.security = \"none\"\n\
         mail.from = \"bot@example.org\"\n",
        state.display()
    );
    let around = Surroundings {
        env: &env,
        service: false,
        open_file: false,
        make_keys: false,
    };
    let (config, _) = Config::parse("bot.toml", &source, &around).expect("in order");
    assert!(config.tokens.keys.is_empty() && config.audit.key.is_none());
    assert!(!state.exists());
}

#[test]
fn defaults_stand_in_for_what_is_not_said() {
    // Goal: a short file is enough. Method: the least, and every value that it leaves open.
    let (config, warnings) = parse(&with("")).expect("the least");
    assert_eq!(warnings.list, []);
    assert_eq!(config.smtp.port, 25);
    assert!(config.smtp.login.is_none() && config.imap.is_none() && config.status.is_none());
    assert_eq!(config.mail.reply_to, "bot@example.org");
    assert_eq!(config.mail.authserv_hops, 1);
    assert_eq!(
        (config.mail.approve_words, config.mail.disapprove_words),
        words::defaults()
    );
    assert!(config.command_line.operators.is_empty());
    assert!(config.audit.key.is_none() && config.audit.seal_file.is_none());
}

#[test]
fn locales_add_their_words() {
    // Goal: enabled languages decide beside English, and banners are taken as written.
    // Method: two languages, one with a region, and one banner.
    let lines = "mail.locales = [\"pt-PT\", \"ja\"]\nmail.banners = [\"From outside, careful\"]";
    let (config, warnings) = parse(&with(lines)).expect("in order");
    assert_eq!(warnings.list, []);
    let (approve, disapprove) = (config.mail.approve_words, config.mail.disapprove_words);
    assert!(
        ["APPROVE", "APROVADO", "承認"]
            .iter()
            .all(|word| approve.contains(*word))
    );
    assert!(
        ["REJECT", "RECUSADO", "却下"]
            .iter()
            .all(|word| disapprove.contains(*word))
    );
    assert!(!approve.contains("GENEHMIGT"));
    assert_eq!(config.mail.banners, ["From outside, careful"]);
}

/// Lines, and the start or a part of what is said of them.
const BAD_LINES: &[(&str, &str)] = &[
    (
        "smtp.prot = 25",
        "bot.toml:6:6: [smtp] prot: is unknown; mend: did you mean `port`?",
    ),
    (
        "smpt.host = \"x\"",
        "bot.toml:6:1: smpt: is unknown; mend: did you mean `smtp`?",
    ),
    (
        "[colour]",
        "bot.toml:6:2: colour: is unknown; mend: take it out; known here: audit, command_line",
    ),
    (
        "smtp.port = \"25\"",
        "bot.toml:6:13: [smtp] port: is a text, and must be a whole number",
    ),
    (
        "smtp.port = 70000",
        "bot.toml:6:13: [smtp] port: is 70000, and must be between 1 and 65535",
    ),
    (
        "smtp.timeout = \"soon\"",
        "bot.toml:6:16: [smtp] timeout: `soon` is no length of time",
    ),
    (
        "smtp.timeout = \"1mo\"",
        "bot.toml:6:16: [smtp] timeout: `1mo` counts months",
    ),
    (
        "smtp.timeout = \"0s\"",
        "bot.toml:6:16: [smtp] timeout: `0s` is not more than nothing",
    ),
    (
        "smtp.ca_file = \"/nowhere/ca\"",
        "bot.toml:6:16: [smtp] ca_file: there is no file /nowhere/ca",
    ),
    (
        "smtp.username = \"u\"",
        "[smtp] password: is missing; mend: write password",
    ),
    (
        "smtp.username = \"u\"\nsmtp.password = { file = \"/nowhere/pw\" }",
        "bot.toml:7:26: [smtp] password: the secret file /nowhere/pw cannot be read: No such file",
    ),
    (
        "smtp.username = \"u\"\nsmtp.password = { env = \"NOPE\" }",
        "bot.toml:7:25: [smtp] password env: the environment has no `NOPE`; mend: set the variable",
    ),
    (
        "smtp.username = \"u\"\nsmtp.password = { credential = \"pw\" }",
        "[smtp] password credential: there is no $CREDENTIALS_DIRECTORY",
    ),
    (
        "smtp.username = \"u\"\nsmtp.password = { env = \"THE_PASSWORD\", value = \"x\" }",
        "[smtp] password: must say exactly one place; mend: write { file",
    ),
    (
        "smtp.username = \"u\"\noauth.client_id = \"me\"",
        "[oauth] token_endpoint: is missing; mend: write it like \"https://oauth2",
    ),
    (
        "oauth.token_endpoint = \"http://id.example.org/token\"",
        "bot.toml:6:24: [oauth] token_endpoint: `http://id.example.org/token` is no https address",
    ),
    (
        "oauth.client_id = \"me\"",
        "[oauth] client_secret: is missing; mend: write client_secret = { file",
    ),
    (
        "oauth.mechanism = \"plain\"",
        "bot.toml:6:19: [oauth] mechanism: `plain` is no way to show a token; mend: write \"xoauth2\"",
    ),
    (
        "limits.answers_in_all = 0",
        "[limits] answers_in_all: is 0, and must be between 1 and 10000",
    ),
    (
        "mail.reply_to = \"bot\"",
        "bot.toml:6:17: [mail] reply_to: `bot` is no e-mail address",
    ),
    (
        "mail.proof = [\"spf\"]",
        "bot.toml:6:15: [mail] proof: `spf` is no way to prove a sender; mend: write \"dkim\"",
    ),
    (
        "mail.proof = [\"authentication-results\"]",
        "[mail] proof: believes a field of your mail server, which is not named; mend: write authserv_id",
    ),
    (
        "mail.alignment = \"loose\"",
        "[mail] alignment: `loose` is neither \"strict\" nor \"relaxed\"",
    ),
    (
        "mail.least_rsa_bits = 512",
        "[mail] least_rsa_bits: is 512, and must be between 1024 and 4096",
    ),
    (
        "dns.servers = [\"ns.example.org\"]",
        "bot.toml:6:16: [dns] servers: `ns.example.org` is no address of a name server; mend: write",
    ),
    ("dns.port = 53", "bot.toml:6:5: [dns] port: is unknown"),
    (
        "mail.approve_words = []",
        "bot.toml:6:22: [mail] approve_words: is empty",
    ),
    (
        "mail.approve_words = [\"go on\"]",
        "bot.toml:6:23: [mail] approve_words: `go on` is not a single",
    ),
    (
        "mail.approve_words = [\"rejected\"]",
        "approve_words: `REJECTED` is a way to say no in English",
    ),
    (
        "mail.approve_words = [\"YES\", \"tak\"]\nmail.disapprove_words = [\"NO\"]",
        "bot.toml:7:25: [mail] disapprove_words: `NO` is a way to say yes in Polish, and `TAK` is",
    ),
    (
        "mail.disapprove_words = [\"NO\"]\nmail.locales = [\"pl\"]",
        "bot.toml:6:25: [mail] disapprove_words: `NO` is a way to say yes in Polish, and `pl` is one of",
    ),
    (
        "mail.locales = [\"tlh\"]",
        "bot.toml:6:17: [mail] locales: there are no decision words for `tlh`; mend: known are en, pt-BR",
    ),
    (
        "mail.banners = [\"APPROVE\"]",
        "bot.toml:6:17: [mail] banners: `APPROVE` is too short to be told from an answer",
    ),
    (
        "mail.exempt_domains = [\"a@b\"]",
        "[mail] exempt_domains: `a@b` is no domain",
    ),
    (
        "status.listen = \"8980\"",
        "bot.toml:6:17: [status] listen: `8980` is no address with a port",
    ),
    (
        "templates.directory = \"/nowhere\"",
        "[templates] directory: there is no directory /nowhere",
    ),
    (
        "imap.host = \"localhost\"",
        "[imap] username: is missing; mend: an inbox needs",
    ),
    (
        "audit.key = \"c2hvcnQ=\"",
        "bot.toml:6:13: [audit] key: is not 32 bytes in base64; mend: make one with: openssl",
    ),
    (
        "audit.older = [\"abc\"]",
        "bot.toml:6:16: [audit] older: `abc` is no public key; mend: write its 64 hexadecimal",
    ),
    (
        "audit.interval = \"1ms\"",
        "bot.toml:6:18: [audit] interval: is shorter than a second",
    ),
    (
        "audit.intervall = \"1m\"",
        "bot.toml:6:7: [audit] intervall: is unknown; mend: did you mean `interval`?",
    ),
    (
        "audit.post_to = \"auditors\"",
        "bot.toml:6:17: [audit] post_to: `auditors` is no e-mail address",
    ),
    (
        "audit.seal_file = \"/nowhere/seals\"",
        "bot.toml:6:19: [audit] seal_file: /nowhere/seals cannot be a file",
    ),
    (
        "audit.seal_file = \"/tmp/seals\"",
        "[audit] key: is missing; mend: write key = { file",
    ),
    (
        "web.public_url = \"https://a.example\"",
        "[web] listen: is missing; mend: write it like \"127.0.0.1:8981\"",
    ),
    (
        "web.listen = \"8981\"\nweb.public_url = \"https://a.example\"",
        "bot.toml:6:14: [web] listen: `8981` is no address with a port",
    ),
    (
        "web.listen = \"[::1]:8981\"",
        "[web] public_url: is missing; mend: write where browsers find the page",
    ),
    (
        "web.public_url = \"http://a.example\"\nweb.listen = \"[::1]:8981\"",
        "bot.toml:6:18: [web] public_url: is not https, and its host is not this machine",
    ),
    (
        "web.public_url = \"https://a.example/page\"\nweb.listen = \"[::1]:8981\"",
        "[web] public_url: must end behind the host",
    ),
    (
        "web.public_url = \"https://me:pw@a.example\"\nweb.listen = \"[::1]:8981\"",
        "[web] public_url: must not carry a user name",
    ),
    (
        "web.public_url = \"a.example\"\nweb.listen = \"[::1]:8981\"",
        "[web] public_url: `a.example` is no address of a page",
    ),
    (
        "web.remember = \"2y\"\nweb.public_url = \"https://a.example\"\nweb.listen = \"[::1]:8981\"",
        "[web] remember: `2y` counts months or years",
    ),
    (
        "web.remember = \"400d\"\nweb.public_url = \"https://a.example\"\nweb.listen = \"[::1]:8981\"",
        "bot.toml:6:16: [web] remember: is longer than 365 days",
    ),
    (
        "web.connections = 0\nweb.public_url = \"https://a.example\"\nweb.listen = \"[::1]:8981\"",
        "[web] connections: is 0, and must be between 1 and 10000",
    ),
    (
        "database.directory = \"/x\"",
        "[database] directory: is for the embedded database only",
    ),
];

#[test]
fn bad_lines_are_named_with_their_place_and_mend() {
    // Goal: each mistake an operator makes is answered with place, key, cause and mend. Method: one
    // mistake at a time after five good lines, and the start of the answer.
    for (lines, expected) in BAD_LINES {
        let said = refused(lines);
        assert!(
            said.contains(expected),
            "{lines}\nsaid:     {said}\nexpected: {expected}"
        );
        assert!(said.contains("; mend: "), "{lines}: {said}");
    }
}

#[test]
fn whole_sections_and_other_shapes_are_named_too() {
    // Goal: absent sections, wrong types and bad values of the five good lines. Method: as above, with
    // the whole file given.
    let cases = [
        (
            "",
            "bot.toml:1:1: [database] directory: neither $XDG_STATE_HOME nor $HOME says",
        ),
        (
            "",
            "bot.toml:1:1: [smtp]: is missing; mend: say how mail leaves",
        ),
        ("", "bot.toml:1:1: [mail]: is missing"),
        (
            "smtp = 3",
            "bot.toml:1:8: smtp: is a whole number, and must be a table",
        ),
        (
            "database.url = \"mysql://x\"",
            "bot.toml:1:16: [database] url: is no address of a Postgres",
        ),
        (
            "database.url = \"postgres://h/d\"",
            "[tokens] key: is missing; mend: write key = { file",
        ),
        (
            "tokens.key = \"c2hvcnQ=\"",
            "bot.toml:1:14: [tokens] key: is not at least 32 bytes in base64",
        ),
        (
            "smtp.host = \"mail.example.org\"\nsmtp.security = \"none\"",
            "`none` is for a server on this machine",
        ),
        (
            "smtp.host = \"x\"\nsmtp.security = \"ssl\"",
            "[smtp] security: `ssl` is no kind of protection",
        ),
        ("a = [", "bot.toml:1:"),
    ];
    for (source, expected) in cases {
        let said = parse(source).expect_err(source).to_string();
        assert!(
            said.contains(expected),
            "{source}\nsaid:     {said}\nexpected: {expected}"
        );
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    // Goal: an operator mends a file in one go. Method: three mistakes in three sections.
    let problems =
        parse(&with("smtp.port = 0\nmail.reply_to = \"x\"\nnothing = 1")).expect_err("three");
    let lines: Vec<usize> = problems.list.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [6, 7, 8]);
}

#[test]
fn a_secret_lies_where_the_file_says_and_is_never_printed() {
    // Goal: file and environment are read, an open file is warned of, Debug shows nothing. Method: one
    // file with mode 0644, then 0600.
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("pw");
    fs::write(&path, "swordfish\n").expect("written");
    let lines = format!(
        "smtp.username = \"u\"\nsmtp.password = {{ file = \"{}\" }}",
        path.display()
    );
    for (mode, warnings) in [(0o644, 1), (0o600, 0)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
        let (config, found) = parse(&with(&lines)).expect("a secret");
        assert_eq!(found.list.len(), warnings, "{found}");
        let shown = format!("{config:?}");
        let login = config.smtp.login.expect("a login");
        assert_eq!(password_of(&login), "swordfish");
        assert!(
            !shown.contains("swordfish") && !shown.contains("MDEyMzQ1"),
            "{shown}"
        );
    }
}

#[test]
fn the_generated_key_is_made_once_and_private() {
    // Goal: the embedded default needs no key by hand, and a second start finds the first one's. Method:
    // twice in one new directory; then a broken file, which must not be replaced.
    let directory = tempfile::tempdir().expect("a directory");
    let inner = directory.path().join("state");
    let first = keyfile::read_or_make(&inner, keyfile::TOKEN_KEY_FILE).expect("made");
    let second = keyfile::read_or_make(&inner, keyfile::TOKEN_KEY_FILE).expect("found");
    assert_eq!(first.expose_secret(), second.expose_secret());
    let path = inner.join(keyfile::TOKEN_KEY_FILE);
    let mode = fs::metadata(&path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(&inner).expect("listed").count(), 1);
    fs::write(&path, "short").expect("broken");
    keyfile::read_or_make(&inner, keyfile::TOKEN_KEY_FILE)
        .expect_err("a broken key is not replaced");
}

#[test]
fn an_inbox_without_proof_and_exempted_domains_are_warned_of() {
    // Goal: a setting that closes or opens a door is said aloud. Method: each once.
    let inbox = "imap.host = \"localhost\"\nimap.username = \"u\"\nimap.password = \"p\"\n";
    let (config, warnings) = parse(&with(inbox)).expect("read");
    assert_eq!(warnings.list, [], "our own check is made");
    assert!(config.mail.dkim.is_some() && config.mail.authserv_id.is_none());
    for (lines, said) in [
        ("mail.proof = []\n", "no sender can be proven"),
        (
            "mail.least_rsa_bits = 1024\n",
            "somebody with means can break",
        ),
        (
            "mail.authserv_id = \"mx\"\nmail.proof = [\"dkim\"]\n",
            "is named and not believed",
        ),
    ] {
        let (_, warnings) = parse(&with(&format!("{lines}{inbox}"))).expect("read");
        assert!(warnings.to_string().contains(said), "{said}: {warnings}");
    }
    let (config, _) = parse(&with(&format!("mail.authserv_id = \"mx\"\n{inbox}"))).expect("read");
    assert!(config.mail.dkim.is_none() && config.mail.authserv_id.is_some());
    let (config, warnings) = parse(&with("mail.exempt_domains = [\"Example.ORG\"]")).expect("read");
    assert!(warnings.to_string().contains("may decide"), "{warnings}");
    assert!(config.mail.exempt_domains.contains("example.org"));
}

#[test]
fn the_page_is_reached_where_its_links_say() {
    // Goal: links begin with the address as browsers write it, https everywhere but on this machine, and a
    // page that asks for no code is warned of. Method: addresses in several spellings.
    for (url, origin, https) in [
        (
            "https://Approvals.Example.ORG/",
            "https://approvals.example.org",
            true,
        ),
        ("https://a.example:8443", "https://a.example:8443", true),
        ("http://localhost:8981", "http://localhost:8981", false),
        ("http://[::1]:8981/", "http://[::1]:8981", false),
    ] {
        let lines = format!("web.public_url = \"{url}\"\nweb.listen = \"127.0.0.1:8981\"");
        let (config, warnings) = parse(&with(&lines)).expect(url);
        assert_eq!(warnings.list, []);
        let web = config.web.expect("a page");
        assert_eq!((web.public_url.as_str(), web.https), (origin, https));
        assert!(web.ask_code);
    }
    let lines = "web.public_url = \"https://a.example\"\nweb.listen = \"127.0.0.1:8981\"\nweb.ask_code = false";
    let (config, warnings) = parse(&with(lines)).expect("read");
    assert!(
        warnings.to_string().contains("can decide by its link"),
        "{warnings}"
    );
    assert!(!config.web.expect("a page").ask_code);
}

/// Goal: a key that signs is read at the start, and whatever is wrong with it is said there.
/// Method: a good one; none; no key at all; a name that is none.
#[test]
fn a_signing_key_is_read_at_the_start() {
    let der = mail_auth::common::crypto::Ed25519Key::generate_pkcs8().expect("a key");
    let body = data_encoding::BASE64.encode(&der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n");
    let section = |domain: &str, key: &str| {
        format!("[smtp.dkim]\ndomain = \"{domain}\"\nselector = \"s1\"\n{key}")
    };
    let good = section("example.org", &format!("key = \"{pem}\""));
    let (config, _) = parse(&with(&good)).expect("is right");
    let signing = config.smtp.dkim.expect("there");
    assert_eq!(
        (signing.domain.as_str(), signing.selector.as_str()),
        ("example.org", "s1")
    );
    for (lines, why) in [
        (section("example.org", ""), "key: is missing"),
        (
            section("example.org", "key = \"secret\""),
            "is no private key in PEM",
        ),
        (
            section("example org", &format!("key = \"{pem}\"")),
            "is no name in DNS",
        ),
    ] {
        let said = refused(&lines);
        assert!(said.contains(why), "{said}");
        assert!(!said.contains(&body), "a secret is never shown");
    }
}

/// A `[discord]` that is right, but for what these lines say again.
fn chat(lines: &str) -> String {
    format!("[discord]\ntoken = \"t0ken\"\napplication_id = 11\nguild_id = 22\n{lines}")
}

#[test]
fn the_chat_is_reached_where_the_file_says() {
    // Goal: a short section is enough, and each key means what it says. Method: the least, then every key;
    // without the section there is no chat.
    assert!(parse(&with("")).expect("the least").0.discord.is_none());
    let (config, warnings) = parse(&with(&chat(""))).expect("the least chat");
    assert_eq!(warnings.list, []);
    let discord = config.discord.expect("a chat");
    assert_eq!((discord.application_id, discord.guild_id), (11, 22));
    assert!(discord.self_link && discord.channels.is_empty() && discord.api_base.is_none());
    assert_eq!(discord.channel_shows, discord::Shown::usual());
    assert!(!format!("{discord:?}").contains("t0ken"));
    let all = "channels = { a = 1, \"b c\" = 18446744073709551614 }\nself_link = false\n\
               api_base = \"https://[::1]:8443/\"\nchannel_shows = [\"comments\"]\n";
    let discord = parse(&with(&chat(all))).expect("all of it").0.discord;
    let discord = discord.expect("a chat");
    assert_eq!(discord.channels["b c"], u64::MAX - 1);
    assert_eq!(discord.api_base, Some(("::1".to_owned(), 8443)));
    assert_eq!(discord.channel_shows, [discord::Shown::Comments].into());
    let plain = parse(&with(&chat("api_base = \"https://discord.com\"\n")));
    assert_eq!(
        plain.expect("plain").0.discord.expect("a chat").api_base,
        None
    );
}

#[test]
fn a_bad_chat_is_refused_with_key_and_mend() {
    // Goal: every mistake in the section is named. Method: one line each, and a section without its keys.
    for (lines, said) in [
        (
            "[discord]\n",
            "[discord] token: is missing; mend: write token",
        ),
        (
            "[discord]\ntoken = \"t\"\n",
            "[discord] guild_id: is missing",
        ),
        (
            &chat("channels = { a = \"x\" }\n"),
            "channels `a`: is no channel's id",
        ),
        (
            &chat("channels = { a = 0 }\n"),
            "channels `a`: is no channel's id",
        ),
        (
            &chat("channels = { a = 5, b = 5 }\n"),
            "channels `b`: has the id of `a`",
        ),
        (
            &chat("channels = [1]\n"),
            "[discord] channels: is a list, and must be a table",
        ),
        (
            &chat("channel_shows = [\"all\"]\n"),
            "`all` is no part of a request",
        ),
        (
            &chat("api_base = \"http://discord.com\"\n"),
            "is no https address",
        ),
        (
            &chat("api_base = \"https://proxy/api\"\n"),
            "must be a host and a port",
        ),
        (
            &chat("ca_file = \"/nowhere/ca.pem\"\n"),
            "there is no file /nowhere/ca.pem",
        ),
        (&chat("self_links = true\n"), "did you mean `self_link`?"),
    ] {
        let refused = refused(lines);
        assert!(refused.contains(said), "{lines}: {refused}");
    }
}
