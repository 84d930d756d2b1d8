//! What the workers' slots say: waits and holds whose events were lost, and whether a verdict stands.

use super::audit::{Lacking, Slots};
use super::lane::Asks;
use super::{Lane, Model};
use contend_trace::{EventKind, Grant, ResourceId, Slot, Snapshot, State, WorkerId};

/// What comparing verdicts with slots has shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Audit {
    /// Looks at the slots so far: two workers whose present state was found in the same look had it at the same moment.
    looks: u64,
    /// The verdict at the last look, and that of a stall.
    told: Option<Vec<WorkerId>>,
    told_stall: Vec<WorkerId>,
    /// All that can never go on, as the last look alone says.
    stalled: Vec<WorkerId>,
    /// Verdicts that a later look bore out.
    borne_out: u64,
    /// A verdict that a later look did not bear out.
    broken: Option<Vec<WorkerId>>,
    /// Looks that showed what the events denied: a wait that they did not tell, or workers that are stuck and not among
    /// those of the verdict.
    denied: u64,
}

impl Model {
    /// Takes in what stands still: all of these workers at one moment, of whom all earlier events are known.
    pub(super) fn slots(&mut self, Snapshot { slots, lacking }: &Snapshot) {
        self.audit.looks += 1;
        let known = |slot: &&Slot| self.lanes.get(slot.worker.index()).is_some_and(|lane| lane.died.is_none());
        let slots: Vec<&Slot> = slots.iter().filter(known).collect();
        for slot in &slots {
            self.stands(slot);
        }
        self.look_for_deadlocks();
        let all = Slots::of(&slots);
        self.audit.stalled = self.stalled(&all, lacking);
        self.compare(&all);
        self.compare_stall(&all, lacking);
    }

    /// One worker's slot. If its stream does not tell the same, that was lost.
    fn stands(&mut self, slot: &Slot) {
        let lane = &self.lanes[slot.worker.index()];
        if !Said::of(&slot.events).is_told(lane) || lane.doing.since < slot.at {
            self.audit.denied += u64::from(slot.lost == 0);
            self.recover(slot);
        }
        let lane = &mut self.lanes[slot.worker.index()];
        (lane.look, lane.life) = (self.audit.looks, slot.life);
        lane.lost.1 = lane.lost.1.max(slot.lost); // what it did before its wait, no slot tells
    }

    /// The worker does what its slot says, and before that nothing is known of it.
    fn recover(&mut self, slot: &Slot) {
        let w = slot.worker;
        self.gap(w, 0);
        let lane = &mut self.lanes[w.index()];
        let at = slot.at.max(lane.newest);
        lane.newest = at;
        self.newest = self.newest.max(at);
        self.health.in_part += u64::from(Said::of(&slot.events).is_part());
        for kind in &slot.events {
            match *kind {
                EventKind::Held { .. }
                | EventKind::Tried { .. }
                | EventKind::Queued { .. }
                | EventKind::Readers { .. }
                | EventKind::AskMany { .. }
                | EventKind::Wait { .. }
                | EventKind::Ended(_) => self.lived(w, at, *kind),
                EventKind::Joins { .. } | EventKind::Block { .. } => {
                    self.correct(w);
                    self.lived(w, at, *kind);
                }
                _ => self.health.anomalies += 1,
            }
        }
        if self.health.recovered == 0 {
            self.note(at, self.what_slots_tell().to_owned());
        }
        self.health.recovered += 1;
    }

