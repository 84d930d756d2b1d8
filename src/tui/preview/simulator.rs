//! Simulates workers in virtual time: locks are fair, and computing takes exactly its time.

use std::collections::{BTreeSet, VecDeque};

use super::sim_resources::{LockClaim, SharedState, SimLock};
use super::{WorkerPosition, tasks_due};
use crate::model::{CellWindow, StateTimes};
use crate::scenario::{Choice, ResourceSpec, Scenario, Settings, Step, Target};
use crate::trace::{LockKind, Span, State};

/// Rough duration of a thumbnail.
pub(super) const THUMBNAIL_TIME: Span = Span::from_millis(20);

/// Most steps that are simulated: a preview need not be complete.
const MAX_STEPS: usize = 20_000;

/// Deepest nesting of steps.
const MAX_DEPTH: usize = 64;

/// What a worker does: its steps once, or tasks of a pool one after the other.
#[derive(Clone, Copy)]
pub(super) struct Workload<'a> {
    steps: &'a [Step],
    group: Option<usize>,
    pool: Option<usize>,
}

impl<'a> Workload<'a> {
    pub(super) const fn once(steps: &'a [Step], group: usize) -> Self {
        Self { steps, group: Some(group), pool: None }
    }

    pub(super) const fn tasks(steps: &'a [Step], pool: usize) -> Self {
        Self { steps, group: None, pool: Some(pool) }
    }
}

/// A body of steps that is being played.
struct StepFrame<'a> {
    steps: &'a [Step],
    next: usize,
    /// How many repetitions remain.
    repeats_left: u64,
    /// The lock to release at its end.
    lock_to_release: Option<LockClaim>,
}

struct SimWorker<'a> {
    position: WorkerPosition<'a>,
    work: Workload<'a>,
    frames: Vec<StepFrame<'a>>,
    /// Until when it stays in the state of its last span; `None` while it waits for a lock, or forever.
    busy_until: Option<u64>,
    /// States with the time at which each began.
    spans: Vec<(u64, State)>,
    /// Workers that wait for its end.
    joiners: Vec<usize>,
}

/// Capacity of an rwlock, which bounds its readers.
pub(super) const RWLOCK_CAPACITY: u64 = 1 << 20;

pub(super) struct Simulator<'a> {
    pub(super) scenario: &'a Scenario,
    /// The first lock of each resource, and how many it has.
    lock_ranges: Vec<(usize, usize)>,
    pub(super) locks: Vec<SimLock>,
    /// Resources that are not locks, with the same indices.
    pub(super) shared: Vec<SharedState>,
    workers: Vec<SimWorker<'a>>,
    /// Groups whose workers are spawned by others.
    spawned: BTreeSet<usize>,
    /// Tasks taken from each pool.
    tasks_taken: Vec<u64>,
}

impl<'a> Simulator<'a> {
    pub(super) fn new(scenario: &'a Scenario, settings: &'a Settings) -> Self {
        let place = WorkerPosition { settings, index: 0, count: 1 };
        let (mut arrays, mut locks, mut shared) = (Vec::new(), Vec::new(), Vec::new());
        for resource in &scenario.resources {
            let count = (resource.count.eval(&place) as usize).clamp(1, 1_024);
            arrays.push((locks.len(), count));
            let mut room = 1;
            let open = match &resource.spec {
                ResourceSpec::Mutex { kind: Choice::Fixed(kind) } => *kind == LockKind::Off,
                ResourceSpec::Mutex { kind: Choice::Knob(knob, of) } => {
                    of.get(settings.number(*knob) as usize) == Some(&LockKind::Off)
                }
                ResourceSpec::Semaphore { permits } => {
                    room = permits.eval(&place) as u64;
                    false
                }
                ResourceSpec::Rwlock { .. } => {
                    room = RWLOCK_CAPACITY;
                    false
                }
                _ => true,
            };
            let one = SharedState::new(&resource.spec, &place);
            shared.extend((0..count).map(|_| one.clone()));
            locks.extend((0..count).map(|_| SimLock {
                free: room,
                capacity: room,
                is_open: open,
                waiters: VecDeque::new(),
            }));
        }
        Self {
            scenario,
            lock_ranges: arrays,
            locks,
            shared,
            workers: Vec::new(),
            spawned: scenario.spawned_groups(),
            tasks_taken: vec![0; scenario.pools.len()],
        }
    }

    pub(super) fn add_worker(&mut self, place: WorkerPosition<'a>, work: Workload<'a>) {
        let until = work.pool.is_some().then_some(0);
        self.workers.push(SimWorker {
            position: place,
            work,
            frames: Vec::new(),
            busy_until: until,
            spans: Vec::new(),
            joiners: Vec::new(),
        });
        if work.group.is_some_and(|group| !self.spawned.contains(&group)) {
            self.start_worker(self.workers.len() - 1, 0);
        }
    }

    /// Starts a worker of a group, unless it is running.
    pub(super) fn start_worker(&mut self, worker: usize, now: u64) {
        if !self.is_busy(worker) {
            let steps = self.workers[worker].work.steps;
            self.workers[worker].frames.push(StepFrame { steps, next: 0, repeats_left: 0, lock_to_release: None });
            self.workers[worker].busy_until = Some(now);
        }
    }

    pub(super) fn is_busy(&self, worker: usize) -> bool {
        !self.workers[worker].frames.is_empty()
    }

    /// Returns the workers of a group.
    pub(super) fn workers_of_group(&self, group: usize) -> Vec<usize> {
        (0..self.workers.len()).filter(|worker| self.workers[*worker].work.group == Some(group)).collect()
    }

