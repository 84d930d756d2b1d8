//! Items with priorities: how many of each, and how long they stay in the queue.

use std::collections::{BTreeMap, VecDeque};

use super::Queue;
use crate::DurationStats;
use contend_trace::{Span, Stamp};

/// Most items of one priority whose times are kept while they wait. Only a longer line loses its oldest.
const MAX_WAITING: usize = 1 << 12;

/// The items of one priority.
#[derive(Debug, Clone)]
pub struct PriorityItems {
    put: u64,
    taken: u64,
    stays: DurationStats,
    /// When the items that wait were put, oldest first.
    waiting: VecDeque<Stamp>,
    /// Items whose take was known before their put.
    early: u64,
}

impl PriorityItems {
    pub fn put_count(&self) -> u64 {
        self.put
    }

    pub fn taken_count(&self) -> u64 {
        self.taken
    }

    /// Returns how long the items that were taken stayed in the queue.
    pub fn stays(&self) -> &DurationStats {
        &self.stays
    }

    /// Returns how long the oldest item that waits has waited.
    pub fn oldest_wait(&self, now: Stamp) -> Option<Span> {
        self.waiting.front().filter(|_| self.put > self.taken).map(|put| now.span_since(*put))
    }
}

/// By priority.
pub(super) type Priorities = BTreeMap<u8, PriorityItems>;

impl Queue {
    /// Records the priority of an item that was put or taken; a taken one stayed this long.
    pub(crate) fn record_priority(&mut self, at: Stamp, priority: u8, taken: Option<Span>) {
        let items = self.priorities.entry(priority).or_insert_with(|| PriorityItems {
            put: 0,
            taken: 0,
            stays: DurationStats::new(2),
            waiting: VecDeque::new(),
            early: 0,
        });
        match taken {
            Some(stay) => {
                items.taken += 1;
                items.stays.record(stay);
                items.early += u64::from(items.waiting.pop_front().is_none());
            }
            None if items.early > 0 => {
                items.put += 1;
                items.early -= 1;
            }
            None => {
                items.put += 1;
                items.waiting.push_back(at);
                if items.waiting.len() > MAX_WAITING {
                    items.waiting.pop_front();
                }
            }
        }
    }

    /// Returns the items of each priority, the lowest first; none if items have no priorities.
    pub fn priorities(&self) -> impl Iterator<Item = (u8, &PriorityItems)> {
        self.priorities.iter().map(|(priority, items)| (*priority, items))
    }

    /// Returns how long all items that were taken stayed; `None` if items have no priorities.
    pub fn stays(&self) -> Option<DurationStats> {
        let mut all = DurationStats::new(2);
        self.priorities.values().for_each(|items| all.merge(&items.stays));
        (!self.priorities.is_empty()).then_some(all)
    }
}
