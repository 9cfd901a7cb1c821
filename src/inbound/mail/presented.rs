//! The tokens that a mail presents: in the address it was sent to, and in the Message-ID it
//! answers.
//!
//! A token identifies nobody by itself; `handle` compares its owner with the proven sender. What a
//! sender wrote into a trace field (Delivered-To) must not count, so only the fields above the
//! top-most Received are believed to be our own server's.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use uuid::Uuid;

use super::Rules;
use super::head::Head;
use crate::token::Token;

/// Characters of a token.
const TOKEN_CHARS: usize = 26;
/// Characters of a delivery's id in a Message-ID.
const DELIVERY_CHARS: usize = 32;
/// Most distinct tokens that are taken from one mail; honest ones carry one.
pub const MAX_PRESENTED: usize = 16;

/// The distinct tokens of a mail, in the order in which they were found.
pub fn presented(head: &Head<'_>, rules: &Rules) -> Vec<Token> {
    let mut found = Vec::new();
    let trace_ends = head
        .fields
        .iter()
        .position(|field| field.is("Received"))
        .unwrap_or(head.fields.len());
    for name in ["Delivered-To", "X-Original-To"] {
        let topmost = head.fields.iter().take(trace_ends).find(|f| f.is(name));
        if let Some(field) = topmost {
            from_addresses(&field.value(), rules, &mut found);
        }
    }
    for field in head.all("To").chain(head.all("Cc")) {
        from_addresses(&field.value(), rules, &mut found);
    }
    for field in head.all("In-Reply-To").chain(head.all("References")) {
        from_message_ids(&field.value(), rules, &mut found);
    }
    found
}

/// Finds every `local+TOKEN@domain` of the address that replies go to.
pub(super) fn from_addresses(value: &str, rules: &Rules, found: &mut Vec<Token>) {
    let Some((local, domain)) = rules.reply_to.rsplit_once('@') else {
        return;
    };
    // What may stand in an address, so that each piece is at most one.
    let apart = |letter: char| {
        letter.is_whitespace() || matches!(letter, '<' | '>' | ',' | ';' | ':' | '"' | '(' | ')')
    };
    for piece in value.split(apart) {
        let Some((left, right)) = piece.split_once('@') else {
            continue;
        };
        let Some((name, tag)) = left.rsplit_once('+') else {
            continue;
        };
        if name.eq_ignore_ascii_case(local) && right.eq_ignore_ascii_case(domain) {
            take(tag, found);
        }
    }
}

/// Finds every `<TOKEN.DELIVERY@domain>` of our own Message-IDs.
pub(super) fn from_message_ids(value: &str, rules: &Rules, found: &mut Vec<Token>) {
    for piece in value.split(|letter: char| letter.is_whitespace() || "<>,".contains(letter)) {
        if let Some((Some(token), _)) = own_id(piece, rules) {
            take(token, found);
        }
    }
}

/// Reads one of our Message-IDs, without brackets: its token, if it carries one, and what follows.
fn own_id<'a>(id: &'a str, rules: &Rules) -> Option<(Option<&'a str>, &'a str)> {
    let (left, domain) = id.rsplit_once('@')?;
    if !domain.eq_ignore_ascii_case(&rules.message_id_domain) {
        return None;
    }
    let (token, delivery) = match left.split_once('.') {
        Some((token, delivery)) => (Some(token), delivery),
        None => (None, left),
    };
    let is_ours =
        delivery.len() == DELIVERY_CHARS && delivery.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then_some((token, delivery))
}

/// The delivery of one of our Message-IDs, without brackets, and the token, where it carries one.
pub fn own_delivery(id: &str, rules: &Rules) -> Option<(Uuid, Option<Token>)> {
    let (token, delivery) = own_id(id, rules)?;
    let delivery = Uuid::try_parse(delivery).ok()?;
    match token {
        Some(token) => Some((delivery, Some(Token::parse(token)?))),
        None => Some((delivery, None)),
    }
}

/// Whether a Message-ID (brackets allowed) is one that we give to our own mails.
pub fn is_own_message_id(id: &str, rules: &Rules) -> bool {
    own_id(id.trim().trim_matches(['<', '>']), rules).is_some()
}

/// Whether it is the Message-ID of an ask. Our other mails carry only a delivery's id, which a person's
/// mail program may give by chance; those are known by their From and by the loop field.
pub fn is_ask_id(id: &str, rules: &Rules) -> bool {
    own_id(id.trim().trim_matches(['<', '>']), rules).is_some_and(|(token, _)| token.is_some())
}

