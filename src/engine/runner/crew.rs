//! All threads and processes of a run. Only the runner's main thread starts them: a child is killed by the kernel when
//! the thread that started it ends, and this one stays.

mod ends;
mod lives;
mod pipes;
mod start;

use std::io;

use crossbeam_channel::Sender;

use super::Happening;
use crate::engine::event_loop;
use crate::engine::handover::Link;
use crate::engine::plan::{Part, pool_size};
use crate::engine::run::Run;
use crate::engine::shared::life::Life;
use crate::engine::wire::{Down, Start};
use crate::platform::{Exit, Pipes, kill_process, reap_adopted};
use crate::scenario::Values;
use crate::trace::{Death, KnobId, Notice, PoolId, WorkerId};

/// What is known of one lane.
#[derive(Debug, Default)]
struct Member {
    /// Its thread or task in this process: the worker itself, or who stands for it.
    thread: bool,
    /// Its process.
    pipes: Option<Pipes>,
    process: bool,
    /// Its process ended before the barrier was lifted.
    died_early: bool,
    /// Someone waits for a new process, and the old one has not been reaped yet.
    wanted: Option<Sender<Option<Link>>>,
}

/// The run's workers.
#[derive(Debug)]
pub struct Crew {
    run: &'static Run,
    start: Start,
    tell: Sender<Happening>,
    members: Vec<Member>,
    /// By pool: how many workers it shall have.
    sizes: Vec<u32>,
}

