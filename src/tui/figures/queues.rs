//! The figures of a queue or pipe.

use super::RATE_WINDOW;
use crate::model::Model;
use crate::trace::{ResourceId, Span, Stamp};

#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct QueueFigures {
    pub(in crate::tui) depth: u32,
    pub(in crate::tui) capacity: u32,
    /// Items per second: by how many it grows, how many are put, and how many are taken.
    pub(in crate::tui) growth_rate: f64,
    pub(in crate::tui) put_rate: f64,
    pub(in crate::tui) taken_rate: f64,
    pub(in crate::tui) max_depth: u32,
    pub(in crate::tui) put: u64,
    pub(in crate::tui) taken: u64,
    /// Median and 99th percentile of how long tasks waited in it, if it is the queue of a pool.
    pub(in crate::tui) wait: Option<(Span, Span)>,
    /// `None` if it is not known for the time shown.
    pub(in crate::tui) mean_depth: Option<f64>,
}

impl QueueFigures {
    pub(super) fn at_cursor(self, model: &Model, id: ResourceId, at: Stamp, now: Stamp) -> Self {
        let Some(queue) = model.queue(id) else { return self };
        let depth = if at >= now { queue.depth() } else { queue.depth_at(at) };
        let (put_rate, taken_rate) = queue.flow_rates(RATE_WINDOW, at);
        Self {
            depth,
            put_rate,
            taken_rate,
            max_depth: self.max_depth.max(depth),
            capacity: queue.capacity(),
            growth_rate: queue.growth_rate(RATE_WINDOW, at),
            ..self
        }
    }
}
