//! `unfed-queue`: workers of a user's program wait at an empty queue, and every worker that was seen to feed it
//! has ended. Others may feed it that have not done so yet, so this is observed and no proof.

use super::{Analysis, Finding, FindingSubject, Severity, format_amount, format_count};
use crate::{Queue, join_names};
use contend_trace::{FindingId, ResourceId, Span, Stamp, State, WorkerId};

pub(super) const ID: &str = FindingId::UnfedQueue.as_str();

/// Most workers named.
const MAX_NAMED: usize = 3;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let registry = analysis.model.registry();
    if !registry.is_open || !analysis.is_lossless() {
        return Vec::new(); // a feeder may be among lost events
    }
    // The tasks of a pool come when the program wants it.
    let of_pool = |id: ResourceId| analysis.pools().any(|(_, info, _)| info.queue == id);
    let queues = registry.queues_and_pipes().filter(|id| !of_pool(*id));
    queues.filter_map(|id| check_queue(analysis, id, analysis.model.queue(id)?)).collect()
}

fn check_queue(analysis: &Analysis<'_>, id: ResourceId, queue: &Queue) -> Option<Finding> {
    let (feeders, takers) = (queue.users().givers()?, queue.users().takers()?);
    if queue.depth() > 0 || feeders.is_empty() || !feeders.iter().all(|worker| is_over(analysis, *worker)) {
        return None;
    }
    let last_end = feeders.iter().filter_map(|worker| ended_at(analysis, *worker)).max().unwrap_or_default();
    let waiters = waiters(analysis, id);
    let since = waiters.iter().map(|worker| analysis.model.lane(*worker).activity().since).min()?;
    let wait = analysis.now.span_since(since.max(last_end));
    if wait < Span::from_secs(analysis.thresholds.unfed_queue) {
        return None;
    }
    let (name, wait_word) = (analysis.resource_name(id), if waiters.len() == 1 { "waits" } else { "wait" });
    let others = present_others(analysis, &waiters);
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} {wait_word} at {name}, which is empty; {}.",
            named(analysis, &waiters),
            describe_feeders(analysis, &feeders.iter().copied().collect::<Vec<_>>()),
        ),
        evidence: format!(
            "Observed for {wait}, not proven: {} never seen to feed it. {} put, {} taken.",
            if others == 1 { "1 other worker is alive and was".into() } else { other_workers(others) },
            format_amount(queue.put_count() as f64, "item"),
            queue.taken_count(),
        ),
        fix: if takers.len() > 1 {
            "Put one end mark, such as None, for each consumer; or make consumers give up after a time.".into()
        } else {
            "Put an end mark, such as None, when nothing more comes; or make the consumer give up after a time.".into()
        },
        subject: Some(FindingSubject::Resource(id)),
        at: Some(since),
    })
}

fn other_workers(count: u64) -> String {
    format!("{} are alive and were", format_count(count, "other worker"))
}

/// Returns the workers that wait for an item without a time limit.
fn waiters(analysis: &Analysis<'_>, queue: ResourceId) -> Vec<WorkerId> {
    let waits = |(i, lane): (usize, &crate::Lane)| {
        let activity = lane.activity();
        let is_waiting = activity.state == State::Empty && activity.resource == Some(queue);
        (is_waiting && !lane.is_supply_wait_timed()).then(|| WorkerId::from(i))
    };
    analysis.model.lanes.entries().filter_map(waits).collect()
}

fn is_over(analysis: &Analysis<'_>, worker: WorkerId) -> bool {
    analysis.model.lanes.get(worker.index()).is_none_or(|_| analysis.is_gone(worker))
}

fn ended_at(analysis: &Analysis<'_>, worker: WorkerId) -> Option<Stamp> {
    analysis.model.lanes.get(worker.index()).map(|lane| lane.activity().since)
}

/// Returns how many workers are present beside the waiters.
fn present_others(analysis: &Analysis<'_>, waiters: &[WorkerId]) -> u64 {
    let present =
        analysis.model.lanes.entries().filter(|(i, lane)| lane.is_in_life() && !waiters.contains(&WorkerId::from(*i)));
    present.count() as u64
}

fn describe_feeders(analysis: &Analysis<'_>, feeders: &[WorkerId]) -> String {
    match feeders {
        [one] => format!("the only worker seen to feed it, {}, has ended", analysis.worker_name(*one)),
        many => format!("all {} workers seen to feed it have ended", many.len()),
    }
}

/// `a`, `a and b`, `5 workers`.
fn named(analysis: &Analysis<'_>, workers: &[WorkerId]) -> String {
    if workers.len() > MAX_NAMED {
        return format_count(workers.len() as u64, "worker");
    }
    join_names(&workers.iter().map(|worker| analysis.worker_name(*worker)).collect::<Vec<_>>())
}
