//! One wait at one moment: what the worker waits for, who holds it, and who ended the wait.

use super::segments::Cause;
use super::{WaitPart, WaiterCosts};
use crate::lock::Holding;
use crate::wait_anatomy::CostMatrix;
use crate::{Activity, Model, PairCost, ResourceState};
use contend_trace::{ResourceId, Span, Stamp, State, WorkerId};

/// The longest chain of waits that is followed.
const MAX_CHAIN: usize = 16;

/// Why a worker waits at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitCause {
    /// These workers hold it, or one worker has to supply it: one of them, its activity, and how many there are.
    Holder { worker: WorkerId, activity: Option<Activity>, count: usize },
    /// It is free. The worker that takes it next is the waiter itself or another one, if that is known.
    Free { next: Option<WorkerId> },
    /// Nothing: the wait is over, and the waiter does not run yet.
    Over,
    /// No recorded fact tells.
    Unknown,
}

/// A wait at one moment, from recorded facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitStory {
    pub waiter: WorkerId,
    pub on: ResourceId,
    pub state: State,
    pub since: Stamp,
    /// When the wait ended, if it had by `now`.
    pub until: Option<Stamp>,
    pub cause: WaitCause,
    /// What the wait consists of, up to the moment.
    pub parts: WaiterCosts,
    pub holders: Vec<PairCost>,
    /// Which worker ended the wait by its release, or by its end, and when.
    pub released_by: Option<(WorkerId, Stamp)>,
}

impl Model {
    /// Returns what a worker waits for at `t`. `None` if it does not wait for something that another worker has to
    /// give, or if that moment is not kept in detail.
    pub fn wait_story(&self, waiter: WorkerId, t: Stamp, now: Stamp) -> Option<WaitStory> {
        let lane = self.lanes.get(waiter.index()).filter(|lane| lane.is_exact_at(t))?;
        let activity = lane.activity_at(t)?;
        let on = activity.resource?;
        let is_lock = matches!(self.resources.get(on.index()), Some(ResourceState::Lock(_)));
        let (since, runnable_from) = match activity.state {
            State::Lock | State::Empty | State::Full | State::Signal => (activity.since, None),
            State::Ready if is_lock => {
                let before = lane.spans(Stamp(activity.since.0.saturating_sub(1)), activity.since).next();
                let wait = before.filter(|span| span.state == State::Lock && span.resource == Some(on));
                (wait.map_or(activity.since, |wait| wait.since), Some(activity.since))
            }
            _ => return None,
        };
        let until = self.wait_end(waiter, on, t, now);
        let room = activity.state == State::Full;
        let to = t.max(since);
        let part = WaitPart { on, room, waiter, from: since, to, runnable_from: runnable_from.unwrap_or(to) };
        let mut matrix = CostMatrix::default();
        self.add_parts(&[part], now, &mut super::CauseSums::default(), &mut matrix);
        let summary = matrix.summary(since, to);
        Some(WaitStory {
            waiter,
            on,
            state: activity.state,
            since,
            until,
            cause: if runnable_from.is_some() { WaitCause::Over } else { self.wait_cause((on, room), waiter, t, now) },
            parts: summary.waiters.first().map_or_else(WaiterCosts::default, |(_, parts)| *parts),
            holders: summary.pairs,
            released_by: until.and_then(|until| self.released_by(waiter, on, until, now)),
        })
    }

    /// Returns a worker's wait at `t`, the wait of the worker that holds what it waits for, and so on. The last one is
    /// that of a worker whose holder does not wait, or a worker that was named before: then they wait in a circle.
    pub fn wait_chain(&self, waiter: WorkerId, t: Stamp, now: Stamp) -> Vec<WaitStory> {
        let mut chain: Vec<WaitStory> = Vec::new();
        let mut next = Some(waiter);
        while let Some(worker) = next {
            let is_known = chain.iter().any(|story| story.waiter == worker);
            let Some(story) = self.wait_story(worker, t, now).filter(|_| !is_known && chain.len() < MAX_CHAIN) else {
                break;
            };
            next = if let WaitCause::Holder { worker, .. } = story.cause { Some(worker) } else { None };
            chain.push(story);
        }
        chain
    }

    /// Returns when the wait at `t` ended.
    fn wait_end(&self, waiter: WorkerId, on: ResourceId, t: Stamp, now: Stamp) -> Option<Stamp> {
        let goes_on = |activity: &Activity| {
            matches!(activity.state, State::Lock | State::Empty | State::Full | State::Signal | State::Ready)
                && activity.resource == Some(on)
        };
        let mut spans = self.lanes.get(waiter.index())?.spans(t, now);
        spans.find(|span| span.since > t && !goes_on(span)).map(|span| span.since)
    }

    fn wait_cause(&self, (on, room): (ResourceId, bool), waiter: WorkerId, t: Stamp, now: Stamp) -> WaitCause {
        let after = t + Span(1);
        let segments = self.wait_segments((on, room), (t, after), now.max(after), self.is_complete(), true);
        let (mut first, mut count) = (None, 0);
        segments.visit_between(0, t, after, |cause, _| {
            let cause = Cause::from_index(cause);
            // A waiter that holds a part itself waits for the others.
            if first.is_none() || matches!(first, Some(Cause::Holder(holder, _)) if holder == waiter) {
                first = Some(cause);
            }
            count += 1;
        });
        match first {
            Some(Cause::Holder(worker, _)) => {
                let lane = &self.lanes[worker.index()];
                let activity = lane.activity_at(t).filter(|_| lane.is_exact_at(t));
                WaitCause::Holder { worker, activity, count }
            }
            Some(Cause::Free(next)) => WaitCause::Free { next },
            Some(Cause::Many | Cause::Unknown) | None => WaitCause::Unknown,
        }
    }

    /// Returns the worker that ended a wait at `until` by its release or its end, and when it did.
    fn released_by(&self, waiter: WorkerId, on: ResourceId, until: Stamp, now: Stamp) -> Option<(WorkerId, Stamp)> {
        match self.resources.get(on.index())? {
            ResourceState::Lock(lock) => {
                let (mut released, mut held) = (None, None);
                let after = until + Span(1);
                let from = Stamp(lock.last_release_before(until)?.0.saturating_sub(1));
                lock.visit_holdings((from, after), now.max(after), self.is_complete(), |a, b, holders| {
                    if let (Some(Holding::Held(worker)), true) = (holders.first(), b <= until) {
                        released = Some((*worker, b));
                    }
                    if a <= until && until < b {
                        held = Some(holders.contains(&Holding::Held(waiter)));
                    }
                });
                released.filter(|(worker, _)| held == Some(true) && *worker != waiter)
            }
            ResourceState::Life(life) => {
                let worker = life.worker();
                let ended = self.lanes.get(worker.index())?.spans(Stamp(0), until).last()?;
                (!ended.state.is_alive()).then_some((worker, ended.since))
            }
            _ => None,
        }
    }
}
