//! The reads and writes of counters that lose updates, for the lanes.

use std::collections::HashMap;
use std::rc::Rc;

use super::RunView;
use crate::model::CounterWrite;
use crate::trace::{Stamp, WorkerId};
use crate::tui::axis::TimeAxis;

/// A write in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) struct LaneWrite {
    pub(in crate::tui) write: CounterWrite,
    /// The end of the worker's write before, or the start of its life. The value was read since then.
    pub(in crate::tui) since: Stamp,
}

/// The writes of a window, with its start, its end, the newest event known then, and the moment of the figures.
#[derive(Debug, Default)]
pub(super) struct KeptWrites {
    of: Option<[Stamp; 4]>,
    writes: Rc<Vec<LaneWrite>>,
}

impl RunView {
    /// Returns the writes in the window of counters that lost updates, in order of time.
    pub(in crate::tui) fn racing_writes(&self, axis: &TimeAxis) -> Rc<Vec<LaneWrite>> {
        let (from, to) = (axis.start(), axis.end.min(self.now));
        let of = Some([from, to, self.shown_model().newest_stamp(), self.figures.taken_at]);
        let mut kept = self.writes.borrow_mut();
        if kept.of != of {
            *kept = KeptWrites { of, writes: Rc::new(self.writes_between(from, to)) };
        }
        Rc::clone(&kept.writes)
    }

    fn writes_between(&self, from: Stamp, to: Stamp) -> Vec<LaneWrite> {
        let model = self.shown_model();
        let mut writes = Vec::new();
        let losing = self.figures.counters.iter().filter(|(_, counter)| counter.lost.is_some_and(|lost| lost != 0));
        for counter in losing.filter_map(|(id, _)| model.counter(*id)).filter(|counter| !counter.is_private()) {
            let mut before: HashMap<WorkerId, Stamp> = HashMap::new();
            for write in counter.writes(to) {
                let since = before.insert(write.worker, write.at);
                let since = since.or(model.lane(write.worker).began()).unwrap_or(write.at);
                if write.at >= from {
                    writes.push(LaneWrite { write, since: since.max(from) });
                }
            }
        }
        writes
    }
}
