//! Every template, rendered from every sample; and what other people's words cannot do.

mod system;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::command::when::Here;
use crate::workflow::notice::{EmergencyFacts, Notice};
use crate::workflow::refusal::Refusal;
use crate::workflow::request::Window;

/// Goal: every template renders, and what it says is what we want to be read.
/// Method: snapshots of subject and text of every sample; the HTML of the ask as well.
#[test]
fn every_template_reads_well() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    for sample in samples() {
        let mail = renderer
            .mail(sample.kind, &sample.facts, &sample.reader)
            .expect("it renders");
        assert!(!mail.subject.is_empty() && mail.html.contains("</html>"));
        insta::assert_snapshot!(
            format!("mail_{}", sample.name),
            format!("Subject: {}\n\n{}", mail.subject, mail.text)
        );
    }
}

/// Goal: a digest says of each thing when, which, what and who, a line each, and asks nothing.
/// Method: a snapshot of one with every kind of line; its HTML says the same.
#[test]
fn a_digest_reads_well() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    let (digest, reader) = sample_digest();
    let mail = renderer.digest(&digest, &reader).expect("it renders");
    for item in &digest.items {
        let number = item.request.to_string();
        assert!(mail.text.contains(&number) && mail.html.contains(&number));
    }
    for word in ["mailto:", "APPROVE"] {
        assert!(!mail.text.contains(word) && !mail.html.contains(word));
    }
    insta::assert_snapshot!(
        "mail_digest",
        format!("Subject: {}\n\n{}", mail.subject, mail.text)
    );
}

/// Goal: an emergency is marked as one in every mail about it, for good (W25).
/// Method: every sample once more as an emergency that has been reviewed.
#[test]
fn an_emergency_is_marked_everywhere() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    for sample in samples() {
        let mut facts = sample.facts;
        facts.emergency = Some(EmergencyFacts {
            at: facts.filed_at,
            reason: "<the shop is down>".into(),
            review: None,
        });
        let mail = renderer
            .mail(sample.kind, &facts, &sample.reader)
            .expect("it renders");
        let name = sample.name;
        let reader = Reader {
            locale: "pt-BR".into(),
            ..sample.reader.clone()
        };
        let theirs = renderer
            .mail(sample.kind, &facts, &reader)
            .expect("renders");
        assert!(theirs.subject.starts_with("EMERGÊNCIA: "), "{name}");
        assert!(theirs.text.contains("\nEMERGÊNCIA: "), "{name}");
        assert!(
            theirs.html.contains("<strong>EMERGÊNCIA:</strong>"),
            "{name}"
        );
        assert!(mail.subject.starts_with("EMERGENCY: "), "{name}");
        let text = mail.text.contains("\nEMERGENCY: ");
        assert!(
            text && mail.text.contains("\n| <the shop is down>\n"),
            "{name}"
        );
        let html = mail.html.contains("<strong>EMERGENCY:</strong>");
        assert!(
            html && mail.html.contains("&lt;the shop is down&gt;"),
            "{name}"
        );
    }
}

/// Goal: every kind that asks says how to answer, in text and HTML, and only those carry the links, by
/// mail and to the page. Method: every sample whose reader can reply or decide there, or neither.
#[test]
fn only_what_can_be_decided_carries_links() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    for sample in samples()
        .into_iter()
        .chain(samples().into_iter().map(portuguese))
    {
        let mail = renderer
            .mail(sample.kind, &sample.facts, &sample.reader)
            .expect("it renders");
        let offers = sample.kind.asks() && sample.reader.reply.is_some();
        let notice = Notice {
            kind: sample.kind,
            to: sample.reader.id.clone(),
            facts: sample.facts.clone(),
            may_wait: false,
        };
        let links = notice.links() && sample.reader.link.is_some();
        for part in [&mail.text, &mail.html] {
            for word in ["body=APPROVE", "body=DISAPPROVE%0D%0A"] {
                assert_eq!(part.contains(word), offers, "{}: {word}", sample.name);
            }
            let warned = part.contains("do not forward it") || part.contains("não o encaminhe");
            let asks = sample.kind.asks();
            assert_eq!(warned, offers || links, "{}: {asks}", sample.name);
            let count = part.matches("https://decide.example.test/d/").count();
            assert_eq!(count, usize::from(links), "{}", sample.name);
        }
    }
}

