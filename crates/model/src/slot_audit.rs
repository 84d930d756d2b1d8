//! What the workers' slots say: waits and holds whose events were lost, and whether a verdict stands.

use super::lock::LockRequest;
use super::slot_analysis::{SlotIndex, Unavailable};
use super::{Lane, Model};
use contend_trace::{EventKind, Grant, ResourceId, State, WaitSlot, WaitSnapshot, WorkerId};

/// What comparing verdicts with slots has shown.
#[derive(Debug, Clone, Default)]
pub(super) struct SlotAudit {
    /// Looks at the slots so far: two workers whose present state was found in the same look had it at the same moment.
    snapshot_count: u64,
    /// The verdict at the last look, and that of a stall.
    last_deadlocked: Option<Vec<WorkerId>>,
    last_stalled: Vec<WorkerId>,
    /// All that can never go on, as the last look alone says.
    slot_stalled: Vec<WorkerId>,
    /// Verdicts that a later look bore out.
    confirmed_verdicts: u64,
    /// A verdict that a later look did not bear out.
    refuted_verdict: Option<Vec<WorkerId>>,
    /// Looks that showed what the events denied: a wait that they did not tell, or workers that are stuck and not among
    /// those of the verdict.
    contradictions: u64,
}

impl Model {
    /// Takes in what stands still: all of these workers at one moment, of whom all earlier events are known.
    pub(super) fn apply_snapshot(&mut self, WaitSnapshot { slots, unavailable: lacking }: &WaitSnapshot) {
        self.slot_audit.snapshot_count += 1;
        let known =
            |slot: &&WaitSlot| self.lanes.get(slot.worker.index()).is_some_and(|lane| lane.noticed_death.is_none());
        let slots: Vec<&WaitSlot> = slots.iter().filter(known).collect();
        for slot in &slots {
            self.apply_slot(slot);
        }
        self.detect_deadlocks();
        let all = SlotIndex::of(&slots);
        self.slot_audit.slot_stalled = self.find_stalled_in_slots(&all, lacking);
        self.audit_deadlock(&all);
        self.audit_stall(&all, lacking);
    }

    /// One worker's slot. If its stream does not tell the same, that was lost.
    fn apply_slot(&mut self, slot: &WaitSlot) {
        let lane = &self.lanes[slot.worker.index()];
        if !SlotReport::of(&slot.events).is_matching(lane) || lane.activity.since < slot.at {
            self.slot_audit.contradictions += u64::from(slot.lost == 0);
            self.recover_from_slot(slot);
        }
        let lane = &mut self.lanes[slot.worker.index()];
        (lane.slot_snapshot, lane.slot_life) = (self.slot_audit.snapshot_count, slot.life);
        lane.lost_events.1 = lane.lost_events.1.max(slot.lost); // what it did before its wait, no slot tells
    }

    /// The worker does what its slot says, and before that nothing is known of it.
    fn recover_from_slot(&mut self, slot: &WaitSlot) {
        let w = slot.worker;
        self.record_gap(w, 0);
        let lane = &mut self.lanes[w.index()];
        let at = slot.at.max(lane.newest_stamp);
        lane.newest_stamp = at;
        self.newest_stamp = self.newest_stamp.max(at);
        self.health.partially_recovered += u64::from(SlotReport::of(&slot.events).is_truncated());
        for kind in &slot.events {
            match *kind {
                EventKind::Held { .. }
                | EventKind::TimedAttempt { .. }
                | EventKind::RwlockRequest { .. }
                | EventKind::RwlockReaders { .. }
                | EventKind::PermitRequest { .. }
                | EventKind::LockWait { .. }
                | EventKind::LifeEnded(_) => self.apply_life_event(w, at, *kind),
                EventKind::Joins { .. } | EventKind::Blocked { .. } => {
                    self.reconcile_holds(w);
                    self.apply_life_event(w, at, *kind);
                }
                _ => self.health.anomalies += 1,
            }
        }
        if self.health.recovered == 0 {
            self.add_log_line(at, self.recovery_note().to_owned());
        }
        self.health.recovered += 1;
    }

