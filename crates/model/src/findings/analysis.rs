//! The model as detectors see it: a period of time, each worker's figures in it, and names.

use std::collections::{BTreeMap, BTreeSet};

use super::{DETECTION_WINDOW, MIN_OBSERVATION, Thresholds};
use crate::{Lock, Model, StateTimes};
use contend_trace::{PoolId, PoolInfo, ResourceId, Span, Stamp, State, WorkerId};

/// A model and the period that detectors judge.
pub(super) struct Analysis<'a> {
    pub(super) model: &'a Model,
    pub(super) from: Stamp,
    pub(super) now: Stamp,
    pub(super) thresholds: Thresholds,
    /// Each worker's time by state in that period.
    pub(super) shares: BTreeMap<WorkerId, StateTimes>,
    pub(super) all_shares: StateTimes,
    /// Workers in a deadlock or a stall.
    pub(super) stuck_workers: BTreeSet<WorkerId>,
}

impl<'a> Analysis<'a> {
    pub(super) fn new(model: &'a Model, now: Stamp) -> Self {
        let now = model.run_end().map_or(now, |(end, _)| now.min(end));
        let first = model.lanes().filter_map(|(_, lane)| lane.began()).min().unwrap_or(now);
        let from = now.earlier_by(DETECTION_WINDOW).max(first).max(model.settings_start(now));
        let times = |(i, lane): (usize, &crate::Lane)| (WorkerId::from(i), lane.state_times(from, now, now));
        let shares: BTreeMap<WorkerId, StateTimes> = model.lanes.entries().map(times).collect();
        let mut all = StateTimes::default();
        for one in shares.values() {
            all.add(one);
        }
        let stall = model.stall().map_or_else(Vec::new, |stall| stall.workers);
        let stuck = model.deadlocked_workers().iter().copied().chain(stall).collect();
        Self { model, from, now, thresholds: model.thresholds, shares, all_shares: all, stuck_workers: stuck }
    }

    pub(super) fn span(&self) -> Span {
        self.now.span_since(self.from)
    }

    /// The sum of some workers' times by state.
    pub(super) fn total_shares(&self, workers: impl IntoIterator<Item = WorkerId>) -> StateTimes {
        let mut sum = StateTimes::default();
        for one in workers.into_iter().filter_map(|w| self.shares.get(&w)) {
            sum.add(one);
        }
        sum
    }

    pub(super) fn worker_name(&self, worker: WorkerId) -> &'a str {
        self.model.registry().worker_name(worker)
    }

    pub(super) fn resource_name(&self, resource: ResourceId) -> &'a str {
        self.model.registry().resource_name(resource)
    }

    /// Every pool with its description.
    pub(super) fn pools(&self) -> impl Iterator<Item = (PoolId, &'a PoolInfo, &'a crate::Pool)> {
        let model = self.model;
        let pools = model.registry().pools.iter().enumerate();
        pools.filter_map(move |(i, info)| Some((PoolId::from(i), info, model.pool(PoolId::from(i))?)))
    }

    /// A sentence saying that a fact of the whole run stems from former settings only. Empty if it continues, or while
    /// too little is known of the present settings.
    pub(super) fn former_settings_note(&self, goes_on: bool) -> String {
        match self.model.settings_change(self.now) {
            Some(change) if !goes_on && self.now.span_since(change.figures_from) >= MIN_OBSERVATION => {
                format!(" None since the settings changed at {}.", Span(change.at.0))
            }
            _ => String::new(),
        }
    }

    /// Whether a worker is in a deadlock or a stall.
    pub(super) fn is_stuck(&self, worker: WorkerId) -> bool {
        self.stuck_workers.contains(&worker)
    }

    /// Whether a holder or a waiter of a lock is stuck forever: then the lock is not slow because of its use.
    pub(super) fn is_stuck_at(&self, lock: &Lock) -> bool {
        let waiters = lock.waiters().into_iter();
        waiters.chain(lock.holders()).any(|(worker, _)| self.is_stuck(worker))
    }

    /// Whether a worker has ended or died.
    pub(super) fn is_gone(&self, worker: WorkerId) -> bool {
        matches!(self.model.lane(worker).activity().state, State::Done | State::Crashed)
    }

    /// Whether at most 1 % of the events were lost, so that figures are right to about 1 %.
    pub(super) fn is_nearly_lossless(&self) -> bool {
        let health = self.model.health();
        health.lost.saturating_mul(100) <= health.events
    }

    /// The fraction of the events that was lost.
    pub(super) fn lost_share(&self) -> f64 {
        let health = self.model.health();
        health.lost as f64 / health.lost.saturating_add(health.events).max(1) as f64
    }

    pub(super) fn is_lossless(&self) -> bool {
        self.model.health().lost == 0
    }
}