/// Goal: a reader whose own words decide is told them, and only then. Method: the ask in Portuguese and the
/// confirmation of a decision by link, and an ask in German, with the words enabled and without.
#[test]
fn own_words_are_named() {
    let plain = Renderer::new(None).expect("the built-in templates are right");
    let approve = ["APPROVE", "APROVO", "GENEHMIGT"].map(str::to_owned).into();
    let enabled = Renderer::new(None).expect("right").with_words(&approve);
    let all = samples();
    let named = |name: &str| {
        all.iter()
            .find(|sample| sample.name == name)
            .expect(name)
            .clone()
    };
    let ask = portuguese(named("ask"));
    let recorded = portuguese(named("recorded-by-link"));
    let german = named("ask-own-words");
    for (sample, word) in [
        (&ask, "APROVO (ou APPROVE)"),
        (&ask, "REPROVO (ou DISAPPROVE)"),
        (&recorded, "REVOGO (ou REVOKE)"),
        (&german, "APPROVE (or GENEHMIGT)"),
    ] {
        let text = |renderer: &Renderer| {
            let mail = renderer.mail(sample.kind, &sample.facts, &sample.reader);
            let mail = mail.expect("it renders");
            (mail.text.contains(word), mail.html.contains(word))
        };
        assert_eq!(text(&enabled), (true, true), "{}: {word}", sample.name);
        assert_eq!(text(&plain), (false, false), "{}: {word}", sample.name);
    }
}

fn in_lisbon(tongue: Tongue) -> human::Say {
    let zone = TimeZone::get("Europe/Lisbon").expect("a zone");
    human::Say { zone, tongue }
}

/// The English line is this one, and it and the Portuguese one are read as the same part of the window.
fn narrows(asked: &Window, zone: &str, now: Timestamp, line: &str) {
    let zone = TimeZone::get(zone).expect("a zone");
    let mut read = Vec::new();
    for tongue in [Tongue::English, Tongue::Portuguese] {
        let say = human::Say {
            zone: zone.clone(),
            tongue,
        };
        let said = view::narrower(asked, &say).expect("it proposes one");
        assert_eq!(said == line, tongue == Tongue::English, "{said}");
        let here = Here {
            now,
            zone: &zone,
            tongue,
        };
        read.push(here.any_window(&said).expect("it is read").value);
    }
    let narrower = read[0].lies_inside(asked) && read[0] != *asked;
    assert!(narrower && read[0] == read[1], "{line}: {read:?}");
}

/// Goal: the line that an ask proposes for less time is read as a window inside the one asked for.
/// Method: propose and read, in zones with odd offsets, with seconds, across a change of clocks.
#[test]
fn the_proposed_line_narrows() {
    let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
    let minutes = jiff::SignedDuration::from_mins;
    for (zone, start, length, line) in [
        (
            "Europe/Lisbon",
            "2026-11-21T14:00:00Z",
            120,
            "from 2026-11-21 14:00 to 2026-11-21 15:00",
        ),
        (
            "Asia/Kathmandu",
            "2026-11-21T14:00:31Z",
            3,
            "from 2026-11-21 19:46 to 2026-11-21 19:47",
        ),
        (
            "Europe/Lisbon",
            "2026-03-29T00:30:00Z",
            120,
            "from 2026-03-29 00:30 to 2026-03-29 02:30",
        ),
    ] {
        let start = at(start);
        let end = start + minutes(length);
        let asked = Window::Fixed { start, end };
        let now = at("2026-03-01T00:00:00Z").min(start);
        narrows(&asked, zone, now, line);
    }
    let now = at("2026-11-21T09:00:00Z");
    for (length, line) in [(90, "for 45 minutes"), (605, "for 5 hours 2 minutes")] {
        let asked = Window::FromApproval {
            length: minutes(length),
        };
        narrows(&asked, "Europe/Lisbon", now, line);
    }
    let say = in_lisbon(Tongue::English);
    // 01:15 comes twice on 25 October: nothing is proposed that would be refused.
    let start = at("2026-10-25T00:15:00Z");
    let end = start + minutes(120);
    assert_eq!(view::narrower(&Window::Fixed { start, end }, &say), None);
    let length = minutes(1);
    assert_eq!(view::narrower(&Window::FromApproval { length }, &say), None);
}

