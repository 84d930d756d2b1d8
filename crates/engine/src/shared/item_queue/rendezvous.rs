//! A queue without room: a put completes only together with a take.
//!
//! A worker that arrives while one waits on the other side completes with it at once, and wakes it. Otherwise it waits
//! until it is served. So workers that were not served yet never wait on both sides.
//!
//! A worker with several alternatives (`select`) serves others and is not served: it might choose another alternative.
//! A worker that begins to wait wakes those on the other side, which then try again.
//!
//! It uses the words of an [`ItemQueue`](super::ItemQueue), from which it differs in these: the depth
//! counts items handed over to waiting takers that have not continued yet.

use std::time::Instant;

use super::super::monitor::{Monitor, MonitorGuard, has_passed};
use super::{
    ITEM_AVAILABLE, ItemQueue, PUT_COUNT, QueueClosed, QueueSide, ROOM_AVAILABLE, TAKEN_COUNT, WAITING_PUTTERS,
    WAITING_TAKERS, is_closed,
};
use crate::recorder::Recorder;
use contend_trace::{EventKind, ResourceId, State};

/// Items handed over to waiting takers that have not continued yet.
const HANDED_OVER: usize = 0;
/// Waiting putters whose items were taken and that have not continued yet.
const COLLECTED: usize = 8;
/// Workers for which an item, or a taker, is an alternative of a `select`.
const SELECTING_TAKERS: usize = 9;
const SELECTING_PUTTERS: usize = 10;

#[derive(Debug, Clone, Copy)]
pub struct Rendezvous<'a> {
    id: ResourceId,
    monitor: Monitor<'a>,
}

impl<'a> Rendezvous<'a> {
    pub const fn of(queue: ItemQueue<'a>) -> Self {
        Self { id: queue.id, monitor: queue.monitor }
    }

