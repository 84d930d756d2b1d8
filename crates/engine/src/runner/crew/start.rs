//! How each kind of worker is started.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::thread;

use crossbeam_channel::bounded;
use tokio::runtime::Handle;

use super::{Crew, Happening};
use crate::actor::Actor;
use crate::birth::{live, name, stack};
use crate::block_on::block_on;
use crate::handover::{Link, stand_for};
use crate::helpers::WORKER;
use crate::plan::Part;
use crate::process::finish;
use crate::seat::take_seat;
use crate::wire::Assignment;
use crate::{event_loop, feeder, pool};
use contend_platform::{Launch, close_on_exec_pipe, exact_sleeps, kill_process, shows_descriptors, thread_id};
use contend_trace::{How, WorkerId, WorkerKind, frame};

impl Crew {
    pub(super) fn start(&mut self, worker: WorkerId) -> io::Result<()> {
        let (part, kind) = (self.run.plan.parts[worker.index()], self.run.plan.cast.workers[worker.index()].kind);
        let Part::PoolWorker { pool, .. } = part else { return self.start_as(worker, part, kind) };
        // Before it begins, so that none that goes takes itself for the last.
        let dealt = &self.run.queues[pool].dealt;
        dealt.come();
        self.start_as(worker, part, kind).inspect_err(|_| dealt.go())
    }

    fn start_as(&mut self, worker: WorkerId, part: Part, kind: WorkerKind) -> io::Result<()> {
        match (part, kind) {
            (Part::Member { .. } | Part::Server { .. } | Part::Manager, WorkerKind::Process) => {
                self.start_process(worker)
            }
            (Part::PoolWorker { pool, place }, WorkerKind::Process) => {
                self.start_stand_in(worker, pool, place as usize)
            }
            (part, WorkerKind::Async) => {
                self.start_task(worker, part);
                Ok(())
            }
            (part @ Part::Member { .. }, _) => self.start_member(worker, part),
            (part, _) => self.start_thread(worker, part),
        }
    }

    fn start_task(&mut self, worker: WorkerId, part: Part) {
        let tell = self.tell.clone();
        event_loop::spawn(self.run, worker, part, move || drop(tell.send(Happening::Done(worker))));
        self.members[worker.index()].thread = true;
    }

    fn start_member(&mut self, worker: WorkerId, part: Part) -> io::Result<()> {
        let run = self.run;
        self.spawn(worker, move || {
            let well = live(run, worker, part);
            run.end_life(worker, well);
        })
    }

    fn start_thread(&mut self, worker: WorkerId, part: Part) -> io::Result<()> {
        let run = self.run;
        self.spawn(worker, move || {
            let _timers = run.event_loop.get().map(Handle::enter); // for what it shares with tasks
            exact_sleeps();
            let place = match part {
                Part::PoolWorker { place, pool } => (place, run.plan.cast.pools[pool].size),
                Part::Member { .. } | Part::Feeder { .. } | Part::Server { .. } | Part::Manager => (0, 1),
            };
            let mut actor = Actor::new(run, worker, place);
            take_seat(run, part, &actor);
            run.board.ring(worker).sign(std::process::id(), thread_id());
            run.board.wait_for_go();
            let at = actor.pen.now();
            actor.pen.begin(at);
            match part {
                Part::PoolWorker { pool, place } => block_on(pool::work(run, pool, place as usize, &mut actor)),
                Part::Feeder { pool } => feeder::feed(run, pool, &mut actor),
                // A life of its own; and processes, never threads.
                Part::Member { .. } | Part::Server { .. } | Part::Manager => {}
            }
            let how = if actor.asked_to_end() { How::Retired } else { How::Finished };
            finish(&mut actor, how);
        })
    }

    /// The thread that hands tasks over to a worker process.
    fn start_stand_in(&mut self, worker: WorkerId, pool: usize, seat: usize) -> io::Result<()> {
        let (run, tell) = (self.run, self.tell.clone());
        self.spawn(worker, move || {
            stand_for(run, pool, seat, worker, || {
                let (reply, answer) = bounded(1);
                tell.send(Happening::Need { worker, reply }).ok()?;
                answer.recv().ok()?
            });
        })
    }

    fn spawn(&mut self, worker: WorkerId, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let tell = self.tell.clone();
        thread::Builder::new().name(name(self.run, worker)).stack_size(stack(self.run)).spawn(move || {
            body();
            let _ = tell.send(Happening::Done(worker));
        })?;
        self.members[worker.index()].thread = true;
        Ok(())
    }

    /// Starts a worker process of a pool, with pipes for tasks and results.
    pub(super) fn start_linked(&mut self, worker: WorkerId) -> io::Result<Link> {
        let (their_in, our_out) = close_on_exec_pipe()?;
        let (our_in, their_out) = close_on_exec_pipe()?;
        let ends = self.ends_of(worker);
        let mut inherit = vec![self.run.board.fd(), their_in.as_fd(), their_out.as_fd()];
        inherit.extend(ends.iter().map(|(_, fd)| fd.as_fd()));
        self.launch(Assignment { worker, board: None }, inherit)?;
        Ok(Link::new(our_out, our_in))
    }

    /// Starts a worker process of a group. If it needs nothing else, and can, it opens the board itself, which is faster
    /// than to inherit it.
    pub(super) fn start_process(&mut self, worker: WorkerId) -> io::Result<()> {
        let ends = self.ends_of(worker);
        if ends.is_empty() && shows_descriptors() {
            let board = Some((std::process::id(), self.run.board.fd().as_raw_fd()));
            return self.launch(Assignment { worker, board }, Vec::new());
        }
        let fds = ends.iter().map(|(_, fd)| fd.as_fd());
        self.launch(Assignment { worker, board: None }, [self.run.board.fd()].into_iter().chain(fds).collect())
    }

    fn launch(&mut self, assignment: Assignment, inherit: Vec<BorrowedFd<'_>>) -> io::Result<()> {
        let worker = assignment.worker;
        let args = vec![WORKER.to_owned(), name(self.run, worker)];
        let (mut child, mut pipes) =
            Launch { image: None, args, inherit, mark: None, own_session: false, captured: false }.start()?;
        if let Some(stdin) = &mut pipes.stdin {
            frame::send(&mut *stdin, &assignment)?;
            frame::send(stdin, &self.start)?;
        }
        let (tell, pid) = (self.tell.clone(), child.pid());
        let reaper = thread::Builder::new().name("reaper".into()).stack_size(64 << 10).spawn(move || {
            let exit = child.wait();
            let _ = tell.send(Happening::Exited { worker, exit });
        });
        reaper.inspect_err(|_| kill_process(pid))?; // nobody would know of its end
        let member = &mut self.members[worker.index()];
        (member.process, member.pid) = (true, pid);
        member.pipes = Some(pipes);
        Ok(())
    }
}
