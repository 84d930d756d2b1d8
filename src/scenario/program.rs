//! A scenario that was read and checked: every name resolved, every unit and range right.

use serde::{Deserialize, Serialize};

use super::expr::Expr;
use super::knob::Knob;
use crate::trace::{KnobId, LockKind, RwPolicy, WorkerKind};

/// Where a scenario stands in the picker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Group {
    Pools,
    Locks,
    Deadlocks,
    Queues,
    Signals,
    Processes,
    RealWork,
    Own,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The file's stem: what one types.
    pub name: String,
    pub title: String,
    pub group: Group,
    pub about: String,
    /// A question to think about before the run.
    pub ask: Option<String>,
    /// What to look at while it runs.
    pub watch: Vec<String>,
    pub tries: Vec<Try>,
    pub knobs: Vec<Knob>,
    pub resources: Vec<Resource>,
    pub workers: Vec<Workers>,
    pub pools: Vec<Pool>,
    pub expects: Vec<Expect>,
    pub test: Test,
}

/// How `contend test` runs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// For how long what must hold to the end has to hold, ns.
    pub lasts: f64,
    /// Whether other runs beside it would disturb it. `None`: when it computes.
    pub alone: Option<bool>,
}

impl Default for Test {
    fn default() -> Self {
        Self { lasts: 2e9, alone: None }
    }
}

/// A suggestion: what to do, and what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Try {
    pub text: String,
    /// Knobs to turn for it, with their values.
    pub set: Vec<(KnobId, f64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub name: String,
    /// More than one makes an array, named `fork-1`, `fork-2`... Fixed for a run.
    pub count: Expr,
    pub spec: ResourceSpec,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ResourceSpec {
    Mutex {
        kind: Choice<LockKind>,
    },
    Counter {
        initial: i64,
    },
    Semaphore {
        permits: Expr,
    },
    Rwlock {
        policy: Choice<RwPolicy>,
    },
    Queue {
        capacity: Expr,
    },
    /// Waited for while holding the mutex declared at position `of`, which the wait gives back meanwhile.
    Condition {
        of: usize,
    },
    /// A flag that stays set until it is cleared.
    Event,
    Barrier {
        parties: Expr,
    },
}

/// A word that is fixed, or chosen by a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Choice<T> {
    Fixed(T),
    /// `of[position of the knob]`.
    Knob(KnobId, Vec<T>),
}

/// A group of workers that run the same steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workers {
    pub name: String,
    pub kind: WorkerKind,
    pub count: Expr,
    pub steps: Vec<Step>,
}

/// A pool of workers fed from one queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    pub name: String,
    pub of: WorkerKind,
    /// How many workers; changes while it runs when it is a knob.
    pub workers: Expr,
    /// How many workers it can ever have: the knob's maximum, or the fixed number.
    pub most: u32,
    pub queue: Expr,
    pub policy: Policy,
    pub feed: Feed,
    /// Bytes sent with each task and back; only processes pay for it.
    pub payload: Expr,
    /// Tasks handed over at once.
    pub chunk: Expr,
    /// How often a task whose worker process died is begun anew before it counts as failed.
    pub retries: Expr,
    pub task: Vec<Step>,
}

/// What happens to a task when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    Block,
    Reject,
    CallerRuns,
}

/// Where a pool's tasks come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Feed {
    /// Open loop: tasks are due at this rate whatever the pool does.
    Arrive { rate: Expr },
    /// This many, as fast as the queue takes them.
    Batch { count: Expr },
    /// One task for each file with one of these endings (lower case, without dot) in the directory that the knob
    /// names; sample files when it names none. Results go to `out`, or beside.
    Files { dir: KnobId, out: KnobId, endings: Vec<String> },
}

/// One of a resource's array, or the resource itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Position in `Scenario::resources`.
    pub resource: usize,
    /// Which of the array, wrapping around; `None` is the first.
    pub at: Option<Expr>,
}

/// A question about a counter's value or a queue's depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub target: Target,
    pub compare: Compare,
    pub value: Expr,
}

