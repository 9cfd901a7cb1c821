//! Every page, as samples that each template is rendered with.

use super::super::Reader;
use super::super::samples::samples;
use super::{Page, PageKind, Problem, Said, Sealed, ToConfirm};
use crate::workflow::notice::Facts;
use crate::workflow::request::Decision;

/// Every sentence that a notice can be.
const NOTICES: [&str; 10] = [
    "unknown",
    "gone",
    "revoked",
    "busy",
    "elsewhere",
    "malformed",
    "draft-over",
    "tries-over",
    "codes-over",
    "later",
];
/// Everything that can be wrong with a form.
const PROBLEMS: [&str; 10] = [
    "no-decision",
    "times-missing",
    "times-unmeant",
    "times-half",
    "times-both",
    "times-unclear",
    "comment-missing",
    "comment-long",
    "old-form",
    "wrong-code",
];

pub(super) type PageSample = (PageKind, Option<(Facts, Reader)>, Page);

/// Every page, with all that its templates ask about.
pub(super) fn page_samples() -> Vec<PageSample> {
    let mut all = Vec::new();
    for notice in NOTICES {
        let page = Page {
            notice,
            path: "/d/mfrggzdfmztwq2lknnwg23tpob".to_owned(),
            ..Page::default()
        };
        all.push((PageKind::Notice, None, page));
    }
    let said = |code: &str| Said {
        code: code.to_owned(),
        sentence: "It has changed.".to_owned(),
        next: "Look again.".to_owned(),
        lang: "en",
    };
    let form = Sealed {
        number: "0192".to_owned(),
        seal: "mfrggzdfmztwq2lknnwg23tpob".to_owned(),
    };
    let open = Page {
        path: "/d/mfrggzdfmztwq2lknnwg23tpob".to_owned(),
        form: Some(form),
        approve: true,
        disapprove: true,
        zone: "Europe/Lisbon".to_owned(),
        others: vec!["Carol Chen".to_owned()],
        more_others: 3,
        ..Page::default()
    };
    for (n, sample) in samples().into_iter().take(24).enumerate() {
        let about = Some((sample.facts, sample.reader));
        let refused = ["stale-revision", "comment-required", "settled"];
        let refused = refused.get(n).map(|code| said(code));
        let problem = PROBLEMS.get(n).map(|code| Problem {
            code,
            said: Some("It is not clear.".to_owned()),
            left: Some(2),
        });
        let decide = Page {
            refused,
            problem: problem.clone(),
            closed: (n % 2 == 0).then(|| said("settled")),
            disapprove: n % 3 == 0,
            held: n == 5,
            by_link: n % 2 == 0,
            ..open.clone()
        };
        all.push((PageKind::Decide, about.clone(), decide));
        let decision = [Decision::Approve, Decision::Disapprove];
        let decision = decision.get(n % 2).copied().unwrap_or(Decision::Approve);
        let address = (n % 2 == 0).then_some("ana@example.test");
        let draft = ToConfirm {
            sets: (n % 2 == 0).then(|| "for 1 hour".to_owned()),
            reaches: n % 4 == 0,
            ..ToConfirm::new(decision, Some("as agreed"), address)
        };
        let confirm = Page {
            problem,
            draft: Some(draft),
            ..open.clone()
        };
        all.push((PageKind::Confirm, about, confirm));
    }
    all
}
