//! On which cores the workers of a claim ran, and whether these can show an effect that takes several physical cores.

use crate::model::{CoreLayout, CoresUsed, Model, join_names};
use crate::scenario::{Claim, MetricSubject, NeededCores, Scenario};
use crate::trace::format::{format_counted, format_number, format_percent};
use crate::trace::{Stamp, WorkerId};

/// Least share of the time in which workers must run on as many physical cores as a claim needs.
const MIN_SHARE_APART: f64 = 0.5;

/// Most workers whose cores are named one by one.
const MAX_NAMED_WORKERS: usize = 4;

/// Whether a claim is about a worker. A claim about a resource is about all workers.
pub(super) fn is_worker_of(model: &Model, scenario: &Scenario, claim: &Claim, worker: WorkerId) -> bool {
    let Some(info) = model.registry().worker(worker) else { return false };
    match claim.bare() {
        Claim::Measure { subject: MetricSubject::Workers(at), .. } => {
            scenario.groups.get(*at).is_some_and(|group| group.name == info.group)
        }
        Claim::Measure { subject: MetricSubject::Pool(at), .. } => {
            let pool = info.pool.and_then(|pool| model.registry().pools.get(pool.index()));
            scenario.pools.get(*at).zip(pool).is_some_and(|(declared, pool)| declared.name == pool.name)
        }
        _ => true,
    }
}

/// Returns why workers that should run on several cores at once cannot show an effect of that, if they cannot or it is
/// uncertain.
pub(super) fn too_few_cores_reason(
    model: &Model,
    is_meant: impl Fn(WorkerId) -> bool,
    needed: NeededCores,
    times: (Stamp, Stamp),
) -> Option<String> {
    let NeededCores { count, are_physical } = needed;
    let needs = format!("it takes {count} {} at once", if are_physical { "physical cores" } else { "cores" });
    let layout = model.cores().layout();
    let physical = layout.and_then(CoreLayout::physical_count).filter(|_| are_physical);
    if let Some(cores) = physical.filter(|cores| *cores < count as usize) {
        return Some(format!("{needs}, and this machine has {cores}"));
    }
    if let Some(usable) = model.registry().cores.filter(|usable| *usable < f64::from(count)) {
        return Some(format!("{needs}, and the run may use {}", format_number(usable)));
    }
    let used = model.cores().cores_used(is_meant, count as usize, are_physical, times);
    if used.intervals == 0 {
        return are_physical.then(|| format!("{needs}, and it is unknown on which cores the workers ran"));
    }
    let share = used.intervals_apart as f64 / used.intervals as f64;
    if share < MIN_SHARE_APART {
        return Some(format!("{needs}, and the workers ran on as many only {} of the time", format_percent(share)));
    }
    let is_uncertain = are_physical && layout.is_some_and(|layout| layout.is_virtual);
    is_uncertain.then(|| format!("{needs}, and on a virtual machine two cores may be threads of one physical core"))
}

/// Returns `a-1 on core 0 and a-2 on core 1`, or nothing if this is unknown.
pub(super) fn describe_cores(
    model: &Model,
    is_meant: impl Fn(WorkerId) -> bool,
    times: (Stamp, Stamp),
) -> Option<String> {
    let CoresUsed { by_worker, .. } = model.cores().cores_used(is_meant, 1, false, times);
    if by_worker.is_empty() {
        return None;
    }
    if by_worker.len() > MAX_NAMED_WORKERS {
        let mut cores: Vec<u16> = by_worker.iter().flat_map(|(_, cores)| cores).copied().collect();
        cores.sort_unstable();
        cores.dedup();
        return Some(format!("{} ran on {}", format_counted(by_worker.len() as u64, "worker"), core_list(&cores)));
    }
    let parts: Vec<String> = by_worker
        .iter()
        .map(|(worker, cores)| format!("{} on {}", model.registry().worker_name(*worker), core_list(cores)))
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Some(format!("ran: {}", parts.join(", ")))
}

/// Returns `core 0`, or `cores 0 and 1`.
fn core_list(cores: &[u16]) -> String {
    let numbers: Vec<String> = cores.iter().map(u16::to_string).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    format!("{} {}", if cores.len() == 1 { "core" } else { "cores" }, join_names(&numbers))
}
