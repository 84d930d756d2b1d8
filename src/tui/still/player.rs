//! Plays steps through in virtual time: a lock goes to whoever waited longest, computing takes exactly its time.

use std::collections::{BTreeSet, VecDeque};

use super::locks::Lock;
use super::shared::Shared;
use super::{Place, due};
use crate::model::{Shares, Window};
use crate::scenario::{Choice, LoopStep, ResourceSpec, Scenario, Settings, Step, Target};
use crate::trace::{LockKind, Span, State};

/// What a thumbnail takes, roughly.
pub(super) const THUMBNAIL: Span = Span::millis(20);

/// What an addition to a counter takes, roughly.
const ADDITION: Span = Span(5);

/// Steps that are played at most: a still is no simulation.
const STEPS: usize = 20_000;

/// Bodies within bodies at most.
const DEPTH: usize = 64;

/// What a worker does: its steps once, or tasks of a pool one after the other.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    steps: &'a [Step],
    group: Option<usize>,
    pool: Option<usize>,
}

impl<'a> Work<'a> {
    pub(super) const fn once(steps: &'a [Step], group: usize) -> Self {
        Self { steps, group: Some(group), pool: None }
    }

    pub(super) const fn tasks(steps: &'a [Step], pool: usize) -> Self {
        Self { steps, group: None, pool: Some(pool) }
    }
}

/// A body that is under way.
struct Body<'a> {
    steps: &'a [Step],
    next: usize,
    /// How often it is still to be repeated.
    again: u64,
    /// The lock to give back at its end.
    unlocks: Option<Taken>,
}

/// A lock, and how much of it.
pub(super) type Taken = (usize, u64);

struct Worker<'a> {
    place: Place<'a>,
    work: Work<'a>,
    bodies: Vec<Body<'a>>,
    /// Until then it does what its last span says; `None` while it waits for a lock, or for ever.
    until: Option<u64>,
    /// A state and when it began.
    spans: Vec<(u64, State)>,
    /// Who waits for its end.
    joined_by: Vec<usize>,
}

/// Readers that an rwlock has room for.
const READERS: u64 = 1 << 20;

pub(super) struct Player<'a> {
    pub(super) scenario: &'a Scenario,
    /// Where the locks of each resource begin, and how many there are.
    arrays: Vec<(usize, usize)>,
    pub(super) locks: Vec<Lock>,
    /// What is no lock, at the same places.
    pub(super) shared: Vec<Shared>,
    workers: Vec<Worker<'a>>,
    /// Groups whose workers somebody spawns.
    spawned: BTreeSet<usize>,
    /// Tasks taken from each pool.
    taken: Vec<u64>,
}

