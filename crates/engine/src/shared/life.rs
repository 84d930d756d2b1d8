//! A worker's life: whether it runs, which one it is, how the last one ended. Whoever spawns a worker claims its life, so
//! that a lane has one worker at a time; whoever joins it waits on the same word, as `pthread_join` does on its own.
//!
//! ```text
//! word 0   bits 0-1 phase | 2 ended badly | 3 the life before it ended badly | 4 never existed | 5-31 which life |
//!          32-63 the process that claimed it
//! word 1   when it was asked for, in ticks of the run's clock
//! word 2   who asked for it
//! word 3   1 + the number of the task whose file it is to work on; 0 for none
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use super::wait_queue::WaitQueue;
use super::wake_counter::WakeCounter;
use contend_platform::{wait_once, wake_all};
use contend_trace::WorkerId;

const IDLE: u64 = 0;
/// Claimed: the thread or process does not exist yet.
const CLAIMED: u64 = 1;
const RUNNING: u64 = 2;
const FAILED: u64 = 1 << 2;
const PREVIOUS_FAILED: u64 = 1 << 3;
/// It ended before its thread or process existed: it could not be started.
const NEVER_STARTED: u64 = 1 << 4;
const NTH_SHIFT: u32 = 5;

/// Rung for tasks that wait for the end of a life.
pub const ENDED: WakeCounter = WakeCounter(0);

#[derive(Debug, Clone, Copy)]
pub struct WorkerLife<'a> {
    word: &'a AtomicU64,
    claimed_at: &'a AtomicU64,
    claimed_by: &'a AtomicU64,
    task: &'a AtomicU64,
}

/// A life as it stood at one moment.
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
    /// The same life in another phase.
    const fn with_phase(self, phase: u64, badly: bool) -> Self {
        let unborn = phase == IDLE && self.phase() == CLAIMED;
        Self(self.0 & !(3 | FAILED) | phase | if badly { FAILED } else { 0 } | if unborn { NEVER_STARTED } else { 0 })
    }
}

impl<'a> WorkerLife<'a> {
    /// The life in a resource's words.
    pub fn at(words: &'a [AtomicU64; 16]) -> Self {
        Self { word: &words[0], claimed_at: &words[1], claimed_by: &words[2], task: &words[3] }
    }

    fn load_word(self) -> LifeWord {
        LifeWord(self.word.load(Ordering::Acquire))
    }

    /// Makes it the first life of a worker that starts with the run. Before any process has the memory.
    pub fn begin_first(self) {
        self.word.store(RUNNING | 1 << NTH_SHIFT, Ordering::Release);
    }

    /// Claims the next life, in the process `host`. `asked` is the time in ticks; `task`, whose file it is to work on.
    ///
    /// # Errors
    /// The number of the life that has not ended yet.
    pub fn claim(self, host: u32, by: WorkerId, asked: u64, task: Option<u64>) -> Result<u64, u64> {
        loop {
            let look = self.load_word();
            if look.phase() != IDLE {
                return Err(look.nth());
            }
            let nth = (look.nth() + 1) & (u64::from(u32::MAX) >> NTH_SHIFT);
            let before = if look.0 & FAILED == 0 { 0 } else { PREVIOUS_FAILED };
            let claimed = u64::from(host) << 32 | nth << NTH_SHIFT | before | CLAIMED;
            if self.word.compare_exchange(look.0, claimed, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                // Read by the one that is to live, which does not exist yet, or has not been started.
                self.claimed_at.store(asked, Ordering::Relaxed);
                self.task.store(task.map_or(0, |task| task + 1), Ordering::Relaxed);
                self.claimed_by.store(u64::from(by.0), Ordering::Release);
                return Ok(nth);
            }
        }
    }

    /// When it was asked for, in ticks, and by whom.
    pub fn origin(self) -> (u64, WorkerId) {
        let by = WorkerId(self.claimed_by.load(Ordering::Acquire) as u16);
        (self.claimed_at.load(Ordering::Relaxed), by)
    }

