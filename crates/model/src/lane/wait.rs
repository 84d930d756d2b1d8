//! The present wait of a worker, and what the worker announced about its next one.

use super::Lane;
use crate::lock::LockRequest;
use contend_trace::{Grant, ResourceId, Stamp, State};

/// A wait that has not ended yet. The resource is that of the lane's activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Lock(LockWait),
    Join(JoinWait),
    Supply(SupplyWait),
}

/// A wait for a mutex, a semaphore or an rwlock. It lasts until the worker goes on, even after the worker became
/// runnable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LockWait {
    pub since: Stamp,
    /// The position in the lock's list of waiters. `None` if the resource is not a lock.
    pub waiter_index: Option<u32>,
    pub request: LockRequest,
    /// Whether the wait ends by itself.
    pub is_timed: bool,
    /// Whether the list of holds that preceded the wait arrived as a whole.
    pub is_hold_list_complete: bool,
}

/// A wait for the end of another worker's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JoinWait {
    /// The number of the life that has to end.
    pub life: u64,
    /// Whether all locks that the waiter holds are known.
    pub are_holds_known: bool,
}

/// A wait for something that another worker has to supply: an item, room, a signal or a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SupplyWait {
    /// Whether the wait ends by itself.
    pub is_timed: bool,
    pub detail: Option<SupplyDetail>,
}

/// Details of a wait for a supply, in addition to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SupplyDetail {
    /// The number of the result that the worker waits for, and whether it takes a task meanwhile when there is one.
    Result { nth: u64, helps: bool },
    /// The worker found nothing for itself in the queue when this many items had been put.
    NothingAfter(u64),
    /// The worker waits for the first of its alternatives ([`Lane::alternatives`]).
    Select,
}

/// One of several things that end a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alternative {
    pub on: ResourceId,
    /// Whether it is room in a queue.
    pub room: bool,
    /// How many times an event flag had been set, or the number of a life.
    pub nth: u64,
}

/// Most alternatives of one wait that are kept: a worker with more counts as able to continue.
const MAX_ALTERNATIVES: usize = 255;

/// What a worker announced about its next wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct NextWait {
    /// The list of holds that precedes a wait, as far as it has arrived.
    pub holds: Vec<(ResourceId, Grant)>,
    /// Whether events were lost since the last wait for a lock: the beginning of the list, or the request, may be among
    /// them.
    pub may_lack_events: bool,
    pub lock_request: Option<(ResourceId, LockRequest)>,
    pub result: Option<(ResourceId, SupplyDetail)>,
    /// The lock or condition that the worker tries to get without waiting forever.
    pub timed_attempt: Option<ResourceId>,
    /// The alternatives of the wait, as far as they have arrived.
    pub alternatives: Vec<Alternative>,
}

impl NextWait {
    /// Takes the request for `lock`: a plain one if none was announced.
    pub(crate) fn take_lock_request(&mut self, lock: ResourceId) -> LockRequest {
        self.lock_request.take().filter(|(on, _)| *on == lock).map_or(LockRequest::Single, |(_, request)| request)
    }
}

impl LockWait {
    /// Whether the wait has no time limit and the waiter's holds are known, so that it can be part of a deadlock.
    pub(crate) const fn can_deadlock(&self) -> bool {
        self.is_hold_list_complete && !self.is_timed
    }
}

impl Lane {
    pub(crate) fn lock_wait(&self) -> Option<LockWait> {
        if let Some(Wait::Lock(wait)) = self.wait { Some(wait) } else { None }
    }

    /// Returns since when the worker waits for `lock`, if it does.
    #[inline]
    pub(crate) fn lock_wait_start(&self, lock: ResourceId) -> Option<Stamp> {
        self.lock_wait().filter(|_| self.activity.resource == Some(lock)).map(|wait| wait.since)
    }

    /// Returns what the worker requests of the lock it waits for.
    pub(crate) fn lock_request(&self) -> LockRequest {
        self.lock_wait().map_or(LockRequest::Single, |wait| wait.request)
    }

    /// Returns the number of the life whose end the worker waits for.
    pub(crate) fn joined_life(&self) -> Option<u64> {
        if let Some(Wait::Join(wait)) = self.wait { Some(wait.life) } else { None }
    }

    fn supply_wait(&self) -> Option<SupplyWait> {
        if let Some(Wait::Supply(wait)) = self.wait { Some(wait) } else { None }
    }

