//! One repetition: starts measuring after a warm-up, and decides when the window is long enough.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::repetition::{Repetition, WindowStart};
use super::work_unit::WorkUnit;
use crate::model::{Model, join_names};
use crate::recording::Recorder;
use crate::report::{FollowOptions, follow_run};
use crate::source::EventSource;
use crate::trace::{RunEnd, Span, Stamp, WorkerId};

/// Units of work for each worker before a window is long enough: shorter windows cut off too much at their edges.
const MIN_WORK_PER_WORKER: u64 = 50;

/// Tasks of one worker that a window must have room for: with fewer its length is a matter of chance.
const MIN_TASKS_PER_WINDOW: f64 = 6.0;

/// Most deadlocks that a failure names.
const MAX_NAMED_DEADLOCKS: usize = 3;
const MAX_WARMUP: Span = Span::from_millis(2_000);

/// Slices of a long window.
const LONG_WINDOW_SLICES: usize = 10;

/// The durations of a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Time before the window, while workers start and caches fill.
    pub warmup: Span,
    /// Least length of the window.
    pub min_window: Span,
    /// Largest length of the window, for slow work.
    pub max_window: Span,
    /// Number of equal slices of the window with a rate each.
    pub slice_count: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            warmup: Span::from_millis(250),
            min_window: Span::from_millis(500),
            max_window: Span::from_millis(2_000),
            slice_count: 2,
        }
    }
}

impl Timing {
    /// Returns a timing whose window has room for several tasks of that length in a row.
    pub(super) fn for_tasks_of(self, repetition: &Repetition) -> Self {
        let task = repetition.service.map_or(0.0, |service| service.p50);
        Self { max_window: self.max_window.max(Span((task * MIN_TASKS_PER_WINDOW) as u64)), ..self }
    }

    /// Returns a timing with a longer window, more slices, and a longer warm-up: a queue needs time to reach its mean
    /// length.
    pub(super) fn with_min_window(self, least: Span) -> Self {
        let warm = self.warmup.max(Span(least.0 / 4)).min(MAX_WARMUP);
        Self {
            warmup: warm,
            min_window: least,
            max_window: self.max_window.max(least),
            slice_count: LONG_WINDOW_SLICES,
        }
    }
}

/// The outcome of a repetition.
#[derive(Debug)]
pub enum TrialOutcome {
    Measured(Box<Repetition>, Box<Model>),
    /// The scenario fails at this level, for this reason.
    Failed(String, Box<Model>),
    Stopped,
}

/// Follows a run for a repetition. `workers` workers share the work; tasks that take longer than `limit` are late;
/// `stop` ends it early. A repetition that is not complete within `time_left` is stopped.
pub fn run_trial(
    run: &dyn EventSource,
    recorder: Option<Recorder>,
    work: &WorkUnit,
    workers: u64,
    (timing, time_left): (Timing, Option<Span>),
    limit: Option<Span>,
    stop: impl Fn() -> bool,
) -> TrialOutcome {
    let state = RefCell::new(TrialProgress::default());
    let enough = workers.saturating_mul(MIN_WORK_PER_WORKER);
    let longest = timing.warmup + timing.max_window + timing.max_window;
    let cut_off = time_left.filter(|left| *left < longest);
    let options = FollowOptions { limit: Some(cut_off.unwrap_or(longest)), recorder, ..FollowOptions::default() };
    let finished = follow_run(run, options, |model, now| {
        let mut progress = state.borrow_mut();
        let flow = progress.observe(model, work, now, timing, enough, &stop);
        if flow.is_break() {
            progress.late_share =
                limit.and_then(|limit| progress.window_start.as_ref()?.late_share(model, work, limit));
        }
        flow
    });
    let mut state = state.into_inner();
    let model = Box::new(finished.model);
    if state.is_stopped {
        return TrialOutcome::Stopped;
    }
    if cut_off.is_some() && finished.ended == RunEnd::Time && state.finished.is_none() {
        return TrialOutcome::Stopped;
    }
    if let RunEnd::Crashed(why) = &finished.ended {
        return TrialOutcome::Failed(why.clone(), model);
    }
    if let Some(why) = state.failure.take().or_else(|| stuck_reason(&model)) {
        return TrialOutcome::Failed(why, model);
    }
    let measured = state.into_repetition(&model, run, work, (finished.ended_at, timing.slice_count));
    if measured.done == 0 {
        let failures = if measured.failed > 0 { ": all failed" } else { "" };
        return TrialOutcome::Failed(format!("no {} was done in {longest}{failures}", work.word()), model);
    }
    TrialOutcome::Measured(Box::new(measured), model)
}

#[derive(Default)]
struct TrialProgress {
    /// Work done at the last check. A window begins and ends just after a unit of work, so that it does not cut long
    /// tasks in two.
    last_done_count: u64,
    window_start: Option<WindowStart>,
    /// The work done by each time, from the start of the window on.
    marks: Vec<(Stamp, u64)>,
    finished: Option<Repetition>,
    late_share: Option<f64>,
    failure: Option<String>,
    is_stopped: bool,
}

