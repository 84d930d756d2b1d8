//! Steps on pools: tasks given to them, results waited for, and their end.

use std::collections::VecDeque;

use crate::pool::{SubmitError, cancel_queued, submit_task};
use crate::result_store::Promise;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::task_queue::{CloseReason, PoolTask};
use contend_platform::kill_process;
use contend_scenario::{Expr, PoolStep, ShutdownMode};
use contend_trace::{AwaitedResult, DropReason, EventKind, PoolId, State, WorkerKind};

/// Results that one worker can wait for at once; beyond, the oldest is forgotten.
const MAX_PENDING_RESULTS: usize = 50_000;

/// Results that were promised to a worker and that it has not read, oldest first.
pub type PendingResults = VecDeque<(PoolId, Promise)>;

impl StepRunner {
    pub async fn pool_step(&mut self, step: &PoolStep) -> StepResult {
        match step {
            PoolStep::Submit { pool, task } => self.submit(PoolId::from(*pool), task.as_ref()).await,
            PoolStep::AwaitResult => match self.read_oldest_result().await? {
                (_, true) => Ok(()),
                (pool, false) => Err(StopReason::Failed(format!("a task of {} failed", self.pool_name(pool)))),
            },
            PoolStep::MatchResult { body, otherwise } => {
                let (_, ok) = self.read_oldest_result().await?;
                self.run_block(if ok { body } else { otherwise }).await
            }
            PoolStep::Shutdown { pool, mode: how } => {
                let how = how.pick(|knob| self.run.knob(knob)).unwrap_or(ShutdownMode::Drain);
                self.shut_down(PoolId::from(*pool), how).await;
                Ok(())
            }
        }
    }

    fn pool_name(&self, pool: PoolId) -> &'static str {
        self.run.plan.cast.pools.get(pool.index()).map_or("?", |info| &info.name)
    }

    async fn submit(&mut self, pool: PoolId, number: Option<&Expr>) -> StepResult {
        let (queue, results) = (&self.run.task_queues[pool.index()], self.run.results(pool));
        let number = number.map_or_else(|| queue.next_number(), |number| number.eval(self).max(0.0) as u64);
        let Some(promise) = results.and_then(|results| results.promise_result(false)) else {
            return Err(StopReason::Failed(format!("too many results of {} are waited for", self.pool_name(pool))));
        };
        self.promises.push_back((pool, promise));
        if self.promises.len() > MAX_PENDING_RESULTS {
            self.forget_oldest();
        }
        let task = PoolTask { number, due: self.recorder.now(), crash_count: 0, result: Some(promise) };
        submit_task(self.run, pool, task, self).await.map_err(|denied| {
            self.promises.retain(|(_, other)| *other != promise);
            results.inspect(|results| results.withdraw(promise));
            let name = self.pool_name(pool);
            StopReason::Failed(match denied {
                SubmitError::Closed(CloseReason::Broken) => format!("{name} is broken: one of its processes died"),
                SubmitError::Closed(CloseReason::Closed | CloseReason::Cancelled) => {
                    format!("{name} was shut down and takes no more tasks")
                }
                SubmitError::TooDeep => {
                    let what = format!(
                        "{name} has no room, and {} is {} tasks deep in tasks that it runs itself: use policy=block or \
                         reject, or a longer queue",
                        self.run.plan.cast.worker_name(self.id()),
                        self.nested_depth
                    );
                    self.run.report_too_deep(self.id(), &what);
                    what
                }
            })
        })
    }

    /// The oldest result that is not read yet: of which pool, and whether its task went well.
    async fn read_oldest_result(&mut self) -> Result<(PoolId, bool), StopReason> {
        let Some((pool, promise)) = self.promises.pop_front() else {
            return Err(StopReason::Failed("all results were read: there is none to wait for".into()));
        };
        let results = self.run.results(pool);
        let ok = match results {
            Some(results) => results.read(promise, None, &mut self.recorder).await,
            None => None,
        };
        Ok((pool, ok.unwrap_or(false)))
    }

    fn forget_oldest(&mut self) {
        if let Some((pool, promise)) = self.promises.pop_front() {
            self.run.results(pool).inspect(|results| results.forget(promise, &mut self.recorder));
        }
    }

    /// It will not read any of the results that were promised to it.
    pub fn forget_results(&mut self) {
        while !self.promises.is_empty() {
            self.forget_oldest();
        }
    }

    async fn shut_down(&mut self, pool: PoolId, how: ShutdownMode) {
        let queue = &self.run.task_queues[pool.index()];
        let first =
            queue.close_with(if how == ShutdownMode::Drain { CloseReason::Closed } else { CloseReason::Cancelled });
        if first {
            queue.record_closed(&mut self.recorder);
        }
        if how != ShutdownMode::Drain {
            cancel_queued(self.run, pool, DropReason::Cancelled, &mut self.recorder);
        }
        if how == ShutdownMode::Abandon {
            return self.cut_off(pool);
        }
        let Some(on) = self.run.plan.cast.pools[pool.index()].results else { return };
        if queue.open_tasks() > 0 {
            self.recorder.write(self.recorder.now(), EventKind::AwaitsResult { on, nth: AwaitedResult::ALL_DONE });
            self.recorder.block(State::Signal, Some(on));
            queue.wait_until_finished().await;
            self.recorder.resume();
        }
    }

    /// Threads leave their task at the next step, processes are killed.
    fn cut_off(&mut self, pool: PoolId) {
        let info = &self.run.plan.cast.pools[pool.index()];
        for worker in &info.workers {
            let ring = self.run.memory.ring(*worker);
            ring.mark_cut_off();
            if let (WorkerKind::Process, Some((pid, _))) = (info.worker_kind, ring.producer_ids()) {
                kill_process(pid);
            }
        }
        self.run.task_queues[pool.index()].wake_takers();
    }
}
