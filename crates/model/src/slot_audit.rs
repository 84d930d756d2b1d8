//! Wait snapshots: they restore waits and holds whose events were lost, and confirm or refute verdicts.

use super::Model;
use super::slot_analysis::{SlotIndex, Unavailable};
use super::slot_report::SlotReport;
use contend_trace::{EventKind, WaitSlot, WaitSnapshot, WorkerId};

/// The result of comparing verdicts with wait slots.
#[derive(Debug, Clone, Default)]
pub(super) struct SlotAudit {
    /// Snapshots so far. Two workers whose present state was found in the same snapshot had it at the same moment.
    snapshot_count: u64,
    /// The deadlocked workers at the last snapshot, and the stalled ones.
    last_deadlocked: Option<Vec<WorkerId>>,
    last_stalled: Vec<WorkerId>,
    /// Workers that are stuck forever by the last snapshot alone.
    slot_stalled: Vec<WorkerId>,
    /// Verdicts that a later snapshot confirmed.
    confirmed_verdicts: u64,
    /// A verdict that a later snapshot did not confirm.
    refuted_verdict: Option<Vec<WorkerId>>,
    /// How often a snapshot contradicted the events: by a wait that they did not tell, or by stuck workers that the
    /// verdict lacks.
    contradictions: u64,
}

impl Model {
    /// Applies a snapshot: workers that were all blocked at one moment, and all of whose earlier events have arrived.
    pub(super) fn apply_snapshot(&mut self, WaitSnapshot { slots, unavailable }: &WaitSnapshot) {
        self.slot_audit.snapshot_count += 1;
        let known =
            |slot: &&WaitSlot| self.lanes.get(slot.worker.index()).is_some_and(|lane| lane.noticed_death.is_none());
        let slots: Vec<&WaitSlot> = slots.iter().filter(known).collect();
        for slot in &slots {
            self.apply_slot(slot);
        }
        self.detect_deadlocks();
        let all = SlotIndex::of(&slots);
        if self.health().lost > 0 {
            self.slot_sightings.add(self.newest_stamp, all.lock_waits());
        }
        self.slot_audit.slot_stalled = self.find_stalled_in_slots(&all, unavailable);
        self.audit_deadlock(&all);
        self.audit_stall(&all, unavailable);
    }

    /// Applies one worker's slot. If its events do not tell the same, some were lost.
    fn apply_slot(&mut self, slot: &WaitSlot) {
        let lane = &self.lanes[slot.worker.index()];
        if !SlotReport::of(&slot.events).is_matching(lane) || lane.activity.since < slot.at {
            self.slot_audit.contradictions += u64::from(slot.lost == 0 && lane.lost_events() == 0);
            self.recover_from_slot(slot);
        }
        let lane = &mut self.lanes[slot.worker.index()];
        (lane.slot_snapshot, lane.slot_life) = (self.slot_audit.snapshot_count, slot.life);
        lane.lost_events.1 = lane.lost_events.1.max(slot.lost); // no slot tells what it did before its wait
    }

    /// Sets a worker's state from its slot. What it did before is unknown.
    fn recover_from_slot(&mut self, slot: &WaitSlot) {
        let w = slot.worker;
        self.record_gap(w, 0);
        let lane = &mut self.lanes[w.index()];
        lane.next_wait.may_lack_events = false; // the slot has all that precedes the wait
        let at = slot.at.max(lane.newest_stamp);
        lane.newest_stamp = at;
        self.newest_stamp = self.newest_stamp.max(at);
        self.health.partially_recovered += u64::from(SlotReport::of(&slot.events).is_truncated());
        for kind in &slot.events {
            match *kind {
                EventKind::Held { .. }
                | EventKind::TimedAttempt { .. }
                | EventKind::Alternative { .. }
                | EventKind::RwlockRequest { .. }
                | EventKind::RwlockReaders { .. }
                | EventKind::PermitRequest { .. }
                | EventKind::LockWait { .. }
                | EventKind::LifeEnded(_) => self.apply_event_in_life(w, at, *kind),
                EventKind::Joins { .. } | EventKind::Blocked { .. } => {
                    self.reconcile_holds(w);
                    self.apply_event_in_life(w, at, *kind);
                }
                _ => self.health.anomalies += 1,
            }
        }
        if self.health.recovered == 0 {
            self.add_log_line(at, self.recovery_note());
        }
        self.health.recovered += 1;
    }

