//! What is known of a run: a fold over its messages.
//!
//! No message can make it fail: what cannot be is counted as an anomaly. It reads no clock and does no input or output;
//! the moment to speak of is handed in.

mod apply;
mod buffer_sizes;
mod cores;
mod counter;
mod deadlock;
mod duration_stats;
mod failures;
mod findings;
mod happens_before;
mod history;
mod lane;
mod life;
mod lock;
mod lock_orders;
mod phrases;
mod pipe;
mod pool;
mod queue;
mod resource_state;
mod results;
mod samples;
mod settings_change;
mod signals;
mod slot_analysis;
mod slot_audit;
mod slot_report;
mod state_times;
mod transitions;
mod wait_graph;

use std::collections::VecDeque;
use std::sync::Arc;

pub use cores::{Cores, CpuLoad};
pub use counter::Counter;
pub use deadlock::{CycleLink, Deadlock, Stall, StuckGroup};
pub use duration_stats::DurationStats;
pub use failures::{CommandStats, Failure, Failures};
pub use findings::{Finding, FindingSubject, Severity};
pub use lane::{Activity, Lane, LifeEnd};
pub use life::Life;
pub use lock::{Lock, LockCapacity, LockCell, RecentLockUse};
pub use phrases::{all_stuck_sentence, join_names, stuck_forever_sentence};
pub use pipe::Pipe;
pub use pool::{HandoverTime, Pool, RecentTasks, TaskCounts};
pub use queue::{DepthTrend, Queue};
pub use results::Results;
pub use samples::{LogLine, TimelineMark};
pub use settings_change::{Backlog, SettingsChange};
pub use signals::Signals;
pub use state_times::{CellWindow, StateTimes};
pub use wait_graph::{WaitEdge, WaitForGraph};

use self::buffer_sizes::BufferSizes;
use self::resource_state::ResourceState;
use contend_trace::{Message, PoolId, Registry, ResourceId, RunEnd, Stamp, WorkerId};

/// How much memory all histories of a run may take together. A floor of about 10 KiB for each lane and 4 KiB for each lock
/// is taken in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub bytes: usize,
}

impl Budget {
    /// The default, or so much for each lane that a few seconds can still be drawn well.
    pub fn for_registry(cast: &Registry) -> Self {
        Self { bytes: Self::default().bytes.max(cast.workers.len() * (64 << 10)) }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 6 << 20 }
    }
}

/// Whether the picture can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Health {
    /// Events folded in.
    pub events: u64,
    /// Events that never arrived.
    pub lost: u64,
    /// Events that cannot be where they were.
    pub anomalies: u64,
    /// Waits that were read from their workers' slots, since their events were lost.
    pub recovered: u64,
    /// Of these waits, those of workers that hold more than they could say: a verdict may lack them.
    pub partially_recovered: u64,
    /// Looks at the slots that bore a verdict out.
    pub confirmed_verdicts: u64,
    /// How often what events tell and what slots say was not the same.
    pub disagreements: u64,
    /// What recording one event cost, ns.
    pub ns_per_event: f32,
}

/// All that is known of a run.
#[derive(Debug, Clone)]
pub struct Model {
    registry: Arc<Registry>,
    newest_stamp: Stamp,
    complete_until: Option<Stamp>,
    ended: Option<(Stamp, RunEnd)>,
    health: Health,
    lanes: Vec<Lane>,
    empty_lane: Lane,
    /// Each worker's pool and its place there.
    pool_seats: Vec<Option<(PoolId, usize)>>,
    resources: Vec<ResourceState>,
    /// Each worker's life, if others spawn or join it.
    life_by_worker: Vec<Option<ResourceId>>,
    /// Each resource's pool, for queues that feed one.
    pool_by_queue: Vec<Option<PoolId>>,
    pools: Vec<Pool>,
    cores: Cores,
    usage: cores::CpuUsageHistory,
    /// How many threads and processes seem to run lately.
    runnable_estimate: f64,
    has_ready_times: bool,
    marks: Vec<TimelineMark>,
    last_change: Option<SettingsChange>,
    log: VecDeque<LogLine>,
    failures: Failures,
    deadlocks: deadlock::Deadlocks,
    /// How many workers hold a lock while they wait for one without a limit: without any there is no deadlock.
    stuck_holders: usize,
    happens_before: happens_before::HappensBefore,
    slot_audit: slot_audit::SlotAudit,
}

