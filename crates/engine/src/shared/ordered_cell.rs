//! A counter in memory that workers share, with the memory order of its operations.

use std::sync::atomic::{AtomicU64, Ordering};

use contend_platform::{Access, Poll};
use contend_scenario::{Compare, MemoryOrder};

/// The cell of a counter. Values are signed, as two's complement.
#[derive(Debug, Clone, Copy)]
pub struct OrderedCell<'a> {
    cell: &'a AtomicU64,
    order: MemoryOrder,
}

impl<'a> OrderedCell<'a> {
    pub const fn new(cell: &'a AtomicU64, order: MemoryOrder) -> Self {
        Self { cell, order }
    }

    pub fn load(self) -> i64 {
        self.cell.load(self.load_order()) as i64
    }

    pub fn store(self, value: i64) {
        self.cell.store(value as u64, self.store_order());
    }

    /// Returns a store to be performed later.
    pub const fn later_store(self, value: i64) -> Access<'a> {
        Access::Store { word: self.cell, value, order: self.store_order() }
    }

    /// Returns a load to be performed later.
    pub const fn later_load(self) -> Access<'a> {
        Access::Load { word: self.cell, order: self.load_order(), value: 0 }
    }

    /// Returns a poll to be performed later: whether the value compares so with `with`.
    pub fn later_poll(self, compare: Compare, with: f64) -> Poll<'a> {
        let wanted = match compare {
            Compare::Above => with.floor() as i64 + 1..=i64::MAX,
            Compare::Below => i64::MIN..=with.ceil() as i64 - 1,
            Compare::Equals => with.round() as i64..=with.round() as i64,
        };
        Poll { word: self.cell, order: self.load_order(), wanted }
    }

    /// Adds, wrapping around, and returns the value after it.
    pub fn add(self, delta: i64) -> i64 {
        (self.cell.fetch_add(delta as u64, self.update_order()) as i64).wrapping_add(delta)
    }

    /// Writes `new` if the value is `expected`. Returns the value before.
    ///
    /// # Errors
    /// The value, if it is another.
    pub fn compare_and_set(self, expected: i64, new: i64) -> Result<i64, i64> {
        let found = self.cell.compare_exchange(expected as u64, new as u64, self.update_order(), self.load_order());
        found.map(|before| before as i64).map_err(|found| found as i64)
    }

    const fn load_order(self) -> Ordering {
        match self.order {
            MemoryOrder::Relaxed => Ordering::Relaxed,
            MemoryOrder::AcquireRelease => Ordering::Acquire,
            MemoryOrder::SeqCst => Ordering::SeqCst,
        }
    }

    const fn store_order(self) -> Ordering {
        match self.order {
            MemoryOrder::Relaxed => Ordering::Relaxed,
            MemoryOrder::AcquireRelease => Ordering::Release,
            MemoryOrder::SeqCst => Ordering::SeqCst,
        }
    }

    const fn update_order(self) -> Ordering {
        match self.order {
            MemoryOrder::Relaxed => Ordering::Relaxed,
            MemoryOrder::AcquireRelease => Ordering::AcqRel,
            MemoryOrder::SeqCst => Ordering::SeqCst,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poll_wants_the_values_for_which_the_comparison_holds() {
        let memory = AtomicU64::new(0);
        let cell = OrderedCell::new(&memory, MemoryOrder::Relaxed);
        for compare in [Compare::Above, Compare::Below, Compare::Equals] {
            for with in [-2.0, -0.4, 0.0, 1.0, 1.75] {
                let wanted = cell.later_poll(compare, with).wanted;
                for value in -4..=4 {
                    let holds = compare.holds(value as f64, with);
                    assert_eq!(wanted.contains(&value), holds, "{value} {compare:?} {with}");
                }
            }
        }
    }

    #[test]
    fn values_are_signed_in_every_order() {
        for order in MemoryOrder::ALL {
            let memory = AtomicU64::new(0);
            let cell = OrderedCell::new(&memory, order);
            assert_eq!((cell.add(-3), cell.load()), (-3, -3));
            assert_eq!((cell.compare_and_set(0, 9), cell.load()), (Err(-3), -3));
            assert_eq!((cell.compare_and_set(-3, 9), cell.load()), (Ok(-3), 9));
            cell.store(-1);
            assert_eq!(cell.load(), -1);
        }
    }
}
