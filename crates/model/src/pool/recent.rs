//! What a pool did with the present settings.

use super::{Handover, Pool};
use crate::times::Times;
use contend_trace::{Span, Stamp};

/// Tasks by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub submitted: u64,
    pub done: u64,
    pub failed: u64,
    pub rejected: u64,
    pub retried: u64,
    pub cancelled: u64,
    pub lost: u64,
    pub unseen: u64,
    pub stolen: u64,
}

impl Counts {
    fn since(self, then: Self) -> Self {
        Self {
            submitted: self.submitted.saturating_sub(then.submitted),
            done: self.done.saturating_sub(then.done),
            failed: self.failed.saturating_sub(then.failed),
            rejected: self.rejected.saturating_sub(then.rejected),
            retried: self.retried.saturating_sub(then.retried),
            cancelled: self.cancelled.saturating_sub(then.cancelled),
            lost: self.lost.saturating_sub(then.lost),
            unseen: self.unseen.saturating_sub(then.unseen),
            stolen: self.stolen.saturating_sub(then.stolen),
        }
    }
}

/// Figures of the present settings: those of the whole run as long as nothing was changed.
#[derive(Debug, Clone, Copy)]
pub struct Recent<'a> {
    pub counts: Counts,
    /// Of tasks that were due since: from begin to end.
    pub service: &'a Times,
    /// From the intended start to the end.
    pub response: &'a Times,
    /// From the intended start to the begin.
    pub waited: &'a Times,
}

/// Figures since the settings were changed.
#[derive(Debug, Clone)]
pub(super) struct Since {
    /// Tasks due from here on count for the durations.
    due: Stamp,
    before: Counts,
    handover: Handover,
    service: Times,
    response: Times,
    waited: Times,
    /// Tasks that waited at the change, until they are worked off.
    inherited: Option<u32>,
}

impl Since {
    pub(super) fn began(&mut self, at: Stamp, waited: Span) {
        if at.back(waited) >= self.due {
            self.waited.record(waited);
        }
    }

    pub(super) fn ended(&mut self, at: Stamp, (service, waited): (Span, Span)) {
        if at.back(service + waited) >= self.due {
            self.service.record(service);
            self.response.record(service + waited);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.service.bytes() + self.response.bytes() + self.waited.bytes()
    }
}

impl Pool {
    /// Figures of the whole run.
    pub fn counts(&self) -> Counts {
        Counts {
            submitted: self.submitted,
            done: self.done,
            failed: self.failed,
            rejected: self.rejected,
            retried: self.retried,
            cancelled: self.cancelled,
            lost: self.lost,
            unseen: self.unseen(),
            stolen: self.stolen,
        }
    }

    /// Figures of the present settings. Tasks that were due before them count for no duration.
    pub fn recent(&self) -> Recent<'_> {
        match &self.since {
            None => {
                Recent { counts: self.counts(), service: &self.service, response: &self.response, waited: &self.waited }
            }
            Some(since) => Recent {
                counts: self.counts().since(since.before),
                service: &since.service,
                response: &since.response,
                waited: &since.waited,
            },
        }
    }

    /// Figures begin anew at `from`, with so many tasks in the queue.
    pub(crate) fn note_figures(&mut self, from: Stamp, depth: u32) {
        let times = || Times::new(self.service.digits());
        self.since = Some(Box::new(Since {
            due: from,
            before: self.counts(),
            handover: self.handover(from),
            service: times(),
            response: times(),
            waited: times(),
            inherited: (depth > self.size()).then_some(depth),
        }));
    }

    /// As [`Pool::handover`], since the settings were changed.
    pub fn recent_handover(&self, now: Stamp) -> Handover {
        let (all, then) = (self.handover(now), self.since.as_ref().map_or(Handover::default(), |since| since.handover));
        Handover {
            handover_ns: all.handover_ns.saturating_sub(then.handover_ns),
            work_ns: all.work_ns.saturating_sub(then.work_ns),
        }
    }

    /// How many tasks waited at the last change, as long as they, or tasks behind them, still have to be worked off.
    pub(crate) fn inherited(&self) -> Option<u32> {
        self.since.as_ref()?.inherited
    }

    /// The tasks of former settings are done: from here on durations are those of the present settings alone.
    pub(crate) fn end_backlog(&mut self, at: Stamp) {
        if let Some(since) = &mut self.since {
            let times = || Times::new(since.service.digits());
            (since.service, since.response, since.waited) = (times(), times(), times());
            (since.due, since.inherited) = (at, None);
        }
    }
}
