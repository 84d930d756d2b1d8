//! All threads and processes of a run. Only the runner's main thread starts them: a child is killed by the kernel when
//! the thread that started it ends, and this one stays.

mod ends;
mod lives;
mod pipes;
mod sizes;
mod start;

use std::io;

use crossbeam_channel::Sender;

use super::Happening;
use crate::event_loop;
use crate::handover::Link;
use crate::nested::end_nested_of;
use crate::plan::Part;
use crate::run::Run;
use crate::shared::life::Life;
use crate::wire::{Down, Start};
use contend_platform::limits::told;
use contend_platform::{Exit, Pipes, kill_process, reap_adopted};
use contend_trace::{Death, Notice, WorkerId};

/// What is known of one lane.
#[derive(Debug, Default)]
struct Member {
    /// Its thread or task in this process: the worker itself, or who stands for it.
    thread: bool,
    /// Its process.
    pipes: Option<Pipes>,
    process: bool,
    /// The number of that process.
    pid: u32,
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
                self.start(worker).map_err(|e| io::Error::other(self.not_started(worker, &e)))?;
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

    pub fn handle(&mut self, happening: Happening) {
        self.take_in(happening);
        self.close_servers();
    }

    fn take_in(&mut self, happening: Happening) {
        match happening {
            Happening::Down(Down::Turned(knob)) => self.turned(knob),
            Happening::Down(Down::Kill(worker)) => self.kill(worker),
            Happening::Called => self.start_asked_for(),
            Happening::Done(worker) => {
                self.members[worker.index()].thread = false;
                self.replace(worker);
            }
            Happening::Exited { worker, exit } => self.exited(worker, exit),
            Happening::Need { worker, reply } if self.members[worker.index()].process => {
                self.members[worker.index()].wanted = Some(reply); // until the one that died is reaped
            }
            Happening::Need { worker, reply } => self.supply(worker, &reply),
        }
    }

    /// Ends one worker: a process at once, a thread at its next step.
    fn kill(&mut self, worker: WorkerId) {
        let Some(member) = self.members.get(worker.index()) else { return };
        let ring = self.run.board.ring(worker);
        if member.process {
            kill_process(member.pid); // as the kernel told us: what its ring says may be anything
        } else if member.thread || self.run.life(worker).is_some_and(Life::is_alive) {
            ring.ask_to_end(true);
            self.run.queues.iter().for_each(crate::queue::Queue::wake);
        }
    }

    fn exited(&mut self, worker: WorkerId, exit: Exit) {
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
            end_nested_of(self.run, worker); // a pool's worker has a stand-in, who does that
            self.bury(worker); // if it could not do so itself
        }
        self.end_with(worker, death.as_ref());
        self.run.end_life(worker, death.is_none());
        if let Some(death) = death {
            self.run.notice(Notice::Died { worker, death });
        }
        match self.members[worker.index()].wanted.take() {
            Some(reply) => self.supply(worker, &reply),
            None => self.replace(worker),
        }
    }

    /// Starts the process that a stand-in asked for.
    fn supply(&mut self, worker: WorkerId, reply: &Sender<Option<Link>>) {
        let link = self.start_linked(worker).inspect_err(|e| self.could_not_start(worker, e));
        let _ = reply.send(link.ok());
    }

    fn could_not_start(&self, worker: WorkerId, error: &io::Error) {
        self.run.notice(Notice::Note(self.not_started(worker, error)));
    }

    fn not_started(&self, worker: WorkerId, error: &io::Error) -> String {
        format!("{} could not be started: {}", self.run.plan.cast.worker_name(worker), told(error))
    }
}
