//! Notes in shared memory about the tasks that a worker process runs itself (`policy=caller-runs`), one inside another.
//!
//! The process can die inside them, and the runner did not hand these tasks to it; the notes tell the runner which
//! tasks it has to finish.
//!
//! ```text
//! word 0          number of tasks
//! then for each   its progress as in `task_progress`, with the pool in place of the finished tasks; its promise
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use super::result_store::Promise;
use super::task::PoolTask;
use super::task_progress::{TaskProgress, TaskStage};
use contend_trace::PoolId;

/// The most tasks inside one another in a worker process.
pub const MAX_NOTED_DEPTH: usize = 64;

const DEPTH: usize = 0;
const FIRST_ENTRY: usize = 1;
const ENTRY_WORDS: usize = 2;

/// Words that the notes of one worker take.
pub const NESTED_WORDS: usize = FIRST_ENTRY + MAX_NOTED_DEPTH * ENTRY_WORDS;

/// The tasks that one worker runs itself, innermost last.
#[derive(Debug, Clone, Copy)]
pub struct NestedNotes<'a> {
    words: &'a [AtomicU64],
}

/// The note about one task.
#[derive(Debug, Clone, Copy)]
pub struct NestedNote {
    pub pool: PoolId,
    pub stage: TaskStage,
    /// The lower half of the number of events in the worker's ring when the note was written.
    pub event_total: u32,
    pub result: Option<Promise>,
}

impl<'a> NestedNotes<'a> {
    pub const fn at(words: &'a [AtomicU64]) -> Self {
        Self { words }
    }

    pub fn depth(self) -> usize {
        (self.words[DEPTH].load(Ordering::Acquire) as usize).min(MAX_NOTED_DEPTH)
    }

    fn set_depth(self, depth: usize) {
        self.words[DEPTH].store(depth as u64, Ordering::Release);
    }

    fn write_stage(self, nth: usize, pool: PoolId, stage: TaskStage, event_total: u64) {
        let word = TaskProgress { finished: pool.index() as u32, stage }.to_noted_word(event_total);
        self.words[FIRST_ENTRY + nth * ENTRY_WORDS].store(word, Ordering::Release);
    }

    /// Adds a task that is about to begin.
    pub fn push(self, pool: PoolId, task: &PoolTask, event_total: u64) {
        let nth = self.depth();
        self.words[FIRST_ENTRY + nth * ENTRY_WORDS + 1]
            .store(task.result.map_or(0, Promise::to_word), Ordering::Relaxed); // the next store publishes it
        self.write_stage(nth, pool, TaskStage::Begun, event_total);
        self.set_depth(nth + 1);
    }

    /// Notes the stage of the innermost task.
    pub fn update_innermost(self, pool: PoolId, stage: TaskStage, event_total: u64) {
        self.write_stage(self.depth().saturating_sub(1), pool, stage, event_total);
    }

    pub fn innermost(self) -> Option<NestedNote> {
        let at = FIRST_ENTRY + self.depth().checked_sub(1)? * ENTRY_WORDS;
        let (word, result) = (self.words[at].load(Ordering::Acquire), self.words[at + 1].load(Ordering::Relaxed));
        let TaskProgress { finished: pool, stage } = TaskProgress::from_word(word as u32);
        Some(NestedNote {
            pool: PoolId::from(pool as usize),
            stage,
            event_total: (word >> 32) as u32,
            result: Promise::from_word(result),
        })
    }

    pub fn pop(self) {
        self.set_depth(self.depth().saturating_sub(1));
    }
}
