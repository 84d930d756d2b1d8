//! Numbers in a scenario: constants, knobs, and arithmetic over a worker's index.

use serde::{Deserialize, Serialize};

use crate::program::is_same_knob_value;
use contend_trace::KnobId;

/// A number, in its own unit (nanoseconds, bytes, tasks a second, or none).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    Number(f64),
    Knob(KnobId),
    /// The worker's position in its group, from 0: written `i`.
    WorkerIndex,
    /// How many workers its group has: written `n`.
    GroupSize,
    /// The number of the pool's task, from 0: written `task`.
    TaskNumber,
    Op(Box<Expr>, char, Box<Expr>),
    /// The smaller of two: written `min(a, b)`.
    Min(Box<Expr>, Box<Expr>),
    /// The larger of two: written `max(a, b)`.
    Max(Box<Expr>, Box<Expr>),
    /// Anything between the two, equally likely, anew each time: written `random(a, b)`.
    Random(Box<Expr>, Box<Expr>),
    /// Mostly short and now and then long, anew each time, with this mean: written `exponential(a)`. The time between
    /// two things that happen at random and know nothing of each other.
    Exponential(Box<Expr>),
}

/// What an expression is evaluated against.
pub trait EvalContext {
    /// The present value of a knob.
    fn knob(&self, knob: KnobId) -> f64;
    /// The worker's position in its group and the group's size.
    fn worker_position(&self) -> (u32, u32) {
        (0, 1)
    }
    /// Whether a knob has this value: the condition of `when`.
    fn knob_equals(&self, knob: KnobId, value: f64) -> bool {
        is_same_knob_value(self.knob(knob), value)
    }
    /// The number of the task, where there is one.
    fn task(&self) -> u64 {
        0
    }
    /// A throw of the dice, from 0 up to 1, that one excluded. What is no worker throws the middle.
    fn random_unit(&self) -> f64 {
        0.5
    }
}

/// The longest that `exponential(1)` can be: a chance has 53 bits.
pub(super) const MAX_EXPONENTIAL: f64 = 37.0;

impl Expr {
    /// The value now. Division or remainder by zero gives 0; nothing here panics.
    pub fn eval(&self, values: &impl EvalContext) -> f64 {
        match self {
            Self::Number(n) => *n,
            Self::Knob(knob) => values.knob(*knob),
            Self::WorkerIndex => f64::from(values.worker_position().0),
            Self::GroupSize => f64::from(values.worker_position().1),
            Self::TaskNumber => values.task() as f64,
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
            // The inverse of the distribution: 1 - chance is never 0.
            Self::Exponential(mean) => mean.eval(values) * (-(1.0 - values.random_unit()).ln()).min(MAX_EXPONENTIAL),
        }
    }

    /// Whether it can differ from one time to the next though nothing else has changed.
    pub fn is_random(&self) -> bool {
        match self {
            Self::Random(..) | Self::Exponential(_) => true,
            Self::Op(left, _, right) | Self::Min(left, right) | Self::Max(left, right) => {
                left.is_random() || right.is_random()
            }
            Self::Number(_) | Self::Knob(_) | Self::WorkerIndex | Self::GroupSize | Self::TaskNumber => false,
        }
    }

    /// The knobs it reads.
    pub fn knobs(&self) -> Vec<KnobId> {
        match self {
            Self::Knob(knob) => vec![*knob],
            Self::Op(left, _, right) | Self::Min(left, right) | Self::Max(left, right) | Self::Random(left, right) => {
                [left.knobs(), right.knobs()].concat()
            }
            Self::Exponential(mean) => mean.knobs(),
            Self::Number(_) | Self::WorkerIndex | Self::GroupSize | Self::TaskNumber => Vec::new(),
        }
    }
}
