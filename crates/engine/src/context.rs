//! Everything that the workers of one process share.

mod counters;
mod lock_holders;
mod messages;
mod resources;
mod task_sources;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::Handle;

use self::lock_holders::LockHolders;
#[cfg(feature = "net")]
use crate::http_client::HttpClient;
use crate::input_items::InputItems;
use crate::locks::any_mutex::AnyMutex;
use crate::pipe_ends::{PipeEndMap, PipeEnds};
use crate::plan::{Plan, PlanError, WorkerRole, has_nested_tasks};
use crate::pool::nested_notes::NestedNotes;
use crate::pool::open_work::OpenWork;
use crate::pool::task_queue::TaskQueue;
use crate::protocol::StartRequest;
use crate::recorder::Recorder;
use crate::shared::life::{ENDED, WorkerLife};
use crate::shared::monitor::Monitor;
use crate::shared::wait_group::WaitGroup;
use crate::shared::wait_queue::WaitQueue;
use crate::work::cpu_work::CpuWork;
use contend_platform::LowPriority;
use contend_scenario::{EvalContext, Scenario, TaskDistribution};
use contend_trace::{KnobId, LockKind, ResourceId, ResourceKind, Ring, RingWriter, RunMemory, WorkerId};

/// The run as one process sees it. It lives as long as the process, because workers may be stuck in it forever.
#[derive(Debug)]
pub struct RunContext {
    pub memory: &'static RunMemory,
    pub plan: Plan,
    pub scenario: Scenario,
    pub input_items: InputItems,
    pub cpu_work: CpuWork,
    #[cfg(feature = "net")]
    pub http_client: HttpClient,
    /// `--allow-exec`: whether steps may run commands.
    pub allow_exec: bool,
    /// The values of text knobs.
    texts: Vec<Option<String>>,
    /// By resource; `None` for one that is not a lock or is switched off, and for copies in forked processes.
    locks: Vec<Option<AnyMutex<'static>>>,
    pub lock_holders: LockHolders,
    /// By resource: its waiters, if tasks share it.
    wait_queues: &'static [Option<WaitQueue>],
    /// The lower priority of all workers, if the run has one. Set before the start barrier is lifted.
    pub low_priority: OnceLock<LowPriority>,
    /// The event loop, if this process has tasks.
    pub event_loop: OnceLock<Handle>,
    /// By pool.
    pub task_queues: Vec<TaskQueue>,
    pub pipe_ends: PipeEnds,
    /// This process's own copies of private counters, by resource. Unset in the runner, whose counters are in the run
    /// memory, where the dashboard reads them.
    private_counters: OnceLock<Vec<AtomicU64>>,
    /// Tasks that were killed in the line of a mutex, which will record in their names that they got it.
    left_in_line: Mutex<BTreeSet<WorkerId>>,
    output: Mutex<File>,
    is_too_deep_reported: AtomicBool,
    /// Whether a worker may run a task inside another one.
    pub nests_tasks: bool,
}

