//! The life of a worker that other workers spawn or join: whether it runs, its number, and how the last life ended.
//!
//! A worker that spawns another claims its life, so that each lane has one worker at a time. A worker that joins
//! another waits on the same word, as `pthread_join` waits on a word of its own.
//!
//! ```text
//! word 0   bits 0-1 phase | 2 failed | 3 the life before it failed | 4 never started | 5-31 number of the life |
//!          32-63 the process that claimed it
//! word 1   when it was claimed, in ticks of the run's clock
//! word 2   the worker that claimed it
//! word 3   1 + the number of the task whose file the new worker uses; 0 for none
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::monitor::has_passed;
use super::select_wait::WakeSource;
use super::wait_queue::{WaitEnd, WaitQueue};
use super::wake_counter::WakeCounter;
use crate::interrupt;
use contend_platform::{wait_once, wake_all};
use contend_trace::WorkerId;

const IDLE: u64 = 0;
/// The thread or process does not exist yet.
const CLAIMED: u64 = 1;
const RUNNING: u64 = 2;
const FAILED: u64 = 1 << 2;
const PREVIOUS_FAILED: u64 = 1 << 3;
/// The system refused to start the thread or process.
const NEVER_STARTED: u64 = 1 << 4;
const NTH_SHIFT: u32 = 5;

/// Wakes tasks that wait for the end of a life.
pub const ENDED: WakeCounter = WakeCounter(0);

#[derive(Debug, Clone, Copy)]
pub struct WorkerLife<'a> {
    word: &'a AtomicU64,
    claimed_at: &'a AtomicU64,
    claimed_by: &'a AtomicU64,
    task: &'a AtomicU64,
}

/// The value of word 0 at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LifeWord(u64);

impl LifeWord {
    const fn phase(self) -> u64 {
        self.0 & 3
    }
    const fn nth(self) -> u64 {
        self.0 as u32 as u64 >> NTH_SHIFT
    }
    const fn host(self) -> u32 {
        (self.0 >> 32) as u32
    }
    /// Returns the word of the same life in another phase.
    const fn with_phase(self, phase: u64, failed: bool) -> Self {
        let never_started = phase == IDLE && self.phase() == CLAIMED;
        let failed = if failed { FAILED } else { 0 };
        Self(self.0 & !(3 | FAILED) | phase | failed | if never_started { NEVER_STARTED } else { 0 })
    }
}

impl<'a> WorkerLife<'a> {
    /// Returns the life in a resource's words.
    pub fn at(words: &'a [AtomicU64; 16]) -> Self {
        Self { word: &words[0], claimed_at: &words[1], claimed_by: &words[2], task: &words[3] }
    }

    fn load_word(self) -> LifeWord {
        LifeWord(self.word.load(Ordering::Acquire))
    }

    /// Begins the first life of a worker that starts with the run. Called before any other process has the memory.
    pub fn begin_first(self) {
        self.word.store(RUNNING | 1 << NTH_SHIFT, Ordering::Release);
    }

    /// Claims the next life, in the process `host`, at the time `asked` in ticks. The new worker uses the file of
    /// `task`. Returns the number of the life.
    ///
    /// # Errors
    /// Returns the number of the life that has not ended yet.
    pub fn claim(self, host: u32, by: WorkerId, asked: u64, task: Option<u64>) -> Result<u64, u64> {
        loop {
            let current = self.load_word();
            if current.phase() != IDLE {
                return Err(current.nth());
            }
            let nth = (current.nth() + 1) & (u64::from(u32::MAX) >> NTH_SHIFT);
            let previous_failed = if current.0 & FAILED == 0 { 0 } else { PREVIOUS_FAILED };
            let claimed = u64::from(host) << 32 | nth << NTH_SHIFT | previous_failed | CLAIMED;
            if self.word.compare_exchange(current.0, claimed, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                // Read by the new worker, which has not been started yet.
                self.claimed_at.store(asked, Ordering::Relaxed);
                self.task.store(task.map_or(0, |task| task + 1), Ordering::Relaxed);
                self.claimed_by.store(u64::from(by.0), Ordering::Release);
                return Ok(nth);
            }
        }
    }

    /// Returns when the life was claimed, in ticks, and by which worker.
    pub fn origin(self) -> (u64, WorkerId) {
        let by = WorkerId(self.claimed_by.load(Ordering::Acquire) as u32);
        (self.claimed_at.load(Ordering::Relaxed), by)
    }

