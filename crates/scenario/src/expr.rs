//! Number expressions of a scenario: constants, knobs and arithmetic over a worker's index.

use serde::{Deserialize, Serialize};

use crate::distribution::{exponential, lognormal};
use crate::knob_match::is_same_knob_value;
use contend_trace::KnobId;

/// A number expression. Its unit (nanoseconds, bytes, tasks per second or none) depends on where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    Number(f64),
    Knob(KnobId),
    /// The worker's index in its group, from 0: written `i`.
    WorkerIndex,
    /// The size of the worker's group: written `n`.
    GroupSize,
    /// The number of the pool's current task, from 0: written `task`.
    TaskNumber,
    /// The recorded duration of the request that the pool's current task replays, in nanoseconds: written `service`.
    RecordedDuration,
    Op(Box<Expr>, char, Box<Expr>),
    /// The smaller of two: written `min(a, b)`.
    Min(Box<Expr>, Box<Expr>),
    /// The larger of two: written `max(a, b)`.
    Max(Box<Expr>, Box<Expr>),
    /// A uniformly distributed random number, drawn at each evaluation: written `random(a, b)`.
    Random(Box<Expr>, Box<Expr>),
    /// An exponentially distributed random number with this mean, drawn at each evaluation: written `exponential(a)`.
    /// It models the time between independent random events.
    Exponential(Box<Expr>),
    /// A lognormally distributed random number with this median and 99th percentile: written `lognormal(a, b)`. It
    /// models the time of requests.
    Lognormal(Box<Expr>, Box<Expr>),
    /// One of two values, the second with the probability `share`: written `bimodal(a, b, share)`.
    Bimodal {
        usual: Box<Expr>,
        rare: Box<Expr>,
        share: Box<Expr>,
    },
    /// The worker's own copy of a counter, by the counter's position in `Scenario::resources`: written
    /// `loaded(counter)`.
    Loaded(usize),
}

/// The values that an expression reads.
pub trait EvalContext {
    /// Returns the current value of a knob.
    fn knob(&self, knob: KnobId) -> f64;
    /// Returns the worker's index in its group and the group's size.
    fn worker_position(&self) -> (u32, u32) {
        (0, 1)
    }
    /// Returns whether a knob has this value: the condition of `when`.
    fn knob_equals(&self, knob: KnobId, value: f64) -> bool {
        is_same_knob_value(self.knob(knob), value)
    }
    /// Returns the number of the current task, 0 outside of tasks.
    fn task(&self) -> u64 {
        0
    }
    /// Returns the recorded duration of the request that the current task replays, in nanoseconds. Outside of a run it
    /// is always 10 ms.
    fn recorded_duration(&self) -> f64 {
        10e6
    }
    /// Returns the worker's own copy of a counter, 0 outside of workers.
    fn loaded(&self, counter: usize) -> f64 {
        _ = counter;
        0.0
    }
    /// Returns a random number in `0.0..1.0`. Outside of workers it is always 0.5.
    fn random_unit(&self) -> f64 {
        0.5
    }
}

impl Expr {
    /// Evaluates the expression. Division or remainder by zero gives 0.
    pub fn eval(&self, values: &impl EvalContext) -> f64 {
        match self {
            Self::Number(n) => *n,
            Self::Knob(knob) => values.knob(*knob),
            Self::WorkerIndex => f64::from(values.worker_position().0),
            Self::GroupSize => f64::from(values.worker_position().1),
            Self::TaskNumber => values.task() as f64,
            Self::Loaded(counter) => values.loaded(*counter),
            Self::RecordedDuration => values.recorded_duration(),
            Self::Op(left, op, right) => {
                let (left, right) = (left.eval(values), right.eval(values));
                match op {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    '/' if right != 0.0 => left / right,
                    '%' if right != 0.0 => left.rem_euclid(right),
                    _ => 0.0,
                }
            }
            Self::Min(left, right) => left.eval(values).min(right.eval(values)),
            Self::Max(left, right) => left.eval(values).max(right.eval(values)),
            Self::Random(from, to) => {
                let (from, to) = (from.eval(values), to.eval(values));
                from + (to - from) * values.random_unit()
            }
            Self::Exponential(mean) => exponential(mean.eval(values), values.random_unit()),
            Self::Lognormal(median, p99) => lognormal(median.eval(values), p99.eval(values), values.random_unit()),
            Self::Bimodal { usual, rare, share } => {
                // Both are evaluated, so that formulas inside draw as many random numbers either way.
                let (usual, rare) = (usual.eval(values), rare.eval(values));
                if values.random_unit() < share.eval(values) { rare } else { usual }
            }
        }
    }

    /// Returns whether two evaluations with equal knobs by the same worker can differ.
    pub fn is_random(&self) -> bool {
        match self {
            Self::Random(..) | Self::Exponential(_) | Self::Lognormal(..) | Self::Bimodal { .. } | Self::Loaded(_) => {
                true
            } // a loaded value depends on what other workers did
            Self::Op(left, _, right) | Self::Min(left, right) | Self::Max(left, right) => {
                left.is_random() || right.is_random()
            }
            Self::Number(_)
            | Self::Knob(_)
            | Self::WorkerIndex
            | Self::GroupSize
            | Self::TaskNumber
            | Self::RecordedDuration => false,
        }
    }

    /// Whether it depends on the trace that the pool's tasks replay.
    pub(super) fn needs_trace(&self) -> bool {
        match self {
            Self::RecordedDuration => true,
            Self::Op(left, _, right)
            | Self::Min(left, right)
            | Self::Max(left, right)
            | Self::Random(left, right)
            | Self::Lognormal(left, right) => left.needs_trace() || right.needs_trace(),
            Self::Exponential(mean) => mean.needs_trace(),
            Self::Bimodal { usual, rare, share } => [usual, rare, share].iter().any(|part| part.needs_trace()),
            Self::Number(_)
            | Self::Knob(_)
            | Self::WorkerIndex
            | Self::GroupSize
            | Self::TaskNumber
            | Self::Loaded(_) => false,
        }
    }

    /// Returns the knobs that the expression reads.
    pub fn knobs(&self) -> Vec<KnobId> {
        match self {
            Self::Knob(knob) => vec![*knob],
            Self::Op(left, _, right)
            | Self::Min(left, right)
            | Self::Max(left, right)
            | Self::Random(left, right)
            | Self::Lognormal(left, right) => [left.knobs(), right.knobs()].concat(),
            Self::Bimodal { usual, rare, share } => [usual.knobs(), rare.knobs(), share.knobs()].concat(),
            Self::Exponential(mean) => mean.knobs(),
            Self::Number(_)
            | Self::WorkerIndex
            | Self::GroupSize
            | Self::TaskNumber
            | Self::RecordedDuration
            | Self::Loaded(_) => Vec::new(),
        }
    }
}