    /// The task whose file it is to work on.
    pub fn task(self) -> Option<u64> {
        self.task.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Whether somebody claimed it, and it has not been started.
    pub fn is_claimed(self) -> bool {
        self.load_word().phase() == CLAIMED
    }

    /// Whether it was claimed and has not ended.
    pub fn is_alive(self) -> bool {
        self.load_word().phase() != IDLE
    }

    /// Whether it goes on in a thread of this process.
    pub fn is_alive_in(self, host: u32) -> bool {
        self.is_alive() && self.load_word().host() == host
    }

    /// Its thread or process exists.
    pub fn mark_running(self) {
        self.set_phase(RUNNING, false);
    }

    /// It has ended, or could not be started. Not well either if it has said so itself.
    pub fn end(self, well: bool) {
        self.set_phase(IDLE, !well || self.has_failed());
    }

    /// Says that the life that goes on does not end well: a process, whose end another sees to.
    pub fn mark_failed(self) {
        self.word.fetch_or(FAILED, Ordering::AcqRel);
    }

    /// Only one changes a life that was claimed: whoever starts it, then whoever sees to its end.
    fn set_phase(self, phase: u64, badly: bool) {
        self.word.store(self.load_word().with_phase(phase, badly).0, Ordering::SeqCst); // before the look whether anybody leaves
        wake_all(self.word);
    }

    /// Waits until life `nth` exists, or cannot be started; whether it exists, or has existed.
    pub fn wait_for_start(self, nth: u64) -> bool {
        let look = self.wait_while(|look| look.phase() == CLAIMED && look.nth() == nth);
        look.nth() != nth || look.0 & NEVER_STARTED == 0
    }

    /// The life that goes on now, if one does.
    pub fn current(self) -> Option<u64> {
        let look = self.load_word();
        (look.phase() != IDLE).then(|| look.nth())
    }

    /// How many lives there were, the one that goes on included.
    pub fn count(self) -> u64 {
        self.load_word().nth()
    }

    /// Waits until life `nth` has ended.
    pub fn wait_for_end(self, nth: u64) {
        self.wait_while(|look| look.phase() != IDLE && look.nth() == nth);
    }

    /// As [`WorkerLife::wait_for_end`], for a task.
    pub async fn wait_for_end_async(self, nth: u64, wait_queue: &WaitQueue) {
        loop {
            let place = wait_queue.join(ENDED).await; // at once
            if self.current() != Some(nth) {
                wait_queue.remove(place);
                return;
            }
            wait_queue.wait(place, None).await;
        }
    }

    /// Whether the newest life has ended badly.
    fn has_failed(self) -> bool {
        self.load_word().0 & FAILED != 0
    }

    /// Whether life `nth`, which has ended, ended badly. It may be the newest or the one before; nothing is known of
    /// older ones.
    pub fn has_life_failed(self, nth: u64) -> bool {
        let look = self.load_word();
        look.0 & if look.nth() == nth { FAILED } else { PREVIOUS_FAILED } != 0
    }

    fn wait_while(self, is: impl Fn(LifeWord) -> bool) -> LifeWord {
        loop {
            let look = self.load_word();
            if !is(look) {
                return look;
            }
            wait_once(self.word, look.0 as u32, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_claimed_once_and_numbered() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        assert_eq!(life.current(), None);
        assert_eq!(life.claim(77, WorkerId(3), 1_000, Some(0)), Ok(1));
        assert_eq!(life.claim(78, WorkerId(4), 1_001, None), Err(1), "it goes on");
        assert!(life.is_claimed() && life.is_alive_in(77) && !life.is_alive_in(78));
        assert_eq!((life.origin(), life.task()), ((1_000, WorkerId(3)), Some(0)));
        life.mark_running();
        assert!(life.wait_for_start(1));
        life.end(false);
        assert!(!life.is_alive() && life.has_life_failed(1));
        assert!(life.wait_for_start(1), "it existed, and is over already");
        life.wait_for_end(1);
        assert_eq!(life.claim(78, WorkerId(4), 2_000, None), Ok(2));
        assert_eq!(life.task(), None);
        assert!(!life.has_life_failed(2) && life.has_life_failed(1), "that was the one before");
        life.wait_for_end(1);
        life.mark_running();
        life.mark_failed();
        life.end(true);
        assert!(life.has_life_failed(2), "it said so itself");
        assert_eq!(life.current(), None);
    }

    #[test]
    fn one_that_could_not_be_started_never_existed() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        assert_eq!(life.claim(77, WorkerId(3), 1_000, None), Ok(1));
        life.end(false);
        assert!(!life.wait_for_start(1) && life.has_life_failed(1));
        assert_eq!(life.claim(77, WorkerId(3), 2_000, None), Ok(2));
        life.mark_running();
        assert!(life.wait_for_start(2), "the next one does");
    }

    #[test]
    fn one_that_starts_with_the_run_has_its_first_life() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        life.begin_first();
        assert_eq!(life.current(), Some(1));
    }

    #[test]
    fn who_waits_is_woken_by_the_end() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = WorkerLife::at(&words);
        life.begin_first();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| life.wait_for_end(1));
            life.end(true);
            assert!(waits.join().is_ok());
        });
    }
}
