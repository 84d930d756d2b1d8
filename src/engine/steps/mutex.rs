//! Steps on mutexes.

use std::time::Duration;

use crate::engine::actor::{Actor, Flow};
use crate::engine::hold::Hold;
use crate::scenario::{Expr, Step, Target};
use crate::trace::ResourceId;

impl Actor {
    /// Takes the lock, runs the body, gives it back.
    pub(in crate::engine) fn with_lock(&mut self, target: &Target, body: &[Step]) -> Flow {
        let lock = self.target(target);
        self.take(lock);
        self.steps(body)?;
        self.release(lock);
        Ok(())
    }

    /// Takes the lock in time and runs the body, or else the other steps.
    pub(in crate::engine) fn try_lock(
        &mut self,
        target: &Target,
        timeout: &Expr,
        body: &[Step],
        otherwise: &[Step],
    ) -> Flow {
        let lock = self.target(target);
        if !self.take_within(lock, timeout) {
            return self.steps(otherwise);
        }
        self.steps(body)?;
        self.release(lock);
        Ok(())
    }

    pub(in crate::engine) fn take(&mut self, id: ResourceId) {
        if let Some(lock) = self.run.lock(id) {
            let again = self.has(id).then(|| lock.again()).flatten();
            let held = again.unwrap_or_else(|| lock.take(id, &mut self.pen));
            self.keep(id, Hold::Lock(held));
        }
    }

    /// Takes a lock in time, or not.
    fn take_within(&mut self, id: ResourceId, timeout: &Expr) -> bool {
        let Some(lock) = self.run.lock(id) else { return true };
        let limit = Duration::from_nanos(timeout.eval(self) as u64);
        let again = self.has(id).then(|| lock.again()).flatten();
        let held = again.or_else(|| lock.take_within(limit, id, &mut self.pen));
        let had = held.is_some();
        self.held.extend(held.map(|held| (id, Hold::Lock(held))));
        had
    }

    /// Gives a lock back; whether it was held.
    pub(in crate::engine) fn release(&mut self, id: ResourceId) -> bool {
        let found = self.held.iter().rposition(|(held, _)| *held == id);
        if let Some(i) = found {
            let (_, held) = self.held.remove(i);
            held.give_back(id, &mut self.pen);
        }
        found.is_some()
    }
}