impl<'a> Player<'a> {
    pub(super) fn new(scenario: &'a Scenario, settings: &'a Settings) -> Self {
        let place = Place { settings, index: 0, count: 1 };
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
                    room = READERS;
                    false
                }
                _ => true,
            };
            let one = Shared::new(&resource.spec, &place);
            shared.extend((0..count).map(|_| one.clone()));
            locks.extend((0..count).map(|_| Lock { free: room, room, open, waiting: VecDeque::new() }));
        }
        Self {
            scenario,
            arrays,
            locks,
            shared,
            workers: Vec::new(),
            spawned: scenario.spawned(),
            taken: vec![0; scenario.pools.len()],
        }
    }

    pub(super) fn add(&mut self, place: Place<'a>, work: Work<'a>) {
        let until = work.pool.is_some().then_some(0);
        self.workers.push(Worker { place, work, bodies: Vec::new(), until, spans: Vec::new(), joined_by: Vec::new() });
        if work.group.is_some_and(|group| !self.spawned.contains(&group)) {
            self.begin(self.workers.len() - 1, 0);
        }
    }

    /// Starts a group's worker, unless it is at its steps already.
    pub(super) fn begin(&mut self, worker: usize, now: u64) {
        if !self.is_busy(worker) {
            let steps = self.workers[worker].work.steps;
            self.workers[worker].bodies.push(Body { steps, next: 0, again: 0, unlocks: None });
            self.workers[worker].until = Some(now);
        }
    }

    pub(super) fn is_busy(&self, worker: usize) -> bool {
        !self.workers[worker].bodies.is_empty()
    }

    /// The workers of a group.
    pub(super) fn of_group(&self, group: usize) -> Vec<usize> {
        (0..self.workers.len()).filter(|worker| self.workers[*worker].work.group == Some(group)).collect()
    }

    /// Does its present step again when the other has ended.
    pub(super) fn again_when_over(&mut self, worker: usize, other: usize) {
        if let Some(body) = self.workers[worker].bodies.last_mut() {
            body.next -= 1;
        }
        self.workers[other].joined_by.push(worker);
    }

    /// Plays until every worker has come to `end`, or nothing more happens.
    pub(super) fn play(&mut self, end: crate::trace::Stamp) {
        for _ in 0..STEPS {
            let ready = self.workers.iter().enumerate().filter_map(|(i, w)| Some((w.until?, i))).min();
            match ready {
                Some((now, worker)) if now < end.0 => self.step(worker, now),
                _ => return,
            }
        }
    }

    /// What each worker did in each cell of the window.
    pub(super) fn lanes(&self, window: &Window) -> Vec<Vec<Shares>> {
        self.workers.iter().map(|w| w.cells(window)).collect()
    }

    /// Lets a worker take its next step.
    fn step(&mut self, worker: usize, now: u64) {
        let Some(body) = self.workers[worker].bodies.last_mut() else { return self.next_task(worker, now) };
        let Some(step) = body.steps.get(body.next) else { return self.end_body(worker, now) };
        body.next += 1;
        let place = self.workers[worker].place;
        let time = |expr: &crate::scenario::Expr| expr.eval(&place) as u64;
        match step {
            Step::Compute(t) => self.spend(worker, now, State::Running, time(t)),
            Step::Sleep(t) => self.spend(worker, now, State::Sleep, time(t)),
            Step::Io(t) => self.spend(worker, now, State::Io, time(t)),
            Step::Attempt(attempt) => self.attempt(worker, attempt, now),
            Step::Thumbnail { .. } | Step::Real(_) => self.spend(worker, now, State::Running, THUMBNAIL.0),
            Step::Lock { target, body } | Step::Read { target, body } => self.hold(worker, target, 1, body, now),
            Step::Acquire { target, permits, body } => self.hold(worker, target, time(permits), body, now),
            Step::Write { target, body } => self.hold(worker, target, READERS, body, now),
            Step::TryLock { target, timeout, body, otherwise } => {
                self.try_hold(worker, target, (body, otherwise), time(timeout), now);
            }
            Step::Take(target) | Step::Down(target) => self.acquire(worker, self.lock(target, place, 1), now),
            Step::Release(target) | Step::Up(target) => self.release(self.lock(target, place, 1), now),
            Step::Loop(LoopStep::Blocking(body) | LoopStep::ToThread(body)) | Step::Allocate { body, .. } => {
                self.enter(worker, body, 0, None);
            }
            Step::Repeat { times, body } => self.enter(worker, body, time(times).saturating_sub(1), None),
            Step::Forever(body) => self.enter(worker, body, u64::MAX, None),
            Step::When { knob, is, body, otherwise } => {
                let taken = if place.stands(*knob, *is) { body } else { otherwise };
                self.enter(worker, taken, 0, None);
            }
            Step::Choose(ways) => {
                // A still shows what is usual.
                let usual = ways.iter().max_by(|a, b| a.weight.eval(&place).total_cmp(&b.weight.eval(&place)));
                if let Some(way) = usual {
                    self.enter(worker, &way.steps, 0, None);
                }
            }
            Step::Panic(_) | Step::Abort | Step::Exit(_) => {
                self.halt(worker, now, State::Crashed);
            }
            Step::Store { target, add: by } | Step::Add { target, by } => {
                let at = self.index(target, place);
                self.shared[at].value += i64::from(*by);
            }
            Step::AddMany { target, by, times } => self.add_many(worker, target, *by, time(times), now),
            Step::Queue(step) => self.queue_step(worker, step, now),
            Step::Pipe(step) => self.pipe_step(worker, step, now),
            Step::Signal(step) => self.signal_step(worker, step, now),
            Step::Pool(step) => self.pool_step(worker, step, now),
            Step::Life(step) => self.life_step(worker, step, now),
            Step::If { question, body, otherwise } => {
                let taken = if self.holds(question, place) { body } else { otherwise };
                self.enter(worker, taken, 0, None);
            }
            Step::While { question, body } if self.holds(question, place) => self.once_more(worker, body),
            Step::Load(_) | Step::While { .. } | Step::Loop(LoopStep::Yield) => {}
        }
    }

    fn add_many(&mut self, worker: usize, target: &Target, by: i8, times: u64, now: u64) {
        let at = self.index(target, self.workers[worker].place);
        let delta = i64::from(by).saturating_mul(times as i64);
        self.shared[at].value = self.shared[at].value.saturating_add(delta);
        self.spend(worker, now, State::Running, times.saturating_mul(ADDITION.0));
    }

    pub(super) fn spend(&mut self, worker: usize, now: u64, state: State, time: u64) {
        let worker = &mut self.workers[worker];
        worker.spans.push((now, state));
        worker.until = Some(now.saturating_add(time));
    }

    /// Runs the body, and then the step it belongs to again.
    pub(super) fn once_more(&mut self, worker: usize, steps: &'a [Step]) {
        if let Some(body) = self.workers[worker].bodies.last_mut() {
            body.next -= 1;
        }
        self.enter(worker, steps, 0, None);
    }

    /// Lets the worker do nothing more until something wakes it.
    pub(super) fn halt(&mut self, worker: usize, now: u64, state: State) {
        self.workers[worker].spans.push((now, state));
        self.workers[worker].until = None;
    }

    pub(super) fn wake(&mut self, worker: usize, now: u64) {
        self.workers[worker].until = Some(now);
    }

    pub(super) fn place(&self, worker: usize) -> Place<'a> {
        self.workers[worker].place
    }

    pub(super) fn enter(&mut self, worker: usize, steps: &'a [Step], again: u64, unlocks: Option<Taken>) {
        let bodies = &mut self.workers[worker].bodies;
        if bodies.len() < DEPTH {
            bodies.push(Body { steps, next: 0, again, unlocks });
        }
    }

    fn end_body(&mut self, worker: usize, now: u64) {
        let bodies = &mut self.workers[worker].bodies;
        let Some(body) = bodies.last_mut() else { return };
        if body.again > 0 && !body.steps.is_empty() {
            body.again = if body.again == u64::MAX { u64::MAX } else { body.again - 1 };
            body.next = 0;
            return;
        }
        let unlocks = body.unlocks;
        bodies.pop();
        self.release(unlocks, now);
    }

    /// The next task of a worker's pool, when one is due.
    fn next_task(&mut self, worker: usize, now: u64) {
        let place = self.workers[worker].place;
        let pool = self.workers[worker].work.pool;
        let Some((i, pool)) = pool.and_then(|i| Some((i, self.scenario.pools.get(i)?))) else {
            self.halt(worker, now, State::Done);
            for other in std::mem::take(&mut self.workers[worker].joined_by) {
                self.wake(other, now);
            }
            return;
        };
        let (by_now, next) = due(pool, &place, now);
        if self.taken[i] < by_now {
            self.taken[i] += 1;
            self.enter(worker, &pool.task, 0, None);
        } else {
            self.spend(worker, now, State::Empty, next.saturating_sub(now).max(1));
        }
    }

    /// Where what a target names stands among the locks and among the shared things.
    pub(super) fn index(&self, target: &Target, place: Place<'_>) -> usize {
        let (first, count) = self.arrays[target.resource];
        let at = target.at.as_ref().map_or(0.0, |at| at.eval(&place));
        first + (at.rem_euclid(count as f64) as usize).min(count - 1)
    }
}

impl Worker<'_> {
    fn cells(&self, window: &Window) -> Vec<Shares> {
        let mut cells = vec![Shares::default(); window.cells];
        let ends = self.spans.iter().skip(1).map(|(at, _)| *at).chain([window.to.0]);
        for ((from, state), to) in self.spans.iter().zip(ends) {
            for (i, cell) in cells.iter_mut().enumerate() {
                let (start, end) = window.cell(i);
                let ns = to.min(end.0).saturating_sub((*from).max(start.0));
                if ns > 0 {
                    cell.put(*state, ns);
                }
            }
        }
        cells
    }
}
