//! Starts each kind of worker.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::thread;

use crossbeam_channel::bounded;
use tokio::runtime::Handle;

use super::{RunnerEvent, Supervisor};
use crate::block_on::block_on;
use crate::feeder::run_feeder;
use crate::interrupt;
use crate::plan::WorkerRole;
use crate::process_pool::proxy::{WorkerLink, run_process_proxy};
use crate::protocol::{Assignment, WORKER_ARG};
use crate::step_runner::StepRunner;
use crate::tasks::run_tasks::run_tasks;
use crate::workers::event_loop::{self, position_of};
use crate::workers::group_member::record_life_end;
use crate::workers::scheduling::apply_scheduling;
use crate::workers::thread::{run_worker_thread, stack_bytes, thread_name};
use contend_platform::{Launch, close_on_exec_pipe, has_proc_fds, kill_process, minimize_timer_slack, thread_id};
use contend_trace::{WorkerId, WorkerKind, frame};

impl Supervisor {
    pub(super) fn start_worker(&mut self, worker: WorkerId) -> io::Result<()> {
        let (role, kind) = (self.run.plan.roles[worker.index()], self.run.plan.registry.workers[worker.index()].kind);
        let WorkerRole::PoolWorker { pool, .. } = role else { return self.start_role(worker, role, kind) };
        // Counted before it begins, so that no worker that leaves takes itself for the last one.
        let local_queues = &self.run.task_queues[pool].local_queues;
        local_queues.add_consumer();
        self.start_role(worker, role, kind).inspect_err(|_| local_queues.remove_consumer())
    }

    fn start_role(&mut self, worker: WorkerId, role: WorkerRole, kind: WorkerKind) -> io::Result<()> {
        match (role, kind) {
            (
                WorkerRole::GroupMember { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer,
                WorkerKind::Process,
            ) => self.start_process(worker),
            (WorkerRole::PoolWorker { pool, index }, WorkerKind::Process) => {
                self.start_process_proxy(worker, pool, index as usize)
            }
            (_, WorkerKind::Async) => {
                self.start_task(worker, role);
                Ok(())
            }
            (WorkerRole::GroupMember { .. }, _) => self.start_member(worker, role),
            _ => self.start_thread(worker, role),
        }
    }

    fn start_task(&mut self, worker: WorkerId, role: WorkerRole) {
        let event_sender = self.event_sender.clone();
        event_loop::spawn(self.run, worker, role, move || drop(event_sender.send(RunnerEvent::ThreadEnded(worker))));
        self.workers[worker.index()].has_thread = true;
    }

    fn start_member(&mut self, worker: WorkerId, role: WorkerRole) -> io::Result<()> {
        let run = self.run;
        self.spawn_thread(worker, move || {
            let ok = run_worker_thread(run, worker, role);
            run.end_life(worker, ok);
        })
    }

    fn start_thread(&mut self, worker: WorkerId, role: WorkerRole) -> io::Result<()> {
        let run = self.run;
        self.spawn_thread(worker, move || {
            let _timers = run.event_loop.get().map(Handle::enter); // for resources shared with tasks
            minimize_timer_slack();
            interrupt::set_present(run.cancel_ring(worker));
            let mut step_runner = StepRunner::new(run, worker, position_of(run, role));
            apply_scheduling(run, role, &step_runner);
            run.memory.ring(worker).set_producer_ids(std::process::id(), thread_id());
            run.memory.wait_at_start_barrier();
            let at = step_runner.recorder.now();
            step_runner.recorder.begin_life(at);
            match role {
                WorkerRole::PoolWorker { pool, index } => {
                    block_on(run_tasks(run, pool, index as usize, &mut step_runner));
                }
                WorkerRole::Feeder { pool } => run_feeder(run, pool, &mut step_runner),
                // Started by `start_member`, or processes.
                WorkerRole::GroupMember { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => {}
            }
            record_life_end(&mut step_runner);
        })
    }

    /// Starts the thread that sends tasks to a worker process.
    fn start_process_proxy(&mut self, worker: WorkerId, pool: usize, worker_index: usize) -> io::Result<()> {
        let (run, event_sender) = (self.run, self.event_sender.clone());
        self.spawn_thread(worker, move || {
            run_process_proxy(run, pool, worker_index, worker, || {
                let (reply, link) = bounded(1);
                event_sender.send(RunnerEvent::ProcessWanted { worker, reply }).ok()?;
                link.recv().ok()?
            });
        })
    }

    fn spawn_thread(&mut self, worker: WorkerId, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let event_sender = self.event_sender.clone();
        thread::Builder::new().name(thread_name(self.run, worker)).stack_size(stack_bytes(self.run)).spawn(
            move || {
                body();
                let _ = event_sender.send(RunnerEvent::ThreadEnded(worker));
            },
        )?;
        self.workers[worker.index()].has_thread = true;
        Ok(())
    }

    /// Starts a worker process of a pool, with pipes for tasks and results.
    pub(super) fn start_linked(&mut self, worker: WorkerId) -> io::Result<WorkerLink> {
        let (their_in, our_out) = close_on_exec_pipe()?;
        let (our_in, their_out) = close_on_exec_pipe()?;
        let ends = self.inherited_ends(worker);
        let mut inherit = vec![self.run.memory.fd(), their_in.as_fd(), their_out.as_fd()];
        inherit.extend(ends.iter().map(|(_, fd)| fd.as_fd()));
        self.launch_process(Assignment { worker, memory: None }, inherit)?;
        Ok(WorkerLink::new(our_out, our_in))
    }

    /// Starts a worker process of a group. A process that inherits no other descriptor opens the run memory itself, if
    /// the system permits that: it is faster than inheriting.
    pub(super) fn start_process(&mut self, worker: WorkerId) -> io::Result<()> {
        let ends = self.inherited_ends(worker);
        if ends.is_empty() && has_proc_fds() {
            let memory = Some((std::process::id(), self.run.memory.fd().as_raw_fd()));
            return self.launch_process(Assignment { worker, memory }, Vec::new());
        }
        let fds = ends.iter().map(|(_, fd)| fd.as_fd());
        self.launch_process(
            Assignment { worker, memory: None },
            [self.run.memory.fd()].into_iter().chain(fds).collect(),
        )
    }

    fn launch_process(&mut self, assignment: Assignment, inherit: Vec<BorrowedFd<'_>>) -> io::Result<()> {
        let worker = assignment.worker;
        let args = vec![WORKER_ARG.to_owned(), thread_name(self.run, worker)];
        let (mut child, mut pipes) = Launch {
            program: None,
            args,
            inherited_fds: inherit,
            process_tag: None,
            own_session: false,
            captures_output: false,
        }
        .start()?;
        if let Some(stdin) = &mut pipes.stdin {
            frame::send(&mut *stdin, &assignment)?;
            frame::send(stdin, &self.start)?;
        }
        let (event_sender, pid) = (self.event_sender.clone(), child.pid());
        let reaper = thread::Builder::new().name("reaper".into()).stack_size(64 << 10).spawn(move || {
            let exit = child.wait();
            let _ = event_sender.send(RunnerEvent::ProcessExited { worker, exit });
        });
        reaper.inspect_err(|_| kill_process(pid))?; // without a reaper its end would go unnoticed
        let status = &mut self.workers[worker.index()];
        (status.has_process, status.pid) = (true, pid);
        status.pipes = Some(pipes);
        Ok(())
    }
}
