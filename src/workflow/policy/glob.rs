//! Patterns over the names of resources and accounts.
//!
//! A book may hold ten thousand policies, read anew by every command. So a pattern of letters, `*` and
//! `?`, which is nearly every one that people write, is compared as it stands; what else globset knows
//! (`[a-z]`, `{a,b}`, `**`, `\`) is compiled by it, which costs some fifty microseconds each.

use serde::{Deserialize, Serialize};

/// A shell-like pattern over a resource or an account: `prod-*`, `admin?`, `{a,b}`.
///
/// Compared with the whole name, case-sensitively; `*` also matches `/`, `?` any one character.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    /// `None` where the text is compared as it stands.
    compiled: Option<globset::GlobMatcher>,
}

impl Glob {
    /// Compiles the pattern. The error is globset's own and says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, globset::Error> {
        let plain = !text.contains(['[', ']', '{', '}', '\\']) && !text.contains("**");
        let compiled = if plain {
            None
        } else {
            let glob = globset::GlobBuilder::new(text)
                .literal_separator(false)
                .build()?;
            Some(glob.compile_matcher())
        };
        Ok(Self {
            text: text.to_owned(),
            compiled,
        })
    }

    /// Whether the whole name fits the pattern.
    pub fn matches(&self, name: &str) -> bool {
        match &self.compiled {
            Some(compiled) => compiled.is_match(name),
            None => fits(&self.text, name),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether a name fits a pattern of letters, `*` and `?`. Where it does not go on, the last `*` takes one
/// character more; an earlier one need not, so this takes at most pattern times name steps.
fn fits(pattern: &str, name: &str) -> bool {
    let (mut wanted, mut left) = (pattern.chars(), name.chars());
    // What stands after the last `*`, and where in the name it was last tried.
    let mut last_star = None;
    loop {
        let goes_on = match wanted.next() {
            Some('*') => {
                last_star = Some((wanted.clone(), left.clone()));
                true
            }
            Some('?') => left.next().is_some(),
            Some(letter) => left.next() == Some(letter),
            None if left.as_str().is_empty() => return true,
            None => false,
        };
        if goes_on {
            continue;
        }
        let Some((after, mut tried)) = last_star else {
            return false;
        };
        if tried.next().is_none() {
            return false;
        }
        (wanted, left) = (after.clone(), tried.clone());
        last_star = Some((after, tried));
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Glob {}

impl Serialize for Glob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of up to `most` of these letters.
    fn texts(letters: &[char], most: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..most {
            longest = longest
                .iter()
                .flat_map(|text| letters.iter().map(move |letter| format!("{text}{letter}")))
                .collect();
            all.extend(longest.iter().cloned());
        }
        all
    }

    /// Goal: what is compared as it stands means what globset would make of it (W2).
    /// Method: every pattern of up to five and every name of up to five characters, both ways.
    #[test]
    fn plain_patterns_mean_the_same_as_compiled_ones() {
        let names = texts(&['a', 'b', '/'], 5);
        let patterns = texts(&['a', 'b', '*', '?'], 5);
        let mut compared = 0;
        for pattern in patterns.iter().filter(|text| !text.contains("**")) {
            let glob = Glob::new(pattern).expect("a pattern");
            assert!(glob.compiled.is_none(), "{pattern}");
            let by_globset = globset::GlobBuilder::new(pattern)
                .literal_separator(false)
                .build()
                .expect("a pattern")
                .compile_matcher();
            for name in &names {
                assert_eq!(
                    glob.matches(name),
                    by_globset.is_match(name),
                    "`{pattern}` on `{name}`"
                );
                compared += 1;
            }
        }
        assert!(compared > 100_000, "{compared}");
    }

    /// Goal: a pattern is compared with the whole name, with its case, character by character (W2).
    /// Method: names that contain what the pattern says; letters outside ASCII; the compiled forms.
    #[test]
    fn w2_patterns_match_whole_names() {
        let fits = |pattern, name| Glob::new(pattern).expect("a pattern").matches(name);
        assert!(fits("prod-*", "prod-db/1"));
        assert!(!fits("prod-*", "preprod-db"));
        assert!(!fits("prod-*", "Prod-db"));
        assert!(fits("d?j?-vu", "déjà-vu"));
        assert!(fits("{prod,test}-[0-9]", "test-7"));
        assert!(!fits("{prod,test}-[0-9]", "dev-7"));
        assert!(fits("**/db", "a/b/db"));
    }

    /// Goal: what is no pattern is an error. Method: brackets and braces that do not close.
    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["[a", "{a", "a}", "a\\"] {
            assert!(Glob::new(bad).is_err(), "{bad}");
        }
    }

    /// Goal: no name makes a comparison take long. Method: the worst for a backtracking matcher, in steps
    /// that would outlast the test run if they doubled with each `*`.
    #[test]
    fn many_stars_do_not_multiply() {
        let glob = Glob::new(&"*a".repeat(60)).expect("a pattern");
        assert!(!glob.matches(&format!("{}b", "a".repeat(250))));
        assert!(glob.matches(&"a".repeat(250)));
    }
}