    /// Whether the worker waits for a supply, and gives up by itself.
    pub(crate) fn is_supply_wait_timed(&self) -> bool {
        self.supply_wait().is_some_and(|wait| wait.is_timed)
    }

    /// Records an alternative of the wait that follows.
    pub(crate) fn announce_alternative(&mut self, alternative: Alternative) {
        let known = &mut self.next_wait.alternatives;
        if known.len() <= MAX_ALTERNATIVES {
            known.push(alternative);
        }
    }

    /// Returns the alternatives of the present wait; empty if the worker waits for one thing only, or does not wait.
    pub(crate) fn awaited_alternatives(&self) -> &[Alternative] {
        let is_select = self.supply_wait().is_some_and(|wait| wait.detail == Some(SupplyDetail::Select));
        if is_select { &self.alternatives } else { &[] }
    }

    /// Returns the resources of which the worker waits for the first; none if it waits for one thing only, or does not
    /// wait.
    pub fn alternatives(&self) -> impl Iterator<Item = ResourceId> {
        self.awaited_alternatives().iter().map(|alternative| alternative.on)
    }

    /// Whether the worker waits in this state for `on` alone, or became runnable after such a wait.
    #[inline]
    pub(crate) fn has_waited_at(&self, state: State, on: ResourceId) -> bool {
        let doing = self.activity;
        doing.resource == Some(on)
            && (doing.state == state || doing.state == State::Ready)
            && self.alternatives.is_empty()
    }

    /// Whether all alternatives of the wait are known.
    pub(crate) fn has_all_alternatives(&self) -> bool {
        self.alternatives.len() <= MAX_ALTERNATIVES
    }

    /// Returns the number of the result that the worker waits for.
    pub(crate) fn awaited_result(&self) -> Option<u64> {
        match self.supply_wait()?.detail? {
            SupplyDetail::Result { nth, .. } => Some(nth),
            SupplyDetail::NothingAfter(_) | SupplyDetail::Select => None,
        }
    }

    /// Returns how many items had been put into the queue that the worker waits at when it last found nothing there.
    pub(crate) fn nothing_after(&self) -> Option<u64> {
        match self.supply_wait()?.detail? {
            SupplyDetail::NothingAfter(put) => Some(put),
            SupplyDetail::Result { .. } | SupplyDetail::Select => None,
        }
    }

    /// Whether the worker waits for a result, or for a task that it can run meanwhile.
    pub(crate) fn is_helping(&self) -> bool {
        self.supply_wait().is_some_and(|wait| matches!(wait.detail, Some(SupplyDetail::Result { helps: true, .. })))
    }

    /// Records that the worker found nothing for itself in `queue` when `put` items had been put.
    pub(crate) fn record_nothing_found(&mut self, queue: ResourceId, put: u64) {
        if let Some(Wait::Supply(wait)) = &mut self.wait
            && self.activity.resource == Some(queue)
        {
            wait.detail = Some(SupplyDetail::NothingAfter(put));
        }
    }

    /// Begins the wait for what another worker supplies through `on`. Waits without a resource are only an activity.
    pub(crate) fn begin_supply_wait(&mut self, state: State, on: Option<ResourceId>) {
        let attempt = self.next_wait.timed_attempt.take();
        self.alternatives = std::mem::take(&mut self.next_wait.alternatives);
        let Some(on) = on else { return };
        let result = if state == State::Signal { self.next_wait.result.take() } else { None };
        let detail = result.filter(|(of, _)| *of == on).map(|(_, detail)| detail);
        let detail = if self.alternatives.is_empty() { detail } else { Some(SupplyDetail::Select) };
        self.wait = Some(Wait::Supply(SupplyWait { is_timed: attempt == Some(on), detail }));
    }

    /// Whether the wait has no time limit, is for a lock or a join, and everything that the worker holds is known: it
    /// can be part of a deadlock.
    pub(crate) fn can_deadlock(&self) -> bool {
        match self.wait {
            Some(Wait::Lock(wait)) => wait.can_deadlock(),
            Some(Wait::Join(wait)) => wait.are_holds_known,
            Some(Wait::Supply(_)) | None => false,
        }
    }

    /// Whether the wait can close a cycle: a worker that waits for a lock and holds none cannot.
    pub(crate) fn can_close_cycle(&self) -> bool {
        self.can_deadlock() && (self.lock_wait().is_none() || !self.holds.confirmed.is_empty())
    }
}
