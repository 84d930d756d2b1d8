//! Steps on queues.

use super::{AT, Block, Family, Slot, of, shape};

const QUEUE: Slot = of("queue", "a queue");

pub(super) const QUEUES: Family = Family {
    title: "Queues",
    shapes: &[
        shape("put", "put jobs", "Puts an item, waiting for room. Fails if the queue is closed.")
            .args(&[QUEUE])
            .props(&[AT]),
        shape(
            "take",
            "take jobs { ... }",
            "With a block: takes items and does the block for each, until the queue is closed and empty. Without one: \
             takes one item, waiting for it; if the queue is closed and empty, the worker's steps end.",
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(Block::May),
        shape(
            "try-put",
            "try-put jobs { ... }",
            "Puts an item if there is room and does the block, or else the `else`.",
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(Block::Must),
        shape(
            "try-take",
            "try-take jobs { ... }",
            "Takes an item if there is one and does the block, or else the `else`.",
        )
        .args(&[QUEUE])
        .props(&[AT])
        .block(Block::Must),
        shape(
            "close",
            "close jobs",
            "Of a queue: no more items will be put. Of a pipe: the worker closes its own ends of it; when all who could \
             send have closed theirs or ended, the stream ends for those who receive.",
        )
        .args(&[of("closed", "a queue or a pipe")])
        .props(&[AT]),
    ],
};
