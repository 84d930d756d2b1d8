//! The shared memory of a run, which all its processes map.
//!
//! ```text
//! header | knobs, one word each | resources, 16 words each | rings, one for each worker the run may have | extra words
//! ```
//!
//! The dashboard creates it, its descendants inherit it. Untouched rings cost nothing.

use std::io;
use std::ops::RangeInclusive;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::reader_bell::ReaderBell;
use super::ring::{Ring, ring_words};
use super::{KnobId, ResourceId, WorkerId};
use contend_shm::{Clock, SharedMemory, wait_while, wake_all};

/// `contend` and the layout's version.
const MAGIC: u64 = u64::from_be_bytes(*b"contend\x01");
const HEADER_WORDS: usize = 64;
/// A pair of cache lines, so that neighbours do not share one.
const RESOURCE_WORDS: usize = 16;
/// Records of all rings together: 4 MiB.
const RECORD_BUDGET: usize = 1 << 18;
/// Records of one ring.
const RING_CAPACITIES: RangeInclusive<usize> = 512..=32_768;
/// Words for the gaps between the parts, each of which begins at a cache line.
const PADDING_WORDS: usize = 16;

/// Words of the header.
#[derive(Debug, Clone, Copy)]
enum HeaderWord {
    Magic,
    Workers,
    Active,
    Capacity,
    Knobs,
    Resources,
    Extra,
    /// 1 if ticks come from the time-stamp counter.
    TicksAreTsc,
    /// Nanoseconds per tick as `f64` bits; 0 until known.
    TickNanos,
    /// Ticks when the run began.
    Origin,
    /// 1 once all workers are up.
    Started,
    /// Iterations of the calibrated work per nanosecond of CPU, as `f64` bits.
    WorkRate,
    /// Nanoseconds per event as `f64` bits.
    EventCost,
    /// Counts calls for the runner: a worker wants a process started, or the last lives have ended.
    RunnerCalls,
    /// 1 while the runner waits only for lives to end: a worker that ends its life then calls it.
    WaitingForLives,
    /// Nanoseconds from the run's beginning to its end at the latest; 0 without a limit.
    TimeLimit,
    /// The time limit at which the kernel ends the runner; 0 without one.
    KernelLimit,
    /// The word of the [`ReaderBell`].
    ReaderBell,
}

/// The number of parts in a run memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMemorySize {
    pub workers: usize,
    /// Workers that take part from the beginning: they share the budget of records. A pool that grows takes more.
    pub active: usize,
    pub knobs: usize,
    pub resources: usize,
    /// Further words, beside those of the resources.
    pub extra: usize,
}

impl RunMemorySize {
    /// Returns the records in each ring: an equal share of the budget, a power of two between 512 and 32,768.
    fn capacity(self) -> usize {
        let share = RECORD_BUDGET / self.active.max(1);
        let floor = if share.is_power_of_two() { share } else { share.next_power_of_two() / 2 };
        floor.clamp(*RING_CAPACITIES.start(), *RING_CAPACITIES.end())
    }