/// What a worker does with a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QueueStep {
    /// Puts an item, waiting for room. Fails if the queue is closed.
    Put(Target),
    /// Takes an item, waiting for one. Ends the worker's steps if the queue is closed and empty.
    Take(Target),
    /// Takes items, waiting for them, and runs the body for each until the queue is closed and empty.
    Each { target: Target, body: Vec<Step> },
    /// Puts an item if there is room now and runs the body, or else the other steps.
    TryPut { target: Target, body: Vec<Step>, otherwise: Vec<Step> },
    /// Takes an item if there is one now and runs the body, or else the other steps.
    TryTake { target: Target, body: Vec<Step>, otherwise: Vec<Step> },
    /// No more items will be put.
    Close(Target),
}

/// What a worker does with a condition, an event flag or a barrier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SignalStep {
    /// Waits for a condition, without its mutex meanwhile, or for an event flag.
    Wait {
        target: Target,
        timeout: Option<Expr>,
    },
    /// Wakes one who waits for the condition, if anyone does.
    Notify(Target),
    /// Wakes all who wait for the condition.
    NotifyAll(Target),
    /// Sets an event flag, which lets all go on that wait for it.
    Set(Target),
    Clear(Target),
    /// Waits until all parties of a barrier have come.
    Meet(Target),
}

/// One thing a worker does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// Real work that takes this much CPU time.
    Compute(Expr),
    /// Sleeps on purpose.
    Sleep(Expr),
    /// Waits for a descriptor that becomes ready after this time: what waiting for a device or a server is.
    Io(Expr),
    /// Takes the lock, runs the body, gives it back.
    Lock {
        target: Target,
        body: Vec<Step>,
    },
    /// Takes the lock within `timeout` and runs the body, or else the other steps.
    TryLock {
        target: Target,
        timeout: Expr,
        body: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Bare `lock`: the worker keeps it until `unlock`.
    Take(Target),
    /// Bare `unlock`.
    Release(Target),
    /// Takes permits of a semaphore all at once, runs the body, gives them back.
    Acquire {
        target: Target,
        permits: Expr,
        body: Vec<Step>,
    },
    /// Bare `acquire`: takes a permit for good.
    Down(Target),
    /// Bare `release`: gives a permit, whoever had it, or nobody.
    Up(Target),
    /// Has an rwlock together with other readers while it runs the body.
    Read {
        target: Target,
        body: Vec<Step>,
    },
    /// Has an rwlock alone while it runs the body.
    Write {
        target: Target,
        body: Vec<Step>,
    },
    /// Reads a counter into the worker's own copy.
    Load(Target),
    /// Writes the worker's own copy plus `add` to the counter, whatever it holds by now.
    Store {
        target: Target,
        add: i8,
    },
    /// Adds to a counter in one atomic operation.
    Add {
        target: Target,
        by: i8,
    },
    Queue(QueueStep),
    Signal(SignalStep),
    /// Runs the body if the answer is yes now, else the other steps.
    If {
        question: Question,
        body: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Runs the body for as long as the answer is yes.
    While {
        question: Question,
        body: Vec<Step>,
    },
    Repeat {
        times: Expr,
        body: Vec<Step>,
    },
    Forever(Vec<Step>),
    /// Runs the body if the knob stands at this position, else the other steps.
    When {
        knob: KnobId,
        is: f64,
        body: Vec<Step>,
        otherwise: Vec<Step>,
    },
    /// Makes thumbnails of the task's file, the longer side this many pixels.
    Thumbnail {
        sizes: Vec<u32>,
    },
    /// One of these ways, by chance: each as likely as its weight among all.
    Choose(Vec<Way>),
    Real(Real),
    /// The worker panics; the others go on.
    Panic(String),
    /// Ends the process at once, by a signal, with all that is in it.
    Abort,
    /// Ends the process at once with this exit code.
    Exit(u8),
}

impl Step {
    /// The steps in its blocks.
    pub fn bodies(&self) -> impl Iterator<Item = &[Self]> {
        let (first, second, ways): (&[Self], &[Self], &[Way]) = match self {
            Self::Lock { body, .. }
            | Self::Acquire { body, .. }
            | Self::Read { body, .. }
            | Self::Write { body, .. }
            | Self::Repeat { body, .. }
            | Self::Forever(body)
            | Self::While { body, .. }
            | Self::Queue(QueueStep::Each { body, .. }) => (body, &[], &[]),
            Self::TryLock { body, otherwise, .. }
            | Self::When { body, otherwise, .. }
            | Self::If { body, otherwise, .. }
            | Self::Queue(QueueStep::TryPut { body, otherwise, .. } | QueueStep::TryTake { body, otherwise, .. }) => {
                (body, otherwise, &[])
            }
            Self::Choose(ways) => (&[], &[], ways),
            _ => (&[], &[], &[]),
        };
        [first, second].into_iter().chain(ways.iter().map(|way| way.steps.as_slice()))
    }

    /// Where the steps of the `else` that follows it go, if one can.
    pub fn otherwise(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::TryLock { otherwise, .. }
            | Self::When { otherwise, .. }
            | Self::If { otherwise, .. }
            | Self::Queue(QueueStep::TryPut { otherwise, .. } | QueueStep::TryTake { otherwise, .. }) => {
                Some(otherwise)
            }
            _ => None,
        }
    }

    /// Whether it, or a step in one of its blocks, is such a one.
    pub fn any(&self, wanted: &impl Fn(&Self) -> bool) -> bool {
        wanted(self) || self.bodies().flatten().any(|step| step.any(wanted))
    }
}

