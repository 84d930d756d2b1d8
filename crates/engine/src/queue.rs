//! The bounded queue of a pool, in shared memory: whoever feeds the pool or submits to it puts tasks, in whatever
//! process; its workers, or those who stand for them in the runner, take them. Stamps, depths and numbers are taken
//! inside its monitor. What waits blocks its thread, unless tasks of the event loop are among those who share the queue.

mod take;

use std::sync::atomic::{AtomicU64, Ordering};

use super::deal::Dealt;
use super::recorder::Recorder;
use super::results::Promise;
use super::run::count_down;
use super::shared::monitor::{Bell, Inside, Monitor};
use contend_trace::{EventKind, ResourceId, State};

/// Position of the oldest task in the ring, and how many are in the ring.
const HEAD: usize = 0;
const IN_RING: usize = 1;
/// How many are in the ring and elsewhere.
const DEPTH: usize = 2;
/// 0 while tasks may come.
const SHUT: usize = 3;
/// How many wait for a task, and for room: nobody is woken for nothing.
const TAKERS: usize = 4;
const PUTTERS: usize = 5;
const MORE: Bell = Bell(6);
const ROOM: Bell = Bell(7);
/// How many tasks were ever put, and taken.
const PUT: usize = 8;
const TAKEN: usize = 9;
/// Tasks that came and are not over.
const OPEN: usize = 10;
const OVER: Bell = Bell(11);
/// How many tasks were submitted.
const NUMBER: usize = 12;
const RING: usize = 16;
/// Words of a task in the ring: its number, when it is due, its result.
const TASK: usize = 3;

/// One unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Position in the feed: which file of a batch.
    pub number: u64,
    /// When it was to begin, in ticks: its intended start, whatever delayed the feeder.
    pub due: u64,
    /// How often it was begun by a worker that died at it.
    pub failed: u32,
    /// Where its result is waited for.
    pub result: Option<Promise>,
}

/// Why no task can be put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// No more are to come.
    Closed = 1,
    /// What is left is called off.
    Cancelled = 2,
    /// A worker died, and the pool with it.
    Broken = 3,
}

/// A task that is not in the queue.
#[derive(Debug)]
pub enum Refused {
    /// There is no room for it.
    Full(Task),
    Shut(Shut),
}

#[derive(Debug)]
pub struct Queue {
    id: ResourceId,
    capacity: u64,
    monitor: Monitor<'static>,
    /// Tasks that are not in the ring. In the runner only: nobody else takes any.
    pub(super) dealt: Dealt,
    /// Whether a batch is dealt out: then a worker may find none though the queue has some, and tells so.
    deals: bool,
    /// Tasks of all pools that are not over, and who may still bring some; `None` where nobody submits.
    alive: Option<&'static AtomicU64>,
}

/// Words that a queue of so many tasks takes.
pub const fn queue_words(capacity: usize) -> usize {
    RING + capacity * TASK
}

impl Queue {
    pub fn new(
        id: ResourceId,
        (capacity, deals): (u32, bool),
        monitor: Monitor<'static>,
        alive: Option<&'static AtomicU64>,
    ) -> Self {
        Self { id, capacity: u64::from(capacity), monitor, dealt: Dealt::default(), deals, alive }
    }

    /// Puts a task, waiting for room.
    ///
    /// # Errors
    /// When nothing can be put any more, or not any more since it waits.
    pub async fn put(&self, task: Task, pen: &mut Recorder<'_>) -> Result<(), Shut> {
        let mut inside = self.monitor.enter();
        if self.is_full(&inside) {
            pen.block(State::Full, Some(self.id));
            while self.is_full(&inside) {
                inside = wait(inside, PUTTERS, ROOM).await;
            }
            if shut(&inside).is_some() {
                pen.resume();
            }
        }
        if let Some(shut) = shut(&inside) {
            return Err(shut);
        }
        self.push(inside, task, pen);
        Ok(())
    }

    /// Puts a task if there is room.
    ///
    /// # Errors
    /// Gives the task back if there is none, or says that nothing can be put any more.
    pub fn try_put(&self, task: Task, pen: &mut Recorder<'_>) -> Result<(), Refused> {
        let inside = self.monitor.enter();
        if let Some(shut) = shut(&inside) {
            return Err(Refused::Shut(shut));
        }
        if self.is_full(&inside) {
            return Err(Refused::Full(task));
        }
        self.push(inside, task, pen);
        Ok(())
    }

    /// Whether whoever puts must wait. Nobody waits for room in a queue that is shut.
    fn is_full(&self, inside: &Inside<'_>) -> bool {
        inside.get(DEPTH) >= self.capacity && shut(inside).is_none()
    }

    fn push(&self, mut inside: Inside<'_>, task: Task, pen: &mut Recorder<'_>) {
        let in_ring = inside.get(IN_RING);
        let at = RING + ((inside.get(HEAD) + in_ring) % self.capacity) as usize * TASK;
        inside.set(at, task.number);
        inside.set(at + 1, task.due);
        inside.set(at + 2, task.result.map_or(0, Promise::word));
        inside.set(IN_RING, in_ring + 1);
        self.count_in(&mut inside, 1);
        match inside.get(TAKERS) {
            0 => {}
            _ if self.deals => inside.wake_all(MORE), // who gets none looks again, and tells so
            _ => drop(inside.wake_one(MORE)),
        }
        let (at, event) = (pen.now(), self.put_event(&inside, 0));
        drop(inside);
        pen.write(at, event);
    }

    /// Counts tasks that came.
    fn count_in(&self, inside: &mut Inside<'_>, tasks: u64) {
        for place in [DEPTH, PUT, OPEN] {
            inside.set(place, inside.get(place) + tasks);
        }
        if let Some(alive) = self.alive {
            alive.fetch_add(tasks, Ordering::AcqRel);
        }
    }