    /// Returns the words of a memory of this size whose rings have this capacity.
    fn words(self, capacity: usize) -> usize {
        let rings = self.workers.saturating_mul(ring_words(capacity));
        let resources = self.resources.saturating_mul(RESOURCE_WORDS);
        [HEADER_WORDS, self.knobs, resources, rings, PADDING_WORDS, self.extra]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

/// The shared memory of a run as one process maps it.
#[derive(Debug)]
pub struct RunMemory {
    memory: SharedMemory,
    size: RunMemorySize,
    capacity: usize,
    clock: Clock,
}

impl RunMemory {
    /// Creates the memory of a new run, whose clock starts now.
    ///
    /// # Errors
    /// If the system gives no memory.
    pub fn create(size: RunMemorySize) -> io::Result<Self> {
        let capacity = size.capacity();
        let clock = Clock::best();
        let created = Self { memory: SharedMemory::create(size.words(capacity))?, size, capacity, clock };
        for (head, value) in [
            (HeaderWord::Magic, MAGIC),
            (HeaderWord::Workers, size.workers as u64),
            (HeaderWord::Active, size.active as u64),
            (HeaderWord::Capacity, capacity as u64),
            (HeaderWord::Knobs, size.knobs as u64),
            (HeaderWord::Resources, size.resources as u64),
            (HeaderWord::Extra, size.extra as u64),
            (HeaderWord::TicksAreTsc, u64::from(clock == Clock::Tsc)),
            (HeaderWord::Origin, clock.ticks()),
        ] {
            created.header_word(head).store(value, Ordering::Release);
        }
        Ok(created)
    }

    /// Maps the memory behind an inherited descriptor.
    ///
    /// # Errors
    /// If the memory was not created by this version, or its size differs from the one in its header.
    pub fn open(fd: OwnedFd) -> io::Result<Self> {
        let memory = SharedMemory::open(fd)?;
        let word = |head: HeaderWord| memory.words().get(head as usize).map_or(0, |w| w.load(Ordering::Acquire));
        if word(HeaderWord::Magic) != MAGIC {
            return Err(io::Error::other("the inherited memory was not created by this version of contend"));
        }
        let size = RunMemorySize {
            workers: word(HeaderWord::Workers) as usize,
            active: word(HeaderWord::Active) as usize,
            knobs: word(HeaderWord::Knobs) as usize,
            resources: word(HeaderWord::Resources) as usize,
            extra: word(HeaderWord::Extra) as usize,
        };
        let capacity = word(HeaderWord::Capacity) as usize;
        let is_capacity = capacity.is_power_of_two() && RING_CAPACITIES.contains(&capacity);
        if !is_capacity || size.words(capacity) != memory.words().len() {
            return Err(io::Error::other("the size of the inherited memory differs from the size in its header"));
        }
        let clock = if word(HeaderWord::TicksAreTsc) == 1 { Clock::Tsc } else { Clock::Monotonic };
        Ok(Self { memory, size, capacity, clock })
    }

    /// Returns the descriptor, for a child process to inherit.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.memory.fd()
    }

    #[inline]
    pub const fn size(&self) -> RunMemorySize {
        self.size
    }

    /// Returns the source of the run's ticks.
    #[inline]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    fn header_word(&self, head: HeaderWord) -> &AtomicU64 {
        &self.memory.words()[head as usize]
    }

    /// Returns the ticks when the run began.
    pub fn origin(&self) -> u64 {
        self.header_word(HeaderWord::Origin).load(Ordering::Acquire)
    }

    /// Returns the nanoseconds per tick, once the dashboard has measured them.
    pub fn tick_nanos(&self) -> Option<f64> {
        read_if_set(self.header_word(HeaderWord::TickNanos))
    }

    pub fn set_tick_nanos(&self, nanos: f64) {
        self.header_word(HeaderWord::TickNanos).store(nanos.to_bits(), Ordering::Release);
    }

    /// Returns the iterations of calibrated work per nanosecond of CPU, once the runner has measured them.
    pub fn work_rate(&self) -> Option<f64> {
        read_if_set(self.header_word(HeaderWord::WorkRate))
    }

    pub fn set_work_rate(&self, rate: f64) {
        self.header_word(HeaderWord::WorkRate).store(rate.to_bits(), Ordering::Release);
    }

    /// Returns the nanoseconds that recording one event takes, once the runner has measured them.
    pub fn event_cost(&self) -> Option<f64> {
        read_if_set(self.header_word(HeaderWord::EventCost))
    }

    pub fn set_event_cost(&self, nanos: f64) {
        self.header_word(HeaderWord::EventCost).store(nanos.to_bits(), Ordering::Release);
    }

