//! Steps on other workers: `spawn`, `join` and `run`.

use std::io;
use std::time::Instant;

use crate::plan::WorkerRole;
use crate::shared::life::WorkerLife;
use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::workers::{event_loop, forked::spawn_forked, thread::spawn_thread};
use contend_platform::{Exit, fork_and_wait, kill_process_of_session, thread_id};
use contend_scenario::{GroupMembers, LifeStep, MemberSelector};
use contend_trace::{Cancellation, EventKind, ExitKind, ResourceId, Span, State, WorkerId, WorkerKind};

/// Stands for all lives of a worker that is not spawned by others: the pool's crashed processes begin anew by
/// themselves.
const EVERY_LIFE: u64 = (1 << 40) - 1;

/// A worker to spawn or join.
#[derive(Clone, Copy)]
pub(super) struct SpawnTarget {
    worker: WorkerId,
    pub(super) id: ResourceId,
    pub(super) life: WorkerLife<'static>,
}

impl StepRunner {
    pub async fn life_step(&mut self, step: &LifeStep) -> StepResult {
        match step {
            LifeStep::Spawn(members) if members.which == MemberSelector::AnyIdle => {
                self.spawn_any(self.spawn_targets(members)).await
            }
            LifeStep::Spawn(members) => {
                for other in self.spawn_targets(members) {
                    self.spawn(other).await?;
                }
                Ok(())
            }
            LifeStep::Join { members, body, otherwise, timeout } => {
                let deadline = timeout.as_ref().map(|timeout| self.deadline_after(timeout));
                let mut all_ok = true;
                for other in self.spawn_targets(members) {
                    all_ok &= self.join(other, deadline).await;
                }
                self.run_block(if all_ok { body } else { otherwise }).await
            }
            LifeStep::Cancel { members, how } => {
                let how = how.pick(|knob| self.run.memory.knob(knob)).unwrap_or(Cancellation::Unwind);
                self.cancel(members, how);
                Ok(())
            }
            LifeStep::RunInline { group } => self.run_block(&self.run.scenario.groups[*group].steps).await,
        }
    }

    /// Cancels workers that are in a life. They notice it at their next wait or step; a process to kill is killed.
    fn cancel(&mut self, members: &GroupMembers, how: Cancellation) {
        let lanes = self.run.plan.group_lanes(members.group);
        let at = match &members.which {
            MemberSelector::At(at) => Some((at.eval(self) as i64).rem_euclid(i64::from(lanes.count.max(1))) as usize),
            MemberSelector::All | MemberSelector::AnyIdle => None,
        };
        for (_, worker) in lanes.iter().enumerate().filter(|(i, _)| at.is_none_or(|at| at == *i)) {
            self.cancel_worker(worker, how);
        }
    }

    /// Cancels a worker in its present life. The event comes first: a worker that has noticed it was cancelled is known
    /// to be.
    pub(super) fn cancel_worker(&mut self, worker: WorkerId, how: Cancellation) {
        let ring = self.run.memory.ring(worker);
        let is_process = self.run.plan.registry.workers[worker.index()].kind == WorkerKind::Process;
        let kills = is_process && how == Cancellation::Kill;
        let life_number = || self.run.life(worker).map_or(EVERY_LIFE, WorkerLife::count);
        let (mut recorded, mut nth) = (None, life_number());
        while recorded != Some(nth) {
            self.recorder.write(self.recorder.now(), EventKind::Cancels { worker, nth, kills });
            let process = ring.producer_ids().filter(|_| kills);
            process.inspect(|(pid, _)| kill_process_of_session(*pid));
            if process.is_none() || nth != EVERY_LIFE {
                ring.cancel(nth, how); // also if that process was one of an earlier life: the new one may not exist yet
            }
            // A process of another life that began meanwhile may have been killed.
            (recorded, nth) = (Some(nth), if kills { life_number() } else { nth });
        }
    }