    /// The log line after a loss of events: what verdicts rest on now.
    fn recovery_note(&self) -> &'static str {
        let has_hidden_supplies = !self.registry.pools.is_empty() || self.registry.pipes().next().is_some();
        if has_hidden_supplies {
            "events were lost; waits are read from wait slots, which do not show stalls at pools and pipes"
        } else {
            "events were lost; what workers wait for is read from their wait slots"
        }
    }

    /// Compares the deadlocked workers with those that are stuck by the slots alone. A deadlock known since an earlier
    /// snapshot must be among them, unless a slot was too small for all holds or workers may be cancelled; and all of
    /// them must be in a deadlock.
    fn audit_deadlock(&mut self, slots: &SlotIndex) {
        let stuck = slots.deadlocked_workers(&self.registry);
        let earlier = self.slot_audit.last_deadlocked.take();
        let now = self.deadlocked_workers();
        let denied = stuck.iter().any(|worker| !now.contains(worker));
        let is_comparable = !slots.has_truncated_slot() && self.registry.cancellers.is_empty();
        match earlier.filter(|earlier| is_comparable && *earlier == now) {
            Some(all) if all.iter().all(|worker| stuck.contains(worker)) => self.slot_audit.confirmed_verdicts += 1,
            Some(all) if self.slot_audit.refuted_verdict.as_ref() != Some(&all) => {
                self.slot_audit.refuted_verdict = Some(all);
            }
            _ => {}
        }
        self.slot_audit.last_deadlocked = Some(self.deadlocked_workers().to_vec()).filter(|all| !all.is_empty());
        self.slot_audit.contradictions += u64::from(denied);
    }

    /// Compares a stall known from events with the slots alone, where these are conclusive.
    fn audit_stall(&mut self, slots: &SlotIndex, unavailable: Unavailable<'_>) {
        let now = self.stall().map_or_else(Vec::new, |stall| stall.workers);
        let earlier = std::mem::replace(&mut self.slot_audit.last_stalled, now);
        let now = &self.slot_audit.last_stalled;
        let is_comparable = !slots.has_truncated_slot() && self.registry.cancellers.is_empty();
        if now.is_empty() || earlier != *now || !is_comparable || !self.is_conclusive(now, unavailable) {
            return;
        }
        if now.iter().all(|worker| self.slot_audit.slot_stalled.contains(worker)) {
            self.slot_audit.confirmed_verdicts += 1;
        } else if self.slot_audit.refuted_verdict.as_ref() != Some(now) {
            self.slot_audit.refuted_verdict = Some(now.clone());
        }
    }

    /// Workers that are stuck forever by the last snapshot alone and not deadlocked. Empty if one of them has recorded
    /// events since.
    pub(super) fn stalled_workers_in_slots(&self, deadlock: &[WorkerId]) -> Vec<WorkerId> {
        let still =
            |w: &WorkerId| self.lane(*w).slot_snapshot == self.slot_audit.snapshot_count && self.lane(*w).is_alive();
        if !self.slot_audit.slot_stalled.iter().all(still) {
            return Vec::new();
        }
        self.slot_audit.slot_stalled.iter().filter(|worker| !deadlock.contains(worker)).copied().collect()
    }

    /// Snapshots applied so far.
    pub(super) fn snapshot_count(&self) -> u64 {
        self.slot_audit.snapshot_count
    }

    /// Verdicts that a later snapshot confirmed.
    pub(super) fn confirmed_verdicts(&self) -> u64 {
        self.slot_audit.confirmed_verdicts
    }

    /// How often verdicts and slots disagreed. A worker's death can end a deadlock: that is no disagreement.
    pub(super) fn disagreements(&self) -> u64 {
        self.slot_audit.contradictions
            + u64::from(self.slot_audit.refuted_verdict.as_deref().is_some_and(|set| self.is_without_crash(set)))
    }

    /// Whether the slots refute the deadlock verdict.
    pub(super) fn is_deadlock_refuted(&self) -> bool {
        let all = self.deadlocked_workers();
        self.slot_audit.refuted_verdict.as_deref() == Some(all) && self.is_without_crash(all)
    }

    fn is_without_crash(&self, set: &[WorkerId]) -> bool {
        set.iter().all(|worker| self.lane(*worker).crash_count() == 0)
    }

    /// Whether one snapshot showed both workers in their present state.
    pub(super) fn is_same_snapshot(&self, one: WorkerId, other: WorkerId) -> bool {
        let snapshot = self.lane(one).slot_snapshot;
        snapshot > 0 && snapshot == self.lane(other).slot_snapshot
    }
}
