//! Steps on counters.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Integer, Number};
use super::{AT, BlockRule, NodeFamily, Parameter, optional, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::{ADDS, VALUE};
use crate::check::steps::DELTA;

const COUNTER: Parameter = resource_name("counter", "a counter");

pub(super) const COUNTERS: NodeFamily = NodeFamily {
    title: "Counters",
    rules: &[
        step_rule("load", "load balance", "Reads the counter into the worker's own copy.", Checker::load_step)
            .args(&[COUNTER])
            .props(&[AT]),
        step_rule(
            "store",
            "store balance add=1",
            "Writes the worker's own copy to the counter and overwrites changes made since `load`.",
            Checker::store_step,
        )
        .args(&[COUNTER])
        .props(&[AT, optional("add", Integer(DELTA.0, DELTA.1), SameAs("0"), "added to the copy first")]),
        step_rule(
            "add",
            "add balance by=1",
            "Adds to the counter atomically; the worker's own copy becomes the new value. For a wait group: adds to \
             its count, never less than 1.",
            Checker::add_step,
        )
        .args(&[resource_name("counter", "a counter or a wait group")])
        .props(&[
            AT,
            optional("by", Integer(DELTA.0, DELTA.1), SameAs("1"), "how much"),
            optional(
                "times",
                Number(ADDS),
                Means("once"),
                "how many times in a row, at full speed; recorded as one event at the end",
            ),
        ]),
        step_rule(
            "compare-and-set",
            "compare-and-set balance add=1 { ... }",
            "Changes the counter atomically if it has the value `from=`, and fails if it has another. A failure ends \
             the task, but no other task, unless an `else` follows or a `retry` around it tries again. The block runs \
             after a success. Either way, the worker's own copy becomes the value that the counter has.",
            Checker::compare_and_set_step,
        )
        .args(&[COUNTER])
        .props(&[
            AT,
            optional("from", Number(VALUE), Means("the worker's own copy, read by `load`"), "the expected value"),
            optional("to", Number(VALUE), Means("given by `add`"), "the new value"),
            optional("add", Integer(DELTA.0, DELTA.1), SameAs("1"), "added to the expected value, instead of `to=`"),
        ])
        .block(BlockRule::Optional)
        .allows_else(),
    ],
};
