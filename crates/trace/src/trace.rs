//! The trace of a program that records its own events: registry and memory of a run together.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::writer::WriterClaim;
use super::{
    Event, Grant, Registry, ResourceId, RingReader, RingWriter, RunMemory, RunMemorySize, Stamp, WorkerId, WorkerWriter,
};
use contend_shm::{ClockPair, thread_id};

/// Ids that exist: 65,535 itself stands for none in a record.
const MAX_IDS: usize = u16::MAX as usize;

/// Records the events of this program's threads in shared memory.
///
/// Share it between threads by reference or in an `Arc`. The crate's documentation has an example.
#[derive(Debug)]
pub struct Trace {
    registry: Registry,
    memory: RunMemory,
    /// When the memory was created.
    start: ClockPair,
    /// By worker: whether it has a writer.
    has_writer: Box<[AtomicBool]>,
}

impl Trace {
    /// Creates a trace of the workers and resources in the registry, whose clock starts now.
    ///
    /// # Errors
    /// If the system gives no memory, or the registry has more than 65,535 workers or resources.
    pub fn create(registry: Registry) -> io::Result<Self> {
        let workers = registry.workers.len();
        if workers.max(registry.resources.len()) > MAX_IDS {
            let message = "a trace has at most 65,535 workers and 65,535 resources";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let size = RunMemorySize { workers, active: workers, knobs: 0, resources: registry.resources.len(), extra: 0 };
        let memory = RunMemory::create(size)?;
        let start = memory.clock().read_pair();
        let has_writer = (0..workers).map(|_| AtomicBool::new(false)).collect();
        Ok(Self { registry, memory, start, has_writer })
    }

    /// Returns the workers and resources of the trace.
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns the shared memory. Another process that inherits its descriptor and knows the registry can read the
    /// events, too.
    pub const fn memory(&self) -> &RunMemory {
        &self.memory
    }

    /// Returns a writer for the events of a worker. Call it on the thread that is the worker: its id goes into the
    /// memory, for readers that ask the kernel about it.
    ///
    /// Returns `None` if the worker has a writer already, or is not in the registry. A dropped writer makes room for
    /// another, for instance of a restarted worker.
    pub fn writer(&self, worker: WorkerId) -> Option<WorkerWriter<'_>> {
        let claim = WriterClaim::take(self.has_writer.get(worker.index())?)?;
        let ring = self.memory.ring(worker);
        ring.set_producer_ids(std::process::id(), thread_id());
        Some(WorkerWriter::new(RingWriter::new(ring), self.memory.clock()).with_claim(claim))
    }

