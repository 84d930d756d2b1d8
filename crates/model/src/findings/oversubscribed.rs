//! More threads that want to run than cores there are for them.

use super::demand::Demand;
use super::{Finding, Look, Severity, cores_of, number, percent};
use contend_trace::WorkerId;

pub(super) const ID: &str = "oversubscribed";

/// Part of the time in which workers could run that they had no CPU.
const READY: f64 = 0.30;

/// How many threads want to run, for each core.
const CROWD: f64 = 1.2;

/// Part of the cores that must be in use: threads that are kept on one core, or held back by a quota of their own, wait
/// beside cores that idle.
const IN_USE: f64 = 0.8;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let cores = look.model.usable_cores();
    let demand = look.demand_of(everybody(look));
    let busy = look.model.cores().busy(look.from, look.now);
    let in_use = busy.is_none_or(|busy| busy >= IN_USE * cores);
    if cores <= 0.0 || demand.without() < READY || !in_use {
        return None;
    }
    match look.others() {
        // Beside others, threads queue that would not on an idle machine: only those count that always want a core.
        Some(others) if (look.always_want(everybody(look)) as f64) < CROWD * cores && look.others_have_more() => {
            by_others(look, demand, others, cores)
        }
        others => by_us(look, demand, others, cores),
    }
}

fn everybody<'a>(look: &Look<'a>) -> impl Iterator<Item = WorkerId> + use<'a> {
    (0..look.model.cast().workers.len()).map(WorkerId::from)
}

fn by_us(look: &Look<'_>, demand: Demand, others: Option<f64>, cores: f64) -> Option<Finding> {
    let wanted = look.at_once(demand);
    let beside = others.map(|others| format!(" Other programs keep {others:.1} of them busy.")).unwrap_or_default();
    (wanted >= CROWD * cores).then(|| Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} workers want to run at once on {}: {} of that time they have no CPU.",
            number(wanted),
            cores_of(cores),
            percent(demand.without()),
        ),
        evidence: evidence(look, demand) + &beside,
        cure: "For work that computes, as many workers as cores are enough.".into(),
        about: None,
        at: None,
    })
}

fn by_others(look: &Look<'_>, demand: Demand, others: f64, cores: f64) -> Option<Finding> {
    let wanted = look.at_once(demand);
    (wanted >= CROWD * look.available()).then(|| Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "Other programs keep {others:.1} of {} busy: {} of the time that workers could run they have no CPU.",
            cores_of(cores),
            percent(demand.without()),
        ),
        evidence: evidence(look, demand),
        cure: "Stop the other programs, or run this on an idle machine.".into(),
        about: None,
        at: None,
    })
}

fn evidence(look: &Look<'_>, demand: Demand) -> String {
    let alive = look.everyone.alive().max(1) as f64;
    format!(
        "By the kernel's account they ran {} and were ready without running {} of the newest {}.",
        percent(demand.running as f64 / alive),
        percent(demand.queued as f64 / alive),
        look.span(),
    )
}
