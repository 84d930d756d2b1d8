//! The state of a resource of any kind.

use super::buffer_sizes::BufferSizes;
use super::{Counter, Life, Lock, LockCapacity, Pipe, Queue, Results, Signals};
use contend_trace::{ResourceKind, WorkerId};

/// The state of one resource.
#[derive(Debug, Clone)]
pub(super) enum ResourceState {
    Lock(Box<Lock>),
    Queue(Box<Queue>),
    Pipe(Box<Pipe>),
    Counter(Box<Counter>),
    Signals(Box<Signals>),
    Results(Box<Results>),
    Life(Box<Life>),
}

impl ResourceState {
    /// Returns `None` for a resource that is not declared.
    pub(super) fn new(kind: &ResourceKind, sizes: &BufferSizes) -> Option<Self> {
        Some(match kind {
            ResourceKind::Undeclared => return None,
            ResourceKind::Mutex { .. } | ResourceKind::Semaphore { .. } | ResourceKind::Rwlock { .. } => {
                Self::Lock(Box::new(Lock::new(sizes, LockCapacity::of(kind))))
            }
            ResourceKind::Queue { capacity } | ResourceKind::Server { max_requests: capacity } => {
                Self::Queue(Box::new(Queue::new(*capacity, sizes.shape)))
            }
            ResourceKind::Pipe { capacity } => Self::Pipe(Box::new(Pipe::new(*capacity, sizes.shape))),
            ResourceKind::Condition { .. }
            | ResourceKind::Event
            | ResourceKind::Barrier { .. }
            | ResourceKind::WaitGroup => Self::Signals(Box::new(Signals::new(sizes))),
            ResourceKind::Latch { initial } => Self::Signals(Box::new(Signals::of_latch(*initial, sizes))),
            ResourceKind::Results => Self::Results(Box::new(Results::new(sizes.shape, sizes.grant_words))),
            ResourceKind::Life { worker } => Self::Life(Box::new(Life::new(*worker, sizes.digits))),
            ResourceKind::Counter { initial, memory } => {
                Self::Counter(Box::new(Counter::new(*initial, *memory, sizes.shape, sizes.writes_per_counter)))
            }
        })
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, sizes: &BufferSizes) {
        match self {
            Self::Lock(lock) => lock.reshape(sizes),
            Self::Queue(queue) => queue.reshape(sizes.shape),
            Self::Pipe(pipe) => pipe.reshape(sizes.shape),
            Self::Results(results) => results.reshape(sizes.shape),
            Self::Counter(counter) => counter.reshape(sizes.shape, sizes.writes_per_counter),
            Self::Signals(signals) => signals.reshape(sizes),
            Self::Life(_) => {}
        }
    }

    /// Forgets the figures per worker of a resource that is gone.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        match self {
            Self::Lock(lock) => lock.forget_user(worker),
            Self::Counter(counter) => counter.forget_worker(worker),
            _ => {}
        }
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Lock(lock) => size_of::<Lock>() + lock.heap_bytes(),
            Self::Queue(queue) => size_of::<Queue>() + queue.heap_bytes(),
            Self::Pipe(pipe) => size_of::<Pipe>() + pipe.heap_bytes(),
            Self::Signals(signals) => size_of::<Signals>() + signals.heap_bytes(),
            Self::Results(results) => size_of::<Results>() + results.heap_bytes(),
            Self::Life(life) => size_of::<Life>() + life.heap_bytes(),
            Self::Counter(counter) => size_of::<Counter>() + counter.heap_bytes(),
        }
    }
}
