//! Steps on queues.

use crate::shared::item_queue::{ItemQueue, QueueClosed};
use crate::shared::stored_items::PRIORITIES;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, QueueStep, Target};

impl StepRunner {
    pub async fn queue_step(&mut self, step: &QueueStep) -> StepResult {
        match step {
            QueueStep::Put { target, limit, priority } => {
                let priority = priority.as_ref().map_or(0, |priority| priority.eval(self) as u64);
                let queue = ItemQueue { priority: priority.min(PRIORITIES - 1), ..self.item_queue(target) };
                self.yield_if_due().await;
                let deadline = self.deadline(limit);
                match queue.put(deadline, &mut self.recorder).await {
                    Ok(true) => Ok(()),
                    Ok(false) => self.give_up(limit).await,
                    Err(QueueClosed) => Err(self.queue_closed_error(queue)),
                }
            }
            QueueStep::Take { target, limit } => {
                self.yield_if_due().await;
                let deadline = self.deadline(limit);
                match self.item_queue(target).take(deadline, &mut self.recorder).await {
                    Ok(true) => Ok(()),
                    Ok(false) => self.give_up(limit).await,
                    Err(QueueClosed) => Err(StopReason::Finished),
                }
            }
            QueueStep::ForEach { target, body, limit } => loop {
                let deadline = self.deadline(limit);
                match self.item_queue(target).take(deadline, &mut self.recorder).await {
                    Ok(true) => self.run_iteration(body).await?,
                    Ok(false) => break self.give_up(limit).await,
                    Err(QueueClosed) => break Ok(()),
                }
                self.yield_if_due().await;
            },
            QueueStep::TryPut { target, timeout, body, otherwise } => {
                let did_put = self.put_in_time(self.item_queue(target), timeout).await?;
                self.run_block(if did_put { body } else { otherwise }).await
            }
            QueueStep::TryTake { target, timeout, body, otherwise } => {
                let did_take = self.take_in_time(self.item_queue(target), timeout).await;
                self.run_block(if did_take { body } else { otherwise }).await
            }
            QueueStep::Close(target) => {
                self.item_queue(target).close(&mut self.recorder);
                Ok(())
            }
        }
    }

    /// Puts an item within a timeout; an attempt without one is a poll. Returns whether it did.
    async fn put_in_time(&mut self, queue: ItemQueue<'_>, timeout: &Expr) -> Result<bool, StopReason> {
        let did_put = match self.try_deadline(timeout) {
            None => {
                let did_put = queue.try_put(&mut self.recorder);
                self.record_poll(did_put != Ok(false), queue.id);
                did_put
            }
            deadline => {
                self.end_polling();
                self.yield_if_due().await;
                queue.put(deadline, &mut self.recorder).await
            }
        };
        did_put.map_err(|QueueClosed| self.queue_closed_error(queue))
    }

    /// Takes an item within a timeout; an attempt without one is a poll. Returns whether it did: never from a queue
    /// that is closed and empty.
    async fn take_in_time(&mut self, queue: ItemQueue<'_>, timeout: &Expr) -> bool {
        match self.try_deadline(timeout) {
            None => {
                let did_take = queue.try_take(&mut self.recorder);
                self.record_poll(did_take, queue.id);
                did_take
            }
            deadline => {
                self.end_polling();
                self.yield_if_due().await;
                queue.take(deadline, &mut self.recorder).await == Ok(true)
            }
        }
    }

    pub fn item_queue(&self, target: &Target) -> ItemQueue<'static> {
        let id = self.resolve_target(target);
        let items = self.run.stored_items(id);
        ItemQueue { items, ..ItemQueue::at(id, self.run.plan.queue_capacity(id), self.run.monitor(id)) }
    }

    pub(super) fn queue_closed_error(&self, queue: ItemQueue<'_>) -> StopReason {
        StopReason::Failed(format!(
            "put an item into {} after it was closed",
            self.run.plan.registry.resource_name(queue.id)
        ))
    }
}
