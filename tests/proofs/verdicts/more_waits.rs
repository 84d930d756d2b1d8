//! More kinds of waits in a random program: events, wait groups, queues without room, alternatives, joins with a time
//! limit, and mutexes that pass in order of arrival.

use fastrand::Rng;

use super::program::{Alternative, Kind, Op, Program};

/// Share of the resources whose waits have a time limit.
const TIMED: f64 = 0.2;

impl Program {
    /// Adds resources of other kinds, and steps that use them, at random places.
    pub fn with_more_waits(mut self, rng: &mut Rng) -> Self {
        for choice in 0..4 {
            let timed = rng.f64() < TIMED;
            let kind = match choice {
                0 => Kind::Event { timed },
                1 => Kind::WaitGroup { timed },
                2 => Kind::Latch { initial: rng.u32(1..=2), timed },
                _ => Kind::Rendezvous { timed },
            };
            if rng.f64() < 0.6 {
                self.kinds.push(kind);
            }
        }
        self.tasks = rng.f64() < 0.3;
        let with_selects = rng.bool();
        for w in 0..self.workers.len() {
            for _ in 0..rng.usize(1..=3) {
                if let Some(op) = self.other_wait(rng, w, with_selects) {
                    insert(&mut self.workers[w], op, rng);
                }
            }
        }
        self
    }

    fn other_wait(&self, rng: &mut Rng, me: usize, with_selects: bool) -> Option<Op> {
        if with_selects && rng.f64() < 0.25 {
            let (first, second) = (self.alternative(rng, me)?, self.alternative(rng, me)?);
            return Some(Op::Select { both: [first, second], timed: rng.f64() < TIMED });
        }
        let other = rng.usize(..self.workers.len());
        if rng.f64() < 0.15 && other != me {
            return Some(Op::TryJoin(other));
        }
        let on = rng.usize(..self.kinds.len());
        Some(match self.kinds[on] {
            Kind::Event { .. } => match rng.u32(..8) {
                0..=3 => Op::Await(on),
                4..=6 => Op::Set(on),
                _ => Op::Clear(on),
            },
            Kind::WaitGroup { .. } if rng.f64() < 0.35 => Op::Add(on),
            Kind::WaitGroup { .. } | Kind::Latch { .. } if rng.bool() => Op::Done(on),
            Kind::WaitGroup { .. } | Kind::Latch { .. } => Op::Await(on),
            Kind::Queue { .. } | Kind::Rendezvous { .. } if rng.bool() => Op::Put(on),
            Kind::Queue { .. } | Kind::Rendezvous { .. } => Op::Take(on),
            _ => return None,
        })
    }

    /// Returns an alternative. At a queue without room, all workers with alternatives are on one side.
    fn alternative(&self, rng: &mut Rng, me: usize) -> Option<Alternative> {
        let other = rng.usize(..self.workers.len());
        if rng.f64() < 0.1 && other != me {
            return Some(Alternative::Join(other));
        }
        let on = rng.usize(..self.kinds.len());
        match self.kinds[on] {
            Kind::Rendezvous { .. } if on.is_multiple_of(2) => Some(Alternative::Take(on)),
            Kind::Queue { .. } if rng.f64() < 0.6 => Some(Alternative::Take(on)),
            Kind::Rendezvous { .. } | Kind::Queue { .. } => Some(Alternative::Put(on)),
            Kind::Event { .. } => Some(Alternative::Await(on)),
            _ => None,
        }
    }

    /// Adds steps that cancel other workers, at random places.
    pub fn with_cancels(mut self, rng: &mut Rng) -> Self {
        let workers = self.workers.len();
        for w in 0..workers {
            let other = rng.usize(..workers);
            if other != w && rng.f64() < 0.5 {
                insert(&mut self.workers[w], Op::Cancel(other), rng);
            }
        }
        self
    }

    pub fn has_cancels(&self) -> bool {
        self.any_op(|op| matches!(op, Op::Cancel(_)))
    }

    /// Whether a worker waits for the first of several. Wait slots do not show such a wait completely, so that a
    /// verdict can be missed where events are lost.
    pub fn has_selects(&self) -> bool {
        self.any_op(|op| matches!(op, Op::Select { .. }))
    }
}

/// Inserts a step at a random place, perhaps inside a block.
fn insert(ops: &mut Vec<Op>, new: Op, rng: &mut Rng) {
    let blocks: Vec<usize> = (0..ops.len()).filter(|at| matches!(ops[*at], Op::Hold { .. })).collect();
    if let Some(at) = rng.choice(blocks).filter(|_| rng.bool())
        && let Op::Hold { body, .. } = &mut ops[at]
    {
        return insert(body, new, rng);
    }
    let at = rng.usize(..=ops.len());
    ops.insert(at, new);
}
