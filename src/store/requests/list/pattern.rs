//! A resource pattern as the database can ask by it.
//!
//! The dialect is that of policies, and it is [`Glob`] that compares: with every resource that was ever
//! asked for, of which there are few, and a list then asks for those by name. Where too many fit, the list
//! asks by `LIKE` instead, and finds what it looks for soon. A pattern of letters, `*` and `?` means the same
//! as a `LIKE`; of any other the plain beginning and end do, and each request that is read is compared again.

use sqlx::PgConnection;

use crate::workflow::policy::Glob;

/// A list asks for at most so many resources by name.
const MAX_NAMES: usize = 1000;
/// At most so many names that fit the plain parts of a pattern are compared with all of it.
const MAX_CANDIDATES: usize = 20_000;

/// By which resources a list asks.
pub(super) enum Resources {
    /// By all of them.
    Any,
    /// By these, which are all that fit.
    These(Vec<String>),
    /// By what a `LIKE` fits.
    Like(Like),
}

impl Resources {
    pub async fn of(conn: &mut PgConnection, glob: Option<&Glob>) -> Result<Self, sqlx::Error> {
        let Some(glob) = glob else {
            return Ok(Self::Any);
        };
        let like = Like::of(glob.as_str());
        let most = if like.exact {
            MAX_NAMES
        } else {
            MAX_CANDIDATES
        };
        let mut names = sqlx::query_scalar!(
            "SELECT name FROM resource_name WHERE name LIKE $1 LIMIT $2",
            like.pattern,
            i64::try_from(most + 1).unwrap_or(i64::MAX),
        )
        .fetch_all(conn)
        .await?;
        let all_seen = names.len() <= most;
        names.retain(|name| glob.matches(name));
        if all_seen && names.len() <= MAX_NAMES {
            return Ok(Self::These(names));
        }
        Ok(Self::Like(like))
    }

    pub fn names(&self) -> Option<&[String]> {
        match self {
            Self::These(names) => Some(names),
            Self::Any | Self::Like(_) => None,
        }
    }

    pub fn like(&self) -> Option<&str> {
        match self {
            Self::Like(like) => Some(&like.pattern),
            Self::Any | Self::These(_) => None,
        }
    }

    /// Whether the database says of each request whether it fits.
    pub fn exact(&self) -> bool {
        match self {
            Self::Any | Self::These(_) => true,
            Self::Like(like) => like.exact,
        }
    }
}

/// What a `LIKE` makes of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Like {
    /// With `%`, `_` and `\` of the pattern itself escaped.
    pub pattern: String,
    /// Whether it means the same; otherwise it fits more names.
    pub exact: bool,
}

impl Like {
    pub fn of(glob: &str) -> Self {
        let special = |letter: char| "*?[]{}\\".contains(letter);
        let exact = !glob.contains(['[', ']', '{', '}', '\\']) && !glob.contains("**");
        let mut pattern = String::with_capacity(glob.len() + 1);
        let plain = |pattern: &mut String, text: &str| {
            for letter in text.chars() {
                match letter {
                    '%' | '_' | '\\' => pattern.extend(['\\', letter]),
                    letter => pattern.push(letter),
                }
            }
        };
        if exact {
            for letter in glob.chars() {
                match letter {
                    '*' => pattern.push('%'),
                    '?' => pattern.push('_'),
                    letter => plain(&mut pattern, letter.encode_utf8(&mut [0; 4])),
                }
            }
        } else {
            // What stands before the first special letter, and behind the last: brackets are closed by then.
            let head = glob.split(special).next().unwrap_or_default();
            let tail = glob.rsplit(special).next().unwrap_or_default();
            plain(&mut pattern, head);
            pattern.push('%');
            plain(&mut pattern, tail);
        }
        Self { pattern, exact }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: whatever fits a pattern with brackets is among the candidates that its `LIKE` gives.
    /// Method: awkward patterns against every short name of their letters; the `LIKE` is a beginning and an
    /// end, which the test compares itself.
    #[test]
    fn a_pattern_with_brackets_loses_no_candidate() {
        let mut names = vec![String::new()];
        let mut longest = names.clone();
        for _ in 0..4 {
            longest = longest
                .iter()
                .flat_map(|name| ["a", "b", "]", "%", "\u{e9}"].map(|it| format!("{name}{it}")))
                .collect();
            names.extend(longest.iter().cloned());
        }
        let mut fitting = 0;
        for text in [
            "a{,b}a",
            "a[ab]*a",
            "[]a]b",
            "{a,b}",
            "a**b",
            "\\a%",
            "%{a,%}b",
            "[!a]?b",
            "a\\]",
            "{[ab],a}b",
        ] {
            let glob = Glob::new(text).expect(text);
            let like = Like::of(text);
            assert!(!like.exact, "{text}");
            let plain = like.pattern.replace("\\%", "\u{1}");
            let (head, tail) = plain.split_once('%').expect(text);
            let [head, tail] = [head, tail].map(|part| part.replace('\u{1}', "%"));
            for name in names.iter().filter(|name| glob.matches(name)) {
                fitting += 1;
                let rest = name.strip_prefix(&head);
                assert!(
                    rest.is_some_and(|rest| rest.ends_with(&tail)),
                    "{text} {name}"
                );
            }
        }
        assert!(fitting > 50, "{fitting}");
        assert_eq!(Like::of("{prod,test}-*[0-4]7").pattern, "%7");
    }
}
