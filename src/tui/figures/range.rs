//! The figures of a range of time that the user chose. What is not known for that range alone is not shown.

use super::{QueueFigures, RunFigures};
use crate::model::{CellWindow, Model};
use crate::trace::{ResourceId, Span, Stamp};

impl RunFigures {
    /// Returns these figures, those of the end of the range, limited to the range.
    pub(in crate::tui) fn of_range(mut self, model: &Model, (from, to, now): (Stamp, Stamp, Stamp)) -> Self {
        let length = to.span_since(from);
        for (id, lock) in &mut self.locks {
            let seen = model.lock_use_between(*id, from, to, now);
            let known = seen.as_ref();
            lock.contended_share = known.map(|seen| Span(seen.contended).share_of(Span(seen.acquired)));
            lock.wait_p99 =
                known.filter(|seen| seen.waits.count() > 0).map(|seen| Span(seen.waits.percentile_ns(99.0)));
            lock.mean_hold = known.filter(|seen| seen.holds.count() > 0).map(|seen| Span(seen.holds.mean_ns() as u64));
            if let Some(seen) = known {
                (lock.acquisitions, lock.waited_acquisitions) = (seen.acquired, seen.contended);
            }
        }
        for (id, queue) in &mut self.queues {
            queue.limit_to(model, *id, (from, to, now));
        }
        for (id, pool) in &mut self.pools {
            if let Some(known) = model.pool(*id) {
                pool.throughput = known.throughput(length, to);
            }
            // Percentiles of tasks are those of the whole run up to a moment.
            (pool.service, pool.response, pool.backlog) = (None, None, None);
        }
        for (core, load) in &mut self.cores {
            let mut cells = vec![None; 1];
            model.cores().cells(*core, &CellWindow { from, to, cells: 1 }, &mut cells);
            *load = cells.pop().flatten();
        }
        self.cpu_load = model.cpu_load(from, to);
        self
    }
}

impl QueueFigures {
    fn limit_to(&mut self, model: &Model, id: ResourceId, (from, to, now): (Stamp, Stamp, Stamp)) {
        let Some(queue) = model.queue(id) else { return };
        let depth = |at: Stamp| if at >= now { queue.depth() } else { queue.depth_at(at) };
        let secs = to.span_since(from).as_secs_f64();
        self.growth_rate = if secs > 0.0 { (f64::from(depth(to)) - f64::from(depth(from))) / secs } else { 0.0 };
        let mut cells = Vec::with_capacity(1);
        queue.depth_cells(&CellWindow { from, to, cells: 1 }, now, &mut cells);
        self.max_depth = cells.first().map_or(self.depth, |deepest| *deepest as u32).max(depth(from)).max(depth(to));
    }
}
