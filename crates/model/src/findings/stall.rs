//! `stall` and `lost-wakeup`: workers that wait forever for something that no remaining worker can provide.

mod barrier;
mod blocking_lock;
mod fix;
mod missing_supply;

use self::missing_supply::{MissingSupply, describe_wait, missing_supplies};
use super::{Analysis, Finding, FindingSubject, Severity, format_count, orphaned_lock};
use crate::{Stall, WaitEdge, all_stuck_sentence, join_names};
use contend_trace::{FindingId, ResourceId, ResourceKind, Span, Stamp, WorkerId};

pub(super) const ID: &str = FindingId::Stall.as_str();
pub(super) const LOST_WAKEUP_ID: &str = FindingId::LostWakeup.as_str();

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    find_stall(analysis).into_iter().collect()
}

fn find_stall(analysis: &Analysis<'_>) -> Option<Finding> {
    let stall = analysis.model.settled_stall(analysis.now)?;
    // A later signal may be among lost events.
    let is_complete = analysis.model.health().lost == 0;
    // Which values a worker checks before it waits is known for the settings at the start only.
    let is_complete = is_complete && analysis.model.marks().is_empty();
    let missed =
        stall.workers.iter().filter(|_| is_complete).find_map(|worker| missed_signal(analysis, &stall, *worker));
    if let Some(missed) = missed {
        return Some(lost_wakeup(analysis, &stall, missed));
    }
    starved_pool(analysis, &stall).or_else(|| general_stall(analysis, &stall))
}

/// A signal that came before every present wait for its condition, and the first worker that waits.
#[derive(Debug, Clone, Copy)]
struct MissedSignal {
    worker: WorkerId,
    condition: ResourceId,
    signalled_at: Stamp,
}

/// Returns the signal that a worker missed: the newest of its condition, if it came before this wait and before all
/// others. If the worker that sent it waits there as well, the signal was not early: it woke the wrong worker. It is
/// not lost for a worker that it woke, nor for one that checks a value before it waits: that one saw the change.
fn missed_signal(analysis: &Analysis<'_>, stall: &Stall, worker: WorkerId) -> Option<MissedSignal> {
    let on = analysis.model.lane(worker).activity().resource?;
    let is_condition = matches!(analysis.model.registry().resource(on)?.kind, ResourceKind::Condition { .. });
    let (signal, sender) = analysis.model.signals(on)?.last_signal()?;
    let waiting = || stall.workers.iter().filter(|other| analysis.model.lane(**other).activity().resource == Some(on));
    let late = |other: &WorkerId| analysis.model.lane(*other).activity().since > signal;
    let is_missed = is_condition && waiting().all(late) && !waiting().any(|other| *other == sender);
    let guarded = analysis.model.registry().wakers_of(on).map_or(&[][..], |wakers| &wakers.predicate_waiters);
    let needs_it = |other: &&WorkerId| {
        let checks_first = guarded.iter().any(|lanes| lanes.contains(**other));
        !checks_first && !analysis.model.signals(on).is_some_and(|signals| signals.has_woken_since(**other, signal))
    };
    let first = waiting().filter(needs_it).min_by_key(|other| analysis.model.lane(**other).activity().since)?;
    is_missed.then_some(MissedSignal { worker: *first, condition: on, signalled_at: signal })
}