    /// Makes a worker play its current step again when the other has ended.
    pub(super) fn retry_after(&mut self, worker: usize, other: usize) {
        if let Some(body) = self.workers[worker].frames.last_mut() {
            body.next -= 1;
        }
        self.workers[other].joiners.push(worker);
    }

    /// Simulates until every worker has reached `end`, or nothing more happens.
    pub(super) fn run_until(&mut self, end: crate::trace::Stamp) {
        for _ in 0..MAX_STEPS {
            let ready = self.workers.iter().enumerate().filter_map(|(i, w)| Some((w.busy_until?, i))).min();
            match ready {
                Some((now, worker)) if now < end.0 => self.step_worker(worker, now),
                _ => return,
            }
        }
    }

    /// Returns what each worker did in each cell of the window.
    pub(super) fn lane_cells(&self, window: &CellWindow) -> Vec<Vec<StateTimes>> {
        self.workers.iter().map(|w| w.cells(window)).collect()
    }

    /// Plays the next step of a worker.
    fn step_worker(&mut self, worker: usize, now: u64) {
        let Some(body) = self.workers[worker].frames.last_mut() else { return self.start_next_task(worker, now) };
        let Some(step) = body.steps.get(body.next) else { return self.end_frame(worker, now) };
        body.next += 1;
        self.play_step(worker, step, now);
    }

    /// Ends the task of a pool's worker, or a worker of a group.
    pub(super) fn fail(&mut self, worker: usize, now: u64) {
        while let Some(frame) = self.workers[worker].frames.pop() {
            self.release(frame.lock_to_release, now);
        }
        if self.workers[worker].work.pool.is_none() {
            self.block_worker(worker, now, State::Crashed);
        }
    }

    pub(super) fn spend(&mut self, worker: usize, now: u64, state: State, time: u64) {
        let worker = &mut self.workers[worker];
        worker.spans.push((now, state));
        worker.busy_until = Some(now.saturating_add(time));
    }

    /// Plays the body, and then the step it belongs to again.
    pub(super) fn repeat_step(&mut self, worker: usize, steps: &'a [Step]) {
        if let Some(body) = self.workers[worker].frames.last_mut() {
            body.next -= 1;
        }
        self.push_frame(worker, steps, 0, None);
    }

    /// Blocks a worker until something wakes it.
    pub(super) fn block_worker(&mut self, worker: usize, now: u64, state: State) {
        self.workers[worker].spans.push((now, state));
        self.workers[worker].busy_until = None;
    }

    pub(super) fn wake(&mut self, worker: usize, now: u64) {
        self.workers[worker].busy_until = Some(now);
    }

    pub(super) fn position_of(&self, worker: usize) -> WorkerPosition<'a> {
        self.workers[worker].position
    }

    pub(super) fn push_frame(&mut self, worker: usize, steps: &'a [Step], again: u64, unlocks: Option<LockClaim>) {
        let bodies = &mut self.workers[worker].frames;
        if bodies.len() < MAX_DEPTH {
            bodies.push(StepFrame { steps, next: 0, repeats_left: again, lock_to_release: unlocks });
        }
    }

    fn end_frame(&mut self, worker: usize, now: u64) {
        let bodies = &mut self.workers[worker].frames;
        let Some(body) = bodies.last_mut() else { return };
        if body.repeats_left > 0 && !body.steps.is_empty() {
            body.repeats_left = if body.repeats_left == u64::MAX { u64::MAX } else { body.repeats_left - 1 };
            body.next = 0;
            return;
        }
        let unlocks = body.lock_to_release;
        bodies.pop();
        self.release(unlocks, now);
    }

    /// Starts the next task of a worker's pool, if one is due.
    fn start_next_task(&mut self, worker: usize, now: u64) {
        let place = self.workers[worker].position;
        let pool = self.workers[worker].work.pool;
        let Some((i, pool)) = pool.and_then(|i| Some((i, self.scenario.pools.get(i)?))) else {
            self.block_worker(worker, now, State::Done);
            for other in std::mem::take(&mut self.workers[worker].joiners) {
                self.wake(other, now);
            }
            return;
        };
        let (by_now, next) = tasks_due(pool, &place, now);
        if self.tasks_taken[i] < by_now {
            self.tasks_taken[i] += 1;
            self.push_frame(worker, &pool.task, 0, None);
        } else {
            self.spend(worker, now, State::Empty, next.saturating_sub(now).max(1));
        }
    }

    /// Returns the index of a target among the locks and the shared states.
    pub(super) fn resource_index(&self, target: &Target, place: WorkerPosition<'_>) -> usize {
        let (first, count) = self.lock_ranges[target.resource];
        let at = target.index.as_ref().map_or(0.0, |at| at.eval(&place));
        first + (at.rem_euclid(count as f64) as usize).min(count - 1)
    }
}

impl SimWorker<'_> {
    fn cells(&self, window: &CellWindow) -> Vec<StateTimes> {
        let mut cells = vec![StateTimes::default(); window.cells];
        let ends = self.spans.iter().skip(1).map(|(at, _)| *at).chain([window.to.0]);
        for ((from, state), to) in self.spans.iter().zip(ends) {
            for (i, cell) in cells.iter_mut().enumerate() {
                let (start, end) = window.cell(i);
                let ns = to.min(end.0).saturating_sub((*from).max(start.0));
                if ns > 0 {
                    cell.add_ns(*state, ns);
                }
            }
        }
        cells
    }
}
