//! What all workers of one process share.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::Handle;

use super::ends::{Ends, Had};
use super::files::Job;
use super::http::Web;
use super::lock::Lock;
use super::plan::{Part, Plan, PlanError, PoolPlan, runs_in_callers};
use super::queue::{Queue, Shut};
use super::recorder::Recorder;
use super::results::Results;
use super::shared::life::{ENDED, Life};
use super::shared::monitor::Monitor;
use super::shared::pipe::Pipe;
use super::shared::rwlock::Rwlock;
use super::shared::semaphore::Semaphore;
use super::shared::sleepers::Sleepers;
use super::shared::turns::Turns;
use super::wire::{Start, Up};
use super::work::Work;
use contend_scenario::{Scenario, Schedule};
use contend_trace::frame::{self, FRAME_ATOMIC};
use contend_trace::{
    Board, KnobId, LockKind, Memory, Notice, PoolId, ResourceId, ResourceInfo, ResourceKind, RingWriter, WorkerId,
};

/// The run as one process sees it. Lives as long as the process: workers may be stuck in it for ever.
#[derive(Debug)]
pub struct Run {
    pub board: &'static Board,
    pub plan: Plan,
    pub scenario: Scenario,
    pub job: Job,
    pub work: Work,
    pub web: Web,
    /// What the knobs for free text are set to.
    texts: Vec<Option<String>>,
    /// By resource; `None` for what is no lock, or a lock that is switched off.
    locks: Vec<Option<Lock<'static>>>,
    /// By resource: those who wait for it, if tasks share it.
    sleepers: &'static [Option<Sleepers>],
    /// Where tasks run, if this process has any.
    pub event_loop: OnceLock<Handle>,
    /// By pool.
    pub queues: Vec<Queue>,
    pub ends: Ends,
    /// This process's own copies of the private counters, by resource. The runner's, the parent of all, are on the board,
    /// where they can be looked at.
    own: OnceLock<Vec<AtomicU64>>,
    teller: Mutex<File>,
    pub(super) is_too_deep_told: AtomicBool,
    /// Whether a submitter may run its task itself.
    pub runs_in_callers: bool,
}

impl Run {
    /// Makes what the workers of this process need.
    ///
    /// # Errors
    /// If the scenario cannot be run with these settings; the same error that the dashboard would have had.
    pub fn new(start: Start, board: &'static Board, work: Work) -> Result<&'static Self, PlanError> {
        let plan = Plan::new(&start.scenario, &start.settings, &start.job)?;
        let locks = plan.cast.resources.iter().enumerate().map(|(i, resource)| match resource.kind {
            ResourceKind::Mutex { kind } => Lock::new(kind, board.resource(ResourceId::from(i))),
            _ => None,
        });
        let ids = (0..plan.cast.resources.len()).map(ResourceId::from);
        let sleepers = ids.map(|id| plan.is_of_tasks(id).then(Sleepers::default)).collect::<Vec<_>>();
        let sleepers: &'static [Option<Sleepers>] = Box::leak(sleepers.into()); // as all that is here
        let alive = (!plan.sources.is_empty()).then(|| &board.extra()[0]);
        let pools = plan.cast.pools.iter().zip(&plan.pools);
        let queues = pools.map(|(info, pool)| {
            let words = &board.extra()[pool.queue_words.clone()];
            let monitor = Monitor::over(board.resource(info.queue), words);
            let monitor = monitor.among(sleepers[info.queue.index()].as_ref());
            let deals = pool.schedule != Schedule::Shared;
            Queue::new(info.queue, (capacity(&plan, info.queue), deals), monitor, alive)
        });
        let queues = queues.collect();
        let runs_in_callers = runs_in_callers(&start.scenario);
        let out = io::stdout().as_fd().try_clone_to_owned().map_or_else(|_| devnull(), File::from);
        Ok(Box::leak(Box::new(Self {
            board,
            locks: locks.collect(),
            sleepers,
            event_loop: OnceLock::new(),
            queues,
            ends: Ends::default(),
            own: OnceLock::new(),
            plan,
            scenario: start.scenario,
            job: start.job,
            work,
            web: Web::default(),
            texts: start.settings.texts,
            teller: Mutex::new(out),
            is_too_deep_told: AtomicBool::new(false),
            runs_in_callers,
        })))
    }

    /// The lock behind a resource; `None` goes straight through.
    #[inline]
    pub fn lock(&self, resource: ResourceId) -> Option<&Lock<'static>> {
        self.locks.get(resource.index())?.as_ref()
    }

    fn kind(&self, resource: ResourceId) -> Option<&ResourceKind> {
        self.plan.cast.resource(resource).map(|info| &info.kind)
    }

