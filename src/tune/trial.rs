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

/// How long one repetition takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Not counted: workers start, caches fill.
    pub warm: Span,
    /// Measured at least so long,
    pub least: Span,
    /// and at most, when the work takes its time.
    pub most: Span,
}

impl Default for Timing {
    fn default() -> Self {
        Self { warm: Span::millis(250), least: Span::millis(500), most: Span::millis(2_000) }
    }
}

impl Timing {
    /// The same, but long enough for several tasks of such a length in a row.
    pub(super) fn for_tasks_of(self, repetition: &Repetition) -> Self {
        let task = repetition.service.map_or(0.0, |service| service.p50);
        Self { most: self.most.max(Span((task * IN_A_ROW) as u64)), ..self }
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

/// Follows a run for a repetition. `workers` of them share the work; `stop` ends it before.
pub fn try_once(run: &impl Run, work: &Work, workers: u64, timing: Timing, stop: impl Fn() -> bool) -> Tried {
    let state = RefCell::new(State { seen: 0, begin: None, done: None, failed: None, stopped: false });
    let enough = workers.saturating_mul(EACH);
    let longest = timing.warm + timing.most + timing.most;
    let followed = follow(run, Some(longest), &never(), |model, now| {
        state.borrow_mut().look(model, work, now, timing, enough, &stop)
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
    let measured = state.done.take().unwrap_or_else(|| {
        let ended = model.ended().map_or(followed.at, |(at, _)| at);
        state
            .begin
            .take()
            .filter(|begin| work.done(&model) > begin.done())
            .unwrap_or_else(whole)
            .until(&model, work, ended)
    });
    if measured.done == 0 {
        let failures = if measured.failed > 0 { ": every one failed" } else { "" };
        return Tried::Failed(format!("not one {} was done in {longest}{failures}", work.word()), model);
    }
    Tried::Measured(Box::new(measured), model)
}

struct State {
    /// What was done when it was last looked: a window begins and ends where something was just done, so that long tasks are
    /// not cut in two.
    seen: u64,
    begin: Option<Begin>,
    done: Option<Repetition>,
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
            }
            return ControlFlow::Continue(());
        };
        let passed = now.since(begin.at());
        let did = done.saturating_sub(begin.done());
        if just && (passed >= timing.most || (passed >= timing.least && did >= enough)) {
            self.done = Some(begin.until(model, work, now));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
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
