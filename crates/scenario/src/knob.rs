//! Knobs: the named parameters of a scenario, and what they are set to.

use serde::{Deserialize, Serialize};

use super::program::Choice;
use contend_trace::{KnobId, WorkerKind};

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds; written `5ms`, `20us`, `1.5s`.
    Time,
    /// Things; written `8`.
    Count,
    /// Things a second; written `200/s`.
    Rate,
    /// Bytes; written `64KiB`, `1MB`.
    Bytes,
}

/// What a knob can be set to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum KnobKind {
    /// A number between `min` and `max`, both included.
    Number { unit: Unit, default: f64, min: f64, max: f64 },
    /// One of several words; its value is the word's position.
    Choice { of: Vec<String>, default: usize },
    /// Free text, such as a path. Cannot be turned while a run goes on; its value is 0.
    Text { default: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Knob {
    pub name: String,
    pub kind: KnobKind,
    pub help: String,
    /// Whether turning it takes effect while the run goes on; otherwise the run starts anew.
    pub live: bool,
}

/// What every knob of a scenario is set to for one run. Positions are those of `Scenario::knobs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Settings {
    pub numbers: Vec<f64>,
    pub texts: Vec<Option<String>>,
    /// `--as`: what to make of all groups and pools.
    pub executor: Option<WorkerKind>,
    /// `--allow-exec`: whether the scenario may run commands.
    pub exec: bool,
}

impl Settings {
    /// What becomes of workers that the scenario says are of this kind.
    pub fn kind(&self, declared: WorkerKind) -> WorkerKind {
        self.executor.unwrap_or(declared)
    }

    /// What a pool is made of.
    pub fn kind_of(&self, declared: &Choice<WorkerKind>) -> WorkerKind {
        self.kind(match declared {
            Choice::Fixed(kind) => *kind,
            Choice::Knob(knob, of) => of.get(self.number(*knob) as usize).copied().unwrap_or(WorkerKind::Thread),
        })
    }

    /// A knob's number; 0 for one that does not exist.
    pub fn number(&self, knob: KnobId) -> f64 {
        self.numbers.get(knob.index()).copied().unwrap_or(0.0)
    }

    /// A knob's text, if it is a text knob and set.
    pub fn text(&self, knob: KnobId) -> Option<&str> {
        self.texts.get(knob.index())?.as_deref()
    }
}
