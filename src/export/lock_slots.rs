//! Rows for the holds of a lock: a mutex needs one, a semaphore more.

use std::collections::VecDeque;

use super::item::Handover;
use crate::trace::{Grant, Stamp};

/// Releases of a lock that are remembered until the next acquisition is known.
const MAX_RELEASES: usize = 64;

/// The slots of one lock, and the newest releases.
#[derive(Debug, Clone, Default)]
pub(super) struct LockSlots {
    /// By slot: the end of its newest hold.
    pub(super) ends: Vec<Stamp>,
    releases: VecDeque<Handover>,
}

impl LockSlots {
    /// Returns the first slot that is free from `from` on, and occupies it until `to`.
    pub(super) fn assign(&mut self, from: Stamp, to: Stamp) -> usize {
        let slot = self.ends.iter().position(|end| *end <= from).unwrap_or(self.ends.len());
        if slot == self.ends.len() {
            self.ends.push(to);
        }
        self.ends[slot] = to;
        slot
    }

    /// Returns the release that let in the worker with this grant: that of the grant before, or else the newest.
    pub(super) fn release_before(&self, grant: Grant, from: Stamp) -> Option<Handover> {
        let exact = self.releases.iter().rev().find(|release| release.grant.number() + 1 == grant.number());
        let newest = || self.releases.iter().filter(|release| release.at <= from).max_by_key(|release| release.at);
        exact.or_else(newest).copied()
    }

    /// Remembers a release.
    pub(super) fn add_release(&mut self, release: Handover) {
        self.releases.push_back(release);
        if self.releases.len() > MAX_RELEASES {
            self.releases.pop_front();
        }
    }
}
