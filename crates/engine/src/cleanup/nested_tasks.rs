//! The tasks that a worker process ran itself when it died.

use crate::context::RunContext;
use crate::pool::nested_notes::NestedNote;
use crate::pool::task::PoolTask;
use crate::recorder::Recorder;
use crate::tasks::settle::{complete_end, count_finished, resolve_result};
use contend_trace::{EventKind, Span, WorkerId};

/// Ends the tasks that a worker ran itself, innermost first; its process is gone or about to exit. Tasks that were not
/// finished fail.
pub fn end_nested_tasks(run: &RunContext, worker: WorkerId, recorder: &mut Recorder<'_>) {
    let Some(notes) = run.nested_notes(worker) else { return };
    let ring = run.memory.ring(worker);
    while let Some(note) = notes.innermost() {
        let has_recorded_since = ring.event_total() as u32 != note.event_total;
        notes.pop();
        if run.task_queues.get(note.pool.index()).is_some() {
            end_nested_task(run, note, has_recorded_since, recorder);
        } // else a broken process overwrote the note
    }
}

fn end_nested_task(run: &RunContext, note: NestedNote, has_recorded_since: bool, recorder: &mut Recorder<'_>) {
    let pool = note.pool;
    let task = PoolTask { number: 0, due: recorder.now(), crash_count: 0, result: note.result };
    if !complete_end(run, pool, &task, (note.stage, has_recorded_since), recorder) {
        if !has_recorded_since {
            recorder.write(recorder.now(), EventKind::TaskBegan { pool, waited: Span(0) });
        }
        recorder.write(recorder.now(), EventKind::TaskAbandoned { pool });
        resolve_result(run, pool, &task, false, recorder);
    }
    count_finished(run, pool, recorder);
}

/// As [`end_nested_tasks`], called by the runner for a worker whose process has exited.
pub fn end_nested_tasks_of_dead(run: &RunContext, worker: WorkerId) {
    if run.nested_notes(worker).is_some_and(|notes| notes.depth() > 0) {
        end_nested_tasks(run, worker, &mut run.recorder(worker));
    }
}
