//! Steps on counters.

use std::sync::atomic::Ordering;

use crate::actor::{Actor, Flow, Halt};
use crate::manager::Ask;
use contend_scenario::{Expr, Target};
use contend_trace::{EventKind, Memory, ResourceId};

impl Actor {
    /// Reads a counter into the worker's own copy.
    pub(crate) fn load(&mut self, target: &Target) -> Flow {
        let counter = self.target(target);
        self.copies[counter.index()] = self.look(counter)?;
        Ok(())
    }

    /// What a counter holds now.
    pub(crate) fn look(&mut self, counter: ResourceId) -> Result<i64, Halt> {
        match self.run.memory(counter) {
            Memory::Manager => self.visit(counter, Ask::Load),
            // Relaxed, here and below: plain code has no order either
            Memory::Shared | Memory::Private => Ok(self.run.counter(counter).load(Ordering::Relaxed) as i64),
        }
    }

    /// Load and store apart, as unsynchronised code has it: what others wrote between is lost.
    pub(crate) fn store(&mut self, target: &Target, delta: i8) -> Flow {
        let counter = self.target(target);
        let value = self.copies[counter.index()].wrapping_add(i64::from(delta));
        self.copies[counter.index()] = value;
        if self.run.memory(counter) == Memory::Manager {
            return self.visit(counter, Ask::Store { value, delta }).map(drop);
        }
        self.run.counter(counter).store(value as u64, Ordering::Relaxed);
        self.added(counter, delta, value);
        Ok(())
    }

    pub(crate) fn add(&mut self, target: &Target, delta: i8) -> Flow {
        let counter = self.target(target);
        if self.run.memory(counter) == Memory::Manager {
            return self.visit(counter, Ask::Add { delta }).map(drop);
        }
        let delta_word = i64::from(delta) as u64; // two's complement: adding wraps as it should
        let before = self.run.counter(counter).fetch_add(delta_word, Ordering::Relaxed) as i64;
        self.added(counter, delta, before.wrapping_add(i64::from(delta)));
        Ok(())
    }

    /// Adds so many times as fast as it can. Telling of each addition would take longer than the addition.
    pub(crate) fn add_many(&mut self, target: &Target, delta: i8, times: &Expr) -> Flow {
        let counter = self.target(target);
        let times = times.eval(self).clamp(0.0, 1e9) as i64;
        if self.run.memory(counter) == Memory::Manager {
            return (0..times).try_for_each(|_| {
                if self.must_leave() { Err(Halt::Asked) } else { self.visit(counter, Ask::Add { delta }).map(drop) }
            });
        }
        let (cell, delta) = (self.run.counter(counter), i64::from(delta));
        let mut left = times;
        while left > 0 {
            cell.fetch_add(delta as u64, Ordering::Relaxed); // two's complement, as above
            left -= 1;
        }
        let at = self.pen.now();
        self.pen.write(at, EventKind::AddedMany { counter, delta: delta.saturating_mul(times) });
        Ok(())
    }

    /// Records that a counter was changed, and what to.
    pub(crate) fn added(&mut self, counter: ResourceId, delta: i8, value: i64) {
        let value = value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        let at = self.pen.now();
        self.pen.write(at, EventKind::Added { counter, delta, value });
    }
}