/// A sample for a reader of Portuguese.
fn portuguese(sample: Sample) -> Sample {
    let reader = Reader {
        locale: "pt-BR".into(),
        ..sample.reader
    };
    Sample { reader, ..sample }
}

/// Goal: what a reader of Brazilian Portuguese gets reads well.
/// Method: snapshots of subject and text of the first sample of every kind, and of the digest.
#[test]
fn portuguese_reads_well() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    let mut mails = Vec::new();
    for sample in samples().into_iter().take(Kind::ALL.len()) {
        let sample = portuguese(sample);
        let mail = renderer.mail(sample.kind, &sample.facts, &sample.reader);
        mails.push((sample.name, mail.expect("it renders")));
    }
    let (digest, reader) = sample_digest();
    let locale = "pt-BR".to_owned();
    let digest = renderer.digest(&digest, &Reader { locale, ..reader });
    mails.push(("digest", digest.expect("it renders")));
    for (name, mail) in mails {
        assert!(mail.html.contains("<html lang=\"pt-BR\">"), "{name}");
        insta::assert_snapshot!(
            format!("pt_{name}"),
            format!("Subject: {}\n\n{}", mail.subject, mail.text)
        );
    }
}

/// A command, and what does the same in a chat, in both languages.
const WAYS: [(&str, &str, &str); 10] = [
    ("request return", "/request return", "/solicitação devolver"),
    (
        "request extend",
        "/request extend",
        "/solicitação prorrogar",
    ),
    (
        "request withdraw",
        "/request withdraw",
        "/solicitação retirar",
    ),
    (
        "request emergency",
        "/request emergency",
        "/solicitação emergência",
    ),
    ("request show", "/request show", "/solicitação ver"),
    ("revoke", "/revoke", "/revogar"),
    ("review", "/review", "/revisar"),
    ("request list", "/request list", "/solicitação lista"),
    ("approve", "/approvals", "/aprovações"),
    ("delegate --end", "/delegate end", "/delegar encerrar"),
];

/// Goal: where there is a chat, a mail that names a command names the chat's beside it, and else no chat.
/// Method: every sample in both languages, with a chat and without one; text and HTML name the same.
#[test]
fn a_next_step_names_every_way_that_there_is() {
    let plain = Renderer::new(None).expect("the built-in templates are right");
    let chat = Renderer::new(None).expect("they are").with_chat(true);
    let tags = regex::Regex::new("<[^>]*>").expect("a pattern");
    let mut named = BTreeSet::new();
    for locale in ["en", "pt-BR"] {
        let to = |reader: Reader| Reader {
            locale: locale.to_owned(),
            ..reader
        };
        let mut mails = Vec::new();
        for sample in samples() {
            let reader = to(sample.reader);
            let of = |from: &Renderer| from.mail(sample.kind, &sample.facts, &reader);
            mails.push((
                of(&plain).expect("it renders"),
                of(&chat).expect("it renders"),
            ));
        }
        let delegation = |(name, _): &(String, _)| name == "delegation";
        for (_, facts) in system_samples().into_iter().filter(delegation) {
            let reader = to(sample_digest().1);
            let of = |from: &Renderer| from.system(&facts, None, &reader).expect("it renders");
            mails.push((of(&plain), of(&chat)));
        }
        let (digest, reader) = sample_digest();
        let reader = to(reader);
        let of = |from: &Renderer| from.digest(&digest, &reader).expect("it renders");
        mails.push((of(&plain), of(&chat)));
        for (without, with) in mails {
            assert!(!without.text.contains("Discord") && !without.html.contains("Discord"));
            for (command, english, portuguese) in WAYS {
                let way = if locale == "en" { english } else { portuguese };
                let command = format!("countersign {command}");
                let is = with.text.contains(&command);
                assert_eq!(is, with.text.contains(way), "{way}: {}", with.text);
                let html = tags.replace_all(&with.html, "").replace("&#x2f;", "/");
                assert_eq!(is, html.contains(way), "{way}: {html}");
                named.extend(is.then_some(way));
            }
        }
    }
    assert_eq!(named.len(), 2 * WAYS.len(), "{named:?}");
}

