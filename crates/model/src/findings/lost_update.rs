//! A counter that was added to without a lock.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, percent, thousands};

pub(super) const ID: &str = "lost-update";

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    // Additions among lost events would make the sum wrong.
    if !look.lossless() {
        return Vec::new();
    }
    let over = look.model.ended().is_some();
    let mut found = Vec::new();
    for id in look.model.cast().counters() {
        let Some(counter) = look.model.counter(id) else { continue };
        let lost = counter.lost().unsigned_abs();
        if lost == 0 || counter.goes_both_ways() && !over {
            continue;
        }
        let (name, adds) = (look.resource(id), counter.adds().max(lost));
        let share = percent(lost as f64 / adds as f64);
        let finding = Finding {
            id: ID,
            severity: Severity::Error,
            sentence: format!(
                "{} of {} updates of {name} are lost ({share}): workers read the same value, and the last to write \
                 wins.{}",
                thousands(lost as i64),
                thousands(adds as i64),
                look.only_before(counter.recent_lost() != 0),
            ),
            evidence: format!(
                "{name} is {}; all updates together make {}.",
                thousands(counter.value()),
                thousands(counter.should_hold())
            ),
            cure: "Read and write it inside one lock, or add in one atomic step.".into(),
            about: Some(About::Resource(id)),
            at: None,
        };
        found.push((lost as f64, finding));
    }
    worst_first(found.into_iter())
}
