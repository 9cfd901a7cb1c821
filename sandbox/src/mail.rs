//! A mail as its reader has it.

use mail_parser::MessageParser;

/// A mail out of somebody's mailbox.
#[derive(Debug, Clone)]
pub struct Mail {
    raw: Vec<u8>,
}

impl Mail {
    /// A mail from its bytes.
    pub fn new(raw: Vec<u8>) -> Self {
        Self { raw }
    }

    /// The bytes as they lie in the mailbox.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The first field of this name as it was written, its folds undone.
    pub fn header(&self, name: &str) -> Option<String> {
        let message = MessageParser::default().parse_headers(&self.raw)?;
        let (_, value) = message
            .headers_raw()
            .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))?;
        Some(
            value
                .split(['\r', '\n'])
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .fold(String::new(), |all, line| {
                    if all.is_empty() {
                        line.to_owned()
                    } else {
                        all + " " + line
                    }
                }),
        )
    }

    /// The subject, decoded; empty where there is none.
    pub fn subject(&self) -> String {
        let message = MessageParser::default().parse_headers(&self.raw);
        message
            .and_then(|message| message.subject().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The Message-ID with its angle brackets; empty where there is none.
    pub fn message_id(&self) -> String {
        self.header("Message-ID").unwrap_or_default()
    }

    /// The plain text, decoded.
    pub fn text(&self) -> String {
        let message = MessageParser::default().parse(&self.raw);
        let text = message.as_ref().and_then(|message| message.body_text(0));
        text.map(|text| text.replace("\r\n", "\n"))
            .unwrap_or_default()
    }

    /// The HTML, decoded.
    pub fn html(&self) -> String {
        let message = MessageParser::default().parse(&self.raw);
        let html = message.as_ref().and_then(|message| message.body_html(0));
        html.map(|html| html.replace("\r\n", "\n"))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Mail;

    /// Goal: what scenarios ask of a mail is what its reader sees.
    /// Method: a mail with a folded field, an encoded subject and two bodies.
    #[test]
    fn says_what_its_reader_sees() {
        let mail = Mail::new(
            b"Message-ID: <1@x>\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\n\
              References: <a@x>\r\n <b@x>\r\n\
              MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
              --b\r\nContent-Type: text/plain\r\n\r\nplain\r\n\
              --b\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n--b--\r\n"
                .to_vec(),
        );
        assert_eq!(mail.message_id(), "<1@x>");
        assert_eq!(mail.subject(), "grün");
        assert_eq!(mail.header("references").as_deref(), Some("<a@x> <b@x>"));
        assert_eq!(mail.header("Nothing"), None);
        assert_eq!(mail.text().trim(), "plain");
        assert_eq!(mail.html().trim(), "<p>rich</p>");
    }
}
