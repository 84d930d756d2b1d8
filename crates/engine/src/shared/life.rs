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

use super::monitor::Bell;
use super::sleepers::Sleepers;
use contend_platform::{wait_once, wake_all};
use contend_trace::WorkerId;

const IDLE: u64 = 0;
/// Claimed: the thread or process does not exist yet.
const ASKED: u64 = 1;
const RUNNING: u64 = 2;
const BADLY: u64 = 1 << 2;
const BADLY_BEFORE: u64 = 1 << 3;
/// It ended before its thread or process existed: it could not be started.
const UNBORN: u64 = 1 << 4;
const NTH_SHIFT: u32 = 5;

/// Rung for tasks that wait for the end of a life.
pub const ENDED: Bell = Bell(0);

#[derive(Debug, Clone, Copy)]
pub struct Life<'a> {
    word: &'a AtomicU64,
    asked: &'a AtomicU64,
    by: &'a AtomicU64,
    task: &'a AtomicU64,
}

/// A life as it stood at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look(u64);

impl Look {
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
    const fn turned(self, phase: u64, badly: bool) -> Self {
        let unborn = phase == IDLE && self.phase() == ASKED;
        Self(self.0 & !(3 | BADLY) | phase | if badly { BADLY } else { 0 } | if unborn { UNBORN } else { 0 })
    }
}

impl<'a> Life<'a> {
    /// The life in a resource's words.
    pub fn at(words: &'a [AtomicU64; 16]) -> Self {
        Self { word: &words[0], asked: &words[1], by: &words[2], task: &words[3] }
    }

