//! `loop-blocked`: a task that holds a thread of its event loop for long while other tasks are ready.

mod long_steps;

use std::cmp::Reverse;

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_percent};
use crate::lane::TurnInterval;
use contend_trace::{FindingId, Span, State, WorkerId, WorkerKind};

pub(super) const ID: &str = FindingId::LoopBlocked.as_str();

/// Least number of such turns: a single one may be an accident.
const MIN_TURNS: usize = 3;

/// Least share of a task's wait for its turn that one turn of another task fills, to count as its cause.
const MIN_FILLED_SHARE: f64 = 0.9;

/// Share of a turn without a CPU above which the machine is slow, not the task.
const MAX_PREEMPTED_SHARE: f64 = 0.5;

pub(super) const FIX: &str =
    "Await the call, or run it outside the loop. For CPU-heavy work, yield regularly or move it to a pool.";

/// The long turns of one task that others waited for.
struct BlockingTask {
    worker: WorkerId,
    turns: Vec<TurnInterval>,
    waiters: Vec<WorkerId>,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    if analysis.model.registry().is_open {
        return long_steps::find(analysis);
    }
    find_blocking_task(analysis).into_iter().collect()
}

fn find_blocking_task(analysis: &Analysis<'_>) -> Option<Finding> {
    // A wait whose end was lost looks like a turn that blocks the thread.
    if !analysis.is_lossless() {
        return None;
    }
    let min_turn = min_turn(analysis);
    let waits: Vec<(WorkerId, TurnInterval)> = loop_tasks(analysis)
        .flat_map(|id| analysis.model.lane(id).loop_waits(analysis.from, analysis.now).map(move |wait| (id, wait)))
        .filter(|(_, wait)| wait.duration() >= min_turn)
        .collect();
    if waits.is_empty() {
        return None;
    }
    let worst = loop_tasks(analysis)
        .map(|id| blocking_turns(analysis, id, &waits))
        .max_by_key(|kept| (kept.turns.len(), Reverse(kept.worker)))?;
    (worst.turns.len() >= MIN_TURNS).then(|| blocking_finding(analysis, &worst))
}

/// Shortest turn that users notice. By default a long task in the sense of <https://www.w3.org/TR/longtasks-1/>.
pub(super) fn min_turn(analysis: &Analysis<'_>) -> Span {
    Span::from_secs(analysis.thresholds.loop_blocked)
}

pub(super) fn loop_tasks<'a>(analysis: &'a Analysis<'_>) -> impl Iterator<Item = WorkerId> + 'a {
    let workers = analysis.model.registry().workers.iter().enumerate();
    workers.filter(|(_, worker)| worker.kind == WorkerKind::Async).map(|(i, _)| WorkerId::from(i))
}

/// Returns the long turns of one task that fill the waits of others.
fn blocking_turns(analysis: &Analysis<'_>, by: WorkerId, waits: &[(WorkerId, TurnInterval)]) -> BlockingTask {
    let (lane, min_turn) = (analysis.model.lane(by), min_turn(analysis));
    let mut kept = BlockingTask { worker: by, turns: Vec::new(), waiters: Vec::new() };
    for turn in lane.loop_turns(analysis.from, analysis.now).into_iter().filter(|turn| turn.duration() >= min_turn) {
        let fills = |wait: &TurnInterval| turn.overlap(*wait).0 as f64 >= MIN_FILLED_SHARE * wait.duration().0 as f64;
        let behind: Vec<WorkerId> =
            waits.iter().filter(|(who, wait)| *who != by && fills(wait)).map(|(who, _)| *who).collect();
        let preempted = lane.state_times(turn.from, turn.to, analysis.now).share(State::Ready) > MAX_PREEMPTED_SHARE;
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
        many => format_count(many.len() as u64, "other task"),
    };
    Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} holds an event-loop thread for up to {} at a time while {who} {} ready to run.",
            analysis.worker_name(kept.worker),
            longest.map_or(Span(0), TurnInterval::duration),
            if kept.waiters.len() == 1 { "is" } else { "are" },
        ),
        evidence: format!(
            "{} in the last {}; each filled at least {} of another task's wait.",
            format_count(kept.turns.len() as u64, "such turn"),
            analysis.span(),
            format_percent(MIN_FILLED_SHARE),
        ),
        fix: FIX.into(),
        subject: Some(FindingSubject::Worker(kept.worker)),
        at: longest.map(|turn| turn.from),
    }
}
