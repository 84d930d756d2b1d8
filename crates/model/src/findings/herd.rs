//! A signal that wakes many where only one finds something to do.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, count, percent, some, thousands};
use contend_trace::ResourceId;

pub(super) const ID: &str = "herd";

/// Workers that must have been woken.
const WOKEN: u64 = 50;

/// Workers that a signal wakes at least, on average.
const EACH: f64 = 2.0;

/// Part of the woken that go back to waiting without having done anything.
const FUTILE: f64 = 0.4;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    worst_first(look.model.cast().signals().filter_map(|id| check(look, id)))
}

fn check(look: &Look<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let signals = look.model.signals(id)?.recent();
    let (woken, futile, each) = (signals.woken(), signals.futile(), signals.woken_each());
    let share = futile as f64 / woken.max(1) as f64;
    if woken < WOKEN || each < EACH || share < FUTILE {
        return None;
    }
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "Each signal of {} wakes {}; {} of them find nothing to do and wait again.",
            look.resource(id),
            some(each, "worker"),
            percent(share)
        ),
        evidence: format!(
            "{} of {} woken took the lock and waited again at once.",
            thousands(futile as i64),
            count(woken, "worker")
        ),
        cure: "Wake one worker for each thing to do: notify instead of notify-all.".into(),
        about: Some(About::Resource(id)),
        at: None,
    };
    Some((share * each, finding))
}
