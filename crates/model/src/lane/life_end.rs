//! How a worker's lives end: by its own word, in a crash, or in a death that only others noticed.

use std::collections::VecDeque;

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

/// Most deaths that are kept. No worker dies so often before its first event of that time arrives.
const MAX_LATER_DEATHS: usize = 32;

/// Deaths that others noticed and that may be of later lives, whose starts are not known yet, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct LaterDeaths(VecDeque<(Stamp, LifeEnd)>);

impl LaterDeaths {
    pub(crate) fn add(&mut self, at: Stamp, end: LifeEnd) {
        if self.0.len() < MAX_LATER_DEATHS {
            let place = self.0.partition_point(|(other, _)| *other <= at);
            self.0.insert(place, (at, end));
        }
    }

    /// Takes the death of the life that began at this time. Those before it were of former lives.
    fn take_of_life(&mut self, began: Stamp) -> Option<(Stamp, LifeEnd)> {
        self.0.drain(..self.0.partition_point(|(at, _)| *at < began));
        self.0.pop_front()
    }
}

impl Lane {
    /// Takes the death that was noticed in this life, or kept for it, for a life that ended by the worker's own word.
    /// The notice may be of the next life, so it is kept.
    pub(crate) fn take_noticed_end(&mut self) -> Option<LifeEnd> {
        let (at, end) = self.noticed_death.take().zip(self.ending.take())?;
        self.later_deaths.add(at, end.clone());
        Some(end)
    }

    /// Makes a death that was kept that of the life that began at this time. Returns whether there was one.
    pub(crate) fn adopt_later_death(&mut self, began: Stamp) -> bool {
        let Some((at, end)) = self.later_deaths.take_of_life(began) else { return false };
        (self.noticed_death, self.ending) = (Some(at), Some(end));
        true
    }

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
