//! One pool: its tasks, and what its workers' time goes to.

mod flow;
mod recent;

use self::recent::Since;
pub use self::recent::{Counts, Recent};
use super::history::{History, Merge, Shape};
use super::queue::unwrapped;
use super::times::Times;
use contend_trace::{Fate, PoolInfo, Span, Stamp, State};

/// Time a pool's workers spent on passing tasks between processes, beside the time they worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handover {
    pub handover_ns: u64,
    pub work_ns: u64,
}

/// What one bucket of a pool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Flow {
    arrived: u64,
    done: u64,
    /// Nanoseconds of its workers: alive, and on tasks.
    staffed: u64,
    busy: u64,
}

impl Merge for Flow {
    fn merge(&mut self, other: Self) {
        self.arrived = self.arrived.saturating_add(other.arrived);
        self.done = self.done.saturating_add(other.done);
        self.staffed = self.staffed.saturating_add(other.staffed);
        self.busy = self.busy.saturating_add(other.busy);
    }
}

/// A worker's place in the pool: what goes on there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seat {
    began: Option<Stamp>,
    task: Option<Stamp>,
    /// What it spends its time on since when, if that is handing over or work.
    on: Option<(Stamp, bool)>,
    /// Its death, if it died there and was not replaced.
    until: Option<Stamp>,
}

#[derive(Debug, Clone)]
pub struct Pool {
    size: (Stamp, u32),
    total: Option<u64>,
    submitted: u64,
    /// Of these, tasks that no queue took in.
    bypassed: u64,
    /// The highest number of a task that was put into the queue, where they are numbered.
    numbered: u64,
    done: u64,
    failed: u64,
    rejected: u64,
    retried: u64,
    cancelled: u64,
    lost: u64,
    unseen: u64,
    stolen: u64,
    /// When the first task came.
    first: Option<Stamp>,
    service: Times,
    response: Times,
    waited: Times,
    handover: Handover,
    seats: Vec<Seat>,
    history: History<Flow>,
    /// What it did since the settings were changed, if they were.
    since: Option<Box<Since>>,
}

impl Pool {
    pub(super) fn new(info: &PoolInfo, shape: Shape, digits: u8) -> Self {
        Self {
            size: (Stamp(0), info.size),
            total: info.total,
            submitted: 0,
            bypassed: 0,
            numbered: 0,
            done: 0,
            failed: 0,
            rejected: 0,
            retried: 0,
            cancelled: 0,
            lost: 0,
            unseen: 0,
            stolen: 0,
            first: None,
            service: Times::new(digits),
            response: Times::new(digits),
            waited: Times::new(digits),
            handover: Handover::default(),
            seats: vec![Seat::default(); info.workers.len()],
            history: History::new(shape),
            since: None,
        }
    }

    /// A task came; the feeder runs it itself if no queue would take it.
    #[inline]
    pub(super) fn submit(&mut self, at: Stamp) {
        self.submitted += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.history.at(at).arrived += 1;
    }

    /// A task came that goes past the queue.
    pub(super) fn bypass(&mut self, at: Stamp) {
        self.bypassed += 1;
        self.submit(at);
    }

