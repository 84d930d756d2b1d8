//! Applies the start and the end of a worker's life, its death, and gaps in its stream.

use super::note_unknown_kind;
use crate::lane::{LifeEnd, NextWait};
use crate::{Model, ResourceState};
use contend_trace::{DeathCause, EventKind, ExitKind, ResourceId, Stamp, State, WorkerId};

impl Model {
    /// Applies an event about lives, except the first one of a life.
    #[inline]
    pub(super) fn apply_life_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        match kind {
            EventKind::LifeBegan => {}
            EventKind::LifeEnded(exit) => self.end_life(w, at, exit),
            EventKind::CpuTime(span) => self.lanes[w.index()].apply_reported_cpu_time(at, span.0),
            EventKind::Spawns { life, nth } => self.record_spawn_request(w, at, life, nth),
            EventKind::SpawnedBy { worker, after } => self.record_spawn(w, at, worker, after),
            EventKind::Cancels { worker, nth, kills } => self.record_cancellation(w, at, worker, (nth, kills)),
            EventKind::Joins { life, nth } => self.begin_join(w, at, life, nth),
            _ => note_unknown_kind(kind),
        }
    }

    /// Begins a new life; `dead` is when the former one ended, if only others noticed its end.
    pub(super) fn begin_life(&mut self, w: WorkerId, at: Stamp, dead: Option<Stamp>) {
        self.happens_before.begin_life(w);
        // The notice of a death can arrive before the first event of that same life. Then this is no new life.
        let is_late = self.lanes[w.index()].noticed_death.is_some_and(|died| at <= died);
        self.record_dead_rwlock_wait(w);
        let dead = dead.filter(|_| !is_late);
        if let Some(dead) = dead {
            self.record_death_in_queue(w);
            let state = self.lanes[w.index()].dead_state();
            self.change_activity(w, dead.min(at), state, None);
        }
        // The former life ends here, even if no event reports its end.
        if self.lanes[w.index()].is_in_life() {
            self.change_activity(w, at, State::Done, None);
        }
        self.change_activity(w, at, State::Running, None);
        let lane = &mut self.lanes[w.index()];
        lane.next_wait = NextWait::default();
        if !is_late {
            lane.noticed_death = None;
            let end = lane.ending.take().filter(|end| *end != LifeEnd::Died(DeathCause::CutOff));
            if let (Some(dead), Some(end)) = (dead, end) {
                lane.record_crash(dead, end);
            }
        }
        lane.open_tasks.clear();
        lane.life_count += 1;
        lane.began = Some(at);
        self.leave_former_holds(w);
        if let Some((pool, seat)) = self.lanes[w.index()].seat {
            self.pools[pool.index()].begin_worker(seat, at);
        }
        let is_late = is_late || self.lanes[w.index()].adopt_later_death(at);
        self.deadlocks.forget_worker(w);
        if is_late {
            self.record_death(w);
        }
    }

    /// Takes the holds of the former life from the worker. A robust lock is recovered, and a new fork makes new copies
    /// of locks; any other lock stays held forever.
    fn leave_former_holds(&mut self, w: WorkerId) {
        let registry = std::sync::Arc::clone(&self.registry);
        for copy in registry.lock_copies.iter().filter(|copy| copy.worker == w) {
            self.with_lock(copy.copy, crate::Lock::drop_copied_hold);
        }
        let holds = std::mem::take(&mut self.lanes[w.index()].holds);
        for (lock, grant) in holds.uncertain {
            self.with_lock(lock, |lock| lock.drop_hold(w, grant));
        }
        for (lock, grant) in holds.confirmed {
            let is_freed = self.is_robust_lock(lock) || self.registry.lock_copy(lock).is_some();
            self.with_lock(
                lock,
                |lock| if is_freed { lock.drop_hold(w, grant) } else { lock.mark_former_life(w, grant) },
            );
        }
    }

    pub(crate) fn end_life(&mut self, w: WorkerId, at: Stamp, exit: ExitKind) {
        let state = if matches!(exit, ExitKind::Panicked | ExitKind::Killed) { State::Crashed } else { State::Done };
        self.record_dead_rwlock_wait(w);
        if state == State::Crashed {
            self.record_death_in_queue(w);
        }
        self.change_activity(w, at, state, None);
        let lane = &mut self.lanes[w.index()];
        // The worker's own word counts, also if a notice came first. But only the notice names the signal that killed
        // it.
        let noticed = lane.take_noticed_end();
        let ending = noticed.filter(|_| exit == ExitKind::Killed).unwrap_or(exit.into());
        lane.ending = Some(ending.clone());
        lane.open_tasks.clear();
        if state == State::Crashed {
            lane.record_crash(at, ending);
        }
        if let Some((pool, seat)) = self.lanes[w.index()].seat {
            self.pools[pool.index()].end_worker(seat, at);
        }
        self.mark_holds_dead(w, at);
    }

    /// Tells a queue that the worker died while it waited for an item or for room there.
    pub(crate) fn record_death_in_queue(&mut self, w: WorkerId) {
        let lane = &self.lanes[w.index()];
        let Some(on) = lane.activity.resource else { return };
        let states = [State::Full, State::Empty].map(|state| lane.has_waited_at(state, on).then_some(state));
        if let Some(ResourceState::Queue(queue)) = self.resources.get_mut(on.index()) {
            states.into_iter().flatten().for_each(|state| queue.record_death_in_wait(state));
        }
    }

    /// Records a death that the worker did not report: its task, its wait and its holds last until then.
    pub(crate) fn record_death(&mut self, w: WorkerId) {
        let lane = &self.lanes[w.index()];
        let (Some(at), is_cut_off) = (lane.dead_since(), lane.is_cut_off()) else { return };
        self.happens_before.end_life(w);
        if let Some((pool, seat)) = self.lanes[w.index()].seat {
            self.pools[pool.index()].mark_worker_dead(seat, at, is_cut_off);
        }
        if lane.lock_wait().is_some()
            && let Some(lock) = lane.activity.resource
        {
            self.with_lock(lock, |lock| lock.mark_dead(w, at));
        }
        self.mark_holds_dead(w, at);
    }

    fn mark_holds_dead(&mut self, w: WorkerId, at: Stamp) {
        let holds = &self.lanes[w.index()].holds;
        let locks: Vec<ResourceId> = holds.confirmed.iter().chain(&holds.uncertain).map(|(lock, _)| *lock).collect();
        for lock in locks {
            self.with_lock(lock, |lock| lock.mark_dead(w, at));
        }
    }

    /// Records that events are missing: from the worker's last known event on, nothing is known about it.
    pub(crate) fn record_gap(&mut self, w: WorkerId, lost: u64) {
        self.happens_before.mark_incomplete();
        let lane = &mut self.lanes[w.index()];
        lane.lost_events.0 = lane.lost_events.0.saturating_add(lost);
        let at = lane.newest_stamp;
        self.change_activity(w, at, State::Gap, None);
        let lane = &mut self.lanes[w.index()];
        lane.next_wait = NextWait { may_lack_events: true, ..NextWait::default() };
        let confirmed = std::mem::take(&mut lane.holds.confirmed);
        lane.holds.uncertain.extend(&confirmed);
        lane.open_tasks.clear();
        for (lock, _) in confirmed {
            self.with_lock(lock, |lock| lock.mark_uncertain(w));
        }
        if let Some((pool, seat)) = self.lanes[w.index()].seat {
            self.pools[pool.index()].drop_task(Some(seat), at);
        }
        if self.lanes[w.index()].noticed_death.is_some() {
            self.record_death(w);
        }
    }
}
