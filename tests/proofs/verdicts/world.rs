//! A simulator of workers that move one step at a time, in any order, and record events.

mod cancels;
mod locks;
mod waits;

use std::collections::VecDeque;

use contend::model::Model;
use contend::trace::{EventKind, ExitKind, Grant, ResourceId, State};
use fastrand::Rng;

pub use self::locks::first_writer;
use super::program::{Alternative, Kind, LockMode, Program, ROOM, Step};
use super::wire::{Lacking, Wire};

/// A wait for a lock.
#[derive(Debug, Clone, Copy)]
pub struct LockRequest {
    pub lock: usize,
    pub mode: LockMode,
    /// Whether the wait has a timeout.
    pub timed: bool,
    pub otherwise: usize,
    /// Writers and readers that came to the rwlock earlier.
    pub before: (u64, u64),
    /// Whether a reader may enter before all writers.
    pub let_in: bool,
}

/// A wait in progress.
#[derive(Debug, Clone, Copy)]
pub enum Wait {
    Lock(LockRequest),
    Item {
        on: usize,
        timed: bool,
    },
    Room {
        on: usize,
        timed: bool,
    },
    Signal {
        on: usize,
        timed: bool,
    },
    End(usize),
    TimedEnd(usize),
    /// A wait for the first of two, with how many times each event among them had been set when it began.
    First {
        both: [Alternative; 2],
        seen: [u64; 2],
        timed: bool,
    },
}

impl Wait {
    /// Returns whether the wait has a timeout.
    pub const fn is_timed(&self) -> bool {
        matches!(
            self,
            Self::Lock(LockRequest { timed: true, .. })
                | Self::Item { timed: true, .. }
                | Self::Room { timed: true, .. }
                | Self::Signal { timed: true, .. }
                | Self::First { timed: true, .. }
                | Self::TimedEnd(_)
        )
    }
}

#[derive(Debug, Default)]
pub struct Worker {
    pub steps: Vec<Step>,
    pub pc: usize,
    /// A resource held, with one grant for each permit taken at once.
    pub held: Vec<Vec<(usize, Grant)>>,
    pub waits: Option<Wait>,
    /// The condition, event or wait group that the worker waits for, and whether it was signalled.
    came: Option<usize>,
    signalled: bool,
    /// Whether another worker cancelled it.
    pub cancelled: bool,
    /// Whether the wait is over but not recorded yet.
    pending_event: Option<EventKind>,
    pub done: bool,
}

#[derive(Debug, Default)]
pub struct Lock {
    pub holders: Vec<(usize, Grant)>,
    grants: u64,
    /// Numbers of writers and readers that ever had to wait.
    came: (u64, u64),
    /// Number of waiting readers that may enter before all writers.
    lets: u64,
    /// The tasks that wait for a mutex, in order, and the task that has got it since.
    line: VecDeque<usize>,
    handed: Option<usize>,
}

impl Lock {
    fn has_writer(&self) -> bool {
        self.holders.iter().any(|(_, grant)| !grant.is_shared())
    }
}

/// Items put into and taken from a queue, or signals sent to and received from a condition, as running numbers.
#[derive(Debug, Default, Clone, Copy)]
struct Numbers {
    put: u32,
    taken: u32,
    heard: u64,
    /// Workers that wait at a queue, and at a queue without room, how many of them were served.
    putters: u32,
    takers: u32,
    collected: u32,
    handed_over: u32,
    /// The count of a wait group, and its changes; of an event, 1 if it is set.
    value: u64,
    changes: u32,
    /// How many times the event was set, or the count came to 0.
    times_set: u64,
}

impl Numbers {
    fn of(kind: &Kind) -> Self {
        let value = if let Kind::Latch { initial, .. } = kind { u64::from(*initial) } else { 0 };
        Self { value, ..Self::default() }
    }

    /// Whether workers do not wait now: for a count until it is 0, for an event until it is set.
    const fn is_set(&self, counts: bool) -> bool {
        (self.value == 0) == counts
    }
}