/// Knobs as they stand.
struct Now(&'static Run);

impl Values for Now {
    fn knob(&self, knob: KnobId) -> f64 {
        self.0.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        (0, 1)
    }
}

impl Crew {
    pub fn new(run: &'static Run, start: Start, tell: Sender<Happening>) -> Self {
        let members = run.plan.parts.iter().map(|_| Member::default()).collect();
        let sizes = run.plan.cast.pools.iter().map(|p| p.size).collect();
        Self { run, start, tell, members, sizes }
    }

    /// Starts everyone who takes part from the beginning.
    pub fn start_all(&mut self) -> io::Result<()> {
        if let Some(threads) = self.run.plan.loop_threads {
            let event_loop = event_loop::start(self.run, threads)?;
            self.run.event_loop.get_or_init(|| event_loop);
        }
        for worker in (0..self.members.len()).map(WorkerId::from) {
            if self.takes_part(worker) {
                self.start(worker)?;
            } else if self.run.plan.is_spawned(worker) {
                self.run.board.ring(worker).touch(); // now, so that being born costs less
            }
        }
        Ok(())
    }

    /// Whether a lane belongs to the run at the present sizes of the pools.
    fn takes_part(&self, worker: WorkerId) -> bool {
        match self.run.plan.parts[worker.index()] {
            Part::PoolWorker { pool, place } => place < self.sizes[pool],
            Part::Member { group, .. } => !self.run.plan.spawned.contains(&group),
            Part::Feeder { .. } | Part::Server { .. } | Part::Manager => true,
        }
    }

    fn is_running(&self, worker: WorkerId) -> bool {
        let member = &self.members[worker.index()];
        member.thread || member.process
    }

    /// Whether everyone who takes part stands at the barrier.
    pub fn all_up(&self) -> bool {
        (0..self.members.len())
            .map(WorkerId::from)
            .filter(|w| self.takes_part(*w))
            .all(|w| self.run.board.ring(w).who().is_some())
    }

    /// A worker process that ended before the barrier was lifted.
    pub fn died_before_start(&self) -> Option<&str> {
        let dead = self.members.iter().position(|m| m.died_early)?;
        Some(self.run.plan.cast.worker_name(WorkerId::from(dead)))
    }

    pub fn handle(&mut self, happening: Happening) -> io::Result<()> {
        self.take_in(happening)?;
        self.close_servers();
        Ok(())
    }

    fn take_in(&mut self, happening: Happening) -> io::Result<()> {
        match happening {
            Happening::Down(Down::Turned(knob)) => self.turned(knob)?,
            Happening::Down(Down::Kill(worker)) => self.kill(worker),
            Happening::Called => self.start_asked_for(),
            Happening::Done(worker) => {
                self.members[worker.index()].thread = false;
                self.replace(worker)?;
            }
            Happening::Exited { worker, exit } => self.exited(worker, exit)?,
            Happening::Need { worker, reply } if self.members[worker.index()].process => {
                self.members[worker.index()].wanted = Some(reply); // until the one that died is reaped
            }
            Happening::Need { worker, reply } => self.supply(worker, &reply),
        }
        Ok(())
    }

    /// A knob was turned: its value is on the board. A pool that changes its size says so itself.
    fn turned(&mut self, knob: KnobId) -> io::Result<()> {
        if !self.resize()?
            && let Some(turned) = self.run.scenario.knobs.get(knob.index())
        {
            let shown = turned.show(self.run.knob(knob));
            self.run.notice(Notice::Turned { knob, name: turned.name.clone(), shown });
        }
        Ok(())
    }

    /// Brings every pool to the size its knobs ask for; whether any size changed.
    fn resize(&mut self) -> io::Result<bool> {
        let mut changed = false;
        for i in 0..self.sizes.len() {
            let pool = &self.run.scenario.pools[i];
            let size = pool_size(&pool.workers, pool.most, &Now(self.run));
            if std::mem::replace(&mut self.sizes[i], size) != size {
                self.run.notice(Notice::Resized { pool: PoolId::from(i), workers: size });
                self.fill(i)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Starts who is missing in a pool, asks those who are too many to end.
    fn fill(&mut self, pool: usize) -> io::Result<()> {
        for worker in self.run.plan.cast.pools[pool].workers.clone() {
            let wanted = self.takes_part(worker);
            self.run.board.ring(worker).ask_to_end(!wanted);
            if wanted && !self.is_running(worker) {
                self.start(worker)?;
            }
        }
        self.run.queues[pool].wake();
        Ok(())
    }

    /// Starts a pool's worker anew if it ended while it was still wanted and its pool has work to come.
    fn replace(&mut self, worker: WorkerId) -> io::Result<()> {
        let ring = self.run.board.ring(worker);
        if let Part::PoolWorker { .. } = self.run.plan.parts[worker.index()]
            && self.takes_part(worker)
            && !self.is_running(worker)
            && ring.asked_to_end()
            && !ring.is_cut_off()
        {
            ring.ask_to_end(false);
            self.start(worker)?;
        }
        Ok(())
    }

    /// Ends one worker: a process at once, a thread at its next step.
    fn kill(&mut self, worker: WorkerId) {
        let Some(member) = self.members.get(worker.index()) else { return };
        let ring = self.run.board.ring(worker);
        if member.process {
            if let Some((pid, _)) = ring.who() {
                kill_process(pid);
            }
        } else if member.thread || self.run.life(worker).is_some_and(Life::is_alive) {
            ring.ask_to_end(true);
            self.run.queues.iter().for_each(crate::engine::queue::Queue::wake);
        }
    }

    fn exited(&mut self, worker: WorkerId, exit: Exit) -> io::Result<()> {
        let member = &mut self.members[worker.index()];
        member.process = false;
        member.pipes = None;
        // A command that it ran is its own process group: the kernel ended its first process only.
        let ring = self.run.board.ring(worker);
        ring.command().map(reap_adopted);
        ring.set_command(0);
        member.died_early = self.run.board.ring(worker).who().is_none();
        let death = match exit {
            Exit::Code(0) => None,
            Exit::Code(code) => Some(Death::Exit(code)),
            Exit::Signal(signal) => Some(Death::Signal(signal)),
        };
        if let Part::Member { .. } = self.run.plan.parts[worker.index()] {
            self.run.leave(worker, None); // if it could not do so itself
        }
        self.end_with(worker, death.as_ref());
        self.run.end_life(worker, death.is_none());
        if let Some(death) = death {
            self.run.notice(Notice::Died { worker, death });
        }
        match self.members[worker.index()].wanted.take() {
            Some(reply) => self.supply(worker, &reply),
            None => self.replace(worker)?,
        }
        Ok(())
    }

    /// Starts the process that a stand-in asked for.
    fn supply(&mut self, worker: WorkerId, reply: &Sender<Option<Link>>) {
        let link = self.start_linked(worker).inspect_err(|e| self.could_not_start(worker, e));
        let _ = reply.send(link.ok());
    }

    fn could_not_start(&self, worker: WorkerId, error: &io::Error) {
        let name = self.run.plan.cast.worker_name(worker);
        self.run.notice(Notice::Note(format!("{name} could not be started: {error}")));
    }
}
