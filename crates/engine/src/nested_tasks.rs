//! Tasks that their submitter runs itself (`policy=caller-runs`), one inside another.
//!
//! Each takes stack, so there is a deepest level: beyond it the submit fails. A process can die in the middle of them, and
//! nobody handed these tasks to it; so they stand in shared memory, where the runner finds them:
//!
//! ```text
//! word 0        how many
//! then, each    how far it is, see `progress.rs`, with the pool in place of what is over; where its result goes
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use super::context::RunContext;
use super::pool::{count_finished, record_task_begin, report_failure, resolve_result, run_task_steps};
use super::recorder::Recorder;
use super::result_store::Promise;
use super::step_runner::StepRunner;
use super::task_progress::{TaskProgress, TaskStage};
use super::task_queue::PoolTask;
use contend_platform::stack_left;
use contend_trace::{EventKind, Notice, PoolId, Span, WorkerId};

/// Tasks inside one another, at most: in a thread of the runner, and in a worker process, whose are noted.
pub const MAX_DEPTH: usize = 500;
pub const MAX_NOTED_DEPTH: usize = 64;

/// Stack that a task must find: for decoding pictures, and blocks inside one another.
const STACK_RESERVE: usize = if cfg!(debug_assertions) { 3 << 20 } else { 768 << 10 };

const DEPTH: usize = 0;
const FIRST_ENTRY: usize = 1;
const ENTRY_WORDS: usize = 2;

/// Words that a worker's tasks take.
pub const NESTED_WORDS: usize = FIRST_ENTRY + MAX_NOTED_DEPTH * ENTRY_WORDS;

/// The tasks that one worker does for itself, innermost last.
#[derive(Debug, Clone, Copy)]
pub struct NestedTasks<'a> {
    words: &'a [AtomicU64],
}

impl<'a> NestedTasks<'a> {
    pub const fn at(words: &'a [AtomicU64]) -> Self {
        Self { words }
    }

    fn depth(self) -> usize {
        (self.words[DEPTH].load(Ordering::Acquire) as usize).min(MAX_NOTED_DEPTH)
    }

    fn set_depth(self, depth: usize) {
        self.words[DEPTH].store(depth as u64, Ordering::Release);
    }

    fn note_stage(self, nth: usize, pool: PoolId, stage: TaskStage, event_total: u64) {
        let word = TaskProgress { finished: pool.index() as u32, stage }.to_noted_word(event_total);
        self.words[FIRST_ENTRY + nth * ENTRY_WORDS].store(word, Ordering::Release);
    }

    fn push(self, pool: PoolId, task: &PoolTask, event_total: u64) {
        let nth = self.depth();
        self.words[FIRST_ENTRY + nth * ENTRY_WORDS + 1]
            .store(task.result.map_or(0, Promise::to_word), Ordering::Relaxed); // the next publishes
        self.note_stage(nth, pool, TaskStage::Begun, event_total);
        self.set_depth(nth + 1);
    }

    /// The innermost task: how far it is, what the ring had told then, and where its result goes.
    fn innermost(self) -> Option<(TaskProgress, u32, Option<Promise>)> {
        let at = FIRST_ENTRY + self.depth().checked_sub(1)? * ENTRY_WORDS;
        let (word, result) = (self.words[at].load(Ordering::Acquire), self.words[at + 1].load(Ordering::Relaxed));
        Some((TaskProgress::from_word(word as u32), (word >> 32) as u32, Promise::from_word(result)))
    }

    fn pop(self) {
        self.set_depth(self.depth().saturating_sub(1));
    }
}

impl RunContext {
    /// Where the tasks are noted that a worker does for itself, if some run in processes.
    pub fn nested_tasks(&self, worker: WorkerId) -> Option<NestedTasks<'static>> {
        self.plan.nested_words(worker).map(|words| NestedTasks::at(&self.memory.extra()[words]))
    }

    /// Says that tasks are too deep inside one another, the first time: their results may be read by nobody.
    pub fn report_too_deep(&self, worker: WorkerId, what: &str) {
        if !self.is_too_deep_reported.swap(true, Ordering::Relaxed) {
            self.send_notice(Notice::TaskFailed { worker, message: what.to_owned() });
        }
    }
}

