//! The language scenarios are written in: reading, checking, the catalogue. It knows no event and starts nothing.

mod expr;
mod knob;
mod program;

pub use expr::{Expr, Values};
pub use knob::{Knob, KnobKind, Settings, Unit};
pub use program::{
    Choice, Claim, Compare, Expect, Feed, Group, Metric, Policy, Pool, Resource, ResourceSpec, Scenario, Step, Subject,
    Target, Try, Workers,
};

/// Harmless to print.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
