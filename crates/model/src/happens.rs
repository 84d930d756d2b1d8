//! Which nested acquisitions certainly happened before which others, and so can never overlap.
//!
//! Order passes from one worker to another where one gives what the other must have: an item, a permit, a signal, a turn of a
//! monitor's mutex, a start, an end. Events of different workers arrive in any order, but each of these has a number, or is
//! counted. So each worker's events wait until what they need has been told by its giver. What comes out of it does not
//! depend on the order of arrival, and no clock is asked.
//!
//! An order in time that a plain mutex brings about is chance, and does not count. A mutex that conditions belong to passes
//! on what its values tell, so it does. Where events are lost or too many wait, nothing is certain any more.

mod channel;
mod clock;
mod step;

use std::collections::{BTreeSet, VecDeque};

use self::channel::{Counted, Items, Rounds};
use self::clock::Clock;
use self::step::Step;
use super::orders::{Hazard, Orders};
use contend_trace::{Cast, EventKind, ResourceId, ResourceKind, Stamp, WorkerId};

/// Events that wait for others, all together.
const MOST: usize = 1 << 16;

/// Workers whose order can be told.
const WORKERS: usize = 1 << 10;

/// What passes through a resource.
#[derive(Debug, Clone)]
enum Way {
    /// Items, and room for them where there is little.
    Queue {
        items: Items,
        room: Items,
        capacity: u64,
    },
    /// Conditions and event flags: each waiting worker that is woken, and each signal.
    Signals {
        woken: Counted,
        given: Counted,
    },
    Barrier(Rounds),
    /// A semaphore that is used as a signal: permits beyond those it had.
    Posts {
        had: u64,
        given: Counted,
    },
    /// The mutex of conditions: each turn after the one before it.
    Turns {
        next: Items,
        held: Vec<(WorkerId, u64)>,
    },
    Pipe {
        sent: Counted,
        received: u64,
    },
    Results(Items),
    Life {
        starts: Items,
        ends: Items,
        lives: u64,
    },
    /// Nothing, or nothing that is numbered.
    None,
}

/// One worker's place in the order.
#[derive(Debug, Clone, Default)]
struct Track {
    clock: Clock,
    /// Whether it is in a life.
    lives: bool,
    /// What it did after the first event that still waits for another's.
    pending: VecDeque<Step>,
    /// The resource through which that must come.
    blocked: Option<ResourceId>,
}

/// What is known of the order of nested acquisitions.
#[derive(Debug, Clone)]
pub(super) struct Happens {
    /// Fewer than two locks make no ring: nothing is kept.
    on: bool,
    /// Nothing is certain any more.
    blind: bool,
    tracks: Vec<Track>,
    ways: Vec<Way>,
    /// Each worker's life, if others start or join it.
    lives: Vec<Option<ResourceId>>,
    /// Events that wait for others.
    kept: usize,
    orders: Orders,
}

impl Happens {
    pub(super) fn new(cast: &Cast) -> Self {
        let on = cast.locks().nth(1).is_some();
        let monitors: BTreeSet<ResourceId> = cast
            .resources
            .iter()
            .filter_map(|info| if let ResourceKind::Condition { of } = info.kind { Some(of) } else { None })
            .collect();
        let way = |(i, kind): (usize, &ResourceKind)| Way::of(kind, monitors.contains(&ResourceId::from(i)));
        let kinds = cast.resources.iter().map(|info| &info.kind).enumerate();
        let mut lives = vec![None; cast.workers.len()];
        for (id, of) in cast.lives() {
            if let Some(life) = lives.get_mut(of.index()) {
                *life = Some(id);
            }
        }
        let mut happens = Self {
            on,
            blind: false,
            tracks: if on { vec![Track::default(); cast.workers.len()] } else { Vec::new() },
            ways: if on { kinds.map(way).collect() } else { Vec::new() },
            lives,
            kept: 0,
            orders: Orders::default(),
        };
        if cast.workers.len() > WORKERS {
            happens.lose();
        }
        happens
    }

    /// Takes in what a worker did.
    #[inline]
    pub(super) fn event(&mut self, worker: WorkerId, kind: &EventKind) {
        if self.on
            && !self.blind
            && let Some(step) = Step::of(kind)
            && self.matters(kind)
        {
            self.step(worker, step);
        }
    }

    /// `worker` took `lock` and would have waited for it for ever, while it held all of `held`.
    pub(super) fn nested(&mut self, worker: WorkerId, lock: ResourceId, held: Vec<ResourceId>, at: Stamp) {
        if self.blind || !self.on {
            self.orders.took(worker, lock, &held, (at, 0), |_, _| false);
        } else {
            self.step(worker, Step::Nested { lock, held, at });
        }
    }

    /// A life of the worker begins.
    pub(super) fn began(&mut self, worker: WorkerId) {
        if self.on && !self.blind {
            self.step(worker, Step::Begin);
        }
    }

    /// The worker's life is over, whoever says so.
    pub(super) fn ended(&mut self, worker: WorkerId) {
        if self.on && !self.blind {
            self.step(worker, Step::End);
        }
    }

