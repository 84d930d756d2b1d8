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

use super::actor::Actor;
use super::pool::{attempt, begin, count_off, log, resolve};
use super::progress::{Progress, Stage};
use super::queue::Task;
use super::recorder::Recorder;
use super::results::Promise;
use super::run::Run;
use contend_platform::stack_left;
use contend_trace::{EventKind, Notice, PoolId, Span, WorkerId};

/// Tasks inside one another, at most: in a thread of the runner, and in a worker process, whose are noted.
pub const DEEPEST: usize = 500;
pub const DEEPEST_NOTED: usize = 64;

/// Stack that a task must find: for decoding pictures, and blocks inside one another.
const RESERVE: usize = if cfg!(debug_assertions) { 3 << 20 } else { 768 << 10 };

const DEPTH: usize = 0;
const FIRST: usize = 1;
const ENTRY: usize = 2;

/// Words that a worker's tasks take.
pub const NESTED_WORDS: usize = FIRST + DEEPEST_NOTED * ENTRY;

/// The tasks that one worker does for itself, innermost last.
#[derive(Debug, Clone, Copy)]
pub struct Nested<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Nested<'a> {
    pub const fn at(words: &'a [AtomicU64]) -> Self {
        Self { words }
    }

    fn depth(self) -> usize {
        (self.words[DEPTH].load(Ordering::Acquire) as usize).min(DEEPEST_NOTED)
    }

    fn set_depth(self, depth: usize) {
        self.words[DEPTH].store(depth as u64, Ordering::Release);
    }

    fn note(self, nth: usize, pool: PoolId, stage: Stage, told: u64) {
        let word = Progress { over: pool.index() as u32, stage }.noted(told);
        self.words[FIRST + nth * ENTRY].store(word, Ordering::Release);
    }

    fn push(self, pool: PoolId, task: &Task, told: u64) {
        let nth = self.depth();
        self.words[FIRST + nth * ENTRY + 1].store(task.result.map_or(0, Promise::word), Ordering::Relaxed); // the next publishes
        self.note(nth, pool, Stage::Begun, told);
        self.set_depth(nth + 1);
    }

    /// The innermost task: how far it is, what the ring had told then, and where its result goes.
    fn innermost(self) -> Option<(Progress, u32, Option<Promise>)> {
        let at = FIRST + self.depth().checked_sub(1)? * ENTRY;
        let (word, result) = (self.words[at].load(Ordering::Acquire), self.words[at + 1].load(Ordering::Relaxed));
        Some((Progress::from_word(word as u32), (word >> 32) as u32, Promise::of(result)))
    }

    fn pop(self) {
        self.set_depth(self.depth().saturating_sub(1));
    }
}

impl Run {
    /// Where the tasks are noted that a worker does for itself, if some run in processes.
    pub fn nested(&self, worker: WorkerId) -> Option<Nested<'static>> {
        self.plan.nested_words(worker).map(|words| Nested::at(&self.board.extra()[words]))
    }

    /// Says that tasks are too deep inside one another, the first time: their results may be read by nobody.
    pub fn tell_too_deep(&self, worker: WorkerId, what: &str) {
        if !self.is_too_deep_told.swap(true, Ordering::Relaxed) {
            self.notice(Notice::Failed { worker, what: what.to_owned() });
        }
    }
}

impl Actor {
    /// Whether one more task inside those that it is at would be too many.
    pub fn is_too_deep(&self) -> bool {
        let deepest = if self.nested_notes().is_some() { DEEPEST_NOTED } else { DEEPEST };
        self.inside >= deepest || stack_left().is_some_and(|left| left < RESERVE)
    }

    /// Where its nested tasks are noted: nobody asks for those of a thread that dies with the runner.
    fn nested_notes(&self) -> Option<Nested<'static>> {
        self.run.nested(self.me()).filter(|_| self.run.is_worker_process())
    }
}

/// Does a task that no queue had room for. It was counted in.
pub async fn do_nested(run: &'static Run, pool: PoolId, task: Task, actor: &mut Actor) {
    actor.inside += 1;
    let (notes, ring) = (actor.nested_notes(), actor.ring());
    let note = |stage| {
        notes.inspect(|notes| notes.note(notes.depth().saturating_sub(1), pool, stage, ring.told()));
    };
    notes.inspect(|notes| notes.push(pool, &task, ring.told()));
    begin(run, pool, task, actor);
    let outcome = attempt(run, pool, task.number, actor).await;
    let end = outcome.end();
    note(Stage::Ending(end));
    actor.pen.write(actor.pen.now(), end.event(pool));
    note(Stage::Resolving(end));
    resolve(run, pool, &task, end.ok(), &mut actor.pen);
    notes.inspect(|notes| notes.pop());
    count_off(run, pool, &mut actor.pen);
    log(run, &task, outcome, actor.me());
    actor.inside -= 1;
}

/// A worker's process is gone, or about to be: ends what it did for itself in its name, innermost first. Those that were
/// not over failed.
pub fn end_nested(run: &Run, worker: WorkerId, pen: &mut Recorder<'_>) {
    let Some(notes) = run.nested(worker) else { return };
    let ring = run.board.ring(worker);
    while let Some((Progress { over, stage }, noted, result)) = notes.innermost() {
        let (pool, told) = (PoolId::from(over as usize), ring.told() as u32 != noted);
        notes.pop();
        if run.queues.get(pool.index()).is_none() {
            continue; // a broken process wrote to it
        }
        let task = Task { number: 0, due: pen.now(), failed: 0, result };
        match stage {
            Stage::Ending(end) | Stage::Resolving(end) => {
                let is_ending = stage == Stage::Ending(end);
                if is_ending && !told {
                    pen.write(pen.now(), end.event(pool));
                }
                if is_ending || !told {
                    resolve(run, pool, &task, end.ok(), pen);
                }
            }
            Stage::Begun | Stage::Unbegun => {
                if !told {
                    pen.write(pen.now(), EventKind::TaskBegan { pool, waited: Span(0) });
                }
                pen.write(pen.now(), EventKind::GivenUp { pool });
                resolve(run, pool, &task, false, pen);
            }
        }
        count_off(run, pool, pen);
    }
}

/// As [`end_nested`], by the runner, for a worker whose process has ended and whose ring is nobody's.
pub fn end_nested_of(run: &Run, worker: WorkerId) {
    if run.nested(worker).is_some_and(|notes| notes.depth() > 0) {
        end_nested(run, worker, &mut run.recorder(worker));
    }
}
