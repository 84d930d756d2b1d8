//! Steps on pools: tasks given to them, results waited for, and their end.

use std::collections::VecDeque;

use crate::actor::{Actor, Flow, Halt};
use crate::pool::{Denied, call_off, give};
use crate::queue::{Shut, Task};
use crate::results::Promise;
use contend_platform::kill_process;
use contend_scenario::{Expr, Leave, PoolStep};
use contend_trace::{Awaited, EventKind, Fate, PoolId, State, WorkerKind};

/// Results that one worker can wait for at once; beyond, the oldest is forgotten.
const UNREAD: usize = 50_000;

/// Results that were promised to a worker and that it has not read, oldest first.
pub type Promises = VecDeque<(PoolId, Promise)>;

impl Actor {
    pub async fn pool_step(&mut self, step: &PoolStep) -> Flow {
        match step {
            PoolStep::Submit { pool, task } => self.submit(PoolId::from(*pool), task.as_ref()).await,
            PoolStep::Result => match self.result().await? {
                (_, true) => Ok(()),
                (pool, false) => Err(Halt::Failed(format!("a task of {} failed", self.pool_name(pool)))),
            },
            PoolStep::Look { body, otherwise } => {
                let (_, ok) = self.result().await?;
                self.body(if ok { body } else { otherwise }).await
            }
            PoolStep::Shutdown { pool, how } => {
                let how = how.pick(|knob| self.run.knob(knob)).unwrap_or(Leave::Drain);
                self.shut_down(PoolId::from(*pool), how).await;
                Ok(())
            }
        }
    }

    fn pool_name(&self, pool: PoolId) -> &'static str {
        self.run.plan.cast.pools.get(pool.index()).map_or("?", |info| &info.name)
    }

    async fn submit(&mut self, pool: PoolId, number: Option<&Expr>) -> Flow {
        let (queue, results) = (&self.run.queues[pool.index()], self.run.results(pool));
        let number = number.map_or_else(|| queue.next_number(), |number| number.eval(self).max(0.0) as u64);
        let Some(promise) = results.and_then(|results| results.promise(false)) else {
            return Err(Halt::Failed(format!("too many results of {} are waited for", self.pool_name(pool))));
        };
        self.promises.push_back((pool, promise));
        if self.promises.len() > UNREAD {
            self.forget_oldest();
        }
        let task = Task { number, due: self.pen.now(), failed: 0, result: Some(promise) };
        give(self.run, pool, task, self).await.map_err(|denied| {
            self.promises.retain(|(_, other)| *other != promise);
            results.inspect(|results| results.withdraw(promise));
            let name = self.pool_name(pool);
            Halt::Failed(match denied {
                Denied::Shut(Shut::Broken) => format!("{name} is broken: one of its processes died"),
                Denied::Shut(Shut::Closed | Shut::Cancelled) => {
                    format!("{name} was shut down and takes no more tasks")
                }
                Denied::TooDeep => {
                    let what = format!(
                        "{name} has no room, and {} is {} tasks deep in tasks that it runs itself: use policy=block or \
                         reject, or a longer queue",
                        self.run.plan.cast.worker_name(self.me()),
                        self.inside
                    );
                    self.run.tell_too_deep(self.me(), &what);
                    what
                }
            })
        })
    }

    /// The oldest result that is not read yet: of which pool, and whether its task went well.
    async fn result(&mut self) -> Result<(PoolId, bool), Halt> {
        let Some((pool, promise)) = self.promises.pop_front() else {
            return Err(Halt::Failed("all results were read: there is none to wait for".into()));
        };
        let results = self.run.results(pool);
        let ok = match results {
            Some(results) => results.read(promise, None, &mut self.pen).await,
            None => None,
        };
        Ok((pool, ok.unwrap_or(false)))
    }

    fn forget_oldest(&mut self) {
        if let Some((pool, promise)) = self.promises.pop_front() {
            self.run.results(pool).inspect(|results| results.forget(promise, &mut self.pen));
        }
    }

    /// It will not read any of the results that were promised to it.
    pub fn forget_results(&mut self) {
        while !self.promises.is_empty() {
            self.forget_oldest();
        }
    }

    async fn shut_down(&mut self, pool: PoolId, how: Leave) {
        let queue = &self.run.queues[pool.index()];
        let first = queue.shut(if how == Leave::Drain { Shut::Closed } else { Shut::Cancelled });
        if first {
            queue.tell_closed(&mut self.pen);
        }
        if how != Leave::Drain {
            call_off(self.run, pool, Fate::Cancelled, &mut self.pen);
        }
        if how == Leave::Abandon {
            return self.cut_off(pool);
        }
        let Some(on) = self.run.plan.cast.pools[pool.index()].results else { return };
        if queue.open() > 0 {
            self.pen.write(self.pen.now(), EventKind::Awaits { on, nth: Awaited::ALL_OVER });
            self.pen.block(State::Signal, Some(on));
            queue.wait_until_over().await;
            self.pen.resume();
        }
    }

    /// Threads leave their task at the next step, processes are killed.
    fn cut_off(&mut self, pool: PoolId) {
        let info = &self.run.plan.cast.pools[pool.index()];
        for worker in &info.workers {
            let ring = self.run.board.ring(*worker);
            ring.cut_off();
            if let (WorkerKind::Process, Some((pid, _))) = (info.of, ring.who()) {
                kill_process(pid);
            }
        }
        self.run.queues[pool.index()].wake();
    }
}
