//! Which nested acquisitions certainly happened before which others, and so can never overlap.
//!
//! Order passes from one worker to another where one gives what the other must have: an item, a permit, a signal, a turn of a
//! monitor's mutex, a start, an end. Events of different workers arrive in any order, but each of these has a number, or is
//! counted. So each worker's events wait until what they need has been told by its giver. What comes out of it does not
//! depend on the order of arrival, and no clock is asked.
//!
//! An order in time that a plain mutex brings about is chance, and does not count. A mutex that conditions belong to passes
//! on what its values tell, so it does. Where events are lost or too many wait, nothing is certain any more.

mod flow_clocks;
mod order_step;
mod vector_clock;

use std::collections::{BTreeSet, VecDeque};

use self::flow_clocks::{BarrierRounds, CountedReleases, NumberedItems};
use self::order_step::OrderStep;
use self::vector_clock::VectorClock;
use super::lock_orders::{LockOrders, OrderHazard};
use contend_trace::{EventKind, Registry, ResourceId, ResourceKind, Stamp, WorkerId};

/// Events that wait for others, all together.
const MAX_PENDING_STEPS: usize = 1 << 16;

/// Workers whose order can be told.
const MAX_WORKERS: usize = 1 << 10;

/// What passes through a resource.
#[derive(Debug, Clone)]
enum ResourceFlow {
    /// Items, and room for them where there is little.
    Queue {
        items: NumberedItems,
        room: NumberedItems,
        capacity: u64,
    },
    /// Conditions and event flags: each waiting worker that is woken, and each signal.
    Signals {
        woken: CountedReleases,
        given: CountedReleases,
    },
    Barrier(BarrierRounds),
    /// A semaphore that is used as a signal: permits beyond those it had.
    Posts {
        initial_permits: u64,
        given: CountedReleases,
    },
    /// The mutex of conditions: each turn after the one before it.
    MutexTurns {
        next: NumberedItems,
        held: Vec<(WorkerId, u64)>,
    },
    Pipe {
        sent: CountedReleases,
        received: u64,
    },
    Results(NumberedItems),
    Life {
        starts: NumberedItems,
        ends: NumberedItems,
        lives: u64,
    },
    /// Nothing, or nothing that is numbered.
    None,
}

/// One worker's place in the order.
#[derive(Debug, Clone, Default)]
struct WorkerTrack {
    clock: VectorClock,
    /// Whether it is in a life.
    is_alive: bool,
    /// What it did after the first event that still waits for another's.
    pending_steps: VecDeque<OrderStep>,
    /// The resource through which that must come.
    blocked_on: Option<ResourceId>,
}

/// What is known of the order of nested acquisitions.
#[derive(Debug, Clone)]
pub(super) struct HappensBefore {
    /// Fewer than two locks make no ring: nothing is kept.
    is_enabled: bool,
    /// Nothing is certain any more.
    is_incomplete: bool,
    tracks: Vec<WorkerTrack>,
    flows: Vec<ResourceFlow>,
    /// Each worker's life, if others start or join it.
    life_by_worker: Vec<Option<ResourceId>>,
    /// Events that wait for others.
    pending_count: usize,
    orders: LockOrders,
}

impl HappensBefore {
    pub(super) fn new(cast: &Registry) -> Self {
        let on = cast.locks().nth(1).is_some();
        let monitors: BTreeSet<ResourceId> = cast
            .resources
            .iter()
            .filter_map(|info| if let ResourceKind::Condition { mutex: of } = info.kind { Some(of) } else { None })
            .collect();
        let way = |(i, kind): (usize, &ResourceKind)| ResourceFlow::of(kind, monitors.contains(&ResourceId::from(i)));
        let kinds = cast.resources.iter().map(|info| &info.kind).enumerate();
        let mut lives = vec![None; cast.workers.len()];
        for (id, of) in cast.lives() {
            if let Some(life) = lives.get_mut(of.index()) {
                *life = Some(id);
            }
        }
        let mut happens = Self {
            is_enabled: on,
            is_incomplete: false,
            tracks: if on { vec![WorkerTrack::default(); cast.workers.len()] } else { Vec::new() },
            flows: if on { kinds.map(way).collect() } else { Vec::new() },
            life_by_worker: lives,
            pending_count: 0,
            orders: LockOrders::default(),
        };
        if cast.workers.len() > MAX_WORKERS {
            happens.mark_incomplete();
        }
        happens
    }

    /// Takes in what a worker did.
    #[inline]
    pub(super) fn apply_event(&mut self, worker: WorkerId, kind: &EventKind) {
        if self.is_enabled
            && !self.is_incomplete
            && let Some(step) = OrderStep::from_event(kind)
            && self.is_ordering_event(kind)
        {
            self.add_step(worker, step);
        }
    }

    /// `worker` took `lock` and would have waited for it for ever, while it held all of `held`.
    pub(super) fn record_nested_acquire(
        &mut self,
        worker: WorkerId,
        lock: ResourceId,
        held: Vec<ResourceId>,
        at: Stamp,
    ) {
        if self.is_incomplete || !self.is_enabled {
            self.orders.record_nested_acquire(worker, lock, &held, (at, 0), |_, _| false);
        } else {
            self.add_step(worker, OrderStep::Nested { lock, held, at });
        }
    }

    /// A life of the worker begins.
    pub(super) fn begin_life(&mut self, worker: WorkerId) {
        if self.is_enabled && !self.is_incomplete {
            self.add_step(worker, OrderStep::Begin);
        }
    }

    /// The worker's life is over, whoever says so.
    pub(super) fn end_life(&mut self, worker: WorkerId) {
        if self.is_enabled && !self.is_incomplete {
            self.add_step(worker, OrderStep::End);
        }
    }

