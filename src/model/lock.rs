//! One lock.

use crate::trace::{Stamp, WorkerId};

use super::shares::Window;
use super::times::Times;

/// What a lock went through in one cell of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LockCell {
    /// Part of the cell in which it was held, 0 to 1.
    pub held: f32,
    /// How many waited for it on average.
    pub wanted: f32,
    /// Who held it longest in this cell, as far as exact holds are kept.
    pub holder: Option<WorkerId>,
}

#[derive(Debug, Clone)]
pub struct Lock {
    acquired: u64,
    contended: u64,
    orphaned: u64,
    wait: Times,
    hold: Times,
}

impl Lock {
    pub(super) fn new() -> Self {
        Self { acquired: 0, contended: 0, orphaned: 0, wait: Times::new(2), hold: Times::new(2) }
    }

    pub fn acquired(&self) -> u64 {
        self.acquired
    }

    /// Acquisitions that had to wait.
    pub fn contended(&self) -> u64 {
        self.contended
    }

    /// Waits of contended acquisitions only.
    pub fn wait(&self) -> &Times {
        &self.wait
    }

    pub fn hold(&self) -> &Times {
        &self.hold
    }

    /// Who has it now, since when.
    pub fn owner(&self) -> Option<(WorkerId, Stamp)> {
        None
    }

    /// Who waits for it now, since when; longest first.
    pub fn waiters(&self) -> Vec<(WorkerId, Stamp)> {
        Vec::new()
    }

    /// Jain's index over the workers that asked for it: 1 is fair, 1/n is one worker taking all.
    pub fn fairness(&self) -> Option<f64> {
        None
    }

    /// How many times each worker got it.
    pub fn by_worker(&self) -> impl Iterator<Item = (WorkerId, u64)> + '_ {
        std::iter::empty()
    }

    /// Part of the time between two moments in which it was held, 0 to 1.
    pub fn held_share(&self, _from: Stamp, _to: Stamp, _now: Stamp) -> f64 {
        0.0
    }

    pub fn cells(&self, w: &Window, _now: Stamp, out: &mut Vec<LockCell>) {
        out.clear();
        out.resize(w.cells, LockCell::default());
    }

    /// How many times its owner was found dead.
    pub fn orphaned(&self) -> u64 {
        self.orphaned
    }
}
