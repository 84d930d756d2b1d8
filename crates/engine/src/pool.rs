//! A pool's worker at its tasks, and what brings it some.

use super::actor::{Actor, Halt};
use super::block_on::caught;
use super::nested::do_nested;
use super::queue::{Queue, Refused, Shut, Task};
use super::recorder::Recorder;
use super::run::Run;
use contend_scenario::Policy;
use contend_trace::{EventKind, Fate, Notice, PoolId, Span, WorkerId};

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Failed(String),
    /// Its worker was told to leave it.
    CutOff,
}

/// The same in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Done,
    Failed,
    CutOff,
}

impl Outcome {
    pub const fn end(&self) -> End {
        match self {
            Self::Done => End::Done,
            Self::Failed(_) => End::Failed,
            Self::CutOff => End::CutOff,
        }
    }
}

impl End {
    /// Whether the task did what it was to do.
    pub const fn ok(self) -> bool {
        matches!(self, Self::Done)
    }

    /// As it is told.
    pub const fn event(self, pool: PoolId) -> EventKind {
        match self {
            Self::Done | Self::Failed => EventKind::TaskEnded { pool, ok: self.ok() },
            Self::CutOff => EventKind::Met { pool, fate: Fate::Lost },
        }
    }
}

/// Takes tasks and does them until there are no more, or it is asked to end.
pub async fn work(run: &'static Run, index: usize, seat: usize, actor: &mut Actor) {
    let (queue, ring) = (&run.queues[index], actor.ring());
    let mut tasks = Vec::with_capacity(1);
    loop {
        let enough = || ring.asked_to_end() && !queue.dealt.needs(seat);
        let from = queue.take(seat, 1, &mut tasks, &mut actor.pen, enough).await;
        let Some(task) = tasks.first() else {
            if queue.leave(seat, !ring.asked_to_end()) {
                return;
            }
            continue;
        };
        tell_theft(run, index, from, &mut actor.pen);
        do_task(run, PoolId::from(index), *task, actor).await;
    }
}

/// Records that a task was another worker's, if it was.
pub fn tell_theft(run: &Run, pool: usize, from: Option<usize>, pen: &mut Recorder<'_>) {
    let whose = from.and_then(|seat| run.plan.cast.pools[pool].workers.get(seat));
    if let Some(from) = whose {
        pen.write(pen.now(), EventKind::Stole { pool: PoolId::from(pool), from: *from });
    }
}

/// Why a pool did not get a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    Shut(Shut),
    /// There is no room, and the submitter is already too deep in tasks that it runs itself.
    TooDeep,
}

/// Gives a pool a task, as its policy has it when there is no room.
///
/// # Errors
/// If the pool takes no more tasks, or has no room and the submitter cannot run the task either.
pub async fn give(run: &'static Run, pool: PoolId, task: Task, actor: &mut Actor) -> Result<(), Denied> {
    let queue: &Queue = &run.queues[pool.index()];
    let policy = run.scenario.pools[pool.index()].policy;
    if policy == Policy::Block {
        return queue.put(task, &mut actor.pen).await.map_err(Denied::Shut);
    }
    match queue.try_put(task, &mut actor.pen) {
        Ok(()) => {}
        Err(Refused::Shut(shut)) => return Err(Denied::Shut(shut)),
        Err(Refused::Full(task)) if policy == Policy::Reject => {
            let at = actor.pen.now();
            actor.pen.write(at, EventKind::Rejected { pool });
            resolve(run, pool, &task, false, &mut actor.pen);
        }
        Err(Refused::Full(_)) if actor.is_too_deep() => return Err(Denied::TooDeep),
        Err(Refused::Full(task)) => {
            queue.one_more();
            do_nested(run, pool, task, actor).await;
        }
    }
    Ok(())
}

/// Does one task and tells how it went. A task that fails or panics fails alone.
pub async fn do_task(run: &'static Run, pool: PoolId, task: Task, actor: &mut Actor) {
    begin(run, pool, task, actor);
    let outcome = attempt(run, pool, task.number, actor).await;
    end(run, pool, task, outcome, actor);
}

/// Records that a task began, and how long after it was due.
pub fn begin(run: &'static Run, pool: PoolId, task: Task, actor: &mut Actor) {
    let at = actor.pen.now();
    let waited = Span(run.nanos(task.due, at));
    actor.pen.write(at, EventKind::TaskBegan { pool, waited });
}

/// Records how a task ended, and gives whoever waits for it the result.
pub fn end(run: &'static Run, pool: PoolId, task: Task, outcome: Outcome, actor: &mut Actor) {
    let end = outcome.end();
    actor.pen.write(actor.pen.now(), end.event(pool));
    over(run, pool, &task, end.ok(), &mut actor.pen);
    log(run, &task, outcome, actor.me());
}

/// A failure goes to the log where nobody has asked for the result.
pub fn log(run: &Run, task: &Task, outcome: Outcome, worker: WorkerId) {
    if let (Outcome::Failed(what), None) = (outcome, task.result) {
        run.notice(Notice::Failed { worker, what });
    }
}

/// A task is over: its result is there, and it is counted no more.
pub fn over(run: &Run, pool: PoolId, task: &Task, ok: bool, pen: &mut Recorder<'_>) {
    resolve(run, pool, task, ok, pen);
    count_off(run, pool, pen);
}

/// A task is counted no more. Where it was the last of all, and nobody is left who could bring another, the pools end.
pub fn count_off(run: &Run, pool: PoolId, pen: &mut Recorder<'_>) {
    if run.queues[pool.index()].one_is_over() {
        run.close_all(Some(pen));
    }
}

/// Whoever waits for a task's result has it.
pub fn resolve(run: &Run, pool: PoolId, task: &Task, ok: bool, pen: &mut Recorder<'_>) {
    if let (Some(promise), Some(results)) = (task.result, run.results(pool)) {
        results.resolve(promise, ok, pen);
    }
}

/// Ends all that is still in a pool's queue, unbegun.
pub fn call_off(run: &Run, pool: PoolId, fate: Fate, pen: &mut Recorder<'_>) {
    for task in run.queues[pool.index()].clear() {
        pen.write(pen.now(), EventKind::Met { pool, fate });
        over(run, pool, &task, false, pen);
    }
}

/// Does the steps of a task.
pub async fn attempt(run: &'static Run, pool: PoolId, number: u64, actor: &mut Actor) -> Outcome {
    let steps = &run.scenario.pools[pool.index()].task;
    let outer = actor.enter_task(pool, number);
    let blocking = actor.pen.is_blocking();
    let flow = caught(async { actor.body(steps).await }).await;
    actor.pen.set_blocking(blocking); // a panic leaves it as it is
    actor.leave_task(outer);
    match flow {
        Ok(Ok(()) | Err(Halt::Finished)) => Outcome::Done,
        Ok(Err(Halt::Asked)) => Outcome::CutOff,
        Ok(Err(Halt::Failed(what))) => Outcome::Failed(what),
        Err(panic) => Outcome::Failed(panic_message(&*panic)),
    }
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