/// Goal: whatever language there is, is complete, and says what the English templates say.
/// Method: every built-in English file beside its Portuguese one: there, and with the same variables.
#[test]
fn both_languages_say_the_same() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    let variables = |name: &str| {
        let template = renderer.env.get_template(name).expect("it is there");
        let mut names = template.undeclared_variables(true);
        names.retain(|name| name != "loop");
        names.into_iter().collect::<BTreeSet<_>>()
    };
    let mut compared = 0;
    let both = ["mail/", "system/"];
    let english = BuiltIn::iter().filter(|name| both.iter().any(|folder| name.starts_with(folder)));
    let english = english.filter(|name| language::tag_of(name).is_none());
    // What has no words is shared.
    let shared = ["/base.html", "/marked.html"];
    for name in english.filter(|name| !shared.iter().any(|end| name.ends_with(end))) {
        let theirs = language::within(&name, "pt-BR");
        assert!(BuiltIn::get(&theirs).is_some(), "{theirs} is missing");
        assert_eq!(variables(&name), variables(&theirs), "{name}");
        compared += 1;
    }
    assert!(compared > 3 * (Kind::ALL.len() + 1), "{compared}");
}

/// English words that no Portuguese sentence has.
const ENGLISH: &str = " the is are was were your you it its this that of and with until not nothing \
    when what who why please they their his her than been have has will from other another after \
    before yet asked needs needed approved rejected withdrawn expired hours hour day days minutes \
    request requests answer reply ";

/// The words of ours in a file: no commands, no tags, no variables, but what is quoted in them.
fn own_words(source: &str) -> Vec<String> {
    let strip = |pattern: &str, text: &str| {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        pattern.replace_all(text, " ").into_owned()
    };
    let inside = regex::Regex::new(r"(?s)\{[%{].*?[%}]\}").expect("a pattern");
    let quoted = regex::Regex::new("\"([^\"]*)\"").expect("a pattern");
    let mut text = String::new();
    for code in inside.find_iter(source) {
        // One word is what a template compares with.
        let quoted = quoted.captures_iter(code.as_str());
        for words in quoted.filter(|words| words[1].trim().contains(' ')) {
            text.push_str(&words[1]);
            text.push(' ');
        }
    }
    text.push_str(&inside.replace_all(source, " "));
    let text = strip("(?s)<style.*?</style>|<[^>]*>", &text);
    let text = strip("countersign [a-z ]+", &text);
    let words = text.split(|c: char| !c.is_alphabetic());
    words.map(str::to_lowercase).collect()
}

/// Goal: no English is left for a reader of Portuguese, neither in templates nor in what the program says.
/// Method: every Portuguese file without its commands; then every sample with nobody else's words in it.
#[test]
fn no_english_is_left_in_portuguese() {
    let is_english = |word: &String| !word.is_empty() && ENGLISH.contains(&format!(" {word} "));
    let ours = BuiltIn::iter().filter(|name| language::tag_of(name) == Some("pt-BR"));
    for name in ours {
        let file = BuiltIn::get(&name).expect("it is there");
        let source = String::from_utf8_lossy(&file.data);
        let left: Vec<_> = own_words(&source).into_iter().filter(is_english).collect();
        assert!(left.is_empty(), "{name}: {left:?}");
    }
    assert!(
        own_words("<p>{% if a %}The{% endif %} {{ x or \"an end\" }}</p>").contains(&"the".into())
    );
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    for sample in samples().into_iter().map(portuguese) {
        let mail = renderer.mail(sample.kind, &sample.facts, &sample.reader);
        let text = mail.expect("it renders").text;
        let theirs = |line: &&str| line.starts_with("| ") || line.starts_with("Você escreveu");
        let lines = text.lines().filter(|line| !theirs(line));
        let text: Vec<_> = lines.collect();
        let words = own_words(&text.join("\n"));
        let left: Vec<_> = words.into_iter().filter(is_english).collect();
        assert!(left.is_empty(), "{}: {left:?}", sample.name);
    }
}

