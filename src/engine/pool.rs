//! A pool's worker at its tasks.

use super::actor::{Actor, Halt};
use super::block_on::caught;
use super::queue::Task;
use super::run::Run;
use crate::trace::{EventKind, Notice, PoolId, Span};

/// Takes tasks and does them until there are no more, or it is asked to end.
pub async fn work(run: &'static Run, index: usize, actor: &mut Actor) {
    let (queue, ring) = (&run.queues[index], actor.ring());
    let mut tasks = Vec::with_capacity(1);
    loop {
        if actor.pen.is_on_loop() {
            queue.take_on_loop(1, &mut tasks, &mut actor.pen, || ring.asked_to_end()).await;
        } else {
            queue.take(1, &mut tasks, &mut actor.pen, || ring.asked_to_end());
        }
        let Some(task) = tasks.first() else { return };
        do_task(run, PoolId::from(index), *task, actor).await;
    }
}

/// Does one task and tells how it went. A task that fails or panics fails alone.
pub async fn do_task(run: &'static Run, pool: PoolId, task: Task, actor: &mut Actor) {
    begin(run, pool, task, actor);
    let failure = attempt(run, pool, task.number, actor).await;
    end(pool, actor, failure.is_none());
    if let Some(what) = failure {
        run.notice(Notice::Failed { worker: actor.me(), what });
    }
}

/// Records that a task began, and how long after it was due.
pub fn begin(run: &'static Run, pool: PoolId, task: Task, actor: &mut Actor) {
    let at = actor.pen.now();
    let waited = Span(run.nanos(task.due, at));
    actor.pen.write(at, EventKind::TaskBegan { pool, waited });
}

/// Records how a task ended.
pub fn end(pool: PoolId, actor: &mut Actor, ok: bool) {
    let at = actor.pen.now();
    actor.pen.write(at, EventKind::TaskEnded { pool, ok });
}

/// Does the steps of a task; what went wrong, if anything did.
pub async fn attempt(run: &'static Run, pool: PoolId, number: u64, actor: &mut Actor) -> Option<String> {
    let steps = &run.scenario.pools[pool.index()].task;
    match caught(actor.task(number, steps)).await {
        Ok(Ok(()) | Err(Halt::Asked | Halt::Finished)) => None,
        Ok(Err(Halt::Failed(what))) => Some(what),
        Err(panic) => {
            actor.pen.set_blocking(false);
            actor.let_go();
            Some(panic_message(&*panic))
        }
    }
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
