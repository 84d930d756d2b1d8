//! Steps on conditions, event flags and barriers.

use std::time::{Duration, Instant};

use crate::actor::Actor;
use crate::shared::barrier::Barrier;
use crate::shared::flag::Flag;
use crate::shared::waiters::Waiters;
use contend_scenario::{Expr, SignalStep, Target};
use contend_trace::{ResourceId, ResourceKind};

impl Actor {
    pub async fn signal_step(&mut self, step: &SignalStep) {
        match step {
            SignalStep::Wait { target, timeout } => self.wait(target, timeout.as_ref()).await,
            SignalStep::Notify(target) => self.waiters(target).wake_one(&mut self.pen),
            SignalStep::NotifyAll(target) => self.waiters(target).wake_all(&mut self.pen),
            SignalStep::Set(target) => Flag(self.waiters(target)).set(&mut self.pen),
            SignalStep::Clear(target) => Flag(self.waiters(target)).clear(),
            SignalStep::Meet(target) => self.meet(target).await,
        }
    }

    async fn wait(&mut self, target: &Target, timeout: Option<&Expr>) {
        let deadline = timeout.map(|nanos| Instant::now() + Duration::from_nanos(nanos.eval(self) as u64));
        let waiters = self.waiters(target);
        match self.kind(waiters.id) {
            Some(ResourceKind::Condition { of }) => {
                // A signal that comes between giving the mutex back and going to sleep counts already.
                let (ticket, mutex) = (waiters.join(), *of);
                let mut holds = 0; // of a reentrant one there may be several
                while self.release(mutex) {
                    holds += 1;
                }
                waiters.wait(ticket, deadline, &mut self.pen).await;
                for _ in 0..holds {
                    self.take(mutex).await;
                }
            }
            _ => Flag(waiters).wait(deadline, &mut self.pen).await,
        }
    }

    async fn meet(&mut self, target: &Target) {
        let waiters = self.waiters(target);
        if let Some(ResourceKind::Barrier { parties }) = self.kind(waiters.id) {
            Barrier { waiters, parties: *parties }.meet(&mut self.pen).await;
        }
    }

    fn kind(&self, id: ResourceId) -> Option<&'static ResourceKind> {
        self.run.plan.cast.resource(id).map(|resource| &resource.kind)
    }

    fn waiters(&self, target: &Target) -> Waiters<'static> {
        let id = self.target(target);
        Waiters { id, monitor: self.run.monitor(id) }
    }
}
