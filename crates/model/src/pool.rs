//! A worker pool: its tasks, and how its workers spend their time.

mod rates;
mod since_change;
mod totals;

use self::since_change::PoolBaseline;
pub use self::since_change::{RecentTasks, TaskCounts};
use super::duration_set::DurationSet;
use super::duration_stats::DurationStats;
use super::history::{History, HistoryShape, Merge};
use super::queue::unwrap_number;
use contend_trace::{DropReason, PoolInfo, Span, Stamp, State};

/// The time that a pool's workers spent on passing tasks between processes, and on the tasks themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandoverTime {
    pub handover_ns: u64,
    pub work_ns: u64,
}

/// One bucket of a pool's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct PoolBucket {
    arrived: u64,
    done: u64,
    /// Nanoseconds of the workers: in a life, and on tasks.
    staffed_ns: u64,
    busy_ns: u64,
    /// The response times of tasks that ended.
    responses: DurationSet,
}

impl Merge for PoolBucket {
    fn merge(&mut self, other: Self) {
        self.arrived = self.arrived.saturating_add(other.arrived);
        self.done = self.done.saturating_add(other.done);
        self.staffed_ns = self.staffed_ns.saturating_add(other.staffed_ns);
        self.busy_ns = self.busy_ns.saturating_add(other.busy_ns);
        self.responses.merge(&other.responses);
    }
}

/// A worker's place in the pool.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PoolSeat {
    began: Option<Stamp>,
    task_began: Option<Stamp>,
    /// Since when the worker hands over (`true`) or works (`false`); `None` if it does neither.
    time_use: Option<(Stamp, bool)>,
    /// The worker's death, if it died and was not replaced.
    died_at: Option<Stamp>,
    /// Whether the end of the run cut the worker off, and so its task.
    is_cut_off: bool,
}

/// A pool of workers that take tasks from one queue.
#[derive(Debug, Clone)]
pub struct Pool {
    /// When the pool was resized last, and its number of workers.
    resized: (Stamp, u32),
    /// The number of tasks that will be submitted, if it is known.
    total: Option<u64>,
    submitted: u64,
    /// Submitted tasks that did not go through the queue.
    bypassed: u64,
    /// The highest number of a task that was put into the queue, if tasks are numbered.
    highest_number: u64,
    done: u64,
    failed: u64,
    rejected: u64,
    retried: u64,
    cancelled: u64,
    lost: u64,
    unread_failures: u64,
    stolen: u64,
    helped: u64,
    first_task_at: Option<Stamp>,
    service_times: DurationStats,
    response_times: DurationStats,
    wait_times: DurationStats,
    handover: HandoverTime,
    seats: Vec<PoolSeat>,
    history: History<PoolBucket>,
    /// The figures since the last change of settings, if there was one.
    baseline: Option<Box<PoolBaseline>>,
}

impl Pool {
    pub(super) fn new(info: &PoolInfo, shape: HistoryShape, digits: u8) -> Self {
        Self {
            resized: (Stamp(0), info.size),
            total: info.total_tasks,
            submitted: 0,
            bypassed: 0,
            highest_number: 0,
            done: 0,
            failed: 0,
            rejected: 0,
            retried: 0,
            cancelled: 0,
            lost: 0,
            unread_failures: 0,
            stolen: 0,
            helped: 0,
            first_task_at: None,
            service_times: DurationStats::new(digits),
            response_times: DurationStats::new(digits),
            wait_times: DurationStats::new(digits),
            handover: HandoverTime::default(),
            seats: vec![PoolSeat::default(); info.workers.len()],
            history: History::new(shape),
            baseline: None,
        }
    }

    /// Makes room for this many workers.
    pub(super) fn add_seats(&mut self, count: usize) {
        if self.seats.len() < count {
            self.seats.resize(count, PoolSeat::default());
            self.resized.1 = self.resized.1.max(count as u32);
        }
    }

    /// Removes the seat of a worker that is gone. The worker with the last seat gets it.
    pub(super) fn remove_seat(&mut self, seat: usize) {
        if seat < self.seats.len() {
            self.seats.swap_remove(seat);
            self.resized.1 = self.resized.1.min(self.seats.len() as u32);
        }
    }

    /// Records that a task was submitted.
    #[inline]
    pub(super) fn submit(&mut self, at: Stamp) {
        self.submitted += 1;
        self.first_task_at = Some(self.first_task_at.map_or(at, |first| first.min(at)));
        self.history.at(at).arrived += 1;
    }

    /// Records that a task was submitted that does not go through the queue.
    pub(super) fn bypass(&mut self, at: Stamp) {
        self.bypassed += 1;
        self.submit(at);
    }

    /// Records the number, modulo 2^24, of a task that was put into the queue or taken from it.
    pub(super) fn note_number(&mut self, nth: u32) {
        self.highest_number = self.highest_number.max(unwrap_number(nth, self.highest_number));
    }

    pub(super) fn reject(&mut self, at: Stamp) {
        self.rejected += 1;
        self.bypass(at);
    }

    pub(super) fn retry(&mut self) {
        self.retried += 1;
    }

    pub(super) fn steal(&mut self) {
        self.stolen += 1;
    }

    /// Records that a worker runs a task while it waits for a result.
    pub(super) fn help(&mut self) {
        self.helped += 1;
    }

