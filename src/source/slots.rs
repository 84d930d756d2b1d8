//! Looks at the workers' slots: who waits, all at one moment.

use super::timebase::Timebase;
use crate::trace::{Board, Message, Slot, Span, Stamp, Standing, WorkerId};

/// Between two looks, when nothing was lost: a verdict is compared with what the workers say of themselves.
const CALM: Span = Span::millis(250);
/// When events were lost, or verdicts are on trial: whoever waits is known soon whatever was lost.
const SOON: Span = Span::millis(50);
/// More workers are looked at less often: a look takes some hundred nanoseconds.
const PER_WORKER: Span = Span::micros(20);

/// Whether every verdict is on trial, and a disagreement is a failure.
pub fn is_trial() -> bool {
    cfg!(debug_assertions) || std::env::var_os("CONTEND_AUDIT").is_some_and(|value| value == "1")
}

/// Slots that were good when they were read.
#[derive(Debug)]
pub struct Look(Vec<(WorkerId, Standing)>);

#[derive(Debug)]
pub struct Slots {
    time: Timebase,
    workers: usize,
    due: Stamp,
    trial: bool,
}

impl Slots {
    pub fn new(workers: usize, time: Timebase) -> Self {
        Self { time, workers, due: Stamp::default(), trial: is_trial() }
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
        let all = (0..self.workers).map(WorkerId::from).filter_map(standing).collect();
        let pace = if lost || self.trial { SOON } else { CALM };
        self.due = now + Span(pace.0.max(PER_WORKER.0 * self.workers as u64));
        Some(Look(all))
    }

    /// Those of a look that are good still: they were all at the moment between the last of the first readings and the first
    /// of these. Since then their rings were emptied, and hold nothing newer.
    pub fn confirm(&self, Look(all): Look, board: &Board) -> Message {
        let course = self.time.course();
        let good = all.into_iter().filter(|(worker, standing)| board.ring(*worker).told() == standing.told);
        let slot = |(worker, standing): (WorkerId, Standing)| Slot {
            worker,
            at: course.stamp(standing.ticks),
            life: standing.life,
            lost: board.ring(worker).totals().1,
            events: standing.events(),
        };
        Message::Slots(good.map(slot).collect())
    }
}
