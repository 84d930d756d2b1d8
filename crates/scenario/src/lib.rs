//! The language scenarios are written in: reading, checking, the catalogue. It knows no event and starts nothing.

mod check;
mod clean;
mod expr;
mod glob;
mod knob;
mod mistake;
mod nearest;
mod program;
mod quantity;
mod settings;
mod source;
mod syntax;
mod turn;
mod variants;

pub use check::{Checked, check, reference};
pub use clean::clean;
pub use expr::{Expr, Values};
pub use glob::{Glob, GlobError};
pub use knob::{Knob, KnobKind, Settings, Unit};
pub use mistake::Mistakes;
pub use nearest::nearest;
pub use program::{
    Ask, Asked, Attempt, Choice, Claim, Compare, Crash, Delivery, Expect, Feed, Group, Guess, Leave, LifeStep,
    LoopStep, Members, Metric, Optimum, Origin, Part, Piece, PipeStep, Place, Policy, Pool, PoolStep, Question,
    QueueStep, Real, Resource, ResourceSpec, Right, Scarce, Scenario, Schedule, Seat, Serving, SignalStep, Step,
    Subject, Target, Template, Test, Text, Times, Try, Way, What, Which, Workers,
};
pub use source::{LARGEST, ReadError, Source};
pub use turn::SettingError;
pub use variants::Variant;
