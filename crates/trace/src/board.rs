//! The shared memory of a run: what all its processes see.
//!
//! ```text
//! header | knobs, one word each | resources, 16 words each | rings, one for each worker a run may have
//! ```
//!
//! The dashboard makes it, its descendants inherit it. Untouched rings cost nothing.

use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use super::ring::{Ring, ring_words};
use super::{KnobId, ResourceId, WorkerId};
use contend_shm::{Clock, Shared, wait_while, wake_all};

/// `contend` and the layout's version.
const MAGIC: u64 = u64::from_be_bytes(*b"contend\x01");
const HEADER_WORDS: usize = 64;
/// A cache line pair, so that neighbours do not share one.
const RESOURCE_WORDS: usize = 16;
/// Records of all rings together: 4 MiB.
const RECORD_BUDGET: usize = 1 << 18;
/// Records of one ring.
const CAPACITIES: RangeInclusive<usize> = 512..=32_768;
/// Words between the parts of a board: each begins at a cache line.
const BETWEEN: usize = 16;

/// Words of the header.
#[derive(Debug, Clone, Copy)]
enum Head {
    Magic,
    Workers,
    Active,
    Capacity,
    Knobs,
    Resources,
    Extra,
    /// 1 if ticks are the counter's.
    Counter,
    /// Nanoseconds per tick as `f64` bits; 0 until known.
    TickNanos,
    /// Ticks when the run began.
    Origin,
    /// 1 once all workers are up.
    Go,
    /// Iterations of the calibrated work per nanosecond of CPU, as `f64` bits.
    WorkRate,
    /// Nanoseconds per event as `f64` bits.
    EventCost,
    /// Counts calls for the runner: somebody wants a process started, or the last lives have ended.
    Calls,
    /// 1 while the runner waits for lives alone: who ends one calls it.
    Leaving,
}

/// Sizes of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardSize {
    pub workers: usize,
    /// How many of them take part from the beginning: the budget of records is theirs. A pool that grows takes more.
    pub active: usize,
    pub knobs: usize,
    pub resources: usize,
    /// Words beside those of the resources.
    pub extra: usize,
}

impl BoardSize {
    /// Records in each ring: the budget shared out, a power of two between 512 and 32,768.
    fn capacity(self) -> usize {
        let share = RECORD_BUDGET / self.active.max(1);
        let floor = if share.is_power_of_two() { share } else { share.next_power_of_two() / 2 };
        floor.clamp(*CAPACITIES.start(), *CAPACITIES.end())
    }

    /// Words of a board of this size whose rings have this capacity.
    fn words(self, capacity: usize) -> usize {
        let rings = self.workers.saturating_mul(ring_words(capacity));
        let resources = self.resources.saturating_mul(RESOURCE_WORDS);
        [HEADER_WORDS, self.knobs, resources, rings, BETWEEN, self.extra].into_iter().fold(0, usize::saturating_add)
    }
}

/// The board, seen from one process.
#[derive(Debug)]
pub struct Board {
    memory: Shared,
    size: BoardSize,
    capacity: usize,
    clock: Clock,
}

impl Board {
    /// Makes the board of a new run; its clock starts now.
    ///
    /// # Errors
    /// When the system gives no memory.
    pub fn create(size: BoardSize) -> io::Result<Self> {
        let capacity = size.capacity();
        let clock = Clock::best();
        let board = Self { memory: Shared::create(size.words(capacity))?, size, capacity, clock };
        for (head, value) in [
            (Head::Magic, MAGIC),
            (Head::Workers, size.workers as u64),
            (Head::Active, size.active as u64),
            (Head::Capacity, capacity as u64),
            (Head::Knobs, size.knobs as u64),
            (Head::Resources, size.resources as u64),
            (Head::Extra, size.extra as u64),
            (Head::Counter, u64::from(clock == Clock::Counter)),
            (Head::Origin, clock.ticks()),
        ] {
            board.head(head).store(value, Ordering::Release);
        }
        Ok(board)
    }

