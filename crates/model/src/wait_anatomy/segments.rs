//! An interval divided into parts in which the same workers keep others waiting for one resource.

use std::collections::HashMap;

use super::matrix::IdMap;
use crate::lock::Holding;
use crate::{Lane, Model, ResourceState, StateTimes};
use contend_trace::{ResourceId, ResourceKind, Stamp, State, WorkerId};

/// What a waiter waits for at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A worker holds the resource, or has to supply it, and is in this state.
    Holder(WorkerId, State),
    /// The resource is free; this worker takes it next, if that is known.
    Free(Option<WorkerId>),
    /// So many workers hold the resource, at so many moments, that each of them costs little.
    Many,
    Unknown,
}

/// Sums by cause, in a table that is used again and again.
#[derive(Debug, Clone, Default)]
pub(super) struct CauseSums {
    /// By index, for the first [`MAX_KEPT`] of them.
    ns: Vec<u64>,
    /// The others: those of the workers that appeared late in a long run.
    far: HashMap<CauseIndex, u64>,
    touched: Vec<CauseIndex>,
    /// How many times were added ever.
    count: u64,
}

/// Entries of one worker in the table: one for each state, and one for "takes it next".
const ENTRIES: usize = State::ALL.len() + 1;

impl Cause {
    fn index(self) -> CauseIndex {
        match self {
            Self::Unknown => UNKNOWN,
            Self::Free(None) => 1,
            Self::Many => 2,
            Self::Holder(worker, state) => 3 + (worker.index() * ENTRIES + state.index()) as CauseIndex,
            Self::Free(Some(worker)) => 3 + (worker.index() * ENTRIES + State::ALL.len()) as CauseIndex,
        }
    }

    pub(super) fn from_index(index: CauseIndex) -> Self {
        let index = index as usize;
        match index {
            0 => Self::Unknown,
            1 => Self::Free(None),
            2 => Self::Many,
            _ => {
                let worker = WorkerId::from((index - 3) / ENTRIES);
                State::from_index((index - 3) % ENTRIES)
                    .map_or(Self::Free(Some(worker)), |state| Self::Holder(worker, state))
            }
        }
    }
}

/// A cause as a number: its place in [`CauseSums`].
pub(super) type CauseIndex = u32;

const UNKNOWN: CauseIndex = 0;

/// Most entries of the table.
const MAX_KEPT: usize = 1 << 16;

/// Most holders of a resource at one moment whose states are distinguished moment by moment.
const MAX_EXACT_HOLDERS: usize = 16;

/// Most causes of an interval, as far as they come from more holders than that.
const MAX_CAUSES: usize = 1 << 16;

impl CauseSums {
    #[inline]
    pub(super) fn add(&mut self, cause: CauseIndex, ns: u64) {
        self.count += 1;
        if ns > 0 {
            let sum = self.sum_mut(cause);
            *sum += ns;
            if *sum == ns {
                self.touched.push(cause);
            }
        }
    }

    #[inline]
    fn sum_mut(&mut self, cause: CauseIndex) -> &mut u64 {
        if cause as usize >= self.ns.len() {
            return self.new_sum(cause);
        }
        &mut self.ns[cause as usize]
    }

    #[cold]
    fn new_sum(&mut self, cause: CauseIndex) -> &mut u64 {
        let index = cause as usize;
        if index >= MAX_KEPT {
            return self.far.entry(cause).or_default();
        }
        self.ns.resize((index + 1).next_power_of_two(), 0);
        &mut self.ns[index]
    }

    /// Takes all sums, in the order of the causes.
    pub(super) fn take(&mut self, mut put: impl FnMut(Cause, u64)) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        for index in touched.drain(..) {
            put(Cause::from_index(index), std::mem::take(self.sum_mut(index)));
        }
        self.far.clear();
        self.touched = touched;
    }

    /// Returns how many times were added ever.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let far = self.far.capacity() * size_of::<(CauseIndex, u64)>();
        self.ns.capacity() * size_of::<u64>() + far + self.touched.capacity() * size_of::<CauseIndex>()
    }
}

/// A part of the interval: its time is divided equally among its causes.
#[derive(Debug, Clone, Copy)]
struct Segment {
    from: Stamp,
    to: Stamp,
    first: u32,
    count: u32,
}

/// Why workers wait for one resource, over an interval.
#[derive(Debug, Default)]
pub(super) struct Segments {
    causes: Vec<CauseIndex>,
    parts: Vec<Segment>,
}

