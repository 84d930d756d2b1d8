//! Steps on counters.

use crate::protocol::counters::CounterOp;
use crate::shared::ordered_cell::OrderedCell;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, Swap, SwapValue, Target};
use contend_trace::{CounterMemory, EventKind, ResourceId};

impl StepRunner {
    /// Reads a counter into the worker's own copy.
    pub(crate) fn load(&mut self, target: &Target) -> StepResult {
        let counter = self.resolve_target(target);
        self.counter_copies[counter.index()] = self.read_counter(target, counter)?;
        Ok(())
    }

    /// Returns the value of a counter.
    pub(super) fn read_counter(&mut self, target: &Target, counter: ResourceId) -> Result<i64, StopReason> {
        match self.run.counter_memory(counter) {
            CounterMemory::Manager => self.request_counter(counter, CounterOp::Load),
            CounterMemory::Shared | CounterMemory::Private => Ok(self.cell(target, counter).load()),
        }
    }

    /// Returns the cell of a counter that is in the memory of this process.
    pub(super) fn cell(&self, target: &Target, counter: ResourceId) -> OrderedCell<'static> {
        OrderedCell::new(self.run.counter(counter), self.run.plan.counter_order(target.resource))
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
        self.cell(target, counter).store(value);
        self.record_added(counter, delta, value);
        Ok(())
    }

    /// Writes a value. No event: it would take longer than the write, and samples show the value.
    pub(crate) fn assign(&mut self, target: &Target, value: &Expr) -> StepResult {
        let (counter, value) = (self.resolve_target(target), value.eval(self) as i64);
        self.counter_copies[counter.index()] = value;
        if self.run.counter_memory(counter) == CounterMemory::Manager {
            return self.request_counter(counter, CounterOp::Store { value, delta: 0 }).map(drop);
        }
        self.cell(target, counter).store(value);
        Ok(())
    }

    /// Changes a counter if it has the expected value; otherwise fails.
    pub(super) fn compare_and_set(&mut self, swap: &Swap) -> StepResult {
        let counter = self.resolve_target(&swap.target);
        let copy = self.counter_copies[counter.index()];
        let expected = swap.expected.as_ref().map_or(copy, |expected| expected.eval(self) as i64);
        let (new, delta) = match &swap.new {
            SwapValue::Added(delta) => (expected.wrapping_add(i64::from(*delta)), *delta),
            SwapValue::Value(value) => (value.eval(self) as i64, 0), // a counter without a correct value
        };
        let found = self.cell(&swap.target, counter).compare_and_set(expected, new);
        let at = self.recorder.now();
        self.counter_copies[counter.index()] = found.map_or_else(|found| found, |_| new);
        let Err(found) = found else {
            self.recorder.write(at, EventKind::CounterSwapped { counter, delta, value: saturate(new) });
            return Ok(());
        };
        self.recorder.write(at, EventKind::CounterSwapFailed { counter, value: saturate(found) });
        let name = self.run.plan.registry.resource_name(counter);
        Err(StopReason::Failed(format!("{name} is {found}, not {expected}")))
    }

    pub(crate) fn add(&mut self, target: &Target, delta: i8) -> StepResult {
        let counter = self.resolve_target(target);
        if self.run.counter_memory(counter) == CounterMemory::Manager {
            self.counter_copies[counter.index()] = self.request_counter(counter, CounterOp::Add { delta })?;
            return Ok(());
        }
        let value = self.cell(target, counter).add(i64::from(delta));
        self.counter_copies[counter.index()] = value;
        self.record_added(counter, delta, value);
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
        let (cell, delta) = (self.cell(target, counter), i64::from(delta));
        let mut left = times;
        while left > 0 {
            cell.add(delta);
            left -= 1;
        }
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::CounterAddedMany { counter, delta: delta.saturating_mul(times) });
        Ok(())
    }

    /// Records a change of a counter and its value after it.
    pub(crate) fn record_added(&mut self, counter: ResourceId, delta: i8, value: i64) {
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::CounterAdded { counter, delta, value: saturate(value) });
    }
}

/// Returns the value as an event contains it.
fn saturate(value: i64) -> i32 {
    value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}