    /// Events were lost: nothing is certain from here on.
    pub(super) fn mark_incomplete(&mut self) {
        if !self.is_enabled || std::mem::replace(&mut self.is_incomplete, true) {
            return;
        }
        self.orders.mark_uncertain();
        for w in 0..self.tracks.len() {
            for step in std::mem::take(&mut self.tracks[w]).pending_steps {
                if let OrderStep::Nested { lock, held, at } = step {
                    self.orders.record_nested_acquire(WorkerId::from(w), lock, &held, (at, 0), |_, _| false);
                }
            }
        }
        (self.tracks, self.flows, self.pending_count) = (Vec::new(), Vec::new(), 0);
    }

    /// The orders of former settings say nothing about the present ones.
    pub(super) fn forget_orders(&mut self) {
        self.orders.forget_orders();
    }

    /// Pairs of locks that different workers took in both orders with nothing to keep them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = OrderHazard> + '_ {
        self.orders.hazards()
    }

    /// Whether anything passes from one worker to another by what is told most often.
    fn is_ordering_event(&self, kind: &EventKind) -> bool {
        match kind {
            EventKind::Acquired { lock, .. } | EventKind::Released { lock, .. } => {
                matches!(
                    self.flows.get(lock.index()),
                    Some(ResourceFlow::MutexTurns { .. } | ResourceFlow::Posts { .. })
                )
            }
            EventKind::Blocked { on: Some(on), .. } => {
                matches!(self.flows.get(on.index()), Some(ResourceFlow::Barrier(_)))
            }
            _ => true,
        }
    }

    #[inline]
    fn add_step(&mut self, worker: WorkerId, step: OrderStep) {
        let Some(track) = self.tracks.get_mut(worker.index()) else { return };
        if track.blocked_on.is_none() {
            match self.try_step(worker, &step) {
                Ok(gave) => return gave.into_iter().for_each(|on| self.wake_blocked(on)),
                Err(on) => self.tracks[worker.index()].blocked_on = Some(on),
            }
        }
        self.tracks[worker.index()].pending_steps.push_back(step);
        self.pending_count += 1;
        if self.pending_count > MAX_PENDING_STEPS {
            self.mark_incomplete();
        }
    }

    /// Something came through a resource: those who need it may go on, and what they give lets others go on.
    fn wake_blocked(&mut self, on: ResourceId) {
        let mut woken = vec![on];
        while let Some(on) = woken.pop() {
            for w in 0..self.tracks.len() {
                if self.tracks[w].blocked_on == Some(on) {
                    self.run_pending(WorkerId::from(w), &mut woken);
                }
            }
        }
    }

    fn run_pending(&mut self, worker: WorkerId, woken: &mut Vec<ResourceId>) {
        let w = worker.index();
        self.tracks[w].blocked_on = None;
        while let Some(step) = self.tracks.get_mut(w).and_then(|track| track.pending_steps.pop_front()) {
            match self.try_step(worker, &step) {
                Ok(gave) => {
                    self.pending_count = self.pending_count.saturating_sub(1);
                    woken.extend(gave);
                }
                Err(on) => {
                    self.tracks[w].pending_steps.push_front(step);
                    self.tracks[w].blocked_on = Some(on);
                    return;
                }
            }
        }
    }

    /// Heap bytes in use, roughly.
    pub(super) fn heap_bytes(&self) -> usize {
        let tracks: usize = self.tracks.iter().map(|track| size_of::<WorkerTrack>() + track.clock.heap_bytes()).sum();
        let ways: usize = self
            .flows
            .iter()
            .map(|way| size_of::<ResourceFlow>() + way.len() * 2 * size_of::<(u64, VectorClock)>())
            .sum();
        self.orders.heap_bytes() + tracks + ways + self.pending_count * 2 * size_of::<OrderStep>()
    }
}

impl ResourceFlow {
    /// How many clocks it keeps.
    fn len(&self) -> usize {
        match self {
            Self::Queue { items, room, .. } => items.len() + room.len(),
            Self::Signals { woken, given } => woken.len() + given.len(),
            Self::Barrier(rounds) => rounds.completed.len(),
            Self::Posts { given, .. } => given.len(),
            Self::MutexTurns { next, .. } => next.len(),
            Self::Pipe { sent, .. } => sent.len(),
            Self::Results(items) => items.len(),
            Self::Life { starts, ends, .. } => starts.len() + ends.len(),
            Self::None => 0,
        }
    }

    fn of(kind: &ResourceKind, is_monitor: bool) -> Self {
        match kind {
            ResourceKind::Mutex { .. } if is_monitor => {
                Self::MutexTurns { next: NumberedItems::default(), held: Vec::new() }
            }
            ResourceKind::Semaphore { permits, scoped: false } => {
                Self::Posts { initial_permits: u64::from(*permits), given: CountedReleases::default() }
            }
            ResourceKind::Queue { capacity } => Self::Queue {
                items: NumberedItems::default(),
                room: NumberedItems::default(),
                capacity: u64::from(*capacity),
            },
            ResourceKind::Pipe { .. } => Self::Pipe { sent: CountedReleases::default(), received: 0 },
            ResourceKind::Condition { .. } | ResourceKind::Event => {
                Self::Signals { woken: CountedReleases::default(), given: CountedReleases::default() }
            }
            ResourceKind::Barrier { .. } => Self::Barrier(BarrierRounds::default()),
            ResourceKind::Results => Self::Results(NumberedItems::default()),
            ResourceKind::Life { .. } => {
                Self::Life { starts: NumberedItems::default(), ends: NumberedItems::default(), lives: 0 }
            }
            _ => Self::None,
        }
    }
}
