//! More threads that want to run than cores there are for them.

use super::demand::CpuDemand;
use super::{Analysis, Finding, Severity, format_cores, format_number, format_percent};
use contend_trace::WorkerId;

pub(super) const ID: &str = "oversubscribed";

/// Part of the time in which workers could run that they had no CPU.
const READY: f64 = 0.30;

/// How many threads want to run, for each core.
const CROWD: f64 = 1.2;

/// Part of the cores that must be in use: threads that are kept on one core, or held back by a quota of their own, wait
/// beside cores that idle.
const IN_USE: f64 = 0.8;

pub(super) fn find(analysis: &Analysis<'_>) -> Option<Finding> {
    let cores = analysis.model.usable_cores();
    let demand = analysis.total_cpu_demand(all_workers(analysis));
    let busy = analysis.model.cores().busy_cores(analysis.from, analysis.now);
    let in_use = busy.is_none_or(|busy| busy >= IN_USE * cores);
    if cores <= 0.0 || demand.unmet_share() < READY || !in_use {
        return None;
    }
    match analysis.others_cores() {
        // Beside others, threads queue that would not on an idle machine: only those count that always want a core.
        Some(others)
            if (analysis.always_runnable(all_workers(analysis)) as f64) < CROWD * cores
                && analysis.has_larger_others_load() =>
        {
            foreign_load(analysis, demand, others, cores)
        }
        others => own_oversubscription(analysis, demand, others, cores),
    }
}

fn all_workers<'a>(analysis: &Analysis<'a>) -> impl Iterator<Item = WorkerId> + use<'a> {
    (0..analysis.model.registry().workers.len()).map(WorkerId::from)
}

fn own_oversubscription(
    analysis: &Analysis<'_>,
    demand: CpuDemand,
    others: Option<f64>,
    cores: f64,
) -> Option<Finding> {
    let wanted = analysis.mean_runnable(demand);
    let beside = others.map(|others| format!(" Other programs keep {others:.1} of them busy.")).unwrap_or_default();
    (wanted >= CROWD * cores).then(|| Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} workers want to run at once on {}: {} of that time they have no CPU.",
            format_number(wanted),
            format_cores(cores),
            format_percent(demand.unmet_share()),
        ),
        evidence: evidence(analysis, demand) + &beside,
        fix: "For work that computes, as many workers as cores are enough.".into(),
        subject: None,
        at: None,
    })
}

fn foreign_load(analysis: &Analysis<'_>, demand: CpuDemand, others: f64, cores: f64) -> Option<Finding> {
    let wanted = analysis.mean_runnable(demand);
    (wanted >= CROWD * analysis.available_cores()).then(|| Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "Other programs keep {others:.1} of {} busy: {} of the time that workers could run they have no CPU.",
            format_cores(cores),
            format_percent(demand.unmet_share()),
        ),
        evidence: evidence(analysis, demand),
        fix: "Stop the other programs, or run this on an idle machine.".into(),
        subject: None,
        at: None,
    })
}

fn evidence(analysis: &Analysis<'_>, demand: CpuDemand) -> String {
    let alive = analysis.all_shares.alive_ns().max(1) as f64;
    format!(
        "By the kernel's account they ran {} and were ready without running {} of the newest {}.",
        format_percent(demand.running as f64 / alive),
        format_percent(demand.queued as f64 / alive),
        analysis.span(),
    )
}
