//! The step that sets a mark on the time axis.

use super::ValueKind::Text;
use super::{NodeFamily, required, step_rule};
use crate::check::Checker;

pub(super) const MARKS: NodeFamily = NodeFamily {
    title: "Marks",
    rules: &[step_rule(
        "mark",
        "mark \"second phase\"",
        "Sets a mark on the time axis, which the dashboard draws and the report lists. It costs as much as recording \
         one event, and changes nothing else. `{n}` in the text is the number of the task, or of the worker in its \
         group; `\"$name\"` is the text of a knob.",
        Checker::mark_step,
    )
    .args(&[required("text", Text, "the text, of at most 40 characters")])],
};