/// Goal: whoever is refused is told why in their language (W13, W14 and the others).
/// Method: every refusal that there is, said in Portuguese; only the clock is told in English.
#[test]
fn refusals_are_said_in_portuguese() {
    let zone = TimeZone::get("America/Sao_Paulo").expect("a zone");
    let is_english = |word: &String| !word.is_empty() && ENGLISH.contains(&format!(" {word} "));
    let mut codes = BTreeSet::new();
    for refusal in Refusal::samples() {
        let Some((sentence, next)) = refusal.in_portuguese(&zone) else {
            assert!(
                ["not-due", "wrong-actor"].contains(&refusal.code()),
                "{refusal}"
            );
            continue;
        };
        let words = own_words(&format!("{sentence} {next}"));
        let left: Vec<_> = words.into_iter().filter(is_english).collect();
        // What a person wrote, e.g. why they withdrew it, stays as it is.
        assert!(
            left.is_empty() || sentence.contains("retirada"),
            "{sentence} {next}"
        );
        codes.insert(refusal.code());
    }
    for code in [
        "settled",
        "only-stricter",
        "not-eligible",
        "own-request",
        "window-too-long",
    ] {
        assert!(codes.contains(code), "{code} of {codes:?}");
    }
}

/// Goal: times and lengths are said in Portuguese as they are written in Brazil.
/// Method: one of each kind.
#[test]
fn portuguese_times() {
    let say = in_lisbon(Tongue::Portuguese);
    let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
    assert_eq!(
        say.window(at("2026-05-30T22:00:00Z"), at("2026-05-31T08:00:30Z")),
        "sáb., 30 de maio de 2026, 23:00 – dom., 31 de maio de 2026, 09:00:30 WEST (Europe/Lisbon)"
    );
    assert_eq!(
        say.instant(at("2026-11-23T09:05:00Z")),
        "seg., 23 de nov. de 2026, 09:05 WET (Europe/Lisbon)"
    );
    for (minutes, said) in [
        (90, "1 hora e 30 minutos"),
        (1_441, "1 dia"),
        (0, "nenhum tempo"),
    ] {
        assert_eq!(say.duration(jiff::SignedDuration::from_mins(minutes)), said);
    }
}

/// Goal: a window across a change of clocks shows both edges as the reader's clocks do (W1).
/// Method: both changes of 2026 in Lisbon, one in Sao Paulo's zone without any, and one within a day.
#[test]
fn windows_across_a_change_of_clocks() {
    let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
    let shown = |start: &str, end: &str, zone: &str| {
        let zone = TimeZone::get(zone).expect("a zone");
        window(at(start), at(end), &zone)
    };
    for (start, end, zone, words) in [
        (
            "2026-03-28T22:00:00Z",
            "2026-03-29T08:00:00Z",
            "Europe/Lisbon",
            "Sat 28 Mar 2026, 22:00 WET – Sun 29 Mar 2026, 09:00 WEST (Europe/Lisbon)",
        ),
        (
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "Europe/Lisbon",
            "Sun 25 Oct 2026, 01:30 WEST – 01:30 WET (Europe/Lisbon)",
        ),
        (
            "2026-03-29T00:30:00Z",
            "2026-03-29T02:00:00Z",
            "Europe/Lisbon",
            "Sun 29 Mar 2026, 00:30 WET – 03:00 WEST (Europe/Lisbon)",
        ),
        (
            "2026-03-28T22:00:00Z",
            "2026-03-29T08:00:00Z",
            "America/Sao_Paulo",
            "Sat 28 Mar 2026, 19:00 – Sun 29 Mar 2026, 05:00 UTC-03 (America/Sao_Paulo)",
        ),
        (
            "2026-03-29T00:30:00Z",
            "2026-03-29T02:00:00Z",
            "UTC",
            "Sun 29 Mar 2026, 00:30–02:00 UTC",
        ),
    ] {
        assert_eq!(shown(start, end, zone), words);
    }
}

