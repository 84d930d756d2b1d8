//! Steps on pools: `submit`, waiting for results, and `shutdown`.

use std::time::Instant;

use crate::pool::task::PoolTask;
use crate::pool::task_queue::CloseReason;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::tasks::help::help_until_available;
use crate::tasks::settle::{cancel_numbered, cancel_queued, discard_queued};
use crate::tasks::submit::{SubmitError, submit_task};
use contend_platform::kill_process_of_session;
use contend_scenario::{Expr, PoolStep, ResultWait, ShutdownMode};
use contend_trace::{AwaitedResult, Cancellation, DropReason, EventKind, PoolId, State, WorkerKind};

/// The most unread results of one worker; beyond that the oldest is forgotten.
const MAX_PENDING_RESULTS: usize = 50_000;

impl StepRunner {
    pub async fn pool_step(&mut self, step: &PoolStep) -> StepResult {
        match step {
            PoolStep::Submit { pool, task } => self.submit(PoolId::from(*pool), task.as_ref()).await,
            PoolStep::AwaitResult { meanwhile, limit } => {
                let deadline = self.deadline(limit);
                match self.read_oldest_result(*meanwhile, deadline).await? {
                    (_, Some(true)) => Ok(()),
                    (pool, Some(false)) => {
                        Err(StopReason::Failed(format!("a task of {} failed", self.pool_name(pool))))
                    }
                    (_, None) => self.give_up(limit).await,
                }
            }
            PoolStep::MatchResult { meanwhile, body, otherwise, timeout } => {
                let deadline = timeout.as_ref().map(|timeout| self.deadline_after(timeout));
                let (_, ok) = self.read_oldest_result(*meanwhile, deadline).await?;
                self.run_block(if ok == Some(true) { body } else { otherwise }).await
            }
            PoolStep::CancelQueued { pool, task } => {
                let pool = PoolId::from(*pool);
                match task.as_ref().map(|task| task.eval(self).max(0.0) as u64) {
                    Some(number) => cancel_numbered(self.run, pool, number, &mut self.recorder),
                    None => cancel_queued(self.run, pool, DropReason::Cancelled, &mut self.recorder),
                }
                Ok(())
            }
            PoolStep::Shutdown { pool, mode } => {
                let mode = mode.pick(|knob| self.run.memory.knob(knob)).unwrap_or(ShutdownMode::Drain);
                self.shut_down(PoolId::from(*pool), mode).await;
                Ok(())
            }
        }
    }

    fn pool_name(&self, pool: PoolId) -> &'static str {
        self.run.plan.registry.pools.get(pool.index()).map_or("?", |info| &info.name)
    }

    async fn submit(&mut self, pool: PoolId, number: Option<&Expr>) -> StepResult {
        let (queue, results) = (&self.run.task_queues[pool.index()], self.run.results(pool));
        let number = number.map_or_else(|| queue.next_number(), |number| number.eval(self).max(0.0) as u64);
        let Some(promise) = results.and_then(|results| results.promise_result(false)) else {
            return Err(StopReason::Failed(format!("{} has too many unread results", self.pool_name(pool))));
        };
        self.promises.push_back((pool, promise));
        if self.promises.len() > MAX_PENDING_RESULTS {
            self.forget_oldest_result();
        }
        let task = PoolTask { number, due: self.recorder.now(), crash_count: 0, result: Some(promise) };
        submit_task(self.run, pool, task, self).await.map_err(|error| {
            self.promises.retain(|(_, other)| *other != promise);
            results.inspect(|results| results.withdraw(promise));
            if let Err(cancelled) = self.check_cancelled() {
                return cancelled;
            }
            let name = self.pool_name(pool);
            StopReason::Failed(match error {
                SubmitError::Closed(CloseReason::Broken) => format!("{name} is broken: one of its processes died"),
                SubmitError::Closed(CloseReason::Closed | CloseReason::Cancelled) => {
                    format!("{name} was shut down and takes no more tasks")
                }
                SubmitError::TooDeep => {
                    let message = format!(
                        "the queue of {name} is full, and {} already runs {} tasks inside one another: use \
                         policy=block or policy=reject, or a longer queue",
                        self.run.plan.registry.worker_name(self.id()),
                        self.nested_depth
                    );
                    self.run.report_too_deep(self.id(), &message);
                    message
                }
            })
        })
    }

    /// Waits for the oldest unread result, until `deadline` at most. Returns its pool and whether its task succeeded;
    /// `None` if it is not ready: then it stays the oldest.
    async fn read_oldest_result(
        &mut self,
        meanwhile: ResultWait,
        deadline: Option<Instant>,
    ) -> Result<(PoolId, Option<bool>), StopReason> {
        let Some((pool, promise)) = self.promises.pop_front() else {
            return Err(StopReason::Failed("every result was read already".into()));
        };
        let Some(results) = self.run.results(pool) else { return Ok((pool, Some(false))) };
        if meanwhile == ResultWait::Helps {
            help_until_available(self.run, results, promise, self).await;
        }
        let ok = results.read(promise, deadline, &mut self.recorder).await;
        if ok.is_none() {
            self.promises.push_front((pool, promise));
        }
        self.check_cancelled()?;
        Ok((pool, ok))
    }

    async fn shut_down(&mut self, pool: PoolId, mode: ShutdownMode) {
        let queue = &self.run.task_queues[pool.index()];
        let reason = if mode == ShutdownMode::Drain { CloseReason::Closed } else { CloseReason::Cancelled };
        if queue.close_with(reason) {
            queue.record_closed(&mut self.recorder);
        }
        match mode {
            ShutdownMode::Drain => {}
            ShutdownMode::Discard => discard_queued(self.run, pool, &mut self.recorder),
            ShutdownMode::Cancel | ShutdownMode::Abandon | ShutdownMode::Interrupt => {
                cancel_queued(self.run, pool, DropReason::Cancelled, &mut self.recorder);
            }
        }
        if mode.interrupts() {
            for worker in &self.run.plan.registry.pools[pool.index()].workers {
                self.cancel_worker(*worker, Cancellation::Unwind);
            }
        }
        if mode == ShutdownMode::Abandon {
            return self.cut_off(pool);
        }
        let Some(on) = self.run.plan.registry.pools[pool.index()].results else { return };
        if queue.open_tasks() > 0 {
            let awaits = EventKind::AwaitsResult { on, nth: AwaitedResult::ALL_DONE, helps: false };
            self.recorder.write(self.recorder.now(), awaits);
            self.recorder.block(State::Signal, Some(on));
            queue.wait_until_finished().await;
            self.recorder.resume();
        }
    }

    /// Makes threads leave their task at the next step, and kills processes.
    fn cut_off(&mut self, pool: PoolId) {
        let info = &self.run.plan.registry.pools[pool.index()];
        for worker in &info.workers {
            let ring = self.run.memory.ring(*worker);
            ring.mark_cut_off();
            if let (WorkerKind::Process, Some((pid, _))) = (info.worker_kind, ring.producer_ids()) {
                kill_process_of_session(pid);
            }
        }
        self.run.task_queues[pool.index()].wake_takers();
    }
}
