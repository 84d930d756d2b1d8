//! `loop-blocked` in a user's program: a coroutine whose step keeps its event loop from all others. Only the steps
//! are recorded, not since when other coroutines are ready, so it takes one that lasts long or several shorter ones.

use super::super::{Analysis, Finding, FindingSubject, Severity, format_count};
use super::{FIX, ID, loop_tasks, min_turn};
use crate::lane::TurnInterval;
use contend_trace::{Span, Stamp, State, WorkerId};

/// Least number of such steps, unless one lasts [`MIN_SINGLE`] times as long as the shortest that counts.
const MIN_STEPS: usize = 3;
const MIN_SINGLE: u64 = 4;

/// The long steps of one coroutine.
struct LongSteps {
    worker: WorkerId,
    steps: Vec<TurnInterval>,
    longest: TurnInterval,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let worst = loop_tasks(analysis).filter_map(|task| long_steps(analysis, task));
    worst.max_by_key(|found| found.longest.duration()).and_then(|found| finding(analysis, &found)).into_iter().collect()
}

/// Returns the long steps of a coroutine in the whole run, as far back as they are known, if they count.
fn long_steps(analysis: &Analysis<'_>, worker: WorkerId) -> Option<LongSteps> {
    let (lane, shortest) = (analysis.model.lane(worker), min_turn(analysis));
    let ends = lane.spans(Stamp(0), analysis.now).skip(1).map(|next| next.since).chain([analysis.now]);
    let spans = lane.spans(Stamp(0), analysis.now).zip(ends);
    let steps: Vec<TurnInterval> = spans
        .filter(|(span, _)| span.state == State::Running)
        .map(|(span, to)| TurnInterval { from: span.since, to })
        .filter(|step| step.duration() >= shortest)
        .collect();
    let longest = *steps.iter().max_by_key(|step| step.duration())?;
    let counts = steps.len() >= MIN_STEPS || longest.duration() >= Span(shortest.0.saturating_mul(MIN_SINGLE));
    counts.then_some(LongSteps { worker, steps, longest })
}

fn finding(analysis: &Analysis<'_>, found: &LongSteps) -> Option<Finding> {
    let LongSteps { worker, steps, longest } = found;
    let was_there = |other: &WorkerId| {
        let lane = analysis.model.lane(*other);
        let began = lane.began().is_some_and(|began| began < longest.to);
        other != worker && began && (lane.is_in_life() || lane.activity().since > longest.from)
    };
    let others = loop_tasks(analysis).filter(was_there).count() as u64;
    if others == 0 {
        return None;
    }
    let total = steps.iter().fold(Span(0), |sum, step| sum + step.duration());
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} held its event loop for {}: {} could not run.",
            analysis.worker_name(*worker),
            longest.duration(),
            format_count(others, "other task"),
        ),
        evidence: format!(
            "{} after the start; {} of at least {}, {total} in all.",
            Span(longest.from.0),
            format_count(steps.len() as u64, "step"),
            min_turn(analysis),
        ),
        fix: FIX.into(),
        subject: Some(FindingSubject::Worker(*worker)),
        at: Some(longest.from),
    })
}
