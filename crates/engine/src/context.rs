//! What all workers of one process share.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::Handle;

use super::any_mutex::AnyMutex;
use super::cpu_work::CpuWork;
use super::http_client::HttpClient;
use super::input_items::InputItems;
use super::pipe_ends::{PipeEndMap, PipeEnds};
use super::plan::{Plan, PlanError, PoolPlan, WorkerRole, has_caller_runs_pool};
use super::protocol::{RunnerMessage, StartRequest};
use super::recorder::Recorder;
use super::result_store::ResultStore;
use super::shared::async_mutex::AsyncMutex;
use super::shared::life::{ENDED, WorkerLife};
use super::shared::monitor::Monitor;
use super::shared::pipe::SharedPipe;
use super::shared::rwlock::Rwlock;
use super::shared::semaphore::Semaphore;
use super::shared::wait_queue::WaitQueue;
use super::task_queue::{CloseReason, TaskQueue};
use contend_scenario::{EvalContext, Scenario, TaskDistribution};
use contend_trace::frame::{self, FRAME_ATOMIC};
use contend_trace::{
    CounterMemory, KnobId, LockKind, Notice, PoolId, ResourceId, ResourceInfo, ResourceKind, RingWriter, RunMemory,
    WorkerId,
};

/// The run as one process sees it. Lives as long as the process: workers may be stuck in it for ever.
#[derive(Debug)]
pub struct RunContext {
    pub memory: &'static RunMemory,
    pub plan: Plan,
    pub scenario: Scenario,
    pub input_items: InputItems,
    pub cpu_work: CpuWork,
    pub http_client: HttpClient,
    /// `--allow-exec`: whether steps may run commands.
    pub allow_exec: bool,
    /// What the knobs for free text are set to.
    texts: Vec<Option<String>>,
    /// By resource; `None` for what is no lock, or a lock that is switched off.
    locks: Vec<Option<AnyMutex<'static>>>,
    /// By resource: those who wait for it, if tasks share it.
    wait_queues: &'static [Option<WaitQueue>],
    /// Where tasks run, if this process has any.
    pub event_loop: OnceLock<Handle>,
    /// By pool.
    pub task_queues: Vec<TaskQueue>,
    pub pipe_ends: PipeEnds,
    /// This process's own copies of the private counters, by resource. The runner's, the parent of all, are on the board,
    /// where they can be looked at.
    private_counters: OnceLock<Vec<AtomicU64>>,
    output: Mutex<File>,
    pub(super) is_too_deep_reported: AtomicBool,
    /// Whether a submitter may run its task itself.
    pub runs_in_callers: bool,
}

impl RunContext {
    /// Makes what the workers of this process need.
    ///
    /// # Errors
    /// If the scenario cannot be run with these settings; the same error that the dashboard would have had.
    pub fn new(start: StartRequest, memory: &'static RunMemory, cpu_work: CpuWork) -> Result<&'static Self, PlanError> {
        let plan = Plan::new(&start.scenario, &start.settings, &start.input_items)?;
        let locks = plan.cast.resources.iter().enumerate().map(|(i, resource)| match resource.kind {
            ResourceKind::Mutex { kind } => AnyMutex::new(kind, memory.resource(ResourceId::from(i))),
            _ => None,
        });
        let ids = (0..plan.cast.resources.len()).map(ResourceId::from);
        let sleepers = ids.map(|id| plan.is_shared_by_tasks(id).then(WaitQueue::default)).collect::<Vec<_>>();
        let sleepers: &'static [Option<WaitQueue>] = Box::leak(sleepers.into()); // as all that is here
        let alive = (!plan.task_sources.is_empty()).then(|| &memory.extra()[0]);
        let pools = plan.cast.pools.iter().zip(&plan.pools);
        let queues = pools.map(|(info, pool)| {
            let words = &memory.extra()[pool.queue_words.clone()];
            let monitor = Monitor::at_words(memory.resource(info.queue), words);
            let monitor = monitor.with_wait_queue(sleepers[info.queue.index()].as_ref());
            let deals = pool.schedule != TaskDistribution::Shared;
            TaskQueue::new(info.queue, (queue_capacity(&plan, info.queue), deals), monitor, alive)
        });
        let queues = queues.collect();
        let runs_in_callers = has_caller_runs_pool(&start.scenario);
        let out = io::stdout().as_fd().try_clone_to_owned().map_or_else(|_| open_dev_null(), File::from);
        Ok(Box::leak(Box::new(Self {
            memory,
            locks: locks.collect(),
            wait_queues: sleepers,
            event_loop: OnceLock::new(),
            task_queues: queues,
            pipe_ends: PipeEnds::default(),
            private_counters: OnceLock::new(),
            plan,
            scenario: start.scenario,
            input_items: start.input_items,
            cpu_work,
            http_client: HttpClient::default(),
            allow_exec: start.settings.allow_exec,
            texts: start.settings.texts,
            output: Mutex::new(out),
            is_too_deep_reported: AtomicBool::new(false),
            runs_in_callers,
        })))
    }

    /// The lock behind a resource; `None` goes straight through.
    #[inline]
    pub fn lock(&self, resource: ResourceId) -> Option<&AnyMutex<'static>> {
        self.locks.get(resource.index())?.as_ref()
    }

