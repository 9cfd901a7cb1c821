//! `[smtp.dkim]`: the signature on our own mails.

use crate::config::read::Section;
use crate::config::secret::{self, Surroundings};
use crate::config::signing::Signing;

/// The section; `Err` where a problem has been noted, `Ok(None)` where there is none.
pub(super) fn signing(
    smtp: &mut Section<'_, '_>,
    around: &Surroundings<'_>,
) -> Result<Option<Signing>, ()> {
    let Some(mut section) = smtp.section("dkim", "[smtp.dkim]") else {
        return if smtp.has("dkim") { Err(()) } else { Ok(None) };
    };
    let mend = "name the domain of [mail] from, e.g. \"example.org\"";
    let domain = section.needed_text("domain", mend);
    let mend = "name the record: SELECTOR._domainkey.DOMAIN holds the public key";
    let selector = section.needed_text("selector", mend);
    let span = section.span.clone();
    let key = secret::read(&mut section, "key", around);
    if !section.has("key") {
        section.missing(
            "key",
            "write key = { file = \"/path\" }, a private key in PEM",
        );
    }
    for name in [&domain, &selector].into_iter().flatten() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !name.value.bytes().all(plain) {
            let what = format!("`{}` is no name in DNS", name.value);
            let key = if Some(name.value) == domain.as_ref().map(|found| found.value) {
                "domain"
            } else {
                "selector"
            };
            section.wrong(key, &name.span, what, "write letters, digits, `-` and `.`");
        }
    }
    let signing = domain
        .zip(selector)
        .zip(key)
        .map(|((domain, selector), key)| Signing {
            domain: domain.value.to_owned(),
            selector: selector.value.to_owned(),
            key,
        });
    if let Some(Err(what)) = signing.as_ref().map(Signing::key) {
        let mend = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048";
        section.wrong("key", &span, what, mend);
    }
    section.end();
    signing.map(Some).ok_or(())
}
