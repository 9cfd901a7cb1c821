//! A resource pattern as the database can ask by it.
//!
//! The dialect is that of policies, and it is [`Glob`] that compares: with every resource that was ever
//! asked for, of which there are few, and a list then asks for those by name. Where too many fit, the list
//! asks by `LIKE` instead, and finds what it looks for soon. A pattern of letters, `*` and `?` means the same
//! as a `LIKE`; of any other the plain beginning does, and each request that is read is compared again.

use sqlx::PgConnection;

use crate::workflow::policy::Glob;

/// A list asks for at most so many resources by name.
const MAX_NAMES: usize = 1000;

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
        let mut names = sqlx::query_scalar!(
            "SELECT name FROM resource_name WHERE name LIKE $1 LIMIT $2",
            like.pattern,
            i64::try_from(MAX_NAMES + 1).unwrap_or(i64::MAX),
        )
        .fetch_all(conn)
        .await?;
        if names.len() > MAX_NAMES {
            return Ok(Self::Like(like));
        }
        names.retain(|name| glob.matches(name));
        Ok(Self::These(names))
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
        let exact = !glob.contains(['[', ']', '{', '}', '\\']) && !glob.contains("**");
        let mut pattern = String::with_capacity(glob.len() + 1);
        for letter in glob.chars() {
            match letter {
                '*' if exact => pattern.push('%'),
                '?' if exact => pattern.push('_'),
                '*' | '?' | '[' | ']' | '{' | '}' | '\\' if !exact => break,
                '%' | '_' | '\\' => pattern.extend(['\\', letter]),
                letter => pattern.push(letter),
            }
        }
        if !exact {
            pattern.push('%');
        }
        Self { pattern, exact }
    }
}
