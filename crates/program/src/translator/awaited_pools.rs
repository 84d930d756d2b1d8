//! Pools that lanes work for and that have no definition yet.
//!
//! A process of a pool may work before the definition of the pool arrives from its parent. Names cannot change once
//! they are shown, so the records of such a lane, and everything after them, wait for the definition; not for long,
//! since it may never come.

use std::collections::HashMap;

use super::Translator;
use crate::id::Id;
use crate::trace_record::TraceRecord;

/// The longest wait for a definition, in nanoseconds. A pool with many processes takes as long to start them.
const MAX_WAIT: u64 = 500_000_000;

/// The pools without a definition, and since which mark records wait for each.
#[derive(Debug, Default)]
pub(super) struct AwaitedPools {
    since: HashMap<Id, Option<u64>>,
    /// Everything up to this time was applied.
    complete_until: u64,
}

impl Translator {
    /// Notes that a lane works for a pool.
    pub(super) fn await_pool(&mut self, pool: Id) {
        if pool != Id::None && !self.objects.contains_key(&pool) {
            self.awaited.since.entry(pool).or_default();
        }
    }

    /// Notes that a pool has its definition.
    pub(super) fn end_await(&mut self, pool: Id) {
        self.awaited.since.remove(&pool);
    }

    /// Says that no definition will come any more.
    pub fn expect_no_definitions(&mut self) {
        self.awaited.since.clear();
    }

    /// Whether everything up to this time was applied.
    pub(super) const fn is_complete_until(&self, at: u64) -> bool {
        self.awaited.complete_until >= at
    }

    /// Returns the time up to which records can be applied, at most `mark`. Pending records are in order.
    pub(super) fn last_complete(&mut self, mark: u64) -> u64 {
        let mut last = mark;
        if !self.awaited.since.is_empty() {
            let first = self.pending.iter().take_while(|(at, ..)| *at <= mark).find_map(|(at, _, record)| {
                let TraceRecord::Event(event) = record else { return None };
                let pool = self.lanes[*self.lane_by_id.get(&event.lane)?].info.pool;
                self.awaited.since.contains_key(&pool).then_some((*at, pool))
            });
            if let Some((at, pool)) = first {
                let since = *self.awaited.since.entry(pool).or_default().get_or_insert(mark);
                if mark.saturating_sub(since) < MAX_WAIT {
                    last = at.saturating_sub(1);
                } else {
                    self.awaited.since.remove(&pool);
                }
            }
        }
        self.awaited.complete_until = self.awaited.complete_until.max(last);
        self.awaited.complete_until
    }
}