impl Model {
    pub fn new(cast: Arc<Registry>, budget: Budget) -> Self {
        let plan = BufferSizes::new(&cast, budget);
        let mut seats = vec![None; cast.workers.len()];
        let mut fed_by = vec![None; cast.resources.len()];
        let mut lives = vec![None; cast.workers.len()];
        for (id, of) in cast.lives() {
            if let Some(life) = lives.get_mut(of.index()) {
                *life = Some(id);
            }
        }
        for (pool, info) in cast.pools.iter().enumerate() {
            for (seat, worker) in info.workers.iter().enumerate() {
                if let Some(place) = seats.get_mut(worker.index()) {
                    *place = Some((PoolId::from(pool), seat));
                }
            }
            if let Some(feeds) = fed_by.get_mut(info.queue.index()) {
                *feeds = Some(PoolId::from(pool));
            }
        }
        Self {
            newest_stamp: Stamp::default(),
            complete_until: None,
            ended: None,
            health: Health::default(),
            lanes: cast.workers.iter().map(|_| Lane::new(plan.shape, plan.spans_per_lane)).collect(),
            empty_lane: Lane::new(plan.shape, plan.spans_per_lane),
            pool_seats: seats,
            resources: cast.resources.iter().map(|info| ResourceState::new(&info.kind, &plan)).collect(),
            life_by_worker: lives,
            pool_by_queue: fed_by,
            pools: cast.pools.iter().map(|info| Pool::new(info, plan.shape, plan.digits)).collect(),
            cores: Cores::new(plan.shape),
            usage: cores::CpuUsageHistory::new(plan.shape),
            runnable_estimate: 0.0,
            has_ready_times: true,
            marks: Vec::new(),
            last_change: None,
            log: VecDeque::new(),
            failures: Failures::default(),
            deadlocks: deadlock::Deadlocks::default(),
            stuck_holders: 0,
            happens_before: happens_before::HappensBefore::new(&cast),
            slot_audit: slot_audit::SlotAudit::default(),
            registry: cast,
        }
    }

