//! A bounded queue of identical items. Time stamps and depths are taken inside its monitor. A capacity of 0 makes it a
//! [`Rendezvous`].

mod rendezvous;

use std::time::Instant;

use self::rendezvous::Rendezvous;
use super::monitor::{Monitor, MonitorGuard, has_passed};
use super::select_wait::WakeSource;
use super::stored_items::{StoredItem, StoredItems};
use super::wake_counter::WakeCounter;
use crate::recorder::Recorder;
use contend_trace::{EventKind, ResourceId, State};

const DEPTH: usize = 0;
const CLOSED: usize = 1;
/// The number of waiters for an item, and for room. Without waiters no wake-up is needed.
pub(super) const WAITING_TAKERS: usize = 2;
pub(super) const WAITING_PUTTERS: usize = 3;
pub(super) const ITEM_AVAILABLE: WakeCounter = WakeCounter(4);
pub(super) const ROOM_AVAILABLE: WakeCounter = WakeCounter(5);
/// The total numbers of items put, and taken.
pub(super) const PUT_COUNT: usize = 6;
pub(super) const TAKEN_COUNT: usize = 7;

#[derive(Debug, Clone, Copy)]
pub struct ItemQueue<'a> {
    pub id: ResourceId,
    pub capacity: u32,
    pub monitor: Monitor<'a>,
    /// The items, if they have priorities.
    pub items: Option<StoredItems<'a>>,
    /// The priority of the items that this worker puts.
    pub priority: u64,
}

/// The side of a queue on which a worker waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueSide {
    Take,
    Put,
}

impl QueueSide {
    const fn wake_counter(self) -> WakeCounter {
        match self {
            Self::Take => ITEM_AVAILABLE,
            Self::Put => ROOM_AVAILABLE,
        }
    }
}

/// The queue is closed: it accepts no items, and it has none left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueClosed;

impl<'a> ItemQueue<'a> {
    /// Returns the queue in this monitor's words, of items without priorities.
    pub const fn at(id: ResourceId, capacity: u32, monitor: Monitor<'a>) -> Self {
        Self { id, capacity, monitor, items: None, priority: 0 }
    }

