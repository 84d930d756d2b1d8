//! Workers that may still submit tasks. After the last of them and the last task, no task can come, and all queues
//! close.

use std::sync::atomic::{AtomicU64, Ordering};

use super::RunContext;
use crate::pool::open_work::OpenWork;
use crate::pool::task_queue::CloseReason;
use crate::recorder::Recorder;
use contend_trace::WorkerId;

impl RunContext {
    fn open_work(&self) -> OpenWork {
        OpenWork(&self.memory.extra()[0])
    }

    /// Counts a worker that may submit tasks and is about to begin. A worker that spawns it is still counted itself.
    pub fn add_task_source(&self, worker: WorkerId) {
        if self.plan.is_task_source(worker) {
            let (word, bit) = self.source_bit(worker);
            // Counted before the bit is set, so that a worker that leaves meanwhile is not taken for the last one.
            self.open_work().add(1);
            word.fetch_or(bit, Ordering::AcqRel);
        }
    }

    /// Returns the word and the bit that say whether a worker is counted.
    fn source_bit(&self, worker: WorkerId) -> (&AtomicU64, u64) {
        let words = &self.memory.extra()[self.plan.source_bit_words()];
        (&words[worker.index() / 64], 1 << (worker.index() % 64))
    }

    /// Stops counting a worker that will submit no more tasks. After the last worker and the last task, closes all
    /// queues. The worker itself and a process that finds it dead may both call this; the first call counts.
    pub fn remove_task_source(&self, worker: WorkerId, recorder: Option<&mut Recorder<'_>>) {
        if !self.plan.is_task_source(worker) {
            return;
        }
        let (word, bit) = self.source_bit(worker);
        let was_counted = word.fetch_and(!bit, Ordering::AcqRel) & bit != 0;
        if was_counted && self.open_work().finish_one() {
            self.close_all_queues(recorder);
        }
    }

    /// Closes the queues of all pools.
    pub fn close_all_queues(&self, mut recorder: Option<&mut Recorder<'_>>) {
        for queue in &self.task_queues {
            let was_open = queue.close_with(CloseReason::Closed);
            if let Some(recorder) = recorder.as_deref_mut().filter(|_| was_open) {
                queue.record_closed(recorder);
            }
        }
    }
}