    /// Returns the ticks from the run's beginning to now.
    fn age_ticks(&self) -> u64 {
        self.clock.ticks().saturating_sub(self.origin())
    }

    /// Returns the time limit in nanoseconds from the run's beginning, and how much of that is left.
    pub fn time_limit(&self) -> Option<(u64, Duration)> {
        let limit = self.header_word(HeaderWord::TimeLimit).load(Ordering::Acquire);
        let age = self.age_ticks() as f64 * self.tick_nanos()?;
        (limit > 0).then(|| (limit, Duration::from_nanos(limit.saturating_sub(age as u64))))
    }

    /// Returns whether the kernel ends the runner at this limit.
    pub fn ends_at(&self, nanos: u64) -> bool {
        self.header_word(HeaderWord::KernelLimit).load(Ordering::Acquire) == nanos.max(1)
    }

    /// Notes that the kernel ends the runner at this limit.
    pub fn confirm_time_limit(&self, nanos: u64) {
        self.header_word(HeaderWord::KernelLimit).store(nanos, Ordering::Release);
    }

    /// Sets the time from the run's beginning to its end at the latest.
    pub fn set_time_limit(&self, nanos: u64) {
        self.header_word(HeaderWord::TimeLimit).store(nanos.max(1), Ordering::Release);
    }

    /// Sleeps until all workers are up.
    pub fn wait_at_start_barrier(&self) {
        wait_while(self.header_word(HeaderWord::Started), 0);
    }

    /// Lifts the start barrier.
    pub fn lift_start_barrier(&self) {
        self.header_word(HeaderWord::Started).store(1, Ordering::Release);
        wake_all(self.header_word(HeaderWord::Started));
    }

    /// Calls the runner to check the lives of workers.
    pub fn call_runner(&self) {
        self.header_word(HeaderWord::RunnerCalls).fetch_add(1, Ordering::Release);
        wake_all(self.header_word(HeaderWord::RunnerCalls));
    }

    /// Sleeps until there was a call after the first `seen` ones. Returns the number of calls so far.
    pub fn wait_for_runner_call(&self, seen: u32) -> u32 {
        wait_while(self.header_word(HeaderWord::RunnerCalls), seen);
        self.header_word(HeaderWord::RunnerCalls).load(Ordering::Acquire) as u32
    }

    /// Returns the bell that wakes the reader of the rings.
    pub fn reader_bell(&self) -> ReaderBell<'_> {
        ReaderBell::new(self.header_word(HeaderWord::ReaderBell))
    }

    /// Asks workers to call the runner at every end of a life from now on. The runner checks the lives after this.
    pub fn set_waiting_for_lives(&self) {
        // Before the runner's check of the lives, as a worker's end is before its check of this flag.
        self.header_word(HeaderWord::WaitingForLives).store(1, Ordering::SeqCst);
    }

    /// Returns whether the runner waits only for lives to end.
    pub fn is_waiting_for_lives(&self) -> bool {
        self.header_word(HeaderWord::WaitingForLives).load(Ordering::SeqCst) == 1
    }

    /// Returns a knob's present value; 0 for a knob that does not exist.
    #[inline]
    pub fn knob(&self, knob: KnobId) -> f64 {
        if knob.index() >= self.size.knobs {
            return 0.0;
        }
        f64::from_bits(self.memory.words()[HEADER_WORDS + knob.index()].load(Ordering::Relaxed))
    }

    /// Sets a knob's value. Ignores a knob that does not exist.
    pub fn set_knob(&self, knob: KnobId, value: f64) {
        if knob.index() < self.size.knobs {
            self.memory.words()[HEADER_WORDS + knob.index()].store(value.to_bits(), Ordering::Relaxed);
        }
    }

    /// Returns the shared words of a resource. The program that writes the events defines what they mean.
    ///
    /// # Panics
    /// If there is no such resource: ids come from the registry that the memory was created for.
    #[inline]
    pub fn resource(&self, resource: ResourceId) -> &[AtomicU64; RESOURCE_WORDS] {
        let start = (HEADER_WORDS + self.size.knobs).next_multiple_of(8) + resource.index() * RESOURCE_WORDS;
        self.memory.words()[start..start + RESOURCE_WORDS].try_into().expect("a slice of that length")
    }

    /// Returns the words beside those of the resources. The program that writes the events defines what they mean.
    #[inline]
    pub fn extra(&self) -> &[AtomicU64] {
        let words = self.memory.words();
        &words[words.len().saturating_sub(self.size.extra)..]
    }

    /// Returns a worker's ring.
    ///
    /// # Panics
    /// If there is no such worker: ids come from the registry that the memory was created for.
    pub fn ring(&self, worker: WorkerId) -> Ring<'_> {
        let rings = (HEADER_WORDS + self.size.knobs).next_multiple_of(8) + self.size.resources * RESOURCE_WORDS;
        let start = rings + worker.index() * ring_words(self.capacity);
        Ring::new(&self.memory.words()[start..start + ring_words(self.capacity)])
    }
}