    pub(super) fn record_dropped(&mut self, reason: DropReason) {
        match reason {
            DropReason::Cancelled => self.cancelled += 1,
            DropReason::Failed => self.failed += 1,
            DropReason::Lost => self.lost += 1,
            DropReason::UnreadFailure => self.unread_failures += 1,
        }
    }

    /// Records that the worker goes on with a task that it ran before.
    pub(super) fn resume_task(&mut self, seat: Option<usize>, at: Stamp) {
        if let Some(seat) = self.seat_mut(seat) {
            seat.task_began = Some(at);
        }
    }

    pub(super) fn resize(&mut self, at: Stamp, workers: u32) {
        self.resized = self.resized.max((at, workers));
    }

    #[inline]
    pub(super) fn begin_task(&mut self, seat: Option<usize>, at: Stamp, waited: Span) {
        self.wait_times.record(waited);
        if let Some(since) = &mut self.baseline {
            since.record_begin(at, waited);
        }
        self.drop_task(seat, at);
        if let Some(seat) = self.seat_mut(seat) {
            seat.task_began = Some(at);
        }
    }

    /// Records that a task ended. `took` is the time from its start to its end and the time it waited before, if known.
    #[inline]
    pub(super) fn end_task(&mut self, seat: Option<usize>, at: Stamp, ok: bool, took: Option<(Span, Span)>) {
        if ok {
            self.done += 1;
        } else {
            self.failed += 1;
        }
        let bucket = self.history.at(at);
        bucket.done += 1;
        if let Some((service, waited)) = took {
            bucket.responses.insert(service + waited);
            self.service_times.record(service);
            self.response_times.record(service + waited);
            if let Some(since) = &mut self.baseline {
                since.record_end(at, (service, waited));
            }
        }
        self.drop_task(seat, at);
    }

    /// Records that the worker runs no task from `at` on.
    pub(super) fn drop_task(&mut self, seat: Option<usize>, at: Stamp) {
        if let Some(began) = self.seat_mut(seat).and_then(|seat| seat.task_began.take()) {
            self.history.add(began, at, |flow, a, b| flow.busy_ns = flow.busy_ns.saturating_add(b - a));
        }
    }

    pub(super) fn begin_worker(&mut self, seat: usize, at: Stamp) {
        self.end_worker(seat, at);
        if let Some(seat) = self.seats.get_mut(seat) {
            *seat = PoolSeat { began: Some(at), time_use: Some((at, false)), ..PoolSeat::default() };
        }
    }

    /// Ends the worker's life at `at`, or when it was found dead.
    pub(super) fn end_worker(&mut self, seat: usize, at: Stamp) {
        let at = self.seats.get(seat).and_then(|seat| seat.died_at).map_or(at, |dead| dead.min(at));
        self.drop_task(Some(seat), at);
        self.set_worker_state(seat, at, State::Done);
        if let Some(began) = self.seats.get_mut(seat).and_then(|seat| seat.began.take()) {
            self.history.add(began, at, |flow, a, b| flow.staffed_ns = flow.staffed_ns.saturating_add(b - a));
        }
    }

    pub(super) fn mark_worker_dead(&mut self, seat: usize, at: Stamp, is_cut_off: bool) {
        if let Some(seat) = self.seats.get_mut(seat).filter(|seat| seat.began.is_some()) {
            (seat.died_at, seat.is_cut_off) = (Some(at), is_cut_off);
        }
    }

    /// Records the worker's new state from `at` on.
    #[inline]
    pub(super) fn set_worker_state(&mut self, seat: usize, at: Stamp, state: State) {
        let Some(seat) = self.seats.get_mut(seat) else { return };
        let next = match state {
            State::Handover => Some((at, true)),
            State::Empty | State::Done | State::Crashed | State::Gap => None,
            // A worker stays on its task whatever the task waits for.
            _ => Some((at, false)),
        };
        if let Some((since, is_handover)) = std::mem::replace(&mut seat.time_use, next) {
            self.handover.add_ns(is_handover, at.span_since(since).0);
        }
    }

    fn seat_mut(&mut self, seat: Option<usize>) -> Option<&mut PoolSeat> {
        self.seats.get_mut(seat?)
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let times = self.service_times.heap_bytes() + self.response_times.heap_bytes() + self.wait_times.heap_bytes();
        let since = self.baseline.as_ref().map_or(0, |since| since.heap_bytes());
        self.history.heap_bytes() + times + since + self.seats.capacity() * size_of::<PoolSeat>()
    }
}

impl HandoverTime {
    /// Returns the fraction of the time that was spent on handing over.
    pub fn share(self) -> f64 {
        Span(self.handover_ns).share_of(Span(self.handover_ns) + Span(self.work_ns))
    }

    pub(crate) fn minus_earlier(self, then: Self) -> Self {
        Self {
            handover_ns: self.handover_ns.saturating_sub(then.handover_ns),
            work_ns: self.work_ns.saturating_sub(then.work_ns),
        }
    }

    fn add_ns(&mut self, is_handover: bool, ns: u64) {
        let sum = if is_handover { &mut self.handover_ns } else { &mut self.work_ns };
        *sum = sum.saturating_add(ns);
    }
}