#[derive(Debug)]
pub struct World {
    pub kinds: Vec<Kind>,
    /// Whether mutexes pass in order of arrival.
    tasks: bool,
    /// Workers with a life as a resource.
    joined: Vec<usize>,
    pub workers: Vec<Worker>,
    pub locks: Vec<Lock>,
    numbers: Vec<Numbers>,
    pub wire: Wire,
    /// Whether workers delay their continuation and their events.
    pub late: bool,
    /// The moves so far: worker and step.
    pub moves: Vec<(usize, usize)>,
}

fn id(resource: usize) -> ResourceId {
    ResourceId::from(resource)
}

impl World {
    pub fn new(program: &Program, wire: Wire, late: bool) -> Self {
        let workers: Vec<Worker> =
            program.steps().into_iter().map(|steps| Worker { steps, ..Worker::default() }).collect();
        let count = program.kinds.len();
        let mut world = Self {
            kinds: program.kinds.clone(),
            tasks: program.tasks,
            joined: program.joined(),
            workers,
            locks: (0..count).map(|_| Lock::default()).collect(),
            numbers: program.kinds.iter().map(Numbers::of).collect(),
            wire,
            late,
            moves: Vec::new(),
        };
        (0..world.workers.len()).for_each(|w| world.wire.record(w, EventKind::LifeBegan));
        world
    }

    /// Returns the resource that stands for a worker's life, if it has one.
    pub fn life(&self, worker: usize) -> Option<ResourceId> {
        self.joined.binary_search(&worker).ok().map(|nth| id(self.kinds.len() + nth))
    }

    /// Returns the workers that can move now.
    pub fn movable(&self) -> Vec<usize> {
        let can = |w: &usize| {
            let worker = &self.workers[*w];
            !worker.done
                && worker.waits.is_none_or(|wait| wait.is_timed() || self.is_over(*w, &wait) || self.is_interrupted(*w))
        };
        (0..self.workers.len()).filter(can).collect()
    }

    /// Returns whether only workers whose wait has ended can move, so that they may delay.
    pub fn may_delay(&self, rng: &mut Rng) -> bool {
        let wakes = |w: &usize| self.workers[*w].waits.is_some() || self.workers[*w].pending_event.is_some();
        let movable = self.movable();
        self.late && !movable.is_empty() && movable.iter().all(wakes) && rng.f64() < 0.85
    }

    /// Returns whether a wait would end now without its timeout.
    fn is_over(&self, w: usize, wait: &Wait) -> bool {
        match wait {
            Wait::Lock(asked) if self.is_passed_on(asked.lock) => self.locks[asked.lock].handed == Some(w),
            Wait::Lock(asked) => self.may(asked),
            Wait::Item { on, .. } => self.may_take(*on),
            Wait::Room { on, .. } => self.may_put(*on),
            Wait::Signal { .. } => self.workers[w].signalled,
            Wait::End(other) | Wait::TimedEnd(other) => self.workers[*other].done,
            Wait::First { both, seen, .. } => self.is_any_ready(*both, *seen),
        }
    }

    fn depth(&self, queue: usize) -> u32 {
        self.numbers[queue].put.saturating_sub(self.numbers[queue].taken)
    }

    fn has_room(&self, queue: usize) -> bool {
        self.depth(queue) < ROOM
    }