    fn resource_kind(&self, resource: ResourceId) -> Option<&ResourceKind> {
        self.plan.cast.resource(resource).map(|info| &info.kind)
    }

    /// The mutex of tasks behind a resource.
    pub fn async_mutex(&'static self, resource: ResourceId) -> Option<AsyncMutex<'static>> {
        let Some(ResourceKind::Mutex { kind: kind @ (LockKind::Async | LockKind::AsyncReentrant) }) =
            self.resource_kind(resource)
        else {
            return None;
        };
        Some(AsyncMutex::at(resource, self.monitor(resource), self.wait_queue(resource)?, kind.is_reentrant()))
    }

    pub fn semaphore(&'static self, resource: ResourceId) -> Option<Semaphore<'static>> {
        let Some(ResourceKind::Semaphore { permits, .. }) = self.resource_kind(resource) else { return None };
        Some(Semaphore::at(resource, self.monitor(resource), *permits))
    }

    pub fn rwlock(&'static self, resource: ResourceId) -> Option<Rwlock<'static>> {
        let Some(ResourceKind::Rwlock { policy }) = self.resource_kind(resource) else { return None };
        Some(Rwlock::at(resource, self.monitor(resource), *policy))
    }

    /// The counter behind a resource, where this process sees it. What the manager has of it is its own affair.
    pub fn counter(&'static self, resource: ResourceId) -> &'static AtomicU64 {
        let own = self.private_counters.get().filter(|_| self.counter_memory(resource) == CounterMemory::Private);
        own.and_then(|own| own.get(resource.index())).unwrap_or_else(|| {
            let (home, word) = self.plan.cast.counter_location(resource);
            &self.memory.resource(home)[word]
        })
    }

    /// Where a counter lies.
    pub fn counter_memory(&self, resource: ResourceId) -> CounterMemory {
        match self.resource_kind(resource) {
            Some(ResourceKind::Counter { memory, .. }) => *memory,
            _ => CounterMemory::Shared,
        }
    }

    /// From here on this process has its own copies of what is private, as they are at the beginning of a run.
    pub fn make_private_counters(&self) {
        let initial = |resource: &ResourceInfo| match resource.kind {
            ResourceKind::Counter { initial, .. } => AtomicU64::new(initial as u64),
            _ => AtomicU64::new(0),
        };
        let _ = self.private_counters.set(self.plan.cast.resources.iter().map(initial).collect());
    }

    /// The ends that a worker uses. A worker process has no others to give them to: they are closed with the worker.
    pub fn take_pipe_ends(&self, worker: WorkerId) -> PipeEndMap {
        let ends = self.pipe_ends.select(&self.plan.pipe_ends[worker.index()]).into_iter().collect();
        if self.private_counters.get().is_some() {
            self.pipe_ends.close_all_except(&BTreeSet::new());
        }
        ends
    }

    pub fn pipe(&self, resource: ResourceId) -> SharedPipe<'static> {
        SharedPipe::at(resource, self.memory.resource(resource))
    }

    /// The life of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<WorkerLife<'static>> {
        Some(WorkerLife::at(self.memory.resource(self.plan.life(worker)?)))
    }

    /// All lives, with whose they are.
    pub fn lives(&self) -> impl Iterator<Item = (WorkerId, WorkerLife<'static>)> {
        (0..self.plan.lives.len()).map(WorkerId::from).filter_map(|worker| Some((worker, self.life(worker)?)))
    }

    /// Ends the life of a worker, if it has one. Its ring is free for the next from here on.
    pub fn end_life(&self, worker: WorkerId, well: bool) {
        let Some(life) = self.life(worker) else { return };
        life.end(well);
        self.plan.life(worker).and_then(|id| self.wait_queue(id)).inspect(|sleepers| sleepers.wake_all(ENDED));
        if self.memory.is_waiting_for_lives() {
            self.memory.call_runner();
        }
    }

    /// Whether the run does not wait for a worker.
    pub fn is_daemon(&self, worker: WorkerId) -> bool {
        match self.plan.roles.get(worker.index()) {
            Some(WorkerRole::GroupMember { group, .. }) => self.scenario.groups[*group].is_daemon,
            // It would wait for them.
            Some(WorkerRole::CounterServer) => self.scenario.groups.iter().any(|group| group.is_daemon),
            _ => false,
        }
    }

    /// The monitor in a resource's words.
    pub fn monitor(&'static self, resource: ResourceId) -> Monitor<'static> {
        Monitor::at(self.memory.resource(resource)).with_wait_queue(self.wait_queue(resource))
    }

    /// Those who wait for a resource without a thread of their own, if tasks share it.
    pub fn wait_queue(&self, resource: ResourceId) -> Option<&'static WaitQueue> {
        self.wait_queues.get(resource.index())?.as_ref()
    }

    /// Where results of a pool's tasks are kept, if anybody wants them.
    pub fn results(&self, pool: PoolId) -> Option<ResultStore> {
        let id = self.plan.cast.pools.get(pool.index())?.results?;
        let PoolPlan { result_words, result_capacity: places, .. } = &self.plan.pools[pool.index()];
        let monitor = Monitor::at_words(self.memory.resource(id), &self.memory.extra()[result_words.clone()]);
        Some(ResultStore { id, pool, capacity: *places, monitor: monitor.with_wait_queue(self.wait_queue(id)) })
    }

    /// A worker that may bring tasks is about to begin. Whoever spawns it may bring some as well, and has not left.
    pub fn add_task_source(&self, worker: WorkerId) {
        if self.plan.is_task_source(worker) {
            let (word, bit) = self.source_bit(worker);
            // Counted first, so that nobody who leaves meanwhile finds that he was the last.
            self.memory.extra()[0].fetch_add(1, Ordering::AcqRel);
            word.fetch_or(bit, Ordering::AcqRel);
        }
    }

    /// Where it says whether a worker is counted among those who may bring tasks.
    fn source_bit(&self, worker: WorkerId) -> (&AtomicU64, u64) {
        let words = &self.memory.extra()[self.plan.source_bit_words()];
        (&words[worker.index() / 64], 1 << (worker.index() % 64))
    }

    /// A worker that may have brought tasks will bring none any more. Where it was the last of all, and no task is open,
    /// the pools end. Of several who say so in its name, itself or whoever found it dead, the first one counts.
    pub fn remove_task_source(&self, worker: WorkerId, recorder: Option<&mut Recorder<'_>>) {
        if !self.plan.is_task_source(worker) {
            return;
        }
        let (word, bit) = self.source_bit(worker);
        let was_there = word.fetch_and(!bit, Ordering::AcqRel) & bit != 0;
        if was_there && decrement_to_zero(&self.memory.extra()[0]) {
            self.close_all_queues(recorder);
        }
    }

    /// No pool gets any more tasks.
    pub fn close_all_queues(&self, mut recorder: Option<&mut Recorder<'_>>) {
        for queue in &self.task_queues {
            let first = queue.close_with(CloseReason::Closed);
            if let Some(recorder) = recorder.as_deref_mut().filter(|_| first) {
                queue.record_closed(recorder);
            }
        }
    }

    /// The port that a server listens on.
    pub fn port(&self, server: ResourceId) -> u16 {
        self.memory.resource(server)[0].load(Ordering::Acquire) as u16
    }

    /// What a knob for free text is set to; nothing if it is not set.
    pub fn knob_text(&self, knob: KnobId) -> &str {
        self.texts.get(knob.index()).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Makes what is shared, before any worker process exists.
    pub fn init_shared(&'static self) {
        self.locks.iter().flatten().for_each(AnyMutex::init);
        self.plan.initial_task_sources().for_each(|worker| self.add_task_source(worker));
        for (i, resource) in self.plan.cast.resources.iter().enumerate() {
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
                _ => {}
            }
            if let ResourceKind::Life { worker: of } = resource.kind
                && !self.plan.is_spawned(of)
            {
                WorkerLife::at(self.memory.resource(id)).begin_first();
            }
            self.semaphore(id).inspect(|semaphore| semaphore.init());
            self.rwlock(id).inspect(|rwlock| rwlock.init());
        }
    }

    /// A pen for one worker of this process. There must be one only at a time.
    pub fn recorder(&self, worker: WorkerId) -> Recorder<'static> {
        let ring = self.memory.ring(worker);
        // The rings of those who are spawned were made ready by the runner.
        let writer =
            if self.plan.is_spawned(worker) { RingWriter::new_prefaulted(ring) } else { RingWriter::new(ring) };
        Recorder::new(writer, self.memory.clock())
    }

    /// Nanoseconds between two readings of the run's clock.
    pub fn nanos_between(&self, from: u64, to: u64) -> u64 {
        (to.saturating_sub(from) as f64 * self.memory.tick_nanos().unwrap_or(1.0)) as u64
    }

    /// Whether this process is a worker's, not the runner.
    pub fn is_worker_process(&self) -> bool {
        self.private_counters.get().is_some()
    }

    /// A knob's value now.
    #[inline]
    pub fn knob(&self, knob: KnobId) -> f64 {
        self.memory.knob(knob)
    }

    /// Tells the dashboard, in one piece whatever other processes write to the same pipe. That the dashboard is gone is
    /// noticed elsewhere.
    pub fn send_message(&self, up: &RunnerMessage) {
        let file = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = frame::send(&*file, up);
    }

    /// Tells something rare that happened just now.
    pub fn send_notice(&self, notice: Notice) {
        let notice = match notice {
            Notice::TaskFailed { worker, message: mut what } => {
                what.truncate(what.floor_char_boundary(FRAME_ATOMIC - 64));
                Notice::TaskFailed { worker, message: what }
            }
            other => other,
        };
        self.send_message(&RunnerMessage::Notice { ticks: self.memory.clock().ticks(), notice });
    }
}

/// Counts down by one; whether nothing is left.
pub fn decrement_to_zero(word: &AtomicU64) -> bool {
    // Each who counts down sees what those before did, and the last one all.
    let before = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    before == Ok(1)
}

fn queue_capacity(plan: &Plan, queue: ResourceId) -> u32 {
    match plan.cast.resource(queue).map(|r| &r.kind) {
        Some(ResourceKind::Queue { capacity }) => *capacity,
        _ => 1,
    }
}

fn open_dev_null() -> File {
    File::options().write(true).open("/dev/null").expect("/dev/null is part of every system")
}

/// The knobs of the run, where no worker has a position.
impl EvalContext for RunContext {
    fn knob(&self, knob: KnobId) -> f64 {
        self.memory.knob(knob)
    }
}
