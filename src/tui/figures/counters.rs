//! The figures of a counter.

use crate::model::{Counter, Model};
use crate::trace::{ResourceId, Stamp};

#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct CounterFigures {
    pub(in crate::tui) value: i64,
    /// Updates that are certainly lost, if all events are known and no step sets it to a value.
    pub(in crate::tui) lost: Option<i64>,
    /// Failed compare-and-sets, if there are any compare-and-sets.
    pub(in crate::tui) failed_swaps: Option<i64>,
}

impl CounterFigures {
    /// Returns the expected value. It is not the sum of the additions received so far: the value already includes
    /// additions whose events are still under way.
    pub(in crate::tui) fn expected(&self) -> Option<i64> {
        self.lost.map(|lost| self.value.saturating_add(lost))
    }
}

impl CounterFigures {
    pub(super) fn capture(model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(counter) = model.counter(id) else { return Self::default() };
        let swaps = counter.swaps();
        let failed_swaps = (swaps.succeeded + swaps.failed > 0).then_some(swaps.failed as i64);
        Self { value: if at >= now { counter.value() } else { counter.value_at(at) }, lost: None, failed_swaps }
    }

    pub(super) fn with_lost(self, counter: Option<&Counter>, lost: Option<i64>) -> Self {
        Self { lost: lost.filter(|_| counter.is_some_and(Counter::has_expected)), ..self }
    }
}