fn take(text: &str, found: &mut Vec<Token>) {
    if text.len() != TOKEN_CHARS || found.len() >= MAX_PRESENTED {
        return;
    }
    if let Some(token) = Token::parse(text)
        && !found.contains(&token)
    {
        found.push(token);
    }
}

/// Replaces every presented token in a text, whatever its case: texts are stored and shown.
pub fn redact(text: String, tokens: &[Token]) -> String {
    if !contains(&text, tokens) {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    let is_token_char = |letter: char| letter.is_ascii_alphanumeric();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_token_char) {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        let end = from.find(|c| !is_token_char(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        // A run that merely contains a token is no address, but it is not worth keeping either.
        kept.push_str(if contains(run, tokens) { "…" } else { run });
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Whether a text contains a presented token, whatever its case.
pub fn contains(text: &str, tokens: &[Token]) -> bool {
    if tokens.is_empty() || text.len() < TOKEN_CHARS {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    tokens.iter().any(|token| lower.contains(token.expose()))
}

#[cfg(test)]
mod tests {
    use super::super::read::tests::rules;
    use super::*;

    const A: &str = "abcdefghijklmnopqrstuvwxya";
    const B: &str = "bbcdefghijklmnopqrstuvwxya";

    fn found(head: &str) -> Vec<String> {
        presented(&Head::split(head.as_bytes()), &rules())
            .iter()
            .map(|token| token.expose().to_owned())
            .collect()
    }

    // Goal: every place that may carry a token is read, in any case, once.
    // Method: one small header block for each place.
    #[test]
    fn places() {
        let upper = A.to_uppercase();
        let delivery = "0".repeat(32);
        let blocks = [
            format!("To: approvals+{A}@bot.test\n"),
            format!("To: \"Bot\" <Approvals+{upper}@Bot.Test>, x@y.test\n"),
            format!("Cc: x@y.test,\n approvals+{A}@bot.test\n"),
            format!("Delivered-To: approvals+{A}@bot.test\nTo: undisclosed-recipients:;\n"),
            format!("X-Original-To: approvals+{A}@bot.test\nReceived: x\n"),
            format!("In-Reply-To: <{A}.{delivery}@id.test>\n"),
            format!("References: <request-42@id.test>\n <{upper}.{delivery}@ID.test>\n"),
            format!("To: approvals+{A}@bot.test\nReferences: <{A}.{delivery}@id.test>\n"),
        ];
        for block in blocks {
            assert_eq!(found(&block), [A], "{block}");
        }
        let two = format!("To: approvals+{A}@bot.test\nCc: approvals+{B}@bot.test\n");
        assert_eq!(found(&two), [A, B]);
    }

    // Goal: what a sender forged, or what only looks alike, is no token.
    // Method: one small header block for each.
    #[test]
    fn not_presented() {
        let delivery = "0".repeat(32);
        let blocks = [
            "To: approvals@bot.test\n".to_owned(),
            format!("To: other+{A}@bot.test\n"),
            format!("To: approvals+{A}@bot.test.evil.test\n"),
            format!("To: approvals+{A}x@bot.test\n"),
            format!("To: approvals+{}1@bot.test\n", A.trim_end_matches('a')),
            format!("Received: x\nDelivered-To: approvals+{A}@bot.test\n"),
            format!("Subject: approvals+{A}@bot.test\n"),
            format!("In-Reply-To: <{A}.{delivery}@evil.test>\n"),
            format!("In-Reply-To: <{A}@id.test>\n"),
        ];
        for block in blocks {
            assert_eq!(found(&block), Vec::<String>::new(), "{block}");
        }
        let forged_second =
            format!("Delivered-To: x@bot.test\nDelivered-To: approvals+{A}@bot.test\n");
        assert_eq!(found(&forged_second), Vec::<String>::new());
    }

    // Goal: a token never leaves in a text. Method: one in each case, beside ordinary words.
    #[test]
    fn redacted() {
        let tokens = [Token::parse(A).unwrap()];
        let text = format!("to approvals+{}@bot.test, ok", A.to_uppercase());
        assert_eq!(redact(text, &tokens), "to approvals+…@bot.test, ok");
        assert_eq!(redact("ok".to_owned(), &tokens), "ok");
    }
}