    /// Counts an acquisition of a lock and returns its number. Call it while holding the lock.
    ///
    /// # Panics
    /// If the lock is not in the registry.
    #[inline]
    pub fn next_grant(&self, lock: ResourceId) -> Grant {
        // Relaxed: the lock itself orders the calls.
        Grant(self.memory.resource(lock)[0].fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Returns a reader of the events of all workers. Only one may be in use at a time: what it reads is gone from the
    /// rings.
    pub fn reader(&self) -> TraceReader<'_> {
        let rings = (0..self.registry.workers.len()).map(|w| self.memory.ring(WorkerId::from(w)));
        TraceReader { trace: self, rings: rings.map(|ring| (RingReader::new(ring), Stamp::default())).collect() }
    }

    /// Returns the number of events that were lost because a ring was full.
    pub fn lost_events(&self) -> u64 {
        (0..self.registry.workers.len()).map(|w| self.memory.ring(WorkerId::from(w)).totals().1).sum()
    }

    /// Returns the nanoseconds per tick, measured between the creation of the trace and now.
    fn tick_nanos(&self) -> f64 {
        let now = self.memory.clock().read_pair();
        let ticks = now.ticks.saturating_sub(self.start.ticks).max(1);
        now.nanos.saturating_sub(self.start.nanos) as f64 / ticks as f64
    }
}

/// Reads the events of all workers of a [`Trace`].
#[derive(Debug)]
pub struct TraceReader<'a> {
    trace: &'a Trace,
    /// By worker: its ring, and the stamp of its last event.
    rings: Vec<(RingReader<'a>, Stamp)>,
}

impl TraceReader<'_> {
    /// Passes all events recorded by now to `take`: one worker after the other, the events of each in order.
    ///
    /// Call it often enough that no ring fills up in between; it may be called while workers record.
    pub fn drain(&mut self, mut take: impl FnMut(Event)) {
        let (tick_nanos, origin) = (self.trace.tick_nanos(), self.trace.memory.origin());
        for (w, (ring, last)) in self.rings.iter_mut().enumerate() {
            ring.drain(usize::MAX, |record| {
                let nanos = record.ticks.saturating_sub(origin) as f64 * tick_nanos;
                // The rate becomes more exact with time: no event may appear to precede the one before it.
                *last = Stamp(nanos as u64).max(*last);
                take(Event { at: *last, worker: WorkerId::from(w), kind: record.kind() });
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{EventKind, ExitKind, LockKind, ResourceKind, State, WorkerKind};

    fn trace() -> (Trace, WorkerId, ResourceId) {
        let mut registry = Registry::default();
        let worker = registry.add_worker("worker 1", WorkerKind::Thread);
        let lock = registry.add_resource("orders", ResourceKind::Mutex { kind: LockKind::Std });
        (Trace::create(registry).expect("shared memory"), worker, lock)
    }

    #[test]
    fn worker_has_one_writer_at_a_time() {
        let (trace, worker, _) = trace();
        let first = trace.writer(worker).expect("the first writer");
        assert!(trace.writer(worker).is_none());
        drop(first);
        assert!(trace.writer(worker).is_some());
        assert!(trace.writer(WorkerId(7)).is_none(), "not in the registry");
    }

    #[test]
    fn registry_with_more_entries_than_ids_is_refused() {
        let mut registry = Registry::default();
        (0..=MAX_IDS).for_each(|_| _ = registry.add_resource("lock", ResourceKind::Event));
        assert_eq!(Trace::create(registry).expect_err("too many").kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn second_writer_continues_after_the_first() {
        let (trace, worker, _) = trace();
        for _ in 0..2 {
            let mut writer = trace.writer(worker).expect("a free worker");
            writer.begin_life();
            writer.end_life(ExitKind::Finished);
        }
        let mut events = Vec::new();
        trace.reader().drain(|event| events.push(event.kind));
        let life = [EventKind::LifeBegan, EventKind::LifeEnded(ExitKind::Finished)];
        assert_eq!(events, [life, life].concat());
    }

    #[test]
    fn marks_have_a_text_of_the_registry_with_their_number() {
        let mut registry = Registry::default();
        let worker = registry.add_worker("worker 1", WorkerKind::Thread);
        let (phase, order) = (registry.add_mark("second phase"), registry.add_mark("order {n} of {n}"));
        let trace = Trace::create(registry).expect("shared memory");
        let mut writer = trace.writer(worker).expect("a free worker");
        writer.mark(phase, 0);
        writer.mark(order, 7);
        let mut texts = Vec::new();
        trace.reader().drain(|event| match event.kind {
            EventKind::Mark { text, number } => texts.push(trace.registry().mark_text(text, number).into_owned()),
            kind => panic!("{kind:?}"),
        });
        assert_eq!(texts, ["second phase", "order 7 of 7"]);
        assert_eq!(trace.registry().mark_text(crate::MarkId(2), 0), "?");
    }

    #[test]
    fn grants_of_a_lock_are_counted_from_one() {
        let (trace, _, lock) = trace();
        assert_eq!([(); 3].map(|()| trace.next_grant(lock)), [Grant(1), Grant(2), Grant(3)]);
    }

    #[test]
    fn stamps_are_nanoseconds_since_the_trace_was_created() {
        let (trace, worker, _) = trace();
        let created = std::time::Instant::now();
        let mut writer = trace.writer(worker).expect("a free worker");
        writer.block(State::Sleep, None);
        std::thread::sleep(Duration::from_millis(20));
        writer.resume();
        let elapsed = created.elapsed();
        let mut stamps = Vec::new();
        trace.reader().drain(|event| stamps.push(event.at));
        let slept = Duration::from(stamps[1].span_since(stamps[0]));
        assert!((Duration::from_millis(19)..elapsed + Duration::from_millis(1)).contains(&slept), "{slept:?}");
    }
}
