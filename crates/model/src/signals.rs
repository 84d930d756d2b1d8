//! One condition, event flag or barrier: signals given, and waits that they ended.

use std::collections::BTreeMap;

use contend_trace::{Span, Stamp, WorkerId};

#[derive(Debug, Clone, Default)]
pub struct Signals {
    given: u64,
    /// Signals that woke nobody.
    in_vain: u64,
    woken: u64,
    /// Signals that a worker is known to go on for, and the highest number among them.
    heard: u64,
    newest: u64,
    gave_up: u64,
    futile: u64,
    /// What those who heard a signal had waited for it, ns.
    waited: u64,
    /// The newest signal, and who gave it.
    last: Option<(Stamp, WorkerId)>,
    /// When each worker last went on because of a signal.
    heard_by: BTreeMap<WorkerId, Stamp>,
    /// By whoever gave them: signals that woke somebody.
    by_worker: BTreeMap<WorkerId, u64>,
    /// The same when the settings were changed.
    before: Option<Box<Signals>>,
}

impl Signals {
    pub(super) fn give(&mut self, at: Stamp, worker: WorkerId, woken: u32) {
        self.given += 1;
        self.woken += u64::from(woken);
        self.last = self.last.max(Some((at, worker)));
        if woken == 0 {
            self.in_vain += 1;
        } else {
            *self.by_worker.entry(worker).or_default() += 1;
        }
    }

    /// A worker goes on because of a signal: the `nth` heard.
    pub(super) fn hear(&mut self, at: Stamp, worker: WorkerId, nth: u64, waited: Span) {
        self.heard += 1;
        self.waited = self.waited.saturating_add(waited.0);
        self.heard_by.insert(worker, at);
        self.newest = self.newest.max(nth);
    }

    /// A worker's wait ended by itself.
    pub(super) fn give_up(&mut self) {
        self.gave_up += 1;
    }

    /// A worker that was woken went back to waiting without having done anything.
    pub(super) fn go_back(&mut self) {
        self.futile += 1;
    }

    /// Figures of the present settings begin now.
    pub(super) fn note_figures(&mut self) {
        self.before = None;
        self.before = Some(Box::new(self.clone()));
    }

    /// What is known of the present settings: all there was as long as nothing was changed.
    pub fn recent(&self) -> Self {
        let mut recent = Self { before: None, ..self.clone() };
        if let Some(before) = &self.before {
            recent.given -= before.given;
            recent.in_vain -= before.in_vain;
            recent.woken -= before.woken;
            recent.gave_up -= before.gave_up;
            recent.futile -= before.futile;
            recent.waited -= before.waited;
            for (worker, given) in &before.by_worker {
                recent.by_worker.entry(*worker).and_modify(|now| *now -= given);
            }
            recent.by_worker.retain(|_, given| *given > 0);
        }
        recent
    }

    /// Signals given.
    pub fn given(&self) -> u64 {
        self.given
    }

    /// Signals given while nobody waited.
    pub fn in_vain(&self) -> u64 {
        self.in_vain
    }

    /// Workers woken, by all signals together.
    pub fn woken(&self) -> u64 {
        self.woken
    }

    /// Waits that ended by themselves.
    pub fn gave_up(&self) -> u64 {
        self.gave_up
    }

    /// Of those woken, the ones that went back to waiting without having done anything.
    pub fn futile(&self) -> u64 {
        self.futile
    }

    /// Workers woken by each signal that woke any.
    pub fn woken_each(&self) -> f64 {
        self.woken as f64 / self.given.saturating_sub(self.in_vain).max(1) as f64
    }

    /// The newest signal, and who gave it.
    pub fn last(&self) -> Option<(Stamp, WorkerId)> {
        self.last
    }

    /// What workers waited for the signals that they heard, ns, summed over them.
    pub(super) fn waited_ns(&self) -> u64 {
        self.waited
    }

    /// Whether the worker has gone on because of a signal since `at`.
    pub(super) fn has_heard_since(&self, worker: WorkerId, at: Stamp) -> bool {
        self.heard_by.get(&worker).is_some_and(|heard| *heard >= at)
    }

    /// Who gave signals that woke somebody, and how many.
    pub fn by_worker(&self) -> impl Iterator<Item = (WorkerId, u64)> + '_ {
        self.by_worker.iter().map(|(worker, given)| (*worker, *given))
    }

    /// Whether every signal known was heard by somebody known: the numbers 1 to `woken`, all of them.
    pub(super) fn is_used_up(&self) -> bool {
        self.heard == self.woken && self.newest == self.woken
    }

    /// Heap bytes in use.
    pub(super) fn bytes(&self) -> usize {
        let before = self.before.as_ref().map_or(0, |before| size_of::<Self>() + before.bytes());
        before + (self.by_worker.len() + self.heard_by.len()) * 2 * size_of::<(WorkerId, u64)>()
    }
}
