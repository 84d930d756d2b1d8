//! Steps on mutexes.

use std::time::{Duration, Instant};

use crate::actor::{Actor, Flow};
use crate::hold::Hold;
use contend_platform::Here;
use contend_scenario::{Expr, Step, Target};
use contend_trace::ResourceId;

impl Actor {
    /// Takes the lock, runs the body, gives it back.
    pub(crate) async fn with_lock(&mut self, target: &Target, body: &[Step]) -> Flow {
        let lock = self.target(target);
        self.take(lock).await;
        self.body(body).await?;
        self.release(lock);
        Ok(())
    }

    /// Takes the lock in time and runs the body, or else the other steps.
    pub(crate) async fn try_lock(
        &mut self,
        target: &Target,
        timeout: &Expr,
        body: &[Step],
        otherwise: &[Step],
    ) -> Flow {
        let lock = self.target(target);
        let had = self.take_within(lock, timeout).await;
        // A wait for some time is none that keeps a core busy.
        self.got_on(had || timeout.eval(self) > 0.0, lock);
        if !had {
            return self.body(otherwise).await;
        }
        self.body(body).await?;
        self.release(lock);
        Ok(())
    }

    /// Takes it for longer than a block lasts.
    pub(crate) async fn take_bare(&mut self, id: ResourceId) {
        self.take(id).await;
        self.bare.push(id);
    }

    /// Gives back what was taken so.
    pub(crate) fn release_bare(&mut self, id: ResourceId) {
        if self.release(id) {
            self.not_bare(id);
        }
    }

    pub(crate) async fn take(&mut self, id: ResourceId) {
        if let Some(lock) = self.run.lock(id) {
            let again = self.has(id).then(|| lock.again()).flatten();
            let held = again.unwrap_or_else(|| lock.take(id, &mut self.pen));
            self.keep(id, Hold::Lock(Here::new(held)));
        } else if let Some(turns) = self.run.turns(id) {
            let again = turns.reentrant && self.has(id);
            if !again {
                self.give_way().await;
                turns.take(&mut self.pen).await;
            }
            self.keep(id, if again { Hold::Again } else { Hold::Turn(turns) });
        }
    }

    /// Takes a lock in time, or not.
    async fn take_within(&mut self, id: ResourceId, timeout: &Expr) -> bool {
        let limit = Duration::from_nanos(timeout.eval(self) as u64);
        if let Some(lock) = self.run.lock(id) {
            let again = self.has(id).then(|| lock.again()).flatten();
            let held = again.or_else(|| lock.take_within(limit, id, &mut self.pen));
            let had = held.is_some();
            self.held.extend(held.map(|held| (id, Hold::Lock(Here::new(held)))));
            return had;
        }
        let Some(turns) = self.run.turns(id) else { return true };
        let again = turns.reentrant && self.has(id);
        let had = again || turns.take_until(Some(Instant::now() + limit), &mut self.pen).await;
        if had {
            self.keep(id, if again { Hold::Again } else { Hold::Turn(turns) });
        }
        had
    }

    /// Gives a lock back; whether it was held.
    pub(crate) fn release(&mut self, id: ResourceId) -> bool {
        let found = self.held.iter().rposition(|(held, _)| *held == id);
        if let Some(i) = found {
            let (_, held) = self.held.remove(i);
            held.give_back(id, &mut self.pen);
        }
        found.is_some()
    }
}
