//! Steps on conditions, event flags and barriers.

use std::time::{Duration, Instant};

use crate::shared::barrier::Barrier;
use crate::shared::event_flag::EventFlag;
use crate::shared::signal_waiters::SignalWaiters;
use crate::step_runner::StepRunner;
use contend_scenario::{Expr, SignalStep, Target};
use contend_trace::{ResourceId, ResourceKind};

impl StepRunner {
    pub async fn signal_step(&mut self, step: &SignalStep) {
        match step {
            SignalStep::Wait { target, timeout } => self.wait_for_signal(target, timeout.as_ref()).await,
            SignalStep::Notify(target) => self.waiters(target).wake_one(&mut self.recorder),
            SignalStep::NotifyAll(target) => self.waiters(target).wake_all(&mut self.recorder),
            SignalStep::Set(target) => EventFlag(self.waiters(target)).set(&mut self.recorder),
            SignalStep::Clear(target) => EventFlag(self.waiters(target)).clear(),
            SignalStep::BarrierWait(target) => self.wait_at_barrier(target).await,
        }
    }

    async fn wait_for_signal(&mut self, target: &Target, timeout: Option<&Expr>) {
        let deadline = timeout.map(|nanos| Instant::now() + Duration::from_nanos(nanos.eval(self) as u64));
        let waiters = self.waiters(target);
        match self.kind(waiters.id) {
            Some(ResourceKind::Condition { mutex }) => {
                // Taken before the mutex is released: a signal between the release and the sleep counts.
                let (ticket, mutex) = (waiters.take_ticket(), *mutex);
                let mut holds = 0; // several of a reentrant mutex
                while self.release(mutex) {
                    holds += 1;
                }
                waiters.wait(ticket, deadline, &mut self.recorder).await;
                for _ in 0..holds {
                    self.lock_mutex(mutex).await;
                }
            }
            _ => EventFlag(waiters).wait(deadline, &mut self.recorder).await,
        }
    }

    async fn wait_at_barrier(&mut self, target: &Target) {
        let waiters = self.waiters(target);
        if let Some(ResourceKind::Barrier { parties }) = self.kind(waiters.id) {
            Barrier { waiters, parties: *parties }.arrive_and_wait(&mut self.recorder).await;
        }
    }

    fn kind(&self, id: ResourceId) -> Option<&'static ResourceKind> {
        self.run.plan.registry.resource(id).map(|resource| &resource.kind)
    }

    fn waiters(&self, target: &Target) -> SignalWaiters<'static> {
        let id = self.resolve_target(target);
        SignalWaiters { id, monitor: self.run.monitor(id) }
    }
}
