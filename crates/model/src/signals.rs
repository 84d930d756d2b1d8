//! A condition, an event flag, a barrier or a wait group: its signals, and the waits that they ended.

mod history;

use std::collections::BTreeMap;

pub use self::history::SignalCell;
use self::history::SignalHistory;
use super::buffer_sizes::BufferSizes;
use super::state_times::CellWindow;
use contend_trace::{Span, Stamp, WorkerId};

/// The signals of a condition, an event flag, a barrier or a wait group.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    sent: u64,
    /// Signals that woke no worker.
    wasted: u64,
    woken_workers: u64,
    /// Wake-ups whose events have arrived, and the highest number among them.
    received: u64,
    newest: u64,
    timeouts: u64,
    futile_wakeups: u64,
    /// Total wait of the woken workers, ns.
    wait_ns: u64,
    /// The newest signal and its sender.
    last_signal: Option<(Stamp, WorkerId)>,
    /// The newest count of a wait group or a latch.
    count: Option<(Stamp, u32)>,
    /// When a signal last woke each worker.
    last_wakeup: BTreeMap<WorkerId, Stamp>,
    /// By sender: signals that woke at least one worker.
    effective_by_worker: BTreeMap<WorkerId, u64>,
    /// Signals and waits over time; `None` in a copy that has only the totals.
    history: Option<SignalHistory>,
    /// The totals at the last change of settings.
    baseline: Option<Box<Signals>>,
}

impl Signals {
    pub(super) fn new(sizes: &BufferSizes) -> Self {
        Self { history: Some(SignalHistory::new(sizes.shape, sizes.holds_per_lock)), ..Self::default() }
    }

    /// Returns those of a latch that counts down from `initial`.
    pub(super) fn of_latch(initial: u32, sizes: &BufferSizes) -> Self {
        Self { count: Some((Stamp::default(), initial)), ..Self::new(sizes) }
    }

    /// Records that the count of a wait group changed.
    pub(super) fn record_count(&mut self, at: Stamp, count: u32) {
        self.count = self.count.filter(|(newest, _)| *newest > at).or(Some((at, count)));
    }

    /// Returns the count of a wait group or a latch, if that is known.
    pub fn count(&self) -> Option<u32> {
        self.count.map(|(_, count)| count)
    }

    pub(super) fn record_signal(&mut self, at: Stamp, worker: WorkerId, woken: u32) {
        self.sent += 1;
        self.woken_workers += u64::from(woken);
        self.last_signal = self.last_signal.max(Some((at, worker)));
        if let Some(history) = &mut self.history {
            history.record_signal(at, worker, woken);
        }
        if woken == 0 {
            self.wasted += 1;
        } else {
            *self.effective_by_worker.entry(worker).or_default() += 1;
        }
    }

    /// Records that a signal woke a worker: the `nth` wake-up of this resource.
    pub(super) fn record_wakeup(&mut self, at: Stamp, worker: WorkerId, nth: u64, waited: Span) {
        self.received += 1;
        self.wait_ns = self.wait_ns.saturating_add(waited.0);
        self.last_wakeup.insert(worker, at);
        self.newest = self.newest.max(nth);
        self.record_wait(at.earlier_by(waited), at);
    }

    /// Records a wait that ended.
    fn record_wait(&mut self, from: Stamp, to: Stamp) {
        if let Some(history) = &mut self.history {
            history.record_wait(from, to);
        }
    }

    /// Records that a worker's wait since `since` ended by itself.
    pub(super) fn record_timeout(&mut self, since: Stamp, at: Stamp) {
        self.timeouts += 1;
        self.record_wait(since, at);
    }

    /// Writes the signals in every cell to `out`. `open_waits` are the starts of the present waits, which last until
    /// `now`.
    pub(super) fn cells(&self, w: &CellWindow, now: Stamp, open_waits: &[Stamp], out: &mut Vec<SignalCell>) {
        match &self.history {
            Some(history) => history.cells(w, now, open_waits, out),
            None => out.clear(),
        }
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, sizes: &BufferSizes) {
        if let Some(history) = &mut self.history {
            history.reshape(sizes.shape, sizes.holds_per_lock);
        }
    }

