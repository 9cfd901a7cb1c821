//! How large mails may be: what the sending server takes, against what we send and read.

use super::super::{How, Line};
use crate::outbound::mail::LARGEST_MAIL;

const WHAT: &str = "size";

/// The server's limit (none: it names none) against our largest mail and `[imap] max_mail_bytes`.
pub(super) fn of_server(limit: Result<Option<u64>, String>, read: u64) -> Line {
    let limit = match limit {
        Ok(limit) => limit,
        Err(why) => {
            let mend = "see the sentence; the settings are in [smtp]";
            return Line::not(How::Away, WHAT, why, mend);
        }
    };
    let Some(limit) = limit else {
        let said =
            format!("the server names no limit (SIZE); up to {read} bytes of a mail are read");
        return Line::ok(WHAT, said);
    };
    if limit < LARGEST_MAIL {
        let said = format!(
            "the server takes mails of up to {limit} bytes; ours may have up to {LARGEST_MAIL}"
        );
        let mend = format!("raise its limit (Postfix: message_size_limit = {LARGEST_MAIL})");
        return Line::not(How::Wrong, WHAT, said, mend);
    }
    let said = format!("the server takes mails of up to {limit} bytes, ours are smaller");
    if limit > read {
        let said = format!(
            "{said}; replies of more than {read} are recorded and not read, if it takes those too"
        );
        let mend = format!("none needed; to read them, write max_mail_bytes = {limit} in [imap]");
        return Line::not(How::Hint, WHAT, said, mend);
    }
    Line::ok(
        WHAT,
        format!("{said}, and every reply of that size is read"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Renderer, samples};

    /// Goal: what is said of our own mails is far from wrong. Method: every sample, as text and HTML together,
    /// ten times over, for what encoding and a longer list may add.
    #[test]
    fn our_mails_are_smaller() {
        let renderer = Renderer::new(None).expect("the built-in templates");
        for sample in samples() {
            let mail = renderer
                .mail(sample.kind, &sample.facts, &sample.reader)
                .expect("renders");
            let bytes = u64::try_from(mail.text.len() + mail.html.len()).expect("small");
            assert!(bytes * 10 < LARGEST_MAIL, "{}: {bytes} bytes", sample.name);
        }
    }

    /// Goal: the operator reads which limit is too small, and for what. Method: limits around ours.
    #[test]
    fn limits_are_held_against_ours() {
        let how = |limit, read| {
            let line = of_server(Ok(limit), read);
            (line.how, line.said + &line.mend.unwrap_or_default())
        };
        let read = 10 * LARGEST_MAIL;
        assert_eq!(how(None, read).0, How::Ok);
        assert_eq!(how(Some(read), read).0, How::Ok);
        assert_eq!(how(Some(LARGEST_MAIL), read).0, How::Ok);
        let (small, said) = how(Some(LARGEST_MAIL - 1), read);
        assert_eq!(small, How::Wrong);
        assert!(said.contains("message_size_limit = 1048576"), "{said}");
        let (large, said) = how(Some(read + 1), read);
        assert_eq!(large, How::Hint);
        assert!(said.contains("max_mail_bytes = 10485761"), "{said}");
        assert_eq!(of_server(Err("no".to_owned()), read).how, How::Away);
    }
}