impl StepRunner {
    /// Whether one more task inside those that it is at would be too many.
    pub fn is_too_deep(&self) -> bool {
        let deepest = if self.nested_notes().is_some() { MAX_NOTED_DEPTH } else { MAX_DEPTH };
        self.nested_depth >= deepest || stack_left().is_some_and(|left| left < STACK_RESERVE)
    }

    /// Where its nested tasks are noted: nobody asks for those of a thread that dies with the runner.
    fn nested_notes(&self) -> Option<NestedTasks<'static>> {
        self.run.nested_tasks(self.id()).filter(|_| self.run.is_worker_process())
    }
}

/// Does a task that no queue had room for. It was counted in.
pub async fn run_nested_task(run: &'static RunContext, pool: PoolId, task: PoolTask, step_runner: &mut StepRunner) {
    step_runner.nested_depth += 1;
    let (notes, ring) = (step_runner.nested_notes(), step_runner.ring());
    let note = |stage| {
        notes.inspect(|notes| notes.note_stage(notes.depth().saturating_sub(1), pool, stage, ring.event_total()));
    };
    notes.inspect(|notes| notes.push(pool, &task, ring.event_total()));
    record_task_begin(run, pool, task, step_runner);
    let outcome = run_task_steps(run, pool, task.number, step_runner).await;
    let end = outcome.kind();
    note(TaskStage::Ending(end));
    step_runner.recorder.write(step_runner.recorder.now(), end.end_event(pool));
    note(TaskStage::Resolving(end));
    resolve_result(run, pool, &task, end.is_ok(), &mut step_runner.recorder);
    notes.inspect(|notes| notes.pop());
    count_finished(run, pool, &mut step_runner.recorder);
    report_failure(run, &task, outcome, step_runner.id());
    step_runner.nested_depth -= 1;
}

/// A worker's process is gone, or about to be: ends what it did for itself in its name, innermost first. Those that were
/// not over failed.
pub fn end_nested_tasks(run: &RunContext, worker: WorkerId, recorder: &mut Recorder<'_>) {
    let Some(notes) = run.nested_tasks(worker) else { return };
    let ring = run.memory.ring(worker);
    while let Some((TaskProgress { finished: over, stage }, noted, result)) = notes.innermost() {
        let (pool, has_recorded_since) = (PoolId::from(over as usize), ring.event_total() as u32 != noted);
        notes.pop();
        if run.task_queues.get(pool.index()).is_none() {
            continue; // a broken process wrote to it
        }
        let task = PoolTask { number: 0, due: recorder.now(), crash_count: 0, result };
        match stage {
            TaskStage::Ending(end) | TaskStage::Resolving(end) => {
                let is_ending = stage == TaskStage::Ending(end);
                if is_ending && !has_recorded_since {
                    recorder.write(recorder.now(), end.end_event(pool));
                }
                if is_ending || !has_recorded_since {
                    resolve_result(run, pool, &task, end.is_ok(), recorder);
                }
            }
            TaskStage::Begun | TaskStage::NotBegun => {
                if !has_recorded_since {
                    recorder.write(recorder.now(), EventKind::TaskBegan { pool, waited: Span(0) });
                }
                recorder.write(recorder.now(), EventKind::TaskAbandoned { pool });
                resolve_result(run, pool, &task, false, recorder);
            }
        }
        count_finished(run, pool, recorder);
    }
}

/// As [`end_nested_tasks`], by the runner, for a worker whose process has ended and whose ring is nobody's.
pub fn end_nested_tasks_of_dead(run: &RunContext, worker: WorkerId) {
    if run.nested_tasks(worker).is_some_and(|notes| notes.depth() > 0) {
        end_nested_tasks(run, worker, &mut run.recorder(worker));
    }
}
