//! The figures of a range of time that the user chose. Figures that are unknown for that range alone are not shown.

use super::totals::percentile_pair;
use super::{
    IntervalRecord, LockFigures, PoolFigures, QueueFigures, RunFigures, TaskTimes, ThroughputFigures, core_use,
};
use crate::model::{CellWindow, LockSums, Model, PoolSums, QueueSums};
use crate::trace::{PoolId, ResourceId, Span, Stamp};

impl RunFigures {
    /// Returns these figures, those of the end of the range, limited to the range. `record` has the events of the
    /// range, if they are known.
    pub(in crate::tui) fn of_range(
        mut self,
        model: &Model,
        (from, to, now): (Stamp, Stamp, Stamp),
        record: Option<&IntervalRecord>,
    ) -> Self {
        let length = to.span_since(from);
        for (id, lock) in &mut self.locks {
            let sums = lock_sums_between(model, *id, (from, to, now), record);
            lock.is_distorted = sums.as_ref().is_some_and(|sums| model.is_distorted_by_hooks(*id, &sums.hold_times));
            lock.limit_to(sums.as_ref());
        }
        for (id, queue) in &mut self.queues {
            queue.limit_to(model, *id, (from, to, now));
            if let Some(sums) = record.and_then(|record| record.sums.queue(*id)) {
                queue.take_sums(sums, length);
            }
            let pool = model.registry().pools.iter().position(|pool| pool.queue == *id);
            let tasks = pool.and_then(|pool| record?.sums.pool(PoolId::from(pool)));
            queue.wait = tasks.and_then(|tasks| percentile_pair(&tasks.wait_times));
        }
        for (id, pool) in &mut self.pools {
            if let Some(known) = model.pool(*id) {
                pool.throughput = known.throughput(length, to);
                pool.arrival_rate = known.arrival_rate(length, to);
            }
            pool.limit_to(record.and_then(|record| record.sums.pool(*id)));
        }
        for (core, load) in &mut self.cores {
            let mut cells = vec![None; 1];
            model.cores().cells(*core, &CellWindow { from, to, cells: 1 }, &mut cells);
            *load = cells.pop().flatten();
        }
        self.core_use = core_use(model, from, to);
        self.throughput = ThroughputFigures::capture(model, from, to);
        self.cpu_load = model.cpu_load(from, to);
        if let Some(findings) = record.and_then(|record| record.findings.clone()) {
            self.findings = findings;
        }
        self
    }
}

/// Returns the use of a lock between two moments: from what the model keeps, or from the events.
pub(in crate::tui) fn lock_sums_between(
    model: &Model,
    id: ResourceId,
    (from, to, now): (Stamp, Stamp, Stamp),
    record: Option<&IntervalRecord>,
) -> Option<LockSums> {
    let kept = model.lock_use_between(id, from, to, now);
    kept.or_else(|| record.and_then(|record| record.sums.lock(id)).cloned())
}

/// Returns the greatest depth of a queue between two moments.
pub(in crate::tui) fn max_depth_between(
    model: &Model,
    id: ResourceId,
    (from, to, now): (Stamp, Stamp, Stamp),
) -> Option<u32> {
    let queue = model.queue(id)?;
    let depth = |at: Stamp| if at >= now { queue.depth() } else { queue.depth_at(at) };
    let mut cells = Vec::with_capacity(1);
    queue.depth_cells(&CellWindow { from, to, cells: 1 }, now, &mut cells);
    Some(cells.first().map_or(0, |deepest| *deepest as u32).max(depth(from)).max(depth(to)))
}

impl LockFigures {
    fn limit_to(&mut self, known: Option<&LockSums>) {
        self.contended_share = known.map(|sums| Span(sums.contended).share_of(Span(sums.acquired)));
        self.wait_p99 =
            known.filter(|sums| sums.wait_times.count() > 0).map(|sums| Span(sums.wait_times.percentile_ns(99.0)));
        self.wait_max = known.filter(|sums| sums.wait_times.count() > 0).map(|sums| Span(sums.wait_times.max_ns()));
        self.mean_hold =
            known.filter(|sums| sums.hold_times.count() > 0).map(|sums| Span(sums.hold_times.mean_ns() as u64));
        if let Some(sums) = known {
            (self.acquisitions, self.waited_acquisitions) = (sums.acquired, sums.contended);
        }
    }
}

impl PoolFigures {
    fn limit_to(&mut self, sums: Option<&PoolSums>) {
        (self.service, self.response, self.backlog, self.total) = (None, None, None, None);
        self.task_times = None;
        let Some(sums) = sums else { return };
        self.service = percentile_pair(&sums.service_times);
        self.response = percentile_pair(&sums.response_times);
        self.task_times = TaskTimes::of(&sums.response_times, &sums.service_times);
        let counts = &sums.counts;
        (self.submitted, self.done, self.failed) = (counts.submitted, counts.done, counts.failed);
        (self.rejected, self.retried) = (counts.rejected, counts.retried);
        self.handover_share = sums.handover.share();
    }
}

impl QueueFigures {
    fn limit_to(&mut self, model: &Model, id: ResourceId, (from, to, now): (Stamp, Stamp, Stamp)) {
        let Some(queue) = model.queue(id) else { return };
        let depth = |at: Stamp| if at >= now { queue.depth() } else { queue.depth_at(at) };
        let secs = to.span_since(from).as_secs_f64();
        self.growth_rate = if secs > 0.0 { (f64::from(depth(to)) - f64::from(depth(from))) / secs } else { 0.0 };
        self.max_depth = max_depth_between(model, id, (from, to, now)).unwrap_or(self.depth);
        self.mean_depth = None;
        self.wait = None;
        (self.put_rate, self.taken_rate) = queue.flow_rates(to.span_since(from), to);
    }

    /// Takes over the items of an interval of this length.
    pub(in crate::tui) fn take_sums(&mut self, sums: &QueueSums, length: Span) {
        (self.put, self.taken) = (sums.put, sums.taken);
        self.mean_depth = sums.mean_depth(length);
    }
}
