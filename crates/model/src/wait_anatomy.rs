//! The anatomy of waits: what a worker waited for, from moment to moment.
//!
//! A wait for a lock, for the end of a worker or for what only one worker supplies is split into time in which a holder
//! ran, was ready without a core, or waited itself; time in which the lock was free but did not belong to the waiter
//! yet; and time in which it did, but the waiter did not run yet. The parts of a wait add up to its length.
//!
//! Other workers' events arrive in any order, so a wait is split only when all events up to its end have arrived: at a
//! watermark, many waits at once. Until then ended waits are kept in a list, which is all that an event costs.

mod addition;
mod matrix;
mod moment;
mod segments;

use self::matrix::CostMatrix;
pub use self::matrix::{PairCost, WaiterCosts, WhoCostsWhom};
pub use self::moment::{WaitCause, WaitStory};
use self::segments::CauseSums;
use crate::lane::Wait;
use crate::{Lane, Model, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

/// Waits are split at a watermark when this much time has passed, or when there are half as many as are kept.
const MIN_INTERVAL: Span = Span::from_millis(100);

/// A worker can be preempted between the stamp of an event and its record, so that the event arrives after a watermark
/// that covers it: waits are split up to this much before the watermark.
const LATENESS: Span = Span::from_millis(100);

/// Ended waits that are kept at most. More waits between two watermarks are counted, but not split.
const MAX_ENDED: usize = 4096;

/// A wait, or the part of one that is not split yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WaitPart {
    on: ResourceId,
    room: bool,
    waiter: WorkerId,
    from: Stamp,
    to: Stamp,
    /// From here on the waiter could run, because what it waited for was its own.
    runnable_from: Stamp,
}

/// The waits that are not split yet, and the sums of those that are.
#[derive(Debug, Clone, Default)]
pub(super) struct WaitAnatomy {
    split_until: Stamp,
    ended: Vec<WaitPart>,
    matrix: CostMatrix,
    sums: CauseSums,
}

impl WaitAnatomy {
    pub(super) fn heap_bytes(&self) -> usize {
        self.ended.capacity() * size_of::<WaitPart>() + self.matrix.heap_bytes() + self.sums.heap_bytes()
    }

    /// Returns the moment up to which all waits are split.
    pub(super) const fn split_until(&self) -> Stamp {
        self.split_until
    }

    /// Forgets the waits of a worker that is gone. What others waited for it joins the others of their pairs.
    pub(super) fn forget_worker(&mut self, worker: WorkerId) {
        self.ended.retain(|part| part.waiter != worker);
        self.matrix.forget_worker(worker);
    }

    /// Keeps a wait that has ended.
    #[inline]
    fn record(&mut self, part: WaitPart) {
        if self.ended.len() < MAX_ENDED {
            self.ended.push(part);
        } else {
            self.count_without_split(part);
        }
    }

    #[cold]
    fn count_without_split(&mut self, part: WaitPart) {
        let ns = part.to.span_since(part.from.max(self.split_until)).0;
        let costs = self.matrix.waiter(part.waiter);
        costs.total_ns += ns;
        costs.unknown_ns += ns;
    }
}

impl Lane {
    /// Returns what the worker waits for since when, if it is a wait that is split: for a lock, a join, or a supply.
    fn wait_part(&self, waiter: WorkerId, until: Stamp) -> Option<WaitPart> {
        let on = self.activity.resource?;
        let (from, state) = (self.activity.since, self.activity.state);
        let from = match self.wait? {
            Wait::Lock(wait) => wait.since,
            Wait::Join(_) => from,
            Wait::Supply(_) if matches!(state, State::Empty | State::Full | State::Signal) => from,
            Wait::Supply(_) => return None,
        };
        let to = self.dead_since().map_or(until, |dead| dead.min(until)).max(from);
        let runnable_from = if state == State::Ready { self.activity.since.clamp(from, to) } else { to };
        Some(WaitPart { on, room: state == State::Full, waiter, from, to, runnable_from })
    }
}

impl Model {
    /// Keeps the wait that the worker ends at `at`.
    #[inline]
    pub(super) fn record_ended_wait(&mut self, waiter: WorkerId, at: Stamp) {
        if let Some(part) = self.lanes[waiter.index()].wait_part(waiter, at)
            && part.to > part.from
            && self.is_split(part.on)
        {
            self.wait_anatomy.record(part);
        }
    }

    /// Whether waits for this resource are split. Workers that wait for the tasks of a pool are idle: nobody costs them
    /// anything.
    #[inline]
    fn is_split(&self, on: ResourceId) -> bool {
        match self.resources.get(on.index()) {
            Some(ResourceState::Lock(_) | ResourceState::Life(_)) => true,
            Some(ResourceState::Results(_)) | None => false,
            Some(_) => self.pool_by_queue.get(on.index()).is_none_or(Option::is_none),
        }
    }

