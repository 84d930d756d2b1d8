//! Steps on other workers: `spawn`, `join` and `run`.

use std::io;

use crate::actor::{Actor, Flow, Halt};
use crate::birth::spawn_thread;
use crate::event_loop;
use crate::shared::life::Life;
use contend_platform::{Exit, fork_and_wait, thread_id};
use contend_scenario::{LifeStep, Members, Which};
use contend_trace::{EventKind, How, ResourceId, Span, State, WorkerId, WorkerKind};

/// A worker that can be spawned or joined.
#[derive(Clone, Copy)]
struct Other {
    worker: WorkerId,
    id: ResourceId,
    life: Life<'static>,
}

impl Actor {
    pub async fn life_step(&mut self, step: &LifeStep) -> Flow {
        match step {
            LifeStep::Spawn(members) if members.which == Which::Any => self.spawn_any(self.others(members)).await,
            LifeStep::Spawn(members) => {
                for other in self.others(members) {
                    self.spawn(other).await?;
                }
                Ok(())
            }
            LifeStep::Join { members, body, otherwise } => {
                let mut well = true;
                for other in self.others(members) {
                    well &= self.join(other).await;
                }
                self.body(if well { body } else { otherwise }).await
            }
            LifeStep::Run { group } => self.body(&self.run.scenario.workers[*group].steps).await,
        }
    }

    fn others(&self, members: &Members) -> Vec<Other> {
        let lanes = self.run.plan.members(members.group);
        let mut all = lanes.iter().filter_map(|worker| self.other(worker));
        match &members.which {
            Which::All | Which::Any => all.collect(),
            Which::At(at) => {
                let at = (at.eval(self) as i64).rem_euclid(i64::from(lanes.count.max(1)));
                all.nth(at as usize).into_iter().collect()
            }
        }
    }

    fn other(&self, worker: WorkerId) -> Option<Other> {
        Some(Other { worker, id: self.run.plan.life(worker)?, life: self.run.life(worker)? })
    }

    /// Starts one that does not run. Where all do, it waits for the one that was begun first.
    async fn spawn_any(&mut self, all: Vec<Other>) -> Flow {
        let mut free = all.iter().filter(|other| !other.life.is_alive());
        let claimed = free.find_map(|other| self.claim(*other).ok().map(|claim| (*other, claim)));
        match (claimed, all.iter().min_by_key(|other| other.life.origin().0)) {
            (Some((other, claim)), _) => self.begin(other, claim),
            (None, Some(first)) => self.spawn(*first).await,
            (None, None) => Ok(()),
        }
    }

    /// Starts a worker. Comes back when its thread or process exists, which may not have done anything yet.
    async fn spawn(&mut self, other: Other) -> Flow {
        let claim = loop {
            if self.must_leave() {
                return Err(Halt::Asked);
            }
            match self.claim(other) {
                Ok(claim) => break claim,
                Err(nth) => self.wait_for(other, nth).await,
            }
        };
        self.begin(other, claim)
    }

    /// Claims a worker's next life: when, and which it is; else the one that has not ended.
    fn claim(&self, other: Other) -> Result<(u64, u64), u64> {
        let asked = self.pen.now();
        let nth = other.life.claim(std::process::id(), self.me(), asked, self.file())?;
        Ok((asked, nth))
    }

    fn begin(&mut self, other: Other, (asked, nth): (u64, u64)) -> Flow {
        self.pen.write(asked, EventKind::Spawns { life: other.id, nth });
        self.run.board.ring(other.worker).ask_to_end(false);
        self.run.arrive(other.worker);
        let started = match self.run.plan.cast.workers[other.worker.index()].kind {
            WorkerKind::Process if self.run.plan.is_forked(other.worker) => self.fork(other, asked),
            WorkerKind::Thread => {
                // From here on the life is the thread's own to end.
                other.life.started();
                spawn_thread(self.run, other.worker).inspect_err(|_| {
                    self.run.leave(other.worker, Some(&mut self.pen));
                    self.run.end_life(other.worker, false);
                })
            }
            WorkerKind::Async => {
                other.life.started();
                event_loop::spawn(self.run, other.worker, self.run.plan.parts[other.worker.index()], || {});
                Ok(())
            }
            WorkerKind::Process => {
                // The system makes a process in one call, which no event loop can wait for.
                let blocked = self.pen.set_blocking(true);
                self.pen.block(State::Io, None);
                self.run.board.call();
                let started = other.life.wait_for_start(nth);
                self.pen.resume();
                self.pen.set_blocking(blocked);
                if started { Ok(()) } else { Err(io::Error::other("the runner said why")) }
            }
        };
        let name = self.run.plan.cast.worker_name(other.worker);
        started.map_err(|e| Halt::Failed(format!("{name} could not be spawned: {e}")))
    }

    /// Makes a copy of this process, whose only deed is to say that it lived.
    fn fork(&mut self, other: Other, asked: u64) -> io::Result<()> {
        let (run, worker) = (self.run, self.me());
        other.life.started();
        let mut pen = run.recorder(other.worker); // allocates, which the copy must not
        let child = || {
            let at = pen.now();
            run.board.ring(other.worker).sign(std::process::id(), thread_id());
            pen.begin(at);
            pen.write(at, EventKind::SpawnedBy { worker, after: Span(run.nanos(asked, at)) });
            pen.end(How::Finished);
        };
        let blocked = self.pen.set_blocking(true);
        let exit = fork_and_wait(child, || self.pen.block(State::Io, None));
        if exit.is_ok() {
            self.pen.resume();
        }
        self.pen.set_blocking(blocked);
        run.end_life(other.worker, matches!(exit, Ok(Exit::Code(0))));
        exit.map(|_| ())
    }

    /// Waits until a worker has ended, if it was ever started; whether it ended well.
    async fn join(&mut self, other: Other) -> bool {
        let nth = match (other.life.present(), other.life.count()) {
            (Some(nth), _) => {
                self.wait_for(other, nth).await;
                nth
            }
            (None, 0) => return true,
            // Its end comes before all that follows here, although nobody waits for it.
            (None, nth) => {
                let at = self.pen.now();
                self.pen.write(at, EventKind::Joins { life: other.id, nth });
                self.pen.write(at, EventKind::Resume);
                nth
            }
        };
        !other.life.ended_badly(nth)
    }

    async fn wait_for(&mut self, other: Other, nth: u64) {
        self.pen.join(other.id, nth);
        match self.run.sleepers(other.id).filter(|_| self.pen.is_on_loop()) {
            Some(sleepers) => other.life.await_end(nth, sleepers).await,
            None => other.life.wait_for_end(nth),
        }
        self.pen.resume();
    }
}
