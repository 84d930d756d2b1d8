//! Steps on counters.

use std::sync::atomic::Ordering;

use crate::protocol::counters::CounterOp;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, Target};
use contend_trace::{CounterMemory, EventKind, ResourceId};

impl StepRunner {
    /// Reads a counter into the worker's own copy.
    pub(crate) fn load(&mut self, target: &Target) -> StepResult {
        let counter = self.resolve_target(target);
        self.counter_copies[counter.index()] = self.read_counter(counter)?;
        Ok(())
    }

    /// Returns the value of a counter.
    pub(super) fn read_counter(&mut self, counter: ResourceId) -> Result<i64, StopReason> {
        match self.run.counter_memory(counter) {
            CounterMemory::Manager => self.request_counter(counter, CounterOp::Load),
            // Relaxed, here and below: unsynchronised code guarantees no order either
            CounterMemory::Shared | CounterMemory::Private => {
                Ok(self.run.counter(counter).load(Ordering::Relaxed) as i64)
            }
        }
    }

    /// Stores the worker's copy, changed by `delta`. Load and store are separate steps, as in unsynchronised code, so
    /// updates by other workers in between are lost.
    pub(crate) fn store(&mut self, target: &Target, delta: i8) -> StepResult {
        let counter = self.resolve_target(target);
        let value = self.counter_copies[counter.index()].wrapping_add(i64::from(delta));
        self.counter_copies[counter.index()] = value;
        if self.run.counter_memory(counter) == CounterMemory::Manager {
            return self.request_counter(counter, CounterOp::Store { value, delta }).map(drop);
        }
        self.run.counter(counter).store(value as u64, Ordering::Relaxed);
        self.record_added(counter, delta, value);
        Ok(())
    }

    pub(crate) fn add(&mut self, target: &Target, delta: i8) -> StepResult {
        let counter = self.resolve_target(target);
        if self.run.counter_memory(counter) == CounterMemory::Manager {
            return self.request_counter(counter, CounterOp::Add { delta }).map(drop);
        }
        let delta_word = i64::from(delta) as u64; // two's complement: adding wraps as it should
        let before = self.run.counter(counter).fetch_add(delta_word, Ordering::Relaxed) as i64;
        self.record_added(counter, delta, before.wrapping_add(i64::from(delta)));
        Ok(())
    }

    /// Adds `times` times, as fast as possible. One event records them all: an event each would take longer than the
    /// addition.
    pub(crate) fn add_many(&mut self, target: &Target, delta: i8, times: &Expr) -> StepResult {
        let counter = self.resolve_target(target);
        let times = times.eval(self).clamp(0.0, 1e9) as i64;
        if self.run.counter_memory(counter) == CounterMemory::Manager {
            return (0..times).try_for_each(|_| {
                if self.should_stop() {
                    Err(StopReason::StopRequested)
                } else {
                    self.request_counter(counter, CounterOp::Add { delta }).map(drop)
                }
            });
        }
        let (cell, delta) = (self.run.counter(counter), i64::from(delta));
        let mut left = times;
        while left > 0 {
            cell.fetch_add(delta as u64, Ordering::Relaxed); // two's complement, as above
            left -= 1;
        }
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::CounterAddedMany { counter, delta: delta.saturating_mul(times) });
        Ok(())
    }

    /// Records a change of a counter and its value after it.
    pub(crate) fn record_added(&mut self, counter: ResourceId, delta: i8, value: i64) {
        let value = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::CounterAdded { counter, delta, value });
    }
}