    /// Returns into how many parts waits were split so far: what folding has cost beside the events.
    pub fn wait_part_count(&self) -> u64 {
        self.wait_anatomy.sums.count()
    }

    /// Splits the waits up to a watermark, if it is time to.
    pub(super) fn split_waits_until(&mut self, watermark: Stamp) {
        let anatomy = &self.wait_anatomy;
        if watermark.span_since(anatomy.split_until) >= MIN_INTERVAL + LATENESS {
            self.split_waits(watermark.earlier_by(LATENESS));
        } else if anatomy.ended.len() > MAX_ENDED / 2 && watermark > anatomy.split_until {
            self.split_waits(watermark);
        }
    }

    /// Splits all waits up to `until`.
    pub(super) fn split_waits(&mut self, until: Stamp) {
        let mut anatomy = std::mem::take(&mut self.wait_anatomy);
        self.split_into(&mut anatomy, until);
        self.wait_anatomy = anatomy;
    }

    fn split_into(&self, anatomy: &mut WaitAnatomy, until: Stamp) {
        let since = anatomy.split_until;
        let mut parts = Vec::with_capacity(anatomy.ended.len() + self.lanes.present_count() / 8);
        anatomy.ended.retain(|part| {
            parts.push(part.between(since, until));
            part.to > until
        });
        for (i, lane) in self.lanes.entries().filter(|(_, lane)| lane.wait.is_some()) {
            let part = lane.wait_part(WorkerId::from(i), Stamp(u64::MAX)).filter(|part| self.is_split(part.on));
            parts.extend(part.map(|part| part.between(since, until)));
        }
        parts.retain(|part| part.from < part.to);
        self.add_parts(&parts, until, &mut anatomy.sums, &mut anatomy.matrix);
        anatomy.split_until = until;
    }

    /// Returns how long each worker waited until `now`, and for which other workers.
    pub fn who_costs_whom(&self, now: Stamp) -> WhoCostsWhom {
        let mut anatomy = self.wait_anatomy.clone();
        let now = now.max(anatomy.split_until);
        self.split_into(&mut anatomy, now);
        anatomy.matrix.summary(Stamp(0), now)
    }

    /// Returns how long each worker waited between two moments, and for which other workers. Waits that are no longer
    /// kept in detail count as unknown.
    pub fn who_costs_whom_between(&self, from: Stamp, to: Stamp, now: Stamp) -> WhoCostsWhom {
        let (mut parts, mut matrix) = (Vec::new(), CostMatrix::default());
        let to = to.min(now);
        let from = from.min(to);
        for (waiter, lane) in self.lanes.entries().map(|(i, lane)| (WorkerId::from(i), lane)) {
            let exact = lane.exact_from().clamp(from, to);
            if exact > from {
                let older = lane.state_times(from, exact, now).get(State::Lock);
                let costs = matrix.waiter(waiter);
                (costs.total_ns, costs.unknown_ns) = (older, older);
            }
            self.collect_waits(waiter, lane, (exact, to), &mut parts);
        }
        self.add_parts(&parts, now, &mut CauseSums::default(), &mut matrix);
        matrix.summary(from, to)
    }

    /// Adds the waits of a lane between two moments, from its exact spans.
    fn collect_waits(&self, waiter: WorkerId, lane: &Lane, (from, to): (Stamp, Stamp), parts: &mut Vec<WaitPart>) {
        let mut spans = lane.spans(from, to).peekable();
        while let Some(span) = spans.next() {
            let end = spans.peek().map_or(to, |next| next.since);
            let Some(on) = span.resource.filter(|on| self.is_split(*on)) else { continue };
            let is_lock = matches!(self.resources.get(on.index()), Some(ResourceState::Lock(_)));
            let runnable_from = match span.state {
                State::Lock | State::Empty | State::Full | State::Signal => end,
                State::Ready if is_lock => span.since,
                _ => continue,
            };
            let room = span.state == State::Full;
            let part = WaitPart { on, room, waiter, from: span.since, to: end, runnable_from };
            parts.push(part.between(from, to));
        }
    }
}

impl WaitPart {
    /// Returns the part between two moments; empty if there is none.
    fn between(self, from: Stamp, to: Stamp) -> Self {
        let from = self.from.max(from);
        let to = self.to.min(to).max(from);
        Self { from, to, runnable_from: self.runnable_from.clamp(from, to), ..self }
    }
}