    /// A task that was put into the queue, or taken from it, has this number, modulo 2^24.
    pub(super) fn number(&mut self, nth: u32) {
        self.numbered = self.numbered.max(unwrapped(nth, self.numbered));
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

    pub(super) fn meet(&mut self, fate: Fate) {
        match fate {
            Fate::Cancelled => self.cancelled += 1,
            Fate::Failed => self.failed += 1,
            Fate::Lost => self.lost += 1,
            Fate::Unseen => self.unseen += 1,
        }
    }

    /// The worker is at a task again that it was at before.
    pub(super) fn resume_task(&mut self, seat: Option<usize>, at: Stamp) {
        if let Some(seat) = self.seat(seat) {
            seat.task = Some(at);
        }
    }

    pub(super) fn resize(&mut self, at: Stamp, workers: u32) {
        self.size = self.size.max((at, workers));
    }

    #[inline]
    pub(super) fn begin_task(&mut self, seat: Option<usize>, at: Stamp, waited: Span) {
        self.waited.record(waited);
        if let Some(since) = &mut self.since {
            since.began(at, waited);
        }
        self.drop_task(seat, at);
        if let Some(seat) = self.seat(seat) {
            seat.task = Some(at);
        }
    }

    /// A task ended, `took` being from its begin and `waited` from its intended start to that, when both are known.
    #[inline]
    pub(super) fn end_task(&mut self, seat: Option<usize>, at: Stamp, ok: bool, took: Option<(Span, Span)>) {
        if ok {
            self.done += 1;
        } else {
            self.failed += 1;
        }
        self.history.at(at).done += 1;
        if let Some((service, waited)) = took {
            self.service.record(service);
            self.response.record(service + waited);
            if let Some(since) = &mut self.since {
                since.ended(at, (service, waited));
            }
        }
        self.drop_task(seat, at);
    }

    /// The worker is on no task from `at` on.
    pub(super) fn drop_task(&mut self, seat: Option<usize>, at: Stamp) {
        if let Some(began) = self.seat(seat).and_then(|seat| seat.task.take()) {
            self.history.add(began, at, |flow, a, b| flow.busy = flow.busy.saturating_add(b - a));
        }
    }

    pub(super) fn sit(&mut self, seat: usize, at: Stamp) {
        self.rise(seat, at);
        if let Some(seat) = self.seats.get_mut(seat) {
            *seat = Seat { began: Some(at), on: Some((at, false)), ..Seat::default() };
        }
    }

    /// The worker's life ended at `at`, or when it was found dead.
    pub(super) fn rise(&mut self, seat: usize, at: Stamp) {
        let at = self.seats.get(seat).and_then(|seat| seat.until).map_or(at, |dead| dead.min(at));
        self.drop_task(Some(seat), at);
        self.turn(seat, at, State::Done);
        if let Some(began) = self.seats.get_mut(seat).and_then(|seat| seat.began.take()) {
            self.history.add(began, at, |flow, a, b| flow.staffed = flow.staffed.saturating_add(b - a));
        }
    }

    pub(super) fn bury(&mut self, seat: usize, at: Stamp) {
        if let Some(seat) = self.seats.get_mut(seat).filter(|seat| seat.began.is_some()) {
            seat.until = Some(at);
        }
    }

    /// The worker does something else from `at` on.
    #[inline]
    pub(super) fn turn(&mut self, seat: usize, at: Stamp, state: State) {
        let Some(seat) = self.seats.get_mut(seat) else { return };
        let next = match state {
            State::Handover => Some((at, true)),
            State::Running => Some((at, false)),
            _ => None,
        };
        if let Some((since, handing)) = std::mem::replace(&mut seat.on, next) {
            self.handover.count(handing, at.since(since).0);
        }
    }

    fn seat(&mut self, seat: Option<usize>) -> Option<&mut Seat> {
        self.seats.get_mut(seat?)
    }

    /// Tasks that came, whatever became of them. A process that is killed as it puts one has no time to tell; the number of
    /// the next one, or its own when it is taken, tells then.
    pub fn submitted(&self) -> u64 {
        self.submitted.max((self.bypassed + self.numbered).saturating_sub(self.retried))
    }

    /// Tasks that ended well.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Tasks that ended with a failure.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Tasks turned away because the queue was full.
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Tasks put back because their worker died.
    pub fn retried(&self) -> u64 {
        self.retried
    }

    /// Tasks that were called off before they began.
    pub fn cancelled(&self) -> u64 {
        self.cancelled
    }

    /// Tasks that were begun, or handed over, and will never end.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Failures that nobody will look at: at least so many, if tasks were called off as well.
    pub fn unseen(&self) -> u64 {
        self.unseen.saturating_sub(self.cancelled + self.lost)
    }

    /// Tasks that one worker took from another.
    pub fn stolen(&self) -> u64 {
        self.stolen
    }

    /// Tasks that are in the queue or in work, as far as is known.
    pub fn open(&self) -> u64 {
        let over = self.done + self.failed + self.rejected + self.cancelled + self.lost;
        self.submitted().saturating_sub(over)
    }

    /// When the first task came.
    pub fn first(&self) -> Option<Stamp> {
        self.first
    }

    /// How many tasks there will be, when that is known.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// How many workers it has now.
    pub fn size(&self) -> u32 {
        self.size.1
    }

    /// From begin to end of a task.
    pub fn service(&self) -> &Times {
        &self.service
    }

    /// From the intended start to the end of a task.
    pub fn response(&self) -> &Times {
        &self.response
    }

    /// From the intended start to the begin of a task.
    pub fn waited(&self) -> &Times {
        &self.waited
    }

    /// Whole run, up to `now`.
    pub fn handover(&self, now: Stamp) -> Handover {
        let mut sum = self.handover;
        for seat in &self.seats {
            if let Some((since, handing)) = seat.on {
                sum.count(handing, seat.until.unwrap_or(now).since(since).0);
            }
        }
        sum
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        let times = self.service.bytes() + self.response.bytes() + self.waited.bytes();
        let since = self.since.as_ref().map_or(0, |since| since.bytes());
        self.history.bytes() + times + since + self.seats.capacity() * size_of::<Seat>()
    }
}

impl Handover {
    fn count(&mut self, handing: bool, ns: u64) {
        let sum = if handing { &mut self.handover_ns } else { &mut self.work_ns };
        *sum = sum.saturating_add(ns);
    }
}