    /// A note on verdicts after a loss.
    fn what_slots_tell(&self) -> &'static str {
        let beyond = !self.cast.pools.is_empty() || self.cast.pipes().next().is_some();
        if beyond {
            "events were lost; waits are read from slots, which do not show stalls at pools and pipes"
        } else {
            "events were lost; what workers wait for is read from their slots"
        }
    }

    /// Compares the deadlock with those whom locks keep from ever going on, as the slots alone say. One that was there at an
    /// earlier look must be among them, unless there are holds that no slot has room for; and whoever is among them must be
    /// in the deadlock.
    fn compare(&mut self, slots: &Slots) {
        let stuck = slots.stuck(&self.cast);
        let earlier = self.audit.told.take();
        let now = self.deadlocked();
        let denied = stuck.iter().any(|worker| !now.contains(worker));
        match earlier.filter(|earlier| *earlier == now && !slots.are_part()) {
            Some(all) if all.iter().all(|worker| stuck.contains(worker)) => self.audit.borne_out += 1,
            Some(all) if self.audit.broken.as_ref() != Some(&all) => self.audit.broken = Some(all),
            _ => {}
        }
        self.audit.told = Some(self.deadlocked().to_vec()).filter(|all| !all.is_empty());
        self.audit.denied += u64::from(denied);
    }

    /// Compares a stall that events tell with what the slots alone say, where they say as much.
    fn compare_stall(&mut self, slots: &Slots, lacking: Lacking<'_>) {
        let now = self.stall().map_or_else(Vec::new, |stall| stall.set);
        let earlier = std::mem::replace(&mut self.audit.told_stall, now);
        let now = &self.audit.told_stall;
        if now.is_empty() || earlier != *now || slots.are_part() || !self.can_tell(now, lacking) {
            return;
        }
        if now.iter().all(|worker| self.audit.stalled.contains(worker)) {
            self.audit.borne_out += 1;
        } else if self.audit.broken.as_ref() != Some(now) {
            self.audit.broken = Some(now.clone());
        }
    }

    /// Who can never go on and is in no deadlock, as the last look alone says, if none of them has told anything since.
    pub(super) fn stalled_by_slots(&self, deadlock: &[WorkerId]) -> Vec<WorkerId> {
        let still = |w: &WorkerId| self.lane(*w).look == self.audit.looks && self.lane(*w).is_alive();
        if !self.audit.stalled.iter().all(still) {
            return Vec::new();
        }
        self.audit.stalled.iter().filter(|worker| !deadlock.contains(worker)).copied().collect()
    }

    /// Looks at the slots so far.
    pub(super) fn audit_looks(&self) -> u64 {
        self.audit.looks
    }

    /// Verdicts that a later look at the slots bore out.
    pub(super) fn borne_out(&self) -> u64 {
        self.audit.borne_out
    }

    /// How often verdicts and slots did not say the same. Who dies can end a deadlock: that is none.
    pub(super) fn disagreements(&self) -> u64 {
        self.audit.denied + u64::from(self.audit.broken.as_deref().is_some_and(|set| self.all_lived(set)))
    }

    /// Whether the slots do not bear out who is deadlocked.
    pub(super) fn is_doubted(&self) -> bool {
        let all = self.deadlocked();
        self.audit.broken.as_deref() == Some(all) && self.all_lived(all)
    }

    fn all_lived(&self, set: &[WorkerId]) -> bool {
        set.iter().all(|worker| self.lane(*worker).crashes() == 0)
    }

    /// Whether two workers were found as they are now in one and the same look at the slots.
    pub(super) fn were_at_once(&self, one: WorkerId, other: WorkerId) -> bool {
        let look = self.lane(one).look;
        look > 0 && look == self.lane(other).look
    }
}

/// What the events in a slot say.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub held: Vec<(ResourceId, Grant)>,
    pub asks: Asks,
    /// The lock, and whether the wait ends by itself.
    pub wait: Option<(ResourceId, bool)>,
    /// Whose life, and which of them.
    pub joins: Option<(ResourceId, u64)>,
    /// What somebody must give it, and whether that wait ends by itself.
    pub blocks: Option<(ResourceId, State)>,
    pub blocks_timed: bool,
    pub ended: bool,
}

impl Said {
    pub(super) fn of(events: &[EventKind]) -> Self {
        let mut said = Self::default();
        for event in events {
            match *event {
                EventKind::Held { lock, grant } => said.held.push((lock, grant)),
                EventKind::Wait { lock, timed, .. } => said.wait = Some((lock, timed)),
                EventKind::Joins { life, nth } => said.joins = Some((life, nth)),
                EventKind::Block { state, on: Some(on) } => said.blocks = Some((on, state)),
                EventKind::Tried { .. } => said.blocks_timed = true,
                EventKind::Ended(_) => said.ended = true,
                _ => said.asks = said.asks.told(*event),
            }
        }
        said
    }

    /// Whether the worker may hold more than is listed.
    pub(super) fn is_part(&self) -> bool {
        self.held.len() >= usize::from(u8::MAX)
    }

    /// Whether the worker's own stream tells the same.
    fn is_told(&self, lane: &Lane) -> bool {
        if self.ended {
            return !lane.in_life();
        }
        let sure = &lane.holds.sure;
        let listed = self.held.iter().all(|hold| sure.contains(hold));
        let holds = listed && (self.is_part() || self.held.len() == sure.len() && lane.holds.doubtful.is_empty());
        let doing = (lane.doing.state, lane.doing.on);
        holds
            && match (self.wait, self.joins, self.blocks) {
                (Some((lock, timed)), ..) => {
                    doing == (State::Lock, Some(lock)) && (lane.asks.1, lane.timed) == (self.asks, timed)
                }
                (None, Some((life, nth)), _) => doing == (State::Signal, Some(life)) && lane.joins == nth,
                (None, None, Some((on, state))) => doing == (state, Some(on)) && lane.signal_timed == self.blocks_timed,
                (None, None, None) => false,
            }
    }
}
