//! `oversubscribed`: more threads that want to run than cores.

use super::demand::CpuDemand;
use super::{Analysis, Finding, Severity, format_cores, format_number, format_percent};
use contend_trace::{FindingId, WorkerId};

pub(super) const ID: &str = FindingId::Oversubscribed.as_str();

/// Least number of threads that want to run per core.
const MIN_CROWD: f64 = 1.2;

/// Least share of the cores that is in use: threads that are pinned to one core, or throttled by a quota of their own,
/// wait while cores idle.
const MIN_CORES_IN_USE: f64 = 0.8;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    find_oversubscription(analysis).into_iter().collect()
}

fn find_oversubscription(analysis: &Analysis<'_>) -> Option<Finding> {
    let cores = analysis.model.usable_cores();
    let demand = analysis.total_cpu_demand(all_workers(analysis));
    let busy = analysis.model.cores().busy_cores(analysis.from, analysis.now);
    let in_use = busy.is_none_or(|busy| busy >= MIN_CORES_IN_USE * cores);
    if cores <= 0.0 || demand.unmet_share() < analysis.thresholds.oversubscribed || !in_use {
        return None;
    }
    match analysis.others_cores() {
        // Other programs make threads wait that would not wait on an idle machine. So only those count that always want
        // a core.
        Some(others)
            if (analysis.always_runnable(all_workers(analysis)) as f64) < MIN_CROWD * cores
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
    let beside = others.map(|others| format!(" Other programs keep {} busy.", format_load(others))).unwrap_or_default();
    (wanted >= MIN_CROWD * cores).then(|| Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} workers compete for {} and spend {} of their runnable time waiting for one.",
            format_number(wanted),
            format_cores(cores),
            format_percent(demand.unmet_share()),
        ),
        evidence: evidence(analysis, demand) + &beside,
        fix: "For CPU-heavy work, use as many workers as cores.".into(),
        subject: None,
        at: None,
    })
}

/// `1.1 cores`, with one decimal like all loads.
fn format_load(cores: f64) -> String {
    format!("{cores:.1} cores")
}

fn foreign_load(analysis: &Analysis<'_>, demand: CpuDemand, others: f64, cores: f64) -> Option<Finding> {
    let wanted = analysis.mean_runnable(demand);
    (wanted >= MIN_CROWD * analysis.available_cores()).then(|| Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "Other programs keep {others:.1} of {} busy; workers spend {} of their runnable time waiting for one.",
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
        "By the kernel's figures, workers ran {} and waited for a core {} of the last {}.",
        format_percent(demand.running as f64 / alive),
        format_percent(demand.queued as f64 / alive),
        analysis.span(),
    )
}
