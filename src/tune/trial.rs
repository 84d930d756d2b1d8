//! One repetition: a run of its own, warmed up, then measured.

use std::cell::RefCell;
use std::ops::ControlFlow;

use crossbeam_channel::never;

use super::figures::{Begin, Repetition};
use super::work::Work;
use crate::model::{Model, listed};
use crate::report::{Run, follow};
use crate::trace::{RunEnd, Span, Stamp, WorkerId};

/// Work that each worker must have done before a window is long enough: shorter ones cut off too much at their edges.
const EACH: u64 = 50;

/// Tasks that a window must have room for, one after the other: with fewer its length is a matter of chance.
const IN_A_ROW: f64 = 6.0;

/// So many deadlocks are named.
const TOLD: usize = 3;
const LONGEST_WARM: Span = Span::millis(2_000);

/// Parts of a window that lasts.
const SLICES: usize = 10;

/// How long one repetition takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Not counted: workers start, caches fill.
    pub warm: Span,
    /// Measured at least so long,
    pub least: Span,
    /// and at most, when the work takes its time.
    pub most: Span,
    /// Equal parts of the window whose rates are kept apart.
    pub slices: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self { warm: Span::millis(250), least: Span::millis(500), most: Span::millis(2_000), slices: 2 }
    }
}

impl Timing {
    /// The same, but long enough for several tasks of such a length in a row.
    pub(super) fn for_tasks_of(self, repetition: &Repetition) -> Self {
        let task = repetition.service.map_or(0.0, |service| service.p50);
        Self { most: self.most.max(Span((task * IN_A_ROW) as u64)), ..self }
    }

    /// The same, but measured at least so long, in more parts, and warmed up for longer as well: a queue needs time to
    /// become as long as it is on average.
    pub(super) fn lasting(self, least: Span) -> Self {
        let warm = self.warm.max(Span(least.0 / 4)).min(LONGEST_WARM);
        Self { warm, least, most: self.most.max(least), slices: SLICES }
    }
}

/// What became of a repetition.
#[derive(Debug)]
pub enum Tried {
    Measured(Box<Repetition>, Box<Model>),
    /// It cannot do its work at this level; says why.
    Failed(String, Box<Model>),
    Stopped,
}

/// Follows a run for a repetition. `workers` of them share the work; tasks that take longer than `limit` are late; `stop`
/// ends it before.
pub fn try_once(
    run: &impl Run,
    work: &Work,
    workers: u64,
    timing: Timing,
    limit: Option<Span>,
    stop: impl Fn() -> bool,
) -> Tried {
    let state = RefCell::new(State::default());
    let enough = workers.saturating_mul(EACH);
    let longest = timing.warm + timing.most + timing.most;
    let followed = follow(run, Some(longest), &never(), |model, now| {
        let mut state = state.borrow_mut();
        let flow = state.look(model, work, now, timing, enough, &stop);
        if flow.is_break() {
            state.late = limit.and_then(|limit| state.begin.as_ref()?.late(model, work, limit));
        }
        flow
    });
    let mut state = state.into_inner();
    let model = Box::new(followed.model);
    if state.stopped {
        return Tried::Stopped;
    }
    if let RunEnd::Crashed(why) = &followed.ended {
        return Tried::Failed(why.clone(), model);
    }
    if let Some(why) = state.failed.take().or_else(|| stuck(&model)) {
        return Tried::Failed(why, model);
    }
    // A batch that came to its end before the window did is measured whole.
    let whole = || Begin::of(&Model::new(run.cast(), crate::model::Budget::default()), work, Stamp::default());
    let mut measured = state.done.take().unwrap_or_else(|| {
        let ended = model.ended().map_or(followed.at, |(at, _)| at);
        state
            .begin
            .take()
            .filter(|begin| work.done(&model) > begin.done())
            .unwrap_or_else(whole)
            .until(&model, work, ended)
    });
    measured.late = state.late;
    measured.slices = slices(&state.marks, timing.slices);
    if measured.done == 0 {
        let failures = if measured.failed > 0 { ": every one failed" } else { "" };
        return Tried::Failed(format!("not one {} was done in {longest}{failures}", work.word()), model);
    }
    Tried::Measured(Box::new(measured), model)
}

