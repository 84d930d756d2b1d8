//! Steps on queues.

use crate::shared::item_queue::{ItemQueue, QueueClosed};
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{QueueStep, Target};

impl StepRunner {
    pub async fn queue_step(&mut self, step: &QueueStep) -> StepResult {
        match step {
            QueueStep::Put(target) => {
                let queue = self.item_queue(target);
                self.yield_if_due().await;
                queue.put(&mut self.recorder).await.map_err(|QueueClosed| self.queue_closed_error(queue))
            }
            QueueStep::Take(target) => {
                self.yield_if_due().await;
                self.item_queue(target).take(&mut self.recorder).await.map_err(|QueueClosed| StopReason::Finished)
            }
            QueueStep::ForEach { target, body } => {
                while self.item_queue(target).take(&mut self.recorder).await.is_ok() {
                    self.run_iteration(body).await?;
                    self.yield_if_due().await;
                }
                Ok(())
            }
            QueueStep::TryPut { target, body, otherwise } => {
                let queue = self.item_queue(target);
                let did_put =
                    queue.try_put(&mut self.recorder).map_err(|QueueClosed| self.queue_closed_error(queue))?;
                self.record_poll(did_put, queue.id);
                self.run_block(if did_put { body } else { otherwise }).await
            }
            QueueStep::TryTake { target, body, otherwise } => {
                let queue = self.item_queue(target);
                let did_take = queue.try_take(&mut self.recorder);
                self.record_poll(did_take, queue.id);
                self.run_block(if did_take { body } else { otherwise }).await
            }
            QueueStep::Close(target) => {
                self.item_queue(target).close(&mut self.recorder);
                Ok(())
            }
        }
    }

    pub fn item_queue(&self, target: &Target) -> ItemQueue<'static> {
        let id = self.resolve_target(target);
        ItemQueue { id, capacity: self.run.plan.queue_capacity(id), monitor: self.run.monitor(id) }
    }

    fn queue_closed_error(&self, queue: ItemQueue<'_>) -> StopReason {
        StopReason::Failed(format!(
            "put an item into {} after it was closed",
            self.run.plan.registry.resource_name(queue.id)
        ))
    }
}