    fn look(self) -> Look {
        Look(self.word.load(Ordering::Acquire))
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
            let look = self.look();
            if look.phase() != IDLE {
                return Err(look.nth());
            }
            let nth = (look.nth() + 1) & (u64::from(u32::MAX) >> NTH_SHIFT);
            let before = if look.0 & BADLY == 0 { 0 } else { BADLY_BEFORE };
            let claimed = u64::from(host) << 32 | nth << NTH_SHIFT | before | ASKED;
            if self.word.compare_exchange(look.0, claimed, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                // Read by the one that is to live, which does not exist yet, or has not been started.
                self.asked.store(asked, Ordering::Relaxed);
                self.task.store(task.map_or(0, |task| task + 1), Ordering::Relaxed);
                self.by.store(u64::from(by.0), Ordering::Release);
                return Ok(nth);
            }
        }
    }

    /// When it was asked for, in ticks, and by whom.
    pub fn origin(self) -> (u64, WorkerId) {
        let by = WorkerId(self.by.load(Ordering::Acquire) as u16);
        (self.asked.load(Ordering::Relaxed), by)
    }

    /// The task whose file it is to work on.
    pub fn task(self) -> Option<u64> {
        self.task.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Whether somebody claimed it, and it has not been started.
    pub fn is_asked_for(self) -> bool {
        self.look().phase() == ASKED
    }

    /// Whether it was claimed and has not ended.
    pub fn is_alive(self) -> bool {
        self.look().phase() != IDLE
    }

    /// Whether it goes on in a thread of this process.
    pub fn is_alive_in(self, host: u32) -> bool {
        self.is_alive() && self.look().host() == host
    }

    /// Its thread or process exists.
    pub fn started(self) {
        self.turn(RUNNING, false);
    }

    /// It has ended, or could not be started. Not well either if it has said so itself.
    pub fn end(self, well: bool) {
        self.turn(IDLE, !well || self.has_failed());
    }

    /// Says that the life that goes on does not end well: a process, whose end another sees to.
    pub fn spoil(self) {
        self.word.fetch_or(BADLY, Ordering::AcqRel);
    }

    /// Only one changes a life that was claimed: whoever starts it, then whoever sees to its end.
    fn turn(self, phase: u64, badly: bool) {
        self.word.store(self.look().turned(phase, badly).0, Ordering::SeqCst); // before the look whether anybody leaves
        wake_all(self.word);
    }

    /// Waits until life `nth` exists, or cannot be started; whether it exists, or has existed.
    pub fn wait_for_start(self, nth: u64) -> bool {
        let look = self.wait_while(|look| look.phase() == ASKED && look.nth() == nth);
        look.nth() != nth || look.0 & UNBORN == 0
    }

    /// The life that goes on now, if one does.
    pub fn present(self) -> Option<u64> {
        let look = self.look();
        (look.phase() != IDLE).then(|| look.nth())
    }

    /// How many lives there were, the one that goes on included.
    pub fn count(self) -> u64 {
        self.look().nth()
    }

    /// Waits until life `nth` has ended.
    pub fn wait_for_end(self, nth: u64) {
        self.wait_while(|look| look.phase() != IDLE && look.nth() == nth);
    }

    /// As [`Life::wait_for_end`], for a task.
    pub async fn await_end(self, nth: u64, sleepers: &Sleepers) {
        loop {
            let place = sleepers.join(ENDED).await; // at once
            if self.present() != Some(nth) {
                sleepers.leave(place);
                return;
            }
            sleepers.sleep(place, None).await;
        }
    }

    /// Whether the newest life has ended badly.
    fn has_failed(self) -> bool {
        self.look().0 & BADLY != 0
    }

    /// Whether life `nth`, which has ended, ended badly. It may be the newest or the one before; nothing is known of
    /// older ones.
    pub fn ended_badly(self, nth: u64) -> bool {
        let look = self.look();
        look.0 & if look.nth() == nth { BADLY } else { BADLY_BEFORE } != 0
    }

    fn wait_while(self, is: impl Fn(Look) -> bool) -> Look {
        loop {
            let look = self.look();
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
        let life = Life::at(&words);
        assert_eq!(life.present(), None);
        assert_eq!(life.claim(77, WorkerId(3), 1_000, Some(0)), Ok(1));
        assert_eq!(life.claim(78, WorkerId(4), 1_001, None), Err(1), "it goes on");
        assert!(life.is_asked_for() && life.is_alive_in(77) && !life.is_alive_in(78));
        assert_eq!((life.origin(), life.task()), ((1_000, WorkerId(3)), Some(0)));
        life.started();
        assert!(life.wait_for_start(1));
        life.end(false);
        assert!(!life.is_alive() && life.ended_badly(1));
        assert!(life.wait_for_start(1), "it existed, and is over already");
        life.wait_for_end(1);
        assert_eq!(life.claim(78, WorkerId(4), 2_000, None), Ok(2));
        assert_eq!(life.task(), None);
        assert!(!life.ended_badly(2) && life.ended_badly(1), "that was the one before");
        life.wait_for_end(1);
        life.started();
        life.spoil();
        life.end(true);
        assert!(life.ended_badly(2), "it said so itself");
        assert_eq!(life.present(), None);
    }

    #[test]
    fn one_that_could_not_be_started_never_existed() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = Life::at(&words);
        assert_eq!(life.claim(77, WorkerId(3), 1_000, None), Ok(1));
        life.end(false);
        assert!(!life.wait_for_start(1) && life.ended_badly(1));
        assert_eq!(life.claim(77, WorkerId(3), 2_000, None), Ok(2));
        life.started();
        assert!(life.wait_for_start(2), "the next one does");
    }

    #[test]
    fn one_that_starts_with_the_run_has_its_first_life() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = Life::at(&words);
        life.begin_first();
        assert_eq!(life.present(), Some(1));
    }

    #[test]
    fn who_waits_is_woken_by_the_end() {
        let words = [const { AtomicU64::new(0) }; 16];
        let life = Life::at(&words);
        life.begin_first();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| life.wait_for_end(1));
            life.end(true);
            assert!(waits.join().is_ok());
        });
    }
}
