//! What each event does to the model.

mod lives;
mod locks;
mod moves;
mod pools;
mod signals;

pub(super) use signals::Woken;

use super::lane::Ending;
use super::legal::{is_blocking, is_legal};
use super::{Lock, Model, Res};
use contend_trace::{Death, Event, EventKind, Fate, How, ResourceId, Stamp, State, WorkerId};

impl Model {
    /// Takes in one event.
    #[inline]
    pub(super) fn event(&mut self, event: &Event) {
        self.health.events += 1;
        let worker = event.worker;
        let Some(lane) = self.lanes.get_mut(worker.index()) else {
            self.health.anomalies += 1;
            return;
        };
        lane.look = 0;
        if !is_legal(&lane.doing, &event.kind) {
            self.health.anomalies += 1;
            if !lane.in_life() || matches!(event.kind, EventKind::Unknown { .. }) {
                return;
            }
        }
        if let EventKind::Gap { lost } = event.kind {
            self.gap(worker, lost);
            return;
        }
        if event.at < lane.newest {
            self.health.anomalies += 1;
        }
        let at = event.at.max(lane.newest);
        let dead = lane.dead_since();
        lane.newest = at;
        self.newest = self.newest.max(at);
        match event.kind {
            EventKind::Began => self.begin(worker, at, dead),
            kind => {
                self.lived(worker, at, kind);
                if dead.is_some() {
                    self.bury(worker);
                }
            }
        }
    }

    /// An event inside a life.
    #[inline]
    pub(super) fn lived(&mut self, w: WorkerId, at: Stamp, kind: EventKind) {
        self.happens.event(w, &kind);
        match kind {
            EventKind::Held { lock, grant } => self.told(w, at, lock, grant),
            EventKind::Queued { lock, .. } | EventKind::Readers { lock, .. } | EventKind::AskMany { lock, .. } => {
                self.ask(w, at, lock, kind);
            }
            EventKind::Passed { lock, grant } => self.passed(w, at, lock, grant),
            EventKind::Posted { lock } => {
                self.run(w, at);
                self.with_lock(lock, Lock::post);
            }
            EventKind::Wait { lock, held, timed } => self.wait(w, at, lock, held, timed),
            EventKind::Acquired { lock, grant } => self.acquired(w, at, lock, grant),
            EventKind::Released { lock, grant } => self.released(w, at, lock, grant),
            EventKind::GaveUp { lock } => self.gave_up(w, at, lock),
            EventKind::Tried { lock } => self.lanes[w.index()].holds.tried = Some(lock),
            EventKind::OwnerDied { lock } => self.owner_died(w, at, lock),
            EventKind::Block { state, on } if is_blocking(state) => {
                let tried = self.lanes[w.index()].holds.tried.take();
                self.settle(w, at, state, on);
                self.lanes[w.index()].signal_timed = on.is_some() && tried == on;
                self.blocked(w, at, on);
                self.comes(w, on);
            }
            EventKind::Resume => self.run(w, at),
            EventKind::Ready => self.ready(w, at),
            EventKind::WithoutCpu(queued) => self.lanes[w.index()].lacked_cpu(at, queued.0),
            EventKind::CpuTime(span) => self.lanes[w.index()].cpu_time(at, span.0),
            EventKind::Heard { on, nth } => self.heard(w, at, on, nth),
            EventKind::Spawns { life, nth } => self.spawns(w, at, life, nth),
            EventKind::SpawnedBy { worker, after } => self.spawned(w, at, worker, after),
            EventKind::Joins { life, nth } => self.joins(w, at, life, nth),
            EventKind::Polled { on, lasted } => {
                self.run(w, at);
                self.lanes[w.index()].polls.add(at, on, lasted);
            }
            EventKind::SawSet { on, .. } => self.saw_set(w, at, on),
            EventKind::Signalled { on, woken } => self.signalled(w, at, on, woken),
            EventKind::Put { .. }
            | EventKind::PutNth { .. }
            | EventKind::Took { .. }
            | EventKind::TookNth { .. }
            | EventKind::Closed { .. }
            | EventKind::Sent { .. }
            | EventKind::Received { .. }
            | EventKind::Refused { .. }
            | EventKind::Added { .. }
            | EventKind::AddedMany { .. } => self.moved(w, at, kind),
            EventKind::Ran { ok, cpu } => {
                self.run(w, at);
                self.lanes[w.index()].commands.add(ok, cpu);
            }
            // No task was due before the run began, whatever the worker's clock did since.
            EventKind::TaskBegan { pool, waited } => self.task_began(w, at, pool, waited.min(at.since(Stamp(0)))),
            EventKind::TaskEnded { pool, ok } => self.task_ended(w, at, pool, ok),
            EventKind::Rejected { pool } => {
                self.run(w, at);
                self.with_pool(pool, |pool| pool.reject(at));
            }
            EventKind::Retried { pool } => self.retried(at, pool),
            EventKind::Awaits { on, nth } => self.lanes[w.index()].awaits = Some((on, nth)),
            EventKind::Resolved { on, held, nth, ok: _ } => {
                self.with_results(on, |results| results.resolve(at, w, held, nth));
            }
            EventKind::Read { on, held, nth, ok } => {
                self.run(w, at);
                self.did(w);
                self.with_results(on, |results| results.read(at, w, held, nth, ok));
            }
            EventKind::Stole { pool, .. } => self.with_pool(pool, super::Pool::steal),
            EventKind::Met { pool, fate } => self.met(w, at, pool, fate),
            EventKind::GivenUp { pool } => self.with_pool(pool, |pool| pool.meet(Fate::Failed)),
            EventKind::Ended(how) => self.end(w, at, how),
            // Nobody blocks in any other state.
            EventKind::Block { .. } | EventKind::Began | EventKind::Gap { .. } | EventKind::Unknown { .. } => {}
        }
    }

