//! The model of a run: applies the run's messages and answers questions about workers, locks, queues, pools and cores.
//!
//! Applying a message cannot fail: an impossible message is counted as an anomaly. The model reads no clock and does
//! no input or output; callers pass the moment that a question is about.
//!
//! Imports go in one direction, from the later of these layers to the earlier:
//!
//! 1. data of their own: `log_histogram`, `duration_set`, `duration_stats`, `failures`, `phrases`, `lock_orders`, and
//!    `transitions`, which knows only the states of a worker
//! 2. shares of time and memory: `history`, `state_times`, `moving_rates`, `buffer_sizes`
//! 3. resources and cores: `signals`, `queue`, `pipe`, `counter`, `life`, `lock`, `results`, `pool`, `cores`,
//!    `happens_before`
//! 4. `resource_state`, any of the resources; and `lane`, one worker
//! 5. [`Model`], in this file, owns all of these
//! 6. methods of `Model` that change it: `apply`, `samples`, `settings_change`, `marks`
//! 7. methods of `Model` that answer questions: `accessors`, `cpu_load`, `lock_range`, `row_events`, `wait_anatomy`,
//!    `wait_graph`, and on top of these `deadlock`, `slot_report`, `slot_analysis`, `slot_audit` and `findings`

mod accessors;
mod apply;
mod buffer_sizes;
mod cores;
mod counter;
mod cpu_load;
mod deadlock;
mod declarations;
mod duration_set;
mod duration_stats;
mod failures;
mod findings;
mod gone;
mod happens_before;
mod history;
mod lane;
mod life;
mod lock;
mod lock_orders;
mod lock_range;
mod log_histogram;
mod looks;
mod marks;
mod moving_rates;
mod phrases;
mod pipe;
mod pool;
mod queue;
mod resource_state;
mod results;
mod row_events;
mod run_sums;
mod samples;
mod settings_change;
mod short_holds;
mod signals;
mod slot_analysis;
mod slot_audit;
mod slot_report;
mod slot_sightings;
mod state_times;
mod tables;
mod transfers;
mod transitions;
mod wait_anatomy;
mod wait_graph;

use std::collections::VecDeque;
use std::sync::Arc;

pub use accessors::Health;
pub use buffer_sizes::Budget;
pub use cores::{CoreCell, CoreLayout, Cores, CoresUsed};
pub use counter::{Counter, CounterWrite, SwapCounts};
pub use cpu_load::CpuLoad;
pub use deadlock::{CycleLink, Deadlock, Stall, StuckGroup};
pub use duration_set::DurationSet;
pub use duration_stats::DurationStats;
pub use failures::{CommandStats, Failure, Failures};
pub use findings::{
    Finding, FindingOptions, FindingSubject, MIN_OBSERVATION, Severity, SplitFindings, Threshold, ThresholdError,
    ThresholdUnit, Thresholds,
};
pub use gone::{GoneResources, GoneWorkers};
pub use lane::{Activity, Lane, LifeEnd, TaskSpan};
pub use life::Life;
pub use lock::{Lock, LockCapacity, LockCell, RecentLockUse};
pub use marks::{MarkCount, NamedMark};
pub use phrases::{all_stuck_sentence, join_names, stuck_forever_sentence};
pub use pipe::Pipe;
pub use pool::{HandoverTime, Pool, RecentTasks, TaskCounts};
pub use queue::{DepthTrend, PriorityItems, Queue};
pub use results::Results;
pub use run_sums::{LockSums, PoolSums, QueueSums, RunSums};
pub use samples::{LogLine, TimelineMark};
pub use settings_change::{Backlog, SettingsChange};
pub use short_holds::SHORTEST_FAITHFUL_HOLD;
pub use signals::{SignalCell, Signals};
pub use state_times::{CellWindow, StateTimes};
pub use transfers::{Moved, Transfers};
pub use wait_anatomy::{PairCost, WaitCause, WaitStory, WaiterCosts, WhoCostsWhom};
pub use wait_graph::{WaitEdge, WaitForGraph};

use self::buffer_sizes::{BufferSizes, HistoryCounts};
use self::declarations::OpenRegistry;
use self::resource_state::ResourceState;
use self::tables::{LaneTable, ResourceTable};
use contend_trace::{Message, PoolId, Registry, ResourceId, RunEnd, Stamp};

/// Everything that is known about a run.
#[derive(Debug, Clone)]
pub struct Model {
    registry: Arc<Registry>,
    newest_stamp: Stamp,
    complete_until: Option<Stamp>,
    ended: Option<(Stamp, RunEnd)>,
    health: Health,
    lanes: LaneTable,
    resources: ResourceTable,
    /// By resource: the pool that takes its tasks from this queue.
    pool_by_queue: Vec<Option<PoolId>>,
    pools: Vec<Pool>,
    cores: Cores,
    usage: cores::CpuUsageHistory,
    /// A moving average of the number of threads and processes that seem to run.
    runnable_estimate: f64,
    has_ready_times: bool,
    marks: Vec<TimelineMark>,
    named_marks: marks::NamedMarks,
    last_change: Option<SettingsChange>,
    log: VecDeque<LogLine>,
    /// What the source says about the picture, such as that a program has no tracer.
    notes: Vec<String>,
    failures: Failures,
    deadlocks: deadlock::Deadlocks,
    /// Workers whose wait can close a cycle: untimed waits of lock holders for another lock, and joins. While there are
    /// none there is no deadlock.
    stuck_holders: usize,
    happens_before: happens_before::HappensBefore,
    slot_audit: slot_audit::SlotAudit,
    slot_sightings: slot_sightings::SlotSightings,
    wait_anatomy: wait_anatomy::WaitAnatomy,
    transfers: Transfers,
    sizes: BufferSizes,
    open: OpenRegistry,
    looks: looks::Looks,
    thresholds: Thresholds,
}

