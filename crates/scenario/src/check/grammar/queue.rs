//! Steps on queues.

use super::{AT, BlockRule, NodeFamily, Parameter, resource_name, step_rule};
use crate::check::Checker;

const QUEUE: Parameter = resource_name("queue", "a queue");

pub(super) const QUEUES: NodeFamily = NodeFamily {
    title: "Queues",
    rules: &[
        step_rule("put", "put jobs", "Waits for room and puts an item. Fails if the queue is closed.", Checker::put_step)
            .args(&[QUEUE])
            .props(&[AT]),
        step_rule(
            "take",
            "take jobs { ... }",
            "With a block: takes items and runs the block for each, until the queue is closed and empty. Without a \
             block: waits for an item and takes it; if the queue is closed and empty, the worker ends.",
            Checker::take_step,
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(BlockRule::Optional),
        step_rule(
            "try-put",
            "try-put jobs { ... }",
            "If there is room, puts an item and runs the block; otherwise runs the `else`.",
            Checker::try_put_step,
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "try-take",
            "try-take jobs { ... }",
            "If there is an item, takes it and runs the block; otherwise runs the `else`.",
            Checker::try_take_step,
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "close",
            "close jobs",
            "Closes a queue: it accepts no more items. For a pipe: the worker closes its own ends. When every sender has \
             closed its end or ended, the receivers reach the end of the stream.",
            Checker::close_step,
        )
        .args(&[resource_name("closed", "a queue or a pipe")])
        .props(&[AT]),
    ],
};
