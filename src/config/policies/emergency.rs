//! Who may take access at once, and what happens afterwards (W24-W26).

use super::policy::{length, whos};
use crate::config::read::Section;
use crate::workflow::book::Book;
use crate::workflow::policy::{DEFAULT_REMIND_REVIEW_AFTER, EmergencyBlock, Mode};

/// The block of a policy, if it has one.
pub(super) fn read(
    policy: &mut Section<'_, '_>,
    mode: Option<Mode>,
    book: &Book,
) -> Option<EmergencyBlock> {
    let mut section = policy.section("emergency", &format!("{} emergency", policy.name))?;
    if matches!(mode, Some(Mode::Free | Mode::Justification)) {
        let mend = "write mode = \"approval\", or take the block out";
        let what = "nobody waits for an approval in this mode";
        policy.wrong("emergency", &section.span, what, mend);
    }
    let allowed = whos(&mut section, "allowed", book);
    if !section.has("allowed") {
        section.missing("allowed", "name people or groups, e.g. [\"group:oncall\"]");
    }
    let max_duration = section.duration("max_duration");
    if !section.has("max_duration") {
        section.missing("max_duration", "say how long it lasts at most, e.g. \"1h\"");
    }
    let block_until_reviewed = section.flag("block_until_reviewed", true);
    let remind_review_after = length(
        &mut section,
        "remind_review_after",
        DEFAULT_REMIND_REVIEW_AFTER,
    );
    section.end();
    Some(EmergencyBlock {
        allowed,
        max_duration: max_duration?.value,
        block_until_reviewed,
        remind_review_after,
    })
}
