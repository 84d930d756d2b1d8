//! Reads the wait slots of all workers and keeps those that were valid at one common instant.

use std::sync::Arc;

use super::timebase::Timebase;
use contend_engine::{checkable_resources, unavailable_states};
use contend_trace::{
    Message, Registry, ResourceId, RunMemory, Span, Stamp, State, WaitRecord, WaitSlot, WaitSnapshot, WorkerId,
};

/// Time between two snapshots while no event was lost: they only check the model's verdicts.
const NORMAL_INTERVAL: Span = Span::from_millis(250);
/// Time between two snapshots if events were lost, or in audit mode: the snapshots show who waits, however many events
/// were lost.
const SHORT_INTERVAL: Span = Span::from_millis(50);
/// With many workers and resources, the interval grows by this for each: reading a slot takes some hundred nanoseconds.
const INTERVAL_PER_SLOT: Span = Span::from_micros(20);

/// Returns whether every verdict is checked against snapshots, and a contradiction is an error.
pub fn is_audit_enabled() -> bool {
    cfg!(debug_assertions) || std::env::var_os("CONTEND_AUDIT").is_some_and(|value| value == "1")
}

/// Slots as read, to be confirmed after the rings are drained, and the lives that had no worker then.
#[derive(Debug)]
pub struct SlotReadings {
    waits: Vec<(WorkerId, WaitRecord)>,
    absent_lives: Vec<(ResourceId, State)>,
}

/// Reads the wait slots of a run.
#[derive(Debug)]
pub struct SlotReader {
    timebase: Timebase,
    registry: Arc<Registry>,
    /// Resources that stand for the life of a worker.
    lives: Vec<ResourceId>,
    /// Other resources that a waiter may find unavailable.
    resources: Vec<ResourceId>,
    due: Stamp,
    is_audit: bool,
}

impl SlotReader {
    pub fn new(registry: Arc<Registry>, timebase: Timebase) -> Self {
        let (lives, resources) =
            checkable_resources(&registry).into_iter().partition(|id| registry.life_owner(*id).is_some());
        Self { timebase, registry, lives, resources, due: Stamp::default(), is_audit: is_audit_enabled() }
    }

    /// Returns, in order, the resources that a waiter could not get now, with the state of such a waiter.
    fn unavailable(&self, ids: &[ResourceId], run_memory: &RunMemory) -> Vec<(ResourceId, State)> {
        let states = |id: &ResourceId| unavailable_states(run_memory, &self.registry, *id);
        ids.iter().flat_map(|id| states(id).into_iter().map(|state| (*id, state))).collect()
    }

    /// Reads all slots, if they are due. To be confirmed after the rings are drained.
    pub fn read_due(&mut self, run_memory: &RunMemory) -> Option<SlotReadings> {
        let now = self.timebase.now();
        if now < self.due {
            return None;
        }
        let mut has_lost_events = false;
        let wait_record = |worker: WorkerId| {
            let ring = run_memory.ring(worker);
            has_lost_events |= ring.totals().1 > 0;
            Some((worker, ring.wait_record()?))
        };
        let workers = self.registry.workers.len();
        let waits = (0..workers).map(WorkerId::from).filter_map(wait_record).collect();
        let absent_lives = self.unavailable(&self.lives, run_memory);
        let interval = if has_lost_events || self.is_audit { SHORT_INTERVAL } else { NORMAL_INTERVAL };
        let many = workers + self.lives.len() + self.resources.len();
        self.due = now + Span(interval.0.max(INTERVAL_PER_SLOT.0 * many as u64));
        Some(SlotReadings { waits, absent_lives })
    }

    /// Keeps the slots that did not change between both reads; their workers were blocked at one common instant,
    /// between the last of the first reads and the first of these. Their rings were drained in between and hold nothing
    /// newer. Also returns the resources that were unavailable then, read between both: a worker that could have
    /// provided something was blocked by then or had ended, and a worker that obtained something by then has cleared
    /// its slot.
    pub fn confirm_readings(
        &self,
        SlotReadings { waits, absent_lives }: SlotReadings,
        run_memory: &RunMemory,
    ) -> Message {
        let map = self.timebase.clock_map();
        let mut unavailable = self.unavailable(&self.resources, run_memory);
        unavailable.extend(absent_lives);
        unavailable.sort_unstable();
        let confirmed = waits.into_iter().filter(|(worker, record)| run_memory.ring(*worker).is_still_waiting(record));
        let slot = |(worker, record): (WorkerId, WaitRecord)| WaitSlot {
            worker,
            at: map.stamp(record.ticks),
            life: record.life,
            lost: run_memory.ring(worker).totals().1,
            events: record.events(),
        };
        Message::WaitSnapshot(WaitSnapshot { slots: confirmed.map(slot).collect(), unavailable })
    }
}