    pub(super) fn spawn_targets(&self, members: &GroupMembers) -> Vec<SpawnTarget> {
        let lanes = self.run.plan.group_lanes(members.group);
        let mut all = lanes.iter().filter_map(|worker| self.spawn_target(worker));
        match &members.which {
            MemberSelector::All | MemberSelector::AnyIdle => all.collect(),
            MemberSelector::At(at) => {
                let at = (at.eval(self) as i64).rem_euclid(i64::from(lanes.count.max(1)));
                all.nth(at as usize).into_iter().collect()
            }
        }
    }

    fn spawn_target(&self, worker: WorkerId) -> Option<SpawnTarget> {
        Some(SpawnTarget { worker, id: self.run.plan.life(worker)?, life: self.run.life(worker)? })
    }

    /// Spawns a worker that does not run. If all run, waits for the one that was spawned first.
    async fn spawn_any(&mut self, targets: Vec<SpawnTarget>) -> StepResult {
        let mut idle = targets.iter().filter(|other| !other.life.is_alive());
        let claimed = idle.find_map(|other| self.claim_life(*other).ok().map(|claim| (*other, claim)));
        match (claimed, targets.iter().min_by_key(|other| other.life.origin().0)) {
            (Some((other, claim)), _) => self.begin_spawn(other, claim),
            (None, Some(first)) => self.spawn(*first).await,
            (None, None) => Ok(()),
        }
    }

    /// Spawns a worker. Returns when its thread or process exists; it may not have run yet.
    async fn spawn(&mut self, other: SpawnTarget) -> StepResult {
        let claim = loop {
            self.check_cancelled()?;
            if self.should_stop() {
                return Err(StopReason::StopRequested);
            }
            match self.claim_life(other) {
                Ok(claim) => break claim,
                Err(nth) => self.wait_for(other, nth).await,
            }
        };
        self.begin_spawn(other, claim)
    }

    /// Claims the next life of a worker. Returns the time and the number of the life, or the number of the one that has
    /// not ended.
    fn claim_life(&self, other: SpawnTarget) -> Result<(u64, u64), u64> {
        let asked = self.recorder.now();
        let nth = other.life.claim(std::process::id(), self.id(), asked, self.file_task())?;
        Ok((asked, nth))
    }

    fn begin_spawn(&mut self, other: SpawnTarget, (asked, nth): (u64, u64)) -> StepResult {
        if self.run.is_left_in_line(other.worker) {
            // Without an event: the model would wait for the life to begin.
            self.run.end_life(other.worker, false);
            let name = self.run.plan.registry.worker_name(other.worker);
            let why = "it was killed in the line of a mutex and keeps its place there";
            return Err(StopReason::Failed(format!("{name} could not be spawned: {why}")));
        }
        self.recorder.write(asked, EventKind::Spawns { life: other.id, nth });
        self.run.memory.ring(other.worker).clear_requests_before_life(nth);
        self.run.add_task_source(other.worker);
        let started = match self.run.plan.registry.workers[other.worker.index()].kind {
            WorkerKind::Process if self.run.plan.is_forked(other.worker) => {
                if self.has_steps(other.worker) {
                    self.fork_running(other)
                } else {
                    self.fork(other, asked)
                }
            }
            WorkerKind::Thread | WorkerKind::Service => {
                // From here on the thread ends its own life.
                other.life.mark_running();
                spawn_thread(self.run, other.worker).inspect_err(|_| {
                    self.run.remove_task_source(other.worker, Some(&mut self.recorder));
                    self.run.end_life(other.worker, false);
                })
            }
            WorkerKind::Async => {
                other.life.mark_running();
                event_loop::spawn(self.run, other.worker, self.run.plan.roles[other.worker.index()], || {});
                Ok(())
            }
            WorkerKind::Dask => Err(io::Error::other("a worker of Dask is started by Dask")),
            WorkerKind::Process => {
                // The runner starts the process with a blocking call; no event loop can wait for it.
                let was_blocking = self.recorder.set_blocking(true);
                self.recorder.block(State::Io, None);
                self.run.memory.call_runner();
                let started = other.life.wait_for_start(nth);
                self.recorder.resume();
                self.recorder.set_blocking(was_blocking);
                if started { Ok(()) } else { Err(io::Error::other("see the note of the runner")) }
            }
        };
        let name = self.run.plan.registry.worker_name(other.worker);
        started.map_err(|e| StopReason::Failed(format!("{name} could not be spawned: {e}")))
    }