    /// Takes in one message. Cannot fail.
    pub fn apply(&mut self, message: &Message) {
        self.begin_settings_period(message);
        match message {
            Message::Events(events) => {
                for event in events {
                    self.apply_event(event);
                }
                self.detect_deadlocks();
            }
            Message::Batch(messages) => messages.iter().for_each(|message| self.apply(message)),
            Message::Watermark(at) => {
                self.complete_until = self.complete_until.max(Some(*at));
                self.lanes.iter_mut().for_each(|lane| lane.settle_until(*at));
                self.update_even_shares();
            }
            Message::WaitSnapshot(snapshot) => self.apply_snapshot(snapshot),
            Message::Sample(sample) => self.apply_sample(sample),
            Message::Notice { at, notice } => self.apply_notice(*at, notice),
            Message::Ended { at, reason: how } => {
                self.newest_stamp = self.newest_stamp.max(*at);
                self.complete_until = self.complete_until.max(Some(*at));
                self.ended = Some((*at, how.clone()));
                self.lanes.iter_mut().for_each(|lane| lane.settle_until(Stamp(u64::MAX)));
                self.bound_estimates(*at);
            }
        }
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Newest stamp seen of anything.
    pub fn newest_stamp(&self) -> Stamp {
        self.newest_stamp
    }

    /// All that happened before this moment is in the model. What a worker does "now" is known for this moment, not for a
    /// later one. `None` when the source does not say.
    pub fn complete_until(&self) -> Option<Stamp> {
        self.complete_until
    }

    pub fn run_end(&self) -> Option<(Stamp, &RunEnd)> {
        self.ended.as_ref().map(|(at, how)| (*at, how))
    }

    pub fn health(&self) -> Health {
        let lost = self.lanes.iter().fold(0, |sum: u64, lane| sum.saturating_add(lane.lost_events()));
        Health {
            lost,
            confirmed_verdicts: self.confirmed_verdicts(),
            disagreements: self.disagreements(),
            ..self.health
        }
    }

    /// Whether every event recorded has arrived: else whatever is counted from events is a lower bound.
    pub fn is_complete(&self) -> bool {
        self.lanes.iter().all(|lane| lane.lost_events() == 0)
    }

    /// A worker's lane; an empty one for a worker that is not in the cast.
    pub fn lane(&self, worker: WorkerId) -> &Lane {
        self.lanes.get(worker.index()).unwrap_or(&self.empty_lane)
    }

    /// Lanes that ever began or were started.
    pub fn lanes(&self) -> impl Iterator<Item = (WorkerId, &Lane)> {
        let known = |(_, lane): &(usize, &Lane)| lane.life_count() > 0 || lane.pid().is_some() || lane.is_in_life();
        self.lanes.iter().enumerate().filter(known).map(|(i, lane)| (WorkerId::from(i), lane))
    }

    pub fn lock(&self, resource: ResourceId) -> Option<&Lock> {
        match self.resources.get(resource.index())? {
            ResourceState::Lock(lock) => Some(lock),
            _ => None,
        }
    }

    /// What has a depth: a queue, or the bytes of a pipe.
    pub fn queue(&self, resource: ResourceId) -> Option<&Queue> {
        match self.resources.get(resource.index())? {
            ResourceState::Queue(queue) => Some(queue),
            ResourceState::Results(results) => Some(results.unread()),
            ResourceState::Pipe(pipe) => Some(pipe.byte_queue()),
            _ => None,
        }
    }

    /// The results of a pool's tasks.
    pub fn results(&self, resource: ResourceId) -> Option<&Results> {
        match self.resources.get(resource.index())? {
            ResourceState::Results(results) => Some(results),
            _ => None,
        }
    }

    pub fn pipe(&self, resource: ResourceId) -> Option<&Pipe> {
        match self.resources.get(resource.index())? {
            ResourceState::Pipe(pipe) => Some(pipe),
            _ => None,
        }
    }

    pub fn pool(&self, pool: PoolId) -> Option<&Pool> {
        self.pools.get(pool.index())
    }

    pub fn counter(&self, resource: ResourceId) -> Option<&Counter> {
        match self.resources.get(resource.index())? {
            ResourceState::Counter(counter) => Some(counter),
            _ => None,
        }
    }

    /// A condition, an event flag or a barrier.
    pub fn signals(&self, resource: ResourceId) -> Option<&Signals> {
        match self.resources.get(resource.index())? {
            ResourceState::Signals(signals) => Some(signals),
            _ => None,
        }
    }

    /// The lives of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<&Life> {
        match self.resources.get(self.life_of(worker)?.index())? {
            ResourceState::Life(life) => Some(life),
            _ => None,
        }
    }

    fn life_of(&self, worker: WorkerId) -> Option<ResourceId> {
        self.life_by_worker.get(worker.index()).copied().flatten()
    }

    /// Knobs turned, pools resized, workers died: in the order of their stamps.
    pub fn marks(&self) -> &[TimelineMark] {
        &self.marks
    }

    /// What failed, and why.
    pub const fn failures(&self) -> &Failures {
        &self.failures
    }

    /// The newest lines of the runner's standard error, and notes.
    pub fn log(&self) -> &VecDeque<LogLine> {
        &self.log
    }

    /// What is wrong at `now`, most severe first.
    pub fn findings(&self, now: Stamp) -> Vec<Finding> {
        findings::detect_all(self, now)
    }

    /// Heap bytes in use, without what the cast takes.
    pub fn heap_bytes(&self) -> usize {
        let lanes: usize = self.lanes.iter().map(|lane| size_of::<Lane>() + lane.heap_bytes()).sum();
        let resources: usize = self.resources.iter().map(ResourceState::heap_bytes).sum();
        let pools: usize = self.pools.iter().map(|pool| size_of::<Pool>() + pool.heap_bytes()).sum();
        lanes + resources + pools + self.cores.heap_bytes() + self.usage.heap_bytes() + self.happens_before.heap_bytes()
    }
}
