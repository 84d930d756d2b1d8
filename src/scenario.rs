//! The language scenarios are written in: reading, checking, the catalogue. It knows no event and starts nothing.

pub mod catalogue;
mod check;
mod clean;
mod expr;
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
pub use knob::{Knob, KnobKind, Settings, Unit};
pub use mistake::Mistakes;
pub use program::{
    Ask, Asked, Choice, Claim, Compare, Crash, Delivery, Expect, Feed, Group, Guess, Leave, Metric, Policy, Pool,
    PoolStep, Question, QueueStep, Real, Resource, ResourceSpec, Right, Scenario, Schedule, Seat, SignalStep, Step,
    Subject, Target, Test, Try, Way, Workers,
};
pub use source::{FindError, LARGEST, Source};
pub use turn::SettingError;
pub use variants::Variant;