impl TrialProgress {
    /// Returns the measurements, at the end of a run at `ended_at`. A batch that ended before its window is measured as
    /// a whole.
    fn into_repetition(
        mut self,
        model: &Model,
        run: &dyn EventSource,
        work: &WorkUnit,
        (ended_at, slice_count): (Stamp, usize),
    ) -> Repetition {
        let whole = || {
            let empty = Model::new(Arc::clone(&run.header().registry), crate::model::Budget::default());
            WindowStart::capture(&empty, work, Stamp::default())
        };
        let mut measured = self.finished.take().unwrap_or_else(|| {
            let ended = model.run_end().map_or(ended_at, |(at, _)| at);
            self.window_start
                .take()
                .filter(|begin| work.done_count(model) > begin.done())
                .unwrap_or_else(whole)
                .measure_until(model, work, ended)
        });
        measured.late_share = self.late_share;
        measured.slice_rates = slice_rates(&self.marks, slice_count);
        measured
    }

    fn observe(
        &mut self,
        model: &Model,
        work: &WorkUnit,
        now: Stamp,
        timing: Timing,
        enough: u64,
        stop: &impl Fn() -> bool,
    ) -> ControlFlow<()> {
        self.is_stopped = stop();
        self.failure = stuck_reason(model);
        if self.is_stopped || self.failure.is_some() {
            return ControlFlow::Break(());
        }
        let now = model.complete_until().unwrap_or(now);
        let done = work.done_count(model);
        let has_progress = done > self.last_done_count;
        self.last_done_count = done;
        let Some(begin) = &self.window_start else {
            if now.span_since(Stamp::default()) >= timing.warmup && has_progress {
                self.window_start = Some(WindowStart::capture(model, work, now));
                self.marks.push((now, done));
            }
            return ControlFlow::Continue(());
        };
        if has_progress {
            self.marks.push((now, done));
        }
        let passed = now.span_since(begin.at());
        let did = done.saturating_sub(begin.done());
        if has_progress && (passed >= timing.max_window || (passed >= timing.min_window && did >= enough)) {
            self.finished = Some(begin.measure_until(model, work, now));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Returns the rates in equal slices of the time between the first mark and the last. It assumes an even rate between
/// two marks, so tasks that end at equal distances give equal slices.
fn slice_rates(marks: &[(Stamp, u64)], count: usize) -> Vec<f64> {
    let (Some((from, _)), Some((to, _))) = (marks.first(), marks.last()) else { return Vec::new() };
    let each = to.span_since(*from).0 as f64 / count as f64;
    if each <= 0.0 {
        return Vec::new();
    }
    let done_by = |ns: f64| {
        let after = |mark: &(Stamp, u64)| mark.0.span_since(*from).0 as f64;
        let next = marks.partition_point(|mark| after(mark) < ns).clamp(1, marks.len() - 1);
        let (a, b) = (&marks[next - 1], &marks[next]);
        let part = (ns - after(a)) / (after(b) - after(a)).max(1.0);
        a.1 as f64 + (b.1 - a.1) as f64 * part.clamp(0.0, 1.0)
    };
    let ends: Vec<f64> = (0..=count).map(|end| done_by(each * end as f64)).collect();
    ends.windows(2).map(|pair| (pair[1] - pair[0]) / each * 1e9).collect()
}

/// Returns which workers are stuck forever.
pub(super) fn stuck_reason(model: &Model) -> Option<String> {
    let names =
        |set: &[WorkerId]| join_names(&set.iter().map(|id| model.registry().worker_name(*id)).collect::<Vec<_>>());
    let deadlocks = model.deadlocks().iter().map(|found| format!("deadlock of {}", names(&found.workers)));
    let wait = |workers: &[WorkerId]| if workers.len() == 1 { "waits" } else { "wait" };
    let stall = model.stall().map(|found| format!("stall: {} {} forever", names(&found.workers), wait(&found.workers)));
    let mut all: Vec<String> = deadlocks.chain(stall).collect();
    let more = all.len().saturating_sub(MAX_NAMED_DEADLOCKS);
    all.truncate(MAX_NAMED_DEADLOCKS);
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
            let marks: Vec<_> = (0..=tasks).map(|nth| (Stamp(1_000) + Span::from_millis(nth * 40), nth)).collect();
            let found = slice_rates(&marks, 2);
            assert!(found.len() == 2 && found.iter().all(|rate| (rate - 25.0).abs() < 1e-6), "{tasks}: {found:?}");
        }
        assert!(slice_rates(&[], 2).is_empty() && slice_rates(&[(Stamp(5), 1)], 2).is_empty());
    }

    #[test]
    fn repetition_that_the_budget_cuts_off_is_not_measured() {
        use crate::report::fixture::bank_registry;
        let trial = |time_left| {
            let bank = crate::source::ScriptedSource::new(bank_registry()).with_step(Span::from_millis(200));
            let work = WorkUnit::Acquisitions(crate::trace::ResourceId(0));
            run_trial(&bank, None, &work, 4, (Timing::default(), time_left), None, || false)
        };
        assert!(matches!(trial(Some(Span::from_millis(600))), TrialOutcome::Stopped));
        for enough in [None, Some(Span::from_millis(60_000))] {
            assert!(!matches!(trial(enough), TrialOutcome::Stopped));
        }
    }

    #[test]
    fn slices_show_a_rate_that_falls() {
        let marks: Vec<_> = [(0, 0), (100, 40), (200, 80), (300, 90), (400, 100)]
            .map(|(ms, done)| (Stamp(0) + Span::from_millis(ms), done))
            .to_vec();
        assert_eq!(slice_rates(&marks, 2), [400.0, 100.0]);
    }
}
