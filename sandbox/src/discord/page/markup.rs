//! A post's text as HTML: Discord's markup as far as a bot uses it, everything else as it stands.
//!
//! Safe by construction: each character of the text is escaped on its way out, and the only
//! elements are those written here. Links are shown and lead nowhere.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::id::Id;

/// Turns a text into HTML. `name` tells what a person is called.
pub fn html(text: &str, name: impl Fn(Id) -> Option<String>) -> String {
    let mut out = String::new();
    let mut open: Vec<(&str, &str)> = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let after = rest.strip_prefix(letter).unwrap_or_default();
        if letter == '\\'
            && let Some(plain) = after.chars().next().filter(char::is_ascii_punctuation)
        {
            escape(&mut out, plain);
            rest = after.strip_prefix(plain).unwrap_or_default();
        } else if let Some((element, after)) = reference(rest, &name) {
            out.push_str(&element);
            rest = after;
        } else if let Some((code, after)) = code(rest) {
            out.push_str(&code);
            rest = after;
        } else if let Some(after) = emphasis(rest, &mut open, &mut out) {
            rest = after;
        } else {
            escape(&mut out, letter);
            rest = after;
        }
    }
    for (_, element) in open.iter().rev() {
        let _ = write!(out, "</{element}>");
    }
    out
}

fn escape(out: &mut String, letter: char) {
    match letter {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\n' => out.push_str("<br>"),
        other => out.push(other),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    text.chars().for_each(|letter| escape(&mut out, letter));
    out
}

/// `<@1>`, `<#1>`, `<t:1:F>`, and what is after it.
fn reference(text: &str, name: impl Fn(Id) -> Option<String>) -> Option<(String, &str)> {
    let (inside, after) = text.strip_prefix('<')?.split_once('>')?;
    let shown = if let Some(stamp) = inside.strip_prefix("t:") {
        let mut parts = stamp.splitn(2, ':');
        let at = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
        let text = match parts.next() {
            Some("t") => at.strftime("%H:%M UTC"),
            Some("T") => at.strftime("%H:%M:%S UTC"),
            Some("d" | "D") => at.strftime("%e %B %Y"),
            _ => at.strftime("%A, %e %B %Y %H:%M UTC"),
        };
        format!("<time>{}</time>", text.to_string().trim())
    } else if inside.starts_with('@') {
        let id = Id::parse(inside.trim_start_matches(['@', '!', '&']));
        let named = id.and_then(name).unwrap_or_else(|| "unknown".to_owned());
        format!("<span class=mention>@{}</span>", escaped(&named))
    } else {
        let id = Id::parse(inside.strip_prefix('#')?)?;
        format!("<span class=mention>#{id}</span>")
    };
    Some((shown, after))
}

/// A run between backticks, and what is after it.
fn code(text: &str) -> Option<(String, &str)> {
    for (fence, open, close) in [("```", "<pre>", "</pre>"), ("`", "<code>", "</code>")] {
        let inside = text
            .strip_prefix(fence)
            .and_then(|rest| rest.split_once(fence));
        if let Some((inside, after)) = inside {
            let inside = inside.trim_matches('\n');
            let text: String = inside
                .split('\n')
                .map(escaped)
                .collect::<Vec<_>>()
                .join("\n");
            return Some((format!("{open}{text}{close}"), after));
        }
    }
    None
}

/// Opens or closes an emphasis, where one begins here and is closed later or ends here.
fn emphasis<'a>(
    text: &'a str,
    open: &mut Vec<(&'static str, &'static str)>,
    out: &mut String,
) -> Option<&'a str> {
    const MARKS: [(&str, &str); 5] = [
        ("**", "strong"),
        ("__", "u"),
        ("~~", "s"),
        ("*", "em"),
        ("_", "em"),
    ];
    let (mark, element) = MARKS.into_iter().find(|(mark, _)| text.starts_with(mark))?;
    let after = text.strip_prefix(mark)?;
    if open.last() == Some(&(mark, element)) {
        open.pop();
        let _ = write!(out, "</{element}>");
        return Some(after);
    }
    let inside = after.split_once(mark).map(|(inside, _)| inside)?;
    let words = !inside.is_empty() && !inside.starts_with(' ') && !inside.contains('\n');
    if !words || open.iter().any(|(other, _)| *other == mark) {
        return None;
    }
    open.push((mark, element));
    let _ = write!(out, "<{element}>");
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        html(text, |id| (id.get() == 7).then(|| "Rita <R>".to_owned()))
    }

    /// Goal: the marks that bots use are shown, and what a backslash protects is not.
    /// Method: pairs.
    #[test]
    fn marks() {
        for (text, expected) in [
            ("**a** b", "<strong>a</strong> b"),
            ("\\*\\*a\\*\\*", "**a**"),
            ("a * b * c", "a * b * c"),
            ("`<b>`", "<code>&lt;b&gt;</code>"),
            ("```\na\nb\n```", "<pre>a\nb</pre>"),
            ("<@7>", "<span class=mention>@Rita &lt;R&gt;</span>"),
            ("<t:0:t>", "<time>00:00 UTC</time>"),
            ("a\nb", "a<br>b"),
            ("**a", "**a"),
            ("snake_case_name", "snake<em>case</em>name"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    /// Goal: no text becomes an element of its own choice.
    /// Method: attempts; every `<` of the result begins an element of ours.
    #[test]
    fn nothing_gets_through() {
        let ours = [
            "strong",
            "em",
            "u>",
            "s>",
            "code",
            "pre",
            "br>",
            "time",
            "span class=mention>",
            "span>",
        ];
        for text in [
            "<script>alert(1)</script>",
            "**<img src=x onerror=alert(1)>**",
            "\\<b>",
            "<t:9999999999999999:F>",
            "<@<script>>",
            "`<script>",
            "*_*_<a>",
        ] {
            let shown = shown(text);
            for part in shown.split('<').skip(1) {
                let part = part.trim_start_matches('/');
                assert!(
                    ours.iter().any(|one| part.starts_with(one)),
                    "{text}: {shown}"
                );
            }
        }
    }
}
