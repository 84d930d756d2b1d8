//! A task that keeps a thread of its event loop while others could go on.

use std::cmp::Reverse;

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_thousands};
use crate::lane::Interval;
use contend_trace::{Span, State, WorkerId, WorkerKind};

pub(super) const ID: &str = "loop-blocked";

/// A turn this long is noticed by people: a long task, as <https://www.w3.org/TR/longtasks-1/> calls it.
const LONG: Span = Span::from_millis(50);

/// Once is an accident.
const TIMES: usize = 3;

/// Part of somebody's wait for a turn that one turn of another must fill to be its cause.
const FILLS: f64 = 0.9;

/// Part of a turn without a CPU beyond which it is not the task that is slow.
const PREEMPTED: f64 = 0.5;

/// Turns of one task that others waited for.
struct BlockingTask {
    worker: WorkerId,
    turns: Vec<Interval>,
    waiters: Vec<WorkerId>,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Option<Finding> {
    // A wait whose end was lost looks as if it had blocked the thread.
    if !analysis.is_lossless() {
        return None;
    }
    let waits: Vec<(WorkerId, Interval)> = loop_tasks(analysis)
        .flat_map(|id| analysis.model.lane(id).loop_waits(analysis.from, analysis.now).map(move |wait| (id, wait)))
        .filter(|(_, wait)| wait.duration() >= LONG)
        .collect();
    if waits.is_empty() {
        return None;
    }
    let worst = loop_tasks(analysis)
        .map(|id| blocking_turns(analysis, id, &waits))
        .max_by_key(|kept| (kept.turns.len(), Reverse(kept.worker)))?;
    (worst.turns.len() >= TIMES).then(|| blocking_finding(analysis, &worst))
}

fn loop_tasks<'a>(analysis: &'a Analysis<'_>) -> impl Iterator<Item = WorkerId> + 'a {
    let workers = analysis.model.registry().workers.iter().enumerate();
    workers.filter(|(_, worker)| worker.kind == WorkerKind::Async).map(|(i, _)| WorkerId::from(i))
}

/// The long turns of one task that fill the waits of others.
fn blocking_turns(analysis: &Analysis<'_>, by: WorkerId, waits: &[(WorkerId, Interval)]) -> BlockingTask {
    let lane = analysis.model.lane(by);
    let mut kept = BlockingTask { worker: by, turns: Vec::new(), waiters: Vec::new() };
    for turn in lane.loop_turns(analysis.from, analysis.now).into_iter().filter(|turn| turn.duration() >= LONG) {
        let fills = |wait: &Interval| turn.overlap(*wait).0 as f64 >= FILLS * wait.duration().0 as f64;
        let behind: Vec<WorkerId> =
            waits.iter().filter(|(who, wait)| *who != by && fills(wait)).map(|(who, _)| *who).collect();
        let preempted = lane.state_times(turn.from, turn.to, analysis.now).share(State::Ready) > PREEMPTED;
        if !behind.is_empty() && !preempted {
            kept.turns.push(turn);
            kept.waiters.extend(behind);
        }
    }
    kept.waiters.sort_unstable();
    kept.waiters.dedup();
    kept
}

fn blocking_finding(analysis: &Analysis<'_>, kept: &BlockingTask) -> Finding {
    let longest = kept.turns.iter().copied().max_by_key(|turn| turn.duration());
    let who = match kept.waiters.as_slice() {
        [one] => analysis.worker_name(*one).to_owned(),
        many => format!("{} others", format_thousands(many.len() as i64)),
    };
    Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} keeps a thread of the event loop for up to {} at a time, while {who} could go on.",
            analysis.worker_name(kept.worker),
            longest.map_or(Span(0), Interval::duration),
        ),
        evidence: format!(
            "In the newest {} it did so {}: whoever waited then waited for nothing else.",
            analysis.span(),
            format_count(kept.turns.len() as u64, "time"),
        ),
        fix: "Await the call, or hand it to a thread beside the loop. Work that computes gives way in between, or goes to a pool."
            .into(),
        subject: Some(FindingSubject::Worker(kept.worker)),
        at: longest.map(|turn| turn.from),
    }
}
