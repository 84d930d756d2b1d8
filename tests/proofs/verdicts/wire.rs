//! Delivers events to the model in order within each worker, loses some of them, and reads wait slots beside them.

use std::collections::VecDeque;
use std::sync::Arc;

use contend::model::Model;
use contend::trace::{
    Cancellers, Event, EventKind, LaneRange, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind,
    Stamp, State, WaitSlot, WaitSnapshot, Wakers, WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use super::program::{Alternative, Kind, Program, ROOM, Step};

/// The kind of event loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    Nothing,
    /// Each event is lost with a probability of 2 %.
    Some,
    /// All events of a worker are lost for a while, as with a full ring.
    Stretches,
}

#[derive(Debug, Default)]
struct Line {
    /// Recorded, but not delivered yet.
    outbox: VecDeque<Event>,
    /// Events lost since the last recorded one, and in total.
    gap: u64,
    lost: u64,
    /// Remaining events to lose in this stretch.
    stretch: u32,
    /// Number of records so far.
    record_count: u64,
    /// The last wait recorded, and the number of records at that time.
    slot: Option<(u64, WaitSlot)>,
    delivered: Vec<Event>,
}

/// What resources lack, by the state of their waiters.
pub type Lacking = Vec<(ResourceId, State)>;

#[derive(Debug)]
pub struct Wire {
    rng: Rng,
    /// Random numbers that do not influence the order of moves and deliveries.
    dice: Rng,
    loss: Loss,
    clock: u64,
    lines: Vec<Line>,
    /// Slots read but not confirmed yet, and the resources lacking then.
    look: Option<(Vec<(u64, WaitSlot)>, Lacking)>,
}

impl Wire {
    pub fn new(workers: usize, loss: Loss, rng: Rng) -> Self {
        let dice = Rng::with_seed(rng.get_seed());
        Self { rng, dice, loss, clock: 0, lines: (0..workers).map(|_| Line::default()).collect(), look: None }
    }

    pub fn record(&mut self, w: usize, kind: EventKind) {
        self.record_all(w, &[kind]);
    }

    /// Records or loses these events together.
    pub fn record_all(&mut self, w: usize, kinds: &[EventKind]) {
        let line = &mut self.lines[w];
        self.clock += 1;
        line.record_count += 1;
        let lose = match self.loss {
            Loss::Nothing => false,
            Loss::Some => self.rng.f64() < 0.02,
            Loss::Stretches => {
                if line.stretch == 0 && self.rng.f64() < 0.03 {
                    line.stretch = self.rng.u32(1..=20);
                }
                line.stretch > 0
            }
        };
        line.stretch = line.stretch.saturating_sub(1);
        if lose {
            line.gap += kinds.len() as u64;
            line.lost += kinds.len() as u64;
            return;
        }
        let (at, worker) = (Stamp(self.clock), WorkerId::from(w));
        let gap = (line.gap > 0).then_some(EventKind::Gap { lost: std::mem::take(&mut line.gap) });
        line.outbox.extend(gap.iter().chain(kinds).map(|kind| Event { at, worker, kind: *kind }));
    }

    /// Returns how many events of a worker were lost.
    pub fn lost(&self, w: usize) -> u64 {
        self.lines[w].lost
    }

    /// Writes the wait just recorded or lost into the worker's slot.
    pub fn write_slot(&mut self, w: usize, events: Vec<EventKind>) {
        let line = &mut self.lines[w];
        let slot = WaitSlot { worker: WorkerId::from(w), at: Stamp(self.clock), life: 1, lost: line.lost, events };
        line.slot = Some((line.record_count, slot));
    }

    /// Clears a worker's slot when its wait is over.
    pub fn clear_slot(&mut self, w: usize) {
        self.lines[w].slot = None;
    }

    /// Delivers the next few events of one worker. Returns `false` when no worker has any.
    pub fn deliver(&mut self, model: &mut Model) -> bool {
        let full: Vec<usize> = (0..self.lines.len()).filter(|w| !self.lines[*w].outbox.is_empty()).collect();
        let Some(w) = self.rng.choice(full) else { return false };
        let count = self.rng.usize(1..=self.lines[w].outbox.len());
        self.pass_on(w, count, model);
        true
    }

    fn pass_on(&mut self, w: usize, count: usize, model: &mut Model) {
        let line = &mut self.lines[w];
        let events: Vec<Event> = line.outbox.drain(..count).collect();
        line.delivered.extend(&events);
        model.apply(&Message::Events(events));
    }

