//! Steps on counters.

use super::IfOmitted::{Means, SameAs};
use super::ValueKind::{Integer, Number};
use super::{AT, NodeFamily, node_rule, optional, resource_name};
use crate::check::number_rule::ADDS;
use crate::check::steps::DELTA;

pub(super) const COUNTERS: NodeFamily = NodeFamily {
    title: "Counters",
    rules: &[
        node_rule("load", "load balance", "Reads the counter into the worker's own copy.")
            .args(&[resource_name("counter", "a counter")])
            .props(&[AT]),
        node_rule(
            "store",
            "store balance add=1",
            "Writes the worker's own copy back, whatever the counter holds by now.",
        )
        .args(&[resource_name("counter", "a counter")])
        .props(&[AT, optional("add", Integer(DELTA.0, DELTA.1), SameAs("0"), "what is added to the copy before")]),
        node_rule("add", "add balance by=1", "Adds to the counter in one step that nothing can come between.")
            .args(&[resource_name("counter", "a counter")])
            .props(&[
                AT,
                optional("by", Integer(DELTA.0, DELTA.1), SameAs("1"), "how much"),
                optional(
                    "times",
                    Number(ADDS),
                    Means("once"),
                    "how many times in a row, as fast as it can: that is told once, when all are done",
                ),
            ]),
    ],
};