fn read_if_set(word: &AtomicU64) -> Option<f64> {
    let value = f64::from_bits(word.load(Ordering::Acquire));
    (value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_share_the_record_budget_and_do_not_overlap() {
        for workers in [1, 8, 50, 1_000] {
            let size = RunMemorySize { workers, active: workers, knobs: 3, resources: 5, extra: 7 };
            let memory = RunMemory::create(size).expect("shared memory");
            for w in 0..workers {
                memory.ring(WorkerId::from(w)).set_producer_ids(w as u32 + 1, 7);
            }
            memory.resource(ResourceId(4))[15].store(u64::MAX, Ordering::Relaxed);
            assert_eq!(memory.extra().len(), 7);
            memory.extra().iter().for_each(|word| word.store(u64::MAX, Ordering::Relaxed));
            memory.set_knob(KnobId(2), 1.5);
            for w in 0..workers {
                assert_eq!(memory.ring(WorkerId::from(w)).producer_ids(), Some((w as u32 + 1, 7)));
            }
            assert!((memory.knob(KnobId(2)) - 1.5).abs() < f64::EPSILON);
            assert!(workers > 512 || memory.capacity * workers <= RECORD_BUDGET);
        }
    }

    #[test]
    fn memory_with_a_wrong_size_in_its_header_is_refused() {
        let size = RunMemorySize { workers: 2, active: 2, knobs: 1, resources: 1, extra: 0 };
        for head in
            [HeaderWord::Workers, HeaderWord::Capacity, HeaderWord::Knobs, HeaderWord::Resources, HeaderWord::Extra]
        {
            for value in [7, 1_024, u64::MAX / 16, u64::MAX] {
                let memory = RunMemory::create(size).expect("shared memory");
                memory.header_word(head).store(value, Ordering::Relaxed);
                let copy = RunMemory::open(memory.fd().try_clone_to_owned().expect("a second descriptor"));
                assert!(copy.is_err(), "{head:?} of {value}");
            }
        }
    }

    #[test]
    fn inherited_memory_is_opened_with_the_same_content() {
        let memory = RunMemory::create(RunMemorySize { workers: 2, active: 2, knobs: 1, resources: 1, extra: 0 })
            .expect("shared memory");
        let copy =
            RunMemory::open(memory.fd().try_clone_to_owned().expect("a second descriptor")).expect("same version");
        assert_eq!(copy.size(), memory.size());
        memory.set_knob(KnobId(0), 4.0);
        assert!((copy.knob(KnobId(0)) - 4.0).abs() < f64::EPSILON);
        assert!(
            RunMemory::open(
                SharedMemory::create(64)
                    .expect("shared memory")
                    .fd()
                    .try_clone_to_owned()
                    .expect("a second descriptor")
            )
            .is_err()
        );
    }
}
