//! Figures of the current settings, after a knob was changed during the run.

use super::{MeasuredFigure, MetricQuery};
use crate::model::{Lane, Model, Queue, StateTimes};
use crate::scenario::{Metric, MetricSubject};
use crate::trace::format::format_count;
use crate::trace::{PoolId, Span, Stamp};

/// Least time for which settings must be in force before they are judged.
const MIN_MEASURED_TIME: Span = Span::from_millis(500);

impl MetricQuery<'_> {
    /// Whether the settings never changed.
    pub(super) fn is_whole_run(&self) -> bool {
        self.model.settings_change(self.now).is_none()
    }

    /// Returns a lane's time by state under the current settings.
    pub(super) fn time_by_state(&self, lane: &Lane) -> StateTimes {
        lane.state_times(self.settings_since, self.now, self.now)
    }

    /// Returns why `metric` cannot judge the current settings.
    pub(super) fn unmeasurable_reason(&self, metric: Metric) -> Option<String> {
        self.model.settings_change(self.now)?;
        let early = too_early_reason(self.model, self.now);
        if early.is_some() {
            return early;
        }
        if is_of_whole_run(metric) {
            return Some("it is measured over a whole run, and the settings changed during this one".to_owned());
        }
        if let (Metric::Depth, Ok((name, _, queue))) = (metric, self.queue())
            && is_always_full(queue, self.settings_since, self.now)
        {
            return Some(format!("the queue of {name} has been full since before the change"));
        }
        match self.inherited_backlog() {
            Some((was, left)) if is_delayed_by_backlog(metric) => Some(format!(
                "tasks from before the change still delay others: {} waited at the change, {} wait now",
                format_count(was.into()),
                format_count(left.into())
            )),
            _ => None,
        }
    }

    /// Returns how many tasks waited when the settings changed, and how many of that backlog remain.
    fn inherited_backlog(&self) -> Option<(u32, u32)> {
        let MetricSubject::Pool(_) = self.subject else { return None };
        let (.., at) = self.pool().ok()?;
        let backlog = self.model.backlog(PoolId::from(at))?;
        Some((backlog.initial, backlog.remaining))
    }

    /// Measures the rise in depth under the current settings, without the depth at the change.
    pub(super) fn depth_since_change(&self, name: &str, queue: &Queue) -> MeasuredFigure {
        let trend = queue.trend(self.settings_since, self.now);
        let (was, is, rise) =
            (format_count(trend.start.into()), format_count(trend.end.into()), format_count(trend.max_rise.into()));
        let evidence =
            format!("queue of {name}: {was} waited at the change, {is} now; it rose by {rise} at most in between");
        MeasuredFigure { value: f64::from(trend.max_rise), evidence }
    }
}

/// Whether a queue was nearly full all the time: producers wait for room, so its depth says nothing.
fn is_always_full(queue: &Queue, from: Stamp, to: Stamp) -> bool {
    let (trend, room) = (queue.trend(from, to), queue.capacity());
    trend.highest >= room && trend.lowest >= room - room / 10
}

/// Returns why it is too early to judge the current settings, if it is.
pub(in crate::report) fn too_early_reason(model: &Model, now: Stamp) -> Option<String> {
    let change = model.settings_change(now)?;
    let early = !change.is_settled() || now.span_since(change.figures_from) < MIN_MEASURED_TIME;
    early.then(|| format!("the settings were changed {} ago", now.span_since(change.at)))
}

/// Whether a metric counts from the start of a run.
const fn is_of_whole_run(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::MaxUnread
            | Metric::FirstResult
            | Metric::Lives
            | Metric::Lanes
            | Metric::CutOff
            | Metric::Processes
            | Metric::Threads
            | Metric::Ended
            | Metric::Elapsed
    )
}

/// Whether tasks that waited before the change make the metric larger than the current settings would.
const fn is_delayed_by_backlog(metric: Metric) -> bool {
    matches!(metric, Metric::Latency(_) | Metric::Slowdown | Metric::Tail | Metric::Startup)
}
