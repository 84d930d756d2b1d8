//! The step `allocate`: memory that a worker uses while a block runs.

use std::hint::black_box;

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::PAGE_SIZE;
use contend_platform::limits::free_memory;
use contend_scenario::{Expr, Step};

impl StepRunner {
    /// Allocates memory, writes to each of its pages, runs the body, and frees the memory.
    pub(crate) async fn with_memory(&mut self, bytes: &Expr, body: &[Step]) -> StepResult {
        let bytes = bytes.eval(self) as usize;
        let refused = |reason: &str| StopReason::Failed(format!("{} MiB of memory: {reason}", bytes >> 20));
        // Beyond four fifths the kernel may kill a process, and perhaps not one of ours.
        if free_memory().is_some_and(|free| bytes as u64 > free.remaining / 10 * 8) {
            return Err(refused("more than four fifths of the free memory"));
        }
        let mut memory: Vec<u8> = Vec::new();
        memory.try_reserve_exact(bytes).map_err(|_| refused("the system refused it"))?;
        memory.resize(bytes, 0);
        for page in memory.chunks_mut(PAGE_SIZE) {
            page[0] = black_box(1);
        }
        let result = self.run_block(body).await;
        drop(black_box(memory));
        result
    }
}
