//! Adds waits to the matrix, worker by worker: what a worker waited for at all resources is summed up in a table before
//! it is added to the pairs.

use super::WaitPart;
use super::matrix::{CostMatrix, IdMap, PairPart};
use super::segments::{Cause, CauseIndex, CauseSums, Segments};
use crate::lane::CpuLack;
use crate::{Lane, Model};
use contend_trace::{LockKind, ResourceId, ResourceKind, Stamp, State, WorkerId};

/// The waits for one resource, or for the room in it.
struct WaitGroup {
    from: Stamp,
    to: Stamp,
    segments: Segments,
    /// The time from `from` to `to` by cause, if a wait lasted so long.
    whole: Option<Vec<(CauseIndex, u64)>>,
}

impl Model {
    /// Adds waits to the matrix, each split by its causes. The waits of one worker are in order of their times.
    pub(super) fn add_parts(&self, parts: &[WaitPart], now: Stamp, sums: &mut CauseSums, matrix: &mut CostMatrix) {
        let parts = sorted_by_waiter(parts);
        let mut groups = self.wait_groups(&parts, now);
        let whole_from = parts.iter().map(|part| part.from).min().unwrap_or_default();
        let whole_to = parts.iter().map(|part| part.to).max().unwrap_or_default();
        let mut shares: IdMap<WorkerId, [f64; 2]> = IdMap::default();
        let mut costs_of_pairs: Vec<PairPart> = Vec::with_capacity(parts.len());
        for of_waiter in parts.chunk_by(|a, b| a.waiter == b.waiter) {
            let waiter = of_waiter[0].waiter;
            let costs = matrix.waiter(waiter);
            for at_resource in of_waiter.chunk_by(|a, b| a.group() == b.group()) {
                let Some(group) = groups.get_mut(&at_resource[0].group()) else { continue };
                group.visit_parts(at_resource, |cause, ns| sums.add(cause, ns));
                let wakeup: u64 = at_resource.iter().map(|part| part.to.span_since(part.runnable_from).0).sum();
                costs.total_ns += at_resource.iter().map(|part| part.to.span_since(part.from).0).sum::<u64>();
                costs.wakeup_ns += wakeup;
            }
            sums.take(|cause, ns| {
                let (holder, state) = match cause {
                    Cause::Holder(holder, state) => (holder, state),
                    Cause::Unknown => return costs.unknown_ns += ns,
                    Cause::Many => return costs.others_ns += ns,
                    Cause::Free(Some(next)) if next == waiter => return costs.wakeup_ns += ns,
                    Cause::Free(_) => return costs.handoff_ns += ns,
                };
                let pair = (waiter, holder);
                let mut without_cpu = CpuLack::default();
                if state == State::Running {
                    let share = shares
                        .entry(holder)
                        .or_insert_with(|| self.lane(holder).share_without_cpu(whole_from, whole_to));
                    let [ready, off_core] = share.map(|share| (ns as f64 * share) as u64);
                    without_cpu = CpuLack { ready, off_core };
                }
                costs_of_pairs.push(PairPart { pair, state, ns: ns - without_cpu.total().min(ns) });
                let lacks = [(State::Ready, without_cpu.ready), (State::OffCore, without_cpu.off_core)];
                costs_of_pairs.extend(lacks.into_iter().filter(|(_, ns)| *ns > 0).map(|(state, ns)| PairPart {
                    pair,
                    state,
                    ns,
                }));
            });
        }
        matrix.add(&costs_of_pairs);
    }

