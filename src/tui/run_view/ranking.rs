//! The ranking of lanes, which decides which are shown when there are more of them than rows.

use super::RunView;
use crate::model::WaitEdge;
use crate::trace::{Span, State, WorkerId};

/// How long a ranking is kept.
const RANKING_INTERVAL: Span = Span::from_millis(3_000);

impl RunView {
    /// Ranks lanes, the most affected first: crashed ones, those that others wait for, then by their share of time in
    /// contention. A ranking is kept for a while, so that rows do not keep changing places.
    pub(super) fn rank_lanes(&mut self) {
        let workers = self.figures.workers().count();
        let stale = self.now.span_since(self.ranked_at) >= RANKING_INTERVAL || self.ranked_at > self.now;
        if workers == self.ranking.len() && !stale {
            return;
        }
        self.ranked_at = self.now;
        let mut ranked: Vec<(u64, WorkerId)> = self.figures.workers().map(|w| (self.contention_score(w), w)).collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.ranking = ranked.into_iter().map(|(_, worker)| worker).collect();
    }

    /// Returns how much a lane is affected, in percent, rounded so that small changes keep its place.
    fn contention_score(&self, worker: WorkerId) -> u64 {
        let Some(lane) = self.figures.lane(worker) else { return 0 };
        let waited_for = |lock: &WaitEdge| lock.holder == worker;
        if lane.activity.is_some_and(|d| d.state == State::Crashed) {
            return 1_000;
        }
        if self.figures.waits.edges.iter().any(waited_for) {
            return 999;
        }
        let share: f64 = [State::Lock, State::Full, State::Ready].map(|s| lane.shares.share(s)).iter().sum();
        (share * 10.0) as u64 * 10
    }
}
