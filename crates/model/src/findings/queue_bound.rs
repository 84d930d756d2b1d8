//! `queue-bound`: a queue or a pipe whose producers wait for room, because its consumers are slower.

use std::collections::BTreeSet;

use super::merge_similar::sort_worst_first;
use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_number, format_percent};
use crate::Queue;
use contend_trace::{FindingId, LaneRange, ResourceId, State, WorkerId};

pub(super) const ID: &str = FindingId::QueueBound.as_str();

/// Most of their time that consumers wait for an item, or for room in the next queue: beyond it, they are not the
/// slow ones.
const MAX_IDLE_SHARE: f64 = 0.20;

/// Least number of items taken: fewer mean that the queue stands still.
const MIN_TAKEN: u64 = 10;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    // Findings about pools cover their queues.
    let of_pool = |id: ResourceId| analysis.pools().any(|(_, info, _)| info.queue == id);
    sort_worst_first(
        analysis
            .model
            .registry()
            .queues_and_pipes()
            .filter(|id| !of_pool(*id))
            .filter_map(|id| check_queue(analysis, id)),
    )
}

fn check_queue(analysis: &Analysis<'_>, id: ResourceId) -> Option<(f64, Finding)> {
    let queue = analysis.model.queue(id)?;
    let (producers, consumers) = users(analysis, id, queue)?;
    let taken = queue.taken_between(analysis.from, analysis.now);
    let filled = f64::from(queue.depth()) >= 0.5 * f64::from(queue.capacity());
    if producers.is_empty() || consumers.is_empty() || taken < MIN_TAKEN || !filled {
        return None;
    }
    let alive = analysis.total_shares(producers.iter().copied()).alive_ns();
    let waits = queue.room_wait_ns(analysis.from, analysis.now) as f64 / alive.max(1) as f64;
    let work = analysis.total_shares(consumers.iter().copied());
    let idle = work.share(State::Empty) + work.share(State::Full);
    if waits < analysis.thresholds.queue_bound
        || idle > MAX_IDLE_SHARE
        || consumers.iter().chain(&producers).any(|worker| analysis.is_stuck(*worker))
    {
        return None;
    }
    let name = analysis.resource_name(id);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} {} {} of the time for room in {name}. Ceiling: the {}/s that {} {}.",
            format_count(producers.len() as u64, "producer"),
            if producers.len() == 1 { "waits" } else { "wait" },
            format_percent(waits),
            format_number(taken as f64 / analysis.span().as_secs_f64()),
            format_count(consumers.len() as u64, "consumer"),
            if consumers.len() == 1 { "takes" } else { "take" },
        ),
        evidence: format!(
            "Consumers wait only {} of their time, for an item or for room elsewhere.",
            format_percent(idle)
        ),
        fix: "Add consumers or make each item cheaper; a bigger queue only delays the wait.".into(),
        subject: Some(FindingSubject::Resource(id)),
        at: None,
    };
    Some((waits, finding))
}

/// Returns the workers present that put items, and those that take them: as the registry declares them, or as far as
/// they were seen in a user's program.
fn users(analysis: &Analysis<'_>, id: ResourceId, queue: &Queue) -> Option<(Vec<WorkerId>, Vec<WorkerId>)> {
    if let Some(wakers) = analysis.model.registry().wakers_of(id) {
        return Some((present_workers(analysis, &wakers.givers), present_workers(analysis, &wakers.takers)));
    }
    let present = |seen: &BTreeSet<WorkerId>| {
        let is_present = |worker: &WorkerId| analysis.model.lanes.get(worker.index()).is_some();
        seen.iter().copied().filter(|worker| is_present(worker) && !analysis.is_gone(*worker)).collect()
    };
    Some((present(queue.users().givers()?), present(queue.users().takers()?)))
}

/// Those of these workers that have not ended.
fn present_workers(analysis: &Analysis<'_>, of: &[LaneRange]) -> Vec<WorkerId> {
    let known = of.iter().flat_map(|lanes| lanes.known(analysis.model.lanes.len()).iter());
    let mut all: Vec<WorkerId> = known.filter(|w| !analysis.is_gone(*w)).collect();
    all.sort_unstable();
    all.dedup();
    all
}