    /// Returns a copy of the totals.
    fn totals(&self) -> Self {
        Self {
            sent: self.sent,
            wasted: self.wasted,
            woken_workers: self.woken_workers,
            received: self.received,
            newest: self.newest,
            timeouts: self.timeouts,
            futile_wakeups: self.futile_wakeups,
            wait_ns: self.wait_ns,
            last_signal: self.last_signal,
            count: self.count,
            last_wakeup: self.last_wakeup.clone(),
            effective_by_worker: self.effective_by_worker.clone(),
            history: None,
            baseline: None,
        }
    }

    /// Records that a woken worker waits again and has done nothing useful.
    pub(super) fn record_futile_wakeup(&mut self) {
        self.futile_wakeups += 1;
    }

    /// Begins the figures of the present settings.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = Some(Box::new(self.totals()));
    }

    /// Returns the figures of the present settings: those of the whole run if nothing was changed.
    pub fn recent(&self) -> Self {
        let mut recent = self.totals();
        if let Some(before) = &self.baseline {
            recent.sent -= before.sent;
            recent.wasted -= before.wasted;
            recent.woken_workers -= before.woken_workers;
            recent.timeouts -= before.timeouts;
            recent.futile_wakeups -= before.futile_wakeups;
            recent.wait_ns -= before.wait_ns;
            for (worker, count) in &before.effective_by_worker {
                recent.effective_by_worker.entry(*worker).and_modify(|now| *now -= count);
            }
            recent.effective_by_worker.retain(|_, count| *count > 0);
        }
        recent
    }

    /// Returns the number of signals.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Returns the number of signals that woke no worker.
    pub fn wasted(&self) -> u64 {
        self.wasted
    }

    /// Returns the number of workers woken by all signals together.
    pub fn woken_workers(&self) -> u64 {
        self.woken_workers
    }

    /// Returns the number of waits that ended by themselves.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// Returns how often a woken worker waited again and had done nothing useful.
    pub fn futile_wakeups(&self) -> u64 {
        self.futile_wakeups
    }

    /// Returns the mean number of workers woken by a signal that woke any.
    pub fn woken_per_signal(&self) -> f64 {
        self.woken_workers as f64 / self.sent.saturating_sub(self.wasted).max(1) as f64
    }

    /// Returns the newest signal and its sender.
    pub fn last_signal(&self) -> Option<(Stamp, WorkerId)> {
        self.last_signal
    }

    /// Returns how long the woken workers had waited, ns, summed over them.
    pub(super) fn wait_ns(&self) -> u64 {
        self.wait_ns
    }

    /// Whether a signal has woken the worker since `at`.
    pub(super) fn has_woken_since(&self, worker: WorkerId, at: Stamp) -> bool {
        self.last_wakeup.get(&worker).is_some_and(|woken| *woken >= at)
    }

    /// Returns the number of signals that woke at least one worker, by sender.
    pub fn effective_by_worker(&self) -> impl Iterator<Item = (WorkerId, u64)> + '_ {
        self.effective_by_worker.iter().map(|(worker, count)| (*worker, *count))
    }

    /// Whether the event of every wake-up has arrived: all numbers from 1 to `woken_workers`.
    pub(super) fn is_all_received(&self) -> bool {
        self.received == self.woken_workers && self.newest == self.woken_workers
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let before = self.baseline.as_ref().map_or(0, |before| size_of::<Self>() + before.heap_bytes());
        let history = self.history.as_ref().map_or(0, SignalHistory::heap_bytes);
        before + history + (self.effective_by_worker.len() + self.last_wakeup.len()) * 2 * size_of::<(WorkerId, u64)>()
    }
}