impl RunContext {
    /// Makes everything that the workers of this process need.
    ///
    /// # Errors
    /// If the scenario cannot be run with these settings. The dashboard gets the same error earlier.
    pub fn new(start: StartRequest, memory: &'static RunMemory, cpu_work: CpuWork) -> Result<&'static Self, PlanError> {
        let plan = Plan::new(&start.scenario, &start.settings, &start.input_items)?;
        let locks = plan.registry.resources.iter().enumerate().map(|(i, resource)| match resource.kind {
            ResourceKind::Mutex { .. } if plan.registry.lock_copy(ResourceId::from(i)).is_some() => None,
            ResourceKind::Mutex { kind } => AnyMutex::new(kind, memory.resource(ResourceId::from(i))),
            _ => None,
        });
        let ids = (0..plan.registry.resources.len()).map(ResourceId::from);
        let wait_queues = ids.map(|id| plan.is_shared_by_tasks(id).then(WaitQueue::default)).collect::<Vec<_>>();
        let wait_queues: &'static [Option<WaitQueue>] = Box::leak(wait_queues.into()); // as the context itself
        let output = io::stdout().as_fd().try_clone_to_owned().map_or_else(|_| open_dev_null(), File::from);
        Ok(Box::leak(Box::new(Self {
            memory,
            locks: locks.collect(),
            lock_holders: LockHolders::new(&plan),
            wait_queues,
            low_priority: OnceLock::new(),
            event_loop: OnceLock::new(),
            task_queues: make_task_queues(&plan, memory, wait_queues),
            pipe_ends: PipeEnds::default(),
            private_counters: OnceLock::new(),
            nests_tasks: has_nested_tasks(&start.scenario),
            plan,
            scenario: start.scenario,
            input_items: start.input_items,
            cpu_work,
            #[cfg(feature = "net")]
            http_client: HttpClient::default(),
            allow_exec: start.settings.allow_exec,
            texts: start.settings.texts,
            left_in_line: Mutex::default(),
            output: Mutex::new(output),
            is_too_deep_reported: AtomicBool::new(false),
        })))
    }

    /// Notes that a task was killed in the line of a mutex.
    pub fn note_left_in_line(&self, worker: WorkerId) {
        self.left_in_line.lock().unwrap_or_else(PoisonError::into_inner).insert(worker);
    }

    /// Whether a task was killed in the line of a mutex. It cannot begin anew: its ring has a writer already.
    pub fn is_left_in_line(&self, worker: WorkerId) -> bool {
        self.left_in_line.lock().unwrap_or_else(PoisonError::into_inner).contains(&worker)
    }

    /// Returns the pipe ends that a worker uses. A worker process keeps no others, so they are closed with the worker.
    pub fn take_pipe_ends(&self, worker: WorkerId) -> PipeEndMap {
        let ends = self.pipe_ends.select(&self.plan.pipe_ends[worker.index()]).into_iter().collect();
        if self.private_counters.get().is_some() {
            self.pipe_ends.close_all_except(&BTreeSet::new());
        }
        ends
    }

    /// Returns the ring of a worker that others may cancel.
    pub fn cancel_ring(&self, worker: WorkerId) -> Option<Ring<'static>> {
        self.plan.is_cancellable(worker).then(|| self.memory.ring(worker))
    }

