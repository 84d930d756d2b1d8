//! Steps on queues.

use super::{AT, BlockRule, NodeFamily, Parameter, node_rule, resource_name};

const QUEUE: Parameter = resource_name("queue", "a queue");

pub(super) const QUEUES: NodeFamily = NodeFamily {
    title: "Queues",
    rules: &[
        node_rule("put", "put jobs", "Puts an item, waiting for room. Fails if the queue is closed.")
            .args(&[QUEUE])
            .props(&[AT]),
        node_rule(
            "take",
            "take jobs { ... }",
            "With a block: takes items and does the block for each, until the queue is closed and empty. Without one: \
             takes one item, waiting for it; if the queue is closed and empty, the worker's steps end.",
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(BlockRule::Optional),
        node_rule(
            "try-put",
            "try-put jobs { ... }",
            "Puts an item if there is room and does the block, or else the `else`.",
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(BlockRule::Required),
        node_rule(
            "try-take",
            "try-take jobs { ... }",
            "Takes an item if there is one and does the block, or else the `else`.",
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(BlockRule::Required),
        node_rule(
            "close",
            "close jobs",
            "Of a queue: no more items will be put. Of a pipe: the worker closes its own ends of it; when all who could \
             send have closed theirs or ended, the stream ends for those who receive.",
        )
        .args(&[resource_name("closed", "a queue or a pipe")])
        .props(&[AT]),
    ],
};
