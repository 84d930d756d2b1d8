//! Steps on queues.

use super::IfOmitted::Means;
use super::ValueKind::Number;
use super::{AT, BlockRule, NodeFamily, Parameter, TIMEOUT, TRY_TIMEOUT, optional, resource_name, step_rule};
use crate::check::Checker;
use crate::check::number_rule::PRIORITY;

const QUEUE: Parameter = resource_name("queue", "a queue");

pub(super) const QUEUES: NodeFamily = NodeFamily {
    title: "Queues",
    rules: &[
        step_rule(
            "put",
            "put jobs",
            "Waits for room and puts an item. Fails if the queue is closed. With a `timeout`, it gives up if there is \
             no room in time, and runs the `else` that follows, if there is one.",
            Checker::put_step,
        )
        .args(&[QUEUE])
        .props(&[
            AT,
            TIMEOUT,
            optional(
                "priority",
                Number(PRIORITY),
                Means("0"),
                "its priority; of importance in a queue with order=priority. The report says how long items of each \
                 priority stayed",
            ),
        ])
        .allows_else(),
        step_rule(
            "take",
            "take jobs { ... }",
            "With a block: takes items and runs the block for each, until the queue is closed and empty. Without a \
             block: waits for an item and takes it; if the queue is closed and empty, the worker ends. With a \
             `timeout`, it gives up if no item comes in time, takes no more, and runs the `else` that follows, if \
             there is one.",
            Checker::take_step,
        )
        .args(&[QUEUE])
        .props(&[AT, TIMEOUT])
        .block(BlockRule::Optional)
        .allows_else(),
        step_rule(
            "try-put",
            "try-put jobs { ... }",
            "If there is room in time, puts an item and runs the block; otherwise runs the `else`.",
            Checker::try_put_step,
        )
        .args(&[QUEUE])
        .props(&[AT, TRY_TIMEOUT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "try-take",
            "try-take jobs { ... }",
            "If there is an item in time, takes it and runs the block; otherwise runs the `else`.",
            Checker::try_take_step,
        )
        .args(&[QUEUE])
        .props(&[AT, TRY_TIMEOUT])
        .block(BlockRule::Required)
        .allows_else(),
        step_rule(
            "close",
            "close jobs",
            "Closes a queue: it accepts no more items. For a pipe: the worker closes its own ends. When every sender \
             has closed its end or ended, the receivers reach the end of the stream.",
            Checker::close_step,
        )
        .args(&[resource_name("closed", "a queue or a pipe")])
        .props(&[AT]),
    ],
};