/// Reports a pool whose workers all wait for results of tasks that are still in its queue.
fn starved_pool(analysis: &Analysis<'_>, stall: &Stall) -> Option<Finding> {
    let is_stuck = |worker: &WorkerId| stall.workers.contains(worker);
    let found = analysis.pools().find(|(_, info, pool)| {
        let present = || info.workers.iter().filter(|worker| analysis.model.lane(**worker).is_in_life());
        let waits = |worker: &WorkerId| analysis.model.lane(*worker).activity().resource == info.results;
        let left = analysis.model.queue(info.queue).is_some_and(|queue| queue.depth() > 0);
        pool.worker_count() > 0
            && left
            && present().count() > 0
            && present().all(|worker| is_stuck(worker) && waits(worker))
    });
    let (_, info, pool) = found?;
    let (n, left) = (pool.worker_count(), analysis.model.queue(info.queue)?.depth());
    let (wait, them) = if n == 1 { ("waits", "it") } else { ("wait", "they") };
    let (tasks, stay) = (format_count(left.into(), "task"), if left == 1 { "stays" } else { "stay" });
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{} {wait} for results of tasks that only {them} can do; {tasks} {stay} in the queue.",
            all_workers(n as usize, &info.name)
        ),
        evidence: evidence(analysis, stall),
        fix: "Give the awaited tasks a pool of their own, or have more workers than waiting tasks.".into(),
        subject: Some(FindingSubject::Resource(info.queue)),
        at: Some(stall.at),
    })
}

fn lost_wakeup(analysis: &Analysis<'_>, stall: &Stall, missed: MissedSignal) -> Finding {
    let (who, on) = (analysis.worker_name(missed.worker), analysis.resource_name(missed.condition));
    Finding {
        id: LOST_WAKEUP_ID,
        severity: Severity::Error,
        sentence: format!(
            "{who} began to wait for {on} {} after its last signal: that one is lost, and no other will come.",
            analysis.model.lane(missed.worker).activity().since.span_since(missed.signalled_at)
        ),
        evidence: evidence(analysis, stall),
        fix: "Keep the state in a value, and check it under the mutex before each wait.".into(),
        subject: Some(FindingSubject::Resource(missed.condition)),
        at: Some(missed.signalled_at),
    }
}

/// Reports a stall by its cause: a blocking lock, a barrier at which too few can meet, lost results, an orphaned lock;
/// otherwise whatever the first worker lacks.
fn general_stall(analysis: &Analysis<'_>, stall: &Stall) -> Option<Finding> {
    let things = missing_supplies(analysis, stall);
    let all = stall.workers.len();
    let finding = |(sentence, named): (String, usize), fix: String, about: ResourceId| Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!("{sentence} {}", all_stuck_sentence(named, all)),
        evidence: evidence(analysis, stall),
        fix,
        subject: Some(FindingSubject::Resource(about)),
        at: Some(stall.at),
    };
    if let Some(held) = blocking_lock::find_blocking_lock(analysis, stall) {
        return Some(finding((held.sentence(analysis), 2), held.fix(analysis), held.resource()));
    }
    if let Some(too_few) = barrier::find_incomplete_barrier(analysis, stall, &things) {
        return Some(finding(
            (too_few.sentence(analysis), too_few.arrived),
            too_few.fix(analysis),
            too_few.supply.resource,
        ));
    }
    if let Some((sentence, results)) = lost_result_sentence(analysis, stall, &things) {
        return Some(finding(sentence, "Retry the task when its worker dies, or fail its result.".into(), results));
    }
    // The root cause: a supply whose suppliers have all ended, or a lock whose holder has ended.
    let abandoned = things.iter().find(|thing| thing.has_no_supplier(analysis));
    let orphan = orphaned_edge(analysis, stall).filter(|_| abandoned.is_none());
    if let Some(edge) = orphan
        && !has_own_finding(analysis, edge)
    {
        let fix = "Release it on every exit path, including failures.".into();
        return Some(finding(orphan_sentence(analysis, stall, edge), fix, edge.lock));
    }
    let thing = *abandoned.or(things.first())?;
    let waiters = thing.waiters(analysis, stall);
    let what = waiters.first().and_then(|worker| describe_wait(analysis, *worker));
    let what = what.unwrap_or_else(|| thing.describe(analysis));
    let (names, wait) = waiter_names(analysis, waiters);
    let (fate, named) = thing.describe_suppliers(analysis);
    let sentence = format!("{} {wait} for {what}; {fate}.", join_names(&names));
    let fix = orphan.map_or_else(
        || fix::suggest_fix(analysis, thing),
        |edge| format!("Release {} on every exit path.", analysis.resource_name(edge.lock)),
    );
    Some(finding((sentence, names.len() + named), fix, thing.resource))
}

