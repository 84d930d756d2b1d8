//! Clients of a pool, as workers that submit.
//!
//! A client thinks, submits a task, reads its result, and begins again; it ends when the pool takes no more tasks. So
//! it is the worker `forever { sleep think; submit p; result }`, whose steps the explorer knows: thinking is a delay,
//! which the explorer puts before any step. A run plays all clients of a pool on one lane, which waits at a full queue
//! for all of them; that changes nothing for others, since a client does nothing for them but submit.

use fastrand::Rng;

use super::program::{Pool, Program, Step};

/// Tasks that a client submits in the world; a client of a run that submits more is not compared.
pub const ROUNDS: usize = 2;

/// The clients of a pool, which are workers of the program, and the worker behind them that shuts the pool down.
#[derive(Debug, Clone, Copy)]
pub struct Clients {
    pub pool: usize,
    pub first: usize,
    pub count: usize,
}

impl Clients {
    pub fn contains(self, worker: usize) -> bool {
        (self.first..self.first + self.count).contains(&worker)
    }
}

impl Program {
    /// Lets clients feed the last pool, and another worker shut it down; with a pool if there is none. A client that
    /// reads a failure goes on, which a worker with `result` does not: no step makes a task fail.
    pub fn add_clients(&mut self, rng: &mut Rng) {
        let drops = |step: &Step| matches!(step, Step::DropTasks(_) | Step::ShutdownNow(_) | Step::Discard(_));
        if self.has(drops) {
            return;
        }
        if self.pools.is_empty() {
            let task = self.steps(rng, 2, usize::MAX, true);
            self.pools.push(Pool { seats: 1, task, restarts: true });
        }
        let (pool, first, count) = (self.pools.len() - 1, self.workers.len(), if rng.f64() < 0.3 { 2 } else { 1 });
        let round = [Step::Submit(pool), Step::Result];
        self.workers.extend((0..count).map(|_| round.repeat(ROUNDS)));
        self.workers.push(vec![Step::Shutdown(pool)]);
        self.clients = Some(Clients { pool, first, count });
    }
}