    /// Returns the life of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<WorkerLife<'static>> {
        Some(WorkerLife::at(self.memory.resource(self.plan.life(worker)?)))
    }

    /// Returns all lives with their workers.
    pub fn lives(&self) -> impl Iterator<Item = (WorkerId, WorkerLife<'static>)> {
        (0..self.plan.lives.len()).map(WorkerId::from).filter_map(|worker| Some((worker, self.life(worker)?)))
    }

    /// Ends the life of a worker, if it has one. The next life may use its ring from here on.
    pub fn end_life(&self, worker: WorkerId, ok: bool) {
        let Some(life) = self.life(worker) else { return };
        life.end(ok);
        self.plan.life(worker).and_then(|id| self.wait_queue(id)).inspect(|waiters| waiters.wake_all(ENDED));
        if self.memory.is_waiting_for_lives() {
            self.memory.call_runner();
        }
    }

    /// Whether the run ends without waiting for this worker.
    pub fn is_daemon(&self, worker: WorkerId) -> bool {
        match self.plan.roles.get(worker.index()) {
            Some(WorkerRole::GroupMember { group, .. }) => self.scenario.groups[*group].is_daemon,
            // It serves until the daemons have ended.
            Some(WorkerRole::CounterServer) => self.scenario.groups.iter().any(|group| group.is_daemon),
            _ => false,
        }
    }

    /// Wakes the workers that take tasks while they wait for a result: a result is available.
    pub fn wake_helpers(&self) {
        let pools = self.plan.pools.iter().zip(&self.task_queues).filter(|(pool, _)| pool.has_helpers);
        pools.for_each(|(_, queue)| queue.wake_takers());
    }

    /// Returns the value of a text knob; empty if it is not set.
    pub fn knob_text(&self, knob: KnobId) -> &str {
        self.texts.get(knob.index()).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Initialises everything in shared memory, before any worker process exists.
    pub fn init_shared(&'static self) {
        self.locks.iter().flatten().for_each(AnyMutex::init);
        self.plan.initial_task_sources().for_each(|worker| self.add_task_source(worker));
        for (i, resource) in self.plan.registry.resources.iter().enumerate() {
            let id = ResourceId::from(i);
            match resource.kind {
                ResourceKind::Counter { initial, .. } => self.counter(id).store(initial as u64, Ordering::Release),
                ResourceKind::Queue { .. }
                | ResourceKind::Condition { .. }
                | ResourceKind::Event
                | ResourceKind::Results
                | ResourceKind::Barrier { .. }
                | ResourceKind::Mutex { kind: LockKind::Async | LockKind::AsyncReentrant } => self.monitor(id).init(),
                ResourceKind::Pipe { .. } => self.pipe(id).init(),
                ResourceKind::WaitGroup => WaitGroup(self.signal_waiters(id)).init(0),
                ResourceKind::Latch { initial } => WaitGroup(self.signal_waiters(id)).init(initial),
                _ => {}
            }
            if let ResourceKind::Life { worker } = resource.kind
                && !self.plan.is_spawned(worker)
            {
                WorkerLife::at(self.memory.resource(id)).begin_first();
            }
            self.semaphore(id).inspect(|semaphore| semaphore.init());
            self.rwlock(id).inspect(|rwlock| rwlock.init());
        }
    }

    /// Returns a recorder for one worker of this process. There must be only one at a time.
    pub fn recorder(&self, worker: WorkerId) -> Recorder<'static> {
        let ring = self.memory.ring(worker);
        // The runner has prefaulted the rings of spawned workers.
        let writer =
            if self.plan.is_spawned(worker) { RingWriter::new_prefaulted(ring) } else { RingWriter::new(ring) };
        Recorder::new(writer.with_bell(self.memory.reader_bell()), self.memory.clock())
    }

    /// Returns the notes about the tasks that a worker runs itself, if some workers of the run are processes.
    pub fn nested_notes(&self, worker: WorkerId) -> Option<NestedNotes<'static>> {
        self.plan.nested_words(worker).map(|words| NestedNotes::at(&self.memory.extra()[words]))
    }

    /// Returns the nanoseconds between two readings of the run's clock.
    pub fn nanos_between(&self, from: u64, to: u64) -> u64 {
        (to.saturating_sub(from) as f64 * self.memory.tick_nanos().unwrap_or(1.0)) as u64
    }

    /// Whether this process is a worker process, not the runner.
    pub fn is_worker_process(&self) -> bool {
        self.private_counters.get().is_some()
    }
}

/// The present values of knobs, for expressions outside of any worker.
impl EvalContext for RunContext {
    #[inline]
    fn knob(&self, knob: KnobId) -> f64 {
        self.memory.knob(knob)
    }
}

/// Makes the queue of each pool.
fn make_task_queues(
    plan: &Plan,
    memory: &'static RunMemory,
    wait_queues: &'static [Option<WaitQueue>],
) -> Vec<TaskQueue> {
    let open_work = (!plan.task_sources.is_empty()).then(|| OpenWork(&memory.extra()[0]));
    let pools = plan.registry.pools.iter().zip(&plan.pools);
    let queues = pools.map(|(info, pool)| {
        let words = &memory.extra()[pool.queue_words.clone()];
        let monitor = Monitor::at_words(memory.resource(info.queue), words);
        let monitor = monitor.with_wait_queue(wait_queues[info.queue.index()].as_ref());
        let uses_local_queues = pool.schedule != TaskDistribution::Shared;
        TaskQueue::new(info.queue, (plan.queue_capacity(info.queue), uses_local_queues), monitor, open_work)
    });
    queues.collect()
}

fn open_dev_null() -> File {
    File::options().write(true).open("/dev/null").expect("/dev/null is part of every system")
}
