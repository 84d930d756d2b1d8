//! A queue: its items, its depth, and waits for room.

mod depth;
mod priorities;
mod rendezvous;
mod users;

pub use self::depth::DepthTrend;
use self::priorities::Priorities;
pub use self::priorities::PriorityItems;
use self::rendezvous::AfterWait;
pub(crate) use self::users::QueueUsers;
use super::history::{History, HistoryShape, Merge};
use contend_trace::{Stamp, WorkerId};

/// One bucket of a queue's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct QueueBucket {
    max: u32,
    /// Items put and taken; for a pipe, messages.
    put: u32,
    taken: u32,
    /// Waits for room, ns, summed over the workers.
    full_wait_ns: u64,
    /// `None` in a bucket without events.
    last_reading: Option<DepthReading>,
}

/// The depth that a worker reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DepthReading {
    at: Stamp,
    worker: WorkerId,
    depth: u32,
}

impl DepthReading {
    /// Returns the newer reading. Items taken together have one stamp: of two readings of one worker the later event
    /// counts, of two workers' the one of the higher worker id, so that the order of arrival between them does not
    /// matter.
    fn newer(self, other: Self) -> Self {
        if (other.at, other.worker) >= (self.at, self.worker) { other } else { self }
    }
}

impl Merge for QueueBucket {
    fn merge(&mut self, other: Self) {
        self.max = self.max.max(other.max);
        self.put = self.put.saturating_add(other.put);
        self.taken = self.taken.saturating_add(other.taken);
        self.full_wait_ns = self.full_wait_ns.saturating_add(other.full_wait_ns);
        self.last_reading = match (self.last_reading, other.last_reading) {
            (Some(mine), Some(theirs)) => Some(mine.newer(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

/// Counts of a queue at one moment.
#[derive(Debug, Clone, Copy, Default)]
struct QueueCounts {
    put: u64,
    taken: u64,
    timeouts: u64,
}

/// A bounded queue.
#[derive(Debug, Clone)]
pub struct Queue {
    capacity: u32,
    put_count: u64,
    taken_count: u64,
    /// The highest numbers of items put and taken, if items are numbered.
    newest_put: u64,
    newest_taken: u64,
    /// Items removed without being taken by a worker, by an event that does not tell their numbers.
    unnumbered_drops: u64,
    after_wait: AfterWait,
    closed: bool,
    /// Empty if items have no priorities.
    priorities: Priorities,
    max_depth: u32,
    last_reading: DepthReading,
    /// The sum of the stamps of all takes minus that of all puts: the total time of all items in the queue.
    total_stay_ns: i128,
    /// The sum of all reported depths.
    depth_sum: u128,
    /// Timed waits for an item or for room that ended by themselves.
    timeouts: u64,
    /// Items put and taken, and timeouts, before the last change of settings.
    baseline: QueueCounts,
    users: QueueUsers,
    history: History<QueueBucket>,
}

impl Queue {
    pub(super) fn new(capacity: u32, shape: HistoryShape) -> Self {
        Self {
            capacity,
            put_count: 0,
            taken_count: 0,
            newest_put: 0,
            newest_taken: 0,
            unnumbered_drops: 0,
            after_wait: AfterWait::default(),
            closed: false,
            priorities: Priorities::new(),
            max_depth: 0,
            last_reading: DepthReading { at: Stamp(0), worker: WorkerId(0), depth: 0 },
            total_stay_ns: 0,
            depth_sum: 0,
            timeouts: 0,
            baseline: QueueCounts::default(),
            users: QueueUsers::default(),
            history: History::new(shape),
        }
    }

    #[inline]
    pub(super) fn put_one(&mut self, at: Stamp, worker: WorkerId, depth: u32) {
        self.put_count += 1;
        self.total_stay_ns -= i128::from(at.0);
        self.record_depth(DepthReading { at, worker, depth });
        self.count_put(at);
    }

    /// Returns the workers that were seen to use it, if the registry is open.
    pub(crate) const fn users(&self) -> &QueueUsers {
        &self.users
    }

    pub(super) const fn users_mut(&mut self) -> &mut QueueUsers {
        &mut self.users
    }

    /// Records that `amount` bytes were put at once.
    pub(super) fn put_some(&mut self, at: Stamp, worker: WorkerId, amount: u32, depth: u32) {
        self.put_count += u64::from(amount);
        self.total_stay_ns -= i128::from(at.0) * i128::from(amount);
        self.record_depth(DepthReading { at, worker, depth });
    }

    /// Records that `amount` bytes were taken at once.
    pub(super) fn take_some(&mut self, at: Stamp, worker: WorkerId, amount: u32, depth: u32) {
        self.taken_count += u64::from(amount);
        self.total_stay_ns += i128::from(at.0) * i128::from(amount);
        self.record_depth(DepthReading { at, worker, depth });
    }

    #[inline]
    pub(super) fn take_one(&mut self, at: Stamp, worker: WorkerId, depth: u32) {
        self.taken_count += 1;
        self.total_stay_ns += i128::from(at.0);
        self.record_depth(DepthReading { at, worker, depth });
        self.count_taken(at);
    }

    /// Counts an item, or a whole message, that was put.
    pub(super) fn count_put(&mut self, at: Stamp) {
        let bucket = self.history.at(at);
        bucket.put = bucket.put.saturating_add(1);
    }

    /// Counts an item, or a whole message, that was taken.
    pub(super) fn count_taken(&mut self, at: Stamp) {
        let bucket = self.history.at(at);
        bucket.taken = bucket.taken.saturating_add(1);
    }

    /// Records that a worker waited for room.
    pub(super) fn wait_for_room(&mut self, from: Stamp, to: Stamp) {
        self.history.add(from, to, |depths, a, b| depths.full_wait_ns = depths.full_wait_ns.saturating_add(b - a));
    }

    /// Records that a taken item was put back.
    pub(super) fn put_again(&mut self, at: Stamp) {
        self.put_count += 1;
        self.total_stay_ns -= i128::from(at.0);
        self.count_put(at);
    }

    /// Records that an item was removed without being taken by a worker, with its number, or 0 if that is unknown.
    pub(super) fn drop_one(&mut self, at: Stamp, nth: u32) {
        self.taken_count += 1;
        match nth {
            0 => self.unnumbered_drops += 1,
            nth => self.number_taken(nth),
        }
        self.total_stay_ns += i128::from(at.0);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Records the number, modulo 2^24, of the item that was put.
    pub(super) fn number_put(&mut self, nth: u32) {
        self.newest_put = self.newest_put.max(unwrap_number(nth, self.newest_put));
    }

    /// Records the number, modulo 2^24, of the item that was taken.
    pub(super) fn number_taken(&mut self, nth: u32) {
        self.newest_taken = self.newest_taken.max(unwrap_number(nth, self.newest_taken));
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether all items, numbers 1 to `put_count`, are known to have been taken, and the queue is open.
    pub(super) fn is_drained(&self) -> bool {
        self.is_empty() && !self.closed
    }

    /// Whether the queue is closed and all items are known to have been taken.
    pub(super) fn is_closed_and_drained(&self) -> bool {
        self.is_empty() && self.closed
    }

    /// Takes and drops have one numbering. So if there were as many of both as puts, and none has a higher number, each
    /// number was used. Drops without a number, of former recordings and of clusters, are thought to have lower ones.
    fn is_empty(&self) -> bool {
        let numbered = self.taken_count.saturating_sub(self.unnumbered_drops);
        self.taken_count == self.put_count && (numbered..=self.put_count).contains(&self.newest_taken)
    }

    /// Whether exactly the items 1 to `put` are known to have been put, and the queue is open.
    pub(super) fn is_unchanged_since(&self, put: u64) -> bool {
        self.put_count == put && self.newest_put == put && !self.closed
    }

    /// Whether the queue is certainly full: all items from 1 to `taken_count` plus the capacity, or more, are known to
    /// have been put. A queue can hold more than its capacity when a batch was distributed or items were put back.
    pub(super) fn is_full(&self) -> bool {
        let room = self.taken_count.saturating_add(u64::from(self.capacity));
        self.put_count >= room && self.newest_put == self.put_count && !self.closed
    }

    #[inline]
    fn record_depth(&mut self, reading: DepthReading) {
        self.max_depth = self.max_depth.max(reading.depth);
        self.last_reading = self.last_reading.newer(reading);
        self.depth_sum += u128::from(reading.depth);
        self.history.at(reading.at).merge(QueueBucket {
            max: reading.depth,
            last_reading: Some(reading),
            ..QueueBucket::default()
        });
    }

    /// Returns the newest known depth.
    pub fn depth(&self) -> u32 {
        self.last_reading.depth
    }

    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    pub fn put_count(&self) -> u64 {
        self.put_count
    }

    pub fn taken_count(&self) -> u64 {
        self.taken_count
    }

    /// Returns the number of items taken since the last change of settings.
    pub fn recent_taken_count(&self) -> u64 {
        self.taken_count - self.baseline.taken
    }

    /// Records that a timed wait for an item or for room ended by itself.
    pub(super) fn record_timeout(&mut self) {
        self.timeouts += 1;
    }

    /// Returns the number of timed waits that ended by themselves.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// Returns the number of timed waits under the present settings that ended by themselves, and how many items were
    /// put and taken under these settings.
    pub fn recent_timeouts_and_transfers(&self) -> (u64, u64) {
        let QueueCounts { put, taken, timeouts } = self.baseline;
        (self.timeouts - timeouts, (self.put_count - put).saturating_add(self.taken_count - taken))
    }

    /// Begins the figures of the present settings.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = QueueCounts { put: self.put_count, taken: self.taken_count, timeouts: self.timeouts };
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, shape: HistoryShape) {
        self.history.reshape(shape);
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.history.heap_bytes()
    }
}

/// Returns the full number that is `nth` modulo 2^24 and closest to `near`. Events of different workers are never
/// further apart, because no more of them fit into all rings.
pub(super) fn unwrap_number(nth: u32, near: u64) -> u64 {
    const MODULUS: i64 = 1 << 24;
    let ahead = (i64::from(nth) - near as i64).rem_euclid(MODULUS);
    let ahead = if ahead >= MODULUS / 2 { ahead - MODULUS } else { ahead };
    near.saturating_add_signed(ahead)
}