    /// The board behind an inherited descriptor.
    ///
    /// # Errors
    /// If the memory is not a board of this version, or not as large as it says of itself.
    pub fn open(fd: OwnedFd) -> io::Result<Self> {
        let memory = Shared::open(fd)?;
        let word = |head: Head| memory.words().get(head as usize).map_or(0, |w| w.load(Ordering::Acquire));
        if word(Head::Magic) != MAGIC {
            return Err(io::Error::other("the inherited memory is not a board of this version"));
        }
        let size = BoardSize {
            workers: word(Head::Workers) as usize,
            active: word(Head::Active) as usize,
            knobs: word(Head::Knobs) as usize,
            resources: word(Head::Resources) as usize,
            extra: word(Head::Extra) as usize,
        };
        let capacity = word(Head::Capacity) as usize;
        let is_capacity = capacity.is_power_of_two() && CAPACITIES.contains(&capacity);
        if !is_capacity || size.words(capacity) != memory.words().len() {
            return Err(io::Error::other("the inherited board is not of the size that it says"));
        }
        let clock = if word(Head::Counter) == 1 { Clock::Counter } else { Clock::Monotonic };
        Ok(Self { memory, size, capacity, clock })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.memory.fd()
    }

    pub const fn size(&self) -> BoardSize {
        self.size
    }

    pub const fn clock(&self) -> Clock {
        self.clock
    }

    fn head(&self, head: Head) -> &AtomicU64 {
        &self.memory.words()[head as usize]
    }

    /// Ticks when the run began.
    pub fn origin(&self) -> u64 {
        self.head(Head::Origin).load(Ordering::Acquire)
    }

    /// Nanoseconds per tick, once the dashboard has measured it.
    pub fn tick_nanos(&self) -> Option<f64> {
        known(self.head(Head::TickNanos))
    }

    pub fn set_tick_nanos(&self, nanos: f64) {
        self.head(Head::TickNanos).store(nanos.to_bits(), Ordering::Release);
    }

    /// Iterations of work per nanosecond of CPU, once the runner has measured it.
    pub fn work_rate(&self) -> Option<f64> {
        known(self.head(Head::WorkRate))
    }

    pub fn set_work_rate(&self, rate: f64) {
        self.head(Head::WorkRate).store(rate.to_bits(), Ordering::Release);
    }

    /// Nanoseconds that recording one event takes, once the runner has measured it.
    pub fn event_cost(&self) -> Option<f64> {
        known(self.head(Head::EventCost))
    }

    pub fn set_event_cost(&self, nanos: f64) {
        self.head(Head::EventCost).store(nanos.to_bits(), Ordering::Release);
    }

    /// Sleeps until all workers are up.
    pub fn wait_for_go(&self) {
        wait_while(self.head(Head::Go), 0);
    }

    /// Lifts the start barrier.
    pub fn go(&self) {
        self.head(Head::Go).store(1, Ordering::Release);
        wake_all(self.head(Head::Go));
    }

    /// Calls the runner to look at the lives.
    pub fn call(&self) {
        self.head(Head::Calls).fetch_add(1, Ordering::Release);
        wake_all(self.head(Head::Calls));
    }

    /// Sleeps until there was another call than those `heard`; how many there were by now.
    pub fn wait_for_call(&self, heard: u32) -> u32 {
        wait_while(self.head(Head::Calls), heard);
        self.head(Head::Calls).load(Ordering::Acquire) as u32
    }

    /// Says that from now on every end of a life matters to the runner. Look at the lives after it.
    pub fn set_leaving(&self) {
        self.head(Head::Leaving).store(1, Ordering::SeqCst); // before the look, as the other side's end is before its own
    }

    /// Whether the runner waits for lives alone.
    pub fn is_leaving(&self) -> bool {
        self.head(Head::Leaving).load(Ordering::SeqCst) == 1
    }

