//! Looks at the workers' slots: who waits, all at one moment.

use std::sync::Arc;

use super::timebase::Timebase;
use contend_engine::{can_lack, lacking};
use contend_trace::{Board, Cast, Message, ResourceId, Slot, Snapshot, Span, Stamp, Standing, State, WorkerId};

/// Between two looks, when nothing was lost: a verdict is compared with what the workers say of themselves.
const CALM: Span = Span::millis(250);
/// When events were lost, or verdicts are on trial: whoever waits is known soon whatever was lost.
const SOON: Span = Span::millis(50);
/// More workers and resources are looked at less often: a look takes some hundred nanoseconds.
const PER_LOOK: Span = Span::micros(20);

/// Whether every verdict is on trial, and a disagreement is a failure.
pub fn is_trial() -> bool {
    cfg!(debug_assertions) || std::env::var_os("CONTEND_AUDIT").is_some_and(|value| value == "1")
}

/// Slots that were good when they were read, and the lives in which nobody was then.
#[derive(Debug)]
pub struct Look {
    standing: Vec<(WorkerId, Standing)>,
    idle: Vec<(ResourceId, State)>,
}

#[derive(Debug)]
pub struct Slots {
    time: Timebase,
    cast: Arc<Cast>,
    /// Lives, and what may have nothing for those who wait.
    lives: Vec<ResourceId>,
    resources: Vec<ResourceId>,
    due: Stamp,
    trial: bool,
}

impl Slots {
    pub fn new(cast: Arc<Cast>, time: Timebase) -> Self {
        let (lives, resources) = can_lack(&cast).into_iter().partition(|id| cast.whose_life(*id).is_some());
        Self { time, cast, lives, resources, due: Stamp::default(), trial: is_trial() }
    }

    /// What some of these resources lack now, in order.
    fn lacking(&self, ids: &[ResourceId], board: &Board) -> Vec<(ResourceId, State)> {
        ids.iter().filter_map(|id| Some((*id, lacking(board, &self.cast, *id)?))).collect()
    }

    /// Reads all slots, if it is time. To be confirmed after the rings were emptied.
    pub fn look(&mut self, board: &Board) -> Option<Look> {
        let now = self.time.now();
        if now < self.due {
            return None;
        }
        let mut lost = false;
        let standing = |worker: WorkerId| {
            let ring = board.ring(worker);
            lost |= ring.totals().1 > 0;
            Some((worker, ring.standing()?))
        };
        let workers = self.cast.workers.len();
        let standing = (0..workers).map(WorkerId::from).filter_map(standing).collect();
        let idle = self.lacking(&self.lives, board);
        let pace = if lost || self.trial { SOON } else { CALM };
        let many = workers + self.lives.len() + self.resources.len();
        self.due = now + Span(pace.0.max(PER_LOOK.0 * many as u64));
        Some(Look { standing, idle })
    }

    /// Those of a look that are good still: they were all at the moment between the last of the first readings and the first
    /// of these. Since then their rings were emptied, and hold nothing newer. And what lacks something for them: read in
    /// between: whoever could have given something had come to a stand by then, or had ended, and whoever has got something
    /// by then has cleared its slot.
    pub fn confirm(&self, Look { standing, idle }: Look, board: &Board) -> Message {
        let course = self.time.course();
        let mut lacking = self.lacking(&self.resources, board);
        lacking.extend(idle);
        lacking.sort_unstable();
        let good = standing.into_iter().filter(|(worker, standing)| board.ring(*worker).is_still(standing));
        let slot = |(worker, standing): (WorkerId, Standing)| Slot {
            worker,
            at: course.stamp(standing.ticks),
            life: standing.life,
            lost: board.ring(worker).totals().1,
            events: standing.events(),
        };
        Message::Slots(Snapshot { slots: good.map(slot).collect(), lacking })
    }
}
