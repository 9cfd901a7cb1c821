//! How the story is told: on standard output, in lines of a width.

use countersign::clock::Clock;
use jiff::Timestamp;

use crate::Mail;

/// Columns of the told text.
const WIDTH: usize = 100;

/// The line of a mail that has these words.
pub(super) fn line_with(mail: &Mail, words: &str) -> Option<String> {
    let text = mail.text();
    text.lines()
        .find(|line| line.contains(words))
        .map(str::to_owned)
}

/// Says a sentence.
pub(super) fn say(text: &str) {
    println!("  {text}\n");
}

/// Says what somebody types or writes.
pub(super) fn said(who: &str, text: &str) {
    println!("  {who}:");
    for line in text.lines() {
        println!("    > {line}");
    }
    println!();
}

/// What stands in Discord, without the marks that only its program understands.
pub(super) fn boxed(text: &str) {
    let mut plain = String::new();
    let mut parts = text.split("<t:");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (mark, rest) = part.split_once('>').unwrap_or(("", part));
        plain.push_str(&time(mark).unwrap_or_default());
        plain.push_str(rest);
    }
    for line in plain.replace(['\\', '\u{200b}', '*'], "").lines() {
        bar(line);
    }
    println!();
}

/// What stands in `<t:1795360419:F>`, which everybody's program shows in their own zone, or, with `R`, as how
/// long it is from now.
fn time(mark: &str) -> Option<String> {
    let (seconds, style) = mark.split_once(':').unwrap_or((mark, ""));
    let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
    if style != "R" {
        return Some(at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    }
    let from_now = at.duration_since(Clock::system().now());
    let minutes = (from_now.as_secs().abs() + 30) / 60;
    let (count, unit) = match minutes {
        0 => return Some("now".to_owned()),
        1..60 => (minutes, "minute"),
        _ => ((minutes + 30) / 60, "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    Some(if from_now.is_negative() {
        format!("{count} {unit}{plural} ago")
    } else {
        format!("in {count} {unit}{plural}")
    })
}

/// A mail as its reader sees it.
pub(super) fn show(mail: &Mail) {
    for field in ["From", "To", "Subject"] {
        let value = match field {
            "Subject" => mail.subject(),
            _ => mail.header(field).unwrap_or_default(),
        };
        bar(&format!("{field}: {value}"));
    }
    bar("");
    for line in mail.text().trim_end().lines() {
        bar(line);
    }
    println!();
}

/// A line in a box that is open to the right, wrapped; a word that is longer than the box is cut.
fn bar(line: &str) {
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut row = indent.clone();
    for word in line.trim_start().split(' ') {
        let used = row.chars().count();
        if used > indent.len() && used + 1 + word.chars().count() > WIDTH {
            println!("  │ {row}");
            row.clone_from(&indent);
        }
        if row.len() > indent.len() {
            row.push(' ');
        }
        let room = WIDTH.saturating_sub(row.chars().count());
        if word.chars().count() > room {
            row.extend(word.chars().take(room.saturating_sub(1)));
            row.push('…');
        } else {
            row.push_str(word);
        }
    }
    println!("  │ {row}");
}

/// Shows a row of a table.
pub(super) fn row(table: &str, columns: &[(&str, &str)]) {
    println!("  {table}");
    for (name, value) in columns {
        println!("    {name:<10} {value}");
    }
    println!();
}
