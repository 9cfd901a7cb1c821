//! Whole mails: the fixtures of `tests/mail`, and arbitrary bytes.

use super::*;

pub(in super::super) const TOKEN: &str = "abcdefghijklmnopqrstuvwxy2";

/// The rules that every fixture is written for.
pub(in super::super) fn rules() -> Rules {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Rules {
        reply_to: "approvals@bot.test".to_owned(),
        own_address: "bot@bot.test".to_owned(),
        message_id_domain: "id.test".to_owned(),
        authserv_id: Some("mx.bot.test".to_owned()),
        authserv_hops: 1,
        exempt_domains: set(&["exempt.test"]),
        approve_words: set(&["APPROVE", "APPROVED"]),
        disapprove_words: set(&["DISAPPROVE", "DISAPPROVED", "REJECT", "REJECTED"]),
    }
}

/// A mail from Alice, proven, with a token, and this text.
pub(in super::super) fn clean(text: &str) -> String {
    format!(
        "Delivered-To: approvals+{TOKEN}@bot.test\r\n\
         Received: from mx.client.test by mx.bot.test; Sat, 21 Nov 2026 10:00:00 +0000\r\n\
         Authentication-Results: mx.bot.test; dmarc=pass header.from=client.test\r\n\
         From: Alice <alice@client.test>\r\n\
         To: approvals+{TOKEN}@bot.test\r\n\
         Message-ID: <1@client.test>\r\n\
         Subject: Re: Approval\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         {text}\r\n"
    )
}