    /// Returns the resources that workers waited for, each divided by who held it.
    fn wait_groups(&self, parts: &[WaitPart], now: Stamp) -> IdMap<(ResourceId, bool), WaitGroup> {
        let mut intervals: IdMap<(ResourceId, bool), (Stamp, Stamp)> = IdMap::default();
        for of_group in parts.chunk_by(|a, b| (a.waiter, a.group()) == (b.waiter, b.group())) {
            let (first, last) = (of_group[0].from, of_group[of_group.len() - 1].to);
            let (from, to) = intervals.entry(of_group[0].group()).or_insert((first, last));
            (*from, *to) = ((*from).min(first), (*to).max(last));
        }
        let is_complete = self.is_complete();
        let group = |(on, (from, to)): ((ResourceId, bool), (Stamp, Stamp))| {
            // Only a lock that is handed over belongs to the worker that takes it next.
            let segments = self.wait_segments(on, (from, to), now, is_complete, self.is_handed_over(on.0));
            (on, WaitGroup { from, to, segments, whole: None })
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
    fn visit_parts(&mut self, parts: &[WaitPart], mut visit: impl FnMut(CauseIndex, u64)) {
        let mut first = 0;
        for part in parts {
            if (part.from, part.runnable_from) == (self.from, self.to) {
                let whole = self.whole.get_or_insert_with(|| self.segments.sums_between(self.from, self.to));
                for (cause, ns) in whole {
                    visit(*cause, *ns);
                }
            } else {
                first = self.segments.visit_between(first, part.from, part.runnable_from, &mut visit);
            }
        }
    }
}

impl WaitPart {
    const fn group(&self) -> (ResourceId, bool) {
        (self.on, self.room)
    }

    /// What parts are sorted by: the waiter, the resource, and the time.
    const fn order(&self) -> (WorkerId, ResourceId, bool, Stamp) {
        (self.waiter, self.on, self.room, self.from)
    }
}

/// Returns the parts by waiter, and those of one waiter by resource. `parts` has those of each waiter in order of time.
fn sorted_by_waiter(parts: &[WaitPart]) -> Vec<WaitPart> {
    let by_resource = sorted_by_id(parts, |part| part.on.index() * 2 + usize::from(part.room));
    let sorted = sorted_by_id(&by_resource, |part| part.waiter.index());
    debug_assert!(sorted.is_sorted_by_key(WaitPart::order));
    sorted
}

/// Returns the parts by id; those of one id stay in order. Counts the parts of each id, which takes no comparisons; if
/// the ids are far apart, sorts them.
fn sorted_by_id(parts: &[WaitPart], id: impl Fn(&WaitPart) -> usize) -> Vec<WaitPart> {
    let (least, greatest) =
        parts.iter().map(&id).fold((usize::MAX, 0), |(least, greatest), id| (least.min(id), greatest.max(id)));
    let mut sorted = parts.to_vec();
    if greatest.saturating_sub(least) > 4 * parts.len() {
        sorted.sort_by_key(id);
        return sorted;
    }
    let mut places = vec![0_usize; greatest.saturating_sub(least) + 2];
    for part in parts {
        places[id(part) - least + 1] += 1;
    }
    for at in 1..places.len() {
        places[at] += places[at - 1];
    }
    for part in parts {
        let place = &mut places[id(part) - least];
        sorted[*place] = *part;
        *place += 1;
    }
    sorted
}

impl Segments {
    /// Returns the time of `from..to` by cause.
    fn sums_between(&self, from: Stamp, to: Stamp) -> Vec<(CauseIndex, u64)> {
        let mut all: Vec<(CauseIndex, u64)> = Vec::new();
        self.visit_between(0, from, to, |cause, ns| all.push((cause, ns)));
        all.sort_unstable_by_key(|(cause, _)| *cause);
        all.dedup_by(|next, sum| {
            let is_same = next.0 == sum.0;
            sum.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        all
    }
}

impl Lane {
    /// Returns the fractions of the time in which the worker seemed to run that it was ready without a core, and off
    /// the cores for another reason, each 0 to 1.
    fn share_without_cpu(&self, from: Stamp, to: Stamp) -> [f64; 2] {
        let (lack, ran) = self.cpu_ns(from, to);
        [lack.ready, lack.off_core].map(|ns| ns as f64 / (lack.total() + ran).max(1) as f64)
    }
}