impl Segments {
    /// Calls `visit` with each cause in `from..to`, part by part, and the time that counts for it: exactly that time in
    /// all. `first` is the part where to begin to look for `from`: 0, or what this returned for an earlier moment.
    #[inline]
    pub(super) fn visit_between(
        &self,
        first: usize,
        from: Stamp,
        to: Stamp,
        mut visit: impl FnMut(CauseIndex, u64),
    ) -> usize {
        let mut at = from;
        let first = first + self.parts[first..].partition_point(|part| part.to <= from);
        for part in &self.parts[first..] {
            if part.from >= to {
                break;
            }
            let (a, b) = (part.from.max(at), part.to.min(to));
            if a > at {
                visit(UNKNOWN, a.0 - at.0);
            }
            let (ns, count) = (b.span_since(a).0, u64::from(part.count));
            if count == 1 {
                visit(self.causes[part.first as usize], ns);
                at = b;
                continue; // without a division
            }
            for (i, cause) in (0..).zip(&self.causes[part.first as usize..][..part.count as usize]) {
                visit(*cause, ns / count + u64::from(i < ns % count));
            }
            at = b;
        }
        if at < to {
            visit(UNKNOWN, to.0 - at.0);
        }
        first
    }

    fn push(&mut self, from: Stamp, to: Stamp, causes: impl IntoIterator<Item = Cause>) {
        let first = self.causes.len();
        self.causes.extend(causes.into_iter().map(Cause::index));
        let count = self.causes.len() - first;
        if let (Some(last), 1) = (self.parts.last_mut(), count)
            && (last.count, last.to) == (1, from)
            && self.causes[last.first as usize] == self.causes[first]
        {
            last.to = to;
            self.causes.truncate(first);
            return;
        }
        self.parts.push(Segment { from, to, first: first as u32, count: count as u32 });
    }

    /// Adds parts in which this worker holds the resource, by its states. `hint` is that of [`Lane::visit_states`].
    fn push_holder(&mut self, model: &Model, (from, to): (Stamp, Stamp), worker: WorkerId, hint: &mut usize) {
        model.lane(worker).visit_states(hint, from, to, |a, b, state| {
            self.push(a, b, [Cause::Holder(worker, state)]);
        });
    }

    /// Adds parts in which all of `workers` hold the resource, by their states.
    fn push_holders(&mut self, model: &Model, (from, to): (Stamp, Stamp), workers: &[WorkerId]) {
        if let [worker] = workers {
            return self.push_holder(model, (from, to), *worker, &mut 0);
        }
        if workers.len() > MAX_EXACT_HOLDERS {
            return self.push_many_holders(model, (from, to), workers);
        }
        let mut spans = Vec::new();
        for worker in workers {
            let mut own = Vec::new();
            model.lane(*worker).visit_states(&mut 0, from, to, |_, b, state| own.push((b, state)));
            spans.push((*worker, own, 0));
        }
        let mut at = from;
        while at < to {
            let end = spans.iter().filter_map(|(_, own, next)| own.get(*next)).map(|span| span.0).min();
            let end = end.unwrap_or(to).clamp(Stamp(at.0 + 1), to);
            let state = |own: &[(Stamp, State)], next: usize| own.get(next).map_or(State::Gap, |span| span.1);
            self.push(at, end, spans.iter().map(|(worker, own, next)| Cause::Holder(*worker, state(own, *next))));
            for (_, own, next) in &mut spans {
                while own.get(*next).is_some_and(|span| span.0 <= end) {
                    *next += 1;
                }
            }
            at = end;
        }
    }
}

impl Segments {
    /// Adds one part in which all of `workers` hold the resource, each in the state in which it was longest. Exact
    /// states would take as much memory as there are workers times changes of their states.
    fn push_many_holders(&mut self, model: &Model, (from, to): (Stamp, Stamp), workers: &[WorkerId]) {
        if self.causes.len() + workers.len() > MAX_CAUSES {
            return self.push(from, to, [Cause::Many]);
        }
        self.push(from, to, workers.iter().map(|w| Cause::Holder(*w, model.lane(*w).longest_state(from, to))));
    }
}

impl Model {
    /// Returns why workers wait for a resource in `from..to`: for the room in it, if `room`. Causes name the worker
    /// that takes a free lock next if `names_next`.
    pub(super) fn wait_segments(
        &self,
        (on, room): (ResourceId, bool),
        (from, to): (Stamp, Stamp),
        now: Stamp,
        is_complete: bool,
        names_next: bool,
    ) -> Segments {
        let mut segments = Segments::default();
        match self.resources.get(on.index()) {
            Some(ResourceState::Lock(lock)) if !self.is_used_as_signal(on) => {
                let (mut workers, mut hints) = (Vec::new(), IdMap::<WorkerId, usize>::default());
                lock.visit_holdings((from, to), now, is_complete, |a, b, holders| {
                    workers.clear();
                    workers.extend(holders.iter().filter_map(|holding| match holding {
                        Holding::Held(worker) => Some(*worker),
                        Holding::Free(_) | Holding::Unknown => None,
                    }));
                    match holders.first() {
                        Some(Holding::Held(worker)) if workers.len() == 1 => {
                            segments.push_holder(self, (a, b), *worker, hints.entry(*worker).or_default());
                        }
                        Some(Holding::Held(_)) => segments.push_holders(self, (a, b), &workers),
                        Some(Holding::Free(next)) => segments.push(a, b, [Cause::Free(next.filter(|_| names_next))]),
                        Some(Holding::Unknown) | None => segments.push(a, b, [Cause::Unknown]),
                    }
                });
            }
            Some(ResourceState::Life(life)) => segments.push_holders(self, (from, to), &[life.worker()]),
            _ => match self.only_supplier(on, room) {
                Some(worker) => segments.push_holders(self, (from, to), &[worker]),
                None => segments.push(from, to, [Cause::Unknown]),
            },
        }
        segments
    }

