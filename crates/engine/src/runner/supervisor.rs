//! All threads and processes of a run. Only the runner's main thread starts them: a child is killed by the kernel when
//! the thread that started it ends, and this one stays.

mod completion;
mod pipe_ends;
mod pool_resize;
mod spawned_workers;
mod start_workers;

use std::io;

use crossbeam_channel::Sender;

use super::RunnerEvent;
use crate::context::RunContext;
use crate::event_loop;
use crate::nested_tasks::end_nested_tasks_of_dead;
use crate::plan::WorkerRole;
use crate::process_pool::WorkerLink;
use crate::protocol::{RunnerCommand, StartRequest};
use crate::shared::life::WorkerLife;
use contend_platform::limits::describe_io_error;
use contend_platform::{ChildPipes, Exit, kill_adopted_group, kill_process};
use contend_trace::{DeathCause, Notice, WorkerId};

/// What is known of one lane.
#[derive(Debug, Default)]
struct WorkerStatus {
    /// Its thread or task in this process: the worker itself, or who stands for it.
    has_thread: bool,
    /// Its process.
    pipes: Option<ChildPipes>,
    has_process: bool,
    /// The number of that process.
    pid: u32,
    /// Its process ended before the barrier was lifted.
    has_died_early: bool,
    /// Someone waits for a new process, and the old one has not been reaped yet.
    pending_reply: Option<Sender<Option<WorkerLink>>>,
}

/// The run's workers.
#[derive(Debug)]
pub struct Supervisor {
    run: &'static RunContext,
    start: StartRequest,
    event_sender: Sender<RunnerEvent>,
    workers: Vec<WorkerStatus>,
    /// By pool: how many workers it shall have.
    pool_sizes: Vec<u32>,
}

impl Supervisor {
    pub fn new(run: &'static RunContext, start: StartRequest, tell: Sender<RunnerEvent>) -> Self {
        let members = run.plan.roles.iter().map(|_| WorkerStatus::default()).collect();
        let sizes = run.plan.cast.pools.iter().map(|p| p.size).collect();
        Self { run, start, event_sender: tell, workers: members, pool_sizes: sizes }
    }

    /// Starts everyone who takes part from the beginning.
    pub fn start_all(&mut self) -> io::Result<()> {
        if let Some(threads) = self.run.plan.loop_threads {
            let event_loop = event_loop::start(self.run, threads)?;
            self.run.event_loop.get_or_init(|| event_loop);
        }
        for worker in (0..self.workers.len()).map(WorkerId::from) {
            if self.is_wanted(worker) {
                self.start_worker(worker).map_err(|e| io::Error::other(self.describe_start_failure(worker, &e)))?;
            } else if self.run.plan.is_spawned(worker) {
                self.run.memory.ring(worker).prefault(); // now, so that being born costs less
            }
        }
        Ok(())
    }

    /// Whether a lane belongs to the run at the present sizes of the pools.
    fn is_wanted(&self, worker: WorkerId) -> bool {
        match self.run.plan.roles[worker.index()] {
            WorkerRole::PoolWorker { pool, index: place } => place < self.pool_sizes[pool],
            WorkerRole::GroupMember { group, .. } => !self.run.plan.spawned_groups.contains(&group),
            WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => true,
        }
    }

    fn is_running(&self, worker: WorkerId) -> bool {
        let member = &self.workers[worker.index()];
        member.has_thread || member.has_process
    }

    /// Whether everyone who takes part stands at the barrier.
    pub fn are_all_ready(&self) -> bool {
        (0..self.workers.len())
            .map(WorkerId::from)
            .filter(|w| self.is_wanted(*w))
            .all(|w| self.run.memory.ring(w).producer_ids().is_some())
    }

    /// A worker process that ended before the barrier was lifted.
    pub fn died_before_start(&self) -> Option<&str> {
        let dead = self.workers.iter().position(|m| m.has_died_early)?;
        Some(self.run.plan.cast.worker_name(WorkerId::from(dead)))
    }

    pub fn handle(&mut self, event: RunnerEvent) {
        self.handle_event(event);
        self.close_servers();
    }

    fn handle_event(&mut self, event: RunnerEvent) {
        match event {
            RunnerEvent::Command(RunnerCommand::KnobChanged(knob)) => self.handle_knob_change(knob),
            RunnerEvent::Command(RunnerCommand::KillWorker(worker)) => self.kill(worker),
            RunnerEvent::Called => self.start_claimed(),
            RunnerEvent::ThreadEnded(worker) => {
                self.workers[worker.index()].has_thread = false;
                self.restart_if_wanted(worker);
            }
            RunnerEvent::ProcessExited { worker, exit } => self.handle_exit(worker, exit),
            RunnerEvent::ProcessWanted { worker, reply } if self.workers[worker.index()].has_process => {
                self.workers[worker.index()].pending_reply = Some(reply); // until the one that died is reaped
            }
            RunnerEvent::ProcessWanted { worker, reply } => self.reply_with_process(worker, &reply),
        }
    }

    /// Ends one worker: a process at once, a thread at its next step.
    fn kill(&mut self, worker: WorkerId) {
        let Some(member) = self.workers.get(worker.index()) else { return };
        let ring = self.run.memory.ring(worker);
        if member.has_process {
            kill_process(member.pid); // as the kernel told us: what its ring says may be anything
        } else if member.has_thread || self.run.life(worker).is_some_and(WorkerLife::is_alive) {
            ring.set_end_requested(true);
            self.run.task_queues.iter().for_each(crate::task_queue::TaskQueue::wake_takers);
        }
    }

    fn handle_exit(&mut self, worker: WorkerId, exit: Exit) {
        let member = &mut self.workers[worker.index()];
        member.has_process = false;
        member.pipes = None;
        // A command that it ran is its own process group: the kernel ended its first process only.
        let ring = self.run.memory.ring(worker);
        ring.command_group().map(kill_adopted_group);
        ring.set_command_group(0);
        member.has_died_early = self.run.memory.ring(worker).producer_ids().is_none();
        let death = match exit {
            Exit::Code(0) => None,
            Exit::Code(code) => Some(DeathCause::Exit(code)),
            Exit::Signal(signal) => Some(DeathCause::Signal(signal)),
        };
        if let WorkerRole::GroupMember { .. } = self.run.plan.roles[worker.index()] {
            end_nested_tasks_of_dead(self.run, worker); // a pool's worker has a stand-in, who does that
            self.clean_up_dead(worker); // if it could not do so itself
        }
        self.end_threads_of(worker, death.as_ref());
        self.run.end_life(worker, death.is_none());
        if let Some(death) = death {
            self.run.send_notice(Notice::Died { worker, cause: death });
        }
        match self.workers[worker.index()].pending_reply.take() {
            Some(reply) => self.reply_with_process(worker, &reply),
            None => self.restart_if_wanted(worker),
        }
    }

    /// Starts the process that a stand-in asked for.
    fn reply_with_process(&mut self, worker: WorkerId, reply: &Sender<Option<WorkerLink>>) {
        let link = self.start_linked(worker).inspect_err(|e| self.report_start_failure(worker, e));
        let _ = reply.send(link.ok());
    }

    fn report_start_failure(&self, worker: WorkerId, error: &io::Error) {
        self.run.send_notice(Notice::Note(self.describe_start_failure(worker, error)));
    }

    fn describe_start_failure(&self, worker: WorkerId, error: &io::Error) -> String {
        format!("{} could not be started: {}", self.run.plan.cast.worker_name(worker), describe_io_error(error))
    }
}
