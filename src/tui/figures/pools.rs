//! The figures of a pool.

use super::{RATE_WINDOW, TaskTimes};
use crate::model::{Backlog, Model};
use crate::trace::{PoolId, Span, Stamp};

/// Points of a throughput curve, each half of a [`RATE_WINDOW`].
const CURVE_POINTS: u64 = 40;

#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct PoolFigures {
    pub(in crate::tui) submitted: u64,
    pub(in crate::tui) done: u64,
    pub(in crate::tui) failed: u64,
    pub(in crate::tui) rejected: u64,
    pub(in crate::tui) retried: u64,
    pub(in crate::tui) total: Option<u64>,
    pub(in crate::tui) size: u32,
    pub(in crate::tui) throughput: f64,
    pub(in crate::tui) curve: Vec<f64>,
    /// Median and 99th percentile.
    pub(in crate::tui) service: Option<(Span, Span)>,
    pub(in crate::tui) response: Option<(Span, Span)>,
    /// How long tasks took, in detail.
    pub(in crate::tui) task_times: Option<TaskTimes>,
    /// Tasks submitted per second.
    pub(in crate::tui) arrival_rate: f64,
    /// Median, 90th and 99th percentile of the response times in the visible window, to a tenth.
    pub(in crate::tui) window_responses: Option<[Span; 3]>,
    pub(in crate::tui) utilization: f64,
    /// Share of the workers' time spent on handing tasks over.
    pub(in crate::tui) handover_share: f64,
    /// Tasks that waited at the last change of the settings. Until they are done, no response time belongs to the new
    /// settings.
    pub(in crate::tui) backlog: Option<Backlog>,
}

impl PoolFigures {
    pub(super) fn at_cursor(self, model: &Model, id: PoolId, (from, at, now): (Stamp, Stamp, Stamp)) -> Self {
        let Some(pool) = model.pool(id) else { return self };
        let step = Span(RATE_WINDOW.0 / 2);
        let curve = (0..CURVE_POINTS).rev().map(|back| at.0.checked_sub(step.0 * back));
        Self {
            window_responses: pool.response_percentiles((from, at), [50.0, 90.0, 99.0]),
            throughput: pool.throughput(RATE_WINDOW, at),
            arrival_rate: pool.arrival_rate(RATE_WINDOW, at),
            curve: curve.map(|t| t.map_or(0.0, |t| pool.throughput(step, Stamp(t)))).collect(),
            utilization: pool.utilization(from, at, now),
            backlog: model.backlog(id).filter(|_| at >= now),
            ..self
        }
    }
}
