//! A few words that one worker at a time may look at and change, and bells to wait for until another has changed them.
//!
//! ```text
//! words 0-4 the mutex | 5-15 what the monitor guards, places 0-10: values, and bells
//! ```
//!
//! The mutex is a robust one: whoever dies inside does not hang the others. What it has changed until then stays, so
//! change words in an order that leaves them sensible.
//!
//! Threads and processes sleep in the kernel, and a wait returns when it is over. What tasks share has a list of sleepers:
//! there a wait gives the thread back to the loop.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::task::yield_now;

use super::wait_queue::WaitQueue;
use super::wake_counter::WakeCounter;
use contend_platform::{ROBUST_MUTEX_WORDS, RobustMutex, wait_once, wake_all, wake_one};

/// Words of a resource on the board.
const WORDS: usize = 16;

#[derive(Debug, Clone, Copy)]
pub struct Monitor<'a> {
    mutex: RobustMutex<'a>,
    words: &'a [AtomicU64],
    wait_queue: Option<&'a WaitQueue>,
}

/// Inside a monitor: nobody else is. Dropping it leaves.
#[derive(Debug)]
pub struct MonitorGuard<'a> {
    monitor: Monitor<'a>,
}

impl<'a> Monitor<'a> {
    /// The monitor in these words.
    pub fn at(cells: &'a [AtomicU64; WORDS]) -> Self {
        let (mutex, words) = cells.split_first_chunk::<ROBUST_MUTEX_WORDS>().expect("a resource has 16 words");
        Self { mutex: RobustMutex::at(mutex), words, wait_queue: None }
    }

    /// The monitor of what tasks share, with those who wait for its bells.
    pub const fn with_wait_queue(self, wait_queue: Option<&'a WaitQueue>) -> Self {
        Self { wait_queue, ..self }
    }

    /// Whether tasks share it.
    pub const fn is_shared_by_tasks(self) -> bool {
        self.wait_queue.is_some()
    }

    /// As [`Monitor::at`], guarding other words than those beside the mutex.
    pub fn at_words(cells: &'a [AtomicU64; WORDS], words: &'a [AtomicU64]) -> Self {
        Self { words, ..Self::at(cells) }
    }

    /// Makes it usable: once, before any other process has the memory.
    pub fn init(self) {
        self.mutex.init(false);
    }

    /// The word at `place` as it is now, from outside: it may be another the next moment. Orders nothing.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn peek(self, place: usize) -> u64 {
        self.words[place].load(Ordering::Relaxed)
    }

    /// Goes in, as soon as nobody else is.
    pub fn enter(self) -> MonitorGuard<'a> {
        self.mutex.lock(); // that a former visitor died in here is no reason to stay out
        MonitorGuard { monitor: self }
    }
}

impl<'a> MonitorGuard<'a> {
    /// The word at `place`.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn get(&self, place: usize) -> u64 {
        self.monitor.words[place].load(Ordering::Relaxed) // Relaxed, here and below: the mutex gives the order
    }

    /// Changes the word at `place`.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn set(&mut self, place: usize, value: u64) {
        self.monitor.words[place].store(value, Ordering::Relaxed);
    }

    /// Changes the word at `place`, and wakes all who wait for it as for a bell.
    pub fn set_and_wake(&mut self, place: usize, value: u64) {
        self.set(place, value);
        match self.monitor.wait_queue {
            Some(sleepers) => sleepers.wake_all(WakeCounter(place)),
            None => wake_all(&self.monitor.words[place]),
        }
    }

    /// Wakes one who waits for the bell. Who it is goes in after this one has left. Whether anyone was woken; of those who
    /// sleep in the kernel that is not known, and `false`.
    pub fn wake_one(&mut self, wake_counter: WakeCounter) -> bool {
        match self.monitor.wait_queue {
            Some(sleepers) => return sleepers.wake_one(wake_counter),
            None => wake_one(self.bump(wake_counter)),
        }
        false
    }

    /// Wakes all who wait for the bell.
    pub fn wake_all(&mut self, wake_counter: WakeCounter) {
        match self.monitor.wait_queue {
            Some(sleepers) => sleepers.wake_all(wake_counter),
            None => wake_all(self.bump(wake_counter)),
        }
    }

    fn bump(&mut self, wake_counter: WakeCounter) -> &'a AtomicU64 {
        // Who has read the old count and does not sleep yet will not: the kernel compares.
        self.set(wake_counter.0, self.get(wake_counter.0).wrapping_add(1));
        &self.monitor.words[wake_counter.0]
    }

    /// Leaves, sleeps until the bell is rung, and comes in again. It may come in for no reason: look again.
    pub async fn wait(self, wake_counter: WakeCounter) -> Self {
        self.wait_until(wake_counter, None).await
    }

    /// As [`MonitorGuard::wait`], until `deadline` at most; `None` is no deadline. Whether it has passed tells the clock.
    pub async fn wait_until(self, wake_counter: WakeCounter, deadline: Option<Instant>) -> Self {
        if let Some(sleepers) = self.monitor.wait_queue {
            return self.wait_in_queue(sleepers, wake_counter, deadline).await.0;
        }
        let (monitor, seen) = (self.monitor, self.get(wake_counter.0) as u32);
        drop(self);
        let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        wait_once(&monitor.words[wake_counter.0], seen, limit);
        monitor.enter()
    }

    /// Leaves, lets other tasks that could go on do so, and comes in again.
    pub async fn yield_and_reenter(self) -> Self {
        let monitor = self.monitor;
        drop(self);
        yield_now().await;
        monitor.enter()
    }

    /// As [`MonitorGuard::wait_until`], among tasks; and whether it was rung.
    pub async fn wait_in_queue(
        self,
        wait_queue: &WaitQueue,
        wake_counter: WakeCounter,
        deadline: Option<Instant>,
    ) -> (Self, bool) {
        let monitor = self.monitor;
        let place = wait_queue.join(wake_counter).await; // at once
        drop(self);
        let rung = wait_queue.wait(place, deadline).await;
        (monitor.enter(), rung)
    }
}