    /// Puts an item, waiting for a taker until `deadline` at most. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed before a worker takes the item.
    pub async fn put(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Result<bool, QueueClosed> {
        let mut guard = self.monitor.enter();
        if is_closed(&guard) {
            return Err(QueueClosed);
        }
        if !hand_over(&mut guard) {
            recorder.wait_for_resource_until(State::Full, self.id, deadline);
            add(&mut guard, WAITING_PUTTERS);
            wake_selecting(&mut guard, QueueSide::Take);
            while guard.get(COLLECTED) == 0 && !is_closed(&guard) && !has_passed(deadline) {
                guard = guard.wait_until(ROOM_AVAILABLE, deadline).await;
            }
            recorder.end_wait(); // before the count: a worker that dies here is not taken off it twice
            subtract(&mut guard, WAITING_PUTTERS);
            if guard.get(COLLECTED) == 0 && !is_closed(&guard) {
                self.give_up(guard, recorder);
                return Ok(false);
            }
            if guard.get(COLLECTED) == 0 {
                recorder.resume();
                return Err(QueueClosed);
            }
            subtract(&mut guard, COLLECTED);
        }
        self.record_put(guard, recorder);
        Ok(true)
    }

    /// Puts an item if a worker waits to take one; calls `before` first. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed.
    pub fn put_if_awaited(
        self,
        recorder: &mut Recorder<'_>,
        before: impl FnOnce(&mut Recorder<'_>),
    ) -> Result<bool, QueueClosed> {
        let mut guard = self.monitor.enter();
        if is_closed(&guard) {
            return Err(QueueClosed);
        }
        let is_awaited = is_taker_waiting(&guard);
        if is_awaited {
            before(recorder);
            hand_over(&mut guard);
            self.record_put(guard, recorder);
        }
        Ok(is_awaited)
    }

    /// Takes an item, waiting for a worker that puts one until `deadline` at most. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed.
    pub async fn take(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Result<bool, QueueClosed> {
        let mut guard = self.monitor.enter();
        if !collect(&mut guard) {
            if is_closed(&guard) {
                return Err(QueueClosed);
            }
            recorder.wait_for_resource_until(State::Empty, self.id, deadline);
            add(&mut guard, WAITING_TAKERS);
            wake_selecting(&mut guard, QueueSide::Put);
            while guard.get(HANDED_OVER) == 0 && !is_closed(&guard) && !has_passed(deadline) {
                guard = guard.wait_until(ITEM_AVAILABLE, deadline).await;
            }
            recorder.end_wait();
            subtract(&mut guard, WAITING_TAKERS);
            if guard.get(HANDED_OVER) == 0 && !is_closed(&guard) {
                self.give_up(guard, recorder);
                return Ok(false);
            }
            if guard.get(HANDED_OVER) == 0 {
                recorder.resume();
                return Err(QueueClosed);
            }
            subtract(&mut guard, HANDED_OVER);
        }
        self.record_take(guard, recorder);
        Ok(true)
    }

    /// Takes an item if a worker waits to put one; calls `before` first. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed.
    pub fn take_if_offered(
        self,
        recorder: &mut Recorder<'_>,
        before: impl FnOnce(&mut Recorder<'_>),
    ) -> Result<bool, QueueClosed> {
        let mut guard = self.monitor.enter();
        let is_offered = is_item_offered(&guard);
        if is_offered {
            before(recorder);
            collect(&mut guard);
            self.record_take(guard, recorder);
        } else if is_closed(&guard) {
            return Err(QueueClosed);
        }
        Ok(is_offered)
    }

    /// The position of the number of workers for which this side is an alternative.
    pub const fn select_count(side: QueueSide) -> usize {
        match side {
            QueueSide::Take => SELECTING_TAKERS,
            QueueSide::Put => SELECTING_PUTTERS,
        }
    }

    /// Wakes others with this alternative if it is there: a worker that was woken for it has chosen another.
    pub fn pass_wakeup_on(guard: &mut MonitorGuard<'_>, side: QueueSide) {
        let is_there = match side {
            QueueSide::Take => is_item_offered(guard),
            QueueSide::Put => is_taker_waiting(guard),
        };
        if is_there {
            wake_selecting(guard, side);
        }
    }

    /// Reads from outside what workers that wait here lack: a worker on the other side. Nothing waits for a closed
    /// queue.
    pub fn unavailable_states(self) -> impl Iterator<Item = State> {
        let peek = |position| self.monitor.peek(position);
        let no_item = peek(HANDED_OVER) == 0 && peek(WAITING_PUTTERS) <= peek(COLLECTED);
        let no_taker = peek(COLLECTED) == 0 && peek(WAITING_TAKERS) <= peek(HANDED_OVER);
        [no_item.then_some(State::Empty), no_taker.then_some(State::Full)].into_iter().flatten()
    }

    /// Stops counting a waiter whose process died, so that no worker completes with it.
    pub fn remove_dead_waiter(self, state: State) {
        let mut guard = self.monitor.enter();
        if state == State::Empty {
            // An item that was handed over to the dead worker stays for the next taker.
            subtract(&mut guard, WAITING_TAKERS);
        } else {
            subtract(&mut guard, WAITING_PUTTERS);
            let collected = guard.get(COLLECTED).min(guard.get(WAITING_PUTTERS));
            guard.set(COLLECTED, collected);
        }
    }

    /// Ends a wait whose deadline has passed. No worker has completed with this one.
    fn give_up(self, guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        let at = recorder.now();
        drop(guard);
        recorder.record_gave_up(at, self.id);
    }

    fn record_put(self, mut guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        add(&mut guard, PUT_COUNT);
        let (nth, at) = (guard.get(PUT_COUNT), recorder.now());
        drop(guard);
        recorder.write(at, EventKind::PutNth { queue: self.id, depth: 0, nth: nth as u32 });
    }

    fn record_take(self, mut guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        add(&mut guard, TAKEN_COUNT);
        let (nth, at) = (guard.get(TAKEN_COUNT), recorder.now());
        drop(guard);
        recorder.write(at, EventKind::TookNth { queue: self.id, depth: 0, nth: nth as u32 });
    }
}

/// Wakes the workers for which this side is an alternative: all, since each may choose another.
fn wake_selecting(guard: &mut MonitorGuard<'_>, side: QueueSide) {
    if guard.get(Rendezvous::select_count(side)) > 0 {
        guard.wake_all(if side == QueueSide::Take { ITEM_AVAILABLE } else { ROOM_AVAILABLE });
    }
}

/// Wakes a worker that was served: one waiter, or all if some of them have other alternatives and would not pass it on.
fn wake_served(guard: &mut MonitorGuard<'_>, side: QueueSide) {
    let wake_counter = if side == QueueSide::Take { ITEM_AVAILABLE } else { ROOM_AVAILABLE };
    if guard.get(Rendezvous::select_count(side)) > 0 {
        guard.wake_all(wake_counter);
    } else {
        guard.wake_one(wake_counter);
    }
}

/// Whether a taker waits that was not served yet.
fn is_taker_waiting(guard: &MonitorGuard<'_>) -> bool {
    guard.get(WAITING_TAKERS) > guard.get(HANDED_OVER)
}

/// Whether a putter waits that was not served yet, or an item is left of which the taker died.
fn is_item_offered(guard: &MonitorGuard<'_>) -> bool {
    let is_left = guard.get(HANDED_OVER) > guard.get(WAITING_TAKERS);
    is_left || guard.get(WAITING_PUTTERS) > guard.get(COLLECTED) && !is_closed(guard)
}

/// Hands an item over to a waiting taker. Returns whether there was one.
fn hand_over(guard: &mut MonitorGuard<'_>) -> bool {
    let is_waiting = is_taker_waiting(guard);
    if is_waiting {
        add(guard, HANDED_OVER);
        wake_served(guard, QueueSide::Take);
    }
    is_waiting
}

/// Takes the item of a waiting putter, or one whose taker died. Returns whether there was one.
fn collect(guard: &mut MonitorGuard<'_>) -> bool {
    let is_offered = is_item_offered(guard);
    if guard.get(HANDED_OVER) > guard.get(WAITING_TAKERS) {
        subtract(guard, HANDED_OVER);
    } else if is_offered {
        add(guard, COLLECTED);
        wake_served(guard, QueueSide::Put);
    }
    is_offered
}

fn add(guard: &mut MonitorGuard<'_>, position: usize) {
    guard.set(position, guard.get(position) + 1);
}

fn subtract(guard: &mut MonitorGuard<'_>, position: usize) {
    guard.set(position, guard.get(position).saturating_sub(1));
}
