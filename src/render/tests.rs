//! Every template, rendered from every sample; and what other people's words cannot do.

use super::*;

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
