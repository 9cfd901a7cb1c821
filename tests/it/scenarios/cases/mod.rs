//! The cases of `tests/mail/cases`: hostile and odd mails, each through the whole daemon.
//!
//! A case is a file that says what it shows, what happens and what comes of it ([`fixture`]); it is played
//! on the real stack ([`play`]). Cases of one group share an office, each with a request of its own. The
//! office believes both proofs: the field of its mail server, which writes it for who logs in, and our own
//! check of signatures.

mod fixture;
mod play;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use play::Stage;

/// The cases that every build has to show, 1 to this.
const DEMANDED: u32 = 72;
/// How many cases share an office.
const GROUP: u32 = 12;

/// Plays the cases of one group in turn, and names every one that did not come out as it is written.
async fn group(number: u32) {
    let cases: Vec<_> = fixture::all()
        .into_iter()
        .filter(|case| (case.number - 1) / GROUP == number)
        .collect();
    assert!(!cases.is_empty(), "no case is in group {number}");
    let mut stage = Stage::open().await;
    let mut wrong = String::new();
    for case in &cases {
        // A step that fails leaves no stage for the next case; which case it was has to be said.
        let played = AssertUnwindSafe(stage.play(case)).catch_unwind().await;
        let Ok(played) = played else {
            panic!("{} could not be played to its end{wrong}", case.name);
        };
        if let Err(problem) = played {
            let _ = write!(
                wrong,
                "\n{}:{}\n  {}",
                case.name,
                problem,
                case.prose.trim_end().replace('\n', "\n  ")
            );
        }
    }
    assert!(wrong.is_empty(), "cases that came out otherwise:{wrong}");
    stage.close().await;
}

macro_rules! groups {
    ($($name:ident $number:literal,)*) => {
        $(
            /// Goal: each of these mails comes to what its file says. Method: see the module.
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                group($number).await;
            }
        )*
        /// The groups that are played.
        const GROUPS: &[u32] = &[$($number),*];
    };
}

groups! {
    cases_001_to_012 0,
    cases_013_to_024 1,
    cases_025_to_036 2,
    cases_037_to_048 3,
    cases_049_to_060 4,
    cases_061_to_072 5,
    cases_073_to_084 6,
    cases_085_to_096 7,
    cases_097_to_108 8,
    cases_109_to_120 9,
    cases_121_to_132 10,
    cases_133_to_144 11,
}

/// Goal: no case is left out, none is written twice, each says what it shows and expects something.
/// Method: the folder against the numbers and the groups.
#[test]
fn every_case_is_played() {
    let cases = fixture::all();
    let numbers: BTreeSet<u32> = cases.iter().map(|case| case.number).collect();
    assert_eq!(numbers.len(), cases.len(), "a number stands twice");
    let last = numbers.last().copied().unwrap_or_default();
    let missing: Vec<u32> = (1..=last.max(DEMANDED))
        .filter(|number| !numbers.contains(number))
        .collect();
    assert!(missing.is_empty(), "no file has these numbers: {missing:?}");
    for case in &cases {
        let name = &case.name;
        assert!(GROUPS.contains(&((case.number - 1) / GROUP)), "{name}");
        assert!(
            case.prose.contains("Expected: "),
            "{name}: what is expected?"
        );
        let expects = |word: &str| case.steps.iter().any(|(_, step)| step.words[0] == word);
        assert!(expects("expect"), "{name} expects nothing");
    }
}
