//! Memory that a worker has for a while.

use std::hint::black_box;

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::PAGE_SIZE;
use contend_platform::limits::free_memory;
use contend_scenario::{Expr, Step};

impl StepRunner {
    /// Has so much memory, each page of it written to, while it runs the body.
    pub(crate) async fn with_memory(&mut self, bytes: &Expr, body: &[Step]) -> StepResult {
        let bytes = bytes.eval(self) as usize;
        let refused = |why: &str| StopReason::Failed(format!("{} MiB of memory: {why}", bytes >> 20));
        // Beyond it the kernel would end some process, and perhaps not one of ours.
        if free_memory().is_some_and(|free| bytes as u64 > free.remaining / 10 * 8) {
            return Err(refused("that is more than four fifths of what is free"));
        }
        let mut memory: Vec<u8> = Vec::new();
        memory.try_reserve_exact(bytes).map_err(|_| refused("the system gives no more"))?;
        memory.resize(bytes, 0);
        for page in memory.chunks_mut(PAGE_SIZE) {
            page[0] = black_box(1);
        }
        let result = self.run_block(body).await;
        drop(black_box(memory));
        result
    }
}
