//! What the run gets done per second, and the most that its tightest resource allows.

use crate::model::{LockCapacity, Model};
use crate::trace::{PoolId, ResourceId, ResourceKind, Stamp};

/// The counted unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::tui) enum ThroughputOf {
    /// Tasks that ended.
    Pool(PoolId),
    /// Holds that ended.
    Lock(ResourceId),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::tui) struct ThroughputFigures {
    pub(in crate::tui) of: ThroughputOf,
    /// Per second.
    pub(in crate::tui) rate: f64,
    /// The most that is possible per second, if that is known.
    pub(in crate::tui) ceiling: Option<f64>,
}

impl ThroughputFigures {
    /// Captures the throughput of the first pool, or of the only lock, between two moments.
    pub(super) fn capture(model: &Model, from: Stamp, to: Stamp) -> Option<Self> {
        let secs = to.span_since(from).as_secs_f64();
        let of = subject(model).filter(|_| secs > 0.0)?;
        let (count, ceiling) = match of {
            ThroughputOf::Pool(id) => {
                let pool = model.pool(id)?;
                (pool.tasks_ended_between(from, to, to), pool.ceiling(from, to))
            }
            ThroughputOf::Lock(id) => {
                let lock = model.lock(id)?;
                // Readers share an rwlock: the sum of their holds says nothing about how many more there could be.
                let ceiling = lock.ceiling(from, to).filter(|_| lock.capacity() != LockCapacity::ReadersWriter);
                (lock.releases(from, to), ceiling)
            }
        };
        Some(Self { of, rate: count as f64 / secs, ceiling })
    }
}

fn subject(model: &Model) -> Option<ThroughputOf> {
    let registry = model.registry();
    if !registry.pools.is_empty() {
        return Some(ThroughputOf::Pool(PoolId(0)));
    }
    let mut locks = registry.locks();
    let (only, None) = (locks.next()?, locks.next()) else { return None };
    let is_signal = matches!(registry.resource(only)?.kind, ResourceKind::Semaphore { scoped: false, .. });
    (!is_signal).then_some(ThroughputOf::Lock(only))
}
