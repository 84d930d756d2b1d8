//! Steps on counters.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::actor::Actor;
use crate::scenario::{Expr, Target};
use crate::trace::{EventKind, ResourceId};

impl Actor {
    /// Reads a counter into the worker's own copy.
    pub(in crate::engine) fn load(&mut self, target: &Target) {
        let counter = self.target(target);
        self.copies[counter.index()] = self.cell(counter).load(Ordering::Relaxed) as i64;
    }

    fn cell(&self, counter: ResourceId) -> &'static AtomicU64 {
        self.run.counter(counter)
    }

    /// Load and store apart, as unsynchronised code has it: what others wrote between is lost.
    pub(in crate::engine) fn store(&mut self, target: &Target, delta: i8) {
        let counter = self.target(target);
        let value = self.copies[counter.index()].wrapping_add(i64::from(delta));
        self.copies[counter.index()] = value;
        self.cell(counter).store(value as u64, Ordering::Relaxed); // Relaxed: plain code has no order either
        self.added(counter, delta, value);
    }

    pub(in crate::engine) fn add(&mut self, target: &Target, delta: i8) {
        let counter = self.target(target);
        let delta_word = i64::from(delta) as u64; // two's complement: adding wraps as it should
        let before = self.cell(counter).fetch_add(delta_word, Ordering::Relaxed) as i64;
        self.added(counter, delta, before.wrapping_add(i64::from(delta)));
    }

    /// Adds so many times as fast as it can. Telling of each addition would take longer than the addition.
    pub(in crate::engine) fn add_many(&mut self, target: &Target, delta: i8, times: &Expr) {
        let counter = self.target(target);
        let (cell, delta) = (self.cell(counter), i64::from(delta));
        let times = times.eval(self).clamp(0.0, 1e9) as i64;
        let mut left = times;
        while left > 0 {
            cell.fetch_add(delta as u64, Ordering::Relaxed); // two's complement, as above
            left -= 1;
        }
        let at = self.pen.now();
        self.pen.write(at, EventKind::AddedMany { counter, delta: delta.saturating_mul(times) });
    }

    fn added(&mut self, counter: ResourceId, delta: i8, value: i64) {
        let value = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let at = self.pen.now();
        self.pen.write(at, EventKind::Added { counter, delta, value });
    }
}