    /// The mutex of tasks behind a resource.
    pub fn turns(&'static self, resource: ResourceId) -> Option<Turns<'static>> {
        let Some(ResourceKind::Mutex { kind: kind @ (LockKind::Async | LockKind::AsyncReentrant) }) =
            self.kind(resource)
        else {
            return None;
        };
        Some(Turns::at(resource, self.monitor(resource), self.sleepers(resource)?, kind.is_reentrant()))
    }

    pub fn semaphore(&'static self, resource: ResourceId) -> Option<Semaphore<'static>> {
        let Some(ResourceKind::Semaphore { permits, .. }) = self.kind(resource) else { return None };
        Some(Semaphore::at(resource, self.monitor(resource), *permits))
    }

    pub fn rwlock(&'static self, resource: ResourceId) -> Option<Rwlock<'static>> {
        let Some(ResourceKind::Rwlock { policy }) = self.kind(resource) else { return None };
        Some(Rwlock::at(resource, self.monitor(resource), *policy))
    }

    /// The counter behind a resource, where this process sees it. What the manager has of it is its own affair.
    pub fn counter(&'static self, resource: ResourceId) -> &'static AtomicU64 {
        let own = self.own.get().filter(|_| self.memory(resource) == Memory::Private);
        own.and_then(|own| own.get(resource.index())).unwrap_or_else(|| {
            let (home, word) = self.plan.cast.place_of(resource);
            &self.board.resource(home)[word]
        })
    }

    /// Where a counter lies.
    pub fn memory(&self, resource: ResourceId) -> Memory {
        match self.kind(resource) {
            Some(ResourceKind::Counter { memory, .. }) => *memory,
            _ => Memory::Shared,
        }
    }

    /// From here on this process has its own copies of what is private, as they are at the beginning of a run.
    pub fn leave_parent(&self) {
        let initial = |resource: &ResourceInfo| match resource.kind {
            ResourceKind::Counter { initial, .. } => AtomicU64::new(initial as u64),
            _ => AtomicU64::new(0),
        };
        let _ = self.own.set(self.plan.cast.resources.iter().map(initial).collect());
    }

    /// The ends that a worker uses. A worker process has no others to give them to: they are closed with the worker.
    pub fn ends_of(&self, worker: WorkerId) -> Had {
        let ends = self.ends.of(&self.plan.ends[worker.index()]).into_iter().collect();
        if self.own.get().is_some() {
            self.ends.keep(&BTreeSet::new());
        }
        ends
    }

    pub fn pipe(&self, resource: ResourceId) -> Pipe<'static> {
        Pipe::at(resource, self.board.resource(resource))
    }

    /// The life of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<Life<'static>> {
        Some(Life::at(self.board.resource(self.plan.life(worker)?)))
    }

    /// All lives, with whose they are.
    pub fn lives(&self) -> impl Iterator<Item = (WorkerId, Life<'static>)> {
        (0..self.plan.lives.len()).map(WorkerId::from).filter_map(|worker| Some((worker, self.life(worker)?)))
    }

    /// Ends the life of a worker, if it has one. Its ring is free for the next from here on.
    pub fn end_life(&self, worker: WorkerId, well: bool) {
        let Some(life) = self.life(worker) else { return };
        life.end(well);
        self.plan.life(worker).and_then(|id| self.sleepers(id)).inspect(|sleepers| sleepers.wake_all(ENDED));
        if self.board.is_leaving() {
            self.board.call();
        }
    }

    /// Whether the run does not wait for a worker.
    pub fn is_daemon(&self, worker: WorkerId) -> bool {
        match self.plan.parts.get(worker.index()) {
            Some(Part::Member { group, .. }) => self.scenario.workers[*group].daemon,
            // It would wait for them.
            Some(Part::Manager) => self.scenario.workers.iter().any(|group| group.daemon),
            _ => false,
        }
    }

    /// The monitor in a resource's words.
    pub fn monitor(&'static self, resource: ResourceId) -> Monitor<'static> {
        Monitor::at(self.board.resource(resource)).among(self.sleepers(resource))
    }

    /// Those who wait for a resource without a thread of their own, if tasks share it.
    pub fn sleepers(&self, resource: ResourceId) -> Option<&'static Sleepers> {
        self.sleepers.get(resource.index())?.as_ref()
    }

    /// Where results of a pool's tasks are kept, if anybody wants them.
    pub fn results(&self, pool: PoolId) -> Option<Results> {
        let id = self.plan.cast.pools.get(pool.index())?.results?;
        let PoolPlan { result_words, places, .. } = &self.plan.pools[pool.index()];
        let monitor = Monitor::over(self.board.resource(id), &self.board.extra()[result_words.clone()]);
        Some(Results { id, pool, places: *places, monitor: monitor.among(self.sleepers(id)) })
    }

    /// A worker that may bring tasks is about to begin. Whoever spawns it may bring some as well, and has not left.
    pub fn arrive(&self, worker: WorkerId) {
        if self.plan.is_source(worker) {
            let (word, bit) = self.source_bit(worker);
            // Counted first, so that nobody who leaves meanwhile finds that he was the last.
            self.board.extra()[0].fetch_add(1, Ordering::AcqRel);
            word.fetch_or(bit, Ordering::AcqRel);
        }
    }

    /// Where it says whether a worker is counted among those who may bring tasks.
    fn source_bit(&self, worker: WorkerId) -> (&AtomicU64, u64) {
        let words = &self.board.extra()[self.plan.source_bits()];
        (&words[worker.index() / 64], 1 << (worker.index() % 64))
    }

    /// A worker that may have brought tasks will bring none any more. Where it was the last of all, and no task is open,
    /// the pools end. Of several who say so in its name, itself or whoever found it dead, the first one counts.
    pub fn leave(&self, worker: WorkerId, pen: Option<&mut Recorder<'_>>) {
        if !self.plan.is_source(worker) {
            return;
        }
        let (word, bit) = self.source_bit(worker);
        let was_there = word.fetch_and(!bit, Ordering::AcqRel) & bit != 0;
        if was_there && count_down(&self.board.extra()[0]) {
            self.close_all(pen);
        }
    }

    /// No pool gets any more tasks.
    pub fn close_all(&self, mut pen: Option<&mut Recorder<'_>>) {
        for queue in &self.queues {
            let first = queue.shut(Shut::Closed);
            if let Some(pen) = pen.as_deref_mut().filter(|_| first) {
                queue.tell_closed(pen);
            }
        }
    }

    /// The port that a server listens on.
    pub fn port(&self, server: ResourceId) -> u16 {
        self.board.resource(server)[0].load(Ordering::Acquire) as u16
    }

    /// What a knob for free text is set to; nothing if it is not set.
    pub fn text(&self, knob: KnobId) -> &str {
        self.texts.get(knob.index()).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Makes what is shared, before any worker process exists.
    pub fn init_shared(&'static self) {
        self.locks.iter().flatten().for_each(Lock::init);
        self.plan.first_sources().for_each(|worker| self.arrive(worker));
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
            if let ResourceKind::Life { of } = resource.kind
                && !self.plan.is_spawned(of)
            {
                Life::at(self.board.resource(id)).begin_first();
            }
            self.semaphore(id).inspect(|semaphore| semaphore.init());
            self.rwlock(id).inspect(|rwlock| rwlock.init());
        }
    }

    /// A pen for one worker of this process. There must be one only at a time.
    pub fn recorder(&self, worker: WorkerId) -> Recorder<'static> {
        let ring = self.board.ring(worker);
        // The rings of those who are spawned were made ready by the runner.
        let writer = if self.plan.is_spawned(worker) { RingWriter::again(ring) } else { RingWriter::new(ring) };
        Recorder::new(writer, self.board.clock())
    }

    /// Nanoseconds between two readings of the run's clock.
    pub fn nanos(&self, from: u64, to: u64) -> u64 {
        (to.saturating_sub(from) as f64 * self.board.tick_nanos().unwrap_or(1.0)) as u64
    }

    /// Whether this process is a worker's, not the runner.
    pub fn is_worker_process(&self) -> bool {
        self.own.get().is_some()
    }

    /// A knob's value now.
    #[inline]
    pub fn knob(&self, knob: KnobId) -> f64 {
        self.board.knob(knob)
    }

    /// Tells the dashboard, in one piece whatever other processes write to the same pipe. That the dashboard is gone is
    /// noticed elsewhere.
    pub fn tell(&self, up: &Up) {
        let file = self.teller.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = frame::send(&*file, up);
    }

    /// Tells something rare that happened just now.
    pub fn notice(&self, notice: Notice) {
        let notice = match notice {
            Notice::Failed { worker, mut what } => {
                what.truncate(what.floor_char_boundary(FRAME_ATOMIC - 64));
                Notice::Failed { worker, what }
            }
            other => other,
        };
        self.tell(&Up::Notice { ticks: self.board.clock().ticks(), notice });
    }
}

/// Counts down by one; whether nothing is left.
pub fn count_down(word: &AtomicU64) -> bool {
    // Each who counts down sees what those before did, and the last one all.
    let before = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
    before == Ok(1)
}

fn capacity(plan: &Plan, queue: ResourceId) -> u32 {
    match plan.cast.resource(queue).map(|r| &r.kind) {
        Some(ResourceKind::Queue { capacity }) => *capacity,
        _ => 1,
    }
}

fn devnull() -> File {
    File::options().write(true).open("/dev/null").expect("/dev/null is part of every system")
}
