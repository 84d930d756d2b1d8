//! Which lanes are shown when there are more of them than rows: those that hurt most.

use super::RunView;
use crate::model::WaitEdge;
use crate::trace::{Span, State, WorkerId};

/// How long the choice of lanes stands when there are more of them than rows.
const RANKING_INTERVAL: Span = Span::from_millis(3_000);

impl RunView {
    /// Orders lanes by what hurts: crashed, waited for by others, then share of time in contention. Held for a while, so that rows do
    /// not change places under the eyes.
    pub(super) fn rank_lanes(&mut self) {
        let workers = self.figures.workers().count();
        let stale = self.now.span_since(self.ranked_at) >= RANKING_INTERVAL || self.ranked_at > self.now;
        if workers == self.ranking.len() && !stale {
            return;
        }
        self.ranked_at = self.now;
        let mut by_pain: Vec<(u64, WorkerId)> = self.figures.workers().map(|w| (self.pain_score(w), w)).collect();
        by_pain.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.ranking = by_pain.into_iter().map(|(_, worker)| worker).collect();
    }

    /// How much a lane hurts, in percent; in steps, so that a little more or less does not change its place.
    fn pain_score(&self, worker: WorkerId) -> u64 {
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