    /// Moves one worker: it does a step, begins to wait, or ends its wait.
    pub fn step(&mut self, w: usize, rng: &mut Rng) {
        if let Some(event) = self.workers[w].pending_event.take() {
            return self.wire.record(w, event);
        }
        self.moves.push((w, self.workers[w].pc));
        if self.ends_cancelled(w) {
            return self.end_cancelled(w);
        }
        if let Some(wait) = self.workers[w].waits {
            return self.end_wait(w, wait, rng);
        }
        let Some(&step) = self.workers[w].steps.get(self.workers[w].pc) else {
            self.workers[w].done = true;
            let ended = EventKind::LifeEnded(ExitKind::Finished);
            self.wire.record(w, ended);
            return self.wire.write_slot(w, vec![ended]);
        };
        match step {
            Step::Lock { on, mode, timed, otherwise } => {
                let asked =
                    LockRequest { lock: on, mode, timed, otherwise, before: self.locks[on].came, let_in: false };
                let is_free = self.may(&asked) && self.locks[on].handed.is_none();
                if is_free { self.take(w, on, mode) } else { self.wait(w, asked) }
            }
            Step::Unlock(on) => {
                self.give_back(w, on);
                self.workers[w].pc += 1;
            }
            Step::Put(q) if self.meets_partner(q, true) => {
                let event = self.put(w, q);
                self.wire.record(w, event);
            }
            Step::Put(on) => {
                self.come_to_queue(on, true);
                self.block(w, Wait::Room { on, timed: self.kinds[on].is_timed() }, State::Full, on);
            }
            Step::Take(q) if self.meets_partner(q, false) => {
                let event = self.take_item(w, q);
                self.wire.record(w, event);
            }
            Step::Take(on) => {
                self.come_to_queue(on, false);
                self.block(w, Wait::Item { on, timed: self.kinds[on].is_timed() }, State::Empty, on);
            }
            Step::Await(on) => self.await_flag(w, on),
            Step::Set(on) => self.set_event(w, on, rng),
            Step::Clear(on) => {
                self.numbers[on].value = 0;
                self.workers[w].pc += 1;
            }
            Step::Add(on) => self.count(w, on, 1, rng),
            Step::Done(on) => self.count(w, on, -1, rng),
            Step::Cancel(other) => self.cancel(w, other),
            Step::Select { both, timed } => self.select(w, both, timed),
            Step::TryJoin(other) => self.join_in_time(w, other),
            Step::Come { on, of } => {
                (self.workers[w].came, self.workers[w].signalled) = (Some(on), false);
                self.give_back(w, of);
                self.workers[w].pc += 1;
            }
            Step::Stay { on, timed } => self.block(w, Wait::Signal { on, timed }, State::Signal, on),
            Step::Notify(on) => self.signal(w, on, 1, rng),
            Step::NotifyAll(on) => self.signal(w, on, usize::MAX, rng),
            Step::Join(other) if self.workers[other].done => self.workers[w].pc += 1,
            Step::Join(other) => {
                let Some(life) = self.life(other) else { return };
                let joins = EventKind::Joins { life, nth: 1 };
                self.workers[w].waits = Some(Wait::End(other));
                let held = self.held(w);
                self.wire.record(w, joins);
                self.wire.write_slot(w, held.into_iter().chain([joins]).collect());
            }
        }
    }

    fn block(&mut self, w: usize, wait: Wait, state: State, on: usize) {
        self.workers[w].waits = Some(wait);
        let tried = wait.is_timed().then_some(EventKind::TimedAttempt { lock: id(on) });
        let events: Vec<EventKind> =
            tried.into_iter().chain([EventKind::Blocked { state, on: Some(id(on)) }]).collect();
        self.begin_to_wait(w, &events);
    }

    /// Records the begin of a wait, and writes it into the wait slot.
    fn begin_to_wait(&mut self, w: usize, events: &[EventKind]) {
        let held = self.held(w);
        self.wire.record_all(w, events);
        self.wire.write_slot(w, held.iter().chain(events).copied().collect());
    }

    /// Grants a worker what it waited for. The worker records that at once, or after other moves.
    fn grant_wait(&mut self, w: usize, event: EventKind, rng: &mut Rng) {
        self.wire.clear_slot(w);
        if self.late && rng.bool() {
            self.workers[w].pending_event = Some(event);
        } else {
            self.wire.record(w, event);
        }
    }