#[derive(Default)]
struct State {
    /// What was done when it was last looked: a window begins and ends where something was just done, so that long tasks are
    /// not cut in two.
    seen: u64,
    begin: Option<Begin>,
    /// How much was done by when, from the begin of the window on.
    marks: Vec<(Stamp, u64)>,
    done: Option<Repetition>,
    late: Option<f64>,
    failed: Option<String>,
    stopped: bool,
}

impl State {
    fn look(
        &mut self,
        model: &Model,
        work: &Work,
        now: Stamp,
        timing: Timing,
        enough: u64,
        stop: &impl Fn() -> bool,
    ) -> ControlFlow<()> {
        self.stopped = stop();
        self.failed = stuck(model);
        if self.stopped || self.failed.is_some() {
            return ControlFlow::Break(());
        }
        let now = model.through().unwrap_or(now);
        let done = work.done(model);
        let just = done > self.seen;
        self.seen = done;
        let Some(begin) = &self.begin else {
            if now.since(Stamp::default()) >= timing.warm && just {
                self.begin = Some(Begin::of(model, work, now));
                self.marks.push((now, done));
            }
            return ControlFlow::Continue(());
        };
        if just {
            self.marks.push((now, done));
        }
        let passed = now.since(begin.at());
        let did = done.saturating_sub(begin.done());
        if just && (passed >= timing.most || (passed >= timing.least && did >= enough)) {
            self.done = Some(begin.until(model, work, now));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Rates in equal parts of the time between the first mark and the last. Between two marks work is taken to be done
/// evenly, so that tasks which end at equal distances make equal parts.
fn slices(marks: &[(Stamp, u64)], count: usize) -> Vec<f64> {
    let (Some((from, _)), Some((to, _))) = (marks.first(), marks.last()) else { return Vec::new() };
    let each = to.since(*from).0 as f64 / count as f64;
    if each <= 0.0 {
        return Vec::new();
    }
    let done_by = |ns: f64| {
        let after = |mark: &(Stamp, u64)| mark.0.since(*from).0 as f64;
        let next = marks.partition_point(|mark| after(mark) < ns).clamp(1, marks.len() - 1);
        let (a, b) = (&marks[next - 1], &marks[next]);
        let part = (ns - after(a)) / (after(b) - after(a)).max(1.0);
        a.1 as f64 + (b.1 - a.1) as f64 * part.clamp(0.0, 1.0)
    };
    let ends: Vec<f64> = (0..=count).map(|end| done_by(each * end as f64)).collect();
    ends.windows(2).map(|pair| (pair[1] - pair[0]) / each * 1e9).collect()
}

/// Why it can never go on, if it cannot.
fn stuck(model: &Model) -> Option<String> {
    let names = |set: &[WorkerId]| listed(&set.iter().map(|id| model.cast().worker_name(*id)).collect::<Vec<_>>());
    let deadlocks = model.deadlocks().iter().map(|found| format!("deadlock of {}", names(&found.set)));
    let stall = model.stall().map(|found| format!("stall: {} wait forever", names(&found.set)));
    let mut all: Vec<String> = deadlocks.chain(stall).collect();
    let more = all.len().saturating_sub(TOLD);
    all.truncate(TOLD);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_at_equal_distances_make_equal_slices() {
        for tasks in [3, 7, 50] {
            let marks: Vec<_> = (0..=tasks).map(|nth| (Stamp(1_000) + Span::millis(nth * 40), nth)).collect();
            let found = slices(&marks, 2);
            assert!(found.len() == 2 && found.iter().all(|rate| (rate - 25.0).abs() < 1e-6), "{tasks}: {found:?}");
        }
        assert!(slices(&[], 2).is_empty() && slices(&[(Stamp(5), 1)], 2).is_empty());
    }

    #[test]
    fn slices_show_a_rate_that_falls() {
        let marks: Vec<_> = [(0, 0), (100, 40), (200, 80), (300, 90), (400, 100)]
            .map(|(ms, done)| (Stamp(0) + Span::millis(ms), done))
            .to_vec();
        assert_eq!(slices(&marks, 2), [400.0, 100.0]);
    }
}
