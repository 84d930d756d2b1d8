//! Steps on semaphores.

use crate::actor::{Actor, Flow};
use crate::hold::Hold;
use contend_scenario::{Expr, Step, Target};

impl Actor {
    /// Takes permits all at once, runs the body, gives them back.
    pub(crate) async fn with_permits(&mut self, target: &Target, permits: &Expr, body: &[Step]) -> Flow {
        let id = self.target(target);
        let Some(semaphore) = self.run.semaphore(id) else { return self.body(body).await };
        self.give_way().await;
        let permits = permits.eval(self) as u32;
        let had = semaphore.acquire(permits, &mut self.pen).await;
        self.keep(id, Hold::Permits(semaphore, had));
        self.body(body).await?;
        self.release(id);
        Ok(())
    }

    /// Takes a permit for good.
    pub(crate) async fn down(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.target(target)) {
            self.give_way().await;
            semaphore.pass(&mut self.pen).await;
        }
    }

    /// Gives a permit.
    pub(crate) fn up(&mut self, target: &Target) {
        if let Some(semaphore) = self.run.semaphore(self.target(target)) {
            semaphore.post(&mut self.pen);
        }
    }
}
