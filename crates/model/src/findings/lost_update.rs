//! A counter that was added to without a lock.

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_percent, format_thousands};

pub(super) const ID: &str = "lost-update";

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // Additions among lost events would make the sum wrong.
    if !analysis.is_lossless() {
        return Vec::new();
    }
    let over = analysis.model.run_end().is_some();
    let mut found = Vec::new();
    for id in analysis.model.registry().counters() {
        let Some(counter) = analysis.model.counter(id) else { continue };
        let lost = counter.lost_updates().unsigned_abs();
        if lost == 0 || counter.is_bidirectional() && !over {
            continue;
        }
        let (name, adds) = (analysis.resource_name(id), counter.add_count().max(lost));
        let share = format_percent(lost as f64 / adds as f64);
        let finding = Finding {
            id: ID,
            severity: Severity::Error,
            sentence: format!(
                "{} of {} updates of {name} are lost ({share}): workers read the same value, and the last to write \
                 wins.{}",
                format_thousands(lost as i64),
                format_thousands(adds as i64),
                analysis.former_settings_note(counter.recent_lost_updates() != 0),
            ),
            evidence: format!(
                "{name} is {}; all updates together make {}.",
                format_thousands(counter.value()),
                format_thousands(counter.comparable_expected())
            ),
            fix: "Read and write it inside one lock, or add in one atomic step.".into(),
            subject: Some(FindingSubject::Resource(id)),
            at: None,
        };
        found.push((lost as f64, finding));
    }
    sort_worst_first(found.into_iter())
}