    /// Puts an item, waiting for room until `deadline` at most. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed before the item is in it.
    pub async fn put(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Result<bool, QueueClosed> {
        if let Some(rendezvous) = self.rendezvous() {
            return rendezvous.put(deadline, recorder).await;
        }
        let mut guard = self.monitor.enter();
        if self.is_full(&guard) {
            recorder.wait_for_resource_until(State::Full, self.id, deadline);
            while self.is_full(&guard) {
                if has_passed(deadline) {
                    self.give_up(guard, recorder);
                    return Ok(false);
                }
                guard = guard.wait_counted(WAITING_PUTTERS, ROOM_AVAILABLE, deadline).await;
            }
            recorder.end_wait();
            if is_closed(&guard) {
                recorder.resume();
            }
        }
        if is_closed(&guard) {
            return Err(QueueClosed);
        }
        self.push(guard, recorder);
        Ok(true)
    }

    /// Puts an item if there is room now. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed.
    pub fn try_put(self, recorder: &mut Recorder<'_>) -> Result<bool, QueueClosed> {
        self.put_if_room(recorder, |_| ())
    }

    /// As [`ItemQueue::try_put`]; calls `before` first if there is room.
    pub fn put_if_room(
        self,
        recorder: &mut Recorder<'_>,
        before: impl FnOnce(&mut Recorder<'_>),
    ) -> Result<bool, QueueClosed> {
        if let Some(rendezvous) = self.rendezvous() {
            return rendezvous.put_if_awaited(recorder, before);
        }
        let guard = self.monitor.enter();
        if is_closed(&guard) {
            return Err(QueueClosed);
        }
        let has_room = !self.is_full(&guard);
        if has_room {
            before(recorder);
            self.push(guard, recorder);
        }
        Ok(has_room)
    }

    /// Takes an item, waiting for one until `deadline` at most. Returns whether it did.
    ///
    /// # Errors
    /// If the queue is closed and empty.
    pub async fn take(self, deadline: Option<Instant>, recorder: &mut Recorder<'_>) -> Result<bool, QueueClosed> {
        if let Some(rendezvous) = self.rendezvous() {
            return rendezvous.take(deadline, recorder).await;
        }
        let mut guard = self.monitor.enter();
        let is_empty = |guard: &MonitorGuard<'_>| guard.get(DEPTH) == 0;
        if is_empty(&guard) && !is_closed(&guard) {
            recorder.wait_for_resource_until(State::Empty, self.id, deadline);
            while is_empty(&guard) && !is_closed(&guard) {
                if has_passed(deadline) {
                    self.give_up(guard, recorder);
                    return Ok(false);
                }
                guard = guard.wait_counted(WAITING_TAKERS, ITEM_AVAILABLE, deadline).await;
            }
            recorder.end_wait();
            if is_empty(&guard) {
                recorder.resume();
            }
        }
        if is_empty(&guard) {
            return Err(QueueClosed);
        }
        self.pop(guard, recorder);
        Ok(true)
    }

    /// Takes an item if there is one now. Returns whether it did.
    pub fn try_take(self, recorder: &mut Recorder<'_>) -> bool {
        self.take_if_there(recorder, |_| ()) == Ok(true)
    }

    /// As [`ItemQueue::try_take`]; calls `before` first if there is an item.
    ///
    /// # Errors
    /// If the queue is closed and empty.
    pub fn take_if_there(
        self,
        recorder: &mut Recorder<'_>,
        before: impl FnOnce(&mut Recorder<'_>),
    ) -> Result<bool, QueueClosed> {
        if let Some(rendezvous) = self.rendezvous() {
            return rendezvous.take_if_offered(recorder, before);
        }
        let guard = self.monitor.enter();
        let has_item = guard.get(DEPTH) > 0;
        if has_item {
            before(recorder);
            self.pop(guard, recorder);
        } else if is_closed(&guard) {
            return Err(QueueClosed);
        }
        Ok(has_item)
    }

    /// Becomes an alternative of a worker's `select`: wake-ups on this side reach it from now on.
    pub fn begin_select(self, side: QueueSide) {
        let mut guard = self.monitor.enter();
        let count = self.select_count(side);
        guard.set(count, guard.get(count) + 1);
    }

    /// Stops being an alternative of a worker, and passes on a wake-up that the worker did not use.
    pub fn end_select(self, side: QueueSide) {
        let mut guard = self.monitor.enter();
        let count = self.select_count(side);
        guard.set(count, guard.get(count).saturating_sub(1));
        if self.rendezvous().is_some() {
            return Rendezvous::pass_wakeup_on(&mut guard, side);
        }
        let depth = guard.get(DEPTH);
        let is_available = if side == QueueSide::Take { depth > 0 } else { depth < u64::from(self.capacity) };
        if is_available && guard.get(count) > 0 {
            guard.wake_one(side.wake_counter());
        }
    }

    /// Returns what wakes a waiter on this side, for a wait for several resources at once.
    pub fn wake_source(self, side: QueueSide) -> WakeSource<'a> {
        self.monitor.wake_source(side.wake_counter())
    }

    /// The position of the number of waiters on this side that a `select` counts in.
    const fn select_count(self, side: QueueSide) -> usize {
        match (self.capacity, side) {
            (0, side) => Rendezvous::select_count(side),
            (_, QueueSide::Take) => WAITING_TAKERS,
            (_, QueueSide::Put) => WAITING_PUTTERS,
        }
    }

    /// Closes the queue: it accepts no more items.
    pub fn close(self, recorder: &mut Recorder<'_>) {
        let mut guard = self.monitor.enter();
        guard.set(CLOSED, 1);
        guard.wake_all(ITEM_AVAILABLE);
        guard.wake_all(ROOM_AVAILABLE);
        let at = recorder.now();
        drop(guard);
        recorder.write(at, EventKind::Closed { queue: self.id });
    }

    /// Returns the number of items.
    pub fn depth(self) -> u64 {
        if self.capacity == 0 { 0 } else { self.monitor.enter().get(DEPTH) }
    }

    /// Reads from outside what the queue lacks now: items or room. Nothing waits for a closed queue.
    pub fn unavailable_states(self) -> Vec<State> {
        if self.monitor.peek(CLOSED) == 1 {
            return Vec::new();
        }
        if let Some(rendezvous) = self.rendezvous() {
            return rendezvous.unavailable_states().collect();
        }
        match self.monitor.peek(DEPTH) {
            0 => vec![State::Empty],
            depth if depth >= u64::from(self.capacity) => vec![State::Full],
            _ => Vec::new(),
        }
    }

    /// Stops counting a worker whose process died while it waited in this state.
    pub fn remove_dead_waiter(self, state: State) {
        // With room, a dead waiter costs only needless wake-ups.
        self.rendezvous().inspect(|rendezvous| rendezvous.remove_dead_waiter(state));
    }

    fn rendezvous(self) -> Option<Rendezvous<'a>> {
        (self.capacity == 0).then(|| Rendezvous::of(self))
    }

    /// Whether a put must wait. Nothing waits for room in a closed queue.
    fn is_full(self, guard: &MonitorGuard<'_>) -> bool {
        guard.get(DEPTH) >= u64::from(self.capacity) && !is_closed(guard)
    }

    /// Ends a wait whose deadline has passed: the queue is as if the worker had never come.
    fn give_up(self, guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        let at = recorder.now();
        drop(guard);
        recorder.record_gave_up(at, self.id);
    }

    fn push(self, mut guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        let depth = guard.get(DEPTH) + 1;
        let nth = guard.get(PUT_COUNT) + 1;
        guard.set(PUT_COUNT, nth);
        guard.set(DEPTH, depth);
        if guard.get(WAITING_TAKERS) > 0 {
            guard.wake_one(ITEM_AVAILABLE);
        }
        let at = recorder.now();
        self.items.inspect(|items| items.push(&guard, StoredItem { priority: self.priority, put_at: at }));
        drop(guard);
        recorder.write(at, EventKind::PutNth { queue: self.id, depth: depth as u16, nth: nth as u32 });
        if self.items.is_some() {
            let (queue, priority) = (self.id, self.priority as u8);
            recorder.write(at, EventKind::ItemPriority { queue, priority, micros: 0, taken: false });
        }
    }

    fn pop(self, mut guard: MonitorGuard<'_>, recorder: &mut Recorder<'_>) {
        let depth = guard.get(DEPTH).saturating_sub(1);
        let nth = guard.get(TAKEN_COUNT) + 1;
        guard.set(TAKEN_COUNT, nth);
        guard.set(DEPTH, depth);
        if guard.get(WAITING_PUTTERS) > 0 {
            guard.wake_one(ROOM_AVAILABLE);
        }
        let at = recorder.now();
        let item = self.items.and_then(|items| Some((items.pop(&guard)?, items)));
        drop(guard);
        recorder.write(at, EventKind::TookNth { queue: self.id, depth: depth as u16, nth: nth as u32 });
        if let Some((item, items)) = item {
            let (queue, priority, micros) = (self.id, item.priority as u8, items.stay_micros(item, at));
            recorder.write(at, EventKind::ItemPriority { queue, priority, micros, taken: true });
        }
    }
}

pub(super) fn is_closed(guard: &MonitorGuard<'_>) -> bool {
    guard.get(CLOSED) == 1
}
