//! How each kind of worker is started.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::thread;

use crossbeam_channel::bounded;
use tokio::runtime::Handle;

use super::{RunnerEvent, Supervisor};
use crate::block_on::block_on;
use crate::helpers::WORKER_ARG;
use crate::plan::WorkerRole;
use crate::process_pool::{WorkerLink, run_process_proxy};
use crate::protocol::Assignment;
use crate::scheduling::apply_scheduling;
use crate::step_runner::StepRunner;
use crate::worker_process::record_life_end;
use crate::worker_thread::{run_worker_thread, stack_bytes, thread_name};
use crate::{event_loop, feeder, pool};
use contend_platform::{Launch, close_on_exec_pipe, has_proc_fds, kill_process, minimize_timer_slack, thread_id};
use contend_trace::{ExitKind, WorkerId, WorkerKind, frame};

impl Supervisor {
    pub(super) fn start_worker(&mut self, worker: WorkerId) -> io::Result<()> {
        let (role, kind) = (self.run.plan.roles[worker.index()], self.run.plan.cast.workers[worker.index()].kind);
        let WorkerRole::PoolWorker { pool, .. } = role else { return self.start_role(worker, role, kind) };
        // Before it begins, so that none that goes takes itself for the last.
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
            (WorkerRole::PoolWorker { pool, index: place }, WorkerKind::Process) => {
                self.start_process_proxy(worker, pool, place as usize)
            }
            (part, WorkerKind::Async) => {
                self.start_task(worker, part);
                Ok(())
            }
            (part @ WorkerRole::GroupMember { .. }, _) => self.start_member(worker, part),
            (part, _) => self.start_thread(worker, part),
        }
    }

    fn start_task(&mut self, worker: WorkerId, role: WorkerRole) {
        let tell = self.event_sender.clone();
        event_loop::spawn(self.run, worker, role, move || drop(tell.send(RunnerEvent::ThreadEnded(worker))));
        self.workers[worker.index()].has_thread = true;
    }

    fn start_member(&mut self, worker: WorkerId, role: WorkerRole) -> io::Result<()> {
        let run = self.run;
        self.spawn_thread(worker, move || {
            let well = run_worker_thread(run, worker, role);
            run.end_life(worker, well);
        })
    }

    fn start_thread(&mut self, worker: WorkerId, role: WorkerRole) -> io::Result<()> {
        let run = self.run;
        self.spawn_thread(worker, move || {
            let _timers = run.event_loop.get().map(Handle::enter); // for what it shares with tasks
            minimize_timer_slack();
            let place = match role {
                WorkerRole::PoolWorker { index: place, pool } => (place, run.plan.cast.pools[pool].size),
                WorkerRole::GroupMember { .. }
                | WorkerRole::Feeder { .. }
                | WorkerRole::HttpServer { .. }
                | WorkerRole::CounterServer => (0, 1),
            };
            let mut step_runner = StepRunner::new(run, worker, place);
            apply_scheduling(run, role, &step_runner);
            run.memory.ring(worker).set_producer_ids(std::process::id(), thread_id());
            run.memory.wait_at_start_barrier();
            let at = step_runner.recorder.now();
            step_runner.recorder.begin_life(at);
            match role {
                WorkerRole::PoolWorker { pool, index: place } => {
                    block_on(pool::run_tasks(run, pool, place as usize, &mut step_runner));
                }
                WorkerRole::Feeder { pool } => feeder::run_feeder(run, pool, &mut step_runner),
                // A life of its own; and processes, never threads.
                WorkerRole::GroupMember { .. } | WorkerRole::HttpServer { .. } | WorkerRole::CounterServer => {}
            }
            let how = if step_runner.asked_to_end() { ExitKind::Retired } else { ExitKind::Finished };
            record_life_end(&mut step_runner, how);
        })
    }

    /// The thread that hands tasks over to a worker process.
    fn start_process_proxy(&mut self, worker: WorkerId, pool: usize, worker_index: usize) -> io::Result<()> {
        let (run, tell) = (self.run, self.event_sender.clone());
        self.spawn_thread(worker, move || {
            run_process_proxy(run, pool, worker_index, worker, || {
                let (reply, answer) = bounded(1);
                tell.send(RunnerEvent::ProcessWanted { worker, reply }).ok()?;
                answer.recv().ok()?
            });
        })
    }

    fn spawn_thread(&mut self, worker: WorkerId, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let tell = self.event_sender.clone();
        thread::Builder::new().name(thread_name(self.run, worker)).stack_size(stack_bytes(self.run)).spawn(
            move || {
                body();
                let _ = tell.send(RunnerEvent::ThreadEnded(worker));
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

    /// Starts a worker process of a group. If it needs nothing else, and can, it opens the board itself, which is faster
    /// than to inherit it.
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
        let (tell, pid) = (self.event_sender.clone(), child.pid());
        let reaper = thread::Builder::new().name("reaper".into()).stack_size(64 << 10).spawn(move || {
            let exit = child.wait();
            let _ = tell.send(RunnerEvent::ProcessExited { worker, exit });
        });
        reaper.inspect_err(|_| kill_process(pid))?; // nobody would know of its end
        let member = &mut self.workers[worker.index()];
        (member.has_process, member.pid) = (true, pid);
        member.pipes = Some(pipes);
        Ok(())
    }
}
