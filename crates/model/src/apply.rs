//! What each event does to the model.

mod life_events;
mod lock_events;
mod pool_events;
mod signal_events;
mod transfer_events;

pub(super) use signal_events::SinceWakeup;

use super::lane::LifeEnd;
use super::transitions::{is_blocking_state, is_valid_transition};
use super::{Lock, Model, ResourceState};
use contend_trace::{DeathCause, DropReason, Event, EventKind, ExitKind, ResourceId, Stamp, State, WorkerId};

impl Model {
    /// Takes in one event.
    #[inline]
    pub(super) fn apply_event(&mut self, event: &Event) {
        self.health.events += 1;
        let worker = event.worker;
        let Some(lane) = self.lanes.get_mut(worker.index()) else {
            self.health.anomalies += 1;
            return;
        };
        lane.slot_snapshot = 0;
        if !is_valid_transition(&lane.activity, &event.kind) {
            self.health.anomalies += 1;
            if !lane.is_in_life() || matches!(event.kind, EventKind::Unknown { .. }) {
                return;
            }
        }
        if let EventKind::Gap { lost } = event.kind {
            self.record_gap(worker, lost);
            return;
        }
        if event.at < lane.newest_stamp {
            self.health.anomalies += 1;
        }
        let at = event.at.max(lane.newest_stamp);
        let dead = lane.dead_since();
        lane.newest_stamp = at;
        self.newest_stamp = self.newest_stamp.max(at);
        match event.kind {
            EventKind::LifeBegan => self.begin_life(worker, at, dead),
            kind => {
                self.apply_life_event(worker, at, kind);
                if dead.is_some() {
                    self.record_death(worker);
                }
            }
        }
    }

    /// An event inside a life.
    #[inline]
    pub(super) fn apply_life_event(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        self.happens_before.apply_event(w, &kind);
        match kind {
            EventKind::Held { lock, grant } => self.announce_hold(w, at, lock, grant),
            EventKind::RwlockRequest { lock, .. }
            | EventKind::RwlockReaders { lock, .. }
            | EventKind::PermitRequest { lock, .. } => {
                self.set_lock_request(w, at, lock, kind);
            }
            EventKind::SemaphorePassed { lock, grant } => self.record_semaphore_pass(w, at, lock, grant),
            EventKind::SemaphorePosted { lock } => {
                self.set_running(w, at);
                self.with_lock(lock, Lock::record_post);
            }
            EventKind::LockWait { lock, held_count: held, timed } => self.begin_lock_wait(w, at, lock, held, timed),
            EventKind::Acquired { lock, grant } => self.record_acquire(w, at, lock, grant),
            EventKind::Released { lock, grant } => self.record_release(w, at, lock, grant),
            EventKind::WaitTimedOut { lock } => self.record_timeout(w, at, lock),
            EventKind::TimedAttempt { lock } => self.lanes[w.index()].holds.attempted = Some(lock),
            EventKind::OwnerDied { lock } => self.record_dead_owner(w, at, lock),
            EventKind::Blocked { state, on } if is_blocking_state(state) => {
                let tried = self.lanes[w.index()].holds.attempted.take();
                self.change_activity(w, at, state, on);
                self.lanes[w.index()].is_signal_wait_timed = on.is_some() && tried == on;
                self.detect_futile_wakeup(w, at, on);
                self.begin_pipe_wait(w, on);
            }
            EventKind::Resumed => self.set_running(w, at),
            EventKind::BecameRunnable => self.mark_ready(w, at),
            EventKind::LoopCpuWait(queued) => self.lanes[w.index()].record_run_queue_wait(at, queued.0),
            EventKind::CpuTime(span) => self.lanes[w.index()].apply_reported_cpu_time(at, span.0),
            EventKind::Woken { on, nth } => self.record_wakeup(w, at, on, nth),
            EventKind::Spawns { life, nth } => self.record_spawn_request(w, at, life, nth),
            EventKind::SpawnedBy { worker, after } => self.record_spawn(w, at, worker, after),
            EventKind::Joins { life, nth } => self.begin_join(w, at, life, nth),
            EventKind::Polled { on, lasted } => {
                self.set_running(w, at);
                self.lanes[w.index()].polls.add(at, on, lasted);
            }
            EventKind::FlagSeenSet { on, .. } => self.record_set_flag(w, at, on),
            EventKind::Signalled { on, woken } => self.record_signal(w, at, on, woken),
            EventKind::Put { .. }
            | EventKind::PutNth { .. }
            | EventKind::Took { .. }
            | EventKind::TookNth { .. }
            | EventKind::Closed { .. }
            | EventKind::Sent { .. }
            | EventKind::Received { .. }
            | EventKind::StillWaiting { .. }
            | EventKind::CounterAdded { .. }
            | EventKind::CounterAddedMany { .. } => self.apply_transfer(w, at, kind),
            EventKind::CommandRan { ok, cpu } => {
                self.set_running(w, at);
                self.lanes[w.index()].commands.add(ok, cpu);
            }
            // No task was due before the run began, whatever the worker's clock did since.
            EventKind::TaskBegan { pool, waited } => self.begin_task(w, at, pool, waited.min(at.span_since(Stamp(0)))),
            EventKind::TaskEnded { pool, ok } => self.end_task(w, at, pool, ok),
            EventKind::TaskRejected { pool } => {
                self.set_running(w, at);
                self.with_pool(pool, |pool| pool.reject(at));
            }
            EventKind::TaskRetried { pool } => self.record_retry(at, pool),
            EventKind::AwaitsResult { on, nth } => self.lanes[w.index()].awaited_result = Some((on, nth)),
            EventKind::ResultReady { on, unread: held, nth, ok: _ } => {
                self.with_results(on, |results| results.resolve(at, w, held, nth));
            }
            EventKind::ResultRead { on, unread: held, nth, ok } => {
                self.set_running(w, at);
                self.clear_wakeup(w);
                self.with_results(on, |results| results.read(at, w, held, nth, ok));
            }
            EventKind::TaskStolen { pool, .. } => self.with_pool(pool, super::Pool::steal),
            EventKind::TaskDropped { pool, reason: fate } => self.record_task_fate(w, at, pool, fate),
            EventKind::TaskAbandoned { pool } => self.with_pool(pool, |pool| pool.record_fate(DropReason::Failed)),
            EventKind::LifeEnded(how) => self.end_life(w, at, how),
            // Nobody blocks in any other state.
            EventKind::Blocked { .. } | EventKind::LifeBegan | EventKind::Gap { .. } | EventKind::Unknown { .. } => {}
        }
    }

