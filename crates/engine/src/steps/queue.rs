//! Steps on queues.

use crate::actor::{Actor, Flow, Halt};
use crate::shared::queue::{Closed, Queue};
use contend_scenario::{QueueStep, Target};
use contend_trace::ResourceKind;

impl Actor {
    pub async fn queue_step(&mut self, step: &QueueStep) -> Flow {
        match step {
            QueueStep::Put(target) => {
                let queue = self.queue(target);
                self.give_way().await;
                queue.put(&mut self.pen).await.map_err(|Closed| self.was_closed(queue))
            }
            QueueStep::Take(target) => {
                self.give_way().await;
                self.queue(target).take(&mut self.pen).await.map_err(|Closed| Halt::Finished)
            }
            QueueStep::Each { target, body } => {
                while self.queue(target).take(&mut self.pen).await.is_ok() {
                    self.again(body).await?;
                    self.give_way().await;
                }
                Ok(())
            }
            QueueStep::TryPut { target, body, otherwise } => {
                let queue = self.queue(target);
                let put = queue.try_put(&mut self.pen).map_err(|Closed| self.was_closed(queue))?;
                self.got_on(put, queue.id);
                self.body(if put { body } else { otherwise }).await
            }
            QueueStep::TryTake { target, body, otherwise } => {
                let queue = self.queue(target);
                let took = queue.try_take(&mut self.pen);
                self.got_on(took, queue.id);
                self.body(if took { body } else { otherwise }).await
            }
            QueueStep::Close(target) => {
                self.queue(target).close(&mut self.pen);
                Ok(())
            }
        }
    }

    pub fn queue(&self, target: &Target) -> Queue<'static> {
        let id = self.target(target);
        let capacity = match self.run.plan.cast.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { capacity }) => *capacity,
            _ => 1,
        };
        Queue { id, capacity, monitor: self.run.monitor(id) }
    }

    fn was_closed(&self, queue: Queue<'_>) -> Halt {
        Halt::Failed(format!("put an item into {}, which is closed", self.run.plan.cast.resource_name(queue.id)))
    }
}