    /// A knob's present value. A knob that does not exist is 0.
    #[inline]
    pub fn knob(&self, knob: KnobId) -> f64 {
        if knob.index() >= self.size.knobs {
            return 0.0;
        }
        f64::from_bits(self.memory.words()[HEADER_WORDS + knob.index()].load(Ordering::Relaxed))
    }

    pub fn set_knob(&self, knob: KnobId, value: f64) {
        if knob.index() < self.size.knobs {
            self.memory.words()[HEADER_WORDS + knob.index()].store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// The shared words of a resource. What they mean is the engine's affair.
    ///
    /// # Panics
    /// If there is no such resource: ids come from the same cast as the board.
    pub fn resource(&self, resource: ResourceId) -> &[AtomicU64; RESOURCE_WORDS] {
        let start = (HEADER_WORDS + self.size.knobs).next_multiple_of(8) + resource.index() * RESOURCE_WORDS;
        self.memory.words()[start..start + RESOURCE_WORDS].try_into().expect("a slice of that length")
    }

    /// The words beside those of the resources. What they mean is the engine's affair.
    pub fn extra(&self) -> &[AtomicU64] {
        let words = self.memory.words();
        &words[words.len().saturating_sub(self.size.extra)..]
    }

    /// A worker's ring.
    ///
    /// # Panics
    /// If there is no such worker: ids come from the same cast as the board.
    pub fn ring(&self, worker: WorkerId) -> Ring<'_> {
        let rings = (HEADER_WORDS + self.size.knobs).next_multiple_of(8) + self.size.resources * RESOURCE_WORDS;
        let start = rings + worker.index() * ring_words(self.capacity);
        Ring::new(&self.memory.words()[start..start + ring_words(self.capacity)])
    }
}

fn known(word: &AtomicU64) -> Option<f64> {
    let value = f64::from_bits(word.load(Ordering::Acquire));
    (value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_share_a_budget_and_do_not_overlap() {
        for workers in [1, 8, 50, 1_000] {
            let size = BoardSize { workers, active: workers, knobs: 3, resources: 5, extra: 7 };
            let board = Board::create(size).expect("memory");
            for w in 0..workers {
                board.ring(WorkerId::from(w)).sign(w as u32 + 1, 7);
            }
            board.resource(ResourceId(4))[15].store(u64::MAX, Ordering::Relaxed);
            assert_eq!(board.extra().len(), 7);
            board.extra().iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
            board.set_knob(KnobId(2), 1.5);
            for w in 0..workers {
                assert_eq!(board.ring(WorkerId::from(w)).who(), Some((w as u32 + 1, 7)));
            }
            assert!((board.knob(KnobId(2)) - 1.5).abs() < f64::EPSILON);
            assert!(workers > 512 || board.capacity * workers <= RECORD_BUDGET);
        }
    }

    #[test]
    fn a_board_that_lies_about_its_size_is_refused() {
        let size = BoardSize { workers: 2, active: 2, knobs: 1, resources: 1, extra: 0 };
        for head in [Head::Workers, Head::Capacity, Head::Knobs, Head::Resources, Head::Extra] {
            for value in [7, 1_024, u64::MAX / 16, u64::MAX] {
                let board = Board::create(size).expect("memory");
                board.head(head).store(value, Ordering::Relaxed);
                let copy = Board::open(board.fd().try_clone_to_owned().expect("descriptor"));
                assert!(copy.is_err(), "{head:?} of {value}");
            }
        }
    }

    #[test]
    fn a_board_is_recognised_by_whoever_inherits_it() {
        let board =
            Board::create(BoardSize { workers: 2, active: 2, knobs: 1, resources: 1, extra: 0 }).expect("memory");
        let copy = Board::open(board.fd().try_clone_to_owned().expect("descriptor")).expect("same version");
        assert_eq!(copy.size(), board.size());
        board.set_knob(KnobId(0), 4.0);
        assert!((copy.knob(KnobId(0)) - 4.0).abs() < f64::EPSILON);
        assert!(
            Board::open(Shared::create(64).expect("memory").fd().try_clone_to_owned().expect("descriptor")).is_err()
        );
    }
}
