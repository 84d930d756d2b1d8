//! A small preview of a scenario for the picker: its steps simulated with exact times and a core for each worker.
//!
//! It gives an idea of the picture and is not a forecast, because a real scheduler decides differently.

mod attempt;
mod locks;
mod pipe;
mod pool;
mod shared_steps;
mod sim_resources;
mod simulator;
mod spawn_join;
mod steps;

use crate::model::{CellWindow, StateTimes};
use crate::scenario::{Arrivals, EvalContext, Feed, Pace, PoolSpec, Scenario, Settings, Step};
use crate::trace::{KnobId, Span, Stamp};
use simulator::{Simulator, Workload};

/// Most workers that are simulated; only some of them are shown.
const MAX_WORKERS: u32 = 24;

/// Cells of a step of typical length.
const CELLS_A_STEP: u64 = 4;

/// One lane of the preview.
pub(super) struct PreviewLane {
    pub(super) name: String,
    pub(super) cells: Vec<StateTimes>,
}

/// The knobs' values, and the position of one worker in its group.
#[derive(Clone, Copy)]
struct WorkerPosition<'a> {
    settings: &'a Settings,
    index: u32,
    count: u32,
}

impl EvalContext for WorkerPosition<'_> {
    fn knob(&self, knob: KnobId) -> f64 {
        self.settings.number(knob)
    }

    fn worker_position(&self) -> (u32, u32) {
        (self.index, self.count)
    }
}

/// Simulates a scenario; returns at most `lanes` lanes of `cells` cells.
pub(super) fn build_preview(scenario: &Scenario, lanes: usize, cells: usize) -> Vec<PreviewLane> {
    let settings = scenario.default_settings();
    let mut simulator = Simulator::new(scenario, &settings);
    let of_run = WorkerPosition { settings: &settings, index: 0, count: 1 };
    let groups = scenario.groups.iter().enumerate().map(|(i, w)| (&w.name, &w.count, Workload::once(&w.steps, i)));
    let pools = scenario.pools.iter().enumerate().map(|(i, p)| (&p.name, &p.workers, Workload::tasks(&p.task, i)));
    let mut names = Vec::new();
    for (name, count, work) in groups.chain(pools) {
        let count = (count.eval(&of_run) as u32).clamp(1, MAX_WORKERS);
        for index in 0..count {
            names.push(if count == 1 { name.clone() } else { format!("{name}-{}", index + 1) });
            simulator.add_worker(WorkerPosition { settings: &settings, index, count }, work);
        }
    }
    let cell = cell_length(scenario, &of_run);
    let end = Stamp(cell.0.saturating_mul(cells as u64));
    simulator.run_until(end);
    let window = CellWindow { from: Stamp(0), to: end, cells };
    let drawn = names.into_iter().zip(simulator.lane_cells(&window));
    drawn.take(lanes).map(|(name, cells)| PreviewLane { name, cells }).collect()
}

/// Returns how many tasks of a pool are due by `t`, and when the next one is.
fn tasks_due(pool: &PoolSpec, place: &WorkerPosition<'_>, t: u64) -> (u64, u64) {
    let most = match &pool.feed {
        Feed::Batch { count } => count.eval(place) as u64,
        Feed::OpenLoop(_)
        | Feed::Clients { .. }
        | Feed::Submitted
        | Feed::Files { .. }
        | Feed::Words { .. }
        | Feed::Trace { .. } => u64::MAX,
    };
    let ((Feed::OpenLoop(Arrivals { rate, .. }), _) | (_, Pace::Rate(rate))) = (&pool.feed, &pool.pace) else {
        return (most, u64::MAX);
    };
    let every = ((1e9 / rate.eval(place).max(1e-3)) as u64).max(1);
    let so_far = t / every + 1;
    if so_far < most { (so_far, so_far.saturating_mul(every)) } else { (most, u64::MAX) }
}

/// Returns a cell's length: a fraction of the longer steps, so that their order is visible.
fn cell_length(scenario: &Scenario, place: &WorkerPosition<'_>) -> Span {
    let mut times = Vec::new();
    let groups = scenario.groups.iter().map(|w| &w.steps).chain(scenario.pools.iter().map(|p| &p.task));
    groups.for_each(|steps| collect_durations(steps, place, &mut times));
    times.sort_unstable();
    let longer = times.get(times.len() / 2).copied().unwrap_or(simulator::THUMBNAIL_TIME.0);
    Span((longer / CELLS_A_STEP).max(1_000))
}

fn collect_durations(steps: &[Step], place: &WorkerPosition<'_>, out: &mut Vec<u64>) {
    for step in steps {
        match step {
            Step::Compute(time) | Step::Sleep(time) | Step::Io(time) => {
                let ns = time.eval(place) as u64;
                out.extend((ns > 0).then_some(ns));
            }
            Step::Lock { body, .. } | Step::Repeat { body, .. } | Step::Forever(body) | Step::TryLock { body, .. } => {
                collect_durations(body, place, out);
            }
            Step::When { knob, value, body, otherwise } => {
                collect_durations(if place.knob_equals(*knob, *value) { body } else { otherwise }, place, out);
            }
            _ => {}
        }
    }
}
