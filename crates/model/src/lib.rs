//! What is known of a run: a fold over its messages.
//!
//! No message can make it fail: what cannot be is counted as an anomaly. It reads no clock and does no input or output;
//! the moment to speak of is handed in.

mod audit;
mod beside;
mod change;
mod cores;
mod counter;
mod deadlock;
mod failures;
mod findings;
mod fold;
mod happens;
mod history;
mod lane;
mod legal;
mod life;
mod lock;
mod orders;
mod pipe;
mod plan;
mod pool;
mod queue;
mod res;
mod results;
mod shares;
mod signals;
mod slots;
mod times;
mod waits;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;

pub use beside::{LogLine, Mark};
pub use change::{Backlog, Change};
pub use cores::{Cores, CpuLoad};
pub use counter::Counter;
pub use deadlock::{Deadlock, Link, Stall, Stuck};
pub use failures::{Commands, Failure, Failures};
pub use findings::{About, Finding, Severity};
pub use lane::{Doing, Ending, Lane};
pub use life::Life;
pub use lock::{Lock, LockCell, RecentUse, Room};
pub use pipe::Pipe;
pub use pool::{Counts, Handover, Pool, Recent};
pub use queue::{Queue, Trend};
pub use results::Results;
pub use shares::{Shares, Window};
pub use signals::Signals;
pub use times::Times;
pub use waits::{Edge, WaitFor};
pub use words::{listed, stuck_forever, stuck_in_all};

use self::plan::Plan;
use self::res::Res;
use contend_trace::{Cast, Message, PoolId, ResourceId, RunEnd, Stamp, WorkerId};

/// How much memory all histories of a run may take together. A floor of about 10 KiB for each lane and 4 KiB for each lock
/// is taken in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub bytes: usize,
}

impl Budget {
    /// The default, or so much for each lane that a few seconds can still be drawn well.
    pub fn for_cast(cast: &Cast) -> Self {
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
    pub in_part: u64,
    /// Looks at the slots that bore a verdict out.
    pub borne_out: u64,
    /// How often what events tell and what slots say was not the same.
    pub disagreements: u64,
    /// What recording one event cost, ns.
    pub ns_each: f32,
}

/// All that is known of a run.
#[derive(Debug, Clone)]
pub struct Model {
    cast: Arc<Cast>,
    newest: Stamp,
    through: Option<Stamp>,
    ended: Option<(Stamp, RunEnd)>,
    health: Health,
    lanes: Vec<Lane>,
    nobody: Lane,
    /// Each worker's pool and its place there.
    seats: Vec<Option<(PoolId, usize)>>,
    resources: Vec<Res>,
    /// Each worker's life, if others spawn or join it.
    lives: Vec<Option<ResourceId>>,
    /// Each resource's pool, for queues that feed one.
    fed_by: Vec<Option<PoolId>>,
    pools: Vec<Pool>,
    cores: Cores,
    usage: cores::Usage,
    /// How many threads and processes seem to run lately.
    crowd: f64,
    sees_ready: bool,
    marks: Vec<Mark>,
    change: Option<Change>,
    log: VecDeque<LogLine>,
    failures: Failures,
    deadlocks: deadlock::Deadlocks,
    /// How many workers hold a lock while they wait for one without a limit: without any there is no deadlock.
    stuck_holders: usize,
    happens: happens::Happens,
    audit: slots::Audit,
}

impl Model {
    pub fn new(cast: Arc<Cast>, budget: Budget) -> Self {
        let plan = Plan::new(&cast, budget);
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
            newest: Stamp::default(),
            through: None,
            ended: None,
            health: Health::default(),
            lanes: cast.workers.iter().map(|_| Lane::new(plan.shape, plan.spans)).collect(),
            nobody: Lane::new(plan.shape, plan.spans),
            seats,
            resources: cast.resources.iter().map(|info| Res::new(&info.kind, &plan)).collect(),
            lives,
            fed_by,
            pools: cast.pools.iter().map(|info| Pool::new(info, plan.shape, plan.digits)).collect(),
            cores: Cores::new(plan.shape),
            usage: cores::Usage::new(plan.shape),
            crowd: 0.0,
            sees_ready: true,
            marks: Vec::new(),
            change: None,
            log: VecDeque::new(),
            failures: Failures::default(),
            deadlocks: deadlock::Deadlocks::default(),
            stuck_holders: 0,
            happens: happens::Happens::new(&cast),
            audit: slots::Audit::default(),
            cast,
        }
    }

