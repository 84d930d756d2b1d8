//! A monitor: words that one worker at a time may read and change, and counters to wait on until another worker has
//! changed them.
//!
//! ```text
//! words 0-4 the mutex | 5-15 the guarded words, positions 0-10: values and wake counters
//! ```
//!
//! The mutex is robust: a worker that dies inside does not block the others. Its changes until then stay, so change
//! words in an order that leaves them consistent.
//!
//! Threads and processes sleep in the kernel. A monitor that tasks share has a wait queue instead, and a wait gives the
//! thread back to the loop.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::task::yield_now;

use super::select_wait::WakeSource;
use super::wait_queue::{WaitEnd, WaitQueue};
use super::wake_counter::WakeCounter;
use crate::interrupt;
use contend_platform::{ROBUST_MUTEX_WORDS, RobustMutex, wait_once, wake_all, wake_one};

/// Words of a resource in the run memory.
const WORDS: usize = 16;

#[derive(Debug, Clone, Copy)]
pub struct Monitor<'a> {
    mutex: RobustMutex<'a>,
    words: &'a [AtomicU64],
    wait_queue: Option<&'a WaitQueue>,
}

/// Exclusive access to a monitor. Dropping it leaves the monitor.
#[derive(Debug)]
pub struct MonitorGuard<'a> {
    monitor: Monitor<'a>,
}

impl<'a> Monitor<'a> {
    /// Returns the monitor in these words.
    pub fn at(cells: &'a [AtomicU64; WORDS]) -> Self {
        let (mutex, words) = cells.split_first_chunk::<ROBUST_MUTEX_WORDS>().expect("a resource has 16 words");
        Self { mutex: RobustMutex::at(mutex), words, wait_queue: None }
    }

    /// Adds the wait queue of a monitor that tasks share.
    pub const fn with_wait_queue(self, wait_queue: Option<&'a WaitQueue>) -> Self {
        Self { wait_queue, ..self }
    }

    /// Whether tasks share the monitor.
    pub const fn is_shared_by_tasks(self) -> bool {
        self.wait_queue.is_some()
    }

    /// As [`Monitor::at`], but guards other words than those beside the mutex.
    pub fn at_words(cells: &'a [AtomicU64; WORDS], words: &'a [AtomicU64]) -> Self {
        Self { words, ..Self::at(cells) }
    }

    /// Initialises the mutex. Called once, before any other process has the memory.
    pub fn init(self) {
        self.mutex.init(false);
    }

    /// Reads the word at `position` from outside. It may change at once, and the read orders nothing.
    ///
    /// # Panics
    /// If there is no such position.
    pub fn peek(self, position: usize) -> u64 {
        self.words[position].load(Ordering::Relaxed)
    }

    /// Returns what wakes a waiter from now on, for a wait for several resources at once.
    pub fn wake_source(self, wake_counter: WakeCounter) -> WakeSource<'a> {
        if let Some(wait_queue) = self.wait_queue {
            return WakeSource::Queue(wait_queue, wake_counter);
        }
        let word = &self.words[wake_counter.0];
        WakeSource::Word(word, word.load(Ordering::Acquire) as u32)
    }

    /// Enters, waiting until no other worker is inside.
    pub fn enter(self) -> MonitorGuard<'a> {
        self.mutex.lock(); // a worker that died inside does not prevent entering
        MonitorGuard { monitor: self }
    }
}

impl<'a> MonitorGuard<'a> {
    /// Returns the word at `position`.
    ///
    /// # Panics
    /// If there is no such position.
    pub fn get(&self, position: usize) -> u64 {
        self.monitor.words[position].load(Ordering::Relaxed) // Relaxed, here and below: the mutex orders all accesses
    }

    /// Changes the word at `position`.
    ///
    /// # Panics
    /// If there is no such position.
    pub fn set(&mut self, position: usize, value: u64) {
        self.monitor.words[position].store(value, Ordering::Relaxed);
    }

    /// Changes the word at `position` and wakes all workers that wait on it as a wake counter.
    pub fn set_and_wake(&mut self, position: usize, value: u64) {
        self.set(position, value);
        match self.monitor.wait_queue {
            Some(wait_queue) => wait_queue.wake_all(WakeCounter(position)),
            None => wake_all(&self.monitor.words[position]),
        }
    }

    /// Wakes one waiter, which enters after this guard has left. Returns whether one was woken; `false` for waiters in
    /// the kernel, where that is not known.
    pub fn wake_one(&mut self, wake_counter: WakeCounter) -> bool {
        match self.monitor.wait_queue {
            Some(wait_queue) => return wait_queue.wake_one(wake_counter),
            None => wake_one(self.bump(wake_counter)),
        }
        false
    }

    /// Wakes all waiters.
    pub fn wake_all(&mut self, wake_counter: WakeCounter) {
        match self.monitor.wait_queue {
            Some(wait_queue) => wait_queue.wake_all(wake_counter),
            None => wake_all(self.bump(wake_counter)),
        }
    }

