//! More workers that want to run than cores.

use super::{Finding, Look, Severity, cores_of, number, percent};
use crate::trace::State;

pub(super) const ID: &str = "oversubscribed";

/// Part of the time in which workers could run that they had no CPU.
const READY: f64 = 0.30;

/// How many workers want to run, for each core.
const CROWD: f64 = 1.2;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let cores = look.model.usable_cores();
    let everyone = &look.everyone;
    let (running, ready) = (everyone.get(State::Running), everyone.get(State::Ready));
    let runnable = (running + ready) as f64 / look.span().0 as f64;
    let share = ready as f64 / (running + ready).max(1) as f64;
    if cores <= 0.0 || share < READY || runnable < CROWD * cores {
        return None;
    }
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} workers want to run at once on {}: {} of that time they have no CPU.",
            number(runnable),
            cores_of(cores),
            percent(share),
        ),
        evidence: format!(
            "By the kernel's account they ran {} and were ready without running {} of the newest {}.",
            percent(running as f64 / everyone.alive().max(1) as f64),
            percent(ready as f64 / everyone.alive().max(1) as f64),
            look.span(),
        ),
        cure: "For work that computes, as many workers as cores are enough.".into(),
        about: None,
        at: None,
    })
}
