//! A signal that wakes many where only one finds something to do.

use super::{About, Finding, Look, Severity, count, percent, some, thousands};

pub(super) const ID: &str = "herd";

/// Workers that must have been woken.
const WOKEN: u64 = 50;

/// Workers that a signal wakes at least, on average.
const EACH: f64 = 2.0;

/// Part of the woken that go back to waiting without having done anything.
const FUTILE: f64 = 0.4;

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for id in look.model.cast().signals() {
        let Some(signals) = look.model.signals(id) else { continue };
        let (woken, futile, each) = (signals.woken(), signals.futile(), signals.woken_each());
        let share = futile as f64 / woken.max(1) as f64;
        if woken < WOKEN || each < EACH || share < FUTILE {
            continue;
        }
        let name = look.resource(id);
        found.push(Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "Each signal of {name} wakes {}, and {} of them wait again at once: there was nothing for them.",
                some(each, "worker"),
                percent(share)
            ),
            evidence: format!(
                "{} of {} woken took the lock, found nothing to do and went back.",
                thousands(futile as i64),
                count(woken, "worker")
            ),
            cure: "Wake one for each thing to do: notify instead of notify-all.".into(),
            about: Some(About::Resource(id)),
            at: None,
        });
    }
    found
}
