//! One queue.

use crate::trace::{Span, Stamp};

use super::shares::Window;

#[derive(Debug, Clone)]
pub struct Queue {
    capacity: u32,
    depth: u32,
    put: u64,
    taken: u64,
    max: u32,
}

impl Queue {
    pub(super) fn new(capacity: u32) -> Self {
        Self { capacity, depth: 0, put: 0, taken: 0, max: 0 }
    }

    pub fn depth(&self) -> u32 {
        self.depth
    }

    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    pub fn put(&self) -> u64 {
        self.put
    }

    pub fn taken(&self) -> u64 {
        self.taken
    }

    pub fn max(&self) -> u32 {
        self.max
    }

    /// Depth averaged over time.
    pub fn mean(&self) -> f64 {
        0.0
    }

    /// The highest depth in each cell, carried forward when nothing happened.
    pub fn cells(&self, w: &Window, _now: Stamp, out: &mut Vec<f32>) {
        out.clear();
        out.resize(w.cells, 0.0);
    }

    /// Depth at `t`.
    pub fn at(&self, _t: Stamp) -> u32 {
        self.depth
    }

    /// Items a second by which it grew (or shrank) over the last `over`.
    pub fn slope(&self, _over: Span, _now: Stamp) -> f64 {
        0.0
    }
}