/// A folder with these files.
fn own(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn ask() -> Sample {
    let found = samples()
        .into_iter()
        .find(|sample| sample.kind == Kind::Ask);
    found.expect("there is a sample ask")
}

/// Goal: an operator's file takes the place of ours, one by one, shared ones too.
/// Method: an own subject and an own table of votes; the rest stays.
#[test]
fn an_operators_files_win() {
    let folder = own(&[
        ("mail/ask/subject.txt", "House rule: {{ request }}"),
        ("mail/votes.txt", "{{ votes|length }} votes so far\n"),
        ("mail/notes.md", "{{ not a template }}"),
    ]);
    let renderer = Renderer::new(Some(folder.path())).expect("they are right");
    let ask = ask();
    let ours = Renderer::new(None).expect("right");
    let mail = renderer
        .mail(Kind::Ask, &ask.facts, &ask.reader)
        .expect("renders");
    let plain = ours
        .mail(Kind::Ask, &ask.facts, &ask.reader)
        .expect("renders");
    assert_eq!(mail.subject, "House rule: R-42");
    assert!(mail.text.contains("2 votes so far") && mail.text.contains("HOW TO ANSWER"));
    assert!(
        mail.text.contains("Re%3A%20House%20rule"),
        "the links carry it"
    );
    assert!(!mail.text.contains("fine by me") && plain.text.contains("fine by me"));
    assert!(
        mail.html.contains("fine by me"),
        "the HTML part is not theirs"
    );
}

/// Goal: an operator whose template is wrong learns which file and which line, at the start.
/// Method: an unknown word, a syntax error, an error in a shared file, an endless loop, a huge file.
#[test]
fn a_broken_template_names_file_and_line() {
    let huge = "x".repeat(257 * 1024);
    for (name, text, line, why) in [
        (
            "mail/ask/body.txt",
            "one\ntwo {{ requestor }}\n",
            Some(2),
            "undefined",
        ),
        ("mail/ask/subject.txt", "{% if %}", Some(1), "syntax error"),
        (
            "mail/votes.txt",
            "one\n\n{{ vote.nmae }}",
            Some(3),
            "undefined",
        ),
        (
            "mail/filed/body.html",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            Some(1),
            "fuel",
        ),
        ("mail/ask/body.html", huge.as_str(), None, "larger than"),
    ] {
        let folder = own(&[(name, text)]);
        let error = Renderer::new(Some(folder.path()))
            .expect_err(name)
            .to_string();
        let path = folder.path().join(name);
        assert!(error.contains(&format!("`{}`", path.display())), "{error}");
        if let Some(line) = line {
            assert!(error.contains(&format!("line {line}:")), "{name}: {error}");
        }
        assert!(error.contains(why), "{name}: {error}");
    }
    let nowhere = Path::new("/nowhere/at/all");
    let error = Renderer::new(Some(nowhere))
        .expect_err("not there")
        .to_string();
    assert!(error.contains("/nowhere/at/all"), "{error}");
}

/// Goal: a reader gets their language where there is one, file by file, and English otherwise.
/// Method: a subject in two Portuguese tags; readers of these, of others, and of tags that are none.
#[test]
fn the_readers_language_falls_back() {
    let folder = own(&[
        ("mail/ask/pt-BR/subject.txt", "Decida {{ request }}"),
        (
            "mail/ask/pt/subject.txt",
            "Decida, por favor, {{ request }}",
        ),
        ("mail/secret/subject.txt", "never"),
    ]);
    let renderer = Renderer::new(Some(folder.path())).expect("they are right");
    let ask = ask();
    let english = "Please decide R-42: Bob Baker asks for prod-db-1 as admin";
    for (locale, subject) in [
        ("pt-BR", "Decida R-42"),
        ("PT-br", "Decida R-42"),
        ("pt-PT", "Decida, por favor, R-42"),
        ("pt", "Decida, por favor, R-42"),
        ("de-CH-1996", english),
        ("en", english),
        ("", english),
        ("../secret", english),
        ("pt-BR/../../secret", english),
    ] {
        let reader = Reader {
            locale: locale.into(),
            ..ask.reader.clone()
        };
        let mail = renderer
            .mail(Kind::Ask, &ask.facts, &reader)
            .expect("renders");
        assert_eq!(mail.subject, subject, "{locale}");
        let rest = if subject.starts_with("Decida") {
            "COMO RESPONDER"
        } else {
            "HOW TO ANSWER"
        };
        assert!(mail.text.contains(rest), "{locale}");
    }
}
