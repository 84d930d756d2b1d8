//! Looks at the workers' slots: who waits, all at one moment.

use std::sync::Arc;

use super::timebase::Timebase;
use contend_engine::{checkable_resources, unavailable_state};
use contend_trace::{
    Message, Registry, ResourceId, RunMemory, Span, Stamp, State, WaitRecord, WaitSlot, WaitSnapshot, WorkerId,
};

/// Between two looks, when nothing was lost: a verdict is compared with what the workers say of themselves.
const NORMAL_INTERVAL: Span = Span::from_millis(250);
/// When events were lost, or verdicts are on trial: whoever waits is known soon whatever was lost.
const SHORT_INTERVAL: Span = Span::from_millis(50);
/// More workers and resources are looked at less often: a look takes some hundred nanoseconds.
const INTERVAL_PER_SLOT: Span = Span::from_micros(20);

/// Whether every verdict is on trial, and a disagreement is a failure.
pub fn is_audit_enabled() -> bool {
    cfg!(debug_assertions) || std::env::var_os("CONTEND_AUDIT").is_some_and(|value| value == "1")
}

/// Slots that were good when they were read, and the lives in which nobody was then.
#[derive(Debug)]
pub struct SlotReadings {
    waits: Vec<(WorkerId, WaitRecord)>,
    absent_lives: Vec<(ResourceId, State)>,
}

#[derive(Debug)]
pub struct SlotReader {
    timebase: Timebase,
    registry: Arc<Registry>,
    /// Lives, and what may have nothing for those who wait.
    lives: Vec<ResourceId>,
    resources: Vec<ResourceId>,
    due: Stamp,
    is_audit: bool,
}

impl SlotReader {
    pub fn new(cast: Arc<Registry>, time: Timebase) -> Self {
        let (lives, resources) = checkable_resources(&cast).into_iter().partition(|id| cast.life_owner(*id).is_some());
        Self { timebase: time, registry: cast, lives, resources, due: Stamp::default(), is_audit: is_audit_enabled() }
    }

    /// What some of these resources lack now, in order.
    fn unavailable(&self, ids: &[ResourceId], board: &RunMemory) -> Vec<(ResourceId, State)> {
        ids.iter().filter_map(|id| Some((*id, unavailable_state(board, &self.registry, *id)?))).collect()
    }

    /// Reads all slots, if it is time. To be confirmed after the rings were emptied.
    pub fn read_due(&mut self, board: &RunMemory) -> Option<SlotReadings> {
        let now = self.timebase.now();
        if now < self.due {
            return None;
        }
        let mut lost = false;
        let standing = |worker: WorkerId| {
            let ring = board.ring(worker);
            lost |= ring.totals().1 > 0;
            Some((worker, ring.wait_record()?))
        };
        let workers = self.registry.workers.len();
        let standing = (0..workers).map(WorkerId::from).filter_map(standing).collect();
        let idle = self.unavailable(&self.lives, board);
        let pace = if lost || self.is_audit { SHORT_INTERVAL } else { NORMAL_INTERVAL };
        let many = workers + self.lives.len() + self.resources.len();
        self.due = now + Span(pace.0.max(INTERVAL_PER_SLOT.0 * many as u64));
        Some(SlotReadings { waits: standing, absent_lives: idle })
    }

    /// Those of a look that are good still: they were all at the moment between the last of the first readings and the first
    /// of these. Since then their rings were emptied, and hold nothing newer. And what lacks something for them: read in
    /// between: whoever could have given something had come to a stand by then, or had ended, and whoever has got something
    /// by then has cleared its slot.
    pub fn confirm_readings(
        &self,
        SlotReadings { waits: standing, absent_lives: idle }: SlotReadings,
        board: &RunMemory,
    ) -> Message {
        let course = self.timebase.clock_map();
        let mut lacking = self.unavailable(&self.resources, board);
        lacking.extend(idle);
        lacking.sort_unstable();
        let good = standing.into_iter().filter(|(worker, standing)| board.ring(*worker).is_still_waiting(standing));
        let slot = |(worker, standing): (WorkerId, WaitRecord)| WaitSlot {
            worker,
            at: course.stamp(standing.ticks),
            life: standing.life,
            lost: board.ring(worker).totals().1,
            events: standing.events(),
        };
        Message::WaitSnapshot(WaitSnapshot { slots: good.map(slot).collect(), unavailable: lacking })
    }
}