/// One of the ways of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Way {
    pub weight: Expr,
    pub steps: Vec<Step>,
}

/// Work that is what it says, however long it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Real {
    /// Counts the primes up to this number.
    Primes(Expr),
    /// SHA-256 of so many bytes, or of the task's file.
    Hash(Option<Expr>),
    /// Reads the task's file.
    ReadFile,
    /// Writes a file of so many bytes that is gone after the run.
    WriteFile(Expr),
    /// Makes a grey copy of the task's picture.
    Grayscale,
}

impl Compare {
    /// Whether `value` compares so with `with`.
    pub fn holds(self, value: f64, with: f64) -> bool {
        match self {
            Self::Above => value > with,
            Self::Below => value < with,
            Self::Equals => (value - with).abs() < 0.5, // of whole numbers
        }
    }
}

impl Scenario {
    /// Whether some step is such a one.
    pub fn any_step(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        let groups = self.workers.iter().map(|group| &group.steps);
        groups.chain(self.pools.iter().map(|pool| &pool.task)).flatten().any(|step| step.any(&wanted))
    }

    /// Whether whoever takes a permit of the semaphore gives it back at the end of a block.
    pub fn is_scoped(&self, resource: usize) -> bool {
        !self.any_step(|step| matches!(step, Step::Down(target) | Step::Up(target) if target.resource == resource))
    }
}

/// What a run must show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    /// As written, for messages.
    pub text: String,
    /// Only when all these knobs stand at these values.
    pub when: Vec<(KnobId, f64)>,
    pub claim: Claim,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Claim {
    /// A deadlock is found before this many nanoseconds (or ever).
    Deadlock {
        within: Option<f64>,
    },
    NoDeadlock,
    /// A finding with this id is made (or is not).
    Finding {
        id: String,
        seen: bool,
    },
    Measure {
        metric: Metric,
        of: Subject,
        compare: Compare,
        value: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Compare {
    Above,
    Below,
    Equals,
}

/// Whom a measure is about: positions in the scenario's tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// The first resource of this declaration.
    Resource(usize),
    Pool(usize),
    /// All workers of this group together.
    Workers(usize),
    /// All workers.
    All,
}

/// What can be measured. Shares are 0 to 1, times nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// Share of a lock's acquisitions that had to wait.
    Contended,
    /// Jain's index of a lock's acquisitions over its workers.
    Fairness,
    /// A counter's value.
    Value,
    /// Updates a counter lost.
    Lost,
    /// Tasks a pool did, failed, did a second time.
    Done,
    Failed,
    Retried,
    Rejected,
    /// Share of the time in which someone had the lock.
    Held,
    /// Share of the attempts at a lock that ended without it.
    GaveUp,
    /// Share of a pool's workers' time spent on tasks.
    Utilization,
    /// How many of a pool's tasks were done at once, on average.
    Parallel,
    /// How many times as long as the median task itself the median wait for its result was.
    Slowdown,
    /// Longest a queue has been, or a pool's queue, in items.
    Depth,
    /// Items taken from a queue.
    Taken,
    /// Workers woken by each signal that woke any.
    Woken,
    /// Share of the workers' time in a state.
    Share(crate::trace::State),
}