    /// The worker does something else from `at` on. If it waited for a lock, that wait is over.
    #[inline]
    pub(super) fn settle(&mut self, w: WorkerId, at: Stamp, state: State, on: Option<ResourceId>) {
        let lane = &self.lanes[w.index()];
        if lane.waits_since.is_some() || lane.stuck {
            self.leave(w, at);
        }
        self.turn(w, at, state, on);
    }

    /// The worker's wait is as good as over: its own end will come, until then it stands where it stood.
    fn ready(&mut self, w: WorkerId, at: Stamp) {
        let on = self.lanes[w.index()].doing.on;
        self.turn(w, at, State::Ready, on);
    }

    #[inline]
    fn turn(&mut self, w: WorkerId, at: Stamp, state: State, on: Option<ResourceId>) {
        let lane = &mut self.lanes[w.index()];
        let was = lane.doing.state;
        if state != State::Signal {
            lane.awaits = None;
            lane.signal_timed = false;
        }
        lane.found_none = None;
        lane.turn(at, state, on);
        if was != state
            && let Some((pool, seat)) = self.seats[w.index()]
        {
            self.pools[pool.index()].turn(seat, at, state);
        }
    }

    #[inline]
    pub(super) fn run(&mut self, w: WorkerId, at: Stamp) {
        if self.lanes[w.index()].doing.state != State::Running {
            self.settle(w, at, State::Running, None);
        }
    }

