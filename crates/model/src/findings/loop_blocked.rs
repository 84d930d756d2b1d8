//! A task that keeps a thread of its event loop while others could go on.

use std::cmp::Reverse;

use super::{About, Finding, Look, Severity, count, thousands};
use crate::lane::Turn;
use contend_trace::{Span, State, WorkerId, WorkerKind};

pub(super) const ID: &str = "loop-blocked";

/// A turn this long is noticed by people: a long task, as <https://www.w3.org/TR/longtasks-1/> calls it.
const LONG: Span = Span::millis(50);

/// Once is an accident.
const TIMES: usize = 3;

/// Part of somebody's wait for a turn that one turn of another must fill to be its cause.
const FILLS: f64 = 0.9;

/// Part of a turn without a CPU beyond which it is not the task that is slow.
const PREEMPTED: f64 = 0.5;

/// Turns of one task that others waited for.
struct Kept {
    by: WorkerId,
    turns: Vec<Turn>,
    waited: Vec<WorkerId>,
}

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    // A wait whose end was lost looks as if it had blocked the thread.
    if !look.lossless() {
        return None;
    }
    let waits: Vec<(WorkerId, Turn)> = tasks(look)
        .flat_map(|id| look.model.lane(id).waits_for_turn(look.from, look.now).map(move |wait| (id, wait)))
        .filter(|(_, wait)| wait.lasted() >= LONG)
        .collect();
    if waits.is_empty() {
        return None;
    }
    let worst = tasks(look).map(|id| kept(look, id, &waits)).max_by_key(|kept| (kept.turns.len(), Reverse(kept.by)))?;
    (worst.turns.len() >= TIMES).then(|| tell(look, &worst))
}

fn tasks<'a>(look: &'a Look<'_>) -> impl Iterator<Item = WorkerId> + 'a {
    let workers = look.model.cast().workers.iter().enumerate();
    workers.filter(|(_, worker)| worker.kind == WorkerKind::Async).map(|(i, _)| WorkerId::from(i))
}

/// The long turns of one task that fill the waits of others.
fn kept(look: &Look<'_>, by: WorkerId, waits: &[(WorkerId, Turn)]) -> Kept {
    let lane = look.model.lane(by);
    let mut kept = Kept { by, turns: Vec::new(), waited: Vec::new() };
    for turn in lane.turns(look.from, look.now).into_iter().filter(|turn| turn.lasted() >= LONG) {
        let fills = |wait: &Turn| turn.covers(*wait).0 as f64 >= FILLS * wait.lasted().0 as f64;
        let behind: Vec<WorkerId> =
            waits.iter().filter(|(who, wait)| *who != by && fills(wait)).map(|(who, _)| *who).collect();
        let preempted = lane.shares(turn.from, turn.to, look.now).share(State::Ready) > PREEMPTED;
        if !behind.is_empty() && !preempted {
            kept.turns.push(turn);
            kept.waited.extend(behind);
        }
    }
    kept.waited.sort_unstable();
    kept.waited.dedup();
    kept
}

fn tell(look: &Look<'_>, kept: &Kept) -> Finding {
    let longest = kept.turns.iter().copied().max_by_key(|turn| turn.lasted());
    let who = match kept.waited.as_slice() {
        [one] => look.name(*one).to_owned(),
        many => format!("{} others", thousands(many.len() as i64)),
    };
    Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} keeps a thread of the event loop for up to {} at a time, while {who} could go on.",
            look.name(kept.by),
            longest.map_or(Span(0), Turn::lasted),
        ),
        evidence: format!(
            "In the newest {} it did so {}: whoever waited then waited for nothing else.",
            look.span(),
            count(kept.turns.len() as u64, "time"),
        ),
        cure: "Await the call, or hand it to a thread beside the loop. Work that computes gives way in between, or goes to a pool."
            .into(),
        about: Some(About::Worker(kept.by)),
        at: longest.map(|turn| turn.from),
    }
}
