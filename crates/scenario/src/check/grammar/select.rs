//! The step `select` and its alternatives.

use super::IfOmitted::SameAs;
use super::ValueKind::{Number, Words};
use super::pipe::{BYTES, PIPE};
use super::{AT, BlockRule, NodeFamily, node_rule, optional, required, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::TIME;
use crate::program::SelectPick;

pub(super) const SELECT: NodeFamily = NodeFamily {
    title: "Waiting for the first of several",
    rules: &[step_rule(
        "select",
        "select { take jobs { ... }; after \"5ms\" { ... } }",
        "Waits for the first of several alternatives and runs its block. The block has a line for each alternative, \
         two at least.",
        Checker::select_step,
    )
    .props(&[optional(
        "pick",
        Words(|| SelectPick::ALL.map(SelectPick::word).to_vec()),
        SameAs("fair"),
        "which one if several are ready: `fair` picks at random, `first` in the order written. Or a knob that chooses \
         one of them",
    )])
    .block(BlockRule::Required)],
};

pub(super) const ALTERNATIVES: NodeFamily = NodeFamily {
    title: "Alternatives",
    rules: &[
        node_rule(
            "take",
            "take jobs { ... }",
            "Takes an item. A queue that is closed and empty is no alternative any more; if no other is left, the \
             worker ends.",
        )
        .args(&[resource_name("queue", "a queue")])
        .props(&[AT])
        .block(BlockRule::Optional),
        node_rule("put", "put jobs { ... }", "Puts an item. The step fails if the queue is closed.")
            .args(&[resource_name("queue", "a queue")])
            .props(&[AT])
            .block(BlockRule::Optional),
        node_rule(
            "wait",
            "wait ready { ... }",
            "Waits for an event: it is set, or was set after the worker began to wait.",
        )
        .args(&[resource_name("signal", "an event")])
        .props(&[AT])
        .block(BlockRule::Optional),
        node_rule(
            "receive",
            "receive lines { ... }",
            "Receives a message, once it has begun to arrive and no other worker receives; the worker then waits for \
             all of it. A pipe that is empty and has no sender left is no alternative any more; if no other is left, \
             the worker ends. With other alternatives than pipes and a time limit, the worker looks at those every \
             millisecond.",
        )
        .args(&[PIPE])
        .props(&[AT, BYTES])
        .block(BlockRule::Optional),
        node_rule("join", "join helper { ... }", "Waits until a worker has ended, well or not.")
            .args(&[resource_name("group", "a group of workers")])
            .props(&[AT])
            .block(BlockRule::Optional),
        node_rule("after", "after \"5ms\" { ... }", "The time limit: no other alternative was ready until then.")
            .args(&[required("time", Number(TIME), "how long the worker waits for the others")])
            .block(BlockRule::Optional),
    ],
};