    fn begin(&mut self, w: WorkerId, at: Stamp, dead: Option<Stamp>) {
        self.happens.began(w);
        // Whoever is found dead before its first event arrived: that one began before, and nobody began anew.
        let late = self.lanes[w.index()].died.is_some_and(|died| at <= died);
        self.haunt(w);
        let dead = dead.filter(|_| !late);
        if let Some(dead) = dead {
            let state = self.lanes[w.index()].dead_state();
            self.settle(w, dead.min(at), state, None);
        }
        // Ends the former life also when nothing told of its end.
        if self.lanes[w.index()].in_life() {
            self.settle(w, at, State::Done, None);
        }
        self.settle(w, at, State::Running, None);
        let lane = &mut self.lanes[w.index()];
        let holds = std::mem::take(&mut lane.holds);
        if !late {
            lane.died = None;
            let how = lane.ended.take().filter(|how| *how != Ending::Died(Death::CutOff));
            if let (Some(dead), Some(how)) = (dead, how) {
                lane.crash(dead, how);
            }
        }
        lane.tasks_open.clear();
        lane.lives += 1;
        lane.began = Some(at);
        for (lock, grant) in holds.doubtful {
            self.with_lock(lock, |lock| lock.forget(w, grant));
        }
        for (lock, grant) in holds.sure {
            let recovers = self.recovers(lock);
            self.with_lock(lock, |lock| if recovers { lock.forget(w, grant) } else { lock.outlive(w, grant) });
        }
        if let Some((pool, seat)) = self.seats[w.index()] {
            self.pools[pool.index()].sit(seat, at);
        }
        self.deadlocks.forget(w);
        if late {
            self.bury(w);
        }
    }

    fn end(&mut self, w: WorkerId, at: Stamp, how: How) {
        let state = if matches!(how, How::Panicked | How::Killed) { State::Crashed } else { State::Done };
        self.haunt(w);
        self.settle(w, at, state, None);
        let lane = &mut self.lanes[w.index()];
        // If a notice came first its own word counts, but the notice knows better what it was killed by.
        let noticed = lane.died.take().and_then(|_| lane.ended.take());
        let ending = noticed.filter(|_| how == How::Killed).unwrap_or(how.into());
        lane.ended = Some(ending.clone());
        lane.tasks_open.clear();
        if state == State::Crashed {
            lane.crash(at, ending);
        }
        if let Some((pool, seat)) = self.seats[w.index()] {
            self.pools[pool.index()].rise(seat, at);
        }
        self.bury_holds(w, at);
    }

    /// A worker is gone without having said so: what it has is open until then.
    pub(super) fn bury(&mut self, w: WorkerId) {
        let lane = &self.lanes[w.index()];
        let Some(at) = lane.dead_since() else { return };
        self.happens.ended(w);
        if let Some((pool, seat)) = self.seats[w.index()] {
            self.pools[pool.index()].bury(seat, at);
        }
        if lane.waits_since.is_some()
            && let Some(lock) = lane.doing.on
        {
            self.with_lock(lock, |lock| lock.bury(w, at));
        }
        self.bury_holds(w, at);
    }

    fn bury_holds(&mut self, w: WorkerId, at: Stamp) {
        let lane = &self.lanes[w.index()];
        let all: Vec<ResourceId> = lane.holds.sure.iter().chain(&lane.holds.doubtful).map(|(lock, _)| *lock).collect();
        for lock in all {
            self.with_lock(lock, |lock| lock.bury(w, at));
        }
    }

    /// Events are missing: from its last known event on nothing is known of the worker.
    pub(super) fn gap(&mut self, w: WorkerId, lost: u64) {
        self.happens.lose();
        let lane = &mut self.lanes[w.index()];
        lane.lost.0 = lane.lost.0.saturating_add(lost);
        let at = lane.newest;
        self.settle(w, at, State::Gap, None);
        let lane = &mut self.lanes[w.index()];
        lane.holds.told.clear();
        let sure = std::mem::take(&mut lane.holds.sure);
        lane.holds.doubtful.extend(&sure);
        lane.tasks_open.clear();
        for (lock, _) in sure {
            self.with_lock(lock, |lock| lock.doubt(w));
        }
        if let Some((pool, seat)) = self.seats[w.index()] {
            self.pools[pool.index()].drop_task(Some(seat), at);
        }
        if self.lanes[w.index()].died.is_some() {
            self.bury(w);
        }
    }

    #[inline]
    pub(super) fn with_lock(&mut self, lock: ResourceId, f: impl FnOnce(&mut Lock)) {
        match self.resources.get_mut(lock.index()) {
            Some(Res::Lock(lock)) => f(lock),
            _ => self.health.anomalies += 1,
        }
    }
}