    /// The put of the newest task but `later`.
    fn put_event(&self, inside: &Inside<'_>, later: u64) -> EventKind {
        let (depth, nth) = (inside.get(DEPTH) - later, (inside.get(PUT) - later) as u32);
        match u16::try_from(depth) {
            Ok(depth) => EventKind::PutNth { queue: self.id, depth, nth },
            Err(_) => EventKind::Put { queue: self.id, depth: depth as u32 },
        }
    }

    /// Deals a batch out to so many workers, an equal part of neighbours to each, all at once and whatever the capacity.
    ///
    /// # Errors
    /// When nothing can be put any more: then nothing was.
    pub fn deal(&self, tasks: &[Task], workers: usize, pen: &mut Recorder<'_>) -> Result<(), Shut> {
        let mut inside = self.monitor.enter();
        if let Some(shut) = shut(&inside) {
            return Err(shut);
        }
        self.dealt.deal(tasks, workers);
        self.count_in(&mut inside, tasks.len() as u64);
        inside.wake_all(MORE);
        let at = pen.now();
        let events: Vec<EventKind> =
            (0..tasks.len() as u64).rev().map(|later| self.put_event(&inside, later)).collect();
        drop(inside);
        for event in events {
            pen.write(at, event);
        }
        Ok(())
    }

    /// Puts tasks back that were taken and not done, at the front and whatever the capacity: nobody waits for them.
    ///
    /// # Errors
    /// If the rest of the queue was cancelled: no worker would take the tasks.
    pub fn put_back(&self, tasks: &[Task]) -> Result<(), Shut> {
        let mut inside = self.monitor.enter();
        if let Some(shut @ (Shut::Cancelled | Shut::Broken)) = shut(&inside) {
            return Err(shut);
        }
        self.dealt.put_back(tasks);
        for place in [DEPTH, PUT] {
            inside.set(place, inside.get(place) + tasks.len() as u64);
        }
        inside.wake_all(MORE);
        Ok(())
    }

    /// The worker at this place goes, see [`Dealt::leave`]. Whether it went.
    pub fn leave(&self, seat: usize, is_idle: bool) -> bool {
        let mut inside = self.monitor.enter();
        let went = self.dealt.leave(seat, is_idle);
        inside.wake_all(MORE); // what was its own is anybody's now
        went
    }

    /// Lets no more tasks in; whether any could come before.
    pub fn shut(&self, how: Shut) -> bool {
        let mut inside = self.monitor.enter();
        let was = inside.get(SHUT);
        inside.set(SHUT, was.max(how as u64));
        for bell in [MORE, ROOM] {
            inside.wake_all(bell);
        }
        was == 0
    }

    /// No more tasks will be put.
    pub fn close(&self, pen: &mut Recorder<'_>) {
        if self.shut(Shut::Closed) {
            self.tell_closed(pen);
        }
    }

    pub fn tell_closed(&self, pen: &mut Recorder<'_>) {
        pen.write(pen.now(), EventKind::Closed { queue: self.id });
    }

    /// Why nothing can be put any more.
    pub fn why_shut(&self) -> Option<Shut> {
        shut(&self.monitor.enter())
    }

    /// All that is in it, as far as this process can reach it.
    pub fn clear(&self) -> Vec<Task> {
        let mut inside = self.monitor.enter();
        let mut tasks = self.dealt.clear();
        while inside.get(IN_RING) > 0 {
            tasks.push(self.pop(&mut inside));
        }
        let n = tasks.len() as u64;
        inside.set(DEPTH, inside.get(DEPTH).saturating_sub(n));
        inside.set(TAKEN, inside.get(TAKEN) + n);
        tasks
    }

    /// A task is over, whatever became of it. Whether it was the last of all, and nobody is left who could bring another.
    pub fn one_is_over(&self) -> bool {
        let mut inside = self.monitor.enter();
        let open = inside.get(OPEN).saturating_sub(1);
        inside.set(OPEN, open);
        if open == 0 {
            inside.wake_all(OVER);
        }
        drop(inside);
        self.alive.is_some_and(count_down)
    }

    /// How many tasks came and are not over.
    pub fn open(&self) -> u64 {
        self.monitor.enter().get(OPEN)
    }

    /// A task comes that goes past the queue.
    pub fn one_more(&self) {
        let mut inside = self.monitor.enter();
        inside.set(OPEN, inside.get(OPEN) + 1);
        if let Some(alive) = self.alive {
            alive.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Waits until all tasks are over.
    pub async fn wait_until_over(&self) {
        let mut inside = self.monitor.enter();
        while inside.get(OPEN) > 0 {
            inside = inside.wait(OVER).await;
        }
    }

    /// The number of the next task that is submitted.
    pub fn next_number(&self) -> u64 {
        let mut inside = self.monitor.enter();
        let number = inside.get(NUMBER);
        inside.set(NUMBER, number + 1);
        number
    }

    /// Lets all who wait look again whether they shall go on.
    pub fn wake(&self) {
        self.monitor.enter().wake_all(MORE); // whoever has just asked is before this and sees the change, or waits already
    }
}

fn shut(inside: &Inside<'_>) -> Option<Shut> {
    match inside.get(SHUT) {
        0 => None,
        1 => Some(Shut::Closed),
        2 => Some(Shut::Cancelled),
        _ => Some(Shut::Broken),
    }
}

/// Waits for the bell, counted among those who do.
async fn wait(mut inside: Inside<'_>, who: usize, bell: Bell) -> Inside<'_> {
    inside.set(who, inside.get(who) + 1);
    let mut inside = inside.wait(bell).await;
    inside.set(who, inside.get(who).saturating_sub(1));
    inside
}
