//! Starts and replaces all threads and processes of a run. Only the runner's main thread starts processes: the kernel
//! kills a child when the thread that started it ends, and this thread stays.

mod completion;
mod pipe_ends;
mod pool_resize;
mod spawned_workers;
mod start_workers;

use std::io;

use crossbeam_channel::Sender;

use super::RunnerEvent;
use crate::cleanup::nested_tasks::end_nested_tasks_of_dead;
use crate::context::RunContext;
use crate::plan::WorkerRole;
use crate::pool::task_queue::TaskQueue;
use crate::process_pool::proxy::WorkerLink;
use crate::protocol::{RunnerCommand, StartRequest};
use crate::shared::life::WorkerLife;
use crate::workers::event_loop;
use contend_platform::limits::describe_io_error;
use contend_platform::{ChildPipes, Exit, kill_adopted_group, kill_process};
use contend_trace::{DeathCause, Notice, WorkerId};

/// The thread and the process of one worker.
#[derive(Debug, Default)]
struct WorkerStatus {
    /// Whether a thread or task of this process runs: the worker itself or the proxy of its process.
    has_thread: bool,
    /// The pipes of the process.
    pipes: Option<ChildPipes>,
    has_process: bool,
    /// The process number.
    pid: u32,
    /// Whether the process ended before the start barrier was lifted.
    has_died_early: bool,
    /// Set while the proxy waits for a new process and the old one has not been reaped yet.
    pending_reply: Option<Sender<Option<WorkerLink>>>,
}

/// The workers of a run.
#[derive(Debug)]
pub struct Supervisor {
    run: &'static RunContext,
    start: StartRequest,
    event_sender: Sender<RunnerEvent>,
    workers: Vec<WorkerStatus>,
    /// By pool: how many workers it should have.
    pool_sizes: Vec<u32>,
}

impl Supervisor {
    pub fn new(run: &'static RunContext, start: StartRequest, event_sender: Sender<RunnerEvent>) -> Self {
        let workers = run.plan.roles.iter().map(|_| WorkerStatus::default()).collect();
        let pool_sizes = run.plan.registry.pools.iter().map(|p| p.size).collect();
        Self { run, start, event_sender, workers, pool_sizes }
    }

    /// Starts every worker that takes part from the beginning.
    pub fn start_all(&mut self) -> io::Result<()> {
        if let Some(threads) = self.run.plan.loop_threads {
            let event_loop = event_loop::start(self.run, threads)?;
            self.run.event_loop.get_or_init(|| event_loop);
        }
        for worker in (0..self.workers.len()).map(WorkerId::from) {
            if self.is_wanted(worker) {
                self.start_worker(worker).map_err(|e| io::Error::other(self.describe_start_failure(worker, &e)))?;
            } else if self.run.plan.is_spawned(worker) {
                self.run.memory.ring(worker).prefault(); // now, so that spawning it takes less time
            }
        }
        Ok(())
    }

    /// Whether a worker should run at the present sizes of the pools.
    fn is_wanted(&self, worker: WorkerId) -> bool {
        match self.run.plan.roles[worker.index()] {
            WorkerRole::PoolWorker { pool, index } => index < self.pool_sizes[pool],
            WorkerRole::GroupMember { group, .. } => !self.run.plan.spawned_groups.contains(&group),
            WorkerRole::Feeder { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => true,
        }
    }

    fn is_running(&self, worker: WorkerId) -> bool {
        let status = &self.workers[worker.index()];
        status.has_thread || status.has_process
    }

    /// Whether every worker that takes part from the beginning is at the start barrier.
    pub fn are_all_ready(&self) -> bool {
        (0..self.workers.len())
            .map(WorkerId::from)
            .filter(|w| self.is_wanted(*w))
            .all(|w| self.run.memory.ring(w).producer_ids().is_some())
    }

    /// Returns the name of a worker whose process ended before the start barrier was lifted.
    pub fn died_before_start(&self) -> Option<&str> {
        let dead = self.workers.iter().position(|m| m.has_died_early)?;
        Some(self.run.plan.registry.worker_name(WorkerId::from(dead)))
    }

    pub fn handle(&mut self, event: RunnerEvent) {
        self.handle_event(event);
        self.close_servers();
    }

    fn handle_event(&mut self, event: RunnerEvent) {
        match event {
            RunnerEvent::Command(RunnerCommand::KnobChanged(knob)) => self.handle_knob_change(knob),
            RunnerEvent::Command(RunnerCommand::KillWorker(worker)) => self.kill(worker),
            RunnerEvent::Command(RunnerCommand::TimeLimitSet) => {} // the thread that reads commands has acted on it
            RunnerEvent::Called => self.start_claimed(),
            RunnerEvent::ThreadEnded(worker) => {
                self.workers[worker.index()].has_thread = false;
                self.restart_if_wanted(worker);
            }
            RunnerEvent::ProcessExited { worker, exit } => self.handle_exit(worker, exit),
            RunnerEvent::ProcessWanted { worker, reply } if self.workers[worker.index()].has_process => {
                self.workers[worker.index()].pending_reply = Some(reply); // until the dead process is reaped
            }
            RunnerEvent::ProcessWanted { worker, reply } => self.reply_with_process(worker, &reply),
        }
    }

    /// Ends one worker: a process at once, a thread at its next step.
    fn kill(&mut self, worker: WorkerId) {
        let Some(status) = self.workers.get(worker.index()) else { return };
        let ring = self.run.memory.ring(worker);
        if status.has_process {
            kill_process(status.pid); // the kernel's number: the one in the ring may be anything
        } else if status.has_thread || self.run.life(worker).is_some_and(WorkerLife::is_alive) {
            ring.set_end_requested(true);
            self.run.task_queues.iter().for_each(TaskQueue::wake_takers);
        }
    }

    fn handle_exit(&mut self, worker: WorkerId, exit: Exit) {
        let status = &mut self.workers[worker.index()];
        status.has_process = false;
        status.pipes = None;
        // A command that the worker ran is a process group of its own; only its first process has ended.
        let ring = self.run.memory.ring(worker);
        ring.command_group().map(kill_adopted_group);
        ring.set_command_group(0);
        status.has_died_early = self.run.memory.ring(worker).producer_ids().is_none();
        let death = match exit {
            Exit::Code(0) => None,
            Exit::Code(code) => Some(DeathCause::Exit(code)),
            Exit::Signal(signal) => Some(DeathCause::Signal(signal)),
        };
        if let WorkerRole::GroupMember { .. } = self.run.plan.roles[worker.index()] {
            end_nested_tasks_of_dead(self.run, worker); // the proxy does that for a pool's worker
            self.clean_up_dead(worker); // if the worker could not do it itself
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

    /// Starts the process that a proxy asked for.
    fn reply_with_process(&mut self, worker: WorkerId, reply: &Sender<Option<WorkerLink>>) {
        let link = self.start_linked(worker).inspect_err(|e| self.report_start_failure(worker, e));
        let _ = reply.send(link.ok());
    }

    fn report_start_failure(&self, worker: WorkerId, error: &io::Error) {
        self.run.send_notice(Notice::Note(self.describe_start_failure(worker, error)));
    }

    fn describe_start_failure(&self, worker: WorkerId, error: &io::Error) -> String {
        format!("{} could not be started: {}", self.run.plan.registry.worker_name(worker), describe_io_error(error))
    }
}
