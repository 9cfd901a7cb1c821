use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Goal: text is shown as it was written, and its marks do nothing.
/// Method: pairs.
#[test]
fn what_becomes_of_it() {
    for (text, expected) in [
        ("nightly import", "nightly import"),
        ("**bold** _x_", "\\*\\*bold\\*\\* \\_x\\_"),
        (
            "[here](https://x.test)",
            "\\[here\\]\\(https\\://x\\.test\\)",
        ),
        (
            "@everyone <@1> <@&2>",
            "@\u{200b}everyone \\<@\u{200b}1\\> \\<@\u{200b}&2\\>",
        ),
        (
            "<t:1:R> <#1> </a:1>",
            "\\<t\\:1\\:R\\> \\<\\#1\\> \\</a\\:1\\>",
        ),
        ("# big\n> said\n- one", "\\# big\n\\> said\n\\- one"),
        ("a\u{202e}b\u{200b}c\u{0}d\te", "abcd e"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        (
            "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}x",
            "e\u{301}\u{301}\u{301}\u{301}x",
        ),
        ("\\", "\\\\"),
        ("  ", ""),
        ("👩\u{200d}💻", "👩\u{200d}💻"),
    ] {
        assert_eq!(lines(text, 1_000), expected);
    }
    assert_eq!(line("a\nb", 10), "a b");
}

/// Goal: a long text is cut where it can be, and says so.
/// Method: around the limit, with and without marks.
#[test]
fn long_texts_are_cut() {
    assert_eq!(line("abcde", 5), "abcde");
    assert_eq!(line("abcdef", 5), "abcd…");
    assert_eq!(line("abc*", 4), "abc…");
    assert_eq!(line("ab*c", 4), "ab…", "no backslash is left alone");
    assert_eq!(line("ab cd", 4), "ab…");
    assert_eq!(line("👩👩👩", 5), "👩👩…");
    assert_eq!(line("**", 1), "…");
}

/// Whether each mark has its own backslash before it.
fn is_tame(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let kept = match letter {
            '\\' => letters.next().is_some_and(|after| MARKS.contains(after)),
            '@' => letters.next() == Some(BREAK),
            other => !MARKS.contains(other),
        };
        if !kept {
            return false;
        }
    }
    true
}

/// Text of any blocks, and text that is likely to do something.
fn any_text() -> impl Strategy<Value = String> {
    let likely = prop::sample::select(vec![
        "@everyone",
        "@here",
        "<@1>",
        "<@!1>",
        "<@&1>",
        "<#1>",
        "<t:1:R>",
        "</x:1>",
        "<:x:1>",
        "**",
        "__",
        "~~",
        "||",
        "`",
        "```",
        "\\",
        "\n",
        "\n# ",
        "\n> ",
        "\n- ",
        "[a](http://b)",
        "https://x.test",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{301}",
        "\u{e0041}",
        " ",
    ]);
    let any = prop_oneof![
        likely.prop_map(str::to_owned),
        any::<char>().prop_map(String::from)
    ];
    prop::collection::vec(any, 0..200).prop_map(|parts| parts.concat())
}

proptest! {
    /// Goal: no text does anything, whatever its length and blocks.
    /// Method: any characters, mixed with what is likely to mean something.
    #[test]
    fn nothing_gets_through(text in any_text(), most in 1_usize..400) {
        for shown in [lines(&text, most), line(&text, most)] {
            prop_assert!(shown.encode_utf16().count() <= most);
            prop_assert!(is_tame(&shown), "{shown:?}");
            let hidden = shown.chars().filter(|letter| *letter != BREAK);
            prop_assert!(hidden.map(visible).all(|seen| seen.is_some()), "{shown:?}");
            prop_assert!(!shown.contains("\n\n\n"));
        }
        prop_assert!(!line(&text, most).contains('\n'));
    }
}

/// Goal: every character there is is either shown or left out, and does nothing.
/// Method: all of Unicode in pieces that are not cut; then ten thousand characters at once.
#[test]
fn all_of_unicode() {
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    for piece in all.chunks(300) {
        let shown = lines(&piece.iter().collect::<String>(), 2_000);
        assert!(is_tame(&shown), "{shown:?}");
        let stays = |letter: &char| {
            visible(*letter) == Some(*letter)
                && !letter.is_whitespace()
                && !is_combining_mark(*letter)
        };
        let there: BTreeSet<char> = shown.chars().collect();
        for letter in piece.iter().filter(|letter| stays(letter)) {
            assert!(there.contains(letter), "{letter:?} is gone");
        }
    }
    let long: String = all.iter().step_by(110).take(10_000).collect();
    let shown = lines(&long, 1_024);
    assert!(shown.encode_utf16().count() <= 1_024 && shown.ends_with(CUT));
}