    fn bump(&mut self, wake_counter: WakeCounter) -> &'a AtomicU64 {
        // A waiter that has read the old count and does not sleep yet will not sleep: the kernel compares the count.
        self.set(wake_counter.0, self.get(wake_counter.0).wrapping_add(1));
        &self.monitor.words[wake_counter.0]
    }

    /// Leaves, waits for a wake-up, and enters again. It may return without a wake-up, so check the condition again.
    pub async fn wait(self, wake_counter: WakeCounter) -> Self {
        self.wait_until(wake_counter, None).await
    }

    /// As [`MonitorGuard::wait_until`], and counts the waiter in the word at `waiting_position` meanwhile.
    pub async fn wait_counted(
        mut self,
        waiting_position: usize,
        wake_counter: WakeCounter,
        deadline: Option<Instant>,
    ) -> Self {
        self.set(waiting_position, self.get(waiting_position) + 1);
        let mut guard = self.wait_until(wake_counter, deadline).await;
        guard.set(waiting_position, guard.get(waiting_position).saturating_sub(1));
        guard
    }

    /// As [`MonitorGuard::wait`], until `deadline` at most.
    ///
    /// Check the condition before the clock ([`has_passed`]): a wake-up that comes together with the deadline was for
    /// this waiter alone, and the waiter that ignores it keeps what another waits for.
    pub async fn wait_until(self, wake_counter: WakeCounter, deadline: Option<Instant>) -> Self {
        if let Some(wait_queue) = self.monitor.wait_queue {
            return self.wait_in_queue(wait_queue, wake_counter, deadline).await.0;
        }
        let (monitor, count) = (self.monitor, self.get(wake_counter.0) as u32);
        drop(self);
        let check = interrupt::next_check(deadline);
        let limit = check.map(|check| check.saturating_duration_since(Instant::now()));
        wait_once(&monitor.words[wake_counter.0], count, limit);
        monitor.enter()
    }

    /// Leaves, yields to other tasks that are ready, and enters again.
    pub async fn yield_and_reenter(self) -> Self {
        let monitor = self.monitor;
        drop(self);
        yield_now().await;
        monitor.enter()
    }

    /// As [`MonitorGuard::wait_until`], for tasks. Also returns whether it was woken.
    pub async fn wait_in_queue(
        self,
        wait_queue: &WaitQueue,
        wake_counter: WakeCounter,
        deadline: Option<Instant>,
    ) -> (Self, bool) {
        let monitor = self.monitor;
        let key = wait_queue.join(wake_counter).await; // does not wait
        drop(self);
        let end = wait_queue.wait(key, deadline).await;
        let was_woken = end == WaitEnd::Woken || end == WaitEnd::Killed && !wait_queue.remove(key);
        (monitor.enter(), was_woken)
    }
}

/// Whether a wait until `deadline` is over: the deadline has passed, or the worker was cancelled.
pub fn has_passed(deadline: Option<Instant>) -> bool {
    interrupt::should_give_up(deadline)
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

    /// Maps one run memory twice, as two processes do.
    fn map_twice() -> (RunMemory, RunMemory) {
        let memory = RunMemory::create(RunMemorySize { workers: 1, active: 1, knobs: 0, resources: 1, extra: 0 })
            .expect("memory");
        let other = RunMemory::open(memory.fd().try_clone_to_owned().expect("descriptor")).expect("the same memory");
        Monitor::at(memory.resource(ResourceId(0))).init();
        (memory, other)
    }

    fn monitor(memory: &RunMemory) -> Monitor<'_> {
        Monitor::at(memory.resource(ResourceId(0)))
    }

    #[test]
    fn one_worker_at_a_time_is_inside() {
        let (here, there) = map_twice();
        thread::scope(|scope| {
            for memory in [&here, &there, &here, &there] {
                scope.spawn(move || {
                    for _ in 0..2_000 {
                        let mut guard = monitor(memory).enter();
                        let value = guard.get(VALUE);
                        guard.set(VALUE, value + 1);
                    }
                });
            }
        });
        assert_eq!(monitor(&here).enter().get(VALUE), 8_000);
    }

    #[test]
    fn wake_up_reaches_waiters_of_every_process() {
        let (here, there) = map_twice();
        thread::scope(|scope| {
            for (me, memory) in [(0, &here), (1, &there)] {
                scope.spawn(move || {
                    for turn in 0..2_000 {
                        let mut guard = monitor(memory).enter();
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
        assert_eq!(monitor(&here).enter().get(VALUE), 4_000, "a wake-up was lost, or a worker entered out of turn");
    }

    #[test]
    fn death_inside_does_not_block_others() {
        let (here, _there) = map_twice();
        thread::scope(|scope| {
            let dead = scope.spawn(|| {
                let mut guard = monitor(&here).enter();
                guard.set(VALUE, 7);
                std::mem::forget(guard);
            });
            dead.join().expect("it does not panic");
        });
        assert_eq!(monitor(&here).enter().get(VALUE), 7);
    }

    #[test]
    fn deadline_ends_a_wait_without_wake_up() {
        let (here, _there) = map_twice();
        let deadline = Instant::now() + Duration::from_millis(5);
        let mut guard = monitor(&here).enter();
        while Instant::now() < deadline {
            guard = block_on(guard.wait_until(CHANGED, Some(deadline)));
        }
        assert_eq!(guard.get(CHANGED.0), 0);
    }
}
