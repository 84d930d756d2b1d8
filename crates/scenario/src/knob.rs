//! Knobs, the named parameters of a scenario, and the settings of a run.

use serde::{Deserialize, Serialize};

use super::choice::Choice;
use contend_trace::{KnobId, WorkerKind};

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds; written `5ms`, `20us`, `1.5s`.
    Time,
    /// A plain number; written `8`.
    Count,
    /// Events per second; written `200/s`.
    Rate,
    /// Bytes; written `64KiB`, `1MB`.
    Bytes,
}

/// The kind and range of a knob's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum KnobKind {
    /// A number between `min` and `max`, both included.
    Number { unit: Unit, default: f64, min: f64, max: f64 },
    /// One of several words; the knob's number is the word's index.
    Choice { words: Vec<String>, default: usize },
    /// Free text, such as a path. Cannot change during a run; the knob's number is 0.
    Text { default: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Knob {
    pub name: String,
    pub kind: KnobKind,
    pub help: String,
    /// Whether a change takes effect during the run; otherwise the run restarts.
    pub is_live: bool,
}

/// The value of every knob for one run. Indexes are those of `Scenario::knobs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Settings {
    pub numbers: Vec<f64>,
    pub texts: Vec<Option<String>>,
    /// `--as`: the worker kind that replaces the kind of all groups and pools.
    pub executor: Option<WorkerKind>,
    /// `--allow-exec`: whether the scenario may run commands.
    pub allow_exec: bool,
}

impl Settings {
    /// Returns the kind to start for workers that the scenario declares as `declared`.
    pub fn effective_kind(&self, declared: WorkerKind) -> WorkerKind {
        self.executor.unwrap_or(declared)
    }

    /// Returns the kind of a pool's workers.
    pub fn pool_kind(&self, declared: &Choice<WorkerKind>) -> WorkerKind {
        self.effective_kind(match declared {
            Choice::Fixed(kind) => *kind,
            Choice::Knob(knob, of) => of.get(self.number(*knob) as usize).copied().unwrap_or(WorkerKind::Thread),
        })
    }

    /// Returns a knob's number, 0 for a knob that does not exist.
    pub fn number(&self, knob: KnobId) -> f64 {
        self.numbers.get(knob.index()).copied().unwrap_or(0.0)
    }

    /// Returns the text of a text knob that is set.
    pub fn text(&self, knob: KnobId) -> Option<&str> {
        self.texts.get(knob.index())?.as_deref()
    }
}