    /// The worker does something else from `at` on. If it waited for a lock, that wait is over.
    #[inline]
    pub(super) fn change_activity(&mut self, w: WorkerId, at: Stamp, state: State, on: Option<ResourceId>) {
        let lane = &self.lanes[w.index()];
        if lane.lock_wait_since.is_some() || lane.is_deadlock_candidate {
            self.end_lock_wait(w, at);
        }
        self.set_activity(w, at, state, on);
    }

    /// The worker's wait is as good as over: its own end will come, until then it stands where it stood.
    fn mark_ready(&mut self, w: WorkerId, at: Stamp) {
        let on = self.lanes[w.index()].activity.resource;
        self.set_activity(w, at, State::Ready, on);
    }

    #[inline]
    fn set_activity(&mut self, w: WorkerId, at: Stamp, state: State, on: Option<ResourceId>) {
        let lane = &mut self.lanes[w.index()];
        let was = lane.activity.state;
        if state != State::Signal {
            lane.awaited_result = None;
            lane.is_signal_wait_timed = false;
        }
        lane.found_nothing_after = None;
        lane.set_activity(at, state, on);
        if was != state
            && let Some((pool, seat)) = self.pool_seats[w.index()]
        {
            self.pools[pool.index()].set_worker_state(seat, at, state);
        }
    }

    #[inline]
    pub(super) fn set_running(&mut self, w: WorkerId, at: Stamp) {
        if self.lanes[w.index()].activity.state != State::Running {
            self.change_activity(w, at, State::Running, None);
        }
    }

