//! What is known of one resource, whatever it is.

use super::plan::Plan;
use super::{Counter, Life, Lock, Pipe, Queue, Results, Room, Signals};
use contend_trace::ResourceKind;

#[derive(Debug, Clone)]
pub(super) enum Res {
    Lock(Box<Lock>),
    Queue(Box<Queue>),
    Pipe(Box<Pipe>),
    Counter(Box<Counter>),
    Signals(Box<Signals>),
    Results(Box<Results>),
    Life(Box<Life>),
}

impl Res {
    pub(super) fn new(kind: &ResourceKind, plan: &Plan) -> Self {
        match kind {
            ResourceKind::Mutex { .. } | ResourceKind::Semaphore { .. } | ResourceKind::Rwlock { .. } => {
                Self::Lock(Box::new(Lock::new(plan, Room::of(kind))))
            }
            ResourceKind::Queue { capacity } | ResourceKind::Server { room: capacity } => {
                Self::Queue(Box::new(Queue::new(*capacity, plan.shape)))
            }
            ResourceKind::Pipe { capacity } => Self::Pipe(Box::new(Pipe::new(*capacity, plan.shape))),
            ResourceKind::Condition { .. } | ResourceKind::Event | ResourceKind::Barrier { .. } => {
                Self::Signals(Box::default())
            }
            ResourceKind::Results => Self::Results(Box::new(Results::new(plan.shape, plan.grants))),
            ResourceKind::Life { of } => Self::Life(Box::new(Life::new(*of, plan.digits))),
            ResourceKind::Counter { initial, memory } => {
                Self::Counter(Box::new(Counter::new(*initial, *memory, plan.shape)))
            }
        }
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Lock(lock) => size_of::<Lock>() + lock.bytes(),
            Self::Queue(queue) => size_of::<Queue>() + queue.bytes(),
            Self::Pipe(pipe) => size_of::<Pipe>() + pipe.bytes(),
            Self::Signals(signals) => size_of::<Signals>() + signals.bytes(),
            Self::Results(results) => size_of::<Results>() + results.bytes(),
            Self::Life(life) => size_of::<Life>() + life.bytes(),
            Self::Counter(counter) => size_of::<Counter>() + counter.bytes(),
        }
    }
}
