//! The items of a queue that have priorities, in the order in which they leave. Each has the time when it was put.
//!
//! A list for each level, in words that the queue's monitor guards; 0 stands for no item:
//!
//! ```text
//! 0 first free place | 1 places used so far | 2-9 first item of each level | 10-17 last item of each level |
//! then for each place: next item in its list, and priority in bits 32-39 | time
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use super::monitor::MonitorGuard;

/// The number of priorities, from 0 on.
pub const PRIORITIES: u64 = 8;
const FREE: usize = 0;
const USED: usize = 1;
const FIRST: usize = 2;
const LAST: usize = 10;
const PLACES: usize = 18;

/// Returns the number of words for a queue of this capacity.
pub const fn item_words(capacity: u32) -> usize {
    PLACES + 2 * capacity as usize
}

#[derive(Debug, Clone, Copy)]
pub struct StoredItems<'a> {
    pub words: &'a [AtomicU64],
    /// Whether items with a higher priority leave first; otherwise all are in one list.
    pub by_priority: bool,
    /// Nanoseconds per tick of the run's clock.
    pub tick_nanos: f64,
}

/// An item as it was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredItem {
    pub priority: u64,
    /// In ticks of the run's clock.
    pub put_at: u64,
}

// Relaxed throughout: the monitor orders all accesses. Positions out of range are ignored: a process may have died in
// the middle of a change.
impl StoredItems<'_> {
    fn get(self, position: usize) -> u64 {
        self.words.get(position).map_or(0, |word| word.load(Ordering::Relaxed))
    }

    fn set(self, position: usize, value: u64) {
        if let Some(word) = self.words.get(position) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// The position of the words of an item.
    const fn place(item: u64) -> usize {
        PLACES + 2 * item.saturating_sub(1) as usize
    }

    fn next(self, item: u64) -> u64 {
        self.get(Self::place(item)) & u64::from(u32::MAX)
    }

    fn set_next(self, item: u64, next: u64) {
        let place = Self::place(item);
        self.set(place, self.get(place) & !u64::from(u32::MAX) | next);
    }

    /// Returns how long an item stayed that is taken at `at`, in microseconds.
    pub fn stay_micros(self, item: StoredItem, at: u64) -> u64 {
        (at.saturating_sub(item.put_at) as f64 * self.tick_nanos / 1e3) as u64
    }

    /// Appends an item.
    pub fn push(self, _guard: &MonitorGuard<'_>, item: StoredItem) {
        let priority = item.priority.min(PRIORITIES - 1);
        let level = if self.by_priority { priority as usize } else { 0 };
        let new = match self.get(FREE) {
            0 => {
                self.set(USED, self.get(USED) + 1);
                self.get(USED)
            }
            free => {
                self.set(FREE, self.next(free));
                free
            }
        };
        self.set(Self::place(new), priority << 32);
        self.set(Self::place(new) + 1, item.put_at);
        match self.get(FIRST + level) {
            0 => self.set(FIRST + level, new),
            _ => self.set_next(self.get(LAST + level), new),
        }
        self.set(LAST + level, new);
    }

    /// Removes the item that leaves first: the oldest of the highest priority.
    pub fn pop(self, _guard: &MonitorGuard<'_>) -> Option<StoredItem> {
        let level = (0..PRIORITIES as usize).rev().find(|level| self.get(FIRST + level) > 0)?;
        let first = self.get(FIRST + level);
        let place = Self::place(first);
        let item = StoredItem { priority: self.get(place) >> 32, put_at: self.get(place + 1) };
        self.set(FIRST + level, self.next(first));
        self.set_next(first, self.get(FREE));
        self.set(FREE, first);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::monitor::Monitor;

    fn check(by_priority: bool, puts: &[u64], expected: &[(u64, u64)]) {
        let cells = [const { AtomicU64::new(0) }; 16];
        let monitor = Monitor::at(&cells);
        monitor.init();
        let words: Vec<AtomicU64> = (0..item_words(6)).map(|_| AtomicU64::new(0)).collect();
        let items = StoredItems { words: &words, by_priority, tick_nanos: 1.0 };
        // Twice: the second time in places that were used before.
        for _ in 0..2 {
            for (put_at, priority) in (1..).zip(puts) {
                items.push(&monitor.enter(), StoredItem { priority: *priority, put_at });
            }
            let taken = std::iter::from_fn(|| items.pop(&monitor.enter()));
            let taken: Vec<(u64, u64)> = taken.map(|item| (item.priority, item.put_at)).collect();
            assert_eq!(taken, expected);
        }
    }

    #[test]
    fn highest_priority_leaves_first_and_equals_in_order_of_arrival() {
        check(true, &[0, 7, 3, 7, 0, 3], &[(7, 2), (7, 4), (3, 3), (3, 6), (0, 1), (0, 5)]);
        check(true, &[99, 1], &[(7, 1), (1, 2)]);
    }

    #[test]
    fn without_order_by_priority_all_leave_in_order_of_arrival() {
        check(false, &[0, 7, 3], &[(0, 1), (7, 2), (3, 3)]);
    }
}