    /// Takes in one message. Cannot fail.
    pub fn apply(&mut self, message: &Message) {
        self.begin_present_settings(message);
        match message {
            Message::Events(events) => {
                for event in events {
                    self.event(event);
                }
                self.look_for_deadlocks();
            }
            Message::Many(messages) => messages.iter().for_each(|message| self.apply(message)),
            Message::Through(at) => {
                self.through = self.through.max(Some(*at));
                self.lanes.iter_mut().for_each(|lane| lane.known_until(*at));
                self.share_evenly();
            }
            Message::Slots(snapshot) => self.slots(snapshot),
            Message::Sample(sample) => self.sample(sample),
            Message::Notice { at, notice } => self.notice(*at, notice),
            Message::Ended { at, how } => {
                self.newest = self.newest.max(*at);
                self.through = self.through.max(Some(*at));
                self.ended = Some((*at, how.clone()));
                self.lanes.iter_mut().for_each(|lane| lane.known_until(Stamp(u64::MAX)));
                self.bound_estimates(*at);
            }
        }
    }

    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Newest stamp seen of anything.
    pub fn newest(&self) -> Stamp {
        self.newest
    }

    /// All that happened before this moment is in the model. What a worker does "now" is known for this moment, not for a
    /// later one. `None` when the source does not say.
    pub fn through(&self) -> Option<Stamp> {
        self.through
    }

    pub fn ended(&self) -> Option<(Stamp, &RunEnd)> {
        self.ended.as_ref().map(|(at, how)| (*at, how))
    }

    pub fn health(&self) -> Health {
        let lost = self.lanes.iter().fold(0, |sum: u64, lane| sum.saturating_add(lane.lost()));
        Health { lost, borne_out: self.borne_out(), disagreements: self.disagreements(), ..self.health }
    }

    /// Whether every event recorded has arrived: else whatever is counted from events is a lower bound.
    pub fn is_complete(&self) -> bool {
        self.lanes.iter().all(|lane| lane.lost() == 0)
    }

    /// A worker's lane; an empty one for a worker that is not in the cast.
    pub fn lane(&self, worker: WorkerId) -> &Lane {
        self.lanes.get(worker.index()).unwrap_or(&self.nobody)
    }

    /// Lanes that ever began or were started.
    pub fn lanes(&self) -> impl Iterator<Item = (WorkerId, &Lane)> {
        let known = |(_, lane): &(usize, &Lane)| lane.lives() > 0 || lane.pid().is_some() || lane.in_life();
        self.lanes.iter().enumerate().filter(known).map(|(i, lane)| (WorkerId::from(i), lane))
    }

    pub fn lock(&self, resource: ResourceId) -> Option<&Lock> {
        match self.resources.get(resource.index())? {
            Res::Lock(lock) => Some(lock),
            _ => None,
        }
    }

    /// What has a depth: a queue, or the bytes of a pipe.
    pub fn queue(&self, resource: ResourceId) -> Option<&Queue> {
        match self.resources.get(resource.index())? {
            Res::Queue(queue) => Some(queue),
            Res::Results(results) => Some(results.held()),
            Res::Pipe(pipe) => Some(pipe.bytes_in_it()),
            _ => None,
        }
    }

    /// The results of a pool's tasks.
    pub fn results(&self, resource: ResourceId) -> Option<&Results> {
        match self.resources.get(resource.index())? {
            Res::Results(results) => Some(results),
            _ => None,
        }
    }

    pub fn pipe(&self, resource: ResourceId) -> Option<&Pipe> {
        match self.resources.get(resource.index())? {
            Res::Pipe(pipe) => Some(pipe),
            _ => None,
        }
    }

    pub fn pool(&self, pool: PoolId) -> Option<&Pool> {
        self.pools.get(pool.index())
    }

    pub fn counter(&self, resource: ResourceId) -> Option<&Counter> {
        match self.resources.get(resource.index())? {
            Res::Counter(counter) => Some(counter),
            _ => None,
        }
    }

    /// A condition, an event flag or a barrier.
    pub fn signals(&self, resource: ResourceId) -> Option<&Signals> {
        match self.resources.get(resource.index())? {
            Res::Signals(signals) => Some(signals),
            _ => None,
        }
    }

    /// The lives of a worker that others spawn or join.
    pub fn life(&self, worker: WorkerId) -> Option<&Life> {
        match self.resources.get(self.life_of(worker)?.index())? {
            Res::Life(life) => Some(life),
            _ => None,
        }
    }

    fn life_of(&self, worker: WorkerId) -> Option<ResourceId> {
        self.lives.get(worker.index()).copied().flatten()
    }

    /// Knobs turned, pools resized, workers died: in the order of their stamps.
    pub fn marks(&self) -> &[Mark] {
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
        findings::all(self, now)
    }

    /// Heap bytes in use, without what the cast takes.
    pub fn bytes(&self) -> usize {
        let lanes: usize = self.lanes.iter().map(|lane| size_of::<Lane>() + lane.bytes()).sum();
        let resources: usize = self.resources.iter().map(Res::bytes).sum();
        let pools: usize = self.pools.iter().map(|pool| size_of::<Pool>() + pool.bytes()).sum();
        lanes + resources + pools + self.cores.bytes() + self.usage.bytes() + self.happens.bytes()
    }
}