    /// Whether a group's member has steps to run.
    fn has_steps(&self, worker: WorkerId) -> bool {
        match self.run.plan.roles[worker.index()] {
            WorkerRole::GroupMember { group, .. } => !self.run.scenario.groups[group].steps.is_empty(),
            _ => true,
        }
    }

    /// Forks this process, and returns when the copy exists, which runs its steps.
    fn fork_running(&mut self, other: SpawnTarget) -> io::Result<()> {
        other.life.mark_running();
        let was_blocking = self.recorder.set_blocking(true);
        self.recorder.block(State::Io, None);
        let forked = spawn_forked(self.run, other.worker);
        self.recorder.resume();
        self.recorder.set_blocking(was_blocking);
        forked.inspect_err(|_| self.run.end_life(other.worker, false))
    }

    /// Forks this process. The copy only records that it lived.
    fn fork(&mut self, other: SpawnTarget, asked: u64) -> io::Result<()> {
        let (run, worker) = (self.run, self.id());
        other.life.mark_running();
        let mut recorder = run.recorder(other.worker); // allocates, which the child must not
        let child = |()| {
            let at = recorder.now();
            run.memory.ring(other.worker).set_producer_ids(std::process::id(), thread_id());
            recorder.begin_life(at);
            recorder.write(at, EventKind::SpawnedBy { worker, after: Span(run.nanos_between(asked, at)) });
            recorder.end_life(ExitKind::Finished);
        };
        let was_blocking = self.recorder.set_blocking(true);
        let exit = fork_and_wait((), child, |()| self.recorder.block(State::Io, None));
        if exit.is_ok() {
            self.recorder.resume();
        }
        self.recorder.set_blocking(was_blocking);
        run.end_life(other.worker, matches!(exit, Ok(Exit::Code(0))));
        exit.map(|_| ())
    }

    /// Waits for the end of a worker that was ever spawned, until `deadline` at most. Returns whether it ended without
    /// an error.
    async fn join(&mut self, other: SpawnTarget, deadline: Option<Instant>) -> bool {
        let nth = match (other.life.current(), other.life.count()) {
            (Some(nth), _) if deadline.is_some() => {
                if !self.wait_until(other, nth, deadline).await {
                    return false;
                }
                self.record_join(other, nth);
                nth
            }
            (Some(nth), _) => {
                self.wait_for(other, nth).await;
                nth
            }
            (None, 0) => return true,
            (None, nth) => {
                self.record_join(other, nth);
                nth
            }
        };
        !other.life.has_life_failed(nth)
    }

    /// Records the end of a life, although there is nothing to wait for any more: it comes before the steps that follow
    /// here.
    fn record_join(&mut self, other: SpawnTarget, nth: u64) {
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::Joins { life: other.id, nth });
        self.recorder.write(at, EventKind::Resumed);
    }

    /// Waits for the end of a life, until `deadline` at most. Returns whether it has ended. A wait that ends by itself
    /// is not recorded as a join, which lasts until the other worker ends.
    async fn wait_until(&mut self, other: SpawnTarget, nth: u64, deadline: Option<Instant>) -> bool {
        self.recorder.wait_for_resource_until(State::Signal, other.id, deadline);
        let has_ended = self.wait_for_end(other, nth, deadline).await;
        if has_ended {
            self.recorder.resume();
        } else {
            self.recorder.record_gave_up(self.recorder.now(), other.id);
        }
        has_ended
    }

    async fn wait_for_end(&mut self, other: SpawnTarget, nth: u64, deadline: Option<Instant>) -> bool {
        match self.run.wait_queue(other.id).filter(|_| self.recorder.is_on_loop()) {
            Some(wait_queue) => other.life.wait_for_end_async(nth, wait_queue, deadline).await,
            None => other.life.wait_for_end(nth, deadline),
        }
    }

    async fn wait_for(&mut self, other: SpawnTarget, nth: u64) {
        self.recorder.wait_for_life_end(other.id, nth);
        self.wait_for_end(other, nth, None).await;
        self.recorder.resume();
    }
}