    /// Ends a wait, with or without success.
    fn end_wait(&mut self, w: usize, wait: Wait, rng: &mut Rng) {
        let over = self.is_over(w, &wait);
        self.workers[w].waits = None;
        match wait {
            Wait::Item { on, .. } => self.leave_queue(on, false, over),
            Wait::Room { on, .. } => self.leave_queue(on, true, over),
            _ => {}
        }
        match wait {
            Wait::Lock(asked) if over => self.take(w, asked.lock, asked.mode),
            Wait::Lock(asked) => {
                self.locks[asked.lock].line.retain(|waiter| *waiter != w);
                self.let_readers_in(asked);
                let event = self.gave_up(w, asked.lock);
                self.wire.record(w, event);
                self.workers[w].pc = asked.otherwise;
            }
            Wait::Item { on, .. } | Wait::Room { on, .. } if !over => {
                self.workers[w].pc += 1;
                let event = self.gave_up(w, on);
                self.wire.record(w, event);
            }
            Wait::Item { on, .. } => {
                let event = self.take_item(w, on);
                self.grant_wait(w, event, rng);
            }
            Wait::Room { on, .. } => {
                let event = self.put(w, on);
                self.grant_wait(w, event, rng);
            }
            Wait::Signal { on, .. } => {
                self.workers[w].came = None;
                self.workers[w].pc += 1;
                if over {
                    self.numbers[on].heard += 1;
                    self.grant_wait(w, EventKind::Woken { on: id(on), nth: self.numbers[on].heard }, rng);
                } else {
                    let event = self.gave_up(w, on);
                    self.wire.record(w, event);
                }
            }
            Wait::End(other) => {
                self.workers[w].pc += 1;
                let cancelled = self.life(other).filter(|_| !over).map(|life| self.gave_up(w, life.index()));
                self.wire.record(w, cancelled.unwrap_or(EventKind::Resumed));
            }
            Wait::TimedEnd(other) => self.end_timed_join(w, other, over),
            Wait::First { both, seen, .. } => self.end_select(w, both, seen),
        }
    }

    fn put(&mut self, w: usize, q: usize) -> EventKind {
        self.workers[w].pc += 1;
        self.numbers[q].put += 1;
        EventKind::PutNth { queue: id(q), depth: self.depth(q) as u16, nth: self.numbers[q].put }
    }

    fn take_item(&mut self, w: usize, q: usize) -> EventKind {
        self.workers[w].pc += 1;
        self.numbers[q].taken += 1;
        EventKind::TookNth { queue: id(q), depth: self.depth(q) as u16, nth: self.numbers[q].taken }
    }

    /// Returns what queues and conditions lack now, and which lives have ended.
    fn lacking(&self) -> Lacking {
        let ended = self.joined.iter().filter(|w| self.workers[**w].done).filter_map(|w| self.life(*w));
        let ended = ended.map(|life| (life, State::Done));
        let lacks = |on: usize| self.lacking_at(on).into_iter().map(move |state| (id(on), state));
        (0..self.kinds.len()).flat_map(lacks).chain(ended).collect()
    }

    /// Reads all wait slots, or confirms those read before.
    pub fn read_slots(&mut self, model: &mut Model) {
        self.wire.read_slots(model, self.lacking());
    }

    /// Takes two snapshots when nothing moves any more: the second confirms the first.
    pub fn take_final_snapshots(&mut self, model: &mut Model) {
        self.wire.forget_slots();
        (0..4).for_each(|_| self.read_slots(model));
    }

    fn signal(&mut self, w: usize, on: usize, most: usize, rng: &mut Rng) {
        self.workers[w].pc += 1;
        let waits = |other: &&mut Worker| other.came == Some(on) && !other.signalled;
        let mut waiting: Vec<&mut Worker> = self.workers.iter_mut().filter(waits).collect();
        rng.shuffle(&mut waiting);
        waiting.truncate(most);
        let woken = waiting.len() as u32;
        for other in waiting {
            other.signalled = true;
        }
        self.wire.record(w, EventKind::Signalled { on: id(on), woken });
    }

    fn held(&self, w: usize) -> Vec<EventKind> {
        let held = self.workers[w].held.iter().flatten();
        held.map(|(lock, grant)| EventKind::Held { lock: id(*lock), grant: *grant }).collect()
    }
}