    /// Events were lost: nothing is certain from here on.
    pub(super) fn lose(&mut self) {
        if !self.on || std::mem::replace(&mut self.blind, true) {
            return;
        }
        self.orders.doubt();
        for w in 0..self.tracks.len() {
            for step in std::mem::take(&mut self.tracks[w]).pending {
                if let Step::Nested { lock, held, at } = step {
                    self.orders.took(WorkerId::from(w), lock, &held, (at, 0), |_, _| false);
                }
            }
        }
        (self.tracks, self.ways, self.kept) = (Vec::new(), Vec::new(), 0);
    }

    /// The orders of former settings say nothing about the present ones.
    pub(super) fn forget_orders(&mut self) {
        self.orders.forget();
    }

    /// Pairs of locks that different workers took in both orders with nothing to keep them apart.
    pub(super) fn hazards(&self) -> impl Iterator<Item = Hazard> + '_ {
        self.orders.hazards()
    }

    /// Whether anything passes from one worker to another by what is told most often.
    fn matters(&self, kind: &EventKind) -> bool {
        match kind {
            EventKind::Acquired { lock, .. } | EventKind::Released { lock, .. } => {
                matches!(self.ways.get(lock.index()), Some(Way::Turns { .. } | Way::Posts { .. }))
            }
            EventKind::Block { on: Some(on), .. } => matches!(self.ways.get(on.index()), Some(Way::Barrier(_))),
            _ => true,
        }
    }

    #[inline]
    fn step(&mut self, worker: WorkerId, step: Step) {
        let Some(track) = self.tracks.get_mut(worker.index()) else { return };
        if track.blocked.is_none() {
            match self.pass(worker, &step) {
                Ok(gave) => return gave.into_iter().for_each(|on| self.wake(on)),
                Err(on) => self.tracks[worker.index()].blocked = Some(on),
            }
        }
        self.tracks[worker.index()].pending.push_back(step);
        self.kept += 1;
        if self.kept > MOST {
            self.lose();
        }
    }

    /// Something came through a resource: those who need it may go on, and what they give lets others go on.
    fn wake(&mut self, on: ResourceId) {
        let mut woken = vec![on];
        while let Some(on) = woken.pop() {
            for w in 0..self.tracks.len() {
                if self.tracks[w].blocked == Some(on) {
                    self.go_on(WorkerId::from(w), &mut woken);
                }
            }
        }
    }

    fn go_on(&mut self, worker: WorkerId, woken: &mut Vec<ResourceId>) {
        let w = worker.index();
        self.tracks[w].blocked = None;
        while let Some(step) = self.tracks.get_mut(w).and_then(|track| track.pending.pop_front()) {
            match self.pass(worker, &step) {
                Ok(gave) => {
                    self.kept = self.kept.saturating_sub(1);
                    woken.extend(gave);
                }
                Err(on) => {
                    self.tracks[w].pending.push_front(step);
                    self.tracks[w].blocked = Some(on);
                    return;
                }
            }
        }
    }

    /// Heap bytes in use, roughly.
    pub(super) fn bytes(&self) -> usize {
        let tracks: usize = self.tracks.iter().map(|track| size_of::<Track>() + track.clock.bytes()).sum();
        let ways: usize =
            self.ways.iter().map(|way| size_of::<Way>() + way.len() * 2 * size_of::<(u64, Clock)>()).sum();
        self.orders.bytes() + tracks + ways + self.kept * 2 * size_of::<Step>()
    }
}

impl Way {
    /// How many clocks it keeps.
    fn len(&self) -> usize {
        match self {
            Self::Queue { items, room, .. } => items.len() + room.len(),
            Self::Signals { woken, given } => woken.len() + given.len(),
            Self::Barrier(rounds) => rounds.over.len(),
            Self::Posts { given, .. } => given.len(),
            Self::Turns { next, .. } => next.len(),
            Self::Pipe { sent, .. } => sent.len(),
            Self::Results(items) => items.len(),
            Self::Life { starts, ends, .. } => starts.len() + ends.len(),
            Self::None => 0,
        }
    }

    fn of(kind: &ResourceKind, is_monitor: bool) -> Self {
        match kind {
            ResourceKind::Mutex { .. } if is_monitor => Self::Turns { next: Items::default(), held: Vec::new() },
            ResourceKind::Semaphore { permits, scoped: false } => {
                Self::Posts { had: u64::from(*permits), given: Counted::default() }
            }
            ResourceKind::Queue { capacity } => {
                Self::Queue { items: Items::default(), room: Items::default(), capacity: u64::from(*capacity) }
            }
            ResourceKind::Pipe { .. } => Self::Pipe { sent: Counted::default(), received: 0 },
            ResourceKind::Condition { .. } | ResourceKind::Event => {
                Self::Signals { woken: Counted::default(), given: Counted::default() }
            }
            ResourceKind::Barrier { .. } => Self::Barrier(Rounds::default()),
            ResourceKind::Results => Self::Results(Items::default()),
            ResourceKind::Life { .. } => Self::Life { starts: Items::default(), ends: Items::default(), lives: 0 },
            _ => Self::None,
        }
    }
}
