//! One condition, event flag or barrier: signals given, and waits that they ended.

use std::collections::BTreeMap;

use contend_trace::{Span, Stamp, WorkerId};

#[derive(Debug, Clone, Default)]
pub struct Signals {
    sent: u64,
    /// Signals that woke nobody.
    wasted: u64,
    woken_workers: u64,
    /// Signals that a worker is known to go on for, and the highest number among them.
    received: u64,
    newest: u64,
    timeouts: u64,
    futile_wakeups: u64,
    /// What those who heard a signal had waited for it, ns.
    wait_ns: u64,
    /// The newest signal, and who gave it.
    last_signal: Option<(Stamp, WorkerId)>,
    /// When each worker last went on because of a signal.
    last_wakeup: BTreeMap<WorkerId, Stamp>,
    /// By whoever gave them: signals that woke somebody.
    effective_by_worker: BTreeMap<WorkerId, u64>,
    /// The same when the settings were changed.
    baseline: Option<Box<Signals>>,
}

impl Signals {
    pub(super) fn record_signal(&mut self, at: Stamp, worker: WorkerId, woken: u32) {
        self.sent += 1;
        self.woken_workers += u64::from(woken);
        self.last_signal = self.last_signal.max(Some((at, worker)));
        if woken == 0 {
            self.wasted += 1;
        } else {
            *self.effective_by_worker.entry(worker).or_default() += 1;
        }
    }

    /// A worker goes on because of a signal: the `nth` heard.
    pub(super) fn record_wakeup(&mut self, at: Stamp, worker: WorkerId, nth: u64, waited: Span) {
        self.received += 1;
        self.wait_ns = self.wait_ns.saturating_add(waited.0);
        self.last_wakeup.insert(worker, at);
        self.newest = self.newest.max(nth);
    }

    /// A worker's wait ended by itself.
    pub(super) fn record_timeout(&mut self) {
        self.timeouts += 1;
    }

    /// A worker that was woken went back to waiting without having done anything.
    pub(super) fn record_futile_wakeup(&mut self) {
        self.futile_wakeups += 1;
    }

    /// Figures of the present settings begin now.
    pub(super) fn set_baseline(&mut self) {
        self.baseline = None;
        self.baseline = Some(Box::new(self.clone()));
    }

    /// What is known of the present settings: all there was as long as nothing was changed.
    pub fn recent(&self) -> Self {
        let mut recent = Self { baseline: None, ..self.clone() };
        if let Some(before) = &self.baseline {
            recent.sent -= before.sent;
            recent.wasted -= before.wasted;
            recent.woken_workers -= before.woken_workers;
            recent.timeouts -= before.timeouts;
            recent.futile_wakeups -= before.futile_wakeups;
            recent.wait_ns -= before.wait_ns;
            for (worker, given) in &before.effective_by_worker {
                recent.effective_by_worker.entry(*worker).and_modify(|now| *now -= given);
            }
            recent.effective_by_worker.retain(|_, given| *given > 0);
        }
        recent
    }

    /// Signals given.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Signals given while nobody waited.
    pub fn wasted(&self) -> u64 {
        self.wasted
    }

    /// Workers woken, by all signals together.
    pub fn woken_workers(&self) -> u64 {
        self.woken_workers
    }

    /// Waits that ended by themselves.
    pub fn timeouts(&self) -> u64 {
        self.timeouts
    }

    /// Of those woken, the ones that went back to waiting without having done anything.
    pub fn futile_wakeups(&self) -> u64 {
        self.futile_wakeups
    }

    /// Workers woken by each signal that woke any.
    pub fn woken_per_signal(&self) -> f64 {
        self.woken_workers as f64 / self.sent.saturating_sub(self.wasted).max(1) as f64
    }

    /// The newest signal, and who gave it.
    pub fn last_signal(&self) -> Option<(Stamp, WorkerId)> {
        self.last_signal
    }

    /// What workers waited for the signals that they heard, ns, summed over them.
    pub(super) fn wait_ns(&self) -> u64 {
        self.wait_ns
    }

    /// Whether the worker has gone on because of a signal since `at`.
    pub(super) fn has_woken_since(&self, worker: WorkerId, at: Stamp) -> bool {
        self.last_wakeup.get(&worker).is_some_and(|heard| *heard >= at)
    }

    /// Who gave signals that woke somebody, and how many.
    pub fn effective_by_worker(&self) -> impl Iterator<Item = (WorkerId, u64)> + '_ {
        self.effective_by_worker.iter().map(|(worker, given)| (*worker, *given))
    }

    /// Whether every signal known was heard by somebody known: the numbers 1 to `woken`, all of them.
    pub(super) fn is_all_received(&self) -> bool {
        self.received == self.woken_workers && self.newest == self.woken_workers
    }

    /// Heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        let before = self.baseline.as_ref().map_or(0, |before| size_of::<Self>() + before.heap_bytes());
        before + (self.effective_by_worker.len() + self.last_wakeup.len()) * 2 * size_of::<(WorkerId, u64)>()
    }
}