    /// A note on verdicts after a loss.
    fn recovery_note(&self) -> &'static str {
        let beyond = !self.registry.pools.is_empty() || self.registry.pipes().next().is_some();
        if beyond {
            "events were lost; waits are read from slots, which do not show stalls at pools and pipes"
        } else {
            "events were lost; what workers wait for is read from their slots"
        }
    }

    /// Compares the deadlock with those whom locks keep from ever going on, as the slots alone say. One that was there at an
    /// earlier look must be among them, unless there are holds that no slot has room for; and whoever is among them must be
    /// in the deadlock.
    fn audit_deadlock(&mut self, slots: &SlotIndex) {
        let stuck = slots.deadlocked_workers(&self.registry);
        let earlier = self.slot_audit.last_deadlocked.take();
        let now = self.deadlocked_workers();
        let denied = stuck.iter().any(|worker| !now.contains(worker));
        match earlier.filter(|earlier| *earlier == now && !slots.has_truncated_slot()) {
            Some(all) if all.iter().all(|worker| stuck.contains(worker)) => self.slot_audit.confirmed_verdicts += 1,
            Some(all) if self.slot_audit.refuted_verdict.as_ref() != Some(&all) => {
                self.slot_audit.refuted_verdict = Some(all);
            }
            _ => {}
        }
        self.slot_audit.last_deadlocked = Some(self.deadlocked_workers().to_vec()).filter(|all| !all.is_empty());
        self.slot_audit.contradictions += u64::from(denied);
    }

    /// Compares a stall that events tell with what the slots alone say, where they say as much.
    fn audit_stall(&mut self, slots: &SlotIndex, lacking: Unavailable<'_>) {
        let now = self.stall().map_or_else(Vec::new, |stall| stall.workers);
        let earlier = std::mem::replace(&mut self.slot_audit.last_stalled, now);
        let now = &self.slot_audit.last_stalled;
        if now.is_empty() || earlier != *now || slots.has_truncated_slot() || !self.is_conclusive(now, lacking) {
            return;
        }
        if now.iter().all(|worker| self.slot_audit.slot_stalled.contains(worker)) {
            self.slot_audit.confirmed_verdicts += 1;
        } else if self.slot_audit.refuted_verdict.as_ref() != Some(now) {
            self.slot_audit.refuted_verdict = Some(now.clone());
        }
    }

    /// Who can never go on and is in no deadlock, as the last look alone says, if none of them has told anything since.
    pub(super) fn stalled_workers_in_slots(&self, deadlock: &[WorkerId]) -> Vec<WorkerId> {
        let still =
            |w: &WorkerId| self.lane(*w).slot_snapshot == self.slot_audit.snapshot_count && self.lane(*w).is_alive();
        if !self.slot_audit.slot_stalled.iter().all(still) {
            return Vec::new();
        }
        self.slot_audit.slot_stalled.iter().filter(|worker| !deadlock.contains(worker)).copied().collect()
    }

    /// Looks at the slots so far.
    pub(super) fn snapshot_count(&self) -> u64 {
        self.slot_audit.snapshot_count
    }

    /// Verdicts that a later look at the slots bore out.
    pub(super) fn confirmed_verdicts(&self) -> u64 {
        self.slot_audit.confirmed_verdicts
    }

    /// How often verdicts and slots did not say the same. Who dies can end a deadlock: that is none.
    pub(super) fn disagreements(&self) -> u64 {
        self.slot_audit.contradictions
            + u64::from(self.slot_audit.refuted_verdict.as_deref().is_some_and(|set| self.is_without_crash(set)))
    }

    /// Whether the slots do not bear out who is deadlocked.
    pub(super) fn is_deadlock_refuted(&self) -> bool {
        let all = self.deadlocked_workers();
        self.slot_audit.refuted_verdict.as_deref() == Some(all) && self.is_without_crash(all)
    }

    fn is_without_crash(&self, set: &[WorkerId]) -> bool {
        set.iter().all(|worker| self.lane(*worker).crash_count() == 0)
    }

    /// Whether two workers were found as they are now in one and the same look at the slots.
    pub(super) fn is_same_snapshot(&self, one: WorkerId, other: WorkerId) -> bool {
        let look = self.lane(one).slot_snapshot;
        look > 0 && look == self.lane(other).slot_snapshot
    }
}

/// What the events in a slot say.
#[derive(Debug, Default)]
pub(super) struct SlotReport {
    pub held: Vec<(ResourceId, Grant)>,
    pub lock_request: LockRequest,
    /// The lock, and whether the wait ends by itself.
    pub lock_wait: Option<(ResourceId, bool)>,
    /// Whose life, and which of them.
    pub joined_life: Option<(ResourceId, u64)>,
    /// What somebody must give it, and whether that wait ends by itself.
    pub awaited_supply: Option<(ResourceId, State)>,
    pub is_block_timed: bool,
    pub has_ended: bool,
}

impl SlotReport {
    pub(super) fn of(events: &[EventKind]) -> Self {
        let mut said = Self::default();
        for event in events {
            match *event {
                EventKind::Held { lock, grant } => said.held.push((lock, grant)),
                EventKind::LockWait { lock, timed, .. } => said.lock_wait = Some((lock, timed)),
                EventKind::Joins { life, nth } => said.joined_life = Some((life, nth)),
                EventKind::Blocked { state, on: Some(on) } => said.awaited_supply = Some((on, state)),
                EventKind::TimedAttempt { .. } => said.is_block_timed = true,
                EventKind::LifeEnded(_) => said.has_ended = true,
                _ => said.lock_request = said.lock_request.updated_by(*event),
            }
        }
        said
    }

    /// Whether the worker may hold more than is listed.
    pub(super) fn is_truncated(&self) -> bool {
        self.held.len() >= usize::from(u8::MAX)
    }

    /// Whether the worker's own stream tells the same.
    fn is_matching(&self, lane: &Lane) -> bool {
        if self.has_ended {
            return !lane.is_in_life();
        }
        let sure = &lane.holds.confirmed;
        let listed = self.held.iter().all(|hold| sure.contains(hold));
        let holds = listed && (self.is_truncated() || self.held.len() == sure.len() && lane.holds.uncertain.is_empty());
        let doing = (lane.activity.state, lane.activity.resource);
        holds
            && match (self.lock_wait, self.joined_life, self.awaited_supply) {
                (Some((lock, timed)), ..) => {
                    doing == (State::Lock, Some(lock))
                        && lane
                            .lock_wait()
                            .is_some_and(|wait| (wait.request, wait.is_timed) == (self.lock_request, timed))
                }
                (None, Some((life, nth)), _) => doing == (State::Signal, Some(life)) && lane.joined_life() == Some(nth),
                (None, None, Some((on, state))) => {
                    doing == (state, Some(on)) && lane.is_supply_wait_timed() == self.is_block_timed
                }
                (None, None, None) => false,
            }
    }
}
