//! Figures of the settings in force, after a knob was turned while the run went on.

use super::{Measured, Who};
use crate::model::{Lane, Model, Queue, Shares};
use crate::report::words::count;
use crate::scenario::{Metric, Subject};
use crate::trace::{PoolId, Span, Stamp};

/// Less than this is not enough to judge settings by.
const LEAST: Span = Span::millis(500);

impl Who<'_> {
    /// Whether the settings are those of the start.
    pub(super) fn is_whole_run(&self) -> bool {
        self.model.change(self.now).is_none()
    }

    /// Time by state of a lane with the settings in force.
    pub(super) fn spent(&self, lane: &Lane) -> Shares {
        lane.shares(self.from, self.now, self.now)
    }

    /// Why the settings in force cannot be judged by `metric`, if they cannot.
    pub(super) fn hindrance(&self, metric: Metric) -> Option<String> {
        self.model.change(self.now)?;
        let early = too_early(self.model, self.now);
        if early.is_some() {
            return early;
        }
        if is_of_whole_run(metric) {
            return Some("it is a figure of a whole run, and the settings were changed during this one".to_owned());
        }
        if let (Metric::Depth, Ok((name, _, queue))) = (metric, self.queue())
            && is_full(queue, self.from, self.now)
        {
            return Some(format!("the queue of {name} has been full since before the change"));
        }
        match self.inherited() {
            Some((was, left)) if is_delayed_by_backlog(metric) => Some(format!(
                "tasks still wait behind those from before: {} waited at the change, {} wait now",
                count(was.into()),
                count(left.into())
            )),
            _ => None,
        }
    }

    /// How many tasks waited when the settings were changed, and how many wait now, until those are worked off.
    fn inherited(&self) -> Option<(u32, u32)> {
        let Subject::Pool(_) = self.of else { return None };
        let (.., at) = self.pool().ok()?;
        let backlog = self.model.backlog(PoolId::from(at))?;
        Some((backlog.was, backlog.left))
    }

    /// The depth that the settings in force cause: not what they were left with.
    pub(super) fn depth_since(&self, name: &str, queue: &Queue) -> Measured {
        let trend = queue.trend(self.from, self.now);
        let (was, is, rise) = (count(trend.was.into()), count(trend.is.into()), count(trend.rise.into()));
        let evidence =
            format!("queue of {name}: {was} waited at the change, {is} now; it rose by {rise} at most in between");
        Measured { value: f64::from(trend.rise), evidence }
    }
}

/// Whether a queue was about full all the time: whoever fills it waits for room, so that its depth shows nothing.
fn is_full(queue: &Queue, from: Stamp, to: Stamp) -> bool {
    let (trend, room) = (queue.trend(from, to), queue.capacity());
    trend.max >= room && trend.low >= room - room / 10
}

/// That the settings in force have held for too short a time to be judged.
pub(in crate::report) fn too_early(model: &Model, now: Stamp) -> Option<String> {
    let change = model.change(now)?;
    let early = !change.is_settled() || now.since(change.from) < LEAST;
    early.then(|| format!("the settings were changed {} ago", now.since(change.at)))
}

/// Whether it counts from the start of a run, or for ever after.
const fn is_of_whole_run(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::HeldBack
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

/// Whether tasks that waited before the change make it larger than the settings in force would.
const fn is_delayed_by_backlog(metric: Metric) -> bool {
    matches!(metric, Metric::Latency(_) | Metric::Slowdown | Metric::Tail | Metric::Startup)
}
