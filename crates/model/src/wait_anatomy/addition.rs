//! Adds waits to the matrix, worker by worker: what a worker waited for at all resources is summed up in a table before
//! it is added to the pairs.

use super::WaitPart;
use super::matrix::{CostMatrix, IdMap, PairPart};
use super::segments::{Cause, CauseSums, Segments};
use crate::{Lane, Model};
use contend_trace::{LockKind, ResourceId, ResourceKind, Stamp, State, WorkerId};

/// The waits for one resource, or for the room in it.
struct WaitGroup {
    from: Stamp,
    to: Stamp,
    segments: Segments,
    /// Whether the resource is a lock that belongs to its next holder as soon as it is released.
    is_handed_over: bool,
    /// The time from `from` to `to` by cause, if a wait lasted so long.
    whole: Option<Vec<(Cause, u64)>>,
}

impl Model {
    /// Adds waits to the matrix, each split by its causes.
    pub(super) fn add_parts(&self, parts: &mut [WaitPart], now: Stamp, sums: &mut CauseSums, matrix: &mut CostMatrix) {
        parts.sort_unstable_by_key(WaitPart::order);
        let mut groups = self.wait_groups(parts, now);
        let whole_from = parts.iter().map(|part| part.from).min().unwrap_or_default();
        let whole_to = parts.iter().map(|part| part.to).max().unwrap_or_default();
        let mut shares: IdMap<WorkerId, f64> = IdMap::default();
        let mut costs_of_pairs: Vec<PairPart> = Vec::with_capacity(parts.len() * 4);
        for of_waiter in parts.chunk_by(|a, b| a.waiter == b.waiter) {
            let waiter = of_waiter[0].waiter;
            let costs = matrix.waiter(waiter);
            for at_resource in of_waiter.chunk_by(|a, b| a.group() == b.group()) {
                let Some(group) = groups.get_mut(&at_resource[0].group()) else { continue };
                let is_handed_over = group.is_handed_over;
                group.visit_parts(at_resource, |cause, ns| {
                    costs.total_ns += ns;
                    match cause {
                        Cause::Holder(..) => sums.add(cause, ns),
                        Cause::Unknown => costs.unknown_ns += ns,
                        Cause::Many => costs.others_ns += ns,
                        Cause::Free(Some(next)) if next == waiter && is_handed_over => costs.wakeup_ns += ns,
                        Cause::Free(_) => costs.handoff_ns += ns,
                    }
                });
                let wakeup: u64 = at_resource.iter().map(|part| part.to.span_since(part.runnable_from).0).sum();
                costs.total_ns += wakeup;
                costs.wakeup_ns += wakeup;
            }
            sums.take(|cause, ns| {
                let Cause::Holder(holder, state) = cause else { return };
                let pair = (waiter, holder);
                let mut without_cpu = 0;
                if state == State::Running {
                    let share = shares
                        .entry(holder)
                        .or_insert_with(|| self.lane(holder).share_without_cpu(whole_from, whole_to));
                    without_cpu = (ns as f64 * *share) as u64;
                }
                costs_of_pairs.push(PairPart { pair, state, ns: ns - without_cpu });
                if without_cpu > 0 {
                    costs_of_pairs.push(PairPart { pair, state: State::Ready, ns: without_cpu });
                }
            });
        }
        matrix.add(&costs_of_pairs);
    }

    /// Returns the resources that workers waited for, each divided by who held it.
    fn wait_groups(&self, parts: &[WaitPart], now: Stamp) -> IdMap<(ResourceId, bool), WaitGroup> {
        let mut intervals: IdMap<(ResourceId, bool), (Stamp, Stamp)> = IdMap::default();
        for part in parts {
            let (from, to) = intervals.entry(part.group()).or_insert((part.from, part.to));
            (*from, *to) = ((*from).min(part.from), (*to).max(part.to));
        }
        let is_complete = self.is_complete();
        let group = |(on, (from, to)): ((ResourceId, bool), (Stamp, Stamp))| {
            let segments = self.wait_segments(on, (from, to), now, is_complete);
            (on, WaitGroup { from, to, segments, is_handed_over: self.is_handed_over(on.0), whole: None })
        };
        intervals.into_iter().map(group).collect()
    }

    /// Whether a lock belongs to its next holder as soon as it is released.
    fn is_handed_over(&self, on: ResourceId) -> bool {
        use LockKind::{Async, AsyncReentrant, Fair, Ticket};
        match self.registry.resource(on).map(|info| &info.kind) {
            Some(ResourceKind::Mutex { kind }) => matches!(kind, Async | AsyncReentrant | Fair | Ticket),
            _ => false,
        }
    }
}

impl WaitGroup {
    /// Calls `visit` with the causes of the waits of one worker, in order of their times.
    fn visit_parts(&mut self, parts: &[WaitPart], mut visit: impl FnMut(Cause, u64)) {
        let mut first = 0;
        for part in parts {
            if (part.from, part.runnable_from) == (self.from, self.to) {
                let whole = self.whole.get_or_insert_with(|| self.segments.sums_between(self.from, self.to));
                for (cause, ns) in whole {
                    visit(*cause, *ns);
                }
            } else {
                first = self.segments.visit_between_from(first, part.from, part.runnable_from, &mut visit);
            }
        }
    }
}

impl WaitPart {
    const fn group(&self) -> (ResourceId, bool) {
        (self.on, self.room)
    }

    /// What parts are sorted by: the waiter, the resource, and the time.
    const fn order(&self) -> (u64, bool, u64) {
        ((self.waiter.0 as u64) << 32 | self.on.0 as u64, self.room, self.from.0)
    }
}

impl Segments {
    /// Returns the time of `from..to` by cause.
    fn sums_between(&self, from: Stamp, to: Stamp) -> Vec<(Cause, u64)> {
        let (mut sums, mut all) = (CauseSums::default(), Vec::new());
        self.add_between(from, to, &mut sums);
        sums.take(|cause, ns| all.push((cause, ns)));
        all
    }
}

impl Lane {
    /// Returns the fraction of the time in which the worker seemed to run that it had no core, 0 to 1.
    fn share_without_cpu(&self, from: Stamp, to: Stamp) -> f64 {
        let (without, ran) = self.cpu_ns(from, to);
        without as f64 / (without + ran).max(1) as f64
    }
}
