//! What a source hands to the model: batches of events, and the rare things beside them.

use serde::{Deserialize, Serialize};

use super::{Event, KnobId, PoolId, ResourceId, Snapshot, Span, Stamp, WorkerId};

/// One delivery from a source.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Events of any workers, in order within each worker.
    Events(Vec<Event>),
    /// Several, in order: one delivery wakes its receiver once.
    Many(Vec<Message>),
    /// All that happened before this moment has been delivered, or counted as lost.
    Through(Stamp),
    /// What stands still. All that these workers told before was delivered.
    Slots(Snapshot),
    Sample(Sample),
    Notice {
        at: Stamp,
        notice: Notice,
    },
    /// Nothing more will come.
    Ended {
        at: Stamp,
        how: RunEnd,
    },
}

/// What was measured from outside the workers.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// What the kernel says of one worker between two moments: nanoseconds on a CPU, and runnable without one. `from`
    /// is zero at the first look at its thread: it speaks of all that the thread did.
    Sched { worker: WorkerId, from: Stamp, to: Stamp, running: u64, ready: u64 },
    /// The system does not say when workers could run but have no core: to all appearance they run.
    NoSched,
    /// Load of each core since the sample before, 0 to 1, by its number. None for one that is not there.
    Cores { at: Stamp, load: Vec<Option<f32>> },
    /// CPU time used between two moments, ns: by all processes of the run, its commands included, and by the viewer.
    Usage { from: Stamp, to: Stamp, run: u64, viewer: u64 },
    /// What a counter holds.
    Counter { at: Stamp, counter: ResourceId, value: i64 },
    /// A worker's ring: records produced and lost since it was made. Exact, never itself lost.
    Ring { worker: WorkerId, produced: u64, lost: u64 },
    /// What recording cost: nanoseconds per event, measured on this machine at the start of the run.
    EventCost { nanos: f32 },
}

/// How a worker process or thread died without saying so itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Death {
    Exit(i32),
    Signal(i32),
    /// The run, or its process, ended, and it was not to be waited for.
    CutOff,
}

/// What is rare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Notice {
    /// A worker exists. `tid` equals `pid` for a process.
    Started { worker: WorkerId, pid: u32, tid: u32 },
    /// A worker is gone and did not say so itself.
    Died { worker: WorkerId, death: Death },
    /// A knob was turned; `shown` is its value with unit.
    Turned { knob: KnobId, name: String, shown: String },
    /// A pool has this many workers from now on.
    Resized { pool: PoolId, workers: u32 },
    /// A task failed; `what` names it and says why.
    Failed { worker: WorkerId, what: String },
    /// A line the run printed on its standard error.
    Stderr(String),
    /// Something the viewer should read.
    Note(String),
    /// The machine was suspended for so long. The run's clock stood still with it.
    Suspended(Span),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunEnd {
    /// Every worker came to the end of its steps.
    Completed,
    /// The time given was over.
    Time,
    /// It can never go on.
    Deadlock,
    /// All who are left wait for something nobody is left to give.
    Stall,
    /// Someone stopped it.
    Stopped,
    /// The runner died or failed; says how.
    Crashed(String),
}

impl RunEnd {
    /// The word used in reports and in JSON.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Time => "time",
            Self::Deadlock => "deadlock",
            Self::Stall => "stall",
            Self::Stopped => "stopped",
            Self::Crashed(_) => "crashed",
        }
    }
}

/// What can be asked of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// Turn a knob; the value is in the knob's own unit (nanoseconds, a count, tasks a second, a choice's position).
    Turn { knob: KnobId, value: f64 },
    /// End one worker: a process by SIGKILL, a thread at its next step.
    Kill(WorkerId),
    /// End the run.
    Stop,
}