    /// Reads all valid slots, or, if that was done, delivers all events and confirms the slots that are unchanged.
    /// Ended workers are read first, then, at different moments, what each resource lacks.
    pub fn read_slots(&mut self, model: &mut Model, lacking: Lacking) {
        let good = |line: &Line| line.slot.clone().filter(|(record_count, _)| *record_count == line.record_count);
        let standing: Vec<(u64, WaitSlot)> = self.lines.iter().filter_map(good).collect();
        let Some((first, before)) = self.look.take() else {
            self.look = Some((standing, lacking));
            return;
        };
        (0..self.lines.len()).for_each(|w| self.pass_on(w, self.lines[w].outbox.len(), model));
        let slots = first.into_iter().filter(|slot| standing.contains(slot)).map(|(_, slot)| slot).collect();
        let early = self.dice.u64(..);
        let is_early = |(id, state): &(ResourceId, State)| *state == State::Done || early >> (id.index() % 64) & 1 == 1;
        let before = before.into_iter().filter(is_early);
        let mut lacking: Lacking = before.chain(lacking.into_iter().filter(|one| !is_early(one))).collect();
        lacking.sort_unstable();
        model.apply(&Message::WaitSnapshot(WaitSnapshot { slots, unavailable: lacking }));
    }

    /// Forgets slots that were read but not confirmed.
    pub fn forget_slots(&mut self) {
        self.look = None;
    }

    /// Returns all delivered events, worker by worker from the last to the first.
    pub fn reversed_messages(&self) -> impl Iterator<Item = Message> {
        self.lines.iter().rev().map(|line| Message::Events(line.delivered.clone()))
    }
}

/// Returns the registry of a program.
pub fn registry(program: &Program) -> Arc<Registry> {
    let kind = |kind: &Kind| match *kind {
        Kind::Mutex => ResourceKind::Mutex { kind: if program.tasks { LockKind::Async } else { LockKind::Std } },
        Kind::Semaphore(permits) => ResourceKind::Semaphore { permits, scoped: true },
        Kind::Rwlock(policy) => ResourceKind::Rwlock { policy },
        Kind::Queue { .. } => ResourceKind::Queue { capacity: ROOM },
        Kind::Condition { of, .. } => ResourceKind::Condition { mutex: ResourceId::from(of) },
        Kind::Rendezvous { .. } => ResourceKind::Queue { capacity: 0 },
        Kind::Event { .. } => ResourceKind::Event,
        Kind::WaitGroup { .. } => ResourceKind::WaitGroup,
        Kind::Latch { initial, .. } => ResourceKind::Latch { initial },
    };
    let workers = 0..program.workers.len();
    let lives = program.joined().into_iter().map(|w| ResourceKind::Life { worker: WorkerId::from(w) });
    let kinds = program.kinds.iter().map(kind).chain(lives).enumerate();
    let of = if program.tasks { WorkerKind::Async } else { WorkerKind::Thread };
    let worker = |i| WorkerInfo { name: format!("w{i}"), group: format!("w{i}"), kind: of, pool: None };
    Arc::new(Registry {
        workers: workers.map(worker).collect(),
        resources: kinds.map(|(i, kind)| ResourceInfo { name: format!("r{i}"), kind }).collect(),
        wakers: wakers(program),
        cancellers: cancellers(program),
        ..Registry::default()
    })
}

fn cancellers(program: &Program) -> Vec<Cancellers> {
    let lane = |w| LaneRange { first: WorkerId::from(w), count: 1 };
    let mut cancellers = Vec::new();
    for (w, steps) in program.steps().iter().enumerate() {
        let of = steps.iter().filter_map(|step| if let Step::Cancel(other) = step { Some(*other) } else { None });
        cancellers.extend(of.map(|other| Cancellers { of: lane(other), by: lane(w) }));
    }
    cancellers
}

fn wakers(program: &Program) -> Vec<Wakers> {
    let mut wakers = vec![Wakers::default(); program.kinds.len() + program.joined().len()];
    for (w, steps) in program.steps().iter().enumerate() {
        let lanes = LaneRange { first: WorkerId::from(w), count: 1 };
        for step in steps {
            match *step {
                Step::Put(q) => wakers[q].givers.push(lanes),
                Step::Take(q) => wakers[q].takers.push(lanes),
                Step::Notify(c) | Step::NotifyAll(c) | Step::Set(c) | Step::Done(c) => wakers[c].givers.push(lanes),
                Step::Select { both, .. } => both.into_iter().for_each(|of| match of {
                    Alternative::Put(q) => wakers[q].givers.push(lanes),
                    Alternative::Take(q) => wakers[q].takers.push(lanes),
                    Alternative::Await(_) | Alternative::Join(_) => {}
                }),
                Step::Lock { .. }
                | Step::Stay { .. }
                | Step::Unlock(_)
                | Step::Come { .. }
                | Step::Join(_)
                | Step::TryJoin(_)
                | Step::Await(_)
                | Step::Clear(_)
                | Step::Cancel(_)
                | Step::Add(_) => {}
            }
        }
    }
    wakers
}