    fn begin_life(&mut self, w: WorkerId, at: Stamp, dead: Option<Stamp>) {
        self.happens_before.begin_life(w);
        // Whoever is found dead before its first event arrived: that one began before, and nobody began anew.
        let late = self.lanes[w.index()].noticed_death.is_some_and(|died| at <= died);
        self.record_dead_rwlock_wait(w);
        let dead = dead.filter(|_| !late);
        if let Some(dead) = dead {
            let state = self.lanes[w.index()].dead_state();
            self.change_activity(w, dead.min(at), state, None);
        }
        // Ends the former life also when nothing told of its end.
        if self.lanes[w.index()].is_in_life() {
            self.change_activity(w, at, State::Done, None);
        }
        self.change_activity(w, at, State::Running, None);
        let lane = &mut self.lanes[w.index()];
        let holds = std::mem::take(&mut lane.holds);
        if !late {
            lane.noticed_death = None;
            let how = lane.ending.take().filter(|how| *how != LifeEnd::Died(DeathCause::CutOff));
            if let (Some(dead), Some(how)) = (dead, how) {
                lane.record_crash(dead, how);
            }
        }
        lane.open_tasks.clear();
        lane.life_count += 1;
        lane.began = Some(at);
        for (lock, grant) in holds.uncertain {
            self.with_lock(lock, |lock| lock.drop_hold(w, grant));
        }
        for (lock, grant) in holds.confirmed {
            let recovers = self.is_robust_lock(lock);
            self.with_lock(
                lock,
                |lock| if recovers { lock.drop_hold(w, grant) } else { lock.mark_former_life(w, grant) },
            );
        }
        if let Some((pool, seat)) = self.pool_seats[w.index()] {
            self.pools[pool.index()].begin_worker(seat, at);
        }
        self.deadlocks.forget_worker(w);
        if late {
            self.record_death(w);
        }
    }

    fn end_life(&mut self, w: WorkerId, at: Stamp, how: ExitKind) {
        let state = if matches!(how, ExitKind::Panicked | ExitKind::Killed) { State::Crashed } else { State::Done };
        self.record_dead_rwlock_wait(w);
        self.change_activity(w, at, state, None);
        let lane = &mut self.lanes[w.index()];
        // If a notice came first its own word counts, but the notice knows better what it was killed by.
        let noticed = lane.noticed_death.take().and_then(|_| lane.ending.take());
        let ending = noticed.filter(|_| how == ExitKind::Killed).unwrap_or(how.into());
        lane.ending = Some(ending.clone());
        lane.open_tasks.clear();
        if state == State::Crashed {
            lane.record_crash(at, ending);
        }
        if let Some((pool, seat)) = self.pool_seats[w.index()] {
            self.pools[pool.index()].end_worker(seat, at);
        }
        self.end_dead_holds(w, at);
    }

    /// A worker is gone without having said so: what it has is open until then.
    pub(super) fn record_death(&mut self, w: WorkerId) {
        let lane = &self.lanes[w.index()];
        let Some(at) = lane.dead_since() else { return };
        self.happens_before.end_life(w);
        if let Some((pool, seat)) = self.pool_seats[w.index()] {
            self.pools[pool.index()].mark_worker_dead(seat, at);
        }
        if lane.lock_wait_since.is_some()
            && let Some(lock) = lane.activity.resource
        {
            self.with_lock(lock, |lock| lock.mark_dead(w, at));
        }
        self.end_dead_holds(w, at);
    }

    fn end_dead_holds(&mut self, w: WorkerId, at: Stamp) {
        let lane = &self.lanes[w.index()];
        let all: Vec<ResourceId> =
            lane.holds.confirmed.iter().chain(&lane.holds.uncertain).map(|(lock, _)| *lock).collect();
        for lock in all {
            self.with_lock(lock, |lock| lock.mark_dead(w, at));
        }
    }

    /// Events are missing: from its last known event on nothing is known of the worker.
    pub(super) fn record_gap(&mut self, w: WorkerId, lost: u64) {
        self.happens_before.mark_incomplete();
        let lane = &mut self.lanes[w.index()];
        lane.lost_events.0 = lane.lost_events.0.saturating_add(lost);
        let at = lane.newest_stamp;
        self.change_activity(w, at, State::Gap, None);
        let lane = &mut self.lanes[w.index()];
        lane.holds.announced.clear();
        let sure = std::mem::take(&mut lane.holds.confirmed);
        lane.holds.uncertain.extend(&sure);
        lane.open_tasks.clear();
        for (lock, _) in sure {
            self.with_lock(lock, |lock| lock.mark_uncertain(w));
        }
        if let Some((pool, seat)) = self.pool_seats[w.index()] {
            self.pools[pool.index()].drop_task(Some(seat), at);
        }
        if self.lanes[w.index()].noticed_death.is_some() {
            self.record_death(w);
        }
    }

    #[inline]
    pub(super) fn with_lock(&mut self, lock: ResourceId, f: impl FnOnce(&mut Lock)) {
        match self.resources.get_mut(lock.index()) {
            Some(ResourceState::Lock(lock)) => f(lock),
            _ => self.health.anomalies += 1,
        }
    }
}
