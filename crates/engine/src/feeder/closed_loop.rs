//! Clients of a closed loop: each submits a task, waits for its result, thinks, and submits the next one. One feeder
//! plays all of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Feeder;
use super::arrival_schedule::FeedClock;
use crate::block_on::block_on;
use crate::pool::result_store::ResultStore;
use crate::pool::task::PoolTask;
use crate::step_runner::StepRunner;
use crate::tasks::submit::submit_task;
use contend_scenario::Expr;

/// What the clients do now.
struct Clients {
    clock: FeedClock,
    /// When each client that thinks is done with it, in nanoseconds since the start; the earliest first.
    thinking: BinaryHeap<Reverse<u64>>,
    /// Clients that wait for a result.
    waiting: u64,
    /// Tasks submitted so far.
    submitted: u64,
}

impl Clients {
    fn count(&self) -> u64 {
        self.thinking.len() as u64 + self.waiting
    }

    /// Lets a client think from now on.
    fn think(&mut self, think: &Expr, step_runner: &StepRunner) {
        let until = self.clock.now() + think.eval(step_runner).max(0.0);
        self.thinking.push(Reverse(until as u64));
    }
}

impl Feeder {
    /// Plays `count` clients until the feeder must end. A changed count takes effect when a client comes to think.
    pub(super) fn feed_clients(&self, count: &Expr, think: &Expr, step_runner: &mut StepRunner) {
        let Some(results) = self.run.results(self.id) else { return };
        let mut clients = Clients { clock: FeedClock::start(), thinking: BinaryHeap::new(), waiting: 0, submitted: 0 };
        while !step_runner.asked_to_end() {
            let wanted = count.eval(step_runner).max(1.0) as u64;
            while clients.count() < wanted {
                clients.think(think, step_runner);
            }
            match clients.thinking.peek().copied() {
                Some(_) if clients.count() > wanted => drop(clients.thinking.pop()),
                Some(Reverse(due)) if due as f64 <= clients.clock.now() => {
                    clients.thinking.pop();
                    if !self.submit_for_client(results, &mut clients, due as f64, step_runner) {
                        return;
                    }
                }
                Some(Reverse(due)) if clients.waiting == 0 => clients.clock.sleep_towards(due as f64, step_runner),
                next => {
                    // Without a client that thinks, nothing but a result ends this wait.
                    let deadline = next.map(|Reverse(due)| clients.clock.instant_at(due as f64));
                    if block_on(results.read_next(deadline, &mut step_runner.recorder)).is_some() {
                        clients.waiting -= 1;
                        clients.think(think, step_runner);
                    }
                }
            }
        }
    }

    /// Submits the next task of a client that was due at `due`. Returns whether the pool accepts tasks.
    fn submit_for_client(
        &self,
        results: ResultStore,
        clients: &mut Clients,
        due: f64,
        step_runner: &mut StepRunner,
    ) -> bool {
        let result = results.promise_result(true);
        let due = clients.clock.ticks_at(due, step_runner);
        let task = PoolTask { number: clients.submitted, due, crash_count: 0, result };
        clients.submitted += 1;
        if block_on(submit_task(self.run, self.id, task, step_runner)).is_err() {
            result.inspect(|promise| results.withdraw(*promise));
            return false;
        }
        clients.waiting += 1;
        true
    }
}