impl Model {
    /// Returns the model of a run that has not begun. Names in it are safe to print: see [`Registry::mask_names`].
    pub fn new(mut registry: Arc<Registry>, budget: Budget) -> Self {
        if !registry.has_printable_names() {
            Arc::make_mut(&mut registry).mask_names();
        }
        let counts = HistoryCounts::of(&registry);
        let sizes = BufferSizes::new(&counts, budget);
        let mut pool_by_queue = vec![None; registry.resources.len()];
        for (pool, info) in registry.pools.iter().enumerate() {
            if let Some(fed) = pool_by_queue.get_mut(info.queue.index()) {
                *fed = Some(PoolId::from(pool));
            }
        }
        Self {
            newest_stamp: Stamp::default(),
            complete_until: None,
            ended: None,
            health: Health::default(),
            lanes: initial_lanes(&registry, &sizes),
            resources: initial_resources(&registry, &sizes),
            pool_by_queue,
            pools: registry.pools.iter().map(|info| Pool::new(info, sizes.shape, sizes.digits)).collect(),
            cores: Cores::new(sizes.shape),
            usage: cores::CpuUsageHistory::new(sizes.shape),
            runnable_estimate: 0.0,
            has_ready_times: true,
            marks: Vec::new(),
            named_marks: marks::NamedMarks::default(),
            last_change: None,
            log: VecDeque::new(),
            notes: Vec::new(),
            failures: Failures::default(),
            deadlocks: deadlock::Deadlocks::default(),
            stuck_holders: 0,
            happens_before: happens_before::HappensBefore::new(&registry),
            slot_audit: slot_audit::SlotAudit::default(),
            slot_sightings: slot_sightings::SlotSightings::default(),
            wait_anatomy: wait_anatomy::WaitAnatomy::default(),
            transfers: Transfers::default(),
            sizes,
            open: OpenRegistry::new(budget, counts),
            looks: looks::Looks::default(),
            thresholds: Thresholds::DEFAULT,
            registry,
        }
    }

    /// Returns the same model with other thresholds of findings.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// Returns the thresholds of findings.
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Applies one message. Cannot fail.
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
                self.lanes.entries_mut().for_each(|(_, lane)| lane.settle_until(*at));
                self.update_even_shares();
                self.split_waits_until(*at);
                self.fold_leaving(self.wait_anatomy.split_until());
                if !self.looks.is_empty() {
                    self.detect_deadlocks(); // the looks may prove more now
                }
            }
            Message::WaitSnapshot(snapshot) => self.apply_snapshot(snapshot),
            Message::Sample(sample) => self.apply_sample(sample),
            Message::Notice { at, notice } => self.apply_notice(*at, notice),
            Message::Declare(declared) => self.apply_declarations(declared),
            Message::Look(look) => {
                self.apply_look(look);
                self.detect_deadlocks();
            }
            Message::Ended { at, reason } => {
                self.newest_stamp = self.newest_stamp.max(*at);
                self.complete_until = self.complete_until.max(Some(*at));
                self.ended = Some((*at, reason.clone()));
                self.lanes.entries_mut().for_each(|(_, lane)| lane.settle_until(Stamp(u64::MAX)));
                self.bound_estimates(*at);
                self.split_waits(*at);
                self.fold_leaving(Stamp(u64::MAX));
            }
        }
    }

    /// Returns all problems at `now`, most severe first.
    pub fn findings(&self, now: Stamp) -> Vec<Finding> {
        findings::detect_all(self, now)
    }
}

/// Returns the lanes of the workers that are known before the run.
fn initial_lanes(registry: &Registry, sizes: &BufferSizes) -> LaneTable {
    let mut lanes = LaneTable::new(Lane::new(sizes.lane_shape, sizes.spans_per_lane));
    for worker in 0..registry.workers.len() {
        let mut lane = Lane::new(sizes.lane_shape, sizes.spans_per_lane);
        if registry.is_open {
            lane.expect_unrecorded_waits();
        }
        lanes.insert(worker, lane);
    }
    for (id, worker) in registry.lives() {
        lanes[worker.index()].life = Some(id);
    }
    for (pool, info) in registry.pools.iter().enumerate() {
        for (seat, worker) in info.workers.iter().enumerate() {
            lanes[worker.index()].seat = Some((PoolId::from(pool), seat));
        }
    }
    lanes
}

/// Returns the initial states of the resources that are known before the run.
fn initial_resources(registry: &Registry, sizes: &BufferSizes) -> ResourceTable {
    let mut resources = ResourceTable::default();
    for (i, info) in registry.resources.iter().enumerate() {
        let is_assigned = registry.assigned_counters.contains(&ResourceId::from(i));
        match ResourceState::new(&info.kind, sizes) {
            Some(ResourceState::Counter(counter)) if is_assigned => {
                resources.insert(i, ResourceState::Counter(Box::new(counter.assigned())));
            }
            Some(state) => resources.insert(i, state),
            None => resources.skip(i),
        }
    }
    resources
}
