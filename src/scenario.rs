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
    Ask, Choice, Claim, Compare, Expect, Feed, Group, Guess, Metric, PipeStep, Policy, Pool, Question, QueueStep, Real,
    Resource, ResourceSpec, Right, Scenario, SignalStep, Step, Subject, Target, Test, Try, Way, Workers,
};
pub use source::{FindError, LARGEST, Source};
pub use turn::SettingError;
pub use variants::Variant;
