//! Tag lists (RFC 6376, 3.2): the field that signs, read more strictly than a verifier reads it.
//!
//! A tag that stands twice, a value that is no plain name, a signature over a part of the body: what a
//! kind reader would make something of is refused here, before it is verified.

#![forbid(clippy::indexing_slicing, clippy::string_slice)]

use super::Stop;

/// Most tags of one list; there are sixteen known ones.
const MAX_TAGS: usize = 40;
/// Longest name that is asked for, in bytes: with `._domainkey.` and the selector it fits into a DNS name.
const MAX_NAME_BYTES: usize = 120;
/// Most fields that `h=` may name.
const MAX_FIELDS: usize = 200;

/// What the signature says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `d=`, lower case.
    pub domain: String,
    /// `s=`, lower case.
    pub selector: String,
    /// Whether the key has to be an Ed25519 key; otherwise an RSA key.
    pub ed25519: bool,
    /// The fields of `h=`, lower case.
    pub fields: Vec<String>,
    /// `t=`, in seconds since 1970.
    pub made: Option<u64>,
    /// `x=`, in seconds since 1970.
    pub expires: Option<u64>,
}

/// The tags of a list, in order; `None` where it is none: no `=`, a tag twice, too many.
pub fn list(value: &str) -> Option<Vec<(&str, &str)>> {
    let mut tags: Vec<(&str, &str)> = Vec::new();
    let mut specs = value.split(';').map(str::trim).peekable();
    while let Some(spec) = specs.next() {
        if spec.is_empty() {
            // One semicolon may end the list.
            if specs.peek().is_some() {
                return None;
            }
            continue;
        }
        let (name, value) = spec.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let known = tags.iter().any(|(other, _)| *other == name);
        if known || name.is_empty() || tags.len() == MAX_TAGS {
            return None;
        }
        tags.push((name, value));
    }
    Some(tags)
}

/// Reads the value of a DKIM-Signature field.
pub(super) fn read(value: &str) -> Result<Signature, Stop> {
    let malformed = |why: &str| Stop::no("malformed", why);
    let tags = list(value).ok_or_else(|| malformed("The signature is no list of tags."))?;
    let tag = |name: &str| tags.iter().find(|(tag, _)| *tag == name).map(|(_, v)| *v);
    if tag("v") != Some("1") {
        return Err(malformed("The signature is not of version 1."));
    }
    if tag("l").is_some() {
        return Err(Stop::no(
            "partial",
            "The signature covers a part of the body only (l=), so text may have been added.",
        ));
    }
    let ed25519 = match tag("a").unwrap_or_default().to_ascii_lowercase().as_str() {
        "rsa-sha256" => false,
        "ed25519-sha256" => true,
        "rsa-sha1" => return Err(Stop::no("sha1", "The signature rests on SHA-1.")),
        _ => return Err(malformed("The signature is of an unknown kind (a=).")),
    };
    if tag("q").is_some_and(|how| how != "dns/txt") {
        return Err(malformed("Its key is not in DNS (q=)."));
    }
    let domain = name(tag("d"), 2).ok_or_else(|| malformed("Its domain is no plain name (d=)."))?;
    let selector =
        name(tag("s"), 1).ok_or_else(|| malformed("Its selector is no plain name (s=)."))?;
    let fields: Vec<String> = tag("h")
        .unwrap_or_default()
        .split(':')
        .take(MAX_FIELDS + 1)
        .map(|field| field.trim().to_ascii_lowercase())
        .collect();
    if fields.len() > MAX_FIELDS || fields.iter().any(String::is_empty) {
        return Err(malformed("It does not say which fields it covers (h=)."));
    }
    if !fields.iter().any(|field| field == "from") {
        return Err(Stop::no(
            "from-unsigned",
            "The signature does not cover From.",
        ));
    }
    Ok(Signature {
        domain,
        selector,
        ed25519,
        fields,
        made: seconds(tag("t"))?,
        expires: seconds(tag("x"))?,
    })
}

/// A name of at least so many labels of letters, digits, hyphens and underscores; lower case.
fn name(value: Option<&str>, labels: usize) -> Option<String> {
    let value = value?;
    let plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let fits = value.len() <= MAX_NAME_BYTES && value.split('.').count() >= labels;
    (fits && value.split('.').all(plain)).then(|| value.to_ascii_lowercase())
}

fn seconds(value: Option<&str>) -> Result<Option<u64>, Stop> {
    let Some(value) = value else { return Ok(None) };
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(seconds) if digits => Ok(Some(seconds)),
        _ => Err(Stop::no(
            "malformed",
            "A time of the signature is no number (t=, x=).",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=Client.Test; s=S1; t=10; x=20; \
                        h=From : to:Content-Type; bh=aa==; b=bb==;";

    fn verdict(value: &str) -> &'static str {
        match read(value) {
            Ok(_) => "ok",
            Err(Stop::No(verdict, _)) => verdict,
            Err(_) => "asks",
        }
    }

    // Goal: a plain signature is read as meant. Method: one with every tag, in odd case and spacing.
    #[test]
    fn plain() {
        let read = read(GOOD).unwrap();
        assert_eq!(
            (read.domain.as_str(), read.selector.as_str()),
            ("client.test", "s1")
        );
        assert_eq!(read.fields, ["from", "to", "content-type"]);
        assert_eq!(
            (read.made, read.expires, read.ed25519),
            (Some(10), Some(20), false)
        );
    }

    // Goal: each trap is refused by its name. Method: the plain one with one thing changed.
    #[test]
    fn traps() {
        let table = [
            ("v=1;", "v=2;", "malformed"),
            ("v=1;", "", "malformed"),
            ("v=1;", "v=1; v=1;", "malformed"),
            ("v=1;", "v=1;;", "malformed"),
            ("bh=aa==;", "bh=aa==; l=100;", "partial"),
            ("bh=aa==;", "bh=aa==; l=0;", "partial"),
            ("rsa-sha256", "rsa-sha1", "sha1"),
            ("rsa-sha256", "rsa-md5", "malformed"),
            ("rsa-sha256", "Ed25519-SHA256", "ok"),
            ("From :", "", "from-unsigned"),
            ("From :", "X-From:", "from-unsigned"),
            ("From :", "From::", "malformed"),
            ("d=Client.Test", "d=client", "malformed"),
            ("d=Client.Test", "d=cl ient.test", "malformed"),
            ("d=Client.Test", "d=client..test", "malformed"),
            ("d=Client.Test", "d=clïent.test", "malformed"),
            ("s=S1", "s=a b", "malformed"),
            ("s=S1", "s=", "malformed"),
            ("x=20", "x=-20", "malformed"),
            ("x=20", "x=99999999999999999999999", "malformed"),
            ("x=20", "q=dns/txt", "ok"),
            ("x=20", "q=http", "malformed"),
        ];
        for (what, instead, expected) in table {
            let value = GOOD.replacen(what, instead, 1);
            assert_eq!(verdict(&value), expected, "{value}");
        }
        assert_eq!(verdict(""), "malformed");
        assert_eq!(verdict("nothing"), "malformed");
        let many: Vec<String> = (0..50).map(|n| format!("; x{n}=1")).collect();
        let many = many.concat();
        assert_eq!(
            verdict(&format!("{}{many}", GOOD.trim_end_matches(';'))),
            "malformed"
        );
    }
}
