//! The bounded queue between a pool's feeder and its workers. Stamps and depths are taken inside its lock.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::recorder::Recorder;
use super::shared::monitor::Bell;
use super::shared::sleepers::Sleepers;
use crate::trace::{EventKind, ResourceId, State};

/// One unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Position in the feed: which file of a batch.
    pub number: u64,
    /// When it was to begin, in ticks: its intended start, whatever delayed the feeder.
    pub due: u64,
    /// How often it was begun by a worker that died at it.
    pub failed: u32,
}

#[derive(Debug)]
pub struct Queue {
    id: ResourceId,
    capacity: usize,
    state: Mutex<Inside>,
    more: Condvar,
    room: Condvar,
    /// Tasks of the loop that wait for more.
    sleepers: Sleepers,
}

const MORE: Bell = Bell(0);

#[derive(Debug, Default)]
struct Inside {
    tasks: VecDeque<Task>,
    closed: bool,
}

/// A task that the queue had no room for.
#[derive(Debug)]
pub struct Refused(pub Task);

impl Queue {
    pub fn new(id: ResourceId, capacity: usize) -> Self {
        Self {
            id,
            capacity,
            state: Mutex::default(),
            more: Condvar::new(),
            room: Condvar::new(),
            sleepers: Sleepers::default(),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a task, waiting for room.
    pub fn put(&self, task: Task, pen: &mut Recorder<'_>) {
        let mut inside = self.inside();
        if inside.tasks.len() >= self.capacity {
            pen.block(State::Full, Some(self.id));
            while inside.tasks.len() >= self.capacity {
                inside = self.room.wait(inside).unwrap_or_else(PoisonError::into_inner);
            }
        }
        self.push(inside, task, pen);
    }

    /// Puts a task if there is room.
    ///
    /// # Errors
    /// Gives the task back if there is none.
    pub fn try_put(&self, task: Task, pen: &mut Recorder<'_>) -> Result<(), Refused> {
        let inside = self.inside();
        if inside.tasks.len() >= self.capacity {
            return Err(Refused(task));
        }
        self.push(inside, task, pen);
        Ok(())
    }

    fn push(&self, mut inside: MutexGuard<'_, Inside>, task: Task, pen: &mut Recorder<'_>) {
        inside.tasks.push_back(task);
        let (at, depth) = (pen.now(), inside.tasks.len() as u32);
        drop(inside);
        pen.write(at, EventKind::Put { queue: self.id, depth });
        self.wake_one();
    }

    fn wake_one(&self) {
        self.more.notify_one();
        self.sleepers.wake_one(MORE);
    }

    fn wake_all(&self) {
        self.more.notify_all();
        self.sleepers.wake_all(MORE);
    }

    /// Puts tasks back that were taken and not done, at the front and whatever the capacity: nobody waits for them.
    pub fn put_back(&self, tasks: &[Task]) {
        let mut inside = self.inside();
        tasks.iter().rev().for_each(|task| inside.tasks.push_front(*task));
        drop(inside);
        self.wake_all();
    }

    /// Takes up to `limit` tasks into `tasks`, waiting for the first. Stays empty when no more will come, or `enough` says
    /// so; call [`Queue::wake`] when its answer changed.
    pub fn take(&self, limit: usize, tasks: &mut Vec<Task>, pen: &mut Recorder<'_>, enough: impl Fn() -> bool) {
        tasks.clear();
        let mut inside = self.inside();
        let mut blocked = false;
        while inside.tasks.is_empty() {
            if inside.closed || enough() {
                return;
            }
            if !blocked {
                pen.block(State::Empty, Some(self.id));
                blocked = true;
            }
            inside = self.more.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        if enough() {
            self.wake_one(); // the wake-up that came here is another's
            return;
        }
        self.hand_out(inside, limit, tasks, pen);
    }

    /// As [`Queue::take`], for a task: waiting gives its thread back.
    pub async fn take_on_loop(
        &self,
        limit: usize,
        tasks: &mut Vec<Task>,
        pen: &mut Recorder<'_>,
        enough: impl Fn() -> bool,
    ) {
        tasks.clear();
        let mut blocked = false;
        loop {
            let place = self.sleepers.join(MORE).await;
            if self.take_now(limit, tasks, pen, &enough) {
                if !self.sleepers.leave(place) {
                    self.wake_one(); // the wake-up that came here is another's
                }
                return;
            }
            if !blocked {
                pen.block(State::Empty, Some(self.id));
                blocked = true;
            }
            self.sleepers.sleep(place, None).await;
        }
    }

    /// Whether there is no more to wait for: tasks, or the end.
    fn take_now(
        &self,
        limit: usize,
        tasks: &mut Vec<Task>,
        pen: &mut Recorder<'_>,
        enough: &impl Fn() -> bool,
    ) -> bool {
        let inside = self.inside();
        if enough() {
            return true;
        }
        if inside.tasks.is_empty() {
            return inside.closed;
        }
        self.hand_out(inside, limit, tasks, pen);
        true
    }

    fn hand_out(
        &self,
        mut inside: MutexGuard<'_, Inside>,
        limit: usize,
        tasks: &mut Vec<Task>,
        pen: &mut Recorder<'_>,
    ) {
        let n = limit.clamp(1, inside.tasks.len());
        tasks.extend(inside.tasks.drain(..n));
        let (at, depth) = (pen.now(), inside.tasks.len() as u32);
        drop(inside);
        for left in (0..n as u32).rev() {
            pen.write(at, EventKind::Took { queue: self.id, depth: depth + left });
        }
        if n == 1 { self.room.notify_one() } else { self.room.notify_all() }
    }

    /// No more tasks will be put.
    pub fn close(&self) {
        self.inside().closed = true;
        self.wake_all();
    }

    /// Lets all who wait look again whether they shall go on.
    pub fn wake(&self) {
        drop(self.inside()); // whoever has just asked is either before this and sees the change, or waits already
        self.wake_all();
    }
}
