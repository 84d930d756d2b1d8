//! How a worker's lives end: by its own word, in a crash, or in a death that only others noticed.

use super::{Activity, Lane};
use contend_trace::{DeathCause, ExitKind, Stamp, State};

/// How a worker's last life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifeEnd {
    Finished,
    Retired,
    Panicked,
    /// The worker was cancelled and gave back what it held.
    Cancelled,
    /// The worker was found dead. The cause is unknown, or not known yet.
    FoundDead,
    Died(DeathCause),
}

impl From<ExitKind> for LifeEnd {
    fn from(kind: ExitKind) -> Self {
        match kind {
            ExitKind::Finished => Self::Finished,
            ExitKind::Retired => Self::Retired,
            ExitKind::Panicked => Self::Panicked,
            ExitKind::Killed => Self::FoundDead,
            ExitKind::Cancelled => Self::Cancelled,
        }
    }
}

impl Lane {
    /// Returns when a death that only others noticed took effect: not before the worker's last event.
    pub(crate) fn dead_since(&self) -> Option<Stamp> {
        self.noticed_death.map(|at| at.max(self.newest_stamp))
    }

    /// Returns the state after a noticed death: `Done` for a worker that the end of the run cut off, else `Crashed`.
    pub(crate) fn dead_state(&self) -> State {
        if self.is_cut_off() { State::Done } else { State::Crashed }
    }

    /// Returns the activity after a noticed death.
    pub(crate) fn dead_activity(&self) -> Option<Activity> {
        self.dead_since().map(|since| Activity { state: self.dead_state(), since, resource: None })
    }

    /// Whether the end of the run cut the worker off.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.ending == Some(LifeEnd::Died(DeathCause::CutOff))
    }

    /// Records that a life ended in a crash.
    pub(crate) fn record_crash(&mut self, at: Stamp, end: LifeEnd) {
        self.crash_count += 1;
        self.last_crash = Some((at, end));
    }

    /// Whether the worker is in a life and not known to be dead; it may be waiting.
    pub(crate) fn is_alive(&self) -> bool {
        self.noticed_death.is_none() && self.is_in_life()
    }

    /// Whether the worker was killed and its stream ended with that.
    #[inline]
    pub(crate) fn was_killed(&self) -> bool {
        self.activity.state == State::Crashed && self.ending == Some(LifeEnd::FoundDead)
    }

    /// Whether the worker's stream is in a life. A death that only others noticed does not count: the worker's last
    /// events may still arrive.
    #[inline]
    pub(crate) fn is_in_life(&self) -> bool {
        !matches!(self.activity.state, State::Done | State::Crashed)
    }

    /// Returns how many times the worker began.
    pub fn life_count(&self) -> u32 {
        self.life_count
    }

    /// Returns when the worker's present or last life began.
    pub fn began(&self) -> Option<Stamp> {
        self.began
    }

    /// Returns how the worker's last life ended; `None` while it lives.
    pub fn ending(&self) -> Option<LifeEnd> {
        self.ending.clone()
    }

    /// Returns how many of the worker's lives ended in a crash.
    pub fn crash_count(&self) -> u32 {
        self.crash_count + u32::from(self.noticed_death.is_some() && !self.is_cut_off())
    }

    /// Returns when and how the worker crashed last.
    pub fn last_crash(&self) -> Option<(Stamp, &LifeEnd)> {
        let dead = self.dead_since().filter(|_| !self.is_cut_off()).zip(self.ending.as_ref());
        dead.or(self.last_crash.as_ref().map(|(at, end)| (*at, end)))
    }
}