    /// Whether a resource is a semaphore whose permits have no holder.
    fn is_used_as_signal(&self, on: ResourceId) -> bool {
        let kind = self.registry.resource(on).map(|info| &info.kind);
        matches!(kind, Some(ResourceKind::Semaphore { scoped: false, .. }))
    }

    /// Returns the only worker that can end a wait for this resource, if it is the only one.
    pub(super) fn only_supplier(&self, on: ResourceId, room: bool) -> Option<WorkerId> {
        let mut suppliers = self.suppliers((on, room));
        suppliers.next().filter(|_| suppliers.next().is_none())
    }
}

impl Lane {
    /// Returns the state in which the worker was longest in `from..to`.
    fn longest_state(&self, from: Stamp, to: Stamp) -> State {
        let mut times = StateTimes::default();
        self.visit_states(&mut 0, from, to, |a, b, state| times.add_ns(state, b.span_since(a).0));
        times.dominant().unwrap_or(State::Gap)
    }

    /// Calls `visit` with each part of `from..to` and the state in it, in order and without a break:
    /// [`State::Gap`] where exact spans are no longer kept. `hint` is that of [`Lane::visit_span_starts`].
    pub(super) fn visit_states(
        &self,
        hint: &mut usize,
        from: Stamp,
        to: Stamp,
        mut visit: impl FnMut(Stamp, Stamp, State),
    ) {
        let exact = self.exact_from().clamp(from, to);
        if exact > from {
            visit(from, exact, State::Gap);
        }
        let mut at = exact;
        let mut state = None;
        self.visit_span_starts(hint, exact, to, |since, next| {
            if let Some(state) = state.replace(next) {
                let end = since.clamp(at, to);
                if end > at {
                    visit(at, end, state);
                }
                at = end;
            }
        });
        if at < to {
            visit(at, to, state.unwrap_or(State::Done));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contend_trace::Registry;

    use super::*;
    use crate::Budget;

    #[test]
    fn sums_of_high_ids_are_right_and_take_memory_only_for_themselves() {
        let mut sums = CauseSums::default();
        let far = WorkerId(Registry::MAX_DECLARED as u32 - 1);
        let causes = [
            (Cause::Unknown, 1),
            (Cause::Many, 2),
            (Cause::Holder(WorkerId(3), State::Running), 3),
            (Cause::Holder(WorkerId(6_000), State::Lock), 4),
            (Cause::Holder(far, State::Running), 5),
            (Cause::Free(Some(far)), 6),
        ];
        for _ in 0..100 {
            for (cause, ns) in causes.into_iter().rev() {
                sums.add(cause.index(), ns);
                sums.add(cause.index(), 10);
                sums.add(cause.index(), 0);
            }
            let mut taken = Vec::new();
            sums.take(|cause, ns| taken.push((cause, ns)));
            assert_eq!(taken, causes.map(|(cause, ns)| (cause, ns + 10)));
            assert!(sums.heap_bytes() < 64 << 10, "{} bytes", sums.heap_bytes());
        }
    }

    #[test]
    fn causes_of_many_holders_are_bounded_and_their_times_add_up() {
        let model = Model::new(Arc::new(Registry::default()), Budget::default());
        let workers: Vec<WorkerId> = (0..300).map(WorkerId).collect();
        let mut segments = Segments::default();
        let parts = 1_000;
        for part in 0..parts {
            segments.push_holders(&model, (Stamp(part * 100), Stamp(part * 100 + 100)), &workers);
        }
        assert!(segments.causes.len() <= MAX_CAUSES + 1, "{} causes", segments.causes.len());
        let mut sums = CauseSums::default();
        segments.visit_between(0, Stamp(0), Stamp(parts * 100), |cause, ns| sums.add(cause, ns));
        let (mut total, mut many) = (0, 0);
        sums.take(|cause, ns| {
            total += ns;
            many += if cause == Cause::Many { ns } else { 0 };
        });
        assert_eq!(total, parts * 100);
        assert_eq!(many, (parts - MAX_CAUSES as u64 / 300) * 100);
    }
}
