//! One counter.

use crate::trace::Stamp;

use super::shares::Window;

#[derive(Debug, Clone)]
pub struct Counter {
    value: i64,
    expected: i64,
}

impl Counter {
    pub(super) fn new(initial: i64) -> Self {
        Self { value: initial, expected: initial }
    }

    /// What it holds, as far as is known.
    pub fn value(&self) -> i64 {
        self.value
    }

    /// What it would hold had no update been lost.
    pub fn expected(&self) -> i64 {
        self.expected
    }

    /// Updates that are certainly lost; negative when decrements were lost.
    pub fn lost(&self) -> i64 {
        0
    }

    /// Its value at the end of each cell, carried forward when nothing happened.
    pub fn cells(&self, w: &Window, _now: Stamp, out: &mut Vec<i64>) {
        out.clear();
        out.resize(w.cells, self.value);
    }
}
