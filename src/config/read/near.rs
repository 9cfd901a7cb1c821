//! The name that was meant, where one is mistyped.

/// Longest distance at which a name is suggested for a mistyped one.
const MOST: usize = 2;
/// Of so many letters one may be wrong: `zoe` is no misspelt `bob`.
const LETTERS_A_MISTAKE: usize = 3;

/// The nearest of some names, if one is near enough to have been meant.
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let letters = name.chars().count();
    known
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| {
            let letters = letters.max(candidate.chars().count());
            *distance <= MOST.min(letters / LETTERS_A_MISTAKE)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters that are changed, left out, added or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, from) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for ((j, to), pair) in b.iter().enumerate().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.get(j).copied().unwrap_or(usize::MAX - 1);
            let change = diagonal + usize::from(from != *to);
            let neighbour = j.checked_sub(1);
            let swapped = last == Some(*to) && neighbour.and_then(|j| b.get(j)) == Some(&from);
            let swap = neighbour
                .filter(|_| swapped)
                .and_then(|j| before.get(j))
                .map_or(usize::MAX, |distance| distance + 1);
            next.push(change.min(above + 1).min(left + 1).min(swap));
        }
        before = std::mem::replace(&mut row, next);
        last = Some(from);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a suggestion helps or is not made.
    /// Method: names that are meant, and others that merely share letters with one that is known.
    #[test]
    fn suggestions_are_near() {
        for (typed, known, meant) in [
            ("prot", "port", true),
            ("hots", "host", true),
            ("user_name", "username", true),
            ("credentail", "credential", true),
            ("bop", "bob", true),
            ("zoe", "bob", false),
            ("zz", "z", false),
            ("colour", "port", false),
            ("", "bob", false),
        ] {
            let found = nearest(typed, [known].into_iter());
            assert_eq!(found, meant.then_some(known), "{typed}");
        }
        let known = ["rita", "rika", "bob"];
        assert_eq!(nearest("rita1", known.into_iter()), Some("rita"));
    }

    /// Goal: the distance counts what fingers do. Method: one of each, and both directions.
    #[test]
    fn distances_are_those_of_typing() {
        for (a, b, expected) in [
            ("port", "prot", 1),
            ("port", "por", 1),
            ("port", "ports", 1),
            ("port", "part", 1),
            ("abcd", "badc", 2),
            ("zoe", "bob", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }
}
