//! Memory that a worker has for a while.

use std::hint::black_box;

use crate::actor::{Actor, Flow, Halt};
use contend_platform::PAGE;
use contend_platform::limits::memory_free;
use contend_scenario::{Expr, Step};

impl Actor {
    /// Has so much memory, each page of it written to, while it runs the body.
    pub(crate) async fn with_memory(&mut self, bytes: &Expr, body: &[Step]) -> Flow {
        let bytes = bytes.eval(self) as usize;
        let refused = |why: &str| Halt::Failed(format!("{} MiB of memory: {why}", bytes >> 20));
        // Beyond it the kernel would end some process, and perhaps not one of ours.
        if memory_free().is_some_and(|free| bytes as u64 > free.left / 10 * 8) {
            return Err(refused("that is more than four fifths of what is free"));
        }
        let mut memory: Vec<u8> = Vec::new();
        memory.try_reserve_exact(bytes).map_err(|_| refused("the system gives no more"))?;
        memory.resize(bytes, 0);
        for page in memory.chunks_mut(PAGE) {
            page[0] = black_box(1);
        }
        let flow = self.body(body).await;
        drop(black_box(memory));
        flow
    }
}
