//! Mails of the system's own.

use super::*;

fn reader(locale: &str) -> Reader {
    let (_, reader) = sample_digest();
    Reader {
        zone: "Europe/Lisbon".into(),
        locale: locale.into(),
        ..reader
    }
}

fn rendered(facts: &SystemFacts, locale: &str) -> Rendered {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    let mail = renderer.system(facts, Some("abcd-efgh-ijkl"), &reader(locale));
    mail.expect("it renders")
}

/// Goal: every message is a whole mail in either language: a subject of one line, a text without holes, HTML
/// in its language that says the same. Method: every sample; what is in HTML without its tags beside the text.
#[test]
fn every_message_in_both_languages() {
    let renderer = Renderer::new(None).expect("the built-in templates are right");
    let tags = regex::Regex::new("(?s)<style.*?</style>|<!--.*?-->|<title>.*?</title>|<[^>]*>");
    let tags = tags.expect("a pattern");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (name, facts) in system_samples() {
        let mut subjects = BTreeSet::new();
        for (locale, lang) in [("en", "en"), ("pt", "pt-BR"), ("de", "en")] {
            let mail = renderer.system(&facts, Some("abcd-efgh-ijkl"), &reader(locale));
            let mail = mail.expect("it renders");
            assert!(
                mail.html.contains(&format!("<html lang=\"{lang}\">")),
                "{name}"
            );
            let html = tags.replace_all(&mail.html, " ").replace("&lt;", "<");
            let html = words(
                &html
                    .replace("&gt;", ">")
                    .replace("&#x27;", "'")
                    .replace("&#x2f;", "/"),
            );
            for line in mail.text.lines().filter(|line| !line.trim().is_empty()) {
                let line = words(&line.replace('`', " "));
                // Marks stand right behind what was in backticks.
                let bare = |text: &str| text.replace(' ', "");
                assert!(bare(&html).contains(&bare(&line)), "{name}: {line}: {html}");
            }
            assert!(
                !mail.text.contains("\n\n\n") && !mail.text.contains("{{"),
                "{name}"
            );
            subjects.insert(mail.subject);
        }
        assert_eq!(subjects.len(), 2, "{name}: {subjects:?}");
    }
}

/// Goal: they read well. Method: one with everything, one with a time, in both languages.
#[test]
fn they_read_well() {
    let named = |wanted: &str| {
        let all = system_samples();
        let found = all.into_iter().find(|(name, _)| name == wanted);
        found.expect("a sample").1
    };
    let english = rendered(&named("unreachable-2"), "en").text;
    for part in [
        "cannot be delivered. The server says: 550 5.1.1 no such user. It was the message",
        " about R-42.\n\n",
        "\n  R-42, step owners: lacks 1 approval, 0 persons besides Bob can be reached; too few others",
        "\n  R-43, step owners: lacks 2 approvals, 1 person besides Bob can be reached; too few others",
        "\n  and 3 more\n\nBob is written to",
    ] {
        assert!(english.contains(part), "{part}: {english}");
    }
    let portuguese = rendered(&named("unreachable-2"), "pt-BR").text;
    for part in [
        "\n  R-42, etapa owners: falta 1 aprovação, 0 pessoas além de Bob recebem e-mail; é pouco\n",
        "\n  R-43, etapa owners: faltam 2 aprovações, 1 pessoa além de Bob recebe e-mail; é pouco\n",
    ] {
        assert!(portuguese.contains(part), "{part}: {portuguese}");
    }
    let delegated = rendered(&named("delegation"), "pt-BR");
    assert_eq!(delegated.subject, "Seus votos estão delegados a Carol");
    assert!(
        delegated.text.contains(" de nov. de 2026, "),
        "{}",
        delegated.text
    );
    let code = rendered(&named("link-code"), "pt-BR");
    assert!(
        code.text.contains("\n    abcd-efgh-ijkl\n"),
        "{}",
        code.text
    );
    assert!(code.html.contains(">abcd-efgh-ijkl</p>"), "{}", code.html);
}

/// Goal: what others wrote stays a text of one line, in every field. Method: a name and an answer of a server
/// that are hostile.
#[test]
fn hostile_words_stay_words() {
    let hostile = "x\r\n\r\n    APPROVE\u{202e}<script>{{ 7*7 }}";
    let facts = SystemFacts::Unreachable {
        name: hostile.into(),
        person: "bob".into(),
        why: hostile.into(),
        delivery: uuid::Uuid::nil(),
        request: None,
        waiting: Vec::new(),
        more: 0,
    };
    let mail = rendered(&facts, "en");
    assert!(
        !mail.subject.contains(['\r', '\n', '\u{202e}']),
        "{}",
        mail.subject
    );
    assert!(!mail.html.contains("<script"), "{}", mail.html);
    assert!(
        mail.text.lines().all(|line| line.trim() != "APPROVE"),
        "{}",
        mail.text
    );
}

/// Goal: an operator's words win here too, and an HTML of their own takes the place of the one that is made of
/// the text; one that is wrong is told at the start. What the languages share is replaced once for both.
/// Method: a subject, a body in HTML, the shared file, one language's layout, one that asks too much.
#[test]
fn an_operators_words_win() {
    let facts = SystemFacts::Unlinked {
        account: "1".into(),
    };
    let folder = own(&[
        ("system/unlinked/subject.txt", "Gone: {{ account }}"),
        (
            "system/unlinked/pt-BR/body.html",
            "<p>Foi: {{ account }}</p>",
        ),
    ]);
    let renderer = Renderer::new(Some(folder.path())).expect("they are right");
    let english = renderer
        .system(&facts, None, &reader("en"))
        .expect("it renders");
    assert_eq!(english.subject, "Gone: 1");
    assert!(
        english.html.contains("tell an access admin"),
        "{}",
        english.html
    );
    let portuguese = renderer.system(&facts, None, &reader("pt-BR"));
    assert_eq!(portuguese.expect("it renders").html, "<p>Foi: 1</p>");
    let folder = own(&[(
        "system/base.html",
        "{{ subject }}: {% block foot %}{% endblock %}",
    )]);
    let renderer = Renderer::new(Some(folder.path())).expect("they are right");
    for (locale, ours) in [("en", "Countersign wrote"), ("pt-BR", "O Countersign")] {
        let mail = renderer.system(&facts, None, &reader(locale));
        let html = mail.expect("it renders").html;
        assert!(html.contains(ours) && !html.contains("<body"), "{html}");
    }
    let folder = own(&[("system/layout.html", "<p>{{ subject }}</p>")]);
    let renderer = Renderer::new(Some(folder.path())).expect("they are right");
    let whole = |locale| {
        renderer
            .system(&facts, None, &reader(locale))
            .expect("it renders")
            .html
    };
    assert!(whole("en").starts_with("<p>"), "{}", whole("en"));
    assert!(
        whole("pt-BR").contains("O Countersign"),
        "{}",
        whole("pt-BR")
    );
    let folder = own(&[("system/seal/body.txt", "{{ nothing }}")]);
    let error = Renderer::new(Some(folder.path())).expect_err("it is wrong");
    assert!(error.to_string().contains("seal/body.txt"), "{error}");
}
