//! The shares of time that each lane spent in its states, of thousands of lanes too.

use super::RunView;
use super::play_state::PlayState;
use crate::model::{CellWindow, StateTimes};
use crate::trace::{Stamp, WorkerId};

/// The number of lanes whose shares are all taken at once.
const MAX_AT_ONCE: usize = 128;

/// Of more lanes, those out of view have their shares taken in so many turns.
const TURNS: usize = 8;

impl RunView {
    /// Whether there are too many lanes to take the shares of all at once.
    pub(super) fn has_many_lanes(&self) -> bool {
        self.shown_model().lanes().count() > MAX_AT_ONCE
    }

    /// Returns a function for the shares of each lane in the window, or from one moment to another. While a run with many
    /// lanes moves, those out of view keep their shares for a few turns.
    pub(super) fn lane_shares(
        &self,
        (from, at): (Stamp, Stamp),
        window: &CellWindow,
    ) -> impl Fn(WorkerId) -> StateTimes + '_ {
        let (window, is_past) = (*window, at < self.now || self.shown_range().is_some());
        let many = self.has_many_lanes();
        let in_turns = many && !is_past && self.play_state() == PlayState::Live;
        move |worker: WorkerId| {
            if !is_past && (!many || self.cell_cache.borrow().has_lane(worker)) {
                let mut cache = self.cell_cache.borrow_mut();
                return sum(cache.undrawn_cells(self.shown_model(), worker, &window, self.now));
            }
            let before =
                self.figures.lane(worker).filter(|_| in_turns && worker.index() % TURNS != self.share_turn % TURNS);
            before.map_or_else(|| self.shown_model().lane(worker).state_times(from, at, self.now), |lane| lane.shares)
        }
    }
}

fn sum(cells: &[StateTimes]) -> StateTimes {
    cells.iter().fold(StateTimes::default(), |mut sum, cell| {
        sum.add(cell);
        sum
    })
}