impl Drop for MonitorGuard<'_> {
    fn drop(&mut self) {
        self.monitor.mutex.unlock();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::block_on::block_on;
    use contend_trace::{ResourceId, RunMemory, RunMemorySize};

    const VALUE: usize = 0;
    const CHANGED: WakeCounter = WakeCounter(1);

    /// One board, mapped twice: two processes see it so.
    fn map_twice() -> (RunMemory, RunMemory) {
        let memory = RunMemory::create(RunMemorySize { workers: 1, active: 1, knobs: 0, resources: 1, extra: 0 })
            .expect("memory");
        let other = RunMemory::open(memory.fd().try_clone_to_owned().expect("descriptor")).expect("the same board");
        Monitor::at(memory.resource(ResourceId(0))).init();
        (memory, other)
    }

    fn monitor(memory: &RunMemory) -> Monitor<'_> {
        Monitor::at(memory.resource(ResourceId(0)))
    }

    #[test]
    fn one_at_a_time_is_inside() {
        let (here, there) = map_twice();
        thread::scope(|scope| {
            for board in [&here, &there, &here, &there] {
                scope.spawn(move || {
                    for _ in 0..2_000 {
                        let mut guard = monitor(board).enter();
                        let value = guard.get(VALUE);
                        guard.set(VALUE, value + 1);
                    }
                });
            }
        });
        assert_eq!(monitor(&here).enter().get(VALUE), 8_000);
    }

    #[test]
    fn a_bell_reaches_every_sleeper_of_every_process() {
        let (here, there) = map_twice();
        thread::scope(|scope| {
            for (me, board) in [(0, &here), (1, &there)] {
                scope.spawn(move || {
                    for turn in 0..2_000 {
                        let mut guard = monitor(board).enter();
                        while guard.get(VALUE) % 2 != me {
                            guard = block_on(guard.wait(CHANGED));
                        }
                        guard.set(VALUE, 2 * turn + me + 1);
                        if turn % 2 == 0 {
                            guard.wake_one(CHANGED);
                        } else {
                            guard.wake_all(CHANGED);
                        }
                    }
                });
            }
        });
        assert_eq!(monitor(&here).enter().get(VALUE), 4_000, "a wake-up was lost, or one went in out of turn");
    }

    #[test]
    fn who_dies_inside_hangs_nobody() {
        let (here, _there) = map_twice();
        thread::scope(|scope| {
            let died = scope.spawn(|| {
                let mut guard = monitor(&here).enter();
                guard.set(VALUE, 7);
                std::mem::forget(guard);
            });
            died.join().expect("it does not panic");
        });
        assert_eq!(monitor(&here).enter().get(VALUE), 7);
    }

    #[test]
    fn a_deadline_ends_a_wait_that_nobody_ends() {
        let (here, _there) = map_twice();
        let deadline = Instant::now() + Duration::from_millis(5);
        let mut guard = monitor(&here).enter();
        while Instant::now() < deadline {
            guard = block_on(guard.wait_until(CHANGED, Some(deadline)));
        }
        assert_eq!(guard.get(CHANGED.0), 0);
    }
}