    /// Returns the task whose file the worker uses.
    pub fn task(self) -> Option<u64> {
        self.task.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Whether the life is claimed and not yet started.
    pub fn is_claimed(self) -> bool {
        self.load_word().phase() == CLAIMED
    }

    /// Whether the life is claimed or running.
    pub fn is_alive(self) -> bool {
        self.load_word().phase() != IDLE
    }

    /// Whether the life is claimed or running in the process `host`.
    pub fn is_alive_in(self, host: u32) -> bool {
        self.is_alive() && self.load_word().host() == host
    }

    /// Marks the life as running: its thread or process exists.
    pub fn mark_running(self) {
        self.set_phase(RUNNING, false);
    }

    /// Ends the life, or gives it up if it could not be started. It failed if `ok` is false or it was marked as failed.
    pub fn end(self, ok: bool) {
        self.set_phase(IDLE, !ok || self.has_failed());
    }

    /// Marks the running life as failed: a process does this, because the runner ends its life.
    pub fn mark_failed(self) {
        self.word.fetch_or(FAILED, Ordering::AcqRel);
    }

    /// Changes the phase. Only one thread at a time changes a claimed life: the one that starts it, then the one that
    /// ends it.
    fn set_phase(self, phase: u64, failed: bool) {
        // SeqCst: ordered before the check whether the runner waits for lives.
        self.word.store(self.load_word().with_phase(phase, failed).0, Ordering::SeqCst);
        wake_all(self.word);
    }

    /// Waits until life `nth` is started or given up. Returns whether it was started.
    pub fn wait_for_start(self, nth: u64) -> bool {
        let word = self.wait_while(|word| word.phase() == CLAIMED && word.nth() == nth, None);
        word.nth() != nth || word.0 & NEVER_STARTED == 0
    }

    /// Returns the number of the present life, if there is one.
    pub fn current(self) -> Option<u64> {
        let word = self.load_word();
        (word.phase() != IDLE).then(|| word.nth())
    }

    /// Returns how many lives there were, including the present one.
    pub fn count(self) -> u64 {
        self.load_word().nth()
    }

    /// Returns what wakes a waiter for the end of the life, for a wait for several things at once.
    pub fn wake_source(self) -> WakeSource<'a> {
        WakeSource::Word(self.word, self.load_word().0 as u32)
    }

    /// Waits until life `nth` has ended, until `deadline` at most. Returns whether it has.
    pub fn wait_for_end(self, nth: u64, deadline: Option<Instant>) -> bool {
        let is_alive = |word: LifeWord| word.phase() != IDLE && word.nth() == nth;
        !is_alive(self.wait_while(is_alive, deadline))
    }

    /// As [`WorkerLife::wait_for_end`], for a task.
    pub async fn wait_for_end_async(self, nth: u64, wait_queue: &WaitQueue, deadline: Option<Instant>) -> bool {
        loop {
            let key = wait_queue.join(ENDED).await; // does not wait
            let has_ended = self.current() != Some(nth);
            if has_ended || has_passed(deadline) {
                wait_queue.remove(key);
                return has_ended;
            }
            if wait_queue.wait(key, deadline).await == WaitEnd::Killed {
                wait_queue.remove(key); // the end of a life is for all that wait
            }
        }
    }

    /// Whether the newest life has failed.
    fn has_failed(self) -> bool {
        self.load_word().0 & FAILED != 0
    }

    /// Whether life `nth`, which has ended, failed. It must be the newest or the one before; older ones are not known.
    pub fn has_life_failed(self, nth: u64) -> bool {
        let word = self.load_word();
        word.0 & if word.nth() == nth { FAILED } else { PREVIOUS_FAILED } != 0
    }

    /// Waits while the condition holds, until `deadline` at most. Returns the last word.
    fn wait_while(self, condition: impl Fn(LifeWord) -> bool, deadline: Option<Instant>) -> LifeWord {
        loop {
            let word = self.load_word();
            if !condition(word) || has_passed(deadline) {
                return word;
            }
            let check = interrupt::next_check(deadline);
            let limit = check.map(|check| check.saturating_duration_since(Instant::now()));
            wait_once(self.word, word.0 as u32, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn life_is_claimed_once_and_numbered() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        assert_eq!(life.current(), None);
        assert_eq!(life.claim(77, WorkerId(3), 1_000, Some(0)), Ok(1));
        assert_eq!(life.claim(78, WorkerId(4), 1_001, None), Err(1), "it has not ended");
        assert!(life.is_claimed() && life.is_alive_in(77) && !life.is_alive_in(78));
        assert_eq!((life.origin(), life.task()), ((1_000, WorkerId(3)), Some(0)));
        life.mark_running();
        assert!(life.wait_for_start(1));
        life.end(false);
        assert!(!life.is_alive() && life.has_life_failed(1));
        assert!(life.wait_for_start(1), "it was started, and has ended already");
        assert!(life.wait_for_end(1, None));
        assert_eq!(life.claim(78, WorkerId(4), 2_000, None), Ok(2));
        assert_eq!(life.task(), None);
        assert!(!life.has_life_failed(2) && life.has_life_failed(1), "the one before failed");
        assert!(life.wait_for_end(1, None), "it is over, although the next one has begun");
        assert!(!life.wait_for_end(2, Some(Instant::now())), "it has not ended");
        life.mark_running();
        life.mark_failed();
        life.end(true);
        assert!(life.has_life_failed(2), "it was marked as failed");
        assert_eq!(life.current(), None);
    }

    #[test]
    fn life_that_could_not_be_started_counts_as_failed() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        assert_eq!(life.claim(77, WorkerId(3), 1_000, None), Ok(1));
        life.end(false);
        assert!(!life.wait_for_start(1) && life.has_life_failed(1));
        assert_eq!(life.claim(77, WorkerId(3), 2_000, None), Ok(2));
        life.mark_running();
        assert!(life.wait_for_start(2), "the next one was started");
    }

    #[test]
    fn worker_that_starts_with_the_run_is_in_its_first_life() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        life.begin_first();
        assert_eq!(life.current(), Some(1));
    }

    #[test]
    fn waiter_is_woken_when_life_ends() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        life.begin_first();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| life.wait_for_end(1, None));
            life.end(true);
            assert_eq!(waiter.join().ok(), Some(true));
        });
    }
}
