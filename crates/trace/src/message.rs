//! The messages that a source of events sends to the model: batches of events, samples and notices.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Declared, Event, KnobId, Look, PoolId, ResourceId, Span, Stamp, WaitSnapshot, WorkerId};

/// A message from a source.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Message {
    /// Events of any workers, in order within each worker.
    Events(Vec<Event>),
    /// Several messages, in order, so that they wake the receiver only once.
    Batch(Vec<Message>),
    /// Everything that happened before this moment has been delivered or counted as lost.
    Watermark(Stamp),
    /// The workers that are blocked at one moment. All their earlier events have been delivered.
    WaitSnapshot(WaitSnapshot),
    Sample(Sample),
    Notice {
        at: Stamp,
        notice: Notice,
    },
    /// Nothing more will come.
    Ended {
        at: Stamp,
        reason: RunEnd,
    },
    /// Workers, resources and pools of an open registry, before their first use; and their ends.
    Declare(Vec<Declared>),
    /// The states of the workers, seen from outside.
    Look(Look),
}

/// A measurement taken from outside the workers.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Sample {
    /// The kernel's figures of one worker between two moments: nanoseconds on a CPU, and runnable without one. `from`
    /// is zero in the first sample of a thread, which covers everything since the thread started.
    Sched { worker: WorkerId, from: Stamp, to: Stamp, running: u64, ready: u64 },
    /// The system does not report when workers are runnable without a core; they appear as running.
    SchedUnavailable,
    /// Load of each core since the previous sample, 0 to 1, by its number. `None` for a core that is offline.
    Cores { at: Stamp, load: Vec<Option<f32>> },
    /// CPU time used between two moments, in nanoseconds: by all processes of the run including its commands, and by
    /// the viewer.
    Usage { from: Stamp, to: Stamp, run: u64, viewer: u64 },
    /// The value of a counter.
    Counter { at: Stamp, counter: ResourceId, value: i64 },
    /// Records produced and events lost by a worker's ring since the run began. Exact, and never lost itself.
    Ring { worker: WorkerId, produced: u64, lost: u64 },
    /// The cost of recording in nanoseconds per event, measured on this machine at the start of the run.
    EventCost { nanos: f32 },
    /// A worker was on a CPU for `running` nanoseconds between two moments, and last on this core.
    OnCore { worker: WorkerId, core: u16, from: Stamp, to: Stamp, running: u64 },
    /// The physical core of each core, by its number, where the system tells; and whether the machine is a virtual one,
    /// whose cores may be threads of one physical core all the same.
    CoreLayout { physical: Vec<u16>, is_virtual: bool },
    /// The largest error so far, in nanoseconds, of times that other machines' clocks gave and that were corrected.
    ClockError { nanos: u64 },
}

/// How a worker died that did not record its end itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum DeathCause {
    /// Its process exited with this status.
    Exit(i32),
    /// This signal killed it.
    Signal(i32),
    /// The run or its process ended without waiting for it.
    CutOff,
}

/// A rare occurrence in a run.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Notice {
    /// A worker was started. `tid` equals `pid` for a process.
    Started { worker: WorkerId, pid: u32, tid: u32 },
    /// A worker is gone without having recorded its end.
    Died { worker: WorkerId, cause: DeathCause },
    /// A knob was set; `value_text` is its value with unit.
    KnobSet { knob: KnobId, name: String, value_text: String },
    /// A pool has this many workers from now on.
    Resized { pool: PoolId, workers: u32 },
    /// A task failed; `message` names it and gives the reason.
    TaskFailed { worker: WorkerId, message: String },
    /// A line that the run printed on its standard error.
    Stderr(String),
    /// A text for the user to read.
    Note(String),
    /// The machine was suspended for this long. The run's clock stopped with it.
    Suspended(Span),
    /// The user set a mark with this text.
    Mark(String),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum RunEnd {
    /// Every worker reached the end of its steps.
    Completed,
    /// The time limit was reached.
    Time,
    /// The remaining workers are in a deadlock.
    Deadlock,
    /// The remaining workers wait for something that no worker can still provide.
    Stall,
    /// The user or another program stopped it.
    Stopped,
    /// The runner died or failed in this way.
    Crashed(String),
}

impl RunEnd {
    /// Returns the word used in reports and in JSON.
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

/// A request to a running scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Command {
    /// Set a knob; the value is in the knob's own unit (nanoseconds, a count, tasks per second, a choice's position).
    SetKnob { knob: KnobId, value: f64 },
    /// End one worker: a process by `SIGKILL`, a thread at its next step.
    Kill(WorkerId),
    /// End the run.
    Stop,
}