/// Returns a wait for a lock whose holder has ended.
fn orphaned_edge(analysis: &Analysis<'_>, stall: &Stall) -> Option<WaitEdge> {
    let edges = stall.workers.iter().flat_map(|worker| analysis.model.blockers(*worker).edges);
    edges.into_iter().find(|edge| !analysis.model.lane(edge.holder).is_alive())
}

/// Whether an orphaned lock has a finding of its own.
fn has_own_finding(analysis: &Analysis<'_>, edge: WaitEdge) -> bool {
    orphaned_lock::find(analysis).iter().any(|finding| finding.subject == Some(FindingSubject::Resource(edge.lock)))
}

fn orphan_sentence(analysis: &Analysis<'_>, stall: &Stall, edge: WaitEdge) -> (String, usize) {
    let waits = |worker: &WorkerId| analysis.model.lane(*worker).activity().resource == Some(edge.lock);
    let (names, wait) = waiter_names(analysis, stall.workers.iter().copied().filter(waits));
    let (lock, holder) = (analysis.resource_name(edge.lock), analysis.worker_name(edge.holder));
    (format!("{} {wait} for {lock}, which {holder} ended without releasing.", join_names(&names)), names.len())
}

/// Reports waits for results of a pool that lost tasks with their workers.
fn lost_result_sentence(
    analysis: &Analysis<'_>,
    stall: &Stall,
    things: &[MissingSupply],
) -> Option<((String, usize), ResourceId)> {
    let mut lossy = analysis.pools().filter(|(_, _, pool)| pool.lost() > 0);
    let (thing, info, lost) = lossy.find_map(|(_, info, pool)| {
        let thing = things.iter().find(|thing| Some(thing.resource) == info.results)?;
        Some((*thing, info, pool.lost()))
    })?;
    let (names, wait) = waiter_names(analysis, thing.waiters(analysis, stall));
    let was = if lost == 1 { "was lost with its worker" } else { "were lost with their workers" };
    let sentence =
        format!("{} {wait} for a result of {}; {} {was}.", join_names(&names), info.name, format_count(lost, "task"));
    Some(((sentence, names.len()), thing.resource))
}

/// `The only worker of p`, `Both workers of p`, `All 3 workers of p`.
fn all_workers(n: usize, pool: &str) -> String {
    match n {
        1 => format!("The only worker of {pool}"),
        2 => format!("Both workers of {pool}"),
        n => format!("All {n} workers of {pool}"),
    }
}

/// Names of waiting workers, and the verb after them.
fn waiter_names<'a>(
    analysis: &Analysis<'a>,
    workers: impl IntoIterator<Item = WorkerId>,
) -> (Vec<&'a str>, &'static str) {
    let names: Vec<&str> = workers.into_iter().map(|worker| analysis.worker_name(worker)).collect();
    let wait = if names.len() == 1 { "waits" } else { "wait" };
    (names, wait)
}

/// Says when the stall was complete, and how many workers wait for each thing.
fn evidence(analysis: &Analysis<'_>, stall: &Stall) -> String {
    let mut waits: Vec<(ResourceId, Option<String>, u64)> = Vec::new();
    for worker in &stall.workers {
        let Some(on) = analysis.model.lane(*worker).activity().resource else { continue };
        let thing = describe_wait(analysis, *worker);
        match waits.iter_mut().find(|(other, what, _)| (*other, what as &Option<String>) == (on, &thing)) {
            Some((.., n)) => *n += 1,
            None => waits.push((on, thing, 1)),
        }
    }
    let texts = waits.into_iter().map(|(on, thing, n)| {
        let wait = if n == 1 { "waits" } else { "wait" };
        let what = thing.unwrap_or_else(|| analysis.resource_name(on).to_owned());
        format!("{} {wait} for {what}", format_count(n, "worker"))
    });
    let since = Span(stall.at.0);
    format!("Stalled {since} after the start: {}.", texts.collect::<Vec<_>>().join("; "))
}
